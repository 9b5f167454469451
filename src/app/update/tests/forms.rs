//! The form, searches and profiles.

use super::*;
use crate::app::effect::Timer;
use crate::app::form::{FormField, TextField};
use crate::app::state::Pane;
use crate::model::Code;

fn is_search(effect: &Effect) -> bool {
    matches!(effect, Effect::Search { .. })
}

fn is_connect(effect: &Effect) -> bool {
    matches!(effect, Effect::Connect { .. })
}

#[test]
fn nothing_is_asked_of_a_server_before_enter() {
    let mut app = TestApp::new();

    app.typed("jdoe");

    assert_eq!(app.count(|e| is_search(e) || is_connect(e)), 0);
    assert_eq!(app.state.focus, Pane::Search);
}

#[test]
fn enter_connects_first_and_searches_when_the_connection_is_up() {
    let mut app = TestApp::new();

    app.keys("enter");
    assert_eq!((app.count(is_connect), app.count(is_search)), (1, 0));

    app.connect();
    assert_eq!(app.count(is_search), 1);
}

#[test]
fn a_profile_with_search_on_start_searches_and_leaves_the_focus_in_the_form() {
    let mut app = TestApp::with(|profile| profile.policy.search_on_start = true);

    app.connect().page(&[("jdoe", 60)], None);

    assert_eq!(app.shown(), ["jdoe"]);
    assert_eq!(app.state.focus, Pane::Search);
}

#[test]
fn the_focus_moves_to_the_table_with_the_first_row_and_not_before() {
    let mut app = TestApp::new();

    app.keys("enter").connect();
    assert_eq!(app.state.focus, Pane::Search);

    app.page(&[("jdoe", 60)], None);
    assert_eq!(app.state.focus, Pane::Table);
}

#[test]
fn the_focus_stays_where_the_operator_has_moved_on_to() {
    let mut app = TestApp::new();

    app.keys("enter")
        .connect()
        .keys("tab tab tab tab tab tab tab tab tab tab");
    let before = app.state.focus;
    app.page(&[("jdoe", 60)], None);

    assert_eq!(app.state.focus, before);
}

#[test]
fn a_second_enter_with_the_same_query_sends_nothing() {
    let mut app = TestApp::new();

    app.keys("enter").connect().keys("enter enter");

    assert_eq!(app.count(is_search), 1);
}

#[test]
fn a_late_page_of_an_old_search_is_dropped() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    let old = app.state.sources[0].search_gen;

    app.typed("root").keys("enter");
    app.page_of(old, &[("jdoe", 60)], None);

    assert!(app.shown().is_empty());
    assert!(
        app.effects
            .iter()
            .any(|e| matches!(e, Effect::Cancel(g) if *g == old))
    );
}

#[test]
fn the_text_field_takes_the_whole_language_and_the_others_add_clauses() {
    let mut app = TestApp::new();

    app.typed("auth_user=admin,expirationDate>2024-10-12 00:00:00");
    app.state.form.inputs[TextField::Client] = "portal-web".into();
    app.state.form.inputs[TextField::CreatedAfter] = "now-2h".into();

    let query = app.state.query().unwrap();
    assert_eq!(
        query.to_string(),
        "user:admin expires>\"2024-10-12 00:00:00\" client:portal-web created>now-2h"
            .replace("\"2024-10-12 00:00:00\"", "2024-10-12 00:00:00")
    );
}

#[test]
fn a_field_that_cannot_be_read_gets_the_focus_and_says_why() {
    let mut app = TestApp::new();
    app.state.form.inputs[TextField::ExpiresAfter] = "yesterdy".into();

    app.keys("enter");

    assert_eq!(
        app.state.form.field,
        FormField::Text(TextField::ExpiresAfter)
    );
    assert!(app.status().contains("is not a time"), "{}", app.status());
    assert_eq!(app.count(is_connect), 0);
}

#[test]
fn slash_selects_the_text_and_typing_replaces_it() {
    let mut app = TestApp::new();
    app.typed("abc")
        .keys("enter")
        .connect()
        .page(&[("jdoe", 60)], None);

    app.keys("/").typed("x");

    assert_eq!(app.state.form.inputs[TextField::Text].value(), "x");
}

#[test]
fn unfolding_asks_how_the_form_would_be_answered() {
    let mut app = TestApp::new();

    app.keys("f2");

    assert!(app.effects.iter().any(|e| matches!(e, Effect::Plan { .. })));
}

