//! Rows in memory: what was loaded, what is shown of it, and in which order.

pub mod order;
pub mod rows;
pub mod shape;
#[cfg(test)]
pub(crate) mod touched;

pub use order::{Base, Order, View, order};
pub use rows::{Chunk, ChunkBuilder, Row, RowId, Rows, SourceId};
pub use shape::Shape;
