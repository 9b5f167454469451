//! The actions of a system: the menu, the questions, what is sent and what is told.

use secrecy::ExposeSecret;

use super::*;
use crate::app::effect::Timer;
use crate::app::state::{Level, Pane};
use crate::model::{
    ActionArgs, ActionBody, ActionResult, ActionSpec, ActionTarget, ActsOn, ArgKind, ArgSpec,
    Attribute, Class,
};

fn arg(name: &'static str, kind: ArgKind, required: bool) -> ArgSpec {
    ArgSpec {
        name,
        title: name,
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
            pairs: Some("properties"),
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
            ..ActionSpec::new("end", "End this session", "Ends it.", ActsOn::Session)
        },
    ]
}

fn app() -> TestApp {
    app_with(|_| {})
}

fn app_with(change: impl Fn(&mut ProfileView)) -> TestApp {
    let mut app = TestApp::with(change);
    app.keys("enter").connect_with(Capabilities {
        actions: specs(),
        ..caps()
    });
    app.page(&[("asmith", 600), ("bwong", 500)], None);
    app.effects.clear();
    app.state.focus = Pane::Table;
    app
}

impl TestApp {
    /// Opens the questions of the action at this place of the menu, and lets them take answers.
    fn action(&mut self, place: usize) -> &mut Self {
        self.keys("a");
        for _ in 0..place {
            self.keys("down");
        }
        self.keys("enter").due(Timer::Arm)
    }

    fn acted(&mut self, title: &'static str, result: Result<ActionResult, ApiError>) -> &mut Self {
        self.send(Msg::Acted {
            source: SourceId(0),
            row: None,
            title,
            result,
        })
    }

    fn acts(&self) -> Vec<(&'static str, &ActionArgs)> {
        let mut acts = Vec::new();
        for effect in &self.effects {
            if let Effect::Act { spec, args, .. } = effect {
                acts.push((spec.name, args));
            }
        }
        acts
    }
}

fn fields(names: &[&str]) -> Result<ActionResult, ApiError> {
    Ok(ActionResult {
        summary: "it is there".into(),
        outcome: None,
        body: ActionBody::Fields(
            names
                .iter()
                .map(|name| Attribute {
                    name: Untrusted::from(*name),
                    value: Untrusted::from("value"),
                    class: Class::Plain,
                })
                .collect(),
        ),
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
    assert!(matches!(app.top(), Some(Overlay::Arguments(a)) if a.sent.is_some()));

    app.acted("Show a token", fields(&["user"]));

    assert!(matches!(app.top(), Some(Overlay::Answer(_))));
    assert_eq!(app.state.overlays.len(), 1);
}

#[test]
fn an_answer_to_a_hidden_box_stands_in_the_status_line_and_opens_nothing() {
    let mut app = app();
    app.action(3);
    assert_eq!(
        app.acts().len(),
        1,
        "it asks nothing, so it is sent at once"
    );

    app.keys("esc");
    assert!(app.status().contains("under way"), "{}", app.status());
    app.keys("delete");
    app.acted("Count sessions", fields(&["user"]));

    assert_eq!(app.status(), "it is there");
    assert!(matches!(app.top(), Some(Overlay::Confirm(_))));
}

#[test]
fn what_is_lacking_says_why_and_sends_nothing() {
    let mut app = app();

    app.action(2);

    assert_eq!(app.status(), "this server has no such thing");
    assert!(matches!(app.top(), Some(Overlay::Actions(_))));
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
    app.keys("a down down down down down enter");

    app.keys("y enter tab enter y");

    assert!(app.acts().is_empty());
}

#[test]
fn a_read_only_profile_refuses_changes_and_allows_questions() {
    let mut app = app_with(|profile| profile.read_only = true);

    app.action(5);
    assert!(app.status().contains("read-only"), "{}", app.status());
    assert!(matches!(app.top(), Some(Overlay::Actions(_))));
    app.keys("esc").action(3);

    assert_eq!(app.acts().len(), 1);
}

#[test]
fn what_is_wrong_stands_under_its_field() {
    let mut app = app();
    app.action(4).keys("enter").typed("perhaps").keys("enter");

    let error = |app: &TestApp| match app.top() {
        Some(Overlay::Arguments(a)) => (a.focus, a.error.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(error(&app), (1, Some((1, "deep is yes or no".into()))));
    app.keys("ctrl-u").typed("yes").keys("enter");
    assert_eq!(app.acts().len(), 1);

    let refused = ApiError::BadQuery {
        message: "too deep".into(),
        field: None,
    };
    app.acted("Look", Err(refused));

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
    app.action(1).typed("tok").keys("enter enter tab enter");
    assert!(app.acts().is_empty(), "there was no pair");

    app.typed("mood=\"very calm\" a=").keys("enter y");

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

    app.acted("Show a token", Err(ApiError::NotFound));

    assert!(app.status().contains("knows no session of this token"));
    assert_eq!(app.state.message.as_ref().unwrap().level, Level::Warn);
    assert!(matches!(app.top(), Some(Overlay::Answer(_))));
}

#[test]
fn other_failures_show_what_was_tried_and_where() {
    let mut app = app();
    app.action(0).typed("tok").keys("enter");

    app.acted("Show a token", Err(super::refused()));

    let Some(Overlay::Error(error)) = app.top() else {
        panic!("no error box")
    };
    assert_eq!(error.what, "show a token at prod-janssen");
}

#[test]
fn a_long_answer_scrolls_to_its_ends_and_no_further() {
    let names: Vec<String> = (0..100).map(|n| format!("name{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut app = app();
    app.action(3).acted("Count sessions", fields(&names));
    let top = |app: &TestApp| match app.top() {
        Some(Overlay::Answer(answer)) => answer.top,
        _ => panic!("no answer"),
    };

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
        rows: vec![vec![Untrusted::from(wide); 4]],
    };
    let mut app = app();
    app.action(3).acted(
        "Count sessions",
        Ok(ActionResult {
            body,
            ..ActionResult::said("1 session")
        }),
    );

    app.keys("right right right right right left");

    assert!(matches!(app.top(), Some(Overlay::Answer(answer)) if answer.left == 1));
}
