//! Signing in by a tree that asks for more than a name and a password.

use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::{Value, json};
use usher::api::signin::{Ask, DeviceCode, Prompter};
use usher::config::Realms;

use super::scripted::{Act, Heard, Scripted, whole};
use super::*;

/// Gives these answers, one list for each time it is asked.
pub struct Person {
    answers: Mutex<Vec<Vec<&'static str>>>,
    asked: Mutex<Vec<Ask>>,
}

impl Person {
    pub fn who_says(answers: &[&[&'static str]]) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.iter().map(|list| list.to_vec()).collect()),
            asked: Mutex::new(Vec::new()),
        })
    }
}

#[async_trait]
impl Prompter for Person {
    async fn show_code(&self, _code: DeviceCode) {}

    async fn ask(&self, ask: Ask) -> Result<Vec<SecretString>, ApiError> {
        self.asked.lock().unwrap().push(ask);
        let mut answers = self.answers.lock().unwrap();
        if answers.is_empty() {
            return Err(ApiError::Cancelled);
        }
        Ok(answers
            .remove(0)
            .into_iter()
            .map(SecretString::from)
            .collect())
    }

    async fn done(&self) {}
}

fn document(callbacks: Value) -> Value {
    json!({"authId": "eyJ0.e30.x", "callbacks": callbacks})
}

fn callback(kind: &str, outputs: Value, input: Value) -> Value {
    json!({"type": kind, "output": outputs, "input": [{"name": "IDToken1", "value": input}]})
}

/// A server whose sign-in goes through these documents and ends with `last`.
async fn tree(steps: Vec<Value>, last: (&'static str, Value)) -> Scripted {
    let turn = Mutex::new(0);
    Scripted::start(move |_, heard| {
        let send = |status: &str, extra: &str, body: &Value| {
            let head = format!("Content-Type: application/json\r\n{extra}");
            Act::Send(whole(status, &head, &body.to_string()))
        };
        if heard.line().contains("serverinfo/%2A") {
            return send("200 OK", "", &json!({"cookieName": "tenantcookie"}));
        }
        if heard.line().contains("/authenticate") {
            let mut turn = turn.lock().unwrap();
            let step = steps.get(*turn);
            *turn += 1;
            let cookie = "Set-Cookie: amlbcookie=01; Path=/\r\nSet-Cookie: tenantcookie=\"tok1\"; Path=/\r\n";
            return match step {
                Some(step) => send("200 OK", "", step),
                None => send(last.0, cookie, &last.1),
            };
        }
        match heard.header("tenantcookie") {
            Some("tok1") => send("200 OK", "", &json!({"username": "ops", "realm": "/alpha"})),
            _ => send("401 Unauthorized", "", &json!({"message": "Access Denied"})),
        }
    })
    .await
}

fn profile(server: &Scripted) -> Profile {
    let mut profile = profile_at(&server.url);
    profile.pingam.realms = Realms::These(vec!["/alpha".into()]);
    profile.login = Login::Password {
        user: "ops".into(),
        password: SecretSource::Plain(SecretString::from("s3cret")),
        realm: Some("/alpha".into()),
        service: Some("Push & Code".into()),
    };
    profile
}

fn sent(server: &Scripted) -> Vec<Heard> {
    let heard = server.heard().into_iter();
    heard
        .filter(|h| h.line().contains("/authenticate"))
        .collect()
}

#[tokio::test]
async fn a_code_a_choice_and_a_wait_are_asked_of_the_person() {
    let server = tree(
        vec![
            document(json!([callback(
                "ChoiceCallback",
                json!([{"name": "prompt", "value": "How?"}, {"name": "choices", "value": ["SMS", "Push"]},
                       {"name": "defaultChoice", "value": 0}]),
                json!(0)
            )])),
            document(json!([callback(
                "PasswordCallback",
                json!([{"name": "prompt", "value": "One-time code"}]),
                json!("")
            )])),
            document(json!([{"type": "PollingWaitCallback", "output": [
                {"name": "waitTime", "value": "1"}, {"name": "message", "value": "Approve it"}]}])),
            document(json!([{"type": "PollingWaitCallback", "output": [
                {"name": "waitTime", "value": "1"}, {"name": "message", "value": "Approve it"}]}])),
        ],
        ("200 OK", json!({"tokenId": "tok1", "successUrl": "/", "realm": "/alpha"})),
    )
    .await;
    let person = Person::who_says(&[&["1"], &["123456"], &[]]);
    let api =
        usher::api::open(&profile(&server), Arc::clone(&person) as Arc<dyn Prompter>).unwrap();

    let who = api.whoami().await.unwrap();

    assert_eq!(who.name.expose(), "ops");
    let sent = sent(&server);
    assert_eq!(sent.len(), 5);
    assert!(
        sent.iter().all(|h| h.line().contains("/realms/root/realms/alpha/authenticate?authIndexType=service&authIndexValue=Push+%26+Code")),
        "{:?}",
        sent[0].line()
    );
    assert_eq!(sent[0].header("x-openam-password"), Some("s3cret"));
    assert!(
        sent[1..]
            .iter()
            .all(|h| h.header("x-openam-password").is_none())
    );
    assert!(sent[1].body.contains("\"value\":1}"), "{}", sent[1].body);
    assert!(sent[2].body.contains("123456"));
    assert!(!sent[2].body.contains("s3cret"));
    let asked = person.asked.lock().unwrap();
    assert_eq!(asked.len(), 3, "{asked:?}");
}

#[tokio::test]
async fn a_token_that_comes_only_in_the_cookie_is_taken() {
    let server = tree(
        vec![],
        ("200 OK", json!({"successUrl": "/", "realm": "/alpha"})),
    )
    .await;
    let api = open(&profile(&server));

    let who = api.whoami().await.unwrap();

    assert_eq!(who.name.expose(), "ops");
}

#[tokio::test]
async fn a_headless_sign_in_that_needs_a_person_fails_in_words() {
    let server = tree(
        vec![document(json!([callback(
            "PasswordCallback",
            json!([{"name": "prompt", "value": "One-time code"}]),
            json!("")
        )]))],
        ("200 OK", json!({"tokenId": "tok1"})),
    )
    .await;

    let said = open(&profile(&server)).whoami().await.unwrap_err();

    assert_eq!(said.exit_code(), 4, "{said}");
    assert!(!format!("{said:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_refused_sign_in_says_so_in_the_servers_words_and_is_tried_once() {
    let server = tree(
        vec![],
        (
            "401 Unauthorized",
            json!({"code": 401, "reason": "Unauthorized", "message": "Login failure"}),
        ),
    )
    .await;

    let said = open(&profile(&server)).whoami().await.unwrap_err();

    assert_eq!(said.to_string(), "the sign-in was refused: Login failure");
    assert_eq!(sent(&server).len(), 1);
}
