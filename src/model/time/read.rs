//! Reading instants and durations as servers and people write them.

use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc,
};

use super::zone::Zone;

/// Reads an instant as servers write it.
///
/// Taken: RFC 3339 with `Z` or an offset (`+02:00`, `+0200`, `+02`), a space or `T` between date
/// and time, a fraction of any length (cut to nanoseconds), no seconds, a leap second (`:60`, read
/// as the second after), a trailing ` UTC` or ` GMT`. Without a zone the text means a clock of
/// `zone`; a date alone means its first moment there. `None`: it is not an instant, or one outside the years
/// 1 to 9999 of UTC, which cannot be written as a date again.
pub fn parse_instant(text: &str, zone: Zone) -> Option<DateTime<Utc>> {
    let mut scan = Scan::new(text.trim());
    let date = scan.date()?;
    if scan.is_at_end() {
        return with_a_date(zone.to_utc(date.and_time(NaiveTime::MIN)));
    }
    scan.one_of(b"Tt ")?;
    let reading = scan.time(date)?;
    scan.skip_spaces();
    if scan.is_at_end() {
        return with_a_date(zone.to_utc(reading));
    }
    let offset = scan.zone()?;
    scan.skip_spaces();
    // Go prints its times as "… +0000 UTC".
    if !scan.is_at_end() {
        scan.zone_name()?;
    }
    scan.is_at_end()
        .then(|| Zone::Fixed(offset).to_utc(reading))
        .and_then(with_a_date)
}

/// The instant this many seconds after 1970 began. `None`: outside the years 1 to 9999.
pub fn from_epoch_seconds(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0).and_then(with_a_date)
}

/// The instant this many milliseconds after 1970 began. `None`: outside the years 1 to 9999.
pub fn from_epoch_ms(ms: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(ms).and_then(with_a_date)
}

/// Only what has a date of four digits, as RFC 3339 writes it.
fn with_a_date(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let year = at.naive_utc().year();
    (1..=9999).contains(&year).then_some(at)
}

/// The longest duration that is read: ten thousand years.
const LONGEST_SECONDS: i64 = 10_000 * 366 * 86_400;

/// Reads a duration: `30s`, `90m`, `2h`, `7d`, `4h30m`. Units may come in any order, each once.
/// `None`: it is not a duration, or one of more than ten thousand years.
pub fn parse_duration(text: &str) -> Option<TimeDelta> {
    let mut seconds: i64 = 0;
    let mut seen = [false; 4];
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest.get(..digits)?.parse().ok()?;
        let (slot, unit) = match rest.as_bytes().get(digits)?.to_ascii_lowercase() {
            b's' => (0, 1),
            b'm' => (1, 60),
            b'h' => (2, 3_600),
            b'd' => (3, 86_400),
            _ => return None,
        };
        if std::mem::replace(&mut seen[slot], true) {
            return None;
        }
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = rest.get(digits + 1..)?;
    }
    let any = seen.contains(&true);
    (any && seconds <= LONGEST_SECONDS).then(|| TimeDelta::seconds(seconds))
}

/// Reads an offset that fills the whole text: `+02:00`, `-0330`, `+2`.
pub(super) fn whole_offset(text: &str) -> Option<FixedOffset> {
    let mut scan = Scan::new(text);
    let offset = scan.offset()?;
    scan.is_at_end().then_some(offset)
}

