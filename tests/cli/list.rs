//! `usher list` and `usher get`: every format, and what may be asked.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;
use std::sync::Arc;
use usher::emulator::Options;
use usher::emulator::janssen::Generation;
use usher::emulator::janssen::JanssenOptions;

use crate::support::Desk;

/// Read only, so shared by all tests here.
static DESK: LazyLock<Desk> = LazyLock::new(Desk::new);

const KEYS: [&str; 21] = [
    "profile",
    "system",
    "id",
    "label",
    "user",
    "user_id",
    "state",
    "created",
    "last_used",
    "expires",
    "ended",
    "client",
    "ip",
    "agent",
    "method",
    "scope",
    "deletable",
    "not_deletable_because",
    "own",
    "hints",
    "attributes",
];

/// Ids that the server keeps; for sessions without one it makes up another in every answer.
fn world() -> BTreeSet<String> {
    let rows = DESK.emulator().world().rows();
    rows.into_iter().filter_map(|row| row.sid).collect()
}

#[test]
fn json_lines_hold_every_session_once_with_all_fields() {
    let ran = DESK.run(&["list", "-o", "jsonl"]).ends(0);

    assert!(ran.ids().is_superset(&world()));
    assert_eq!(ran.ids().len(), 60);
    assert_eq!(ran.rows().len(), 60);
    for row in ran.rows() {
        let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert_eq!(keys, KEYS);
        assert_eq!(row["profile"], "emu");
        assert_eq!(row["system"], "janssen");
        assert_eq!(row["agent"], Value::Null, "Janssen reports no agents");
        assert!(row["hints"].is_array());
        assert!(row["attributes"].is_object());
        let created = row["created"].as_str().unwrap();
        assert!(created.ends_with('Z') && created.contains('T'), "{created}");
    }
}

#[test]
fn without_a_terminal_rows_are_json_lines_by_themselves() {
    let ran = DESK.run(&["list", "-n", "3"]).ends(0);

    assert_eq!(ran.rows().len(), 3);
}

#[test]
fn a_json_document_has_a_version_the_rows_and_how_each_list_ended() {
    let ran = DESK.run(&["list", "-o", "json"]).ends(0);

    let all: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(all["version"], 1);
    assert_eq!(all["sessions"].as_array().unwrap().len(), 60);
    assert_eq!(all["sources"][0]["profile"], "emu");
    assert_eq!(all["sources"][0]["rows"], 60);
    assert_eq!(all["sources"][0]["error"], Value::Null);
}

#[test]
fn an_empty_json_document_is_still_one() {
    let ran = DESK
        .run(&["list", "-o", "json", "user:nobody-is-called-so"])
        .ends(0);

    let all: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(all["sessions"], serde_json::json!([]));
}

#[test]
fn csv_has_a_header_and_a_line_for_each_session() {
    let ran = DESK.run(&["list", "-o", "csv"]).ends(0);

    let mut reader = csv::Reader::from_reader(ran.out.as_bytes());
    let header: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(header, KEYS[..20]);
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    let ids: BTreeSet<String> = records.iter().map(|r| r[2].to_owned()).collect();
    assert!(ids.is_superset(&world()));
    assert_eq!(ids.len(), 60);
}

#[test]
fn a_table_has_titles_and_no_escape_codes_in_a_pipe() {
    let ran = DESK.run(&["list", "-o", "table"]).ends(0);

    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 61);
    assert!(lines[0].starts_with("USER "), "{}", lines[0]);
    assert!(lines[0].ends_with("STATE"), "{}", lines[0]);
    assert!(!ran.out.contains('\u{1b}'));
}

#[test]
fn colours_come_when_they_are_asked_for() {
    let ran = DESK
        .run(&["list", "-o", "table", "--color", "always"])
        .ends(0);

    assert!(ran.out.starts_with("\u{1b}[1m"), "{:?}", &ran.out[..20]);
}

