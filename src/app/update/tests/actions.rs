//! The actions of a system: the menu, the questions, what is sent and what is told.

use secrecy::ExposeSecret;

use super::*;
use crate::app::effect::Timer;
use crate::app::results::RowStatus;
use crate::app::state::{Level, Pane};
use crate::model::{
    ActionArgs, ActionBody, ActionCell, ActionResult, ActionSpec, ActionTarget, ActsOn, ArgKind,
    ArgSpec, Confirmation, KindCaps, Outcome,
};

fn arg(name: &'static str, kind: ArgKind, required: bool) -> ArgSpec {
    ArgSpec {
        name: name.into(),
        title: name.into(),
        kind,
        secret: false,
        required,
    }
}

/// One that asks, one that changes, one that is not there, one without questions, one with arguments.
fn specs() -> Vec<ActionSpec> {
    vec![
        ActionSpec::new("info", "Show a token", "Shows it.", ActsOn::Token),
        ActionSpec {
            changes: true,
            pairs: Some("properties".into()),
            ..ActionSpec::new("set", "Change properties", "Changes.", ActsOn::Token)
        },
        ActionSpec {
            lacks: Some("this server has no such thing".into()),
            ..ActionSpec::new("gone", "Do what is lacking", "Does it.", ActsOn::Nothing)
        },
        ActionSpec::new("count", "Count sessions", "Counts.", ActsOn::Nothing),
        ActionSpec {
            args: vec![
                arg("reason", ArgKind::Text, false),
                arg("deep", ArgKind::YesNo, true),
            ],
            ..ActionSpec::new("look", "Look", "Looks.", ActsOn::Nothing)
        },
        ActionSpec {
            changes: true,
            ends: true,
            ..ActionSpec::new("end", "End this session", "Ends it.", ActsOn::Session)
        },
        ActionSpec {
            changes: true,
            ends: true,
            ..ActionSpec::new("end_all", "End all of a user", "Ends them.", ActsOn::User)
        },
        ActionSpec {
            changes: true,
            ends: true,
            ..ActionSpec::new("log_out", "Log out a token", "Ends it.", ActsOn::Token)
        },
    ]
}

fn app() -> TestApp {
    app_with(|_| {})
}

fn app_with(change: impl Fn(&mut ProfileView)) -> TestApp {
    let mut app = TestApp::with(change);
    app.keys("enter").connect_with(caps_of(KindCaps {
        actions: specs(),
        ..kind()
    }));
    app.page(&[("asmith", 600), ("bwong", 500)], None);
    app.effects.clear();
    app.state.focus = Pane::Table;
    app
}

impl TestApp {
    /// Opens the menu, with the cursor on the action at this place of the description.
    fn menu_at(&mut self, place: usize) -> &mut Self {
        self.keys("a home");
        let wanted = specs()[place].name.clone();
        let chosen = |app: &Self| {
            let menu: Option<&ActionsMenu> = app.state.top();
            menu.and_then(ActionsMenu::own).map(str::to_owned)
        };
        for _ in 0..30 {
            if chosen(self).as_deref() == Some(&*wanted) {
                break;
            }
            self.keys("down");
        }
        self
    }

    /// Opens the questions of the action at this place of the description, and lets them take answers.
    fn action(&mut self, place: usize) -> &mut Self {
        self.menu_at(place).keys("enter").due(Timer::Arm)
    }

    /// The answer to the action that was sent last.
    fn acted(&mut self, result: Result<ActionResult, ApiError>) -> &mut Self {
        let generation = self.last_act();
        self.send(Msg::Acted { generation, result })
    }

    fn last_act(&self) -> Gen {
        let mut acts = self.effects.iter().rev();
        let number = |effect: &Effect| match effect {
            Effect::Act { generation, .. } => Some(*generation),
            _ => None,
        };
        acts.find_map(number).expect("an action was sent")
    }

    /// The status of the first row, shown in place of its state.
    fn row_status(&self) -> Option<&RowStatus> {
        self.state.results.statuses.get(&FIRST)
    }

    fn searches(&self) -> usize {
        self.count(|effect| matches!(effect, Effect::Search { .. } | Effect::Connect { .. }))
    }

    fn acts(&self) -> Vec<(&str, &ActionArgs)> {
        let mut acts = Vec::new();
        for effect in &self.effects {
            if let Effect::Act { spec, args, .. } = effect {
                acts.push((spec.name.as_ref(), args));
            }
        }
        acts
    }
}

