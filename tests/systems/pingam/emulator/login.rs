//! Logins of several steps, and faults on credentials.

use serde_json::{Value, json};
use std::sync::Arc;
use usher::emulator::pingam::{AmOptions, AmService, Flavour, ONE_TIME_CODE};
use usher::emulator::{Options, Running};

use super::{fixed, running};
use crate::asked::{Answer, Asked};

async fn server(system: Flavour, am: AmOptions) -> Running {
    let options = Options {
        system: Arc::new(AmOptions {
            flavour: system,
            ..am
        }),
        ..fixed()
    };
    running(options).await
}

async fn login(emulator: &Running, body: &Value) -> Answer {
    let (_, context) = emulator.url().rsplit_once('/').expect("a path");
    Asked::new("POST", &format!("/{context}/json/realms/root/authenticate"))
        .header("Accept-API-Version", "resource=2.0, protocol=1.0")
        .body(&body.to_string())
        .send(emulator.url())
        .await
}

/// Puts answers into the inputs of a page, callback by callback.
fn filled(page: &Value, answers: &[Value]) -> Value {
    let mut page = page.clone();
    for (number, answer) in answers.iter().enumerate() {
        if let Some(value) = page.pointer_mut(&format!("/callbacks/{number}/input/0/value")) {
            *value = answer.clone();
        }
    }
    page
}

fn kinds(page: &Value) -> Vec<&str> {
    let callbacks = page["callbacks"].as_array().into_iter().flatten();
    callbacks.filter_map(|c| c["type"].as_str()).collect()
}

/// The page after name and password.
async fn second_page(emulator: &Running) -> Value {
    let admin = emulator.am_auth().logins[0].clone();
    let first = login(emulator, &json!({})).await.json();
    let answers = [json!(admin.user), json!(admin.password)];
    login(emulator, &filled(&first, &answers)).await.json()
}

#[tokio::test]
async fn services_lead_to_a_token_only_when_every_step_is_right() {
    let cases = [
        (AmService::Terms, json!(["", 0]), 200),
        (AmService::Terms, json!(["", 1]), 401),
        (AmService::Question, json!(["Blue", "device"]), 200),
        (AmService::Question, json!(["red", "device"]), 401),
    ];
    for (service, answers, status) in cases {
        let am = AmOptions {
            service,
            ..AmOptions::default()
        };
        let emulator = server(Flavour::Pingam, am).await;
        let page = second_page(&emulator).await;
        let answers = answers.as_array().expect("a list").clone();

        let answer = login(&emulator, &filled(&page, &answers)).await;

        assert_eq!(answer.status, status, "{service:?} {answers:?}");
        assert_eq!(answer.json()["tokenId"].is_string(), status == 200);
    }
}

#[tokio::test]
async fn second_factor_asks_for_the_way_and_then_for_the_code() {
    for (code, status) in [(ONE_TIME_CODE, 200), ("000000", 401)] {
        let am = AmOptions {
            service: AmService::SecondFactor,
            ..AmOptions::default()
        };
        let emulator = server(Flavour::Openam, am).await;

        let way = second_page(&emulator).await;
        let page = login(&emulator, &filled(&way, &[json!(""), json!(1)]))
            .await
            .json();
        let answer = login(&emulator, &filled(&page, &[json!(""), json!(code)])).await;

        assert_eq!(kinds(&way), ["TextOutputCallback", "ChoiceCallback"]);
        assert_eq!(kinds(&page), ["TextOutputCallback", "PasswordCallback"]);
        assert_eq!(answer.status, status, "{code}");
    }
}

#[tokio::test]
async fn polling_goes_on_until_the_third_question() {
    let am = AmOptions {
        service: AmService::Push,
        ..AmOptions::default()
    };
    let emulator = server(Flavour::Pingam, am).await;
    let mut page = second_page(&emulator).await;
    let mut polls = 0;

    while page["tokenId"].is_null() {
        assert_eq!(kinds(&page), ["PollingWaitCallback"]);
        page = login(&emulator, &page).await.json();
        polls += 1;
    }

    assert_eq!(polls, 3);
}

#[tokio::test]
async fn id_of_a_sign_in_is_good_for_one_answer() {
    let emulator = server(Flavour::Openam, AmOptions::default()).await;
    let page = login(&emulator, &json!({})).await.json();

    let wrong = login(&emulator, &filled(&page, &[json!("amadmin"), json!("x")])).await;
    let again = login(&emulator, &page).await;

    assert_eq!((wrong.status, again.status), (401, 401));
}

#[tokio::test]
async fn expiry_ends_sessions_of_logins_and_not_those_of_the_world() {
    let emulator = server(Flavour::Openam, AmOptions::default()).await;
    let admin = emulator.am_auth().token.clone();
    let user = emulator.am().sign_in("jdoe", "/").expect("a realm").token;
    let ask = |token: String| {
        let target = "/openam/json/realms/root/sessions?_action=getSessionInfo";
        Asked::new("POST", target)
            .header("iPlanetDirectoryPro", &token)
            .body("{}")
    };
    assert_eq!(ask(admin.clone()).send(emulator.url()).await.status, 200);

    emulator
        .set_faults(&[r#"{"action":"auth","kind":"expire_now","times":1}"#])
        .expect("a fault");
    let admin = ask(admin).send(emulator.url()).await;
    let user = ask(user).send(emulator.url()).await;

    assert_eq!((admin.status, user.status), (401, 200));
}

#[tokio::test]
async fn fault_on_deletes_refuses_revokes_and_nothing_else() {
    let emulator = server(Flavour::Openam, AmOptions::default()).await;
    emulator
        .set_faults(&[r#"{"action":"auth","kind":"403_on_delete"}"#])
        .expect("a fault");
    let handle = emulator
        .am()
        .sign_in("jdoe", "/")
        .and_then(|row| row.handle);
    let body = json!({ "sessionHandles": [handle] }).to_string();

    for (action, status) in [("logoutByHandle", 403), ("getSessionInfo", 200)] {
        let target = format!("/openam/json/realms/root/sessions?_action={action}");
        let answer = Asked::new("POST", &target)
            .header("iPlanetDirectoryPro", &emulator.am_auth().token)
            .body(&body)
            .send(emulator.url())
            .await;
        assert_eq!(answer.status, status, "{action}");
    }
    assert!(emulator.am().find(&handle.expect("listed")).is_some());
}
