//! The palette: everything by its name.

use strum::IntoEnumIterator;

use super::*;
use crate::app::action::Action;
use crate::app::dialogs::palette::Palette;
use crate::app::memory::Keep;
use crate::app::state::Level;
use crate::model::Field;

impl TestApp {
    /// The palette, which is open.
    fn palette(&self) -> &Palette {
        self.state.top().expect("the palette is open")
    }
}

#[test]
fn every_action_has_a_line_in_the_palette() {
    let mut app = TestApp::listing(&["ada"]);

    for action in Action::iter() {
        let command = action.name().replace('_', "-");
        app.keys(":").typed(&command);

        assert_eq!(app.palette().command(), Some(command.as_str()));
        app.keys("esc");
    }
}

#[test]
fn a_command_typed_does_what_its_key_does() {
    let mut app = TestApp::listing(&["ada"]);

    app.keys(":").typed("q").keys("enter");

    assert!(matches!(app.effects.last(), Some(Effect::Quit(0))));
}

#[test]
fn a_column_is_sorted_by_from_the_palette() {
    let mut app = TestApp::listing(&["ada"]);

    app.keys(":").typed("sort expires").keys("enter");

    assert_eq!(app.state.results.sort.by, Field::Expires);
    assert!(app.state.dialogs.is_empty());
}

#[test]
fn what_cannot_be_done_says_why_and_the_palette_stays() {
    let mut app = TestApp::new();

    app.keys("esc :").typed("raw-json").keys("enter");

    let said = app.state.message.as_ref().expect("a message");
    assert_eq!(
        (said.level, said.text.as_str()),
        (Level::Warn, "no session is selected")
    );
    assert_eq!(app.palette().command(), Some("raw-json"));
}

#[test]
fn a_theme_is_shown_while_it_is_chosen_and_taken_by_enter() {
    let mut app = TestApp::new();

    app.keys("esc :").typed("theme light");
    assert_eq!(app.state.theme(), "light");
    app.keys("esc");
    assert_eq!(app.state.theme(), "auto");

    app.keys(":").typed("theme light").keys("enter");
    assert_eq!(app.state.theme(), "light");
    let kept = app
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Keep(Keep::Theme(theme)) if theme == "light"));
    assert!(kept, "{:?}", app.effects);
}

#[test]
fn a_theme_that_the_configuration_names_is_changed_for_this_run_only() {
    let mut app = TestApp::new();
    app.state.look.is_configured = true;

    app.keys("esc :").typed("theme mono").keys("enter");

    assert_eq!(app.state.theme(), "mono");
    let kept = app.effects.iter().any(|e| matches!(e, Effect::Keep(_)));
    assert!(!kept, "{:?}", app.effects);
}

#[test]
fn a_query_behind_its_command_is_searched() {
    let mut app = TestApp::listing(&["ada"]);

    app.keys(":").typed("search user:jdoe").keys("enter");

    let query = app.state.results.query.as_ref().map(ToString::to_string);
    assert_eq!(query.as_deref(), Some("user:jdoe"));
}

#[test]
fn tab_completes_the_command_of_the_chosen_line() {
    let mut app = TestApp::listing(&["ada"]);

    app.keys(":").typed("prof oth").keys("tab");

    assert_eq!(app.palette().input.value(), "profile other");
}

#[test]
fn a_colon_in_a_text_field_is_typed() {
    let mut app = TestApp::new();

    app.typed("user:x");

    assert!(app.state.dialogs.is_empty());
    assert_eq!(app.state.query().unwrap().to_string(), "user:x");
}

#[test]
fn the_reason_why_a_key_does_nothing_goes_with_the_next_key() {
    let mut app = TestApp::listing(&["ada", "bob"]);
    app.state.focus = crate::app::state::Pane::Table;

    app.keys("F");
    assert_eq!(app.status(), "no filter over loaded rows is set");
    app.keys("down");
    assert_eq!(app.status(), "");
    app.keys("x");
    assert!(app.status().starts_with("x does nothing here"));
    app.keys("b");
    assert_eq!(app.status(), "");

    // What is no answer to a key stays.
    app.keys("esc");
    app.page_fails(refused());
    let said = app.status().to_owned();
    assert!(!said.is_empty());
    app.keys("up");
    assert_eq!(app.status(), said);
}
