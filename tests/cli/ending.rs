//! The outcome of sessions that are to be ended, and the messages about it: gone before, still
//! listed, some of them, or stopped half way.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use usher::emulator::Options;

use crate::support::{Desk, finished};

const BOTH: [&str; 2] = ["janssen", "pingam"];
const LIVE: &str = "state:active deletable:yes own:no";
const LIMIT: Duration = Duration::from_secs(20);

pub fn desk(system: &str) -> Desk {
    Desk::with(Options {
        system: usher::emulator::system(system).unwrap(),
        sessions: 120,
        ..Options::default()
    })
}

/// So many rows that may be ended, a JSON line each.
pub fn rows(desk: &Desk, count: usize) -> Vec<String> {
    let ran = desk.run(&["list", LIVE]).ends(0);
    // One realm of an AM, whose requests a fault can tell from those about ourselves.
    let here = |line: &&str| line.contains(r#""system":"janssen""#) || line.contains(r#""/alpha""#);
    let rows: Vec<_> = ran
        .out
        .lines()
        .filter(here)
        .map(str::to_owned)
        .take(count)
        .collect();
    assert_eq!(rows.len(), count);
    rows
}

fn value(row: &str) -> Value {
    serde_json::from_str(row).unwrap()
}

pub fn id(row: &str) -> String {
    value(row)["id"].as_str().unwrap().to_owned()
}

/// Somebody else ends this session.
fn ends_elsewhere(desk: &Desk, system: &str, row: &str) {
    let id = id(row);
    let ended = if system == "janssen" {
        desk.emulator().world().remove(&id)
    } else {
        let sessions = desk.emulator().am().sessions();
        let mut handles = sessions.into_iter().filter_map(|session| session.handle);
        let handle = handles.find(|handle| id.contains(handle.as_str()));
        desk.emulator().am().end(&handle.expect("its handle"))
    };
    assert!(ended, "{system:?}: it was there");
}

/// The request that ends sessions.
fn sends(system: &str) -> &'static str {
    match system {
        "janssen" => r#""method":"DELETE""#,
        _ => r#""method":"POST","path":"*/realms/alpha/sessions""#,
    }
}

/// How many of them the server has had.
fn sent(desk: &Desk, system: &str) -> usize {
    let ends = |query: &Option<String>| query.as_deref().is_some_and(|q| q.contains("logoutBy"));
    let journal = desk.emulator().journal();
    let of = journal.iter().filter(|entry| match system {
        "janssen" => entry.method == "DELETE",
        _ => ends(&entry.query),
    });
    of.count()
}

/// How the log says that they ended.
pub fn log(desk: &Desk) -> Vec<(String, String)> {
    let lines = desk.run(&["audit", "-o", "jsonl"]).ends(0).rows();
    let word = |line: &Value, name: &str| line[name].as_str().unwrap_or("").to_owned();
    let lines = lines.iter();
    lines
        .map(|line| (word(line, "event"), word(line, "outcome")))
        .collect()
}

pub fn count(log: &[(String, String)], event: &str, outcome: &str) -> usize {
    let of = |line: &&(String, String)| line.0 == event && line.1 == outcome;
    log.iter().filter(of).count()
}

#[test]
fn f_del_05_what_somebody_else_ended_after_the_list_had_already_gone() {
    for system in BOTH {
        let desk = desk(system);
        let row = &rows(&desk, 1)[0];
        ends_elsewhere(&desk, system, row);

        let ran = desk.run_with(&["revoke", "-", "--yes"], row).ends(0);

        assert!(ran.out.starts_with("already_gone "), "{system:?}: {ran:?}");
        let told = "ended 0, already gone 1, failed 0, unknown 0";
        assert!(ran.err.contains(told), "{system:?}: {ran:?}");
        let log = log(&desk);
        assert_eq!(
            count(&log, "done", "already_gone"),
            1,
            "{system:?}: {log:?}"
        );
        // Typed by hand, and no list has shown it: nobody knows that there ever was one.
        let typed = desk.run(&["revoke", &id(row), "--yes"]).ends(7);
        assert!(typed.out.starts_with("not_found "), "{system:?}: {typed:?}");
    }
}

