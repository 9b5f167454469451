//! The loaded rows: chunks that are never changed, so that a snapshot costs nothing.

use std::hash::{BuildHasher, RandomState};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::shape::Shape;
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
    shape: Shape,
}

impl Chunk {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True if there is none.
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
    shape: Shape,
}

impl Rows {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many of each kind.
    pub fn kinds(&self) -> &KindCounts {
        &self.kinds
    }

    /// What the fields of all rows hold.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Puts rows behind the others. Empty chunks are not kept.
    pub fn append(&mut self, chunk: Arc<Chunk>) {
        if chunk.is_empty() {
            return;
        }
        self.starts.push(self.len);
        self.kinds.add_all(&chunk.kinds);
        self.shape.add_all(&chunk.shape);
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

/// Builds a chunk from the rows of one page.
pub struct ChunkBuilder<'a> {
    source: SourceId,
    hasher: &'a RandomState,
    rows: Vec<Row>,
    shape: Shape,
}

impl<'a> ChunkBuilder<'a> {
    /// Clones of one `hasher` give a session the same identity each time, so that a reload finds its rows
    /// again.
    pub fn new(source: SourceId, hasher: &'a RandomState) -> Self {
        Self {
            source,
            hasher,
            rows: Vec::new(),
            shape: Shape::default(),
        }
    }

    /// The finished chunk.
    pub fn finish(self) -> Arc<Chunk> {
        let Self { rows, shape, .. } = self;
        let kinds = rows.iter().map(|row| row.session.kind.as_ref()).collect();
        Arc::new(Chunk { rows, kinds, shape })
    }
}

impl RowSink for ChunkBuilder<'_> {
    fn row(&mut self, row: RowRef<'_>) -> ControlFlow<()> {
        self.shape.add(&row);
        let key = (self.source.0, row.scope.as_deref(), row.key.as_ref());
        self.rows.push(Row {
            source: self.source,
            identity: self.hasher.hash_one(key),
            session: row.to_session(),
        });
        ControlFlow::Continue(())
    }
}
