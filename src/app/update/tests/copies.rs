//! The menu of what can be copied, and the window of time.

use secrecy::ExposeSecret;

use super::*;
use crate::app::dialogs::copy_menu::CopyMenu;
use crate::app::effect::Copied;
use crate::app::form::TextField;
use crate::app::state::Pane;

fn app() -> TestApp {
    let mut app = TestApp::listing(&["ada"]);
    app.state.focus = Pane::Table;
    app
}

impl TestApp {
    /// What was copied last.
    fn copied(&self) -> Option<(Copied, &str)> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Copy { what, text } => Some((*what, text.expose_secret())),
            _ => None,
        })
    }
}

#[test]
fn two_keys_copy_without_waiting() {
    let mut app = app();

    app.keys("y u");
    assert_eq!(app.copied(), Some((Copied::User, "ada")));
    assert!(app.state.dialogs.is_empty());

    app.keys("y i");
    assert_eq!(app.copied().map(|(what, _)| what), Some(Copied::SessionId));
    app.keys("y j");
    assert_eq!(app.copied().map(|(what, _)| what), Some(Copied::Row));
}

#[test]
fn a_session_is_copied_as_the_sentence_that_is_read_aloud() {
    let mut app = app();

    app.keys("y s");

    let (what, text) = app.copied().unwrap();
    assert_eq!(what, Copied::Value);
    assert!(text.starts_with("ada signed in "), "{text}");
    assert!(text.ends_with('.'), "{text}");
}

#[test]
fn what_a_session_lacks_is_not_copied() {
    let mut app = app();

    app.keys("y a");

    assert_eq!(app.copied(), None);
    assert_eq!(app.status(), "this session has no address");
}

#[test]
fn the_command_lists_what_is_on_screen() {
    let mut app = app();
    app.keys("/ ctrl-u")
        .typed("user:\"a b\" state:active")
        .keys("enter");
    app.seen = ReadKeys::default();
    app.page(&[("a b", 60)], None);
    app.state.focus = Pane::Table;
    app.keys(":").typed("sort expires").keys("enter");

    app.keys(":").typed("copy command").keys("enter");

    let line = "usher list --profile prod-janssen --sort expires 'user:\"a b\" state:active'";
    assert_eq!(app.copied(), Some((Copied::Command, line)));
}

#[test]
fn the_command_holds_no_id_that_is_a_credential() {
    let mut app = app();
    let kind = KindCaps {
        id_is_credential: true,
        ..KindCaps::default()
    };
    let caps = Capabilities::of_one_kind("Acme", kind);
    app.keys("/ ctrl-u")
        .typed("id:s3cret user:ada")
        .keys("enter");
    app.state.sources[0].caps = Some(Arc::new(caps));
    app.state.focus = Pane::Table;

    app.keys("y c");

    let (_, line) = app.copied().expect("a copy");
    assert!(
        line.ends_with("user:ada") && !line.contains("s3cret"),
        "{line}"
    );
}

#[test]
fn without_a_session_the_menu_says_so() {
    let mut app = TestApp::new();
    app.keys("esc y");
    assert!(app.state.top::<CopyMenu>().is_some());

    app.keys("i");

    assert_eq!(app.status(), "no session is selected");
}

#[test]
fn a_window_of_time_is_one_key_and_the_rest_of_the_form_stays() {
    let mut app = app();
    app.keys("/ ctrl-u").typed("user:ada").keys("enter esc");

    app.keys("T 2");
    let query = app.state.results.query.as_ref().map(ToString::to_string);
    assert_eq!(query.as_deref(), Some("user:ada created>now-1h"));
    assert!(app.state.dialogs.is_empty());

    app.keys("T 5");
    let query = app.state.results.query.as_ref().map(ToString::to_string);
    assert_eq!(query.as_deref(), Some("user:ada"));
    assert_eq!(app.state.form.inputs[TextField::CreatedAfter].value(), "");
}
