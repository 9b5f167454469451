//! The status line and the last errors.

use std::time::Duration;

use crate::app::effect::{Effect, Timer};
use crate::app::error_report::ErrorReport;
use crate::app::msg::Notification;
use crate::app::state::{Level, Message, State};
use crate::model::ApiError;
use crate::store::SourceId;

/// How long a message of success stays.
const FADE: Duration = Duration::from_secs(6);
/// How many errors are kept.
const KEPT: usize = 20;

/// Shows a message. A success fades by itself.
pub fn say(state: &mut State, level: Level, text: impl Into<String>) -> Vec<Effect> {
    state.message = Some(Message {
        level,
        text: text.into(),
        passes: false,
    });
    if level != Level::Ok {
        return Vec::new();
    }
    let generation = state.next_gen();
    vec![Effect::After {
        timer: Timer::Fade,
        generation,
        delay: FADE,
    }]
}

/// Says why a key does nothing now, until the next key.
pub fn refuse(state: &mut State, why: impl Into<String>) -> Vec<Effect> {
    answer(state, Level::Warn, why)
}

/// Answers a key, until the next one.
pub fn answer(state: &mut State, level: Level, text: impl Into<String>) -> Vec<Effect> {
    let effects = say(state, level, text);
    if let Some(message) = &mut state.message {
        message.passes = true;
    }
    effects
}

/// Keeps an error for `E`, and shows its first line.
pub fn fail(
    state: &mut State,
    title: &str,
    what: String,
    error: &ApiError,
    source: Option<SourceId>,
) -> ErrorReport {
    let can_login = source.filter(|_| {
        matches!(
            error,
            ApiError::Auth {
                can_login: true,
                ..
            }
        )
    });
    let shown = ErrorReport {
        title: title.to_owned(),
        what,
        why: error.to_string(),
        advice: error.advice().to_owned(),
        notes: notes(state, error),
        can_login,
        offers_ways: source.filter(|_| !error.ways().is_empty()),
    };
    let hint = if can_login.is_some() {
        "r sign in · E details"
    } else if shown.offers_ways.is_some() {
        "E offers the ways to list"
    } else {
        "E details"
    };
    state.message = Some(Message {
        level: Level::Error,
        text: format!("{}. {hint}", one_line(&shown.why)),
        passes: false,
    });
    keep(state, shown.clone());
    shown
}

/// Keeps an error for `E`.
pub fn keep(state: &mut State, error: ErrorReport) {
    if state.errors.len() >= KEPT {
        state.errors.pop_front();
    }
    state.errors.push_back(error);
}

fn notes(state: &State, error: &ApiError) -> Vec<String> {
    let rows = state.results.rows.len();
    let asked = state.sources.iter().filter_map(|s| s.asked_at).max();
    let rows = asked.filter(|_| rows > 0).map(|at| {
        let those = match rows {
            1 => "row on screen is".to_owned(),
            _ => format!(
                "{} rows on screen are",
                crate::model::text::with_thousands(rows as u64)
            ),
        };
        let at = crate::model::time::clock_seconds(at, state.zone());
        format!("The {those} from {at}.")
    });
    let request = error.exchange().map(|exchange| {
        let at = crate::model::time::clock_seconds(state.now, state.zone());
        format!("{at}: {}", exchange.words())
    });
    let near = match error {
        ApiError::Unexpected { near, .. } => near.as_ref(),
        _ => None,
    };
    let near = near.map(|text| format!("Its text: {text}"));
    rows.into_iter().chain(request).chain(near).collect()
}

fn one_line(text: &str) -> &str {
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.')
}

/// A small task has ended.
pub fn notify(
    state: &mut State,
    what: &Notification,
    result: Result<String, String>,
) -> Vec<Effect> {
    match result {
        Ok(text) if *what == Notification::Unfinished => say(state, Level::Warn, text),
        Ok(text) if *what == Notification::Reported => say(state, Level::Info, text),
        Ok(text) => say(state, Level::Ok, text),
        Err(text) => say(state, Level::Error, text),
    }
}
