//! Work on its way: revoke jobs, and actions whose answers are awaited.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::effect::{Gen, JobId, RevokeItem};
use super::system_end::SystemEnd;
use crate::model::text::with_thousands;
use crate::model::{ActionSpec, ApiError, KindCounts, NO_LASTING_ID, SessionKey};
use crate::store::{RowId, SourceId};

/// How a job goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// At work.
    Running,
    /// Nothing more is sent until somebody has signed in and says so.
    Paused(ApiError),
    /// Signed in again after a pause; waits for "Continue".
    Ready,
    /// Nothing more is started; what runs is awaited.
    Stopping,
    /// Over.
    Ended,
}

/// Under what a row of a job was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Ended by us.
    Done,
    /// Had already gone.
    Gone,
    /// Outcome unknown, or still listed.
    Unclear,
    /// Failed or refused.
    Failed,
}

/// A revoke job as the screen knows it.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// Its title ("Revoking 33 sessions").
    pub title: String,
    /// The sessions that end by their keys.
    pub items: Vec<RevokeItem>,
    /// Where the item of each row is among them.
    places: HashMap<RowId, usize>,
    /// Counts: ended by us.
    pub done: usize,
    /// Counts: had already gone.
    pub gone: usize,
    /// Counts: outcome unknown, or still listed.
    pub unclear: usize,
    /// Failed or refused, newest last: what and why, cleaned.
    pub failed: Vec<(RevokeItem, String)>,
    /// The count in which each row was counted; a later outcome of the same row corrects it.
    pub counted: HashMap<RowId, Counted>,
    /// How it goes.
    pub state: JobState,
    /// Title of the production bar.
    pub production: bool,
    /// Why, for the audit log.
    pub reason: Option<String>,
    /// The person whose sessions all end, by the plan that was confirmed. `None`: no plan, or not one of a person.
    pub whose: Option<String>,
    /// What becomes of each system of a plan. Empty: it is about one session.
    pub ends: Vec<SystemEnd>,
    /// The numbers of its records in the audit log. `None`: not told, or there are none.
    pub records: Option<RangeInclusive<u64>>,
    /// When it began, on the clock of `State::up`.
    pub begun: Duration,
    /// The focused button of the box.
    pub button: usize,
}

impl Job {
    /// A job that has just been started, with nothing to do yet.
    pub fn new(id: JobId, production: bool, reason: Option<String>) -> Self {
        Self {
            id,
            title: String::new(),
            items: Vec::new(),
            places: HashMap::new(),
            done: 0,
            gone: 0,
            unclear: 0,
            failed: Vec::new(),
            counted: HashMap::new(),
            state: JobState::Running,
            production,
            reason,
            whose: None,
            ends: Vec::new(),
            records: None,
            begun: Duration::ZERO,
            button: 0,
        }
    }

    /// Takes the items, so that each is found by its row.
    pub fn set_items(&mut self, items: Vec<RevokeItem>) {
        let places = items.iter().enumerate();
        self.places = places.map(|(at, item)| (item.row, at)).collect();
        self.items = items;
    }

    /// The item of a row.
    pub fn item(&self, row: RowId) -> Option<&RevokeItem> {
        self.items.get(*self.places.get(&row)?)
    }

    /// Counts what became of a row, in place of what was counted for it before.
    pub fn count(&mut self, item: &RevokeItem, counted: Counted, why: Option<String>) {
        match self.counted.insert(item.row, counted) {
            Some(Counted::Done) => self.done -= 1,
            Some(Counted::Gone) => self.gone -= 1,
            Some(Counted::Unclear) => self.unclear -= 1,
            Some(Counted::Failed) => self.failed.retain(|(failed, _)| failed.row != item.row),
            None => {}
        }
        match counted {
            Counted::Done => self.done += 1,
            Counted::Gone => self.gone += 1,
            Counted::Unclear => self.unclear += 1,
            Counted::Failed => self.failed.push((item.clone(), why.unwrap_or_default())),
        }
    }

    /// How many were ended, and how many had already gone: "18 done", "18 done, 1 already gone". A number
    /// of several kinds is also told by kind.
    pub fn done_words(&self) -> String {
        let number = |n: usize, counted| {
            let kinds = self.kinds(Some(counted)).in_brackets();
            (with_thousands(n as u64), kinds)
        };
        let (done, kinds) = number(self.done + self.told(), Counted::Done);
        match self.gone {
            0 => format!("{done} done{kinds}"),
            gone => {
                let (gone, of) = number(gone, Counted::Gone);
                format!("{done} done{kinds}, {gone} already gone{of}")
            }
        }
    }

    /// How many items of each kind were counted so. `None`: those without an outcome.
    pub fn kinds(&self, counted: Option<Counted>) -> KindCounts {
        let items = self.items.iter();
        let those = items.filter(|item| self.counted.get(&item.row).copied() == counted);
        those.map(|item| item.kind.as_ref()).collect()
    }

    /// How many items have no outcome yet.
    pub fn waiting(&self) -> usize {
        self.items
            .len()
            .saturating_sub(self.done + self.gone + self.unclear + self.failed.len())
    }

    /// How many sessions are to end by a system's own operation for a person, and have no outcome yet.
    pub fn awaited(&self) -> usize {
        let ends = self.ends.iter().filter(|end| end.is_awaited());
        ends.map(|end| end.meant as usize).sum()
    }

    /// How many sessions ended by a system's own operation for a person, as far as the systems have told.
    pub fn told(&self) -> usize {
        self.ends.iter().map(|end| end.told() as usize).sum()
    }

    /// How many sessions were to end.
    pub fn all(&self) -> usize {
        let by_user = self.ends.iter().filter(|end| end.is_for_user());
        self.items.len() + by_user.map(|end| end.meant as usize).sum::<usize>()
    }

    /// How many sessions have no outcome yet.
    pub fn open(&self) -> usize {
        self.waiting() + self.awaited()
    }

    /// The sessions that failed and can be tried once more.
    pub fn to_try_again(&self) -> impl Iterator<Item = &RevokeItem> {
        let failed = self.failed.iter();
        let failed = failed.filter(|(_, why)| why != NO_LASTING_ID);
        failed.map(|(item, _)| item)
    }

    /// True if it carries out a plan for several sessions.
    pub fn is_plan(&self) -> bool {
        !self.ends.is_empty()
    }

    /// The systems that it changes, each once.
    pub fn sources(&self) -> Vec<SourceId> {
        let mut sources: Vec<SourceId> = self.items.iter().map(|item| item.source).collect();
        sources.extend(self.ends.iter().map(|end| end.source));
        sources.sort_unstable();
        sources.dedup();
        sources
    }
}

/// An action whose answer is on its way.
#[derive(Clone, Debug)]
pub struct Acting {
    /// Its number.
    pub generation: Gen,
    /// Where.
    pub source: SourceId,
    /// The action.
    pub spec: ActionSpec,
    /// The session that it acts on. `None`: it acts on something else.
    pub key: Option<SessionKey>,
}
