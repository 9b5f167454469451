//! The results: rows, their order, the cursor, and what was done to them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tui_input::Input;

use super::effect::Gen;
use super::marks::Marks;
use super::others::Others;
use crate::model::{Clause, Property, Query, Session, SessionKey, Sort};
use crate::store::{Change, Changes, GroupBy, Order, Row, RowId, Rows, SourceId, UserCounts};

/// The status of a row after it was loaded. Shown in the STATE column in place of its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowStatus {
    /// Its revoke is on the way.
    Revoking,
    /// Ended by us.
    Revoked,
    /// It had already gone.
    AlreadyGone,
    /// The list that was read last no longer has it.
    Vanished,
    /// The server said yes and still lists it.
    StillListed,
    /// It cannot be ended alone: the server lists it under another id each time.
    NoLastingId,
    /// The server said no, in its words.
    Refused(String),
    /// It could not be done.
    Failed(String),
    /// Sent, and what became of it is not known: why.
    Unknown(String),
}

impl RowStatus {
    /// The word in the STATE column.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Revoking => "ending",
            Self::Revoked => "ended",
            Self::AlreadyGone | Self::Vanished => "gone",
            Self::StillListed => "still listed",
            Self::NoLastingId => "no lasting id",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
            Self::Unknown(_) => "outcome?",
        }
    }

    /// True if the session is over, as far as we know.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Revoked | Self::AlreadyGone | Self::Vanished)
    }
}

/// The filter over loaded rows, in the lower border of the table.
#[derive(Clone, Debug, Default)]
pub struct LiveFilter {
    /// The text typed.
    pub input: Input,
    /// What would complete it; empty: nothing.
    pub ghost: String,
    /// True if it receives the keys.
    pub editing: bool,
    /// Its meaning. `None`: nothing is typed, or it cannot be read yet.
    pub query: Option<Query>,
    /// Why it cannot be read.
    pub error: Option<String>,
}

/// The row under the cursor before a filter left it out: the cursor goes back to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The row.
    pub row: RowId,
    /// On which line of the table it stood, from 0 on.
    pub line: usize,
    /// Where the cursor has been put instead. Elsewhere: somebody has moved it.
    pub cursor: usize,
}

/// Where the cursor was before a reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where the session under it is.
    pub source: SourceId,
    /// Its key.
    pub key: SessionKey,
    /// Its position: the cursor goes there if the session is gone.
    pub cursor: usize,
    /// First position shown.
    pub top: usize,
    /// Its row among the new ones. `None`: it has not come yet.
    pub row: Option<RowId>,
}

/// The results pane.
#[derive(Clone, Debug)]
pub struct Results {
    /// All loaded rows of all sources.
    pub rows: Rows,
    /// Which of them are shown, in which order.
    pub order: Order,
    /// So many rows, the first ones, are in the order or filtered out of it. While it is made off the
    /// loop, rows arrive that are not.
    pub ordered: u32,
    /// The number of the order that is awaited.
    pub order_gen: Gen,
    /// True while a sort that runs outside the event loop is awaited.
    pub ordering: bool,
    /// The one order that is being made off the loop, awaited or not, and of how many rows.
    pub order_job: Option<(Gen, u32)>,
    /// The order does not show what is wanted, and is to be made anew.
    pub reorder: bool,
    /// Rows are shown in this order; while a first load runs, in order of arrival.
    pub sort: Sort,
    /// What is known of the rows by counting all of them. `None`: they were not counted yet.
    pub counted: Option<Arc<UserCounts>>,
    /// True if something has changed that they tell of.
    pub recount: bool,
    /// The number of the count that is being made, beside the orders.
    pub count_job: Option<Gen>,
    /// True if the operator chose that order.
    pub is_sort_chosen: bool,
    /// Cells of the widest state and of the widest values of attributes that were on screen since these
    /// rows began to arrive: a column does not become narrower while rows pass by.
    pub widest: HashMap<Property, u16>,
    /// True while rows are shown in order of arrival.
    pub arrival: bool,
    /// The chosen column, for `s`, `<`, `>` and `f`.
    pub column: Property,
    /// Position of the cursor in the order.
    pub cursor: usize,
    /// First position shown.
    pub top: usize,
    /// Columns scrolled away at the left.
    pub scroll: u16,
    /// The statuses of rows that have one.
    pub statuses: HashMap<RowId, RowStatus>,
    /// What became of the rows since the reading before, while the list is asked for again and again.
    pub changes: Changes,
    /// The marked sessions.
    pub marks: Marks,
    /// When we were told that a row has ended.
    pub ended_at: HashMap<RowId, DateTime<Utc>>,
    /// The query that made the rows on screen; `query` may be newer. `None`: there are none.
    pub made_by: Option<Query>,
    /// Quick filters (`f`): clauses over loaded rows.
    pub quick: Vec<Clause>,
    /// The groups that were chosen one after the other, each with the quick filters that keep its rows. They
    /// count only while those are set.
    pub drilled: Vec<(GroupBy, Vec<Clause>)>,
    /// The live filter (`&`). `None`: not open.
    pub live: Option<LiveFilter>,
    /// The query that these rows answer. `None`: nothing has been searched.
    pub query: Option<Query>,
    /// The session that the cursor shall find again after a reload.
    pub wanted: Option<Wanted>,
    /// The row under the cursor that a filter has left out since. `None`: it is shown.
    pub left_out: Option<LeftOut>,
    /// True until the first page of a new search arrives. Until then, these rows belong to the search before.
    pub stale: bool,
    /// True if the operator has moved the cursor since these rows began to arrive.
    pub touched: bool,
    /// Sessions that ended since the search now running was asked: rows that it read before still
    /// bring them.
    pub lately: HashMap<SessionKey, Lately>,
}

