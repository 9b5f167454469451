//! Slow, silent and dying servers: the screen goes on answering.

use rustix::process::Signal;
use std::time::{Duration, Instant};

use crate::{ESC, Server, Usher};

const SILENT: &str = r#"{"match":{"path":"*/session/search"},"action":"hang"}"#;

/// A server that does not answer searches, and a screen that waits for one.
fn waiting() -> (Server, Usher) {
    let server = Server::with_sessions(10);
    server.set_faults(&[SILENT]);
    let mut usher = Usher::at_with(&server, "search_on_start = true\n");
    usher.pty.wait_for("searching");
    (server, usher)
}

#[test]
fn a_silent_server_does_not_hold_up_keys() {
    let (_server, mut usher) = waiting();

    usher.pty.keys("anne");
    usher.pty.wait_for("[anne");
    usher.focus_table();
    usher.pty.keys("?");

    usher.pty.wait_for("Help");
}

#[test]
fn escape_stops_a_search_that_hangs() {
    let (server, mut usher) = waiting();
    usher.focus_table();

    usher.pty.keys(ESC);
    usher.pty.wait_gone("searching");
    server.set_faults(&[]);
    usher.pty.keys("r");

    usher.pty.wait_for("all loaded");
}

#[test]
fn quitting_does_not_wait_for_a_request_that_hangs() {
    let (_server, mut usher) = waiting();
    usher.focus_table();

    let start = Instant::now();
    usher.pty.keys("q");
    let code = usher.pty.exit_code();

    assert_eq!(code, 0);
    // Generous for a busy machine; what must not happen is waiting for the request.
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "it took {:?}",
        start.elapsed()
    );
    usher.pty.assert_given_back();
}

#[test]
fn a_server_that_dies_during_a_search_is_named_and_the_screen_goes_on() {
    let (mut server, mut usher) = waiting();

    server.kill();

    usher.pty.wait_for("Search failed");
    usher.pty.keys(ESC);
    usher.pty.wait_gone("Search failed");
    usher.focus_table();
    usher.quit();
}

#[test]
fn rows_stay_when_the_server_dies_before_a_reload() {
    let mut server = Server::with_sessions(10);
    let mut usher = Usher::at(&server);
    usher.focus_table();
    server.kill();

    usher.pty.keys("r");

    usher.pty.wait_for("E details");
    assert!(
        usher.pty.text().contains("active"),
        "{}",
        usher.pty.framed()
    );
    usher.quit();
}

#[test]
fn the_error_box_names_the_request_as_the_server_knows_it() {
    let server = Server::with_sessions(10);
    server.set_faults(&[
        r#"{"match":{"path":"*/session/search"},"action":"status","code":500,"body":"disk full"}"#,
    ]);
    let mut usher = Usher::at_with(&server, "search_on_start = true\n");

    usher.pty.wait_for("Search failed");
    usher.pty.wait_for("disk full");
    usher.pty.wait_for("request id");

    usher.pty.wait_for("session/search");
    usher.pty.wait_for("answered 500");
}

#[test]
fn a_secret_that_the_server_sends_back_is_on_no_line_of_the_screen() {
    let server = Server::with_sessions(12);
    let secret = server.running().auth().client_secret.clone();
    let fault = format!(
        r#"{{"match":{{"path":"*/session/search"}},"action":"status","code":500,
            "content_type":"application/json","body":"{{\"message\":\"bad {secret}\"}}"}}"#
    );
    server.set_faults(&[&fault]);
    let mut usher = Usher::at_with(&server, "search_on_start = true\n");
    usher.pty.wait_for("Search failed");
    usher.pty.wait_for("bad [redacted]");
    assert!(!usher.pty.text().contains(&secret));
    usher.pty.keys(ESC);
    usher.pty.wait_gone("═ Search failed");

    assert!(!usher.pty.text().contains(&secret));
    assert!(!usher.state().contains(&secret));
}

