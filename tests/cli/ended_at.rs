//! When a session ended, by the server's clock: in the outcome, in the audit log, as in a list.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use usher::emulator::Options;
use usher::emulator::cockroach::{CockroachOptions, CockroachRow};
use usher::model::time::rfc3339;

use crate::support::{Desk, Ran};

/// A cluster with so many sessions of `ada`, from which nothing is removed. Its clock is far from ours.
fn cluster(count: usize) -> Desk {
    let system = CockroachOptions {
        purge_seconds: 0,
        ..CockroachOptions::default()
    };
    let desk = Desk::with(Options {
        now: Some(NOW_MS),
        ..Options::of(Arc::new(system))
    });
    for _ in 0..count {
        let row = CockroachRow {
            id: 0,
            user: "ended".to_owned(),
            created_us: NOW_MS * 1_000,
            expires_us: (NOW_MS + 86_400_000) * 1_000,
            revoked_us: None,
        };
        desk.emulator().cockroach().add(&row, &[7; 16]);
    }
    desk
}

/// 2026-03-14T09:41:55Z.
const NOW_MS: i64 = 1_773_481_315_000;

/// The ids of that user with the times at which the server ended them.
fn truth(desk: &Desk) -> BTreeMap<String, String> {
    let rows = desk.emulator().cockroach().rows().into_iter();
    let theirs = rows.filter(|row| row.user == "ended");
    let time = |us: i64| rfc3339(chrono::DateTime::from_timestamp_micros(us).unwrap());
    theirs
        .map(|row| {
            (
                row.id.to_string(),
                row.revoked_us.map_or(String::new(), time),
            )
        })
        .collect()
}

/// The ids of an output with the times that it tells.
fn told(rows: &[Value]) -> BTreeMap<String, String> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    rows.iter()
        .map(|row| (text(row, "id"), text(row, "ended")))
        .collect()
}

fn words(ran: &Ran) -> Vec<String> {
    let words = ran.rows().into_iter();
    words
        .map(|row| row["outcome"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn each_outcome_tells_when_the_server_ended_it() {
    let desk = cluster(3);
    let listed = desk.run(&["list", "user:ended"]).ends(0).out;

    let ended = desk
        .run_with(&["revoke", "-", "--yes", "-o", "jsonl"], &listed)
        .ends(0);

    let truth = truth(&desk);
    assert_eq!(words(&ended), ["revoked"; 3]);
    assert_eq!(told(&ended.rows()), truth);
    assert!(
        truth.values().all(|at| at.starts_with("2026-03-14T09:4")),
        "{truth:?}"
    );
    let audit = desk.run(&["audit", "-o", "jsonl"]).ends(0).rows();
    let done = audit.iter().filter(|line| line["event"] == "done");
    let mut times: Vec<&str> = done.filter_map(|line| line["ended"].as_str()).collect();
    times.sort_unstable();
    let mut all: Vec<&str> = truth.values().map(String::as_str).collect();
    all.sort_unstable();
    assert_eq!(times, all);
    desk.run(&["audit", "--verify"]).ends(0);

    let again = desk
        .run_with(&["revoke", "-", "--yes"], &listed)
        .ends(0)
        .out;
    for (line, at) in again.lines().zip(truth.values()) {
        assert!(
            line.starts_with("already_gone") && line.ends_with(&format!("  ended {at}")),
            "{again}"
        );
    }
    let listed = desk.run(&["list", "user:ended"]).ends(0).rows();
    assert_eq!(told(&listed), truth);
}

#[test]
fn so_does_each_of_many_and_each_of_a_user() {
    let desk = cluster(120);
    let listed = desk.run(&["list", "user:ended"]).ends(0).out;
    let some: String = listed
        .lines()
        .take(60)
        .map(|line| format!("{line}\n"))
        .collect();

    let ended = desk
        .run_with(&["revoke", "-", "--yes", "-o", "jsonl"], &some)
        .ends(0);

    let all = truth(&desk);
    assert_eq!(words(&ended), ["revoked"; 60]);
    let theirs = told(&ended.rows());
    assert!(
        theirs
            .iter()
            .all(|(id, at)| !at.is_empty() && all[id] == *at),
        "{theirs:?}"
    );

    // Those that had been revoked are told with their old time.
    let user = desk.run(&["revoke", "--user", "ended", "--yes", "-o", "jsonl"]);
    let all = truth(&desk);
    assert!(all.values().all(|at| !at.is_empty()));
    let rows = user.rows();
    assert_eq!(
        rows.iter()
            .filter(|row| row["outcome"] == "revoked")
            .count(),
        60,
        "{}",
        user.out
    );
    assert_eq!(told(&rows), all, "{}", user.err);
}

#[test]
fn a_server_that_does_not_tell_leaves_it_out() {
    let desk = Desk::new();
    let listed = desk
        .run(&["list", "state:active -deletable:no", "--id-only"])
        .ends(0)
        .out;
    let id = listed.lines().next().unwrap();

    let ended = desk.run(&["revoke", id, "--yes", "-o", "jsonl"]).ends(0);

    assert_eq!(ended.rows()[0]["ended"], Value::Null);
}
