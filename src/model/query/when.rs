//! Instants as people write them: `2024-10-12`, `now-2h`, `today-7d`.

use std::fmt;
use std::ops::Range;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::{Base, When};
use crate::model::time::{Scan, Zone, duration, parse_duration};

const DAY_SECONDS: i64 = 86_400;

impl When {
    /// The moment of the search.
    pub fn now() -> Self {
        Self {
            base: Base::Now,
            offset: TimeDelta::zero(),
        }
    }

    /// Reads `2024-10-12`, `2024-10-12 00:00[:00]`, RFC 3339, `now`, `today`, `yesterday`, each
    /// plus or minus durations. `None`: it is none of these.
    pub fn parse(text: &str) -> Option<Self> {
        let (base, rest) = parse_base(text)?;
        Some(Self {
            base,
            offset: parse_offsets(rest)?,
        })
    }

    /// The moment that is meant by somebody who asks at `now` in `zone`. Days are counted on the
    /// calendar of `zone`; beyond the calendar's ends the first or last moment there is.
    pub fn at(&self, now: DateTime<Utc>, zone: Zone) -> DateTime<Utc> {
        if let Some(date) = self.date(now, zone) {
            return zone.to_utc(date.and_time(NaiveTime::MIN));
        }
        let base = match self.base {
            Base::Now => now,
            Base::Local(reading) => zone.to_utc(reading),
            Base::Exact(at) => at,
            Base::Today | Base::Yesterday | Base::Day(_) => {
                let date = self.base_date(now, zone).unwrap_or_default();
                zone.to_utc(date.and_time(NaiveTime::MIN))
            }
        };
        let end = if self.offset < TimeDelta::zero() {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        };
        base.checked_add_signed(self.offset).unwrap_or(end)
    }

    /// The whole day that `=` means, its end excluded. `None`: it is a moment, not a day.
    pub fn day_range(&self, now: DateTime<Utc>, zone: Zone) -> Option<Range<DateTime<Utc>>> {
        let date = self.date(now, zone)?;
        let start = |date: NaiveDate| zone.to_utc(date.and_time(NaiveTime::MIN));
        let end = date.succ_opt().map_or(DateTime::<Utc>::MAX_UTC, start);
        Some(start(date)..end)
    }

    /// The date, if no time of day is meant.
    fn date(&self, now: DateTime<Utc>, zone: Zone) -> Option<NaiveDate> {
        let seconds = self.offset.num_seconds();
        let whole = seconds % DAY_SECONDS == 0 && self.offset.subsec_nanos() == 0;
        let date = self.base_date(now, zone).filter(|_| whole)?;
        let days = TimeDelta::days(seconds / DAY_SECONDS);
        date.checked_add_signed(days)
    }

    fn base_date(&self, now: DateTime<Utc>, zone: Zone) -> Option<NaiveDate> {
        match self.base {
            Base::Today => Some(zone.date_of(now)),
            Base::Yesterday => Some(zone.date_of(now).pred_opt().unwrap_or(NaiveDate::MIN)),
            Base::Day(date) => Some(date),
            Base::Now | Base::Local(_) | Base::Exact(_) => None,
        }
    }
}

impl From<DateTime<Utc>> for When {
    fn from(at: DateTime<Utc>) -> Self {
        Self {
            base: Base::Exact(at),
            offset: TimeDelta::zero(),
        }
    }
}

impl fmt::Display for When {
    /// As the query language writes it, without quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.base {
            Base::Now => f.write_str("now")?,
            Base::Today => f.write_str("today")?,
            Base::Yesterday => f.write_str("yesterday")?,
            Base::Day(date) => date.fmt(f)?,
            Base::Local(reading) => reading.format("%Y-%m-%d %H:%M:%S%.f").fmt(f)?,
            Base::Exact(at) => {
                f.write_str(&at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))?;
            }
        }
        match self.offset.num_seconds() {
            0 => Ok(()),
            1.. => write!(f, "+{}", duration(self.offset)),
            _ => f.write_str(&duration(self.offset)),
        }
    }
}

/// True if a date fills the whole text.
pub(super) fn is_date(text: &str) -> bool {
    let mut scan = Scan::new(text);
    scan.date().is_some() && scan.rest().is_empty()
}

/// True if the text begins like a time of day.
pub(super) fn begins_with_time(text: &str) -> bool {
    let hour = text.bytes().take_while(u8::is_ascii_digit).count();
    let minute = text.get(hour + 1..).map_or(0, |rest| {
        rest.bytes().take_while(u8::is_ascii_digit).count()
    });
    matches!(hour, 1..=2) && text.as_bytes().get(hour) == Some(&b':') && minute >= 2
}

fn parse_base(text: &str) -> Option<(Base, &str)> {
    for (word, base) in [
        ("now", Base::Now),
        ("today", Base::Today),
        ("yesterday", Base::Yesterday),
    ] {
        let head = text.get(..word.len());
        if head.is_some_and(|head| head.eq_ignore_ascii_case(word)) {
            return Some((base, &text[word.len()..]));
        }
    }
    let mut scan = Scan::new(text);
    let date = scan.date()?;
    if !scan.takes_date_separator() {
        return Some((Base::Day(date), scan.rest()));
    }
    let reading = scan.time(date)?;
    // As this program shows instants: "2026-11-21 14:01:12 UTC".
    let spaced = scan.takes_space();
    let base = match scan.zone() {
        Some(offset) => Base::Exact(Zone::Fixed(offset).to_utc(reading)),
        None if spaced => return None,
        None => Base::Local(reading),
    };
    // Beyond, the text form has more digits than are read back.
    let year = match &base {
        Base::Exact(at) => at.year(),
        _ => reading.year(),
    };
    (0..=9_999).contains(&year).then(|| (base, scan.rest()))
}

