//! The sessions of one user: page by page, whole, and one of them.
//! Source: WorkOS API reference, "List sessions".

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::WorkOs;
use super::asked::Who;
use super::key::{Key, made_at};
use super::recent::events_call;
use super::row::{About, row};
use super::walk::progress;
use super::wire::{User, id_of, listing};
use super::{Place, error};
use crate::api::http::Reply;
use crate::model::{
    ApiError, Completeness, LimitedBy, PageEnd, RowSink, Search, Session, SessionKey,
};

/// Sessions a page at most; the most that WorkOS gives.
const LARGEST_PAGE: u16 = 100;
/// Pages of events that are looked through for a session of which only the id is known.
const EVENT_PAGES: usize = 20;
/// How far before and behind the time in an id its event may lie, in minutes.
const AROUND: i64 = 10;

/// Which rows of a list are handed on, and what they say besides.
#[derive(Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    /// Only sessions of these organizations. `None`: of any.
    pub(super) scopes: Option<&'a [String]>,
    /// The organization whose members are listed.
    pub(super) member_of: Option<&'a str>,
}

impl WorkOs {
    /// One page of the sessions of a user. `None`: there is no such user.
    async fn page_of(
        &self,
        user: &str,
        after: Option<&str>,
        size: u16,
    ) -> Result<Option<Reply>, ApiError> {
        let limit = size.clamp(1, LARGEST_PAGE).to_string();
        let mut pairs = vec![("limit", limit.as_str()), ("order", "desc")];
        pairs.extend(after.map(|after| ("after", after)));
        let call = || self.users().arg(user).then(&["sessions"]).query(&pairs);
        let reply = self.ask(call).await?;
        match reply.status.as_u16() {
            404 if after.is_none() && !error::is_about_address(&reply) => Ok(None),
            _ => Ok(Some(reply)),
        }
    }

    /// Every page of the sessions of a user. None if there is no such user.
    pub(super) async fn all_of(&self, user: &str) -> Result<Vec<Reply>, ApiError> {
        let (mut pages, mut after, mut seen) = (Vec::new(), None::<String>, HashSet::new());
        let mut has_restarted = false;
        loop {
            let page = self.page_of(user, after.as_deref(), LARGEST_PAGE).await?;
            let Some(reply) = page else {
                return Ok(pages);
            };
            // The session that the cursor names may have ended meanwhile.
            if after.is_some() && is_bad_cursor(&reply) && !has_restarted {
                (has_restarted, after) = (true, None);
                continue;
            }
            let reply = self.good(reply)?;
            let page = listing(&reply)?;
            let ids = page.items.iter().filter_map(|item| id_of(item));
            let new = ids.filter(|id| seen.insert(id.clone())).count();
            let next = page.after.filter(|next| Some(next) != after.as_ref());
            pages.push(reply);
            match next {
                Some(next) if new > 0 || has_restarted => after = Some(next),
                _ => return Ok(pages),
            }
        }
    }

    /// Hands the sessions of a page on. Gives how many items were none.
    pub(super) fn pour(
        &self,
        reply: &Reply,
        user: Option<&User>,
        wanted: Wanted<'_>,
        sink: &mut dyn RowSink,
    ) -> Result<(ControlFlow<()>, u32), ApiError> {
        let page = listing(reply)?;
        let about = About {
            user,
            is_of_event: false,
            member_of: wanted.member_of,
            organization: &|id| self.directory.organization(id),
        };
        let mut unread = 0;
        for item in page.items {
            let Some(mut row) = row(item, &about) else {
                unread += 1;
                continue;
            };
            if is_in(wanted.scopes, row.scope.as_deref()) && sink.row(&mut row).is_break() {
                return Ok((ControlFlow::Break(()), unread));
            }
        }
        Ok((ControlFlow::Continue(()), unread))
    }

