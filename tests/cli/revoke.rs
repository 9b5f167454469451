//! `usher revoke`: exactly those, once, and written down.

use std::collections::BTreeSet;

use serde_json::Value;
use usher::emulator::Options;

use crate::support::Desk;

/// Sessions that the command may end: alive, and not marked by the server.
const LIVE: &str = "state:active -deletable:no";

fn id_of(line: &str) -> String {
    let row: serde_json::Value = serde_json::from_str(line).unwrap();
    row["id"].as_str().unwrap().to_owned()
}

/// Up to so many ids of live sessions.
fn some_ids(desk: &Desk, count: usize) -> String {
    let all = desk.kept(&desk.run(&["list", LIVE, "--id-only"]).ends(0).out);
    let some: Vec<&str> = all.lines().take(count).collect();
    assert_eq!(some.len(), count);
    some.join("\n") + "\n"
}

fn audit_lines(desk: &Desk) -> Vec<serde_json::Value> {
    desk.run(&["audit", "-o", "jsonl"]).ends(0).rows()
}

#[test]
fn what_list_prints_is_what_revoke_ends_and_the_second_time_nothing_is_left() {
    let desk = Desk::new();
    let rows = desk.kept(&desk.run(&["list", LIVE]).ends(0).out);
    let wanted: BTreeSet<String> = rows.lines().map(id_of).collect();
    assert!(wanted.len() > 10);
    let others = desk.emulator().world().count() - wanted.len();

    let ran = desk
        .run_with(&["revoke", "-", "--yes", "-o", "jsonl"], &rows)
        .ends(0);

    assert_eq!(ran.ids(), wanted);
    assert!(
        ran.rows().iter().all(|row| row["outcome"] == "revoked"),
        "{}",
        ran.out
    );
    assert_eq!(desk.emulator().world().count(), others);
    assert_eq!(desk.deletes(), wanted.len());
    assert!(
        ran.err.contains(&format!("ended {}", wanted.len())),
        "{}",
        ran.err
    );
    let again = desk.kept(&desk.run(&["list", LIVE]).ends(0).out);
    assert_eq!(again, "");
    // To have reached nothing is no success: the first part of a pipe may have failed.
    let nothing = desk.run_with(&["revoke", "-", "--yes"], &again).ends(7);
    assert!(nothing.err.contains("named no session"), "{}", nothing.err);
    assert_eq!(desk.deletes(), wanted.len());
}

#[test]
fn ids_alone_are_enough() {
    let desk = Desk::new();
    let ids = some_ids(&desk, 3);
    let one = ids.lines().next().unwrap().to_owned();

    let by_argument = desk.run(&["revoke", &one, "--yes"]).ends(0);
    let by_input = desk.run_with(&["delete", "-", "--yes"], &ids).ends(3);

    assert!(by_argument.out.starts_with("ended "), "{}", by_argument.out);
    let words: Vec<&str> = by_input
        .out
        .lines()
        .map(|l| l.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        words.iter().filter(|word| **word == "ended").count(),
        2,
        "{words:?}"
    );
    assert_eq!(
        words.iter().filter(|word| **word == "not_found").count(),
        1,
        "{words:?}"
    );
}

#[test]
fn an_id_alone_is_read_first_so_that_it_is_known_whose_it_was() {
    let desk = Desk::new();
    let rows = desk.kept(&desk.run(&["list", LIVE]).ends(0).out);
    let row: Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();

    let id = row["id"].as_str().unwrap();
    let ran = desk.run(&["revoke", id, "--yes"]).ends(0);

    assert!(
        ran.out.contains(row["user"].as_str().unwrap()),
        "{}",
        ran.out
    );
    let log = desk.run(&["audit", "-o", "jsonl"]).ends(0).out;
    let lines: Vec<Value> = log
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines.iter().all(|line| line["user"] == row["user"]),
        "{log}"
    );
}

