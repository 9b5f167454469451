//! Terminals that are slow, that stop reading, that lie inside another program; and little memory.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::pty::{LIMIT, Pty, command};
use crate::{DELETE, DOWN, ESC, Server, USHER, Usher};

#[test]
fn f_tty_10_an_error_in_the_loop_gives_the_terminal_back() {
    let mut usher = Usher::start(120, 40, |command| command.env("USHER_PANIC_AT", "error"));

    assert_eq!(usher.pty.exit_code(), 1);
    usher.pty.assert_given_back();
    let text = usher.pty.text();
    assert!(
        text.contains("cannot take the terminal: asked for"),
        "{text}"
    );
}

/// A tmux server of a test's own, which ends with it.
struct Tmux<'a>(&'a Path);

impl Tmux<'_> {
    fn run(&self, args: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-L", "usher-test", "-f", "/dev/null", "-u"])
            .args(args)
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap_or_default())
            .env("LANG", "C.UTF-8")
            .env("HOME", self.0)
            .env("XDG_CONFIG_HOME", self.0.join("config"))
            .env("XDG_STATE_HOME", self.0.join("state"))
            .env("TMUX_TMPDIR", self.0)
            .output()
            .expect("tmux starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn wait_for(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + LIMIT;
        loop {
            let text = self.run(&["capture-pane", "-p", "-t", "usher"]);
            if fits(&text) {
                return text;
            }
            assert!(Instant::now() < end, "waited in vain for {what}:\n{text}");
        }
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that was skipped says so")]
fn f_tty_14_it_works_inside_tmux() {
    if Command::new("tmux").arg("-V").output().is_err() {
        eprintln!("SKIPPED: f_tty_14_it_works_inside_tmux needs tmux, which is not installed");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let tmux = Tmux(home.path());
    tmux.run(&[
        "new-session",
        "-d",
        "-s",
        "usher",
        "-x",
        "120",
        "-y",
        "40",
        USHER,
    ]);
    tmux.wait_for("the rows", |text| text.contains("all loaded"));

    tmux.run(&["send-keys", "-t", "usher", "Escape"]);
    tmux.wait_for("the table", |text| text.contains("╔═ Sessions"));
    tmux.run(&["send-keys", "-t", "usher", "Down", "DC"]);
    let text = tmux.wait_for("the question", |text| text.contains("End session?"));
    assert!(text.contains("═ End session? ═"), "{text}");
    tmux.run(&["send-keys", "-t", "usher", "Escape"]);
    tmux.wait_for("no question", |text| !text.contains("End session?"));
    tmux.wait_for("the second row", |text| text.contains(" 2/1,204 "));
    tmux.run(&["resize-window", "-t", "usher", "-x", "80", "-y", "24"]);
    tmux.wait_for("the small screen", |text| {
        text.lines().any(|line| line.chars().count() == 80)
    });

    tmux.run(&["send-keys", "-t", "usher", "q"]);
    let end = Instant::now() + LIMIT;
    while tmux.run(&["list-sessions"]).contains("usher") {
        assert!(Instant::now() < end, "it does not end");
    }
}

#[test]
fn f_tty_14_a_key_costs_few_bytes_and_escape_no_wait() {
    let mut usher = Usher::demo();
    usher.focus_table();
    usher.pty.keys("d");
    usher.pty.wait_gone("─ Details");
    usher.pty.wait_quiet(Duration::from_millis(150));
    let before = usher.pty.written.len();

    usher.pty.keys(DOWN);
    usher.pty.wait_for("· 2/1,204");
    usher.pty.wait_quiet(Duration::from_millis(150));

    // At 9600 baud 960 bytes take a second.
    let bytes = usher.pty.written.len() - before;
    assert!(bytes <= 500, "{bytes} bytes for one key");

    let mut answered = |key: &str| {
        usher.pty.wait_quiet(Duration::from_millis(60));
        let start = Instant::now();
        usher.pty.keys(key);
        let first = usher.pty.next_chunk(LIMIT).expect("it draws");
        let took = first.at.duration_since(start);
        usher.pty.take(first);
        took
    };
    let (mut help, mut escape): (Vec<_>, Vec<_>) =
        (0..7).map(|_| (answered("?"), answered(ESC))).unzip();
    help.sort();
    escape.sort();
    // It could be the start of a sequence; nobody may wait long to see that it is none.
    let more = escape[3].saturating_sub(help[3]);
    assert!(more <= Duration::from_millis(50), "{escape:?}, {help:?}");
}

#[test]
fn f_tty_14_on_a_line_of_9600_baud_the_cursor_follows_the_keys() {
    let mut usher = Usher::demo();
    usher.focus_table();
    usher.pty.keys("d");
    usher.pty.wait_gone("3 Details");
    usher.pty.wait_quiet(Duration::from_millis(150));
    usher.pty.slow_down(960);
    let (before, start) = (usher.pty.written.len(), Instant::now());

    for _ in 0..8 {
        usher.pty.keys(DOWN);
        usher.pty.settle(Duration::from_millis(30));
    }
    usher.pty.wait_for("· 9/1,204");

    // A frame that could not be drawn in time is not drawn at all.
    let (bytes, took) = (usher.pty.written.len() - before, start.elapsed());
    assert!(took < Duration::from_secs(6), "{took:?} for {bytes} bytes");
    usher.pty.slow_down(0);
    usher.quit();
}

/// Memory in use, in KiB.
fn resident_kib(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

#[test]
fn f_tty_15_a_terminal_that_stops_reading_holds_back_frames_and_nothing_else() {
    let server = Server::with_sessions(100);
    let mut usher = Usher::at(&server);
    usher.focus_table();
    usher.pty.wait_quiet(Duration::from_millis(100));
    let before = resident_kib(usher.pty.pid);
    let asked = server.requests("GET");
    usher.pty.hold(true);

    // More than any buffer between the two takes: every key changes the picture.
    let end = Instant::now() + Duration::from_millis(1_500);
    while Instant::now() < end {
        usher.pty.keys("Gg");
        std::thread::sleep(Duration::from_millis(2));
    }
    usher.pty.keys("r");
    server.wait_for_requests("GET", asked + 1);
    // The rows that are loaded anew arrive, and then keys.
    std::thread::sleep(Duration::from_millis(300));
    usher.pty.keys(&DOWN.repeat(3));
    std::thread::sleep(Duration::from_millis(300));
    let grown = resident_kib(usher.pty.pid).saturating_sub(before);
    let written = usher.pty.written.len();
    usher.pty.hold(false);

    usher.pty.wait_for("· 4/100");
    usher.pty.wait_quiet(Duration::from_millis(100));
    // Only the output already written and the newest picture: not every picture in between.
    let caught_up = usher.pty.written.len() - written;
    assert!(caught_up < 400_000, "{caught_up} bytes after the pause");
    assert!(grown < 16 * 1024, "it grew by {grown} KiB");
    usher.quit();
}

#[test]
fn f_tty_17_the_log_goes_to_its_file_and_never_to_the_screen() {
    let server = Server::with_sessions(10);
    server.set_faults(&[
        r#"{"match":{"path":"*/session/search"},"action":"status","code":500,"body":"broken"}"#,
    ]);
    let mut usher = Usher::command(
        &server,
        "search_on_start = true\n",
        &["--log-level", "debug"],
    );

    usher.pty.wait_for("500");
    usher.pty.wait_quiet(Duration::from_millis(100));

    let written = String::from_utf8_lossy(&usher.pty.written).into_owned();
    for word in ["DEBUG", "WARN", "ERROR", "\"level\""] {
        assert!(!written.contains(word), "{word} is on the screen");
    }
    assert!(usher.state().contains("DEBUG"), "the log is in its file");
}

#[test]
fn f_tty_18_reports_and_keys_without_a_meaning_are_never_a_delete() {
    let server = Server::with_sessions(10);
    let mut usher = Usher::at(&server);
    usher.focus_table();

    // Focus, a mouse that moves and is let go, the keyboard protocol of kitty (Backspace, a release of
    // Delete, Ctrl-Delete), Alt and a letter, a function key of either form.
    for keys in [
        "\x1b[I",
        "\x1b[O",
        "\x1b[<35;10;10M",
        "\x1b[<0;200;200m",
        "\x1b[127u",
        "\x1b[3;1:3~",
        "\x1b[3;5~",
        "\x1b[24~",
        "\x1bOS",
    ] {
        usher.pty.keys(keys);
        usher.pty.settle(Duration::from_millis(30));
    }
    usher.pty.keys(DOWN);

    usher.pty.wait_for("· 2/10");
    assert!(!usher.pty.text().contains("End session?"));
    usher.pty.keys(DELETE);
    usher.pty.wait_for("End session?");
    assert_eq!(server.requests("DELETE"), 0);
}

#[test]
fn f_tty_19_a_huge_result_stops_at_the_row_limit_within_little_memory() {
    let server = Server::with_sessions(60_000);
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    let text = server.running().config_toml("test");
    let plain = "allow_plain = true\n";
    let text = text.replacen(
        plain,
        &format!("{plain}search_on_start = true\nmax_rows = 3000\npage_size = 200\n"),
        1,
    );
    crate::write_private(&config, &text);
    let mut command = command("/bin/sh", home.path());
    // Enough for the program and its threads; all 60,000 rows would not fit.
    let script = format!(
        "ulimit -v 300000; export MALLOC_ARENA_MAX=2; exec {USHER} --config {}",
        config.display()
    );
    command.args(["-c", &script]);
    let mut pty = Pty::start(command, 120, 40);

    pty.wait_for("stopped at 3,000 rows");
    pty.keys(ESC);
    pty.wait_for("/3,000");
    pty.keys("q");

    assert_eq!(pty.exit_code(), 0);
    pty.assert_given_back();
}

#[test]
fn f_tty_20_a_huge_paste_is_cut_with_a_note_and_soon() {
    let mut usher = Usher::demo();

    usher.pty.paste(&"x".repeat(32 * 1024));

    usher
        .pty
        .wait_for("the pasted text was cut: a field takes 4,096 bytes");
    let start = Instant::now();
    usher.pty.keys("\x15anne");
    usher.pty.wait_for("[anne ");
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
}
