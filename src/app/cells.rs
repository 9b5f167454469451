//! The contents of table cells.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::role::Role;
use super::state::{State, TimeStyle};
use crate::model::text::mask;
use crate::model::time::{self, Zone};
use crate::model::{
    Class, Deletable, Fact, Field, Property, Session, State as Word, Thresholds, Untrusted,
    state_at,
};
use crate::store::{Row, RowId, SourceId};

/// The text of a cell and how it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    /// The text. Not cleaned where `outside` is set.
    pub text: Cow<'a, str>,
    /// How it is drawn.
    pub role: Role,
    /// True if the text comes from outside usher.
    pub outside: bool,
    /// True if the value is JSON other than a string, written as it came.
    pub is_json: bool,
}

impl<'a> Cell<'a> {
    fn own(text: impl Into<Cow<'a, str>>, role: Role) -> Self {
        Self {
            text: text.into(),
            role,
            outside: false,
            is_json: false,
        }
    }

    fn outside(text: Option<&'a Untrusted>, missing: &'static str) -> Self {
        match text.filter(|text| !text.is_empty()) {
            Some(text) => Self {
                text: Cow::Borrowed(text.expose()),
                role: Role::Text,
                outside: true,
                is_json: text.is_json(),
            },
            None => Self::own(missing, Role::Dim),
        }
    }

    /// The same of a text that is kept nowhere.
    fn made(text: Option<&Untrusted>, missing: &'static str) -> Cell<'static> {
        let cell = Cell::outside(text, missing);
        Cell {
            text: Cow::Owned(cell.text.into_owned()),
            ..cell
        }
    }
}

/// The cell of a column.
pub fn cell_of<'a>(state: &'a State, id: RowId, row: Row<'a>, what: &Property) -> Cell<'a> {
    match what {
        Property::Field(field) => cell(state, id, row, *field),
        Property::Attribute(name) => match row.attribute(name) {
            Some(one) if one.class == Class::Secret => {
                Cell::own(mask(one.value.expose()), Role::Dim)
            }
            one => Cell::made(one.as_ref().map(|one| &one.value), "-"),
        },
    }
}

/// The cell of a field.
pub fn cell<'a>(state: &'a State, id: RowId, row: Row<'a>, field: Field) -> Cell<'a> {
    let source = state.source(row.source());
    let now = state.now_at(row.source());
    let age = |at| Cell::own(age(state, at, now), Role::Dim);
    match field {
        Field::User => Cell::outside(row.person(), "(nobody)"),
        Field::UserId => Cell::outside(row.user_id(), "-"),
        Field::Id => Cell::own(row.label(), Role::Text),
        Field::Client => {
            let kind = row.kind();
            let is_reported = source.is_none_or(|source| source.reports(kind, Field::Client));
            let missing = if is_reported { "(none)" } else { "-" };
            Cell::outside(row.client(), missing)
        }
        Field::Ip => Cell::made(row.ip().as_ref(), "-"),
        Field::Agent => Cell::outside(row.user_agent(), "-"),
        Field::Method => Cell::outside(row.auth_method(), "-"),
        Field::Scope => Cell::outside(row.scope(), "-"),
        Field::Kind => Cell::own(row.kind().unwrap_or("-"), Role::Text),
        Field::State => {
            let (word, role) = state_word(state, id, row);
            Cell::own(word, role)
        }
        Field::Created => age(row.created()),
        Field::Used => age(row.last_used()),
        Field::Expires | Field::Left if state.results.is_over(id) => Cell::own("-", Role::Dim),
        Field::Expires => age(row.expires()),
        Field::Ended => age(row.ended()),
        Field::Age => length(row.created().map(|at| now - at)),
        Field::Idle => length(row.last_used().or(row.created()).map(|at| now - at)),
        Field::Left => length(row.expires().map(|at| at - now)),
        Field::Profile => Cell::own(
            source.map_or("-", |source| source.profile.name.as_str()),
            Role::Text,
        ),
        Field::System => Cell::own(
            source.map_or("-", |source| &*source.profile.system),
            Role::Text,
        ),
        Field::Own => Cell::own(yes_no(row.own()), Role::Text),
        Field::Deletable => Cell::own(
            match row.deletable() {
                Deletable::Yes => "yes",
                Deletable::No(_) | Deletable::NoLastingId => "no",
                Deletable::Unknown => "-",
            },
            Role::Text,
        ),
        Field::Hint => Cell::own("-", Role::Dim),
    }
}

fn length(length: Option<chrono::TimeDelta>) -> Cell<'static> {
    let text = length.map_or_else(
        || "-".to_owned(),
        |length| {
            if length < chrono::TimeDelta::zero() {
                "0s".to_owned()
            } else {
                time::duration_words(length)
            }
        },
    );
    Cell::own(text, Role::Dim)
}

