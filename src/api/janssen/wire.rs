//! What a Janssen Config API sends, read leniently: the paged envelope, objects, values.
//!
//! Every field may be missing, of another type than expected, or new.
//! Source: Janssen `SessionResource` and `ObjectMapperContextResolver`.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::api::http::Reply;
use crate::model::ApiError;
use crate::model::time::{Zone, from_epoch_ms, from_epoch_seconds, parse_instant};

/// A list of sessions as it was sent.
pub(super) struct Listing<'a> {
    pub(super) entries: Vec<&'a RawValue>,
    /// How many match in all. `None`: not told, or nonsense.
    pub(super) total: Option<u64>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    // Absent when nothing matches: the server leaves out empty lists.
    #[serde(borrow, default)]
    entries: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    total_entries_count: Option<&'a RawValue>,
    #[serde(borrow, default)]
    entries_count: Option<&'a RawValue>,
}

/// Reads a list: the envelope of today's servers, or the bare list of those before late 2024.
pub(super) fn listing(reply: &Reply) -> Result<Listing<'_>, ApiError> {
    if reply.first_byte() == Some(b'[') {
        let entries: Vec<&RawValue> = reply.decode()?;
        let total = Some(entries.len() as u64);
        return Ok(Listing { entries, total });
    }
    let envelope: Envelope<'_> = reply.decode()?;
    let counted = envelope.total_entries_count.is_some() || envelope.entries_count.is_some();
    let total = envelope.total_entries_count.and_then(count);
    match envelope.entries {
        Some(entries) => Ok(Listing { entries, total }),
        None if counted => Ok(Listing {
            entries: Vec::new(),
            total,
        }),
        None => {
            let why = format!("expected a list of sessions, got: {}", reply.words());
            Err(reply.unexpected("entries", why))
        }
    }
}

/// An object as it was sent: names and values in their order.
pub(super) struct Object<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

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
                while let Some((Text(key), value)) = map.next_entry::<Text<'de>, &RawValue>()? {
                    pairs.push((key, value));
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
pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let written = raw.get();
    match written.as_bytes().first() {
        Some(b'"') => match serde_json::from_str::<Text<'_>>(written) {
            Ok(Text(text)) if text.is_empty() => None,
            Ok(Text(text)) => Some(text),
            // A lone surrogate, for one: shown as it was escaped.
            Err(_) => Some(Cow::Borrowed(written)),
        },
        Some(b'n') => None,
        _ => Some(Cow::Borrowed(written)),
    }
}

/// A number that counts something. `None`: negative, or no number.
fn count(raw: &RawValue) -> Option<u64> {
    raw.get().trim_matches('"').parse().ok()
}

/// A boolean, also one that was written as text.
pub(super) fn yes_or_no(raw: &RawValue) -> Option<bool> {
    match raw.get().trim_matches('"') {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A time as Janssen writes it (`2026-03-14T08:02:05`, a clock of the server's zone), as older
/// servers did (RFC 3339), or as a number of seconds or milliseconds.
pub(super) fn instant(raw: &RawValue, zone: Zone) -> Option<DateTime<Utc>> {
    let written = text(raw)?;
    if let Ok(number) = written.parse::<i64>() {
        // Seconds of that size lie thousands of years ahead, milliseconds below it in 1973.
        return if number.unsigned_abs() >= 100_000_000_000 {
            from_epoch_ms(number)
        } else {
            from_epoch_seconds(number)
        };
    }
    parse_instant(&written, zone)
}

/// The id of a person inside a DN: what stands between `inum=` and the first comma; the whole text
/// if it is no DN.
pub(super) fn inum(dn: &str) -> &str {
    match dn.strip_prefix("inum=") {
        Some(rest) => rest.split(',').next().unwrap_or(rest),
        None => dn,
    }
}
