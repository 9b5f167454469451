//! The program itself: the command line and the screen, against the emulator and against a peer.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use usher::emulator::Running;
use usher::emulator::fleare::FleareServer;

use super::odd::oddities;
use super::peer::{Answer, Peer};
use super::{options, until, vectors};
use crate::pty::{self, Pty};
use crate::running;

/// The program with a configuration of its own.
struct Program(tempfile::TempDir);

impl Program {
    fn new(config: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::write(home.path().join("config.toml"), config).expect("a file");
        let config = home.path().join("config.toml");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(config, mode).expect("our own file");
        Self(home)
    }

    async fn emulated() -> (Running, Self) {
        let emulator = running(options(true)).await;
        let program = Self::new(&emulator.config_toml("fleare"));
        (emulator, program)
    }

    /// For user `admin` at this port, with a limit of a second.
    fn of(peer: &Peer) -> Self {
        Self::new(&format!(
            "default_profile = \"fleare\"\n[profile.fleare]\nsystem = \"fleare\"\n\
             url = \"fleare://127.0.0.1:{}\"\nallow_plain = true\ntimeout = \"1s\"\n\
             [profile.fleare.login]\nmethod = \"password\"\nuser = \"admin\"\npassword = \"s3cret\"\n",
            peer.port
        ))
    }

