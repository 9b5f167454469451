//! `U` with one open system: the same question as with several.

use super::plans::{answer, ends, said, says};
use super::*;
use crate::app::dialogs::ended::EndedBox;
use crate::app::dialogs::plan::PlanBox;
use crate::app::effect::{JobId, Timer};
use crate::app::state::Level;
use crate::model::{Outcome, UserOutcome};

/// `U` on the first row: the question is open, and the system has not answered.
fn asking() -> TestApp {
    let mut app = TestApp::listing(&["asmith", "asmith", "bwong"]);
    app.keys("U").due(Timer::Arm);
    app
}

/// So many sessions of the person, and the system has answered.
fn asked(sessions: usize) -> TestApp {
    let mut app = asking();
    let rows = (0..sessions).map(|number| row("asmith", 600, number));
    answer(&mut app, 0, rows.collect());
    app
}

fn user_outcome(app: &mut TestApp, outcome: Outcome, before: u64, left: impl Into<Option<u64>>) {
    app.send(Msg::UserRevoked {
        job: JobId(1),
        source: SourceId(0),
        result: Ok(UserOutcome {
            outcome,
            before: Some(before),
            left: left.into(),
            notes: Vec::new(),
        }),
    });
    app.send(Msg::Ended(JobId(1)));
}

#[test]
fn it_must_be_confirmed_by_typing_the_name_or_the_number() {
    let mut app = asked(2);

    app.slowly("enter");
    app.typed("y").slowly("enter");
    assert!(app.state.jobs.is_empty());
    says(&app, &["Type asmith or 2:", "no match"]);

    app.keys("ctrl-u").typed("asmith").slowly("enter");
    assert_eq!(ends(&app), (vec![], vec![(0, None)]));
}

#[test]
fn a_name_can_be_typed_while_the_system_is_asked() {
    let mut app = asking();
    says(&app, &["asking …", "Type asmith to confirm:"]);

    // `n` and `d` are letters of names, and answer nothing.
    app.typed("nd").slowly("enter");
    assert!(app.dialog::<PlanBox>().is_some());
    says(&app, &["prod-janssen has not answered yet"]);
    app.keys("ctrl-u").typed("asmith");
    answer(&mut app, 0, vec![row("asmith", 600, 0)]);

    says(&app, &["Type asmith or 1:", "[ End 1 ]"]);
    app.slowly("enter");
    assert_eq!(app.state.jobs.len(), 1);
}

#[test]
fn with_nothing_to_end_nothing_is_typed_and_cancel_has_the_focus() {
    let mut app = asked(0);

    says(&app, &["there is nothing to end"]);
    assert!(!said(&app).contains("Type "), "{}", said(&app));
    app.slowly("enter");
    assert!(app.top().is_none());
}

#[test]
fn a_system_that_gave_no_answer_is_not_said_to_have_nothing() {
    let mut app = asking();
    let asked = app.effects.iter().rev().find_map(|effect| match effect {
        Effect::Search { generation, .. } => Some(*generation),
        _ => None,
    });

    app.send(Msg::Page {
        source: SourceId(0),
        generation: asked.expect("it was asked"),
        result: Err(refused()),
    });

    says(&app, &["no session is known that could be ended"]);
    assert!(!said(&app).contains("nothing to end"), "{}", said(&app));
}

#[test]
fn why_it_is_not_known_whether_they_ended_is_told_with_what_is_left() {
    for (outcome, left, line) in [
        (
            Outcome::Unknown(Some(refused())),
            Some(2),
            "0 ended  2 left",
        ),
        (
            Outcome::Unknown(Some(refused())),
            None,
            "how many ended is not known  left unknown",
        ),
        (
            Outcome::Failed(refused()),
            Some(2),
            "0 ended, 2 failed  2 left",
        ),
        (Outcome::StillListed, Some(1), "1 ended  1 left"),
    ] {
        let why = match &outcome {
            Outcome::StillListed => "still lists it".to_owned(),
            _ => refused().to_string(),
        };
        let mut app = asked(2);
        app.typed("2").slowly("enter");

        user_outcome(&mut app, outcome, 2, left);

        let box_says = said(&app).split_whitespace().collect::<Vec<_>>().join(" ");
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(box_says.contains(&line), "{line}: {box_says}");
        assert!(box_says.contains(&why), "{why}: {box_says}");
    }
}

