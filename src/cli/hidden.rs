//! A secret that is typed: the terminal shows nothing of it meanwhile, and shows letters again afterwards,
//! whatever ends the program.

use std::fs::File;
use std::io;
use std::sync::{Mutex, Once};
use std::thread;

use rustix::process::Signal;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::signals::{self, are_caught};
use crate::model::locked;

/// The terminal, whatever the standard streams are.
const TERMINAL: &str = "/dev/tty";

/// The modes of the terminal as they were before the secret that is being typed. `None`: none is.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Asks for a secret on the terminal.
///
/// # Errors
/// There is no terminal, or it cannot be read.
pub(crate) fn prompt(text: &str) -> io::Result<String> {
    watch();
    keep(File::open(TERMINAL).ok().and_then(|it| tcgetattr(it).ok()));
    let typed = rpassword::prompt_password(text);
    keep(None);
    typed
}

/// Shows letters again, if a secret is being typed: the program ends before that is done.
pub(crate) fn show_again() {
    let before = locked(&BEFORE);
    if let (Some(before), Ok(terminal)) = (&*before, File::open(TERMINAL)) {
        let _ = tcsetattr(terminal, OptionalActions::Now, before);
    }
}

fn keep(modes: Option<Termios>) {
    *locked(&BEFORE) = modes;
}

/// From the first secret on: a signal that ends the program gives the terminal back first. A command that
/// catches signals itself does so at its own end.
fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Ok(mut caught) = Signals::new(signals::ending().map(Signal::as_raw)) else {
            return;
        };
        let watch = move || {
            for signal in &mut caught {
                if !are_caught() {
                    show_again();
                    let _ = emulate_default_handler(signal);
                }
            }
        };
        let _ = thread::Builder::new().name("signals".into()).spawn(watch);
    });
}