/// A session that has ended while rows were on their way.
#[derive(Clone, Debug)]
pub struct Lately {
    /// Where it was.
    pub source: SourceId,
    /// The status.
    pub status: RowStatus,
    /// When that was told.
    pub at: DateTime<Utc>,
}

impl Results {
    /// Nothing searched yet.
    pub fn new(sort: Sort) -> Self {
        Self {
            rows: Rows::default(),
            order: Order::default(),
            ordered: 0,
            order_gen: Gen::default(),
            ordering: false,
            order_job: None,
            reorder: false,
            column: sort.by.clone(),
            sort,
            counted: None,
            recount: false,
            count_job: None,
            is_sort_chosen: false,
            widest: HashMap::new(),
            arrival: true,
            cursor: 0,
            top: 0,
            scroll: 0,
            statuses: HashMap::new(),
            changes: Changes::default(),
            marks: Marks::default(),
            ended_at: HashMap::new(),
            made_by: None,
            quick: Vec::new(),
            drilled: Vec::new(),
            live: None,
            query: None,
            wanted: None,
            left_out: None,
            stale: false,
            touched: false,
            lately: HashMap::new(),
        }
    }

    /// The row at a position of the order.
    pub fn at(&self, position: usize) -> Option<(RowId, Row<'_>)> {
        let id = self.order.get(position)?;
        Some((id, self.rows.get(id)?))
    }

    /// The row under the cursor.
    pub fn current(&self) -> Option<(RowId, Row<'_>)> {
        self.at(self.cursor)
    }

    /// Where the cursor is, for rows that come anew. `None`: on no row.
    pub fn place(&self) -> Option<Wanted> {
        let (_, row) = self.current()?;
        Some(Wanted {
            source: row.source(),
            key: row.key(),
            cursor: self.cursor,
            top: self.top,
            row: None,
        })
    }

    /// The row of a session, wherever it is by now. `before`: where it was when somebody looked; another
    /// session may be there since rows were loaded anew. `None`: it is not among the rows.
    pub fn row_of(
        &self,
        source: SourceId,
        key: &SessionKey,
        before: Option<RowId>,
    ) -> Option<RowId> {
        let is_it = |row: Row<'_>| row.source() == source && row.has_key(key);
        if let Some(id) = before.filter(|id| self.rows.get(*id).is_some_and(is_it)) {
            return Some(id);
        }
        self.rows.find(RowId(0), source, key)
    }

    /// Sets the status of a session, wherever its row is by now. `None`: removes it.
    pub fn set_status(
        &mut self,
        source: SourceId,
        key: &SessionKey,
        status: Option<RowStatus>,
        now: DateTime<Utc>,
    ) {
        if let Some(status) = &status {
            self.remember(source, key, status, now);
        }
        let Some(id) = self.row_of(source, key, None) else {
            return;
        };
        match status {
            Some(status) => self.settle(id, status, now),
            None => {
                self.statuses.remove(&id);
            }
        }
    }

