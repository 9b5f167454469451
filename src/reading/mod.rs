//! Reads a list page by page: until its end, its limit, or a server that goes round in circles.
//!
//! The screen, the command line and revoking read lists by this loop only, so that they stop at the same
//! point and say the same. Each takes rows by a sink of its own and sees every page as it ends.

mod plan;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::Instant;

pub use plan::plan;

use crate::api::SessionApi;
use crate::model::query::{Matcher, RowIn};
use crate::model::text::number_of;
use crate::model::{
    ApiError, Brought, Completeness, Cursor, Headway, Kept, PageEnd, PageRules, Plan, ReadKeys,
    RowRef, RowSink, Search, Stuck, Thresholds, WalkProgress,
};

/// One search of one system, as far as it has come.
///
/// A reading begins at the start of the list and hands out every row that the server sends, each session
/// once. [`matching`](Self::matching), [`limited`](Self::limited) and [`resumed`](Self::resumed) change that.
pub struct Reading<'a> {
    api: &'a dyn SessionApi,
    search: Search,
    plan: Plan,
    rest: Option<Rest<'a>>,
    at: Option<Cursor>,
    /// Of the client; requests in it end with the reading.
    kept: Kept,
    keys: ReadKeys,
    rules: PageRules,
    limit: u64,
    room: u64,
    is_resumed: bool,
    /// True if the page before held rows that had come before: the server may go round in circles, so that
    /// no page is asked for ahead.
    repeats: bool,
    /// When a walk was first heard of, and how far it had come then.
    walk: Option<(Instant, u64)>,
}

/// The clauses that the server could not filter, and the values beside the row that they are
/// compared with.
struct Rest<'a> {
    matcher: Matcher,
    profile: &'a str,
    system: &'a str,
}

/// A page that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct PageRead {
    /// Rows that the server sent.
    pub received: u32,
    /// Those among them that had come before.
    pub duplicates: u32,
    /// How long it took.
    pub took: Duration,
    /// The end of the page. Where it was not read to its end, `next` is this page again.
    pub end: PageEnd,
    /// How far the walk has come that the list needs. `None`: it needs none.
    pub headway: Option<Headway>,
    /// How the reading goes on.
    pub then: Then,
}

/// How a reading goes on after a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// There is another page.
    Next,
    /// That was the last page.
    End,
    /// No more is read, although there may be more.
    Stopped(StopReason),
    /// The page failed. The rows that came before the error are good; reading on asks for this page again.
    Broke(ApiError),
}

/// Why a reading stops before the end of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The limit of this many rows is reached.
    Limit(u64),
    /// The sink wants no more rows.
    Enough,
    /// The server goes round in circles.
    Stuck(Stuck),
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(rows) => write!(
                f,
                "stopped at {}, the max_rows of the profile; narrow the search",
                number_of(*rows, "row")
            ),
            Self::Enough => f.write_str("stopped: no more rows are wanted"),
            Self::Stuck(why) => why.fmt(f),
        }
    }
}

impl<'a> Reading<'a> {
    /// Of the whole list that the system gives for this search. Sends nothing.
    ///
    /// # Errors
    /// As [`plan`].
    pub fn new(api: &'a dyn SessionApi, search: Search) -> Result<Self, ApiError> {
        Ok(Self {
            plan: plan(api, &search)?,
            api,
            search,
            rest: None,
            at: None,
            kept: Kept::default(),
            keys: ReadKeys::default(),
            rules: PageRules::from(None),
            limit: u64::MAX,
            room: u64::MAX,
            is_resumed: false,
            repeats: false,
            walk: None,
        })
    }

