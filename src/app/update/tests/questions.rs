//! Questions before something ends: what they ask for, and what answers them.

use super::plans::{answer, said, says};
use super::revokes::asked;
use super::*;
use crate::app::dialogs::plan::PlanBox;
use crate::app::effect::Timer;
use crate::app::state::Lock;

#[test]
fn what_is_typed_ahead_before_the_question_is_armed_confirms_nothing() {
    let mut app = TestApp::listing(&["asmith"]);

    app.keys("delete y right enter");

    assert!(app.sent().is_empty());
    assert!(app.dialog::<Confirm>().is_some());
}

#[test]
fn f_del_03_a_held_y_confirms_nothing_and_the_box_says_so() {
    let mut app = TestApp::listing(&["asmith"]);
    app.keys("delete");

    for _ in 0..40 {
        app.keys("y");
    }

    assert!(app.sent().is_empty());
    assert_eq!(app.state.lock, Lock::TooSoon);
    let locked = app.effects.iter().rev().find_map(|effect| match effect {
        Effect::After { timer, delay, .. } if *timer == Timer::Arm => Some(*delay),
        _ => None,
    });
    // Longer than any key waits before it repeats.
    assert!(locked > Some(Duration::from_millis(660)), "{locked:?}");

    app.slowly("y");
    assert_eq!(app.sent().len(), 1, "after a pause it counts");
}

#[test]
fn keys_that_the_question_does_not_know_lock_it_anew() {
    let mut app = TestApp::listing(&["asmith"]);
    // Even where a pause came before each letter that is unknown.
    app.keys("D").slowly("e a r space b i l l");

    app.keys("y");

    assert!(app.sent().is_empty(), "it was typed for another window");
    assert!(app.dialog::<Confirm>().is_some());
}

#[test]
fn an_answer_right_behind_another_key_does_not_count() {
    for (ahead, answer) in [("tab", "y"), ("right", "enter"), ("left", "enter")] {
        let mut app = asked(&["asmith"]);

        app.keys(ahead).keys(answer);

        assert!(app.sent().is_empty(), "{ahead} {answer}");
        assert!(app.top().is_some(), "{ahead} {answer} closed it");
    }
    let mut app = TestApp::listing(&["asmith", "asmith"]);
    app.keys("U");
    answer(
        &mut app,
        0,
        vec![row("asmith", 600, 0), row("asmith", 600, 1)],
    );
    app.due(Timer::Arm).typed("2").keys("enter");
    assert!(app.state.jobs.is_empty(), "a paste without brackets");
}

#[test]
fn a_click_on_the_button_counts_only_where_a_key_would() {
    let mut app = TestApp::listing(&["asmith"]);
    app.keys("delete");
    let click = |app: &mut TestApp| {
        let effects = super::super::dialogs::button(&mut app.state, 1);
        app.effects.extend(effects);
    };

    click(&mut app);
    assert!(app.sent().is_empty());

    app.due(Timer::Arm);
    click(&mut app);
    assert_eq!(app.sent().len(), 1);
}

#[test]
fn quitting_during_a_revoke_counts_after_a_pause_only() {
    let mut app = asked(&["asmith"]);
    app.keys("y q y");
    assert_eq!(app.count(|e| matches!(e, Effect::Stop(_))), 0);
    app.slowly("y");
    assert_eq!(app.count(|e| matches!(e, Effect::Stop(_))), 1);
}

#[test]
fn a_refused_delete_takes_the_y_after_it_along() {
    let mut app = TestApp::with(|profile| profile.policy.read_only = true);
    app.keys("enter").connect().page(&[("asmith", 60)], None);
    for key in ["delete", "U"] {
        app.effects.clear();

        app.keys(key).keys("y");
        assert_eq!(app.count(|e| matches!(e, Effect::Copy { .. })), 0, "{key}");
        assert!(app.top().is_none(), "{key}");
        assert!(app.status().contains("read-only"), "{key}");

        app.due(Timer::Refused).keys("y i");
        assert_eq!(app.count(|e| matches!(e, Effect::Copy { .. })), 1, "{key}");
    }
}

#[test]
fn a_held_delete_key_opens_one_question_and_confirms_nothing() {
    let mut app = asked(&["asmith"]);

    app.keys("delete delete delete");

    assert_eq!(app.state.dialogs.len(), 1);
    assert!(app.sent().is_empty());
}

/// Sessions of these people are marked, and the question about them is open.
fn asked_about(users: &[&str], policy: impl Fn(&mut Policy)) -> TestApp {
    let mut app = TestApp::listing(users);
    policy(&mut app.state.sources[0].profile.policy);
    app.keys("* delete");
    app
}

