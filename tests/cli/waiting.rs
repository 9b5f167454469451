//! Servers that ask to be left alone for a while: nothing goes to them, and the person is told.

use std::time::{Duration, Instant};

use usher::emulator::Options;

use crate::support::Desk;

/// The third request with this method is answered so, once.
fn third(method: &str, status: u16, headers: &str) -> String {
    format!(
        r#"{{"match":{{"method":"{method}","nth":[3,3]}},"times":1,"action":"status","code":{status},"headers":{{{headers}}}}}"#
    )
}

/// When each request came, in milliseconds since the first.
fn times(desk: &Desk) -> Vec<(String, i64)> {
    let journal = desk.emulator().journal();
    let first = journal.first().map_or(0, |entry| entry.time_ms);
    let times = journal
        .into_iter()
        .map(|entry| (entry.method, entry.time_ms - first));
    times.collect()
}

#[test]
fn f_http_18_one_refusal_pauses_every_worker_until_the_time_told() {
    for status in [429, 503] {
        let desk = Desk::new();
        let fault = third("DELETE", status, r#""Retry-After":"2""#);
        desk.emulator().set_faults(&[fault]).unwrap();

        let ran = desk.run(&["revoke", "--query", "state:active", "--yes"]);

        let times = times(&desk);
        let refused = times.iter().filter(|(method, _)| method == "DELETE").nth(2);
        let refused = refused.unwrap().1;
        // A request that was on its way when the answer came cannot be called back.
        let quiet = refused + 300..refused + 1_950;
        let sent: Vec<_> = times.iter().filter(|(_, at)| quiet.contains(at)).collect();
        assert!(sent.is_empty(), "{status}: {sent:?}");
        let after = times.iter().filter(|(_, at)| *at >= quiet.end);
        assert!(after.count() > 10, "{status}: {times:?}");
        assert!(ran.err.contains("failed 0"), "{}", ran.err);
        assert!(
            ran.err
                .contains(&format!("answered {status} and asks to wait 2 s; waiting")),
            "{}",
            ran.err
        );
        assert!(
            ran.err.contains("note: emu: the wait is over"),
            "{}",
            ran.err
        );
    }
}

#[test]
fn f_http_18_reads_of_an_am_wait_too_and_say_so_unless_asked_to_be_quiet() {
    let desk = Desk::with(Options {
        system: usher::emulator::system("pingam").unwrap(),
        ..Options::default()
    });
    let fault = r#"{"match":{"path":"*/sessions"},"times":1,"action":"status","code":429,"headers":{"Retry-After":"1"}}"#;
    for (args, told) in [(&["list"][..], true), (&["list", "-q"], false)] {
        desk.emulator().set_faults(&[fault]).unwrap();
        let begun = Instant::now();

        let ran = desk.run(args).ends(0);

        assert!(begun.elapsed().as_millis() >= 1_000);
        let says = ran.err.contains("asks to wait 1 s; waiting");
        assert_eq!(says, told, "{}", ran.err);
    }
}

#[test]
fn f_http_18_a_long_wait_is_not_sat_through_and_the_time_is_named() {
    for (header, told) in [
        (r#""Retry-After":"600""#, "asks to wait 10 min"),
        (r#""Retry-After":"251606433325""#, "asks to wait 7978 years"),
    ] {
        let desk = Desk::new();
        let fault = third("DELETE", 429, header);
        desk.emulator().set_faults(&[fault]).unwrap();
        let begun = Instant::now();

        let ran = desk
            .run(&["revoke", "--query", "state:active", "--yes"])
            .ends(3);

        assert!(begun.elapsed().as_secs() < 30);
        assert!(
            ran.err
                .contains(&format!("answered 429 (too many requests) and {told}")),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("not sent"), "{}", ran.err);
        // The other workers had their request on its way at most; no request follows.
        assert!(desk.deletes() <= 3 + 4, "{}", desk.deletes());
    }
}

#[test]
fn f_http_20_a_refused_redirect_shows_where_to_and_does_not_say_try_again() {
    let desk = Desk::new();
    for (location, shown) in [
        ("file:///etc/passwd", "redirects to file:///etc/passwd,"),
        (
            "https://u:secret@other.example/a?code=secret#secret",
            "redirects to https://other.example/a,",
        ),
    ] {
        let fault = format!(
            r#"{{"match":{{"path":"*/session/search"}},"action":"status","code":302,"headers":{{"Location":"{location}"}}}}"#
        );
        desk.emulator().set_faults(&[fault]).unwrap();

        let ran = desk.run(&["list"]).ends(1);

        assert!(ran.err.contains(shown), "{}", ran.err);
        assert!(ran.err.contains("Check the url"), "{}", ran.err);
        assert!(!ran.err.contains("Try again"), "{}", ran.err);
        assert!(!ran.err.contains("secret"), "{}", ran.err);
    }
}

#[test]
fn f_http_13_a_listing_that_the_server_forgot_leaves_what_was_printed_and_is_no_success() {
    let desk = Desk::new();
    desk.profile_says("page_size = 20");
    for status in [410, 400] {
        let fault = format!(
            r#"{{"match":{{"path":"*/session/search","nth":[2,99]}},"action":"status","code":{status},"body":"gone"}}"#
        );
        desk.emulator().set_faults(&[fault]).unwrap();

        let ran = desk.run(&["list", "--id-only"]).ends(1);

        assert_eq!(ran.out.lines().count(), 20);
        for told in ["the server forgot this listing", "Run the command again"] {
            assert!(ran.err.contains(told), "{status}: {}", ran.err);
        }
        // A first page that is refused is another matter.
        let fault = r#"{"match":{"path":"*/session/search"},"action":"status","code":400,"body":"no such field"}"#;
        desk.emulator().set_faults(&[fault]).unwrap();
        let ran = desk.run(&["list"]);
        assert!(ran.err.contains("no such field"), "{}", ran.err);
        assert!(!ran.err.contains("forgot"), "{}", ran.err);
    }
}

#[test]
fn f_http_18_a_bulk_that_waits_is_stopped_at_once_and_sends_nothing_more() {
    let desk = Desk::new();
    let fault = r#"{"match":{"method":"DELETE"},"action":"status","code":429,"headers":{"Retry-After":"40"}}"#;
    desk.emulator().set_faults(&[fault]).unwrap();
    let child = desk
        .command(&["revoke", "--query", "state:active deletable:yes", "--yes"])
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while desk.deletes() == 0 {
        assert!(begun.elapsed().as_secs() < 20);
        std::thread::yield_now();
    }
    std::thread::sleep(Duration::from_millis(500));
    let sent = desk.deletes();

    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();

    assert_eq!(output.status.code(), Some(130));
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
    assert_eq!(desk.deletes(), sent);
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(
        err.contains("ended 0, already gone 0, failed 0, unknown 0, not sent"),
        "{err}"
    );
}