#[test]
fn a_table_of_several_short_pages_has_one_width_for_each_column() {
    let desk = Desk::with(Options {
        system: usher::emulator::system("openam").unwrap(),
        ..Options::default()
    });

    let table = desk.run(&["list", "user:a*", "-o", "table"]).ends(0).out;

    let title = table.lines().next().unwrap();
    let column = title.find("STATE").unwrap();
    assert!(
        title.contains("LABEL") && !table.contains("shandle:"),
        "{table}"
    );
    assert!(table.lines().count() > 3, "{table}");
    for row in table.lines().skip(1) {
        let cell: String = row.chars().skip(column).take(6).collect();
        assert!(["active", "expiri", "expire"].contains(&&*cell), "{table}");
    }
}

#[test]
fn markdown_is_a_table() {
    let ran = DESK.run(&["list", "-o", "markdown", "-n", "2"]).ends(0);

    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[1].replace([' ', '|', '-'], ""), "");
    assert!(
        lines
            .iter()
            .all(|line| line.starts_with("| ") && line.ends_with(" |"))
    );
}

#[test]
fn fields_are_those_that_were_named_in_that_order() {
    let ran = DESK
        .run(&["list", "-n", "1", "-f", "state,user,@acr,user.id"])
        .ends(0);

    let row = &ran.rows()[0];
    let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["state", "user", "@acr", "user_id"]);
}

#[test]
fn ids_come_one_a_line() {
    let ran = DESK.run(&["list", "--id-only"]).ends(0);

    let ids: BTreeSet<String> = ran.out.lines().map(str::to_owned).collect();
    assert!(ids.is_superset(&world()));
    assert_eq!(ids.len(), 60);
}

#[test]
fn a_count_is_a_number() {
    let all = DESK.run(&["list", "--count"]).ends(0);
    let none = DESK
        .run(&["list", "--count", "user:nobody-is-called-so"])
        .ends(0);

    assert_eq!(all.out, "60\n");
    assert_eq!(none.out, "0\n");
}

#[test]
fn groups_count_every_session_once() {
    let ran = DESK
        .run(&["list", "--group-by", "state", "-o", "jsonl"])
        .ends(0);

    let counts: u64 = ran
        .rows()
        .iter()
        .map(|row| row["count"].as_u64().unwrap())
        .sum();
    assert_eq!(counts, 60);
    assert!(ran.rows().iter().any(|row| row["state"] == "active"));
}

#[test]
fn addresses_are_counted_by_their_network() {
    let expected = DESK.run(&["list", "-o", "jsonl"]).ends(0).rows();
    let in_network = |row: &&Value| {
        let ip = row["ip"].as_str().unwrap_or_default();
        ip.starts_with("192.0.2.") && !ip.is_empty()
    };
    let expected = expected.iter().filter(in_network).count();

    let groups = DESK
        .run(&["list", "--group-by", "network", "-o", "jsonl"])
        .ends(0)
        .rows();

    let of_network = groups.iter().find(|row| row["network"] == "192.0.2.0/24");
    assert!(expected > 0);
    assert_eq!(of_network.map(|row| &row["count"]), Some(&expected.into()));
}

#[test]
fn a_sort_orders_the_rows_and_puts_nothing_last() {
    let rows = |sort: &str| {
        let ran = DESK
            .run(&["list", "--sort", sort, "-f", "last_used"])
            .ends(0);
        let used = |row: &Value| row["last_used"].as_str().map(str::to_owned);
        ran.rows().iter().map(used).collect::<Vec<_>>()
    };
    let (up, down) = (rows("used"), rows("used:desc"));

    let known = |rows: &[Option<String>]| rows.iter().flatten().cloned().collect::<Vec<_>>();
    let mut sorted = known(&up);
    sorted.sort();
    assert_eq!(known(&up), sorted);
    sorted.reverse();
    assert_eq!(known(&down), sorted);
    for rows in [&up, &down] {
        let first_unknown = rows.iter().position(Option::is_none).unwrap_or(rows.len());
        assert!(rows[first_unknown..].iter().all(Option::is_none));
    }
}

