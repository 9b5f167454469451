//! Recent sign-ins, from events: what began in a span of time, less what was revoked since.
//!
//! Events are read newest first, so that the revoke of a session comes before its beginning. The rows are
//! what was true when the events were written; nothing tells of a session that expired or was signed out.
//! Source: WorkOS API reference, "Events"; documentation "Data syncing", events API.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;

use super::people::PAGE;
use super::row::{About, row};
use super::sessions::{Wanted, cut_short, end_of, forgotten, is_bad_cursor, is_in};
use super::walk::progress;
use super::wire::{User, listing, member};
use super::{Place, WorkOs, keys};
use crate::api::http::{Call, Reply};
use crate::api::loose::{Json, instant};
use crate::model::time::{Zone, rfc3339};
use crate::model::{ApiError, Completeness, PageEnd, RowSink, Search};

const CREATED: &str = "session.created";
const REVOKED: &str = "session.revoked";

/// A page of events.
pub(super) struct Events<'a> {
    /// Those about sessions, in the order of the server.
    items: Vec<Event<'a>>,
    /// The event after which the next page begins.
    pub(super) after: Option<String>,
    /// When the latest of all events of the page happened.
    pub(super) latest: Option<DateTime<Utc>>,
    /// When the earliest happened.
    pub(super) earliest: Option<DateTime<Utc>>,
    /// Events of every kind.
    pub(super) count: usize,
}

/// An event about a session.
struct Event<'a> {
    kind: String,
    /// The session, as it was then.
    data: &'a RawValue,
    session: String,
    user: Option<String>,
    at: Option<DateTime<Utc>>,
}

impl Events<'_> {
    /// The user of a session that one of these events is about.
    pub(super) fn owner_of(&self, session: &str) -> Option<String> {
        let found = self.items.iter().find(|event| event.session == session);
        found?.user.clone()
    }

    /// The users of these events, each once.
    pub(super) fn users(&self) -> HashSet<String> {
        let users = self.items.iter().filter(|event| event.kind == CREATED);
        users.filter_map(|event| event.user.clone()).collect()
    }
}

/// Reads a page of events. Servers were seen to send other kinds too.
pub(super) fn events(reply: &Reply) -> Result<Events<'_>, ApiError> {
    let page = listing(reply)?;
    let (mut latest, mut earliest) = (None, None);
    let count = page.items.len();
    let mut items = Vec::new();
    for item in page.items {
        let Some(object) = Json::from(item).object() else {
            continue;
        };
        let value = |name: &str| {
            let mut members = object.0.iter();
            members
                .find(|(known, _)| known == name)
                .map(|(_, raw)| *raw)
        };
        let at = value("created_at").and_then(|raw| instant(raw, Zone::Utc));
        latest = latest.max(at);
        earliest = match (earliest, at) {
            (Some(known), Some(at)) if known < at => Some(known),
            (known, at) => at.or(known),
        };
        let kind = member(&object, "event").unwrap_or_default().into_owned();
        let session = value("data").and_then(|data| {
            let session = data.object()?;
            let data = serde_json::from_str(data.get()).ok()?;
            let id = member(&session, "id")?.into_owned();
            let user = member(&session, "user_id").map(Cow::into_owned);
            Some((data, id, user))
        });
        let is_ours = kind == CREATED || kind == REVOKED;
        if let Some((data, session, user)) = session.filter(|_| is_ours) {
            items.push(Event {
                kind,
                data,
                session,
                user,
                at,
            });
        }
    }
    Ok(Events {
        items,
        after: page.after,
        latest,
        earliest,
        count,
    })
}

/// The question for a page of events. `span`: from when and to when, for the first page only: a cursor
/// stands alone.
pub(super) fn events_call<'a>(
    api: &'a WorkOs,
    span: (DateTime<Utc>, Option<DateTime<Utc>>),
    after: Option<&str>,
    order: &str,
    organization: Option<&str>,
) -> Call<'a> {
    let both = format!("{CREATED},{REVOKED}");
    let (start, end) = (rfc3339(span.0), span.1.map(rfc3339));
    let mut pairs = vec![("events", both.as_str()), ("limit", PAGE), ("order", order)];
    if !api.is_the_service() {
        // The vendor's emulators do not read the documented form.
        pairs.extend([("events[]", CREATED), ("events[]", REVOKED)]);
    }
    if let Some(after) = after {
        pairs.push(("after", after));
    } else {
        pairs.push(("range_start", &start));
        pairs.extend(end.as_deref().map(|end| ("range_end", end)));
    }
    pairs.extend(organization.map(|id| ("organization_id", id)));
    api.http.get(&["events"]).query(&pairs)
}