#[test]
fn esc_folds_then_leaves_the_form_then_stops_the_search_and_never_quits() {
    let mut app = TestApp::new();
    app.keys("f2 enter").connect();

    app.keys("esc");
    assert!(!app.state.form.unfolded && app.state.focus == Pane::Search);
    app.keys("esc");
    assert!(app.state.focus == Pane::Table && app.state.is_loading());
    app.keys("esc");
    assert!(!app.state.is_loading());
    app.keys("esc esc esc");
    assert_eq!(app.count(|e| matches!(e, Effect::Quit(_))), 0);
}

#[test]
fn rows_stay_when_a_later_search_fails() {
    let mut app = TestApp::listing(&["asmith", "bwong"]);

    app.keys("r").page_fails(refused());

    assert_eq!(app.shown(), ["asmith", "bwong"]);
    assert!(
        app.status().contains("connection refused"),
        "{}",
        app.status()
    );
    assert!(
        app.top().is_none(),
        "rows are there to look at, so no box covers them"
    );
}

#[test]
fn the_first_search_that_fails_is_explained_in_a_box() {
    let mut app = TestApp::new();

    app.keys("enter");
    let generation = app.state.sources[0].link_gen;
    app.send(Msg::Connected {
        source: SourceId(0),
        generation,
        result: Err(refused()),
    });

    let error = &app.dialog::<ErrorBox>().expect("an error box").report;
    assert!(error.why.contains("connection refused"));
    assert!(!error.advice.is_empty());
}

#[test]
fn an_error_names_the_request_that_failed_and_the_next_one_does_not() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    let failed = |app: &TestApp, error| Msg::Page {
        source: SourceId(0),
        generation: app.state.sources[0].search_gen,
        result: Err(error),
    };
    let exchange = Exchange {
        method: "GET".into(),
        path: "/session/search".into(),
        status: Some(503),
        took: Duration::from_millis(88),
        id: "4f1c09aa".into(),
    };

    let message = failed(&app, refused().with_exchange(&exchange));
    app.send(message);
    let notes = app.state.errors.back().unwrap().notes.clone();
    assert_eq!(
        notes,
        ["14:07:00 UTC: GET /session/search answered 503 after 88 ms; request id 4f1c09aa"]
    );
    app.keys("esc enter");
    let message = failed(&app, refused());
    app.send(message);
    assert_eq!(app.state.errors.len(), 2);
    assert!(app.state.errors.back().unwrap().notes.is_empty());
}

#[test]
fn switching_the_profile_cancels_clears_and_closes() {
    let mut app = TestApp::listing(&["asmith"]);

    app.keys("r ctrl-p down enter");

    assert_eq!(app.state.sources[0].profile.name, "other");
    assert!(app.shown().is_empty());
    assert!(app.effects.iter().any(|e| matches!(e, Effect::Cancel(_))));
    assert!(app.effects.iter().any(|e| matches!(e, Effect::Close(_))));
}

#[test]
fn letters_in_the_form_are_text_and_never_actions() {
    let mut app = TestApp::new();

    app.typed("qDU?");

    assert_eq!(app.state.form.inputs[TextField::Text].value(), "qDU?");
    assert!(app.effects.iter().all(|e| matches!(
        e,
        Effect::After {
            timer: Timer::Form,
            ..
        }
    )));
}

#[test]
fn a_paste_goes_into_the_field_and_never_means_keys() {
    let mut app = TestApp::listing(&["asmith"]);

    app.send(Msg::Paste("q\ny\x7f".into()));
    assert!(app.effects.is_empty());
    app.keys("1").send(Msg::Paste("user:a\nD".into()));

    assert_eq!(app.state.form.inputs[TextField::Text].value(), "user:a D");
}

#[test]
fn the_automatic_reload_asks_again_skips_a_beat_and_gives_up_after_three_failures() {
    let mut app = TestApp::listing(&["asmith"]);
    app.keys("R").due(Timer::Reload);
    assert_eq!(app.count(is_search), 1);

    app.due(Timer::Reload);
    assert_eq!(app.count(is_search), 1, "one is on its way already");

    for _ in 0..3 {
        app.page_fails(refused()).due(Timer::Reload);
    }
    assert!(app.state.watch.is_none());
    assert!(app.status().contains("failed 3 times"), "{}", app.status());
}

#[test]
fn the_automatic_reload_does_not_run_under_a_dialog() {
    let mut app = TestApp::listing(&["asmith"]);

    app.keys("R delete").due(Timer::Reload);

    assert_eq!(app.count(is_search), 0);
}

