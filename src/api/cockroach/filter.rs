//! From our query to conditions on the table of web sessions.

use chrono::{DateTime, Utc};
use unicode_normalization::UnicodeNormalization;

use super::key::Key;
use super::sql::{From, NOT_EXPIRED, NOT_REVOKED, REVOKED};
use super::{SQL, WEB};
use crate::model::query::{Matcher, RowIn};
use crate::model::session::Thresholds;
use crate::model::{
    ApiError, Capabilities, Clause, Field, Op, Plan, RowRef, Search, Sort, Target, Value,
};

/// A search as it goes out, and what stays here.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Native {
    /// Conditions on the row `w`, all of which must hold.
    pub(super) conditions: Vec<String>,
    /// Their parameters.
    pub(super) arguments: Vec<String>,
    /// True if the newest come first.
    pub(super) is_descending: bool,
    /// True if no web session can match, so that nothing need be asked.
    pub(super) is_empty: bool,
    /// The same for people.
    pub(super) plan: Plan,
}

impl Native {
    /// Where the list begins.
    pub(super) fn start(&self) -> From {
        if self.is_descending {
            From::Before(i64::MAX)
        } else {
            From::After(0)
        }
    }

    fn parameter(&mut self, value: String) -> String {
        self.arguments.push(value);
        format!("${}", self.arguments.len())
    }
}

/// Whether a clause is applied again to the rows that arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// No: the server lets exactly those rows through.
    Exactly,
    /// Yes: the server lets at least those rows through, or was not asked.
    Widely,
}

const BY_ID: &str = "sorted by id, which is the order of creation";
const NOT_UPDATED: &str =
    "the server does not update the time of last use: it stays that of the sign-in";
const WEB_ONLY: &str = "web sessions only; kind:sql lists the SQL sessions";

/// A user name as CockroachDB keeps it: lower case, composed characters (NFC).
/// Source: CockroachDB `pkg/security/username`.
pub(super) fn normal(name: &str) -> String {
    name.to_lowercase().nfc().collect()
}

/// Which kinds of session a search is about: web, SQL. A search that names no kind is about web sessions,
/// unless it asks for an id that only an SQL session has.
pub(super) fn kinds(search: &Search) -> Result<(bool, bool), ApiError> {
    let is_of_kind = |clause: &&Clause| clause.target == Target::Field(Field::Kind);
    let clauses: Vec<Clause> = search
        .query
        .clauses
        .iter()
        .filter(is_of_kind)
        .cloned()
        .collect();
    if clauses.is_empty() {
        let is_sql = |clause: &Clause| {
            clause.target == Target::Field(Field::Id)
                && !clause.negated
                && matches!(clause.values.as_slice(), [Value::Text(text)]
                    if matches!(Key::read(text), Some(Key::Sql(_))))
        };
        let is_sql = search.query.clauses.iter().any(is_sql);
        return Ok((!is_sql, is_sql));
    }
    let matcher = Matcher::new(&clauses, search.now, search.zone, Thresholds::default());
    let matcher = matcher.map_err(|error| ApiError::BadQuery {
        message: error.to_string(),
        field: Some(Field::Kind),
        exchange: None,
    })?;
    let has = |kind: &str| {
        let mut row = RowRef::new("", "");
        row.kind = Some(kind.into());
        let (profile, system) = ("", "");
        matcher.matches(&RowIn {
            row: &row,
            profile,
            system,
        })
    };
    Ok((has(WEB), has(SQL)))
}