#[test]
fn f_cred_04_ones_own_session_is_left_alone_also_where_only_its_id_is_given() {
    let desk = Desk::with(Options {
        system: usher::emulator::system("pingam").unwrap(),
        ..Options::default()
    });
    let own = desk.run(&["list", "own:yes"]).ends(0).out;
    let row: Value = serde_json::from_str(own.lines().next().unwrap()).unwrap();
    let before = desk.emulator().am().count();

    let ran = desk.run(&["revoke", row["id"].as_str().unwrap(), "--yes"]);

    assert_eq!(ran.code, 5, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("your own session"), "{}", ran.out);
    assert_eq!(desk.emulator().am().count(), before);
}

#[test]
fn to_name_one_session_that_may_not_be_ended_is_no_success() {
    let desk = Desk::with(Options {
        system: usher::emulator::system("pingam").unwrap(),
        ..Options::default()
    });
    let service = desk.run(&["list", "user:dsameuser"]).ends(0).out;
    let row: Value = serde_json::from_str(service.lines().next().unwrap()).unwrap();
    let before = desk.emulator().am().count();

    let ran = desk.run(&["revoke", row["id"].as_str().unwrap(), "--yes"]);

    assert_eq!(ran.code, 9, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("cannot be ended"), "{}", ran.out);
    assert_eq!(desk.emulator().am().count(), before);
    // In a list it is left out, and the code says that it is alive.
    desk.run_with(&["revoke", "-", "--yes"], &service).ends(9);
    assert_eq!(desk.emulator().am().count(), before);
}

#[test]
fn f_del_05_an_id_that_no_list_has_shown_and_the_server_does_not_know_is_not_found() {
    let desk = Desk::new();
    let unknown = "c0ffee00-0000-4000-8000-000000000000";

    let by_argument = desk.run(&["revoke", unknown, "--yes"]).ends(7);
    let by_input = desk.run_with(&["revoke", "-", "--yes"], unknown).ends(7);

    for ran in [by_argument, by_input] {
        assert!(ran.out.starts_with("not_found "), "{}", ran.out);
        assert!(ran.err.contains("already gone 0"), "{}", ran.err);
        assert!(ran.err.contains("not found 1"), "{}", ran.err);
    }
    assert_eq!(desk.deletes(), 0);
}

#[test]
fn many_ids_that_no_list_has_shown_are_not_found_too() {
    let desk = Desk::new();
    let known = some_ids(&desk, 1);
    let unknown = |n| format!("c0ffee00-0000-4000-8000-{n:012}\n");
    let ids: String = (0..60).map(unknown).chain([known]).collect();

    let ran = desk
        .run_with(&["revoke", "-", "--yes", "-o", "jsonl"], &ids)
        .ends(3);

    let count = |word: &str| ran.rows().iter().filter(|r| r["outcome"] == word).count();
    assert_eq!(
        (count("not_found"), count("revoked")),
        (60, 1),
        "{}",
        ran.out
    );
}

#[test]
fn an_id_is_read_as_other_programs_print_it_or_refused_with_its_line() {
    let desk = Desk::new();
    let ids = some_ids(&desk, 5);
    let mut ids = ids.lines();
    let mut next = || ids.next().unwrap();
    let input = format!(
        "\u{feff}\"{}\"\n{},\n\n'{}'\n\"{}\",\n{};\n",
        next(),
        next(),
        next(),
        next(),
        next()
    );

    let ran = desk.run_with(&["revoke", "-", "--yes"], &input).ends(0);

    assert_eq!(desk.deletes(), 5, "{}", ran.out);
    for wrong in ["ss:9cd2…0a", "a,b", "one two", "\"\""] {
        let input = format!("\n{wrong}\n");
        desk.run_with(&["revoke", "-", "--yes"], &input)
            .fails(2, "line 2");
    }
}

#[test]
fn f_del_18_a_dry_run_names_them_and_sends_nothing_that_changes_anything() {
    let desk = Desk::new();
    let before = desk.emulator().world().rows();

    let ran = desk
        .run(&["revoke", "--query", LIVE, "--dry-run", "-o", "jsonl"])
        .ends(0);

    assert_eq!(ran.rows().len(), desk.run(&["list", LIVE]).rows().len());
    assert!(
        ran.rows()
            .iter()
            .all(|row| row["outcome"] == "would_revoke")
    );
    assert_eq!(desk.emulator().world().rows(), before);
    assert_eq!(desk.deletes(), 0);
    assert!(!desk.home().join(".local/state/usher/audit.jsonl").exists());
}

