//! How quick the screen is, measured from outside: the real program in a real terminal.
//!
//! `cargo bench --bench screen` prints a table and leaves one JSON line for each row of it in
//! `target/bench/screen.jsonl`. `USHER_BENCH_ROWS=1000000` does the same with a list of a million. Every figure stands beside a floor that is measured in the same run,
//! since a busy machine makes everything slow: look at the difference, not at the figure.
//!
//! A thread only reads and stamps; what it read is interpreted after the frame is complete. A frame
//! is complete with the end of its synchronized update. Keys come 25 ms apart, as from a held key:
//! the screen draws at most every 16 ms.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

#[path = "../tests/support/pty.rs"]
mod pty;
mod report;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use pty::{LIMIT, Pty, command};
use report::{Report, ms, part};
use serde_json::json;
use std::sync::Arc;
use usher::emulator::janssen::JanssenOptions;
use usher::emulator::{self, Options, Running};

const USHER: &str = env!("CARGO_BIN_EXE_usher");
/// Rows of the list, unless the variable `USHER_BENCH_ROWS` says another number.
const ROWS: usize = 10_000;
const KEYS: usize = 500;
const STARTS: usize = 20;
/// A held key repeats about every 30 ms.
const BETWEEN_KEYS: Duration = Duration::from_millis(25);
const IDLE: Duration = Duration::from_secs(10);
/// The end of a frame.
const END: &[u8] = b"\x1b[?2026l";

fn main() {
    // `cargo test --benches` starts this too; measuring takes a minute and means nothing in a debug build.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("run it with: cargo bench --bench screen");
        return;
    }
    let mut report = Report::new("screen.jsonl");
    let home = tempfile::tempdir().expect("a folder");
    let server = Server::start();
    let config = server.config(home.path());

    starting(&mut report, home.path());
    let floor = floor_of_keys(home.path());
    report.times("key to echo: cat (floor)", &floor, json!({}));
    let mut usher = open(home.path(), &config);
    loading(&mut report, &server, &mut usher);
    keys(&mut report, &mut usher, &floor);
    ordering(&mut report, &mut usher);
    ending(&mut report, &server, &mut usher);
    idling(&mut report, &mut usher);
    leaving(&mut report, home.path(), &config, usher);
    report.finish();
}

fn rows() -> usize {
    let asked = std::env::var("USHER_BENCH_ROWS").ok();
    asked.map_or(ROWS, |rows| rows.parse().expect("a number of rows"))
}

/// An emulator whose clock stands two hours back, so that no age on the screen turns every second.
struct Server {
    _runtime: tokio::runtime::Runtime,
    running: Running,
}

impl Server {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let since = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("after 1970");
        let now_ms = i64::try_from(since.as_millis()).expect("before the year 292 million");
        let options = Options {
            sessions: rows(),
            users: (rows() / 20).max(1_000),
            now: Some(now_ms - 2 * 3_600_000),
            system: Arc::new(JanssenOptions {
                token_seconds: 86_400,
                ..Default::default()
            }),
            ..Options::default()
        };
        let running = runtime
            .block_on(emulator::start(options))
            .expect("a free port");
        Self {
            _runtime: runtime,
            running,
        }
    }

    fn config(&self, home: &Path) -> PathBuf {
        let plain = "allow_plain = true\n";
        let keys = "allow_plain = true\nsearch_on_start = true\npage_size = 200\n";
        let file = home.join("config.toml");
        fs::write(
            &file,
            self.running.config_toml("bench").replacen(plain, keys, 1),
        )
        .and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(0o600)))
        .expect("a configuration");
        file
    }

    /// How long the server itself takes for one page of a person's sessions, asked by hand.
    fn answers_in(&self, user: &str) -> Duration {
        let host = self.running.url().trim_start_matches("http://");
        let path = "/jans-config-api/api/v1/jans-auth-server/session/search";
        let mut stream = TcpStream::connect(host).expect("it listens");
        let start = Instant::now();
        write!(
            stream,
            "GET {path}?limit=200&fieldValuePair=sessionAttributes.auth_user%3D{user} HTTP/1.1\r\n\
             Host: {host}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            self.running.auth().token
        )
        .expect("it takes a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        start.elapsed()
    }
}

