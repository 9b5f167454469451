//! The open profiles: what is known of each, and how far its search has come.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::effect::Gen;
use super::msg::RowPage;
use crate::model::query::OwnName;
use crate::model::{
    ApiError, Capabilities, Code, Completeness, Cursor, Field, Headway, Identity, KindCaps, Plan,
    Policy, Search, Support, UserNames,
};

/// A profile as the screen knows it: nothing in it is secret.
#[derive(Clone, Debug)]
pub struct ProfileView {
    /// Its name in the configuration.
    pub name: String,
    /// Name of the system for people ("Acme Identity").
    pub system: Cow<'static, str>,
    /// Name of the system in the configuration and in queries ("acme").
    pub system_word: Cow<'static, str>,
    /// True if a search that names nobody is answered at once. False: ways to list are offered first.
    pub lists_everybody: bool,
    /// The system's own names for the fields of a query.
    pub own_names: Vec<OwnName>,
    /// Its address, without credentials.
    pub address: String,
    /// Which proxy it is reached through and what names it, or why it is reached without one. May hold
    /// text of the environment.
    pub proxy: String,
    /// A connection in clear to a host that is not loopback.
    pub plain_http: bool,
    /// True for the embedded demo.
    pub demo: bool,
    /// How its sessions are read and ended.
    pub policy: Policy,
    /// The names that people have there.
    pub user_names: Arc<UserNames>,
}

/// A wait that a server asked for, as it counts down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Host and port.
    pub host: String,
    /// The code with which the server asked for the wait: HTTP 429, 503 or 408.
    pub code: Code,
    /// The rest of the wait, in whole seconds.
    pub left: Duration,
}

/// How far a connection has come.
#[derive(Clone, Debug, Default)]
pub enum Link {
    /// Not asked yet.
    #[default]
    Never,
    /// Asked, not answered.
    Connecting,
    /// Connected.
    Up {
        /// How long the last question took.
        took: Duration,
    },
    /// It failed.
    Down(ApiError),
    /// The operator ended the session of the connection. It is made anew only when a person asks.
    Ended,
}

/// How far the search of one source has come.
#[derive(Clone, Debug, Default)]
pub enum Progress {
    /// Nothing has been searched.
    #[default]
    Never,
    /// Pages are arriving.
    Loading,
    /// The last page is there.
    Loaded,
    /// The operator, or the row limit, stopped it; the words say which.
    Stopped(String),
    /// It failed; the rows that came before stay.
    Failed(ApiError),
}

/// A way to list that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenWay {
    /// Its word.
    pub word: Cow<'static, str>,
    /// True once a search has used it. It then ends with the query that it was chosen for.
    pub is_used: bool,
}

/// One open profile.
#[derive(Clone, Debug)]
pub struct Source {
    /// The profile.
    pub profile: ProfileView,
    /// How far the connection has come.
    pub link: Link,
    /// The number of the connection attempt that counts.
    pub link_gen: Gen,
    /// Its capabilities. `None`: not known before it has answered once.
    pub caps: Option<Arc<Capabilities>>,
    /// Who we are there.
    pub who: Option<Identity>,
    /// How far its clock is ahead of ours, by its last answer; zero while it is not known.
    pub ahead: TimeDelta,
    /// How the form as it stands would be answered.
    pub plan: Option<Result<Plan, ApiError>>,
    /// The number of the question for a plan that counts.
    pub plan_gen: Gen,
    /// How far the search has come.
    pub progress: Progress,
    /// The number of the search that counts.
    pub search_gen: Gen,
    /// The search that is sent as soon as the connection is up.
    pub waiting: Option<Search>,
    /// The search that the rows on screen answer, for a reload and for going on.
    pub search: Option<Search>,
    /// The way to list that was chosen for the query. `None`: none was.
    pub way: Option<ChosenWay>,
    /// Where a search that broke off can go on.
    pub resume: Option<Cursor>,
    /// True if the operator stopped a walk, which can go on at `resume`.
    pub is_halted: bool,
    /// How far a walk has come that the list needs, while it runs. `None`: it needs none.
    pub headway: Option<Headway>,
    /// Pages read.
    pub pages: u32,
    /// Rows loaded from here.
    pub rows: u32,
    /// Rows that had come before on another page.
    pub duplicates: u32,
    /// Rows that the system sent, those that did not match included.
    pub received: u32,
    /// Entries of the list that no row could be made of.
    pub unread: u32,
    /// How many sessions match on the server, if it says so.
    pub total: Option<u64>,
    /// True if the list is complete.
    pub completeness: Completeness,
    /// How long was waited for the pages of the last search. `None`: it has brought none.
    pub took: Option<Duration>,
    /// The wait that a server of this profile asked for. `None`: nothing waits.
    pub wait: Option<Wait>,
    /// When the rows on screen were asked for.
    pub asked_at: Option<DateTime<Utc>>,
    /// When the search that is running began, on the clock of `State::up`; zero before the first.
    pub begun: Duration,
}

