//! A walk: the users of the environment or of one organization, and then the sessions of each.
//!
//! Each page of a walk asks for some users. The list of users is read ahead of them, so that the walk
//! soon knows how many there are.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::people::PAGE;
use super::sessions::{Wanted, cut_short, end_of, forgotten, is_bad_cursor};
use super::wire::{User, listing};
use super::{Place, WorkOs, keys};
use crate::model::{ApiError, PageEnd, RowSink, WalkProgress};

/// Users of one page of a walk: about a second at the usual rate, so that rows come as they are read.
const USERS: usize = 25;
/// Pages of users that are read ahead in one page of a walk, until their list is whole.
const AHEAD: usize = 10;
/// A list of users that is older than this is read anew by a walk that begins.
const FRESH: Duration = Duration::from_secs(60);

/// Who is walked over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Crowd {
    /// All users.
    Everybody,
    /// The members of this organization, by its id.
    Members(String),
}

impl Crowd {
    /// The word for them, in the plural.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Everybody => "users",
            Self::Members(_) => "members",
        }
    }
}

/// A list of users, as far as it was read.
pub(super) struct Roster {
    crowd: Crowd,
    /// So many users come before the first one here: a walk that goes on does not read them again.
    before: u64,
    pub(super) users: Vec<Arc<User>>,
    ids: HashSet<String>,
    /// The user after whom the next page begins. `None`: the list is read from its start.
    after: Option<String>,
    pub(super) is_whole: bool,
    begun: Instant,
}

impl Roster {
    /// Nothing of a list yet.
    pub(super) fn start(crowd: Crowd) -> Self {
        Self::behind(crowd, 0, None)
    }

    /// The list behind this user, before whom so many come.
    fn behind(crowd: Crowd, before: u64, after: Option<String>) -> Self {
        Self {
            crowd,
            before,
            users: Vec::new(),
            ids: HashSet::new(),
            after,
            is_whole: false,
            begun: Instant::now(),
        }
    }

    /// Where the walk goes on in this list. `None`: the list does not reach there.
    fn index_after(&self, done: u64, last: &str) -> Option<usize> {
        let likely = usize::try_from(done.checked_sub(self.before)?).ok()?;
        let is_it = |at: usize| self.users.get(at).is_some_and(|user| user.id == last);
        if likely.checked_sub(1).is_some_and(is_it) {
            return Some(likely);
        }
        let found = self.users.iter().position(|user| user.id == last);
        found.map(|at| at + 1)
    }

    /// How many users there are. `None`: the list is not whole yet.
    pub(super) fn total(&self) -> Option<u64> {
        self.is_whole.then(|| self.before + self.users.len() as u64)
    }

    /// Reads one page more.
    pub(super) async fn grow(&mut self, api: &WorkOs) -> Result<(), ApiError> {
        let mut pairs = vec![("limit", PAGE), ("order", "asc")];
        pairs.extend(self.after.as_deref().map(|after| ("after", after)));
        if let Crowd::Members(id) = &self.crowd {
            pairs.push(("organization_id", id));
        }
        let reply = api.ask(|| api.users().query(&pairs)).await?;
        if self.after.is_some() && is_bad_cursor(&reply) {
            return Err(forgotten(&reply));
        }
        let reply = api.good(reply)?;
        let next = listing(&reply)?.after;
        let before = self.users.len();
        for user in api.users_of(&reply)? {
            if self.ids.insert(user.id.clone()) {
                self.users.push(user);
            }
        }
        let goes_on = next.is_some() && next != self.after && self.users.len() > before;
        self.is_whole = !goes_on;
        self.after = next;
        Ok(())
    }
}

/// How far a walk has come.
pub(super) fn progress(done: u64, of: Option<u64>, what: &'static str) -> WalkProgress {
    WalkProgress {
        done,
        of,
        what: Cow::Borrowed(what),
    }
}

/// Some users of a walk.
struct Chunk {
    users: Vec<Arc<User>>,
    /// How many have been walked over once these are.
    done: u64,
    /// How many there are in all, where that is known.
    of: Option<u64>,
    goes_on: bool,
}

impl WorkOs {
    /// One page of a walk: the sessions of the next users.
    pub(super) async fn walk(
        &self,
        crowd: &Crowd,
        unit: usize,
        at: Option<(u64, &str)>,
        wanted: Wanted<'_>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        let chunk = self.chunk(crowd, at).await?;
        let skips = keys::skips_never_signed_in(&self.profile);
        let mut lists = stream::iter(chunk.users.clone())
            .map(|user| async move {
                if skips && !user.has_signed_in {
                    return Ok((Vec::new(), user));
                }
                let pages = self.all_of(&user.id).await?;
                Ok::<_, ApiError>((pages, user))
            })
            .buffered(self.http.concurrency());
        let mut unread = 0;
        while let Some(list) = lists.next().await {
            let (pages, user) = list?;
            for reply in &pages {
                let (flow, odd) = self.pour(reply, Some(&user), wanted, sink)?;
                unread += odd;
                if flow.is_break() {
                    return Ok(cut_short(unread));
                }
            }
        }
        let last = chunk.users.last().filter(|_| chunk.goes_on);
        let next = last.map(|user| Place::Walk {
            unit,
            done: chunk.done,
            last: Some(user.id.clone()),
        });
        let mut end = end_of(next, unread);
        end.walk = Some(progress(chunk.done, chunk.of, crowd.word()));
        Ok(end)
    }

    /// The next users of a walk.
    async fn chunk(&self, crowd: &Crowd, at: Option<(u64, &str)>) -> Result<Chunk, ApiError> {
        let mut kept = self.roster.lock().await;
        let known = kept.take().filter(|roster| roster.crowd == *crowd);
        let (mut roster, start) = match at {
            None => {
                let fresh = known.filter(|r| r.before == 0 && r.begun.elapsed() < FRESH);
                let new = || Roster::start(crowd.clone());
                (fresh.unwrap_or_else(new), 0)
            }
            Some((done, last)) => {
                let there = known.and_then(|r| r.index_after(done, last).map(|at| (r, at)));
                there.unwrap_or_else(|| {
                    let after = Some(last.to_owned());
                    (Roster::behind(crowd.clone(), done, after), 0)
                })
            }
        };
        let ahead = if at.is_none() { 1 } else { AHEAD };
        for read in 0.. {
            let is_short = roster.users.len() <= start + USERS;
            if roster.is_whole || (read >= ahead && !is_short) {
                break;
            }
            roster.grow(self).await?;
        }
        let users: Vec<_> = roster
            .users
            .iter()
            .skip(start)
            .take(USERS)
            .cloned()
            .collect();
        let end = start + users.len();
        let chunk = Chunk {
            done: roster.before + end as u64,
            of: roster.total(),
            goes_on: end < roster.users.len(),
            users,
        };
        *kept = Some(roster);
        Ok(chunk)
    }
}
