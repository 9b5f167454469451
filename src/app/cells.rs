//! The contents of table cells.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, TimeDelta, Utc};

use super::columns::{self, LIFE};
use super::hinted;
use super::life::{self, Moments};
use super::results::RowStatus;
use super::role::Role;
use super::state::{State, TimeStyle};
use crate::model::text::{mask, width_cols};
use crate::model::time::{self, Zone};
use crate::model::{
    Class, Deletable, Fact, Field, Property, State as Word, Thresholds, Untrusted, state_at,
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
    let since = |at: Option<DateTime<Utc>>| match state.prefs.time {
        TimeStyle::Age => passed(at, now),
        _ => instant(at, state.zone(), now),
    };
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
            let (word, role) = state_words(state, id, row);
            Cell::own(word, role)
        }
        Field::Created => since(row.created()),
        Field::Used => since(row.last_used()),
        Field::Expires | Field::Left if is_ended(state, id, row) => Cell::own("-", Role::Dim),
        Field::Expires if state.prefs.time == TimeStyle::Age => {
            length(row.expires().map(|at| at - now))
        }
        Field::Expires => instant(row.expires(), state.zone(), now),
        Field::Ended => since(row.ended()),
        Field::Age => passed(row.created(), now),
        Field::Idle => passed(row.last_used().or(row.created()), now),
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
        Field::Hint => match hinted::hints(state, id, row) {
            none if none.is_empty() => Cell::own("-", Role::Dim),
            some => Cell::own(some.words(), Role::Warn),
        },
    }
}

/// True if the session was ended, by us or before it was loaded.
fn is_ended(state: &State, id: RowId, row: Row<'_>) -> bool {
    state.results.is_over(id) || row.fact() == Fact::Revoked
}

/// The time since a moment. One that is still to come is now: clocks differ a little.
fn passed(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Cell<'static> {
    length(at.map(|at| (now - at).max(TimeDelta::milliseconds(1))))
}

/// A length of time in one unit. Seconds are not told: they would change all new rows every second. Nor are
/// more than 99 years.
fn length(length: Option<TimeDelta>) -> Cell<'static> {
    let Some(length) = length else {
        return Cell::own("-", Role::Dim);
    };
    let text = if length > TimeDelta::days(99 * 365) {
        ">99y".to_owned()
    } else if length > TimeDelta::zero() && length < TimeDelta::minutes(1) {
        "<1m".to_owned()
    } else {
        time::duration_words(length.max(TimeDelta::zero()))
    };
    Cell::own(text, Role::Text)
}

/// An instant without its zone, which the title of the column names: of another year only the day.
fn instant(at: Option<DateTime<Utc>>, zone: Zone, now: DateTime<Utc>) -> Cell<'static> {
    let Some(at) = at else {
        return Cell::own("-", Role::Dim);
    };
    let (at, now) = (zone.reading_of(at), zone.reading_of(now));
    let form = if at.year() == now.year() {
        "%m-%d %H:%M:%S"
    } else {
        "%Y-%m-%d"
    };
    Cell::own(at.format(form).to_string(), Role::Text)
}

fn yes_no(answer: Option<bool>) -> &'static str {
    match answer {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    }
}

/// The words of the STATE column and their role: what happened to the row since it was loaded, else its
/// state now. A word comes first and says it all; the colour only calls attention to what is not usual.
pub fn state_words(state: &State, id: RowId, row: Row<'_>) -> (Cow<'static, str>, Role) {
    let Some(status) = state.results.status(id) else {
        return session_words(state, row.source(), &row.into());
    };
    let role = match status {
        RowStatus::Revoking => Role::Warn,
        RowStatus::Revoked | RowStatus::AlreadyGone | RowStatus::Vanished => Role::Muted,
        _ => Role::Danger,
    };
    let word = status.word();
    match (status, state.results.ended_at.get(&id)) {
        (RowStatus::Revoked, Some(at)) => {
            let at = time::clock(*at, state.zone());
            (format!("{word} {at}").into(), role)
        }
        _ => (word.into(), role),
    }
}

