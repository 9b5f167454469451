//! Pages that are asked for before they are needed: their order, their number, and what ends them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use usher::api::SessionApi;
use usher::emulator::{Options, Running};
use usher::model::{ApiError, Deletable, Session};
use usher::reading::{PageRead, Reading, StopReason, Then};

use super::scripted::{Act, Heard, Scripted, json, whole};
use super::{all, client_profile, emulator, fixed, open, search, token_profile};

/// Rows of a page.
const PAGE: usize = 100;

/// Reads the whole list as the screen and the command line do. How it ended is given with the rows.
async fn read(api: &dyn SessionApi) -> (Vec<Session>, PageRead) {
    let mut reading = Reading::new(api, search("")).unwrap();
    let mut rows = Vec::new();
    loop {
        let page = reading.page(&mut rows).await;
        if page.then != Then::Next {
            return (rows, page);
        }
    }
}

/// The first row of each page that was asked for.
fn starts(heard: &[Heard]) -> Vec<usize> {
    heard.iter().map(start).collect()
}

fn start(heard: &Heard) -> usize {
    let (_, start) = heard.line().split_once("startIndex=").expect("a page");
    start.split('&').next().unwrap().parse().unwrap()
}

/// A page of a list of so many rows.
fn page(start: usize, total: usize) -> Act {
    let row = |number| format!(r#"{{"outsideSid":"{number}","deletable":true}}"#);
    let rows: Vec<String> = (start..total.min(start + PAGE)).map(row).collect();
    json(&format!(
        r#"{{"start":{start},"totalEntriesCount":{total},"entries":[{}]}}"#,
        rows.join(",")
    ))
}

async fn long_list(sessions: usize) -> Running {
    emulator(Options {
        sessions,
        ..fixed()
    })
    .await
}

#[tokio::test]
async fn pages_are_on_their_way_together_within_the_limits_and_come_in_order() {
    for (concurrency, most) in [(1, 1), (2, 1), (3, 2), (16, 4)] {
        let emulator = long_list(1_300).await;
        let mut profile = client_profile(&emulator);
        profile.concurrency = concurrency;
        let expected = all(&open(&profile), &search("")).await.unwrap();
        let slow = r#"{"match":{"path":"*/session/search*"},"action":"delay","ms":40}"#;
        emulator.set_faults(&[slow]).unwrap();
        let before = emulator.journal().len();

        let (rows, end) = read(&*open(&profile)).await;

        assert_eq!(end.then, Then::End);
        assert_eq!(emulator.most_at_once(), most, "{concurrency}");
        // Some rows have another id at every reading.
        let keys = |rows: &[Session]| -> Vec<_> {
            let lasting = rows.iter().filter(|row| row.deletable == Deletable::Yes);
            lasting.map(|row| row.key.clone()).collect()
        };
        assert!(keys(&rows) == keys(&expected), "another order");
        assert_eq!(rows.len(), expected.len(), "{concurrency}");
        let journal = emulator.journal();
        let asked = journal[before..].iter().filter(|one| one.query.is_some());
        assert_eq!(asked.count(), 13, "no page was asked for twice, or in vain");
    }
}

#[tokio::test]
async fn a_page_that_fails_ahead_is_asked_for_again_and_then_one_at_a_time() {
    for status in ["500 Internal Server Error", "429 Too Many Requests"] {
        let fails = AtomicUsize::new(1);
        let server = Scripted::start(move |_, heard| {
            if start(heard) == 400 && fails.swap(0, Ordering::SeqCst) == 1 {
                let headers = "Retry-After: 1\r\nContent-Type: text/plain\r\n";
                return Act::Send(whole(status, headers, "no"));
            }
            page(start(heard), 1_050)
        })
        .await;

        let (rows, end) = read(&*open(&token_profile(&server.url))).await;

        assert_eq!((rows.len(), end.then), (1_050, Then::End), "{status}");
        let asked = starts(&server.heard());
        let again = asked.iter().rposition(|start| *start == 400).unwrap();
        assert_eq!(asked[..4], [0, 100, 200, 300], "{status}");
        assert_eq!(asked[again..], [400, 500, 600, 700, 800, 900, 1_000]);
        let early = asked[4..again].iter();
        assert!(early.clone().all(|start| *start <= 600), "{asked:?}");
    }
}

#[tokio::test]
async fn the_rows_before_a_page_that_fails_for_good_are_there_and_nothing_stays_open() {
    let emulator = long_list(1_300).await;
    let api = open(&client_profile(&emulator));
    let refuse =
        r#"{"match":{"path":"*/session/search*","nth":[6,99]},"action":"status","code":403}"#;
    emulator.set_faults(&[refuse]).unwrap();

    let (rows, end) = read(&*api).await;

    assert!(
        matches!(end.then, Then::Broke(ApiError::Forbidden { .. })),
        "{:?}",
        end.then
    );
    assert_eq!(rows.len(), 5 * PAGE);
    closed(&emulator).await;
}

#[tokio::test]
async fn what_is_on_its_way_ends_with_the_reading() {
    let emulator = long_list(1_300).await;
    let api = open(&client_profile(&emulator));
    let hang = r#"{"match":{"path":"*/session/search*","nth":[6,99]},"action":"hang"}"#;
    emulator.set_faults(&[hang]).unwrap();
    let mut reading = Reading::new(&*api, search("")).unwrap();
    let mut rows = Vec::new();

    let ended = async { while reading.page(&mut rows).await.then == Then::Next {} };
    let ended = tokio::time::timeout(Duration::from_secs(1), ended).await;

    assert!(ended.is_err(), "a page hangs");
    assert!(emulator.answering() > 0);
    drop(reading);
    closed(&emulator).await;
}

/// Waits until the server has no request any more.
async fn closed(emulator: &Running) {
    let closed = async {
        while emulator.answering() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let closed = tokio::time::timeout(Duration::from_secs(5), closed).await;
    assert!(closed.is_ok(), "{} are still open", emulator.answering());
}

#[tokio::test]
async fn a_reading_can_be_stopped_between_two_pages_that_are_there_already() {
    let emulator = long_list(1_300).await;
    let api = open(&client_profile(&emulator));
    let mut reading = Reading::new(&*api, search("")).unwrap();
    let mut rows = Vec::new();
    for _ in 0..6 {
        assert_eq!(reading.page(&mut rows).await.then, Then::Next);
    }
    // Time for the pages that are asked for ahead.
    tokio::time::sleep(Duration::from_millis(500)).await;

    let page = futures_util::FutureExt::now_or_never(reading.page(&mut rows));

    assert!(page.is_none(), "it waits once, however much is there");
}

#[tokio::test]
async fn a_server_that_repeats_itself_is_not_asked_ahead() {
    let server = Scripted::start(|_, _| page(0, 1_000_000)).await;

    let (rows, end) = read(&*open(&token_profile(&server.url))).await;

    assert_eq!(rows.len(), PAGE);
    assert!(
        matches!(end.then, Then::Stopped(StopReason::Stuck(_))),
        "{:?}",
        end.then
    );
    assert_eq!(starts(&server.heard()), [0, 100, 200]);
}

#[tokio::test]
async fn thin_pages_are_asked_for_one_at_a_time_and_lose_nothing() {
    // It gives 90 rows where 100 are asked for, and counts 1,000.
    let server = Scripted::start(|_, heard| match page(start(heard), 1_000) {
        Act::Send(bytes) => {
            let text = String::from_utf8(bytes).unwrap();
            let (_, body) = text.split_once("\r\n\r\n").unwrap();
            let mut page: serde_json::Value = serde_json::from_str(body).unwrap();
            page["entries"].as_array_mut().unwrap().truncate(90);
            json(&page.to_string())
        }
        other => other,
    })
    .await;

    let (rows, _) = read(&*open(&token_profile(&server.url))).await;

    assert_eq!(rows.len(), 1_000);
    let expected: Vec<usize> = (0..1_000).step_by(90).collect();
    assert_eq!(starts(&server.heard()), expected);
}

#[tokio::test]
async fn a_page_of_a_list_that_has_changed_meanwhile_is_asked_for_again() {
    // A session ends between two pages that are asked for together: what stood at 400 stands at 399 now.
    let gone = Arc::new(AtomicUsize::new(0));
    let server = Scripted::start(move |_, heard| {
        let start = start(heard);
        if start == 400 {
            gone.store(1, Ordering::SeqCst);
        }
        page(start, 1_050 - gone.load(Ordering::SeqCst))
    })
    .await;

    let (rows, end) = read(&*open(&token_profile(&server.url))).await;

    assert_eq!((rows.len(), end.then), (1_049, Then::End));
    let asked = starts(&server.heard());
    let count = |start: usize| asked.iter().filter(|one| **one == start).count();
    assert!(count(300) + count(400) > 2, "{asked:?}");
}

#[tokio::test]
async fn a_list_that_changes_all_the_time_is_read_as_if_nothing_was_asked_ahead() {
    let server = Scripted::start(|number, heard| page(start(heard), 1_000 + number)).await;

    let (rows, _) = read(&*open(&token_profile(&server.url))).await;

    assert!(rows.len() >= 1_000);
    let expected: Vec<usize> = (0..=1_000).step_by(PAGE).collect();
    assert_eq!(starts(&server.heard()), expected);
}

#[tokio::test]
async fn no_page_is_asked_for_that_a_limit_makes_needless() {
    let emulator = long_list(1_300).await;
    let api = open(&client_profile(&emulator));
    let mut reading = Reading::new(&*api, search("")).unwrap().limited(350);
    let mut rows = Vec::new();

    while reading.page(&mut rows).await.then == Then::Next {}

    assert_eq!(rows.len(), 350);
    let journal = emulator.journal();
    let asked = journal.iter().filter(|one| one.query.is_some()).count();
    assert_eq!(asked, 4);
}
