//! Plans: the end of several sessions, of certain ones and of a person in every open system.

use super::*;
use crate::app::dialogs::ended::{EndedBox, markdown};
use crate::app::dialogs::job::JobBox;
use crate::app::dialogs::plan::PlanBox;
use crate::app::dialogs::requests::Requests;
use crate::app::effect::{JobId, Timer};
use crate::app::job::JobState;
use crate::app::source::{Link, Source};
use crate::model::{Outcome, Subject, UserOutcome};

/// All of these rows are marked, and the question about them is open.
fn asked(users: &[&str]) -> TestApp {
    let mut app = TestApp::listing(users);
    app.keys("* delete").due(Timer::Arm);
    app
}

/// The text of the box on top.
pub(super) fn said(app: &TestApp) -> String {
    let view = app.state.layout.dialogs.last().expect("a box");
    let lines = view.lines.iter().map(|line| {
        let parts = line.parts.iter().map(|part| part.text.as_str());
        parts.collect::<String>()
    });
    format!("{}\n{}", view.title, lines.collect::<Vec<_>>().join("\n"))
}

#[track_caller]
pub(super) fn says(app: &TestApp, parts: &[&str]) {
    let all = said(app);
    for part in parts {
        assert!(all.contains(part), "{part} is missing in:\n{all}");
    }
}

/// What became of these rows of the only job, and its end.
fn end_with(app: &mut TestApp, outcomes: Vec<(u32, Outcome)>) {
    let job = JobId(1);
    for (row, outcome) in outcomes {
        let row = RowId(row);
        app.send(Msg::Revoked { job, row, outcome });
    }
    app.send(Msg::Ended(job));
}

#[test]
fn a_few_sessions_need_a_y_and_the_box_says_how_they_end() {
    let mut app = asked(&["amy", "bob", "bob"]);
    says(
        &app,
        &[
            "End 3 sessions?",
            "[x] prod-janssen",
            "3 requests, one by one",
            "2 users: bob 2 · amy 1",
            "There is no undo.",
            "[ Dry run ]",
            "[ End 3 ]",
        ],
    );

    app.keys("y");

    assert_eq!(app.sent(), ["amy-600-0", "bob-600-1", "bob-600-2"]);
    assert!(app.top().is_none(), "the rows and the status line tell");
}

#[test]
fn ten_sessions_and_two_on_production_have_to_be_typed() {
    let mut app = asked(&["amy"; 10]);
    app.slowly("y enter");
    assert!(app.sent().is_empty());
    says(
        &app,
        &["typed because it ends 10 sessions or more", "no match"],
    );

    app.keys("ctrl-u").typed("10").slowly("enter");
    assert_eq!(app.sent().len(), 10);

    let mut app = TestApp::listing(&["amy", "bob"]);
    app.state.sources[0].profile.policy.production = true;
    app.keys("* delete").due(Timer::Arm);
    says(
        &app,
        &["on PRODUCTION?", "typed because this is production"],
    );
    app.slowly("enter");
    assert!(app.sent().is_empty());
}

#[test]
fn a_dry_run_shows_the_requests_and_sends_nothing() {
    let mut known = caps();
    known.preview = |request| format!("DELETE {}", request.url(&format!("/s/{}", request.names())));
    let mut app = TestApp::new();
    app.keys("enter").connect_with(known);
    app.page(&[("amy", 600), ("bob", 600)], None);
    app.effects.clear();

    app.keys("* delete").slowly("d");

    assert!(app.dialog::<Requests>().is_some());
    says(
        &app,
        &[
            "Nothing was sent. 2 requests for 2 sessions:",
            "DELETE https://idp.example.org/s/ss:0000…",
            "DELETE https://idp.example.org/s/ss:0001…",
        ],
    );
    assert!(!said(&app).contains("amy-600-0"), "no id is shown");
    app.keys("esc");
    assert!(app.dialog::<PlanBox>().is_some());
    assert!(app.sent().is_empty());
}

#[test]
fn a_clean_end_is_one_line_with_the_name_of_the_system() {
    let mut app = asked(&["amy", "bob"]);
    app.keys("y");

    end_with(
        &mut app,
        vec![(0, Outcome::Revoked), (1, Outcome::AlreadyGone)],
    );

    assert!(app.top().is_none());
    assert_eq!(
        app.status(),
        "prod-janssen: 1 ended, 1 already gone, 0 left (read back 14:07:00 UTC)"
    );
}

#[test]
fn what_failed_opens_a_box_from_which_it_is_tried_again() {
    let mut app = asked(&["amy", "bob", "cyd"]);
    app.keys("y");

    end_with(
        &mut app,
        vec![
            (0, Outcome::Revoked),
            (1, Outcome::Failed(refused())),
            (2, Outcome::NoLastingId),
        ],
    );

    assert!(app.dialog::<EndedBox>().is_some());
    says(
        &app,
        &[
            "Ended 1 session",
            "1 ended, 2 failed",
            "2 left",
            "connection refused",
            "[ Retry 1 ]",
        ],
    );
    app.effects.clear();
    app.keys("left enter");
    assert!(app.dialog::<PlanBox>().is_some());
    app.slowly("y");
    assert_eq!(app.sent(), ["bob-600-1"]);
}

