//! How it starts, and what it draws.

use std::time::{Duration, Instant};

use usher::emulator::Options;

use crate::{DOWN, ESC, Server, Usher, write_private};

#[test]
fn without_a_configuration_the_demo_shows_sessions_without_a_key() {
    let mut usher = Usher::demo();

    let screen = usher.pty.text();

    assert!(
        screen.contains("demo") && screen.contains("active"),
        "{screen}"
    );
}

#[test]
fn f_tty_13_nothing_is_asked_of_the_terminal_and_its_title_stays() {
    let mut usher = Usher::demo();
    usher.pty.wait_quiet(Duration::from_millis(100));

    let written = String::from_utf8_lossy(&usher.pty.written).into_owned();

    for (query, what) in [
        ("\x1b[6n", "where the cursor is"),
        ("\x1b[c", "what the terminal is"),
        ("\x1b[?u", "how keys are sent"),
        ("\x1b[>", "which version it is"),
        ("\x1b]", "a title, a colour"),
        ("\x1bP", "a setting"),
    ] {
        assert!(!written.contains(query), "{what} was asked or set");
    }
}

#[test]
fn a_search_lists_the_sessions_of_one_person() {
    let server = Server::with_sessions(60);
    let rows = server.world().rows();
    let user = rows.iter().find_map(|row| row.user.clone()).unwrap();
    let theirs = rows
        .iter()
        .filter(|row| row.user.as_deref() == Some(&user))
        .count();
    let mut usher = Usher::at(&server);

    usher.pty.keys(&format!("user:{user}\r"));

    usher.pty.wait_for(&format!("/{theirs} · all loaded"));
    usher.focus_table();
    usher.quit();
}

#[test]
fn f_tty_12_without_colours_no_colour_is_sent_and_the_cursor_row_is_still_marked() {
    let mut usher = Usher::start(120, 40, |command| command.env("NO_COLOR", "1"));
    usher.pty.wait_for("all loaded");
    usher.focus_table();
    usher.pty.wait_quiet(Duration::from_millis(100));

    let written = String::from_utf8_lossy(&usher.pty.written).into_owned();

    for sequence in written.split("\x1b[").skip(1) {
        let (numbers, rest) = sequence.split_once('m').unwrap_or_default();
        if rest.is_empty() || !numbers.chars().all(|c| c.is_ascii_digit() || c == ';') {
            continue;
        }
        // 39 and 49 are the terminal's own colours; an empty one resets bold and reverse too.
        let is_colour = |n: &str| {
            matches!(n, "38" | "48") || matches!(n.as_bytes(), [b'3' | b'4' | b'9', b'0'..=b'7'])
        };
        assert!(!numbers.split(';').any(is_colour), "a colour: {numbers}");
        assert!(
            !numbers.starts_with(';') && !numbers.is_empty(),
            "an empty style: {numbers:?}"
        );
    }
    let screen = usher.pty.screen();
    let (rows, cols) = screen.size();
    let is_reversed = |row, col| screen.cell(row, col).is_some_and(vt100::Cell::inverse);
    let widest = (0..rows.get())
        .map(|row| (0..cols.get()).filter(|col| is_reversed(row, *col)).count())
        .max();
    assert!(widest > Some(40), "the row under the cursor is reversed");
}

#[test]
fn f_tty_01_every_size_is_drawn_and_the_rows_are_still_there_afterwards() {
    let mut usher = Usher::demo();
    let sizes = [0, 1, 2, 3, 10, 20, 40, 80, 200];

    for cols in sizes {
        for rows in sizes {
            usher.pty.resize(cols, rows);
        }
    }
    usher.pty.resize(38, 7);
    usher.pty.wait_for("Too small");
    usher.pty.resize(1, 1);
    usher.pty.settle(Duration::from_millis(50));
    usher.pty.resize(120, 40);

    usher.pty.wait_for("all loaded");
    usher.focus_table();
    usher.quit();
}

#[test]
fn f_tty_02_a_storm_of_sizes_is_drawn_a_few_times_only() {
    let mut usher = Usher::demo();
    usher.pty.wait_quiet(Duration::from_millis(100));
    let before = frames(&usher.pty.written);
    let start = Instant::now();

    for round in 0..500 {
        usher.pty.resize(if round % 2 == 0 { 119 } else { 120 }, 40);
    }
    usher.pty.resize(100, 30);
    usher.pty.wait_until("the last size", |screen| {
        screen
            .contents()
            .lines()
            .any(|line| line.chars().count() == 100)
    });
    usher.pty.wait_quiet(Duration::from_millis(100));

    let drawn = frames(&usher.pty.written) - before;
    let most = 2 + start.elapsed().as_millis() as usize / 16;
    assert!(drawn <= most, "{drawn} frames, at most {most} in this time");
}

fn frames(written: &[u8]) -> usize {
    written
        .windows(8)
        .filter(|bytes| bytes == b"\x1b[?2026h")
        .count()
}

#[test]
fn f_clock_01_a_server_whose_clock_is_not_ours_is_told_on_the_screen() {
    let now = chrono::Utc::now().timestamp_millis();
    let server = Server::start(Options {
        sessions: 10,
        now: Some(now + 7_380_000),
        ..Options::default()
    });

    let mut usher = Usher::at(&server);

    usher
        .pty
        .wait_for("the clock of test is 2h3m ahead of this machine's; states and ages go by it");
    usher.pty.settle(Duration::from_millis(500));
    assert!(usher.pty.text().contains("2h3m ahead of"));
    usher.focus_table();
    usher.quit();
}

#[test]
fn f_net_06_the_list_of_profiles_says_which_proxy_is_used_and_why() {
    let home = tempfile::tempdir().expect("a folder");
    let config = home.path().join("config.toml");
    let profile = |name: &str, url: &str| {
        format!(
            "[profile.{name}]\nsystem = \"janssen\"\nurl = \"{url}\"\ntoken = {{ env = \"NONE\" }}\n"
        )
    };
    let text = [
        profile("far", "https://idp.nonexistent.invalid"),
        profile("near", "https://127.0.0.1:9"),
        profile("except", "https://am.example.test"),
    ];
    write_private(&config, &text.concat());
    let mut usher = Usher::run(home, 80, 24, |command| {
        command.arg("--config");
        command.arg(&config);
        command.args(["-p", "near"]);
        command.env("HTTPS_PROXY", "http://me:canary-secret@127.0.0.1:9");
        command.env("NO_PROXY", "example.test");
    });

    usher.pty.keys("\x10");
    usher.pty.wait_for("═ Switch profile");
    usher.pty.wait_for("Proxy  none: it is this machine");
    usher.pty.keys("\x1b[A");
    usher.pty.wait_for("Proxy  127.0.0.1:9 (HTTPS_PROXY)");
    usher.pty.keys(&DOWN.repeat(2));
    usher
        .pty
        .wait_for("Proxy  none: NO_PROXY names example.test");

    assert!(!usher.pty.written.windows(6).any(|word| word == b"canary"));
    usher.pty.keys(ESC);
    usher.pty.wait_gone("═ Switch profile");
    usher.focus_table();
    usher.quit();
}
