//! The details pane: reading anew, raw JSON, find, reveal, copy.

use std::time::Duration;

use secrecy::SecretString;

use super::{edit, focus, form, message};
use crate::app::cut;
use crate::app::dialogs::sign_in;
use crate::app::effect::{Copied, Effect, Gen, Timer};
use crate::app::keymap::{Key, KeyPress};
use crate::app::lines;
use crate::app::state::{Level, Pane, State};
use crate::model::time::clock_seconds;
use crate::model::{ApiError, Session};
use crate::store::{RowId, SourceId};

/// How long a masked value stays visible.
const REVEAL: Duration = Duration::from_secs(10);

/// Enter: from the table to the details; in the details, reads the session anew.
pub fn open(state: &mut State) -> Vec<Effect> {
    if let Some(name) = cut::way_out(state) {
        return form::user(state, name);
    }
    if state.results.query.is_none() {
        // The empty table says that Enter lists the sessions.
        return form::enter(state);
    }
    if state.focus == Pane::Table {
        return focus::focus(state, Pane::Details);
    }
    let Some((row, loaded)) = state.results.current() else {
        return Vec::new();
    };
    let (source, key) = (loaded.source(), loaded.key());
    let kind = loaded.kind();
    let can_get = state
        .source(source)
        .and_then(|s| s.caps.as_ref())
        .is_none_or(|caps| caps.of(kind).get);
    if !can_get {
        return message::say(
            state,
            Level::Warn,
            "this system cannot show one session alone; r reloads the list",
        );
    }
    let generation = state.next_gen();
    state.details.gen_read = generation;
    state.details.reading = true;
    vec![Effect::Get {
        source,
        generation,
        row,
        key,
    }]
}

/// A session was read anew.
pub fn read(
    state: &mut State,
    source: SourceId,
    generation: Gen,
    row: RowId,
    result: Result<Box<Session>, ApiError>,
) -> Vec<Effect> {
    sign_in::close_waiting(&mut state.dialogs, source);
    if state.details.gen_read != generation {
        return Vec::new();
    }
    state.details.reading = false;
    match result {
        Ok(session) => {
            state.details.fresh = Some((row, session));
            let at = clock_seconds(state.now, state.zone());
            message::say(state, Level::Ok, format!("refreshed {at}"))
        }
        Err(ApiError::NotFound) if is_doubtful(state, row) => message::say(
            state,
            Level::Warn,
            "the server cannot show this session alone: it may have no lasting id; r reloads the list",
        ),
        Err(ApiError::NotFound) => {
            state
                .results
                .statuses
                .entry(row)
                .or_insert(crate::app::results::RowStatus::AlreadyGone);
            message::say(state, Level::Info, "this session is no longer there")
        }
        Err(error) => {
            let what = "refresh this session".to_owned();
            message::fail(state, "Reading failed", what, &error, Some(source));
            Vec::new()
        }
    }
}

/// True if the id of this row may change. "Not found" then proves nothing.
fn is_doubtful(state: &State, row: RowId) -> bool {
    let row = state.results.rows.get(row);
    row.is_some_and(|row| !row.deletable().has_lasting_key())
}

/// Raw JSON and back.
pub fn raw(state: &mut State) -> Vec<Effect> {
    state.details.raw = !state.details.raw;
    state.details.hidden = false;
    (state.details.line, state.details.top) = (0, 0);
    Vec::new()
}

/// Shows the masked value under the cursor for a while.
pub fn reveal(state: &mut State) -> Vec<Effect> {
    let lines = &state.layout.lines;
    let Some(name) = lines
        .get(state.details.line)
        .and_then(|line| line.secret_name())
    else {
        return message::say(state, Level::Info, "nothing is masked on this line");
    };
    state.details.revealed = Some(name.to_owned());
    let generation = state.next_gen();
    let mut effects = vec![Effect::After {
        timer: Timer::Mask,
        generation,
        delay: REVEAL,
    }];
    if let Some((_, row)) = state.results.current() {
        effects.push(Effect::Revealed {
            source: row.source(),
            key: row.key(),
            subject: row.subject(),
        });
    }
    effects
}

/// Copies the full id of the session.
pub fn copy_id(state: &mut State) -> Vec<Effect> {
    let Some((_, row)) = state.results.current() else {
        return Vec::new();
    };
    vec![Effect::Copy {
        what: Copied::SessionId,
        text: SecretString::from(row.id().into_owned()),
    }]
}

/// Copies the session as the server sent it.
pub fn copy_row(state: &mut State) -> Vec<Effect> {
    lines::row_json(state)
        .map(|text| Effect::Copy {
            what: Copied::Row,
            text: SecretString::from(text),
        })
        .into_iter()
        .collect()
}

/// Copies the value under the cursor.
pub fn copy_field(state: &mut State) -> Vec<Effect> {
    match lines::line_value(state, state.details.line) {
        Some((what, text)) => vec![Effect::Copy {
            what,
            text: SecretString::from(text),
        }],
        None => message::say(state, Level::Info, "nothing to copy on this line"),
    }
}

/// True if the text search receives the keys.
pub fn is_editing_find(state: &State) -> bool {
    state.focus == Pane::Details && state.details.find.as_ref().is_some_and(|find| find.editing)
}

/// A key while the text search has the keys.
pub fn find_key(state: &mut State, key: KeyPress) -> Vec<Effect> {
    let Some(find) = state.details.find.as_mut() else {
        return Vec::new();
    };
    match key.key {
        Key::Esc => state.details.find = None,
        Key::Enter => {
            find.editing = false;
            if find.input.value().is_empty() {
                state.details.find = None;
                return Vec::new();
            }
            return find_from(state, 0, 1);
        }
        _ => {
            edit::edit(&mut find.input, key);
        }
    }
    Vec::new()
}

/// To the next match, or the one before.
pub fn find_next(state: &mut State, by: isize) -> Vec<Effect> {
    find_from(state, by, by)
}

fn find_from(state: &mut State, first: isize, by: isize) -> Vec<Effect> {
    if state.details.find.is_none() {
        return message::say(state, Level::Info, "/ finds text in the details");
    }
    let matches = lines::find_matches(state);
    let from = state.details.line.saturating_add_signed(first);
    let next = if by > 0 {
        matches.iter().find(|at| **at >= from).or(matches.first())
    } else {
        matches
            .iter()
            .rev()
            .find(|at| **at <= from)
            .or(matches.last())
    };
    match next.copied() {
        Some(at) => {
            state.details.line = at;
            Vec::new()
        }
        None => message::say(state, Level::Info, "not found in the details"),
    }
}
