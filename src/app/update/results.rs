//! The rows on screen: appending, ordering, and where the cursor is.

use std::sync::Arc;

use super::user_counts;
use crate::app::effect::{Effect, Gen};
use crate::app::lines;
use crate::app::others::Others;
use crate::app::results::LeftOut;
use crate::app::sorting;
use crate::app::state::{Pane, State};
use crate::model::query::Matcher;
use crate::model::{Clause, Field, Target, Thresholds};
use crate::store::order::{SourceNames, View};
use crate::store::{Changes, Order, RowId, Rows, order};

/// Up to this many rows are ordered at once; more go to a task of their own.
pub(super) const AT_ONCE: usize = 5_000;
/// While rows arrive, new ones join a sorted or filtered order once they are more than one in so many of
/// those that are in it.
pub(super) const MERGED_FROM: u32 = 8;

/// The first page of a new result set is there: the old rows go.
pub fn begin(state: &mut State) {
    let results = &mut state.results;
    results.stale = false;
    results.arrival = true;
    results.marks.keep_for_reload(&results.rows);
    results.rows = Rows::default();
    results.order = Order::default();
    results.statuses.clear();
    results.changes = Changes::default();
    results.ended_at.clear();
    results.made_by.clone_from(&results.query);
    results.ordered = 0;
    (results.counted, results.recount, results.count_job) = (None, false, None);
    (results.ordering, results.reorder) = (false, false);
    results.order_gen = Gen::default();
    results.touched = false;
    results.left_out = None;
    results.widest.clear();
    (results.cursor, results.top) = (0, 0);
    state.details.fresh = None;
    state.details.loaded = None;
    state.details.row = None;
}

/// Until the operator chooses an order, it is the one that suits what the open systems tell.
pub fn sort_at_first(state: &mut State) {
    if state.results.is_sort_chosen {
        return;
    }
    let sort = sorting::at_first(state);
    let results = &mut state.results;
    if results.column == results.sort.by {
        results.column = sort.by.clone();
    }
    results.sort = sort;
}

/// Rows from `first` on are new: they join the order. Nothing here may grow with the rows that came before.
pub fn appended(state: &mut State, first: RowId) -> Vec<Effect> {
    find_wanted(state, first);
    if let Some(mut dialog) = state.dialogs.pop() {
        dialog.rows_added(state, first);
        state.dialogs.push(dialog);
    }
    let results = &state.results;
    if results.is_plain() {
        let made = Order::arrived(&results.rows);
        place(state, made);
        let counting = user_counts::count_off_the_loop(state);
        return counting.into_iter().collect();
    }
    if results.rows.len() <= AT_ONCE {
        let made = order(&results.rows, &view(state), Some(&results.order));
        state.results.recount = false;
        place(state, made);
        return Vec::new();
    }
    let mut effects = order_off_the_loop(state);
    effects.extend(user_counts::count_off_the_loop(state));
    effects
}

/// The row that the cursor was on before a reload, if it is among the new ones.
fn find_wanted(state: &mut State, first: RowId) {
    let results = &mut state.results;
    if let Some(wanted) = results
        .wanted
        .as_mut()
        .filter(|wanted| wanted.row.is_none())
    {
        wanted.row = results.rows.find(first, wanted.source, &wanted.key);
    }
}

/// Makes the order anew: after a filter, a sort, or the end of loading.
pub fn reorder(state: &mut State) -> Vec<Effect> {
    let results = &mut state.results;
    // An order on its way is for another view.
    results.order_gen = Gen::default();
    (results.ordering, results.reorder) = (false, false);
    if results.is_plain() || results.rows.len() <= AT_ONCE {
        let results = &state.results;
        let made = order(&results.rows, &view(state), Some(&results.order));
        if state.results.rows.len() <= AT_ONCE {
            state.results.recount = false;
        }
        place(state, made);
        let counting = user_counts::count_off_the_loop(state);
        return counting.into_iter().collect();
    }
    (results.ordering, results.reorder) = (true, true);
    let mut effects = order_off_the_loop(state);
    effects.extend(user_counts::count_off_the_loop(state));
    effects
}

/// Asks for the order that is wanted, unless one is being made: then it is asked for once that is there.
/// While rows arrive, it waits until there are enough of them, so that all the work grows little faster
/// than the rows.
fn order_off_the_loop(state: &mut State) -> Vec<Effect> {
    let results = &state.results;
    if results.order_job.is_some() {
        return Vec::new();
    }
    let rows = results.rows.len() as u32;
    let new = rows.saturating_sub(results.ordered);
    let enough = if state.is_loading() {
        new > results.ordered / MERGED_FROM
    } else {
        new > 0
    };
    if !results.reorder && !enough {
        return Vec::new();
    }
    let view = view(state);
    let generation = state.next_gen();
    let results = &mut state.results;
    results.recount &= !view.counts;
    (results.ordering, results.reorder) = (true, false);
    results.order_gen = generation;
    results.order_job = Some((generation, rows));
    vec![Effect::Order {
        generation,
        rows: results.rows.clone(),
        view,
        before: results.order.clone(),
    }]
}

