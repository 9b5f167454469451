//! `fieldValuePair`, exactly as the server cuts it up, mistakes included.
//!
//! Source: `Util.getFieldValueMap`, `FilterOperator`, `DataUtil` and `SessionService.modifyFilter`.

use chrono::{NaiveDateTime, Timelike};

use super::options::Generation;
use super::world::{Session, World};
use crate::emulator::rng::uuid_text;

use super::render;

/// In this order; every one that occurs cuts the clause again, and the last wins.
const OPERATORS: &[(&str, Operator)] = &[
    ("=", Operator::Equal),
    ("<", Operator::AtMost),
    ("<=", Operator::AtMost),
    (">", Operator::AtLeast),
    (">=", Operator::AtLeast),
];

/// There is no "less than": both forms include the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    AtMost,
    AtLeast,
}

/// One clause, ready to be asked about a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    /// An attribute of the JSON column equals a text.
    Attribute(&'static str, String),
    /// The user's number.
    User(String),
    Sid(String),
    Id(String),
    State(String),
    SessionState(String),
    /// A time lies between the two, both included, Unix milliseconds.
    Time(Time, i64, i64),
    Deletable(bool),
    Granted(bool),
    /// Equality with no value at all: SQL finds nothing.
    Nothing,
}

/// A column with a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    Expires,
    Authenticated,
    LastUsed,
    Created,
}

impl Time {
    /// The session's value.
    pub(super) fn of(self, session: &Session) -> Option<i64> {
        match self {
            Time::Expires => session.expires_ms,
            Time::Authenticated => session.authenticated_ms,
            Time::LastUsed => session.last_used_ms,
            Time::Created => Some(session.created_ms),
        }
    }
}

/// Reads the whole parameter; all clauses must hold.
///
/// # Errors
/// The text of the exception that makes the server answer 500.
pub(super) fn parse(parameter: &str, generation: Generation) -> Result<Vec<Clause>, String> {
    // Neither trimmed nor unescaped: a comma inside a value cannot be said.
    parameter
        .split(',')
        .filter(|piece| !piece.is_empty())
        .map(|piece| parse_clause(piece, generation))
        .collect()
}

/// Whether a session passes all clauses.
pub(super) fn passes(clauses: &[Clause], world: &World, session: &Session) -> bool {
    clauses.iter().all(|clause| clause.holds(world, session))
}

fn parse_clause(piece: &str, generation: Generation) -> Result<Clause, String> {
    let known = match generation {
        Generation::New => OPERATORS,
        Generation::Y2024 | Generation::Old => &OPERATORS[..1],
    };
    let mut found = None;
    for (sign, operator) in known {
        if piece.contains(sign) {
            let mut parts = piece.split(sign);
            let field = parts.next().unwrap_or_default();
            // Only what stands before a second operator.
            let value = parts.next().filter(|value| !value.is_empty());
            found = Some((field, *operator, value));
        }
    }
    let Some((field, operator, value)) = found else {
        return Err(format!(
            "java.lang.NullPointerException: no operator in \"{piece}\""
        ));
    };
    clause(field, operator, value, generation)
}

fn clause(
    field: &str,
    operator: Operator,
    value: Option<&str>,
    generation: Generation,
) -> Result<Clause, String> {
    let kind = field_kind(field)
        .ok_or_else(|| failed_filter(&format!("{field}={}", value.unwrap_or("null"))))?;
    let Some(value) = value else {
        return Ok(Clause::Nothing);
    };
    let text = || value.to_owned();
    // Anything but "true" counts as false, with every operator.
    let truth = value.eq_ignore_ascii_case("true");
    Ok(match kind {
        Kind::Attribute(name) => Clause::Attribute(name, text()),
        Kind::User => Clause::User(text()),
        Kind::Sid => Clause::Sid(text()),
        Kind::Id => Clause::Id(text()),
        Kind::State => Clause::State(text()),
        Kind::SessionState => Clause::SessionState(text()),
        Kind::Deletable => Clause::Deletable(truth),
        Kind::Granted => Clause::Granted(truth),
        Kind::Date(_) if generation != Generation::New => {
            return Err(failed_filter(&format!("{field}={value}")));
        }
        Kind::Date(column) => time_clause(column, operator, value)?,
        // The type of these names is not known, so every operator means equality.
        Kind::RawDate(column) => {
            let (from, _) = parse_time(value)?;
            Clause::Time(column, from, from)
        }
    })
}

