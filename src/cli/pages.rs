//! Reading whole lists of several systems side by side, page by page.

use std::borrow::Cow;
use std::num::NonZeroU16;
use std::ops::ControlFlow;
use std::sync::Mutex;

use chrono::{DateTime, Utc};
use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::{Value, json};

use super::ctx::Ctx;
use super::exit::{self, Failure};
use super::gather::Gathered;
use super::headway::HeadwayLine;
use super::output::Record;
use super::sources::Source;
use crate::model::text::{display_safe, number_of};
use crate::model::time::{Zone, clock_apart};
use crate::model::{
    ApiError, AskedBy, Completeness, NamedBy, Query, RowRef, RowSink, Search, locked,
    told_duplicates, told_unread,
};
use crate::reading::{PageRead, Reading, StopReason, Then};

/// Rows a page where the profile does not say: large, since nobody waits for a first screen.
const PAGE_SIZE: NonZeroU16 = NonZeroU16::new(1_000).expect("a constant above zero");

/// Takes the rows of all sources in the order in which they arrive.
pub(crate) trait Take: Send {
    /// One row that matches. `Break`: no more rows are wanted, from any source.
    fn row(&mut self, record: &Record<'_>) -> Result<ControlFlow<()>, Failure>;

    /// A page of some source has ended.
    fn page(&mut self) -> Result<(), Failure>;

    /// How many more rows are wanted, as far as that is known.
    fn left(&self) -> u64 {
        u64::MAX
    }
}

/// The request that goes to every source.
#[derive(Clone)]
pub(crate) struct ListRequest {
    /// The rows to match.
    pub(crate) query: Query,
    /// A filter in the systems' own language.
    pub(crate) native: Option<String>,
    /// The moment of the question.
    pub(crate) now: DateTime<Utc>,
    /// The zone of times typed without one.
    pub(crate) zone: Zone,
    /// No more rows than this are wanted, so no page need be larger.
    pub(crate) limit: Option<u64>,
    /// The way to list that was chosen, by its word.
    pub(crate) way: Option<String>,
    /// Who wants to know.
    pub(crate) asked_by: AskedBy,
    /// True if the hints are wanted that need other rows: then all rows are read before the first is
    /// handed on.
    pub(crate) all_hints: bool,
}

impl ListRequest {
    /// The search of one source.
    pub(crate) fn search(&self, source: &Source) -> Search {
        let own = source.profile.policy.page_size.and_then(NonZeroU16::new);
        let size = own.unwrap_or(PAGE_SIZE);
        let wanted = self
            .limit
            .and_then(|limit| u16::try_from(limit).ok())
            .and_then(NonZeroU16::new);
        Search {
            query: self
                .query
                .clone()
                .with_kind(source.profile.policy.kind.as_deref()),
            sort: None,
            page_size: wanted.map_or(size, |wanted| wanted.min(size)),
            native: self.native.clone(),
            now: self.now,
            zone: self.zone,
            way: self.way.clone().map(Cow::Owned),
            asked_by: self.asked_by,
            named_by: NamedBy::Operator,
        }
    }
}

/// How the list of one source ended.
#[derive(Debug)]
pub(crate) struct ListEnd {
    /// Name of the profile.
    pub(crate) profile: String,
    /// Rows that matched.
    pub(crate) rows: u64,
    /// The completeness that the last page reported.
    pub(crate) completeness: Completeness,
    /// How many match on the server, if it says so.
    pub(crate) total: Option<u64>,
    /// Facts that a person should know.
    pub(crate) notes: Vec<String>,
    /// Why it broke off.
    pub(crate) error: Option<ApiError>,
    /// We stopped reading, because the server goes round in circles.
    pub(crate) stuck: bool,
    /// Entries of the list that no row could be made of.
    pub(crate) unread: u64,
    /// Rows that had come before on another page.
    duplicates: u64,
    /// Sessions that came, also those that do not match.
    came: u64,
}

impl ListEnd {
    fn new(profile: &str) -> Self {
        Self {
            profile: profile.to_owned(),
            rows: 0,
            completeness: Completeness::Unknown,
            total: None,
            notes: Vec::new(),
            error: None,
            stuck: false,
            unread: 0,
            duplicates: 0,
            came: 0,
        }
    }

    /// The exit code of this source alone.
    pub(crate) fn code(&self) -> u8 {
        match &self.error {
            Some(error) => error.exit_code(),
            None if self.stuck || self.unread > 0 => exit::PARTLY,
            None => exit::OK,
        }
    }

    /// True if all sessions that match are among the rows, as far as the server tells.
    pub(crate) fn is_whole(&self) -> bool {
        self.completeness == Completeness::Complete && !self.lacks_rows()
    }

    /// True if sessions that match are missing, or may be. Rows that come twice stand in the place
    /// of others, as long as the server counts more than have come.
    pub(crate) fn lacks_rows(&self) -> bool {
        let pushed_out = self.duplicates > 0 && self.total.is_some_and(|total| total > self.came);
        let cut = matches!(self.completeness, Completeness::Truncated { .. });
        self.error.is_some() || cut || self.stuck || self.unread > 0 || pushed_out
    }

