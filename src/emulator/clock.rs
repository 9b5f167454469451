//! The emulator's clock, which tests can move, and its own reading and writing of times.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

const DAY_S: i64 = 86_400;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// What time it is in the emulated system.
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

/// A moment taken apart, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Year, may be negative.
    pub(crate) year: i64,
    /// Month, 1 to 12.
    pub(crate) month: i64,
    /// Day of the month, 1 to 31.
    pub(crate) day: i64,
    /// Hour, 0 to 23.
    pub(crate) hour: i64,
    /// Minute, 0 to 59.
    pub(crate) minute: i64,
    /// Second, 0 to 59.
    pub(crate) second: i64,
    /// Millisecond, 0 to 999.
    pub(crate) millisecond: i64,
}

impl Moment {
    /// Takes a Unix time in milliseconds apart.
    pub(crate) fn at(ms: i64) -> Self {
        let seconds = ms.div_euclid(1_000);
        let in_day = seconds.rem_euclid(DAY_S);
        let (year, month, day) = civil_date(seconds.div_euclid(DAY_S));
        Moment {
            year,
            month,
            day,
            hour: in_day / 3_600,
            minute: in_day / 60 % 60,
            second: in_day % 60,
            millisecond: ms.rem_euclid(1_000),
        }
    }

    /// Unix time in milliseconds; `None` if there is no such date or time.
    pub(crate) fn to_ms(self) -> Option<i64> {
        let in_range = (1..=12).contains(&self.month)
            && (0..24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && (0..60).contains(&self.second)
            && (-200_000..=200_000).contains(&self.year);
        if !in_range {
            return None;
        }
        let days = day_number(self.year, self.month, self.day);
        if civil_date(days) != (self.year, self.month, self.day) {
            return None;
        }
        let seconds = days * DAY_S + self.hour * 3_600 + self.minute * 60 + self.second;
        Some(seconds * 1_000 + self.millisecond)
    }
}

/// `2026-03-14T09:41:55`: no zone, no fraction.
pub(crate) fn naive_text(ms: i64) -> String {
    let m = Moment::at(ms);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        m.year, m.month, m.day, m.hour, m.minute, m.second
    )
}

/// `2026-03-14T09:41:55.120Z`.
pub(crate) fn zulu_text(ms: i64) -> String {
    format!("{}.{:03}Z", naive_text(ms), Moment::at(ms).millisecond)
}

/// The form of the `Date` header: `Sat, 14 Mar 2026 09:41:55 GMT`.
pub(crate) fn http_date(ms: i64) -> String {
    let m = Moment::at(ms);
    let weekday = ms.div_euclid(DAY_S * 1_000).rem_euclid(7);
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        WEEKDAYS[usize::try_from(weekday).unwrap_or(0)],
        m.day,
        MONTHS[usize::try_from(m.month - 1).unwrap_or(0)],
        m.year,
        m.hour,
        m.minute,
        m.second
    )
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Counts years from March, so that the leap day comes last.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let from_march = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + (153 * from_march + 2) / 5 + day - 1 - 719_468
}

/// The reverse of [`day_number`].
fn civil_date(days: i64) -> (i64, i64, i64) {
    let from_epoch = days + 719_468;
    // 146,097 days are 400 years; the first guess is at most one year too late.
    let mut year = (from_epoch * 400 + 399).div_euclid(146_097);
    while day_number(year, 3, 1) > days {
        year -= 1;
    }
    let in_year = days - day_number(year, 3, 1);
    let from_march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    (if month <= 2 { year + 1 } else { year }, month, day)
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
            assert_eq!(Moment::at(ms).to_ms(), Some(ms), "{text}");
        }
    }

    #[test]
    fn every_day_of_a_century_survives_the_round_trip() {
        for day in 0..36_525 {
            let (y, m, d) = civil_date(day);
            assert_eq!(day_number(y, m, d), day, "{y}-{m}-{d}");
        }
    }

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        let mut moment = Moment::at(1_773_481_315_000);
        moment.month = 2;
        moment.day = 30;

        assert_eq!(moment.to_ms(), None);
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
