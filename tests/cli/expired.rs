//! Sessions whose time has run out, and whose end the server answers with a failure: nobody has ended them.

use serde_json::Value;
use usher::emulator::Options;

use crate::support::Desk;

fn desk() -> Desk {
    Desk::with(Options {
        sessions: 200,
        ..Options::default()
    })
}

/// The rows of sessions that are listed past their time.
fn expired(desk: &Desk) -> Vec<Value> {
    let rows = desk.run(&["list", "state:expired deletable:yes", "-o", "jsonl"]);
    rows.rows()
}

#[test]
fn an_expired_session_whose_end_was_answered_500_had_gone() {
    let desk = desk();
    let rows = expired(&desk);
    let fault = r#"{"match":{"method":"DELETE"},"action":"status","code":500}"#;
    desk.emulator().set_faults(&[fault.to_owned()]).unwrap();

    let line = format!("{}\n", rows[0]);
    let ran = desk.run_with(&["revoke", "-", "--yes"], &line).ends(0);

    let said = "ended 0, already gone 1, failed 0";
    assert!(ran.err.contains(said), "{}", ran.err);
}

#[test]
fn all_of_a_person_who_has_one_expired_session_does_not_count_it_as_ended() {
    let desk = desk();
    let rows = expired(&desk);
    let user = rows[0]["user"].as_str().unwrap();
    let all = desk.run(&["list", &format!("user:{user}"), "-o", "jsonl"]);
    let theirs = all.rows();
    let over = |row: &&Value| row["state"] == "expired";
    let (over, all) = (theirs.iter().filter(over).count(), theirs.len());

    let ran = desk.run(&["incident", user, "--yes", "-o", "json"]).ends(0);

    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let system = &report["systems"][0];
    assert_eq!(
        system["ended"].as_u64(),
        Some((all - over) as u64),
        "{report}"
    );
    assert_eq!(system["left"], 0, "{report}");
}
