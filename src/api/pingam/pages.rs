//! Lists, one request a page: each realm, or each user in each realm, one after the other.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::filter::{self, Unit};
use super::key::AmKey;
use super::row::{self, RowSettings};
use super::server::{Facts, Server, broke_off, goes_on, item};
use super::{error, wire};
use crate::api::auth::Interact;
use crate::api::net::clean;
use crate::model::text::number_of;
use crate::model::{
    ApiError, Completeness, Cursor, PageEnd, PageRules, RowRef, RowSink, Search, Session,
    WalkProgress,
};

/// Where the next page begins, and what the pages before it leave to be told.
#[derive(Debug, Default, Serialize, Deserialize)]
struct At {
    /// Which request of the plan.
    unit: usize,
    /// How many requests the plan had; another number means that the realms have changed.
    of: usize,
    /// The server's own mark, where it hands out a list in pieces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cookie: Option<String>,
    /// How long the first list was that the server cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cut: Option<u64>,
    /// Rows of this list that came before.
    #[serde(default)]
    rows: u64,
    /// Realms that the operator may not list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refused: Vec<String>,
    /// Realms that could not be listed, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    failed: Vec<(String, String)>,
    /// True if any realm has been listed.
    #[serde(default)]
    listed: bool,
}

impl At {
    fn read(cursor: Option<&Cursor>, of: usize) -> Result<Self, ApiError> {
        let changed = || ApiError::BadQuery {
            message: "the realms of the server have changed; search again".into(),
            field: None,
            exchange: None,
        };
        let at = match cursor {
            None => Self {
                of,
                ..Self::default()
            },
            Some(cursor) => serde_json::from_str(cursor.as_str()).map_err(|_| changed())?,
        };
        if at.of == of { Ok(at) } else { Err(changed()) }
    }

    /// Goes on with the next request of the plan.
    fn step(&mut self) {
        self.unit += 1;
        self.rows = 0;
        self.cookie = None;
    }

    /// This realm failed: goes on with the next request.
    fn fail(&mut self, realm: &str, error: &ApiError) {
        let known = self.failed.iter().any(|(failed, _)| failed == realm);
        if !known {
            self.failed.push((realm.to_owned(), error.to_string()));
        }
        self.step();
    }

    fn cursor(&self) -> Cursor {
        // A struct of numbers and texts: it has no way to fail.
        Cursor::new(serde_json::to_string(self).unwrap_or_default())
    }
}

/// Reads one page into the sink: one answer, which may hold no session. A realm that fails is no page.
pub(super) async fn page(
    server: &Server,
    search: &Search,
    cursor: Option<&Cursor>,
    sink: &mut dyn RowSink,
) -> Result<PageEnd, ApiError> {
    let facts = server.facts(Interact::Allowed).await?;
    let (units, _) = filter::plan(search, Some(&facts.realms));
    let mut at = At::read(cursor, units.len())?;
    let mut unread = 0;
    let mut first = None;
    while let Some(unit) = units.get(at.unit) {
        let found = match one(server, &facts, search, unit, &mut at, sink).await {
            Ok(found) => found,
            // The others may still be listed; it is told once they are.
            Err(error) if at.of > 1 && error::is_of_realm(&error) => {
                at.fail(&unit.realm, &error);
                first.get_or_insert(error);
                AnswerCounts::default()
            }
            Err(error) => return Err(error),
        };
        unread += found.unread;
        if found.is_list && at.unit < at.of {
            return Ok(more(
                &at,
                units.iter().any(|unit| unit.user.is_some()),
                unread,
            ));
        }
    }
    match first {
        Some(error) if !at.listed => Err(error),
        _ => end(at, unread),
    }
}

/// The contents of one answer, counted.
#[derive(Clone, Copy, Default)]
struct AnswerCounts {
    /// True if it was a list, whole or in part.
    is_list: bool,
    /// Entries that are no session.
    unread: u32,
}

