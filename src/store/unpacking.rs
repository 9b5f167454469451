//! Rows as sessions that stand alone, one after the other, for what walks over many of them.

use super::chunk::Chunk;
use super::records::OpenBlock;
use super::row::Row;
use crate::model::Session;

/// Unpacks rows. A block of records is opened once for the rows next to each other in it.
#[derive(Default)]
pub struct Unpacking<'a> {
    chunk: Option<&'a Chunk>,
    block: OpenBlock,
}

impl<'a> Unpacking<'a> {
    /// All of a row.
    pub fn session(&mut self, row: Row<'a>) -> Session {
        if !self
            .chunk
            .is_some_and(|chunk| std::ptr::eq(chunk, row.chunk))
        {
            self.chunk = Some(row.chunk);
            self.block = OpenBlock::default();
        }
        row.with(row.chunk.records.get_from(&mut self.block, row.at))
    }
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
                let _ = builder.row(row);
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
    }
}
