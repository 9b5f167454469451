//! Signals and readers that go while sessions are being ended: what was sent has its end in the audit log.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use usher::emulator::Options;

use crate::ending::{count, desk, log, rows, start, wait};
use crate::support::{Desk, finished};

const SLOW: &str = r#"{"match":{"method":"DELETE"},"action":"delay","ms":700}"#;

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Checks that each change that the server was sent is in the log with its end, and nothing else.
fn assert_whole(desk: &Desk, what: &str) {
    let log = log(desk);
    let sent = desk.deletes();
    let lines = (count(&log, "asked", ""), count(&log, "done", "done"));
    assert_eq!(
        (lines, log.len()),
        ((sent, sent), 2 * sent),
        "{what}: {log:?}"
    );
    desk.run(&["audit", "--verify"]).ends(0);
}

#[test]
fn f_tty_04_a_signal_in_the_middle_of_a_revoke_leaves_a_whole_audit_log_and_its_own_code() {
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::INT, 130),
        (Signal::HUP, 129),
        (Signal::QUIT, 131),
    ] {
        let desk = desk("janssen");
        let input = rows(&desk, 6).join("\n");
        desk.emulator().set_faults(&[SLOW]).unwrap();
        let args = ["revoke", "-", "--yes", "--concurrency", "2"];

        let child = start(&desk, &args, &input);
        wait("the first requests", || desk.deletes() == 2);
        send(&child, signal);
        let ran = finished(child.wait_with_output().unwrap());

        assert_eq!(ran.code, code, "{signal:?}: {ran:?}");
        assert_eq!(desk.deletes(), 2, "{signal:?}");
        assert!(ran.err.contains("ended 2, already gone 0"), "{ran:?}");
        assert!(ran.err.contains("not sent 4"), "{ran:?}");
        assert_whole(&desk, &format!("{signal:?}"));
    }
}

#[test]
fn f_tty_04_a_command_that_ignores_hang_ups_goes_on_without_its_terminal() {
    goes_on_where_ignored("HUP");
}

#[test]
fn f_tty_04_a_command_that_ignores_every_signal_goes_on_to_its_end() {
    goes_on_where_ignored("INT TERM HUP QUIT");
}

/// A revoke that is started with these signals ignored, among them the one for a hang-up.
fn goes_on_where_ignored(signals: &str) {
    let desk = desk("janssen");
    let rows = rows(&desk, 4);
    let ids: Vec<String> = rows.iter().map(|row| crate::ending::id(row)).collect();
    desk.emulator().set_faults(&[SLOW]).unwrap();
    let plain = desk.command(&["revoke", "--yes", "--concurrency", "1"]);
    let script = format!("trap '' {signals}; exec \"$@\"");
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &script, "sh"])
        .arg(plain.get_program())
        .args(plain.get_args())
        .args(&ids)
        .env_clear()
        .envs(
            plain
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );

    shell.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = shell.spawn().unwrap();
    wait("the first request", || desk.deletes() == 1);
    send(&child, Signal::HUP);
    let output = child.wait_with_output().unwrap();

    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(desk.deletes(), 4);
    assert_whole(&desk, signals);
}

#[test]
fn f_tty_04_a_reader_that_goes_ends_a_list_quietly_and_no_revoke_half_way() {
    let desk = Desk::with(Options {
        sessions: 2_000,
        ..Options::default()
    });
    // Rust has SIGPIPE ignored, so that a signal without a broken pipe changes nothing.
    let mut child = desk.command(&["list"]).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    send(&child, Signal::PIPE);
    out.read_line(&mut String::new()).unwrap();
    drop(out);
    let ran = child.wait_with_output().unwrap();
    assert_eq!(
        (ran.status.code(), ran.stderr.as_slice()),
        (Some(0), &b""[..])
    );

    let input = rows(&desk, 6).join("\n");
    desk.emulator().set_faults(&[SLOW]).unwrap();
    let mut child = start(
        &desk,
        &["revoke", "-", "--yes", "--concurrency", "1"],
        &input,
    );
    let mut first = [0];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut first).unwrap();
    drop(out);
    let ran = finished(child.wait_with_output().unwrap());

    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!ran.err.contains("error"), "{ran:?}");
    assert_eq!(desk.deletes(), 6);
    assert_whole(&desk, "a reader that went");
}

#[test]
fn as_many_requests_are_on_their_way_as_the_command_line_says() {
    let desk = desk("janssen");
    let input = rows(&desk, 9).join("\n");
    let hangs = r#"{"match":{"method":"DELETE"},"action":"hang"}"#;
    desk.emulator().set_faults(&[hangs]).unwrap();
    let args = ["revoke", "-", "--yes", "--concurrency", "9"];

    let mut child = start(&desk, &args, &input);
    // More than a profile has by itself.
    wait("all requests", || desk.deletes() == 9);

    child.kill().unwrap();
    child.wait().unwrap();
}