#[test]
fn the_plan_is_told_on_standard_error_before_sessions_that_were_searched_for_end() {
    for by in ["--query", "--user"] {
        let desk = Desk::new();
        let user = desk.run(&["list", LIVE, "user:*", "-n", "1"]).rows()[0]["user"].clone();
        let asked = match by {
            "--user" => user.as_str().unwrap().to_owned(),
            _ => LIVE.to_owned(),
        };
        let dry = desk.run(&["revoke", by, &asked, "--dry-run"]).ends(0);
        let of = |err: &str| -> Vec<String> {
            let lines = err.lines().filter(|line| line.starts_with("plan: "));
            lines.map(str::to_owned).collect()
        };

        let ran = desk.run(&["revoke", by, &asked, "--yes"]);

        let (planned, told) = (of(&dry.err), of(&ran.err));
        assert!(planned[0].starts_with("plan: emu "), "{planned:?}");
        assert!(planned[0].contains(" request"), "{planned:?}");
        assert_eq!(told[..planned.len()], planned, "{by}");
        let stays = &told[planned.len()..];
        assert_eq!(stays.len(), 1, "{by}: {told:?}");
        assert!(stays[0].starts_with("plan: emu: "), "{by}: {told:?}");
        assert!(!ran.out.contains("plan: "), "{by}: {}", ran.out);
    }
}

#[test]
fn no_plan_is_told_in_quiet_or_of_sessions_that_were_named() {
    let desk = Desk::new();
    let ids = some_ids(&desk, 2);

    let named = desk.run_with(&["revoke", "-", "--yes"], &ids).ends(0);
    let quiet = desk.run(&["revoke", "--query", LIVE, "--yes", "--quiet"]);

    assert!(!named.err.contains("plan: "), "{}", named.err);
    assert_eq!(quiet.err, "");
}

#[test]
fn f_del_17_without_yes_and_without_a_terminal_nothing_is_read_or_sent() {
    let desk = Desk::new();

    desk.run(&["revoke", "--query", LIVE]).fails(2, "--yes");

    assert_eq!(desk.emulator().journal().len(), 0);
}

#[test]
fn all_sessions_of_a_user_end_and_nobody_elses() {
    let desk = Desk::new();
    let user = desk.run(&["list", LIVE, "user:*", "-n", "1"]).rows()[0]["user"].clone();
    let user = user.as_str().unwrap();
    let query = format!("user:\"{user}\"");
    let others = desk
        .run(&["list", "--count", &format!("-user:\"{user}\"")])
        .ends(0)
        .out;

    let ran = desk
        .run(&["revoke", "--user", user, "--yes", "-o", "jsonl"])
        .ends(0);

    assert!(!ran.rows().is_empty());
    assert!(
        ran.rows().iter().all(|row| row["user"] == user),
        "{}",
        ran.out
    );
    let left = desk.run(&["list", &query, LIVE]).ends(0);
    assert_eq!(left.out, "");
    let still = desk
        .run(&["list", "--count", "--", &format!("-user:\"{user}\"")])
        .ends(0)
        .out;
    assert_eq!(still, others);
}

#[test]
fn f_del_12_a_user_is_one_exact_name() {
    let desk = Desk::new();

    for name in ["", " ", "*", "j*"] {
        desk.run(&["revoke", "--user", name, "--yes"])
            .fails(2, "one exact name");
    }
    desk.run(&["revoke", "--query", "", "--yes"])
        .fails(2, "every session");
    assert_eq!(desk.emulator().journal().len(), 0);
}

