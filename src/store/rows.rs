//! The loaded rows: chunks that are never changed, so that a snapshot costs nothing.

use std::sync::Arc;

use super::chunk::{Chunk, Shared};
use super::row::Row;
use super::shape::Shape;
use super::texts::TextId;
use crate::model::{KindCounts, SessionKey};

/// Which open profile a row comes from: an index into the list of sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u8);

/// Which row: its number in order of arrival. Never changes while a result set lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(pub u32);

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

/// Finds rows by their numbers. It begins with the chunk of the row before.
pub(super) struct Finder<'a> {
    rows: &'a Rows,
    /// The number of the first row of the chunk.
    first: u32,
    chunk: Option<&'a Chunk>,
}

impl<'a> Finder<'a> {
    /// The row of this number.
    pub(super) fn row(&mut self, id: RowId) -> Option<Row<'a>> {
        let within = id.0.checked_sub(self.first);
        let near = self
            .chunk
            .zip(within)
            .and_then(|(chunk, at)| chunk.row(at as usize));
        if near.is_some() {
            return near;
        }
        let starts = &self.rows.starts;
        let chunk = starts
            .partition_point(|start| *start <= id.0)
            .checked_sub(1)?;
        (self.first, self.chunk) = (
            *starts.get(chunk)?,
            self.rows.chunks.get(chunk).map(|chunk| &**chunk),
        );
        self.chunk?.row((id.0 - self.first) as usize)
    }
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

    /// The same without the rows of these sources.
    pub fn without(&self, sources: &[SourceId]) -> Self {
        let mut rows = Self::default();
        let others = self.chunks.iter();
        for chunk in others.filter(|chunk| !sources.contains(&chunk.source)) {
            rows.append(Arc::clone(chunk));
        }
        rows
    }

    /// The row of this number.
    pub fn get(&self, id: RowId) -> Option<Row<'_>> {
        self.finder().row(id)
    }

    /// Finds rows one after the other, quicker where they are near each other.
    pub(super) fn finder(&self) -> Finder<'_> {
        Finder {
            rows: self,
            first: 0,
            chunk: None,
        }
    }

    /// The chunks in order of arrival, each with the number of its first row.
    pub(super) fn chunks(&self) -> impl Iterator<Item = (u32, &Arc<Chunk>)> {
        self.starts.iter().copied().zip(&self.chunks)
    }

    /// The first row from this number on that is the session of this key at this source.
    pub fn find(&self, first: RowId, source: SourceId, key: &SessionKey) -> Option<RowId> {
        let before = self.starts.partition_point(|start| *start <= first.0);
        let rest = self.chunks().skip(before.saturating_sub(1));
        rest.filter(|(_, chunk)| chunk.source == source)
            .find_map(|(start, chunk)| {
                let skip = first.0.saturating_sub(start) as usize;
                #[cfg(test)]
                super::touched::add(chunk.len() - skip);
                let found = chunk.keys.find(skip, key.expose())?;
                Some(RowId(start + found as u32))
            })
    }

    /// All rows from this number on, in order of arrival.
    pub fn from(&self, first: RowId) -> impl Iterator<Item = (RowId, Row<'_>)> {
        let chunk = self
            .starts
            .partition_point(|start| *start <= first.0)
            .saturating_sub(1);
        self.chunks
            .iter()
            .zip(&self.starts)
            .skip(chunk)
            .flat_map(|(chunk, start)| {
                chunk.rows().zip(*start..).map(|(row, number)| {
                    #[cfg(test)]
                    super::touched::add(1);
                    (RowId(number), row)
                })
            })
            .skip_while(move |(id, _)| *id < first)
    }

    /// The rows of the person of this row at its source, itself among them. Compares the numbers of texts,
    /// not the texts: fifty thousand rows take a part of a millisecond.
    pub fn of_the_person_of<'a>(
        &'a self,
        row: Row<'a>,
    ) -> impl Iterator<Item = (RowId, Row<'a>)> + 'a {
        let person = row.subject();
        let has_id = row.user_id().is_some_and(|id| !id.is_empty());
        let which = if has_id { Shared::UserId } else { Shared::User };
        let number = row.text_id(which);
        self.chunks()
            .filter(move |(_, chunk)| chunk.source == row.source())
            .flat_map(move |(start, chunk)| {
                #[cfg(test)]
                super::touched::add(chunk.len());
                // Another reading numbers its texts in its own way.
                let same_numbers = Arc::ptr_eq(&chunk.texts, row.texts());
                let places = if same_numbers && number != TextId::NONE {
                    chunk.shared[which].rows_with(number)
                } else {
                    (0..chunk.len()).collect()
                };
                let rows = places
                    .into_iter()
                    .filter_map(|at| chunk.row(at).zip(u32::try_from(at).ok()));
                rows.map(move |(row, at)| (RowId(start + at), row))
            })
            .filter(move |(_, other)| other.is_of(&person))
    }

    /// All rows in order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = (RowId, Row<'_>)> {
        self.from(RowId(0))
    }
}