/// Why something must be typed, as the box says it. `None`: nothing.
fn because(app: &TestApp) -> Option<String> {
    let said = said(app);
    let mut lines = said.lines().map(str::trim);
    let line = lines.find_map(|line| line.strip_prefix("typed because "));
    line.map(str::to_owned)
}

#[test]
fn few_on_production_and_many_anywhere_are_typed_by_number_or_name() {
    let asked = |production: bool, users: &[&str]| {
        asked_about(users, |policy| policy.production = production)
    };

    assert_eq!(because(&asked(true, &["asmith"])), None);
    assert_eq!(because(&asked(false, &["asmith"; 9])), None);
    let one = asked(true, &["asmith"; 2]);
    assert_eq!(because(&one).unwrap(), "this is production");
    says(&one, &["Type asmith or 2:"]);
    says(&asked(true, &["asmith", "bwong"]), &["Type 2 to confirm:"]);
    let many = asked(false, &["asmith"; 10]);
    assert_eq!(because(&many).unwrap(), "it ends 10 sessions or more");
}

#[test]
fn f_del_12_the_number_from_which_it_is_typed_is_the_profiles() {
    let asked = |typed_from: usize, production: bool, count: usize| {
        because(&asked_about(&["asmith"; 12][..count], |policy| {
            (policy.typed_from, policy.production) = (typed_from, production);
        }))
    };

    assert_eq!(asked(5, false, 4), None);
    assert_eq!(asked(5, false, 5).unwrap(), "it ends 5 sessions or more");
    assert_eq!(asked(1, false, 1).unwrap(), "its profile asks for it");
    assert_eq!(asked(30, false, 12), None);
    assert_eq!(asked(30, true, 2).unwrap(), "this is production");
}

#[test]
fn one_session_is_confirmed_by_the_number_or_the_name_where_its_profile_asks_for_it() {
    for typed in ["1", "asmith"] {
        let mut app = asked_about(&["asmith"], |policy| policy.typed_from = 1);
        says(&app, &["Type asmith or 1:"]);
        app.due(Timer::Arm).typed("no").slowly("enter");
        assert!(app.sent().is_empty());
        says(&app, &["no match"]);

        app.keys("ctrl-u").typed(typed).slowly("enter");
        assert_eq!(app.sent(), ["asmith-600-0"]);
    }
}

#[test]
fn each_of_several_systems_says_what_stays() {
    let mut app = TestApp::listing(&["asmith", "asmith"]);
    let mut other = crate::app::source::Source::new(profile("other"));
    other.caps = Some(Arc::new(caps_of(KindCaps {
        after_revoke: "Client-side sessions go on.".into(),
        ..kind()
    })));
    app.state.sources.push(other);
    let mut plan = super::super::ask_revoke::split(&app.state, &[RowId(0), RowId(1)]);
    plan.send[1].source = SourceId(1);

    let _ = super::super::plan::ask_marked(&mut app.state, &plan);

    app.keys("up");
    says(
        &app,
        &[
            "prod-janssen: The session ends at once.",
            "other: Client-side sessions go on.",
        ],
    );
}

#[test]
fn f_net_12_more_than_one_over_an_unchecked_connection_wants_the_number_typed() {
    for (insecure, users, typed) in [
        (false, &["asmith", "bwong"][..], None),
        (
            true,
            &["asmith", "bwong"],
            Some("its certificate is not checked"),
        ),
        (true, &["asmith"], None),
    ] {
        let app = asked_about(users, |policy| policy.insecure = insecure);

        assert_eq!(because(&app).as_deref(), typed, "{insecure} {users:?}");
    }
}

/// The id of the session in question, and the warnings.
fn question(app: &TestApp) -> (String, Vec<String>) {
    let confirm = app.dialog::<Confirm>().expect("a question is open");
    let id = confirm.item.key.expose().to_owned();
    (id, confirm.warnings.clone())
}

