//! Naming the application of a session.

use super::*;
use crate::app::dialogs::name_client::NameClient;
use crate::app::state::Pane;

#[test]
fn a_name_goes_to_the_profile_of_the_session() {
    let mut app = TestApp::listing(&["ada"]);
    app.state.focus = Pane::Table;

    app.keys("N").typed(" the portal ").keys("enter");

    let named = app.effects.iter().any(|effect| {
        matches!(effect, Effect::NameClient { profile, id, name }
            if profile == "prod-janssen" && id == "portal-web" && name == "the portal")
    });
    assert!(named, "{:?}", app.effects);
}

#[test]
fn a_demo_and_an_empty_table_have_nothing_to_name() {
    let mut app = TestApp::new();
    app.keys("esc N");
    assert_eq!(app.status(), "no session is selected");

    let mut app = TestApp::listing(&["ada"]);
    app.state.focus = Pane::Table;
    app.state.sources[0].profile.demo = true;
    app.keys("N");
    assert!(app.dialog::<NameClient>().is_none());
    assert_eq!(app.status(), "the demo is in no configuration file");
}
