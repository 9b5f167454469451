//! A system with two kinds of session: each with its own columns, its own end, and its own number.

use super::super::ask_revoke;
use super::plans::{answer, says};
use super::*;
use crate::app::dialogs::actions_menu::{self, ActionsMenu};
use crate::app::effect::Timer;
use crate::app::state::Pane;
use crate::app::{cells, columns, facts};
use crate::model::query::{Matcher, SessionIn};
use crate::model::{ActionSpec, ActsOn, Kinds, Outcome, Query, Subject};

fn two_kinds() -> Capabilities {
    let web = KindCaps {
        kind: "web".into(),
        after_revoke: "The browser has to sign in again.".into(),
        ..kind()
    };
    let sql = KindCaps {
        kind: "sql".into(),
        revoke: Revoke::No,
        revoke_user: false,
        after_revoke: "The connection is closed.".into(),
        ..kind()
    };
    let mut caps = caps();
    caps.system = String::from("Roach").into();
    caps.kinds = Kinds::several(web, vec![sql]);
    caps
}

fn listed() -> TestApp {
    let mut app = TestApp::new();
    app.keys("enter").connect_with(two_kinds());
    let (web, sql): (Arc<str>, Arc<str>) = ("web".into(), "sql".into());
    let rows = [&web, &web, &sql].into_iter().enumerate();
    let rows = rows.map(|(number, kind)| {
        let mut row = row("asmith", 600, number);
        row.kind = Some(kind.clone());
        row.id = Some(format!("console-{number}").into());
        row
    });
    app.rows(rows.collect());
    app.state.focus = Pane::Table;
    app
}

/// The facts of a row, each as label and value.
fn facts_of(state: &State, id: RowId) -> Vec<String> {
    let row = state.results.rows.get(id).unwrap();
    let (left, right) = facts::facts(state, id, row, &row.session());
    let lines = left.iter().chain(&right);
    lines
        .map(|line| format!("{} {}", line.label, line.text()))
        .collect()
}

#[test]
fn the_table_and_the_details_say_the_kind() {
    let app = listed();
    let shown: Vec<_> = columns::all(&app.state)
        .into_iter()
        .map(|c| c.what)
        .collect();

    assert_eq!(shown[..3], [Field::User, Field::Kind, Field::Client]);
    assert!(facts_of(&app.state, RowId(2)).contains(&"Kind sql".to_owned()));
    let kinds = app.state.results.rows.kinds().words();
    assert_eq!(kinds.as_deref(), Some("2 web, 1 sql"));
}

#[test]
fn a_field_that_only_the_other_kind_reports_is_not_called_empty() {
    let mut caps = two_kinds();
    caps.kinds.first_mut().fields[Field::Client] = crate::model::Support::No;
    let mut app = TestApp::new();
    app.keys("enter").connect_with(caps);
    let row_of = |number, kind: &str| {
        let mut row = row("asmith", 600, number);
        row.kind = Some(kind.into());
        row.client = None;
        row
    };
    app.rows(vec![row_of(0, "web"), row_of(1, "sql")]);
    let shown = |number| {
        let id = RowId(number);
        let row = app.state.results.rows.get(id).unwrap();
        cells::cell(&app.state, id, row, Field::Client).text
    };

    assert_eq!((shown(0).as_ref(), shown(1).as_ref()), ("-", "(none)"));
}

#[test]
fn a_system_with_one_kind_says_nothing_of_kinds() {
    let app = TestApp::listing(&["asmith"]);

    assert!(
        columns::all(&app.state)
            .iter()
            .all(|c| c.what != Field::Kind)
    );
    let facts = facts_of(&app.state, RowId(0));
    assert!(
        facts.iter().all(|fact| !fact.starts_with("Kind")),
        "{facts:?}"
    );
    assert_eq!(app.state.results.rows.kinds().words(), None);
}

#[test]
fn what_one_kind_cannot_do_the_other_may() {
    let app = listed();
    let plan = ask_revoke::split(&app.state, &[RowId(0), RowId(1), RowId(2)]);

    assert_eq!(plan.send.len(), 2);
    assert_eq!(plan.skip, [(1, "Roach cannot end sessions".to_owned())]);
}

/// The same, where sessions of both kinds can be ended; all are marked and the question is open.
fn asked_about_both() -> TestApp {
    let mut app = listed();
    let mut caps = two_kinds();
    let (web, mut sql) = (caps.of(Some("web")).clone(), caps.of(Some("sql")).clone());
    sql.revoke = Revoke::One;
    caps.kinds = Kinds::several(web, vec![sql]);
    app.state.sources[0].caps = Some(Arc::new(caps));
    app.keys("* delete").due(Timer::Arm);
    app
}

#[test]
fn the_question_counts_by_kind_and_says_what_becomes_of_each() {
    let app = asked_about_both();

    says(
        &app,
        &[
            "End 3 sessions (2 web, 1 sql)?",
            "web: The browser has to sign in again.",
            "sql: The connection is closed.",
        ],
    );
}

