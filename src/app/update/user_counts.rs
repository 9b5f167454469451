//! What is known of a row by counting all others, for its hints: when it is counted anew. Where an order asks
//! for it, it is counted with that order; else beside, so that no order waits for it.

use std::sync::Arc;

use super::results::{self, AT_ONCE, MERGED_FROM};
use crate::app::columns;
use crate::app::effect::{Effect, Gen};
use crate::app::state::State;
use crate::model::query::Matcher;
use crate::model::{Field, Property};
use crate::store::UserCounts;

/// True if all rows are to be counted with the next order: it asks for it, or they are so few that it is made
/// on the loop.
pub(super) fn with_order(state: &State, filter: Option<&Matcher>) -> bool {
    if !is_due(state) {
        return false;
    }
    if state.results.rows.len() > AT_ONCE {
        return asks(state, filter);
    }
    !state.is_loading() || asks(state, filter) || is_column(state)
}

/// True if rows have come, or have ended, since they were counted.
fn is_due(state: &State) -> bool {
    let results = &state.results;
    results.recount || counted_rows(state) != results.rows.len()
}

fn counted_rows(state: &State) -> usize {
    let counted = state.results.counted.as_ref();
    counted.map_or(0, |counted| counted.rows())
}

/// True if the order needs the counts.
fn asks(state: &State, filter: Option<&Matcher>) -> bool {
    let results = &state.results;
    let is_sorted = !results.arrival && is_hint(&results.sort.by);
    is_sorted || filter.is_some_and(Matcher::asks_other_rows)
}

fn is_hint(property: &Property) -> bool {
    *property == Field::Hint
}

fn is_column(state: &State) -> bool {
    let all = columns::all(state);
    all.iter().any(|column| is_hint(&column.what))
}

/// Counts all rows beside the orders, if they are many and it is due: once they are there, and before only
/// where hints are to be seen and enough new rows have come.
pub(super) fn count_off_the_loop(state: &mut State) -> Option<Effect> {
    let rows = state.results.rows.len();
    if rows <= AT_ONCE || state.results.count_job.is_some() || !is_due(state) {
        return None;
    }
    let known = counted_rows(state);
    let enough = rows.saturating_sub(known) > known / MERGED_FROM as usize;
    if state.is_loading() && !(enough && is_column(state)) {
        return None;
    }
    let view = results::view(state);
    if asks(state, view.filter.as_deref()) {
        return None;
    }
    let generation = state.next_gen();
    let results = &mut state.results;
    results.count_job = Some(generation);
    results.recount = false;
    Some(Effect::CountUsers {
        generation,
        rows: results.rows.clone(),
        view,
    })
}

/// The counts are there. They are taken unless other rows have taken the place of those that were counted.
pub(super) fn counted(state: &mut State, generation: Gen, counted: Arc<UserCounts>) -> Vec<Effect> {
    let results = &mut state.results;
    if results
        .count_job
        .take_if(|job| *job == generation)
        .is_none()
    {
        return Vec::new();
    }
    results.counted = Some(counted);
    count_off_the_loop(state).into_iter().collect()
}

/// Sessions have ended: what was counted is to be counted anew where there are hints that may have gone.
pub(super) fn recount(state: &mut State) -> Vec<Effect> {
    let counted = state.results.counted.as_ref();
    if counted.is_none_or(|counted| counted.is_empty()) {
        return Vec::new();
    }
    state.results.recount = true;
    let view = results::view(state);
    if state.results.rows.len() <= AT_ONCE || asks(state, view.filter.as_deref()) {
        return results::reorder(state);
    }
    count_off_the_loop(state).into_iter().collect()
}
