//! The loop on a system that plays a script.

use std::collections::VecDeque;
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::DateTime;

use super::*;
use crate::model::{
    Capabilities, Clause, Field, Identity, KindCaps, Op, Outcome, Query, Session, SessionKey,
    Subject, Support, UserOutcome, Value, Way, WayCost,
};

/// The behaviour of one page of the script.
enum Page {
    /// Rows, and where the next page begins.
    Rows(&'static [&'static str], Option<&'static str>),
    /// Rows of a walk over this many users, after so many of them.
    Walk(&'static [&'static str], u64, u64),
    /// Rows, and then this error.
    Breaks(&'static [&'static str], ApiError),
    /// Rows, and then no answer.
    Hangs(&'static [&'static str]),
}

/// A system that answers with the pages of a script, one after the other.
#[derive(Default)]
struct Scripted {
    pages: Mutex<VecDeque<Page>>,
    asked: Mutex<Vec<Option<String>>>,
    plan: Plan,
    required: Vec<Field>,
}

impl Scripted {
    fn new(pages: impl IntoIterator<Item = Page>) -> Self {
        Self {
            pages: Mutex::new(pages.into_iter().collect()),
            ..Self::default()
        }
    }

    /// The cursors that were asked for; the start is empty.
    fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let text = |at: &Option<String>| at.clone().unwrap_or_default();
        asked.iter().map(text).collect()
    }
}

#[async_trait]
impl SessionApi for Scripted {
    fn caps(&self) -> Arc<Capabilities> {
        let mut kind = KindCaps::default();
        for field in &self.required {
            kind.fields[*field] = Support::Required;
        }
        Arc::new(Capabilities::of_one_kind("Made-up", kind))
    }

    fn plan(&self, _search: &Search) -> Result<Plan, ApiError> {
        Ok(self.plan.clone())
    }

    async fn whoami(&self) -> Result<Identity, ApiError> {
        Err(ApiError::Cancelled)
    }

    async fn search(
        &self,
        _search: &Search,
        at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        let at = at.map(|cursor| cursor.as_str().to_owned());
        self.asked.lock().unwrap().push(at);
        let page = self.pages.lock().unwrap().pop_front();
        let page = page.expect("more pages were asked for than the script has");
        let (Page::Rows(rows, _)
        | Page::Walk(rows, ..)
        | Page::Breaks(rows, _)
        | Page::Hangs(rows)) = &page;
        for key in *rows {
            let mut row = RowRef::new(*key, *key);
            row.user = Some((*key).into());
            if sink.row(&mut row).is_break() {
                break;
            }
        }
        let mut walk = None;
        let next = match page {
            Page::Rows(_, next) => next.map(str::to_owned),
            Page::Walk(_, done, of) => {
                // A second of work for every user.
                tokio::time::sleep(Duration::from_secs(1)).await;
                let (of, what) = (Some(of), "users".into());
                walk = Some(WalkProgress { done, of, what });
                (of != Some(done)).then(|| done.to_string())
            }
            Page::Breaks(_, error) => return Err(error),
            Page::Hangs(_) => std::future::pending().await,
        };
        Ok(PageEnd {
            completeness: match next {
                Some(_) => Completeness::More,
                None => Completeness::Complete,
            },
            next: next.map(Cursor::new),
            total: None,
            unread: 0,
            walk,
        })
    }

    async fn get(&self, _key: &SessionKey) -> Result<Session, ApiError> {
        Err(ApiError::NotFound)
    }

    async fn revoke(&self, _keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        Err(ApiError::Cancelled)
    }

    async fn revoke_user(&self, _user: &Subject) -> Result<UserOutcome, ApiError> {
        Err(ApiError::Cancelled)
    }
}

fn search() -> Search {
    Search::new(Query::default(), NonZeroU16::MIN, DateTime::UNIX_EPOCH)
}

fn reading(api: &Scripted) -> Reading<'_> {
    Reading::new(api, search()).unwrap()
}

fn cut() -> ApiError {
    ApiError::Broken {
        host: "h".into(),
        why: "cut".into(),
        exchange: None,
    }
}

