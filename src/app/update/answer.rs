//! What an action gave back: shown, scrolled, copied.

use secrecy::SecretString;

use super::{form, message, net, revoke};
use crate::app::dialogs;
use crate::app::dialogs::error::ErrorBox;
use crate::app::effect::{Copied, Effect, Gen};
use crate::app::keymap::{Key, KeyPress};
use crate::app::overlay::{Acting, Answer, ArgumentField, Overlay};
use crate::app::results::Fate;
use crate::app::state::{Level, State};
use crate::model::text::width_cols;
use crate::model::{ActionBody, ActionCell, ActionResult, ActsOn, ApiError, Outcome, Untrusted};

/// An action has ended: shows what it gave back, in the place of the box that waits for it. Where that
/// box was hidden, the status line tells it and nothing gets in the way.
pub fn acted(
    state: &mut State,
    generation: Gen,
    result: Result<ActionResult, ApiError>,
) -> Vec<Effect> {
    let is_it = |acting: &Acting| acting.generation == generation;
    let Some(acting) = state.acting.iter().position(is_it) else {
        // Cancelled meanwhile.
        return Vec::new();
    };
    let acting = state.acting.remove(acting);
    net::close_waiting(&mut state.overlays, acting.source);
    let at = state.overlays.iter().position(|overlay| {
        matches!(overlay, Overlay::Arguments(arguments)
            if arguments.sent.is_some() && arguments.generation == generation)
    });
    remember(state, &acting, &result);
    let result = match (result, at) {
        (Err(ApiError::BadAction { message }), Some(at)) => {
            return ask_again(state, at, message);
        }
        (result, _) => result,
    };
    if let Some(at) = at {
        state.overlays.remove(at);
    }
    match result {
        Ok(result) => done(state, at, &acting, result),
        // Search again, as the advice to this error says, would not help.
        Err(ApiError::NotFound) if acting.spec.on == ActsOn::Token => {
            let said = "the server knows no session of this token: it has ended, or the token was \
                        not copied whole";
            let effects = message::say(state, Level::Warn, said);
            show(state, at, acting.spec.title, ActionResult::said(said));
            effects
        }
        Err(ApiError::Cancelled) => {
            let text = format!("{}: cancelled", acting.spec.title);
            message::say(state, Level::Info, text)
        }
        Err(error) => {
            let what = what(state, &acting);
            let source = Some(acting.source);
            let shown = message::fail(state, "Action failed", what, &error, source);
            if let Some(at) = at {
                let dialog = Box::new(ErrorBox::new(shown));
                state.overlays.insert(at, Overlay::Dialog(dialog));
            }
            Vec::new()
        }
    }
}

/// It was done, or the server says so: tells it, and lists again where rows ended that are not known.
fn done(
    state: &mut State,
    at: Option<usize>,
    acting: &Acting,
    result: ActionResult,
) -> Vec<Effect> {
    let mut effects = match is_stale(state, acting, &result) {
        true => form::reload(state),
        false => Vec::new(),
    };
    let level = match &result.outcome {
        Some(Outcome::StillListed | Outcome::Unknown | Outcome::Refused(_)) => Level::Warn,
        _ if !effects.is_empty() => Level::Info,
        _ => Level::Ok,
    };
    let text = result.summary.clone();
    // What the new list has to say would take its place in the status line.
    let lists_again = !effects.is_empty();
    let whole = width_cols(&text) + 2 <= usize::from(state.size.width);
    effects.extend(message::say(state, level, text));
    if result.body != ActionBody::Nothing || !whole || lists_again {
        show(state, at, acting.spec.title, result);
    }
    effects
}

/// Have sessions ended, or may they have, whose rows are not known?
fn is_stale(state: &State, acting: &Acting, result: &ActionResult) -> bool {
    let may_have_ended = match result.outcome {
        Some(Outcome::Revoked | Outcome::StillListed | Outcome::Unknown) => true,
        Some(Outcome::AlreadyGone) => acting.spec.on == ActsOn::User,
        _ => false,
    };
    acting.spec.ends && acting.key.is_none() && may_have_ended && state.results.query.is_some()
}

