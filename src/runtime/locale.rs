//! Language and clocks as the environment sets them: the characters that the terminal can show, and
//! the zone.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// True if the locale of this process uses UTF-8.
pub fn speaks_utf8() -> bool {
    utf8_of(|name| std::env::var(name).ok())
}

/// True if the locale says that the terminal accepts UTF-8. The first variable that is set counts.
fn utf8_of(variable: impl Fn(&str) -> Option<String>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty())
        .is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}

/// Where zones are kept, by their names.
const ZONES: [&str; 4] = [
    "/usr/share/zoneinfo",
    "/share/zoneinfo",
    "/etc/zoneinfo",
    "/usr/lib/zoneinfo",
];

/// The value of `TZ` where it names no zone. `None`: it is not set, or it names one.
///
/// Such a value means UTC to the system's own programs; the clock of the time library would silently
/// take the zone of the machine instead.
pub fn unknown_zone() -> Option<String> {
    let zone = std::env::var_os("TZ")?.to_string_lossy().into_owned();
    (!names_zone(&zone)).then_some(zone)
}

/// True if this value of `TZ` has a meaning: nothing, the name of a zone, a file, or a rule.
fn names_zone(zone: &str) -> bool {
    let name = zone.strip_prefix(':').unwrap_or(zone);
    if zone.is_empty() || name == "localtime" || is_rule(zone.trim()) {
        return true;
    }
    let is_absolute = Path::new(name).is_absolute();
    ZONES
        .into_iter()
        .any(|folder| is_zone_file(&Path::new(folder).join(name)))
        || (is_absolute && is_zone_file(Path::new(name)))
}

/// Begins with the mark of RFC 8536.
fn is_zone_file(file: &Path) -> bool {
    let mut mark = [0; 4];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut mark));
    read.is_ok() && &mark == b"TZif"
}

/// A rule of POSIX: `CET-1`, `CET-1CEST,M3.5.0,M10.5.0/3`, `<+03>-3`.
fn is_rule(text: &str) -> bool {
    let Some(rest) = after_name(text).and_then(after_offset) else {
        return false;
    };
    let Some(rest) = (if rest.is_empty() {
        return true;
    } else {
        after_name(rest)
    }) else {
        return false;
    };
    // When clocks change must be said: without it each system has dates of its own.
    let rest = after_offset(rest).unwrap_or(rest);
    rest.strip_prefix(',')
        .is_some_and(|dates| dates.split(',').count() == 2)
}

fn after_name(text: &str) -> Option<&str> {
    if let Some(quoted) = text.strip_prefix('<') {
        return quoted.split_once('>').map(|(_, rest)| rest);
    }
    let end = text.find(|c: char| !c.is_ascii_alphabetic());
    let end = end.unwrap_or(text.len());
    (end >= 3).then(|| &text[end..])
}

fn after_offset(text: &str) -> Option<&str> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != ':');
    let end = end.unwrap_or(digits.len());
    (end > 0).then(|| &digits[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_utf8_locale_gets_more_than_ascii() {
        let cases: [(&[(&str, &str)], bool); 7] = [
            (&[], false),
            (&[("LANG", "C")], false),
            (&[("LANG", "de_DE.ISO-8859-1")], false),
            (&[("LANG", "en_GB.UTF-8")], true),
            (&[("LANG", "C.utf8")], true),
            (&[("LC_ALL", "POSIX"), ("LANG", "en_GB.UTF-8")], false),
            (&[("LC_ALL", ""), ("LC_CTYPE", "de_DE.UTF-8")], true),
        ];
        for (set, expected) in cases {
            let variable = |name: &str| {
                set.iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, value)| (*value).to_owned())
            };

            assert_eq!(utf8_of(variable), expected, "{set:?}");
        }
    }

    #[test]
    fn a_zone_is_a_name_a_file_or_a_rule() {
        for zone in [
            "",
            "UTC0",
            "CET-1",
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "<+0330>-3:30",
            "localtime",
        ] {
            assert!(names_zone(zone), "{zone}");
        }
        for zone in [
            "Mars/Phobos",
            "nonsense",
            "../../etc/passwd",
            "/etc/passwd",
            "12",
            "CET-1CEST",
            "X",
        ] {
            assert!(!names_zone(zone), "{zone}");
        }
    }
}
