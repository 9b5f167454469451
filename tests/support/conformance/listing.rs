//! Listing: to the end, past every limit, and by every field.

use std::collections::BTreeSet;
use std::time::Duration;

use usher::model::query::{Matcher, SessionIn, ValueKind};
use usher::model::session::Thresholds;
use usher::model::{Clause, Completeness, Fact, Session, Support};

use super::{LongList, ServerFixture, Set, Setup, search, text};

pub async fn pages_to_the_end<B: ServerFixture>() {
    let set = Set::<B>::signed_in().await;
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

    assert_eq!(rows.len(), B::count(&set.server));
    let keys: BTreeSet<&str> = rows.iter().map(|row| row.key.expose()).collect();
    assert_eq!(keys.len(), rows.len(), "a row came twice");
    assert_eq!(last.completeness, Completeness::Complete);
}

pub async fn a_limit_of_the_server_is_never_silent<B: ServerFixture>() {
    const LIMIT: usize = 20;
    let set = Set::<B>::signed_in_as(Setup::Limited(LIMIT), Duration::from_secs(2)).await;

    let (rows, completeness) = set.whole("").await.expect("a list");

    let all = B::count(&set.server);
    assert!(all > LIMIT, "{all} rows are no long list");
    match B::LONG_LIST {
        LongList::GoesOn => {
            assert_eq!((rows.len(), completeness), (all, Completeness::Complete));
        }
        LongList::IsCut => {
            assert!(rows.len() < all, "{} of {all}", rows.len());
            let at = LIMIT as u64;
            assert_eq!(completeness, Completeness::Truncated { at });
        }
    }
}

pub async fn every_field_filters<B: ServerFixture>() {
    let set = Set::<B>::signed_in().await;
    let rows = set.list("").await.expect("a list");
    let live: Vec<&Session> = rows.iter().filter(|row| row.fact == Fact::Live).collect();
    let mut queries = BTreeSet::from(["state:active".to_owned()]);
    // Several, since the first may be one of the system's own.
    for row in live.iter().step_by(live.len().div_ceil(3).max(1)) {
        queries.extend(by_its_values(row));
    }
    assert!(queries.len() > 1, "no live row in {}", rows.len());
    for query in &queries {
        assert_ne!(filtered(&set, &rows, query).await, 0, "{query}");
    }
    for field in ["created", "used", "expires"] {
        filtered(&set, &rows, &format!("{field}>now-1h")).await;
        filtered(&set, &rows, &format!("{field}<=now+1h")).await;
    }
}

/// Queries that find a row by what it shows.
fn by_its_values(row: &Session) -> impl Iterator<Item = String> {
    let values = [
        ("user", text(&row.subject.name)),
        ("user.id", text(&row.subject.id)),
        ("id", Some(row.key.expose().to_owned())),
        ("client", text(&row.client)),
        ("ip", text(&row.ip)),
        ("agent", text(&row.user_agent)),
        ("method", text(&row.auth_method)),
        ("scope", text(&row.scope)),
    ];
    let quoted = |value: String| value.replace('\\', "\\\\").replace('"', "\\\"");
    values
        .into_iter()
        .filter_map(move |(field, value)| Some(format!("{field}:\"{}\"", quoted(value?))))
}

/// How many rows a query finds; as many as it should.
async fn filtered<B: ServerFixture>(set: &Set<B>, rows: &[Session], query: &str) -> usize {
    let asked = search(query);
    let plan = set.api.plan(&asked).expect("a plan");
    let found = set.list(query).await;
    let found = found.unwrap_or_else(|error| panic!("{query}: {error}"));
    let count = |rows: &[Session], clauses: &[Clause]| {
        let matcher = Matcher::new(clauses, asked.now, asked.zone, Thresholds::default());
        let matcher = matcher.expect("a good query");
        let all = rows.iter().map(|row| SessionIn::new(row, "test", "test"));
        all.filter(|row| matcher.matches(row)).count()
    };
    let ours = count(rows, &asked.query.clauses);
    let theirs = count(&found, &plan.rest);
    assert_eq!(theirs, ours, "{query} as {}", plan.native);
    theirs
}

pub async fn unreported_fields_are_admitted<B: ServerFixture>() {
    let set = Set::<B>::signed_in().await;
    let caps = set.api.caps();
    for (field, support) in &caps.of(None).fields {
        let query = match field.kind() {
            ValueKind::Text => format!("{}:x", field.name()),
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