/// Translates a search for web sessions.
pub(super) fn translate(search: &Search, caps: &Capabilities) -> Native {
    let mut native = Native::default();
    for clause in &search.query.clauses {
        if send(&mut native, clause, search) == Sent::Widely {
            native.plan.rest.push(clause.clone());
        }
    }
    sort(&mut native, search.sort.as_ref());
    let mut notes = caps.unreported(&search.query);
    let asks = |fields: &[Field]| {
        let of = |clause: &Clause| {
            fields
                .iter()
                .any(|&field| clause.target == Target::Field(field))
        };
        search.query.clauses.iter().any(of)
    };
    if asks(&[Field::Used, Field::Idle]) {
        notes.push(NOT_UPDATED.into());
    }
    if !asks(&[Field::Kind]) && !native.is_empty {
        notes.push(WEB_ONLY.into());
    }
    native.plan.notes.extend(notes);
    native.plan.native = readable(&native);
    native
}

/// What is sent, as a person can read it: parameters stand as quoted literals.
fn readable(native: &Native) -> String {
    if native.is_empty {
        return "nothing: no such session can exist".into();
    }
    let mut text = native.conditions.join(" AND ");
    // From the last, so that $1 is not found in $12.
    for (at, value) in native.arguments.iter().enumerate().rev() {
        text = text.replace(
            &format!("${}", at + 1),
            &format!("'{}'", value.replace('\'', "''")),
        );
    }
    if native.is_descending {
        let order = "ORDER BY w.id DESC";
        text = [text.as_str(), order].join(" ").trim_start().to_owned();
    }
    text
}

fn sort(native: &mut Native, sort: Option<&Sort>) {
    let Some(sort) = sort else { return };
    native.is_descending = match sort.by.field() {
        Some(Field::Id | Field::Created) => sort.descending,
        Some(Field::Age) => !sort.descending,
        _ => {
            let note = format!(
                "sorted by usher: the server sorts by id only, not by {}",
                sort.by.name()
            );
            native.plan.notes.push(note);
            return;
        }
    };
    if sort.by.field() != Some(Field::Id) {
        native.plan.notes.push(BY_ID.into());
    }
}

/// Adds what a clause means to the conditions.
fn send(native: &mut Native, clause: &Clause, search: &Search) -> Sent {
    let field = match &clause.target {
        Target::Field(field) => *field,
        Target::Word => return word(native, clause),
        Target::Attribute(_) => return Sent::Widely,
    };
    if clause.negated || matches!(clause.op, Op::Ne | Op::Match) {
        return Sent::Widely;
    }
    match field {
        Field::User => user(native, clause),
        Field::Id => id(native, clause),
        Field::State => state(native, clause),
        Field::Created => instant(native, "createdAt", clause, search),
        Field::Used => instant(native, "lastUsedAt", clause, search),
        Field::Expires => instant(native, "expiresAt", clause, search),
        Field::Ended => instant(native, "revokedAt", clause, search),
        _ => Sent::Widely,
    }
}

fn texts(clause: &Clause) -> Option<Vec<&str>> {
    let text = |value: &'_ Value| matches!(value, Value::Text(_));
    let all = clause.op == Op::Eq && clause.values.iter().all(text);
    all.then(|| {
        let texts = clause.values.iter().filter_map(|value| match value {
            Value::Text(text) => Some(&**text),
            _ => None,
        });
        texts.collect()
    })
}

/// A zero character is in no name of a user, and neither transport can send it.
fn user(native: &mut Native, clause: &Clause) -> Sent {
    let Some(names) = texts(clause) else {
        return Sent::Widely;
    };
    let names = names.into_iter().filter(|name| !name.contains('\0'));
    let names: Vec<String> = names.map(normal).collect();
    match names.as_slice() {
        [] => {
            native.is_empty = true;
            Sent::Exactly
        }
        [name] if name.contains('*') => {
            like(native, &like_pattern(name));
            Sent::Widely
        }
        [name] => {
            let parameter = native.parameter(name.clone());
            native.conditions.push(format!("w.username = {parameter}"));
            Sent::Exactly
        }
        several if several.iter().any(|name| name.contains('*')) => Sent::Widely,
        several => {
            let several = several.iter().cloned();
            let parameters: Vec<String> = several.map(|name| native.parameter(name)).collect();
            let list = parameters.join(", ");
            native.conditions.push(format!("w.username IN ({list})"));
            Sent::Exactly
        }
    }
}

