//! Rows, cursor, order and filters.

use super::*;
use crate::app::detail_line::LineKind;
use crate::app::dialogs::copy_menu::CopyMenu;
use crate::app::effect::Timer;
use crate::app::lines::detail_lines;
use crate::app::state::Pane;
use crate::model::{Acted, Code};

#[test]
fn rows_are_shown_as_they_arrive_and_sorted_when_the_last_page_is_there() {
    let mut app = TestApp::new();
    app.keys("enter").connect();

    app.page(&[("zoe", 60), ("bob", 60)], Some("2"));
    assert_eq!(app.shown(), ["zoe", "bob"]);

    app.page(&[("amy", 60)], None);
    assert_eq!(app.shown(), ["amy", "bob", "zoe"]);
}

#[test]
fn the_first_rows_of_a_page_are_shown_before_its_end() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    let search = app.state.sources[0].search_gen;

    app.first_rows(search, &[("zoe", 60), ("bob", 60)]);
    assert_eq!(app.shown(), ["zoe", "bob"]);
    assert!(app.state.sources[0].is_loading());

    app.first_rows(Gen(999), &[("late", 60)]);
    app.page(&[("zoe", 60), ("bob", 60), ("amy", 60)], None);
    assert_eq!(app.shown(), ["amy", "bob", "zoe"]);
    let source = &app.state.sources[0];
    assert_eq!((source.rows, source.pages), (3, 1));
}

#[test]
fn the_first_rows_of_a_page_stay_when_the_rest_of_it_fails() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    let search = app.state.sources[0].search_gen;

    app.first_rows(search, &[("zoe", 60)]);
    app.page_fails(ApiError::Broken {
        host: "h".into(),
        why: "cut".into(),
        exchange: None,
    });

    assert_eq!(app.shown(), ["zoe"]);
    let told = crate::app::words::incomplete(&app.state);
    assert_eq!(told.as_deref(), Some("incomplete: 1 row"));
}

#[test]
fn the_first_rows_of_a_reload_take_the_place_of_those_before() {
    let mut app = TestApp::listing(&["asmith", "bwong", "cruz"]);
    app.keys("down down r");
    app.seen = ReadKeys::default();
    assert_eq!(app.shown(), ["asmith", "bwong", "cruz"]);

    let search = app.state.sources[0].search_gen;
    app.first_rows(search, &[("asmith", 600)]);
    app.page(&[("asmith", 600), ("cruz", 600)], None);

    assert_eq!(app.shown(), ["asmith", "cruz"]);
    assert_eq!(app.cursor_user(), "cruz");
}

#[test]
fn one_persons_last_sign_in_is_on_top() {
    let mut app = TestApp::new();
    app.keys("enter").connect();

    app.page(&[("amy", 900), ("amy", 30), ("amy", 300)], None);

    let ages: Vec<_> = app
        .state
        .results
        .order
        .iter()
        .map(|id| {
            (now() - app.state.results.rows.get(id).unwrap().created().unwrap()).num_seconds()
        })
        .collect();
    assert_eq!(ages, [30, 300, 900]);
}

#[test]
fn the_cursor_keeps_its_row_while_pages_arrive_and_while_they_are_sorted() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    app.page(&[("zoe", 60), ("bob", 60), ("mia", 60)], Some("3"));

    app.keys("down");
    assert_eq!(app.cursor_user(), "bob");
    app.page(&[("amy", 60), ("ann", 60)], None);

    assert_eq!(app.cursor_user(), "bob");
}

#[test]
fn a_cursor_that_nobody_moved_is_at_the_top_after_sorting() {
    let mut app = TestApp::new();
    app.keys("enter").connect();

    app.page(&[("zoe", 60)], Some("1"))
        .page(&[("amy", 60)], None);

    assert_eq!(app.cursor_user(), "amy");
}

#[test]
fn a_reload_finds_the_session_under_the_cursor_again() {
    let mut app = TestApp::listing(&["asmith", "bwong", "cruz"]);
    app.keys("down down");
    assert_eq!(app.cursor_user(), "cruz");

    app.keys("r");
    app.seen = ReadKeys::default();
    app.page(&[("asmith", 600), ("new", 600), ("cruz", 600)], None);

    assert_eq!(app.cursor_user(), "cruz");
}

#[test]
fn sorting_by_another_column_keeps_the_cursor_on_its_row() {
    let mut app = TestApp::listing(&["asmith", "bwong", "cruz"]);
    app.keys("down");

    app.keys("S");

    assert_eq!(app.shown(), ["cruz", "bwong", "asmith"]);
    assert_eq!(app.cursor_user(), "bwong");
}