    /// The exit code where the list decides something: a number, or what is ended.
    pub(crate) fn code_of_decision(&self) -> u8 {
        match (self.is_whole(), self.code()) {
            (false, exit::OK) => exit::PARTLY,
            (_, code) => code,
        }
    }

    /// For the end of a JSON document.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "profile": self.profile,
            "rows": self.rows,
            "complete": self.is_whole(),
            "total": self.total,
            "error": self.error.as_ref().map(ToString::to_string),
        })
    }
}

/// Reads the lists of all sources into `take`. Sources do not wait for each other.
///
/// # Errors
/// Errors of `take`; a source that fails is in its [`ListEnd`].
pub(crate) async fn read(
    ctx: &Ctx,
    sources: &[Source],
    question: &ListRequest,
    take: &mut dyn Take,
) -> Result<Vec<ListEnd>, Failure> {
    let (query, clauses) = question.query.split_by_rows();
    if !question.all_hints && clauses.is_empty() {
        return read_at_once(ctx, sources, question, take).await;
    }
    // Which of the rows are wanted is known only when all have come.
    let all = ListRequest {
        query,
        limit: None,
        ..question.clone()
    };
    let mut gathered = Gathered::new(sources);
    let mut ended = read_at_once(ctx, sources, &all, &mut gathered).await?;
    gathered.hand_on(&clauses, question, &mut ended, take)?;
    Ok(ended)
}

/// The same, each row as it comes.
async fn read_at_once(
    ctx: &Ctx,
    sources: &[Source],
    question: &ListRequest,
    take: &mut dyn Take,
) -> Result<Vec<ListEnd>, Failure> {
    let mut shared = Shared {
        take,
        enough: false,
        failure: None,
    };
    if let [source] = sources {
        let reader = Reader::new(ctx, source, question);
        return Ok(vec![reader.run(Access::Alone(&mut shared)).await?]);
    }
    // One consumer, several readers in one task: the lock is never waited for, and never held across an await.
    let shared = Mutex::new(shared);
    let mut running: FuturesUnordered<_> = sources
        .iter()
        .map(|source| Reader::new(ctx, source, question).run(Access::Together(&shared)))
        .collect();
    let mut ended = Vec::new();
    while let Some(one) = running.next().await {
        ended.push(one?);
    }
    drop(running);
    let order = |profile: &str| sources.iter().position(|s| s.profile.name == profile);
    ended.sort_by_key(|one: &ListEnd| order(&one.profile));
    Ok(ended)
}

struct Shared<'a> {
    take: &'a mut dyn Take,
    enough: bool,
    failure: Option<Failure>,
}

/// How a reader reaches what all share.
enum Access<'s, 't> {
    /// It is the only one.
    Alone(&'s mut Shared<'t>),
    /// There are others.
    Together(&'s Mutex<Shared<'t>>),
}

impl<'t> Access<'_, 't> {
    fn with<T>(&mut self, work: impl FnOnce(&mut Shared<'t>) -> T) -> T {
        match self {
            Self::Alone(shared) => work(shared),
            Self::Together(shared) => work(&mut locked(shared)),
        }
    }

    /// How many more rows are wanted.
    fn left(&self) -> u64 {
        match self {
            Self::Alone(shared) => shared.take.left(),
            Self::Together(shared) => locked(shared).take.left(),
        }
    }
}

