//! How many sessions a second `usher revoke` ends, beside a bare loop of the same HTTP client.
//!
//! `cargo bench --bench revoke` prints one line for each number of requests at the same time, and one with a
//! server that takes 20 ms for each, beside what that allows. Both parts are run in turns against a new
//! emulator of the same seed: the machine may be busy, so look at the ratio. The rate is of the requests
//! alone, from the first to the last by the emulator's journal; what comes before and after is in the time
//! of the whole process.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod report;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_rustls::rustls::crypto::ring;

const USHER: &str = env!("CARGO_BIN_EXE_usher");
/// Sessions that are ended in each run.
const ROWS: usize = 10_000;
/// Some that are made up have ended or may not be ended.
const MADE: usize = ROWS * 3 / 2;
const CONCURRENCIES: [usize; 3] = [1, 8, 32];
const ROUNDS: usize = 3;
/// A server that takes its time for each session, and how much.
const SLOW: &str = r#"{"match":{"method":"DELETE"},"action":"delay","ms":20}"#;
const SLOW_MS: f64 = 20.0;
const SESSIONS: &str = "/jans-config-api/api/v1/jans-auth-server/session/sid";

fn main() {
    // `cargo test --benches` starts this too; measuring means nothing in a debug build.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("run it with: cargo bench --bench revoke");
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    for at_once in CONCURRENCIES {
        let (mut bare, mut usher) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            bare.push(measured(home.path(), ROWS, &[], |server, rows| {
                bare_loop(server, rows, at_once);
            }));
            usher.push(measured(home.path(), ROWS, &[], |server, rows| {
                revoke(home.path(), server, rows, at_once);
            }));
        }
        let (bare, usher) = (middle(bare), middle(usher));
        println!(
            "at once {at_once:>2}: bare {:>6.0}/s   usher {:>6.0}/s   ratio {:.2}   whole process {:>5.2} s, {:>4.0} µs CPU each (bare {:>3.0})",
            bare.rate,
            usher.rate,
            usher.rate / bare.rate,
            usher.whole.as_secs_f64(),
            usher.cpu_us,
            bare.cpu_us,
        );
    }
    for at_once in CONCURRENCIES {
        let rows = at_once * 150;
        let slow = ["--fault", SLOW];
        let runs = (0..ROUNDS).map(|_| {
            measured(home.path(), rows, &slow, |server, rows| {
                revoke(home.path(), server, rows, at_once);
            })
        });
        let usher = middle(runs.collect());
        let ideal = at_once as f64 * 1_000.0 / SLOW_MS;
        println!(
            "at once {at_once:>2}, a server that takes {SLOW_MS:.0} ms: usher {:>6.0}/s   ideal {ideal:>6.0}/s   ratio {:.2}",
            usher.rate,
            usher.rate / ideal,
        );
    }
}

/// The figures of one run.
#[derive(Clone, Copy)]
struct Figures {
    /// Requests a second.
    rate: f64,
    whole: Duration,
    /// CPU time of the client for one session, in microseconds.
    cpu_us: f64,
}

fn middle(mut runs: Vec<Figures>) -> Figures {
    runs.sort_by(|one, other| one.rate.total_cmp(&other.rate));
    runs[runs.len() / 2]
}

/// The rows that are ended, as `usher list -o jsonl` prints them.
struct Rows {
    lines: String,
    ids: Vec<String>,
}

fn measured(
    home: &Path,
    count: usize,
    options: &[&str],
    client: impl FnOnce(&Server, &Rows),
) -> Figures {
    let server = Server::start(home, options);
    let rows = server.rows(home, count);
    let (begun, cpu) = (Instant::now(), cpu_ticks());
    client(&server, &rows);
    let whole = begun.elapsed();
    let cpu_us = (cpu_ticks() - cpu) as f64 * 10_000.0 / count as f64;
    let times = server.deletes();
    assert_eq!(times.len(), count, "each row was sent once");
    let took_ms = times.iter().max().unwrap_or(&0) - times.iter().min().unwrap_or(&0);
    Figures {
        rate: count as f64 * 1_000.0 / took_ms.max(1) as f64,
        whole,
        cpu_us,
    }
}