/// Where its searches began, without the one that only counts.
fn begun_at(server: &Server) -> Vec<String> {
    let journal = server.running().journal();
    let queries = journal.iter().filter_map(|entry| entry.query.as_deref());
    let starts = queries.filter(|query| query.starts_with("limit=100"));
    starts
        .filter_map(|query| {
            Some(
                query
                    .split_once("startIndex=")?
                    .1
                    .split('&')
                    .next()?
                    .to_owned(),
            )
        })
        .collect()
}

#[test]
fn f_http_06_and_07_rows_stay_when_a_page_breaks_off_and_r_goes_on_there() {
    for broken in [
        r#"{"match":{"path":"*/session/search","nth":[3,99]},"action":"reset","after_bytes":900}"#,
        r#"{"match":{"path":"*/session/search","nth":[3,99]},"action":"close","after_bytes":900}"#,
        r#"{"match":{"path":"*/session/search","nth":[3,99]},"action":"close","after_bytes":900,"framing":"chunked"}"#,
    ] {
        let server = Server::with_sessions(250);
        // The first search asks who we are.
        server.set_faults(&[broken]);
        let mut usher = Usher::at_with(&server, "search_on_start = true\n");
        usher.pty.wait_for("1/100 · stopped: connection lost (E)");
        let total = server.world().count();
        let incomplete = format!("incomplete: 100 rows of {total} · r continues · ");
        usher.pty.wait_for(&incomplete);

        server.set_faults(&[]);
        usher.focus_table();
        let before = begun_at(&server).len();
        usher.pty.keys("r");

        usher.pty.wait_for("all loaded");
        assert!(!usher.pty.text().contains("incomplete"));
        let after = begun_at(&server)[before..].to_vec();
        assert_eq!(after, ["100", "200"], "{broken}");
        usher.quit();
    }
}

