//! What every system's client must do, whatever the wire: run against that system's emulator.
//!
//! A system implements [`Bed`] and writes `conformance!(ItsBed)`.

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use usher::api::SessionApi;
use usher::api::signin::Nobody;
use usher::config::Profile;
use usher::emulator::{Options, Running, start};
use usher::model::query::{Matcher, SessionIn};
use usher::model::session::Thresholds;
use usher::model::time::Zone;
use usher::model::{
    ApiError, Completeness, Deletable, Fact, Outcome, Query, Search, Session, SessionKey, Support,
};

/// One system, as these tests need it.
pub trait Bed {
    /// An emulator with some hundred sessions.
    fn options() -> Options;
    /// The same, whose operator may not list.
    fn options_without_rights() -> Options;
    /// A profile for it.
    fn profile(emulator: &Running) -> Profile;
    /// The `match` object of a fault that hits listing.
    const LISTS: &'static str;
    /// The `match` object of a fault that hits ending a session.
    const ENDS: &'static str;
}

/// A running system and its client.
pub struct Set {
    pub emulator: Running,
    pub api: Arc<dyn SessionApi>,
}

impl Set {
    pub async fn of<B: Bed>(options: Options) -> Self {
        let emulator = start(options).await.expect("a free port");
        let mut profile = B::profile(&emulator);
        profile.timeout = Duration::from_secs(2);
        let api = usher::api::open(&profile, Arc::new(Nobody)).expect("a good profile");
        Self { emulator, api }
    }

    pub async fn signed_in<B: Bed>() -> Self {
        let set = Self::of::<B>(B::options()).await;
        set.api.whoami().await.expect("the emulator takes us");
        set
    }

