//! usher beside programs that people know, with the same rows, in the same terminal, in one run.
//!
//! `cargo bench --bench peers`; `USHER_BENCH_ROWS=1000000` for a million rows. A program that is not there is
//! named and left out: csvlens, fzf, jq; less is everywhere.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

#[path = "../tests/support/pty.rs"]
mod pty;
mod report;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs};

use pty::{Pty, command};
use report::Report;
use serde_json::json;
use usher::emulator::janssen::JanssenOptions;
use usher::emulator::{self, Options, Running};

const USHER: &str = env!("CARGO_BIN_EXE_usher");
const KEYS: usize = 200;
const QUIET: Duration = Duration::from_millis(60);
const PAGE: usize = 200;

fn main() {
    if !env::args().any(|argument| argument == "--bench") {
        println!("run it with: cargo bench --bench peers");
        return;
    }
    let asked = env::var("USHER_BENCH_ROWS").ok();
    let rows = asked.map_or(10_000, |rows| rows.parse().expect("a number of rows"));
    let mut report = Report::new("peers.jsonl");
    let home = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let options = Options {
        sessions: rows,
        users: (rows / 20).max(1_000),
        system: Arc::new(JanssenOptions {
            token_seconds: 86_400,
            ..JanssenOptions::default()
        }),
        ..Options::default()
    };
    let server = runtime.block_on(emulator::start(options)).expect("a port");
    let config = config(home.path(), &server);

    by_hand(&mut report, &server, rows);
    let files = listing(&mut report, home.path(), &config, rows);
    viewing(&mut report, home.path(), &config, &files.csv, rows);
    report.finish();
}

fn config(home: &Path, server: &Running) -> PathBuf {
    let file = home.join("config.toml");
    let plain = "allow_plain = true\n";
    let keys = "allow_plain = true\nsearch_on_start = true\npage_size = 200\n";
    let text = server.config_toml("bench").replacen(plain, keys, 1);
    fs::write(&file, text).expect("a configuration");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a configuration");
    file
}

/// The same pages, asked for one after the other over one connection, and thrown away.
fn by_hand(report: &mut Report, server: &Running, rows: usize) {
    let host = server.url().trim_start_matches("http://");
    let path = "/jans-config-api/api/v1/jans-auth-server/session/search";
    let mut stream = TcpStream::connect(host).expect("it listens");
    let begun = Instant::now();
    let mut bytes = 0;
    for first in (0..rows).step_by(PAGE) {
        // In one piece: the second of two small ones would wait for the answer to the first.
        let request = format!(
            "GET {path}?limit={PAGE}&startIndex={first} HTTP/1.1\r\nHost: {host}\r\n\
             Authorization: Bearer {}\r\n\r\n",
            server.auth().token
        );
        stream
            .write_all(request.as_bytes())
            .expect("it takes a request");
        bytes += answer(&mut stream);
    }
    report.times(
        "all pages by hand",
        &[begun.elapsed()],
        json!({ "bytes": bytes }),
    );
}

/// Reads one answer, whose length its head tells. Returns the bytes of its body.
fn answer(stream: &mut TcpStream) -> usize {
    let mut seen = Vec::new();
    let mut piece = vec![0; 256 * 1024];
    loop {
        let count = stream.read(&mut piece).expect("it answers");
        seen.extend_from_slice(&piece[..count]);
        let head = seen
            .windows(4)
            .take(4_096)
            .position(|four| four == b"\r\n\r\n");
        let Some(head) = head else { continue };
        let words = String::from_utf8_lossy(&seen[..head]).to_lowercase();
        assert!(words.starts_with("http/1.1 200"), "{words}");
        let length = words
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.and_then(|text| text.parse().ok()).expect("a length");
        let mut left = (head + 4 + length) - seen.len();
        while left > 0 {
            left -= stream.read(&mut piece).expect("it goes on");
        }
        return length;
    }
}

struct Files {
    csv: PathBuf,
}

/// All rows as lines of JSON: usher from the server, jq from a file of what the server would send.
fn listing(report: &mut Report, home: &Path, config: &Path, rows: usize) -> Files {
    let (csv, dump) = (home.join("rows.csv"), home.join("rows.json"));
    let usher = format!("{USHER} --config {}", config.display());
    let made = [
        format!("{usher} list -o csv > {}", csv.display()),
        format!(
            "{USHER} emulator janssen --dump json --sessions {rows} > {}",
            dump.display()
        ),
    ];
    for line in made {
        assert!(shell(&line, home).0, "{line}");
    }
    let own = cpu(&format!("{usher} list -o jsonl > /dev/null"), home);
    report.times("list -o jsonl: processor", &[own], json!({}));
    if is_there("jq") {
        let jq = cpu(
            &format!("jq -c '.entries[]' {} > /dev/null", dump.display()),
            home,
        );
        let ratio = own.as_secs_f64() / jq.as_secs_f64();
        report.times(
            "jq -c .entries[]: processor",
            &[jq],
            json!({ "usher_of_jq": ratio }),
        );
    }
    let _ = fs::remove_file(dump);
    Files { csv }
}

