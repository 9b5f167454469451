//! Clicks on the hint line and on scrollbars.

use super::*;
use crate::app::area::BORDER;
use crate::app::dialogs::help::Help;
use crate::app::hints::{self, GAP};
use crate::app::msg::{Mouse, MouseKind};
use crate::app::scrollbar::ScrollTrack;
use crate::app::state::Pane;

fn mouse(app: &mut TestApp, kind: MouseKind, x: u16, y: u16) {
    app.send(Msg::Mouse(Mouse { kind, x, y }));
}

/// Clicks into the hint line, so many cells behind the beginning of the hint with this word.
fn click_hint(app: &mut TestApp, word: &str, cell: usize) {
    let mut x = 1;
    for hint in hints::hints(&app.state) {
        if hint.word == word {
            let y = app.state.layout.hints.y;
            return mouse(app, MouseKind::Click, (x + cell) as u16, y);
        }
        x += hint.cells() + GAP;
    }
    panic!("no hint says {word}: {:?}", hints::hints(&app.state));
}

fn list_of(count: usize) -> TestApp {
    let names: Vec<String> = (0..count).map(|n| format!("user{n:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    TestApp::listing(&names)
}

#[test]
fn a_click_on_a_hint_does_what_its_key_does() {
    let mut app = list_of(3);

    click_hint(&mut app, "help", 0);
    assert!(app.dialog::<Help>().is_some());
    click_hint(&mut app, "close", 5);
    assert!(app.dialog::<Help>().is_none(), "on the word too");

    click_hint(&mut app, "search", 0);
    assert_eq!(app.state.focus, Pane::Search);
    click_hint(&mut app, "table", 0);
    assert_eq!(app.state.focus, Pane::Table);
}

#[test]
fn of_two_keys_in_one_hint_the_one_under_the_pointer_is_pressed() {
    let mut app = list_of(3);
    app.keys("/");
    let first = app.state.form.field;

    click_hint(&mut app, "field", 1);
    assert_ne!(app.state.form.field, first, "down");
    click_hint(&mut app, "field", 0);
    assert_eq!(app.state.form.field, first, "up");
    click_hint(&mut app, "field", 4);
    assert_eq!(app.state.form.field, first, "the word means neither");
}

#[test]
fn a_click_beside_the_hints_does_nothing() {
    let mut app = list_of(3);
    let y = app.state.layout.hints.y;
    let before = app.state.focus;

    for x in [0, app.state.size.width - 1] {
        mouse(&mut app, MouseKind::Click, x, y);
    }

    assert_eq!(app.state.focus, before);
    assert!(app.top().is_none());
}

#[test]
fn the_scrollbar_of_the_table_goes_where_it_is_pressed_and_dragged() {
    let mut app = list_of(300);
    let track = ScrollTrack::of(&app.state, Pane::Table).expect("there is more than fits");
    let (x, first) = (track.area.x, track.area.y);
    let last = track.area.bottom() - 1;

    mouse(&mut app, MouseKind::Click, x, last);
    assert_eq!(app.state.results.top, track.last);
    assert_eq!(app.state.results.cursor, track.last, "it comes along");

    mouse(&mut app, MouseKind::Drag, x - 20, first);
    assert_eq!(app.state.results.top, 0, "also beside the track");

    mouse(&mut app, MouseKind::Click, 10, first + 1);
    let top = app.state.results.top;
    mouse(&mut app, MouseKind::Drag, x, last);
    assert_eq!(app.state.results.top, top, "it is not held any more");
}

#[test]
fn a_list_that_fits_has_no_scrollbar() {
    let app = list_of(3);

    assert_eq!(ScrollTrack::of(&app.state, Pane::Table), None);
}

#[test]
fn the_details_scroll_by_wheel_and_scrollbar_and_keep_the_focus_where_it_is() {
    let mut app = list_of(3);
    app.send(Msg::Resize(Size {
        width: 120,
        height: 30,
    }));
    let track = ScrollTrack::of(&app.state, Pane::Details).expect("there is more than fits");
    let inside = app.state.layout.details.inner(BORDER);

    mouse(&mut app, MouseKind::WheelDown, inside.x, inside.y);
    assert_eq!(app.state.details.top, 3.min(track.last));

    mouse(
        &mut app,
        MouseKind::Click,
        track.area.x,
        track.area.bottom() - 1,
    );
    assert_eq!(app.state.details.top, track.last);
    assert_eq!(app.state.focus, Pane::Table);

    app.keys("3");
    assert_eq!(
        app.state.details.top, track.last,
        "the line under the cursor came along"
    );
}