fn open(home: &Path, config: &Path) -> Pty {
    let mut command = command(USHER, home);
    command.arg("--config");
    command.arg(config);
    let mut usher = Pty::start(command, 120, 40);
    wait_loaded(&mut usher);
    usher
}

/// Waits until the whole list is there.
fn wait_loaded(usher: &mut Pty) {
    while !is_loaded(usher) {
        usher.settle(Duration::from_millis(10));
    }
}

fn is_loaded(usher: &mut Pty) -> bool {
    let of_all = format!("/{} ", usher::model::text::with_thousands(rows() as u64));
    let text = usher.text();
    text.contains(&of_all) && !text.contains("loading")
}

/// From the start of the process to its first complete frame. Floor: a shell that says one word.
fn starting(report: &mut Report, home: &Path) {
    let (mut floor, mut first, mut bytes) = (Vec::new(), Vec::new(), 0);
    for _ in 0..STARTS {
        let mut shell = command("/bin/sh", home);
        shell.args(["-c", "echo ready; read wait"]);
        floor.push(first_bytes(shell, b"ready").0);
        let (took, length) = first_bytes(command(USHER, home), END);
        first.push(took);
        bytes = length;
    }
    report.times("start to first word: sh (floor)", &floor, json!({}));
    report.times("start to first frame", &first, json!({ "bytes": bytes }));
}

fn first_bytes(command: portable_pty::CommandBuilder, wanted: &[u8]) -> (Duration, usize) {
    let start = Instant::now();
    let mut pty = Pty::start(command, 120, 40);
    let (at, bytes) = frame(&mut pty, wanted);
    (at.duration_since(start), bytes)
}

/// Waits for these bytes: when they were there, and how many had come with them.
fn frame(pty: &mut Pty, wanted: &[u8]) -> (Instant, usize) {
    let mut chunks = Vec::new();
    let mut seen = Vec::new();
    loop {
        let chunk = pty.next_chunk(LIMIT).expect("a frame within the limit");
        seen.extend_from_slice(&chunk.bytes);
        let at = chunk.at;
        chunks.push(chunk);
        if seen.windows(wanted.len()).any(|bytes| bytes == wanted) {
            for chunk in chunks {
                pty.take(chunk);
            }
            return (at, seen.len());
        }
    }
}

/// Keys echoed by `cat` in a raw terminal: what the terminal itself costs.
fn floor_of_keys(home: &Path) -> Vec<Duration> {
    let mut shell = command("/bin/sh", home);
    shell.args(["-c", "stty raw -echo; echo ready; exec cat"]);
    let mut cat = Pty::start(shell, 120, 40);
    cat.wait_for("ready");
    (0..KEYS)
        .map(|_| {
            pause(&mut cat);
            let start = Instant::now();
            cat.keys("x");
            frame(&mut cat, b"x").0.duration_since(start)
        })
        .collect()
}

fn pause(pty: &mut Pty) {
    pty.settle(BETWEEN_KEYS);
}

/// From Enter to the first row of the answer. Floor: the same page from the same server by hand.
fn loading(report: &mut Report, server: &Server, usher: &mut Pty) {
    let sessions = server.running.world().rows();
    let mut users: Vec<&str> = sessions
        .iter()
        .filter_map(|row| row.user.as_deref())
        .collect();
    users.sort_unstable();
    users.dedup();
    users.retain(|user| user.chars().all(|c| c.is_ascii_lowercase() || c == '.'));
    let (mut floor, mut first) = (Vec::new(), Vec::new());
    for user in users.iter().take(STARTS) {
        floor.push(server.answers_in(user));
        usher.keys("/\x15");
        usher.keys(&format!("user:{user}"));
        usher.wait_for(&format!("user:{user}"));
        usher.settle(Duration::from_millis(300));
        let start = Instant::now();
        usher.keys("\r");
        first
            .push(until(usher, |line| line.contains(&format!(">  {user} "))).duration_since(start));
        usher.wait_quiet(Duration::from_millis(300));
    }
    report.times("Enter to answer: raw HTTP (floor)", &floor, json!({}));
    report.times("Enter to first row", &first, json!({}));
    let (cpu, start) = (pty::processor_time(usher.pid), Instant::now());
    usher.keys("/\x15\r\x1b");
    // The rows arrive while somebody moves in them.
    let mut moves = Vec::new();
    while !is_loaded(usher) {
        usher.settle(BETWEEN_KEYS);
        let key = Instant::now();
        usher.keys("j");
        moves.push(frame(usher, END).0.duration_since(key));
    }
    wait_loaded(usher);
    let took = start.elapsed();
    let cpu = pty::processor_time(usher.pid).saturating_sub(cpu);
    let resident = resident_kib(usher.pid);
    report.times("key to frame: while rows arrive", &moves, json!({}));
    let more = json!({
        "cpu_s": cpu.as_secs_f64(),
        "rows_a_cpu_second": rows() as f64 / cpu.as_secs_f64(),
    });
    report.times("Enter to last row", &[took], more);
    report.count("memory with all rows", resident, "KiB");
    report.count("memory a row", resident * 1_024 / rows() as u64, "B");
}