fn like(native: &mut Native, pattern: &str) {
    let parameter = native.parameter(pattern.to_owned());
    native
        .conditions
        .push(format!("w.username LIKE {parameter}"));
}

/// A text with `*` for any characters, as a pattern of LIKE.
fn like_pattern(text: &str) -> String {
    let parts: Vec<String> = text.split('*').map(escaped).collect();
    parts.join("%")
}

/// A text as a pattern of LIKE that finds nothing but this text.
fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 4);
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

/// A word is looked for in the user, and in the id only where it can be the start of one.
fn word(native: &mut Native, clause: &Clause) -> Sent {
    let words = texts(clause).filter(|_| !clause.negated);
    if let Some([word]) = words.as_deref()
        && !word.contains('\0')
        && !word
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-')
    {
        like(native, &format!("%{}%", escaped(&normal(word))));
    }
    Sent::Widely
}

fn id(native: &mut Native, clause: &Clause) -> Sent {
    let texts = texts(clause);
    let Some([text]) = texts.as_deref() else {
        return Sent::Widely;
    };
    let Some(Key::Web(id, user)) = Key::read(text) else {
        native.is_empty = true;
        return Sent::Exactly;
    };
    native.conditions.push(format!("w.id = {id}"));
    if let Some(user) = user.filter(|user| !user.contains('\0')) {
        let parameter = native.parameter(user);
        native.conditions.push(format!("w.username = {parameter}"));
    }
    Sent::Exactly
}

/// Idle, expiring and active are told apart here.
fn state(native: &mut Native, clause: &Clause) -> Sent {
    const LIVE: [&str; 4] = ["active", "expiring", "idle", "authenticated"];
    let Some(words) = texts(clause) else {
        return Sent::Widely;
    };
    let all = |known: &[&str]| {
        let is_known = |word: &&str| known.iter().any(|known| known.eq_ignore_ascii_case(word));
        words.iter().all(is_known)
    };
    let conditions: &[&str] = if all(&LIVE) {
        &[NOT_REVOKED, NOT_EXPIRED]
    } else if all(&["expired"]) {
        &[NOT_REVOKED, "w.\"expiresAt\" <= now()::TIMESTAMP"]
    } else if all(&["revoked"]) {
        &[REVOKED]
    } else {
        &[]
    };
    native
        .conditions
        .extend(conditions.iter().map(|&text| text.to_owned()));
    Sent::Widely
}

fn instant(native: &mut Native, column: &str, clause: &Clause, search: &Search) -> Sent {
    let [Value::Instant(when)] = clause.values.as_slice() else {
        return Sent::Widely;
    };
    let at = when.at(search.now, search.zone);
    // The table keeps microseconds: the very bound is compared here.
    let bounds = match clause.op {
        Op::Lt | Op::Le => vec![("<=", at)],
        Op::Gt | Op::Ge => vec![(">=", at)],
        Op::Eq => match when.day_range(search.now, search.zone) {
            Some(day) => vec![(">=", day.start), ("<", day.end)],
            None => vec![("=", at)],
        },
        Op::Ne | Op::Match => return Sent::Widely,
    };
    if bounds.iter().any(|(_, at)| !is_writable(*at)) {
        return Sent::Widely;
    }
    for (sign, at) in bounds {
        let parameter = native.parameter(written(at));
        native
            .conditions
            .push(format!("w.\"{column}\" {sign} {parameter}::TIMESTAMP"));
    }
    Sent::Widely
}

/// SQL writes years of four digits without a sign.
fn is_writable(at: DateTime<Utc>) -> bool {
    use chrono::Datelike as _;
    (1..=9_999).contains(&at.year())
}

/// A moment as a TIMESTAMP without a zone, which in this table is UTC.
fn written(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

#[cfg(test)]
mod tests;