/// Sends one request and moves on.
async fn one(
    server: &Server,
    facts: &Facts,
    search: &Search,
    unit: &Unit,
    at: &mut At,
    sink: &mut dyn RowSink,
) -> Result<AnswerCounts, ApiError> {
    let cookie = at.cookie.take();
    let mark = cookie.as_deref().map(|c| (c, search.page_size.get()));
    let call = server.list(facts.flavour, unit, mark, Interact::Allowed)?;
    let reply = call.send().await?;
    if let Some(mut error) = reply.forgotten().filter(|_| cookie.is_some()) {
        if let ApiError::Forgotten { message, .. } = &mut error {
            *message = error::plain(message);
        }
        return Err(error);
    }
    if !reply.status.is_success() {
        match server.fault_of_list(unit, &reply) {
            // The others may still be listed; it is told once they are.
            ApiError::Forbidden { .. } if at.of > 1 => at.refused.push(unit.realm.clone()),
            error => return Err(error),
        }
        at.step();
        return Ok(AnswerCounts::default());
    }
    let page = wire::page(&reply)?;
    let rows = page.result.len();
    at.listed = true;
    at.rows += rows as u64;
    let (stopped, unread) = pour(server, facts, unit, &page, sink);
    let found = AnswerCounts {
        is_list: true,
        unread,
    };
    if let Some(error) = &page.error {
        return Err(broke_off(&reply, error));
    }
    let mark = page.paged_results_cookie.filter(|mark| !mark.is_empty());
    if stopped.is_continue() && rows > 0 && mark.is_some() && mark != cookie {
        at.cookie = mark;
        return Ok(found);
    }
    // A list that came in pieces is not cut: the server hands out all of it.
    if cookie.is_none() && mark.is_none() && facts.limit.cuts(at.rows) {
        at.cut.get_or_insert(at.rows);
    }
    at.step();
    Ok(found)
}

/// Between two requests. `of_users`: each request is about one user in one realm.
fn more(at: &At, of_users: bool, unread: u32) -> PageEnd {
    let what = if of_users { "lists" } else { "realms" };
    let walk = WalkProgress {
        done: at.unit as u64,
        of: Some(at.of as u64),
        what: what.into(),
    };
    PageEnd {
        next: Some(at.cursor()),
        total: None,
        completeness: Completeness::More,
        unread,
        walk: (at.of > 1).then_some(walk),
    }
}

/// The end of the list, with what is to be told of it.
fn end(at: At, unread: u32) -> Result<PageEnd, ApiError> {
    if !at.failed.is_empty() {
        return Err(partly(&at));
    }
    if !at.refused.is_empty() {
        let mut refused = at.refused;
        refused.dedup();
        let which = clean(&refused.join(", "));
        let message = if at.listed {
            format!("the sessions of {which} may not be listed; the others are shown")
        } else {
            format!("the sessions of {which} may not be listed")
        };
        return Err(ApiError::Forbidden {
            message,
            needs: None,
            exchange: None,
        });
    }
    Ok(PageEnd {
        next: None,
        total: None,
        completeness: match at.cut {
            Some(at) => Completeness::Truncated { at },
            None => Completeness::Complete,
        },
        unread,
        walk: None,
    })
}

/// Some realms failed, and others were listed.
fn partly(at: &At) -> ApiError {
    let failed = at.failed.iter().map(|(realm, why)| {
        let realm = clean(realm);
        format!("the sessions of {realm} could not be listed: {why}")
    });
    let refused = at.refused.iter().map(|realm| {
        let realm = clean(realm);
        format!("the sessions of {realm} may not be listed")
    });
    let told: Vec<String> = failed.chain(refused).collect();
    ApiError::Partly {
        message: format!("{}; the others are shown", told.join("; ")),
        exchange: None,
    }
}

