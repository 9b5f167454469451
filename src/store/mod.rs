//! Rows in memory: what was loaded, what is shown of it, and in which order.

pub mod order;
pub mod rows;

pub use order::{Order, View, order};
pub use rows::{Chunk, ChunkBuilder, Row, RowId, Rows, Seen, SourceId};
