//! What all parts of one running emulator share.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::clock::Clock;
use super::devices::Devices;
use super::fault::Fault;
use super::journal::Journal;
use super::pingam::world::AmWorld;
use super::rng::{Rng, Secrets, uuid_text};
use super::tokens::Tokens;
use super::world::World;
use super::{Auth, Options};

/// A segment of a path: `%41` becomes `A`; what is not valid stays as it is.
pub(crate) fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment)
        .decode_utf8_lossy()
        .into_owned()
}

/// One running emulator. Each lock is held for one question only and never while waiting.
pub(crate) struct Shared {
    pub(crate) options: Options,
    /// Base address, without a slash at its end.
    pub(crate) url: String,
    pub(crate) auth: Auth,
    pub(crate) clock: Clock,
    pub(crate) world: Mutex<World>,
    /// Realms, accounts and sessions of PingAM and OpenAM; empty for other systems.
    pub(crate) am: Mutex<AmWorld>,
    pub(crate) tokens: Mutex<Tokens>,
    pub(crate) devices: Mutex<Devices>,
    pub(crate) faults: Mutex<Vec<Fault>>,
    pub(crate) journal: Journal,
    pub(crate) secrets: Mutex<Secrets>,
    /// Lengths of random pauses.
    pub(crate) pauses: Mutex<Rng>,
    pub(crate) refusals: mpsc::Sender<Duration>,
}

/// Locks; a panic elsewhere while it was held does not matter to a test server.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Tokens and device codes stay out of it.
        f.debug_struct("Emulator")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// A new random (or seeded) UUID as text.
    pub(crate) fn new_secret(&self) -> String {
        uuid_text(lock(&self.secrets).uuid())
    }

    /// Ends all tokens given out so far.
    pub(crate) fn expire_tokens(&self) {
        let now_ms = self.clock.now_ms();
        lock(&self.tokens).expire_all(now_ms);
        lock(&self.am).expire_issued(now_ms);
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
