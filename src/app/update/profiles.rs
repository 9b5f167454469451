//! Opening profiles, and reading them again.

use super::{focus, form, message, requests, watch};
use crate::app::effect::Effect;
use crate::app::layout::lay_out;
use crate::app::results::{Details, Results};
use crate::app::sorting;
use crate::app::source::{ProfileEntry, ProfileView, Source};
use crate::app::state::{Level, Pane, State};
use crate::store::SourceId;

/// Opens these profiles in place of those that are open. Nothing is asked of a server yet,
/// unless a profile says `search_on_start`.
pub fn open_profiles(state: &mut State, names: &[String]) -> Vec<Effect> {
    let views: Vec<ProfileView> = names
        .iter()
        .filter_map(|name| state.profiles.iter().find(|entry| entry.view.name == *name))
        .map(|entry| entry.view.clone())
        .collect();
    let mut effects = requests::cancel_searches(state);
    effects.extend(watch::abandon(state));
    effects.extend((0..state.sources.len()).map(|at| Effect::Close(SourceId(at as u8))));
    let hidden = state.details.hidden;
    state.details = Details {
        hidden,
        ..Details::default()
    };
    state.message = None;
    state.form.error = None;
    state.sources = views.into_iter().map(Source::new).collect();
    state.results = Results::new(sorting::at_first(state));
    focus::focus(state, Pane::Search);
    if state
        .sources
        .iter()
        .any(|s| s.profile.policy.search_on_start)
    {
        effects.extend(form::submit(state));
        state.focus_follows = false;
    }
    lay_out(state);
    effects
}

/// The configuration was read again.
pub fn reloaded(
    state: &mut State,
    profiles: Option<Vec<ProfileView>>,
    result: Result<String, String>,
) -> Vec<Effect> {
    if let Some(views) = profiles {
        let old = std::mem::take(&mut state.profiles);
        state.profiles = views
            .into_iter()
            .map(|view| ProfileEntry {
                last: old
                    .iter()
                    .find(|entry| entry.view.name == view.name)
                    .map_or_else(|| "-".to_owned(), |entry| entry.last.clone()),
                view,
            })
            .collect();
    }
    match result {
        Ok(text) => message::say(state, Level::Ok, text),
        Err(text) => message::say(state, Level::Error, text),
    }
}