/// From a key to the last byte that it brings.
fn settled(usher: &mut Pty, key: &str) -> Duration {
    let start = Instant::now();
    usher.keys(key);
    let mut last = start;
    while let Some(chunk) = usher.next_chunk(Duration::from_millis(300)) {
        last = chunk.at;
        usher.take(chunk);
    }
    last.duration_since(start)
}

/// Pages that are marked: some more than a thousand rows.
const MARKED_PAGES: usize = 60;

/// Sorting by each column in turn, and a filter that is typed letter by letter.
fn ordering(report: &mut Report, usher: &mut Pty) {
    let (mut by_time, mut by_text) = (Vec::new(), Vec::new());
    // From the age of a session to its user, and from there to the right.
    usher.keys("<<<");
    for _ in 0..6 {
        usher.settle(Duration::from_millis(100));
        for _ in 0..2 {
            let took = settled(usher, "s");
            let text = usher.text();
            let before = text.split(['▲', '▼']).next().unwrap_or_default();
            match before.split_whitespace().last() {
                Some("AGE" | "IDLE" | "LEFT") => by_time.push(took),
                _ => by_text.push(took),
            }
        }
        usher.keys(">");
    }
    report.times("key to end of a sort: by time", &by_time, json!({}));
    report.times("key to end of a sort: by text", &by_text, json!({}));
    usher.keys("&");
    usher.settle(Duration::from_millis(300));
    let letters = ["a", "n", "d", "e", "r", "s", "\x7f", "\x7f", "\x7f"];
    let filters: Vec<Duration> = letters.iter().map(|key| settled(usher, key)).collect();
    report.times("key to end of a filter", &filters, json!({}));
    usher.keys("\x1b\x1b");
    usher.settle(Duration::from_millis(500));
}

