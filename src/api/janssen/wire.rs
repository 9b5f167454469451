//! Lenient reading of the answers of a Janssen Config API: the paged envelope, booleans, names of
//! people. The parts that are the same for every system are in [`loose`](crate::api::loose).
//!
//! Source: Janssen `SessionResource` and `ObjectMapperContextResolver`.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::api::http::Reply;
use crate::api::loose::Json;
use crate::api::outline::{Outline, Value};
use crate::model::ApiError;

/// A list of sessions as it was sent.
pub(super) struct Listing<'a> {
    outline: Outline<'a>,
    /// How many there are in it.
    pub(super) count: usize,
    /// How many match in all. `None`: not told, or nonsense.
    pub(super) total: Option<u64>,
}

/// What usher reads of an answer. Of a name that stands twice the last value counts; `null` is nothing.
#[derive(Default)]
struct Envelope<'o, 'a> {
    // Absent when nothing matches: the server leaves out empty lists.
    entries: Option<Value<'o, 'a>>,
    total_entries_count: Option<Json<'a>>,
    entries_count: Option<Json<'a>>,
}

/// What an answer should be, for the words of the error where it is something else.
#[derive(Deserialize)]
struct Expected {
    #[serde(rename = "entries")]
    _entries: Option<Vec<IgnoredAny>>,
}

impl<'o, 'a> Envelope<'o, 'a> {
    /// Today's envelope, or the bare list of the servers before late 2024. `None`: it is neither.
    fn of(whole: Value<'o, 'a>) -> Option<Self> {
        let mut envelope = Self::default();
        if whole.list().is_some() {
            envelope.entries = Some(whole);
            return Some(envelope);
        }
        for (name, value) in whole.pairs()? {
            let value = Some(value).filter(|value| value.json().get() != "null");
            match name.as_ref() {
                "entries" => envelope.entries = value,
                "totalEntriesCount" => envelope.total_entries_count = value.map(Value::json),
                "entriesCount" => envelope.entries_count = value.map(Value::json),
                _ => {}
            }
        }
        let is_list = |value: Value<'_, '_>| value.list().is_some();
        envelope.entries.is_none_or(is_list).then_some(envelope)
    }

    fn sessions(self) -> impl Iterator<Item = Value<'o, 'a>> {
        self.entries.and_then(Value::list).into_iter().flatten()
    }
}

impl<'a> Listing<'a> {
    /// Reads an answer.
    pub(super) fn of(reply: &'a Reply) -> Result<Self, ApiError> {
        let outline = reply.outline()?;
        let Some(envelope) = Envelope::of(outline.value()) else {
            reply.decode::<Expected>()?;
            return Err(reply.unexpected("entries", "expected a list of sessions".into()));
        };
        let counted = envelope.total_entries_count.is_some() || envelope.entries_count.is_some();
        if envelope.entries.is_none() && !counted {
            let why = format!("expected a list of sessions, got: {}", reply.words());
            return Err(reply.unexpected("entries", why));
        }
        let total = envelope.total_entries_count.and_then(number);
        let count = envelope.sessions().count();
        let is_bare = outline.value().list().is_some();
        let total = if is_bare { Some(count as u64) } else { total };
        Ok(Self {
            outline,
            count,
            total,
        })
    }

    /// The sessions in it, in their order.
    pub(super) fn sessions(&self) -> impl Iterator<Item = Value<'_, 'a>> {
        let envelope = Envelope::of(self.outline.value());
        envelope.into_iter().flat_map(Envelope::sessions)
    }
}

/// A number that counts something. `None`: negative, or no number.
fn number(value: Json<'_>) -> Option<u64> {
    value.get().trim_matches('"').parse().ok()
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
