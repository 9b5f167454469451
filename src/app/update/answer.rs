//! The effects of the answer to an action.

use super::{form, message, revoke};
use crate::app::dialogs::answer::AnswerBox;
use crate::app::dialogs::arguments::Arguments;
use crate::app::dialogs::error::ErrorBox;
use crate::app::dialogs::sign_in;
use crate::app::effect::{Effect, Gen};
use crate::app::job::Acting;
use crate::app::results::RowStatus;
use crate::app::state::{Level, State};
use crate::model::text::width_cols;
use crate::model::{ActionBody, ActionResult, ActsOn, ApiError, Outcome};

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
    sign_in::close_waiting(&mut state.dialogs, acting.source);
    let is_waiting = |asked: &Arguments| asked.sent.is_some() && asked.generation == generation;
    let at = state
        .dialogs
        .iter()
        .position(|dialog| dialog.get().is_some_and(is_waiting));
    remember(state, &acting, &result);
    let result = match (result, at) {
        (Err(ApiError::BadAction { message, .. }), Some(at)) => {
            return ask_again(state, at, message);
        }
        (result, _) => result,
    };
    if let Some(at) = at {
        state.dialogs.remove(at);
    }
    match result {
        Ok(result) => done(state, at, &acting, result),
        // Search again, as the advice to this error says, would not help.
        Err(ApiError::NotFound) if acting.spec.on == ActsOn::Token => {
            let said = "the server knows no session of this token: it has ended, or the token was \
                        not copied whole";
            let effects = message::say(state, Level::Warn, said);
            show(state, at, &acting.spec.title, ActionResult::said(said));
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
                state.dialogs.insert(at, Box::new(ErrorBox::new(shown)));
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
    let mut effects = if is_stale(state, acting, &result) {
        form::list_again(state)
    } else {
        Vec::new()
    };
    let level = match &result.outcome {
        Some(Outcome::StillListed | Outcome::Unknown(_) | Outcome::Refused(_)) => Level::Warn,
        _ if !effects.is_empty() => Level::Info,
        _ => Level::Ok,
    };
    let text = result.summary.clone();
    // The message about the new list would take its place in the status line.
    let lists_again = !effects.is_empty();
    let whole = width_cols(&text) + 2 <= usize::from(state.size.width);
    effects.extend(message::say(state, level, text));
    if result.body != ActionBody::Nothing || !whole || lists_again {
        show(state, at, &acting.spec.title, result);
    }
    effects
}

/// True if the action may have ended sessions other than the selected row.
fn is_stale(state: &State, acting: &Acting, result: &ActionResult) -> bool {
    let may_have_ended = match result.outcome {
        Some(Outcome::Revoked | Outcome::StillListed | Outcome::Unknown(_)) => true,
        Some(Outcome::AlreadyGone) => acting.spec.on == ActsOn::User,
        _ => false,
    };
    acting.spec.ends && acting.key.is_none() && may_have_ended && state.results.query.is_some()
}

/// The server takes what was typed for wrong: it can be put right.
fn ask_again(state: &mut State, at: usize, message: String) -> Vec<Effect> {
    let said = format!("the server says: {message}");
    let asked = state.dialogs.get_mut(at);
    if let Some(asked) = asked.and_then(|dialog| dialog.get_mut::<Arguments>()) {
        asked.ask_again(said.clone());
    }
    message::say(state, Level::Error, said)
}

/// "show the session of a token at prod-am"
fn what(state: &State, acting: &Acting) -> String {
    let mut letters = acting.spec.title.chars();
    let first = letters.next().map(|c| c.to_lowercase().to_string());
    let profile = state.source(acting.source);
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
    let status = match result {
        Ok(result) => result.outcome.as_ref().map(revoke::row_status),
        Err(ApiError::Cancelled) => None,
        Err(error) if error.may_have_acted() => {
            Some(revoke::row_status(&Outcome::Unknown(Some(error.clone()))))
        }
        Err(error) => Some(RowStatus::Failed(error.to_string())),
    };
    state
        .results
        .set_status(acting.source, key, status, state.now);
}

fn show(state: &mut State, at: Option<usize>, title: &str, result: ActionResult) {
    let Some(at) = at else {
        return;
    };
    let answer = AnswerBox {
        title: title.to_owned(),
        summary: result.summary,
        body: result.body,
        top: 0,
        left: 0,
    };
    state.dialogs.insert(at, Box::new(answer));
}
