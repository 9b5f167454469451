//! From a row to everything of its person.

use secrecy::ExposeSecret;

use super::plans::{answer_cut, says};
use super::*;
use crate::app::detail_line::DetailLine;
use crate::app::dialogs::person::Person as PersonBox;
use crate::app::form::TextField;
use crate::app::state::Pane;

/// The query of the last search that was asked for.
fn asked(app: &TestApp) -> String {
    let last = app.effects.iter().rev().find_map(|effect| match effect {
        Effect::Search { search, .. } => Some(search.query.to_string()),
        _ => None,
    });
    last.expect("a search")
}

#[test]
fn u_searches_for_all_of_the_user_under_the_cursor_and_stays_on_the_session() {
    let mut app = TestApp::new();
    app.typed("client:portal-web").keys("enter").connect();
    app.page(&[("asmith", 600), ("jdoe", 600)], None);
    app.keys("down u").forget();
    app.page(&[("asmith", 10), ("jdoe", 20), ("jdoe", 600)], None);

    assert_eq!(asked(&app), "user:jdoe");
    let inputs = &app.state.form.inputs;
    assert_eq!(inputs[TextField::User].value(), "jdoe");
    assert_eq!(inputs[TextField::Text].value(), "");
    assert_eq!(app.cursor_user(), "jdoe");
    assert_eq!(app.state.focus, Pane::Table);
}

#[test]
fn filters_that_hid_some_of_their_sessions_are_dropped() {
    let mut app = TestApp::listing(&["asmith", "jdoe"]);
    app.keys("f u").forget();
    app.page(&[("asmith", 10), ("asmith", 20)], None);

    assert_eq!(app.shown(), ["asmith", "asmith"]);
    assert!(!app.state.results.is_filtered());
}

#[test]
fn a_name_that_the_user_field_would_change_is_written_with_quotes() {
    let mut app = TestApp::listing(&[" jdoe"]);

    app.keys("u");

    assert_eq!(asked(&app), "user:\" jdoe\"");
    let text = app.state.form.inputs[TextField::Text].value();
    assert_eq!(text, "user:\" jdoe\"");
}

#[test]
fn commas_and_quotes_in_a_name_are_part_of_it() {
    let mut app = TestApp::listing(&["doe, \"jane\""]);

    app.keys("u");

    assert_eq!(asked(&app), r#"user:"doe, \"jane\"""#);
}

#[test]
fn a_session_without_a_person_says_so() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    app.rows(vec![RowRef::new("k", "ss:0001…")]);
    app.effects.clear();

    app.keys("u");

    assert!(app.effects.is_empty());
    assert!(app.status().contains("nobody has signed in"));
}

#[test]
fn a_cut_list_names_the_key_that_narrows_it_until_it_is_narrowed() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    app.cut_at(120, &[("jdoe", 600)]);
    assert_eq!(
        app.status(),
        "the server stops at 120; narrow the search (u: this user only)"
    );

    app.keys("u").forget();
    app.cut_at(120, &[("jdoe", 600)]);

    assert_eq!(app.status(), "the server stops at 120; narrow the search");
}

#[test]
fn an_empty_table_of_a_cut_list_says_what_it_knows_and_enter_leads_out() {
    let mut app = TestApp::new();
    app.typed("jdoe state:active").keys("enter").connect();
    app.cut_at(120, &[]);

    assert_eq!(app.state.focus, Pane::Search);
    let said = crate::app::cut::none_among(&app.state);
    assert_eq!(
        said[0],
        "none among the 0 that prod-janssen showed; its list is cut."
    );
    assert_eq!(
        crate::app::cut::way_out(&app.state).as_deref(),
        Some("jdoe")
    );
    app.keys("enter");

    assert_eq!(asked(&app), "user:jdoe");
    app.forget().page(&[("jdoe", 5)], None);
    assert_eq!(app.shown(), ["jdoe"]);
    assert_eq!(crate::app::cut::way_out(&app.state), None);
}

#[test]
fn u_and_enter_lead_out_with_no_row_selected() {
    for key in ["u", "enter"] {
        let mut app = TestApp::new();
        app.typed("jdoe").keys("enter").connect();
        app.cut_at(120, &[]);

        app.state.focus = Pane::Table;
        app.keys(key);

        assert_eq!(asked(&app), "user:jdoe", "{key}");
    }
}

#[test]
fn a_filter_over_a_cut_list_that_hides_everything_leads_out_too() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    app.cut_at(2, &[("amy", 60), ("bob", 60)]);
    app.state.focus = Pane::Table;

    app.keys("&").typed("jdoe").keys("enter");
    assert!(app.shown().is_empty());
    app.keys("enter");

    assert_eq!(asked(&app), "user:jdoe");
    assert!(!app.state.results.is_filtered());
}

