//! Every way out gives the terminal back.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::pty::{LIMIT, Pty, command, processor_time};
use crate::{Server, USHER, Usher, send, write_private};

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
fn a_signal_while_a_secret_is_typed_makes_the_terminal_show_letters_again() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT] {
        let home = tempfile::tempdir().expect("a folder");
        let config = home.path().join("config.toml");
        let profile = "[profile.test]\nsystem = \"janssen\"\nurl = \"https://127.0.0.1:1\"\n\
                       token = { prompt = true }\n";
        write_private(&config, profile);
        let mut usher = Usher::run(home, 80, 24, move |command| {
            command.arg("--config");
            command.arg(&config);
            command.arg("whoami");
        });
        usher.pty.wait_for("Access token: ");
        let end = Instant::now() + LIMIT;
        while usher.pty.has_modes_of_before() {
            assert!(Instant::now() < end, "it hides what is typed");
            std::thread::sleep(Duration::from_millis(5));
        }

        usher.signal(signal);

        usher.pty.wait_killed();
        assert!(usher.pty.has_modes_of_before(), "{signal:?}");
    }
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
fn f_tty_04_a_signal_in_the_middle_of_a_delete_leaves_its_end_in_the_audit_log() {
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::INT, 130),
        (Signal::QUIT, 131),
    ] {
        let server = Server::with_sessions(10);
        server.set_faults(&[r#"{"match":{"method":"DELETE"},"action":"delay","ms":700}"#]);
        let mut usher = Usher::at(&server);
        usher.focus_table();
        usher.ask_to_delete();
        usher.say_yes();
        server.wait_for_requests("DELETE", 1);

        usher.signal(signal);

        assert_eq!(usher.pty.exit_code(), code, "{signal:?}");
        usher.pty.assert_given_back();
        let state = usher.state();
        let count = |event: &str| state.matches(&format!("\"event\":\"{event}\"")).count();
        assert_eq!(
            (count("asked"), count("done")),
            (1, 1),
            "{signal:?}: {state}"
        );
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
fn f_tty_09_a_panic_of_the_parser_says_nothing_of_what_was_parsed() {
    let server = Server::with_sessions(10);
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    let text = server.running().config_toml("test");
    let plain = "allow_plain = true\n";
    let text = text.replacen(plain, &format!("{plain}search_on_start = true\n"), 1);
    crate::write_private(&config, &text);
    let mut usher = Usher::run(home, 120, 40, |command| {
        command.env("USHER_CONFIG", &config);
        command.env("USHER_PANIC_AT", "parse");
    });

    assert_eq!(usher.pty.exit_code(), 101);
    usher.pty.assert_given_back();
    let text = usher.pty.text().replace('\n', "");
    // The answer of the server is the text of this panic.
    assert!(text.contains("USHER_PANIC_AT at \"…\""), "{text}");
    assert!(text.contains("src/api/http/reply.rs"), "{text}");
    let state = usher.state();
    assert!(state.contains("USHER_PANIC_AT at"), "{state}");
    assert!(!server.running().journal().is_empty());
    for word in ["access_token", "issuer", "expires_in", "{", "}"] {
        assert!(!text.contains(word), "{word} is on the terminal: {text}");
    }
    for word in ["access_token", "issuer", "expires_in"] {
        assert!(!state.contains(word), "{word} is in the log: {state}");
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
        screen.alternate_screen() && screen.contents().contains("whole list")
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
fn f_tty_03_after_a_long_stop_the_timers_fire_once_and_not_in_a_burst() {
    for stop in [Signal::TSTP, Signal::STOP] {
        let server = Server::with_sessions(10);
        let keys = "search_on_start = true\nreload_every = \"1s\"\n";
        let mut usher = Usher::at_with(&server, keys);
        usher.pty.wait_for("all loaded");
        usher.focus_table();
        usher.pty.keys("R");
        server.wait_for_requests("GET", server.requests("GET") + 2);

        usher.signal(stop);
        wait_for_state(usher.pty.pid, 'T');
        usher.pty.settle(Duration::from_secs(5));
        let (asked, written) = (server.requests("GET"), usher.pty.written.len());
        usher.signal(Signal::CONT);
        server.wait_for_requests("GET", asked + 1);
        usher.pty.settle(Duration::from_millis(800));

        // Of the four or five that were missed one is made up for; the next has its second again.
        let more = server.requests("GET") - asked;
        assert!(more <= 2, "{stop:?}: {more} requests at once");
        // The whole screen once, and what a reload changes.
        let bytes = usher.pty.written.len() - written;
        assert!(bytes < 30_000, "{stop:?}: {bytes} bytes");
        usher.quit();
    }
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
    let [out, pid] = ["code", "pid"].map(|name| home.path().join(name));
    let mut command = command("/bin/sh", home.path());
    // The shell leads the session, and gets the signal; the program inside does not.
    let script = format!(
        "trap '' HUP; sh -c 'echo $$ > {}; exec {USHER}'; echo $? > {out}.new; times >> {out}.new; \
         mv {out}.new {out}",
        pid.display(),
        out = out.display(),
    );
    command.args(["-c", &script]);
    let mut pty = Pty::start(command, 120, 40);
    pty.wait_for("all loaded");
    pty.wait_quiet(Duration::from_millis(200));
    let pid: i32 = fs::read_to_string(pid).unwrap().trim().parse().unwrap();
    let before = processor_time(pid);

    let ended = pty.hang_up("x");
    let start = Instant::now();

    ended.recv_timeout(LIMIT).expect("the shell ends");
    let took = start.elapsed();
    let said = fs::read_to_string(out).unwrap();
    let mut lines = said.lines();
    assert_eq!(lines.next(), Some("74"));
    assert!(took < Duration::from_secs(1), "it took {took:?}");
    let all = lines.nth(1).expect("the time of what the shell has run");
    let all: Duration = all.split_whitespace().map(minutes_and_seconds).sum();
    let spent = all.saturating_sub(before);
    assert!(spent < Duration::from_millis(300), "it computed {spent:?}");
}

#[test]
fn f_tty_05_an_idle_screen_computes_next_to_nothing() {
    let mut usher = Usher::demo();
    usher.focus_table();
    usher.pty.wait_quiet(Duration::from_millis(300));
    let before = processor_time(usher.pty.pid);

    usher.pty.settle(Duration::from_secs(2));

    let spent = processor_time(usher.pty.pid).saturating_sub(before);
    assert!(spent < Duration::from_millis(200), "it computed {spent:?}");
    usher.quit();
}

/// A time as `times` of the shell writes it: `0m0.25s`.
fn minutes_and_seconds(text: &str) -> Duration {
    let (minutes, seconds) = text.trim_end_matches('s').split_once('m').expect(text);
    let minutes: f64 = minutes.parse().expect(text);
    Duration::from_secs_f64(minutes * 60.0 + seconds.parse::<f64>().expect(text))
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