/// Runs a line of the shell. Returns whether it went well, and what it printed.
fn shell(line: &str, home: &Path) -> (bool, String) {
    let done = Command::new("/bin/sh")
        .args(["-c", line])
        .env("HOME", home)
        .output()
        .expect("a shell");
    (
        done.status.success(),
        String::from_utf8_lossy(&done.stdout).into_owned(),
    )
}

/// Processor time of a line of the shell: user and system of its processes, as `times` tells.
fn cpu(line: &str, home: &Path) -> Duration {
    let (is_well, told) = shell(&format!("{line} || exit 1; times"), home);
    assert!(is_well, "{line}");
    let children = told.lines().nth(1).unwrap_or_default();
    let seconds = |word: &str| {
        let (minutes, seconds) = word.trim_end_matches('s').split_once('m')?;
        Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
    };
    Duration::from_secs_f64(children.split(' ').filter_map(seconds).sum())
}

fn is_there(program: &str) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&folders).any(|folder| folder.join(program).is_file());
    if !found {
        println!("{program} is not there: left out");
    }
    found
}

/// Start, a step of the cursor and a scroll by one row.
fn viewing(report: &mut Report, home: &Path, config: &Path, csv: &Path, rows: usize) {
    let file = csv.display().to_string();
    let own = ["--config".to_owned(), config.display().to_string()];
    let viewers: [(&str, &str, Vec<String>, &str); 4] = [
        ("usher", USHER, own.to_vec(), "j"),
        ("less", "less", vec!["-S".into(), file.clone()], "j"),
        ("csvlens", "csvlens", vec![file.clone()], "j"),
        ("fzf", "fzf", vec!["--exact".into()], "\x1b[A"),
    ];
    for (name, program, arguments, key) in viewers {
        if name != "usher" && !is_there(program) {
            continue;
        }
        let mut line = command(program, home);
        line.env("PATH", env::var_os("PATH").unwrap_or_default());
        line.args(&arguments);
        line.env("FZF_DEFAULT_COMMAND", format!("cat {file}"));
        let begun = Instant::now();
        let mut pty = Pty::start(line, 120, 40);
        pty.wait_until("a first frame", |screen| {
            !screen.contents().trim().is_empty()
        });
        report.times(
            &format!("{name}: start to first sign"),
            &[begun.elapsed()],
            json!({}),
        );
        wait_for_rows(&mut pty, name, rows);
        if name == "usher" {
            // From the form to the table.
            pty.keys("\x1b");
            pty.settle(Duration::from_millis(300));
        }
        presses(report, &format!("{name}: cursor down"), &mut pty, key, 10);
        // To the end of the window, so that each further step scrolls.
        for _ in 0..45 {
            pty.keys(key);
            pty.settle(QUIET);
        }
        presses(
            report,
            &format!("{name}: scroll by one"),
            &mut pty,
            key,
            KEYS,
        );
        pty.keys(if name == "fzf" { "\x1b" } else { "q" });
        let _ = pty.exit_code_within(Duration::from_secs(5));
    }
}

fn wait_for_rows(pty: &mut Pty, name: &str, rows: usize) {
    let of_all = format!("/{} ", usher::model::text::with_thousands(rows as u64));
    let is_loaded = |text: &str| text.contains(&of_all) && !text.contains("loading");
    while name == "usher" && !is_loaded(&pty.text()) {
        pty.settle(Duration::from_millis(50));
    }
    pty.settle(Duration::from_secs(1));
}

/// From a key to the first bytes after it, and all bytes until it is quiet.
fn presses(report: &mut Report, what: &str, pty: &mut Pty, key: &str, count: usize) {
    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let before = pty.written.len();
        let pressed = Instant::now();
        pty.keys(key);
        let Some(chunk) = pty.next_chunk(Duration::from_secs(2)) else {
            continue;
        };
        times.push(chunk.at.duration_since(pressed));
        pty.take(chunk);
        pty.settle(QUIET);
        bytes.push(pty.written.len() - before);
    }
    bytes.sort_unstable();
    report.times(
        what,
        &times,
        json!({ "bytes_median": bytes.get(bytes.len() / 2) }),
    );
}