    async fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
        command.env_clear().env("HOME", self.0.path());
        command
            .arg("--config")
            .arg(self.0.path().join("config.toml"));
        command.args(args);
        let ended = tokio::task::spawn_blocking(move || command.output()).await;
        ended.expect("it ends").expect("it starts")
    }

    /// Standard output and standard error of a command that ends with 0.
    async fn out(&self, args: &[&str]) -> (String, String) {
        let output = self.run(args).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {error}");
        (String::from_utf8(output.stdout).expect("it is text"), error)
    }

    fn screen(&self, cols: u16, rows: u16) -> Pty {
        let mut command = pty::command(env!("CARGO_BIN_EXE_usher"), self.0.path());
        command.arg("--config");
        command.arg(self.0.path().join("config.toml"));
        Pty::start(command, cols, rows)
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_answer_is_told_field_by_field_on_the_command_line() {
    let peer = Peer::documented().await;
    let program = Program::of(&peer);

    let (who, _) = program.out(&["whoami", "-o", "json"]).await;
    let documented = r#"{"session_id":"8-127.0.0.1:53531","user":{"Username":"admin","Password":"*******","Role":"Admin"},"status":1,"created_at":"2025-05-01T17:33:15.497273Z","last_accessed_at":"2025-05-01T17:33:15.497273Z"}"#;
    assert_eq!(json(&who)[0]["session"], json(documented));
    assert_eq!(json(&who)[0]["name"], "admin");

    let (row, note) = program.out(&["list", "-o", "jsonl"]).await;
    let (got, _) = program
        .out(&["get", vectors::DOCUMENTED_ID, "-o", "jsonl"])
        .await;
    let (raw, _) = program.out(&["get", vectors::DOCUMENTED_ID, "--raw"]).await;
    for row in [json(&row), json(&got)] {
        assert_eq!(row["id"], vectors::DOCUMENTED_ID, "{row}");
        assert_eq!(row["user"], "admin", "{row}");
        assert_eq!(row["created"], "2025-05-01T17:33:15.497Z", "{row}");
        assert_eq!(row["last_used"], "2025-05-01T17:33:15.497Z", "{row}");
        assert_eq!(
            (&row["own"], &row["deletable"]),
            (&true.into(), &true.into()),
            "{row}"
        );
        assert_eq!(row["attributes"]["Role"], "Admin", "{row}");
        assert_eq!(row["attributes"]["Password"], "*******", "{row}");
        assert_eq!(row["attributes"]["status"], "active", "{row}");
    }
    assert_eq!(json(&raw), json(documented));
    assert!(
        note.contains("Fleare shows usher's own session only"),
        "{note}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_counts_and_actions_work_as_for_any_system() {
    let (emulator, program) = Program::emulated().await;

    let count = ["list", "--count", "user:jdoe @Role:Admin created>now-1h"];
    assert_eq!(program.out(&count).await.0, "1\n");
    assert_eq!(
        program.out(&["list", "--count", "user:root"]).await.0,
        "0\n"
    );
    let (csv, _) = program
        .out(&["list", "--fields", "user,@Role,ip", "-o", "csv"])
        .await;
    assert_eq!(csv, "user,'@Role,ip\njdoe,Admin,127.0.0.1\n");
    let (pong, _) = program.out(&["act", "ping"]).await;
    assert!(
        pong.contains("answered after") && pong.contains(" ms"),
        "{pong}"
    );
    let (status, _) = program.out(&["act", "status"]).await;
    assert!(status.contains("shard_info.0.name"), "{status}");
    until(|| emulator.emulated::<FleareServer>().ids().is_empty()).await;

    let other = program.run(&["revoke", "7-127.0.0.1:1", "--yes"]).await;
    let told = String::from_utf8_lossy(&other.stderr).into_owned()
        + &String::from_utf8_lossy(&other.stdout);
    assert!(!other.status.success(), "{told}");
    assert!(told.contains("usher's own"), "{told}");
    let (ended, _) = program
        .out(&["revoke", "--query", "user:jdoe", "--yes"])
        .await;
    assert!(ended.starts_with("ended "), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_peer_sends_a_command_says_so_within_the_limit() {
    let run = oddities()
        .into_iter()
        .map(|(what, odd, _, part)| async move {
            let peer = Peer::after_sign_in(odd).await;
            let program = Program::of(&peer);
            let begun = Instant::now();

            let output = program.run(&["list"]).await;

            let error = String::from_utf8_lossy(&output.stderr);
            assert!(
                !output.status.success() && output.stdout.is_empty(),
                "{what}: {error}"
            );
            assert!(error.contains(part), "{what}: {error}");
            assert!(!error.contains("s3cret"), "{what}: {error}");
            assert!(begun.elapsed() < Duration::from_secs(8), "{what}");
        });
    futures_util::future::join_all(run).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_peer_sends_the_screen_says_so_and_lives_on() {
    for (what, odd, _, part) in oddities() {
        // Those that are told apart by time, one that is closed, and one that is too long.
        if !matches!(odd, Answer::Drip(_) | Answer::Stall(_)) {
            continue;
        }
        let peer = Peer::after_sign_in(odd).await;
        let program = Program::of(&peer);
        let mut screen = program.screen(80, 24);
        let told = tokio::task::spawn_blocking(move || {
            screen.wait_for("1 Search");
            screen.keys("\r");
            screen.wait_for("Search failed");
            let told = screen.text();
            screen.keys("\x1b");
            screen.wait_gone("Search failed");
            // Out of the form, where q is a letter.
            screen.keys("\x1b");
            screen.settle(Duration::from_millis(300));
            screen.keys("q");
            screen.exit_code();
            told
        });
        let told = told.await.expect("it goes well");
        // A box breaks its lines.
        let first = part.split(' ').next().unwrap_or_default();
        assert!(told.contains(first), "{what}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_ends_its_own_connection_and_makes_it_anew_only_when_asked() {
    let (emulator, program) = Program::emulated().await;
    for (cols, rows) in [(80, 24), (120, 40)] {
        let server = emulator.emulated::<FleareServer>();
        let mut screen = program.screen(cols, rows);
        let seen = tokio::task::spawn_blocking(move || {
            screen.wait_for("1 Search");
            screen.keys("\r");
            screen.wait_for("jdoe");
            screen.wait_for("usher's own session only");
            let first = server.ids();
            screen.keys("\x1b[3~");
            screen.wait_for("usher's own connection");
            // A question takes no answer at once.
            screen.settle(Duration::from_millis(500));
            screen.keys("y");
            screen.wait_for("r reconnects");
            screen.wait_for("ended");
            let ended = screen.text();
            screen.settle(Duration::from_millis(800));
            let after = server.ids();
            screen.keys("r");
            screen.wait_gone("ended");
            screen.wait_for("jdoe");
            let again = server.ids();
            screen.keys("q");
            screen.exit_code();
            (first, ended, after, again)
        });
        let (first, ended, after, again) = seen.await.expect("it goes well");

        assert_eq!(first.len(), 1);
        assert!(ended.contains("disconnected"), "{ended}");
        if cols > 80 {
            assert!(ended.contains("disconnected (r to reconnect)"), "{ended}");
        }
        assert!(after.is_empty(), "{after:?}");
        assert!(again.len() == 1 && again != first, "{again:?}");
        let server = emulator.emulated::<FleareServer>();
        until(|| server.ids().is_empty()).await;
    }
}