/// What a reading of events remembers from page to page.
#[derive(Default)]
pub(super) struct Ended {
    revoked: HashSet<String>,
}

impl WorkOs {
    /// The first page of events since then. A request may span 30 days only; older ones come by its cursor.
    pub(super) fn first_events(
        &self,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
        organization: Option<&str>,
    ) -> Call<'_> {
        let span = TimeDelta::days(keys::SPAN_DAYS as i64) - TimeDelta::minutes(1);
        let start = since.max(now - span);
        events_call(self, (start, None), None, "desc", organization)
    }

    /// One page of the sign-ins since then.
    pub(super) async fn recent(
        &self,
        since: DateTime<Utc>,
        wanted: Wanted<'_>,
        search: &Search,
        at: Option<&Place>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        let organization = match wanted.scopes {
            Some([only]) => Some(only.as_str()),
            _ => None,
        };
        let after = match at {
            Some(Place::Events { after }) => Some(after.as_str()),
            _ => None,
        };
        let call = || match after {
            None => self.first_events(since, search.now, organization),
            Some(_) => events_call(self, (since, None), after, "desc", organization),
        };
        let reply = self.ask(call).await?;
        if after.is_some() && is_bad_cursor(&reply) {
            return Err(forgotten(&reply));
        }
        let reply = self.good(reply)?;
        let page = events(&reply)?;
        let unmet = page.users().into_iter();
        self.meet(unmet.filter(|id| self.directory.lacks(id)).collect())
            .await?;
        let mut ended = self.ended.lock().await;
        if after.is_none() {
            *ended = Ended::default();
        }
        let rows = self.sign_ins(&page, since, &mut ended);
        for (event, user) in rows {
            let about = About {
                user: Some(&user),
                is_of_event: true,
                member_of: None,
                organization: &|id| self.directory.organization(id),
            };
            let Some(mut row) = row(event.data, &about) else {
                continue;
            };
            let is_over = row.expires.is_some_and(|at| at <= search.now);
            let is_wanted = !is_over && is_in(wanted.scopes, row.scope.as_deref());
            if is_wanted && sink.row(&mut row).is_break() {
                return Ok(cut_short(0));
            }
        }
        let reached = page.earliest.is_some_and(|at| at < since);
        let next = page.after.filter(|next| Some(next.as_str()) != after);
        let next = next.filter(|_| !reached && page.count > 0);
        let is_last = next.is_none();
        let mut end = end_of(next.map(|after| Place::Events { after }), 0);
        if is_last {
            end.completeness = Completeness::Unknown;
        }
        end.walk = Some(minutes(page.earliest, since, search.now, is_last));
        Ok(end)
    }

    /// The sign-ins of a page that nothing tells the end of, with their users. A user who is not there any
    /// more has no sessions.
    fn sign_ins<'e, 'a>(
        &self,
        page: &'e Events<'a>,
        since: DateTime<Utc>,
        ended: &mut Ended,
    ) -> Vec<(&'e Event<'a>, Arc<User>)> {
        for event in page.items.iter().filter(|event| event.kind == REVOKED) {
            ended.revoked.insert(event.session.clone());
        }
        let began = page.items.iter().filter(|event| event.kind == CREATED);
        let here = began.filter(|event| {
            let is_in_time = event.at.is_none_or(|at| at >= since);
            is_in_time && !ended.revoked.contains(&event.session)
        });
        here.filter_map(|event| {
            let user = self.directory.met(event.user.as_deref()?)?;
            Some((event, user))
        })
        .collect()
    }
}

/// How far back the events have come.
fn minutes(
    earliest: Option<DateTime<Utc>>,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
    is_last: bool,
) -> crate::model::WalkProgress {
    let whole = (now - since).num_minutes().max(1);
    let done = if is_last {
        whole
    } else {
        let reached = earliest.map_or(0, |at| (now - at).num_minutes());
        reached.clamp(0, whole)
    };
    progress(done as u64, Some(whole as u64), "minutes")
}
