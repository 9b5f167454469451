//! Additional searches, so that a list leaves nothing out in silence: each word of a list that the
//! server cut, as the name of a user; and other spellings of a user where the server compares upper
//! and lower case.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::layer::Layer;
use super::together::{FirstPage, FirstPages};
use super::{SessionApi, naming};
use crate::model::{
    ApiError, Clause, Completeness, Cursor, Deletable, Field, Kept, Op, PageEnd, Plan, RowRef,
    RowSink, Search, Support, Target, UserNames, Value, locked,
};

/// So many people are asked for by their id at most, once some of their sessions were found.
const MOST_PEOPLE: usize = 5;

/// So many pages one after the other may hold nothing new, unless a walk comes forward. A server that goes
/// round in circles does it for ever.
const STALE_PAGES: u32 = 100;

/// The spellings in which a user is looked for, beside the one that was typed.
const SPELLINGS: [fn(&str) -> String; 3] = [lower, upper, capitalised];

/// A system whose lists are asked for again where the first answer may lack what was meant.
pub(super) struct Besides {
    inner: Arc<dyn SessionApi>,
    names: Arc<UserNames>,
    hasher: RandomState,
    /// The last search that may have to be asked besides; pages of it come one after the other.
    walk: Mutex<Option<Walk>>,
}

/// The findings in the pages of one search so far.
struct Walk {
    search: Search,
    /// The names that are looked for, in lower case.
    names: Vec<String>,
    /// Names of users that were found, as the rows spell them.
    spelled: BTreeSet<String>,
    /// Ids of the people of those rows.
    people: BTreeSet<String>,
    /// The sessions of those rows, so that none is handed out twice.
    seen: HashSet<u64>,
    /// Hashes of the lasting parts of sessions without a lasting id, from the readings before this
    /// one.
    lasting: HashSet<u64>,
}

impl Walk {
    fn new(search: &Search, names: Vec<String>) -> Self {
        Self {
            search: search.clone(),
            names,
            spelled: BTreeSet::new(),
            people: BTreeSet::new(),
            seen: HashSet::new(),
            lasting: HashSet::new(),
        }
    }

    /// The names of which no session was found.
    fn unfound(&self) -> Vec<&str> {
        let found = |name: &&String| {
            self.spelled
                .iter()
                .any(|user| user.to_lowercase() == **name)
        };
        let names = self.names.iter().filter(|name| !found(name));
        names.map(String::as_str).collect()
    }

    /// True if the server has answered with another spelling than it was asked for. It then ignores
    /// upper and lower case.
    fn any_case(&self, asked: &[String]) -> bool {
        // Of several names the server may be asked for more than they say.
        let [name] = asked else {
            return false;
        };
        self.spelled.iter().any(|user| user != name)
    }
}

impl Besides {
    /// Wraps a client; `names` are the profile's.
    pub(super) fn new(inner: Arc<dyn SessionApi>, names: Arc<UserNames>) -> Self {
        Self {
            inner,
            names,
            hasher: RandomState::new(),
            walk: Mutex::new(None),
        }
    }

    fn minds_case(&self, names: &[String]) -> bool {
        let names = names.iter().map(String::as_str);
        self.inner.caps().minds_case_of(names)
    }

    /// The names of users that the search compares with, as this system writes them.
    fn users(&self, search: &Search) -> Vec<String> {
        let search = naming::in_their_words(search, &self.names);
        let users = search.query.users().unwrap_or_default();
        let plain = |name: &&str| !name.is_empty() && !name.contains('*');
        users.into_iter().filter(plain).map(str::to_owned).collect()
    }

    /// The names to watch for in the rows of this search. `None`: nothing.
    fn walk(&self, search: &Search, at: Option<&Cursor>) -> Option<Walk> {
        if search.native.is_some() {
            return None;
        }
        let mut names = self.users(search);
        names.extend(search.query.names_in_words().into_iter().map(str::to_owned));
        if names.is_empty() {
            return None;
        }
        let names = names.iter().map(|name| name.to_lowercase()).collect();
        let mut kept = locked(&self.walk);
        let goes_on = |walk: &Walk| at.is_some() && walk.search == *search;
        let known = kept.take().filter(goes_on);
        Some(known.unwrap_or_else(|| Walk::new(search, names)))
    }

    fn keep(&self, walk: Walk) {
        let mut kept = locked(&self.walk);
        *kept = Some(walk);
    }

    /// The note of a plan about names on a server that compares upper and lower case.
    fn told_of_case(&self) -> String {
        let all = match self.inner.caps().support(Field::UserId) {
            Support::Server => ", and then every session of these people",
            Support::Client | Support::Required | Support::No => "",
        };
        format!(
            "the server may tell upper from lower case of a user name: if nothing is found as typed, \
             usher also asks for lower case, upper case and a capital first letter{all}"
        )
    }

