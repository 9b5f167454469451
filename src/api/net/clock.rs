//! How far a server's clock is ahead of ours.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The clock of a server, as far as its answers tell the time.
pub struct ServerClock {
    /// Milliseconds that it is ahead; `i64::MIN`: not known.
    ahead_ms: AtomicI64,
}

impl Default for ServerClock {
    fn default() -> Self {
        Self {
            ahead_ms: AtomicI64::new(i64::MIN),
        }
    }
}

impl ServerClock {
    /// An answer says that it is `there`, cut to the second. It was asked for at `asked` by our clock,
    /// and took `took` to come.
    pub fn set(&self, there: DateTime<Utc>, asked: DateTime<Utc>, took: Duration) {
        // The time was written somewhere between asking and hearing; half way is the best guess.
        let here = asked + TimeDelta::from_std(took / 2).unwrap_or_default();
        // Times are cut to the second: an offset below that says nothing.
        let ahead = (there - here).num_milliseconds() + 500;
        let ahead = if ahead.abs() <= 1_000 { 0 } else { ahead };
        self.ahead_ms.store(ahead, Ordering::Relaxed);
    }

    /// How far it is ahead of ours, to the second. `None`: not known.
    pub fn offset(&self) -> Option<TimeDelta> {
        match self.ahead_ms.load(Ordering::Relaxed) {
            i64::MIN => None,
            ms => TimeDelta::try_milliseconds(ms),
        }
    }
}
