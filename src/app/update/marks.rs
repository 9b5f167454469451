//! Marking sessions, and finding the marked ones again after a reload.

use super::results::AT_ONCE;
use super::{message, results};
use crate::app::effect::{Effect, Gen};
use crate::app::marks::Marks;
use crate::app::state::{Level, State};
use crate::model::text::with_thousands;
use crate::store::{FoundMarks, RowId, find_marked};

/// Marks the row under the cursor, or takes its mark, and moves down.
pub fn mark(state: &mut State) -> Vec<Effect> {
    let Some((row, _)) = state.results.current() else {
        return Vec::new();
    };
    state.message = None;
    state.results.marks.toggle(row);
    results::step(state, 1)
}

/// Marks all rows from the one that was marked last to the one under the cursor.
pub fn mark_range(state: &mut State) -> Vec<Effect> {
    let results = &mut state.results;
    let Some(last) = results.marks.last() else {
        return Vec::new();
    };
    let Some(from) = results.order.position(last) else {
        let why = "the row that was marked last is not shown: mark the first row of the range";
        return message::refuse(state, why);
    };
    let (first, end) = (from.min(results.cursor), from.max(results.cursor));
    let range = (first..=end).filter_map(|position| results.order.get(position));
    results.marks.add(range);
    state.message = None;
    Vec::new()
}

/// Marks all rows that are shown.
pub fn mark_all(state: &mut State) -> Vec<Effect> {
    let results = &mut state.results;
    results.marks.add(results.order.iter());
    state.message = None;
    Vec::new()
}

/// Drops all marks.
pub fn drop_all(state: &mut State) -> Vec<Effect> {
    state.results.marks = Marks::default();
    message::say(state, Level::Ok, "no session is marked any more")
}

/// The marked rows that are shown, as they stand on the screen.
pub fn shown(state: &State) -> Vec<RowId> {
    let (marks, order) = (&state.results.marks, &state.results.order);
    order.iter().filter(|row| marks.contains(*row)).collect()
}

/// After each message: once all rows are there, the sessions that were marked before are looked for.
pub fn settle(state: &mut State) -> Vec<Effect> {
    let results = &state.results;
    if state.is_loading() || results.stale {
        return Vec::new();
    }
    let Some(before) = results.marks.to_find() else {
        return Vec::new();
    };
    if results.rows.len().max(results.marks.len()) <= AT_ONCE {
        let marks = find_marked(before, &results.rows);
        return take(state, &marks);
    }
    let (before, rows) = (before.to_vec(), results.rows.clone());
    let generation = state.next_gen();
    state.results.marks.look(generation);
    vec![Effect::FindMarked {
        generation,
        before,
        rows,
    }]
}

/// The sessions that were marked before were looked for off the loop.
pub fn found(state: &mut State, generation: Gen, marks: &FoundMarks) -> Vec<Effect> {
    if state.results.marks.awaits(generation) {
        take(state, marks)
    } else {
        Vec::new()
    }
}

/// Takes the marks over, and says how many are lost.
fn take(state: &mut State, marks: &FoundMarks) -> Vec<Effect> {
    state.results.marks.found(marks);
    state.results.count_hidden();
    let lost = match marks.missing {
        0 => return Vec::new(),
        1 => "1 marked session is not in this list: its mark is gone".to_owned(),
        n => {
            let n = with_thousands(n as u64);
            format!("{n} marked sessions are not in this list: their marks are gone")
        }
    };
    // What is wrong with the list itself stays to be read.
    match &mut state.message {
        Some(said) if matches!(said.level, Level::Warn | Level::Error) => {
            said.text = format!("{lost} · {}", said.text);
            Vec::new()
        }
        _ => message::say(state, Level::Warn, lost),
    }
}