    /// A list that was cut: its words are asked for as users.
    async fn words(
        &self,
        walk: &mut Walk,
        end: &mut PageEnd,
        sink: &mut dyn RowSink,
    ) -> Result<(), ApiError> {
        let search = walk.search.clone();
        let words = self.inner.caps().asks_besides(&search.query);
        if words.is_empty() {
            return Ok(());
        }
        let mut besides = search.clone();
        besides.query.clauses.push(of_users(&words));
        if self.read(walk, &besides, None, end, sink).await?.is_break() {
            return Ok(());
        }
        self.spellings(walk, &besides, end, sink).await
    }

    /// A comparison of a user by a server that minds case: other spellings until one is found, and
    /// then everything of those people, however it is spelled.
    async fn spellings(
        &self,
        walk: &mut Walk,
        search: &Search,
        end: &mut PageEnd,
        sink: &mut dyn RowSink,
    ) -> Result<(), ApiError> {
        let asked = self.users(search);
        if !self.minds_case(&asked) || walk.any_case(&asked) {
            return Ok(());
        }
        let spelled = self.other_spellings(walk, search, &asked, end, sink);
        if spelled.await?.is_break() || self.inner.caps().support(Field::UserId) != Support::Server
        {
            return Ok(());
        }
        let people = walk.people.iter().take(MOST_PEOPLE).map(|person| {
            let id = Value::Text(person.as_str().into());
            with_user(search, Clause::field(Field::UserId, Op::Eq, id))
        });
        let people: Vec<Search> = people.collect();
        let mut pages = FirstPages::of(&*self.inner, &people);
        for theirs in &people {
            sink.so_far();
            let first = pages.next().await?;
            if self.read(walk, theirs, first, end, sink).await?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The other spellings of the names that are not found, until they are. All of them are asked for at the
    /// same time; those behind the one that is found are given up.
    async fn other_spellings(
        &self,
        walk: &mut Walk,
        search: &Search,
        asked: &[String],
        end: &mut PageEnd,
        sink: &mut dyn RowSink,
    ) -> Result<ControlFlow<()>, ApiError> {
        // As they are needed if none is found; they differ, or are none.
        let mut guesses: Vec<Search> = Vec::new();
        for spell in SPELLINGS {
            let guess = in_spelling(walk, search, asked, spell);
            guesses.extend(guess.filter(|guess| !guesses.contains(guess)));
        }
        let mut pages = FirstPages::of(&*self.inner, &guesses);
        let mut guesses = guesses.into_iter();
        let mut latest = None;
        for spell in SPELLINGS {
            let other =
                in_spelling(walk, search, asked, spell).filter(|it| latest.as_ref() != Some(it));
            let Some(other) = other else { continue };
            let first = match guesses.next() {
                Some(guess) => {
                    sink.so_far();
                    pages.next().await?.filter(|_| guess == other)
                }
                None => None,
            };
            if self.read(walk, &other, first, end, sink).await?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            latest = Some(other);
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Reads every page of one more search; what came before is not handed out again. `first`: its first
    /// page, if that has been read.
    async fn read(
        &self,
        walk: &mut Walk,
        search: &Search,
        mut first: Option<FirstPage>,
        end: &mut PageEnd,
        sink: &mut dyn RowSink,
    ) -> Result<ControlFlow<()>, ApiError> {
        let mut at: Option<Cursor> = None;
        let (mut stale, mut walked) = (0, None);
        loop {
            if first.is_none() {
                sink.so_far();
            }
            let mut watch = Watch::new(self, walk, sink, Handing::OnlyNew);
            let page = match first.take() {
                Some(first) => first.pour(&mut watch),
                None => self.inner.search(search, at.as_ref(), &mut watch).await?,
            };
            let (new, enough) = (watch.new, watch.enough);
            drop(watch);
            end.total = end.total.map(|total| total.saturating_add(new));
            if enough {
                return Ok(ControlFlow::Break(()));
            }
            if end.completeness == Completeness::Complete && page.next.is_none() {
                end.completeness = page.completeness;
            }
            let done = page.walk.map(|walk| walk.done);
            stale = if new > 0 || done > walked {
                0
            } else {
                stale + 1
            };
            walked = walked.max(done);
            match page.next {
                Some(next) if at.as_ref() != Some(&next) && stale < STALE_PAGES => at = Some(next),
                _ => return Ok(ControlFlow::Continue(())),
            }
        }
    }
}

fn of_users(names: &[&str]) -> Clause {
    Clause {
        target: Target::Field(Field::User),
        op: Op::Eq,
        values: names
            .iter()
            .map(|name| Value::Text((*name).into()))
            .collect(),
        negated: false,
        at: 0..0,
    }
}

/// The search with another spelling of those names that are not found. `None`: they are all found, or were
/// asked for in this spelling.
fn in_spelling(
    walk: &Walk,
    search: &Search,
    asked: &[String],
    spell: fn(&str) -> String,
) -> Option<Search> {
    let names: Vec<String> = walk.unfound().into_iter().map(spell).collect();
    let new = names.iter().filter(|name| !asked.contains(name));
    let new: Vec<&str> = new.map(String::as_str).collect();
    (!new.is_empty()).then(|| with_user(search, of_users(&new)))
}

/// The search with this clause in place of the one that names users.
fn with_user(search: &Search, clause: Clause) -> Search {
    let mut search = search.clone();
    let named =
        |one: &Clause| one.target == Target::Field(Field::User) && one.op == Op::Eq && !one.negated;
    if let Some(place) = search.query.clauses.iter_mut().find(|one| named(one)) {
        *place = clause;
    }
    search
}

fn lower(name: &str) -> String {
    name.to_lowercase()
}

fn upper(name: &str) -> String {
    name.to_uppercase()
}

/// `jdoe` as `Jdoe`.
fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let rest = letters.as_str().to_lowercase();
    first.collect::<String>() + &rest
}

/// Which rows are handed on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handing {
    /// All of them.
    All,
    /// Those that this walk has not seen.
    OnlyNew,
}

/// Notes what a walk wants to know of the rows that pass.
struct Watch<'a> {
    hasher: &'a RandomState,
    walk: &'a mut Walk,
    sink: &'a mut dyn RowSink,
    handing: Handing,
    lasting: Vec<u64>,
    new: u64,
    enough: bool,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.walk.lasting.extend(self.lasting.drain(..));
    }
}

