//! Hints of rows: in the table, in queries, and as sentences in the details.

use super::*;
use crate::app::cells;
use crate::app::columns;
use crate::app::detail_line::{DetailLine, LineKind};
use crate::app::state::Pane;
use crate::model::HintRules;

/// Where two sessions of a user are many.
fn app(users: &[&str]) -> TestApp {
    let mut app = TestApp::with(|profile| {
        profile.policy.thresholds.hints = HintRules {
            many_sessions: 1,
            ..HintRules::USUAL
        };
    });
    app.keys("enter").connect();
    let rows: Vec<_> = users.iter().map(|user| (*user, 600)).collect();
    app.page(&rows, None);
    app.effects.clear();
    app.state.focus = Pane::Table;
    app
}

impl TestApp {
    fn hints(&self) -> Vec<String> {
        let results = &self.state.results;
        let row = |id| Some((id, results.rows.get(id)?));
        results
            .order
            .iter()
            .filter_map(row)
            .map(|(id, row)| {
                cells::cell(&self.state, id, row, Field::Hint)
                    .text
                    .into_owned()
            })
            .collect()
    }

    fn has_hints_column(&self) -> bool {
        let all = columns::all(&self.state);
        all.iter().any(|column| column.what == Field::Hint)
    }

    fn details(&self) -> Vec<String> {
        let lines = crate::app::lines::detail_lines(&self.state);
        let hints = lines
            .iter()
            .filter(|line| line.kind == LineKind::Fact(Field::Hint));
        hints.map(DetailLine::text).collect()
    }
}

#[test]
fn the_column_of_hints_is_shown_only_where_it_was_chosen() {
    let mut app = app(&["ada", "ada", "bob"]);
    assert!(!app.has_hints_column());

    app.keys(":").typed("column hint").keys("enter");
    assert!(app.has_hints_column());
    app.keys(":").typed("column hint").keys("enter");

    assert!(!app.has_hints_column());
}

#[test]
fn rows_are_counted_once_all_have_come() {
    let mut app = app(&[]);
    app.forget().keys("r");
    app.page(&[("ada", 600), ("ada", 601)], Some("next"));
    assert_eq!(app.hints(), ["-", "-"]);

    app.page(&[("bob", 602)], None);

    assert_eq!(app.hints(), ["many", "many", "-"]);
    assert_eq!(
        app.details(),
        ["ada has 2 of the loaded sessions, more than 1."]
    );
}

#[test]
fn a_filter_finds_rows_by_their_hints() {
    let mut app = app(&["ada", "bob", "ada"]);

    app.keys("&").typed("hint:many");
    assert_eq!(app.shown(), ["ada", "ada"]);
    app.keys("ctrl-u").typed("-hint:*");

    assert_eq!(app.shown(), ["bob"]);
}

#[test]
fn a_search_for_a_hint_of_other_rows_asks_for_all_and_shows_those_that_have_it() {
    let mut app = app(&[]);
    app.forget()
        .keys("/ ctrl-u")
        .typed("hint:many -user:eve")
        .keys("enter");
    let sent = app.effects.iter().find_map(|effect| match effect {
        Effect::Search { search, .. } => Some(search.query.to_string()),
        _ => None,
    });
    assert_eq!(sent.as_deref(), Some("-user:eve"));

    app.page(&[("ada", 600), ("bob", 601)], Some("next"));
    assert_eq!(app.shown(), Vec::<String>::new());
    app.page(&[("ada", 602)], None);

    assert_eq!(app.shown(), ["ada", "ada"]);
    assert!(app.state.results.is_filtered());
}

#[test]
fn what_was_ended_counts_no_more() {
    let mut app = app(&["ada", "ada", "bob"]);
    assert_eq!(app.hints(), ["many", "many", "-"]);

    app.keys("delete").slowly("y");
    let (job, row) = app
        .effects
        .iter()
        .find_map(|effect| match effect {
            Effect::Revoke { job, items, .. } => Some((*job, items[0].row)),
            _ => None,
        })
        .expect("it was sent");
    let outcome = crate::model::Outcome::Revoked;
    app.send(Msg::Revoked { job, row, outcome })
        .send(Msg::Ended(job));

    assert_eq!(app.hints(), ["-", "-", "-"]);
}

#[test]
fn each_hint_is_a_sentence_in_the_details_but_for_the_own_session() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    let mut one = row("ada", 3600, 0);
    (one.own, one.impersonated, one.never_expires) = (Some(true), true, true);
    one.expires = None;
    app.rows(vec![one]);

    assert_eq!(app.hints(), ["own impersonated no-expiry"]);
    assert_eq!(
        app.details(),
        [
            "Somebody else signed in as ada.",
            "It has no end of its own."
        ]
    );
}

#[test]
fn a_sign_in_that_nobody_finished_says_when_it_was_begun() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    let mut one = row("ada", 3600, 0);
    (one.fact, one.user, one.user_id) = (Fact::Unauthenticated, None, None);
    app.rows(vec![one]);

    assert_eq!(app.hints(), ["unfinished"]);
    assert_eq!(
        app.details(),
        ["Nobody has finished this sign-in, begun 1h ago."]
    );
    let lines = crate::app::lines::detail_lines(&app.state);
    let said = lines.iter().filter(|line| line.kind == LineKind::Sentence);
    let said: String = said.map(DetailLine::text).collect::<Vec<_>>().join(" ");
    assert!(
        said.starts_with("Somebody began to sign in 1h ago"),
        "{said}"
    );
    assert!(!said.contains("signed in"), "{said}");
}
