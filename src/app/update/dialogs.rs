//! The dialogs: opening, and their keys.

use secrecy::SecretString;
use tui_input::Input;

use super::{actions, answer, confirm, lock, net, sign_in};
use crate::app::dialog::{Dialog, Handled};
use crate::app::effect::{Copied, Effect};
use crate::app::keymap::{Key, KeyPress};
use crate::app::overlay::{JobState, Overlay};
use crate::app::state::State;
use crate::model::ApiError;
use crate::store::SourceId;

/// A key while a dialog has the keys.
pub fn press(state: &mut State, key: KeyPress) -> Vec<Effect> {
    match lock::question(state) {
        Some(_) => lock::press(state, key, answer_key),
        None => answer_key(state, key),
    }
}

fn answer_key(state: &mut State, key: KeyPress) -> Vec<Effect> {
    match state.overlays.last_mut() {
        None => Vec::new(),
        Some(Overlay::Confirm(_)) => confirm::press(state, key),
        Some(Overlay::Dialog(_)) => on_top(state, |dialog, state| dialog.key(state, key)),
        Some(Overlay::SignIn(_)) => sign_in::key(state, key),
        Some(Overlay::Progress(_)) => progress_key(state, key),
        Some(Overlay::Actions(_)) => actions::menu_key(state, key),
        Some(Overlay::Arguments(_)) => actions::arguments_key(state, key),
        Some(Overlay::Answer(_)) => answer::key(state, key),
    }
}

/// Presses a button of the top dialog by its number, as the mouse does.
pub fn button(state: &mut State, number: usize) -> Vec<Effect> {
    if let Some(effects) = lock::click(state, number) {
        return effects;
    }
    match state.overlays.last_mut() {
        Some(Overlay::Confirm(_)) => confirm::button(state, number),
        Some(Overlay::Dialog(_)) => on_top(state, |dialog, state| dialog.button(state, number)),
        Some(Overlay::SignIn(_)) => sign_in::button(state, number),
        Some(Overlay::Progress(id)) => {
            let id = *id;
            if let Some(job) = state.jobs.iter_mut().find(|job| job.id == id) {
                job.button = number;
            }
            progress_enter(state)
        }
        Some(Overlay::Arguments(arguments)) => {
            arguments.focus = arguments.fields.len() + number;
            actions::arguments_enter(state)
        }
        Some(Overlay::Answer(_)) => close(state),
        _ => Vec::new(),
    }
}

/// Chooses a line of the top dialog by its number, as the mouse does.
pub fn choice(state: &mut State, number: usize) -> Vec<Effect> {
    match state.overlays.last_mut() {
        Some(Overlay::Dialog(dialog)) => dialog.choose(number),
        Some(Overlay::Actions(menu)) => menu.choice = number,
        Some(Overlay::SignIn(asked)) => sign_in::choose(asked, number),
        _ => {}
    }
    Vec::new()
}

/// The text field of the top dialog that has the focus.
pub fn focused_input(state: &mut State) -> Option<&mut Input> {
    match state.overlays.last_mut()? {
        Overlay::Confirm(confirm) => confirm.input(),
        Overlay::Dialog(dialog) => dialog.input(),
        Overlay::SignIn(sign_in) => sign_in.focused_input(),
        Overlay::Arguments(arguments) if arguments.sent.is_none() => arguments
            .fields
            .get_mut(arguments.focus)
            .map(|field| &mut field.input),
        _ => None,
    }
}

/// Text was pasted into the top dialog.
pub fn pasted(state: &mut State) {
    match state.overlays.last_mut() {
        Some(Overlay::Dialog(dialog)) => dialog.pasted(),
        Some(Overlay::Arguments(arguments)) => arguments.error = None,
        _ => {}
    }
}

fn close(state: &mut State) -> Vec<Effect> {
    state.overlays.pop();
    Vec::new()
}

/// A line of a list was clicked twice: the dialog takes it.
pub fn take(state: &mut State) -> Vec<Effect> {
    match state.overlays.last() {
        Some(Overlay::Actions(_)) => actions::choose(state),
        Some(Overlay::Dialog(_)) => on_top(state, |dialog, state| dialog.take(state)),
        _ => Vec::new(),
    }
}

