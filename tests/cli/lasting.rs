//! Sessions whose id another reading does not repeat: what is said of them is what the server says.

use std::collections::BTreeSet;

use serde_json::Value;
use usher::emulator::Options;

use super::support::Desk;

#[test]
fn csv_of_a_list_is_read_and_its_doubts_travel_with_it() {
    let desk = Desk::with(Options {
        sessions: 300,
        ..Options::default()
    });
    let lasting = [
        "list",
        "state:active",
        "deletable:yes",
        "-n",
        "3",
        "-o",
        "csv",
    ];
    let lasting = desk.run(&lasting).ends(0).out;
    let odd = ["list", "state:active", "deletable:unknown", "-o", "csv"];
    let odd = desk.run(&odd).ends(0).out;

    desk.run_with(&["revoke", "-", "--yes"], &lasting).ends(0);
    let ran = desk.run_with(&["revoke", "-", "--yes"], &odd).ends(9);

    assert!(ran.out.lines().count() > 3, "{}", ran.out);
    assert!(
        ran.out
            .lines()
            .all(|line| line.starts_with("no_lasting_id ")),
        "{}",
        ran.out
    );
}

/// The sessions that the server lists now, by their lasting values.
fn alive(desk: &Desk) -> BTreeSet<String> {
    let rows = desk.run(&["list", "state:active"]).ends(0).rows();
    let known = |row: &Value| format!("{} {} {}", row["user"], row["created"], row["client"]);
    rows.iter().map(known).collect()
}

#[test]
fn a_session_without_a_lasting_id_is_never_called_ended_or_gone_by_any_way() {
    for way in ["query", "pipe", "ids", "user"] {
        let desk = Desk::with(Options {
            sessions: 300,
            ..Options::default()
        });
        let listed = desk.run(&["list", "state:active"]).ends(0);
        let doubtful: Vec<Value> = listed.rows();
        let doubtful: Vec<&Value> = doubtful
            .iter()
            .filter(|r| r["deletable"].is_null())
            .collect();
        assert!(doubtful.len() > 3, "{way}: the world has such sessions");
        let told = ["revoke", "-", "--yes", "-o", "jsonl"];

        let ran = match way {
            "query" => desk.run(&["revoke", "--query", "state:active", "--yes", "-o", "jsonl"]),
            "pipe" => desk.run_with(&told, &listed.out),
            "ids" => {
                let ids = doubtful.iter().map(|row| row["id"].as_str().unwrap());
                desk.run_with(&told, &ids.collect::<Vec<_>>().join("\n"))
            }
            _ => {
                // The server's own operation for a person ends the sessions that it reaches, and
                // nothing else is said.
                let user = doubtful[0]["user"].as_str().unwrap();
                desk.run(&["revoke", "--user", user, "--yes", "-o", "jsonl"])
            }
        };

        let left = alive(&desk);
        assert_ne!((way, ran.code == 0), ("query", true), "something is left");
        for row in ran.rows() {
            let word = row["outcome"].as_str().unwrap();
            let over = matches!(word, "revoked" | "already_gone");
            let is = listed
                .rows()
                .into_iter()
                .find(|listed| listed["id"] == row["id"]);
            // By an id that the server made up for another answer only "not found" can be said.
            let Some(is) = is else {
                let lives = left
                    .iter()
                    .any(|one| one.starts_with(&row["user"].to_string()));
                assert_eq!(over, way == "user" && !lives, "{way}: {row}");
                continue;
            };
            let known = format!("{} {} {}", is["user"], is["created"], is["client"]);
            assert_eq!(over, !left.contains(&known), "{way}: {row} {is}");
        }
        if way != "user" {
            let words: BTreeSet<String> = ran
                .rows()
                .iter()
                .map(|row| row["outcome"].as_str().unwrap().to_owned())
                .collect();
            let odd = if way == "ids" {
                "not_found"
            } else {
                "no_lasting_id"
            };
            assert!(words.contains(odd), "{way}: {words:?}");
        }
    }
}