#[test]
fn where_nothing_was_ended_the_title_says_so() {
    let mut app = asked(&["amy", "bob"]);
    app.keys("y");
    let failed = |row| (row, Outcome::Failed(refused()));

    end_with(&mut app, vec![failed(0), failed(1)]);

    says(&app, &["Ended no session", "0 ended, 2 failed", "2 left"]);
}

#[test]
fn an_unknown_outcome_leaves_the_number_of_those_left_unknown() {
    let mut app = asked(&["amy", "bob"]);
    app.keys("y");

    end_with(
        &mut app,
        vec![(0, Outcome::Revoked), (1, Outcome::Unknown(None))],
    );

    says(&app, &["1 ended, 1 unknown", "left unknown"]);
    assert!(!said(&app).contains("read back"));
}

#[test]
fn the_status_line_counts_and_esc_stops_what_was_not_sent() {
    let mut app = asked(&["amy"; 4]);
    app.keys("y");
    let job = JobId(1);
    for (row, outcome) in [(0, Outcome::Revoked), (1, Outcome::Unknown(None))] {
        let row = RowId(row);
        app.send(Msg::Revoked { job, row, outcome });
    }
    app.send(Msg::Tick {
        now: now(),
        up: Duration::from_secs(2),
    });
    let line = crate::app::words::running(&app.state, &app.state.jobs[0]);
    assert_eq!(
        line,
        "ending 2 / 4 · 1 unknown · 1/s · 2 s left · Esc stops"
    );

    app.keys("esc");

    assert_eq!(app.count(|e| matches!(e, Effect::Stop(JobId(1)))), 1);
    assert_eq!(app.state.jobs[0].state, JobState::Stopping);
    assert!(app.dialog::<JobBox>().is_none());

    let row = RowId(1);
    let outcome = Outcome::Revoked;
    app.send(Msg::Revoked { job, row, outcome })
        .send(Msg::Ended(job));
    says(&app, &["Ended 2 sessions", "2 ended, 2 not sent", "2 left"]);
    assert!(!said(&app).contains("read back"), "{}", said(&app));
}

/// Three more systems: one with the same person in two realms, one without an operation for a person, and
/// one that is down.
fn several() -> TestApp {
    several_with(Link::Down(refused()))
}

/// The same, with the last one connected so far.
pub(super) fn several_with(link: Link) -> TestApp {
    let mut app = TestApp::listing(&["jdoe", "jdoe", "bob"]);
    let up = |name: &str, caps: Capabilities| {
        let mut source = Source::new(profile(name));
        source.caps = Some(Arc::new(caps));
        source.link = Link::Up {
            took: Duration::ZERO,
        };
        source
    };
    let realms = Capabilities {
        revoke_user_everywhere: true,
        ..caps()
    };
    let single = caps_of(KindCaps {
        revoke_user: false,
        ..kind()
    });
    let mut down = up("down", caps());
    down.link = link;
    let more = [up("am", realms), up("db", single), down];
    app.state.sources.extend(more);
    app.keys("down U");
    app
}

/// The last page about the person from one system.
pub(super) fn answer(app: &mut TestApp, source: u8, rows: Vec<RowRef<'static>>) {
    answer_with(app, source, rows, Completeness::Complete);
}

/// The same from the first system, which stops at so many sessions.
pub(super) fn answer_cut(app: &mut TestApp, at: u64) {
    let cut = Completeness::Truncated { at };
    answer_with(app, 0, vec![row("amy", 60, 0)], cut);
}

fn answer_with(
    app: &mut TestApp,
    source: u8,
    rows: Vec<RowRef<'static>>,
    completeness: Completeness,
) {
    let asked = app.effects.iter().rev().find_map(|effect| match effect {
        Effect::Search {
            source: asked,
            generation,
            ..
        } if asked.0 == source => Some(*generation),
        _ => None,
    });
    let mut builder = ChunkBuilder::new(SourceId(source), Arc::default());
    for mut row in rows {
        let _ = builder.row(&mut row);
    }
    let page = RowPage {
        chunk: builder.finish(),
        end: PageEnd {
            next: None,
            total: None,
            completeness,
            unread: 0,
            walk: None,
        },
        took: Duration::ZERO,
        duplicates: 0,
        received: 0,
        headway: None,
        stopped: None,
    };
    app.send(Msg::Page {
        source: SourceId(source),
        generation: asked.expect("it was asked"),
        result: Ok(page),
    });
}

