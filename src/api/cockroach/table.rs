//! The answer to a statement, whatever transport it came over.

use chrono::{DateTime, Utc};

use crate::model::time::{Zone, parse_instant};

/// The rows of an answer; each as long as the columns of its statement.
#[derive(Debug, Default)]
pub(super) struct Table(pub(super) Vec<Vec<Cell>>);

/// A value as text. `None`: NULL.
///
/// Numbers keep every digit. Times are in UTC and have no zone, or one that is written.
pub(super) type Cell = Option<Box<str>>;

/// A number. `None`: NULL, or no number.
pub(super) fn number(cell: &Cell) -> Option<i64> {
    cell.as_deref()?.parse().ok()
}

/// A time. `None`: NULL, or no time.
pub(super) fn instant(cell: &Cell) -> Option<DateTime<Utc>> {
    parse_instant(cell.as_deref()?, Zone::Utc)
}
