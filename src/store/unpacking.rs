//! Rows as sessions that stand alone, one after the other, for what walks over many of them.

use std::ops::Range;

use super::chunk::Chunk;
use super::records::{OpenBlock, record};
use super::row::Row;
use super::rows::{RowId, Rows};
use crate::model::Session;

/// So many rows are unpacked together. Their records take some 50 MB; in the order of a column most blocks
/// hold some of them, so that each block is opened once for these and not once a row.
const TOGETHER: usize = 65_536;

/// Unpacks rows. A block of records is opened once for the rows next to each other in it.
#[derive(Default)]
pub struct Unpacking<'a> {
    chunk: Option<&'a Chunk>,
    block: OpenBlock,
}

impl<'a> Unpacking<'a> {
    /// All of a row.
    pub fn session(&mut self, row: Row<'a>) -> Session {
        let record = self.bytes(row).and_then(record);
        row.with(record.unwrap_or_default())
    }

    fn bytes(&mut self, row: Row<'a>) -> Option<&[u8]> {
        if !self
            .chunk
            .is_some_and(|chunk| std::ptr::eq(chunk, row.chunk))
        {
            self.chunk = Some(row.chunk);
            self.block = OpenBlock::default();
        }
        row.chunk.records.bytes_from(&mut self.block, row.at)
    }
}

/// Unpacks many rows in any order, each of them as a session, and hands them on in that order. An error of
/// `take` ends it.
///
/// # Errors
/// The error of `take`.
pub fn unpack_all<E>(
    rows: &Rows,
    order: impl Iterator<Item = RowId>,
    mut take: impl FnMut(RowId, Row<'_>, Session) -> Result<(), E>,
) -> Result<(), E> {
    let mut order = order.filter_map(|id| Some((id, rows.get(id)?)));
    let mut records = Vec::new();
    loop {
        let some: Vec<(RowId, Row<'_>)> = order.by_ref().take(TOGETHER).collect();
        if some.is_empty() {
            return Ok(());
        }
        let places = collect(&some, &mut records);
        for ((id, row), place) in some.into_iter().zip(places) {
            let bytes = records.get(place).unwrap_or_default();
            let session = row.with(record(bytes).unwrap_or_default());
            take(id, row, session)?;
        }
    }
}

/// Puts the records of these rows behind each other, and tells where each of them is. They are read in the
/// order in which they are kept.
fn collect(some: &[(RowId, Row<'_>)], records: &mut Vec<u8>) -> Vec<Range<usize>> {
    records.clear();
    let mut as_kept: Vec<usize> = (0..some.len()).collect();
    as_kept.sort_unstable_by_key(|at| some[*at].0);
    let mut places = vec![0..0; some.len()];
    let mut unpacking = Unpacking::default();
    for at in as_kept {
        let start = records.len();
        records.extend_from_slice(unpacking.bytes(some[at].1).unwrap_or_default());
        places[at] = start..records.len();
    }
    places
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::sync::Arc;

    use super::*;
    use crate::model::{Class, RowRef, RowSink};
    use crate::store::{ChunkBuilder, RowId, Rows, SourceId};

    #[test]
    fn rows_of_many_blocks_and_chunks_come_out_as_they_are_in_any_order() {
        let mut rows = Rows::default();
        for page in 0..3 {
            let mut builder = ChunkBuilder::new(SourceId(0), Arc::default());
            for number in 0..300 {
                let mut row = RowRef::new(format!("key-{page}-{number}"), "label");
                let value = format!("{page}-{number}-{}", "x".repeat(900));
                row.extra = vec![(Cow::Borrowed("note"), Cow::Owned(value), Class::Plain)];
                let _ = builder.row(&mut row);
            }
            rows.append(builder.finish());
        }
        let mut unpacking = Unpacking::default();

        for number in (0..900).chain((0..900).rev()).chain([7, 650, 8]) {
            let row = rows.get(RowId(number)).unwrap();

            let (one, other) = (unpacking.session(row), row.session());

            assert_eq!(one.key.expose(), other.key.expose());
            assert_eq!(one.extra, other.extra, "{number}");
        }
        let order = (0..900).map(|number| RowId(number * 7 % 900));
        let mut seen = Vec::new();
        let all: Result<(), ()> = unpack_all(&rows, order.clone(), |id, row, session| {
            assert_eq!(session.extra, row.session().extra);
            seen.push(id);
            Ok(())
        });
        assert_eq!((all, seen), (Ok(()), order.collect()));
    }
}
