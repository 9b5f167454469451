//! Signing in by the questions of a server, on the embedded OpenAM server.

use std::sync::Arc;
use std::time::Duration;

use usher::emulator::Options;
use usher::emulator::pingam::{AmOptions, AmService, ONE_TIME_CODE};

use crate::{DOWN, ESC, Server, Usher};

const ENTER: &str = "\r";

/// A server whose sign-in asks for more than a name and a password, and a screen that needs to sign in.
fn asked(service: AmService) -> (Server, Usher) {
    let server = Server::start(Options {
        sessions: 12,
        users: 4,
        system: Arc::new(AmOptions {
            service,
            ..AmOptions::default()
        }),
        ..Options::default()
    });
    let mut usher = Usher::at_with(&server, "search_on_start = true\n");
    usher.pty.wait_for("═ Sign in to test ═");
    (server, usher)
}

#[test]
fn a_second_factor_is_asked_step_by_step() {
    let (_server, mut usher) = asked(AmService::SecondFactor);
    usher.pty.wait_for("(•) App");
    usher.pty.keys(DOWN);
    usher.pty.wait_for("(•) Mail");
    usher.pty.keys(ENTER);

    usher.pty.wait_for("Code:");
    usher.pty.keys(ONE_TIME_CODE);
    usher.pty.wait_for("[••••••");
    usher.pty.keys(ENTER);

    usher.pty.wait_for("all loaded");
    usher.pty.wait_gone("Sign in to test");
    assert!(!usher.state().contains(ONE_TIME_CODE));
}

#[test]
fn a_wrong_answer_says_so_and_can_be_tried_again() {
    let (_server, mut usher) = asked(AmService::SecondFactor);
    usher.pty.keys(ENTER);
    usher.pty.wait_for("Code:");
    usher.pty.keys(&format!("wrong{ENTER}"));

    usher
        .pty
        .wait_for("the sign-in was refused: Authentication Failed");
    usher.pty.keys(ENTER);

    usher.pty.wait_for("How do you want to get the code?");
}

#[test]
fn escape_gives_the_sign_in_up_and_keeps_the_screen() {
    let (_server, mut usher) = asked(AmService::Question);

    usher.pty.keys(ESC);

    usher.pty.wait_for("not signed in; r retries");
    usher.pty.settle(Duration::from_millis(50));
    usher.pty.wait_gone("Sign in to test");
}

#[test]
fn waiting_for_another_device_goes_on_by_itself_until_that_has_answered() {
    let (_server, mut usher) = asked(AmService::Push);

    usher.pty.wait_for("> Waiting for an answer on your phone");
    usher.pty.wait_for("Waiting for the server");
    usher
        .pty
        .wait_for("> Still waiting for an answer on your phone");
    usher.pty.wait_for("all loaded");

    usher.pty.wait_gone("Sign in to test");
}

#[test]
fn escape_ends_the_waiting_for_another_device_and_it_can_be_begun_again() {
    let (server, mut usher) = asked(AmService::Push);
    usher.pty.wait_for("> Waiting for an answer on your phone");

    usher.pty.keys(ESC);
    usher.pty.wait_for("not signed in; r retries");
    let asked = server.running().journal().len();
    usher.pty.settle(Duration::from_millis(900));
    assert_eq!(
        server.running().journal().len(),
        asked,
        "nothing is asked any more"
    );
    usher.focus_table();
    usher.pty.keys("r");

    usher.pty.wait_for("all loaded");
}

#[test]
fn terms_are_agreed_to() {
    let (_server, mut usher) = asked(AmService::Terms);
    usher.pty.wait_for("> Use of this system is recorded.");
    usher.pty.wait_for("(•) Cancel");

    usher.pty.keys(&format!("\x1b[A{ENTER}"));

    usher.pty.wait_for("all loaded");
}

#[test]
fn a_screen_that_keeps_no_token_ends_it_when_it_is_left() {
    for (system, path) in [("openam", "/sessions"), ("janssen", "/revoke")] {
        let server = Server::start(Options {
            system: usher::emulator::system(system).expect("a system of the list"),
            sessions: 12,
            users: 4,
            ..Options::default()
        });
        let mut usher = Usher::at_with(&server, "search_on_start = true\nkeep_token = false\n");
        usher.pty.wait_for("all loaded");
        usher.focus_table();

        usher.quit();

        let journal = server.running().journal();
        let last = journal.last().expect("it was asked");
        let logs_out = last
            .query
            .as_deref()
            .is_none_or(|query| query.contains("_action=logout"));
        assert!(
            last.method == "POST" && last.path.ends_with(path) && logs_out,
            "{last:?}"
        );
    }
}
