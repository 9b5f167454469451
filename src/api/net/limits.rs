//! The limits for requests to a server: how many at once, how many a second, and none while the
//! server asked for a pause.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;
use url::Url;

use super::hold::Holds;
use super::waits::Waits;
use crate::config::Profile;
use crate::model::{ApiError, Code, locked};

/// The status of a server that was asked too often.
const TOO_MANY: u16 = 429;
/// So long the rate of a profile is half of what it says, after such a status.
const SLOW_FOR: Duration = Duration::from_secs(60);
/// Open files that are no connections, generously: terminal, logs, audit log, timers.
const OTHER_FILES: u64 = 20;

/// The purpose of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Something that is only read.
    Read,
    /// A read that belongs to a change.
    ReadForChange,
    /// A change.
    Change,
}

impl Purpose {
    pub(super) fn is_of_change(self) -> bool {
        self != Self::Read
    }
}

/// The limits that all requests of a profile share.
pub struct Limits {
    concurrency: usize,
    reads: Semaphore,
    changes: Semaphore,
    rate: Rate,
    holds: Holds,
}

impl Limits {
    /// The limits of a profile. As many requests run at once as it says, but never more than the limit
    /// of open files leaves room for.
    pub fn new(profile: &Profile) -> Self {
        let concurrency = usize::from(profile.concurrency.clamp(1, 64)).min(most_at_once());
        Self {
            concurrency,
            reads: Semaphore::new(concurrency),
            changes: Semaphore::new(concurrency),
            rate: Rate::new(profile.rate),
            holds: Holds::new(),
        }
    }

    /// How many reads, and how many changes, run at the same time.
    pub fn concurrency(&self) -> usize {
        self.concurrency
    }

    /// Waits until one more request may go to this server: until the permit is dropped it counts. Also
    /// gives how long the server made us wait. May be dropped at any await.
    ///
    /// # Errors
    /// [`ApiError::RateLimited`] if the server asks for a longer wait than we sit through by ourselves;
    /// [`ApiError::Cancelled`] if this is part of a change, and changes were given up meanwhile.
    pub async fn enter(
        &self,
        url: &Url,
        purpose: Purpose,
    ) -> Result<(Option<SemaphorePermit<'_>>, Duration), ApiError> {
        let slots = if purpose == Purpose::Change {
            &self.changes
        } else {
            &self.reads
        };
        // Never closed, so that there is always a permit.
        let permit = slots.acquire().await.ok();
        let mut waited = Duration::ZERO;
        loop {
            waited += self.holds.pass(url, purpose).await?;
            self.rate.turn().await;
            // Meanwhile another request may have been told to wait.
            if !self.holds.holds(url) {
                return Ok((permit, waited));
            }
        }
    }

    /// Holds all requests to this server for this long, since it answered with `code`. `is_named`: the
    /// server named the time. Otherwise the time is ours, and too short to be shown.
    pub fn hold(&self, url: &Url, code: Code, after: Duration, is_named: bool) {
        if code == Code::Http(TOO_MANY) {
            self.rate.slow_down();
        }
        self.holds.keep(url, code, after, is_named);
    }

    /// Follows the waits that servers of this profile ask for.
    pub fn waiting(&self) -> Waits {
        self.holds.follow()
    }

    /// Changes that wait because a server asked for it are not sent any more.
    pub fn give_up_waits(&self) {
        self.holds.give_up();
    }

    /// Ends the long waits: the operator has seen them and wants to send all the same.
    pub fn ask_anyway(&self) {
        self.holds.ask_anyway();
    }
}

/// How many requests of one kind the limit of open files leaves room for: reads and changes have a
/// connection each, and the rest of the program must be able to write its logs.
fn most_at_once() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let files = limit
        .current
        .unwrap_or(u64::MAX)
        .saturating_sub(OTHER_FILES)
        / 2;
    usize::try_from(files).unwrap_or(usize::MAX).max(1)
}

/// Lets at most so many requests a second go out, evenly spread.
struct Rate {
    gap: Option<Duration>,
    next: Mutex<Option<Instant>>,
    /// Until when only half as many go out.
    slow_until: Mutex<Option<Instant>>,
}

impl Rate {
    fn new(per_second: Option<u32>) -> Self {
        Self {
            gap: per_second
                .filter(|rate| *rate > 0)
                .map(|rate| Duration::from_secs(1) / rate),
            next: Mutex::new(None),
            slow_until: Mutex::new(None),
        }
    }

    /// Lets only half as many go out for a while: others share the server's limit.
    fn slow_down(&self) {
        *locked(&self.slow_until) = Some(Instant::now() + SLOW_FOR);
    }

    /// Waits until one more request may go out.
    async fn turn(&self) {
        let Some(gap) = self.gap else { return };
        let at = {
            let now = Instant::now();
            let is_slow = locked(&self.slow_until).is_some_and(|until| now < until);
            let gap = if is_slow { gap * 2 } else { gap };
            let mut next = locked(&self.next);
            let at = next.map_or(now, |next| next.max(now));
            *next = Some(at + gap);
            at
        };
        tokio::time::sleep_until(at).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_rate_spreads_requests_evenly() {
        let rate = Rate::new(Some(4));
        let begun = Instant::now();

        for _ in 0..5 {
            rate.turn().await;
        }

        assert_eq!(begun.elapsed().as_millis(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn after_too_many_requests_the_rate_is_half_for_a_minute() {
        let rate = Rate::new(Some(4));
        rate.slow_down();
        let begun = Instant::now();

        for _ in 0..3 {
            rate.turn().await;
        }

        assert_eq!(begun.elapsed().as_millis(), 1000);
        tokio::time::advance(SLOW_FOR).await;
        let begun = Instant::now();
        for _ in 0..5 {
            rate.turn().await;
        }
        assert_eq!(begun.elapsed().as_millis(), 1000);
    }
}