#[test]
fn the_live_filter_narrows_loaded_rows_and_esc_brings_them_back() {
    let mut app = TestApp::listing(&["asmith", "bwong", "bwong2"]);

    app.keys("&").typed("user:bw*").due(Timer::Filter);
    assert_eq!(app.shown(), ["bwong", "bwong2"]);

    app.keys("esc");
    assert_eq!(app.shown(), ["asmith", "bwong", "bwong2"]);
}

#[test]
fn the_live_filter_stays_after_enter_and_gives_the_keys_back() {
    let mut app = TestApp::listing(&["asmith", "bwong"]);

    app.keys("&").typed("wong").keys("enter");

    assert_eq!(app.shown(), ["bwong"]);
    app.keys("F");
    assert_eq!(app.shown(), ["asmith", "bwong"]);
}

#[test]
fn the_live_filter_follows_every_key_and_a_half_written_word_does_not_count() {
    let mut app = TestApp::listing(&["asmith", "bwong", "bwong2"]);

    app.keys("&").typed("wong");
    assert_eq!(app.shown(), ["bwong", "bwong2"]);

    app.typed(" user:");
    assert_eq!(app.shown(), ["bwong", "bwong2"]);
    assert!(app.state.results.live.as_ref().unwrap().error.is_none());

    app.typed("bwong2");
    assert_eq!(app.shown(), ["bwong2"]);
}

#[test]
fn the_cursor_goes_back_to_the_row_that_a_filter_had_left_out() {
    let mut app = TestApp::listing(&["asmith", "bwong", "cruz", "dora"]);
    app.keys("G k");
    assert_eq!(app.cursor_user(), "cruz");

    app.keys("&").typed("dora");
    assert_eq!(app.shown(), ["dora"]);
    app.keys("esc");
    assert_eq!(app.cursor_user(), "cruz");

    // Who moves the cursor meanwhile has left the row.
    app.keys("&").typed("user:asmith,dora");
    app.keys("enter down F");
    assert_eq!(app.cursor_user(), "dora");
}

#[test]
fn a_filter_that_cannot_be_read_leaves_the_rows_and_says_why() {
    let mut app = TestApp::listing(&["asmith", "bwong"]);

    app.keys("&").typed("usr:x").due(Timer::Filter);

    assert_eq!(app.shown().len(), 2);
    let error = app
        .state
        .results
        .live
        .as_ref()
        .unwrap()
        .error
        .clone()
        .unwrap();
    assert!(error.contains("usr"), "{error}");
}

#[test]
fn f_keeps_rows_with_the_value_under_the_cursor() {
    let mut app = TestApp::listing(&["asmith", "asmith", "bwong"]);

    app.keys("f");

    assert_eq!(app.shown(), ["asmith", "asmith"]);
}

#[test]
fn f_del_11_duplicates_across_pages_are_dropped_and_counted() {
    let mut app = TestApp::new();
    app.keys("enter").connect();

    app.page(&[("amy", 60)], Some("1"))
        .page(&[("amy", 60), ("bob", 60)], None);

    assert_eq!(app.shown(), ["amy", "bob"]);
    assert_eq!(app.state.sources[0].duplicates, 1);
}

#[test]
fn enter_opens_details_and_a_second_enter_reads_the_session_anew() {
    let mut app = TestApp::listing(&["asmith"]);

    app.keys("enter");
    assert_eq!(app.state.focus, Pane::Details);
    app.keys("enter");

    assert_eq!(app.count(|e| matches!(e, Effect::Get { .. })), 1);
}

#[test]
fn a_row_that_the_server_no_longer_has_says_so() {
    let mut app = TestApp::listing(&["asmith"]);
    app.keys("enter enter");
    let generation = app.state.details.gen_read;

    app.send(Msg::Detail {
        source: SourceId(0),
        generation,
        row: FIRST,
        result: Err(ApiError::NotFound),
    });

    assert_eq!(app.state.results.statuses[&FIRST].word(), "gone");
}

#[test]
fn after_a_reload_without_its_session_the_cursor_stays_where_it_was() {
    let mut app = TestApp::listing(&["asmith", "bwong", "cruz", "dee"]);
    app.keys("down down");

    app.keys("r");
    app.seen = ReadKeys::default();
    app.page(&[("asmith", 600), ("bwong", 600), ("dee", 600)], None);

    assert_eq!(app.cursor_user(), "dee");
}

