//! The loaded rows: chunks that are never changed, so that a snapshot costs nothing.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::model::query::{Matcher, RowIn};
use crate::model::{KindCounts, RowRef, RowSink, Session};

/// Which open profile a row comes from: an index into the list of sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u8);

/// Which row: its number in order of arrival. Never changes while a result set lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(pub u32);

/// One loaded row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where it comes from.
    pub source: SourceId,
    /// A hash of source, scope and key: the same session has it in every page and every reload of a run.
    pub identity: u64,
    /// The session.
    pub session: Session,
}

/// Rows that arrived together.
#[derive(Debug, Default)]
pub struct Chunk {
    rows: Vec<Row>,
    kinds: KindCounts,
}

impl Chunk {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in order of arrival.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}

/// All rows of a result set. Cloning it clones a few `Arc`s.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    chunks: Vec<Arc<Chunk>>,
    /// Number of rows before each chunk; same length as `chunks`.
    starts: Vec<u32>,
    len: u32,
    kinds: KindCounts,
}

impl Rows {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many of each kind.
    pub fn kinds(&self) -> &KindCounts {
        &self.kinds
    }

    /// Puts rows behind the others. Empty chunks are not kept.
    pub fn append(&mut self, chunk: Arc<Chunk>) {
        if chunk.is_empty() {
            return;
        }
        self.starts.push(self.len);
        self.kinds.add_all(&chunk.kinds);
        self.len = self
            .len
            .saturating_add(u32::try_from(chunk.len()).unwrap_or(u32::MAX));
        self.chunks.push(chunk);
    }

    /// The row of this number.
    pub fn get(&self, id: RowId) -> Option<&Row> {
        let chunk = self
            .starts
            .partition_point(|start| *start <= id.0)
            .checked_sub(1)?;
        let within = id.0 - self.starts.get(chunk)?;
        self.chunks.get(chunk)?.rows.get(within as usize)
    }

    /// All rows from this number on, in order of arrival.
    pub fn from(&self, first: RowId) -> impl Iterator<Item = (RowId, &Row)> {
        let chunk = self
            .starts
            .partition_point(|start| *start <= first.0)
            .saturating_sub(1);
        self.chunks
            .iter()
            .zip(&self.starts)
            .skip(chunk)
            .flat_map(|(chunk, start)| {
                chunk.rows.iter().zip(*start..).map(|(row, number)| {
                    #[cfg(test)]
                    super::touched::add(1);
                    (RowId(number), row)
                })
            })
            .skip_while(move |(id, _)| *id < first)
    }

    /// All rows in order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = (RowId, &Row)> {
        self.from(RowId(0))
    }
}

/// The identities already loaded, shared by the page tasks of one search.
#[derive(Debug, Default)]
pub struct Seen {
    hasher: RandomState,
    identities: HashSet<u64>,
}

impl Seen {
    /// A set whose hashes agree with those of every clone of `hasher`, so that a reload finds its rows again.
    pub fn with_hasher(hasher: RandomState) -> Self {
        Self {
            hasher,
            identities: HashSet::new(),
        }
    }

    /// An empty set with the same hashes: for the next search of the same screen.
    pub fn emptied(&self) -> Self {
        Self::with_hasher(self.hasher.clone())
    }

    fn identity(&self, source: SourceId, row: &RowRef<'_>) -> u64 {
        self.hasher
            .hash_one((source.0, row.scope.as_deref(), row.key.as_ref()))
    }
}

/// Builds a chunk from one page: applies what the server could not filter, and drops rows seen before.
pub struct ChunkBuilder<'a> {
    source: SourceId,
    profile: &'a str,
    system: &'a str,
    rest: Option<&'a Matcher>,
    seen: &'a mut Seen,
    room: usize,
    rows: Vec<Row>,
    duplicates: u32,
    received: u32,
}

impl<'a> ChunkBuilder<'a> {
    /// `rest` is what is left of the query for us; `room` is how many rows may still be taken.
    pub fn new(
        source: SourceId,
        profile: &'a str,
        system: &'a str,
        rest: Option<&'a Matcher>,
        seen: &'a mut Seen,
        room: usize,
    ) -> Self {
        Self {
            source,
            profile,
            system,
            rest,
            seen,
            room,
            rows: Vec::new(),
            duplicates: 0,
            received: 0,
        }
    }

    /// The finished chunk, how many rows had been seen before, and how many the page had in all.
    pub fn finish(self) -> (Arc<Chunk>, u32, u32) {
        (
            Arc::new(Chunk {
                kinds: self
                    .rows
                    .iter()
                    .map(|row| row.session.kind.as_ref())
                    .collect(),
                rows: self.rows,
            }),
            self.duplicates,
            self.received,
        )
    }

    /// Has the row limit been reached?
    pub fn is_full(&self) -> bool {
        self.rows.len() >= self.room
    }
}

impl RowSink for ChunkBuilder<'_> {
    fn row(&mut self, row: RowRef<'_>) -> ControlFlow<()> {
        self.received += 1;
        let identity = self.seen.identity(self.source, &row);
        if self.seen.identities.contains(&identity) {
            self.duplicates += 1;
            return ControlFlow::Continue(());
        }
        if self.is_full() {
            return ControlFlow::Break(());
        }
        self.seen.identities.insert(identity);
        let seen_as = RowIn {
            row: &row,
            profile: self.profile,
            system: self.system,
        };
        if self.rest.is_none_or(|rest| rest.matches(&seen_as)) {
            self.rows.push(Row {
                source: self.source,
                identity,
                session: row.to_session(),
            });
        }
        ControlFlow::Continue(())
    }
}
