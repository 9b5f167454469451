//! Finds the result of changes whose end is missing in the audit log.
//!
//! The log holds no ids, so the sessions of the same person are read and their fingerprints compared.
//! A session that is not there may have been ended by us, by somebody else or by its time: which of
//! these cannot be known, so it is not claimed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};

use super::look::{is_live, must_name_people, read_all, search, search_of};
use crate::api::SessionApi;
use crate::audit::{self, Audit, AuditError, Ending};
use crate::model::time::{Zone, parse_instant};
use crate::model::{Deletable, Fact, RowRef, RowSink, Search, SessionKey, Subject, Untrusted};

/// The finding of a later look at the list about an earlier change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LateLook {
    /// The target was not there at the later look.
    NotThere,
    /// It is there, and can be used.
    StillThere,
    /// The look shows neither; why, as a sentence without its full stop.
    Unclear(&'static str),
}

impl LateLook {
    /// The line for the audit log. `None`: the change stays without an end.
    pub fn ending(&self) -> Option<Ending> {
        let (outcome, error) = match self {
            Self::NotThere => ("not_there", None),
            Self::StillThere => ("failed", Some("still_there")),
            Self::Unclear(_) => return None,
        };
        Some(Ending {
            verified_at: Some(Utc::now()),
            ..Ending::new(outcome, error)
        })
    }
}

/// Looks for what these changes of one profile were to end. The answers are in their order.
///
/// # Errors
/// [`AuditError`]: the key of the fingerprints cannot be used.
pub async fn look_later(
    api: &dyn SessionApi,
    log: &Audit,
    changes: &[audit::AuditEntry],
    max_rows: u32,
) -> Result<Vec<LateLook>, AuditError> {
    let mut lists: BTreeMap<Option<&str>, LiveRows> = BTreeMap::new();
    let mut answers = Vec::with_capacity(changes.len());
    for change in changes {
        if let Some(why) = cannot(change) {
            answers.push(LateLook::Unclear(why));
            continue;
        }
        let person = change.user.as_deref();
        let seen = match lists.entry(person) {
            Entry::Occupied(seen) => seen.into_mut(),
            Entry::Vacant(place) => place.insert(list(api, person, max_rows).await),
        };
        answers.push(judge(change, seen, log)?);
    }
    Ok(answers)
}

/// Why no look can show what became of this change. `None`: one may.
fn cannot(change: &audit::AuditEntry) -> Option<&'static str> {
    match (change.verb.as_str(), change.target_kind.as_str()) {
        ("revoke", "session") => change
            .sid_h
            .is_none()
            .then_some("the log does not say which session"),
        ("revoke", "user") => change
            .user
            .is_none()
            .then_some("the log does not say whose sessions"),
        ("revoke", _) => Some("the log does not say which sessions"),
        _ => Some("it was an action, and the list of sessions does not show what it did"),
    }
}

/// The rows that are there now.
struct LiveRows {
    rows: Vec<LiveRow>,
    whole: bool,
}

/// The needed part of a live row.
struct LiveRow {
    key: SessionKey,
    /// Its id at the time when the operator typed it.
    id: SessionKey,
    /// Names and numbers of its user. Empty: the row does not say whose it is.
    people: Vec<String>,
    scope: Option<String>,
    created: Option<DateTime<Utc>>,
    /// True if a user has signed in to it. Ending all sessions of a user leaves the others alone.
    signed_in: bool,
    /// True if its id stays the same from one reading to the next.
    lasting: bool,
}

/// The live sessions of a person; all there are if the person cannot be asked for, or has none by that
/// name: the log may hold a cut name, or a number in its place.
async fn list(api: &dyn SessionApi, person: Option<&str>, max_rows: u32) -> LiveRows {
    let subject = |name: &str| Subject {
        name: Some(Untrusted::from(name)),
        ..Subject::default()
    };
    if let Some(asked) = person.and_then(|name| search_of(api, &subject(name))) {
        let seen = read(api, &asked, max_rows).await;
        if must_name_people(api) || !seen.rows.is_empty() || !seen.whole {
            return seen;
        }
    }
    let all = search(Vec::new());
    if api.plan(&all).is_ok() {
        read(api, &all, max_rows).await
    } else {
        LiveRows {
            rows: Vec::new(),
            whole: false,
        }
    }
}

