//! Readers that go, disks that are full, and no terminal at all.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use portable_pty::{PtySize, native_pty_system};
use usher::emulator::Options;

use crate::support::{Desk, ran};

#[test]
fn f_tty_07_a_reader_that_goes_ends_it_quietly() {
    let desk = Desk::with(Options {
        sessions: 2_000,
        ..Options::default()
    });
    for format in ["jsonl", "json", "csv", "table", "markdown"] {
        let mut child = desk.command(&["list", "-o", format]).spawn().unwrap();
        let mut line = String::new();
        // Dropping the reader closes the pipe.
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();

        let output = child.wait_with_output().unwrap();

        assert!(!line.is_empty());
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
        assert_eq!(output.status.code(), Some(0), "{format}");
    }
}

#[test]
fn f_tty_08_a_full_disk_is_an_error_with_a_sentence() {
    let desk = Desk::new();
    for args in [
        &["list"][..],
        &["list", "-o", "csv"],
        &["whoami"],
        &["man"],
        &["completions", "bash"],
    ] {
        let mut command = desk.command(args);
        command.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap());

        let ran = ran(command);

        assert_eq!(ran.code, 1, "{args:?}: {}", ran.err);
        assert!(
            ran.err.contains("cannot write to standard output"),
            "{}",
            ran.err
        );
    }
}

#[test]
fn f_tty_08_a_terminal_that_is_gone_is_an_error_with_a_sentence() {
    let desk = Desk::new();
    for args in [&["list"][..], &["list", "-o", "table"], &["man"]] {
        let pair = native_pty_system().openpty(PtySize::default()).unwrap();
        let terminal = pair.master.tty_name().unwrap();
        let out = OpenOptions::new().write(true).open(terminal).unwrap();
        drop(pair);
        let mut command = desk.command(args);
        // Writing to it gives EIO from now on.
        command.stdout(out);

        let ran = ran(command);

        assert_eq!(ran.code, 1, "{args:?}: {}", ran.err);
        assert!(
            ran.err.contains("cannot write to standard output") && ran.err.contains("os error 5"),
            "{}",
            ran.err
        );
    }
}

#[test]
fn the_first_rows_come_before_the_last_page() {
    let desk = Desk::with(Options {
        sessions: 1_000,
        faults: vec![r#"{"match":{"path":"*/session/search","nth":[2,2]},"action":"delay","ms":60000,"where":"headers"}"#.into()],
        ..Options::default()
    });
    let mut child = desk.command(&["list"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();

    let first = lines.next().unwrap().unwrap();

    assert!(first.starts_with("{\"profile\":\"emu\""), "{first}");
    assert!(
        child.try_wait().unwrap().is_none(),
        "the second page has not come yet"
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn f_tty_06_no_input_and_no_terminal_make_no_difference_to_a_list() {
    let desk = Desk::new();
    let mut command = desk.command(&["list", "-n", "1"]);
    command.stdin(Stdio::null()).stderr(Stdio::null());

    assert_eq!(ran(command).rows().len(), 1);
}

#[test]
fn help_and_version_are_on_standard_output() {
    let desk = Desk::bare();

    let help = desk.run(&["--help"]).ends(0);
    let version = desk.run(&["--version"]).ends(0);

    for verb in [
        "list", "get", "revoke", "whoami", "login", "doctor", "emulator", "audit",
    ] {
        assert!(help.out.contains(&format!("  {verb}")), "{verb}");
    }
    assert!(help.out.contains("Exit codes:"), "{}", help.out);
    assert_eq!(
        version.out,
        format!("usher {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn the_manual_and_the_completions_are_written() {
    let desk = Desk::bare();

    assert!(desk.run(&["man"]).ends(0).out.contains(".TH usher 1"));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = desk.run(&["completions", shell]).ends(0).out;
        assert!(script.contains("USHER_COMPLETE"), "{shell}");
    }
}

#[test]
fn the_shell_is_told_profiles_and_fields() {
    let desk = Desk::new();
    let ask = |words: &[&str]| {
        let mut command = desk.command(&[]);
        command.arg("--").args(words);
        command
            .env("USHER_COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
            .env("_CLAP_COMPLETE_COMP_TYPE", "9")
            .env("_CLAP_COMPLETE_SPACE", "false")
            .env("_CLAP_IFS", "\n");
        ran(command).ends(0).out
    };

    assert_eq!(ask(&["usher", "list", "--profile", "e"]).trim(), "emu");
    assert_eq!(
        ask(&["usher", "list", "--fields", "user,las"]).trim(),
        "user,last_used"
    );
    assert_eq!(
        ask(&["usher", "list", "user:jdoe exp"]).trim(),
        "user:jdoe expires:"
    );
}

#[test]
fn f_http_09_many_sessions_stream_in_little_memory() {
    let desk = Desk::with(Options {
        sessions: 10_000,
        ..Options::default()
    });
    let mut child = desk.command(&["list"]).spawn().unwrap();
    let mut most = 0;
    let mut rows = 0_u32;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        assert!(line.unwrap().starts_with('{'));
        rows += 1;
        if rows.is_multiple_of(500) {
            most = most.max(resident_mib(child.id()));
        }
    }
    assert!(child.wait().unwrap().success());

    assert_eq!(rows, 10_000);
    assert!(most > 0, "the memory of the process could be read");
    assert!(most <= 64, "{most} MiB");
}

/// Resident memory of a process, in MiB. 0: it has gone.
pub fn resident_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or_default() / 1_024
}
