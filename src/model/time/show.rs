//! Showing instants, durations and ages.

use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDateTime, SecondsFormat, TimeDelta, Timelike, Utc};

use super::zone::Zone;

/// How long ago, or how far ahead: `41m ago`, `in 19m`, `now`; `-` for `None`.
///
/// One unit only, cut and not rounded, so that `in 2h` never promises more than there is.
pub fn age(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    let Some(at) = at else {
        return "-".to_owned();
    };
    let past = now.signed_duration_since(at);
    match past.num_seconds() {
        0 => "now".to_owned(),
        1.. => format!("{} ago", duration_words(past)),
        _ => format!("in {}", duration_words(-past)),
    }
}

/// A duration in its largest unit, cut: `44s`, `6m`, `22h`, `9d`, `3y` (from two years on).
/// A negative one is shown by its length.
pub fn duration_words(length: TimeDelta) -> String {
    let seconds = length.num_seconds().unsigned_abs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        86_400..63_072_000 => format!("{}d", seconds / 86_400),
        _ => format!("{}y", seconds / 31_536_000),
    }
}

/// A duration exactly, to the second, as the query language writes it: `4h30m`, `7d`, `0s`.
/// A negative one gets a leading `-`.
pub fn duration(length: TimeDelta) -> String {
    let whole = length.num_seconds();
    let mut rest = whole.unsigned_abs();
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = if whole < 0 { "-" } else { "" }.to_owned();
    for (unit, name) in [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')] {
        let count = rest / unit;
        rest %= unit;
        if count > 0 {
            text.push_str(&count.to_string());
            text.push(name);
        }
    }
    text
}

/// Below this a difference between two clocks is not worth a word.
const APART: TimeDelta = TimeDelta::minutes(1);

/// How far a server's clock is ahead of ours, to the minute, and what follows from it, to stand behind
/// "is". `None`: less than a minute either way.
pub fn clock_apart(ahead: TimeDelta) -> Option<String> {
    (ahead.abs() >= APART).then(|| {
        let way = if ahead < TimeDelta::zero() {
            "behind"
        } else {
            "ahead of"
        };
        let far = duration(to_the_minute(ahead.abs()));
        format!("{far} {way} this machine's; states and ages go by it")
    })
}

/// Rounds to the minute, where cutting would make an hour of an hour less a second. A length below
/// half a minute stays as it is.
pub fn to_the_minute(length: TimeDelta) -> TimeDelta {
    let minutes = (length + TimeDelta::seconds(30)).num_minutes();
    if minutes == 0 {
        length
    } else {
        TimeDelta::minutes(minutes)
    }
}

/// How long something takes, in words for people, to the second and in at most two units: `300 ms`,
/// `15 s`, `2 min`, `1 min 5 s`, `1 h 5 min`, `3 days 4 h`, `7978 years`.
pub fn span(length: Duration) -> String {
    if length < Duration::from_secs(1) && !length.is_zero() {
        return format!("{} ms", length.as_millis());
    }
    let seconds = length
        .as_secs()
        .saturating_add(u64::from(length.subsec_millis() >= 500));
    let days = |count: u64| match count {
        1 => "1 day".to_owned(),
        count => format!("{count} days"),
    };
    let (large, small, unit) = match seconds {
        0..60 => (format!("{seconds} s"), 0, "s"),
        60..3_600 => (format!("{} min", seconds / 60), seconds % 60, "s"),
        3_600..86_400 => (
            format!("{} h", seconds / 3_600),
            seconds % 3_600 / 60,
            "min",
        ),
        86_400..63_072_000 => (days(seconds / 86_400), seconds % 86_400 / 3_600, "h"),
        _ => (format!("{} years", seconds / 31_536_000), 0, "days"),
    };
    match small {
        0 => large,
        small => format!("{large} {small} {unit}"),
    }
}

/// An instant in full: `2026-11-21 14:01:12 UTC`, `2026-11-21 16:01:12 +02:00`.
pub fn instant(at: DateTime<Utc>, zone: Zone) -> String {
    format!("{}{}", date_and_time(at, zone), suffix(at, zone, " "))
}

/// An instant in full where room is scarce: `2026-11-21 14:01:12Z`, `2026-11-21 16:01:12+02:00`.
pub fn instant_short(at: DateTime<Utc>, zone: Zone) -> String {
    format!("{}{}", date_and_time(at, zone), suffix(at, zone, ""))
}

