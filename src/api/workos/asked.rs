//! From a query to what WorkOS can be asked: the sessions of some users, of an organization's members, of
//! everybody one by one, or the events of recent sign-ins. Pure.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::keys::EVENTS_DAYS;
use crate::model::{Clause, Field, Op, Search, Target, Value};

/// The way by events.
pub(super) const RECENT: &str = "recent";
/// The way over one organization.
pub(super) const ORGANIZATION: &str = "organization";
/// The way over all users.
pub(super) const ALL: &str = "all";
/// How the id of a user begins.
const USER_ID: &str = "user_";

/// What a query calls a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// WorkOS's own id.
    Id(String),
    /// The e-mail address.
    Email(String),
    /// The id in the customer's own system.
    External(String),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(text) | Self::Email(text) => f.write_str(text),
            Self::External(text) => write!(f, "with the external id {text}"),
        }
    }
}

/// Which lists a search needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Those of these users.
    Users(Vec<Who>),
    /// Those of the members of these organizations (ids or names).
    Members(Vec<String>),
    /// Those of all users.
    Everybody,
    /// The events since this moment.
    Recent(DateTime<Utc>),
    /// WorkOS has no list for it: a way is to be chosen.
    Nothing,
}

/// A search, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parts {
    pub(super) asked: Asked,
    /// Only sessions of these organizations (ids or names) are handed on. `None`: of any.
    pub(super) scopes: Option<Vec<String>>,
    /// What is compared with the rows that arrive.
    pub(super) rest: Vec<Clause>,
    pub(super) notes: Vec<String>,
}

/// Takes a search apart. `recent`: how far back events are read where the query names no time.
pub(super) fn parts(search: &Search, recent: TimeDelta) -> Parts {
    let by_events = search.way.as_deref() == Some(RECENT);
    let (mut users, mut scopes, mut members) = (None, None, None);
    let (mut rest, mut notes) = (Vec::new(), Vec::new());
    for clause in &search.query.clauses {
        let clause = clause.clone();
        if let Some(named) = who(&clause).filter(|_| users.is_none()) {
            if clause.target == Target::Word {
                notes.push(format!(
                    "{clause} is read as the e-mail address of one user; \"*{clause}*\" looks for the text"
                ));
                rest.push(clause);
            } else if by_events {
                rest.push(by_id(clause));
            }
            users = Some(named);
        } else if let Some(names) = plain(&clause, &Target::Field(Field::Scope))
            && scopes.is_none()
        {
            scopes = Some(names);
        } else if let Some(names) = plain(&clause, &Target::Attribute("member_of".into()))
            && members.is_none()
            && !by_events
        {
            members = Some(names);
        } else {
            rest.push(clause);
        }
    }
    let asked = if by_events {
        Asked::Recent(since(search, recent, &mut notes))
    } else if let Some(users) = users {
        Asked::Users(users)
    } else if let Some(members) = members.or_else(|| scopes.clone()) {
        Asked::Members(members)
    } else if search.way.as_deref() == Some(ALL) {
        Asked::Everybody
    } else {
        Asked::Nothing
    };
    Parts {
        asked,
        scopes,
        rest,
        notes,
    }
}

/// The users whom a clause names one by one. `None`: it names none.
fn who(clause: &Clause) -> Option<Vec<Who>> {
    let by = |target: Target, make: fn(String) -> Who| {
        let names = plain(clause, &target)?;
        Some(names.into_iter().map(make).collect())
    };
    match &clause.target {
        Target::Field(Field::User) => by(clause.target.clone(), |name| {
            if name.starts_with(USER_ID) {
                Who::Id(name)
            } else {
                Who::Email(name)
            }
        }),
        Target::Field(Field::UserId) => by(clause.target.clone(), Who::Id),
        Target::Attribute(name) if &**name == "external_id" => {
            by(clause.target.clone(), Who::External)
        }
        Target::Word => {
            let words = plain(clause, &Target::Word)?;
            let is_address = |word: &String| {
                let at = word.split_once('@');
                at.is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
            };
            let all = words.iter().all(is_address);
            all.then(|| words.into_iter().map(Who::Email).collect())
        }
        _ => None,
    }
}