#[test]
fn the_menu_begins_with_what_every_row_can_and_ends_with_tools_for_tokens() {
    let mut app = app();

    app.keys("a");
    let menu = app.dialog::<ActionsMenu>().expect("the menu");
    let last = menu.offered().last().map(|(spec, _)| spec.on);
    assert_eq!((menu.own(), last), (Some("gone"), Some(ActsOn::Token)));

    app.keys("home enter");
    assert!(app.dialog::<Confirm>().is_some(), "the first line ends it");
}

#[test]
fn a_system_without_actions_of_its_own_has_the_menu_too() {
    let mut app = TestApp::listing(&["ada"]);
    app.state.focus = Pane::Table;

    app.keys("a down down enter");

    let query = app.state.results.query.as_ref().map(ToString::to_string);
    assert_eq!(query.as_deref(), Some("user:ada"));
}

fn fields(names: &[&str]) -> Result<ActionResult, ApiError> {
    Ok(ActionResult {
        summary: "it is there".into(),
        outcome: None,
        body: ActionBody::Fields(
            names
                .iter()
                .map(|name| (Untrusted::from(*name), "value".into()))
                .collect(),
        ),
    })
}

fn ended(outcome: Outcome) -> Result<ActionResult, ApiError> {
    Ok(ActionResult {
        outcome: Some(outcome),
        ..ActionResult::said("so it is")
    })
}

#[test]
fn a_question_is_sent_once_and_its_box_waits_for_the_answer() {
    let mut app = app();
    app.action(0).send(Msg::Paste("tok-5ecret\n".into()));

    app.keys("enter enter enter x y");

    let acts = app.acts();
    let [("info", args)] = acts.as_slice() else {
        panic!("{acts:?}")
    };
    let ActionTarget::Token(token) = &args.target else {
        panic!("no token")
    };
    assert_eq!(token.expose_secret(), "tok-5ecret");
    assert!(app.dialog::<Arguments>().is_some_and(|a| a.sent.is_some()));

    app.acted(fields(&["user"]));

    assert!(app.dialog::<AnswerBox>().is_some());
    assert_eq!(app.state.dialogs.len(), 1);
}

#[test]
fn a_question_is_cancelled_by_escape_and_its_answer_comes_to_nothing() {
    let mut app = app();
    app.action(3);
    assert_eq!(
        app.acts().len(),
        1,
        "it asks nothing, so it is sent at once"
    );

    app.keys("esc");
    assert_eq!(app.status(), "Count sessions: cancelled");
    let generation = app.last_act();
    assert_eq!(
        app.count(|effect| matches!(effect, Effect::Cancel(g) if *g == generation)),
        1
    );
    app.action(3);
    app.send(Msg::Acted {
        generation,
        result: fields(&["user"]),
    });

    assert!(
        app.dialog::<Arguments>().is_some(),
        "the second one still waits for its own answer"
    );
    app.acted(fields(&["user"]));
    assert!(app.dialog::<AnswerBox>().is_some());
}

#[test]
fn a_hidden_change_goes_on_and_its_outcome_opens_nothing() {
    let mut app = app();
    app.action(5).keys("y");
    assert_eq!(app.row_status(), Some(&RowStatus::Revoking));

    app.keys("esc");
    assert!(app.status().contains("under way"), "{}", app.status());
    assert_eq!(app.count(|effect| matches!(effect, Effect::Cancel(_))), 0);
    app.keys("ctrl-p");
    assert!(app.status().contains("is under way"), "{}", app.status());
    app.keys("delete").acted(ended(Outcome::Revoked));

    assert_eq!(app.status(), "so it is");
    assert_eq!(app.row_status(), Some(&RowStatus::Revoked));
}

#[test]
fn the_row_that_was_acted_on_shows_what_became_of_it() {
    let failed = |error: ApiError| RowStatus::Failed(error.to_string());
    let cases = [
        (ended(Outcome::AlreadyGone), Some(RowStatus::AlreadyGone)),
        (ended(Outcome::StillListed), Some(RowStatus::StillListed)),
        (
            ended(Outcome::Refused("no".into())),
            Some(RowStatus::Refused("no".into())),
        ),
        (Err(super::refused()), Some(failed(super::refused()))),
        (Err(ApiError::Cancelled), None),
    ];
    for (result, expected) in cases {
        let mut app = app();
        app.action(5).keys("y").acted(result);

        assert_eq!(app.row_status(), expected.as_ref());
        assert_eq!(app.searches(), 0, "the other rows are as they were");
    }
}

#[test]
fn what_ended_is_found_again_among_rows_that_were_listed_anew() {
    let mut app = app();
    app.action(5).keys("y esc r");
    app.forget()
        .rows(vec![row("zoe", 700, 5), row("asmith", 600, 0)]);

    app.acted(ended(Outcome::Revoked));

    let statuses = &app.state.results.statuses;
    assert_eq!(statuses.get(&RowId(1)), Some(&RowStatus::Revoked));
    assert_eq!(statuses.len(), 1);
}

