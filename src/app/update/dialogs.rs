//! The dialogs: opening, and their keys.

use secrecy::SecretString;
use tui_input::Input;

use super::{act, actions, answer, confirm, edit, lock, message, net, profiles, sign_in};
use crate::app::action::Action;
use crate::app::effect::{Copied, Effect};
use crate::app::keymap::{Key, KeyPress};
use crate::app::overlay::{ErrorBox, Help, JobState, Overlay};
use crate::app::state::{Level, State};
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
        Some(Overlay::Profiles(_)) => profiles::press(state, key),
        Some(Overlay::Help(help)) => match key.key {
            Key::Esc => close(state),
            Key::F(1) => close(state),
            Key::Down => scroll(&mut help.top, 1),
            Key::Up => scroll(&mut help.top, -1),
            Key::PageDown => scroll(&mut help.top, 10),
            Key::PageUp => scroll(&mut help.top, -10),
            _ => {
                if edit::edit(&mut help.input, key) {
                    help.top = 0;
                }
                Vec::new()
            }
        },
        Some(Overlay::Error(_)) => error_key(state, key),
        Some(Overlay::FirstRun { .. }) => first_run_key(state, key),
        Some(Overlay::SignIn(_)) => sign_in::key(state, key),
        Some(Overlay::Progress(_)) => progress_key(state, key),
        Some(Overlay::Actions(_)) => actions::menu_key(state, key),
        Some(Overlay::Arguments(_)) => actions::arguments_key(state, key),
        Some(Overlay::Answer(_)) => answer::key(state, key),
        Some(Overlay::Quit { .. }) => quit_key(state, key),
    }
}

/// Presses a button of the top dialog by its number, as the mouse does.
pub fn button(state: &mut State, number: usize) -> Vec<Effect> {
    if let Some(effects) = lock::click(state, number) {
        return effects;
    }
    match state.overlays.last_mut() {
        Some(Overlay::Confirm(_)) => confirm::button(state, number),
        Some(Overlay::Error(error)) => {
            error.button = number;
            error_button(state)
        }
        Some(Overlay::SignIn(_)) => sign_in::button(state, number),
        Some(Overlay::Quit { button }) => {
            *button = number;
            quit_enter(state)
        }
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
        Some(Overlay::Profiles(dialog)) => dialog.choice = number,
        Some(Overlay::FirstRun { choice }) => *choice = number,
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
        Overlay::Help(help) => Some(&mut help.input),
        Overlay::Profiles(dialog) if !dialog.new => Some(&mut dialog.input),
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
        Some(Overlay::Profiles(dialog)) => dialog.choice = 0,
        Some(Overlay::Arguments(arguments)) => arguments.error = None,
        _ => {}
    }
}

fn close(state: &mut State) -> Vec<Effect> {
    state.overlays.pop();
    Vec::new()
}

fn scroll(top: &mut usize, by: isize) -> Vec<Effect> {
    *top = top.saturating_add_signed(by);
    Vec::new()
}

/// Opens the help.
pub fn open_help(state: &mut State) -> Vec<Effect> {
    state.overlays.push(Overlay::Help(Help::default()));
    Vec::new()
}

/// Shows the last error in full.
pub fn show_error(state: &mut State) -> Vec<Effect> {
    if let Some(error) = state.errors.back() {
        state.overlays.push(Overlay::Error(Box::new(error.clone())));
    }
    Vec::new()
}

impl ErrorBox {
    /// The labels of the buttons, in order.
    pub fn buttons(&self) -> Vec<&'static str> {
        match self.can_login {
            Some(_) => vec!["Sign in again", "Copy report", "Close"],
            None => vec!["Reload", "Copy report", "Close"],
        }
    }

    /// All of it as text on one line, for a ticket: a shell would run a line of its own.
    pub fn report(&self) -> String {
        let mut text = format!(
            "{} · What: {} · Why: {} · Do: {}",
            self.title, self.what, self.why, self.advice
        );
        for note in &self.notes {
            text.push_str(" · ");
            text.push_str(note);
        }
        text
    }
}