/// The texts that a clause compares for equality, each once. `None`: it is another comparison, or one of
/// them is a pattern.
fn plain(clause: &Clause, target: &Target) -> Option<Vec<String>> {
    if clause.target != *target || clause.op != Op::Eq || clause.negated {
        return None;
    }
    let mut texts: Vec<String> = Vec::new();
    for value in &clause.values {
        match value {
            Value::Text(text) if !text.trim().is_empty() && !text.contains('*') => {
                let text = text.trim().to_owned();
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            _ => return None,
        }
    }
    Some(texts)
}

/// The clause on the user as one on the id, where it names ids: rows have the address as their user.
fn by_id(mut clause: Clause) -> Clause {
    if clause.texts().all(|name| name.starts_with(USER_ID)) {
        clause.target = Target::Field(Field::UserId);
    }
    clause
}

/// Where the events begin: at the latest of the times that the query names, else `recent` ago.
fn since(search: &Search, recent: TimeDelta, notes: &mut Vec<String>) -> DateTime<Utc> {
    let named = search.query.clauses.iter();
    let named = named.filter_map(|clause| begins(clause, search)).max();
    let kept = TimeDelta::days(EVENTS_DAYS as i64);
    let oldest = search.now - kept;
    if named.is_some_and(|at| at < oldest) {
        notes.push(format!(
            "WorkOS keeps events for {EVENTS_DAYS} days, so sign-ins before are not found"
        ));
    }
    named.unwrap_or(search.now - recent).max(oldest)
}

/// The moment before which a clause lets no session have begun.
fn begins(clause: &Clause, search: &Search) -> Option<DateTime<Utc>> {
    let ([value], false) = (clause.values.as_slice(), clause.negated) else {
        return None;
    };
    match (&clause.target, clause.op, value) {
        (Target::Field(Field::Created), Op::Gt | Op::Ge | Op::Eq, Value::Instant(when)) => {
            Some(when.at(search.now, search.zone))
        }
        (Target::Field(Field::Age), Op::Lt | Op::Le, Value::Duration(age)) => {
            search.now.checked_sub_signed(*age)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use super::*;
    use crate::model::Query;

    fn parts_of(query: &str, way: Option<&'static str>) -> Parts {
        let now = "2026-11-28T12:00:00Z".parse().unwrap();
        let query = Query::parse(query).unwrap();
        let search = Search {
            way: way.map(Into::into),
            ..Search::new(query, NonZeroU16::MIN, now)
        };
        parts(&search, TimeDelta::days(1))
    }

    fn email(text: &str) -> Who {
        Who::Email(text.into())
    }

    #[test]
    fn whoever_is_named_is_asked_for_at_once() {
        for (query, users) in [
            ("user:a@b.example", vec![email("a@b.example")]),
            (
                "user:a@b.example,user_1",
                vec![email("a@b.example"), Who::Id("user_1".into())],
            ),
            ("user.id:user_1", vec![Who::Id("user_1".into())]),
            ("@external_id:hr-1", vec![Who::External("hr-1".into())]),
            ("a@b.example", vec![email("a@b.example")]),
        ] {
            assert_eq!(parts_of(query, None).asked, Asked::Users(users), "{query}");
        }
        for query in [
            "user:a*",
            "-user:a@b.example",
            "user~a",
            "alice",
            "@",
            "x@y",
        ] {
            let asked = Query::parse(query).map(|_| parts_of(query, None).asked);
            assert!(
                asked.is_err() || asked == Ok(Asked::Nothing),
                "{query}: {asked:?}"
            );
        }
    }

    #[test]
    fn an_organization_is_walked_and_is_a_limit_beside_a_user() {
        let one = parts_of("org:acme method:sso", None);
        assert_eq!(one.asked, Asked::Members(vec!["acme".into()]));
        assert_eq!(one.scopes, Some(vec!["acme".into()]));
        assert_eq!(one.rest.len(), 1);

        let both = parts_of("org:acme user:a@b.example", None);
        assert_eq!(both.asked, Asked::Users(vec![email("a@b.example")]));
        assert_eq!(both.scopes, Some(vec!["acme".into()]));
        assert!(both.rest.is_empty());

        let members = parts_of("@member_of:org_1", None);
        assert_eq!(members.asked, Asked::Members(vec!["org_1".into()]));
        assert_eq!(members.scopes, None);
    }

    #[test]
    fn a_way_is_taken_where_nobody_is_named() {
        assert_eq!(parts_of("method:sso", None).asked, Asked::Nothing);
        assert_eq!(parts_of("method:sso", Some(ALL)).asked, Asked::Everybody);
        assert_eq!(parts_of("", Some(ORGANIZATION)).asked, Asked::Nothing);
        let named = parts_of("user:a@b.example", Some(ALL)).asked;
        assert_eq!(named, Asked::Users(vec![email("a@b.example")]));
    }

    #[test]
    fn events_begin_where_the_query_says_and_within_what_is_kept() {
        for (query, begins, notes) in [
            ("", "2026-11-27T12:00:00Z", 0),
            ("created>now-3d", "2026-11-25T12:00:00Z", 0),
            ("age<2h", "2026-11-28T10:00:00Z", 0),
            ("created>2026-11-01 age<3d", "2026-11-25T12:00:00Z", 0),
            ("created<now-3d", "2026-11-27T12:00:00Z", 0),
            ("created>2020-01-01", "2026-08-30T12:00:00Z", 1),
        ] {
            let parts = parts_of(query, Some(RECENT));
            assert_eq!(
                parts.asked,
                Asked::Recent(begins.parse().unwrap()),
                "{query}"
            );
            assert_eq!(parts.notes.len(), notes, "{query}");
        }
        let rest = parts_of("user:user_1", Some(RECENT)).rest;
        assert_eq!(rest[0].to_string(), "user.id:user_1");
    }
}