#[test]
fn a_menu_acts_on_the_session_it_was_opened_for_whatever_is_listed_meanwhile() {
    let mut app = app();
    app.keys("r").menu_at(5);
    app.forget()
        .rows(vec![row("zoe", 700, 5), row("asmith", 600, 0)]);

    app.keys("enter").due(Timer::Arm).keys("y");

    let acts = app.acts();
    let [(_, args)] = acts.as_slice() else {
        panic!("one action is sent: {acts:?}")
    };
    let ActionTarget::Session(key) = &args.target else {
        panic!("it acts on a session")
    };
    assert_eq!(key.expose(), "asmith-600-0");
    assert_eq!(app.state.results.statuses.get(&RowId(0)), None);
}

#[test]
fn a_line_for_every_system_acts_on_no_other_session_than_the_menu_was_opened_for() {
    let mut app = app();
    app.keys("r a home");
    app.forget().rows(vec![row("zoe", 700, 5)]);

    app.keys("enter");

    assert!(app.top().is_none());
    assert_eq!(
        app.status(),
        "another session is under the cursor now: a opens the menu for it"
    );
}

#[test]
fn sessions_that_ended_somewhere_among_the_rows_are_listed_again() {
    let listed = |place: usize, outcome: Outcome| {
        let mut app = app();
        app.action(place);
        app.typed(if place == 7 { "tok" } else { "asmith" });
        app.slowly("enter y").acted(ended(outcome));
        assert_eq!(app.status(), "so it is");
        let told = app
            .dialog::<AnswerBox>()
            .is_some_and(|answer| answer.summary == "so it is");
        assert_eq!(
            told,
            app.searches() > 0,
            "the new list takes the status line"
        );
        app.searches()
    };

    assert_eq!(listed(6, Outcome::Revoked), 1);
    assert_eq!(listed(6, Outcome::AlreadyGone), 1);
    assert_eq!(listed(7, Outcome::Revoked), 1);
    assert_eq!(listed(7, Outcome::AlreadyGone), 0);
}

#[test]
fn all_sessions_of_a_user_do_not_end_by_one_key() {
    let mut app = app();
    app.action(6).slowly("y enter y");
    assert!(app.acts().is_empty());
    assert!(app.dialog::<Arguments>().is_some_and(|a| {
        a.error
            .as_ref()
            .is_some_and(|(_, why)| why.contains("type asmith"))
    }));

    app.keys("ctrl-u").typed("asmith").slowly("enter y");

    assert_eq!(app.acts().len(), 1);
}

#[test]
fn a_profile_that_wants_reasons_gets_one_for_every_change() {
    let mut app = app_with(|profile| profile.policy.require_reason = true);
    app.action(5).slowly("tab tab enter");
    assert!(app.acts().is_empty(), "no reason was given");
    assert!(app.dialog::<Arguments>().is_some_and(|a| {
        a.error
            .as_ref()
            .is_some_and(|(_, why)| why.contains("wants a reason"))
    }));

    app.typed(" INC-4711 ").slowly("enter y");

    let reasons: Vec<_> = app
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Act { reason, .. } => Some(reason.as_deref()),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [Some("INC-4711")]);
    app.acted(ended(Outcome::Revoked)).action(3);
    assert_eq!(app.acts().len(), 2, "a question needs no reason");
}

#[test]
fn what_a_hidden_action_was_refused_speaks_of_no_search() {
    let mut app = app();
    app.action(5).keys("y esc");

    app.acted(Err(ApiError::BadAction {
        message: "not this one".into(),
        exchange: None,
    }));

    assert_eq!(app.status(), "refused: not this one. E details");
    let error = app.state.errors.back().unwrap();
    assert!(!error.text().contains("search"), "{}", error.text());
}

#[test]
fn what_is_lacking_says_why_and_sends_nothing() {
    let mut app = app();

    app.action(2);

    assert_eq!(app.status(), "this server has no such thing");
    assert!(app.dialog::<ActionsMenu>().is_some());
    assert!(app.acts().is_empty());
}

#[test]
fn a_change_asks_first_with_the_focus_on_cancel() {
    let mut app = app();
    app.action(5);
    app.keys("enter");
    assert!(app.top().is_none(), "Cancel had the focus");
    app.action(5).keys("n");
    assert!(app.top().is_none());

    app.action(5).keys("y");

    assert_eq!(app.acts().len(), 1);
}

#[test]
fn a_change_takes_no_answer_in_its_first_moments() {
    let mut app = app();
    app.menu_at(5).keys("enter");

    app.keys("y enter tab enter y");

    assert!(app.acts().is_empty());
}

