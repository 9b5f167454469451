//! The searches of this run, one after the other: back to the one before, and forward again. Each goes
//! into the history too.

use super::{form, message, table};
use crate::app::effect::Effect;
use crate::app::form::Form;
use crate::app::history;
use crate::app::memory;
use crate::app::results::{LiveFilter, Wanted};
use crate::app::state::{Level, State};
use crate::model::{AskedBy, Clause, Query, Sort};

/// How many searches back one can go.
const MOST: usize = 50;

/// The searches before the one on screen, and after it.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    before: Vec<Visited>,
    after: Vec<Visited>,
    /// The form that made the query on screen: it may have been edited since.
    form: Option<Form>,
}

/// A search as it was left.
#[derive(Clone, Debug)]
struct Visited {
    form: Form,
    query: Query,
    sort: Sort,
    quick: Vec<Clause>,
    live: Option<LiveFilter>,
    wanted: Option<Wanted>,
}

impl Trail {
    /// True if there is a search to go back to, or forward if that is wanted.
    pub fn leads(&self, back: bool) -> bool {
        !(if back { &self.before } else { &self.after }).is_empty()
    }
}

/// Asks for something: the search on screen stays in the trail, the new one goes into the history.
pub fn noted(state: &mut State, ask: impl FnOnce(&mut State) -> Vec<Effect>) -> Vec<Effect> {
    let left = here(state);
    let mut effects = ask(state);
    if state.form.error.is_some() || state.sources.is_empty() {
        return effects;
    }
    let form = state.form.clone();
    state.trail.form = Some(form);
    if let Some(left) = left.filter(|left| Some(&left.query) != state.results.query.as_ref()) {
        state.trail.after.clear();
        push(&mut state.trail.before, left);
    }
    effects.extend(remember(state));
    effects
}

/// To the search before.
pub fn back(state: &mut State) -> Vec<Effect> {
    go(state, true)
}

/// To the search after, once one has gone back.
pub fn forward(state: &mut State) -> Vec<Effect> {
    go(state, false)
}

fn go(state: &mut State, back: bool) -> Vec<Effect> {
    let left = here(state);
    let trail = &mut state.trail;
    let (from, to) = if back {
        (&mut trail.before, &mut trail.after)
    } else {
        (&mut trail.after, &mut trail.before)
    };
    let Some(next) = from.pop() else {
        return Vec::new();
    };
    to.extend(left);
    let words = next.query.to_string();
    state.trail.form = Some(next.form.clone());
    let unfolded = state.form.unfolded;
    state.form = Form {
        unfolded,
        ..next.form
    };
    state.results.sort = next.sort;
    state.results.quick = next.quick;
    state.results.live = next.live;
    state.results.wanted = next.wanted;
    state.focus_follows = false;
    let mut effects = form::search(state, next.query, AskedBy::Person);
    effects.extend(table::filter_typed(state));
    let words = if words.is_empty() {
        "everything"
    } else {
        &words
    };
    effects.extend(message::say(
        state,
        Level::Ok,
        format!(
            "searching again: {}",
            crate::model::text::display_safe(words)
        ),
    ));
    effects
}

fn push(trail: &mut Vec<Visited>, visited: Visited) {
    if trail.len() >= MOST {
        trail.remove(0);
    }
    trail.push(visited);
}

/// The search on screen with the place of the cursor. `None`: nothing has been searched.
fn here(state: &State) -> Option<Visited> {
    let results = &state.results;
    let mut live = results.live.clone();
    if let Some(live) = &mut live {
        live.editing = false;
    }
    Some(Visited {
        form: state
            .trail
            .form
            .clone()
            .unwrap_or_else(|| state.form.clone()),
        query: results.query.clone()?,
        sort: results.sort.clone(),
        quick: results.quick.clone(),
        live,
        wanted: results.place(),
    })
}

/// Puts the query on screen into the history.
fn remember(state: &mut State) -> Vec<Effect> {
    let Some(search) = history::entry(state) else {
        return Vec::new();
    };
    memory::keep(state, memory::Keep::Search(search))
}