impl<'a> Watch<'a> {
    fn new(
        besides: &'a Besides,
        walk: &'a mut Walk,
        sink: &'a mut dyn RowSink,
        handing: Handing,
    ) -> Self {
        Self {
            hasher: &besides.hasher,
            walk,
            sink,
            handing,
            lasting: Vec::new(),
            new: 0,
            enough: false,
        }
    }

    /// True if this session has not come before. Only sessions of the people who are looked for are
    /// remembered; any other session answers no question about them.
    fn is_new(&mut self, row: &RowRef<'_>) -> bool {
        let of_others = self.handing == Handing::All;
        let Some(user) = row.user.as_deref() else {
            return of_others;
        };
        let lower = user.to_lowercase();
        if !self.walk.names.iter().any(|name| lower.contains(name)) {
            return of_others;
        }
        if self.walk.names.contains(&lower) {
            self.walk.spelled.insert(user.to_owned());
            self.walk
                .people
                .extend(row.user_id.as_deref().map(str::to_owned));
        }
        let key = (row.scope.as_deref(), row.key.as_ref());
        let mut is_new = self.walk.seen.insert(self.hasher.hash_one(key));
        if row.deletable != Deletable::Yes {
            // Its id may be another one at every reading: it is known by what lasts. Two rows of one
            // reading are two sessions, though they look the same.
            let lasts = (row.created, row.last_used, &row.client, &row.ip);
            let lasting = (user, row.user_id.as_deref(), row.scope.as_deref(), lasts);
            let lasting = self.hasher.hash_one(lasting);
            is_new &= !self.walk.lasting.contains(&lasting);
            self.lasting.push(lasting);
        }
        is_new
    }
}

impl RowSink for Watch<'_> {
    fn room(&self) -> u64 {
        self.sink.room()
    }

    fn kept(&mut self) -> Option<&mut Kept> {
        self.sink.kept()
    }

    fn row(&mut self, row: &mut RowRef<'_>) -> ControlFlow<()> {
        let is_new = self.is_new(row);
        if !is_new && self.handing == Handing::OnlyNew {
            return ControlFlow::Continue(());
        }
        self.new += u64::from(is_new);
        let flow = self.sink.row(row);
        self.enough |= flow.is_break();
        flow
    }
}

#[async_trait]
impl Layer for Besides {
    fn inner(&self) -> &dyn SessionApi {
        &*self.inner
    }

    fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
        let mut plan = self.inner.plan(search)?;
        plan.notes
            .extend(self.inner.caps().unreported(&search.query));
        if search.native.is_none() && self.minds_case(&self.users(search)) {
            plan.notes.push(self.told_of_case());
        }
        plan.notes
            .extend(search.query.bounds(search.now, search.zone));
        Ok(plan)
    }

    async fn search(
        &self,
        search: &Search,
        at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        let Some(mut walk) = self.walk(search, at) else {
            return self.inner.search(search, at, sink).await;
        };
        let mut watch = Watch::new(self, &mut walk, sink, Handing::All);
        let mut end = self.inner.search(search, at, &mut watch).await?;
        let enough = watch.enough;
        drop(watch);
        if enough || end.next.is_some() {
            self.keep(walk);
            return Ok(end);
        }
        match end.completeness {
            Completeness::Truncated { .. } => self.words(&mut walk, &mut end, sink).await?,
            Completeness::Complete | Completeness::More | Completeness::Unknown => {}
        }
        self.spellings(&mut walk, search, &mut end, sink).await?;
        Ok(end)
    }
}
