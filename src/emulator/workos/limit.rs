//! The limits on requests, counted in fixed windows.
//!
//! WorkOS documents 6,000 requests in 60 seconds for each API key, and for `/user_management/` 1,000 reads and
//! 500 writes in 10 seconds for each environment. Of headers it documents `Retry-After`; the others are those of
//! the vendor's own emulator.

use std::collections::HashMap;

/// The kind of requests that a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scope {
    /// Everything with the key of this number.
    Key(usize),
    /// Reading users, memberships and sessions.
    Reads,
    /// Changing them.
    Writes,
}

/// A limit: so many requests in so many milliseconds.
type Limit = (Scope, u32, i64);

/// One window of a limit.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    start_ms: i64,
    used: u32,
}

/// The state of the limit that is nearest to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    /// Requests in one window.
    pub(super) limit: u32,
    /// Requests that are left in this one.
    pub(super) remaining: u32,
    /// Milliseconds until the next window.
    pub(super) reset_ms: i64,
    /// True if this request is one too many.
    pub(super) exceeded: bool,
}

/// All limits of one server.
#[derive(Debug)]
pub(super) struct Limits {
    /// 0: those of the service.
    per_second: u32,
    windows: HashMap<Scope, Window>,
}

impl Limits {
    pub(super) fn new(per_second: u32) -> Self {
        Limits {
            per_second,
            windows: HashMap::new(),
        }
    }

    /// Counts one request. `key`: number of the API key; `write`: whether it changes users, memberships or
    /// sessions, `None` where it does not touch them; `now_ms`: a clock that never stands still.
    pub(super) fn count(&mut self, key: usize, write: Option<bool>, now_ms: i64) -> Budget {
        let limits = self.limits(key, write);
        for (scope, _, length_ms) in &limits {
            let window = self.windows.entry(*scope).or_default();
            let age_ms = now_ms - window.start_ms;
            if window.used == 0 || !(0..*length_ms).contains(&age_ms) {
                *window = Window {
                    start_ms: now_ms,
                    used: 0,
                };
            }
        }
        let exceeded = limits
            .iter()
            .any(|(scope, limit, _)| self.windows[scope].used >= *limit);
        if !exceeded {
            for (scope, ..) in &limits {
                self.windows.entry(*scope).or_default().used += 1;
            }
        }
        let state = |(scope, limit, length_ms): &Limit| {
            let window = self.windows[scope];
            Budget {
                limit: *limit,
                remaining: limit.saturating_sub(window.used),
                reset_ms: window.start_ms + length_ms - now_ms,
                exceeded,
            }
        };
        let nearest = limits.iter().map(state);
        nearest
            .min_by_key(|budget| (budget.remaining, -budget.reset_ms))
            .expect("there is a limit for every request")
    }

    fn limits(&self, key: usize, write: Option<bool>) -> Vec<Limit> {
        if self.per_second > 0 {
            return vec![(Scope::Key(key), self.per_second, 1_000)];
        }
        let users = write.map(|write| {
            if write {
                (Scope::Writes, 500, 10_000)
            } else {
                (Scope::Reads, 1_000, 10_000)
            }
        });
        let all = (Scope::Key(key), 6_000, 60_000);
        std::iter::once(all).chain(users).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exceeded(limits: &mut Limits, key: usize, write: Option<bool>, at_ms: i64) -> bool {
        limits.count(key, write, at_ms).exceeded
    }

    #[test]
    fn a_limit_of_its_own_starts_anew_every_second() {
        let mut limits = Limits::new(2);

        let first = limits.count(0, Some(false), 5_000);
        assert_eq!((first.limit, first.remaining), (2, 1));
        assert!(!exceeded(&mut limits, 0, None, 5_400));
        let over = limits.count(0, Some(true), 5_900);
        assert!(over.exceeded);
        assert_eq!((over.remaining, over.reset_ms), (0, 100));
        assert!(!exceeded(&mut limits, 1, None, 5_900), "another key");
        assert!(!exceeded(&mut limits, 0, None, 6_000));
    }

    #[test]
    fn reads_and_writes_of_users_have_their_own_limits_for_all_keys() {
        let mut limits = Limits::new(0);
        for number in 0..1_000 {
            assert!(!exceeded(&mut limits, number % 2, Some(false), 0));
        }

        assert!(exceeded(&mut limits, 0, Some(false), 9_999));
        assert!(!exceeded(&mut limits, 0, Some(true), 9_999));
        assert!(!exceeded(&mut limits, 0, None, 9_999), "no user is read");
        assert!(!exceeded(&mut limits, 0, Some(false), 10_000));
    }

    #[test]
    fn everything_together_has_a_limit_a_minute() {
        let mut limits = Limits::new(0);
        for _ in 0..6_000 {
            assert!(!exceeded(&mut limits, 0, None, 0));
        }

        let over = limits.count(0, None, 59_000);
        assert!(over.exceeded);
        assert_eq!(over.reset_ms, 1_000);
    }
}
