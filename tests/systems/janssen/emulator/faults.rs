//! Faults in answers and credentials, which requests they hit, and the control port.

use std::time::{Duration, Instant};

use super::http::ask;
use super::sessions::full_row;
use super::*;

pub fn set(emulator: &Running, spec: &str) {
    emulator.set_faults(&[spec]).expect("a valid fault");
}

#[tokio::test]
async fn status_answers_with_the_given_head_and_body() {
    let emulator = running(fixed()).await;
    set(
        &emulator,
        r#"{"action":"status","code":503,"headers":{"retry-after":"7"},"body":"<h1>down</h1>","content_type":"text/html"}"#,
    );

    let answer = api(&emulator, "GET", "/search").await;

    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert_eq!(answer.text(), "<h1>down</h1>");
}

#[tokio::test]
async fn match_chooses_the_requests_and_nth_the_turns() {
    let emulator = running(fixed()).await;
    set(
        &emulator,
        r#"{"match":{"system":"janssen","method":"DELETE","path":"*/sid/*","nth":[2,2]},"action":"status","code":500}"#,
    );
    let mut statuses = Vec::new();

    for (method, path) in [
        ("DELETE", "/sid/x"),
        ("GET", "/sid/x"),
        ("DELETE", "/sid/x"),
        ("DELETE", "/sid/x"),
    ] {
        statuses.push(api(&emulator, method, path).await.status);
    }

    assert_eq!(statuses, [404, 200, 500, 404]);
}

#[tokio::test]
async fn fault_for_one_session_spares_the_others() {
    let emulator = running(fixed()).await;
    set(
        &emulator,
        r#"{"match":{"session_id":"a b"},"action":"status","code":500}"#,
    );

    assert_eq!(api(&emulator, "DELETE", "/sid/a%20b").await.status, 500);
    assert_eq!(api(&emulator, "DELETE", "/sid/ab").await.status, 404);
}