/// `-2h`, `+1d-30m`, or nothing.
fn parse_offsets(text: &str) -> Option<TimeDelta> {
    let mut total = TimeDelta::zero();
    let mut rest = text;
    while !rest.is_empty() {
        let back = rest.starts_with('-');
        let tail = rest.strip_prefix(['-', '+'])?;
        let end = tail.find(['-', '+']).unwrap_or(tail.len());
        let step = parse_duration(&tail[..end])?;
        total = total.checked_add(&if back { -step } else { step })?;
        rest = &tail[end..];
    }
    // The printed form is one duration, which must be short enough to be read again.
    parse_duration(&duration(total.abs())).map(|_| total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::parse_instant;

    fn at(text: &str) -> DateTime<Utc> {
        parse_instant(text, Zone::Utc).expect("a test instant")
    }

    #[test]
    fn instants_mean_a_moment() {
        let now = at("2026-11-21 14:07:00");
        for (text, meant) in [
            ("2024-10-12", "2024-10-12 00:00:00"),
            ("2024-10-12 00:00", "2024-10-12 00:00:00"),
            ("2024-10-12 01:02:03", "2024-10-12 01:02:03"),
            ("2024-10-12T01:02:03", "2024-10-12 01:02:03"),
            ("2024-10-12T01:02:03Z", "2024-10-12 01:02:03"),
            ("2024-10-12 01:02:03 UTC", "2024-10-12 01:02:03"),
            ("2024-10-12 01:02:03 +02:00", "2024-10-11 23:02:03"),
            ("2024-10-12T01:02:03.25+02:00", "2024-10-11 23:02:03.25"),
            ("2024-10-12T01:02:03+0200-1h", "2024-10-11 22:02:03"),
            ("2024-10-12 01:02-2h", "2024-10-11 23:02:00"),
            ("2024-10-12-2h", "2024-10-11 22:00:00"),
            ("2024-10-12+1d", "2024-10-13 00:00:00"),
            ("now", "2026-11-21 14:07:00"),
            ("NOW-2h", "2026-11-21 12:07:00"),
            ("now-2h+30m", "2026-11-21 12:37:00"),
            ("now+4h30m", "2026-11-21 18:37:00"),
            ("today", "2026-11-21 00:00:00"),
            ("today-7d", "2026-11-14 00:00:00"),
            ("today+9h", "2026-11-21 09:00:00"),
            ("yesterday", "2026-11-20 00:00:00"),
        ] {
            let when = When::parse(text).expect(text);
            assert_eq!(when.at(now, Zone::Utc), at(meant), "{text}");
        }
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let now = at("2026-11-21 23:30:00");
        let east: Zone = "+02:00".parse().expect("zone");
        for (text, meant) in [
            ("today", "2026-11-21 22:00:00"),
            ("2026-11-21", "2026-11-20 22:00:00"),
            ("2026-11-21 14:00", "2026-11-21 12:00:00"),
            ("2026-11-21T14:00Z", "2026-11-21 14:00:00"),
            ("now", "2026-11-21 23:30:00"),
        ] {
            let when = When::parse(text).expect(text);
            assert_eq!(when.at(now, east), at(meant), "{text}");
        }
    }

    #[test]
    fn a_date_without_a_time_is_a_whole_day() {
        let now = at("2026-11-21 14:07:00");
        for (text, day) in [
            ("2024-10-12", Some("2024-10-12")),
            ("today", Some("2026-11-21")),
            ("yesterday", Some("2026-11-20")),
            ("today-7d", Some("2026-11-14")),
            ("today-24h", Some("2026-11-20")),
            ("today-7h", None),
            ("2024-10-12 00:00", None),
            ("2024-10-12T00:00:00Z", None),
            ("now", None),
            ("now-1d", None),
        ] {
            let when = When::parse(text).expect(text);
            let expected = day.map(|day| at(day)..at(day) + TimeDelta::days(1));
            assert_eq!(when.day_range(now, Zone::Utc), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "yesterdy",
            "nowish",
            "now-",
            "now-2",
            "now 2h",
            "2024-10-12 ",
            "2024-10-12 10:00 ",
            "2024-10-12T",
            "2024-13-01",
            "2024-10-12 24:00",
            "9999-12-31T23:00-05:00",
            "now-9999999d",
            "now-3000000d-3000000d",
        ] {
            assert_eq!(When::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        for base in [
            "9999-12-31",
            "0000-01-01",
            "now",
            "today",
            "9999-12-31 23:59:59",
        ] {
            for offset in ["", "+3600000d", "-3600000d", "+1s", "-1s"] {
                let when = When::parse(&format!("{base}{offset}")).expect("reads");
                for now in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
                    let _ = when.at(now, Zone::Local);
                    let _ = when.day_range(now, Zone::Utc);
                }
            }
        }
    }
}
