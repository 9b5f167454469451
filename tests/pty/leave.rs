//! Every way out gives the terminal back.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::pty::{LIMIT, Pty, command};
use crate::{USHER, Usher, send};

#[test]
fn the_screen_takes_what_it_says_and_gives_it_back() {
    let mut usher = Usher::demo();
    usher.focus_table();
    // The end of a frame may arrive a moment after its text.
    usher.pty.wait_until("everything taken", |screen| {
        screen.alternate_screen() && screen.bracketed_paste() && screen.hide_cursor()
    });
    assert!(!usher.pty.has_modes_of_before(), "the line is raw");

    usher.quit();
}

#[test]
fn f_tty_04_a_signal_ends_it_with_its_own_code() {
    let cases = [
        (Signal::TERM, 143),
        (Signal::INT, 130),
        (Signal::HUP, 129),
        (Signal::QUIT, 131),
        (Signal::USR1, 138),
        (Signal::USR2, 140),
        (Signal::ALARM, 142),
        (Signal::VTALARM, 154),
        (Signal::IO, 157),
    ];
    for (signal, code) in cases {
        let mut usher = Usher::demo();

        usher.signal(signal);

        assert_eq!(usher.pty.exit_code(), code, "{signal:?}");
        usher.pty.assert_given_back();
    }
}

#[test]
fn f_tty_09_a_panic_anywhere_gives_the_terminal_back_and_says_where_to_look() {
    for place in ["render", "task"] {
        let mut usher = Usher::start(120, 40, |command| command.env("USHER_PANIC_AT", place));

        assert_eq!(usher.pty.exit_code(), 101, "{place}");
        usher.pty.assert_given_back();
        let text = usher.pty.text().replace('\n', "");
        assert!(
            text.contains("stopped by an error of its own"),
            "{place}: {text}"
        );
        assert!(
            text.contains("src/runtime"),
            "{place} names its place: {text}"
        );
        assert!(
            !text.contains(&format!("`{place}`")),
            "{place}: what is quoted may be data: {text}"
        );
        assert!(usher.state().contains("panic"), "{place} stands in the log");
    }
}

#[test]
fn f_tty_03_it_stops_to_the_shell_and_comes_back() {
    let mut usher = Usher::demo();
    usher.focus_table();

    usher.pty.keys("\x1a");
    wait_for_state(usher.pty.pid, 'T');
    usher.pty.settle(Duration::from_millis(50));
    usher.pty.assert_given_back();
    usher.pty.resize(100, 30);
    send(usher.pty.pid, Signal::CONT);

    usher.pty.wait_until("the screen again", |screen| {
        screen.alternate_screen() && screen.contents().contains("all loaded")
    });
    assert!(!usher.pty.has_modes_of_before(), "the line is raw again");
    let width = usher
        .pty
        .text()
        .lines()
        .map(|line| line.chars().count())
        .max();
    assert_eq!(width, Some(100), "the size was read again");
    usher.quit();
}

#[test]
fn f_tty_03_a_stop_from_outside_gives_the_terminal_back_too() {
    let mut usher = Usher::demo();

    usher.signal(Signal::TSTP);
    wait_for_state(usher.pty.pid, 'T');
    usher.pty.settle(Duration::from_millis(50));
    usher.pty.assert_given_back();
    usher.signal(Signal::CONT);

    usher.pty.wait_for("all loaded");
    usher.focus_table();
    usher.quit();
}

#[test]
fn f_tty_05_a_terminal_that_is_closed_ends_it_at_once() {
    let usher = Usher::demo();
    let start = Instant::now();

    let ended = usher.pty.hang_up("x");

    let status = ended.recv_timeout(LIMIT).expect("it ends");
    // The signal and the closed line arrive together; either may be heard first.
    assert!([129, 74].contains(&status.exit_code()), "{status:?}");
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "it took {:?}",
        start.elapsed()
    );
}

#[test]
fn f_tty_05_a_terminal_that_vanishes_without_a_signal_ends_it_within_a_moment() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("code");
    let mut command = command("/bin/sh", home.path());
    // The shell leads the session, and gets the signal; the program inside does not.
    let script = format!("trap '' HUP; {USHER}; echo $? > {}", out.display());
    command.args(["-c", &script]);
    let mut pty = Pty::start(command, 120, 40);
    pty.wait_for("all loaded");

    let ended = pty.hang_up("x");

    ended.recv_timeout(LIMIT).expect("the shell ends");
    assert_eq!(fs::read_to_string(out).unwrap().trim(), "74");
}

/// Waits until the process is in this state, as `ps` shows it.
fn wait_for_state(pid: i32, state: char) {
    let end = Instant::now() + LIMIT;
    loop {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
        let after = stat.rsplit(") ").next().unwrap_or_default();
        if after.starts_with(state) {
            return;
        }
        assert!(Instant::now() < end, "it is not in state {state}: {stat}");
        std::thread::yield_now();
    }
}