/// The meaning of a field name.
enum Kind {
    Attribute(&'static str),
    User,
    Sid,
    Id,
    State,
    SessionState,
    Deletable,
    Granted,
    /// A name of the Java class, whose type is known.
    Date(Time),
    /// The database's own name of a time.
    RawDate(Time),
}

/// Names are case-sensitive. Anything else is a column that does not exist.
fn field_kind(name: &str) -> Option<Kind> {
    Some(match name {
        "auth_user" => Kind::Attribute("auth_user"),
        "client_id" => Kind::Attribute("client_id"),
        "acr" => Kind::Attribute("acr"),
        "acr_values" => Kind::Attribute("acr_values"),
        "scope" => Kind::Attribute("scope"),
        "redirect_uri" => Kind::Attribute("redirect_uri"),
        "response_type" => Kind::Attribute("response_type"),
        "userDn" | "jansUsrDN" => Kind::User,
        "outsideSid" | "sid" => Kind::Sid,
        "id" | "jansId" => Kind::Id,
        "state" | "jansState" => Kind::State,
        "sessionState" | "jansSessState" => Kind::SessionState,
        "deletable" | "del" => Kind::Deletable,
        "permissionGranted" | "jansPermissionGranted" => Kind::Granted,
        "expirationDate" => Kind::Date(Time::Expires),
        "authenticationTime" => Kind::Date(Time::Authenticated),
        "lastUsedAt" => Kind::Date(Time::LastUsed),
        "creationDate" => Kind::Date(Time::Created),
        "exp" => Kind::RawDate(Time::Expires),
        "authnTime" => Kind::RawDate(Time::Authenticated),
        "jansLastAccessTime" => Kind::RawDate(Time::LastUsed),
        _ => return None,
    })
}

fn time_clause(column: Time, operator: Operator, value: &str) -> Result<Clause, String> {
    let (from, to) = parse_time(value)?;
    Ok(match operator {
        Operator::Equal => Clause::Time(column, from, to),
        Operator::AtLeast => Clause::Time(column, from, i64::MAX),
        Operator::AtMost => Clause::Time(column, i64::MIN, from),
    })
}

/// A time without zone, chosen by its length; a bare date is the whole day. An offset is thrown away; a `Z` fails.
fn parse_time(value: &str) -> Result<(i64, i64), String> {
    let undefined = || format!("java.lang.NullPointerException: no date in \"{value}\"");
    let start = match value.len() {
        10 => naive_ms(&format!("{value} 00:00:00")),
        19 | 23 => naive_ms(value),
        24.. => without_offset(value).and_then(naive_ms),
        _ => None,
    }
    .ok_or_else(undefined)?;
    let end = if value.len() == 10 {
        start + 86_400_000 - 1
    } else {
        start
    };
    Ok((start, end))
}

/// Cuts `+02:00`, `-0500` and the like off.
fn without_offset(value: &str) -> Option<&str> {
    let cut = value.rfind(['+', '-']).filter(|at| *at >= 19)?;
    let digits = value[cut + 1..].replace(':', "");
    (digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| &value[..cut])
}

/// `yyyy-MM-dd HH:mm:ss`, with `T` or a space, with or without `.SSS`.
fn naive_ms(text: &str) -> Option<i64> {
    // chrono takes shorter and longer numbers, signs and leap seconds too.
    let shape = text.bytes().map(|byte| match byte {
        b'0'..=b'9' => b'0',
        b'T' => b' ',
        other => other,
    });
    let shape = shape.collect::<Vec<_>>();
    let form = match shape.as_slice() {
        b"0000-00-00 00:00:00" => "%Y-%m-%d %H:%M:%S",
        b"0000-00-00 00:00:00.000" => "%Y-%m-%d %H:%M:%S.%3f",
        _ => return None,
    };
    let moment = NaiveDateTime::parse_from_str(&text.replace('T', " "), form).ok()?;
    (moment.nanosecond() < 1_000_000_000).then(|| moment.and_utc().timestamp_millis())
}

impl Clause {
    fn holds(&self, world: &World, session: &Session) -> bool {
        match self {
            Clause::Nothing => false,
            Clause::Attribute(name, want) => attribute(world, session, name) == Some(want.as_str()),
            Clause::User(want) => world
                .user_of(session)
                .is_some_and(|user| session.authenticated && uuid_text(user.id) == *want),
            Clause::Sid(want) => session.sid.as_deref() == Some(want.as_str()),
            Clause::Id(want) => uuid_text(session.id) == *want,
            Clause::State(want) => render::state(session) == want,
            Clause::SessionState(want) => render::session_state(session).as_ref() == Some(want),
            Clause::Time(column, from, to) => column
                .of(session)
                .is_some_and(|ms| (*from..=*to).contains(&ms)),
            Clause::Deletable(want) => session.deletable == *want,
            Clause::Granted(want) => render::permission_granted(session) == Some(*want),
        }
    }
}

/// The seven attributes that the server can search.
fn attribute<'a>(world: &'a World, session: &'a Session, name: &str) -> Option<&'a str> {
    let client = || world.client_of(session);
    match name {
        "auth_user" => world.user_of(session).map(|user| user.name.as_str()),
        "client_id" => client().map(|c| c.id.as_str()),
        "redirect_uri" => client().map(|c| c.redirect_uri.as_str()),
        "scope" => client().map(|c| c.scope.as_str()),
        "acr" => session.method,
        "acr_values" => Some(session.method.unwrap_or("simple_password_auth")),
        "response_type" => Some("code"),
        _ => None,
    }
}

/// The message that Janssen gives for columns that do not exist.
pub(super) fn failed_filter(filter: &str) -> String {
    format!(
        "io.jans.orm.exception.operation.SearchException: Failed to convert filter '(&(|(|(jansUsrDN=*)(sid=*)(jansSessAttr=*)(jansPermissionGrantedMap=*)(jansId=*)))(&({filter})))' to expression"
    )
}
