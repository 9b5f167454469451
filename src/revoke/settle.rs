//! Looking what became of changes that have no end in the audit log.
//!
//! The log holds no ids, so the sessions of the same person are read and their fingerprints compared.
//! A session that is not there may have been ended by us, by somebody else or by its time: which, nobody
//! can tell, and nobody is told.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};

use super::look::{is_live, read_all, search, search_of};
use crate::api::SessionApi;
use crate::audit::{self, Audit, AuditError, Ending};
use crate::model::time::{Zone, parse_instant};
use crate::model::{
    Deletable, Fact, Field, RowRef, RowSink, Search, SessionKey, Subject, Support, Untrusted,
};

/// What a look showed of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Later {
    /// What was to be ended was not there when it was looked for.
    NotThere,
    /// It is there, and can be used.
    StillThere,
    /// The look shows neither; why, as a sentence without its full stop.
    Unclear(&'static str),
}

impl Later {
    /// What is written down. `None`: the change stays without an end.
    pub fn ending(&self) -> Option<Ending> {
        let (outcome, error) = match self {
            Self::NotThere => ("not_there", None),
            Self::StillThere => ("failed", Some("still_there")),
            Self::Unclear(_) => return None,
        };
        Some(Ending {
            outcome,
            error,
            http_status: None,
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
    changes: &[audit::Entry],
    max_rows: u32,
) -> Result<Vec<Later>, AuditError> {
    let mut lists: BTreeMap<Option<&str>, Seen> = BTreeMap::new();
    let mut answers = Vec::with_capacity(changes.len());
    for change in changes {
        if let Some(why) = cannot(change) {
            answers.push(Later::Unclear(why));
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
fn cannot(change: &audit::Entry) -> Option<&'static str> {
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
struct Seen {
    rows: Vec<Row>,
    whole: bool,
}

/// What is needed of a live row.
struct Row {
    key: SessionKey,
    /// What it was called where its id was typed.
    id: SessionKey,
    /// Names and numbers of its user. Empty: the row does not say whose it is.
    people: Vec<String>,
    scope: Option<String>,
    created: Option<DateTime<Utc>>,
    /// Has anybody signed in to it? To end all of a person's sessions is not about others.
    signed_in: bool,
    /// Is it certain that the server knows it by this id at the next reading too?
    lasting: bool,
}

/// The live sessions of a person; all there are if the person cannot be asked for, or has none by that
/// name: the log may hold a cut name, or a number in its place.
async fn list(api: &dyn SessionApi, person: Option<&str>, max_rows: u32) -> Seen {
    let subject = |name: &str| Subject {
        name: Some(Untrusted::from(name)),
        ..Subject::default()
    };
    if let Some(asked) = person.and_then(|name| search_of(api, &subject(name))) {
        let seen = read(api, &asked, max_rows).await;
        let must_name = api.caps().support(Field::User) == Support::Required;
        if must_name || !seen.rows.is_empty() || !seen.whole {
            return seen;
        }
    }
    let all = search(Vec::new());
    match api.plan(&all).is_ok() {
        true => read(api, &all, max_rows).await,
        false => Seen {
            rows: Vec::new(),
            whole: false,
        },
    }
}

async fn read(api: &dyn SessionApi, asked: &Search, max_rows: u32) -> Seen {
    let mut sink = Collect {
        rows: Vec::new(),
        now: api.server_now(),
    };
    let whole = read_all(api, asked, &mut sink, max_rows).await;
    Seen {
        rows: sink.rows,
        whole,
    }
}

struct Collect {
    rows: Vec<Row>,
    now: DateTime<Utc>,
}

impl RowSink for Collect {
    fn row(&mut self, row: RowRef<'_>) -> ControlFlow<()> {
        if is_live(&row, self.now) {
            let text = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
            self.rows.push(Row {
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

/// What the list says about this change.
fn judge(change: &audit::Entry, seen: &Seen, log: &Audit) -> Result<Later, AuditError> {
    if change.target_kind == "user" {
        return Ok(of_person(change, seen));
    }
    for row in &seen.rows {
        for name in [&row.key, &row.id] {
            let print = log.fingerprint(&change.system, name)?;
            if change.sid_h.as_deref() == Some(&print) {
                return Ok(Later::StillThere);
            }
        }
    }
    let same = |row: &&Row| is_same(change, row);
    Ok(if !seen.whole {
        Later::Unclear(NOT_WHOLE)
    } else if seen.rows.iter().filter(same).any(|row| !row.lasting) {
        Later::Unclear("a session of that user may have no lasting id, so it cannot be recognised")
    } else {
        Later::NotThere
    })
}

/// All sessions of a person that were there when it was asked.
fn of_person(change: &audit::Entry, seen: &Seen) -> Later {
    let asked = parse_instant(&change.ts, Zone::Utc);
    let mut unclear = None;
    let theirs = |row: &&Row| row.signed_in && is_same(change, row);
    for row in seen.rows.iter().filter(theirs) {
        match (row.created, asked) {
            (Some(created), Some(asked)) if created < asked => return Later::StillThere,
            (Some(_), Some(_)) => {}
            _ => unclear = Some("the server does not say since when the user's sessions are there"),
        }
    }
    match unclear {
        Some(why) => Later::Unclear(why),
        None if seen.whole => Later::NotThere,
        None => Later::Unclear(NOT_WHOLE),
    }
}

/// Could it be a session of the same person, in the same place? What is not known, could.
fn is_same(change: &audit::Entry, row: &Row) -> bool {
    let person = change.user.as_deref().map(str::to_lowercase);
    let person = person.filter(|name| !name.ends_with('…'));
    let is_person = |wanted: &String| row.people.iter().any(|one| one.to_lowercase() == *wanted);
    let scope = match (&change.scope, &row.scope) {
        (Some(wanted), Some(found)) => wanted.to_lowercase() == found.to_lowercase(),
        _ => true,
    };
    scope && (row.people.is_empty() || person.as_ref().is_none_or(is_person))
}
