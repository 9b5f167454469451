//! One person who has another name in each of three systems.

use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use usher::emulator::pingam::{AmOptions, AmService};
use usher::emulator::{self, Options, System};

use crate::{DOWN, Server, USHER, Usher, write_private};

/// The profiles, and the systems that they are of.
const PLACES: [(&str, &str); 3] = [("idp", "janssen"), ("am", "pingam"), ("db", "cockroach")];

fn options(system: Arc<dyn System>) -> Options {
    Options {
        system,
        sessions: 60,
        ..Options::default()
    }
}

/// Three systems, and a configuration with all of them: jane has sessions in each, under another name.
struct Rig {
    servers: Vec<Server>,
    names: Vec<String>,
    home: TempDir,
}

impl Rig {
    fn new() -> Self {
        let start = |place: &(&str, &'static str)| {
            let system = emulator::system(place.1).expect("a system");
            Server::start(options(system))
        };
        let mut rig = Self {
            servers: PLACES.iter().map(start).collect(),
            names: Vec::new(),
            home: tempfile::tempdir().expect("a folder"),
        };
        rig.write_config(&[]);
        let names: Vec<String> = PLACES.iter().map(|(name, _)| rig.somebody(name)).collect();
        let different: std::collections::BTreeSet<&String> = names.iter().collect();
        assert_eq!(different.len(), PLACES.len(), "{names:?}");
        rig.write_config(&names);
        rig.names = names;
        rig
    }

    /// The same, where one system wants its terms agreed to at the sign-in.
    fn with_terms() -> Self {
        let mut rig = Self::new();
        rig.servers[1] = Server::start(options(Arc::new(AmOptions {
            service: AmService::Terms,
            ..AmOptions::default()
        })));
        rig.write_config(&rig.names);
        rig
    }

    /// All profiles. `names`: those of jane in each.
    fn write_config(&self, names: &[String]) {
        let mut text = String::from("default_profile = \"idp\"\n");
        for (at, ((profile, _), server)) in PLACES.iter().zip(&self.servers).enumerate() {
            let own = server.running().config_toml(profile);
            let (_, table) = own.split_once("\n\n").expect("a table of its own");
            text += &format!("\n{table}\n");
            if let Some(name) = names.get(at) {
                text += &format!("[profile.{profile}.user_names]\njane = {name:?}\n");
            }
        }
        write_private(&self.home.path().join("config.toml"), &text);
    }

    /// Somebody with a few sessions in this system that can be ended, and who is nobody's in the others.
    fn somebody(&self, profile: &str) -> String {
        let found = self.run(&[
            "list",
            "state:active deletable:yes own:no",
            "-o",
            "jsonl",
            "--profile",
            profile,
        ]);
        let rows = String::from_utf8(found.stdout).expect("text");
        let rows: Vec<Value> = rows
            .lines()
            .map(|line| serde_json::from_str(line).expect("a row"))
            .collect();
        // Another one in each system.
        let place = PLACES.iter().position(|(name, _)| *name == profile);
        let mut users: Vec<&str> = rows.iter().filter_map(|row| row["user"].as_str()).collect();
        users.sort_unstable();
        users.dedup();
        users[place.expect("a place") * users.len() / PLACES.len()].to_owned()
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut run = Command::new(USHER);
        run.env_clear()
            .env("HOME", self.home.path())
            .env("XDG_STATE_HOME", self.home.path().join("state"))
            .arg("--config")
            .arg(self.home.path().join("config.toml"))
            .args(args);
        run.output().expect("it runs")
    }

    /// The screen with all three profiles, before anything was searched.
    fn screen(&self) -> Usher {
        let home = tempfile::tempdir().expect("a folder");
        let config = self.home.path().join("config.toml");
        let mut usher = Usher::run(home, 120, 40, move |command| {
            command.arg("--config");
            command.arg(&config);
            command.arg("--all-profiles");
        });
        usher.pty.wait_for("Enter search");
        usher
    }
}

/// Presses keys one by one, and counts them.
fn press(usher: &mut Usher, presses: &mut usize, keys: &[&str]) {
    for key in keys {
        *presses += 1;
        usher.pty.keys(key);
        usher.pty.settle(Duration::from_millis(80));
    }
}

/// Waits for the line of a system that says so.
fn has_none_left(usher: &mut Usher, profile: &str) {
    usher.pty.wait_until("its line", |screen| {
        let text = screen.contents();
        let mut lines = text.lines();
        lines.any(|line| line.contains(&format!(" {profile} ")) && line.contains(" 0 left"))
    });
}

const ENTER: &str = "\r";
const JANE: [&str; 4] = ["j", "a", "n", "e"];

#[test]
fn eleven_keys_end_one_person_under_three_names_in_three_systems() {
    let rig = Rig::new();
    let mut usher = rig.screen();
    let mut presses = 0;

    press(&mut usher, &mut presses, &JANE);
    usher.pty.wait_for("jane");
    press(&mut usher, &mut presses, &[ENTER]);
    usher.pty.wait_for("╔═ Sessions");
    usher.pty.wait_for("all loaded");
    press(&mut usher, &mut presses, &["U"]);
    usher.pty.wait_for("End every session of jane?");
    usher.pty.wait_gone("asking …");
    // A question takes no answer at once.
    usher.pty.settle(Duration::from_secs(1));
    press(&mut usher, &mut presses, &JANE);
    usher.pty.settle(Duration::from_secs(1));
    press(&mut usher, &mut presses, &[ENTER]);

    for (profile, _) in PLACES {
        has_none_left(&mut usher, profile);
    }
    assert_eq!(presses, 11);
    usher.pty.keys("\x1b");
    usher.quit();
}

