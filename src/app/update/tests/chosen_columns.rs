//! The columns that the operator wants.

use super::*;
use crate::app::columns;
use crate::app::memory::{Keep, KeptColumns};
use crate::app::state::Pane;

impl TestApp {
    fn columns(&self) -> Vec<String> {
        let all = columns::all(&self.state).into_iter();
        all.map(|column| column.what.name().into_owned()).collect()
    }

    fn kept_columns(&self) -> Option<(&str, Option<&KeptColumns>)> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Keep(Keep::Columns(profile, columns)) => {
                Some((profile.as_str(), columns.as_ref()))
            }
            _ => None,
        })
    }
}

fn app() -> TestApp {
    let mut app = TestApp::listing(&["ada"]);
    app.state.focus = Pane::Table;
    app
}

#[test]
fn a_column_is_hidden_and_moved_at_once_and_kept_when_the_list_closes() {
    let mut app = app();
    let before = app.columns();

    app.keys("C down space");
    let mut expected = before.clone();
    let second = expected.remove(1);
    assert_eq!(app.columns(), expected);
    assert!(app.kept_columns().is_none());

    // It changes places with the hidden one first, then with the next.
    app.keys("up right right esc");
    expected.swap(0, 1);
    assert_eq!(app.columns(), expected);
    let (profile, kept) = app.kept_columns().expect("the columns are kept");
    assert_eq!(profile, "prod-janssen");
    // Hints are shown only where they were chosen.
    assert_eq!(kept.expect("columns").hidden, [second, "hint".into()]);
}

#[test]
fn what_was_kept_is_shown_in_the_next_run_for_that_profile_only() {
    let mut app = app();
    let before = app.columns();
    let kept = KeptColumns {
        order: vec![before[1].clone(), before[0].clone()],
        hidden: vec![before[2].clone()],
    };
    app.state
        .memory
        .columns
        .insert("other".into(), kept.clone());
    assert_eq!(app.columns(), before);

    app.state.memory.columns.insert("prod-janssen".into(), kept);

    let mut expected = before.clone();
    expected.remove(2);
    expected.swap(0, 1);
    assert_eq!(app.columns(), expected);
}

#[test]
fn the_last_column_stays_and_all_come_back() {
    let mut app = app();
    let before = app.columns();

    app.keys("C");
    for _ in &before {
        app.keys("space down");
    }
    assert_eq!(app.columns().len(), 1);

    app.keys("r esc");
    assert_eq!(app.columns(), before);
    assert_eq!(app.kept_columns(), Some(("prod-janssen", None)));
}

#[test]
fn a_column_is_hidden_from_the_palette() {
    let mut app = app();
    let before = app.columns();
    let last = before.last().expect("a column");

    app.keys(":").typed(&format!("column {last}")).keys("enter");

    assert_eq!(app.columns(), before[..before.len() - 1]);
    assert!(app.kept_columns().is_some());
}
