//! The facts of a session that every system has a place for, in words.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::action::{Action, Context};
use super::cells;
use super::detail_line::{DetailLine, LineKind};
use super::hinted;
use super::life;
use super::results::RowStatus;
use super::role::Role;
use super::sentence::sentence;
use super::source::Source;
use super::state::{Pane, State};
use super::text_wrap::{Piece, wrap_sentence};
use crate::model::text::{SHOWN_BYTES, display_safe, start_of, width_cols, with_thousands};
use crate::model::time;
use crate::model::{
    AddressClass, Deletable, Field, NO_LASTING_ID, Revoke, Session, Untrusted, exempt,
};
use crate::store::{Row, RowId};

type Lines = Vec<DetailLine>;

fn fact(field: Field, label: &str, value: &str, role: Role) -> DetailLine {
    DetailLine {
        value: vec![Piece::own(display_safe(value))],
        ..DetailLine::new(LineKind::Fact(field), label, "", role)
    }
}

fn outside(field: Field, label: &str, text: Option<&Untrusted>, missing: &str) -> DetailLine {
    match text.filter(|text| !text.is_empty()) {
        None => fact(field, label, missing, Role::Dim),
        Some(text) => {
            let (cut, note) = cut_value(text.expose());
            let mut value = Piece::of(text, cut.len());
            value.extend(note.map(Piece::note));
            DetailLine {
                value,
                ..DetailLine::new(LineKind::Fact(field), label, "", Role::Text)
            }
        }
    }
}

/// True if it stands in the right column, where there are two: times and the state.
pub(super) fn is_at_the_right(field: Field) -> bool {
    use Field::{Created, Deletable, Ended, Expires, State, Used};
    matches!(field, Created | Used | Expires | Ended | State | Deletable)
}

/// The fields that some systems never report, with their names for people.
const TOLD_BY_SOME: [(Field, &str); 7] = [
    (Field::Client, "client"),
    (Field::Ip, "IP address"),
    (Field::Created, "when it began"),
    (Field::Used, "last use"),
    (Field::Expires, "when it ends"),
    (Field::Agent, "user agent"),
    (Field::Method, "how they signed in"),
];

/// True if the field has a value, or the system normally reports it. Fields that the system never
/// reports are named once for all.
fn is_told(state: &State, row: Row<'_>, session: &Session, field: Field) -> bool {
    let may_lack = TOLD_BY_SOME.iter().any(|(known, _)| *known == field);
    let there = session.text(field).is_some() || session.instant(field).is_some();
    let kind = session.kind.as_deref();
    !may_lack || there || source_of(state, row).is_none_or(|source| source.reports(kind, field))
}

fn source_of<'a>(state: &'a State, row: Row<'_>) -> Option<&'a Source> {
    state.source(row.source())
}

/// The line that names the fields this system never reports. `None`: it reports every field that
/// usher shows.
fn untold(state: &State, row: Row<'_>, session: &Session) -> Option<DetailLine> {
    source_of(state, row)?;
    let names: Vec<&str> = TOLD_BY_SOME
        .iter()
        .filter(|(field, _)| !is_told(state, row, session, *field))
        .map(|(_, name)| *name)
        .collect();
    let text = names.join(", ");
    (!names.is_empty()).then(|| DetailLine::new(LineKind::Untold, "Not reported", &text, Role::Dim))
}

/// The part of a value that is shown, and how long it is where that is not all.
pub(super) fn cut_value(value: &str) -> (&str, Option<String>) {
    if value.len() <= SHOWN_BYTES {
        return (value, None);
    }
    let all = with_thousands(value.len() as u64);
    (
        start_of(value, SHOWN_BYTES),
        Some(format!(" … {all} bytes in all")),
    )
}

/// The facts of the left column (who and where) and of the right one (when and what state).
pub(super) fn facts(state: &State, id: RowId, row: Row<'_>, session: &Session) -> (Lines, Lines) {
    let subject = &session.subject;
    let client = session.client.as_ref();
    let kind = session
        .kind
        .as_deref()
        .filter(|_| source_of(state, row).is_some_and(Source::has_kinds));
    let mut left = vec![
        outside(Field::User, "User", subject.shown(), "(nobody)"),
        outside(Field::UserId, "User id", subject.id.as_ref(), "-"),
        session_line(state, row, session),
        outside(Field::Client, "Client", client, "(none)"),
        address(session),
    ];
    if let Some(kind) = kind {
        left.insert(2, fact(Field::Kind, "Kind", kind, Role::Text));
    }
    if let Some(scope) = scope(session) {
        let word = scope_word(state, row);
        left.push(outside(Field::Scope, &word, Some(scope), "-"));
    }
    if state.sources.len() > 1 {
        let profile = cells::cell(state, id, row, Field::Profile).text;
        left.push(fact(Field::Profile, "Profile", &profile, Role::Text));
    }
    let mut right = vec![
        instant(state, row, Field::Created, session.created),
        instant(state, row, Field::Used, session.last_used),
        instant(
            state,
            row,
            Field::Expires,
            session.expires.filter(|_| !state.results.is_over(id)),
        ),
    ];
    if session.ended.is_some() {
        right.push(instant(state, row, Field::Ended, session.ended));
    }
    right.push(state_line(state, id, row, session));
    right.extend(can_be_ended(state, id, row, session));
    let told = |line: &DetailLine| match line.kind {
        LineKind::Fact(field) => is_told(state, row, session, field),
        _ => true,
    };
    left.retain(told);
    right.retain(told);
    (left, right)
}

