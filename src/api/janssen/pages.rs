//! The pages of a search. Those after the one that is being read may be on their way already.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio_util::task::AbortOnDropHandle;

use super::ahead::{self, Ahead, NextPage};
use super::error;
use super::filter::Native;
use crate::api::http::{Call, Http, Repeat, Reply};
use crate::model::{ApiError, Kept, RowSink};

/// The path of the sessions under the base address.
pub(super) const SESSION: [&str; 5] = [
    "jans-config-api",
    "api",
    "v1",
    "jans-auth-server",
    "session",
];
/// The largest page that a server takes unless it is set up otherwise.
pub(super) const LARGEST: u32 = 200;

/// The address of the sessions, and what is known of its pages.
#[derive(Clone)]
pub(super) struct Pages {
    pub(super) http: Http,
    /// Largest page that the server takes.
    largest: Arc<AtomicU32>,
    /// Pages that are asked for ahead at the same time, at most.
    at_once: usize,
}

/// Which page it is.
#[derive(Clone, PartialEq)]
pub(super) struct Place {
    pub(super) native: Native,
    /// The first row, from 0 on.
    pub(super) start: u64,
    /// Rows of a page.
    pub(super) size: u32,
}

impl Pages {
    pub(super) fn new(http: Http) -> Self {
        // One request is left to whoever looks at a session meanwhile.
        let at_once = http.concurrency().saturating_sub(1).clamp(1, ahead::MOST);
        Self {
            http,
            largest: Arc::new(AtomicU32::new(LARGEST)),
            at_once,
        }
    }

    /// The fixed part of the path; a base address may already hold its start.
    pub(super) fn path(&self) -> &'static [&'static str] {
        let base = self.http.base().path().trim_end_matches('/');
        if base.ends_with("/jans-config-api") {
            &SESSION[1..]
        } else {
            &SESSION
        }
    }

    pub(super) fn call(&self) -> Call<'_> {
        self.http
            .get(self.path())
            .renew_if(|reply| !error::lacks_scope(reply))
    }

    /// Rows of a page that is asked for with this size.
    fn step(&self, size: u32) -> u64 {
        size.min(self.largest.load(Ordering::Relaxed)).max(1).into()
    }

    /// Asks for the pages that a reading needs after this one. `next`: the place of the first of them; `rows`
    /// came with this page, and so many rows the server counts.
    ///
    /// A thin page that is not the last comes from a server that is in trouble: nothing is asked for ahead.
    pub(super) fn ask_ahead(
        &self,
        next: Place,
        rows: usize,
        total: Option<u64>,
        sink: &mut dyn RowSink,
    ) {
        let (rows, step) = (rows as u64, self.step(next.size));
        let wanted = sink.room();
        let Some(kept) = sink.kept().filter(|_| rows >= step && wanted > rows) else {
            return;
        };
        let end = next.start.saturating_add(wanted - rows);
        let next = NextPage {
            place: next,
            step,
            end: total.map_or(end, |total| end.min(total)),
            total,
            at_once: self.at_once,
        };
        kept.value::<Ahead>().ask(next, |place| {
            let (pages, place) = (self.clone(), place.clone());
            let reply = async move { pages.request(&place, Repeat::Ahead).await };
            AbortOnDropHandle::new(tokio::spawn(reply))
        });
    }

    /// One page, as the server gives it. `true`: it was asked for before the page in front of it had come.
    pub(super) async fn get(
        &self,
        place: &Place,
        sink: &mut dyn RowSink,
    ) -> Result<(Reply, bool), ApiError> {
        let ahead = sink.kept().map(Kept::value::<Ahead>);
        if let Some(page) = ahead.and_then(|ahead| ahead.take(place)) {
            match page.reply.await {
                Ok(Ok(reply)) if reply.status.is_success() => return Ok((reply, page.is_early)),
                // It had one try only; now it has all of them.
                _ => sink.kept().map(|kept| kept.value::<Ahead>().failed()),
            };
        }
        Ok((self.ask(place).await?, false))
    }

    /// True if the list has changed between the page before and this one with its total, so that a page that
    /// was asked for before its turn may lack rows, or hold others twice.
    pub(super) fn has_moved(total: Option<u64>, sink: &mut dyn RowSink) -> bool {
        let ahead = sink.kept().map(Kept::value::<Ahead>);
        ahead.is_some_and(|ahead| ahead.has_moved(total))
    }

    /// One page as the server gives it, asked for now.
    pub(super) async fn ask(&self, place: &Place) -> Result<Reply, ApiError> {
        self.request(place, Repeat::Read).await
    }

    async fn request(&self, place: &Place, repeat: Repeat) -> Result<Reply, ApiError> {
        let native = &place.native;
        let mut limit = place.size.min(self.largest.load(Ordering::Relaxed)).max(1);
        loop {
            let (start, count) = (place.start.to_string(), limit.to_string());
            let mut pairs = vec![("limit", count.as_str()), ("startIndex", start.as_str())];
            if !native.field_values.is_empty() {
                pairs.push(("fieldValuePair", &native.field_values));
            }
            if !native.pattern.is_empty() {
                pairs.push(("pattern", &native.pattern));
            }
            if let Some((by, order)) = native.sort {
                pairs.extend([("sortBy", by), ("sortOrder", order)]);
            }
            let call = self.call().then(&["search"]).query(&pairs).repeat(repeat);
            let reply = call.send().await?;
            match error::page_limit(&reply) {
                Some(largest) if largest < limit => {
                    self.largest.store(largest, Ordering::Relaxed);
                    limit = largest;
                }
                _ => return Ok(reply),
            }
        }
    }
}