#[test]
fn the_automatic_reload_leaves_what_was_said_of_an_ended_session() {
    let mut app = TestApp::listing(&["asmith"]);
    app.keys("R delete").due(Timer::Arm).keys("y");
    app.send(Msg::Revoked {
        job: crate::app::JobId(1),
        row: FIRST,
        outcome: crate::model::Outcome::Revoked,
    })
    .send(Msg::Ended(crate::app::JobId(1)));
    let said = app.status().to_owned();
    assert!(said.starts_with("ended 1 session"), "{said}");

    app.due(Timer::Reload);

    assert!(app.count(is_search) > 0);
    assert_eq!(app.status(), said);
}

#[test]
fn enter_while_the_first_search_still_runs_takes_the_focus_to_the_rows() {
    let mut app = TestApp::with(|profile| profile.policy.search_on_start = true);
    app.connect().page(&[("jdoe", 60)], Some("1"));
    assert_eq!(app.state.focus, Pane::Search);

    app.keys("enter");

    assert_eq!(app.state.focus, Pane::Table);
    assert_eq!(app.count(is_search), 1);
}

#[test]
fn slash_in_the_empty_text_field_is_the_key_that_leads_there_and_no_text() {
    let mut app = TestApp::new();

    app.typed("/a/b");

    assert_eq!(app.state.form.inputs[TextField::Text].value(), "a/b");
}

#[test]
fn letters_are_keys_on_the_buttons_of_the_form_and_nowhere_else_in_it() {
    let mut app = TestApp::listing(&["asmith"]);
    app.keys("1");
    app.state.form.field = FormField::State;
    app.keys("2");
    assert_eq!(app.state.focus, Pane::Search);

    app.state.form.field = FormField::Search;
    app.keys("2");
    assert_eq!(app.state.focus, Pane::Table);
}

#[test]
fn f_clock_02_a_clock_that_jumps_changes_no_countdown_and_no_elapsed_time_below_zero() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    let wait = crate::app::source::Wait {
        host: "idp:443".into(),
        code: Code::Http(429),
        left: std::time::Duration::from_secs(17),
    };
    app.send(Msg::Waiting {
        source: SourceId(0),
        wait: Some(wait),
    });
    let told = crate::app::words::waiting(&app.state);
    let begun = app.state.sources[0].begun;

    for hours in [-30, 30] {
        let jumped = app.state.now + chrono::TimeDelta::hours(hours);
        app.send(Msg::Tick {
            now: jumped,
            up: app.state.up,
        });
        assert_eq!(crate::app::words::waiting(&app.state), told);
        assert_eq!(app.state.sources[0].begun, begun);
        assert!(app.state.is_loading());
    }
    assert_eq!(
        told.as_deref(),
        Some("idp:443 answered 429: waiting 17 s · Esc stops")
    );
}

/// A screen on which the form has no room without the focus.
const SMALL: Size = Size {
    width: 80,
    height: 24,
};

#[test]
fn a_form_that_is_one_line_unfolds_with_the_focus_and_all_of_it_with_its_key() {
    let mut app = TestApp::listing(&["jdoe", "root"]);
    app.send(Msg::Resize(SMALL));
    assert!(app.state.layout.is_form_line, "the table has the focus");
    let rows = app.state.layout.table_height();

    app.keys("tab tab");
    assert_eq!(app.state.focus, Pane::Search);
    assert_eq!(app.state.form.field, FormField::Text(TextField::Text));
    assert_eq!(app.state.layout.table_height(), rows - 2);

    app.keys("f2");
    assert!(app.state.form.unfolded);

    app.state.focus = Pane::Table;
    app.keys("down f2");
    assert!(app.state.form.unfolded && !app.state.layout.is_form_line);
}

#[test]
fn shift_tab_comes_into_the_form_at_its_end() {
    let mut app = TestApp::listing(&["jdoe"]);
    app.send(Msg::Resize(SMALL));

    app.keys("shift-tab");

    assert_eq!(app.state.focus, Pane::Search);
    assert_eq!(app.state.form.field, FormField::More);
}

#[test]
fn enter_in_the_table_lists_all_before_anything_was_searched() {
    let mut app = TestApp::new();
    app.keys("esc");
    assert_eq!(app.state.focus, crate::app::state::Pane::Table);

    app.keys("enter").connect();

    assert_eq!(app.count(|e| matches!(e, Effect::Search { .. })), 1);
}
