//! The process as a whole: no memory images, stopping to the shell, a terminal that vanishes.

use std::io;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpid, kill_process};

use super::modes;

/// How often the terminal is looked at even if the system does not say that it has gone. Costs one
/// system call and writes nothing.
const LOOK: Duration = Duration::from_secs(1);

/// Forbids memory images of this process, which holds secrets: no core files, no debugger.
/// To be called before the first secret is read. A system that refuses is left as it is.
pub fn harden() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "core files cannot be forbidden");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) =
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
    {
        tracing::warn!(%error, "reading this process's memory cannot be forbidden");
    }
}

/// Stops this process as Ctrl-Z does. Whoever calls it waits for SIGCONT before going on:
/// another thread may be the one that takes the signal, so this can return a moment too early.
pub(super) fn stop() {
    let me: Pid = getpid();
    if let Err(error) = kill_process(me, Signal::STOP) {
        tracing::error!(%error, "cannot stop");
    }
}

/// Ends the program when the terminal vanishes without a signal. An idle screen writes nothing and
/// would never notice; crossterm's reader would spin. A thread of its own sleeps until the system says so.
///
/// # Errors
/// The system gives no thread.
pub(super) fn watch_terminal() -> io::Result<()> {
    let watch = || loop {
        match modes::is_gone_within(LOOK) {
            Ok(true) => modes::lost(),
            Ok(false) => {}
            // Without a pause a system that cannot tell would be asked all the time.
            Err(_) => thread::sleep(LOOK),
        }
    };
    let thread = thread::Builder::new().name("terminal".into());
    thread.spawn(watch).map(drop)
}