fn in_realm(number: usize, realm: &'static str) -> RowRef<'static> {
    let mut row = row("jdoe", 600, number);
    row.scope = Some(realm.into());
    row
}

/// The same, and every system has answered.
fn answered() -> TestApp {
    let mut app = several();
    let expired = RowRef {
        expires: Some(now() - TimeDelta::hours(1)),
        ..row("jdoe", 7_200, 9)
    };
    answer(
        &mut app,
        0,
        vec![row("jdoe", 600, 0), row("jdoe", 600, 1), expired],
    );
    answer(&mut app, 1, vec![in_realm(0, "/"), in_realm(1, "/beta")]);
    answer(&mut app, 2, vec![row("jdoe", 600, 5), row("jdoe", 600, 6)]);
    app.due(Timer::Arm);
    app
}

#[test]
fn a_person_is_asked_for_in_every_open_system_and_each_says_what_it_holds() {
    let mut app = several();
    says(
        &app,
        &[
            "End every session of jdoe?",
            "asking …",
            "not read: unreachable",
            "prod-janssen has not answered yet",
        ],
    );
    app.keys("tab tab tab tab").typed("0").slowly("enter");
    assert!(
        app.state.jobs.is_empty(),
        "nothing is sent before they have answered"
    );

    let app = answered();
    says(
        &app,
        &[
            "[x] prod-janssen        2  -",
            "1 request for the user",
            "[x] am                  2  / /beta",
            "2 requests, one by one",
            "down was not read to the end: unreachable",
            "left out 1: expired",
            "typed because it ends sessions of 3 systems",
            "Type jdoe or 6:",
        ],
    );
    assert_eq!(app.shown(), ["bob", "jdoe", "jdoe"], "the list stays");
}

/// What was sent: keys, and people with their source and scope.
pub(super) fn ends(app: &TestApp) -> (Vec<String>, Vec<(u8, Option<String>)>) {
    let users = app.effects.iter().find_map(|effect| match effect {
        Effect::Revoke { users, .. } => Some(users.clone()),
        _ => None,
    });
    let users = users.unwrap_or_default().into_iter();
    let scope = |user: Subject| user.scope.map(|scope| scope.expose().to_owned());
    let users = users.map(|(source, user)| (source.0, scope(user)));
    (app.sent(), users.collect())
}

#[test]
fn every_system_ends_its_part_and_the_result_names_each() {
    let mut app = answered();

    app.typed("6").slowly("enter");

    let (keys, users) = ends(&app);
    assert_eq!(keys, ["jdoe-600-5", "jdoe-600-6"]);
    assert_eq!(users, [(0, None), (1, None)]);
    let job = JobId(1);
    for (source, before) in [(0, 2), (1, 2)] {
        let outcome = UserOutcome {
            outcome: Outcome::Revoked,
            before: Some(before),
            left: Some(0),
            notes: Vec::new(),
        };
        app.send(Msg::UserRevoked {
            job,
            source: SourceId(source),
            result: Ok(outcome),
        });
    }
    let rows: Vec<RowId> = app.state.jobs[0]
        .items
        .iter()
        .map(|item| item.row)
        .collect();
    assert_ne!(rows[0], rows[1], "each is told apart");
    for row in rows {
        let outcome = Outcome::Revoked;
        app.send(Msg::Revoked { job, row, outcome });
    }
    app.send(Msg::Recorded(job, 3..=12)).send(Msg::Ended(job));

    says(&app, &["Ended 6 sessions of jdoe", "audit: records 3-12"]);
    let report = markdown(&app.state, &app.state.jobs[0]);
    for line in [
        "| prod-janssen | 2 ended | 0 left | 2026-11-21 14:07:00 UTC |",
        "| am | 2 ended | 0 left | 2026-11-21 14:07:00 UTC |",
        "| db | 2 ended | 0 left | 2026-11-21 14:07:00 UTC |",
        "| down | 0 ended | left unknown | - |",
        "Audit log: lines 3 to 12 of `audit.jsonl`.",
    ] {
        assert!(report.contains(line), "{line} is missing in:\n{report}");
    }
}

#[test]
fn what_is_left_out_is_not_sent() {
    let mut app = answered();

    // The first system as a whole, the first realm of the second, the third as a whole.
    app.keys("space down right space down space");
    says(
        &app,
        &["[ ] prod-janssen", "(/) /beta", "[ ] db", "[ End 1 ]"],
    );
    app.keys("tab tab").slowly("enter");
    assert!(app.state.jobs.is_empty(), "it is all of a person: typed");
    app.typed("jdoe").slowly("enter");

    assert_eq!(ends(&app), (vec![], vec![(1, Some("/beta".to_owned()))]));
}

#[test]
fn what_a_system_says_of_its_realms_is_told_before_a_person_ends_there() {
    let mut app = TestApp::listing(&["jdoe"]);
    let mut known = caps();
    known.revoke_user_everywhere = true;
    known.notes = vec!["the list of realms may not be read".to_owned()];
    app.connect_with(known);
    app.state.sources.push(Source::new(profile("other")));

    app.keys("U");

    says(
        &app,
        &["! prod-janssen: the list of realms may not be read"],
    );
}

#[test]
fn cancelled_readings_are_given_up() {
    let mut app = several();
    app.effects.clear();

    app.keys("esc");

    assert!(app.top().is_none());
    assert_eq!(app.count(|e| matches!(e, Effect::Cancel(_))), 3);
}
