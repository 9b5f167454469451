//! The live view: what is new, changed and gone, and that nothing moves under the finger.

use super::*;
use crate::app::blocked;
use crate::app::cells;
use crate::app::effect::{JobId, Timer};
use crate::app::results::RowStatus;
use crate::app::watch;
use crate::app::{Action, lines};
use crate::model::Outcome;
use crate::store::Change;

/// The rows of before, user by user.
const BEFORE: [&str; 5] = ["amy", "bob", "cid", "dan", "eve"];

fn listing() -> TestApp {
    let mut app = TestApp::listing(&[]);
    app.forget().keys("r");
    app.rows(rows(&BEFORE));
    app.effects.clear();
    app
}

fn rows(users: &[&str]) -> Vec<RowRef<'static>> {
    users.iter().map(|user| row(user, 600, 1)).collect()
}

impl TestApp {
    /// The live view is on, and asks.
    fn asks(&mut self) -> &mut Self {
        if self.state.watch.is_none() {
            self.keys("R");
        }
        self.due(Timer::Reload)
    }

    /// Its answer comes, and is compared.
    fn reads(&mut self, rows: Vec<RowRef<'static>>) -> &mut Self {
        self.forget().rows(rows);
        self.compares()
    }

    fn compares(&mut self) -> &mut Self {
        let wanted = |effect: &Effect| matches!(effect, Effect::Compare { .. });
        let at = self.effects.iter().position(wanted).expect("a comparison");
        let Effect::Compare {
            generation,
            readings,
            view,
        } = self.effects.remove(at)
        else {
            unreachable!();
        };
        let (compared, order) = readings.made_for(*view);
        self.send(Msg::Compared {
            generation,
            compared: Box::new(compared),
            order,
        })
    }

    /// Sign and user of each row shown.
    fn signs(&self) -> String {
        let results = &self.state.results;
        let told = results.order.iter().map(|id| {
            let sign = results.changes.of(id).map_or("", |one| watch::sign(one).0);
            let row = results.rows.get(id).unwrap();
            format!("{sign}{}", row.person().unwrap().expose())
        });
        told.collect::<Vec<_>>().join(" ")
    }

    /// The pause before the next reading.
    fn pause(&self) -> Option<u64> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::After {
                timer: Timer::Reload,
                delay,
                ..
            } => Some(delay.as_secs()),
            _ => None,
        })
    }

    fn live(&self) -> String {
        watch::words(&self.state, false).unwrap_or_default()
    }

    fn takes(&mut self, seconds: u64) -> &mut Self {
        let (now, up) = (self.state.now, self.state.up + Duration::from_secs(seconds));
        self.send(Msg::Tick { now, up })
    }
}

fn is_search(effect: &Effect) -> bool {
    matches!(effect, Effect::Search { .. })
}

#[test]
fn what_is_new_has_changed_and_has_gone_is_marked_and_counted() {
    let mut app = listing();
    app.asks();
    assert_eq!(app.live(), "live 30s");
    let mut read = rows(&["aby", "amy", "cid", "dan", "eve"]);
    read[2].last_used = Some(now());

    app.reads(read);

    assert_eq!(app.signs(), "+aby amy -bob ~cid dan eve");
    assert_eq!(app.live(), "live 30s · 1 new · 1 changed · 1 gone");
    assert_eq!(
        watch::words(&app.state, true).as_deref(),
        Some("live 30s +1 ~1 -1")
    );
    assert_eq!(app.pause(), Some(30));
    // What has gone is shown once.
    app.asks().reads(rows(&["aby", "amy", "cid", "dan", "eve"]));
    assert_eq!(app.signs(), "aby amy ~cid dan eve");
    app.asks().reads(rows(&["aby", "amy", "cid", "dan", "eve"]));
    assert_eq!(
        (app.signs(), app.live()),
        ("aby amy cid dan eve".into(), "live 30s".into())
    );
}