#[test]
fn f_http_10_and_11_a_server_that_repeats_itself_is_left_and_that_is_told() {
    let entry = |n: usize| format!(r#"{{"outsideSid":"s-{n}","state":"authenticated"}}"#);
    let entries: Vec<_> = (0..3).map(entry).collect();
    let body = format!(
        r#"{{"totalEntriesCount":1000000000000,"entries":[null,{}]}}"#,
        entries.join(",")
    );
    let fault = serde_json::json!({
        "match": { "path": "*/session/search" },
        "action": "status", "code": 200, "content_type": "application/json", "body": body,
    });
    let server = Server::with_sessions(10);
    server.set_faults(&[&fault.to_string()]);

    let mut usher = Usher::at_with(&server, "search_on_start = true\n");

    usher
        .pty
        .wait_for("the server repeats rows that are loaded already");
    usher.pty.wait_for("6 duplicates dropped");
    let text = usher.pty.text();
    assert!(text.contains("3 rows could not be read"), "{text}");
    assert!(!text.contains("all loaded"), "{text}");
    assert_eq!(begun_at(&server).len(), 3);
    usher.focus_table();
    usher.quit();
}

#[test]
fn f_http_01_to_04_rows_stay_when_a_reload_brings_garbage() {
    let server = Server::with_sessions(10);
    let mut usher = Usher::at(&server);
    usher.focus_table();
    for (kind, words) in [
        ("html", "a web page (title"),
        ("empty", "the answer is empty"),
        ("not_json", "not valid JSON"),
        ("wrong_shape", "expected a list, got an object"),
        ("deep", "at byte"),
    ] {
        let fault = format!(
            r#"{{"match":{{"path":"*/session/search"}},"action":"garbage","kind":"{kind}"}}"#
        );
        server.set_faults(&[&fault]);

        usher.pty.keys("r");

        usher.pty.wait_for(words);
        let text = usher.pty.text();
        assert!(
            text.contains("active") && text.contains("stopped: "),
            "{text}"
        );
        if kind == "not_json" {
            usher.pty.keys("E");
            usher.pty.wait_for("Its text: ");
            let text = usher.pty.text();
            assert!(text.contains("{'a':1,}"), "{text}");
            usher.pty.keys(ESC);
            usher.pty.wait_gone("The text there");
        }
        server.set_faults(&[]);
        usher.pty.keys("r");
        usher.pty.wait_for("all loaded");
    }
    usher.quit();
}

#[test]
fn f_http_15_a_token_that_is_refused_again_leaves_the_form_and_the_rows() {
    let server = Server::with_sessions(10);
    let mut usher = Usher::at(&server);
    usher.focus_table();
    let tokens = || {
        let journal = server.running().journal();
        journal
            .iter()
            .filter(|entry| entry.path.ends_with("/token"))
            .count()
    };
    let before = tokens();
    server.set_faults(&[
        r#"{"match":{"path":"*/session/search"},"action":"auth","kind":"401_always"}"#,
    ]);

    usher.pty.keys("/");
    usher.pty.wait_for("╔═ 1 Search");
    usher.pty.keys("state:active\r");

    usher.pty.wait_for("the server refused the token");
    let text = usher.pty.text();
    assert!(text.contains("[state:active "), "the form: {text}");
    assert!(
        text.contains("portal") || text.contains(" active "),
        "the rows: {text}"
    );
    assert_eq!(tokens(), before + 1, "one renewal");
    server.set_faults(&[]);
    usher.pty.keys("\r");
    usher.pty.wait_gone("the server refused the token");
    assert!(usher.pty.text().contains("[state:active "));
    usher.focus_table();
    usher.quit();
}

#[test]
fn f_http_09_the_counter_of_a_long_search_moves_and_escape_stops_it() {
    let server = Server::with_sessions(60_000);
    let mut usher = Usher::at_with(&server, "search_on_start = true\npage_size = 200\n");
    let rows = |screen: &str| -> Option<u32> {
        let (_, rest) = screen.split_once("searching… ")?;
        let (number, _) = rest.split_once(" rows")?;
        number.replace(',', "").parse().ok()
    };
    let first = std::cell::Cell::new(None);
    usher.pty.wait_until("the number of rows moves", |screen| {
        let now = rows(&screen.contents());
        first.set(first.get().or(now));
        now > first.get()
    });

    // Out of the form, where the focus still is there.
    usher.pty.keys(ESC);
    usher.pty.settle(Duration::from_millis(200));
    usher.pty.keys(ESC);

    usher.pty.wait_for("search stopped");
    // The server is still reading what was on its way.
    usher.pty.settle(Duration::from_millis(200));
    let asked = server.requests("GET");
    usher.pty.settle(Duration::from_millis(300));
    assert_eq!(server.requests("GET"), asked, "nothing more is asked for");
    assert!(asked < 300, "{asked}");
    usher.quit();
}

/// Searches are answered 429, with this time to come back.
fn busy(seconds: u32) -> String {
    format!(
        r#"{{"match":{{"path":"*/session/search"}},"action":"status","code":429,"headers":{{"Retry-After":"{seconds}"}}}}"#
    )
}

#[test]
fn f_http_18_a_wait_counts_down_on_the_screen_and_escape_stops_it() {
    let server = Server::with_sessions(10);
    server.set_faults(&[&busy(40)]);
    let mut usher = Usher::at_with(&server, "search_on_start = true\n");

    usher.pty.wait_for("answered 429: waiting 39 s · Esc stops");
    let asked = server.requests("GET");
    usher.pty.wait_for("waiting 38 s");
    usher.focus_table();
    usher.pty.keys(ESC);

    usher.pty.wait_gone("waiting 3");
    assert_eq!(server.requests("GET"), asked);
    usher.quit();
}

#[test]
fn f_http_18_a_long_wait_is_told_and_only_the_operator_asks_all_the_same() {
    let server = Server::with_sessions(10);
    server.set_faults(&[&busy(600)]);
    let mut usher = Usher::at_with(&server, "search_on_start = true\n");

    usher.pty.wait_for("asks to wait 10 min");
    let asked = server.requests("GET");
    server.set_faults(&[]);
    usher.pty.keys(ESC);
    usher.pty.wait_gone("Search failed");
    usher.focus_table();
    usher.pty.keys("r");

    usher.pty.wait_for("all loaded");
    assert!(server.requests("GET") > asked);
    usher.quit();
}

/// From the third page on the server knows nothing of the list any more.
fn forgets(status: u16) -> String {
    format!(
        r#"{{"match":{{"path":"*/session/search","nth":[3,99]}},"action":"status","code":{status},"body":"gone"}}"#
    )
}

#[test]
fn f_http_13_a_listing_that_the_server_forgot_keeps_its_rows_and_starts_again() {
    for status in [410, 400] {
        let server = Server::with_sessions(300);
        server.set_faults(&[&forgets(status)]);
        let mut usher = Usher::at_with(&server, "search_on_start = true\npage_size = 50\n");

        usher.pty.wait_for("the server forgot this listing");
        usher.pty.wait_for("stopped: list forgotten (E)");
        assert!(
            usher.pty.text().contains("active"),
            "{}",
            usher.pty.framed()
        );
        usher.focus_table();
        usher.pty.keys("E");
        usher.pty.wait_for("Press r to start again");
        usher.pty.keys(ESC);
        usher.pty.wait_gone("Press r to start again");
        server.set_faults(&[]);
        usher.pty.keys("r");

        usher.pty.wait_for("all loaded");
        usher.quit();
    }
}

#[test]
fn f_http_14_a_filter_that_the_server_refuses_is_told_beside_its_field() {
    let server = Server::with_sessions(10);
    let mut usher = Usher::at(&server);
    usher.focus_table();
    server.set_faults(&[
        r#"{"match":{"path":"*/session/search"},"action":"status","code":400,"body":"no \u001b[31msuch user"}"#,
    ]);
    usher.pty.keys("/user:anne\r");
    usher.pty.wait_for("such user. E details");

    usher.pty.keys("/");

    // In the form and in the status line.
    usher.pty.wait_until("the refusal in the form", |screen| {
        let text = screen.contents();
        text.matches("such user").count() >= 2 && text.contains("user:anne")
    });
    assert!(!usher.pty.text().contains("\u{1b}[31m"));
}

#[test]
fn f_http_24_a_search_that_hangs_shows_how_long_it_has_been() {
    let (_server, mut usher) = waiting();

    usher.pty.wait_for("searching… 1 s · Esc stops");
    usher.pty.wait_for("searching… 2 s · Esc stops");
}

#[test]
fn f_http_26_a_late_answer_of_an_earlier_search_is_thrown_away() {
    let server = Server::with_sessions(60);
    server.set_faults(&[
        r#"{"match":{"path":"*/session/search","nth":[1,1]},"action":"delay","ms":1500}"#,
    ]);
    let mut usher = Usher::at_with(&server, "search_on_start = true\n");
    server.wait_for_requests("GET", 2);
    usher.focus_table();
    usher.pty.keys("/user:nobody-has-this-name\r");

    usher.pty.wait_for("No session matches this search");
    usher.pty.settle(Duration::from_secs(2));

    let text = usher.pty.text();
    assert!(
        text.contains("No session matches"),
        "{}",
        usher.pty.framed()
    );
}

#[test]
fn f_net_05_after_a_sleep_in_the_middle_of_a_request_the_limit_ends_it() {
    let server = Server::with_sessions(10);
    let mut usher = Usher::at_with(&server, "search_on_start = true\ntimeout = \"2s\"\n");
    usher.pty.wait_for("all loaded");
    usher.focus_table();
    let asked = server.requests("GET");
    server.set_faults(&[SILENT]);
    usher.pty.keys("r");
    server.wait_for_requests("GET", asked + 1);

    usher.signal(Signal::STOP);
    std::thread::sleep(Duration::from_secs(5));
    let woken = Instant::now();
    usher.signal(Signal::CONT);

    usher.pty.wait_for("did not answer within 2 s");
    // Three tries of 2 s at most, with pauses of up to 1.5 s between them.
    assert!(
        woken.elapsed() < Duration::from_secs(10),
        "{:?}",
        woken.elapsed()
    );
    // The rows of before stay, and it is told how old they are.
    assert!(
        usher.pty.text().contains("active"),
        "{}",
        usher.pty.framed()
    );
    usher.pty.keys("E");
    usher.pty.wait_for("rows on screen are from");
    usher.pty.keys(ESC);
    usher.quit();
}
