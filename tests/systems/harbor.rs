//! A system that usher does not carry: its client and its emulator are an example, and no line of usher knows it.

#[path = "../../examples/harbor/client.rs"]
mod client;
#[path = "../../examples/harbor/server.rs"]
mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use usher::api::{System, Systems};
use usher::config::{Login, Profile};
use usher::emulator::{Options, Running};
use usher::model::SessionKey;

use crate::conformance::{LongList, SystemFixture};
use crate::pty::{self, Pty};

struct Harbor;

impl SystemFixture for Harbor {
    fn options() -> Options {
        Options::of(Arc::new(server::HarborOptions))
    }

    fn profile(emulator: &Running) -> Profile {
        let url = emulator.url().parse().expect("an address");
        let spec = client::HarborSystem::new().spec().clone();
        Profile::new("harbor", spec, url, Login::None)
    }

    fn systems() -> Systems {
        Systems::built_in().and(Arc::new(client::HarborSystem::new()))
    }

    fn options_with_limit(_rows: usize) -> Options {
        Self::options()
    }

    const LONG_LIST: LongList = LongList::GoesOn;

    fn count(emulator: &Running) -> usize {
        emulator.emulated::<server::HarborServer>().count()
    }

    fn end(emulator: &Running, key: &SessionKey) -> bool {
        let server = emulator.emulated::<server::HarborServer>();
        server.end(key.expose())
    }

    const LISTS: &'static str = r#"{"operation":"list"}"#;
    const ENDS: &'static str = r#"{"operation":"end"}"#;
}

conformance!(Harbor:
    pages_to_the_end, a_limit_of_the_server_is_never_silent, every_field_filters,
    unreported_fields_are_admitted, ends_once, each_session_has_its_own_outcome, a_lost_answer_is_settled,
    a_lost_request_is_not_called_an_end, a_refused_end_is_told_and_ends_nothing,
    an_expired_session_whose_end_failed_had_gone, a_cut_body_is_an_error,
    an_answer_that_is_no_list_is_never_a_short_one, a_hanging_server_ends_by_the_limit_or_by_dropping,
    a_server_killed_in_the_middle_of_a_list_is_an_error
);

/// The program with this system and the profile of an emulator.
struct Program {
    home: tempfile::TempDir,
    emulator: Running,
}

impl Program {
    async fn new(sessions: usize) -> Self {
        let options = Options {
            sessions,
            ..Harbor::options()
        };
        let emulator = crate::running(options).await;
        let home = tempfile::tempdir().expect("a folder");
        let config = home.path().join("config.toml");
        std::fs::write(config, emulator.config_toml("quay")).expect("a file");
        Self { home, emulator }
    }

    /// Where it was built, beside the tests.
    fn path() -> PathBuf {
        let usher = Path::new(env!("CARGO_BIN_EXE_usher"));
        let path = usher.with_file_name("examples").join("harbor");
        let hint = "it is built by `cargo test`, or by `cargo build --example harbor`";
        assert!(path.exists(), "{}: {hint}", path.display());
        path
    }

    /// Runs a command to its end.
    async fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(Self::path());
        command.env_clear().env("HOME", self.home.path());
        command
            .arg("--config")
            .arg(self.home.path().join("config.toml"));
        command.args(args);
        let ended = tokio::task::spawn_blocking(move || command.output()).await;
        ended.expect("it ends").expect("it starts")
    }

    async fn out(&self, args: &[&str]) -> String {
        let output = self.run(args).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {error}");
        String::from_utf8(output.stdout).expect("it is text")
    }

    /// Opens its screen.
    fn screen(&self) -> Pty {
        let path = Self::path();
        let mut command = pty::command(path.to_str().expect("a path"), self.home.path());
        command.arg("--config");
        command.arg(self.home.path().join("config.toml"));
        Pty::start(command, 120, 40)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_lists_and_ends_what_it_was_never_told_of() {
    let program = Program::new(8).await;

    let systems = program.out(&["systems", "-o", "json"]).await;
    assert!(systems.contains("Harbor"), "{systems}");

    let everybody = program.run(&["list"]).await;
    let error = String::from_utf8_lossy(&everybody.stderr);
    assert_eq!(everybody.status.code(), Some(2), "{error}");
    assert!(error.contains("all (the sessions of everybody)"), "{error}");
    let count = program.out(&["list", "--way", "all", "--count"]).await;
    assert_eq!(count, "6 desk, 2 link\n");

    let ada = program.out(&["list", "user:ada", "-o", "jsonl"]).await;
    let first = serde_json::from_str::<serde_json::Value>(ada.lines().next().expect("a line"));
    let first = first.expect("it is JSON");
    let seen = ["id", "key", "kind", "user"].map(|name| first[name].as_str().expect("a text"));
    assert_eq!(seen, ["0", "desk/0", "desk", "ada"]);
    let berths = [
        "list",
        "user:ada kind:desk",
        "--fields",
        "id,@berth",
        "-o",
        "csv",
    ];
    assert_eq!(program.out(&berths).await, "id,'@berth\n0,B0\n6,B6\n");

    // 0 is a desk of ada by the id of the harbor's own console, 3 usher's own link, 7 the link of another.
    program.out(&["revoke", "0", "--yes"]).await;
    program.out(&["revoke", "3", "--yes"]).await;
    let other = program.run(&["revoke", "7", "--yes"]).await;
    assert!(!other.status.success());
    let told = String::from_utf8_lossy(&other.stdout);
    assert!(told.contains("not your own session"), "{told}");
    assert_eq!(Harbor::count(&program.emulator), 6);
    let journal = program.emulator.journal();
    let ends = journal.iter().filter(|entry| entry.method == "end");
    assert_eq!(
        ends.map(|entry| &*entry.path).collect::<Vec<_>>(),
        ["0", "3"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_offers_the_way_shows_both_kinds_and_ends_one() {
    let program = Program::new(8).await;
    let mut screen = program.screen();

    let seen = tokio::task::spawn_blocking(move || {
        screen.wait_for("Harbor");
        screen.keys("\r");
        screen.wait_for("the sessions of everybody");
        screen.keys("\r");
        screen.wait_for("6 desk, 2 link");
        screen.wait_for("KIND");
        let table = screen.text();
        screen.keys("\x1b[3~");
        screen.wait_for("End session?");
        let question = screen.text();
        // A question takes no answer at once.
        screen.settle(Duration::from_millis(500));
        screen.keys("y");
        screen.wait_for("ended 1 session");
        (table, question, screen.text())
    });
    let (table, question, after) = seen.await.expect("it goes well");

    for part in ["KIND", "BERTH", "hb:0", "B6"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert!(question.contains("The desk is free at once"), "{question}");
    assert!(!question.contains("usher's own link"), "{question}");
    assert!(after.contains("1/7 (5 desk, 2 link) + 1 ended"), "{after}");
    assert_eq!(Harbor::count(&program.emulator), 7);
}
