//! A session in one sentence to read aloud, made only from what the system reports.

use chrono::TimeDelta;

use super::agent;
use super::results::RowStatus;
use super::state::State;
use super::text_wrap::Piece;
use super::watch;
use crate::model::time::{clock_seconds, duration_words};
use crate::model::{Fact, Session, Untrusted};
use crate::store::{Row, RowId};

/// Bytes of a value in the sentence; the fields below have all of it.
const VALUE: usize = 64;

/// "ada.andersson signed in 13h ago from 192.0.2.195 with portal-web, last used it 1h ago, can use it for
/// 10h more."
pub(super) fn sentence(state: &State, id: RowId, row: Row<'_>, session: &Session) -> Vec<Piece> {
    let mut pieces = vec![Piece::own(watch::begin(state, id))];
    let person = session.subject.shown().filter(|user| !user.is_empty());
    match person {
        Some(user) => value(&mut pieces, user),
        None => pieces.push(Piece::own("Somebody")),
    }
    let is_signed_in = session.fact != Fact::Unauthenticated;
    let now = state.now_at(row.source());
    let source = state.source(row.source());
    let is_connection = source
        .and_then(|source| source.kind(row.kind()))
        .is_some_and(|kind| kind.is_connection);
    let began = match session.created {
        Some(at) if !is_signed_in => format!(" began to sign in {}", ago(now - at)),
        Some(at) if is_connection => format!(" connected {}", ago(now - at)),
        Some(at) => format!(" signed in {}", ago(now - at)),
        None if !is_signed_in => " began to sign in".to_owned(),
        None => " has a session".to_owned(),
    };
    pieces.push(Piece::own(began));
    let scope = session.scope.as_ref().or(session.subject.scope.as_ref());
    let browser = session.user_agent.as_ref().map(Untrusted::expose);
    let browser = browser.and_then(agent::summary).map(Untrusted::from);
    for (word, text) in [
        (" in ", scope),
        (" from ", session.ip.as_ref()),
        (" with ", session.client.as_ref()),
        (" in ", browser.as_ref()),
        (" by ", session.auth_method.as_ref()),
    ] {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            pieces.push(Piece::own(word));
            value(&mut pieces, text);
        }
    }
    if let Some(at) = session.last_used {
        let verb = if is_signed_in {
            "last used it"
        } else {
            "last seen"
        };
        pieces.push(Piece::own(format!(", {verb} {}", ago(now - at))));
    }
    pieces.push(Piece::own(end(state, id, row, session)));
    pieces
}

/// A value from outside, cut where it would drown the sentence.
fn value(pieces: &mut Vec<Piece>, text: &Untrusted) {
    pieces.extend(Piece::of(text, VALUE));
    if text.expose().len() > VALUE {
        pieces.push(Piece::own("…"));
    }
}

/// How long ago; what a clock of a server tells as yet to come is now.
fn ago(length: TimeDelta) -> String {
    if length < TimeDelta::seconds(1) {
        "just now".to_owned()
    } else {
        format!("{} ago", duration_words(length))
    }
}

/// How the sentence ends: what became of the session, or how long it lasts.
fn end(state: &State, id: RowId, row: Row<'_>, session: &Session) -> String {
    let now = state.now_at(row.source());
    match state.results.status(id) {
        Some(RowStatus::Revoked) => {
            let at = state.results.ended_at.get(&id);
            let at = at.map(|at| format!(" at {}", clock_seconds(*at, state.zone())));
            return format!("; usher ended it{}.", at.unwrap_or_default());
        }
        Some(RowStatus::AlreadyGone) => {
            return "; it has gone, and usher did not end it.".to_owned();
        }
        Some(RowStatus::Vanished) => {
            return "; it has gone: it is no longer listed.".to_owned();
        }
        _ => {}
    }
    match (session.fact, session.ended, session.expires) {
        (_, Some(at), _) => format!("; it was ended {}.", ago(now - at)),
        (Fact::Revoked, None, _) => "; it was ended.".to_owned(),
        (_, _, Some(at)) if at <= now => format!("; it expired {}.", ago(now - at)),
        (Fact::Unauthenticated, _, Some(at)) => {
            format!(", can finish it for {} more.", duration_words(at - now))
        }
        (_, _, Some(at)) => format!(", can use it for {} more.", duration_words(at - now)),
        _ => ".".to_owned(),
    }
}