/// The same session as `row` makes, with these changes.
fn changed(user: &str, change: impl Fn(&mut RowRef<'static>)) -> RowRef<'static> {
    let mut row = row(user, 600, 0);
    change(&mut row);
    row
}

#[test]
fn f_del_01_the_question_keeps_its_session_and_says_when_it_has_changed() {
    type Change = fn(&mut RowRef<'static>);
    let changes: [(Change, &str); 3] = [
        (|row| row.user = Some("mallory".into()), "now mallory"),
        (|row| row.client = Some("payroll".into()), "payroll"),
        (|row| row.ip = Some("192.0.2.9".into()), "192.0.2.9"),
    ];
    for (change, told) in changes {
        let mut app = asked(&["asmith", "bwong"]);
        crate::app::update::form::reload(&mut app.state);
        app.forget()
            .rows(vec![row("zoe", 5, 0), changed("asmith", change)]);

        let (id, warnings) = question(&app);

        assert_eq!(id, "asmith-600-0");
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with("changed since you looked"));
        assert!(warnings[0].contains(told), "{warnings:?}");
        app.keys("y");
        assert_eq!(app.sent(), ["asmith-600-0"]);
    }
}

#[test]
fn f_del_01_a_session_that_is_as_it_was_is_not_called_changed() {
    let mut app = asked(&["asmith", "bwong"]);
    crate::app::update::form::reload(&mut app.state);
    app.forget()
        .rows(vec![row("zoe", 5, 0), row("asmith", 600, 0)]);

    assert_eq!(question(&app).1, [""; 0]);
}

#[test]
fn f_del_02_another_search_that_lands_under_the_question_changes_nothing_that_is_sent() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    app.page(&[("mia", 600)], Some("1"));
    app.keys("delete").due(Timer::Arm);
    let of_old = app.state.sources[0].search_gen;
    crate::app::update::form::reload(&mut app.state);

    app.page_of(of_old, &[("old", 1)], None);
    app.forget().page(&[("amy", 600), ("bob", 600)], Some("1"));
    app.page(&[("mia", 500)], None);

    assert_eq!(question(&app).0, "mia-600-0");
    app.keys("y");
    assert_eq!(app.sent(), ["mia-600-0"]);
}

#[test]
fn rows_that_were_read_before_a_session_ended_do_not_bring_it_back() {
    let mut app = asked(&["asmith", "bwong"]);
    app.seen = ReadKeys::default();
    // A reload is on its way when the answer comes.
    app.state.dialogs.clear();
    app.keys("r");
    app.keys("delete").due(Timer::Arm).keys("y");
    app.state.now += TimeDelta::seconds(1);
    app.send(Msg::Revoked {
        job: crate::app::JobId(1),
        row: FIRST,
        outcome: crate::model::Outcome::Revoked,
    });

    app.page(&[("asmith", 600), ("bwong", 600)], None);

    assert_eq!(
        app.state.results.statuses.get(&FIRST),
        Some(&crate::app::results::RowStatus::Revoked)
    );
    app.state.now += TimeDelta::seconds(1);
    app.keys("r");
    app.seen = ReadKeys::default();
    app.page(&[("asmith", 600), ("bwong", 600)], None);
    assert!(app.state.results.statuses.is_empty(), "asked after its end");
}

#[test]
fn a_session_that_cannot_be_ended_opens_a_box_and_the_y_after_it_copies_nothing() {
    let mut app = TestApp::new();
    app.keys("enter").connect();
    app.rows(vec![RowRef {
        own: Some(true),
        ..row("me", 60, 0)
    }]);
    app.state.focus = crate::app::state::Pane::Table;

    app.keys("delete");
    assert!(app.dialog::<ErrorBox>().is_some(), "the reason has a box");
    app.effects.clear();
    app.keys("y");

    assert_eq!(app.count(|effect| matches!(effect, Effect::Copy { .. })), 0);
    assert!(app.dialog::<ErrorBox>().is_some());
}

#[test]
fn a_key_of_another_program_is_answered() {
    let mut app = TestApp::listing(&["amy"]);
    app.state.focus = crate::app::state::Pane::Table;

    app.keys("x");

    assert_eq!(app.status(), "x does nothing here · ? help");

    app.keys("down");
    app.state.message = None;
    app.keys("x");
    assert_eq!(app.status(), "", "it says so once");
    app.keys("z");
    assert_eq!(app.status(), "z does nothing here · ? help");
}

#[test]
fn the_question_for_one_session_offers_the_way_to_all_of_its_user() {
    let mut app = TestApp::listing(&["amy", "amy", "bob"]);
    app.state.focus = crate::app::state::Pane::Table;

    app.keys("delete");
    let one = app.dialog::<Confirm>().map(|confirm| confirm.one.clone());
    let others = one.map(|one| (one.others, one.offers_all));
    app.keys("U");

    assert_eq!(others, Some((1, true)));
    assert!(app.dialog::<Confirm>().is_none());
    assert!(app.dialog::<PlanBox>().is_some());
    says(&app, &["End every session of amy?"]);
}