/// The address, and its class beside it.
fn address(session: &Session) -> DetailLine {
    let mut line = outside(Field::Ip, "IP address", session.ip.as_ref(), "-");
    let text = session.ip.as_ref().map(Untrusted::expose);
    let class = text.and_then(AddressClass::words_in);
    line.value
        .extend(class.map(|class| Piece::note(format!(" ({class})"))));
    line
}

/// Realm, organisation or tenant of a session.
fn scope(session: &Session) -> Option<&Untrusted> {
    session.scope.as_ref().or(session.subject.scope.as_ref())
}

fn scope_word(state: &State, row: Row<'_>) -> String {
    source_of(state, row).map_or_else(|| "Scope".to_owned(), Source::scope_word)
}

/// The facts that need the whole width.
pub(super) fn full(state: &State, row: Row<'_>, session: &Session) -> Lines {
    let mut lines = Vec::new();
    for (field, label, text) in [
        (Field::Agent, "Agent", &session.user_agent),
        (Field::Method, "Auth", &session.auth_method),
    ] {
        if is_told(state, row, session, field) {
            lines.push(outside(field, label, text.as_ref(), "-"));
        }
    }
    lines.extend(untold(state, row, session));
    lines
}

fn session_line(state: &State, row: Row<'_>, session: &Session) -> DetailLine {
    let reveal = state
        .source(row.source())
        .is_some_and(|source| source.profile.policy.reveal);
    let mut line = fact(Field::Id, "Session", &session.label, Role::Text);
    let key = match state.focus {
        Pane::Details => state.keymap.keys(Context::Details, Action::CopyField),
        _ => state.keymap.keys(Context::Table, Action::CopyId),
    };
    if let (true, Some(key)) = (reveal, key.first()) {
        line.value
            .push(Piece::note(format!(" ({key} copies the full id)")));
    }
    line
}

/// An instant in full, and how long ago or ahead it is.
fn instant(state: &State, row: Row<'_>, field: Field, at: Option<DateTime<Utc>>) -> DetailLine {
    let label = match field {
        Field::Created => "Created",
        Field::Used => "Last used",
        Field::Ended => "Ended",
        _ => "Expires",
    };
    let Some(at) = at else {
        return fact(field, label, "-", Role::Dim);
    };
    let exact = time::instant(at, state.zone());
    let age = time::age(Some(at), state.now_at(row.source()));
    fact(field, label, &format!("{exact}   ({age})"), Role::Text)
}

/// The word of the table, and what else is known of it: what became of a revoke, and the system's own word.
fn state_line(state: &State, id: RowId, row: Row<'_>, session: &Session) -> DetailLine {
    let (word, role) = word(state, id, row, session);
    let ended = state.results.ended_at.get(&id);
    let ended = ended.map(|at| format!("ended {}", time::clock_seconds(*at, state.zone())));
    let mut line = fact(
        Field::State,
        "State",
        ended.as_deref().unwrap_or(&word),
        role,
    );
    let status = match state.results.status(id) {
        Some(RowStatus::Refused(why) | RowStatus::Failed(why) | RowStatus::Unknown(why)) => {
            Some(why.as_str())
        }
        Some(RowStatus::StillListed) => Some("the server said yes and still lists it"),
        Some(RowStatus::NoLastingId) => Some(NO_LASTING_ID),
        Some(RowStatus::AlreadyGone) => Some("it had already gone; usher did not end it"),
        Some(RowStatus::Vanished) => Some("the list that was read last no longer has it"),
        _ => None,
    };
    if let Some(more) = status {
        line.value.push(Piece::own(" · "));
        line.value.extend(Piece::all(more));
    }
    if session.own == Some(true) {
        line.value.push(Piece::own(" · your own session"));
    }
    line
}

