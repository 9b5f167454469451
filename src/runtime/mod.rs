//! The impure shell of the screen: what happens outside becomes messages, what the core wants is done.
//!
//! ```text
//! signals ─┐                                     ┌─► screen     one write a frame, off the loop
//! input   ─┼─► Msg ─► app::update ─► Effect ─────┼─► effects    tasks, timers, jobs
//! effects ─┘          (at most 256 a batch)      └─► terminal   clipboard, editor, suspend, quit
//! ```
//!
//! A frame is drawn when something changed, at most every 16 ms. An idle screen sleeps until an age
//! on it turns; only the look at the terminal once a second remains, which draws and writes nothing.

mod clipboard;
mod configured;
#[cfg(feature = "emulator")]
mod demo;
mod editor;
mod effects;
mod events;
#[cfg(test)]
pub(crate) mod fakes;
#[cfg(feature = "emulator")]
pub mod headless;
mod input;
mod kept;
pub mod locale;
pub mod modes;
mod pace;
mod process;
pub mod profiles;
mod setup;
mod shell;
mod signals;
mod terminal;
mod wake;

use std::io;
use std::sync::Arc;
use std::time::Duration;

pub use configured::{Configured, DemoWorld, Fixed};
pub use kept::Kept;
pub use modes::{NoScreen, check, set_panic_hook};
pub use process::harden;
pub use profiles::{Opened, Profiles};
pub use setup::ScreenOptions;
pub(crate) use setup::keymap;

use crate::app::keymap::Keymap;
use crate::app::look::Look;
use crate::app::memory::Memory;
use crate::app::source::ProfileView;
use crate::app::state::Prefs;
use crate::audit::Audit;
use crate::ui::Themes;

/// Everything the screen needs to start. Nothing in it has asked a server or read a secret yet.
pub struct Setup {
    /// Opens profiles and reads the configuration anew.
    pub profiles: Arc<dyn Profiles>,
    /// All profiles that can be opened.
    pub views: Vec<ProfileView>,
    /// The first view.
    pub begin: Begin,
    /// The systems that a new profile can be for: word in the configuration, and name for people.
    pub systems: Vec<(String, String)>,
    /// The operator's preferences.
    pub prefs: Prefs,
    /// Which key does what.
    pub keymap: Keymap,
    /// The styles of the picture, by theme.
    pub themes: Themes,
    /// The theme in force.
    pub look: Look,
    /// What earlier runs remembered.
    pub memory: Memory,
    /// Why that cannot be read. `None`: it could.
    pub forgot: Option<String>,
    /// Where it is written.
    pub kept: Kept,
    /// True if searches are written too.
    pub keeps_history: bool,
    /// Where every change is written down.
    pub audit: Arc<Audit>,
    /// Where the log is, for the line after a panic. `None`: there is no log.
    pub log: Option<String>,
}

/// The first view of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    /// These profiles, opened together.
    Open(Vec<String>),
    /// The list of profiles: the operator chooses.
    Choose,
    /// The welcome to a configuration without profiles.
    Welcome,
}

/// Why the screen did not start, or ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// It cannot be shown here; exit code 2.
    #[error(transparent)]
    NoScreen(#[from] NoScreen),
    /// The terminal or the system refused something; exit code 1.
    #[error("cannot take the terminal: {0}")]
    Io(#[from] io::Error),
}

impl ScreenError {
    /// The exit code of the program.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoScreen(_) => 2,
            Self::Io(_) => 1,
        }
    }
}

/// How long what is still under way may take at the end, if a revoke is among it.
const GRACE: Duration = Duration::from_millis(200);
/// By how much the priority of work beside the loop is lower.
#[cfg(target_os = "linux")]
const LOWER: i32 = 5;

/// The work beside the loop gives way to it, so that keys are answered at once while rows arrive: this thread
/// gets a lower priority, where the system has one for each thread.
fn give_way() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        // A higher number is a lower priority, 19 the lowest. It is no fault if it stays as it is.
        if let Ok(now) = getpriority_process(None) {
            let _ = setpriority_process(None, (now + LOWER).min(19));
        }
    }
}

/// Shows the screen until the operator ends it. The terminal is given back whatever happens.
/// Returns the exit code of the program, and what to tell the operator now that the screen is gone.
///
/// # Errors
/// There is no terminal, or it refuses.
pub fn start(setup: Setup) -> Result<(u8, Vec<String>), ScreenError> {
    check()?;
    set_panic_hook(setup.log.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .on_thread_start(give_way)
        .enable_all()
        .build()?;
    // Fails only where there is one already.
    let _ = rayon::ThreadPoolBuilder::new()
        .start_handler(|_| give_way())
        .build_global();
    let profiles = setup.profiles.clone();
    let ended = runtime.block_on(shell::run(setup));
    modes::leave();
    let told = match &ended {
        // A revoke still needs its token.
        Ok(end) if end.jobs_running => Vec::new(),
        _ => runtime.block_on(profiles.close()),
    };
    // Never a plain drop: a task that blocks (a name that is looked up) would hold the shell.
    match &ended {
        Ok(end) if end.jobs_running => runtime.shutdown_timeout(GRACE),
        _ => runtime.shutdown_background(),
    }
    let end = ended?;
    let told = end.ended.into_iter().chain(told).collect();
    Ok((end.code, told))
}
