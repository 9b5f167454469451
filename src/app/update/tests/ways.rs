//! Ways to list that a system offers, and who asks for a search.

use super::*;
use crate::app::dialogs::ways::ChooseWay;
use crate::app::effect::Timer;
use crate::app::form::{FormField, TextField};
use crate::app::state::Pane;
use crate::model::{AskedBy, Search, Way, WayCost};

fn way(word: &'static str, needs: Option<Field>) -> Way {
    let takes = Some(Duration::from_secs(48));
    Way {
        word: word.into(),
        title: word.into(),
        needs,
        cost: Some(WayCost {
            requests: 1_200,
            is_least: false,
            takes,
        }),
    }
}

/// After a search that the system cannot answer at once.
fn offered() -> TestApp {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    app.page_fails(ApiError::Incomplete {
        message: "choose".into(),
        field: None,
        ways: vec![
            way("recent", None),
            way("one", Some(Field::Scope)),
            way("all", None),
        ],
    });
    app.effects.clear();
    app
}

fn searches(app: &TestApp) -> Vec<&Search> {
    let effects = app.effects.iter();
    let searches = effects.filter_map(|effect| match effect {
        Effect::Search { search, .. } => Some(search),
        _ => None,
    });
    searches.collect()
}

fn ways(app: &TestApp) -> Vec<Option<&str>> {
    let searches = searches(app).into_iter();
    searches.map(|search| search.way.as_deref()).collect()
}

#[test]
fn each_way_has_a_key_and_enter_takes_the_chosen_one() {
    for (keys, word) in [
        ("1", "recent"),
        ("3", "all"),
        ("down down enter", "all"),
        ("enter", "recent"),
    ] {
        let mut app = offered();
        assert!(app.state.top::<ChooseWay>().is_some());

        app.keys(keys);

        assert_eq!(ways(&app), [Some(word)], "{keys}");
        assert!(app.state.dialogs.is_empty(), "{keys}");
    }
    let mut app = offered();
    app.keys("9");
    assert!(
        app.state.top::<ChooseWay>().is_some(),
        "there is no ninth way"
    );
    app.keys("esc");
    assert!(app.state.dialogs.is_empty() && ways(&app).is_empty());
}

#[test]
fn beside_other_systems_the_ways_wait_for_their_key() {
    let mut app = TestApp::new();
    let names = ["prod-janssen", "other"].map(str::to_owned);
    let effects = open_profiles(&mut app.state, &names);
    app.effects.extend(effects);
    app.keys("enter").connect();
    app.page_fails(ApiError::Incomplete {
        message: "one user at a time".into(),
        field: None,
        ways: vec![way("recent", None), way("all", None)],
    });

    assert!(app.top().is_none(), "{:?}", app.top());
    assert_eq!(
        app.status(),
        "prod-janssen: one user at a time. E offers the ways to list"
    );
    app.effects.clear();
    app.state.focus = Pane::Table;
    app.keys("E");
    assert!(app.dialog::<ChooseWay>().is_some(), "{:?}", app.top());
    app.keys("down enter");

    assert_eq!(ways(&app), [Some("all")]);
    assert_eq!(app.count(|effect| matches!(effect, Effect::Cancel(_))), 0);
    // Once one was chosen, the error is an error like others.
    app.keys("E");
    assert!(app.dialog::<ErrorBox>().is_some());
}

#[test]
fn a_way_that_needs_a_field_asks_for_it_first() {
    let mut app = offered();

    app.keys("2");

    assert!(ways(&app).is_empty());
    assert_eq!(app.state.focus, Pane::Search);
    assert_eq!(app.state.form.field, FormField::Text(TextField::Text));
    app.typed("scope:org_1").keys("enter");
    assert_eq!(ways(&app), [Some("one")]);
}

#[test]
fn a_way_is_kept_for_a_reload_and_ends_with_its_query() {
    let mut app = offered();
    app.keys("3").page(&[("amy", 60)], None);
    app.effects.clear();

    app.keys("r");
    assert_eq!(ways(&app), [Some("all")]);
    app.page(&[], None);
    app.effects.clear();

    app.keys("/").typed("amy").keys("enter");
    assert_eq!(ways(&app), [None]);
}

#[test]
fn the_automatic_reload_says_that_nobody_waits() {
    let mut app = TestApp::listing(&["amy"]);
    let asked_by = |app: &TestApp| searches(app).last().map(|search| search.asked_by);

    app.keys("R").due(Timer::Reload);
    assert_eq!(asked_by(&app), Some(AskedBy::Timer));
    app.page(&[("amy", 60)], None).keys("r");
    assert_eq!(asked_by(&app), Some(AskedBy::Person));
}

#[test]
fn a_walk_that_was_stopped_goes_on_where_it_was() {
    let mut app = offered();
    app.keys("3").walked("amy", "next");

    app.keys("esc");
    assert_eq!(app.status(), "search stopped; r continues it");
    app.effects.clear();
    app.keys("r");

    let mut ats = app.effects.iter().filter_map(|effect| match effect {
        Effect::Search { at, .. } => Some(at.as_ref().map(Cursor::as_str)),
        _ => None,
    });
    assert_eq!((ats.next(), ats.next()), (Some(Some("next")), None));
    assert_eq!(app.shown(), ["amy"], "its rows stay");
}
