//! JSON of servers, read leniently: every field may be missing, of another type than expected, there
//! twice, or new, and no field may take away its row.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde_json::value::RawValue;

use super::outline::Outline;
use crate::model::time::{Zone, from_epoch_ms, from_epoch_seconds, parse_instant};

/// A JSON value as it was written. It is known to be well-formed, so that reading it again costs little.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct Json<'a> {
    written: &'a str,
    /// True if it is a text in which something is written as an escape.
    has_escapes: bool,
}

impl<'a> From<&'a RawValue> for Json<'a> {
    fn from(raw: &'a RawValue) -> Self {
        let written = raw.get();
        Self::new(written, written.starts_with('"') && written.contains('\\'))
    }
}

impl<'a> From<&Json<'a>> for Json<'a> {
    fn from(value: &Json<'a>) -> Self {
        *value
    }
}

impl<'a> Json<'a> {
    /// A value that is known to be well-formed. `has_escapes`: it is a text with some.
    #[inline]
    pub(in crate::api) fn new(written: &'a str, has_escapes: bool) -> Self {
        Self {
            written,
            has_escapes,
        }
    }

    /// As it was written.
    pub(in crate::api) fn get(self) -> &'a str {
        self.written
    }

    /// The object that it is. `None`: it is something else.
    pub(in crate::api) fn object(self) -> Option<Object<'a>> {
        let outline = Outline::of(self.written)?;
        let pairs = outline.value().pairs()?;
        Some(Object(
            pairs.map(|(name, value)| (name, value.json())).collect(),
        ))
    }
}

/// An object as it was sent: names and values in their order.
pub(in crate::api) struct Object<'a>(pub(in crate::api) Vec<(Cow<'a, str>, Json<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let object = Json::from(raw).object();
        object.ok_or_else(|| de::Error::custom("expected a map"))
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
pub(in crate::api) fn text<'a>(value: impl Into<Json<'a>>) -> Option<Cow<'a, str>> {
    let Json {
        written,
        has_escapes,
    } = value.into();
    match written.as_bytes().first() {
        Some(b'"') if !has_escapes => {
            let inner = written.get(1..written.len() - 1);
            inner.filter(|text| !text.is_empty()).map(Cow::Borrowed)
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
pub(in crate::api) fn is_no_text<'a>(value: impl Into<Json<'a>>) -> bool {
    let written = value.into().get();
    !matches!(written.as_bytes().first(), Some(b'"' | b'n') | None)
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
pub(in crate::api) fn instant<'a>(value: impl Into<Json<'a>>, zone: Zone) -> Option<DateTime<Utc>> {
    instant_of(&text(value)?, zone)
}

/// The same of a value that was taken for a text already.
pub(in crate::api) fn instant_of(written: &str, zone: Zone) -> Option<DateTime<Utc>> {
    // A date, as nearly always; no number is written like that.
    if written.as_bytes().get(4) == Some(&b'-') {
        return parse_instant(written, zone);
    }
    match written.parse::<i64>() {
        Ok(..FIRST_SECOND) => None,
        Ok(seconds @ ..FIRST_MS) => from_epoch_seconds(seconds),
        Ok(ms) => from_epoch_ms(ms),
        Err(_) => parse_instant(written, zone),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<i32>().prop_map(|number| Value::from(f64::from(number) / 4.0)),
            "[a-z\"\\\\{}:, \n\u{e9}\u{1f600}]{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec(("[a-z\"\\\\]{0,4}", inner), 0..5)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn an_object_is_read_as_the_library_reads_it(value in value(), is_pretty in any::<bool>()) {
            let written = if is_pretty {
                serde_json::to_string_pretty(&value).unwrap()
            } else {
                value.to_string()
            };
            let raw: &RawValue = serde_json::from_str(&written).unwrap();

            let object = Json::from(raw).object();

            prop_assert_eq!(object.is_some(), value.is_object());
            let pairs = object.into_iter().flat_map(|Object(pairs)| pairs);
            let pairs = pairs.map(|(name, value)| {
                (name.into_owned(), serde_json::from_str::<Value>(value.get()).unwrap())
            });
            let expected = value.as_object().cloned().unwrap_or_default();
            prop_assert_eq!(pairs.collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
        }
    }

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
