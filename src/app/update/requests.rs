//! Requests to servers: connecting, dropping what is on the way, asking all the same.

use crate::app::effect::{Effect, Gen};
use crate::app::source::{Link, Progress, Source};
use crate::app::state::{Pane, State};
use crate::model::ApiError;
use crate::store::SourceId;

/// Connects a source, unless that is on the way already.
pub fn connect(state: &mut State, id: SourceId) -> Vec<Effect> {
    let generation = state.next_gen();
    let Some(source) = state.sources.get_mut(usize::from(id.0)) else {
        return Vec::new();
    };
    if matches!(source.link, Link::Connecting) {
        return Vec::new();
    }
    source.link = Link::Connecting;
    source.link_gen = generation;
    vec![Effect::Connect {
        source: id,
        generation,
        profile: source.profile.name.clone(),
    }]
}

/// Drops every search and connection that is on the way.
pub fn cancel_searches(state: &mut State) -> Vec<Effect> {
    let mut effects = Vec::new();
    for source in state.sources.iter_mut().filter(|s| s.is_loading()) {
        effects.push(Effect::Cancel(source.search_gen));
        if matches!(source.link, Link::Connecting) {
            effects.push(Effect::Cancel(source.link_gen));
            source.link = Link::Never;
        }
        source.search_gen = Gen::default();
    }
    effects
}

/// The operator was told that a server asks for a long wait, and asks again.
pub fn ask_anyway(state: &State) -> Vec<Effect> {
    let told = |source: &Source| {
        matches!(&source.link, Link::Down(error) if waits(error))
            || matches!(&source.progress, Progress::Failed(error) if waits(error))
    };
    let sources = state.sources.iter().enumerate();
    let told = sources.filter(|(_, source)| told(source));
    told.map(|(at, _)| Effect::AskAnyway(SourceId(at as u8)))
        .collect()
}

/// The operator pressed Enter and has not moved on: the first row takes the focus.
pub fn follow(state: &mut State) {
    let rows = !state.results.stale && !state.results.order.is_empty();
    if state.focus_follows && rows && state.dialogs.is_empty() {
        state.focus = Pane::Table;
        state.focus_follows = false;
    }
}

/// True if a server asks for a wait; signing in does not end that wait.
pub fn waits(error: &ApiError) -> bool {
    matches!(error, ApiError::RateLimited { .. })
}
