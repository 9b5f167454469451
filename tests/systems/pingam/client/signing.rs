//! Signing in by a tree that asks for more than a name and a password.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use usher::api::signin::{Ask, DeviceCode, Prompter, Waiting};
use usher::config::Realms;

use super::scripted::{Act, Heard, Scripted, whole};
use super::*;

/// Gives these answers, one list for each time it is asked.
pub struct Person {
    answers: Mutex<Vec<Vec<&'static str>>>,
    asked: Mutex<Vec<Ask>>,
    waited: Mutex<Vec<(Waiting, Duration)>>,
    /// Pressed at the second look.
    instead: Option<usize>,
}

impl Person {
    pub fn who_says(answers: &[&[&'static str]]) -> Arc<Self> {
        Arc::new(Self::saying(answers, None))
    }

    fn saying(answers: &[&[&'static str]], instead: Option<usize>) -> Self {
        Self {
            answers: Mutex::new(answers.iter().map(|list| list.to_vec()).collect()),
            asked: Mutex::default(),
            waited: Mutex::default(),
            instead,
        }
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

    async fn wait(&self, waiting: Waiting, pause: Duration) -> Result<Option<usize>, ApiError> {
        let mut waited = self.waited.lock().unwrap();
        waited.push((waiting, pause));
        let is_second = waited.len() == 2;
        Ok(self.instead.filter(|_| is_second))
    }

    async fn done(&self) {}
}

fn document(callbacks: Value) -> Value {
    json!({"authId": "eyJ0.e30.x", "callbacks": callbacks})
}

fn callback(kind: &str, outputs: Value, input: Value) -> Value {
    json!({"type": kind, "output": outputs, "input": [{"name": "IDToken1", "value": input}]})
}

fn polling(wait: &str, message: &str) -> Value {
    document(json!([{"type": "PollingWaitCallback", "output": [
        {"name": "waitTime", "value": wait}, {"name": "message", "value": message}]}]))
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
async fn a_code_and_a_choice_are_asked_and_what_is_waited_for_is_only_told() {
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
            polling("5000", "Approve it"),
            polling("8000", "Still there?"),
        ],
        ("200 OK", json!({"tokenId": "tok1", "successUrl": "/", "realm": "/alpha"})),
    )
    .await;
    let person = Person::who_says(&[&["1"], &["123456"]]);
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
    assert_eq!(asked.len(), 2, "{asked:?}");
    let waited = person.waited.lock().unwrap();
    let told = |number: usize| {
        (
            waited[number].0.lines[0].expose(),
            waited[number].1.as_secs(),
        )
    };
    assert_eq!(waited.len(), 2);
    assert_eq!([told(0), told(1)], [("Approve it", 5), ("Still there?", 8)]);
    assert_eq!(waited[0].0.title, "Sign in to am");
}

#[tokio::test]
async fn what_can_be_done_in_place_of_waiting_is_sent_only_when_it_is_pressed() {
    let mut waits = polling("1000", "Approve it");
    waits["callbacks"].as_array_mut().unwrap().push(callback(
        "ConfirmationCallback",
        json!([{"name": "options", "value": ["Use a code"]}, {"name": "defaultOption", "value": 0}]),
        json!(100),
    ));
    let last = json!({"tokenId": "tok1", "successUrl": "/", "realm": "/alpha"});
    let server = tree(vec![waits.clone(), waits], ("200 OK", last)).await;
    let person = Arc::new(Person::saying(&[], Some(0)));
    let api =
        usher::api::open(&profile(&server), Arc::clone(&person) as Arc<dyn Prompter>).unwrap();

    api.whoami().await.unwrap();

    let sent = sent(&server);
    let value = |at: usize| {
        let body: Value = serde_json::from_str(&sent[at].body).unwrap();
        body["callbacks"][1]["input"][0]["value"].clone()
    };
    assert_eq!([value(1), value(2)], [json!(100), json!(0)]);
    assert!(person.asked.lock().unwrap().is_empty());
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