fn keys(rows: &[Session]) -> Vec<&str> {
    rows.iter().map(|row| row.key.expose()).collect()
}

/// Reads until the loop stops; the rows, and how it ended.
async fn read(reading: &mut Reading<'_>) -> (Vec<Session>, PageRead) {
    let mut rows = Vec::new();
    loop {
        let page = reading.page(&mut rows).await;
        if page.then != Then::Next {
            return (rows, page);
        }
    }
}

#[tokio::test]
async fn every_session_is_handed_out_once_and_repeats_are_counted() {
    let api = Scripted::new([
        Page::Rows(&["a", "b"], Some("2")),
        Page::Rows(&["b", "c"], None),
    ]);

    let (rows, last) = read(&mut reading(&api)).await;

    assert_eq!(keys(&rows), ["a", "b", "c"]);
    assert_eq!(
        (last.received, last.duplicates, last.then),
        (2, 1, Then::End)
    );
    assert_eq!(api.asked(), ["", "2"]);
}

#[tokio::test]
async fn what_the_server_cannot_filter_is_filtered_here() {
    let mut api = Scripted::new([Page::Rows(&["amy", "bob", "amy2"], None)]);
    api.plan.rest = vec![Clause::field(
        Field::User,
        Op::Eq,
        Value::Text("amy*".into()),
    )];
    let reading = reading(&api).matching("p", "s", Thresholds::default());
    let (rows, last) = read(&mut reading.unwrap().limited(2)).await;

    assert_eq!(keys(&rows), ["amy", "amy2"]);
    assert_eq!((last.received, last.then), (3, Then::End));
}

#[tokio::test]
async fn a_broken_page_keeps_its_rows_and_is_asked_for_again() {
    let api = Scripted::new([
        Page::Rows(&["a"], Some("2")),
        Page::Breaks(&["b"], cut()),
        Page::Rows(&["b", "c"], None),
    ]);
    let mut reading = reading(&api);

    let (rows, broken) = read(&mut reading).await;
    assert_eq!(keys(&rows), ["a", "b"]);
    assert_eq!(broken.then, Then::Broke(cut()));
    assert_eq!(broken.end.next, Some(Cursor::new("2")));

    let (rows, last) = read(&mut reading).await;
    assert_eq!((keys(&rows), last.then), (vec!["c"], Then::End));
    assert_eq!(api.asked(), ["", "2", "2"]);
}

#[tokio::test]
async fn a_later_reading_goes_on_where_another_ended() {
    let api = Scripted::new([
        Page::Rows(&["a", "b"], Some("2")),
        Page::Rows(&["c", "d"], Some("3")),
        Page::Rows(&["c", "d"], None),
    ]);
    let mut first = reading(&api).limited(3);

    let (rows, last) = read(&mut first).await;
    assert_eq!(keys(&rows), ["a", "b", "c"]);
    assert_eq!(last.then, Then::Stopped(StopReason::Limit(3)));

    let mut second = reading(&api).resumed(last.end.next, first.into_keys());
    let (rows, last) = read(&mut second).await;
    assert_eq!((keys(&rows), last.then), (vec!["d"], Then::End));
    assert_eq!(api.asked(), ["", "2", "2"]);
}

#[tokio::test]
async fn a_limit_stops_only_where_there_is_more() {
    for (pages, stops) in [
        (vec![Page::Rows(&["a", "b"], None)], false),
        (vec![Page::Rows(&["a", "b", "b"], None)], false),
        (vec![Page::Rows(&["a", "b"], Some("2"))], true),
        (vec![Page::Rows(&["a", "b", "c"], None)], true),
        (vec![Page::Breaks(&["a", "b", "c"], cut())], true),
    ] {
        let api = Scripted::new(pages);

        let (rows, last) = read(&mut reading(&api).limited(2)).await;

        assert_eq!(keys(&rows), ["a", "b"]);
        let limit = Then::Stopped(StopReason::Limit(2));
        assert_eq!(last.then, if stops { limit } else { Then::End });
    }
}

