//! Rows in memory: what was loaded, what is shown of it, and in which order.

mod changes;
mod chunk;
mod columns;
mod counted;
mod filter;
mod groups;
mod marked;
pub mod order;
mod records;
mod row;
mod rows;
mod shape;
mod sort;
mod texts;
#[cfg(test)]
pub(crate) mod touched;
mod unpacking;
mod words;

pub use changes::{Came, Change, ChangedFields, Changes, Compared, Comparison, Listing};
pub use chunk::{Chunk, ChunkBuilder};
pub use counted::{UserCounts, count_users};
pub use groups::{Began, Group, GroupBy, began, groups};
pub use marked::{FoundMarks, Marked, MarkedBefore, find_marked};
pub use order::{Order, SourceNames, View, order};
pub use row::Row;
pub use rows::{RowId, Rows, SourceId};
pub use shape::Shape;
pub use texts::Texts;
pub use unpacking::{Unpacking, unpack_all};
