//! Durations as the vendor's tool writes them (Go's `time.ParseDuration`): `4h30m`, `90s`, `1.5h`, `-10m`.

use chrono::TimeDelta;

/// The units and their nanoseconds. Longer names first.
const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
/// Digits after the point that count: more are below a nanosecond in every unit.
const MOST_DIGITS: usize = 18;

/// Reads a duration. `None`: it is none, or longer than 290 years.
pub(super) fn parse(text: &str) -> Option<TimeDelta> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "0" {
        return Some(TimeDelta::zero());
    }
    let mut rest = unsigned;
    let mut total: i128 = 0;
    loop {
        let (number, after) = split(rest, |letter| letter.is_ascii_digit() || letter == '.');
        let (unit, after) = split(after, |letter| !letter.is_ascii_digit() && letter != '.');
        let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(scaled(number, *size)?)?;
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    let total = i64::try_from(total).ok()?;
    Some(TimeDelta::nanoseconds(if text.starts_with('-') {
        -total
    } else {
        total
    }))
}

fn split(text: &str, is_part: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|letter| !is_part(letter)).unwrap_or(text.len()))
}

/// A decimal number of units, in nanoseconds, cut to the whole.
fn scaled(number: &str, size: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let value = |digits: &str| -> Option<i128> {
        if digits.is_empty() {
            return Some(0);
        }
        digits.parse().ok()
    };
    let fraction = fraction.get(..MOST_DIGITS).unwrap_or(fraction);
    let below = value(fraction)?.checked_mul(size)? / 10_i128.checked_pow(fraction.len() as u32)?;
    value(whole)?.checked_mul(size)?.checked_add(below)
}

/// A duration as an INTERVAL of SQL, to the microsecond.
pub(super) fn interval(length: TimeDelta) -> String {
    let micros = length.num_microseconds().unwrap_or(i64::MAX);
    let sign = if micros < 0 { "-" } else { "" };
    let (seconds, micros) = (
        micros.unsigned_abs() / 1_000_000,
        micros.unsigned_abs() % 1_000_000,
    );
    if micros == 0 {
        format!("{sign}{seconds} seconds")
    } else {
        format!("{sign}{seconds}.{micros:06} seconds")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        for (text, seconds) in [
            ("1h0m0s", "3600 seconds"),
            ("4h30m", "16200 seconds"),
            ("90s", "90 seconds"),
            ("1.5h", "5400 seconds"),
            ("1h30m10.25s", "5410.250000 seconds"),
            ("-10m", "-600 seconds"),
            ("+1m", "60 seconds"),
            ("0", "0 seconds"),
            ("-0.5s", "-0.500000 seconds"),
            (".5m", "30 seconds"),
            ("1.s", "1 seconds"),
            ("250ms", "0.250000 seconds"),
            ("100\u{b5}s", "0.000100 seconds"),
            ("8760h", "31536000 seconds"),
        ] {
            let length = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(interval(length), seconds, "{text}");
        }
        for text in [
            "",
            "-",
            "5",
            "1d",
            "1h30",
            "h",
            ".h",
            "1..5h",
            "1h-30m",
            " 1h",
            "1 h",
            "3000000h",
            "99999999999999999999999999999999999999999h",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