    /// One page of the sessions of the users whom a query names.
    pub(super) async fn named(
        &self,
        names: &[Who],
        wanted: Wanted<'_>,
        search: &Search,
        at: Option<&Place>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        let (mut unit, mut user, mut after) = (0, 0, None);
        if let Some(Place::Named {
            unit: in_unit,
            user: of_user,
            after: behind,
        }) = at
        {
            (unit, user, after) = (*in_unit, *of_user, behind.as_deref());
        }
        let Some(who) = names.get(unit) else {
            return Ok(end_of(None, 0));
        };
        let known = self.directory.found(who).filter(|_| at.is_some());
        let people = match known {
            Some(known) => known,
            None => self.resolve(who).await?,
        };
        let mut unread = 0;
        let mut next = None;
        if let Some(person) = people.get(user) {
            let size = search.page_size.get();
            if let Some(reply) = self.page_of(&person.id, after, size).await? {
                if after.is_some() && is_bad_cursor(&reply) {
                    return Err(forgotten(&reply));
                }
                let reply = self.good(reply)?;
                let (flow, odd) = self.pour(&reply, Some(person), wanted, sink)?;
                unread = odd;
                if flow.is_break() {
                    return Ok(cut_short(unread));
                }
                next = listing(&reply)?.after;
                next = next.filter(|next| Some(next.as_str()) != after);
            }
        }
        let next = if next.is_some() {
            Some(Place::Named {
                unit,
                user,
                after: next,
            })
        } else {
            (unit, user) = if user + 1 < people.len() {
                (unit, user + 1)
            } else {
                (unit + 1, 0)
            };
            let after = None;
            (unit < names.len()).then_some(Place::Named { unit, user, after })
        };
        let mut end = end_of(next, unread);
        if names.len() > 1 {
            end.walk = Some(progress(unit as u64, Some(names.len() as u64), "users"));
        }
        Ok(end)
    }

    /// Reads one session from the list of its user.
    pub(super) async fn find(&self, key: &SessionKey) -> Result<Session, ApiError> {
        let key = Key::parse(key);
        let user = match key.user {
            Some(user) => user.to_owned(),
            None => self.owner_of(key.session).await?,
        };
        let person: Option<Arc<User>> = self.user(&user).await?;
        let Some(person) = person else {
            return Err(ApiError::NotFound);
        };
        let mut found: Vec<Session> = Vec::new();
        for reply in self.all_of(&person.id).await? {
            let _ = self.pour(&reply, Some(&person), Wanted::default(), &mut found)?;
        }
        let is_it = |session: &Session| session.id() == key.session;
        found.into_iter().find(is_it).ok_or(ApiError::NotFound)
    }

    /// Whose session it is, from the event of its sign-in: there is no question for the session itself.
    async fn owner_of(&self, session: &str) -> Result<String, ApiError> {
        let made = made_at(session).ok_or(ApiError::NotFound)?;
        let around = chrono::TimeDelta::minutes(AROUND);
        if made < chrono::Utc::now() - super::kept() {
            return Err(ApiError::Unsupported {
                what: "finding a session by its id alone, once its sign-in is older than 90 days (list \
                       its user)"
                    .into(),
                limit: LimitedBy::System(super::caps::SYSTEM.into()),
            });
        }
        let mut after = None::<String>;
        for _ in 0..EVENT_PAGES {
            let span = (made - around, Some(made + around));
            let reply = self
                .ask(|| events_call(self, span, after.as_deref(), "asc", None))
                .await?;
            let reply = self.good(reply)?;
            let page = super::recent::events(&reply)?;
            if let Some(owner) = page.owner_of(session) {
                return Ok(owner);
            }
            match page.after.filter(|next| Some(next) != after.as_ref()) {
                Some(next) if page.latest.is_none_or(|at| at <= made + around) => {
                    after = Some(next);
                }
                _ => break,
            }
        }
        Err(ApiError::NotFound)
    }
}

/// True if a session of this organization is wanted.
pub(super) fn is_in(scopes: Option<&[String]>, scope: Option<&str>) -> bool {
    scopes.is_none_or(|scopes| scope.is_some_and(|scope| scopes.iter().any(|one| one == scope)))
}

/// True if the server does not know the object after which a page was to begin.
pub(super) fn is_bad_cursor(reply: &Reply) -> bool {
    matches!(reply.status.as_u16(), 400 | 404 | 422)
}

/// The error for a list that cannot go on where it stopped.
pub(super) fn forgotten(reply: &Reply) -> ApiError {
    ApiError::Forgotten {
        host: reply.host.clone(),
        code: crate::model::Code::Http(reply.status.as_u16()),
        message: reply.words(),
        exchange: Some(reply.exchange.clone()),
    }
}

/// The end of a page of which no more rows are wanted.
pub(super) fn cut_short(unread: u32) -> PageEnd {
    PageEnd {
        completeness: Completeness::More,
        ..end_of(None, unread)
    }
}

/// The end of a page.
pub(super) fn end_of(next: Option<Place>, unread: u32) -> PageEnd {
    let completeness = match next {
        Some(_) => Completeness::More,
        None => Completeness::Complete,
    };
    PageEnd {
        next: next.map(|next| next.to_cursor()),
        total: None,
        completeness,
        unread,
        walk: None,
    }
}