#[test]
fn a_masked_value_is_shown_for_a_while_and_that_is_written_down() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    let secret = (
        "opbs".into(),
        "a-long-value-that-is-masked".into(),
        crate::model::Class::Secret,
    );
    app.rows(vec![RowRef {
        extra: vec![secret],
        ..row("asmith", 60, 0)
    }]);

    app.keys("enter G v");

    assert_eq!(app.state.details.revealed.as_deref(), Some("opbs"));
    assert_eq!(app.count(|e| matches!(e, Effect::Revealed { .. })), 1);
    app.due(Timer::Mask);
    assert_eq!(app.state.details.revealed, None);
}

#[test]
fn escape_and_a_key_in_one_chord_are_both_heard_in_dialogs_too() {
    let mut app = TestApp::listing(&["amy", "bob"]);
    app.state.focus = Pane::Table;

    app.keys("? alt-j");
    assert!(app.top().is_none(), "Esc closed the help");
    assert_eq!(app.cursor_user(), "bob", "and j moved the cursor");
    app.keys("delete").due(Timer::Arm).keys("alt-y");
    let menu: Option<&CopyMenu> = app.state.top();
    assert!(
        menu.is_some(),
        "Esc closed the question, and y opened the menu"
    );
    app.keys("esc");
    assert!(app.sent().is_empty(), "y was not for the question");
    app.keys("delete alt-enter");
    assert!(app.top().is_none());
    assert_eq!(
        app.state.focus,
        Pane::Details,
        "and Enter opened the details"
    );
}

#[test]
fn escape_and_enter_in_one_chord_leave_the_form_and_open_the_details() {
    let mut app = TestApp::listing(&["amy", "bob"]);
    app.state.focus = Pane::Search;

    app.typed("x").keys("alt-enter");
    assert_eq!(app.state.focus, Pane::Details);
    app.keys("/").typed("fi").keys("alt-j");

    assert!(app.state.details.find.is_none(), "Esc dropped the find");
}

#[test]
fn a_chord_that_edits_a_field_edits_it() {
    let mut app = TestApp::listing(&["amy"]);

    app.keys("?").typed("sort keys").keys("alt-b alt-d");

    let help = app.dialog::<Help>().expect("the help is open");
    assert_eq!(help.input.value(), "sort ");
}

/// One session with a secret and a plain attribute; the details have the focus.
fn with_attributes(reveal: bool) -> TestApp {
    let mut app = TestApp::with(|profile| profile.policy.reveal = reveal);
    app.keys("enter").connect();
    let (secret, plain) = (crate::model::Class::Secret, crate::model::Class::Plain);
    app.rows(vec![RowRef {
        extra: vec![
            ("opbs".into(), "s3cret".into(), secret),
            ("acr".into(), "pwd".into(), plain),
        ],
        ..row("amy", 60, 0)
    }]);
    app.state.focus = Pane::Details;
    app
}

#[test]
fn moving_in_the_details_never_stops_on_a_heading() {
    let mut app = with_attributes(true);
    let kinds = |app: &TestApp| -> Vec<LineKind> {
        let lines = detail_lines(&app.state);
        lines.iter().map(|line| line.kind).collect()
    };
    let count = kinds(&app).len();
    assert!(kinds(&app).contains(&LineKind::Heading));

    for (key, end) in [("j", count - 1), ("k", 0)] {
        for _ in 0..count {
            app.keys(key);
            let at = app.state.details.line;
            assert_ne!(kinds(&app)[at], LineKind::Heading, "{key} at {at}");
        }
        assert_eq!(app.state.details.line, end, "{key}");
    }
}

#[test]
fn what_a_profile_keeps_back_is_not_copied_and_the_reason_is_given() {
    let mut app = with_attributes(false);
    let lines = detail_lines(&app.state);
    let of = |secret: bool| {
        let is = |kind| matches!(kind, LineKind::Attribute(_));
        let mut lines = lines.iter();
        lines.position(|line| is(line.kind) && line.secret.is_some() == secret)
    };
    let (secret, plain) = (of(true).unwrap(), of(false).unwrap());

    for (line, key) in [(secret, "y"), (secret, "Y")] {
        app.state.details.line = line;
        app.keys(key);
        assert!(app.status().contains("reveal = false"), "{}", app.status());
    }
    assert_eq!(app.count(|effect| matches!(effect, Effect::Copy { .. })), 0);
    app.state.details.line = plain;
    app.keys("y");

    assert_eq!(app.count(|effect| matches!(effect, Effect::Copy { .. })), 1);
}

