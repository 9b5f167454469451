//! The first pages of several searches, asked for at the same time and handed out one after the other.

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;

use super::SessionApi;
use crate::model::{ApiError, PageEnd, RowRef, RowSink, Search, Session};

/// First pages on their way, in the order of their searches. Those that were not handed out when this is
/// dropped are given up.
pub(super) struct FirstPages<'a>(FuturesOrdered<BoxFuture<'a, Result<FirstPage, ApiError>>>);

/// The first page of a search, read before its turn.
pub(super) struct FirstPage {
    rows: Vec<Session>,
    end: PageEnd,
}

impl<'a> FirstPages<'a> {
    /// Asks for the first page of each search, once the first one is waited for. One search alone is not
    /// asked for: who reads it asks.
    pub(super) fn of(api: &'a dyn SessionApi, searches: &[Search]) -> Self {
        let searches = if searches.len() > 1 { searches } else { &[] };
        let page = |search: Search| -> BoxFuture<'a, _> {
            Box::pin(async move {
                let mut rows = Vec::new();
                let end = api.search(&search, None, &mut rows).await?;
                Ok(FirstPage { rows, end })
            })
        };
        Self(searches.iter().cloned().map(page).collect())
    }

    /// The page of the next search. `None`: none was asked for.
    pub(super) async fn next(&mut self) -> Result<Option<FirstPage>, ApiError> {
        self.0.next().await.transpose()
    }
}

impl FirstPage {
    /// Hands the rows on, as the search itself would have done.
    pub(super) fn pour(self, sink: &mut dyn RowSink) -> PageEnd {
        for row in &self.rows {
            if sink.row(&mut RowRef::of(row)).is_break() {
                break;
            }
        }
        self.end
    }
}