/// The time of day where room is scarce: `15:01:12Z`, `17:01:12+02:00`.
pub fn time_short(at: DateTime<Utc>, zone: Zone) -> String {
    let reading = zone.reading_of(at);
    format!("{}{}", reading.format("%H:%M:%S"), suffix(at, zone, ""))
}

/// The time of day to the minute, without its zone: `14:07`.
pub fn clock(at: DateTime<Utc>, zone: Zone) -> String {
    zone.reading_of(at).format("%H:%M").to_string()
}

/// The time of day to the second, with its zone: `14:04:10 UTC`, `16:04:10 +02:00`.
pub fn clock_seconds(at: DateTime<Utc>, zone: Zone) -> String {
    let reading = zone.reading_of(at);
    format!("{}{}", reading.format("%H:%M:%S"), suffix(at, zone, " "))
}

fn date_and_time(at: DateTime<Utc>, zone: Zone) -> String {
    let reading: NaiveDateTime = zone.reading_of(at);
    reading.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// The zone as it stands after a time; `space` parts the two.
fn suffix(at: DateTime<Utc>, zone: Zone, space: &str) -> String {
    match zone {
        Zone::Utc if space.is_empty() => "Z".to_owned(),
        Zone::Utc => format!("{space}UTC"),
        Zone::Local | Zone::Fixed(_) => format!("{space}{}", zone.offset_at(at)),
    }
}

/// An instant as machines read it: RFC 3339 in UTC, with milliseconds and a `Z`
/// (`2026-11-21T13:59:22.000Z`). Shorter fractions are cut off.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    let short = rfc3339_bytes(at).and_then(|text| String::from_utf8(text.to_vec()).ok());
    short.unwrap_or_else(|| at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// The same with full seconds only (`2026-11-21T13:59:22Z`).
pub fn rfc3339_seconds(at: DateTime<Utc>) -> String {
    let mut text = rfc3339(at);
    text.truncate(text.len() - ".000Z".len());
    text.push('Z');
    text
}

/// The text of [`rfc3339`] in the years from 0 to 9999. `None`: it is another year, and the text is longer.
pub fn rfc3339_bytes(at: DateTime<Utc>) -> Option<[u8; 24]> {
    // Not by the date and time of the zone: that adds its offset, which is none.
    let (date, time) = (at.naive_utc().date(), at.naive_utc().time());
    let year = u32::try_from(date.year())
        .ok()
        .filter(|year| *year <= 9_999)?;
    let digit = |number: u32| b'0' + (number % 10) as u8;
    let two = |number: u32| [digit(number / 10), digit(number)];
    // A leap second has more than a thousand milliseconds.
    let ms = time.nanosecond() / 1_000_000;
    let mut text = *b"0000-00-00T00:00:00.000Z";
    for (at, pair) in [
        (0, two(year / 100)),
        (2, two(year % 100)),
        (5, two(date.month())),
        (8, two(date.day())),
        (11, two(time.hour())),
        (14, two(time.minute())),
        (17, two(time.second() + ms / 1_000)),
    ] {
        text[at..at + 2].copy_from_slice(&pair);
    }
    text[20..23].copy_from_slice(&[digit(ms / 100), digit(ms / 10), digit(ms)]);
    Some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{from_epoch_ms, parse_duration, parse_instant};
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        parse_instant(text, Zone::Utc).expect("a test instant")
    }

    #[test]
    fn ages_have_one_unit_and_are_cut() {
        let now = at("2026-11-21 14:07:00");
        for (text, shown) in [
            ("2026-11-21 13:26:00", "41m ago"),
            ("2026-11-21 14:06:16", "44s ago"),
            ("2026-11-21 14:06:59", "1s ago"),
            ("2026-11-21 14:06:59.5", "now"),
            ("2026-11-21 14:07:00.9", "now"),
            ("2026-11-21 14:26:59", "in 19m"),
            ("2026-11-21 16:59:00", "in 2h"),
            ("2026-11-20 15:07:01", "22h ago"),
            ("2026-11-19 14:07:00", "2d ago"),
            ("2024-11-22 14:07:00", "729d ago"),
            ("2024-11-20 14:07:00", "2y ago"),
        ] {
            assert_eq!(age(Some(at(text)), now), shown, "{text}");
        }
        assert_eq!(age(None, now), "-");
    }

    #[test]
    fn an_age_over_the_whole_calendar_does_not_panic() {
        let text = age(Some(DateTime::<Utc>::MIN_UTC), DateTime::<Utc>::MAX_UTC);

        assert!(text.ends_with("y ago"), "{text}");
    }

    #[test]
    fn spans_are_told_in_words_and_never_in_fractions() {
        for (ms, shown) in [
            (0, "0 s"),
            (300, "300 ms"),
            (1_000, "1 s"),
            (15_001, "15 s"),
            (59_600, "1 min"),
            (65_000, "1 min 5 s"),
            (3_900_000, "1 h 5 min"),
            (86_400_000, "1 day"),
            (2 * 86_400_000 + 3_600_000, "2 days 1 h"),
            (251_606_433_325_871, "7978 years"),
        ] {
            assert_eq!(span(Duration::from_millis(ms)), shown);
        }
        assert!(span(Duration::MAX).ends_with(" years"));
    }

    #[test]
    fn instants_are_shown_with_their_zone() {
        let moment = at("2026-11-21 14:01:12.9");
        let east: Zone = "+02:00".parse().expect("zone");

        assert_eq!(instant(moment, Zone::Utc), "2026-11-21 14:01:12 UTC");
        assert_eq!(instant_short(moment, Zone::Utc), "2026-11-21 14:01:12Z");
        assert_eq!(time_short(moment, Zone::Utc), "14:01:12Z");
        assert_eq!(clock(moment, Zone::Utc), "14:01");
        assert_eq!(clock_seconds(moment, Zone::Utc), "14:01:12 UTC");
        assert_eq!(instant(moment, east), "2026-11-21 16:01:12 +02:00");
        assert_eq!(instant_short(moment, east), "2026-11-21 16:01:12+02:00");
        assert_eq!(time_short(moment, east), "16:01:12+02:00");
        assert_eq!(clock(moment, east), "16:01");
        assert_eq!(clock_seconds(moment, east), "16:01:12 +02:00");
    }

    #[test]
    fn durations_print_exactly() {
        for (seconds, shown) in [
            (0, "0s"),
            (30, "30s"),
            (5_400, "1h30m"),
            (604_800, "7d"),
            (90_061, "1d1h1m1s"),
            (-60, "-1m"),
        ] {
            assert_eq!(duration(TimeDelta::seconds(seconds)), shown);
        }
    }

    proptest! {
        #[test]
        fn a_printed_duration_is_read_back(seconds in 0..100_000_000_000_i64) {
            let length = TimeDelta::seconds(seconds);
            prop_assert_eq!(parse_duration(&duration(length)), Some(length));
        }

        #[test]
        fn machines_read_what_the_library_writes(
            seconds in prop_oneof![
                -70_000_000_000..300_000_000_000_i64,
                Just(-62_167_219_200),
                Just(-62_167_219_201),
                Just(253_402_300_799),
                Just(253_402_300_800),
            ],
            nanos in prop_oneof![0..1_000_000_000_u32, 1_000_000_000..2_000_000_000_u32],
        ) {
            // A leap second may stand at the end of a minute only.
            let seconds = if nanos < 1_000_000_000 { seconds } else { seconds.div_euclid(60) * 60 + 59 };
            let at = DateTime::from_timestamp(seconds, nanos).expect("in range");
            prop_assert_eq!(rfc3339(at), at.to_rfc3339_opts(SecondsFormat::Millis, true));
            prop_assert_eq!(rfc3339_seconds(at), at.to_rfc3339_opts(SecondsFormat::Secs, true));
        }

        #[test]
        fn a_shown_instant_is_read_back_to_the_second(seconds in 0..4_102_444_800_i64, hours in -12..14_i32) {
            let moment = from_epoch_ms(seconds * 1_000).expect("in range");
            let zone: Zone = format!("{hours:+}").parse().expect("zone");
            for text in [instant(moment, zone), instant_short(moment, zone), instant(moment, Zone::Utc)] {
                prop_assert_eq!(parse_instant(&text, Zone::Utc), Some(moment), "{}", text);
            }
        }
    }
}
