//! Reading a search page by page: until its end, its limit, or a server that goes round in circles.

use std::ops::ControlFlow;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;

use crate::app::msg::Page;
use crate::model::query::Matcher;
use crate::model::text::with_thousands;
use crate::model::{
    ApiError, Brought, Completeness, Cursor, PageEnd, PageRules, RowRef, RowSink, Search,
    Thresholds,
};
use crate::runtime::profiles::Opened;
use crate::store::{ChunkBuilder, Seen, SourceId};

/// One search of one source, as far as it has come.
pub(crate) struct Reading {
    opened: Opened,
    source: SourceId,
    search: Search,
    /// What the server could not filter.
    matcher: Matcher,
    at: Option<Cursor>,
    /// What was loaded before, also by an earlier part of the same search.
    pub(crate) seen: Seen,
    rules: PageRules,
    room: usize,
}

/// What to do after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// There is another page.
    Next,
    /// That was all.
    End,
}

impl Reading {
    /// Begins at a cursor, or at the start.
    ///
    /// # Errors
    /// [`ApiError::BadQuery`] if the system cannot answer the search.
    pub(crate) fn new(
        opened: Opened,
        source: SourceId,
        search: Search,
        at: Option<Cursor>,
        seen: Seen,
    ) -> Result<Self, (Box<ApiError>, Seen)> {
        let matcher = match matcher(&opened, &search) {
            Ok(matcher) => matcher,
            Err(error) => return Err((Box::new(error), seen)),
        };
        let room = usize::try_from(opened.profile.max_rows).unwrap_or(usize::MAX);
        Ok(Self {
            rules: PageRules::from(at.as_ref()),
            opened,
            source,
            search,
            matcher,
            at,
            seen,
            room,
        })
    }

    /// Reads one page. May be dropped at any await; then `seen` is to be thrown away, since it may
    /// hold rows that nobody got.
    ///
    /// What the provider says goes into the second half; rows that came before an error are good.
    pub(crate) async fn page(&mut self) -> (Option<Page>, Result<Then, ApiError>) {
        let start = Instant::now();
        let mut sink = Cut {
            builder: ChunkBuilder::new(
                self.source,
                &self.opened.profile.name,
                &self.opened.profile.system.word,
                Some(&self.matcher),
                &mut self.seen,
                self.room,
            ),
            cut: false,
        };
        let read = self
            .opened
            .api
            .search(&self.search, self.at.as_ref(), &mut sink)
            .await;
        let Cut { builder, cut } = sink;
        let full = builder.is_full();
        let (chunk, duplicates, received) = builder.finish();
        self.room = self.room.saturating_sub(chunk.len());
        let took = start.elapsed();
        let mut end = match read {
            Ok(end) => end,
            Err(error) => {
                // The page is read again when the search goes on; what it has brought is not lost.
                let end = PageEnd {
                    next: self.at.clone(),
                    total: None,
                    completeness: Completeness::More,
                    unread: 0,
                };
                let page = Page {
                    chunk,
                    took,
                    duplicates,
                    received,
                    stopped: None,
                    end,
                };
                return ((!page.chunk.is_empty()).then_some(page), Err(error));
            }
        };
        let stopped = if cut || (full && end.next.is_some()) {
            if cut {
                end.next = self.at.clone();
            }
            let limit = with_thousands(self.opened.profile.max_rows.into());
            Some(format!(
                "stopped at {limit} rows, the max_rows of the profile; narrow the search"
            ))
        } else {
            self.stuck(&end, received, duplicates)
        };
        let then = match &end.next {
            Some(next) if stopped.is_none() => {
                self.at = Some(next.clone());
                Then::Next
            }
            _ => Then::End,
        };
        (
            Some(Page {
                chunk,
                took,
                duplicates,
                received,
                stopped,
                end,
            }),
            Ok(then),
        )
    }

    /// Does the server lead us round in circles?
    fn stuck(&mut self, end: &PageEnd, received: u32, duplicates: u32) -> Option<String> {
        let brought = Brought {
            rows: u64::from(received) + u64::from(end.unread),
            new: u64::from(received.saturating_sub(duplicates)),
        };
        let stuck = self.rules.next(end.next.as_ref()?, brought).err()?;
        Some(stuck.to_string())
    }
}

fn matcher(opened: &Opened, search: &Search) -> Result<Matcher, ApiError> {
    let plan = opened.api.plan(search)?;
    let thresholds = Thresholds {
        idle_after: span(opened.profile.idle_after),
        expiring_within: span(opened.profile.expiring_within),
    };
    Matcher::new(&plan.rest, search.now, search.zone, thresholds).map_err(|error| {
        ApiError::BadQuery {
            message: error.to_string(),
            field: None,
        }
    })
}

fn span(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

/// Remembers whether the limit cut the page.
struct Cut<'a> {
    builder: ChunkBuilder<'a>,
    cut: bool,
}

impl RowSink for Cut<'_> {
    fn row(&mut self, row: RowRef<'_>) -> ControlFlow<()> {
        let went_on = self.builder.row(row);
        self.cut |= went_on.is_break();
        went_on
    }
}