/// The state of a session that may have been read anew since its row was loaded.
fn word(state: &State, id: RowId, row: Row<'_>, session: &Session) -> (Cow<'static, str>, Role) {
    if state.results.status(id).is_some() {
        return cells::state_words(state, id, row);
    }
    cells::session_words(state, row.source(), &session.into())
}

/// Whether it can be ended, where the answer is no or not known. `None`: it can, or it is over.
fn can_be_ended(state: &State, id: RowId, row: Row<'_>, session: &Session) -> Option<DetailLine> {
    if state.results.is_over(id) {
        return None;
    }
    let exempt = exempt(None, session.own, &session.deletable, revoke_of(state, row));
    let (text, role) = match (exempt, &session.deletable) {
        (Some(why), _) => (format!("no: {}", why.reason()), Role::Warn),
        (None, Deletable::Unknown) => {
            let text = "unknown: the server does not say";
            (text.to_owned(), Role::Dim)
        }
        (None, _) => return None,
    };
    Some(fact(Field::Deletable, "Can be ended", &text, role))
}

/// The extent of a revoke at the source of a row. Until it is connected, as on most systems.
fn revoke_of(state: &State, row: Row<'_>) -> Revoke {
    let source = state.source(row.source());
    let kind = source.and_then(|source| source.kind(row.kind()));
    kind.map_or(Revoke::One, |kind| kind.revoke)
}

/// The life line, if it is known when the session began.
pub(super) fn life_line(
    state: &State,
    id: RowId,
    row: Row<'_>,
    session: &Session,
    width: usize,
) -> Option<DetailLine> {
    let over = state.results.is_over(id);
    let word = cells::word_at(state, row.source(), &session.into());
    let ended = state.results.ended_at.get(&id).copied();
    let ended = ended.or(session.ended);
    let life = life::life(
        &session.into(),
        ended,
        (word, over),
        state.now_at(row.source()),
        state.zone(),
        width,
    )?;
    let text = if life.line.is_empty() {
        life.words
    } else {
        format!("{} {} {}   {}", life.from, life.line, life.to, life.words)
    };
    Some(DetailLine::new(LineKind::Life, "", &text, Role::Text))
}

/// The short form of a compact screen: the sentence, the life line, and why it cannot be ended.
pub(super) fn short(
    state: &State,
    id: RowId,
    row: Row<'_>,
    session: &Session,
    width: usize,
) -> Lines {
    let mut lines = sentence_lines(state, id, row, session, width);
    // The life line keeps its place below a sentence that is long.
    lines.truncate(3);
    lines.extend(life_line(state, id, row, session, width));
    lines.extend(hinted::lines(state, id, row, session));
    lines.extend(can_be_ended(state, id, row, session));
    lines
}

/// The session in one sentence.
pub(super) fn sentence_lines(
    state: &State,
    id: RowId,
    row: Row<'_>,
    session: &Session,
    width: usize,
) -> Lines {
    let pieces = sentence(state, id, row, session);
    let line = |value| DetailLine {
        value,
        ..DetailLine::new(LineKind::Sentence, "", "", Role::Text)
    };
    let mut lines = wrap_sentence(&pieces, width);
    if let (Some(last), Some(note)) = (lines.last_mut(), others(state)) {
        let used: usize = last.iter().map(|piece| width_cols(&piece.text)).sum();
        let free = width.saturating_sub(used);
        if free >= width_cols(&note) + 2 {
            last.push(Piece::note(format!("{note:>free$}")));
        }
    }
    lines.into_iter().map(line).collect()
}

/// How many more sessions the same person has: "3 more of this person (u)".
fn others(state: &State) -> Option<String> {
    let others = state.details.others.filter(|others| others.count > 0)?;
    let count = with_thousands(others.count as u64);
    let keys = state.keymap.keys(Context::Table, Action::Person);
    let key = keys.first().map(|key| format!(" ({key})"));
    Some(format!(
        "{count} more of this person{}",
        key.unwrap_or_default()
    ))
}

/// The text that copying a fact gives, where that is more than the text on screen.
pub(super) enum Whole {
    /// The id of the session.
    Id,
    /// This text.
    Text(String),
}

/// The whole value of a fact. `None`: the text on screen is all of it.
pub(super) fn whole_value(session: &Session, field: Field) -> Option<Whole> {
    let text = match field {
        Field::Id => return Some(Whole::Id),
        Field::User => session.subject.shown().map(Untrusted::expose),
        Field::Scope => scope(session).map(Untrusted::expose),
        field => session.text(field),
    };
    let whole = text.map(str::to_owned);
    whole
        .or_else(|| session.instant(field).map(time::rfc3339))
        .map(Whole::Text)
}
