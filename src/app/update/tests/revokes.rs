//! Deleting the right thing, once.

use super::*;
use crate::app::dialogs::job::{JobButton, buttons};
use crate::app::dialogs::plan::PlanBox;
use crate::app::effect::{JobId, Timer};
use crate::app::job::JobState;
use crate::app::results::RowStatus;
use crate::app::state::Level;
use crate::model::{Code, Outcome};

/// Opens the question about the row under the cursor and waits until it takes an answer.
pub(super) fn asked(users: &[&str]) -> TestApp {
    let mut app = TestApp::listing(users);
    app.keys("delete").due(Timer::Arm);
    app
}

#[test]
fn delete_asks_and_y_sends_exactly_that_row() {
    let mut app = asked(&["asmith", "bwong"]);

    app.keys("y");

    assert_eq!(app.sent(), ["asmith-600-0"]);
    assert_eq!(app.state.results.statuses[&FIRST], RowStatus::Revoking);
}

#[test]
fn the_question_names_the_session() {
    let app = asked(&["asmith"]);

    let confirm = app.dialog::<Confirm>().expect("a question");
    let all = format!("{:?} {}", confirm.facts, confirm.after);
    for part in [
        "asmith",
        "portal-web",
        "10m ago",
        "prod-janssen",
        "ends at once",
    ] {
        assert!(all.contains(part), "{part} is missing in {all}");
    }
    assert!(!all.contains("asmith-600-0"), "the full id is not shown");
}

#[test]
fn the_focus_is_on_cancel_so_enter_sends_nothing() {
    let mut app = asked(&["asmith"]);

    app.keys("enter");

    assert!(app.sent().is_empty() && app.top().is_none());
}

#[test]
fn n_and_esc_cancel() {
    for key in ["n", "esc"] {
        let mut app = asked(&["asmith"]);

        app.keys(key);

        assert!(app.sent().is_empty() && app.top().is_none(), "{key}");
    }
}

#[test]
fn f_del_02_rows_that_arrive_and_move_while_the_question_is_open_change_nothing() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    app.page(&[("mia", 600)], Some("1"));
    app.keys("delete").due(Timer::Arm);

    app.page(&[("amy", 600), ("bob", 600)], None).keys("y");

    assert_eq!(app.sent(), ["mia-600-0"]);
}

#[test]
fn a_revoked_row_stays_where_it_is_and_shows_its_state() {
    let mut app = asked(&["asmith", "bwong"]);
    app.keys("y");

    let (job, row) = (JobId(1), FIRST);
    app.send(Msg::Revoked {
        job,
        row,
        outcome: Outcome::Revoked,
    })
    .send(Msg::Ended(job));

    assert_eq!(app.shown(), ["asmith", "bwong"]);
    assert_eq!(app.state.results.statuses[&FIRST].word(), "ended");
    assert_eq!(app.status(), "ended 1 session of asmith");
}

#[test]
fn a_row_that_was_revoked_is_not_sent_again() {
    let mut app = asked(&["asmith"]);
    app.keys("y").send(Msg::Revoked {
        job: JobId(1),
        row: FIRST,
        outcome: Outcome::Revoked,
    });

    app.keys("delete");

    assert!(app.top().is_none());
    assert!(app.status().contains("already ended"), "{}", app.status());
}

#[test]
fn an_unknown_outcome_is_never_called_deleted() {
    let mut app = asked(&["asmith"]);
    app.keys("y");

    app.send(Msg::Revoked {
        job: JobId(1),
        row: FIRST,
        outcome: Outcome::Unknown(None),
    })
    .send(Msg::Ended(JobId(1)));

    assert_eq!(app.state.results.statuses[&FIRST].word(), "outcome?");
    assert_eq!(app.state.message.as_ref().unwrap().level, Level::Warn);
    assert!(app.status().contains("unknown"), "{}", app.status());
}