fn error_key(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let Some(Overlay::Error(error)) = state.overlays.last_mut() else {
        return Vec::new();
    };
    let count = error.buttons().len();
    match key.key {
        Key::Esc => return close(state),
        Key::Tab | Key::Right if !key.shift => error.button = (error.button + 1) % count,
        Key::Tab | Key::Left => error.button = (error.button + count - 1) % count,
        Key::Down => return scroll(&mut error.top, 1),
        Key::Up => return scroll(&mut error.top, -1),
        Key::Char('r') => {
            error.button = 0;
            return error_button(state);
        }
        Key::Enter => return error_button(state),
        _ => {}
    }
    Vec::new()
}

fn error_button(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Error(error)) = state.overlays.last() else {
        return Vec::new();
    };
    match error.button {
        0 => {
            state.overlays.pop();
            act::act(state, Action::Reload)
        }
        1 => vec![Effect::Copy {
            what: Copied::Report,
            text: SecretString::from(error.report()),
        }],
        _ => close(state),
    }
}

/// How many lines the first-run screen has.
pub const FIRST_RUN_CHOICES: usize = 4;

fn first_run_key(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let Some(Overlay::FirstRun { choice }) = state.overlays.last_mut() else {
        return Vec::new();
    };
    match key.key {
        Key::Up | Key::Char('k') => *choice = choice.saturating_sub(1),
        Key::Down | Key::Tab | Key::Char('j') => {
            *choice = (*choice + 1).min(FIRST_RUN_CHOICES - 1);
        }
        Key::Char('?') | Key::F(1) => return open_help(state),
        Key::Char('q') => return vec![Effect::Quit(0)],
        Key::Enter => return first_run_enter(state),
        _ => {}
    }
    Vec::new()
}

/// Takes the chosen line of the first-run screen.
pub fn first_run_enter(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::FirstRun { choice }) = state.overlays.last() else {
        return Vec::new();
    };
    match choice {
        0 => {
            let demo = state.profiles.iter().find(|entry| entry.view.demo);
            let Some(name) = demo.map(|entry| entry.view.name.clone()) else {
                let text = "this usher was built without the demo";
                return message::say(state, Level::Warn, text);
            };
            state.overlays.pop();
            profiles::open_profiles(state, &[name])
        }
        1 => {
            let effects = profiles::open_dialog(state);
            if let Some(Overlay::Profiles(dialog)) = state.overlays.last_mut() {
                (dialog.new, dialog.choice) = (true, 0);
            }
            effects
        }
        2 => vec![Effect::WriteExample, Effect::Quit(0)],
        _ => vec![Effect::Quit(0)],
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

fn quit_key(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let Some(Overlay::Quit { button }) = state.overlays.last_mut() else {
        return Vec::new();
    };
    match key.key {
        Key::Esc | Key::Char('n') => return close(state),
        Key::Tab | Key::Left | Key::Right => *button = 1 - *button,
        Key::Char('y') => {
            *button = 1;
            return quit_enter(state);
        }
        Key::Enter => return quit_enter(state),
        _ => {}
    }
    Vec::new()
}

fn quit_enter(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Quit { button }) = state.overlays.last() else {
        return Vec::new();
    };
    if *button == 0 {
        return close(state);
    }
    state.overlays.pop();
    state.quitting = true;
    let running: Vec<_> = state
        .jobs
        .iter()
        .filter(|j| j.state != JobState::Ended)
        .map(|j| j.id)
        .collect();
    if running.is_empty() {
        return vec![Effect::Quit(0)];
    }
    let mut effects: Vec<Effect> = running.into_iter().map(Effect::Stop).collect();
    effects.extend(message::say(
        state,
        Level::Info,
        "stopping after the current request, then quitting",
    ));
    effects
}
