//! Actions beside listing and revoking: the menu, the questions, the answers.

use std::sync::Arc;

use usher::app::Msg;
use usher::model::{
    ActionBody, ActionCell, ActionResult, ActionSpec, ActsOn, ArgKind, ArgSpec, CellClass,
};

use super::*;

fn changing(name: &'static str, title: &'static str, help: &'static str, on: ActsOn) -> ActionSpec {
    ActionSpec {
        changes: true,
        ..ActionSpec::new(name, title, help, on)
    }
}

fn text(name: &'static str, title: &'static str, secret: bool) -> ArgSpec {
    ArgSpec {
        name: name.into(),
        title: title.into(),
        kind: ArgKind::Text,
        secret,
        required: false,
    }
}

const SHOW: &str = "Show the session of a token";
const PROPERTIES: &str = "Show the properties of a token's session";
const QUERY: &str = "List sessions with a raw server filter";

fn specs() -> Vec<ActionSpec> {
    vec![
        ActionSpec::new(
            "get_session_info",
            SHOW,
            "Shows whose session a token is and when it ends. Leaves the idle timer alone.",
            ActsOn::Token,
        ),
        ActionSpec {
            lacks: Some(
                "OpenAM has no getSessionInfoAndResetIdleTime; get_session_info and refresh do \
                 the same in two steps"
                    .into(),
            ),
            ..changing(
                "get_session_info_and_reset_idle_time",
                "Show the session of a token and reset its idle timer",
                "Shows whose session a token is, and counts as a use of it.",
                ActsOn::Token,
            )
        },
        ActionSpec::new(
            "validate",
            "Check whether a token is valid",
            "Says whether a token is valid. Leaves the idle timer alone.",
            ActsOn::Token,
        ),
        ActionSpec::new(
            "get_session_properties",
            PROPERTIES,
            "Shows the session properties that the realm lists. Leaves the idle timer alone.",
            ActsOn::Token,
        ),
        ActionSpec {
            pairs: Some(
                "session properties that the realm lists; an empty value unsets one".into(),
            ),
            ..changing(
                "update_session_properties",
                "Change properties of a token's session",
                "Changes session properties. Those that are not named keep their values.",
                ActsOn::Token,
            )
        },
        changing(
            "refresh",
            "Reset the idle timer of a token's session",
            "Counts as a use of the session: the idle timer is reset. The server obeys once a \
             minute; the latest end of the session stays.",
            ActsOn::Token,
        ),
        changing(
            "logout",
            "Log out the session of a token",
            "Ends the session of a token. A client-side session may go on where the server keeps \
             no list of ended ones; usher looks afterwards.",
            ActsOn::Token,
        ),
        changing(
            "logout_by_handle",
            "End this session by its handle",
            "Ends one listed session, as the Delete key does.",
            ActsOn::Session,
        ),
        ActionSpec {
            lacks: Some(
                "OpenAM has no logoutByUser; ending all of a user lists and ends them one by \
                 one instead"
                    .into(),
            ),
            ..changing(
                "logout_by_user",
                "End all sessions of this user in one realm",
                "Ends all sessions of a user in one realm.",
                ActsOn::User,
            )
        },
        ActionSpec {
            args: vec![
                text("filter", "CREST filter", false),
                text("realm", "Realm", false),
            ],
            ..ActionSpec::new(
                "query",
                QUERY,
                "Sends a CREST filter as it is, such as: realm eq \"/alpha\" and username eq \
                 \"demo\".",
                ActsOn::Nothing,
            )
        },
    ]
}

fn with_actions(change: impl FnOnce(&mut State)) -> State {
    Fixture::main().with(|state| {
        let mut caps = caps();
        caps.kinds.first_mut().actions = specs();
        state.sources[0].caps = Some(Arc::new(caps));
        change(state);
    })
}

/// The questions of the action at this place of the description; they take answers. In the menu the seven
/// that act on tokens, which are described first, come last.
fn asked(place: usize) -> State {
    with_actions(|state| {
        keys(state, "a");
        for _ in 0..(place + 3) % 10 {
            keys(state, "down");
        }
        keys(state, "enter");
        update(state, Msg::Due(Timer::Arm, Gen::default()));
    })
}

fn paste(state: &mut State, text: &str) {
    update(state, Msg::Paste(text.to_owned()));
}

/// The answer to the action that was sent.
fn acted(state: &mut State, result: ActionResult) {
    let generation = state.acting[0].generation;
    let result = Ok(result);
    update(state, Msg::Acted { generation, result });
}

#[test]
fn the_menu_tells_what_can_be_done_and_why_not() {
    let mut state = with_actions(|state| keys(state, "a"));
    check(
        "actions",
        &state,
        &[(80, 24), (120, 40), (50, 15), (40, 10)],
    );

    keys(&mut state, "down down down down");
    check("actions_lacking", &state, &[(80, 24), (120, 40), (50, 15)]);

    keys(&mut state, "home");
    check("actions_row", &state, &TWO);

    state.size.width = 50;
    state.size.height = 15;
    keys(&mut state, "end");
    check("actions_end", &state, &[(50, 15)]);
}

#[test]
fn a_token_is_masked_and_what_is_wrong_stands_under_its_field() {
    let mut state = asked(0);
    keys(&mut state, "enter");
    check("action_error", &state, &SMALL);

    paste(&mut state, "AQIC5wM2LY4SfcxuHKLVTpnH3");
    check("action_token", &state, &[(80, 24), (120, 40), (50, 15)]);
}

