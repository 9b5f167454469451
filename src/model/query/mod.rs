//! The query language: what the operator asks for.
//!
//! Text becomes a [`Query`] by [`Query::parse`] and text again by `Display`; a [`Matcher`] says
//! which rows it means.

mod address;
mod bound;
mod build;
mod check;
mod error;
mod eval;
mod fields;
mod own;
mod parse;
mod pattern;
mod print;
mod property;
mod row;
mod span;
#[cfg(test)]
mod tests;
mod when;
mod word;

use std::borrow::Cow;
use std::num::NonZeroU16;
use std::ops::Range;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::time::Zone;
use super::way::Way;

pub use error::QueryError;
pub use eval::{Answers, Matcher, WORD_FIELDS};
pub use fields::ValueKind;
pub use own::{Means, OwnName};
pub use property::Property;
pub use row::{RowIn, RowView, SessionIn, TextNumber};
pub use word::WordTest;

pub use super::session::{Thresholds, state_at};

/// A field of the query language and of a session. The canonical name is its `strum` text.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    enum_map::Enum,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum Field {
    /// The name people know.
    User,
    /// The id of the person as the system writes it.
    #[strum(serialize = "user.id")]
    UserId,
    /// The session's own id; exact only, never logged.
    Id,
    /// The application.
    Client,
    /// The address.
    Ip,
    /// The browser or program.
    Agent,
    /// How the person signed in.
    Method,
    /// Realm, organisation or tenant.
    Scope,
    /// The word shown for the session.
    State,
    /// When it began.
    Created,
    /// When it was last used.
    Used,
    /// When it ends by itself.
    Expires,
    /// When it was ended.
    Ended,
    /// Time since `created`.
    Age,
    /// Time since `used` (or `created`).
    Idle,
    /// Time until `expires`.
    Left,
    /// Name of the profile the row comes from.
    Profile,
    /// Name of the system the row comes from.
    System,
    /// Which kind of session, where the system has several.
    Kind,
    /// True for the operator's own session.
    Own,
    /// Whether it may be revoked.
    Deletable,
    /// Which hints the row has.
    Hint,
}

impl Field {
    /// The canonical name ("user.id").
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A conjunction of clauses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// All of them must hold. None: everything matches.
    pub clauses: Vec<Clause>,
}

/// One condition. `Debug` leaves out the value of an `id`: in some systems it is a credential.
#[derive(Clone)]
pub struct Clause {
    /// The word, field or attribute that it tests.
    pub target: Target,
    /// How it compares.
    pub op: Op,
    /// Any of these may match. Never empty.
    pub values: Vec<Value>,
    /// Written with a leading `-`.
    pub negated: bool,
    /// Where it stood in the text, in bytes. Not part of equality.
    pub at: Range<usize>,
}

impl PartialEq for Clause {
    fn eq(&self, other: &Self) -> bool {
        self.target == other.target
            && self.op == other.op
            && self.values == other.values
            && self.negated == other.negated
    }
}

/// The subject of a clause: a word, a field or an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A bare word: free text.
    Word,
    /// A field.
    Field(Field),
    /// `@name`: any other attribute the system sent, by its own name.
    Attribute(Box<str>),
}

/// How a clause compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// `:` and `=`.
    Eq,
    /// `!=`.
    Ne,
    /// `~`: regular expression.
    Match,
    /// `<`.
    Lt,
    /// `<=`.
    Le,
    /// `>`.
    Gt,
    /// `>=`.
    Ge,
}

/// The value to compare with; already checked against the type of the field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text, a word, a state, an address, yes/no/unknown: as typed, without quotes.
    Text(Box<str>),
    /// An instant.
    Instant(When),
    /// A duration.
    Duration(TimeDelta),
}

/// An instant as it was written; relative ones are settled by the search's own `now`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// Where it starts.
    pub base: Base,
    /// The time added to it (negative: earlier).
    pub offset: TimeDelta,
}

/// The fixed part of an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// The moment of the search.
    Now,
    /// Midnight at the start of the day of the search, in the zone of the configuration.
    Today,
    /// The midnight before.
    Yesterday,
    /// A date without a time of day: `=` means the whole day.
    Day(chrono::NaiveDate),
    /// A date and time without a zone: in the zone of the configuration.
    Local(NaiveDateTime),
    /// An instant with its zone.
    Exact(DateTime<Utc>),
}

/// One question. `now` is fixed when it is asked, so that `now-2h` and `state:active` mean the same
/// on every page and in every system.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// The rows to match.
    pub query: Query,
    /// In which order, if the server can.
    pub sort: Option<Sort>,
    /// Rows a page, at most what the system takes.
    pub page_size: NonZeroU16,
    /// A filter in the system's own language, sent unread; `query` is applied on top.
    pub native: Option<String>,
    /// The moment of the question.
    pub now: DateTime<Utc>,
    /// The zone of times that were typed without one, and of `today`.
    pub zone: Zone,
    /// The word of the way that was chosen among those of the plan. `None`: none was. It has no meaning
    /// where the system answers the search at once.
    pub way: Option<Cow<'static, str>>,
    /// Who wants to know.
    pub asked_by: AskedBy,
    /// Whose names of users the query holds.
    pub named_by: NamedBy,
}

impl Search {
    /// By a person, in the system's own order and the zone UTC.
    pub fn new(query: Query, page_size: NonZeroU16, now: DateTime<Utc>) -> Self {
        Self {
            query,
            sort: None,
            page_size,
            native: None,
            now,
            zone: Zone::Utc,
            way: None,
            asked_by: AskedBy::Person,
            named_by: NamedBy::Operator,
        }
    }
}

/// Whose names of users a query holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NamedBy {
    /// Those by which the operator knows people: the profile says how the system calls them.
    #[default]
    Operator,
    /// Those of the system, as its rows show them.
    System,
}

/// Who asks for a search. A client may refuse a timer what it does for a person: to connect again, or to
/// ask for a sign-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AskedBy {
    /// Somebody who waits for the answer.
    #[default]
    Person,
    /// A repeated search that nobody asked for this time.
    Timer,
}

/// An order of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: Property,
    /// True to put the largest first.
    pub descending: bool,
}

/// How one system will answer a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The request that is sent, as a person can read it. Empty: there is no filter.
    pub native: String,
    /// The clauses applied here to the rows that arrive.
    pub rest: Vec<Clause>,
    /// Remarks for the operator ("minds case", "this system does not report ip").
    pub notes: Vec<String>,
    /// The ways to choose from where the search cannot be answered at once. Empty: it can.
    pub ways: Vec<Way>,
}