impl Shared<'_> {
    /// A page has ended. Returns true if no more rows are wanted.
    fn page(&mut self) -> Result<bool, Failure> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        self.take.page()?;
        Ok(self.enough)
    }

    /// One row. `Break`: no more are wanted.
    fn row(&mut self, record: &Record<'_>) -> ControlFlow<()> {
        let taken = self.take.row(record);
        self.enough = !matches!(taken, Ok(ControlFlow::Continue(())));
        self.failure = taken.err();
        if self.enough {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// The list of one source as it is read.
struct Reader<'a> {
    source: &'a Source,
    told: HeadwayLine,
    search: Search,
    /// The moment of the question by our clock.
    asked: DateTime<Utc>,
    ended: ListEnd,
}

impl<'a> Reader<'a> {
    fn new(ctx: &Ctx, source: &'a Source, question: &ListRequest) -> Self {
        Self {
            source,
            told: HeadwayLine::new(ctx),
            search: question.search(source),
            asked: question.now,
            ended: ListEnd::new(&source.profile.name),
        }
    }

    /// Sets the moment of the question to the server's clock. A query that depends on it needs an
    /// answer of the server first.
    async fn settle_clock(&mut self) {
        let api = &self.source.api;
        if api.clock_offset().is_none() && self.search.query.depends_on_now() {
            // If it fails, so does the search, which says why.
            let _ = api.whoami().await;
        }
        self.search.now = self.now();
    }

    /// The moment of the question by the server's clock; by ours while it is not known.
    fn now(&self) -> DateTime<Utc> {
        self.asked + self.source.api.clock_offset().unwrap_or_default()
    }

    async fn run(mut self, shared: Access<'_, '_>) -> Result<ListEnd, Failure> {
        self.settle_clock().await;
        match self.pages(shared).await? {
            Ok(()) => self.why_nothing(),
            Err(error) => self.ended.error = Some(error),
        }
        self.count_notes();
        self.clock_note();
        self.unlisted_note();
        Ok(self.ended)
    }

    /// The outer error ends everything (standard output), the inner one this source.
    async fn pages(&mut self, mut shared: Access<'_, '_>) -> Result<Result<(), ApiError>, Failure> {
        let source = self.source;
        let reading = Reading::open(&*source.api, self.search.clone())
            .await
            .and_then(|r| r.matching(source.name(), source.word(), source.thresholds()));
        let mut reading = match reading {
            Ok(reading) => reading,
            Err(error) => return Ok(Err(error)),
        };
        loop {
            let mut sink = Sink {
                reader: self,
                shared: &mut shared,
                now: None,
            };
            let page = reading.page(&mut sink).await;
            self.told.page(source.name(), &page);
            let enough = shared.with(Shared::page)?;
            let goes_on = match self.note(page) {
                Err(error) if !enough => return Ok(Err(error)),
                goes_on => goes_on.is_ok_and(|goes_on| goes_on),
            };
            if enough || !goes_on {
                return Ok(Ok(()));
            }
        }
    }

    /// Stores the facts of a page about its list. Returns true if there is another page to read.
    fn note(&mut self, page: PageRead) -> Result<bool, ApiError> {
        if let Then::Broke(error) = page.then {
            return Err(error);
        }
        self.ended.completeness = page.end.completeness;
        self.ended.total = page.end.total;
        self.ended.unread += u64::from(page.end.unread);
        self.ended.duplicates += u64::from(page.duplicates);
        self.ended.came += u64::from(page.received - page.duplicates);
        if let Completeness::Truncated { at } = page.end.completeness {
            self.ended.notes.push(self.cut(at));
        }
        if let Then::Stopped(why @ StopReason::Stuck(_)) = page.then {
            self.ended.stuck = true;
            self.ended.notes.push(why.to_string());
        }
        Ok(page.then == Then::Next)
    }

    /// The note about a list that the server cut.
    fn cut(&self, at: u64) -> String {
        let caps = self.source.api.caps();
        let query = &self.search.query;
        let names = caps.asks_besides(query).join(", ");
        let way_out = match (names.is_empty(), query.users()) {
            (false, _) => format!("user {} was also asked for", display_safe(&names)),
            (true, Some(_)) => "narrow the query".to_owned(),
            (true, None) => "narrow the query, with user:NAME for one".to_owned(),
        };
        format!(
            "the list is cut: the server stopped at {}{} and has more; {way_out}",
            number_of(at, "session"),
            caps.each_scope()
        )
    }

    /// Why nothing may have been found: what the system cannot compare, or compares in its own way.
    fn why_nothing(&mut self) {
        if let (0, Ok(plan)) = (self.ended.rows, self.source.api.plan(&self.search)) {
            self.ended.notes.extend(plan.notes);
        }
    }

    /// That the system lists less than there is.
    fn unlisted_note(&mut self) {
        // A list that is repeated has said it the first time.
        let is_new = self.search.asked_by == AskedBy::Person;
        let told = self.source.api.caps().unlisted.clone().filter(|_| is_new);
        self.ended.notes.extend(told.map(Cow::into_owned));
    }

    /// That the server's clock is not ours.
    fn clock_note(&mut self) {
        let ahead = self.source.api.clock_offset().unwrap_or_default();
        let told = clock_apart(ahead).map(|far| format!("the server's clock is {far}"));
        self.ended.notes.extend(told);
    }

    /// Adds the notes about unread and duplicate rows.
    fn count_notes(&mut self) {
        let told = [
            told_unread(self.ended.unread),
            told_duplicates(self.ended.duplicates),
        ];
        self.ended.notes.extend(told.into_iter().flatten());
    }
}

/// Hands the rows of one page on.
struct Sink<'r, 'a, 's, 't> {
    reader: &'r mut Reader<'a>,
    shared: &'r mut Access<'s, 't>,
    /// The moment of the question. `None`: no row has come, so that the server's clock may not be known yet.
    now: Option<DateTime<Utc>>,
}

impl RowSink for Sink<'_, '_, '_, '_> {
    fn room(&self) -> u64 {
        self.shared.left()
    }

    fn row(&mut self, row: &mut RowRef<'_>) -> ControlFlow<()> {
        let (source, reader) = (self.reader.source, &mut *self.reader);
        let now = *self.now.get_or_insert_with(|| reader.now());
        self.shared.with(|shared| {
            if shared.enough {
                return ControlFlow::Break(());
            }
            reader.ended.rows += 1;
            let thresholds = source.thresholds();
            let record = Record::new(source.name(), source.word(), row, thresholds, now);
            shared.row(&record)
        })
    }
}