#[test]
fn a_failed_delete_says_why_and_can_be_read_in_full() {
    let mut app = asked(&["asmith"]);
    app.keys("y");

    app.send(Msg::Revoked {
        job: JobId(1),
        row: FIRST,
        outcome: Outcome::Failed(refused()),
    })
    .send(Msg::Ended(JobId(1)));

    assert!(
        app.status().contains("connection refused"),
        "{}",
        app.status()
    );
    app.keys("E");
    let error = &app.dialog::<ErrorBox>().expect("an error box").report;
    assert!(error.what.contains("asmith"), "{}", error.what);
}

#[test]
fn f_cred_04_own_session_is_never_sent() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    app.rows(vec![RowRef {
        own: Some(true),
        ..row("me", 60, 0)
    }]);

    app.keys("delete").due(Timer::Arm).keys("y");

    assert!(app.sent().is_empty());
    let shown = app.dialog::<ErrorBox>().map(|shown| &shown.report);
    let why = shown.map_or("", |report| &report.why);
    assert!(why.contains("signed in with"), "{why}");
}

#[test]
fn a_read_only_profile_sends_nothing_and_says_why() {
    let mut app = TestApp::with(|profile| profile.policy.read_only = true);
    app.keys("enter").connect().page(&[("asmith", 60)], None);

    for key in ["delete", "D", "U"] {
        app.keys(key);
        assert!(app.top().is_none(), "{key}");
        assert!(
            app.status().contains("read-only"),
            "{key}: {}",
            app.status()
        );
    }
}

#[test]
fn an_old_server_offers_the_whole_user_in_place_of_one_session() {
    let mut app = TestApp::new();
    app.keys("enter");
    let old = caps_of(KindCaps {
        revoke: Revoke::UserOnly,
        ..kind()
    });
    app.connect_with(old).page(&[("asmith", 60)], None);

    app.keys("delete");
    assert!(app.top().is_none());
    assert!(app.status().contains("press U"), "{}", app.status());

    app.keys("U");
    assert!(app.dialog::<PlanBox>().is_some());
}

#[test]
fn f_http_18_a_job_that_the_server_wants_to_wait_long_asks_the_operator() {
    let mut app = asked(&["asmith"]);
    app.keys("y");
    let busy = ApiError::RateLimited {
        host: "idp:443".into(),
        code: Code::Http(429),
        after: Some(std::time::Duration::from_secs(600)),
        exchange: None,
    };

    app.send(Msg::Paused(JobId(1), busy));
    assert!(
        app.status().contains("1 waiting: wait, or retry now"),
        "{}",
        app.status()
    );
    assert_eq!(
        buttons(&app.state.jobs[0]),
        [JobButton::GoOn, JobButton::Stop]
    );
    app.keys("enter");

    let asks = |e: &Effect| matches!(e, Effect::AskAnyway(_));
    assert_eq!(app.count(asks), 1);
    assert_eq!(app.count(|e| matches!(e, Effect::Resume(_))), 1);
}

#[test]
fn a_job_without_a_sign_in_waits_and_goes_on_only_when_told() {
    let mut app = asked(&["asmith"]);
    app.keys("y");
    let lost = ApiError::Auth {
        message: "token expired".into(),
        can_login: true,
        exchange: None,
    };

    app.send(Msg::Paused(JobId(1), lost));
    assert!(
        app.status().contains("1 waiting: sign in"),
        "{}",
        app.status()
    );
    app.keys("enter");
    assert!(
        app.effects
            .iter()
            .any(|e| matches!(e, Effect::Connect { .. }))
    );
    app.connect();
    assert_eq!(app.state.jobs[0].state, JobState::Ready);
    app.keys("enter");
    assert_eq!(app.count(|e| matches!(e, Effect::Resume(_))), 0, "too soon");

    app.slowly("enter");
    assert_eq!(app.count(|e| matches!(e, Effect::Resume(_))), 1);
}

#[test]
fn the_profile_cannot_be_switched_while_a_revoke_runs() {
    let mut app = asked(&["asmith"]);

    app.keys("y ctrl-p");

    assert!(app.top().is_none());
    assert!(
        app.status().contains("sessions are being ended"),
        "{}",
        app.status()
    );
}