async fn read(api: &dyn SessionApi, asked: &Search, max_rows: u32) -> LiveRows {
    let mut sink = CollectLive {
        rows: Vec::new(),
        now: api.server_now(),
    };
    let whole = read_all(api, asked, &mut sink, max_rows).await;
    LiveRows {
        rows: sink.rows,
        whole,
    }
}

struct CollectLive {
    rows: Vec<LiveRow>,
    now: DateTime<Utc>,
}

impl RowSink for CollectLive {
    fn row(&mut self, row: &mut RowRef<'_>) -> ControlFlow<()> {
        if is_live(row, self.now) {
            let text = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
            self.rows.push(LiveRow {
                key: SessionKey::new(row.key.as_ref()),
                id: SessionKey::new(row.id()),
                people: text(&row.user)
                    .into_iter()
                    .chain(text(&row.user_id))
                    .collect(),
                scope: text(&row.scope),
                created: row.created,
                signed_in: row.fact != Fact::Unauthenticated,
                lasting: row.deletable == Deletable::Yes,
            });
        }
        ControlFlow::Continue(())
    }
}

const NOT_WHOLE: &str = "the server did not show the whole list";

/// Compares one change with the live rows.
fn judge(change: &audit::AuditEntry, seen: &LiveRows, log: &Audit) -> Result<LateLook, AuditError> {
    if change.target_kind == "user" {
        return Ok(of_person(change, seen));
    }
    for row in &seen.rows {
        for name in [&row.key, &row.id] {
            let print = log.fingerprint(&change.system, name)?;
            if change.sid_h.as_deref() == Some(&print) {
                return Ok(LateLook::StillThere);
            }
        }
    }
    let same = |row: &&LiveRow| is_same(change, row);
    Ok(if !seen.whole {
        LateLook::Unclear(NOT_WHOLE)
    } else if seen.rows.iter().filter(same).any(|row| !row.lasting) {
        LateLook::Unclear(
            "a session of that user may have no lasting id, so it cannot be recognised",
        )
    } else {
        LateLook::NotThere
    })
}

/// All sessions of a person that were there when it was asked.
fn of_person(change: &audit::AuditEntry, seen: &LiveRows) -> LateLook {
    let asked = parse_instant(&change.ts, Zone::Utc);
    let mut unclear = None;
    let theirs = |row: &&LiveRow| row.signed_in && is_same(change, row);
    for row in seen.rows.iter().filter(theirs) {
        match (row.created, asked) {
            (Some(created), Some(asked)) if created < asked => return LateLook::StillThere,
            (Some(_), Some(_)) => {}
            _ => unclear = Some("the server does not say since when the user's sessions are there"),
        }
    }
    match unclear {
        Some(why) => LateLook::Unclear(why),
        None if seen.whole => LateLook::NotThere,
        None => LateLook::Unclear(NOT_WHOLE),
    }
}

/// True if it may be a session of the same person and scope. A missing value matches anything.
fn is_same(change: &audit::AuditEntry, row: &LiveRow) -> bool {
    let person = change.user.as_deref().map(str::to_lowercase);
    let person = person.filter(|name| !name.ends_with('…'));
    let is_person = |wanted: &String| row.people.iter().any(|one| one.to_lowercase() == *wanted);
    let scope = match (&change.scope, &row.scope) {
        (Some(wanted), Some(found)) => wanted.to_lowercase() == found.to_lowercase(),
        _ => true,
    };
    scope && (row.people.is_empty() || person.as_ref().is_none_or(is_person))
}
