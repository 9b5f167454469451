//! The columns that the operator wants: which are shown, and in which order.

use super::memory::KeptColumns;
use super::state::State;
use crate::model::{ColumnSpec, Field};

/// The name under which the columns of the open profiles are kept.
pub fn key(state: &State) -> String {
    let names = state.sources.iter().map(|s| s.profile.name.as_str());
    names.collect::<Vec<_>>().join(",")
}

/// All columns in the order that is wanted, each with whether it is shown. One that is new since the
/// order was chosen comes last.
pub fn arranged(state: &State, offered: Vec<ColumnSpec>) -> Vec<(ColumnSpec, bool)> {
    let Some(kept) = state.memory.columns.get(&key(state)) else {
        let shown = |column: ColumnSpec| {
            let is_shown = is_shown_at_first(&column);
            (column, is_shown)
        };
        return offered.into_iter().map(shown).collect();
    };
    let place = |column: &ColumnSpec| {
        let name = column.what.name();
        let place = kept.order.iter().position(|known| *known == name);
        place.unwrap_or(usize::MAX)
    };
    let mut columns = offered;
    columns.sort_by_key(place);
    let is_shown = |column: &ColumnSpec| {
        let name = column.what.name();
        let is_in = |names: &[String]| names.iter().any(|known| *known == name);
        !is_in(&kept.hidden) && (is_in(&kept.order) || is_shown_at_first(column))
    };
    let marked = columns.into_iter().map(|column| {
        let shown = is_shown(&column);
        (column, shown)
    });
    marked.collect()
}

/// False for a column that is shown only where it was chosen.
fn is_shown_at_first(column: &ColumnSpec) -> bool {
    column.what != Field::Hint
}

/// The columns that are shown, in order. Never empty where columns are offered.
pub fn shown(state: &State, offered: Vec<ColumnSpec>) -> Vec<ColumnSpec> {
    let first = offered.first().cloned();
    let columns = arranged(state, offered).into_iter();
    let shown: Vec<ColumnSpec> = columns
        .filter(|(_, is_shown)| *is_shown)
        .map(|(column, _)| column)
        .collect();
    if shown.is_empty() {
        return first.into_iter().collect();
    }
    shown
}

/// What is kept of these columns.
pub fn kept(columns: &[(ColumnSpec, bool)]) -> KeptColumns {
    let name = |column: &ColumnSpec| column.what.name().into_owned();
    KeptColumns {
        order: columns.iter().map(|(column, _)| name(column)).collect(),
        hidden: columns
            .iter()
            .filter(|(_, is_shown)| !is_shown)
            .map(|(column, _)| name(column))
            .collect(),
    }
}