#[test]
fn f_del_05_what_ends_between_the_list_of_a_query_and_its_request_had_already_gone() {
    for system in BOTH {
        let desk = desk(system);
        let row = &rows(&desk, 1)[0];
        // The requests after the list: the one that ends the session; for an AM, which says yes to
        // whatever handle it is given, the look before it.
        let held = match system {
            "janssen" => r#""method":"DELETE""#,
            _ => r#""method":"GET","path":"*/realms/alpha/sessions","nth":[2,2]"#,
        };
        let fault = format!(r#"{{"match":{{{held}}},"action":"delay","ms":1500}}"#);
        desk.emulator().set_faults(&[fault]).unwrap();
        let came = || {
            let journal = desk.emulator().journal();
            let of = journal.iter().filter(|entry| match system {
                "janssen" => entry.method == "DELETE",
                _ => entry.method == "GET" && entry.path.ends_with("/realms/alpha/sessions"),
            });
            of.count()
        };
        let wanted = came() + usize::from(system != "janssen") + 1;
        let user = value(row)["user"].as_str().unwrap().to_owned();
        let query = format!("{LIVE} user:\"{user}\"");
        let args = ["revoke", "--query", &query, "--yes", "-o", "jsonl"];

        let child = start(&desk, &args, "");
        // It has come, and is not worked on for a while.
        wait("the request", || came() >= wanted);
        ends_elsewhere(&desk, system, row);
        let ran = finished(child.wait_with_output().unwrap()).ends(0);

        let told = ran.rows();
        let of_it = told.iter().find(|told| told["id"] == id(row).as_str());
        let outcome = of_it.map(|told| told["outcome"].clone());
        assert_eq!(outcome, Some("already_gone".into()), "{system:?}: {ran:?}");
        assert!(ran.err.contains("already gone 1"), "{system:?}: {ran:?}");
    }
}

#[test]
fn f_del_05_a_404_for_a_session_that_is_still_there_is_no_success() {
    for system in BOTH {
        let desk = desk(system);
        let row = &rows(&desk, 1)[0];
        let fault = format!(
            r#"{{"match":{{{}}},"action":"status","code":404,"body":""}}"#,
            sends(system)
        );
        desk.emulator().set_faults(&[fault]).unwrap();

        let ran = desk.run_with(&["revoke", "-", "--yes"], row);

        assert_ne!(ran.code, 0, "{system:?}: {ran:?}");
        let word = ran.out.split(' ').next().unwrap();
        assert!(["refused", "failed"].contains(&word), "{system:?}: {ran:?}");
        let done = log(&desk);
        assert_eq!(count(&done, "done", "failed"), 1, "{system:?}: {done:?}");
    }
}

#[test]
fn f_del_06_a_yes_for_a_session_that_is_still_listed_is_told_and_written_down_so() {
    // One by one; and above 50, where one list at the end looks at all.
    for many in [2, 60] {
        let desk = Desk::with(Options {
            sessions: 200,
            ..Options::default()
        });
        let rows = rows(&desk, many);
        let kept = id(&rows[1]);
        let fault = format!(
            r#"{{"match":{{"method":"DELETE","session_id":"{kept}"}},"action":"status","code":204}}"#
        );
        desk.emulator().set_faults(&[fault]).unwrap();
        let input = rows.join("\n");

        let ran = desk
            .run_with(&["revoke", "-", "--yes", "-o", "jsonl"], &input)
            .ends(3);

        for row in ran.rows() {
            let wanted = if row["id"] == kept.as_str() {
                "still_listed"
            } else {
                "revoked"
            };
            assert_eq!(row["outcome"], wanted, "of {many}: {ran:?}");
        }
        assert_eq!(desk.deletes(), many, "it was not sent twice");
        let told = format!("ended {}, already gone 0, failed 0", many - 1);
        assert!(ran.err.contains(&told), "{ran:?}");
        assert!(ran.err.contains("still listed 1"), "{ran:?}");
        let log = log(&desk);
        let ends = (count(&log, "done", "done"), count(&log, "done", "failed"));
        assert_eq!(ends, (many - 1, 1), "of {many}: {log:?}");
        assert_eq!(log.len(), 2 * many);
    }
}

#[test]
fn f_del_07_an_answer_that_is_lost_is_settled_by_a_look_and_nothing_is_sent_twice() {
    for system in BOTH {
        let desk = desk(system);
        let row = &rows(&desk, 1)[0];
        let fault = format!(r#"{{"match":{{{}}},"action":"lost_ack"}}"#, sends(system));
        desk.emulator().set_faults(&[fault]).unwrap();

        let ran = desk.run_with(&["revoke", "-", "--yes"], row).ends(0);

        assert!(ran.out.starts_with("ended "), "{system:?}: {ran:?}");
        assert_eq!(sent(&desk, system), 1, "{system:?}");
        let log = log(&desk);
        assert_eq!(count(&log, "done", "done"), 1, "{system:?}: {log:?}");
    }
}

#[test]
fn f_del_08_every_third_that_fails_is_counted_told_with_its_reason_and_can_be_tried_again() {
    let desk = desk("janssen");
    let rows = rows(&desk, 30);
    let failing: Vec<String> = rows.iter().skip(2).step_by(3).map(|row| id(row)).collect();
    let faults: Vec<String> = failing
        .iter()
        .map(|id| {
            format!(
                r#"{{"match":{{"method":"DELETE","session_id":"{id}"}},"action":"status","code":403,"body":"no"}}"#
            )
        })
        .collect();
    desk.emulator().set_faults(&faults).unwrap();
    let input = rows.join("\n");

    let ran = desk
        .run_with(&["revoke", "-", "--yes", "-o", "jsonl"], &input)
        .ends(3);

    let told = "ended 20, already gone 0, failed 10, unknown 0";
    assert!(ran.err.contains(told), "{ran:?}");
    let of_failed = ran.rows();
    let of_failed = of_failed.iter().filter(|row| row["outcome"] == "failed");
    let mut ids: Vec<_> = of_failed
        .map(|row| {
            assert!(row["message"].as_str().is_some_and(|m| !m.is_empty()));
            row["id"].as_str().unwrap().to_owned()
        })
        .collect();
    let mut wanted = failing.clone();
    ids.sort();
    wanted.sort();
    assert_eq!(ids, wanted);
    let log = log(&desk);
    let ends = (count(&log, "done", "done"), count(&log, "done", "failed"));
    assert_eq!(ends, (20, 10));

    desk.emulator().set_faults::<&str>(&[]).unwrap();
    let again = desk.run_with(&["revoke", "-", "--yes"], &input).ends(0);
    let told = "ended 10, already gone 20, failed 0, unknown 0";
    assert!(again.err.contains(told), "{again:?}");
}

/// Starts the binary without waiting for its end.
pub fn start(desk: &Desk, args: &[&str], input: &str) -> Child {
    use std::io::Write;
    let mut command: Command = desk.command(args);
    command.stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    child
}

pub fn wait(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !is_so() {
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn interrupt(child: &Child) {
    let pid = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::INT).unwrap();
}

#[test]
fn f_del_09_the_first_ctrl_c_starts_nothing_more_and_tells_what_became_of_the_rest() {
    let desk = desk("janssen");
    let input = rows(&desk, 6).join("\n");
    desk.emulator()
        .set_faults(&[r#"{"match":{"method":"DELETE"},"action":"delay","ms":1500}"#])
        .unwrap();
    let args = ["revoke", "-", "--yes", "--concurrency", "2"];

    let child = start(&desk, &args, &input);
    wait("the first requests", || desk.deletes() == 2);
    interrupt(&child);
    let ran = finished(child.wait_with_output().unwrap());

    assert_eq!(ran.code, 130, "{ran:?}");
    assert_eq!(desk.deletes(), 2);
    assert_eq!(ran.out.matches("ended ").count(), 2, "{ran:?}");
    assert!(ran.err.contains("ended 2, already gone 0"), "{ran:?}");
    assert!(ran.err.contains("not sent 4"), "{ran:?}");
    let log = log(&desk);
    let lines = (count(&log, "asked", ""), count(&log, "done", "done"));
    assert_eq!((lines, log.len()), ((2, 2), 4), "{log:?}");
}

#[test]
fn f_del_09_the_second_ctrl_c_leaves_at_once_and_says_what_is_not_known() {
    // Read back one by one; and above 50, where the list at the end is never come to.
    for (many, ended) in [(6, 1), (60, 3)] {
        let desk = Desk::with(Options {
            sessions: 200,
            ..Options::default()
        });
        let rows = rows(&desk, many);
        let hangs = rows[ended..].iter().map(|row| {
            let id = id(row);
            format!(r#"{{"match":{{"method":"DELETE","session_id":"{id}"}},"action":"hang"}}"#)
        });
        let faults: Vec<String> = hangs.collect();
        desk.emulator().set_faults(&faults).unwrap();
        let args = ["revoke", "-", "--yes", "--concurrency", "2", "-o", "jsonl"];

        let mut child = start(&desk, &args, &rows.join("\n"));
        // The first ones end; the two after them hang.
        wait("the requests", || desk.deletes() == ended + 2);
        interrupt(&child);
        std::thread::sleep(Duration::from_millis(500));
        let waits = child.try_wait().unwrap().is_none();
        assert!(waits, "it awaits what is on its way");
        let asked = Instant::now();
        interrupt(&child);
        let ran = finished(child.wait_with_output().unwrap());

        assert!(asked.elapsed() < Duration::from_secs(3), "at once");
        assert_eq!(ran.code, 130, "{ran:?}");
        assert_eq!(desk.deletes(), ended + 2);
        let first: BTreeSet<_> = rows[..ended].iter().map(|row| id(row)).collect();
        assert_eq!(ran.ids(), first);
        let open = many - ended;
        let summary =
            format!("ended {ended}, already gone 0, failed 0, unknown 0, no outcome {open}");
        assert!(ran.err.contains(&summary), "{ran:?}");
        assert!(!ran.err.contains("not sent"), "two were: {ran:?}");
        let last = format!("left at once: {open} sessions have no outcome yet");
        assert!(ran.err.contains(&last), "{ran:?}");
        assert_eq!(ran.err.contains("by the server's word"), many > 50);
        // The log says of a change that was sent and not looked at that it was only sent.
        let log = log(&desk);
        let lines = (count(&log, "asked", ""), count(&log, "done", "done"));
        let done = if many > 50 { 0 } else { ended };
        assert_eq!(lines, (ended + 2, done), "{log:?}");
        assert_eq!(log.len(), ended + 2 + done);
    }
}

#[test]
fn f_del_11_the_same_id_on_two_servers_ends_where_its_row_says() {
    for system in BOTH {
        // The same sessions with the same ids twice.
        let (here, there) = (desk(system), desk(system));
        let other = there.emulator().config_toml("other");
        let (_, other) = other.split_once("[profile.other]").unwrap();
        let both = format!("{}\n[profile.other]{other}", here.config());
        here.write_config(&both);
        let args = |verb: &'static str| [verb, "-p", "emu", "-p", "other"];
        let listed = here.run(&[&args("list")[..], &[LIVE]].concat()).ends(0);
        let of = |profile: &str, id: &str| {
            let rows = listed.rows();
            let mut rows = rows.iter();
            let row = rows.find(|row| row["profile"] == profile && row["id"] == id);
            row.map(Value::to_string)
        };
        let id = id(&rows(&there, 1)[0]);
        let (mine, other) = (of("emu", &id).unwrap(), of("other", &id).unwrap());

        let one = [&args("revoke")[..], &["-", "--yes"]].concat();
        let ran = here.run_with(&one, &other).ends(0);

        assert!(ran.out.starts_with("ended "), "{system:?}: {ran:?}");
        let ends = (sent(&here, system), sent(&there, system));
        assert_eq!(ends, (0, 1), "{system:?}");
        let ran = here.run_with(&one, &format!("{mine}\n{other}")).ends(0);
        assert!(ran.err.contains("ended 1, already gone 1"), "{ran:?}");
        assert_eq!(sent(&here, system), 1, "{system:?}");
    }
}

#[test]
fn f_del_13_f_del_17_f_del_18_read_only_no_yes_and_a_dry_run_send_nothing_that_changes_anything() {
    for system in BOTH {
        let desk = desk(system);
        let row = &rows(&desk, 1)[0];
        let user = value(row)["user"].as_str().unwrap().to_owned();
        let count = || match system {
            "janssen" => desk.emulator().world().count(),
            _ => desk.emulator().am().count(),
        };
        let before = count();

        let dry = desk.run_with(&["revoke", "-", "--dry-run"], row).ends(0);
        let of_user = desk.run(&["revoke", "--user", &user, "--dry-run"]).ends(0);
        desk.run_with(&["revoke", "-"], row).fails(2, "--yes");
        desk.run(&["revoke", "--user", &user]).fails(2, "--yes");
        desk.profile_says("read_only = true");
        desk.run_with(&["revoke", "-", "--yes"], row)
            .fails(5, "read-only");
        desk.run(&["revoke", "--user", &user, "--yes"])
            .fails(5, "read-only");

        for ran in [dry, of_user] {
            assert!(ran.out.contains("would_end "), "{system:?}: {ran:?}");
        }
        assert_eq!((sent(&desk, system), count()), (0, before), "{system:?}");
        assert_eq!(log(&desk), [], "{system:?}");
    }
}

#[test]
fn f_del_07_a_request_that_ends_sessions_is_not_sent_again_after_an_error_of_the_server() {
    for system in BOTH {
        let desk = desk(system);
        let row = &rows(&desk, 1)[0];
        for (tries, status) in [500, 502, 504, 409, 423].into_iter().enumerate() {
            let fault = format!(
                r#"{{"match":{{{}}},"action":"status","code":{status}}}"#,
                sends(system)
            );
            desk.emulator().set_faults(&[fault]).unwrap();

            let ran = desk.run_with(&["revoke", "-", "--yes"], row);

            assert!(
                ran.out.starts_with("failed "),
                "{system:?} {status}: {ran:?}"
            );
            assert_ne!(ran.code, 0, "{system:?} {status}: {ran:?}");
            assert_eq!(sent(&desk, system), tries + 1, "{system:?} {status}");
        }
        let log = log(&desk);
        assert_eq!(count(&log, "done", "failed"), 5, "{system:?}: {log:?}");
    }
}

#[test]
fn why_it_is_not_known_what_became_of_a_user_is_told_in_the_words_of_the_server() {
    let desk = Desk::new();
    let rows = desk
        .run(&["list", "deletable:yes state:active"])
        .ends(0)
        .rows();
    let user = rows[0]["user"].as_str().unwrap();
    let fault =
        r#"{"match":{"method":"DELETE"},"action":"status","code":503,"body":"maintenance"}"#;
    desk.emulator().set_faults(&[fault]).unwrap();

    let ran = desk.run(&["revoke", "--user", user, "--yes", "-o", "jsonl"]);

    // Those whose time runs out meanwhile are gone.
    let rows = ran.rows();
    let (unknown, others): (Vec<_>, Vec<_>) =
        rows.iter().partition(|row| row["outcome"] == "unknown");
    assert!(!unknown.is_empty(), "{}", ran.out);
    assert!(others.iter().all(|row| row["outcome"] == "already_gone"));
    for row in unknown {
        let message = row["message"].as_str().unwrap();
        assert!(message.contains("503"), "{message}");
        assert!(message.contains("maintenance"), "{message}");
    }
    let log = desk.run(&["audit", "-o", "jsonl"]).ends(0).out;
    assert!(log.contains(r#""outcome":"unknown""#), "{log}");
    assert!(log.contains(r#""http_status":503"#), "{log}");
}
