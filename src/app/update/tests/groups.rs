//! Groups and overview: counts over the rows that are shown, and the rows of one group.

use super::*;
use crate::app::counts::{Counts, count};
use crate::app::dialogs::groups::Groups;
use crate::app::dialogs::overview::Overview;
use crate::app::state::Pane;
use crate::store::touched;

impl TestApp {
    /// Does what the worker does with the counts that were asked for last.
    fn count_rows(&mut self) -> &mut Self {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Count {
                generation,
                rows,
                order,
                view,
                by,
                began: asks,
            } => {
                let counts = count(rows, order, view, by, *asks);
                Some((*generation, counts))
            }
            _ => None,
        });
        let (generation, counts) = asked.expect("counts were asked for");
        self.send(Msg::Counted { generation, counts })
    }

    fn title(&self) -> String {
        let dialog = self.state.dialogs.last().expect("a box");
        dialog.view(&self.state).title
    }
}

fn app() -> TestApp {
    let mut app = TestApp::listing(&["ada", "bob", "ada", "eve", "ada", "bob"]);
    app.state.focus = Pane::Table;
    app
}

#[test]
fn enter_keeps_the_rows_of_a_group_and_backspace_returns_to_the_groups() {
    let mut app = app();
    app.keys("b").count_rows();
    assert_eq!(app.title(), "6 sessions by user · 3 groups");

    app.keys("down enter");
    assert_eq!(app.shown(), ["bob", "bob"]);
    app.keys("backspace").count_rows();

    assert_eq!(app.title(), "6 sessions by user · 3 groups");
    app.keys("esc");
    assert_eq!(app.shown().len(), 6);
}

#[test]
fn the_groups_are_those_of_the_rows_that_are_shown() {
    let mut app = app();
    app.keys("&").typed("-user:ada").keys("enter");

    app.keys("b").count_rows();

    assert_eq!(app.title(), "3 sessions by user · 2 groups");
}

#[test]
fn arrows_change_the_property_and_late_counts_are_dropped() {
    let mut app = app();
    app.keys("b right");
    let first = app.effects.iter().find_map(|effect| match effect {
        Effect::Count { generation, .. } => Some(*generation),
        _ => None,
    });

    app.send(Msg::Counted {
        generation: first.expect("counts were asked for"),
        counts: Counts::default(),
    });
    assert_eq!(app.title(), "6 sessions by client");
    app.count_rows();

    assert_eq!(app.title(), "6 sessions by client · 1 group");
    app.keys("right").count_rows();
    let lines = app
        .dialog::<Groups>()
        .expect("the box")
        .view(&app.state)
        .lines;
    let text: String = lines
        .iter()
        .flat_map(|line| &line.parts)
        .map(|part| part.text.as_str())
        .collect();
    assert!(text.contains("(not reported)"), "{text}");
}

#[test]
fn a_filter_that_was_dropped_is_no_way_back() {
    let mut app = app();
    app.keys("b").count_rows();
    app.keys("enter F");

    app.keys("backspace");

    assert!(app.state.dialogs.is_empty());
    assert!(app.status().contains("first search"), "{}", app.status());
}

#[test]
fn the_overview_keeps_only_what_is_chosen() {
    let mut app = app();
    app.keys("o").count_rows();
    assert!(app.dialog::<Overview>().is_some());

    app.keys("right down enter");

    assert_eq!(app.shown(), ["bob", "bob"]);
}

#[test]
fn no_key_of_these_boxes_looks_at_every_row() {
    let mut app = app();
    touched::take();

    app.keys("b right right esc o down up esc");

    assert_eq!(touched::take(), 0);
}
