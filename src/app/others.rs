//! How many more sessions the person of a session has among the loaded rows.

use super::cells;
use super::state::State;
use crate::store::{Row, RowId};

/// Up to so many loaded rows they are counted while the cursor moves: that takes a part of a millisecond.
const MOST: usize = 50_000;

/// How many more there are, and what that was counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Others {
    /// The row that they are beside.
    row: RowId,
    /// The loaded rows.
    loaded: usize,
    /// The rows whose status has changed.
    changed: usize,
    /// The minute: sessions expire.
    minute: i64,
    /// The number.
    pub count: usize,
}

impl Others {
    /// Those of the person under the cursor, counted only if something has changed since. `None`: nobody is
    /// there, rows are arriving, or too many are loaded.
    pub(super) fn of(state: &State) -> Option<Self> {
        let results = &state.results;
        // Each page would have to be counted, and the number would be wrong until the last.
        if state.is_loading() || results.rows.len() > MOST {
            return None;
        }
        let (id, row) = results.current()?;
        row.person().filter(|name| !name.is_empty())?;
        let counted = Self {
            row: id,
            loaded: results.rows.len(),
            changed: results.statuses.len(),
            minute: state.now.timestamp().div_euclid(60),
            count: 0,
        };
        let before = state.details.others.filter(|before| {
            Self {
                count: 0,
                ..*before
            } == counted
        });
        let count = || alive(state, id, row);
        Some(before.unwrap_or_else(|| Self {
            count: count(),
            ..counted
        }))
    }
}

/// How many loaded sessions of the person of a row are alive, but for this row.
pub(super) fn alive(state: &State, id: RowId, row: Row<'_>) -> usize {
    let results = &state.results;
    let theirs = results.rows.of_the_person_of(row).filter(|(other, row)| {
        *other != id && !results.is_over(*other) && !cells::is_over(cells::word_of(state, *row))
    });
    theirs.count()
}
