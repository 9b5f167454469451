//! Rows that are loaded anew while sessions are ended.

use super::*;
use crate::app::effect::{JobId, Timer};
use crate::app::results::RowStatus;
use crate::model::Outcome;

/// One session, deleted while a list is on its way that still shows it.
fn ended_under_a_reload(outcome: Outcome) -> TestApp {
    let mut app = TestApp::listing(&["asmith"]);
    app.keys("r delete").due(Timer::Arm).keys("y");
    app.send(Msg::Revoked {
        job: JobId(1),
        row: FIRST,
        outcome,
    })
    .send(Msg::Ended(JobId(1)));
    app.forget().page(&[("asmith", 600)], None);
    assert_eq!(app.shown(), ["asmith"]);
    app
}

#[test]
fn a_list_asked_for_before_a_session_ended_does_not_show_it_as_live_again() {
    for (outcome, status) in [
        (Outcome::Revoked, RowStatus::Revoked),
        (Outcome::AlreadyGone, RowStatus::AlreadyGone),
    ] {
        let mut app = ended_under_a_reload(outcome);
        assert_eq!(app.state.results.statuses.get(&FIRST), Some(&status));

        // Rows that are asked for now carry the server's word.
        app.keys("r").forget().page(&[("asmith", 600)], None);
        assert_eq!(app.shown(), ["asmith"]);
        assert!(app.state.results.statuses.is_empty());
    }
}

#[test]
fn a_later_word_about_a_session_counts_for_a_list_that_comes_after_it() {
    let mut app = TestApp::listing(&["asmith"]);
    app.keys("r delete").due(Timer::Arm).keys("y");
    for outcome in [Outcome::Revoked, Outcome::StillListed] {
        app.send(Msg::Revoked {
            job: JobId(1),
            row: FIRST,
            outcome,
        });
    }

    app.forget().page(&[("asmith", 600)], None);

    assert_eq!(app.shown(), ["asmith"]);
    assert!(app.state.results.statuses.is_empty());
}

#[test]
fn a_list_asked_for_before_an_outcome_that_ended_nothing_shows_the_session_as_it_is() {
    for outcome in [Outcome::StillListed, Outcome::Refused("no".into())] {
        let app = ended_under_a_reload(outcome);
        assert!(app.state.results.statuses.is_empty());
    }
}

#[test]
fn a_reload_between_question_and_answer_marks_no_other_row() {
    let mut app = TestApp::listing(&["asmith"]);
    app.keys("r delete").due(Timer::Arm);
    // Now another session is at its place.
    app.forget().page(&[("bwong", 5)], Some("2"));
    app.page(&[("asmith", 600)], None);
    let (other, asmith) = (FIRST, RowId(1));

    app.keys("y");
    assert_eq!(app.sent(), ["asmith-600-0"]);
    assert_eq!(app.state.results.statuses.get(&other), None);
    assert_eq!(app.state.results.statuses[&asmith], RowStatus::Revoking);

    app.send(Msg::Revoked {
        job: JobId(1),
        row: FIRST,
        outcome: Outcome::Revoked,
    })
    .send(Msg::Ended(JobId(1)));
    assert_eq!(app.state.results.statuses.get(&other), None);
    assert_eq!(app.state.results.statuses[&asmith], RowStatus::Revoked);
}

#[test]
fn a_session_that_a_reload_no_longer_lists_marks_no_other_row() {
    let mut app = TestApp::listing(&["asmith"]);
    app.keys("r delete").due(Timer::Arm);
    app.forget().page(&[("bwong", 5)], None);

    app.keys("y").send(Msg::Revoked {
        job: JobId(1),
        row: FIRST,
        outcome: Outcome::AlreadyGone,
    });

    assert_eq!(app.sent(), ["asmith-600-0"]);
    assert!(app.state.results.statuses.is_empty());
}

#[test]
fn rows_of_before_stay_until_a_walk_has_found_somebody() {
    let mut app = TestApp::listing(&["asmith", "bwong"]);
    app.keys("r").forget().page(&[], Some("2"));
    assert_eq!(app.shown(), ["asmith", "bwong"]);

    app.page(&[("cruz", 600)], Some("3"));
    assert_eq!(app.shown(), ["cruz"]);

    app.page(&[], None);
    assert_eq!(app.shown(), ["cruz"]);
    assert!(app.state.sources[0].is_whole());
}