#[test]
fn every_change_has_two_lines_in_a_sound_audit_log_without_ids() {
    let desk = Desk::new();
    let ids = some_ids(&desk, 4);

    desk.run_with(&["revoke", "-", "--yes", "--reason", "INC-4711"], &ids)
        .ends(0);

    let lines = audit_lines(&desk);
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    assert_eq!((of("asked"), of("done")), (4, 4));
    assert!(lines.iter().all(|line| line["reason"] == "INC-4711"));
    let file = std::fs::read_to_string(desk.home().join(".local/state/usher/audit.jsonl")).unwrap();
    for id in ids.lines() {
        assert!(!file.contains(id), "an id stands in the audit log");
    }
    let found = desk
        .run(&[
            "audit",
            "-o",
            "jsonl",
            &format!("id:{}", ids.lines().next().unwrap()),
        ])
        .ends(0);
    assert_eq!(found.rows().len(), 2);
    assert!(
        desk.run(&["audit", "--verify"])
            .ends(0)
            .out
            .contains("8 records, chain intact")
    );
}

#[test]
fn a_changed_audit_log_is_told() {
    let desk = Desk::new();
    let ids = some_ids(&desk, 2);
    desk.run_with(&["revoke", "-", "--yes"], &ids).ends(0);
    let file = desk.home().join(".local/state/usher/audit.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("\"done\"", "\"dome\"", 1)).unwrap();

    let ran = desk.run(&["audit", "--verify"]).ends(1);

    assert!(ran.out.contains("cannot be trusted"), "{}", ran.out);
}

#[test]
fn f_del_08_some_that_fail_make_it_partly_and_the_rest_is_done() {
    let desk = Desk::with(Options {
        faults: vec![
            r#"{"match":{"method":"DELETE","nth":[2,2]},"action":"status","code":403,"body":"no"}"#
                .into(),
        ],
        ..Options::default()
    });
    let ids = some_ids(&desk, 5);

    let ran = desk
        .run_with(
            &["revoke", "-", "--yes", "-o", "jsonl", "--concurrency", "1"],
            &ids,
        )
        .ends(3);

    let words: Vec<_> = ran
        .rows()
        .iter()
        .map(|row| row["outcome"].clone())
        .collect();
    assert_eq!(
        words.iter().filter(|word| **word == "revoked").count(),
        4,
        "{words:?}"
    );
    assert_eq!(
        words.iter().filter(|word| **word == "failed").count(),
        1,
        "{words:?}"
    );
}

#[test]
fn fail_fast_starts_nothing_more() {
    let desk = Desk::with(Options {
        faults: vec![
            r#"{"match":{"method":"DELETE","nth":[1,1]},"action":"status","code":403,"body":"no"}"#
                .into(),
        ],
        ..Options::default()
    });
    let ids = some_ids(&desk, 8);

    let args = [
        "revoke",
        "-",
        "--yes",
        "--fail-fast",
        "--concurrency",
        "1",
        "-o",
        "jsonl",
    ];
    let ran = desk.run_with(&args, &ids);

    assert_ne!(ran.code, 0);
    assert!(desk.deletes() < 8, "{} were sent", desk.deletes());
    assert!(ran.err.contains("not sent"), "{}", ran.err);
}

#[test]
fn lines_that_are_neither_ids_nor_rows_are_refused_before_anything_is_sent() {
    let desk = Desk::new();
    let good = desk.run(&["list", LIVE, "-n", "1"]).ends(0).out;
    let sent = desk.emulator().journal().len();

    for (bad, words) in [
        ("{\"profile\":\"emu\"}", "no id"),
        ("{broken", "not a JSON line"),
        ("two words", "neither an id"),
        ("{\"id\":\"x\",\"profile\":\"other\"}", "not open"),
    ] {
        let ran = desk.run_with(&["revoke", "-", "--yes"], &format!("{good}{bad}\n"));
        ran.fails(2, words).fails(2, "line 2");
    }
    assert_eq!(desk.emulator().journal().len(), sent);
}

#[test]
fn a_profile_that_wants_a_reason_gets_one() {
    let desk = Desk::new();
    desk.profile_says("require_reason = true");

    desk.run(&["revoke", "--query", LIVE, "--yes"])
        .fails(2, "--reason");

    let ran = desk
        .run(&["revoke", "--query", LIVE, "--yes", "--reason", "test"])
        .ends(3);
    assert!(ran.out.starts_with("ended"), "{}", ran.out);
}