#[test]
fn the_question_about_all_of_a_person_leaves_out_the_kind_that_is_not_ended_by_it() {
    let mut app = listed();
    app.keys("U");
    let of_kind = |(number, kind): (usize, &str)| {
        let mut row = row("asmith", 600, number);
        row.kind = Some(kind.into());
        row
    };
    let rows = ["web", "web", "sql"].into_iter().enumerate();

    answer(&mut app, 0, rows.map(of_kind).collect());

    says(
        &app,
        &[
            "[x] prod-janssen        2  -",
            "left out 1: sql: not ended by this",
            "web: The browser has to sign in again.",
            "sql: These sessions are not ended by this.",
            "Type asmith or 2:",
        ],
    );
}

#[test]
fn what_became_of_a_job_is_told_by_kind() {
    let mut app = asked_about_both();
    app.keys("y");
    let job = app.state.last_job;

    for row in [RowId(0), RowId(2)] {
        let outcome = Outcome::Revoked;
        app.send(Msg::Revoked { job, row, outcome });
    }
    assert_eq!(app.state.jobs[0].done_words(), "2 done (1 web, 1 sql)");
    app.send(Msg::Ended(job));

    assert!(
        app.status()
            .starts_with("prod-janssen: 2 ended (1 web, 1 sql), 1 not sent, 1 left"),
        "{}",
        app.status()
    );
}

#[test]
fn a_kind_is_found_by_a_query_and_a_session_by_the_id_of_the_console() {
    let app = listed();
    let found = |text: &str| {
        let query = Query::parse(text).unwrap();
        let zone = Zone::Utc;
        let matcher = Matcher::new(
            &query.clauses,
            now(),
            zone,
            crate::model::Thresholds::default(),
        )
        .unwrap();
        let rows = app.state.results.rows.iter();
        rows.filter(|(_, row)| matcher.matches(&SessionIn::new(&row.session(), "p", "roach")))
            .count()
    };

    assert_eq!(found("kind:sql"), 1);
    assert_eq!(found("-kind:sql"), 2);
    assert_eq!(found("id:console-1"), 1);
    assert_eq!(found("id:asmith-600-1"), 1);
}

#[test]
fn a_profile_may_name_the_kind_that_is_searched() {
    let mut app = TestApp::with(|profile| profile.policy.kind = Some("web".into()));
    app.keys("enter").connect_with(two_kinds());
    let asked = |app: &TestApp| {
        let search = app.state.sources[0].search.as_ref().expect("a search");
        search.query.to_string()
    };

    assert_eq!(asked(&app), "kind:web");
    let said = Query::parse("kind:sql").unwrap();
    assert_eq!(said.with_kind(Some("web")).to_string(), "kind:sql");
}

#[test]
fn a_person_without_an_id_is_known_by_name_and_nobody_is_nobody_else() {
    let person = |id: &str, name: &str| Subject {
        id: (!id.is_empty()).then(|| id.into()),
        name: (!name.is_empty()).then(|| name.into()),
        scope: None,
    };

    assert!(person("", "root").is_same_person(&person("", "root")));
    assert!(!person("", "root").is_same_person(&person("", "jdoe")));
    assert!(!person("", "").is_same_person(&person("", "")));
    assert!(!person("1", "root").is_same_person(&person("", "root")));
    assert!(person("1", "root").is_same_person(&person("1", "ROOT")));
}

#[test]
fn all_sessions_of_a_person_without_an_id_can_be_ended_by_name() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    let rows = ["root", "root", "zoe"].into_iter().enumerate();
    let rows = rows.map(|(number, user)| {
        let mut row = row(user, 600, number);
        row.user_id = None;
        row
    });
    app.rows(rows.collect());
    app.state.focus = Pane::Table;

    app.keys("U");
    let nameless = |number| RowRef {
        user_id: None,
        ..row("root", 600, number)
    };
    answer(&mut app, 0, vec![nameless(0), nameless(1)]);

    says(&app, &["End every session of root?", "[ End 2 ]"]);
}

#[test]
fn the_menu_lists_what_can_be_done_with_the_kind_of_the_row() {
    let named = |name, on| ActionSpec::new(name, "Does it", "Does it.", on);
    let mut caps = two_kinds();
    let (mut web, mut sql) = (caps.of(Some("web")).clone(), caps.of(Some("sql")).clone());
    web.actions = vec![named("sign_out", ActsOn::Session)];
    sql.actions = vec![
        named("cancel", ActsOn::Session),
        named("purge", ActsOn::Nothing),
    ];
    caps.kinds = Kinds::several(web, vec![sql]);
    let mut app = listed();
    app.connect_with(caps);

    for (row, listed) in [
        ("web", vec!["sign_out", "purge"]),
        ("sql", vec!["cancel", "purge"]),
    ] {
        let results = &mut app.state.results;
        let is_row = |at: &usize| {
            let (_, found) = results.at(*at).unwrap();
            found.kind() == Some(row)
        };
        results.cursor = (0..3).find(is_row).unwrap();
        let _ = actions_menu::open(&mut app.state);
        let menu = app.dialog::<ActionsMenu>().unwrap();
        let names: Vec<&str> = menu.offered().map(|(spec, _)| &*spec.name).collect();
        assert_eq!(names, listed, "{row}");
        app.keys("esc");
    }
}