fn yes_no(answer: Option<bool>) -> &'static str {
    match answer {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    }
}

/// An instant in the style that is chosen: an age, or a time with its zone. `-` for none.
pub fn age(state: &State, at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    match (state.prefs.time, at) {
        (TimeStyle::Age, _) | (_, None) => time::age(at, now),
        (TimeStyle::Utc, Some(at)) => time::instant_short(at, Zone::Utc),
        (TimeStyle::Local, Some(at)) => time::instant_short(at, state.prefs.local),
    }
}

/// The word of the STATE column and its role: what happened to the row since it was loaded, else its
/// state now.
pub fn state_word(state: &State, id: RowId, row: Row<'_>) -> (&'static str, Role) {
    if let Some(status) = state.results.statuses.get(&id) {
        use super::results::RowStatus;
        let source = state.source(row.source());
        let kind = source.and_then(|source| source.kind(row.kind()));
        if *status == RowStatus::Revoked && kind.is_some_and(|kind| kind.is_connection) {
            return ("ended", Role::Muted);
        }
        let role = match status {
            RowStatus::Revoking => Role::Warn,
            RowStatus::AlreadyGone => Role::Muted,
            _ => Role::Danger,
        };
        return (status.word(), role);
    }
    let word = word_of(state, row);
    (word.word(), role_of(word))
}

/// The state of a row now, by the thresholds of its profile.
pub fn word_of(state: &State, row: Row<'_>) -> Word {
    let used = row.last_used();
    word(
        state,
        row.source(),
        row.fact(),
        row.created(),
        used,
        row.expires(),
    )
}

/// The same of a session that was read anew.
pub fn word_at(state: &State, source: SourceId, session: &Session) -> Word {
    let (created, used) = (session.created, session.last_used);
    word(state, source, session.fact, created, used, session.expires)
}

fn word(
    state: &State,
    source: SourceId,
    fact: Fact,
    created: Option<DateTime<Utc>>,
    last_used: Option<DateTime<Utc>>,
    expires: Option<DateTime<Utc>>,
) -> Word {
    let thresholds = state
        .source(source)
        .map_or_else(Thresholds::default, |source| {
            source.profile.policy.thresholds
        });
    let now = state.now_at(source);
    state_at(fact, created, last_used, expires, thresholds, now)
}

/// How the word of a state is drawn.
pub fn role_of(word: Word) -> Role {
    match word {
        Word::Active => Role::Ok,
        Word::Idle | Word::Expiring => Role::Warn,
        Word::Revoked => Role::Danger,
        Word::Expired => Role::Muted,
        Word::Unauthenticated | Word::Unknown => Role::Dim,
    }
}

/// The rows on screen, each with its position in the order.
pub fn visible_rows(state: &State) -> impl Iterator<Item = (usize, RowId, Row<'_>)> {
    let top = state.results.top;
    let height = usize::from(state.layout.table_height());
    (top..top.saturating_add(height)).map_while(|position| {
        let (id, row) = state.results.at(position)?;
        Some((position, id, row))
    })
}

/// Cells of the widest state among the rows on screen.
pub fn widest_state(state: &State) -> u16 {
    visible_rows(state)
        .map(|(_, id, row)| state_word(state, id, row).0.len() as u16)
        .max()
        .unwrap_or(0)
}
