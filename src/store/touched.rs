//! For tests: how many rows were looked at one after the other, so that work that grows with all rows can
//! be counted where time cannot be measured.

use std::cell::Cell;

thread_local! {
    static ROWS: Cell<usize> = const { Cell::new(0) };
}

/// So many more rows were looked at by this thread.
pub(super) fn add(rows: usize) {
    ROWS.set(ROWS.get() + rows);
}

/// The rows that this thread has looked at since it was asked last.
pub(crate) fn take() -> usize {
    ROWS.take()
}