#[test]
fn many_are_each_told_once() {
    let desk = Desk::with(Options {
        sessions: 200,
        ..Options::default()
    });
    let listed = desk.run(&["list", LIVE]).ends(0);
    assert!(
        listed.rows().len() > 60,
        "above the number that is read back one by one"
    );

    let ran = desk.run(&["revoke", "--query", LIVE, "--yes", "-o", "jsonl"]);

    assert_eq!(ran.rows().len(), listed.rows().len());
    assert_eq!(ran.ids().len(), listed.rows().len(), "each once");
}

#[test]
fn an_audit_log_that_cannot_be_written_stops_everything() {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.home().join(".local/state/usher/audit.jsonl")).unwrap();

    let ran = desk.run(&["revoke", "--query", LIVE, "--yes"]);

    assert_ne!(ran.code, 0);
    assert!(ran.err.contains("audit"), "{}", ran.err);
    assert_eq!(desk.deletes(), 0);
}

#[test]
fn what_may_not_be_ended_is_left_out_and_told() {
    let desk = Desk::with(Options {
        sessions: 200,
        ..Options::default()
    });
    let listed = desk.run(&["list", "deletable:no"]).ends(0);
    assert!(!listed.rows().is_empty());

    let ran = desk
        .run_with(&["revoke", "-", "--yes", "-o", "jsonl"], &listed.out)
        .ends(9);

    let words: BTreeSet<String> = ran
        .rows()
        .iter()
        .map(|r| r["outcome"].to_string())
        .collect();
    assert_eq!(words, BTreeSet::from(["\"skipped\"".to_owned()]));
    assert_eq!(desk.deletes(), 0);
}

#[test]
fn f_cred_00_a_sign_in_that_is_lost_in_the_middle_sends_nothing_more_and_says_how_many_wait() {
    let desk = Desk::with(Options {
        sessions: 120,
        ..Options::default()
    });
    let token = desk.run(&["token"]).ends(0).out;
    let before = desk.config_before_login();
    desk.write_config(&format!("{before}token = \"{}\"\n", token.trim()));
    let rows = desk.run(&["list", "state:active deletable:yes", "-o", "jsonl"]);
    let rows: Vec<String> = desk.kept(&rows.out).lines().map(str::to_owned).collect();
    let rows = format!("{}\n", rows[..33].join("\n"));
    let fault =
        r#"{"match":{"method":"DELETE","nth":[19,19]},"action":"auth","kind":"expire_now"}"#;
    desk.emulator().set_faults(&[fault]).unwrap();

    let ran = desk.run_with(&["revoke", "-", "--yes", "--concurrency", "1"], &rows);

    let ran = ran.ends(3);
    assert_eq!(desk.deletes(), 19);
    assert_eq!(ran.out.matches("ended ").count(), 18, "{}", ran.out);
    assert!(
        ran.err.contains("ended 18") && ran.err.contains("not sent 15"),
        "{}",
        ran.err
    );
}

#[test]
fn a_dry_run_shows_the_plan_and_the_request_of_each_session() {
    let desk = Desk::new();

    let ran = desk
        .run(&["revoke", "--query", LIVE, "--dry-run", "-o", "jsonl"])
        .ends(0);

    let rows = ran.rows();
    assert!(ran.err.contains("one by one"), "{}", ran.err);
    for row in &rows {
        let request = row["message"].as_str().unwrap_or_default();
        let label = row["label"].as_str().expect("a label");
        let end = format!("/jans-config-api/api/v1/jans-auth-server/session/sid/{label}");
        assert!(request.starts_with("DELETE http://"), "{request}");
        assert!(request.ends_with(&end), "{request}");
        let id = row["id"].as_str().expect("an id");
        assert!(!request.contains(id), "the id is in {request}");
    }
    assert_eq!(desk.deletes(), 0);
}
