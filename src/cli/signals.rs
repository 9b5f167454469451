//! Signals that stop a command which changes something: what is on its way is waited for and written down.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::exit::{BY_SIGNAL, FAILED, Failure};

/// True once a command catches the signals.
static CAUGHT: AtomicBool = AtomicBool::new(false);

/// Interrupt, terminate, hang-up and quit. The first one stops, the second one leaves at once.
pub(crate) struct StopSignals {
    streams: Vec<(u8, Stream)>,
    stop: CancellationToken,
    /// The number of the first one.
    first: Option<u8>,
}

impl StopSignals {
    /// Starts to catch them, for the rest of the process. The first one cancels `stop`.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn new(stop: CancellationToken) -> Result<Self, Failure> {
        CAUGHT.store(true, Ordering::SeqCst);
        let streams = ending().map(|one| {
            let stream = signal(SignalKind::from_raw(one.as_raw()))?;
            // Signals are numbered from 1 to 64.
            Ok((u8::try_from(one.as_raw()).unwrap_or(u8::MAX), stream))
        });
        let streams: io::Result<Vec<_>> = streams.collect();
        let streams = streams
            .map_err(|error| Failure::new(FAILED, format!("cannot wait for signals: {error}")))?;
        Ok(Self {
            streams,
            stop,
            first: None,
        })
    }

    /// Waits for the second one, and stops at the first one while it waits. May be dropped at any time.
    pub(crate) async fn second(&mut self) {
        loop {
            let number = self.next().await;
            if self.first.replace(self.first.unwrap_or(number)).is_some() {
                return;
            }
            self.stop.cancel();
        }
    }

    async fn next(&mut self) -> u8 {
        if self.streams.is_empty() {
            // All of them were ignored at the start: none ever comes.
            return std::future::pending().await;
        }
        let waits = self.streams.iter_mut().map(|(number, stream)| {
            Box::pin(async {
                stream.recv().await;
                *number
            })
        });
        futures_util::future::select_all(waits).await.0
    }

    /// The exit code by the first one. `None`: none came.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        self.first.map(|number| BY_SIGNAL.saturating_add(number))
    }
}

/// True if a command catches the signals itself.
pub(crate) fn are_caught() -> bool {
    CAUGHT.load(Ordering::SeqCst)
}

/// Interrupt, terminate, hang-up and quit, without those that the process was started with ignored: a script
/// under `nohup` goes on when its terminal goes.
pub(crate) fn ending() -> impl Iterator<Item = Signal> {
    let all = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT];
    all.into_iter().filter(|one| !is_ignored(*one))
}

/// True if this process was started with the signal ignored. To catch it would end that. A system
/// other than Linux does not tell; there a hang-up is left as it is.
fn is_ignored(signal: Signal) -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return signal == Signal::HUP;
    };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal.as_raw() - 1) & 1 == 1)
}
