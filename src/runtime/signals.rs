//! Signals of the operating system, one after the other, through the loop.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use crate::app::msg::Signal;

/// A signal that means something to the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caught {
    /// End.
    End(Signal),
    /// SIGTSTP from outside (Ctrl-Z is a key here): stop to the shell.
    Stop,
    /// SIGCONT: somebody may have used the terminal meanwhile.
    Continued,
}

/// The signals that are caught.
pub(super) struct Signals {
    interrupt: Stream,
    terminate: Stream,
    hang_up: Stream,
    quit: Stream,
    stop: Stream,
    continued: Stream,
    /// By number.
    others: Vec<(u8, Stream)>,
}

/// Others that end a program by default, and would leave the terminal taken. Not those that a fault of
/// the program itself raises: their handlers must not return.
fn others() -> Vec<Number> {
    let mut others = vec![
        Number::USR1,
        Number::USR2,
        Number::ALARM,
        Number::VTALARM,
        Number::PROF,
        Number::XCPU,
        Number::XFSZ,
        Number::IO,
    ];
    #[cfg(target_os = "linux")]
    others.extend([Number::POWER, Number::STKFLT]);
    others
}

impl Signals {
    /// Starts to catch them. Needs the runtime.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn new() -> io::Result<Self> {
        let stop = Number::TSTP.as_raw();
        let continued = Number::CONT.as_raw();
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
            stop: signal(SignalKind::from_raw(stop))?,
            continued: signal(SignalKind::from_raw(continued))?,
            others: others()
                .into_iter()
                .map(|number| {
                    let number = number.as_raw();
                    let stream = signal(SignalKind::from_raw(number))?;
                    // Signals are numbered from 1 to 64.
                    Ok((u8::try_from(number).unwrap_or(u8::MAX), stream))
                })
                .collect::<io::Result<_>>()?,
        })
    }

    /// The next one. May be dropped at any time.
    pub(super) async fn next(&mut self) -> Caught {
        tokio::select! { biased;
            _ = self.hang_up.recv() => Caught::End(Signal::HangUp),
            _ = self.terminate.recv() => Caught::End(Signal::Terminate),
            _ = self.quit.recv() => Caught::End(Signal::Quit),
            _ = self.interrupt.recv() => Caught::End(Signal::Interrupt),
            _ = self.stop.recv() => Caught::Stop,
            _ = self.continued.recv() => Caught::Continued,
            number = next_of(&mut self.others) => Caught::End(Signal::Other(number)),
        }
    }

    /// Waits until the process goes on after it was stopped.
    pub(super) async fn wait_until_continued(&mut self) {
        self.continued.recv().await;
    }

    /// Forgets what the keyboard sent to another program that had the terminal (an editor).
    pub(super) fn forget_keyboard(&mut self) {
        use futures_util::FutureExt;
        for stream in [
            &mut self.interrupt,
            &mut self.quit,
            &mut self.stop,
            &mut self.continued,
        ] {
            // Several of one kind are delivered as one.
            let _ = stream.recv().now_or_never();
        }
    }
}

/// The number of the first of these that comes. May be dropped at any time.
async fn next_of(streams: &mut [(u8, Stream)]) -> u8 {
    poll_fn(|cx| {
        let come = streams
            .iter_mut()
            .find_map(|(number, stream)| stream.poll_recv(cx).is_ready().then_some(*number));
        come.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}