/// A thousand sessions end at a server that takes its time for each, and the cursor goes on moving.
fn ending(report: &mut Report, server: &Server, usher: &mut Pty) {
    let slow = r#"{"match":{"method":"DELETE"},"action":"delay","ms":20}"#;
    server.running.set_faults(&[slow]).expect("a fault");
    usher.keys("g ");
    for _ in 0..MARKED_PAGES {
        pause(usher);
        usher.keys("\x1b[6~");
    }
    usher.keys("V\x1b[3~");
    usher.wait_for(" to confirm:");
    let text = usher.text();
    let number = text
        .split("Type ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let number = number.expect("the number of sessions").to_owned();
    usher.keys(&number);
    // A button that has just come takes no key yet.
    usher.settle(Duration::from_secs(1));
    usher.keys("\r");
    usher.wait_for("· Esc stops");
    let mut moves = Vec::new();
    loop {
        pause(usher);
        if !usher.text().contains("· Esc stops") {
            break;
        }
        let key = Instant::now();
        usher.keys("j");
        moves.push(frame(usher, END).0.duration_since(key));
    }
    let sessions: usize = number.parse().expect("a number");
    report.times(
        "key to frame: while sessions end",
        &moves,
        json!({ "sessions": sessions }),
    );
    server.running.set_faults::<&str>(&[]).expect("no fault");
    usher.settle(Duration::from_secs(3));
    usher.keys("\x1b");
    usher.settle(Duration::from_millis(500));
}

/// When a line of the picture first fitted.
fn until(pty: &mut Pty, fits: impl Fn(&str) -> bool) -> Instant {
    loop {
        let chunk = pty.next_chunk(LIMIT).expect("a change within the limit");
        let at = chunk.at;
        pty.take(chunk);
        if pty.text().lines().any(&fits) {
            return at;
        }
    }
}

/// From a key to the frame that shows it, with all rows loaded.
fn keys(report: &mut Report, usher: &mut Pty, floor: &[Duration]) {
    usher.settle(Duration::from_millis(500));
    for (what, key, count) in [
        ("key to frame: down", "j", KEYS),
        ("key to frame: page down", "\x1b[6~", KEYS / 2),
        ("key to frame: page up", "\x1b[5~", KEYS / 2),
        ("key to frame: end and home", "Gg", KEYS / 5),
    ] {
        let (mut times, mut bytes) = (Vec::new(), Vec::new());
        for round in 0..count {
            pause(usher);
            let start = Instant::now();
            let at = round % key.len().min(2);
            usher.keys(if key.starts_with('\x1b') || key.len() == 1 {
                key
            } else {
                &key[at..=at]
            });
            let (shown, length) = frame(usher, END);
            times.push(shown.duration_since(start));
            bytes.push(length);
        }
        bytes.sort_unstable();
        let more = json!({
            "bytes_median": bytes[bytes.len() / 2],
            "bytes_max": bytes.last(),
            "p99_over_floor_ms": ms(part(&times, 99)) - ms(part(floor, 99)),
        });
        report.times(what, &times, more);
    }
}

/// Ten seconds without a key: bytes and CPU.
fn idling(report: &mut Report, usher: &mut Pty) {
    // The clock in the header turns with the minute; that is no idle moment.
    let into = || {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |t| t.as_secs() % 60)
    };
    while into() > 45 {
        usher.settle(Duration::from_millis(500));
    }
    usher.settle(Duration::from_secs(2));
    let (cpu, written) = (cpu_ns(usher.pid), usher.written.len());
    usher.settle(IDLE);
    // A thread that waited for work in vain ends meanwhile; what it did before is not of this time.
    let used: u64 = cpu_ns(usher.pid)
        .into_iter()
        .map(|(thread, now)| now - cpu.get(&thread).copied().unwrap_or(0))
        .sum();
    report.count(
        "idle for 10 s: bytes",
        (usher.written.len() - written) as u64,
        "B",
    );
    report.count("idle for 10 s: CPU", used / 1_000, "µs");
}

/// From `q` to the end of the process. Floor: a shell that ends at a line.
fn leaving(report: &mut Report, home: &Path, config: &Path, usher: Pty) {
    let (mut floor, mut quit) = (Vec::new(), Vec::new());
    let mut open_one = Some(usher);
    let rounds = if rows() > ROWS { 1 } else { STARTS };
    for _ in 0..rounds {
        let mut shell = command("/bin/sh", home);
        shell.args(["-c", "echo ready; read wait"]);
        let mut shell = Pty::start(shell, 120, 40);
        shell.wait_for("ready");
        floor.push(ends_in(&mut shell, "\n"));
        let mut usher = open_one.take().unwrap_or_else(|| open(home, config));
        usher.keys("\x1b");
        usher.settle(Duration::from_millis(300));
        quit.push(ends_in(&mut usher, "q"));
        usher.assert_given_back();
    }
    report.times("line to end: sh (floor)", &floor, json!({}));
    report.times("quit to end", &quit, json!({}));
}

fn ends_in(pty: &mut Pty, key: &str) -> Duration {
    let start = Instant::now();
    pty.keys(key);
    assert_eq!(pty.exit_code(), 0);
    start.elapsed()
}

fn resident_kib(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    kib.expect("the system tells the memory of a process")
}

/// CPU time of every thread, in nanoseconds.
fn cpu_ns(pid: i32) -> HashMap<OsString, u64> {
    fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|task| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            Some((task.file_name(), text.split(' ').next()?.parse().ok()?))
        })
        .collect()
}