#[test]
fn a_whole_list_has_no_way_out_and_enter_asks_the_same_again() {
    let mut app = TestApp::new();
    app.typed("jdoe").keys("enter").connect();
    app.page(&[], None);

    app.keys("enter");

    assert_eq!(asked(&app), "jdoe");
}

#[test]
fn the_question_about_all_of_a_person_says_that_the_list_was_cut() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    app.cut_at(2, &[("amy", 60), ("bob", 60)]);
    app.state.focus = Pane::Table;

    app.keys("U");
    answer_cut(&mut app, 120);

    says(
        &app,
        &["! the list of prod-janssen was cut at 120: it may hold more"],
    );
}

fn lines(app: &TestApp) -> Vec<String> {
    let view = app.state.dialogs.last().expect("a box").view(&app.state);
    let text = |line: &crate::app::dialog_view::ViewLine| -> String {
        line.parts.iter().map(|part| part.text.as_str()).collect()
    };
    view.lines.iter().map(text).collect()
}

#[test]
fn u_shows_the_person_and_2_the_same_rows_as_a_table() {
    let mut app = TestApp::listing(&["asmith", "jdoe"]);
    app.keys("down u").forget();
    assert!(app.dialog::<PersonBox>().is_some());
    assert!(
        lines(&app).concat().contains("being asked"),
        "{:?}",
        lines(&app)
    );
    app.page(&[("jdoe", 20), ("jdoe", 600)], None);

    let said = lines(&app);
    assert_eq!(said[0], " jdoe");
    assert!(said[1].contains("2 sessions · 2 alive"), "{said:?}");
    assert!(said.iter().any(|line| line.contains('●')), "{said:?}");
    app.keys("j");
    assert_eq!(app.state.results.cursor, 1);
    app.keys("2");

    assert!(app.state.dialogs.is_empty());
    assert_eq!(app.shown(), ["jdoe", "jdoe"]);
}

#[test]
fn backspace_in_the_person_leads_back_to_the_search_before() {
    let mut app = TestApp::new();
    app.typed("client:portal-web").keys("enter").connect();
    app.page(&[("jdoe", 600)], None);
    app.keys("u").forget();
    app.page(&[("jdoe", 600)], None);

    app.keys("backspace");

    assert!(app.state.dialogs.is_empty());
    assert_eq!(asked(&app), "client:portal-web");
}

#[test]
fn a_system_without_sessions_of_the_person_is_told_and_so_is_one_that_is_cut_or_away() {
    let mut app = TestApp::listing(&["jdoe"]);
    app.keys("u").forget();
    app.page(&[], None);
    assert!(
        lines(&app)
            .concat()
            .contains("prod-janssen  none, asked 14:07")
    );

    app.keys("esc");
    app.state.focus = Pane::Table;
    app.keys("u").forget();
    app.cut_at(120, &[("jdoe", 5)]);
    assert!(
        lines(&app)
            .concat()
            .contains("cut at 120, asked 14:07: there may be more")
    );
}

#[test]
fn with_no_row_u_takes_the_word_that_was_typed() {
    let mut app = TestApp::new();
    app.typed("jdoe").keys("enter").connect();
    app.page(&[], None);
    app.state.focus = Pane::Table;

    app.keys("u");

    assert_eq!(asked(&app), "user:jdoe");
    assert!(app.dialog::<PersonBox>().is_some());
}

#[test]
fn keys_that_end_something_work_in_the_person_too() {
    for (key, title) in [
        ("U", "End every session of jdoe"),
        ("delete", "End session?"),
    ] {
        let mut app = TestApp::listing(&["jdoe"]);
        app.keys("u").forget();
        app.page(&[("jdoe", 5)], None);

        app.keys(key);

        says(&app, &[title]);
    }
}

#[test]
fn the_sentence_says_how_many_more_sessions_the_person_has_and_is_copied_without_that() {
    let mut app = TestApp::listing(&["amy", "amy", "amy", "bob"]);
    let said = |app: &TestApp| {
        let lines = app.state.layout.lines.iter();
        lines.map(DetailLine::text).collect::<Vec<_>>().join(" ")
    };
    assert!(
        said(&app).contains("  2 more of this person (u)"),
        "{}",
        said(&app)
    );

    app.keys("3 y");
    let copied = app.effects.iter().find_map(|effect| match effect {
        Effect::Copy { text, .. } => Some(text.expose_secret().to_owned()),
        _ => None,
    });
    let copied = copied.expect("the sentence was copied");
    assert!(
        copied.starts_with("amy ") && copied.ends_with('.'),
        "{copied}"
    );

    app.keys("2 end");
    assert!(!said(&app).contains("of this person"), "{}", said(&app));
}
