//! Two processes that need a new token at the same moment, from a server that gives each renewal once.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use usher::emulator::janssen::JanssenOptions;

use tokio::runtime::Runtime;

use crate::pty::{Pty, command};
use crate::scripted::{Act, Heard, Scripted, answer, json, whole};
use crate::support::Desk;

/// A list of one session.
const ONE: &str = r#"{"start":0,"totalEntriesCount":1,"entriesCount":1,"entries":[{
    "outsideSid":"a0000000-aaaa-4bbb-8ccc-000000000001","state":"authenticated",
    "creationDate":"2026-01-01T00:00:00","expirationDate":"2099-01-01T00:00:00","deletable":true,
    "sessionAttributes":{"auth_user":"the-one-session"}}]}"#;

/// `{"user_name":"jdoe"}`, signed by nobody.
const ABOUT: &str = "e30.eyJ1c2VyX25hbWUiOiJqZG9lIn0.x";

/// An authorization server that changes the renewal with every use, and ends everything when an old one
/// comes back.
#[derive(Default)]
struct Rotating {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Renewals that were given out.
    given: usize,
    /// True while the newest token of the person may still be used.
    fresh: bool,
    /// An old renewal came back.
    ended: bool,
    /// True while the tokens of the API are refused.
    over: bool,
    /// True until somebody has typed the code of a new sign-in.
    code_waits: bool,
}

impl Rotating {
    fn answer(&self, heard: &Heard) -> Act {
        let mut state = self.state.lock().unwrap();
        let line = heard.line();
        if line.contains("device_authorization") {
            return json(
                r#"{"device_code":"d","user_code":"AB-CD","interval":1,"expires_in":600,
                    "verification_uri":"http://127.0.0.1/device"}"#,
            );
        }
        if line.contains("userinfo") {
            let newest = format!("access_token=p{}", state.given);
            return if std::mem::take(&mut state.fresh) && heard.body.contains(&newest) {
                answer("200 OK", "application/jwt", ABOUT)
            } else {
                refused("401 Unauthorized", "invalid_token")
            };
        }
        if line.starts_with("POST") && heard.body.contains("ujwt=") {
            // The first one is over at once, so that it must be renewed.
            let seconds = if state.given == 1 { 0 } else { 3_600 };
            return json(&format!(
                r#"{{"access_token":"api{0}","expires_in":{seconds}}}"#,
                state.given
            ));
        }
        if line.starts_with("POST") {
            return state.token(&heard.body);
        }
        if !line.contains("session") {
            return answer("404 Not Found", "text/html", "<html>");
        }
        if state.over {
            answer("401 Unauthorized", "text/plain", "Token is Invalid.")
        } else {
            json(ONE)
        }
    }
}

impl State {
    fn token(&mut self, form: &str) -> Act {
        if self.code_waits && form.contains("device_code=") {
            return refused("400 Bad Request", "authorization_pending");
        }
        let newest = format!("refresh_token=r{}", self.given);
        self.ended |= form.contains("refresh_token=") && !form.contains(&newest);
        if self.ended {
            return refused("400 Bad Request", "invalid_grant");
        }
        self.given += 1;
        self.fresh = true;
        let body = format!(
            r#"{{"access_token":"p{0}","refresh_token":"r{0}"}}"#,
            self.given
        );
        let bytes = whole("200 OK", "Content-Type: application/json\r\n", &body);
        // Slow, so that the other process comes in between if it can.
        Act::Drip(bytes, Duration::from_millis(2))
    }
}

