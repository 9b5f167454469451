//! The pages of a search. The page after the one that is being read may be on its way already.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use tokio_util::task::AbortOnDropHandle;

use super::error;
use super::filter::Native;
use crate::api::http::{Call, Http, Reply};
use crate::model::{ApiError, locked};

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
    ahead: Arc<Mutex<Option<Ahead>>>,
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

/// A page that was asked for before it was needed, by the search of this moment: another one must not see
/// what was so before it began.
struct Ahead {
    place: Place,
    asked: DateTime<Utc>,
    reply: AbortOnDropHandle<Result<Reply, ApiError>>,
}

impl Pages {
    pub(super) fn new(http: Http) -> Self {
        Self {
            http,
            largest: Arc::new(AtomicU32::new(LARGEST)),
            ahead: Arc::default(),
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

    /// True if a page that was asked for with this size has as many rows as the server gives.
    pub(super) fn is_full(&self, rows: usize, size: u32) -> bool {
        rows as u64 >= u64::from(size.min(self.largest.load(Ordering::Relaxed)))
    }

    /// Asks for the page that the search of this moment will need next. It replaces another one that was.
    pub(super) fn ask_ahead(&self, place: Place, asked: DateTime<Utc>) {
        let (pages, there) = (self.clone(), place.clone());
        let reply = tokio::spawn(async move { pages.ask(&there).await });
        *locked(&self.ahead) = Some(Ahead {
            place,
            asked,
            reply: AbortOnDropHandle::new(reply),
        });
    }

    /// One page of the search of this moment, as the server gives it.
    pub(super) async fn get(&self, place: &Place, asked: DateTime<Utc>) -> Result<Reply, ApiError> {
        let is_it = |ahead: &mut Ahead| ahead.asked == asked && ahead.place == *place;
        let ahead = locked(&self.ahead).take_if(is_it);
        if let Some(ahead) = ahead
            // A task that was ended from outside has no answer.
            && let Ok(reply) = ahead.reply.await
        {
            return reply;
        }
        self.ask(place).await
    }

    /// One page as the server gives it, asked for now.
    pub(super) async fn ask(&self, place: &Place) -> Result<Reply, ApiError> {
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
            let reply = self.call().then(&["search"]).query(&pairs).send().await?;
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
