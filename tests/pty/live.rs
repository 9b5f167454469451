//! The live view: sessions that come, change and go behind the operator's back.

use usher::emulator::janssen::Row;

use crate::{DELETE, ESC, Server, Usher};

const QUICK: &str = "search_on_start = true\nreload_every = \"2s\"\n";

/// A screen on which the live view is on.
fn live(server: &Server) -> Usher {
    let mut usher = Usher::at_with(server, QUICK);
    usher.pty.wait_for("all loaded");
    usher.focus_table();
    usher.pty.keys("R");
    usher.pty.wait_for("live 2s");
    usher
}

/// A session that the server lists and that can be ended.
fn one(server: &Server) -> Row {
    let rows = server.world().rows();
    let is_plain = |row: &&Row| row.deletable && row.authenticated && row.user.is_some();
    rows.iter().find(is_plain).expect("a session").clone()
}

#[test]
fn sessions_that_come_change_and_go_are_marked_where_they_are() {
    let server = Server::with_sessions(12);
    let mut usher = live(&server);
    let old = one(&server);
    let (sid, now) = (old.sid.clone().expect("an id"), server.running().now_ms());

    // Behind everybody's back.
    assert!(server.world().remove(&sid));
    usher.pty.wait_for("1 gone");
    usher.pty.wait_for("- ");
    // What it saw stays marked while it is off.
    usher.pty.keys("R");
    usher.pty.wait_for("live off");
    usher.pty.wait_for("Sessions · 1 gone");
    usher.pty.keys("R");
    usher.pty.wait_for("live 2s");
    usher.pty.wait_gone("1 gone");
    server.world().add(&Row {
        sid: Some("11111111-2222-3333-4444-555555555555".into()),
        user: Some("brand.new".into()),
        created_ms: now,
        authenticated_ms: Some(now),
        last_used_ms: Some(now),
        ..old
    });
    usher.pty.wait_for("1 new");
    usher.pty.wait_for("+brand.new");
    usher.quit();
}

#[test]
fn delete_on_a_session_that_has_gone_sends_nothing() {
    let server = Server::with_sessions(1);
    let mut usher = live(&server);
    let sid = one(&server).sid.expect("an id");
    server.world().remove(&sid);
    usher.pty.wait_for("1 gone");
    usher.pty.keys("R");
    usher.pty.wait_for("live off");

    usher.pty.keys(DELETE);

    usher.pty.wait_for("it has gone");
    assert_eq!(server.requests("DELETE"), 0);
    usher.pty.keys(ESC);
    usher.quit();
}

#[test]
fn it_stops_politely_where_waiting_cannot_help_and_the_rows_stay() {
    let server = Server::with_sessions(12);
    let mut usher = live(&server);
    server.set_faults(&[
        r#"{"match":{"path":"*/session/search"},"action":"status","code":403,"body":"not yours"}"#,
    ]);

    usher.pty.wait_for("live stopped: not allowed");

    usher.pty.wait_for("active");
    let asked = server.requests("GET");
    usher.pty.keys("R");
    usher.pty.wait_for("live 2s");
    server.wait_for_requests("GET", asked + 1);
    usher.quit();
}

#[test]
fn a_slow_server_is_asked_less_often_and_never_twice_at_a_time() {
    let server = Server::with_sessions(12);
    let mut usher = live(&server);
    server.set_faults(&[r#"{"match":{"path":"*/session/search"},"action":"delay","ms":2000}"#]);

    usher.pty.wait_for("slow server");

    usher.quit();
}