#[test]
fn where_one_of_the_three_is_down_the_plan_says_so_and_the_others_are_ended() {
    let mut rig = Rig::new();
    rig.servers[2].kill();
    let mut usher = rig.screen();

    usher.pty.keys("jane\r");
    usher.pty.wait_for("connection refused");
    usher.pty.keys("\x1b");
    usher.pty.wait_for("╔═ Sessions");
    usher.pty.keys("U");
    usher.pty.wait_for("End every session of jane?");
    usher.pty.wait_gone("asking …");
    usher.pty.wait_for("not read:");
    usher.pty.settle(Duration::from_secs(1));
    usher.pty.keys("jane");
    usher.pty.wait_for("[jane");
    usher.answer(ENTER, |text| !text.contains("End every session of jane?"));

    for (profile, _) in &PLACES[..2] {
        has_none_left(&mut usher, profile);
    }
    usher.pty.keys("\x1b");
    usher.quit();
}

/// The cursor of the table, which stands on a session.
const ON_A_ROW: &str = "║>";
/// The text that the server with terms wants read.
const TERMS: &str = "Use of this system is recorded.";

/// Types the name that the plan asks for, once every system has answered.
fn type_name(usher: &mut Usher) {
    usher.pty.wait_gone("asking …");
    usher.pty.settle(Duration::from_secs(1));
    usher.pty.keys("jane");
    usher.pty.wait_for("[jane");
}

/// Agrees to the terms of the server that signs in.
fn agree(usher: &mut Usher) {
    usher.pty.wait_for("(•) Cancel");
    usher.pty.keys("\x1b[A\r");
    usher.pty.wait_gone(TERMS);
}

#[test]
fn ending_all_of_a_person_pauses_at_a_lost_sign_in_and_goes_on_after_signing_in() {
    let rig = Rig::with_terms();
    let am = rig.servers[1].running();
    let mut usher = rig.screen();
    usher.pty.keys("jane\r");
    agree(&mut usher);
    usher.pty.wait_for("╔═ Sessions");
    usher.pty.wait_for("all loaded");
    usher.pty.wait_for(ON_A_ROW);
    usher.pty.keys("U");
    usher.pty.wait_for("End every session of jane?");
    type_name(&mut usher);

    am.expire_tokens();
    let held = am.am().count();
    usher.answer(ENTER, |text| !text.contains("End every session of jane?"));
    usher.pty.wait_for("[ Sign in ]");
    usher.pty.settle(Duration::from_secs(1));
    assert_eq!(am.am().count(), held, "nothing ends without a sign-in");
    usher.pty.keys(ENTER);
    agree(&mut usher);

    // What was not done is not done by itself.
    usher.pty.wait_for("[ Continue ]");
    usher.pty.settle(Duration::from_secs(1));
    assert!(am.am().count() >= held, "the new sign-in is one more");
    usher.pty.keys(ENTER);
    for (profile, _) in PLACES {
        has_none_left(&mut usher, profile);
    }
    assert!(am.am().count() < held);
    usher.pty.keys("\x1b");
    usher.quit();
}

#[test]
fn the_plan_signs_in_where_nobody_is_signed_in_and_goes_on_with_the_sessions_there() {
    let rig = Rig::with_terms();
    let mut usher = rig.screen();

    usher.pty.keys("jane\r");
    usher.pty.wait_for(TERMS);
    usher.pty.keys("\x1b");
    usher.pty.wait_for("not signed in; r retries");
    usher.pty.wait_gone(TERMS);
    usher.focus_table();
    usher.pty.wait_for("2 of 3 systems");
    usher.pty.wait_for(ON_A_ROW);
    usher.pty.keys("U");
    usher.pty.wait_for("End every session of jane?");
    usher.pty.wait_for("Enter on its line signs in to am");
    usher.pty.keys(DOWN);
    usher.pty.wait_for("Enter sign in ·");
    usher.pty.keys(ENTER);
    agree(&mut usher);
    usher.pty.wait_for("End every session of jane?");
    usher.pty.wait_gone("signs in to am");
    type_name(&mut usher);
    usher.answer(ENTER, |text| !text.contains("End every session of jane?"));

    for (profile, _) in PLACES {
        has_none_left(&mut usher, profile);
    }
    usher.pty.keys("\x1b");
    usher.quit();
}

#[test]
fn where_one_of_the_three_is_down_the_commands_end_the_others_and_exit_with_3() {
    for words in [
        &["incident", "jane", "--yes"][..],
        &["revoke", "--user", "jane", "--yes", "--all-profiles"],
    ] {
        let mut rig = Rig::new();
        rig.servers[2].kill();

        let ran = rig.run(words);

        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(3), "{words:?}: {said}");
        let left = rig.run(&["list", "user:jane", "-o", "jsonl", "--profile", "idp,am"]);
        let rows = String::from_utf8(left.stdout).expect("text");
        let live = |row: &&str| row.contains("\"state\":\"active\"");
        assert_eq!(rows.lines().filter(live).count(), 0, "{words:?}: {rows}");
    }
}