/// The same of a session to which nothing has happened since it was read.
pub fn session_words(
    state: &State,
    source: SourceId,
    session: &Moments,
) -> (Cow<'static, str>, Role) {
    let word = word_at(state, source, session);
    let now = state.now_at(source);
    let length = |length: TimeDelta| time::duration_words(length.max(TimeDelta::zero()));
    let used = session.used.or(session.created);
    let words: Cow<'static, str> = match word {
        Word::Active => "active".into(),
        Word::Idle => used.map_or("idle".into(), |at| {
            format!("idle {}", length(now - at)).into()
        }),
        Word::Expiring => match session.expires {
            Some(at) => format!("ends {}", length(at - now)).into(),
            None => "ending".into(),
        },
        Word::Revoked => ended_words(session, state.zone(), now),
        Word::Unauthenticated => "no sign-in".into(),
        other => other.word().into(),
    };
    match (session.own, word) {
        (Some(true), Word::Active) => ("own".into(), Role::Warn),
        (Some(true), word) => (format!("own, {words}").into(), role_of(word)),
        (_, word) => (words, role_of(word)),
    }
}

/// "ended 12:14" today, "ended 11-20" before; "ended" if the system does not say when.
fn ended_words(session: &Moments, zone: Zone, now: DateTime<Utc>) -> Cow<'static, str> {
    let Some(at) = session.ended else {
        return "ended".into();
    };
    if zone.date_of(at) == zone.date_of(now) {
        return format!("ended {}", time::clock(at, zone)).into();
    }
    format!("ended {}", zone.date_of(at).format("%m-%d")).into()
}

/// The state of a row now, by the thresholds of its profile.
pub fn word_of(state: &State, row: Row<'_>) -> Word {
    word_at(state, row.source(), &row.into())
}

/// The same of a session that may have been read anew.
pub fn word_at(state: &State, source: SourceId, session: &Moments) -> Word {
    let thresholds = state
        .source(source)
        .map_or_else(Thresholds::default, |source| {
            source.profile.policy.thresholds
        });
    state_at(
        session.fact,
        session.created,
        session.used,
        session.expires,
        thresholds,
        state.now_at(source),
    )
}

/// True if a session of this state is over.
pub fn is_over(word: Word) -> bool {
    matches!(word, Word::Revoked | Word::Expired)
}

/// How the word of a state is drawn.
pub fn role_of(word: Word) -> Role {
    match word {
        Word::Active => Role::Text,
        Word::Idle | Word::Expiring => Role::Warn,
        Word::Revoked | Word::Expired => Role::Muted,
        Word::Unauthenticated | Word::Unknown => Role::Dim,
    }
}

/// True if two rows show the same user, at the same place.
pub fn is_same_user(one: Row<'_>, other: Row<'_>) -> bool {
    one.source() == other.source()
        && one.person().is_some()
        && one.person() == other.person()
        && one.scope() == other.scope()
}

/// The life line in the cells of its column. Empty if it is not known when the session began.
pub fn life_bar(state: &State, id: RowId, row: Row<'_>) -> String {
    let word = word_of(state, row);
    let over = state.results.is_over(id);
    let ended = state.results.ended_at.get(&id).copied();
    let ended = ended.or(row.ended());
    let now = state.now_at(row.source());
    life::bar(&row.into(), ended, (word, over), now, usize::from(LIFE)).unwrap_or_default()
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

/// Cells of the widest value among the rows on screen, of the columns whose widest value the store does
/// not know: the state and attributes.
pub fn widest_on_screen(state: &State) -> Vec<(Property, u16)> {
    let columns = columns::all(state).into_iter().map(|column| column.what);
    let unknown = columns.filter(|what| what.field().is_none_or(|field| field == Field::State));
    let with_widest = |what: Property| {
        let cells = visible_rows(state).map(|(_, id, row)| cell_of(state, id, row, &what));
        let widest = cells.map(|cell| width_cols(&cell.text) as u16).max();
        (what, widest.unwrap_or(0))
    };
    unknown.map(with_widest).collect()
}
