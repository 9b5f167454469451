//! Ending sessions by keys: what is sent, what is not, and what is seen of it.

use std::time::Duration;

use rustix::process::Signal;
use usher::emulator::Options;

use crate::{DELETE, DOWN, ESC, Server, Usher};

#[test]
fn a_deleted_session_is_shown_as_ended_and_has_gone_from_the_server() {
    let server = Server::with_sessions(10);
    let before = server.world().rows();
    let mut usher = Usher::at(&server);
    usher.focus_table();
    let question = usher.ask_to_delete();

    usher.say_yes();

    usher.pty.wait_for(" ended ");
    let after = server.world().rows();
    let gone: Vec<_> = before.iter().filter(|row| !after.contains(row)).collect();
    let [gone] = gone.as_slice() else {
        panic!("one session is gone, not {}", gone.len())
    };
    let user = gone.user.as_deref().unwrap_or_default();
    assert!(
        question.contains(user),
        "the question named {user}:\n{question}"
    );
    let sid = gone.sid.as_deref().unwrap();
    assert!(!server.listed().contains(sid), "the server still lists it");
    assert_eq!(server.requests("DELETE"), 1, "it was sent once");
    usher.quit();
}

#[test]
fn a_revoke_is_written_down_before_and_after_without_the_id() {
    let server = Server::with_sessions(10);
    let before = server.world().rows();
    let mut usher = Usher::at(&server);
    usher.focus_table();
    usher.ask_to_delete();

    usher.say_yes();

    usher.pty.wait_for(" ended ");
    let state = usher.state();
    for event in ["\"event\":\"asked\"", "\"event\":\"done\""] {
        assert_eq!(state.matches(event).count(), 1, "{event} in {state}");
    }
    for row in before {
        assert!(!state.contains(&row.sid.unwrap()), "an id was written down");
    }
    assert!(
        !state.contains(&server.running().auth().client_secret),
        "a secret was written down"
    );
}

#[test]
fn f_del_04_saying_no_sends_nothing_and_cancel_has_the_focus() {
    for no in ["n", ESC, "\r"] {
        let server = Server::with_sessions(10);
        let mut usher = Usher::at(&server);
        usher.focus_table();
        usher.ask_to_delete();

        // Enter presses the button that has the focus: Cancel.
        usher.answer(no, |text| !text.contains("End session?"));

        assert_eq!(server.requests("DELETE"), 0, "{no:?}");
        assert_eq!(server.world().count(), 10, "{no:?}");
    }
}

#[test]
fn f_del_03_what_is_typed_ahead_confirms_nothing() {
    for ahead in [
        format!("{DELETE}y"),
        format!("{DELETE}\r"),
        format!("{DOWN}{DELETE}\ty\r\r"),
    ] {
        let server = Server::with_sessions(10);
        let mut usher = Usher::at(&server);
        usher.focus_table();

        usher.pty.keys(&ahead);

        usher.pty.wait_for("End session?");
        usher.pty.settle(Duration::from_millis(400));
        assert!(
            usher.pty.text().contains("End session?"),
            "{ahead:?} answered it"
        );
        assert_eq!(server.requests("DELETE"), 0, "{ahead:?}");
    }
}

#[test]
fn all_sessions_of_a_person_are_revoked_when_their_name_is_typed() {
    let server = Server::with_sessions(40);
    let mut usher = Usher::at(&server);
    usher.focus_table();
    usher.pty.keys("U");
    usher.pty.wait_for("End every session of");
    usher.pty.wait_gone("asking …");
    let question = usher.pty.text();
    let named = question.split_once("End every session of ");
    let (_, named) = named.expect("the question names the person");
    let user = named.split('?').next().unwrap_or_default();
    let rows = server.world().rows();
    let theirs = rows
        .iter()
        .filter(|row| row.user.as_deref() == Some(user))
        .count();
    usher.pty.settle(Duration::from_millis(250));

    usher.pty.keys(user);
    usher.answer("\r", |text| !text.contains("End every session of"));

    usher.pty.wait_for(&format!("of {user}"));
    usher
        .pty
        .wait_for(&format!("{theirs} ended  0 left  read back"));
    assert_eq!(server.world().count(), 40 - theirs);
}

