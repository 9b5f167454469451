//! Lenient reading of the answers of a Janssen Config API: the paged envelope, booleans, names of
//! people. The parts that are the same for every system are in [`loose`](crate::api::loose).
//!
//! Source: Janssen `SessionResource` and `ObjectMapperContextResolver`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::api::http::Reply;
use crate::api::loose::Json;
use crate::model::ApiError;

/// A list of sessions as it was sent.
pub(super) struct Listing<'a> {
    pub(super) entries: Vec<&'a RawValue>,
    /// How many match in all. `None`: not told, or nonsense.
    pub(super) total: Option<u64>,
}

/// Of a name that stands twice the last value counts.
#[derive(Default)]
struct Envelope<'a> {
    // Absent when nothing matches: the server leaves out empty lists.
    entries: Option<Vec<&'a RawValue>>,
    total_entries_count: Option<&'a RawValue>,
    entries_count: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Envelope<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Envelope<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("struct Envelope")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<'de>, A::Error> {
                let mut envelope = Envelope::default();
                while let Some(name) = map.next_key::<Cow<'_, str>>()? {
                    match name.as_ref() {
                        "entries" => envelope.entries = map.next_value()?,
                        "totalEntriesCount" => envelope.total_entries_count = map.next_value()?,
                        "entriesCount" => envelope.entries_count = map.next_value()?,
                        _ => map.next_value::<de::IgnoredAny>().map(drop)?,
                    }
                }
                Ok(envelope)
            }
        }
        deserializer.deserialize_map(Fields)
    }
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

/// A number that counts something. `None`: negative, or no number.
fn count(raw: &RawValue) -> Option<u64> {
    raw.get().trim_matches('"').parse().ok()
}

/// A boolean, also one that was written as text.
pub(super) fn yes_or_no(raw: Json<'_>) -> Option<bool> {
    match raw.get().trim_matches('"') {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The id of a person inside a DN: what stands between `inum=` and the first comma; the whole text
/// if it is no DN.
pub(super) fn inum(dn: &str) -> &str {
    match dn.strip_prefix("inum=") {
        Some(rest) => rest.split(',').next().unwrap_or(rest),
        None => dn,
    }
}
