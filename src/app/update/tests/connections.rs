//! A system whose only session is usher's own connection: it is ended, and made anew when a person asks.

use super::*;
use crate::app::action::Action;
use crate::app::effect::{JobId, Timer};
use crate::app::source::Link;
use crate::app::{blocked, cells};
use crate::model::{AskedBy, Outcome};

const ONLY_OWN: &str = "Acme shows usher's own session only";

fn connection_caps() -> Capabilities {
    let kind = KindCaps {
        revoke: Revoke::OwnOnly,
        revoke_user: false,
        is_connection: true,
        ..kind()
    };
    Capabilities {
        unlisted: Some(ONLY_OWN.into()),
        ..Capabilities::of_one_kind("Acme", kind)
    }
}

/// Its one row is listed.
fn listing() -> TestApp {
    let mut app = TestApp::new();
    app.keys("enter").connect_with(connection_caps());
    let mut own = row("asmith", 600, 0);
    own.own = Some(true);
    app.rows(vec![own]);
    app.effects.clear();
    app
}

/// And has been ended.
fn disconnected() -> TestApp {
    let mut app = listing();
    app.keys("delete").due(Timer::Arm).keys("y");
    assert_eq!(app.sent(), ["asmith-600-0"]);
    app.send(Msg::Revoked {
        job: JobId(1),
        row: FIRST,
        outcome: Outcome::Revoked,
    })
    .send(Msg::Ended(JobId(1)));
    app.effects.clear();
    app
}

fn connects(app: &TestApp) -> usize {
    app.count(|effect| matches!(effect, Effect::Connect { .. }))
}

fn searches(app: &TestApp) -> usize {
    app.count(|effect| matches!(effect, Effect::Search { .. }))
}

#[test]
fn the_end_of_the_connection_is_told_and_its_row_stays() {
    let app = disconnected();

    assert!(matches!(app.state.sources[0].link, Link::Ended));
    let (id, row) = app.state.results.current().unwrap();
    assert_eq!(cells::state_words(&app.state, id, row).0, "ended 14:07");
    assert_eq!(
        app.status(),
        "disconnected prod-janssen: the session of asmith has ended · r reconnects"
    );
}

#[test]
fn only_a_person_makes_the_connection_anew() {
    let mut app = disconnected();

    app.keys("R").due(Timer::Reload).due(Timer::Reload);
    assert_eq!((connects(&app), searches(&app)), (0, 0));
    assert_eq!(app.shown(), ["asmith"], "the row stays");
    assert!(matches!(app.state.sources[0].link, Link::Ended));

    app.keys("r");
    assert_eq!(connects(&app), 1);
    app.connect_with(connection_caps());
    assert_eq!(searches(&app), 1);
    let search = app.effects.iter().find_map(|effect| match effect {
        Effect::Search { search, .. } => Some(search),
        _ => None,
    });
    assert_eq!(search.unwrap().asked_by, AskedBy::Person);
}

#[test]
fn an_end_that_failed_leaves_the_connection_as_it_is() {
    let mut app = listing();
    app.keys("delete").due(Timer::Arm).keys("y");

    app.send(Msg::Revoked {
        job: JobId(1),
        row: FIRST,
        outcome: Outcome::Failed(refused()),
    });

    assert!(matches!(app.state.sources[0].link, Link::Up { .. }));
}

#[test]
fn the_sessions_of_others_are_not_ended_and_the_reason_is_there() {
    let app = listing();

    assert_eq!(blocked::blocked(&app.state, Action::Revoke), None);
    assert_eq!(
        blocked::blocked(&app.state, Action::RevokeUser).as_deref(),
        Some("Acme cannot end all sessions of a user")
    );
}

#[test]
fn several_profiles_are_opened_together_when_space_picks_them() {
    let mut app = TestApp::new();

    app.keys("ctrl-p space space enter");

    let names = app.state.sources.iter().map(|one| &*one.profile.name);
    assert_eq!(names.collect::<Vec<_>>(), ["prod-janssen", "other"]);

    // One that is taken out again, and a blank in what is typed, pick nothing.
    app.keys("ctrl-p space up space up down enter");
    assert_eq!(app.state.sources.len(), 1);
}
