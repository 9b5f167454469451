//! The details of a session.

use super::*;

#[test]
fn details_with_the_focus_show_every_field() {
    let state = Fixture::main().with(|state| {
        state.focus = Pane::Details;
        state.details.line = 2;
    });
    check("details", &state, &MAIN);

    let mut end = state.clone();
    end.details.line = 99;
    check("details_end", &end, &TWO);
}

#[test]
fn details_find_text_and_show_a_secret_for_a_while() {
    let state = Fixture::main().with(|state| {
        state.focus = Pane::Details;
        state.details.line = 14;
        state.details.revealed = Some("opbs".to_owned());
        state.details.find = Some(Find {
            input: Input::new("acr".to_owned()),
            editing: true,
        });
    });

    check("details_find", &state, &TWO);
}

#[test]
fn details_show_the_raw_json_with_secrets_masked() {
    let mut session = Session::new(
        SessionKey::new("the-key-of-this-session"),
        "ss:9c41…e7".into(),
    );
    session.raw = serde_json::value::RawValue::from_string(
        r#"{"sessionId":"the-key-of-this-session","userDn":"inum=f1a2,ou=people,o=jans","sessionAttributes":{"auth_user":"bwong","opbs":"8d0f2a7c-very-secret","acr":"simple_password_auth","sid":"b5f7","big":1e400},"permissionGrantedMap":{}}"#.to_owned(),
    )
    .ok();
    let state = Fixture::main().with(|state| {
        let row = state.results.order.get(3).expect("a row");
        session.extra = state
            .results
            .rows
            .get(row)
            .expect("a row")
            .session()
            .extra
            .clone();
        state.details.fresh = Some((row, Box::new(session)));
        state.details.raw = true;
        state.focus = Pane::Details;
    });

    check("details_raw", &state, &TWO);
}

#[test]
fn hidden_details_give_their_room_to_the_table() {
    let state = Fixture::main().with(|state| state.details.hidden = true);

    check("details_hidden", &state, &MAIN);
}

#[test]
fn a_secret_never_reaches_a_picture() {
    for raw in [false, true] {
        for focus in [Pane::Table, Pane::Details] {
            let state = Fixture::main().with(|state| {
                state.details.raw = raw;
                state.focus = focus;
            });

            let size = usher::app::Size {
                width: 200,
                height: 60,
            };
            let picture = usher::ui::picture::picture(&state, &Theme::default(), size);

            let text = picture.to_text() + &picture.to_ansi() + &picture.to_svg();
            assert!(!text.contains("very-secret"), "raw {raw}, {focus:?}");
            assert!(!text.contains("secret-session-key"), "raw {raw}, {focus:?}");
        }
    }
}

#[test]
fn subjects_without_a_name_are_told() {
    let mut fixture = Fixture::open();
    let mut people = people();
    people.truncate(2);
    fixture.load(&people, 2);
    let mut nobody = Session::new(SessionKey::new("k"), "ss:0000…00".into());
    nobody.subject = Subject {
        id: None,
        name: None,
        scope: Some(Untrusted::from("/alpha")),
    };
    nobody.created = Some(at("2026-11-21T14:00:00Z"));
    let state = fixture.with(|state| {
        let row = state.results.order.get(0).expect("a row");
        state.details.fresh = Some((row, Box::new(nobody)));
        state.focus = Pane::Table;
    });

    check("nobody", &state, &TWO);
}
