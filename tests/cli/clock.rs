//! A server whose clock is not ours: states, ages and queries go by the server's.

use serde_json::Value;
use usher::emulator::Options;

use crate::support::Desk;

/// 2026-03-14T09:41:55Z: far behind the clock of this machine, so that by ours every session is over.
const BEHIND_MS: i64 = 1_773_481_315_000;

fn desk(system: &str) -> Desk {
    Desk::with(Options {
        system: usher::emulator::system(system).unwrap(),
        sessions: 120,
        now: Some(BEHIND_MS),
        ..Options::default()
    })
}

fn live_row(desk: &Desk) -> (Value, String) {
    let query = ["list", "state:active", "deletable:yes", "own:no"];
    let ran = desk.run(&query).ends(0);
    let line = ran.out.lines().next().expect("somebody is signed in");
    let row = serde_json::from_str(line).expect("a row");
    (row, line.to_owned())
}

#[test]
fn f_clock_01_states_and_queries_go_by_the_servers_clock() {
    for system in ["janssen", "pingam"] {
        let desk = desk(system);

        let all = desk.run(&["list"]).ends(0).rows();
        let active = desk.run(&["list", "state:active"]).ends(0).rows();

        let live =
            |row: &&Value| matches!(row["state"].as_str(), Some("active" | "idle" | "expiring"));
        assert!(all.iter().filter(live).count() > 50, "{system:?}: {all:?}");
        assert_eq!(active.len(), all.iter().filter(live).count(), "{system:?}");
        let recent = desk.run(&["list", "age<1d"]).ends(0).rows();
        assert!(!recent.is_empty() || system == "pingam", "{system:?}");
        let got = desk.run(&["get", active[0]["id"].as_str().unwrap(), "-o", "jsonl"]);
        assert_ne!(got.ends(0).rows()[0]["state"], "expired", "{system:?}");
    }
}

#[test]
fn f_clock_01_no_clock_of_ours_keeps_a_session_from_being_ended() {
    for system in ["janssen", "pingam"] {
        for way in ["id", "row", "query", "user"] {
            let desk = desk(system);
            let (row, line) = live_row(&desk);
            let user = row["user"].as_str().unwrap();
            let query = format!("user:{user} state:active deletable:yes");

            let ran = match way {
                "id" => desk.run_with(&["revoke", "-", "--yes"], row["id"].as_str().unwrap()),
                "row" => desk.run_with(&["revoke", "-", "--yes"], &line),
                "query" => desk.run(&["revoke", "--query", &query, "--yes"]),
                _ => desk.run(&["revoke", "--user", user, "--yes"]),
            };

            assert!(ran.out.contains("ended "), "{system:?} by {way}: {ran:?}");
            assert!(!ran.out.contains("expired"), "{system:?} by {way}: {ran:?}");
        }
    }
}

#[test]
fn f_clock_01_a_row_that_looks_expired_is_sent_when_it_is_named() {
    let desk = Desk::new();
    let (mut row, _) = live_row(&desk);
    row["state"] = "expired".into();

    let ran = desk
        .run_with(&["revoke", "-", "--yes"], &row.to_string())
        .ends(0);

    assert!(ran.out.starts_with("ended "), "{}", ran.out);
}

#[test]
fn f_clock_01_the_doctor_names_the_offset_exactly() {
    let ran = desk("janssen").run(&["doctor"]);

    let line = ran
        .out
        .lines()
        .find(|line| line.contains("clock"))
        .expect("a line");
    assert!(line.contains("behind ours") && line.contains('m'), "{line}");
}

#[test]
fn f_clock_01_a_list_says_once_that_the_servers_clock_is_not_ours() {
    for system in ["janssen", "pingam"] {
        let told = |now: Option<i64>| {
            let desk = Desk::with(Options {
                system: usher::emulator::system(system).unwrap(),
                now,
                ..Options::default()
            });
            desk.run(&["list"]).ends(0)
        };
        let ours = chrono::Utc::now().timestamp_millis();

        let ahead = told(Some(ours + 7_380_000));
        let behind = told(Some(ours - 7_380_000));
        let same = told(None);

        for (ran, way) in [(ahead, "ahead of"), (behind, "behind")] {
            let note = format!(
                "note: emu: the server's clock is 2h3m {way} this machine's; states and ages go by it"
            );
            assert_eq!(ran.err.matches(&note).count(), 1, "{system:?}: {}", ran.err);
        }
        assert!(!same.err.contains("clock"), "{system:?}: {}", same.err);
    }
}
