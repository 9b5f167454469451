//! Questions before something ends: what they ask for, and what answers them.

use super::revokes::{asked, whole_user};
use super::*;
use crate::app::effect::Timer;
use crate::app::revoke_plan::ConfirmKind;
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
    app.keys("U").due(Timer::Arm).typed("2").keys("enter");
    assert_eq!(whole_user(&app), None, "a paste without brackets");
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

#[test]
fn few_on_production_and_many_anywhere_are_typed_by_number_or_name() {
    let asked = |production: bool, users: &[&str]| {
        let mut app = TestApp::listing(users);
        app.state.sources[0].profile.policy.production = production;
        let ids: Vec<RowId> = (0..users.len() as u32).map(RowId).collect();
        let plan = super::super::ask_revoke::split(&app.state, &ids);
        crate::app::dialogs::confirm::for_rows(&app.state, plan).typed
    };

    assert!(asked(true, &["asmith"]).is_none());
    assert!(asked(false, &["asmith"; 9]).is_none());
    let one = asked(true, &["asmith"; 2]).unwrap();
    assert_eq!(one.expect, ["2", "asmith"]);
    assert_eq!(one.because, "this is production");
    let two = asked(true, &["asmith", "bwong"]).unwrap();
    assert_eq!(two.expect, ["2"]);
    let many = asked(false, &["asmith"; 10]).unwrap();
    assert_eq!(many.because, "it ends 10 sessions or more");
}

#[test]
fn f_del_12_the_number_from_which_it_is_typed_is_the_profiles() {
    let asked = |typed_from: usize, production: bool, count: u32| {
        let mut app = TestApp::listing(&["asmith"; 12]);
        app.state.sources[0].profile.policy.typed_from = typed_from;
        app.state.sources[0].profile.policy.production = production;
        let ids: Vec<RowId> = (0..count).map(RowId).collect();
        let plan = super::super::ask_revoke::split(&app.state, &ids);
        let typed = crate::app::dialogs::confirm::for_rows(&app.state, plan).typed;
        typed.map(|typed| typed.because)
    };

    assert_eq!(asked(5, false, 4), None);
    assert_eq!(asked(5, false, 5).unwrap(), "it ends 5 sessions or more");
    assert_eq!(asked(1, false, 1).unwrap(), "its profile asks for it");
    assert_eq!(asked(30, false, 12), None);
    assert_eq!(asked(30, true, 2).unwrap(), "this is production");
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

    let confirm = crate::app::dialogs::confirm::for_rows(&app.state, plan);

    assert_eq!(
        confirm.after,
        "prod-janssen: The session ends at once.\nother: Client-side sessions go on."
    );
}

#[test]
fn f_net_12_more_than_one_over_an_unchecked_connection_wants_the_number_typed() {
    let mut app = TestApp::listing(&["asmith", "bwong"]);
    let items: Vec<_> = (0..2)
        .map(|at| {
            let session = &app.state.results.rows.get(RowId(at)).unwrap().session();
            crate::app::RevokeItem {
                row: RowId(at),
                source: SourceId(0),
                key: session.key.clone(),
                kind: session.kind.clone(),
                subject: session.subject.clone(),
                deletable: session.deletable.clone(),
                created: session.created,
                client: session.client.clone(),
                expires: session.expires,
            }
        })
        .collect();
    for (insecure, count, typed) in [(false, 2, false), (true, 2, true), (true, 1, false)] {
        app.state.sources[0].profile.policy.insecure = insecure;
        let plan = crate::app::revoke_plan::RevokePlan {
            send: items.iter().take(count).cloned().collect(),
            skip: Vec::new(),
        };

        let confirm = crate::app::dialogs::confirm::for_rows(&app.state, plan);

        assert_eq!(confirm.typed.is_some(), typed, "{insecure} {count}");
    }
}

/// The ids of the question, and its warnings.
fn question(app: &TestApp) -> (Vec<String>, Vec<String>) {
    let confirm = app.dialog::<Confirm>().expect("a question is open");
    let ConfirmKind::Rows(plan) = &confirm.kind else {
        panic!("it is about rows");
    };
    let ids = plan.send.iter().map(|item| item.key.expose().to_owned());
    (ids.collect(), confirm.warnings.clone())
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

        let (ids, warnings) = question(&app);

        assert_eq!(ids, ["asmith-600-0"]);
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

    assert_eq!(question(&app).0, ["mia-600-0"]);
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
    let one = app
        .dialog::<Confirm>()
        .and_then(|confirm| confirm.one.clone());
    let others = one.map(|one| (one.others, one.offers_all));
    app.keys("U");

    assert_eq!(others, Some((1, true)));
    let title = app.dialog::<Confirm>().map(|confirm| confirm.title.clone());
    assert_eq!(title.as_deref(), Some("End every session of amy?"));
}