/// CPU time of this process and of those that it started and that have ended, in hundredths of a second.
fn cpu_ticks() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let numbers = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<u64> = numbers
        .split_whitespace()
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse().ok())
        .collect();
    fields.iter().sum()
}

fn client() -> reqwest::Client {
    // An error: it was installed before.
    let _ = ring::default_provider().install_default();
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    client.build().expect("a client")
}

/// The same requests by the same client, and nothing else.
fn bare_loop(server: &Server, rows: &Rows, at_once: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let client = client();
        let next = Arc::new(AtomicUsize::new(0));
        let ids: Arc<[String]> = rows.ids.clone().into();
        let workers: Vec<_> = (0..at_once)
            .map(|_| {
                let (client, ids, next) = (client.clone(), ids.clone(), next.clone());
                let (url, token) = (server.url.clone(), server.token.clone());
                tokio::spawn(async move {
                    while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let request = client
                            .delete(format!("{url}{SESSIONS}/{id}"))
                            .bearer_auth(&token);
                        let answer = request.send().await.expect("an answer");
                        assert!(answer.status().is_success());
                        answer.bytes().await.expect("a body");
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.await.expect("no panic");
        }
    });
}

fn revoke(home: &Path, server: &Server, rows: &Rows, at_once: usize) {
    let mut child = server
        .usher(home)
        .args(["revoke", "-", "--yes", "-o", "jsonl"])
        .args(["--concurrency", &at_once.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("usher starts");
    let mut input = child.stdin.take().expect("it reads");
    input
        .write_all(rows.lines.as_bytes())
        .expect("it takes rows");
    drop(input);
    let ended = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
}

/// An emulator in a process of its own.
struct Server {
    child: Child,
    url: String,
    control: String,
    token: String,
    config: PathBuf,
}

impl Server {
    fn start(home: &Path, options: &[&str]) -> Self {
        let config = home.join("config.toml");
        let (child, facts) = report::server(
            Command::new(USHER)
                .args(["emulator", "janssen", "--json", "--control", "--seed", "7"])
                .args(["--token-seconds", "86400", "--sessions", &MADE.to_string()])
                .arg("--config-out")
                .arg(&config)
                .args(options)
                .env("HOME", home),
        );
        let text = |at: &str| facts.pointer(at).and_then(Value::as_str).expect("it says");
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).expect("a configuration");
        Self {
            url: text("/url").to_owned(),
            control: text("/control").to_owned(),
            token: text("/auth/token").to_owned(),
            child,
            config,
        }
    }

    fn usher(&self, home: &Path) -> Command {
        let mut command = Command::new(USHER);
        command.env("HOME", home).arg("--config").arg(&self.config);
        command
    }

    /// So many of the first rows that can be ended.
    fn rows(&self, home: &Path, count: usize) -> Rows {
        let listed = self.usher(home).args(["list", "-o", "jsonl"]).output();
        let listed = listed.expect("usher runs").stdout;
        let (mut lines, mut ids) = (String::new(), Vec::new());
        for line in String::from_utf8_lossy(&listed).lines() {
            let row: Value = serde_json::from_str(line).expect("JSON");
            let can_end = row["state"] == "active" && row["deletable"] == true;
            if let Some(id) = row["id"].as_str().filter(|_| can_end && ids.len() < count) {
                ids.push(id.to_owned());
                lines.push_str(line);
                lines.push('\n');
            }
        }
        assert_eq!(ids.len(), count, "enough rows can be ended");
        Rows { lines, ids }
    }

    /// When the requests that end a session came, in milliseconds.
    fn deletes(&self) -> Vec<i64> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let journal = runtime.block_on(async {
            let url = format!("{}/__emu/journal", self.control);
            let answer = client().get(url).send().await;
            answer.expect("an answer").bytes().await.expect("a body")
        });
        let entries: Vec<Value> = serde_json::from_slice(&journal).expect("a journal");
        let deletes = entries.iter().filter(|entry| entry["method"] == "DELETE");
        deletes
            .filter_map(|entry| entry["time_ms"].as_i64())
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
