//! A plan is about sessions: whatever their rows do while its question is open.

use proptest::prelude::*;

use super::*;
use crate::app::dialogs::plan::PlanBox;
use crate::app::effect::{JobId, Timer};
use crate::model::Outcome;

#[derive(Clone, Debug)]
enum Happens {
    Key(&'static str),
    Rows(Vec<(u8, u8)>),
    Reload(Vec<(u8, u8)>),
    Gone(u8),
    Tick(u16),
}

fn happens() -> impl Strategy<Value = Happens> {
    let keys = [
        "up",
        "down",
        "tab",
        "shift-tab",
        "left",
        "right",
        "x",
        "pageup",
        "home",
        "backspace",
        "space",
        "ctrl-l",
        "f5",
        "S",
        "s",
        "q",
        "V",
        "*",
        "\\",
    ];
    let rows = || prop::collection::vec((0_u8..6, 0_u8..40), 0..6);
    prop_oneof![
        5 => prop::sample::select(keys.to_vec()).prop_map(Happens::Key),
        3 => rows().prop_map(Happens::Rows),
        2 => rows().prop_map(Happens::Reload),
        1 => (0_u8..12).prop_map(Happens::Gone),
        1 => (0_u16..5_000).prop_map(Happens::Tick),
    ]
}

const NAMES: [&str; 6] = ["ada", "bob", "cyd", "dan", "eve", "fay"];

/// Something happens to the list while the box is open.
fn happen(app: &mut TestApp, what: &Happens) {
    let made = |rows: &[(u8, u8)]| {
        let rows = rows.iter();
        let row = |(name, number): &(u8, u8)| row(NAMES[usize::from(*name)], 600, (*number).into());
        rows.map(row).collect::<Vec<_>>()
    };
    let generation = app.state.sources[0].search_gen;
    match what {
        Happens::Key(key) => {
            app.keys(key);
        }
        Happens::Rows(rows) => {
            app.send_page(generation, made(rows), Some("more"));
        }
        Happens::Reload(rows) => {
            // As the automatic reload does, or another order.
            let effects = super::super::form::list_again(&mut app.state);
            app.effects.extend(effects);
            app.forget();
            let generation = app.state.sources[0].search_gen;
            app.send_page(generation, made(rows), None);
        }
        Happens::Gone(row) => {
            app.send(Msg::Revoked {
                job: JobId(99),
                row: RowId((*row).into()),
                outcome: Outcome::AlreadyGone,
            });
        }
        Happens::Tick(seconds) => {
            app.send(Msg::Tick {
                now: now() + TimeDelta::seconds((*seconds).into()),
                up: Duration::from_secs((*seconds).into()),
            });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    /// 250 runs of 40 steps: the box is about sessions, whatever their rows do.
    #[test]
    fn rows_that_come_go_or_move_while_the_box_is_open_do_not_change_what_ends(
        first in prop::collection::vec((0_u8..6, 0_u8..40), 4..12),
        marks in prop::collection::vec(any::<bool>(), 12),
        steps in prop::collection::vec(happens(), 40),
    ) {
        let mut app = TestApp::new();
        app.keys("enter").connect();
        let rows = first.iter().map(|(name, number)| row(NAMES[usize::from(*name)], 600, (*number).into()));
        app.rows(rows.collect());
        for mark in marks {
            app.keys(if mark { "space" } else { "down" });
        }
        let results = &app.state.results;
        let wanted: Vec<String> = results
            .order
            .iter()
            .filter(|id| results.marks.contains(*id))
            .filter_map(|id| results.rows.get(id))
            .map(|row| row.key().expose().to_owned())
            .collect();
        app.effects.clear();
        app.keys("delete");
        let is_plan = app.dialog::<PlanBox>().is_some();
        prop_assert_eq!(is_plan, wanted.len() > 1);
        if is_plan {
            for step in &steps {
                happen(&mut app, step);
                prop_assert!(app.dialog::<PlanBox>().is_some(), "{:?} closed it", step);
            }
            prop_assert!(app.sent().is_empty());
            app.due(Timer::Arm).send(Msg::Tick { now: now(), up: Duration::from_secs(9_000) });
            answer_it(&mut app, wanted.len());
            prop_assert_eq!(app.sent(), wanted);
        }
    }
}

/// Confirms the box, wherever its focus is.
fn answer_it(app: &mut TestApp, sessions: usize) {
    if sessions < crate::model::confirm::TYPED_FROM {
        app.slowly("y");
        return;
    }
    let is_typing = |app: &mut TestApp| {
        let question = app.state.dialogs.last_mut().expect("the box");
        question.input().is_some()
    };
    while !is_typing(app) {
        app.keys("tab");
    }
    app.keys("ctrl-u")
        .typed(&sessions.to_string())
        .slowly("enter");
}