fn refused(status: &str, error: &str) -> Act {
    answer(
        status,
        "application/json",
        &format!(r#"{{"error":"{error}"}}"#),
    )
}

/// A profile that signs in to it in a browser.
fn device(server: &Scripted) -> String {
    format!(
        "[profile.emu]\nsystem = \"janssen\"\nurl = \"{0}\"\nauth_url = \"{0}\"\n\
         [profile.emu.login]\nmethod = \"device\"\nclient_id = \"c\"\n",
        server.url
    )
}

#[test]
fn f_cred_03_a_renewal_that_is_refused_needs_a_new_sign_in_and_ends_nothing() {
    let runtime = Runtime::new().unwrap();
    let rotating = Arc::new(Rotating::default());
    let there = Arc::clone(&rotating);
    let server = runtime.block_on(Scripted::start(move |_, heard| there.answer(heard)));
    let desk = Desk::bare();
    desk.write_config(&device(&server));
    desk.run(&["login"]).ends(0);
    rotating.state.lock().unwrap().ended = true;

    for args in [&["list"][..], &["revoke", "some-id", "--yes"]] {
        let before = server.heard().len();

        let ran = desk.run(args).ends(4);

        assert!(ran.err.contains("type the code AB-CD"), "{}", ran.err);
        assert!(ran.err.contains("usher login emu"), "{}", ran.err);
        let heard = server.heard();
        let renewals = heard[before..]
            .iter()
            .filter(|one| one.body.contains("refresh_token="));
        // For the look at the session, and for the end of it.
        let count = renewals.count();
        assert!((1..=2).contains(&count), "{count} for {args:?}");
    }
    assert_eq!(server.count("DELETE"), 0);
}

#[test]
fn f_cred_03_rows_and_form_stay_on_the_screen_when_a_renewal_is_refused() {
    let runtime = Runtime::new().unwrap();
    let rotating = Arc::new(Rotating::default());
    let there = Arc::clone(&rotating);
    let server = runtime.block_on(Scripted::start(move |_, heard| there.answer(heard)));
    let desk = Desk::bare();
    desk.write_config(&device(&server).replace("auth_url", "search_on_start = true\nauth_url"));
    desk.run(&["login"]).ends(0);
    let mut screen = command(env!("CARGO_BIN_EXE_usher"), desk.home());
    screen.env("USHER_CONFIG", desk.config_file());
    // Where `login` has left the sign-in.
    screen.env("XDG_STATE_HOME", desk.home().join(".local/state"));
    let mut pty = Pty::start(screen, 120, 40);
    pty.wait_for("all loaded");
    pty.keys("state:active user:the-*\r");
    pty.wait_for("the-one-session");
    pty.wait_for("all loaded");
    pty.keys("\x1b");
    pty.wait_for("╔═ Sessions");
    {
        let mut state = rotating.state.lock().unwrap();
        (state.ended, state.over, state.code_waits) = (true, true, true);
    }

    pty.keys("r");
    pty.wait_for("AB-CD");
    pty.keys("\x1b");
    pty.wait_for("not signed in; r retries");

    let text = pty.text();
    for kept in ["the-one-session", "user:the-*", " 1/1 ·"] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    pty.keys("\x1b[3~");
    pty.wait_for("End session?");
    pty.settle(Duration::from_millis(800));
    pty.keys("y");
    pty.wait_gone("End session?");
    pty.wait_for("sign-in needed");
    pty.wait_for("[ Sign in ]");
    let changes = server.count("DELETE");
    pty.keys("\r");
    pty.wait_for("AB-CD");
    // The code is typed in a browser.
    {
        let mut state = rotating.state.lock().unwrap();
        (state.ended, state.over, state.code_waits) = (false, false, false);
    }
    pty.wait_gone("AB-CD");

    // A delete is not done again by itself.
    pty.wait_for("[ Continue ]");
    pty.settle(Duration::from_millis(500));
    assert_eq!(server.count("DELETE"), changes);
    for kept in ["the-one-session", "user:the-*"] {
        assert!(pty.text().contains(kept), "{kept}: {}", pty.framed());
    }
    pty.keys("\r");
    pty.wait_for("+ 1 ended");
    assert_eq!(server.count("DELETE"), changes + 1);
    pty.keys("q");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn f_cred_02_of_two_processes_that_renew_at_once_neither_is_signed_out() {
    let runtime = Runtime::new().unwrap();
    let rotating = Rotating::default();
    let server = runtime.block_on(Scripted::start(move |_, heard| rotating.answer(heard)));
    let desk = Desk::bare();
    desk.write_config(&device(&server));
    desk.run(&["login"]).ends(0);

    let list = || desk.command(&["list"]).spawn().unwrap();
    let children = [list(), list()];
    for child in children {
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{err}");
    }

    let renewals = server.heard();
    let renewals = renewals
        .iter()
        .filter(|one| one.body.contains("refresh_token="));
    assert_eq!(renewals.count(), 1, "one renews for both");
}

#[test]
fn f_cred_01_tokens_of_a_short_life_do_not_cost_a_sign_in_for_each_of_a_hundred_changes() {
    let desk = Desk::with(usher::emulator::Options {
        sessions: 200,
        system: Arc::new(JanssenOptions {
            token_seconds: 30,
            ..Default::default()
        }),
        ..usher::emulator::Options::default()
    });
    let rows = desk.run(&["list", "state:active", "-o", "jsonl"]).ends(0);
    let rows = desk.kept(&rows.out);

    desk.run_with(&["revoke", "-", "--yes", "--concurrency", "16"], &rows);

    let journal = desk.emulator().journal();
    let tokens = journal.iter().filter(|one| one.path.ends_with("/token"));
    assert!(desk.deletes() > 100, "{}", desk.deletes());
    // One for the list and its end, and some if this machine is slow; before it was one a change.
    let tokens = tokens.count();
    assert!(tokens < 10, "{tokens} for {} changes", desk.deletes());
}