#[test]
fn f_del_13_a_read_only_profile_sends_no_change() {
    let server = Server::with_sessions(10);
    let mut usher = Usher::at_with(&server, "search_on_start = true\nread_only = true\n");
    usher.pty.wait_for("all loaded");
    usher.focus_table();

    usher.pty.keys(DELETE);

    usher.pty.wait_for("read-only");
    assert!(!usher.pty.text().contains("End session?"));
    assert_eq!(server.requests("DELETE"), 0);
}

#[test]
fn what_a_killed_run_left_open_is_told_at_the_next_start() {
    let server = Server::with_sessions(10);
    let mut usher = Usher::at(&server);
    usher.focus_table();
    server.set_faults(&[r#"{"match":{"method":"DELETE"},"action":"hang"}"#]);
    usher.ask_to_delete();
    usher.say_yes();
    server.wait_for_requests("DELETE", 1);

    let mut second = usher.beside();
    second.settle(Duration::from_millis(300));
    let while_it_runs = second.text();
    usher.signal(Signal::KILL);
    // Only of a run that is over something is left open.
    usher.pty.wait_killed();
    let mut next = usher.beside();

    next.wait_for("1 change has no end in the audit log");
    assert!(!while_it_runs.contains("no end"), "{while_it_runs}");
}

#[test]
fn a_log_that_was_changed_is_told_by_the_next_delete() {
    let server = Server::with_sessions(10);
    let mut usher = Usher::at(&server);
    usher.focus_table();
    usher.ask_to_delete();
    usher.say_yes();
    usher.pty.wait_for(" ended ");
    usher.empty_audit_log();
    usher.pty.keys(DOWN);

    usher.ask_to_delete();
    usher.say_yes();

    usher.pty.wait_for("changed behind usher's back");
    usher.pty.settle(Duration::from_millis(300));
    assert!(usher.pty.text().contains("changed behind usher's back"));
    usher.quit();
}

#[test]
fn a_server_that_dies_during_a_delete_leaves_an_honest_row() {
    let mut server = Server::with_sessions(10);
    let mut usher = Usher::at(&server);
    usher.focus_table();
    server.set_faults(&[r#"{"match":{"method":"DELETE"},"action":"hang"}"#]);
    usher.ask_to_delete();
    usher.say_yes();
    server.wait_for_requests("DELETE", 1);

    server.kill();

    usher.pty.wait_until("what became of it", |screen| {
        let text = screen.contents();
        text.contains("outcome?") || text.contains("failed")
    });
    assert!(
        !usher.pty.text().contains(" ended "),
        "nobody knows that it was ended"
    );
    usher.pty.keys(ESC);
    usher.pty.keys("\x03\x03");
    assert_eq!(usher.pty.exit_code(), 0);
    usher.pty.assert_given_back();
}

#[test]
fn f_del_12_the_command_line_names_the_user_as_found_and_wants_the_number_above_ten() {
    let server = Server::start(usher::emulator::Options {
        sessions: 40,
        users: 1,
        ..usher::emulator::Options::default()
    });
    let rows = server.world().rows();
    let count = |name: &str| {
        rows.iter()
            .filter(|row| row.user.as_deref() == Some(name))
            .count()
    };
    let names = rows.iter().filter_map(|row| row.user.as_deref());
    let user = names.max_by_key(|name| count(name)).unwrap();
    let mut usher = Usher::asking(&server, &["revoke", "--user", &user.to_uppercase()]);

    usher.pty.wait_for("plan: test ");
    usher
        .pty
        .wait_for("to confirm (typed because it ends 10 sessions or more)");
    let question = usher.pty.text();
    let asked = question
        .lines()
        .find(|line| line.contains("to confirm"))
        .unwrap();
    let number = asked.split_whitespace().nth(1).unwrap().to_owned();
    assert!(number.parse::<usize>().unwrap() > 10, "{question}");
    assert!(
        asked.contains(&format!("sessions of {user}? Type {number} ")),
        "{question}"
    );
    usher.pty.keys("y\r");

    assert_eq!(usher.pty.exit_code(), 2);
    assert_eq!(server.requests("DELETE"), 0);
}

#[test]
fn f_http_16_the_delete_key_names_the_scope_that_the_sign_in_lacks_before_anything_is_sent() {
    let read = "https://jans.io/oauth/jans-auth-server/session.readonly";
    let server = Server::start(Options {
        sessions: 10,
        system: std::sync::Arc::new(usher::emulator::janssen::JanssenOptions {
            scopes: Some(vec![read.into()]),
            ..Default::default()
        }),
        ..Options::default()
    });
    let mut usher = Usher::at(&server);
    usher.focus_table();

    for key in [DELETE, "U"] {
        usher.pty.keys(key);
        usher
            .pty
            .wait_for("lacks the scope https://jans.io/oauth/jans-auth-server/session.delete");
        usher.pty.settle(Duration::from_millis(200));
        let text = usher.pty.text();
        assert!(
            !text.contains("End session?") && !text.contains("End every"),
            "{text}"
        );
    }

    assert_eq!(server.requests("DELETE"), 0);
    usher.pty.keys("r");
    usher.pty.wait_for("all loaded");
    usher.quit();
}

#[test]
fn f_del_12_the_command_line_wants_the_number_from_where_the_profile_says() {
    let server = Server::with_sessions(40);
    for (keys, ids, question) in [
        (
            "typed_from = 2\n",
            2,
            "Type 2 to confirm (typed because it ends 2 sessions or more)",
        ),
        ("typed_from = 30\n", 12, "Type y to confirm"),
        (
            "typed_from = 30\nproduction = true\n",
            2,
            "Type 2 to confirm (typed because this is production)",
        ),
    ] {
        let rows = server.world().rows();
        let ended = rows
            .iter()
            .filter(|row| row.deletable && row.user.is_some());
        let ids: Vec<String> = ended.filter_map(|row| row.sid.clone()).take(ids).collect();
        let args: Vec<&str> = ["revoke"]
            .into_iter()
            .chain(ids.iter().map(String::as_str))
            .collect();

        let mut usher = Usher::command(&server, keys, &args);

        usher.pty.wait_for(question);
        usher.pty.keys("no\r");
        assert_eq!(usher.pty.exit_code(), 2, "{keys}");
    }
    assert_eq!(server.requests("DELETE"), 0);
}

#[test]
fn all_of_a_person_end_in_every_open_system_and_each_is_named() {
    let mut usher = Usher::start(120, 40, |command| {
        command.args(["-p", "demo,demo-pingam,demo-openam"]);
    });
    usher.pty.wait_for("demo-openam stopped at 120 a realm");
    usher.focus_table();
    usher.pty.keys("&system:pingam deletable:yes");
    usher.pty.wait_for("yes");
    usher.pty.keys("\r");

    usher.pty.keys("U");
    usher.pty.wait_for("End every session of");
    usher.pty.wait_for("Type ");
    usher.pty.wait_gone("asking …");
    let text = usher.pty.text();
    for system in ["[x] demo ", "[x] demo-pingam ", "[x] demo-openam "] {
        assert!(text.contains(system), "{system} is missing in\n{text}");
    }
    let rest = text.split_once("every session of ").expect("a title").1;
    let user = rest.split(['?', ' ']).next().expect("a name").to_owned();
    // The first system is left out, then what is typed goes into its field.
    usher.pty.keys(" ");
    usher.pty.wait_for("[ ] demo ");
    usher.pty.keys(&user);
    usher.answer("\r", |text| !text.contains("End every session of"));

    usher.pty.wait_for("y copies this box as Markdown");
    let text = usher.pty.text();
    let line = |name: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| {
            line.split_once(&format!("║  {name} "))
                .map(|(_, line)| line)
        })
    };
    let ended = line("demo-pingam").unwrap_or_else(|| panic!("no line in\n{text}"));
    assert!(
        ended.contains(" ended") && ended.contains("0 left"),
        "{ended}"
    );
    assert!(ended.contains("read back"), "{ended}");
    assert!(line("demo").is_none(), "it was left out:\n{text}");
}

#[test]
fn three_thousand_idle_sessions_of_one_client_end_by_34_keys() {
    let server = Server::with_sessions(300);
    let world = server.world();
    let now = world.now_ms();
    let is_whole = |row: &&usher::emulator::janssen::Row| row.sid.is_some() && row.authenticated;
    let model = world.rows().iter().find(is_whole).cloned().expect("a row");
    let old = 5 * 24 * 60 * 60 * 1_000;
    for number in 0..3_000 {
        world.add(&usher::emulator::janssen::Row {
            sid: Some(format!("{number:08}-0000-4000-8000-000000000000")),
            client: Some("portal".to_owned()),
            created_ms: now - old,
            authenticated_ms: Some(now - old),
            last_used_ms: Some(now - old / 2),
            expires_ms: Some(now + old),
            deletable: true,
            ..model.clone()
        });
    }
    let before = world.rows();
    let mut usher = Usher::at_with(&server, "");
    usher.pty.wait_for("Enter search");
    let mut keys = 0;
    let mut press = |usher: &mut Usher, text: &str| {
        keys += text.chars().count();
        usher.pty.keys(text);
    };

    press(&mut usher, "/");
    press(&mut usher, "client:portal state:idle");
    press(&mut usher, "\r");
    usher.pty.wait_for("3,000");
    usher.pty.wait_for("╔═ Sessions");
    usher.pty.wait_gone("loading");
    press(&mut usher, "*");
    usher.pty.wait_for("3,000 marked");
    usher.pty.keys(DELETE);
    usher.pty.wait_for("End 3,000 sessions?");
    press(&mut usher, "3000");
    usher.pty.settle(Duration::from_millis(300));
    press(&mut usher, "\r");
    usher.pty.wait_gone("End 3,000 sessions?");
    // Delete is one key.
    assert!(keys < 34, "{keys}");

    // So many take longer than one key, on a machine that does other things too.
    let end = std::time::Instant::now() + Duration::from_secs(180);
    while server.world().count() > 300 {
        assert!(std::time::Instant::now() < end, "3,000 were to end");
        std::thread::sleep(Duration::from_millis(100));
    }
    usher.pty.wait_for("test: 3,000 ended, 0 left");
    let after = server.world().rows();
    assert_eq!(after.len(), 300, "only they have gone");
    assert!(
        after
            .iter()
            .all(|row| row.client.as_deref() != Some("portal"))
    );
    assert!(after.iter().all(|row| before.contains(row)));
    let state = usher.state();
    let lines = |event: &str| state.matches(&format!("\"event\":\"{event}\"")).count();
    assert_eq!((lines("asked"), lines("done")), (3_000, 3_000));
    let runs: std::collections::BTreeSet<&str> = state
        .lines()
        .filter_map(|line| line.split_once("\"op_id\":\"")?.1.split('"').next())
        .collect();
    assert_eq!(runs.len(), 1, "one plan is one operation of the log");
}

const BOTH: [&str; 2] = ["janssen", "pingam"];

/// The screen with a session that may be ended under the cursor, of a person and not of the server.
fn on_a_row(system: &str) -> (Server, Usher) {
    let server = Server::start(Options {
        system: usher::emulator::system(system).expect("a system of the list"),
        sessions: 60,
        ..Options::default()
    });
    let mut usher = Usher::at(&server);
    usher.focus_table();
    let filter = match system {
        "janssen" => "&state:active deletable:yes",
        _ => "&state:active deletable:yes -user:amadmin scope:/alpha",
    };
    usher.pty.keys(filter);
    usher.pty.settle(Duration::from_millis(300));
    usher.pty.keys("\r");
    (server, usher)
}

#[test]
fn f_del_05_what_somebody_else_ended_had_already_gone_and_is_not_called_deleted() {
    for system in BOTH {
        let (server, mut usher) = on_a_row(system);
        usher.ask_to_delete();

        // Somebody else ends everything.
        if system == "janssen" {
            let ids = server.world().rows().into_iter().filter_map(|row| row.sid);
            ids.for_each(|id| assert!(server.world().remove(&id)));
        } else {
            let am = server.running().am();
            let people = am.sessions().into_iter();
            let people = people.filter(|row| !["amadmin", "dsameuser"].contains(&&*row.user));
            people.for_each(|row| assert!(am.end(&row.token)));
        }
        usher.say_yes();

        // What the whole job says at its end; its row says so before.
        usher.pty.wait_until("the end of the job", |screen| {
            let text = screen.contents();
            let mut lines = text.lines();
            lines.any(|line| line.contains("the session") && line.contains("had already gone"))
        });
        let text = usher.pty.text();
        assert!(!text.contains("ended 1"), "{system:?}: {text}");
        let state = usher.state();
        assert!(state.contains("\"outcome\":\"already_gone\""), "{system:?}");
        usher.quit();
    }
}

#[test]
fn f_del_05_a_404_for_a_session_that_is_still_there_is_told_as_a_failure() {
    for system in BOTH {
        let (server, mut usher) = on_a_row(system);
        server.set_faults(&[match system {
            "janssen" => r#"{"match":{"method":"DELETE"},"action":"status","code":404}"#,
            _ => {
                r#"{"match":{"method":"POST","path":"*/realms/alpha/sessions"},"action":"status","code":404}"#
            }
        }]);
        usher.ask_to_delete();

        usher.say_yes();

        usher.pty.wait_for("E details");
        let text = usher.pty.text();
        for wrong in ["already gone", "had gone", "ended 1"] {
            assert!(!text.contains(wrong), "{system:?}: {text}");
        }
        let state = usher.state();
        assert!(state.contains("\"outcome\":\"failed\""), "{system:?}");
    }
}

#[test]
fn f_del_06_a_yes_for_a_session_that_is_still_listed_is_shown_so() {
    let (server, mut usher) = on_a_row("janssen");
    server.set_faults(&[r#"{"match":{"method":"DELETE"},"action":"status","code":204}"#]);
    usher.ask_to_delete();

    usher.say_yes();

    usher.pty.wait_for("is unknown");
    let text = usher.pty.text();
    assert!(!text.contains("ended 1"), "{text}");
    let state = usher.state();
    assert!(state.contains("\"error\":\"still_listed\""), "{state}");
    assert!(!state.contains("\"outcome\":\"done\""), "{state}");
}

#[test]
fn f_del_09_two_ctrl_c_leave_a_delete_that_hangs_and_the_log_does_not_say_that_it_ended() {
    let (server, mut usher) = on_a_row("janssen");
    server.set_faults(&[r#"{"match":{"method":"DELETE"},"action":"hang"}"#]);
    usher.ask_to_delete();
    usher.say_yes();
    server.wait_for_requests("DELETE", 1);

    usher.pty.keys("\x03\x03");

    assert_eq!(usher.pty.exit_code(), 0);
    usher.pty.assert_given_back();
    let state = usher.state();
    let count = |event: &str| state.matches(&format!("\"event\":\"{event}\"")).count();
    assert_eq!((count("asked"), count("done")), (1, 0), "{state}");
    usher.beside().wait_for("has no end in the audit log");
}
