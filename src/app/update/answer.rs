//! What an action gave back: shown, scrolled, copied.

use secrecy::SecretString;

use super::{message, net};
use crate::app::dialogs;
use crate::app::effect::Effect;
use crate::app::keymap::{Key, KeyPress};
use crate::app::overlay::{Answer, Overlay};
use crate::app::results::Fate;
use crate::app::state::{Level, State};
use crate::model::text::{mask, width_cols};
use crate::model::{
    ActionBody, ActionResult, ActionSpec, ActsOn, ApiError, Class, Outcome, Untrusted,
};
use crate::store::{RowId, SourceId};

/// An action has ended: shows what it gave back, in the place of the box that waits for it. Where that
/// box was hidden, the status line tells it and nothing gets in the way.
pub fn acted(
    state: &mut State,
    source: SourceId,
    row: Option<RowId>,
    title: &'static str,
    result: Result<ActionResult, ApiError>,
) -> Vec<Effect> {
    net::close_waiting(&mut state.overlays, source);
    let at = state.overlays.iter().position(|overlay| {
        matches!(overlay, Overlay::Arguments(arguments)
            if arguments.sent.is_some() && arguments.source == source && arguments.spec.title == title)
    });
    let result = match (result, at) {
        (Err(ApiError::BadQuery { message, .. }), Some(at)) => {
            return ask_again(state, at, message);
        }
        (result, _) => result,
    };
    if let Some(at) = at {
        state.overlays.remove(at);
    }
    let spec = spec(state, source, title);
    let on_token = spec.is_some_and(|spec| spec.on == ActsOn::Token);
    let ends_many = spec.is_some_and(|spec| spec.changes && spec.on == ActsOn::User);
    let result = match result {
        // Search again, as the advice to this error says, would not help.
        Err(ApiError::NotFound) if on_token => Err(None),
        Err(error) => Err(Some(error)),
        Ok(result) => Ok(result),
    };
    match result {
        Err(None) => {
            let said = "the server knows no session of this token: it has ended, or the token was \
                        not copied whole";
            let effects = message::say(state, Level::Warn, said);
            show(state, at, title, ActionResult::said(said));
            effects
        }
        Err(Some(error)) => {
            let what = what(state, source, title);
            let shown = message::fail(state, "Action failed", what, &error, Some(source));
            if let Some(at) = at {
                state.overlays.insert(at, Overlay::Error(Box::new(shown)));
            }
            Vec::new()
        }
        Ok(result) => {
            remember(state, row, result.outcome.as_ref());
            let text = match ends_many {
                true => format!("{}; r lists anew", result.summary),
                false => result.summary.clone(),
            };
            let whole = width_cols(&text) + 2 <= usize::from(state.size.width);
            let effects = message::say(state, Level::Ok, text);
            if result.body != ActionBody::Nothing || !whole {
                show(state, at, title, result);
            }
            effects
        }
    }
}

/// The server takes what was typed for wrong: its words stand under the field, and it can be put right.
fn ask_again(state: &mut State, at: usize, message: String) -> Vec<Effect> {
    let said = format!("the server says: {message}");
    if let Some(Overlay::Arguments(arguments)) = state.overlays.get_mut(at) {
        arguments.sent = None;
        arguments.focus = arguments.fields.len().saturating_sub(1);
        arguments.error = Some((arguments.focus, said.clone()));
    }
    message::say(state, Level::Error, said)
}

fn spec<'a>(state: &'a State, source: SourceId, title: &str) -> Option<&'a ActionSpec> {
    let caps = state.sources.get(usize::from(source.0))?.caps.as_ref()?;
    caps.actions.iter().find(|spec| spec.title == title)
}

/// "show the session of a token at prod-am"
fn what(state: &State, source: SourceId, title: &str) -> String {
    let mut letters = title.chars();
    let first = letters.next().map(|c| c.to_lowercase().to_string());
    let profile = state.sources.get(usize::from(source.0));
    let profile = profile.map_or("", |source| source.profile.name.as_str());
    format!(
        "{}{} at {profile}",
        first.unwrap_or_default(),
        letters.as_str()
    )
}

fn remember(state: &mut State, row: Option<RowId>, outcome: Option<&Outcome>) {
    let fate = match outcome {
        Some(Outcome::Revoked) => Fate::Revoked,
        Some(Outcome::AlreadyGone) => Fate::AlreadyGone,
        Some(Outcome::StillListed) => Fate::StillListed,
        Some(Outcome::Unknown) => Fate::Unknown,
        _ => return,
    };
    if let Some(row) = row {
        state.results.fates.insert(row, fate);
    }
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
        Key::Char('y') => return vec![Effect::Copy(SecretString::from(answer.text()))],
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
    /// All of it as cleaned text, for the clipboard.
    pub fn text(&self) -> String {
        let mut lines = vec![self.summary.clone()];
        match &self.body {
            ActionBody::Nothing => {}
            ActionBody::Fields(fields) => lines.extend(fields.iter().map(|field| {
                let value = match field.class {
                    Class::Plain => field.value.safe().into_owned(),
                    Class::Secret => mask(field.value.expose()),
                };
                format!("{}: {value}", field.name.safe())
            })),
            ActionBody::Table { columns, rows } => {
                let line = |cells: &[Untrusted]| {
                    let cells: Vec<_> = cells.iter().map(|cell| cell.safe()).collect();
                    cells.join("\t")
                };
                lines.push(line(columns));
                lines.extend(rows.iter().map(|row| line(row)));
            }
        }
        lines.join("\n")
    }
}
