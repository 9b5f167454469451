//! JSON of servers, read leniently: every field may be missing, of another type than expected, there
//! twice, or new, and no field may take away its row.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::time::{Zone, from_epoch_ms, from_epoch_seconds, parse_instant};

/// An object as it was sent: names and values in their order.
pub(in crate::api) struct Object<'a>(pub(in crate::api) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut pairs = Vec::with_capacity(20);
                while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    pairs.push((text(key).unwrap_or_default(), value));
                }
                Ok(Object(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// A text that is borrowed where it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Letters;
        impl<'de> Visitor<'de> for Letters {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Letters)
    }
}

/// A value as text: texts without their quotes, everything else as it was written. `None` for
/// nothing: `null` and the empty text, which the server itself leaves out.
pub(in crate::api) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let written = raw.get();
    let inner = || written.strip_prefix('"')?.strip_suffix('"');
    match written.as_bytes().first() {
        Some(b'"') if !written.contains('\\') => {
            inner().filter(|t| !t.is_empty()).map(Cow::Borrowed)
        }
        Some(b'"') => match serde_json::from_str::<Text<'_>>(written) {
            Ok(Text(text)) if text.is_empty() => None,
            Ok(Text(text)) => Some(text),
            // Half a character, as a rule.
            Err(_) => {
                let whole = serde_json::from_str::<String>(&with_marks(written));
                Some(whole.map_or(Cow::Borrowed(written), Cow::Owned))
            }
        },
        Some(b'n') => None,
        _ => Some(Cow::Borrowed(written)),
    }
}

/// True if it is a value other than a text, and not null.
pub(in crate::api) fn is_no_text(raw: &RawValue) -> bool {
    !matches!(raw.get().as_bytes().first(), Some(b'"' | b'n') | None)
}

/// JSON text in which escapes that are half a character (a lone surrogate) are marks: `<U+D800>`.
fn with_marks(written: &str) -> String {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut out = String::with_capacity(written.len() + 8);
    let mut rest = written;
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        out.push_str(before);
        let second = || escape.get(6..).and_then(unit);
        let (length, lone) = match unit(escape) {
            Some(0xD800..=0xDBFF) if matches!(second(), Some(0xDC00..=0xDFFF)) => (12, None),
            Some(lone @ 0xD800..=0xDFFF) => (6, Some(lone)),
            Some(_) => (6, None),
            None => (2, None),
        };
        let (escape, after) = escape.split_at_checked(length).unwrap_or((escape, ""));
        match lone {
            Some(lone) => out.push_str(&format!("<U+{lone:04X}>")),
            None => out.push_str(escape),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// From this number on a number is read as milliseconds after 1970 began; as seconds it lies thousands of
/// years ahead.
const FIRST_MS: i64 = 100_000_000_000;
/// The first number that is read as seconds after 1970 began: 1973. No session is as old as that; such
/// numbers are durations, counters, or a date that was never set.
const FIRST_SECOND: i64 = 100_000_000;

/// An instant: a text as [`parse_instant`] reads it (without a zone: a clock of `zone`), or a number of
/// seconds or milliseconds after 1970 began, also one written as text. `None`: nothing, or something else;
/// a number that is too small or too large (microseconds) is no instant.
pub(in crate::api) fn instant(raw: &RawValue, zone: Zone) -> Option<DateTime<Utc>> {
    instant_of(&text(raw)?, zone)
}

/// The same of a value that was taken for a text already.
pub(in crate::api) fn instant_of(written: &str, zone: Zone) -> Option<DateTime<Utc>> {
    match written.parse::<i64>() {
        Ok(..FIRST_SECOND) => None,
        Ok(seconds @ ..FIRST_MS) => from_epoch_seconds(seconds),
        Ok(ms) => from_epoch_ms(ms),
        Err(_) => parse_instant(written, zone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_data_14_half_a_character_is_a_mark_and_all_else_stays() {
        for (written, meant) in [
            (r#""\ud800""#, "<U+D800>"),
            (r#""a\ud800b\udc00""#, "a<U+D800>b<U+DC00>"),
            (
                r#""\ud83d\ude00 \udbff\"\\ud800""#,
                "\u{1f600} <U+DBFF>\"\\ud800",
            ),
            (r#""ü\ud800\u00fc\n""#, "ü<U+D800>ü\n"),
        ] {
            let raw: &RawValue = serde_json::from_str(written).unwrap();

            assert_eq!(text(raw).as_deref(), Some(meant), "{written}");
        }
    }
}
