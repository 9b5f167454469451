//! Questions that end something: what answers them, and what never does.

use std::time::{Duration, Instant};

use crate::{DELETE, DOWN, ESC, Server, Usher};

/// The table of ten sessions, with the focus.
fn listed(server: &Server) -> Usher {
    let mut usher = Usher::at(server);
    usher.focus_table();
    usher
}

/// Types letter by letter with a pause after each, as over a slow line.
fn type_slowly(usher: &mut Usher, text: &str, pause: Duration) {
    for letter in text.chars() {
        usher.pty.keys(&letter.to_string());
        usher.pty.settle(pause);
    }
}

#[test]
fn f_del_03_keys_typed_faster_than_the_screen_draws_confirm_nothing() {
    let server = Server::with_sessions(10);
    for answer in ["\r", "y"] {
        let mut usher = listed(&server);

        usher.pty.keys(&format!("{DOWN}{DOWN}{DELETE}{answer}"));

        usher.pty.wait_for("End session?");
        usher.pty.wait_for(" 3/10 ");
        usher.pty.wait_gone("too soon");
        assert!(usher.pty.text().contains("End session?"), "{answer:?}");
        assert_eq!(server.requests("DELETE"), 0, "{answer:?}");
    }
}

#[test]
fn f_del_03_a_held_y_confirms_nothing_however_long() {
    let server = Server::with_sessions(10);
    let mut usher = listed(&server);
    usher.pty.keys(DELETE);
    usher.pty.keys("y");
    // A key repeats after a quarter to two thirds of a second, then some 30 times in one.
    usher.pty.settle(Duration::from_millis(500));
    let end = Instant::now() + Duration::from_millis(400);
    while Instant::now() < end {
        usher.pty.keys("y");
        usher.pty.settle(Duration::from_millis(10));
    }

    usher.pty.wait_for("too soon");
    assert!(usher.pty.text().contains("End session?"));
    assert_eq!(server.requests("DELETE"), 0);

    usher.say_yes();
    server.wait_for_requests("DELETE", 1);
}

#[test]
fn f_del_14_text_pasted_without_brackets_over_a_slow_line_ends_nothing() {
    let server = Server::with_sessions(10);
    for pause in [5, 30, 170] {
        let mut usher = listed(&server);

        type_slowly(&mut usher, "Dear Billy", Duration::from_millis(pause));

        usher.pty.wait_for("End session?");
        usher.pty.settle(Duration::from_millis(100));
        assert_eq!(server.requests("DELETE"), 0, "{pause} ms a letter");
        usher.pty.keys(ESC);
        usher.pty.wait_gone("End session?");
        usher.quit();
    }
    assert_eq!(server.world().count(), 10);
}

#[test]
fn f_del_14_a_name_pasted_with_its_newline_does_not_end_all_of_a_person() {
    let server = Server::with_sessions(40);
    let mut usher = listed(&server);
    usher.pty.keys("U");
    usher.pty.wait_for("Type ");
    usher.pty.wait_gone("asking …");
    usher.pty.settle(Duration::from_millis(250));
    let question = usher.pty.text();
    let named = question.split_once("End every session of ");
    let named = named.expect("a person").1;
    let user = named.split('?').next().expect("a name").to_owned();

    usher.pty.keys(&format!("{user}\r"));

    usher.pty.wait_for(&format!("[{user}"));
    usher.pty.wait_for("too soon");
    assert_eq!(server.world().count(), 40);
}

#[test]
fn a_refused_delete_takes_the_y_after_it_along() {
    let server = Server::with_sessions(10);
    let mut usher = Usher::at_with(&server, "search_on_start = true\nread_only = true\n");
    usher.pty.wait_for("all loaded");
    usher.focus_table();

    usher.pty.keys(&format!("{DELETE}y"));
    usher.pty.wait_for("read-only");
    usher.pty.keys(DOWN);
    usher.pty.wait_for("· 2/10");

    let written = String::from_utf8_lossy(&usher.pty.written).into_owned();
    assert!(!written.contains("\x1b]52;"), "an id went to the clipboard");
}

#[test]
fn on_production_one_session_wants_a_y_after_a_box_that_names_it() {
    let server = Server::with_sessions(10);
    let mut usher = Usher::at_with(&server, "search_on_start = true\nproduction = true\n");
    usher.pty.wait_for("all loaded");
    usher.focus_table();

    usher.pty.keys(DELETE);
    usher.pty.wait_for("End session on PRODUCTION?");
    usher.answer("y", |text| !text.contains("End session"));

    server.wait_for_requests("DELETE", 1);
}

#[test]
fn the_command_line_asks_for_as_much_as_the_screen() {
    let server = Server::with_sessions(60);
    let mut seen = (false, false);
    let mut people: Vec<_> = server
        .world()
        .rows()
        .iter()
        .filter_map(|row| row.user.clone())
        .collect();
    people.sort();
    people.dedup();
    for user in people {
        let mut usher =
            Usher::command(&server, "production = true\n", &["revoke", "--user", &user]);
        usher
            .pty
            .wait_until("a question, or nothing to end", |screen| {
                let text = screen.contents();
                text.contains("to confirm")
                    || text.contains("0 sessions")
                    || text.contains("no session")
            });
        let text = usher.pty.text().replace('\n', "");
        match text {
            text if text.contains("End 1 session of ")
                && text.contains("? Type y to confirm: ") =>
            {
                seen.0 = true;
            }
            text if text.contains(" to confirm (typed because this is production): ") => {
                seen.1 = true;
            }
            text => assert!(!text.contains("to confirm"), "{text}"),
        }
        if seen == (true, true) {
            break;
        }
    }
    assert_eq!(seen, (true, true));
    assert_eq!(server.requests("DELETE"), 0);
}

#[test]
fn the_first_rows_of_the_demo_can_be_ended_in_either_order() {
    let mut usher = Usher::demo();
    usher.focus_table();
    for (order, title) in [("", "AGE▼"), ("<<<s", "USER ▲")] {
        usher.pty.keys(order);
        usher.pty.wait_for(title);
        usher.pty.keys("g");
        for _ in 0..20 {
            usher.pty.keys(DELETE);
            usher.pty.wait_for("End session?");
            usher.pty.keys("n");
            usher.pty.wait_gone("End session?");
            usher.pty.keys(DOWN);
        }
    }
}

#[test]
fn f_del_16_the_question_names_its_profile_and_no_other_can_be_opened_meanwhile() {
    let server = Server::with_sessions(10);
    let mut usher = Usher::at_with(&server, "search_on_start = true\nproduction = true\n");
    usher.pty.wait_for("all loaded");
    usher.focus_table();
    usher.pty.keys(DELETE);
    usher.pty.wait_for("End session on PRODUCTION?");
    usher.pty.wait_for("on  test (Janssen)");

    usher.pty.keys("\x10");
    usher.pty.settle(Duration::from_millis(100));

    let text = usher.pty.text();
    assert!(text.contains("End session on PRODUCTION?"), "{text}");
    assert!(!text.contains("═ Profiles"), "{text}");
    usher.pty.keys(ESC);
    usher.pty.wait_gone("End session");
    assert_eq!(server.requests("DELETE"), 0);
}