#[test]
fn a_sorted_list_with_a_limit_has_the_first_of_all() {
    let all = DESK.run(&["list", "--sort", "created:desc"]).ends(0);
    let few = DESK
        .run(&["list", "--sort", "created:desc", "-n", "5"])
        .ends(0);

    let ids = |rows: Vec<Value>| {
        rows.iter()
            .map(|row| row["created"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(few.rows()), ids(all.rows())[..5]);
}

#[test]
fn a_query_of_several_words_is_one_query() {
    let user = DESK
        .run(&["list", "-n", "1", "user:*", "state:active"])
        .ends(0)
        .rows()[0]["user"]
        .as_str()
        .unwrap()
        .to_owned();

    let ran = DESK
        .run(&["list", &format!("user:\"{user}\""), "state:active"])
        .ends(0);

    assert!(!ran.rows().is_empty());
    for row in ran.rows() {
        assert_eq!(row["user"], user.as_str());
        assert!(["active", "idle", "expiring"].contains(&row["state"].as_str().unwrap()));
    }
}

#[test]
fn explain_says_who_answers_what_and_asks_nothing() {
    let desk = Desk::new();

    let ran = desk
        .run(&["list", "--explain", "user:jdoe ip:10.0.0.0/8"])
        .ends(0);

    assert!(
        ran.out.contains("server") && ran.out.contains("auth_user=jdoe"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("here") && ran.out.contains("ip:10.0.0.0/8"),
        "{}",
        ran.out
    );
    assert_eq!(desk.emulator().journal().len(), 0);
}

#[test]
fn a_native_filter_is_sent_as_it_is() {
    let user = DESK.run(&["list", "-n", "1", "user:*"]).ends(0).rows()[0]["user"].clone();
    let native = format!("auth_user={}", user.as_str().unwrap());

    let ran = DESK.run(&["list", "--native", &native]).ends(0);

    assert!(!ran.rows().is_empty());
    assert!(
        ran.rows().iter().all(|row| row["user"] == user),
        "{}",
        ran.out
    );
}

#[test]
fn nothing_found_is_no_failure_unless_it_was_asked_for() {
    let query = "user:nobody-is-called-so";

    DESK.run(&["list", query]).ends(0);
    DESK.run(&["list", query, "--fail-empty"]).ends(7);
}

#[test]
fn an_old_server_lists_too() {
    let desk = Desk::with(Options {
        system: Arc::new(JanssenOptions {
            generation: Generation::Old,
            ..Default::default()
        }),
        ..Options::default()
    });

    let ran = desk.run(&["list"]).ends(0);

    assert!(ran.rows().len() > 10, "{}", ran.out);
}

#[test]
fn get_shows_one_session_in_each_format() {
    let id = world()
        .into_iter()
        .find(|id| DESK.emulator().world().find(id).unwrap().authenticated);
    let id = id.unwrap();

    let block = DESK.run(&["get", &id]).ends(0);
    let line = DESK.run(&["get", &id, "-o", "jsonl"]).ends(0);
    let raw = DESK.run(&["get", &id, "--raw"]).ends(0);

    assert!(
        block.out.contains(&format!("id                    {id}\n")),
        "{}",
        block.out
    );
    assert_eq!(line.ids(), BTreeSet::from([id.clone()]));
    let raw: Value = serde_json::from_str(&raw.out).unwrap();
    assert_eq!(raw["sessionAttributes"]["sid"], id.as_str());
}

#[test]
fn get_takes_the_lines_of_list() {
    let listed = DESK.run(&["list", "-n", "4", "state:active"]).ends(0);

    let ran = DESK
        .run_with(&["get", "-", "-o", "jsonl"], &listed.out)
        .ends(0);

    assert_eq!(ran.ids(), listed.ids());
}

#[test]
fn what_systems_can_do_is_listed() {
    let ran = DESK.run(&["systems", "-o", "json"]).ends(0);

    let all: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(all[0]["profile"], "emu");
    assert_eq!(all[0]["revoke"], "one");
    assert_eq!(all[0]["fields"]["agent"], "no");
    assert_eq!(all[0]["fields"]["user"], "server");
}

#[test]
fn a_watch_tells_what_came_and_what_went() {
    use std::io::{BufRead, BufReader};
    let desk = Desk::new();
    let mut child = desk.command(&["list", "--watch", "1"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    let kept = desk
        .emulator()
        .world()
        .rows()
        .into_iter()
        .find_map(|row| row.sid)
        .unwrap();
    for _ in 0..60 {
        let event = next();
        assert_eq!(
            (&event["event"], &event["first"]),
            (&"added".into(), &true.into())
        );
    }

    assert!(desk.emulator().world().remove(&kept));

    let event = loop {
        let event = next();
        if event["session"]["id"] == kept.as_str() {
            break event;
        }
    };
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(event["event"], "gone");
    assert_eq!(event["first"], false);
}

#[test]
fn a_watch_for_people_prints_a_line_for_each_event() {
    use std::io::{BufRead, BufReader};
    let desk = Desk::new();
    let watch = ["list", "--watch", "1", "-o", "table", "-f", "id,user"];
    let mut child = desk.command(&watch).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    let title = next();
    let columns: Vec<&str> = title.split_whitespace().collect();
    assert_eq!(columns, ["AT", "EVENT", "ID", "USER"]);
    let first: Vec<String> = (0..60).map(|_| next()).collect();
    assert!(first.iter().all(|line| line.contains("  listed  ")));

    let mut rows = desk.emulator().world().rows().into_iter();
    let ended = rows.find_map(|row| row.sid).unwrap();
    assert!(desk.emulator().world().remove(&ended));

    let gone = std::iter::repeat_with(next).find(|line| line.contains(&ended));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(gone.is_some_and(|line| line.contains("  gone ")));

    let refused = desk.run(&["list", "--watch", "1", "-o", "csv"]).ends(2);
    assert!(
        refused
            .err
            .contains("--watch prints table or jsonl, not csv")
    );
}

#[test]
fn a_query_may_begin_with_a_minus_and_an_unknown_option_is_still_one() {
    let all = DESK.run(&["list", "-o", "jsonl"]).ends(0).rows();
    let user = all[0]["user"].as_str().unwrap();
    let others = format!("-user:{user}");

    let rows = DESK
        .run(&["list", &others, "state:active,idle,expiring", "-o", "jsonl"])
        .ends(0)
        .rows();

    assert!(!rows.is_empty() && rows.len() < all.len());
    assert!(rows.iter().all(|row| row["user"] != user));
    let dry = ["revoke", "--query", &others, "--dry-run", "-o", "jsonl"];
    assert!(!DESK.run(&dry).ends(0).out.contains(&format!("\"{user}\"")));
    for unknown in ["-x", "--bogus"] {
        let ran = DESK.run(&["list", unknown]).ends(2);
        assert!(
            ran.err
                .contains(&format!("unexpected argument '{unknown}'")),
            "{}",
            ran.err
        );
    }
}

#[test]
fn one_profile_that_fails_takes_no_other_away() {
    let desk = Desk::new();
    let good = desk.config();
    // No secret to be had; and a port where nobody listens.
    let bare = good.replace("profile.emu", "profile.bare");
    let (before, _) = bare.split_once("client_secret").unwrap();
    let bare = format!("{before}client_secret = {{ env = \"NOT_SET_HERE\" }}\n");
    let dead = good
        .replace("profile.emu", "profile.dead")
        .replace(desk.emulator().url(), "http://127.0.0.1:1");
    let keep = |text: &str| {
        let lines = text
            .lines()
            .filter(|line| !line.starts_with("default_profile"));
        lines.collect::<Vec<_>>().join("\n")
    };
    desk.write_config(&format!(
        "{}\n{}\n{}\n",
        keep(&bare),
        keep(&dead),
        keep(&good)
    ));

    for (args, code, shown) in [
        (&["list", "--all-profiles"][..], 3, "\"profile\":\"emu\""),
        (&["whoami", "--all-profiles"], 3, "emu"),
        (&["doctor", "--all-profiles"], 2, "emu"),
        (&["systems", "--all-profiles"], 3, "emu"),
        (&["profiles"], 3, "emu"),
        (
            &[
                "revoke",
                "--all-profiles",
                "--query",
                "state:active deletable:yes",
                "--yes",
            ],
            3,
            "ended",
        ),
    ] {
        let ran = desk.run(args);

        assert_eq!(ran.code, code, "{args:?}: {}\n{}", ran.out, ran.err);
        assert!(ran.out.contains(shown), "{args:?}: {}", ran.out);
        if code == 3 {
            for name in ["bare", "dead"] {
                assert!(
                    ran.err.contains(name) || ran.out.contains(name),
                    "{args:?} does not name {name}: {}",
                    ran.err
                );
            }
        }
    }
    assert!(desk.deletes() > 10);
}