#[test]
fn what_a_stop_kept_from_being_sent_is_told_as_that() {
    let mut app = asked(2);
    app.typed("2").slowly("enter");

    app.send(Msg::UserRevoked {
        job: JobId(1),
        source: SourceId(0),
        result: Err(ApiError::Cancelled),
    });
    app.send(Msg::Ended(JobId(1)));

    says(&app, &["0 ended, 2 not sent"]);
}

#[test]
fn sessions_that_are_over_are_left_out() {
    let mut app = asking();
    let gone = RowRef {
        expires: Some(now() - TimeDelta::hours(1)),
        ..row("asmith", 7_200, 1)
    };

    answer(&mut app, 0, vec![row("asmith", 600, 0), gone]);

    says(&app, &["left out 1: expired", "[ End 1 ]"]);
}

#[test]
fn every_realm_is_meant_until_one_is_taken_out() {
    let in_realms = || {
        let mut app = TestApp::new();
        let mut known = caps();
        known.revoke_user_everywhere = true;
        known.notes = vec!["the list of realms may not be read".to_owned()];
        app.keys("enter").connect_with(known);
        let rows = ["/alpha", "/alpha", "/beta"].into_iter().enumerate();
        let rows: Vec<_> = rows
            .map(|(number, realm)| {
                let mut row = row("asmith", 600, number);
                row.user_id = Some(format!("id=asmith,o={realm}").into());
                row.scope = Some(realm.into());
                row
            })
            .collect();
        app.rows(rows.clone());
        app.effects.clear();
        app.keys("U");
        answer(&mut app, 0, rows);
        app.due(Timer::Arm);
        app
    };

    let mut app = in_realms();
    says(
        &app,
        &[
            "3  /alpha /beta",
            "1 request for the user",
            "! prod-janssen: the list of realms may not be read",
        ],
    );
    app.typed("3").slowly("enter");
    assert_eq!(ends(&app), (vec![], vec![(0, None)]));

    let mut app = in_realms();
    app.keys("up right right space");
    says(&app, &["/alpha (/beta)", "[ End 2 ]"]);
    app.typed("2").slowly("enter");
    assert_eq!(ends(&app), (vec![], vec![(0, Some("/alpha".to_owned()))]));
}

#[test]
fn the_result_says_how_many_ended_and_the_sessions_are_listed_again() {
    let mut app = asked(2);
    app.typed("2").slowly("enter");
    app.effects.clear();

    user_outcome(&mut app, Outcome::Revoked, 2, 0);

    assert_eq!(app.count(|e| matches!(e, Effect::Search { .. })), 1);
    assert!(app.dialog::<EndedBox>().is_some());
    assert_eq!(
        app.status(),
        "prod-janssen: 2 ended, 0 left (read back 14:07:00 UTC)"
    );
}

#[test]
fn what_is_still_there_is_told() {
    let mut app = asked(2);
    app.typed("2").slowly("enter");

    user_outcome(&mut app, Outcome::StillListed, 2, 1);

    says(&app, &["1 ended", "1 left"]);
    assert_eq!(app.state.message.as_ref().unwrap().level, Level::Warn);
}

#[test]
fn the_own_session_is_never_ended_with_the_others() {
    let mut app = asking();
    let mine = RowRef {
        own: Some(true),
        ..row("asmith", 600, 0)
    };
    let others = [1, 2].map(|number| row("asmith", 600, number));
    answer(&mut app, 0, [vec![mine], others.to_vec()].concat());

    says(
        &app,
        &[
            "2 requests, one by one",
            "left out 1: it is the session you are signed in with",
            "[ End 2 ]",
        ],
    );
    app.typed("2").slowly("enter");
    let (keys, users) = ends(&app);
    assert_eq!(keys, ["asmith-600-1", "asmith-600-2"]);
    assert_eq!(users, []);
}