    /// The same for somebody who chooses: where ways are offered, their costs are asked for first.
    ///
    /// # Errors
    /// As [`plan`]; a refused sign-in.
    pub async fn open(api: &'a dyn SessionApi, search: Search) -> Result<Self, ApiError> {
        match Self::new(api, search.clone()) {
            Err(ApiError::Incomplete { ways, .. }) if !ways.is_empty() && search.way.is_none() => {
                match api.reckon(&search).await {
                    Err(error @ ApiError::Auth { .. }) => return Err(error),
                    Err(error) => tracing::debug!(class = error.class(), "ways without a cost"),
                    Ok(()) => {}
                }
                Self::new(api, search)
            }
            known => known,
        }
    }

    /// Hands out only the rows that match the whole search, also the part of it that the server cannot
    /// answer. `profile` and `system` are the names that a query compares with. Sends nothing.
    ///
    /// # Errors
    /// [`ApiError::BadQuery`] if that part cannot be compared.
    pub fn matching(
        mut self,
        profile: &'a str,
        system: &'a str,
        thresholds: Thresholds,
    ) -> Result<Self, ApiError> {
        let rest = &self.plan.rest;
        let matcher = Matcher::new(rest, self.search.now, self.search.zone, thresholds);
        let matcher = matcher.map_err(|error| ApiError::BadQuery {
            message: error.to_string(),
            field: None,
            exchange: None,
        })?;
        self.rest = Some(Rest {
            matcher,
            profile,
            system,
        });
        Ok(self)
    }

    /// Hands out at most this many rows.
    #[must_use]
    pub fn limited(mut self, rows: u32) -> Self {
        self.limit = rows.into();
        self.room = self.limit;
        self
    }

    /// Begins at this page (`None`: at the first) and leaves out the sessions that were read before.
    #[must_use]
    pub fn resumed(mut self, at: Option<Cursor>, keys: ReadKeys) -> Self {
        self.rules = PageRules::from(at.as_ref());
        self.is_resumed = at.is_some();
        self.at = at;
        self.keys = keys;
        self
    }

    /// The sessions that were read, for a reading that goes on from here.
    pub fn into_keys(self) -> ReadKeys {
        self.keys
    }

    /// Reads the page at which the reading stands into the sink.
    ///
    /// May be dropped at any await. The rows in the sink stay good then; another call asks for the same
    /// page again and leaves them out.
    pub async fn page(&mut self, sink: &mut dyn RowSink) -> PageRead {
        // A page that is there already must not keep whoever stops the reading from doing so.
        tokio::task::yield_now().await;
        let start = Instant::now();
        let mut rows = NewRows {
            rest: self.rest.as_ref(),
            keys: &mut self.keys,
            kept: &mut self.kept,
            room: self.room,
            repeats: self.repeats,
            sink,
            received: 0,
            duplicates: 0,
            stop: None,
        };
        let read = self
            .api
            .search(&self.search, self.at.as_ref(), &mut rows)
            .await;
        let (received, duplicates, stop) = (rows.received, rows.duplicates, rows.stop);
        self.room = rows.room;
        self.repeats = duplicates > 0;
        let same = || PageEnd {
            next: self.at.clone(),
            total: None,
            completeness: Completeness::More,
            unread: 0,
            walk: None,
        };
        let (end, then) = match (read, stop) {
            (Ok(end), Some(stop)) => {
                let next = same().next;
                (PageEnd { next, ..end }, Then::Stopped(self.reason(stop)))
            }
            (Ok(end), None) => {
                let then = self.after(&end, received, duplicates);
                (end, then)
            }
            (Err(error), Some(stop)) => {
                let class = error.class();
                tracing::debug!(class, "the page failed after the last row that was wanted");
                (same(), Then::Stopped(self.reason(stop)))
            }
            (Err(error), None) => (same(), Then::Broke(error)),
        };
        if then != Then::Next {
            self.kept = Kept::default();
        }
        PageRead {
            received,
            duplicates,
            took: start.elapsed(),
            headway: end.walk.clone().map(|walk| self.headway(walk, start)),
            end,
            then,
        }
    }