/// An order made off the loop is there; it is shown if it is still the one that is awaited.
pub fn ordered(state: &mut State, generation: Gen, made: Order) -> Vec<Effect> {
    let results = &mut state.results;
    let job = results.order_job.take_if(|(job, _)| *job == generation);
    let Some((_, rows)) = job else {
        return Vec::new();
    };
    if results.order_gen == generation && results.ordering {
        results.ordering = false;
        place_of(state, made, rows);
    } else {
        // What was counted with it is lost.
        let known = results.counted.as_ref().map(Arc::as_ptr);
        let is_lost = made
            .counted()
            .is_some_and(|made| known != Some(Arc::as_ptr(made)));
        results.recount |= is_lost && known.is_some();
    }
    if state.results.is_plain() || state.results.rows.len() <= AT_ONCE {
        Vec::new()
    } else {
        order_off_the_loop(state)
    }
}

/// The selection and order of the rows.
pub fn view(state: &State) -> View {
    let results = &state.results;
    let filter = filter(state).map(Arc::new);
    let ended = results.over().collect();
    let sources = state
        .sources
        .iter()
        .map(|source| SourceNames {
            profile: source.profile.name.clone(),
            system: source.profile.system_word.to_string(),
            thresholds: source.profile.policy.thresholds,
            ahead: source.ahead,
            user_names: source.profile.user_names.clone(),
        })
        .collect();
    View {
        sort: (!results.arrival).then(|| results.sort.clone()),
        ended: Arc::new(ended),
        sources,
        counts: user_counts::with_order(state, filter.as_deref()),
        counted: results.counted.clone(),
        filter,
        now: state.now,
    }
}

/// The clauses over loaded rows. What was typed names people as the operator does, and each source has its own
/// names of them.
fn filter(state: &State) -> Option<Matcher> {
    let results = &state.results;
    let mut clauses = results.of_other_rows();
    clauses.extend(results.quick.iter().cloned());
    let live = results.live.as_ref().and_then(|live| live.query.as_ref());
    let typed = live.map_or(&[][..], |query| &query.clauses);
    let with = |typed: &[Clause]| [&clauses, typed].concat();
    let all = with(typed);
    if all.is_empty() {
        return None;
    }
    let matcher = Matcher::new(&all, state.now, state.zone(), Thresholds::default());
    let mut sources = state.sources.iter().enumerate();
    let matcher = sources.try_fold(matcher.ok()?, |matcher, (at, source)| {
        let names = &source.profile.user_names;
        let theirs = |clause: &Clause| {
            if clause.target == Target::Field(Field::User) {
                names.clause(clause)
            } else {
                clause.clone()
            }
        };
        let theirs: Vec<Clause> = typed.iter().map(theirs).collect();
        if theirs == typed {
            return Ok(matcher);
        }
        matcher.with_source(at, &with(&theirs))
    });
    matcher.ok()
}

/// Takes a new order of all rows.
fn place(state: &mut State, made: Order) {
    let rows = state.results.rows.len() as u32;
    place_of(state, made, rows);
}

/// Takes a new order of the first `rows` rows; the cursor stays on its row, and the row on its line of the
/// screen.
pub(super) fn place_of(state: &mut State, made: Order, rows: u32) {
    let results = &mut state.results;
    results.ordered = rows;
    if let Some(counted) = made.counted() {
        results.counted = Some(Arc::clone(counted));
    }
    let found = results.wanted.as_ref().and_then(|wanted| {
        let row = wanted.row.filter(|row| row.0 < rows);
        row.map(|id| (id, wanted.cursor.saturating_sub(wanted.top)))
    });
    let (current, on_line) = if let Some((id, on_line)) = found {
        (Some(id), on_line)
    } else {
        let on_line = results.cursor.saturating_sub(results.top);
        (results.current().map(|(id, _)| id), on_line)
    };
    let is_here = |left_out: &LeftOut| found.is_none() && left_out.cursor == results.cursor;
    let left_out = results.left_out.filter(is_here);
    results.left_out = None;
    results.order = made;
    results.count_hidden();
    match (found, results.wanted.clone()) {
        (Some(_), _) => (results.wanted, results.touched) = (None, true),
        // It has gone: the cursor stays where it was.
        (None, Some(wanted)) if !results.arrival => {
            results.wanted = None;
            if !results.touched {
                results.touched = true;
                results.cursor = wanted.cursor.min(results.order.len().saturating_sub(1));
                results.top = wanted.top;
                return;
            }
        }
        _ => {}
    }
    if !results.touched {
        (results.cursor, results.top) = (0, 0);
        return;
    }
    let position = |row: Option<RowId>| row.and_then(|row| results.order.position(row));
    let (back, stays) = (position(left_out.map(|it| it.row)), position(current));
    let line = left_out
        .filter(|_| back.is_some())
        .map_or(on_line, |it| it.line);
    match back.or(stays) {
        Some(position) => {
            results.cursor = position;
            results.top = position.saturating_sub(line);
        }
        None => results.cursor = results.cursor.min(results.order.len().saturating_sub(1)),
    }
    if back.is_none() {
        let gone = current.filter(|_| stays.is_none());
        let (line, cursor) = (on_line, results.cursor);
        let gone = gone.map(|row| LeftOut { row, line, cursor });
        results.left_out = left_out.map(|it| LeftOut { cursor, ..it }).or(gone);
    }
}