/// Walks over the bytes of a text that should be an instant.
pub(in crate::model) struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    /// Starts at the beginning.
    pub(in crate::model) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// The text that has not been read yet.
    pub(in crate::model) fn rest(&self) -> &'a str {
        self.rest
    }

    /// Takes the `T` or space between date and time, if it is there.
    pub(in crate::model) fn takes_date_separator(&mut self) -> bool {
        self.one_of(b"Tt ").is_some()
    }

    /// Takes one space, if it is there.
    pub(in crate::model) fn takes_space(&mut self) -> bool {
        self.one_of(b" ").is_some()
    }

    fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn one_of(&mut self, set: &[u8]) -> Option<u8> {
        let first = *self.rest.as_bytes().first()?;
        let rest = self.rest.get(1..)?;
        set.contains(&first).then(|| {
            self.rest = rest;
            first
        })
    }

    fn skip_spaces(&mut self) {
        while self.one_of(b" ").is_some() {}
    }

    /// Between `least` and `most` digits as a number.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let (mut number, mut digits) = (0, 0);
        for byte in self.rest.as_bytes() {
            let digit = byte.wrapping_sub(b'0');
            if digits == most || digit > 9 {
                break;
            }
            number = number * 10 + u32::from(digit);
            digits += 1;
        }
        if digits < least {
            return None;
        }
        self.rest = self.rest.get(digits..)?;
        Some(number)
    }

    /// `2026-11-21`.
    pub(in crate::model) fn date(&mut self) -> Option<NaiveDate> {
        let text: &[u8; 10] = self.rest.as_bytes().first_chunk()?;
        let (century, year) = (two(text, 0)?, two(text, 2)?);
        let (month, day) = (two(text, 5)?, two(text, 8)?);
        (text[4] == b'-' && text[7] == b'-').then_some(())?;
        self.rest = self.rest.get(10..)?;
        NaiveDate::from_ymd_opt((century * 100 + year) as i32, month, day)
    }

    /// `14:00:59`, as servers write it. Takes nothing if it is something else.
    fn full_clock(&mut self) -> Option<(u32, u32, u32)> {
        let text: &[u8; 8] = self.rest.as_bytes().first_chunk()?;
        let clock = (two(text, 0)?, two(text, 3)?, two(text, 6)?);
        (text[2] == b':' && text[5] == b':').then_some(())?;
        self.rest = self.rest.get(8..)?;
        Some(clock)
    }

    /// `14:00`, `14:00:59`.
    fn clock(&mut self) -> Option<(u32, u32, Option<u32>)> {
        if let Some((hour, minute, second)) = self.full_clock() {
            return Some((hour, minute, Some(second)));
        }
        let hour = self.number(1, 2)?;
        self.one_of(b":")?;
        let minute = self.number(2, 2)?;
        let second = match self.one_of(b":") {
            Some(_) => Some(self.number(2, 2)?),
            None => None,
        };
        Some((hour, minute, second))
    }

    /// `14:00`, `14:00:59`, `14:00:59.123456789`.
    pub(in crate::model) fn time(&mut self, date: NaiveDate) -> Option<NaiveDateTime> {
        let (hour, minute, second) = self.clock()?;
        let nanos = match second.and_then(|_| self.one_of(b".,")) {
            Some(_) => self.fraction()?,
            None => 0,
        };
        let second = second.unwrap_or_default();
        // chrono would keep a 61st second, which no server's comparison knows.
        if second == 60 {
            let minute = date.and_hms_opt(hour, minute, 59)?;
            return minute.checked_add_signed(TimeDelta::seconds(1));
        }
        date.and_hms_nano_opt(hour, minute, second, nanos)
    }

    /// The digits of a fraction as nanoseconds; digits beyond the ninth are dropped.
    fn fraction(&mut self) -> Option<u32> {
        let before = self.rest.len();
        let number = self.number(1, 9)?;
        let digits = u32::try_from(before - self.rest.len()).ok()?;
        while self.number(1, 9).is_some() {}
        Some(number * 10_u32.pow(9 - digits))
    }

    /// `Z`, ` UTC`, an offset.
    pub(in crate::model) fn zone(&mut self) -> Option<FixedOffset> {
        if self.one_of(b"Zz").is_some() {
            return FixedOffset::east_opt(0);
        }
        if let Some(offset) = self.offset() {
            return Some(offset);
        }
        self.zone_name()?;
        FixedOffset::east_opt(0)
    }

    fn zone_name(&mut self) -> Option<()> {
        let name = self.rest.get(..3)?;
        let known = name.eq_ignore_ascii_case("UTC") || name.eq_ignore_ascii_case("GMT");
        known.then(|| self.rest = self.rest.get(3..).unwrap_or_default())
    }

    /// `+02:00`, `+0200`, `+02`, `+2`. Takes nothing if it is none of these.
    fn offset(&mut self) -> Option<FixedOffset> {
        let start = self.rest;
        let offset = self.signed_offset();
        if offset.is_none() {
            self.rest = start;
        }
        offset
    }

    fn signed_offset(&mut self) -> Option<FixedOffset> {
        let west = self.one_of(b"+-")? == b'-';
        let hours = self.number(1, 2)?;
        let colon = self.one_of(b":").is_some();
        let minutes = match self.number(2, 2) {
            Some(minutes) => minutes,
            None if colon => return None,
            None => 0,
        };
        if minutes > 59 {
            return None;
        }
        // "+2h" is a duration, not a zone.
        if self.rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return None;
        }
        let seconds = i32::try_from(hours * 3_600 + minutes * 60).ok()?;
        FixedOffset::east_opt(if west { -seconds } else { seconds })
    }
}

