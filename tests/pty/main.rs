//! The real program in a real terminal: every way in, what keys do, and every way out.

#![cfg(feature = "emulator")]

#[path = "../support/pty.rs"]
mod pty;

mod actions;
mod bytes;
mod counted;
mod hostile;
mod keys;
mod leave;
mod live;
mod mouse;
mod network;
mod one_person;
mod question;
mod refuse;
mod revoke;
mod sign_in;
mod start;
mod terminal;
mod truth;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use pty::{LIMIT, Pty, command};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use usher::emulator::janssen::Handle;
use usher::emulator::{self, Options, Running};

const USHER: &str = env!("CARGO_BIN_EXE_usher");
const DELETE: &str = "\x1b[3~";
const DOWN: &str = "\x1b[B";
const ESC: &str = "\x1b";

/// An emulator of a test's own.
struct Server {
    runtime: Runtime,
    running: Option<Running>,
}

impl Server {
    fn start(options: Options) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let running = runtime
            .block_on(emulator::start(options))
            .expect("a free port");
        Self {
            runtime,
            running: Some(running),
        }
    }

    fn with_sessions(sessions: usize) -> Self {
        Self::start(Options {
            sessions,
            ..Options::default()
        })
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it has not been killed")
    }

    fn world(&self) -> Handle {
        self.running().world()
    }

    fn set_faults(&self, faults: &[&str]) {
        self.running().set_faults(faults).expect("faults it knows");
    }

    /// Ends it at once: connections break off, nothing listens any more.
    fn kill(&mut self) {
        let running = self.running.take().expect("it has not been killed");
        self.runtime.block_on(running.stop());
    }

    /// How many requests of this method it has had.
    fn requests(&self, method: &str) -> usize {
        self.running()
            .journal()
            .iter()
            .filter(|entry| entry.method == method)
            .count()
    }

    /// Waits until it has had so many requests of this method.
    fn wait_for_requests(&self, method: &str, count: usize) {
        let end = Instant::now() + LIMIT;
        while self.requests(method) < count {
            assert!(
                Instant::now() < end,
                "{count} {method} requests were expected"
            );
            // The server needs its journal too.
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The sessions that it lists, asked by HTTP typed by hand.
    fn listed(&self) -> String {
        let running = self.running();
        let host = running.url().trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).expect("it listens");
        write!(
            stream,
            "GET /jans-config-api/api/v1/jans-auth-server/session/search?limit=200 HTTP/1.1\r\n\
             Host: {host}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            running.auth().token
        )
        .expect("it takes a request");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("it answers in text");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer
    }
}

/// The program with a home of its own.
struct Usher {
    pty: Pty,
    home: TempDir,
}

impl Usher {
    /// The demo, as it opens without a configuration, with its rows.
    fn demo() -> Self {
        let mut usher = Self::start(120, 40, |_| {});
        usher.pty.wait_for("all loaded");
        usher
    }

    /// Without a configuration.
    fn start(cols: u16, rows: u16, change: impl Fn(&mut CommandBuilder)) -> Self {
        Self::run(tempfile::tempdir().expect("a folder"), cols, rows, change)
    }

    /// With one profile for this emulator, whose rows are loaded at once.
    fn at(server: &Server) -> Self {
        let mut usher = Self::at_with(server, "search_on_start = true\n");
        usher.pty.wait_for("all loaded");
        usher
    }

    /// With one profile for this emulator that has these keys.
    fn at_with(server: &Server, keys: &str) -> Self {
        Self::command(server, keys, &[])
    }

    /// A command with one profile for this emulator.
    fn asking(server: &Server, words: &[&str]) -> Self {
        Self::command(server, "", words)
    }

    /// A command of the command line, with one profile for this emulator that has these keys.
    fn command(server: &Server, keys: &str, args: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let text = server.running().config_toml("test");
        let plain = "allow_plain = true\n";
        assert!(text.contains(plain), "{text}");
        let config = home.path().join("config.toml");
        write_private(&config, &text.replacen(plain, &format!("{plain}{keys}"), 1));
        Self::run(home, 120, 40, move |command| {
            command.args(["--config"]);
            command.arg(&config);
            command.args(args);
        })
    }

    fn run(home: TempDir, cols: u16, rows: u16, change: impl Fn(&mut CommandBuilder)) -> Self {
        let mut command = command(USHER, home.path());
        change(&mut command);
        Self {
            pty: Pty::start(command, cols, rows),
            home,
        }
    }

    /// Gives the focus to the table.
    fn focus_table(&mut self) {
        self.pty.keys(ESC);
        self.pty.wait_for("╔═ Sessions");
    }

    /// Opens the question for the row under the cursor, and says what it shows.
    fn ask_to_delete(&mut self) -> String {
        self.pty.keys(DELETE);
        self.pty.wait_for("End session?");
        self.pty.text()
    }

    /// Says yes.
    fn say_yes(&mut self) {
        self.answer("y", |text| !text.contains("End session?"));
    }

    /// Answers a question after the pause without which nothing counts, until the screen says that it
    /// did: where the machine is slow, a slow key may look like a quick one.
    fn answer(&mut self, key: &str, counted: impl Fn(&str) -> bool) {
        let end = Instant::now() + LIMIT;
        let too_soon = "too soon";
        while !counted(&self.pty.text()) {
            assert!(Instant::now() < end, "the question takes no answer");
            self.pty.settle(Duration::from_millis(200));
            self.pty.keys(key);
            self.pty.wait_until("what the key does", |screen| {
                let text = screen.contents();
                counted(&text) || text.contains(too_soon)
            });
            if self.pty.text().contains(too_soon) {
                self.pty.wait_gone(too_soon);
            }
        }
    }

    /// Quits by key, and looks whether everything is as before.
    fn quit(mut self) {
        self.pty.keys("q");
        assert_eq!(self.pty.exit_code(), 0);
        self.pty.assert_given_back();
    }

    /// The same program once more, in the same home.
    fn beside(&self) -> Pty {
        let mut command = command(USHER, self.home.path());
        command.arg("--config");
        command.arg(self.home.path().join("config.toml"));
        let mut pty = Pty::start(command, 120, 40);
        pty.wait_for("all loaded");
        pty
    }

    /// Takes every line out of its audit log.
    fn empty_audit_log(&self) {
        fs::write(self.home.path().join("state/usher/audit.jsonl"), "").expect("it is there");
    }

    fn signal(&self, signal: Signal) {
        send(self.pty.pid, signal);
    }

    /// Everything in its state folder: log and audit log.
    fn state(&self) -> String {
        read_all(&self.home.path().join("state"))
    }
}

/// Writes a file that only its owner may read.
fn write_private(file: &Path, text: &str) {
    fs::write(file, text).expect("it can be written");
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("a mode");
}

fn send(pid: i32, signal: Signal) {
    let pid = Pid::from_raw(pid).expect("a process");
    kill_process(pid, signal).expect("it runs");
}

/// Everything in the files below a folder.
fn read_all(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            text += &read_all(&path);
        } else {
            text += &fs::read_to_string(path).unwrap_or_default();
        }
    }
    text
}
