//! Opening profiles, and the dialog that switches between them.

use tui_input::Input;

use super::{act, edit, form, message, net};
use crate::app::dialogs::listed;
use crate::app::effect::Effect;
use crate::app::keymap::{Key, KeyPress};
use crate::app::overlay::{Overlay, ProfileEntry, Profiles};
use crate::app::results::{Details, Results};
use crate::app::source::{ProfileView, Source};
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
    let mut effects = net::cancel_searches(state);
    effects.extend((0..state.sources.len()).map(|at| Effect::Close(SourceId(at as u8))));
    let sort = views.first().map_or(state.results.sort, |view| view.sort);
    let hidden = state.details.hidden;
    state.results = Results::new(sort);
    state.details = Details {
        hidden,
        ..Details::default()
    };
    state.message = None;
    state.form.error = None;
    state.sources = views.into_iter().map(Source::new).collect();
    act::focus(state, Pane::Search);
    if state.sources.iter().any(|s| s.profile.search_on_start) {
        effects.extend(form::submit(state));
        state.focus_follows = false;
    }
    effects
}

/// Opens the dialog, with the cursor on the profile that is open.
pub fn open_dialog(state: &mut State) -> Vec<Effect> {
    let open = state.sources.first().map(|s| s.profile.name.clone());
    let choice = state
        .profiles
        .iter()
        .position(|e| Some(&e.view.name) == open.as_ref());
    let dialog = Profiles {
        choice: choice.unwrap_or(0),
        ..Profiles::default()
    };
    state.overlays.push(Overlay::Profiles(dialog));
    Vec::new()
}

/// A key while the dialog is open.
pub fn press(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let Some(Overlay::Profiles(dialog)) = state.overlays.last() else {
        return Vec::new();
    };
    let count = if dialog.new {
        state.systems.len()
    } else {
        listed(state, dialog).len()
    };
    let Some(Overlay::Profiles(dialog)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    match (key.key, key.ctrl) {
        (Key::Esc, _) if dialog.new => (dialog.new, dialog.choice) = (false, 0),
        (Key::Esc, _) => {
            state.overlays.pop();
        }
        (Key::Up, _) => dialog.choice = dialog.choice.saturating_sub(1),
        (Key::Down | Key::Tab, _) => {
            dialog.choice = (dialog.choice + 1).min(count.saturating_sub(1));
        }
        (Key::Enter, _) => return choose(state),
        (Key::Char('n'), true) => {
            (dialog.new, dialog.choice) = (true, 0);
            dialog.input = Input::default();
        }
        (Key::F(4), _) => {
            let profile = chosen(state);
            return vec![Effect::Edit { profile }];
        }
        _ if !dialog.new && edit::edit(&mut dialog.input, key) => dialog.choice = 0,
        _ => {}
    }
    Vec::new()
}

fn chosen(state: &State) -> Option<String> {
    let Some(Overlay::Profiles(dialog)) = state.overlays.last() else {
        return None;
    };
    listed(state, dialog)
        .get(dialog.choice)
        .map(|entry| entry.view.name.clone())
}

/// Takes the chosen line.
pub fn choose(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Profiles(dialog)) = state.overlays.last() else {
        return Vec::new();
    };
    if dialog.new {
        let system = state
            .systems
            .get(dialog.choice)
            .map(|(word, _)| word.clone());
        state.overlays.pop();
        return system
            .map(|system| Effect::NewProfile { system })
            .into_iter()
            .collect();
    }
    let Some(name) = chosen(state) else {
        return Vec::new();
    };
    state.overlays.pop();
    open_profiles(state, &[name])
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
