//! Groups and overview: counts over the rows that are shown, and the rows of one group.

use super::*;
use crate::app::counts::{Counts, count};
use crate::app::dialogs::groups::Groups;
use crate::app::dialogs::overview::Overview;
use crate::app::msg::{Mouse, MouseKind};
use crate::app::state::Pane;
use crate::store::touched;

impl TestApp {
    /// Does what the worker does with the counts that were asked for last.
    pub(super) fn count_rows(&mut self) -> &mut Self {
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
fn the_overview_counts_every_hint_and_keeps_the_rows_with_one() {
    let names: Vec<&str> = std::iter::repeat_n("ada", 12).chain(["bob"]).collect();
    let mut app = TestApp::listing(&names);
    app.state.focus = Pane::Table;
    app.keys("o").count_rows();
    let shown = |app: &TestApp| {
        let view = app.top().expect("a box").view(&app.state);
        let parts = view.lines.iter().flat_map(|line| &line.parts);
        parts.map(|part| part.text.as_str()).collect::<String>()
    };
    let text = shown(&app);
    for hint in ["own", "impersonated", "networks", "no-expiry", "unfinished"] {
        assert!(text.contains(&format!("{hint:<13}0 ")), "{hint}: {text}");
    }
    assert!(text.contains("many         12 "), "{text}");

    app.keys("home enter");
    assert!(app.dialog::<Overview>().is_some(), "nobody has it");
    app.keys("right right enter");

    assert_eq!(app.shown().len(), 12);
    assert!(app.shown().iter().all(|user| user == "ada"));
    app.keys("backspace").count_rows();
    assert_eq!(app.title(), "13 sessions by hint · 2 groups");
}

#[test]
fn the_hints_of_the_overview_lead_to_the_bars_and_back() {
    let mut app = app();
    app.keys("o").count_rows();

    app.keys("up enter");
    assert!(app.dialog::<Overview>().is_some(), "a hint that no row has");
    app.keys("down down enter");
    assert_eq!(app.shown().len(), 6, "the only state");
    app.keys("F o").count_rows();
    click(&mut app, MouseKind::Click, "unfinished");
    click(&mut app, MouseKind::Click, "bob");
    click(&mut app, MouseKind::Click, "bob");

    assert_eq!(app.shown(), ["bob", "bob"]);
}

#[test]
fn rows_of_one_class_of_addresses_are_kept_by_it() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    let rows = ["10.0.0.1", "10.9.9.9", "8.8.8.8"].iter().enumerate();
    let rows = rows.map(|(number, ip)| {
        let mut row = row(&format!("user{number}"), 60, number);
        row.ip = Some((*ip).into());
        row
    });
    app.rows(rows.collect());
    app.state.focus = Pane::Table;

    app.keys(":")
        .typed("group ip class")
        .keys("enter")
        .count_rows();
    assert_eq!(app.title(), "3 sessions by ip class · 2 groups");
    app.keys("enter");

    assert_eq!(app.shown(), ["user0", "user1"]);
    let kept: Vec<String> = app
        .state
        .results
        .quick
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(kept, ["ip:private"]);
}

#[test]
fn no_key_of_these_boxes_looks_at_every_row() {
    let mut app = app();
    touched::take();

    app.keys("b right right esc o down up esc");

    assert_eq!(touched::take(), 0);
}

/// Clicks on the first place of the box that shows this text, so many cells from its beginning.
fn click(app: &mut TestApp, kind: MouseKind, text: &str) {
    let view = app.state.layout.dialogs.last().expect("a box").clone();
    let place = view.visible().find_map(|(area, line)| {
        let all: String = line.parts.iter().map(|part| part.text.as_str()).collect();
        let before = all.find(text)?;
        Some((area.x + all[..before].chars().count() as u16, area.y))
    });
    let (x, y) = place.expect("it is shown");
    app.send(Msg::Mouse(Mouse { kind, x, y }));
}

#[test]
fn a_click_chooses_a_group_and_a_second_one_keeps_its_rows() {
    let mut app = app();
    app.keys("b").count_rows();

    click(&mut app, MouseKind::Click, "ada");
    assert!(
        app.dialog::<Groups>().is_some(),
        "the first one was chosen before"
    );
    click(&mut app, MouseKind::Click, "eve");
    assert!(app.dialog::<Groups>().is_some());
    click(&mut app, MouseKind::Click, "eve");

    assert!(app.top().is_none());
    assert_eq!(app.shown(), ["eve"]);
}

#[test]
fn a_double_click_keeps_the_rows_of_a_group_and_nothing_else() {
    let mut app = app();
    app.keys("b").count_rows();

    click(&mut app, MouseKind::Click, "bob");
    click(&mut app, MouseKind::DoubleClick, "bob");

    assert_eq!(app.shown(), ["bob", "bob"]);
    assert_eq!(app.state.focus, Pane::Table);
}

#[test]
fn a_key_between_two_clicks_makes_the_second_a_first() {
    let mut app = app();
    app.keys("b").count_rows();

    click(&mut app, MouseKind::Click, "eve");
    app.keys("up");
    click(&mut app, MouseKind::Click, "eve");

    assert!(app.dialog::<Groups>().is_some());
}

#[test]
fn the_wheel_scrolls_the_groups_and_what_is_under_the_pointer_is_what_a_click_takes() {
    let names: Vec<String> = (10..99).map(|number| format!("user{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut app = TestApp::listing(&names);
    app.state.focus = Pane::Table;
    app.keys("b").count_rows();
    let shown = |app: &TestApp| {
        let view = app.state.layout.dialogs.last().unwrap();
        let choices = view.lines.iter().filter_map(|line| line.choice);
        choices.collect::<Vec<_>>()
    };
    let before = shown(&app);
    let at = app.state.layout.dialogs.last().unwrap().area;

    for _ in 0..4 {
        app.send(Msg::Mouse(Mouse {
            kind: MouseKind::WheelDown,
            x: at.x + 5,
            y: at.y + 5,
        }));
    }

    let after = shown(&app);
    assert_eq!(after[0], before[0] + 12);
    // A click in the middle moves nothing under the pointer.
    let name = format!("user{}", 10 + after[after.len() / 2]);
    click(&mut app, MouseKind::Click, &name);
    assert_eq!(shown(&app), after);
    click(&mut app, MouseKind::Click, &name);
    assert_eq!(app.shown(), [name]);
}

#[test]
fn a_bar_of_the_overview_is_chosen_by_a_click_and_kept_by_a_second() {
    let mut app = app();
    app.keys("o").count_rows();

    click(&mut app, MouseKind::Click, "bob");
    assert!(app.dialog::<Overview>().is_some());
    click(&mut app, MouseKind::Click, "eve");
    assert!(app.dialog::<Overview>().is_some(), "another bar");
    click(&mut app, MouseKind::DoubleClick, "eve");

    assert!(app.top().is_none());
    assert_eq!(app.shown(), ["eve"]);
}