    pub fn fault(&self, target: &str, action: &str) {
        let spec = format!(r#"{{"match":{target},{action}}}"#);
        self.emulator.set_faults(&[spec]).expect("a good fault");
    }

    pub async fn list(&self, query: &str) -> Result<Vec<Session>, ApiError> {
        let search = search(query);
        let mut rows = Vec::new();
        let mut at = None;
        for _ in 0..1_000 {
            at = self.api.search(&search, at.as_ref(), &mut rows).await?.next;
            if at.is_none() {
                return Ok(rows);
            }
        }
        panic!("the listing of {query} never ends");
    }

    /// A session that can be ended, and its key.
    async fn victim(&self) -> SessionKey {
        let rows = self.list("").await.expect("a list");
        let live = rows.iter().filter(|row| row.fact == Fact::Live);
        let mut ours = live.filter(|row| !matches!(row.deletable, Deletable::No(_)));
        ours.next().expect("somebody is signed in").key.clone()
    }
}

pub fn search(query: &str) -> Search {
    Search {
        query: Query::parse(query).unwrap_or_else(|error| panic!("{query}: {error}")),
        sort: None,
        page_size: NonZeroU16::new(30).expect("30 is not 0"),
        native: None,
        now: Utc::now(),
        zone: Zone::Utc,
    }
}

pub async fn pages_to_the_end<B: Bed>() {
    let set = Set::signed_in::<B>().await;
    let asked = search("");
    let mut rows: Vec<Session> = Vec::new();
    let mut at = None;
    let last = loop {
        let end = set
            .api
            .search(&asked, at.as_ref(), &mut rows)
            .await
            .expect("a page");
        if end.next.is_none() {
            break end;
        }
        at = end.next;
    };

    assert_eq!(rows.len(), set.emulator.world().count());
    let keys: BTreeSet<&str> = rows.iter().map(|row| row.key.expose()).collect();
    assert_eq!(keys.len(), rows.len(), "a row came twice");
    assert_eq!(last.completeness, Completeness::Complete);
}

pub async fn every_field_filters<B: Bed>() {
    let set = Set::signed_in::<B>().await;
    let rows = set.list("").await.expect("a list");
    let row = rows
        .iter()
        .find(|row| row.fact == Fact::Live)
        .expect("a live row");
    let text =
        |text: &Option<usher::model::Untrusted>| text.as_ref().map(|text| text.expose().to_owned());
    let values = [
        ("user", text(&row.subject.name)),
        ("user.id", text(&row.subject.id)),
        ("id", Some(row.key.expose().to_owned())),
        ("client", text(&row.client)),
        ("ip", text(&row.ip)),
        ("agent", text(&row.user_agent)),
        ("method", text(&row.auth_method)),
        ("scope", text(&row.scope)),
        ("state", Some("active".to_owned())),
    ];
    let mut queries: Vec<String> = values
        .into_iter()
        .filter_map(|(field, value)| Some(format!("{field}:\"{}\"", value?)))
        .collect();
    for field in ["created", "used", "expires"] {
        queries.push(format!("{field}>now-1h"));
        queries.push(format!("{field}<=now+1h"));
    }
    for query in queries {
        let asked = search(&query);
        let plan = set.api.plan(&asked).expect("a plan");
        let found = set
            .list(&query)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"));
        let count = |rows: &[Session], clauses: &[usher::model::Clause]| {
            let matcher = Matcher::new(clauses, asked.now, asked.zone, Thresholds::default());
            let matcher = matcher.expect("a good query");
            let all = rows.iter().map(|row| SessionIn::new(row, "test", "test"));
            all.filter(|row| matcher.matches(row)).count()
        };
        let ours = count(&rows, &asked.query.clauses);
        assert_eq!(
            count(&found, &plan.rest),
            ours,
            "{query} as {}",
            plan.native
        );
    }
}

pub async fn unreported_fields_are_admitted<B: Bed>() {
    let set = Set::signed_in::<B>().await;
    let caps = set.api.caps();
    for (field, support) in &caps.fields {
        let query = match field.kind() {
            usher::model::query::Kind::Text => format!("{}:x", field.name()),
            _ => continue,
        };
        let notes = set.api.plan(&search(&query)).map(|plan| plan.notes);
        if support == &Support::No {
            assert!(
                notes.is_ok_and(|notes| !notes.is_empty()),
                "{query} says nothing"
            );
        }
    }
}

pub async fn ends_once<B: Bed>() {
    let set = Set::signed_in::<B>().await;
    let key = set.victim().await;
    let before = set.emulator.world().count();

    let first = set
        .api
        .revoke(std::slice::from_ref(&key))
        .await
        .expect("an outcome");
    let second = set
        .api
        .revoke(std::slice::from_ref(&key))
        .await
        .expect("an outcome");

    assert!(matches!(first[..], [Outcome::Revoked]), "{first:?}");
    assert!(matches!(second[..], [Outcome::AlreadyGone]), "{second:?}");
    assert_eq!(set.emulator.world().count(), before - 1);
    assert_eq!(
        set.api.get(&key).await.expect_err("it is gone"),
        ApiError::NotFound
    );
}

pub async fn a_lost_answer_is_settled<B: Bed>() {
    let set = Set::signed_in::<B>().await;
    let key = set.victim().await;
    set.fault(B::ENDS, r#""action":"lost_ack""#);

    let outcome = set.api.revoke(&[key]).await.expect("an outcome");

    assert!(matches!(outcome[..], [Outcome::Revoked]), "{outcome:?}");
}

pub async fn a_refused_token_is_an_auth_error<B: Bed>() {
    let set = Set::signed_in::<B>().await;
    set.fault(B::LISTS, r#""action":"auth","kind":"401_always""#);

    let error = set.list("").await.expect_err("it is refused");

    assert!(matches!(error, ApiError::Auth { .. }), "{error:?}");
}

pub async fn lacking_rights_are_named<B: Bed>() {
    let set = Set::of::<B>(B::options_without_rights()).await;

    let error = set.list("").await.expect_err("it is refused");

    assert!(matches!(error, ApiError::Forbidden { .. }), "{error:?}");
}

pub async fn waits_when_told<B: Bed>() {
    let set = Set::signed_in::<B>().await;
    let action = r#""times":1,"action":"status","code":429,"headers":{"retry-after":"1"}"#;
    set.fault(B::LISTS, action);
    let begun = Instant::now();

    let rows = set.list("").await.expect("the second try is answered");

    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(rows.len(), set.emulator.world().count());
}

pub async fn a_cut_body_is_an_error<B: Bed>() {
    let set = Set::signed_in::<B>().await;
    for framing in ["length", "chunked"] {
        let action = format!(r#""action":"close","after_bytes":300,"framing":"{framing}""#);
        set.fault(B::LISTS, &action);
        let error = set.list("").await.expect_err("it is cut");
        assert!(
            matches!(error, ApiError::Broken { .. }),
            "{framing}: {error:?}"
        );
    }
}

pub async fn a_page_of_html_is_an_error<B: Bed>() {
    let set = Set::signed_in::<B>().await;
    set.fault(B::LISTS, r#""action":"garbage","kind":"html""#);
    let ok = set.list("").await.expect_err("it is no list");
    assert!(matches!(ok, ApiError::Unexpected { .. }), "{ok:?}");

    let action = r#""action":"status","code":500,"content_type":"text/html","body":"<html><title>Oops</title></html>""#;
    set.fault(B::LISTS, action);
    let failed = set.list("").await.expect_err("it failed");
    let ApiError::Server {
        status: 500,
        message,
        ..
    } = &failed
    else {
        panic!("{failed:?}");
    };
    assert!(
        message.contains("Oops") && !message.contains('<'),
        "{message}"
    );
}

pub async fn a_hanging_server_ends_by_the_limit_or_by_dropping<B: Bed>() {
    let set = Set::signed_in::<B>().await;
    set.fault(B::LISTS, r#""action":"hang""#);
    let asked = search("");
    let mut rows: Vec<Session> = Vec::new();
    let begun = Instant::now();

    let dropped = set.api.search(&asked, None, &mut rows);
    let dropped = tokio::time::timeout(Duration::from_millis(100), dropped).await;
    assert!(dropped.is_err());
    assert!(begun.elapsed() < Duration::from_secs(1));

    let error = set.list("").await.expect_err("nothing answers");
    assert!(matches!(error, ApiError::Timeout { .. }), "{error:?}");
}

pub async fn a_server_killed_in_the_middle_of_a_list_is_an_error<B: Bed>() {
    let set = Set::signed_in::<B>().await;
    let mut rows: Vec<Session> = Vec::new();
    let end = set
        .api
        .search(&search(""), None, &mut rows)
        .await
        .expect("a page");
    let got = rows.len();
    set.emulator.stop().await;
    if end.next.is_none() {
        return;
    }

    let error = set
        .api
        .search(&search(""), end.next.as_ref(), &mut rows)
        .await;

    let error = error.expect_err("nobody is there");
    assert!(error.is_transient(), "{error:?}");
    assert_eq!(rows.len(), got, "the rows that came stay as they are");
}

/// All of it, for one system.
macro_rules! conformance {
    ($bed:ty) => {
        conformance!($bed:
            pages_to_the_end, every_field_filters, unreported_fields_are_admitted, ends_once,
            a_lost_answer_is_settled, a_refused_token_is_an_auth_error, lacking_rights_are_named,
            waits_when_told, a_cut_body_is_an_error, a_page_of_html_is_an_error,
            a_hanging_server_ends_by_the_limit_or_by_dropping,
            a_server_killed_in_the_middle_of_a_list_is_an_error
        );
    };
    ($bed:ty: $($name:ident),*) => {
        mod conforms {
            use super::*;
            $(
                #[tokio::test]
                async fn $name() {
                    crate::conformance::$name::<$bed>().await;
                }
            )*
        }
    };
}