#[test]
fn f_clock_01_states_and_ages_go_by_the_clock_of_the_rows_server() {
    let mut app = TestApp::listing(&["asmith"]);
    let word = |app: &TestApp| {
        let row = app.state.results.rows.get(FIRST).expect("a row");
        let cells = [Field::State, Field::Age, Field::Left].map(|field| {
            crate::app::cells::cell(&app.state, FIRST, row, field)
                .text
                .into_owned()
        });
        cells.join(" ")
    };
    assert_eq!(word(&app), "active 10m 1h");

    // The row ends in an hour by our clock; the server's is two hours ahead, then behind.
    app.state.sources[0].ahead = TimeDelta::hours(2);
    assert_eq!(word(&app), "expired 2h 0s");
    app.state.sources[0].ahead = TimeDelta::hours(-2);
    assert_eq!(word(&app), "active <1m 3h");
}

#[test]
fn f_clock_01_a_server_whose_clock_is_not_ours_is_told_once_when_it_connects() {
    let mut app = TestApp::new();
    app.keys("enter").connect_ahead(TimeDelta::seconds(59));
    assert_eq!(app.status(), "");

    app.connect_ahead(TimeDelta::seconds(7_382));
    assert_eq!(
        app.status(),
        "the clock of prod-janssen is 2h3m ahead of this machine's; states and ages go by it"
    );

    app.state.message = None;
    app.connect_ahead(TimeDelta::seconds(7_379));
    assert_eq!(app.status(), "");
    app.connect_ahead(TimeDelta::hours(-1));
    assert!(app.status().contains("1h behind this"), "{}", app.status());
}

#[test]
fn f_clock_01_that_a_row_looks_expired_keeps_nobody_from_ending_it() {
    let mut app = TestApp::listing(&["asmith"]);
    app.state.sources[0].ahead = TimeDelta::hours(2);

    app.keys("delete");

    assert!(app.dialog::<Confirm>().is_some());
}

/// Where the searches began that were asked for since the last look.
fn begun_at(app: &mut TestApp) -> Vec<Option<String>> {
    let effects = std::mem::take(&mut app.effects).into_iter();
    let begun = effects.filter_map(|effect| match effect {
        Effect::Search { at, .. } => Some(at.map(|at| at.as_str().to_owned())),
        _ => None,
    });
    begun.collect()
}

#[test]
fn f_http_07_r_goes_on_where_the_list_broke_off_and_the_rows_stay() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    app.page(&[("zoe", 60), ("bob", 60)], Some("2"));
    let broken = ApiError::Broken {
        host: "h".into(),
        why: "cut".into(),
        exchange: None,
    };
    app.page_fails(broken);
    app.state.focus = Pane::Table;
    app.effects.clear();

    app.keys("r");
    assert_eq!(begun_at(&mut app), [Some("2".to_owned())]);
    assert_eq!(app.shown(), ["bob", "zoe"]);
    app.page(&[("amy", 60)], None);
    assert_eq!(app.shown(), ["amy", "bob", "zoe"]);

    // Once it is whole, it is asked for anew.
    app.keys("r");
    assert_eq!(begun_at(&mut app), [None]);
}

#[test]
fn a_list_that_cannot_go_on_is_asked_for_from_its_start() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    app.page(&[("zoe", 60)], Some("2"));
    let gone = ApiError::Server {
        host: "h".into(),
        code: Code::Http(410),
        message: "gone".into(),
        acted: Acted::No,
        is_transient: false,
        exchange: None,
    };
    for _ in 0..2 {
        app.page_fails(gone.clone());
        app.keys("esc");
        app.state.focus = Pane::Table;
        app.effects.clear();
        app.keys("r");
    }

    assert_eq!(begun_at(&mut app), [None]);
}

#[test]
fn a_search_took_as_long_as_all_its_pages() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    assert_eq!(app.state.sources[0].took, None, "nothing was searched yet");

    app.page(&[("ada", 60)], Some("more"));
    app.page(&[("bob", 60)], None);
    let took = app.state.sources[0].took;
    assert_eq!(took, Some(Duration::from_millis(18)));

    app.keys("f5").forget();
    app.page(&[("ada", 60)], None);
    let took = app.state.sources[0].took;
    assert_eq!(took, Some(Duration::from_millis(9)), "a new search");
}
