//! The state that all parts of one running emulator share.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::clock::Clock;
use super::fault::Fault;
use super::journal::{Journal, Load};
use super::rng::{Rng, Secrets, uuid_text};
use super::{Credentials, Options};

/// A segment of a path: `%41` becomes `A`; what is not valid stays as it is.
pub(crate) fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment)
        .decode_utf8_lossy()
        .into_owned()
}

/// The state that all parts of one running emulator share. Each lock is held for one question only
/// and never while waiting.
pub struct Shared {
    pub(crate) options: Options,
    /// Scheme, host and port, without a slash at its end.
    pub(crate) base: String,
    pub(crate) clock: Clock,
    pub(crate) faults: Mutex<Vec<Fault>>,
    pub(crate) journal: Journal,
    pub(crate) load: Load,
    pub(crate) secrets: Mutex<Secrets>,
    /// Lengths of random pauses.
    pauses: Mutex<Rng>,
    refusals: mpsc::Sender<Duration>,
}

/// Locks; a panic elsewhere while it was held does not matter to a test server.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Tokens and device codes stay out of it.
        f.debug_struct("Emulator")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(
        options: Options,
        base: String,
        faults: Vec<Fault>,
        refusals: mpsc::Sender<Duration>,
    ) -> Self {
        let secrets = match options.credentials {
            Credentials::Random => Secrets::Random,
            // Another stream than the world's, so that the world is the same with both kinds.
            Credentials::Seeded => Secrets::Seeded(Rng::new(options.seed ^ 0x5ec2_e75e_ed00_0001)),
        };
        Shared {
            base,
            clock: Clock::new(options.now),
            faults: Mutex::new(faults),
            journal: Journal::default(),
            load: Load::default(),
            secrets: Mutex::new(secrets),
            pauses: Mutex::new(Rng::new(options.seed)),
            refusals,
            options,
        }
    }

    /// The options that the emulator was started with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Now, Unix time in milliseconds, by the emulator's clock.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// A new random (or seeded) UUID as text.
    pub fn new_secret(&self) -> String {
        uuid_text(lock(&self.secrets).uuid())
    }

    /// A pause of a length between the two, both included.
    pub(crate) fn pause_between(&self, from_ms: u64, to_ms: u64) -> Duration {
        let width = to_ms.saturating_sub(from_ms).saturating_add(1);
        Duration::from_millis(from_ms + lock(&self.pauses).next() % width)
    }

    /// Closes the listener and all connections for a while.
    pub(crate) fn refuse(&self, pause: Duration) {
        // The queue holds one: a second refusal at the same moment adds nothing.
        let _ = self.refusals.try_send(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_escapes_are_decoded_and_broken_ones_stay() {
        for (text, expected) in [
            ("inum%3Dx%2Cou", "inum=x,ou"),
            ("%C3%BC", "ü"),
            ("50%", "50%"),
            ("%zz", "%zz"),
            ("a+b", "a+b"),
        ] {
            assert_eq!(decoded(text), expected);
        }
    }
}
