//! The parts that every command needs: options, places, the configuration, and messages to the
//! person.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex};

use super::args::{ColorWhen, GlobalArgs};
use super::exit::Failure;
use super::output::{Look, Out, Times, for_people};
use super::sources::Source;
use crate::api::Systems;
use crate::config::{Config, Paths, TimeShown, Zone};
use crate::model::locked;
use crate::model::text::{Ellipsis, NAME_COLS, safe_cut, start_of};
use crate::runtime::locale::{speaks_utf8, unknown_zone};
use crate::runtime::modes::Grade;

/// The surroundings of a command.
#[derive(Clone)]
pub(crate) struct Ctx {
    /// The options before or behind the command.
    pub(crate) global: GlobalArgs,
    /// The systems that there are.
    pub(crate) systems: Systems,
    /// Where files are.
    pub(crate) paths: Paths,
    /// Folder of the log. `None`: there is no log.
    pub(crate) log: Option<String>,
    /// True if table cells are cut to the width of the terminal.
    cut: bool,
    /// The profiles that were opened so far.
    opened: Arc<Mutex<Vec<Source>>>,
}

/// True if a variable of the environment has a value.
fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

impl Ctx {
    /// The context of this process.
    pub(crate) fn new(global: GlobalArgs, systems: Systems) -> Self {
        Self {
            global,
            systems,
            paths: Paths::platform(),
            log: None,
            cut: true,
            opened: Arc::default(),
        }
    }

    /// True if this command opened the profile before.
    pub(crate) fn knows(&self, profile: &str) -> bool {
        let opened = locked(&self.opened);
        opened.iter().any(|source| source.name() == profile)
    }

    /// Notes that a profile was opened.
    pub(crate) fn has_opened(&self, source: &Source) {
        let mut opened = locked(&self.opened);
        opened.push(source.clone());
    }

    /// Ends the tokens that no later command could use, at the end of every command. The answer is
    /// what to tell the person.
    pub(crate) async fn end_unkept(&self) -> Vec<String> {
        let opened = std::mem::take(&mut *locked(&self.opened));
        let end = |source: Source| async move {
            let sign_out = source.api.sign_out();
            source.store.end_unkept(source.name(), sign_out).await
        };
        let told = futures_util::future::join_all(opened.into_iter().map(end)).await;
        told.into_iter().flatten().collect()
    }

    /// The same for tables in which every word counts.
    pub(crate) fn uncut(&self) -> Self {
        Self {
            cut: false,
            ..self.clone()
        }
    }

    /// Reads the configuration.
    ///
    /// # Errors
    /// It cannot be used.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let variable = env::var_os("USHER_CONFIG");
        let mut config = Config::load(
            self.global.config.as_deref(),
            variable.as_deref(),
            &self.paths,
            &self.systems.specs(),
        )?;
        if let Some(zone) = unknown_zone().filter(|_| config.use_utc_for_local()) {
            let zone = safe_cut(&zone, NAME_COLS, Ellipsis::Sign);
            self.note(&format!(
                "note: TZ=\"{zone}\" names no time zone; times are in UTC"
            ));
        }
        Ok(config)
    }

    /// Standard output.
    pub(crate) fn out(&self) -> Out {
        Out::stdout()
    }

    /// How tables look here.
    pub(crate) fn look(&self, config: &Config) -> Look {
        let times = match config.time {
            TimeShown::Age => Times::Age,
            TimeShown::Local => Times::In(Zone::Local),
            TimeShown::Utc => Times::In(Zone::Utc),
        };
        Look {
            color: self.has_color(),
            ascii: self.global.ascii || config.ascii || !speaks_utf8(),
            only_ascii: !speaks_utf8(),
            times,
            width_cols: terminal_width().filter(|_| self.cut),
        }
    }

    /// How output looks that is only read by programs.
    pub(crate) fn plain_look(&self) -> Look {
        Look {
            color: false,
            ascii: true,
            only_ascii: false,
            times: Times::Age,
            width_cols: None,
        }
    }

    /// True if standard output is a terminal.
    pub(crate) fn stdout_is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// True if the person wants no colour, wherever the output goes: `--color never`, or `NO_COLOR`.
    #[cfg(feature = "emulator")]
    pub(crate) fn wants_no_color(&self) -> bool {
        match self.global.color {
            ColorWhen::Always => false,
            ColorWhen::Never => true,
            ColorWhen::Auto => is_set("NO_COLOR"),
        }
    }

    fn has_color(&self) -> bool {
        match self.global.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => {
                io::stdout().is_terminal() && !is_set("NO_COLOR") && Grade::here() == Grade::Full
            }
        }
    }

    /// Says something beside the data, unless the person wants quiet.
    pub(crate) fn note(&self, text: &str) {
        if !self.global.quiet {
            say(text);
        }
    }

    /// Says what went wrong: one sentence.
    pub(crate) fn error(&self, text: &str) {
        say(&format!("error: {text}"));
    }
}

impl From<crate::config::ConfigError> for Failure {
    fn from(error: crate::config::ConfigError) -> Self {
        Self::new(error.exit_code(), error.to_string())
    }
}

impl From<crate::config::private::PrivateError> for Failure {
    fn from(error: crate::config::private::PrivateError) -> Self {
        Self::new(super::exit::FAILED, error.to_string())
    }
}

/// Bytes of one message, at most: names that it repeats may be of any length.
const LONGEST_BYTES: usize = 8 * 1024;

/// Writes a line on standard error. Nobody can be told when that fails.
fn say(text: &str) {
    let cut = if text.len() > LONGEST_BYTES {
        format!("{} …", start_of(text, LONGEST_BYTES))
    } else {
        text.to_owned()
    };
    let _ = writeln!(io::stderr(), "{}", for_people(&cut));
}

/// Columns of the terminal on standard output. `None`: it is none.
fn terminal_width() -> Option<usize> {
    rustix::termios::tcgetwinsize(io::stdout())
        .ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|cols| *cols > 0)
}

/// True if a person can be asked: standard input and standard error must be a terminal.
pub(crate) fn has_person() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}