/// The two digits at this place as a number.
fn two(text: &[u8], at: usize) -> Option<u32> {
    let digit = |at: usize| {
        let digit = text.get(at)?.wrapping_sub(b'0');
        (digit < 10).then_some(u32::from(digit))
    };
    Some(digit(at)? * 10 + digit(at + 1)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        parse_instant(text, Zone::Utc)
            .map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }

    #[test]
    fn instants_are_read_as_servers_write_them() {
        for (text, meant) in [
            ("2026-03-14T09:41:55", "2026-03-14T09:41:55Z"),
            ("2026-01-15T15:45:12.000Z", "2026-01-15T15:45:12Z"),
            ("2026-01-15T15:45:12.5+02:00", "2026-01-15T13:45:12.500Z"),
            ("2026-01-15 15:45:12+0000", "2026-01-15T15:45:12Z"),
            ("2026-01-15 15:45:12 -0330", "2026-01-15T19:15:12Z"),
            ("2026-01-15T15:45:12+02", "2026-01-15T13:45:12Z"),
            (
                "2026-11-22T00:19:27.234079364Z",
                "2026-11-22T00:19:27.234079364Z",
            ),
            (
                "2026-11-22T00:19:27.2340793641999Z",
                "2026-11-22T00:19:27.234079364Z",
            ),
            ("2022-08-02T18:24:26.37664", "2022-08-02T18:24:26.376640Z"),
            (
                "2022-08-02 18:24:26.37664 +0000 UTC",
                "2022-08-02T18:24:26.376640Z",
            ),
            ("2022-08-02 18:24:26 UTC", "2022-08-02T18:24:26Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("2024-10-12", "2024-10-12T00:00:00Z"),
            ("2024-10-12 00:00", "2024-10-12T00:00:00Z"),
            (" 2024-10-12t07:08:09z ", "2024-10-12T07:08:09Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(meant), "{text}");
        }
    }

    #[test]
    fn a_time_without_a_zone_means_the_zone_given() {
        let zone: Zone = "+02:00".parse().expect("zone");

        let at = parse_instant("2026-03-14T09:41:55", zone).expect("instant");

        assert_eq!(at.to_rfc3339(), "2026-03-14T07:41:55+00:00");
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-02-30",
            "2026-1-1",
            "2026-01-01T",
            "2026-01-01T25:00:00",
            "2026-01-01T10:61",
            "2026-01-01T10:00:61",
            "2026-01-01T10:00:00.",
            "2026-01-01T10:00:00Zx",
            "2026-01-01T10:00:00+25:00",
            "2026-01-01T10:00:00+2h",
            "1700000000",
            "２０２６-01-01",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+02:00",
            "9999-12-31T23:59:59-02:00",
            "+57879-03-15T16:00:00Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn epochs_are_read_in_their_unit() {
        assert_eq!(from_epoch_seconds(1), from_epoch_ms(1_000));
        assert_eq!(from_epoch_ms(i64::MAX), None);
        assert_eq!(from_epoch_ms(1_764_324_000_000_000), None, "microseconds");
        assert_eq!(from_epoch_seconds(i64::MIN), None);
    }

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [
            ("30s", 30),
            ("90m", 5_400),
            ("2h", 7_200),
            ("7d", 604_800),
            ("4h30m", 16_200),
            ("0s", 0),
            ("1D2H", 93_600),
        ] {
            assert_eq!(
                parse_duration(text),
                Some(TimeDelta::seconds(seconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "30",
            "s",
            "2w",
            "-2h",
            "1.5h",
            "2h2h",
            "2 h",
            "h2",
            "９s",
            "99999999999999999999d",
            "9999999999d",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}|[-0-9T:.+Z ]{0,40}") {
            let _ = parse_instant(&text, Zone::Utc);
            let _ = parse_duration(&text);
        }

        #[test]
        fn rfc3339_is_read_back(ms in -62_135_596_800_000_i64..253_402_300_800_000, east in -86_399..86_399_i32) {
            let at = from_epoch_ms(ms).expect("in range");
            let zone = FixedOffset::east_opt(east / 60 * 60).expect("offset");
            let text = at.with_timezone(&zone).to_rfc3339();
            prop_assume!(!text.starts_with(['-', '+']));

            prop_assert_eq!(parse_instant(&text, Zone::Utc), Some(at));
        }
    }
}