/// The server takes what was typed for wrong: its words stand under the field, and it can be put right.
fn ask_again(state: &mut State, at: usize, message: String) -> Vec<Effect> {
    let said = format!("the server says: {message}");
    if let Some(Overlay::Arguments(arguments)) = state.overlays.get_mut(at) {
        arguments.sent = None;
        // It is about something that was typed.
        let typed = |field: &ArgumentField| !field.input.value().is_empty();
        let last = arguments.fields.len().saturating_sub(1);
        arguments.focus = arguments.fields.iter().rposition(typed).unwrap_or(last);
        arguments.error = Some((arguments.focus, said.clone()));
    }
    message::say(state, Level::Error, said)
}

/// "show the session of a token at prod-am"
fn what(state: &State, acting: &Acting) -> String {
    let mut letters = acting.spec.title.chars();
    let first = letters.next().map(|c| c.to_lowercase().to_string());
    let profile = state.sources.get(usize::from(acting.source.0));
    let profile = profile.map_or("", |source| source.profile.name.as_str());
    format!(
        "{}{} at {profile}",
        first.unwrap_or_default(),
        letters.as_str()
    )
}

/// The row that it acted on shows what became of its session.
fn remember(state: &mut State, acting: &Acting, result: &Result<ActionResult, ApiError>) {
    let Some(key) = acting.key.as_ref().filter(|_| acting.spec.ends) else {
        return;
    };
    let fate = match result {
        Ok(result) => result.outcome.as_ref().map(revoke::fate),
        Err(ApiError::Cancelled) => None,
        Err(error) if error.may_have_acted() => Some(Fate::Unknown),
        Err(error) => Some(Fate::Failed(error.to_string())),
    };
    state.results.set_fate(acting.source, key, fate, state.now);
}

fn show(state: &mut State, at: Option<usize>, title: &str, result: ActionResult) {
    let Some(at) = at else {
        return;
    };
    let answer = Answer {
        title: title.to_owned(),
        summary: result.summary,
        body: result.body,
        top: 0,
        left: 0,
    };
    state.overlays.insert(at, Overlay::Answer(Box::new(answer)));
}

/// A key while an answer is shown.
pub fn key(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let Some(Overlay::Answer(answer)) = state.overlays.last() else {
        return Vec::new();
    };
    let page = dialogs::reach(state, answer).page as isize;
    match key.key {
        Key::Esc | Key::Enter => {
            state.overlays.pop();
        }
        Key::Down | Key::Char('j') => scroll(state, 1, 0),
        Key::Up | Key::Char('k') => scroll(state, -1, 0),
        Key::PageDown | Key::Char(' ') => scroll(state, page, 0),
        Key::PageUp => scroll(state, -page, 0),
        Key::Home | Key::Char('g') => scroll(state, isize::MIN, 0),
        Key::End | Key::Char('G') => scroll(state, isize::MAX, 0),
        Key::Right | Key::Char('l') => scroll(state, 0, 1),
        Key::Left | Key::Char('h') => scroll(state, 0, -1),
        Key::Char('y') => {
            return vec![Effect::Copy {
                what: Copied::Answer,
                text: SecretString::from(answer.text()),
            }];
        }
        _ => {}
    }
    Vec::new()
}

/// Moves the window on the answer, never beyond its ends.
pub fn scroll(state: &mut State, down: isize, right: isize) {
    let Some(Overlay::Answer(answer)) = state.overlays.last() else {
        return;
    };
    let reach = dialogs::reach(state, answer);
    if let Some(Overlay::Answer(answer)) = state.overlays.last_mut() {
        let moved = |at: usize, last: usize, by| at.min(last).saturating_add_signed(by).min(last);
        answer.top = moved(answer.top, reach.top, down);
        answer.left = moved(answer.left, reach.left, right);
    }
}

impl Answer {
    /// All of it as cleaned text on one line, for the clipboard: a shell would run a line of its own.
    pub fn text(&self) -> String {
        let mut lines = vec![self.summary.clone()];
        match &self.body {
            ActionBody::Nothing => {}
            ActionBody::Fields(fields) => {
                let line = |(name, cell): &(Untrusted, ActionCell)| {
                    format!("{}: {}", name.safe(), cell.shown())
                };
                lines.extend(fields.iter().map(line));
            }
            ActionBody::Table { columns, rows } => {
                let titles: Vec<_> = columns.iter().map(|title| title.safe()).collect();
                lines.push(titles.join(", "));
                lines.extend(rows.iter().map(|row| {
                    let cells: Vec<_> = row.iter().map(ActionCell::shown).collect();
                    cells.join(", ")
                }));
            }
        }
        lines.join(" · ")
    }
}