#[tokio::test]
async fn faults_given_at_start_are_in_force_and_can_be_ended() {
    let emulator = running(Options {
        faults: vec![r#"{"action":"status","code":418}"#.into()],
        ..fixed()
    })
    .await;

    let before = api(&emulator, "GET", "/search").await.status;
    emulator.set_faults::<&str>(&[]).expect("nothing to read");

    assert_eq!(
        (before, api(&emulator, "GET", "/search").await.status),
        (418, 200)
    );
}

#[tokio::test]
async fn unreadable_fault_stops_the_start_and_changes_nothing_later() {
    let bad = Options {
        faults: vec![r#"{"action":"explode"}"#.into()],
        ..fixed()
    };
    let refused = start(bad)
        .await
        .err()
        .map(|e| e.to_string())
        .unwrap_or_default();
    let emulator = running(fixed()).await;
    set(&emulator, r#"{"action":"status","code":418}"#);

    let error = emulator
        .set_faults(&["{}"])
        .err()
        .map(|e| e.to_string())
        .unwrap_or_default();

    assert!(refused.contains("unknown action \"explode\""), "{refused}");
    assert!(error.contains("\"action\" is missing"), "{error}");
    assert_eq!(api(&emulator, "GET", "/search").await.status, 418);
}

#[tokio::test]
async fn garbage_is_what_it_says() {
    let emulator = running(fixed()).await;

    for (kind, is_it) in [
        (
            "html",
            (|b| b.starts_with(b"<!DOCTYPE html>")) as fn(&[u8]) -> bool,
        ),
        ("empty", |b| b.is_empty()),
        ("not_json", |b| {
            b.starts_with(b"{") && serde_json::from_slice::<serde_json::Value>(b).is_err()
        }),
        ("json_scalar", |b| b == b"42"),
        ("wrong_shape", |b| {
            serde_json::from_slice::<serde_json::Value>(b).is_ok_and(|v| v["entries"].is_object())
        }),
        ("invalid_utf8", |b| std::str::from_utf8(b).is_err()),
        ("deep", |b| {
            b.len() == 100_000 && b.iter().all(|c| *c == b'[')
        }),
        ("nul", |b| !b.is_empty() && b.iter().all(|c| *c == 0)),
        ("bom", |b| b.starts_with(b"\xef\xbb\xbf{\"start\":0,")),
        ("dup_keys", |b| {
            String::from_utf8_lossy(b)
                .matches("\"totalEntriesCount\":")
                .count()
                == 2
        }),
        ("huge_number", |b| {
            String::from_utf8_lossy(b).contains("1e400")
        }),
    ] {
        set(
            &emulator,
            &format!(r#"{{"action":"garbage","kind":"{kind}"}}"#),
        );

        let answer = api(&emulator, "GET", "/search").await;

        assert_eq!(answer.status, 200, "{kind}");
        assert!(is_it(&answer.body), "{kind}: {}", answer.text());
    }
}

#[tokio::test]
async fn tokens_can_be_ended_at_once() {
    let emulator = running(fixed()).await;
    set(
        &emulator,
        r#"{"match":{"nth":[2,2]},"action":"auth","kind":"expire_now"}"#,
    );

    let before = api(&emulator, "GET", "/search").await.status;
    let after = api(&emulator, "GET", "/search").await;

    assert_eq!(before, 200);
    assert_eq!(
        (after.status, after.text().as_str()),
        (401, "HTTP 401 Unauthorized")
    );
}

#[tokio::test]
async fn tokens_can_be_made_to_end_soon() {
    let emulator = running(fixed()).await;
    set(
        &emulator,
        r#"{"times":1,"action":"auth","kind":"expire_in","seconds":10}"#,
    );

    let at_first = api(&emulator, "GET", "/search").await.status;
    emulator.move_clock(9_999);
    let shortly_before = api(&emulator, "GET", "/search").await.status;
    emulator.move_clock(1);
    let then = api(&emulator, "GET", "/search").await.status;

    assert_eq!([at_first, shortly_before, then], [200, 200, 401]);
}

#[tokio::test]
async fn deletes_can_be_forbidden_while_reads_work() {
    let emulator = running(fixed()).await;
    emulator.world().add(&full_row());
    set(&emulator, r#"{"action":"auth","kind":"403_on_delete"}"#);

    let read = api(&emulator, "GET", "/search").await.status;
    let delete = api(
        &emulator,
        "DELETE",
        "/sid/c190667e-a186-421d-8679-420e82615a38",
    )
    .await
    .status;

    assert_eq!((read, delete), (200, 403));
    assert_eq!(emulator.world().count(), 241);
}

#[tokio::test]
async fn every_token_can_be_refused() {
    let emulator = running(fixed()).await;
    set(&emulator, r#"{"action":"auth","kind":"401_always"}"#);

    let answer = api(&emulator, "GET", "/search").await;

    assert_eq!(
        (answer.status, answer.text().as_str()),
        (401, "Token is Invalid.")
    );
}

#[tokio::test]
async fn pauses_add_up_with_the_fault_that_ends_the_request() {
    let emulator = running(fixed()).await;
    let specs = [
        r#"{"action":"delay","ms":30}"#,
        r#"{"action":"delay","ms":30}"#,
        r#"{"action":"status","code":502}"#,
        r#"{"action":"status","code":503}"#,
    ];
    emulator.set_faults(&specs).expect("valid faults");
    let begun = Instant::now();

    let answer = api(&emulator, "GET", "/search").await;

    assert_eq!(answer.status, 502);
    assert!(begun.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn control_port_sets_faults_and_shows_the_journal() {
    let emulator = running(Options {
        control: true,
        ..fixed()
    })
    .await;
    let control = emulator.control_url().expect("a control port").to_owned();
    let call = async |method: &str, path: &str, body: &str| {
        ask(&control, method, path, &[], body)
            .await
            .expect("an answer")
    };
    let spec = r#"[{"action":"status","code":418}]"#;

    let set = call("PUT", "/__emu/faults", spec).await;
    let refused = call("PUT", "/__emu/faults", r#"[{"action":"explode"}]"#).await;
    let listed = call("GET", "/__emu/faults", "").await;
    let answered = api(&emulator, "GET", "/search").await.status;
    let cleared = call("DELETE", "/__emu/faults", "").await;
    let journal = call("GET", "/__emu/journal", "").await.json();

    assert_eq!((set.status, cleared.status, answered), (204, 204, 418));
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("explode"), "{}", refused.text());
    assert_eq!(listed.text(), spec);
    assert_eq!(journal.as_array().map(Vec::len), Some(1));
    assert_eq!(journal[0]["method"], "GET");
    assert_eq!(journal[0]["time_ms"], NOW_MS);
    assert_eq!(api(&emulator, "GET", "/search").await.status, 200);
}
