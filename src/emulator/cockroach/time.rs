//! Times and lengths of time as the server reads and writes them: microseconds since 1970, UTC.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// One second.
pub(super) const SECOND_US: i64 = 1_000_000;

fn moment(us: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(us).unwrap_or_default()
}

/// `2022-08-02T18:24:26.37664`: no zone, no zeros at the end of the fraction, no fraction that is zero.
pub(super) fn naive_text(us: i64) -> String {
    let text = moment(us).format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The same with its zone: `2022-08-02T18:24:26.37664Z`.
pub(super) fn zoned_text(us: i64) -> String {
    format!("{}Z", naive_text(us))
}

/// A date, with or without a time of day behind a space or a `T`. A zone is read if `minds_zone`, and else left out
/// of account.
pub(super) fn read_moment(text: &str, minds_zone: bool) -> Option<i64> {
    let text = text.trim();
    if let Ok(zoned) = DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)) {
        let us = if minds_zone {
            zoned.timestamp_micros()
        } else {
            zoned.naive_local().and_utc().timestamp_micros()
        };
        return Some(us);
    }
    let forms = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
    ];
    let naive = forms
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            date.and_hms_opt(0, 0, 0)
        });
    Some(naive?.and_utc().timestamp_micros())
}

/// Numbers with their units, as in `4h30m` or `90 seconds`; the unit is empty where none stands. `None`: something
/// else stands there.
fn parts(text: &str) -> Option<Vec<(f64, &str)>> {
    let mut rest = text.trim_start();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, behind) = rest.split_at(end.unwrap_or(rest.len()));
        let behind = behind.trim_start();
        let end = behind.find(|c: char| !c.is_alphabetic());
        let (unit, behind) = behind.split_at(end.unwrap_or(behind.len()));
        parts.push((number.parse().ok()?, unit));
        rest = behind.trim_start();
    }
    (!parts.is_empty()).then_some(parts)
}

fn signed(text: &str) -> (f64, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// A length of time as Go writes it: `15s`, `1m30s`, `250ms`. In microseconds.
///
/// # Errors
/// It is none: what Go says of it.
pub(super) fn read_duration(text: &str) -> Result<i64, String> {
    let (sign, rest) = signed(text);
    if rest == "0" {
        return Ok(0);
    }
    let invalid = || format!("time: invalid duration \"{text}\"");
    if rest.contains(char::is_whitespace) {
        return Err(invalid());
    }
    let mut sum = 0.0;
    for (number, unit) in parts(rest).ok_or_else(invalid)? {
        sum += number
            * match unit {
                "ns" => 0.001,
                "us" | "µs" | "μs" => 1.0,
                "ms" => 1_000.0,
                "s" => 1e6,
                "m" => 60e6,
                "h" => 3_600e6,
                "" => return Err(format!("time: missing unit in duration \"{text}\"")),
                _ => {
                    return Err(format!(
                        "time: unknown unit \"{unit}\" in duration \"{text}\""
                    ));
                }
            };
    }
    Ok((sign * sum) as i64)
}

/// A length of time as SQL has it: `3600 seconds`, `4h30m`, `04:30:00`. In microseconds.
pub(super) fn read_interval(text: &str) -> Option<i64> {
    let (sign, rest) = signed(text.trim());
    let mut clock = rest.split(':');
    if let (Some(hours), Some(minutes), seconds) = (clock.next(), clock.next(), clock.next()) {
        let (hours, minutes): (f64, f64) = (hours.parse().ok()?, minutes.parse().ok()?);
        let seconds: f64 = seconds.unwrap_or("0").parse().ok()?;
        return Some((sign * (hours * 3_600.0 + minutes * 60.0 + seconds) * 1e6) as i64);
    }
    let mut sum = 0.0;
    for (number, unit) in parts(rest)? {
        sum += number
            * match unit.to_ascii_lowercase().as_str() {
                "us" | "microsecond" | "microseconds" => 1.0,
                "ms" | "millisecond" | "milliseconds" => 1_000.0,
                "" | "s" | "sec" | "secs" | "second" | "seconds" => 1e6,
                "m" | "min" | "mins" | "minute" | "minutes" => 60e6,
                "h" | "hr" | "hrs" | "hour" | "hours" => 3_600e6,
                "d" | "day" | "days" => 86_400e6,
                "w" | "week" | "weeks" => 604_800e6,
                _ => return None,
            };
    }
    Some((sign * sum) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_lose_their_zeros() {
        for (us, text) in [
            (1_659_464_666_376_640, "2022-08-02T18:24:26.37664"),
            (1_659_464_666_000_000, "2022-08-02T18:24:26"),
            (1_659_464_660_100_000, "2022-08-02T18:24:20.1"),
        ] {
            assert_eq!(naive_text(us), text);
            assert_eq!(read_moment(text, false), Some(us));
        }
    }

    #[test]
    fn lengths_of_time_are_read_in_both_spellings() {
        assert_eq!(read_duration("1m30s"), Ok(90 * SECOND_US));
        assert_eq!(read_duration("1.5h"), Ok(5_400 * SECOND_US));
        assert_eq!(
            read_duration("abcdef"),
            Err("time: invalid duration \"abcdef\"".to_owned())
        );
        assert_eq!(
            read_duration("5"),
            Err("time: missing unit in duration \"5\"".to_owned())
        );
        for (text, seconds) in [
            ("3600 seconds", 3_600),
            ("4h30m", 16_200),
            ("04:30:00", 16_200),
        ] {
            assert_eq!(read_interval(text), Some(seconds * SECOND_US), "{text}");
        }
        assert_eq!(read_interval("-90 minutes"), Some(-5_400 * SECOND_US));
        assert_eq!(read_interval("soon"), None);
    }

    #[test]
    fn a_zone_counts_only_where_it_is_minded() {
        let text = "2026-03-14T10:00:00+01:00";

        assert_eq!(
            read_moment(text, true),
            read_moment("2026-03-14 09:00:00", true)
        );
        assert_eq!(
            read_moment(text, false),
            read_moment("2026-03-14 10:00:00", false)
        );
    }
}