/// Hands the rows on. An entry that is no session costs only itself: it is counted.
fn pour(
    server: &Server,
    facts: &Facts,
    unit: &Unit,
    page: &wire::Page<'_>,
    sink: &mut dyn RowSink,
) -> (ControlFlow<()>, u32) {
    let may_not = facts.may_not_revoke();
    let context = RowSettings {
        realm: &unit.realm,
        zone: server.profile.server_zone,
        own: &facts.own,
        may_not: may_not.as_deref(),
    };
    let mut unread = 0;
    for raw in &page.result {
        let Some(item) = item(raw) else {
            unread += 1;
            continue;
        };
        if sink.row(&mut row::row(&item, raw, &context)).is_break() {
            return (ControlFlow::Break(()), unread);
        }
    }
    (ControlFlow::Continue(()), unread)
}

/// Finds one session in the list in which it stands: the servers give none by its handle.
pub(super) async fn find(server: &Server, key: &AmKey) -> Result<Session, ApiError> {
    let facts = server.facts(Interact::Allowed).await?;
    let units: Vec<Unit> = match &key.home {
        Some(home) => vec![Unit {
            realm: home.realm.clone(),
            user: (!home.user.is_empty()).then(|| home.user.clone()),
            native: None,
        }],
        None => facts
            .realms
            .iter()
            .map(|realm| Unit {
                realm: realm.clone(),
                user: None,
                native: None,
            })
            .collect(),
    };
    // One that could not be read, or not asked for, may be the one that is looked for.
    let mut missing = ApiError::NotFound;
    for unit in &units {
        match in_list(server, &facts, unit, &key.handle).await {
            Ok(Looked::Found(found)) => return Ok(*found),
            Ok(Looked::Missing) => {}
            Ok(Looked::Unsure(why)) => missing = why,
            // It may still be in another realm.
            Err(error) if units.len() > 1 && error::is_of_realm(&error) => missing = error,
            Err(error) => return Err(error),
        }
    }
    Err(missing)
}

/// The result of looking for one session in one list.
enum Looked {
    Found(Box<Session>),
    Missing,
    /// It is not among the rows, and the list may not have shown all; why.
    Unsure(ApiError),
}

/// Looks for a handle in one list.
async fn in_list(
    server: &Server,
    facts: &Facts,
    unit: &Unit,
    handle: &str,
) -> Result<Looked, ApiError> {
    let mut cookie: Option<String> = None;
    let mut rules = PageRules::from(None);
    let mut looked = Looked::Missing;
    loop {
        let mark = cookie.as_deref().map(|cookie| (cookie, 100));
        let call = server.list(facts.flavour, unit, mark, Interact::Allowed)?;
        let reply = call.send().await?;
        if !reply.status.is_success() {
            return Err(server.error_of(&reply));
        }
        let page = wire::page(&reply)?;
        let mut one = One {
            handle,
            found: None,
        };
        let (_, unread) = pour(server, facts, unit, &page, &mut one);
        if let Some(found) = one.found {
            return Ok(Looked::Found(found));
        }
        if unread > 0 {
            let why = "a row could not be read".into();
            looked = Looked::Unsure(reply.unexpected("result", why));
        }
        if let Some(error) = &page.error {
            return Err(broke_off(&reply, error));
        }
        let mark = page.paged_results_cookie.filter(|mark| !mark.is_empty());
        let rows = page.result.len() as u64;
        if cookie.is_none() && mark.is_none() && facts.limit.cuts(rows) {
            let why = format!(
                "the list is cut after {}, and it is not among them",
                number_of(rows, "session")
            );
            looked = Looked::Unsure(reply.unexpected("result", why));
        }
        let Some(next) = mark.filter(|mark| Some(mark) != cookie.as_ref()) else {
            return Ok(looked);
        };
        goes_on(&mut rules, &next, &page.result)
            .map_err(|why| reply.unexpected("pagedResultsCookie", why.to_string()))?;
        cookie = Some(next);
    }
}

/// Keeps the one row that is looked for.
struct One<'a> {
    handle: &'a str,
    found: Option<Box<Session>>,
}

impl RowSink for One<'_> {
    fn row(&mut self, row: &mut RowRef<'_>) -> ControlFlow<()> {
        let rest = row.key.strip_prefix(self.handle);
        if rest.is_some_and(|rest| rest.starts_with('#')) {
            self.found = Some(Box::new(row.to_session()));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}
