//! Rows that arrived together, as columns.

use std::ops::ControlFlow;
use std::sync::Arc;

use enum_map::{Enum, EnumMap};

use super::columns::{Keys, Packed, TextIds, Times};
use super::records::Records;
use super::row::Row;
use super::rows::SourceId;
use super::shape::Shape;
use super::texts::Texts;
use crate::model::{Deletable, Fact, Field, KindCounts, RowRef, RowSink};

/// The texts of which many rows have the same.
#[derive(Clone, Copy, Debug, Enum)]
pub(super) enum Shared {
    User,
    UserId,
    Client,
    Agent,
    Method,
    Scope,
    /// An address that was sent as another JSON value.
    OddIp,
    /// Why it cannot be ended.
    WhyNot,
}

/// The moments of a row.
#[derive(Clone, Copy, Debug, Enum)]
pub(super) enum Moment {
    Created,
    Used,
    Expires,
    Ended,
}

/// Small facts of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) fact: Fact,
    pub(super) own: Option<bool>,
    pub(super) deletable: Answer,
    pub(super) has_ip: bool,
    pub(super) has_id: bool,
    pub(super) impersonated: bool,
    pub(super) never_expires: bool,
    /// Index into the kinds of the chunk.
    pub(super) kind: u8,
}

/// [`Deletable`] without its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    NoLastingId,
    Unknown,
}

impl From<&Deletable> for Answer {
    fn from(deletable: &Deletable) -> Self {
        match deletable {
            Deletable::Yes => Self::Yes,
            Deletable::No(_) => Self::No,
            Deletable::NoLastingId => Self::NoLastingId,
            Deletable::Unknown => Self::Unknown,
        }
    }
}

/// Rows that arrived together. Never changed, so that a snapshot costs nothing.
#[derive(Debug)]
pub struct Chunk {
    pub(super) source: SourceId,
    pub(super) texts: Arc<Texts>,
    pub(super) keys: Keys,
    /// Ids that are not the key; empty for rows where they are the same.
    pub(super) ids: Packed,
    pub(super) labels: Packed,
    pub(super) ips: Packed,
    pub(super) shared: EnumMap<Shared, TextIds>,
    pub(super) times: EnumMap<Moment, Times>,
    pub(super) facts: Vec<Facts>,
    pub(super) kind_names: Vec<Option<Arc<str>>>,
    pub(super) kinds: KindCounts,
    pub(super) shape: Shape,
    pub(super) records: Records,
}

impl Chunk {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// The row at this place.
    pub fn row(&self, at: usize) -> Option<Row<'_>> {
        (at < self.len()).then_some(Row { chunk: self, at })
    }

    /// The rows in order of arrival.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.len()).map(|at| Row { chunk: self, at })
    }
}

/// Builds a chunk from the rows of one page.
pub struct ChunkBuilder {
    chunk: Chunk,
}

impl ChunkBuilder {
    /// For rows of this source. `texts`: the same for all pages of a reading.
    pub fn new(source: SourceId, texts: Arc<Texts>) -> Self {
        Self {
            chunk: Chunk {
                source,
                texts,
                keys: Keys::default(),
                ids: Packed::default(),
                labels: Packed::default(),
                ips: Packed::default(),
                shared: EnumMap::default(),
                times: EnumMap::default(),
                facts: Vec::new(),
                kind_names: Vec::new(),
                kinds: KindCounts::default(),
                shape: Shape::default(),
                records: Records::default(),
            },
        }
    }

    /// True if it has got no row.
    pub fn is_empty(&self) -> bool {
        self.chunk.is_empty()
    }

    /// The finished chunk.
    pub fn finish(self) -> Arc<Chunk> {
        let mut chunk = self.chunk;
        chunk.keys.finish();
        for texts in [&mut chunk.ids, &mut chunk.labels, &mut chunk.ips] {
            texts.finish();
        }
        chunk.shared.values_mut().for_each(TextIds::finish);
        chunk.times.values_mut().for_each(Times::finish);
        chunk.facts.shrink_to_fit();
        chunk.records.finish();
        Arc::new(chunk)
    }

    fn kind(&mut self, kind: Option<&Arc<str>>) -> u8 {
        let chunk = &mut self.chunk;
        chunk.kinds.add(kind);
        let known = chunk
            .kind_names
            .iter()
            .position(|name| name.as_ref() == kind);
        let place = known.unwrap_or_else(|| {
            chunk.kind_names.push(kind.cloned());
            chunk.kind_names.len() - 1
        });
        // A system has a handful of kinds.
        u8::try_from(place).unwrap_or(u8::MAX)
    }
}

impl RowSink for ChunkBuilder {
    fn row(&mut self, row: &mut RowRef<'_>) -> ControlFlow<()> {
        let kind = self.kind(row.kind.as_ref());
        self.chunk.shape.add(row);
        let chunk = &mut self.chunk;
        let at = chunk.facts.len();
        let odd_ip = row.is_json[Field::Ip];
        chunk.facts.push(Facts {
            fact: row.fact,
            own: row.own,
            deletable: (&row.deletable).into(),
            has_ip: row.ip.is_some() && !odd_ip,
            has_id: row.id.is_some(),
            impersonated: row.impersonated,
            never_expires: row.never_expires,
            kind,
        });
        chunk.keys.push(&row.key);
        chunk.labels.push(&row.label);
        if row.id.is_some() || !chunk.ids.all().is_empty() {
            chunk.ids.fill(at);
            chunk.ids.push(row.id.as_deref().unwrap_or_default());
        }
        chunk.ips.push(match row.ip.as_deref() {
            Some(ip) if !odd_ip => ip,
            _ => "",
        });
        let text = |field| (row.text(field), row.is_json[field]);
        let why_not = match &row.deletable {
            Deletable::No(why) => Some(why.as_str()),
            _ => None,
        };
        let shared = chunk.texts.add([
            text(Field::User),
            text(Field::UserId),
            text(Field::Client),
            text(Field::Agent),
            text(Field::Method),
            text(Field::Scope),
            (row.ip.as_deref().filter(|_| odd_ip), true),
            (why_not, false),
        ]);
        for (column, id) in chunk.shared.values_mut().zip(shared) {
            column.set(at, id);
        }
        let times = [row.created, row.last_used, row.expires, row.ended];
        for (column, time) in chunk.times.values_mut().zip(times) {
            column.set(at, time);
        }
        chunk.records.push(row);
        ControlFlow::Continue(())
    }
}
