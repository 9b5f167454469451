//! The actions of a system, on the embedded PingAM and OpenAM servers.

use std::time::Duration;

use usher::emulator::Options;

use crate::{DOWN, ESC, Server, Usher};

const TAB: &str = "\t";
const ENTER: &str = "\r";

fn server(system: &str) -> Server {
    Server::start(Options {
        system: usher::emulator::system(system).expect("a system of the list"),
        sessions: 12,
        users: 4,
        ..Options::default()
    })
}

/// The table of a server's sessions, with the focus.
fn listed(server: &Server) -> Usher {
    let mut usher = Usher::at(server);
    usher.focus_table();
    usher
}

/// Opens the questions of the action at this place of the description, and waits until they take answers. In
/// the menu the seven that act on tokens, which are described first, come last.
fn ask(usher: &mut Usher, place: usize, title: &str) {
    let place = (place + 3) % 10;
    usher.pty.keys("a");
    usher.pty.wait_for("═ Actions ═");
    usher.pty.keys(&DOWN.repeat(place));
    usher.pty.keys(ENTER);
    usher.pty.wait_for(&format!("═ {title}"));
    usher.pty.settle(Duration::from_millis(200));
}

/// How often the server was asked for this.
fn asked_for(server: &Server, action: &str) -> usize {
    let journal = server.running().journal();
    let what = format!("_action={action}");
    let queries = journal.iter().filter_map(|entry| entry.query.as_deref());
    queries
        .filter(|query| query.split('&').any(|part| part == what))
        .count()
}

/// The token must have left no trace on the screen and in the files.
fn assert_unseen(usher: &mut Usher, token: &str) {
    usher.pty.wait_quiet(Duration::from_millis(60));
    let written = String::from_utf8_lossy(&usher.pty.written).into_owned();
    assert!(!written.contains(token), "the token was drawn");
    assert!(!usher.state().contains(token), "the token was written down");
}

#[test]
fn a_pasted_token_is_asked_about_and_never_shown() {
    let server = server("pingam");
    let token = server.running().am_auth().token.clone();
    let mut usher = listed(&server);
    ask(&mut usher, 0, "Show the session of a token");

    usher.pty.paste(&format!("{token}\n"));
    usher.pty.wait_for("[••••");
    usher.pty.keys(ENTER);

    usher.pty.wait_for("a session of amadmin in /");
    usher.pty.wait_for("maxSessionExpirationTime");
    usher.pty.keys(ESC);
    usher.pty.wait_for("╔═ Sessions");
    assert_unseen(&mut usher, &token);
    usher.quit();
}

#[test]
fn what_the_server_lacks_says_why() {
    let server = server("openam");
    let mut usher = listed(&server);
    usher.pty.keys("a");
    usher
        .pty
        .wait_for("(End all sessions of this user in one realm) OpenAM has no logoutByUser");

    // The row's own two, the filter, and the first of the tools for tokens come before it.
    usher.pty.keys(&DOWN.repeat(4));
    usher
        .pty
        .wait_for("OpenAM has no getSessionInfoAndResetIdleTime");
    usher.pty.keys(ENTER);

    usher
        .pty
        .wait_for("~ OpenAM has no getSessionInfoAndResetIdleTime");
    assert_eq!(asked_for(&server, "getSessionInfoAndResetIdleTime"), 0);
}

#[test]
fn a_change_that_is_cancelled_sends_nothing_and_a_confirmed_one_is_done_once() {
    let server = server("pingam");
    let token = server.running().am_auth().token.clone();
    let mut usher = listed(&server);
    for no in [ENTER, "n", ESC] {
        ask(&mut usher, 6, "Log out the session of a token?");
        usher.pty.paste(&token);
        usher.pty.keys(ENTER);
        usher.pty.wait_for("y run");
        usher.answer(no, |text| !text.contains("Log out the session of a token?"));
    }
    assert_eq!(asked_for(&server, "logout"), 0);

    ask(&mut usher, 6, "Log out the session of a token?");
    usher.pty.paste(&token);
    usher.pty.keys(&format!("{ENTER}{TAB}"));
    usher.answer(&ENTER.repeat(3), |text| {
        !text.contains("Log out the session of a token?")
    });

    usher.pty.wait_quiet(Duration::from_millis(200));
    assert_eq!(asked_for(&server, "logout"), 1);
    let state = usher.state();
    for event in ["\"event\":\"asked\"", "\"event\":\"done\""] {
        assert_eq!(state.matches(event).count(), 1, "{event} in {state}");
    }
    assert_unseen(&mut usher, &token);
}