    /// Reads every page into the sink. `false`: the list was not whole, or was not read to its end.
    pub async fn is_whole(&mut self, sink: &mut dyn RowSink) -> bool {
        let mut all_read = true;
        loop {
            let PageRead { end, then, .. } = self.page(sink).await;
            all_read &= end.unread == 0;
            let cut = matches!(end.completeness, Completeness::Truncated { .. });
            match then {
                Then::Next if !cut => {}
                Then::End => return all_read && !cut && end.completeness != Completeness::More,
                Then::Next | Then::Stopped(_) | Then::Broke(_) => return false,
            }
        }
    }

    /// `start`: when the page was asked for.
    fn headway(&mut self, walk: WalkProgress, start: Instant) -> Headway {
        // Of a reading that goes on in the middle only what it has done itself counts.
        let first = if self.is_resumed {
            (Instant::now(), walk.done)
        } else {
            (start, 0)
        };
        let (since, before) = *self.walk.get_or_insert(first);
        let done = walk.done.saturating_sub(before);
        Headway::new(walk, done, since.elapsed())
    }

    fn reason(&self, stop: NoMore) -> StopReason {
        match stop {
            NoMore::Room => StopReason::Limit(self.limit),
            NoMore::Wanted => StopReason::Enough,
        }
    }

    /// How to go on after a page that was read to its end.
    fn after(&mut self, end: &PageEnd, received: u32, duplicates: u32) -> Then {
        let Some(next) = &end.next else {
            return Then::End;
        };
        if self.room == 0 {
            return Then::Stopped(StopReason::Limit(self.limit));
        }
        let brought = Brought {
            rows: u64::from(received) + u64::from(end.unread),
            new: u64::from(received - duplicates),
            walk: end.walk.clone(),
        };
        match self.rules.next(next, brought) {
            Ok(()) => {
                self.at = Some(next.clone());
                Then::Next
            }
            Err(stuck) => Then::Stopped(StopReason::Stuck(stuck)),
        }
    }
}

/// Why a page is not read to its end.
#[derive(Clone, Copy)]
enum NoMore {
    /// There is no room for another row.
    Room,
    /// No more rows are wanted.
    Wanted,
}

/// Hands on the rows that are new and match, as long as there is room.
struct NewRows<'a> {
    rest: Option<&'a Rest<'a>>,
    keys: &'a mut ReadKeys,
    kept: &'a mut Kept,
    room: u64,
    repeats: bool,
    sink: &'a mut dyn RowSink,
    received: u32,
    duplicates: u32,
    stop: Option<NoMore>,
}

impl NewRows<'_> {
    fn matches(&self, row: &RowRef<'_>) -> bool {
        self.rest.is_none_or(|rest| {
            rest.matcher.matches(&RowIn {
                row,
                profile: rest.profile,
                system: rest.system,
            })
        })
    }
}

impl RowSink for NewRows<'_> {
    fn room(&self) -> u64 {
        if self.repeats {
            return 0;
        }
        self.room.min(self.sink.room())
    }

    fn kept(&mut self) -> Option<&mut Kept> {
        Some(self.kept)
    }

    fn so_far(&mut self) {
        self.sink.so_far();
    }

    fn row(&mut self, row: &mut RowRef<'_>) -> ControlFlow<()> {
        if self.stop.is_some() {
            return ControlFlow::Break(());
        }
        self.received += 1;
        if !self.keys.insert(row) {
            self.duplicates += 1;
            return ControlFlow::Continue(());
        }
        let matches = self.matches(row);
        if matches && self.room == 0 {
            self.keys.remove(row);
            self.stop = Some(NoMore::Room);
            return ControlFlow::Break(());
        }
        if !matches {
            return ControlFlow::Continue(());
        }
        self.room -= 1;
        let flow = self.sink.row(row);
        if flow.is_break() {
            self.stop = Some(NoMore::Wanted);
        }
        flow
    }
}