#[tokio::test]
async fn a_sink_that_has_enough_ends_the_reading_even_if_the_page_fails_after_that() {
    struct One(u32);
    impl RowSink for One {
        fn row(&mut self, _row: &mut RowRef<'_>) -> ControlFlow<()> {
            self.0 += 1;
            ControlFlow::Break(())
        }
    }
    for page in [
        Page::Rows(&["a", "b"], Some("2")),
        Page::Breaks(&["a", "b"], cut()),
    ] {
        let api = Scripted::new([page]);
        let mut sink = One(0);

        let page = reading(&api).page(&mut sink).await;

        assert_eq!(page.then, Then::Stopped(StopReason::Enough));
        assert_eq!(sink.0, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_dropped_keeps_what_it_has_brought() {
    let api = Scripted::new([
        Page::Rows(&["a"], Some("2")),
        Page::Hangs(&["b"]),
        Page::Rows(&["b", "c"], None),
    ]);
    let mut reading = reading(&api);
    let mut rows = Vec::new();
    let _ = reading.page(&mut rows).await;

    let wait = Duration::from_secs(1);
    let dropped = tokio::time::timeout(wait, reading.page(&mut rows)).await;
    assert!(dropped.is_err());
    let last = reading.page(&mut rows).await;

    assert_eq!(keys(&rows), ["a", "b", "c"]);
    assert_eq!(last.then, Then::End);
    assert_eq!(api.asked(), ["", "2", "2"]);
}

#[tokio::test]
async fn f_http_10_a_server_that_goes_round_in_circles_is_left() {
    for (what, pages, stuck, asked) in [
        (
            "a cursor named twice",
            vec![Page::Rows(&["a"], Some("2")), Page::Rows(&["b"], Some("2"))],
            Stuck::SameCursor,
            2,
        ),
        (
            "the same rows again and again",
            vec![
                Page::Rows(&["a"], Some("2")),
                Page::Rows(&["a"], Some("3")),
                Page::Rows(&["a"], Some("4")),
            ],
            Stuck::Repeats,
            3,
        ),
    ] {
        let api = Scripted::new(pages);

        let (_, last) = read(&mut reading(&api)).await;

        let why = StopReason::Stuck(stuck);
        assert_eq!(last.then, Then::Stopped(why), "{what}");
        assert_eq!(api.asked().len(), asked, "{what}");
        assert!(why.to_string().ends_with("; stopped"), "{why}");
    }
}

#[tokio::test]
async fn only_a_list_that_was_read_to_its_end_is_whole() {
    for (pages, whole) in [
        (
            vec![Page::Rows(&["a"], Some("2")), Page::Rows(&["b"], None)],
            true,
        ),
        (vec![Page::Breaks(&["a"], cut())], false),
        (vec![Page::Rows(&["a", "b", "c"], None)], false),
    ] {
        let api = Scripted::new(pages);
        let mut rows: Vec<Session> = Vec::new();

        let is_whole = reading(&api).limited(2).is_whole(&mut rows).await;

        assert_eq!(is_whole, whole);
    }
}

#[tokio::test(start_paused = true)]
async fn a_walk_that_finds_nobody_for_long_says_how_far_it_is() {
    let users = 300;
    let found = |done| if done == users { &["a"][..] } else { &[] };
    let api = Scripted::new((1..=users).map(|done| Page::Walk(found(done), done, users)));
    let mut reading = reading(&api);
    let mut rows: Vec<Session> = Vec::new();
    let mut said = Vec::new();
    let last = loop {
        let page = reading.page(&mut rows).await;
        said.extend(page.headway.as_ref().map(ToString::to_string));
        if page.then != Then::Next {
            break page;
        }
    };

    assert_eq!((keys(&rows), last.then), (vec!["a"], Then::End));
    assert_eq!(said[9], "10 of 300 users · 1/s · 4 min 50 s left");
    assert_eq!(said.len(), 300);
}

#[tokio::test(start_paused = true)]
async fn the_rate_of_a_walk_that_goes_on_is_that_of_this_reading() {
    let api = Scripted::new((101..=103).map(|done| Page::Walk(&[], done, 110)));
    let keys = ReadKeys::default();
    let mut reading = reading(&api).resumed(Some(Cursor::new("100")), keys);
    let mut rows: Vec<Session> = Vec::new();
    let mut said = Vec::new();
    for _ in 0..3 {
        let page = reading.page(&mut rows).await;
        said.extend(page.headway.map(|headway| headway.to_string()));
    }

    assert_eq!(said[0], "101 of 110 users");
    assert_eq!(said[2], "103 of 110 users · 1/s · 7 s left");
}

#[tokio::test]
async fn f_http_10_empty_pages_are_read_up_to_a_bound() {
    let empty = |count: u32| {
        let next = |number: u32| Page::Rows(&[], Some(number.to_string().leak()));
        (1..=count).map(next).collect::<Vec<_>>()
    };
    let some = empty(50).into_iter().chain([Page::Rows(&["a"], None)]);
    let api = Scripted::new(some);
    let (rows, last) = read(&mut reading(&api)).await;
    assert_eq!((keys(&rows), last.then), (vec!["a"], Then::End));

    let api = Scripted::new(empty(100));
    let (_, last) = read(&mut reading(&api)).await;
    let why = StopReason::Stuck(Stuck::Empty);
    assert_eq!(last.then, Then::Stopped(why));
}

/// The missing input of a search, and the field to fill in.
fn lacking(api: &Scripted, search: Search) -> Option<(String, Option<Field>)> {
    match Reading::new(api, search).err() {
        Some(ApiError::Incomplete { message, field, .. }) => Some((message, field)),
        None => None,
        Some(other) => panic!("{other}"),
    }
}

#[test]
fn one_of_the_required_fields_is_asked_for_before_anything_is_sent() {
    let mut api = Scripted::default();
    assert_eq!(lacking(&api, search()), None);

    api.required = vec![Field::User];
    let said = "Made-up lists no sessions unless the query has user:…";
    let lack = (said.to_owned(), Some(Field::User));
    assert_eq!(lacking(&api, search()), Some(lack));

    api.required.push(Field::Scope);
    let said = "Made-up lists no sessions unless the query has user:… or scope:…";
    assert_eq!(lacking(&api, search()), Some((said.to_owned(), None)));
    for (query, lacks) in [
        ("user:amy", false),
        ("scope:/alpha", false),
        ("-user:amy", true),
        ("client:web", true),
    ] {
        let mut search = search();
        search.query = Query::parse(query).unwrap();
        assert_eq!(lacking(&api, search).is_some(), lacks, "{query}");
    }
    let mut native = search();
    native.native = Some("their own words".into());
    assert_eq!(lacking(&api, native), None);
}

#[test]
fn a_search_that_cannot_be_answered_at_once_names_the_ways_to_list() {
    let way = |word: &'static str, title: &'static str, needs, cost| Way {
        word: word.into(),
        title: title.into(),
        needs,
        cost,
    };
    let cost = |requests, takes: Option<u64>| {
        let takes = takes.map(Duration::from_secs);
        Some(WayCost {
            requests,
            is_least: requests == 1_200,
            takes,
        })
    };
    let mut api = Scripted::default();
    api.plan.ways = vec![
        way("recent", "sign-ins of the last day", None, cost(3, Some(2))),
        way("one", "one organization", Some(Field::Scope), None),
        way("all", "all users", None, cost(1_200, None)),
    ];
    let all = "recent (sign-ins of the last day; about 3 requests, 2 s), one (one organization; needs \
               scope:…), all (all users; at least 1,200 requests)";
    let chosen = |word: &'static str, query: &str| {
        let mut search = search();
        search.way = Some(word.into());
        search.query = Query::parse(query).unwrap();
        lacking(&api, search)
    };

    let said = format!("Made-up cannot list that at once; the ways to list are {all}");
    assert_eq!(lacking(&api, search()), Some((said, None)));
    let said = format!("there is no way \"some\"; the ways to list are {all}");
    assert_eq!(chosen("some", ""), Some((said, None)));
    let said = "one organization: the query needs scope:…".to_owned();
    assert_eq!(chosen("one", ""), Some((said, Some(Field::Scope))));
    assert_eq!(chosen("one", "scope:org_1"), None);
    assert_eq!(chosen("all", ""), None);
}