#[test]
fn a_read_only_profile_refuses_changes_and_allows_questions() {
    let mut app = app_with(|profile| profile.policy.read_only = true);

    app.action(5);
    assert!(app.status().contains("read-only"), "{}", app.status());
    assert!(app.dialog::<ActionsMenu>().is_some());
    app.keys("esc").action(3);

    assert_eq!(app.acts().len(), 1);
}

#[test]
fn what_is_wrong_stands_under_its_field() {
    let mut app = app();
    app.action(4).keys("enter").typed("perhaps").keys("enter");

    let error = |app: &TestApp| {
        let asked = app.dialog::<Arguments>().expect("the questions are open");
        (asked.focus, asked.error.clone())
    };
    assert_eq!(error(&app), (1, Some((1, "deep is yes or no".into()))));
    app.keys("ctrl-u").typed("yes").keys("enter");
    assert_eq!(app.acts().len(), 1);

    let refused = ApiError::BadAction {
        message: "too deep".into(),
        exchange: None,
    };
    app.acted(Err(refused));

    let (focus, told) = error(&app);
    assert_eq!(
        (focus, told),
        (1, Some((1, "the server says: too deep".into())))
    );
    app.keys("ctrl-u").typed("no").keys("enter");
    assert_eq!(app.acts().len(), 2, "it can be put right and sent again");
}

#[test]
fn pairs_are_wanted_and_read() {
    let mut app = app();
    app.action(1).typed("tok").slowly("enter enter tab enter");
    assert!(app.acts().is_empty(), "there was no pair");

    app.typed("mood=\"very calm\" a=").slowly("enter y");

    let acts = app.acts();
    let [("set", args)] = acts.as_slice() else {
        panic!("{acts:?}")
    };
    assert_eq!(args.get("mood"), Some("very calm"));
    assert_eq!(args.get("a"), Some(""));
}

#[test]
fn a_token_without_a_session_is_no_reason_to_search_again() {
    let mut app = app();
    app.action(0).typed("tok").keys("enter");

    app.acted(Err(ApiError::NotFound));

    assert!(app.status().contains("knows no session of this token"));
    assert_eq!(app.state.message.as_ref().unwrap().level, Level::Warn);
    assert!(app.dialog::<AnswerBox>().is_some());
}

#[test]
fn other_failures_show_what_was_tried_and_where() {
    let mut app = app();
    app.action(0).typed("tok").keys("enter");

    app.acted(Err(super::refused()));

    let error = &app.dialog::<ErrorBox>().expect("an error box").report;
    assert_eq!(error.what, "show a token at prod-janssen");
}

#[test]
fn a_long_answer_scrolls_to_its_ends_and_no_further() {
    let names: Vec<String> = (0..100).map(|n| format!("name{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut app = app();
    app.action(3).acted(fields(&names));
    let top = |app: &TestApp| app.dialog::<AnswerBox>().expect("an answer").top;

    app.keys("G");
    let last = top(&app);
    app.keys("down down pagedown");
    assert_eq!(top(&app), last);
    app.keys("up");
    assert_eq!(top(&app), last - 1);
    app.keys("g up");
    assert_eq!(top(&app), 0);
}

#[test]
fn a_table_scrolls_by_columns_until_the_last_is_seen() {
    let wide = "x".repeat(30);
    let body = ActionBody::Table {
        columns: ["a", "b", "c", "d"].map(Untrusted::from).to_vec(),
        rows: vec![vec![ActionCell::from(wide); 4]],
    };
    let mut app = app();
    app.action(3).acted(Ok(ActionResult {
        body,
        ..ActionResult::said("1 session")
    }));

    app.keys("right right right right right left");

    assert!(
        app.dialog::<AnswerBox>()
            .is_some_and(|answer| answer.left == 1)
    );
}

#[test]
fn an_action_that_asks_twice_wants_its_name_and_a_second_yes() {
    let mut app = app();
    let mut caps = caps_of(kind());
    caps.kinds.first_mut().actions = vec![ActionSpec {
        changes: true,
        confirm: Confirmation::Twice,
        ..ActionSpec::new("end_root", "End root", "Ends it.", ActsOn::Session)
    }];
    app.connect_with(caps).action(0);

    app.typed("end_roof").slowly("tab tab enter");
    assert_eq!(app.acts().len(), 0);
    app.slowly("backspace t tab tab enter");
    assert_eq!(app.acts().len(), 0, "once is not enough");
    app.slowly("enter");
    assert!(app.dialog::<Arguments>().is_none(), "Cancel had the focus");
    app.keys("esc esc")
        .action(0)
        .typed("end_root")
        .slowly("tab tab enter tab enter");
    assert_eq!(app.acts().len(), 1);
}
