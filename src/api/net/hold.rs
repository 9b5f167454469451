//! Times until which a server wants no requests. Each holds for all requests that would go there.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::limits::Purpose;
use super::{Wait, Waits, host_of};
use crate::model::error::LONGEST_WAIT;
use crate::model::{ApiError, Code, locked};

/// The servers of a profile that asked for a pause.
pub(super) struct Holds {
    inner: Mutex<Inner>,
    /// Wakes changes that wait: they are not wanted any more.
    given_up: Notify,
    /// The wait that is shown now; the longest if there are several.
    shown: watch::Sender<Option<Wait>>,
}

#[derive(Default)]
struct Inner {
    /// By scheme, host and port.
    held: HashMap<String, Held>,
    /// Requests that wait because a server asked for it, each with a number of its own.
    waiting: HashMap<u64, Wait>,
    next: u64,
}

#[derive(Clone)]
struct Held {
    wait: Wait,
    /// True if the server named the time. Otherwise it is ours, and too short to be shown.
    is_named: bool,
}

impl Holds {
    pub(super) fn new() -> Self {
        Self {
            inner: Mutex::default(),
            given_up: Notify::new(),
            shown: watch::Sender::new(None),
        }
    }

    /// Follows what is waited for.
    pub(super) fn follow(&self) -> Waits {
        self.shown.subscribe()
    }

    /// Holds all requests to this server until `after` has passed. `is_named`: the server named the
    /// time.
    pub(super) fn keep(&self, url: &Url, code: Code, after: Duration, is_named: bool) {
        let now = Instant::now();
        let wait = Wait {
            host: host_of(url),
            code,
            // A number that no clock can hold is a year.
            until: now
                .checked_add(after)
                .unwrap_or_else(|| now + Duration::from_secs(31_536_000)),
        };
        let mut inner = self.inner();
        let later = |held: &Held| held.wait.until >= wait.until;
        let origin = origin(url);
        if !inner.held.get(&origin).is_some_and(later) {
            inner.held.insert(origin, Held { wait, is_named });
        }
    }

    /// Waits until this server may be asked; gives how long that took. May be dropped at any await.
    ///
    /// # Errors
    /// [`ApiError::RateLimited`] if it would take longer than we wait by ourselves;
    /// [`ApiError::Cancelled`] if this is part of a change, and changes were given up meanwhile.
    pub(super) async fn pass(&self, url: &Url, purpose: Purpose) -> Result<Duration, ApiError> {
        let begun = Instant::now();
        while let Some(Held { wait, is_named }) = self.held(url) {
            let left = wait.until.saturating_duration_since(Instant::now());
            if left > LONGEST_WAIT {
                return Err(ApiError::RateLimited {
                    host: wait.host,
                    code: wait.code,
                    after: Some(left),
                    exchange: None,
                });
            }
            let until = wait.until;
            let _shown = is_named.then(|| Shown::new(self, wait));
            tokio::select! {
                () = sleep_until(until) => {}
                () = self.given_up.notified(), if purpose.is_of_change() => return Err(ApiError::Cancelled),
            }
        }
        Ok(begun.elapsed())
    }

    /// Changes that wait now are not sent any more.
    pub(super) fn give_up(&self) {
        self.given_up.notify_waiters();
    }

    /// True if nothing may be sent to this server now.
    pub(super) fn holds(&self, url: &Url) -> bool {
        self.held(url).is_some()
    }

    /// Ends the waits that are too long for an operator: they have seen them, and want to send all the
    /// same.
    pub(super) fn ask_anyway(&self) {
        let now = Instant::now();
        let short = |held: &Held| held.wait.until.saturating_duration_since(now) <= LONGEST_WAIT;
        self.inner().held.retain(|_, held| short(held));
    }

    fn held(&self, url: &Url) -> Option<Held> {
        let mut inner = self.inner();
        if inner.held.is_empty() {
            return None;
        }
        let origin = origin(url);
        let held = inner.held.get(&origin)?.clone();
        if held.wait.until > Instant::now() {
            return Some(held);
        }
        inner.held.remove(&origin);
        None
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        locked(&self.inner)
    }

    fn show(&self, inner: &Inner) {
        let longest = inner.waiting.values().max_by_key(|wait| wait.until);
        let longest = longest.cloned();
        self.shown.send_if_modified(|shown| {
            let differs = *shown != longest;
            *shown = longest;
            differs
        });
    }
}

/// Scheme, host and port. Also for schemes of which the standard of URLs knows no origin.
fn origin(url: &Url) -> String {
    format!("{}://{}", url.scheme(), host_of(url))
}

/// Shows that a request waits, for as long as this lives.
struct Shown<'a> {
    holds: &'a Holds,
    number: u64,
}

impl<'a> Shown<'a> {
    fn new(holds: &'a Holds, wait: Wait) -> Self {
        let mut inner = holds.inner();
        let number = inner.next;
        inner.next += 1;
        inner.waiting.insert(number, wait);
        holds.show(&inner);
        drop(inner);
        Self { holds, number }
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        let mut inner = self.holds.inner();
        inner.waiting.remove(&self.number);
        self.holds.show(&inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_request_was_told_holds_for_all_of_that_server_and_no_other() {
        let holds = Holds::new();
        let waits = holds.follow();
        holds.keep(
            &url("https://a/x"),
            Code::Http(429),
            Duration::from_secs(7),
            true,
        );

        assert_eq!(
            holds.pass(&url("https://b/"), Purpose::Read).await,
            Ok(Duration::ZERO)
        );
        assert_eq!(*waits.borrow(), None);
        let other = url("https://a/y");
        let passing = holds.pass(&other, Purpose::Read);
        let looking = async {
            tokio::task::yield_now().await;
            waits.borrow().clone()
        };
        let (passed, shown) = tokio::join!(passing, looking);

        assert_eq!(passed, Ok(Duration::from_secs(7)));
        assert_eq!(shown.unwrap().host, "a:443");
        assert_eq!(*waits.borrow(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn f_http_18_a_long_wait_is_refused_until_the_operator_wants_to_ask_anyway() {
        let holds = Holds::new();
        let server = url("https://a/");
        holds.keep(&server, Code::Http(503), Duration::from_secs(600), true);
        holds.keep(&server, Code::Http(429), Duration::from_secs(5), true);

        let refused = holds.pass(&server, Purpose::Read).await;

        let after = Some(Duration::from_secs(600));
        assert!(
            matches!(&refused, Err(ApiError::RateLimited { code: Code::Http(503), after: a, .. }) if *a == after),
            "{refused:?}"
        );
        holds.ask_anyway();
        assert_eq!(holds.pass(&server, Purpose::Read).await, Ok(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_that_no_clock_can_hold_crashes_nothing() {
        let holds = Holds::new();
        let server = url("https://a/");

        holds.keep(&server, Code::Http(429), Duration::MAX, true);

        assert!(holds.pass(&server, Purpose::Read).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_that_waits_can_be_given_up_and_a_read_goes_on() {
        let holds = Holds::new();
        let server = url("https://a/");
        holds.keep(&server, Code::Http(429), Duration::from_secs(30), true);
        let give_up = async {
            tokio::task::yield_now().await;
            holds.give_up();
        };

        let change = holds.pass(&server, Purpose::Change);
        let read = holds.pass(&server, Purpose::Read);
        let (change, read, ()) = tokio::join!(change, read, give_up);

        assert_eq!(change, Err(ApiError::Cancelled));
        assert_eq!(read, Ok(Duration::from_secs(30)));
    }
}