#[test]
fn pairs_are_asked_with_what_they_mean() {
    let mut state = asked(4);
    paste(&mut state, "AQIC5wM2LY4SfcxuHKLVTpnH3");
    keys(&mut state, "enter");
    paste(&mut state, "mood=calm north");
    keys(&mut state, "enter tab");
    update(&mut state, Msg::Due(Timer::Arm, Gen::default()));
    keys(&mut state, "enter");

    check("action_pairs", &state, &[(80, 24), (120, 40), (50, 15)]);
}

#[test]
fn a_change_asks_with_the_focus_on_cancel() {
    let mut state = asked(7);
    check("action_confirm", &state, &TWO);

    state.dialogs.clear();
    state.sources[0].profile.policy.production = true;
    keys(&mut state, "a enter");
    check("action_confirm_production", &state, &TWO);
}

#[test]
fn the_box_waits_for_the_answer_and_counts() {
    let mut state = asked(0);
    paste(&mut state, "AQIC5wM2LY4SfcxuHKLVTpnH3");
    keys(&mut state, "enter");
    state.now += TimeDelta::seconds(7);

    check("action_waiting", &state, &TWO);
}

fn field(name: &str, value: &str, class: CellClass) -> (Untrusted, ActionCell) {
    let cell = ActionCell {
        class,
        ..ActionCell::from(value)
    };
    (name.into(), cell)
}

fn session_fields() -> ActionResult {
    let fields = vec![
        field("username", "bjensen", CellClass::Plain),
        field("realm", "/alpha", CellClass::Plain),
        field(
            "universalId",
            "id=bjensen,ou=user,o=alpha,ou=services,dc=am,dc=example,dc=com",
            CellClass::Plain,
        ),
        field(
            "maxIdleExpirationTime",
            "2026-11-21T14:31:18Z",
            CellClass::Plain,
        ),
        field(
            "maxSessionExpirationTime",
            "2026-11-21T15:19:56Z",
            CellClass::Plain,
        ),
        field(
            "accessToken",
            "eyJ0eXAiOiJKV1QifQ.very-secret",
            CellClass::Secret,
        ),
        field("note", "", CellClass::Plain),
        field("agent", "curl \u{1b}[31mred", CellClass::Plain),
    ];
    ActionResult {
        summary:
            "a session of bjensen in /alpha; it ends 2026-11-21 14:31:18 UTC if it is not used"
                .into(),
        outcome: None,
        body: ActionBody::Fields(fields),
    }
}

#[test]
fn an_answer_shows_names_and_values() {
    let mut state = asked(0);
    paste(&mut state, "AQIC5wM2LY4SfcxuHKLVTpnH3");
    keys(&mut state, "enter");
    acted(&mut state, session_fields());
    check("answer_fields", &state, &[(80, 24), (120, 40), (50, 15)]);

    let fields = (0..60).map(|n| field(&format!("property{n}"), "a value", CellClass::Plain));
    let long = ActionResult {
        body: ActionBody::Fields(fields.collect()),
        ..ActionResult::said("60 properties")
    };
    let mut state = asked(3);
    paste(&mut state, "AQIC5wM2LY4SfcxuHKLVTpnH3");
    keys(&mut state, "enter");
    acted(&mut state, long);
    keys(&mut state, "pagedown down");
    check("answer_long", &state, &SMALL);
}

#[test]
fn a_table_scrolls_by_rows_and_columns() {
    let columns = [
        "username",
        "realm",
        "latestAccessTime",
        "maxIdleExpirationTime",
        "maxSessionExpirationTime",
        "sessionHandle",
    ];
    let row = |n: usize| {
        [
            format!("user{n}@example.org"),
            "/alpha".to_owned(),
            "2026-11-21T14:01:07.512Z".to_owned(),
            "2026-11-21T14:31:07Z".to_owned(),
            "2026-11-21T16:02:44Z".to_owned(),
            String::new(),
        ]
        .map(ActionCell::from)
        .to_vec()
    };
    let handle = |n: usize| ActionCell {
        value: format!("shandle:b7Kq2mXw9rT{n}.*AAJTSQACMDEAAlNLABw4WlE.*").into(),
        label: Some(format!("sh:…w9rT{n:02}")),
        class: CellClass::Plain,
    };
    let row = |n: usize| [&row(n)[..5], &[handle(n)]].concat();
    let table = ActionResult {
        body: ActionBody::Table {
            columns: columns.map(Untrusted::from).to_vec(),
            rows: (0..40).map(row).collect(),
        },
        ..ActionResult::said("40 sessions; the server cuts its lists there, so narrow the filter")
    };
    let mut state = asked(9);
    keys(&mut state, "enter enter");
    acted(&mut state, table);
    check("answer_table", &state, &[(80, 24), (120, 40), (50, 15)]);

    keys(&mut state, "right right right right down");
    check("answer_table_end", &state, &[(80, 24)]);
}

#[test]
fn a_token_never_reaches_a_picture() {
    let mut state = asked(0);
    paste(&mut state, "AQIC5wM2LY4SfcxuHKLVTpnH3");
    let mut sent = state.clone();
    keys(&mut sent, "enter");

    for (state, expected) in [(state, "[ Show ]"), (sent, "Waiting for the server")] {
        let picture = usher::ui::picture::picture(&state, &Theme::default(), state.size);

        let text = picture.to_text() + &picture.to_ansi() + &picture.to_svg();
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("LVTpnH3"), "{text}");
    }
}