#[test]
fn the_cursor_stays_on_its_session_and_its_session_on_its_line() {
    let many: Vec<String> = (10..99).map(|number| format!("user{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut app = listing();
    app.forget().keys("r");
    app.rows(rows(&many));
    app.effects.clear();
    app.keys("2 pagedown pagedown up up");
    let user = app.cursor_user();
    let line = |app: &TestApp| app.state.results.cursor - app.state.results.top;
    let before = line(&app);
    let mut more = vec!["aa", "ab", "ac"];
    more.extend(&many);

    app.asks().reads(rows(&more));

    assert_eq!((app.cursor_user(), line(&app)), (user.clone(), before));
    // It has gone: it stays under the cursor, and says so.
    more.retain(|one| *one != user);
    let next = more[app.state.results.cursor];
    app.asks().reads(rows(&more));
    assert_eq!((app.cursor_user(), line(&app)), (user, before));
    let (id, row) = app.state.results.current().unwrap();
    assert_eq!(cells::state_words(&app.state, id, row).0, "gone");
    // One reading later the next one is under it.
    app.asks().reads(rows(&more));
    assert_eq!((app.cursor_user().as_str(), line(&app)), (next, before));
}

#[test]
fn until_somebody_moves_the_window_stays_at_the_top() {
    let mut app = listing();
    app.keys("2");

    app.asks()
        .reads(rows(&["aa", "ab", "amy", "bob", "cid", "dan", "eve"]));

    assert_eq!(app.cursor_user(), "amy");
    assert_eq!(app.state.results.top, 0);
}

#[test]
fn delete_on_what_has_gone_sends_nothing_and_says_why() {
    let mut app = listing();
    app.keys("2")
        .asks()
        .reads(rows(&["bob", "cid", "dan", "eve"]));
    assert_eq!(app.cursor_user(), "amy");

    app.keys("delete").due(Timer::Arm).keys("y");

    assert!(app.sent().is_empty());
    let why = blocked::blocked(&app.state, Action::Revoke);
    assert_eq!(
        why.as_deref(),
        Some("it has gone: the list that was read last no longer has it")
    );
}

#[test]
fn marks_stay_with_their_sessions_and_go_with_those_that_have_gone() {
    let mut app = listing();
    app.keys("2 space space");
    assert_eq!(app.state.results.marks.len(), 2);

    app.asks().reads(rows(&["aa", "bob", "cid"]));

    let marks = &app.state.results.marks;
    let results = &app.state.results;
    let marked = results.rows.iter().filter(|(id, _)| marks.contains(*id));
    let marked: Vec<_> = marked
        .map(|(_, row)| row.person().unwrap().expose())
        .collect();
    assert_eq!(marked, ["bob"]);
    assert_eq!(
        app.status(),
        "1 marked session has gone, and its mark with it"
    );
}

#[test]
fn what_was_ended_here_is_no_news() {
    let mut app = listing();
    app.keys("2 delete").due(Timer::Arm).keys("y");
    app.send(Msg::Revoked {
        job: JobId(1),
        row: FIRST,
        outcome: Outcome::Revoked,
    })
    .send(Msg::Ended(JobId(1)));

    app.asks().reads(rows(&["bob", "cid", "dan", "eve"]));

    assert_eq!(
        (app.signs(), app.live()),
        ("amy bob cid dan eve".into(), "live 30s".into())
    );
    let (id, row) = app.state.results.current().unwrap();
    assert_eq!(cells::state_words(&app.state, id, row).0, "ended 14:07");
    assert_eq!(app.state.results.over().count(), 1);
    app.asks().reads(rows(&["bob", "cid", "dan", "eve"]));
    assert_eq!(app.signs(), "bob cid dan eve");
}

#[test]
fn a_session_that_is_ended_while_the_list_comes_stays_ended() {
    let mut app = listing();
    app.keys("2").asks();
    app.keys("delete").due(Timer::Arm).keys("y");
    app.forget().rows(rows(&BEFORE));
    app.compares();
    assert_eq!(
        app.signs(),
        "amy bob cid dan eve",
        "a question is open, or a job runs"
    );
    app.send(Msg::Revoked {
        job: JobId(1),
        row: FIRST,
        outcome: Outcome::Revoked,
    })
    .send(Msg::Ended(JobId(1)));

    let (id, _) = app.state.results.current().unwrap();
    assert_eq!(app.cursor_user(), "amy");
    assert_eq!(app.state.results.status(id), Some(&RowStatus::Revoked));
    assert!(
        app.state.results.changes.are_known(),
        "the rows were taken over"
    );
}

#[test]
fn rows_wait_while_a_dialog_is_open() {
    let mut app = listing();
    app.asks().keys("?");

    app.reads(rows(&["bob"]));
    assert_eq!(app.shown(), BEFORE);
    app.keys("esc");

    assert_eq!(app.signs(), "-amy bob -cid -dan -eve");
}

#[test]
fn a_slow_server_is_left_alone_for_longer_and_the_title_says_so() {
    let mut app = listing();
    app.asks().takes(20).due(Timer::Reload);
    assert_eq!(app.count(is_search), 1, "never two at a time");

    app.reads(rows(&BEFORE));

    assert_eq!(app.pause(), Some(40));
    assert_eq!(app.live(), "live 40s, slow server");
}

#[test]
fn a_machine_that_slept_in_the_middle_of_a_reading_is_no_slow_server() {
    let mut app = listing();
    app.asks().takes(8 * 60 * 60);

    app.reads(rows(&BEFORE));

    assert_eq!(app.pause(), Some(120), "and not 16 hours");
}

#[test]
fn a_server_that_asks_for_a_wait_gets_it() {
    let mut app = listing();
    app.asks().page_fails(ApiError::RateLimited {
        host: "idp.example.org".into(),
        code: crate::model::Code::Http(429),
        after: Some(Duration::from_secs(900)),
        exchange: None,
    });

    assert_eq!(app.pause(), Some(900));
    assert_eq!(app.live(), "live 15m, error 429");
    assert_eq!(app.shown(), BEFORE, "the rows stay");
}

#[test]
fn after_some_failures_it_stops_and_names_the_reason() {
    let mut app = listing();
    for pause in [60, 120] {
        app.asks().page_fails(refused());
        assert_eq!(app.pause(), Some(pause));
        assert!(
            app.status().contains("connection refused"),
            "{}",
            app.status()
        );
    }

    app.asks().page_fails(refused());

    assert!(app.state.watch.is_none());
    let said = app.status();
    assert!(
        said.starts_with("live stopped: it failed 3 times in a row: "),
        "{said}"
    );
    assert_eq!(app.shown(), BEFORE);
    assert!(blocked::blocked(&app.state, Action::ShowError).is_none());
}

#[test]
fn what_no_waiting_can_mend_stops_it_at_once() {
    let mut app = listing();

    app.asks().page_fails(ApiError::Forbidden {
        message: "not yours".into(),
        needs: None,
        exchange: None,
    });

    assert!(app.state.watch.is_none());
    assert!(
        app.status().starts_with("live stopped: not allowed"),
        "{}",
        app.status()
    );
}

#[test]
fn another_search_takes_the_place_of_a_reading() {
    let mut app = listing();
    app.asks();
    let old = app.state.sources[0].search_gen;

    app.keys("r");
    app.forget().page_of(old, &[("late", 600)], None);
    assert!(app.count(|effect| matches!(effect, Effect::Cancel(one) if *one == old)) == 1);
    app.forget().rows(rows(&["bob"]));

    assert_eq!(app.shown(), ["bob"]);
    app.asks().reads(rows(&["bob", "cid"]));
    assert_eq!(app.signs(), "bob +cid");
}

#[test]
fn another_order_that_was_chosen_meanwhile_counts() {
    let mut app = listing();
    app.keys("2").asks();
    app.forget().rows(rows(&["bob", "amy"]));
    // The same column again: the other way round.
    app.keys("s u");
    let sort = app.state.results.sort.clone();
    while !app.state.dialogs.is_empty() {
        app.keys("esc");
    }

    app.compares();

    let shown = app.shown();
    let mut sorted = shown.clone();
    sorted.sort();
    if sort.descending {
        sorted.reverse();
    }
    assert_eq!(shown, sorted);
}

#[test]
fn details_say_what_has_changed_and_stay_where_they_were() {
    let mut app = listing();
    app.keys("2 enter down down");
    let line = app.state.details.line;
    let mut read = rows(&BEFORE);
    read[0].ip = Some("192.0.2.7".into());

    app.asks().reads(read);

    assert_eq!(app.state.details.line, line);
    let (id, row, session) = lines::shown(&app.state).expect("a session");
    assert_eq!(session.ip.as_ref().unwrap().expose(), "192.0.2.7");
    assert_eq!(row.ip().unwrap().expose(), "192.0.2.7");
    let Some(Change::Changed(fields)) = app.state.results.changes.of(id) else {
        panic!("it has changed");
    };
    assert_eq!(fields.iter().collect::<Vec<_>>(), [Field::Ip]);
    assert_eq!(watch::begin(&app.state, id), "Changed (ip): ");
}

#[test]
fn a_list_that_the_server_cut_makes_nothing_go() {
    let mut app = listing();
    app.asks().forget().cut_at(2, &[("amy", 600), ("bob", 600)]);

    app.compares();

    assert!(app.live().ends_with("4 not listed"), "{}", app.live());
    assert!(!app.live().contains("gone"), "{}", app.live());
}

#[test]
fn off_it_leaves_the_signs_and_asks_no_more() {
    let mut app = listing();
    app.asks().reads(rows(&["amy"]));
    app.effects.clear();

    app.keys("R").due(Timer::Reload);

    assert_eq!(app.count(is_search), 0);
    assert_eq!(app.live(), "4 gone");
    app.keys("r");
    app.forget().rows(rows(&["amy"]));
    assert_eq!((app.signs(), app.live()), ("amy".into(), String::new()));
}

#[test]
fn a_hint_that_rows_tell_only_together_is_looked_for_among_all_that_were_read() {
    let mut app = TestApp::with(|profile| {
        profile.policy.thresholds.hints.many_sessions = 1;
    });
    app.keys("/ ctrl-u")
        .typed("hint:many")
        .keys("enter")
        .connect();
    let amy = |number| row("amy", 600, number);
    app.rows(vec![amy(1), amy(2), row("bob", 600, 1)]);
    assert_eq!(app.shown(), ["amy", "amy"]);

    app.asks()
        .reads(vec![amy(1), amy(2), amy(3), row("bob", 600, 1)]);

    assert_eq!(app.signs(), "amy amy +amy");
}
