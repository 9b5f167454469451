//! Marks: of sessions, not of positions.

use super::*;
use crate::app::dialogs::error::ErrorBox;
use crate::app::effect::{JobId, Timer};
use crate::app::state::Level;
use crate::model::Outcome;
use crate::store::find_marked;

/// Users of the marked rows, as they stand on the screen.
fn marked(app: &TestApp) -> Vec<String> {
    let results = &app.state.results;
    let shown = results.order.iter();
    let marked = shown.filter(|id| results.marks.contains(*id));
    marked
        .filter_map(|id| results.rows.get(id))
        .map(|row| row.person().unwrap().expose().to_owned())
        .collect()
}

fn listing() -> TestApp {
    TestApp::listing(&["amy", "bob", "cyd", "dan", "eve"])
}

/// The same sessions come again, in another order, with others between them.
fn reload(app: &mut TestApp, rows: Vec<RowRef<'static>>) {
    app.keys("r").forget();
    app.rows(rows);
}

#[test]
fn space_marks_and_moves_down_and_takes_the_mark_again() {
    let mut app = listing();

    app.keys("space space");
    assert_eq!(marked(&app), ["amy", "bob"]);
    assert_eq!(app.cursor_user(), "cyd");

    app.keys("up space");
    assert_eq!(marked(&app), ["amy"]);
}

#[test]
fn a_range_goes_from_the_last_mark_to_the_cursor_in_either_direction() {
    for (keys, range) in [
        ("down space down V", ["bob", "cyd", "dan"].as_slice()),
        ("G space g V", &["amy", "bob", "cyd", "dan", "eve"]),
    ] {
        let mut app = listing();

        app.keys(keys);

        assert_eq!(marked(&app), range, "{keys}");
    }
}

#[test]
fn a_range_without_a_first_mark_says_what_is_missing() {
    let mut app = listing();

    app.keys("V");

    assert_eq!(app.status(), "mark the first row of the range first");
}

#[test]
fn all_that_is_shown_is_marked_and_none_again() {
    let mut app = listing();
    app.keys("&").typed("user:*a*").keys("enter");

    app.keys("*");
    assert_eq!(marked(&app), ["amy", "dan"]);

    app.keys("F");
    assert_eq!(marked(&app), ["amy", "dan"]);
    assert_eq!(app.state.results.marks.len(), 2);

    app.keys("\\");
    assert!(app.state.results.marks.is_empty());
}

#[test]
fn esc_never_drops_a_mark() {
    let mut app = listing();

    app.keys("space esc esc esc");

    assert_eq!(marked(&app), ["amy"]);
}

#[test]
fn marks_stay_with_their_sessions_through_sorting_and_filtering() {
    let mut app = listing();
    app.keys("space down space");

    app.keys("S");
    assert_eq!(marked(&app), ["cyd", "amy"]);

    app.keys("&").typed("user:a*").keys("enter");
    assert_eq!(marked(&app), ["amy"]);
    assert_eq!(app.state.results.marks.hidden(), 1);

    app.keys("F");
    assert_eq!(app.state.results.marks.hidden(), 0);
}

#[test]
fn marks_stay_with_their_sessions_through_a_reload() {
    let mut app = listing();
    app.keys("down space space");

    // `bob` is the second of the rows that were there, `cyd` the third.
    let rows = [
        row("zoe", 1, 9),
        row("cyd", 600, 2),
        row("aad", 1, 8),
        row("bob", 600, 1),
    ];
    reload(&mut app, rows.into());

    assert_eq!(marked(&app), ["bob", "cyd"]);
    assert_eq!(app.status(), "");
}

#[test]
fn a_session_that_vanished_loses_its_mark_with_a_word() {
    let mut app = listing();
    app.keys("space space");

    reload(&mut app, vec![row("bob", 600, 1)]);

    assert_eq!(marked(&app), ["bob"]);
    assert_eq!(
        app.status(),
        "1 marked session is not in this list: its mark is gone"
    );
}

#[test]
fn the_same_name_with_another_session_is_not_marked() {
    let mut app = listing();
    app.keys("space");

    reload(&mut app, vec![row("amy", 5, 7)]);

    assert!(marked(&app).is_empty());
}

#[test]
fn while_rows_load_anew_nothing_is_ended_by_marks_that_are_not_found_yet() {
    let mut app = listing();
    app.keys("space r").forget();
    app.page(&[("amy", 600)], Some("1"));

    app.keys("delete");

    assert!(app.top().is_none());
    assert!(app.status().contains("looked for"), "{}", app.status());
    assert_eq!(app.state.results.marks.len(), 1);
}

#[test]
fn delete_asks_about_the_marked_sessions_and_not_about_the_cursor() {
    let mut app = listing();
    app.keys("space down space").due(Timer::Arm);

    app.keys("delete").slowly("y");

    assert_eq!(app.sent(), ["amy-600-0", "cyd-600-2"]);
}

#[test]
fn marked_sessions_that_a_filter_hides_are_left_out_and_counted() {
    let mut app = listing();
    app.keys("space space &").typed("user:a*").keys("enter");

    app.keys("delete");
    let view = app.state.layout.dialogs.last().expect("a question");
    let said = format!("{view:?}");
    assert!(said.contains("End 1 session?"), "{said}");
    assert!(said.contains("left out 1: hidden by the filter"), "{said}");

    app.slowly("y");
    assert_eq!(app.sent(), ["amy-600-0"]);
}

#[test]
fn nothing_is_asked_where_no_marked_session_can_be_ended() {
    let mut app = listing();
    app.keys("space &").typed("user:b*").keys("enter");

    app.keys("delete");

    let error = app.dialog::<ErrorBox>().expect("a box with the reason");
    assert!(format!("{error:?}").contains("hidden by the filter"));
}

#[test]
fn a_session_that_ended_loses_its_mark_and_one_that_failed_keeps_it() {
    let mut app = listing();
    app.keys("space space delete").slowly("y");
    let job = JobId(1);

    for (row, outcome) in [
        (FIRST, Outcome::Revoked),
        (RowId(1), Outcome::Failed(refused())),
    ] {
        app.send(Msg::Revoked { job, row, outcome });
    }
    app.send(Msg::Ended(job));

    assert_eq!(marked(&app), ["bob"]);
}

#[test]
fn many_marks_are_found_again_off_the_loop() {
    let mut app = listing();
    let rows = |first: usize| {
        let numbers = first..first + 6_000;
        numbers
            .map(|number| row("ida", number as i64, number))
            .collect::<Vec<_>>()
    };
    reload(&mut app, rows(0));
    app.effects.clear();
    app.keys("*");
    // The order of so many rows is made off the loop: those that are shown are still the first.
    let all = app.state.results.marks.len();

    reload(&mut app, rows(1));
    let find = app.effects.iter().find_map(|effect| match effect {
        Effect::FindMarked {
            generation,
            before,
            rows,
        } => Some((*generation, find_marked(before, rows))),
        _ => None,
    });
    let (generation, marks) = find.expect("an effect");
    app.send(Msg::MarksFound { generation, marks });

    let is_level = |level| app.state.message.as_ref().is_some_and(|m| m.level == level);
    assert_eq!(app.state.results.marks.len(), all - 1);
    assert!(is_level(Level::Warn), "{}", app.status());
}