    /// Keeps in mind what has ended, for rows that were read before and are still to come. A later word
    /// about the same session replaces the first.
    pub fn remember(
        &mut self,
        source: SourceId,
        key: &SessionKey,
        status: &RowStatus,
        at: DateTime<Utc>,
    ) {
        if status.is_over() {
            let status = status.clone();
            self.lately
                .insert(key.clone(), Lately { source, status, at });
        } else {
            self.lately.remove(key);
        }
    }

    /// Rows from `first` on are new; what has ended since they were asked for says so.
    pub fn settle_late(&mut self, first: RowId) {
        if self.lately.is_empty() {
            return;
        }
        let lately = &self.lately;
        let ended = |(id, row): (RowId, Row<'_>)| {
            let one = lately.get(&row.key())?;
            (one.source == row.source()).then(|| (id, one.clone()))
        };
        let late: Vec<(RowId, Lately)> = self.rows.from(first).filter_map(ended).collect();
        for (id, one) in late {
            self.settle(id, one.status, one.at);
        }
    }

    /// Sets the final status of a row at this moment.
    pub fn settle(&mut self, id: RowId, status: RowStatus, now: DateTime<Utc>) {
        if status == RowStatus::Revoked {
            self.ended_at.insert(id, now)
        } else {
            self.ended_at.remove(&id)
        };
        if status.is_over() {
            self.marks.take(id);
        }
        self.statuses.insert(id, status);
    }

    /// Counts the marked rows that a filter hides.
    pub fn count_hidden(&mut self) {
        if self.is_filtered() && !self.marks.is_empty() {
            self.marks.set_shown(self.order.iter());
        } else {
            self.marks.set_all_shown();
        }
    }

    /// What came of a row since it was loaded. `None`: nothing.
    pub fn status(&self, id: RowId) -> Option<&RowStatus> {
        let vanished = || {
            let is_gone = self.changes.of(id) == Some(Change::Gone);
            is_gone.then_some(&RowStatus::Vanished)
        };
        self.statuses.get(&id).or_else(vanished)
    }

    /// True if the session of a row is over, as far as we know.
    pub fn is_over(&self, id: RowId) -> bool {
        self.status(id).is_some_and(RowStatus::is_over)
    }

    /// The rows whose sessions are over since they were loaded, as far as we know.
    pub fn over(&self) -> impl Iterator<Item = RowId> {
        let told = self.statuses.iter();
        let told = told.filter(|(_, status)| status.is_over());
        let gone = self.changes.gone_rows();
        let gone = gone.filter(|id| !self.statuses.contains_key(id));
        told.map(|(id, _)| *id).chain(gone)
    }

    /// How many of the loaded rows came to this since they were loaded.
    pub fn count(&self, status: &RowStatus) -> usize {
        self.statuses
            .values()
            .filter(|known| *known == status)
            .count()
    }

    /// True if all rows are shown as they arrive.
    pub fn is_plain(&self) -> bool {
        self.arrival && !self.is_filtered()
    }

    /// The clauses of the search that the rows answer only together.
    pub fn of_other_rows(&self) -> Vec<Clause> {
        let query = self.made_by.as_ref();
        query.map_or_else(Vec::new, |query| query.split_by_rows().1)
    }

    /// True if a filter hides loaded rows.
    pub fn is_filtered(&self) -> bool {
        let is_set = !self.quick.is_empty() || !self.of_other_rows().is_empty();
        is_set || self.live.as_ref().is_some_and(|live| live.query.is_some())
    }
}

/// The text search in details.
#[derive(Clone, Debug, Default)]
pub struct Find {
    /// The text typed.
    pub input: Input,
    /// True if it receives the keys.
    pub editing: bool,
}

/// The details pane.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// Hidden with `d`.
    pub hidden: bool,
    /// Index of the line under the cursor.
    pub line: usize,
    /// First line shown.
    pub top: usize,
    /// True if raw JSON is shown in place of the fields.
    pub raw: bool,
    /// The text search. `None`: not open.
    pub find: Option<Find>,
    /// The line whose masked value is shown for a while, by name.
    pub revealed: Option<String>,
    /// The session of this row as it was loaded, with all its attributes.
    pub loaded: Option<(RowId, Box<Session>)>,
    /// The session of this row as it was read anew; shown in place of the loaded one.
    pub fresh: Option<(RowId, Box<Session>)>,
    /// The number of the reading that counts.
    pub gen_read: Gen,
    /// True while a list is being read.
    pub reading: bool,
    /// How many more sessions the person of that row has. `None`: not counted.
    pub others: Option<Others>,
    /// The row whose details are shown; when it changes, cursor and scroll start anew.
    pub row: Option<RowId>,
}