/// The wheel was turned over the top dialog.
pub fn wheel(state: &mut State, by: isize) {
    match state.overlays.last() {
        Some(Overlay::Answer(_)) => answer::scroll(state, by, 0),
        Some(Overlay::Dialog(_)) => {
            on_top(state, |dialog, state| {
                dialog.wheel(state, by);
                Handled::stay()
            });
        }
        _ => {}
    }
}

/// Hands the top dialog what happened to it. Unless it closes it goes back to its place, under what it
/// has opened.
fn on_top(
    state: &mut State,
    handle: impl FnOnce(&mut dyn Dialog, &mut State) -> Handled,
) -> Vec<Effect> {
    let Some(Overlay::Dialog(mut dialog)) = state.overlays.pop() else {
        return Vec::new();
    };
    let place = state.overlays.len();
    match handle(&mut *dialog, state) {
        Handled::Close(effects) => effects,
        Handled::Stay(effects) => {
            let place = place.min(state.overlays.len());
            state.overlays.insert(place, Overlay::Dialog(dialog));
            effects
        }
    }
}

fn progress_key(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let Some(Overlay::Progress(id)) = state.overlays.last() else {
        return Vec::new();
    };
    let id = *id;
    let Some(job) = state.jobs.iter_mut().find(|job| job.id == id) else {
        return close(state);
    };
    let count = job.buttons().len().max(1);
    match key.key {
        Key::Esc => return close(state),
        Key::Tab | Key::Right | Key::Left => job.button = (job.button + 1) % count,
        Key::Enter => return progress_enter(state),
        Key::Char('y') if job.state == JobState::Ended && !job.failed.is_empty() => {
            let report: Vec<&str> = job.failed.iter().map(|(_, why)| why.as_str()).collect();
            return vec![Effect::Copy {
                what: Copied::Report,
                text: SecretString::from(report.join(" · ")),
            }];
        }
        _ => {}
    }
    Vec::new()
}

impl crate::app::overlay::Job {
    /// The labels of the buttons of its box, in order.
    pub fn buttons(&self) -> Vec<&'static str> {
        match self.state {
            JobState::Running if self.user.is_some() => vec!["Hide"],
            JobState::Running => vec!["Stop after current"],
            JobState::Paused(ApiError::RateLimited { .. }) => vec!["Go on", "Stop"],
            JobState::Paused(_) => vec!["Sign in", "Stop"],
            JobState::Ready => vec!["Go on", "Stop"],
            JobState::Stopping => vec!["Hide"],
            JobState::Ended => vec!["Close"],
        }
    }
}

fn progress_enter(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Progress(id)) = state.overlays.last() else {
        return Vec::new();
    };
    let id = *id;
    let Some(job) = state.jobs.iter_mut().find(|job| job.id == id) else {
        return close(state);
    };
    let label = job.buttons().get(job.button).copied();
    match label {
        Some("Stop after current" | "Stop") => {
            job.state = JobState::Stopping;
            job.button = 0;
            vec![Effect::Stop(id)]
        }
        Some("Go on") => {
            let waited = matches!(job.state, JobState::Paused(ApiError::RateLimited { .. }));
            job.state = JobState::Running;
            job.button = 0;
            let held = sources_of(job).into_iter().filter(|_| waited);
            let mut effects: Vec<Effect> = held.map(Effect::AskAnyway).collect();
            effects.push(Effect::Resume(id));
            effects
        }
        Some("Sign in") => sources_of(job)
            .into_iter()
            .flat_map(|source| net::connect(state, source))
            .collect(),
        _ => close(state),
    }
}

fn sources_of(job: &crate::app::overlay::Job) -> Vec<SourceId> {
    let mut sources: Vec<SourceId> = job.items.iter().map(|item| item.source).collect();
    sources.extend(job.user.as_ref().map(|(source, _)| *source));
    sources.sort_unstable();
    sources.dedup();
    sources
}