/// Moves the cursor of the table or of the details, whichever has the focus.
pub fn step(state: &mut State, by: isize) -> Vec<Effect> {
    match state.focus {
        Pane::Search => {}
        Pane::Table => {
            state.results.touched = true;
            state.results.cursor = moved(state.results.cursor, by, state.results.order.len());
        }
        Pane::Details => {
            step_line(state, by);
        }
    }
    Vec::new()
}

fn step_line(state: &mut State, by: isize) {
    let lines = &state.layout.lines;
    let to = moved(state.details.line, by, lines.len());
    state.details.line = lines::off_heading(lines, to, by > 0);
}

/// Moves by half pages: 2 is a page.
pub fn page(state: &mut State, halves: isize) -> Vec<Effect> {
    let height = match state.focus {
        Pane::Details => state.layout.details_height(),
        _ => state.layout.table_height(),
    };
    step(state, halves * height.max(2) as isize / 2)
}

/// Moves the window, not the cursor, as a wheel does; the cursor comes along at the edges.
pub fn wheel(state: &mut State, pane: Pane, by: isize) {
    let top = match pane {
        Pane::Details => state.details.top,
        _ => state.results.top,
    };
    scroll_to(state, pane, top.saturating_add_signed(by));
}

/// Makes this line of the table or of the details the first one shown; the cursor comes along at the edges.
pub fn scroll_to(state: &mut State, pane: Pane, top: usize) {
    if pane == Pane::Details {
        return scroll_details(state, top);
    }
    let height = usize::from(state.layout.table_height());
    let last = state.results.order.len().saturating_sub(height.max(1));
    let results = &mut state.results;
    results.top = top.min(last);
    results.cursor = results
        .cursor
        .clamp(results.top, results.top + height.saturating_sub(1));
    results.touched = true;
}

fn scroll_details(state: &mut State, top: usize) {
    let (layout, details) = (&state.layout, &mut state.details);
    let height = usize::from(layout.details_height()).max(1);
    details.top = top.min(layout.rows.len().saturating_sub(height));
    let shown = layout.rows.iter().skip(details.top).take(height);
    let shown: Vec<usize> = shown
        .flat_map(|row| [Some(row.left), row.right])
        .flatten()
        .collect();
    if let (false, Some(first), Some(end)) = (
        shown.contains(&details.line),
        shown.iter().min(),
        shown.iter().max(),
    ) {
        let is_above = details.line < *first;
        let line = if is_above { *first } else { *end };
        details.line = lines::off_heading(&layout.lines, line, is_above);
    }
}

fn moved(at: usize, by: isize, count: usize) -> usize {
    at.saturating_add_signed(by).min(count.saturating_sub(1))
}

/// After each message: the cursor is within bounds, and details begin anew for another row.
pub fn settle(state: &mut State) {
    let results = &mut state.results;
    results.cursor = results.cursor.min(results.order.len().saturating_sub(1));
    state.details.others = Others::of(state);
    let row = state.results.current().map(|(id, _)| id);
    if state.details.row != row {
        state.details.row = row;
        let results = &state.results;
        state.details.loaded = results
            .current()
            .map(|(id, row)| (id, Box::new(row.session())));
        (state.details.line, state.details.top) = (0, 0);
        state.details.revealed = None;
        state.details.fresh = state
            .details
            .fresh
            .take()
            .filter(|(id, _)| Some(*id) == row);
    }
}

/// If no source is loading any more, the rows get the order that was chosen.
pub fn finished(state: &mut State) -> Vec<Effect> {
    if state.is_loading() {
        return Vec::new();
    }
    state.spinner = false;
    if state.results.stale {
        // Every source failed or was stopped before its first page: the rows of before stay.
        return Vec::new();
    }
    state.results.arrival = false;
    reorder(state)
}
