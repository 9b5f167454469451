//! Rows that somebody marked, and the same sessions among rows that were loaded anew.

use std::hash::{BuildHasher, RandomState};

use fixedbitset::FixedBitSet;
use hashbrown::HashTable;

use super::row::Row;
use super::rows::{RowId, Rows};

/// Some rows of a result set: one bit a row, so that a million of them cost nothing.
#[derive(Clone, Debug, Default)]
pub struct Marked {
    bits: FixedBitSet,
}

impl Marked {
    /// How many.
    pub fn len(&self) -> usize {
        self.bits.count_ones(..)
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.bits.is_clear()
    }

    /// True if this row is among them.
    pub fn contains(&self, row: RowId) -> bool {
        self.bits.contains(row.0 as usize)
    }

    /// Adds a row.
    pub fn add(&mut self, row: RowId) {
        self.bits.grow_and_insert(row.0 as usize);
    }

    /// Takes a row away.
    pub fn remove(&mut self, row: RowId) {
        if self.contains(row) {
            self.bits.remove(row.0 as usize);
        }
    }

    /// Adds all those of another set of the same rows.
    pub fn add_all(&mut self, others: &Self) {
        self.bits.union_with(&others.bits);
    }

    /// The rows in order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = RowId> {
        self.bits.ones().map(|row| RowId(row as u32))
    }
}

/// Marked rows of a result set that is no longer shown.
#[derive(Clone, Debug)]
pub struct MarkedBefore {
    /// The rows.
    pub rows: Rows,
    /// Those that are marked.
    pub marked: Marked,
}

/// Marks that were looked for among other rows.
#[derive(Clone, Debug, Default)]
pub struct FoundMarks {
    /// The rows of the sessions that are there again.
    pub found: Marked,
    /// How many sessions are not there.
    pub missing: usize,
}

/// Finds the sessions that were marked before among these rows. Looks once at every row.
pub fn find_marked(before: &[MarkedBefore], rows: &Rows) -> FoundMarks {
    let by = RandomState::new();
    let identity = |row: &Row<'_>| by.hash_one((row.source(), row.key_text().as_ref()));
    let is_same =
        |a: &Row<'_>, b: Row<'_>| a.source() == b.source() && a.key_text() == b.key_text();
    let mut wanted: HashTable<Row<'_>> = HashTable::new();
    for set in before {
        for row in set.marked.iter().filter_map(|id| set.rows.get(id)) {
            let hash = identity(&row);
            if wanted.find(hash, |known| is_same(known, row)).is_none() {
                wanted.insert_unique(hash, row, identity);
            }
        }
    }
    let mut found = Marked::default();
    for (id, row) in rows.iter() {
        if wanted.is_empty() {
            break;
        }
        let known = wanted.find_entry(identity(&row), |known| is_same(known, row));
        if let Ok(known) = known {
            known.remove();
            found.add(id);
        }
    }
    FoundMarks {
        found,
        missing: wanted.len(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{RowRef, RowSink};
    use crate::store::{ChunkBuilder, SourceId};

    fn rows(keys: &[(u8, &str)]) -> Rows {
        let mut rows = Rows::default();
        for (source, key) in keys {
            let mut builder = ChunkBuilder::new(SourceId(*source), Arc::default());
            let _ = builder.row(&mut RowRef::new((*key).to_owned(), "label"));
            rows.append(builder.finish());
        }
        rows
    }

    fn marked(numbers: &[u32]) -> Marked {
        let mut marked = Marked::default();
        for number in numbers {
            marked.add(RowId(*number));
        }
        marked
    }

    #[test]
    fn a_session_is_found_by_its_source_and_its_key_wherever_it_is() {
        let before = MarkedBefore {
            rows: rows(&[(0, "a"), (0, "b"), (1, "a"), (0, "gone")]),
            marked: marked(&[0, 2, 3]),
        };
        let after = rows(&[(1, "b"), (1, "a"), (0, "new"), (0, "a")]);

        let again = find_marked(&[before], &after);

        assert_eq!(again.found.iter().collect::<Vec<_>>(), [RowId(1), RowId(3)]);
        assert_eq!(again.missing, 1);
    }

    #[test]
    fn a_session_that_was_marked_in_two_loads_counts_once() {
        let before = |keys: &[(u8, &str)]| MarkedBefore {
            rows: rows(keys),
            marked: marked(&[0]),
        };

        let sets = [before(&[(0, "gone")]), before(&[(0, "gone"), (0, "a")])];

        assert_eq!(find_marked(&sets, &rows(&[(0, "a")])).missing, 1);
    }
}
