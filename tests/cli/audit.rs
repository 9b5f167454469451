//! `usher audit`: what it notices, what it cannot, and what becomes of changes without an end.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;
use usher::emulator::Options;

use crate::files::by_shell;
use crate::support::{Desk, Ran};

const LIVE: &str = "state:active deletable:yes";

impl Desk {
    fn state(&self, name: &str) -> PathBuf {
        self.home().join(".local/state/usher").join(name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.state("audit.jsonl")).unwrap_or_default()
    }

    /// Up to so many ids that the server keeps.
    fn lasting(&self, count: usize) -> Vec<String> {
        let all = self.kept(&self.run(&["list", LIVE, "--id-only"]).ends(0).out);
        let some: Vec<String> = all.lines().take(count).map(str::to_owned).collect();
        assert_eq!(some.len(), count);
        some
    }

    fn end(&self, ids: &[String]) -> Ran {
        let input = ids.join("\n") + "\n";
        self.run_with(&["revoke", "-", "--yes"], &input)
    }

    /// Starts to end these, which the server does not answer, and waits until they are on their way.
    fn hang(&self, ids: &[String]) -> Killed {
        let mut args = vec!["revoke", "--yes"];
        args.extend(ids.iter().map(String::as_str));
        let job = Killed(self.command(&args).spawn().unwrap());
        self.wait_until("all is sent", || self.deletes() >= ids.len());
        job
    }

    fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while !is_so() {
            assert!(Instant::now() < until, "{what}: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn asked(&self) -> usize {
        self.log().matches("\"event\":\"asked\"").count()
    }
}

/// A process that is killed when it is dropped, as `kill -9` does.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn hanging(count: usize) -> Desk {
    let fault = format!(r#"{{"match":{{"method":"DELETE","nth":[1,{count}]}},"action":"hang"}}"#);
    Desk::with(Options {
        faults: vec![fault.as_str().into()],
        ..Options::default()
    })
}

fn anchor_of(ran: &Ran) -> String {
    let line = ran
        .out
        .lines()
        .find_map(|line| line.strip_prefix("anchor "));
    line.unwrap().to_owned()
}

#[test]
fn a_log_that_was_cut_emptied_rewritten_forged_or_deleted_is_told() {
    let desk = Desk::new();
    desk.end(&desk.lasting(4)).ends(0);
    let good = desk.log();
    let lines: Vec<&str> = good.lines().collect();
    let sound = desk.run(&["audit", "--verify"]).ends(0);
    assert!(
        sound.out.contains("8 records, chain intact: each fits"),
        "{}",
        sound.out
    );
    assert!(sound.err.contains("this cannot show"), "{}", sound.err);
    let forged = lines[7].replacen("\"done\"", "\"asked\"", 1);
    let cases = [
        ("cut by one", lines[..7].join("\n") + "\n"),
        ("cut by six", lines[..2].join("\n") + "\n"),
        ("emptied", String::new()),
        (
            "rewritten",
            good.replace("\"verb\":\"revoke\"", "\"verb\":\"remove\""),
        ),
        ("forged", format!("{good}{forged}\n")),
    ];

    for (what, text) in cases {
        fs::write(desk.state("audit.jsonl"), text).unwrap();
        let ran = desk.run(&["audit", "--verify"]);
        assert_eq!(ran.code, 1, "{what}: {}", ran.out);
        assert!(ran.out.contains("cannot be trusted"), "{what}: {}", ran.out);
    }
    fs::remove_file(desk.state("audit.jsonl")).unwrap();
    let ran = desk.run(&["audit", "--verify"]).ends(1);
    assert!(ran.out.contains("8 lines had been written"), "{}", ran.out);
    desk.run(&["audit"]).fails(1, "is not there, and it was");
}

#[test]
fn an_anchor_that_was_kept_shows_older_copies_that_were_put_back() {
    let desk = Desk::new();
    let ids = desk.lasting(3);
    desk.end(&ids[..1]).ends(0);
    let (log, anchor) = (desk.log(), fs::read(desk.state("audit.anchor")).unwrap());
    desk.end(&ids[1..]).ends(0);
    let kept = anchor_of(&desk.run(&["audit", "--verify"]).ends(0));
    desk.run(&["audit", "--verify", "--anchor", &kept]).ends(0);

    fs::write(desk.state("audit.jsonl"), log).unwrap();
    fs::write(desk.state("audit.anchor"), anchor).unwrap();

    desk.run(&["audit", "--verify"]).ends(0);
    let ran = desk.run(&["audit", "--verify", "--anchor", &kept]).ends(1);
    assert!(
        ran.out.contains("that was kept does not fit"),
        "{}",
        ran.out
    );
    desk.run(&["audit", "--verify", "--anchor", "6:x"])
        .fails(2, "COUNT:HASH");
    desk.run(&["audit", "--anchor", &kept]).fails(2, "--verify");
}

#[test]
fn the_next_revoke_tells_that_the_log_was_changed() {
    let desk = Desk::new();
    let ids = desk.lasting(3);
    desk.end(&ids[..1]).ends(0);
    fs::write(desk.state("audit.jsonl"), "").unwrap();

    let told = desk.end(&ids[1..2]).ends(0);
    let next = desk.end(&ids[2..]).ends(0);

    assert!(
        told.err.contains("changed behind usher's back"),
        "{}",
        told.err
    );
    assert!(told.err.contains("0 lines, and 2 had been"), "{}", told.err);
    assert!(!told.err.contains("goes on without"), "{}", told.err);
    assert!(!next.err.contains("changed"), "{}", next.err);
    let ran = desk.run(&["audit", "--verify"]).ends(1);
    assert!(ran.out.contains("line 1: usher found"), "{}", ran.out);
    let doctor = desk.run(&["doctor"]);
    assert!(
        doctor.out.contains("not as usher wrote it"),
        "{}",
        doctor.out
    );
}

#[test]
fn what_a_killed_revoke_left_open_is_told_and_settled_by_looking() {
    let desk = hanging(2);
    let ids = desk.lasting(2);
    let job = desk.hang(&ids);
    let busy = desk.run(&["audit"]).ends(0);
    let settled = desk.run(&["audit", "--settle"]).ends(0);
    assert!(
        busy.err.contains("2 changes are being made"),
        "{}",
        busy.err
    );
    assert!(!busy.err.contains("no end"), "{}", busy.err);
    assert!(settled.err.contains("2 under way"), "{}", settled.err);
    drop(job);
    // One of the two ends in another way meanwhile.
    desk.end(&ids[..1]).ends(0);

    let listed = desk.run(&["audit"]).ends(0);
    let only = desk.run(&["audit", "--unfinished", "-o", "jsonl"]).ends(0);
    let doctor = desk.run(&["doctor"]);
    let before = desk.deletes();
    let settled = desk.run(&["audit", "--settle"]).ends(0);

    assert!(
        listed.err.contains("2 changes have no end"),
        "{}",
        listed.err
    );
    let first = only.rows()[0].clone();
    for part in ["ts", "user", "profile"] {
        let part = first[part].as_str().unwrap();
        assert!(listed.err.contains(part), "{part}: {}", listed.err);
    }
    assert_eq!(only.rows().len(), 2);
    assert!(
        doctor.out.contains("2 changes have no end"),
        "{}",
        doctor.out
    );
    assert!(
        settled
            .err
            .contains("not there 1, still there 1, still open 0"),
        "{}",
        settled.err
    );
    assert_eq!(desk.deletes(), before, "it only looks");
    let rows = desk.run(&["audit", "-o", "jsonl"]).ends(0).rows();
    let ends: Vec<_> = rows
        .iter()
        .rev()
        .take(2)
        .map(|row| &row["outcome"])
        .collect();
    assert!(ends.iter().any(|end| *end == "not_there"), "{ends:?}");
    assert!(ends.iter().any(|end| *end == "failed"), "{ends:?}");
    let after = desk.run(&["audit"]).ends(0);
    assert!(!after.err.contains("no end"), "{}", after.err);
    desk.run(&["audit", "--verify"]).ends(0);
    assert_eq!(fs::read_dir(desk.state("running")).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_told_stays_open() {
    let desk = hanging(1);
    let ids = desk.lasting(1);
    drop(desk.hang(&ids));
    // It is gone, but the list is cut before that is certain.
    desk.end(&ids).ends(0);
    let config = desk.config();

    desk.write_config(
        &config
            .replace("[profile.emu", "[profile.other")
            .replace("\"emu\"", "\"other\""),
    );
    let no_profile = desk.run(&["audit", "--settle"]).ends(3);
    desk.write_config(&config);
    desk.profile_says("max_rows = 1");
    let cut = desk.run(&["audit", "--settle"]).ends(3);
    desk.write_config(&config);
    let log = desk.log();
    fs::write(
        desk.state("audit.jsonl"),
        log.replace("\"target_kind\":\"session\"", "\"target_kind\":\"filter\""),
    )
    .unwrap();
    let filter = desk.run(&["audit", "--settle"]).ends(3);

    assert!(
        no_profile.err.contains("no such profile"),
        "{}",
        no_profile.err
    );
    assert!(cut.err.contains("whole list"), "{}", cut.err);
    assert!(filter.err.contains("still open 1"), "{}", filter.err);
}

#[test]
fn a_session_of_somebody_with_ids_that_do_not_last_is_never_called_gone() {
    let desk = hanging(1);
    let rows = desk.run(&["list", "state:active"]).ends(0).rows();
    let kept = desk.emulator().world().rows();
    let lasts = |id: &str| kept.iter().any(|row| row.sid.as_deref() == Some(id));
    let odd = |row: &&serde_json::Value| {
        row["deletable"].is_null() && !lasts(row["id"].as_str().unwrap())
    };
    let line = rows.iter().find(odd).unwrap().to_string();
    let mut command = desk.command(&["revoke", "-", "--yes"]);
    command.stdin(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), line.as_bytes()).unwrap();
    let job = Killed(child);
    desk.wait_until("it is sent", || desk.deletes() >= 1);
    drop(job);

    let settled = desk.run(&["audit", "--settle"]).ends(3);

    assert!(settled.err.contains("no lasting id"), "{}", settled.err);
    assert!(settled.err.contains("still open 1"), "{}", settled.err);
}

#[test]
fn a_realm_s_session_is_settled_too() {
    let desk = Desk::with(Options {
        system: usher::emulator::system("pingam").unwrap(),
        ..Options::default()
    });
    let query = "deletable:yes own:no scope:/alpha";
    let rows = desk.run(&["list", query]).ends(0).rows();
    let id = rows[0]["id"].as_str().unwrap();
    let fault =
        r#"{"match":{"method":"POST","path":"*/alpha/sessions","nth":[1,1]},"action":"hang"}"#;
    desk.emulator().set_faults(&[fault]).unwrap();
    let job = Killed(desk.command(&["revoke", "--yes", id]).spawn().unwrap());
    desk.wait_until("it is sent", || {
        let journal = desk.emulator().journal();
        let query = |at: usize| journal[at].query.clone().unwrap_or_default();
        (0..journal.len()).any(|at| query(at).contains("logoutByHandle"))
    });
    drop(job);

    let alive = desk.run(&["audit", "--settle"]).ends(0);
    desk.run(&["revoke", "--yes", id]).ends(0);
    let nothing = desk.run(&["audit", "--settle"]).ends(0);

    assert!(
        alive.err.contains("not there 0, still there 1"),
        "{}",
        alive.err
    );
    assert!(
        nothing.err.contains("not there 0, still there 0"),
        "{}",
        nothing.err
    );
}

#[test]
fn all_sessions_of_a_user_are_settled_by_whether_any_is_left_of_then() {
    for gone in [false, true] {
        let desk = hanging(1);
        let rows = desk.run(&["list", LIVE]).ends(0).rows();
        let all = desk.run(&["list", "state:active"]).ends(0).rows();
        let of = |rows: &[Value], user: &str| -> Vec<String> {
            let theirs = rows.iter().filter(|row| row["user"] == user);
            theirs
                .map(|row| row["id"].as_str().unwrap().to_owned())
                .collect()
        };
        let mut users = rows.iter().filter_map(|row| row["user"].as_str());
        let user = users
            .find(|user| of(&rows, user) == of(&all, user))
            .unwrap();
        let args = ["revoke", "--user", user, "--yes"];
        let job = Killed(desk.command(&args).spawn().unwrap());
        desk.wait_until("it is sent", || desk.deletes() == 1);
        drop(job);
        if gone {
            desk.end(&of(&rows, user)).ends(0);
        }

        let settled = desk.run(&["audit", "--settle"]);

        let words = if gone {
            "not there 1, still there 0, still open 0"
        } else {
            "not there 0, still there 1, still open 0"
        };
        assert!(settled.err.contains(words), "{gone}: {}", settled.err);
    }
}

#[test]
fn absent_values_are_empty_cells_in_csv() {
    let desk = Desk::new();
    desk.end(&desk.lasting(1)).ends(0);

    let ran = desk.run(&["audit", "-o", "csv"]).ends(0);

    let asked = ran.out.lines().nth(1).unwrap();
    assert!(asked.ends_with(','), "no reason was given: {asked}");
    assert!(
        !ran.out.contains("'-") && !ran.out.contains(",-"),
        "{}",
        ran.out
    );
    assert!(desk.run(&["audit"]).ends(0).out.contains('-'));
}

#[test]
fn f_file_03_a_state_folder_open_to_others_is_told_once_by_every_command() {
    let desk = Desk::new();
    desk.run(&["list", "--count"]).ends(0);
    let state = desk.state("");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();

    for args in [&["list", "--count"][..], &["profiles"], &["config", "path"]] {
        let ran = desk.run(args).ends(0);
        assert_eq!(
            ran.err.matches("chmod go-w").count(),
            1,
            "{args:?}: {}",
            ran.err
        );
    }
    let doctor = desk.run(&["doctor"]);
    assert!(doctor.out.contains("chmod go-w"), "{}", doctor.out);
    let revoke = desk.run(&["revoke", "--query", LIVE, "--yes"]);
    assert_ne!(revoke.code, 0);
    assert_eq!(desk.deletes(), 0);
}

/// A run in which no file may grow beyond so many blocks of 512 bytes, as on a disk that is full.
fn with_little_room(desk: &Desk, blocks: usize, args: &[&str]) -> Ran {
    // The signal that tells of it is ignored, so that the write fails instead.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    by_shell(desk, &script, args)
}

#[test]
fn f_file_02_a_full_disk_stops_the_rest_and_does_not_say_that_it_goes_on() {
    let mut ends_lacking = 0;
    // A line is longer than a block: the room ends before an `asked` as well as before a `done`.
    for blocks in 12..16 {
        let desk = Desk::new();
        let ids = desk.lasting(12);
        let mut args = vec!["revoke", "--yes", "--concurrency", "1"];
        args.extend(ids.iter().map(String::as_str));

        let ran = with_little_room(&desk, blocks, &args);

        assert_ne!(ran.code, 0, "{}", ran.err);
        assert!(!ran.err.contains("goes on without"), "{}", ran.err);
        let told = format!("{}{}", ran.out, ran.err);
        assert!(told.contains("too large"), "{told}");
        ends_lacking += usize::from(ran.err.contains("has no end in the log"));
        let asked = desk.asked();
        assert!(asked > 0 && asked < 12, "{asked}");
        assert_eq!(
            desk.deletes(),
            asked,
            "what cannot be written down is not sent"
        );
        desk.run(&["audit", "--verify"]).ends(0);
    }
    assert!(ends_lacking > 0, "no `done` was without room");
}
