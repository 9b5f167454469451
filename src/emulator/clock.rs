//! The emulator's clock, which tests can move, and the forms in which servers write times.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat, Utc};

/// The time in the emulated system.
#[derive(Debug)]
pub(crate) struct Clock {
    fixed_ms: Option<i64>,
    moved_ms: AtomicI64,
    started: Instant,
}

impl Clock {
    /// A clock that stands at `fixed_ms` (Unix, milliseconds), or runs with the computer's.
    pub(crate) fn new(fixed_ms: Option<i64>) -> Self {
        Clock {
            fixed_ms,
            moved_ms: AtomicI64::new(0),
            started: Instant::now(),
        }
    }

    /// Now, Unix time in milliseconds, UTC.
    pub(crate) fn now_ms(&self) -> i64 {
        let base = self.fixed_ms.unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
        });
        base.saturating_add(self.moved_ms.load(Ordering::SeqCst))
    }

    /// Milliseconds since the start. Runs on while the clock stands, for pauses between two calls.
    pub(crate) fn steady_ms(&self) -> i64 {
        let run = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        run.saturating_add(self.moved_ms.load(Ordering::SeqCst))
    }

    /// Moves the clock, forward or back.
    pub(crate) fn shift(&self, by_ms: i64) {
        self.moved_ms.fetch_add(by_ms, Ordering::SeqCst);
    }
}

/// A Unix time in milliseconds, as a date and time of UTC; 1970 for times beyond what the calendar has.
fn moment(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

/// `2026-03-14T09:41:55`: no zone, no fraction.
pub(crate) fn naive_text(ms: i64) -> String {
    moment(ms).format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// `2026-03-14T09:41:55.120Z`.
pub(crate) fn zulu_text(ms: i64) -> String {
    moment(ms).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The form of the `Date` header: `Sat, 14 Mar 2026 09:41:55 GMT`.
pub(crate) fn http_date(ms: i64) -> String {
    moment(ms).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants_are_written_right() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00"),
            (951_782_400_000, "2000-02-29T00:00:00"),
            (1_773_481_315_000, "2026-03-14T09:41:55"),
            (-1_000, "1969-12-31T23:59:59"),
            (4_102_444_799_000, "2099-12-31T23:59:59"),
        ] {
            assert_eq!(naive_text(ms), text);
        }
    }

    #[test]
    fn milliseconds_are_written_with_their_zone() {
        for (ms, text) in [
            (1_773_481_315_120, "2026-03-14T09:41:55.120Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(zulu_text(ms), text);
        }
    }

    #[test]
    fn date_header_has_weekday_and_month_names() {
        assert_eq!(
            http_date(1_773_481_315_000),
            "Sat, 14 Mar 2026 09:41:55 GMT"
        );
    }

    #[test]
    fn moved_clock_tells_the_new_time() {
        let clock = Clock::new(Some(1_000));

        clock.shift(60_000);

        assert_eq!(clock.now_ms(), 61_000);
    }
}
