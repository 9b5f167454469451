//! The zone in which times are shown, and in which times without a zone are read.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, FixedOffset, Local, NaiveDate, NaiveDateTime, Offset};
use chrono::{TimeDelta, TimeZone, Utc};

/// A time zone of the configuration: "utc", "local" or an offset such as "+02:00".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Zone {
    /// UTC.
    #[default]
    Utc,
    /// The zone of this machine; UTC if the machine's setting means nothing.
    Local,
    /// A fixed offset from UTC.
    Fixed(FixedOffset),
}

/// Years in which the machine's zone is asked; outside, clocks have no meaning and UTC is used.
const LOCAL_YEARS: std::ops::RangeInclusive<i32> = 1900..=2500;

impl Zone {
    /// How far this zone is from UTC at this moment.
    pub fn offset_at(self, at: DateTime<Utc>) -> FixedOffset {
        match self {
            Self::Utc => Utc.fix(),
            Self::Fixed(offset) => offset,
            Self::Local if LOCAL_YEARS.contains(&at.year()) => {
                Local.offset_from_utc_datetime(&at.naive_utc()).fix()
            }
            Self::Local => Utc.fix(),
        }
    }

    /// Which moment a clock of this zone means by this reading.
    ///
    /// A reading that occurs twice (clocks set back) means the first; one that is skipped
    /// (clocks set forward) means the moment of the change or up to an hour after it. A reading
    /// outside the calendar's range becomes the first or last moment there is.
    pub fn to_utc(self, reading: NaiveDateTime) -> DateTime<Utc> {
        match self {
            Self::Local if LOCAL_YEARS.contains(&reading.year()) => local_to_utc(reading),
            Self::Utc | Self::Local => reading.and_utc(),
            Self::Fixed(offset) => shift(reading, -i64::from(offset.local_minus_utc())).and_utc(),
        }
    }

    /// The date on a calendar of this zone at this moment.
    pub fn date_of(self, at: DateTime<Utc>) -> NaiveDate {
        self.reading_of(at).date()
    }

    /// The date and time that a clock of this zone shows at this moment.
    pub fn reading_of(self, at: DateTime<Utc>) -> NaiveDateTime {
        let offset = self.offset_at(at).local_minus_utc();
        shift(at.naive_utc(), i64::from(offset))
    }
}

fn local_to_utc(reading: NaiveDateTime) -> DateTime<Utc> {
    let found = |reading: &NaiveDateTime| Local.from_local_datetime(reading).earliest();
    found(&reading)
        .or_else(|| found(&shift(reading, 3600)))
        .map_or_else(|| reading.and_utc(), |at| at.with_timezone(&Utc))
}

/// Adds seconds; stops at the ends of the calendar.
fn shift(reading: NaiveDateTime, seconds: i64) -> NaiveDateTime {
    let end = if seconds < 0 {
        NaiveDateTime::MIN
    } else {
        NaiveDateTime::MAX
    };
    reading
        .checked_add_signed(TimeDelta::seconds(seconds))
        .unwrap_or(end)
}

impl fmt::Display for Zone {
    /// As the configuration writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utc => f.write_str("utc"),
            Self::Local => f.write_str("local"),
            Self::Fixed(offset) => offset.fmt(f),
        }
    }
}

impl FromStr for Zone {
    type Err = String;

    /// Reads "utc", "local" or an offset: "+02:00", "-0330", "+2".
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            _ if text.eq_ignore_ascii_case("utc") || text == "Z" => Ok(Self::Utc),
            _ if text.eq_ignore_ascii_case("local") => Ok(Self::Local),
            _ => super::read::whole_offset(text)
                .map(Self::Fixed)
                .ok_or_else(|| format!("{text:?} is not a zone; try utc, local or +02:00")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str) -> NaiveDateTime {
        text.parse().expect("a test reading")
    }

    #[test]
    fn zones_read_as_they_print() {
        for (text, printed) in [
            ("utc", "utc"),
            ("UTC", "utc"),
            ("local", "local"),
            ("+02:00", "+02:00"),
            ("-0330", "-03:30"),
            ("+2", "+02:00"),
        ] {
            let zone: Zone = text.parse().expect(text);
            assert_eq!(zone.to_string(), printed, "{text}");
            assert_eq!(printed.parse(), Ok(zone), "{text}");
        }
    }

    #[test]
    fn what_is_no_zone_is_refused_with_an_example() {
        for text in ["", "Mars", "+25:00", "2", "+", "+02:60"] {
            let why = text.parse::<Zone>().expect_err(text);
            assert!(why.contains("try utc, local or +02:00"), "{why}");
        }
    }

    #[test]
    fn a_reading_and_its_moment_are_inverse_in_a_fixed_zone() {
        let zone: Zone = "+05:30".parse().expect("zone");

        let at = zone.to_utc(reading("2026-11-21T02:00:00"));

        assert_eq!(at.to_rfc3339(), "2026-11-20T20:30:00+00:00");
        assert_eq!(zone.reading_of(at), reading("2026-11-21T02:00:00"));
        assert_eq!(zone.date_of(at).to_string(), "2026-11-21");
    }

    #[test]
    fn the_machines_own_zone_gives_back_its_reading_on_a_plain_day() {
        let noon = reading("2026-06-15T12:00:00");

        assert_eq!(Zone::Local.reading_of(Zone::Local.to_utc(noon)), noon);
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        let zone: Zone = "+23:00".parse().expect("zone");
        for zone in [Zone::Utc, Zone::Local, zone] {
            for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
                let _ = zone.to_utc(zone.reading_of(at));
            }
            let _ = zone.to_utc(NaiveDateTime::MIN);
        }
        let west: Zone = "-23:00".parse().expect("zone");
        assert_eq!(
            west.to_utc(NaiveDateTime::MAX),
            NaiveDateTime::MAX.and_utc()
        );
    }
}
