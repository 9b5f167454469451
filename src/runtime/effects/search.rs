//! Reading a search for the screen: each page becomes rows of the store and a message.

use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::app::msg::RowPage;
use crate::app::{Gen, Msg};
use crate::model::{ApiError, Cursor, ReadKeys, RowRef, RowSink, Search};
use crate::reading::{Reading, Then};
use crate::runtime::profiles::Opened;
use crate::store::{ChunkBuilder, SourceId, Texts};

/// One search of one source, as far as it has come.
pub(crate) struct ScreenReading<'a> {
    source: SourceId,
    texts: Arc<Texts>,
    reading: Reading<'a>,
}

impl<'a> ScreenReading<'a> {
    /// Begins at a cursor, or at the start. `keys`: the sessions that an earlier part of the search has
    /// brought.
    ///
    /// # Errors
    /// As [`Reading::open`].
    pub(crate) async fn open(
        opened: &'a Opened,
        source: SourceId,
        search: Search,
        at: Option<Cursor>,
        keys: ReadKeys,
    ) -> Result<Self, ApiError> {
        let profile = &*opened.profile;
        let reading = Reading::open(&*opened.api, search)
            .await?
            .matching(
                &profile.name,
                &profile.system.word,
                profile.policy.thresholds,
            )?
            .limited(profile.policy.max_rows)
            .resumed(at, keys);
        Ok(Self {
            source,
            texts: Arc::default(),
            reading,
        })
    }

    /// Reads one page. May be dropped at any await; then the whole reading is to be thrown away, since
    /// it counts rows as read that nobody got.
    ///
    /// `None`: the page failed before its first row, or behind rows that were sent before it.
    async fn page(&mut self, pages: &PageSender) -> (Option<RowPage>, Then) {
        let mut rows = RowsSoFar {
            builder: ChunkBuilder::new(self.source, self.texts.clone()),
            texts: &self.texts,
            pages,
        };
        let read = self.reading.page(&mut rows).await;
        let page = RowPage {
            chunk: rows.builder.finish(),
            end: read.end,
            took: read.took,
            duplicates: read.duplicates,
            received: read.received,
            headway: read.headway,
            stopped: match &read.then {
                Then::Stopped(why) => Some(why.to_string()),
                Then::Next | Then::End | Then::Broke(_) => None,
            },
        };
        let is_lost = matches!(read.then, Then::Broke(_)) && page.chunk.is_empty();
        ((!is_lost).then_some(page), read.then)
    }

    /// The sessions that were read, for a search that goes on from here.
    pub(crate) fn into_keys(self) -> ReadKeys {
        self.reading.into_keys()
    }
}

/// Gathers the rows of a page. Those that have come when it takes another request are shown at once.
struct RowsSoFar<'a> {
    builder: ChunkBuilder,
    texts: &'a Arc<Texts>,
    pages: &'a PageSender,
}

impl RowSink for RowsSoFar<'_> {
    fn row(&mut self, row: &mut RowRef<'_>) -> ControlFlow<()> {
        self.builder.row(row)
    }

    fn so_far(&mut self) {
        if self.builder.is_empty() {
            return;
        }
        // Where the screen is behind, they come with the page.
        if let Ok(place) = self.pages.send.try_reserve() {
            let next = ChunkBuilder::new(self.pages.source, Arc::clone(self.texts));
            place.send(Msg::Rows {
                source: self.pages.source,
                generation: self.pages.generation,
                chunk: mem::replace(&mut self.builder, next).finish(),
            });
        }
    }
}

/// Where the pages of one search go.
pub(super) struct PageSender {
    pub(super) send: mpsc::Sender<Msg>,
    pub(super) source: SourceId,
    pub(super) generation: Gen,
}

impl PageSender {
    /// `false`: the screen has ended.
    pub(super) async fn send(&self, result: Result<RowPage, ApiError>) -> bool {
        let message = Msg::Page {
            source: self.source,
            generation: self.generation,
            result,
        };
        self.send.send(message).await.is_ok()
    }
}

/// Reads pages until the end. Each is sent as soon as it is there; hands back what was loaded.
pub(super) async fn read(mut reading: ScreenReading<'_>, pages: &PageSender) -> ReadKeys {
    loop {
        let (page, then) = reading.page(pages).await;
        if let Some(page) = page
            && !pages.send(Ok(page)).await
        {
            break;
        }
        match then {
            Then::Next => {}
            Then::End | Then::Stopped(_) => break,
            Then::Broke(error) => {
                pages.send(Err(error)).await;
                break;
            }
        }
    }
    reading.into_keys()
}