#[test]
fn a_filter_of_the_servers_own_gives_a_table_and_its_mistakes_stand_under_the_field() {
    let server = server("openam");
    let mut usher = listed(&server);
    ask(&mut usher, 9, "List sessions with a raw server filter");

    usher.pty.keys("nonsense");
    usher.pty.keys(&format!("{ENTER}{ENTER}"));
    usher.pty.wait_for("! the server says:");
    usher.pty.keys("\x15");
    usher.pty.keys("realm eq \"/\"");
    usher.pty.keys(&format!("{ENTER}{ENTER}"));

    usher.pty.wait_for("latestAccessTime");
    usher.pty.keys("\x1b[C\x1b[C\x1b[C\x1b[C");
    usher.pty.wait_for("sessionHandle");
}

/// Keys of the profile that stand before its way to sign in.
fn listed_with(server: &Server, keys: &str) -> Usher {
    let mut usher = Usher::at_with(server, &format!("search_on_start = true\n{keys}"));
    usher.pty.wait_for("sh:…");
    usher.focus_table();
    usher
}

#[test]
fn a_filter_of_the_servers_own_shows_no_handles_and_says_where_it_was_cut() {
    let server = server("pingam");
    server.running().am().set_list_limit(5);
    let mut usher = listed_with(&server, "list_limit = 5\n");
    ask(&mut usher, 9, "List sessions with a raw");

    usher.pty.keys(&format!("{ENTER}{ENTER}"));
    usher
        .pty
        .wait_for("5 sessions; the server cuts its lists there");
    usher.pty.keys("\x1b[C\x1b[C\x1b[C\x1b[C");
    usher.pty.wait_for("sessionHandle");
    usher.pty.wait_for("sh:…");

    assert!(!usher.pty.text().contains("shandle:"));
}

#[test]
fn escape_ends_a_question_that_hangs_and_the_next_one_is_answered() {
    let server = server("pingam");
    let token = server.running().am_auth().token.clone();
    let mut usher = listed(&server);
    server.set_faults(&[r#"{"match":{"method":"POST","path":"*/sessions*"},"action":"hang"}"#]);
    ask(&mut usher, 0, "Show the session of a token");
    usher.pty.paste(&format!("{token}\n"));
    usher.pty.wait_for("[••••");
    usher.pty.keys(ENTER);
    usher.pty.wait_for("Waiting for the server");

    usher.pty.keys(ESC);
    usher.pty.wait_for("Show the session of a token: cancelled");
    server.set_faults(&[]);
    ask(&mut usher, 0, "Show the session of a token");
    usher.pty.paste(&format!("{token}\n"));
    usher.pty.wait_for("[••••");
    usher.pty.keys(ENTER);

    usher.pty.wait_for("a session of amadmin in /");
    assert_unseen(&mut usher, &token);
}

#[test]
fn a_reason_is_asked_where_the_profile_wants_one_and_written_down() {
    let server = server("pingam");
    let mut usher = listed_with(&server, "require_reason = true\n");
    // The time of the last one runs out by itself.
    usher.pty.keys("Gk");
    ask(&mut usher, 7, "End this session by its handle?");
    usher.pty.wait_for("Reason, for the audit log");
    usher.pty.keys(ENTER);
    usher.answer("y", |text| text.contains("! this profile wants a reason"));

    usher.pty.keys("INC-4711");
    usher.pty.wait_for("[INC-4711");
    usher.pty.keys(ENTER);
    usher.answer("y", |text| text.contains("the session has ended"));

    usher.pty.wait_for(" ended ");
    assert!(usher.state().contains("INC-4711"));
}

#[test]
fn after_all_sessions_of_a_user_ended_the_list_is_read_again() {
    let server = server("pingam");
    let mut usher = listed(&server);
    usher.pty.keys("G");
    let lists = || {
        let journal = server.running().journal();
        let queries = journal.iter().filter_map(|entry| entry.query.clone());
        queries
            .filter(|query| query.contains("_queryFilter"))
            .count()
    };
    ask(&mut usher, 8, "End all sessions of this user in one realm?");
    let before = lists();
    let text = usher.pty.text();
    let (_, on) = text.split_once("On  ").expect("whose sessions");
    let (name, _) = on.split_once(" in ").expect("in which realm");

    usher.pty.keys("y\r");
    usher.answer("y", |text| text.contains("no match"));
    usher.pty.keys(&format!("\u{15}{name}\r"));
    usher.answer("y", |text| {
        text.contains("the server ended all sessions of")
    });

    usher.pty.wait_until("another list", |_| lists() > before);
}