#[test]
fn quitting_while_a_revoke_runs_asks_and_two_ctrl_c_always_quit() {
    let mut app = asked(&["asmith"]);
    app.keys("y q");

    assert!(app.dialog::<Quit>().is_some());
    assert_eq!(app.count(|e| matches!(e, Effect::Quit(_))), 0);

    app.keys("ctrl-c ctrl-c");
    assert_eq!(app.count(|e| matches!(e, Effect::Quit(0))), 1);
}

#[test]
fn an_outcome_that_comes_after_a_reload_finds_its_session() {
    let mut app = asked(&["asmith", "bwong"]);
    app.keys("y r")
        .forget()
        .page(&[("new", 1), ("x", 2)], Some("2"));
    app.page(&[("asmith", 600)], None);

    app.send(Msg::Revoked {
        job: JobId(1),
        row: FIRST,
        outcome: Outcome::Revoked,
    });

    let revoked: Vec<_> = app.state.results.statuses.keys().copied().collect();
    let key = &app.state.results.rows.get(revoked[0]).unwrap().key();
    assert_eq!((revoked.len(), key.expose()), (1, "asmith-600-0"));
}

#[test]
fn a_later_outcome_of_a_row_corrects_the_first() {
    let mut app = asked(&["asmith"]);
    app.keys("y");

    for outcome in [Outcome::Revoked, Outcome::StillListed] {
        app.send(Msg::Revoked {
            job: JobId(1),
            row: FIRST,
            outcome,
        });
    }

    let job = &app.state.jobs[0];
    assert_eq!((job.done, job.unclear, job.waiting()), (0, 1, 0));
    assert_eq!(app.state.results.statuses[&FIRST], RowStatus::StillListed);
}

#[test]
fn a_row_that_was_never_sent_is_as_it_was() {
    let mut app = asked(&["asmith"]);
    app.keys("y");

    app.send(Msg::Revoked {
        job: JobId(1),
        row: FIRST,
        outcome: Outcome::Failed(ApiError::Cancelled),
    })
    .send(Msg::Ended(JobId(1)));

    assert!(app.state.results.statuses.is_empty());
    assert!(app.status().starts_with("not ended"), "{}", app.status());
}

/// A row whose session has come to this.
fn ended_as(outcome: Outcome) -> TestApp {
    let mut app = asked(&["asmith", "bwong"]);
    app.keys("y")
        .send(Msg::Revoked {
            job: JobId(1),
            row: FIRST,
            outcome,
        })
        .send(Msg::Ended(JobId(1)));
    app
}

/// All that the details say.
fn details(app: &TestApp) -> String {
    let lines = crate::app::lines::detail_lines(&app.state);
    let lines = lines
        .iter()
        .map(|line| format!("{} {}\n", line.label, line.text()));
    lines.collect()
}

#[test]
fn a_row_that_was_ended_says_so_in_every_field() {
    let app = ended_as(Outcome::Revoked);

    let said = details(&app);
    for part in [
        "State ended 14:07:00 UTC",
        "Expires -",
        "usher ended it at 14:07:00 UTC",
        "× 14:07",
    ] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    for part in ["authenticated", "in 1h", "% used"] {
        assert!(!said.contains(part), "{part} stands in {said}");
    }
    let (id, row) = app.state.results.current().unwrap();
    for field in [Field::Expires, Field::Left] {
        let cell = crate::app::cells::cell(&app.state, id, row, field);
        assert_eq!(cell.text, "-", "{field:?}");
    }
}

#[test]
fn what_had_already_gone_is_never_called_ended() {
    let mut app = ended_as(Outcome::AlreadyGone);

    let said = details(&app);
    assert!(said.contains("it had already gone"), "{said}");
    assert!(
        !said.contains("ended") && !said.contains("revoked"),
        "{said}"
    );
    assert_eq!(app.status(), "the session of asmith had already gone");
    app.keys("delete");
    assert!(
        app.status().contains("it had already gone"),
        "{}",
        app.status()
    );
}