impl Source {
    /// A profile that has not been asked anything yet.
    pub fn new(profile: ProfileView) -> Self {
        Self {
            profile,
            link: Link::Never,
            link_gen: Gen::default(),
            caps: None,
            who: None,
            ahead: TimeDelta::zero(),
            plan: None,
            plan_gen: Gen::default(),
            progress: Progress::Never,
            search_gen: Gen::default(),
            waiting: None,
            search: None,
            way: None,
            resume: None,
            is_halted: false,
            headway: None,
            pages: 0,
            rows: 0,
            duplicates: 0,
            received: 0,
            unread: 0,
            total: None,
            completeness: Completeness::Unknown,
            took: None,
            wait: None,
            asked_at: None,
            begun: Duration::ZERO,
        }
    }

    /// Name of the system for people, as it has said itself once it has answered.
    pub fn system(&self) -> &str {
        let caps = self.caps.as_ref();
        caps.map_or(&*self.profile.system, |caps| &*caps.system)
    }

    /// True if the system has several kinds of session; false until it has answered.
    pub fn has_kinds(&self) -> bool {
        let caps = self.caps.as_ref();
        caps.is_some_and(|caps| caps.kinds.are_several())
    }

    /// The capabilities for sessions of this kind. `None`: it has not answered yet.
    pub fn kind(&self, kind: Option<&str>) -> Option<&KindCaps> {
        self.caps.as_ref().map(|caps| caps.of(kind))
    }

    /// True if the system reports this field of sessions of this kind, and until it has answered.
    pub fn reports(&self, kind: Option<&str>, field: Field) -> bool {
        let caps = self.kind(kind);
        caps.is_none_or(|caps| caps.fields[field] != Support::No)
    }

    /// The system's own word for the group of its users ("Realm").
    pub fn scope_word(&self) -> String {
        let caps = self.caps.as_ref();
        let column = caps.and_then(|caps| {
            let mut columns = caps.columns().into_iter();
            columns.find(|column| column.what == Field::Scope)
        });
        let title = column.map_or("scope", |column| &column.title);
        let title = title.to_lowercase();
        let mut letters = title.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect()
    }

    /// True if all sessions of the search have become rows. With rows that came twice that is not
    /// certain: each may stand in the place of another.
    pub fn is_whole(&self) -> bool {
        matches!(self.progress, Progress::Loaded)
            && self.completeness == Completeness::Complete
            && self.duplicates == 0
            && self.unread == 0
    }

    /// Entries of its list that made no row of their own: those that came twice, and those that could not
    /// be read.
    pub fn odd(&self) -> u64 {
        u64::from(self.duplicates) + u64::from(self.unread)
    }

    /// Counts a page in. `true`: it is the last one.
    pub fn take(&mut self, page: &RowPage) -> bool {
        self.pages += 1;
        self.rows += page.chunk.len() as u32;
        self.duplicates += page.duplicates;
        self.received += page.received;
        self.unread += page.end.unread;
        // Rows that came before an error bring no total.
        self.total = page.end.total.or(self.total);
        self.completeness = page.end.completeness;
        // A page that was asked for ahead is there at once: only all of them together tell something.
        let before = self.took.filter(|_| self.pages > 1);
        self.took = Some(before.unwrap_or_default() + page.took);
        self.resume = page.end.next.clone();
        self.headway = page.headway.clone();
        let last = page.end.next.is_none() || page.stopped.is_some();
        if last {
            self.progress = match &page.stopped {
                Some(why) => Progress::Stopped(why.clone()),
                None => Progress::Loaded,
            };
        }
        last
    }

    /// Takes over all that a reading of its list beside the rows on the screen has found.
    pub fn take_over(&mut self, read: Self) {
        *self = Self {
            profile: std::mem::replace(&mut self.profile, read.profile),
            link: std::mem::take(&mut self.link),
            link_gen: self.link_gen,
            caps: self.caps.take(),
            who: self.who.take(),
            ahead: self.ahead,
            plan: self.plan.take(),
            plan_gen: self.plan_gen,
            wait: self.wait.take(),
            ..read
        };
    }

    /// True while pages are arriving.
    pub fn is_loading(&self) -> bool {
        matches!(self.progress, Progress::Loading)
    }
}

/// One entry of the profile dialog: the profile and how its last connection went.
#[derive(Clone, Debug)]
pub struct ProfileEntry {
    /// The profile.
    pub view: ProfileView,
    /// "ok 142 ms", "token expired"; `-` if never tried.
    pub last: String,
}
