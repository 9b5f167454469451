//! The emulated WorkOS over the wire: statuses, headers, bodies, cursors, limits.
//!
//! Speaks HTTP by hand, so that neither the clients' nor the emulator's idea of HTTP hides a mistake.

mod errors;
mod events;
mod limits;
mod lists;
mod revoking;
mod start;

use std::sync::Arc;

use serde_json::Value;
use usher::emulator::workos::{WorkosOptions, WorkosRow};
use usher::emulator::{Options, Running};

use crate::asked::{Answer, Asked};
use crate::{NOW_MS, fixed, running};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// An environment that is the same in every run, with these options.
async fn server(options: WorkosOptions) -> Running {
    running(Options {
        system: Arc::new(options),
        ..fixed()
    })
    .await
}

/// One with the usual options.
async fn usual() -> Running {
    server(WorkosOptions::default()).await
}

/// A request with the good key.
fn asked(emulator: &Running, method: &str, target: &str) -> Asked {
    let bearer = format!("Bearer {}", emulator.workos_auth().key);
    Asked::new(method, target).header("Authorization", &bearer)
}

async fn get(emulator: &Running, target: &str) -> Answer {
    asked(emulator, "GET", target).send(emulator.url()).await
}

/// The body of a list that is answered.
async fn list(emulator: &Running, target: &str) -> Value {
    let answer = get(emulator, target).await;
    assert_eq!(answer.status, 200, "{target}: {}", answer.body);
    let list = answer.json();
    assert_eq!(list["object"], "list", "{target}");
    list
}

/// The items of all pages, by the cursors that the server gives.
async fn walk(emulator: &Running, target: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(emulator, &format!("{target}{cursor}")).await;
        items.extend(page["data"].as_array().expect("items").iter().cloned());
        match page["list_metadata"]["after"].as_str() {
            Some(after) => cursor = format!("&after={after}"),
            None => return items,
        }
    }
}

async fn revoke(emulator: &Running, body: &str) -> Answer {
    let path = "/user_management/sessions/revoke";
    let request = asked(emulator, "POST", path).body(body);
    request.send(emulator.url()).await
}

async fn revoke_id(emulator: &Running, id: &str) -> Answer {
    revoke(
        emulator,
        &serde_json::json!({ "session_id": id }).to_string(),
    )
    .await
}

fn ids(items: &[Value]) -> Vec<&str> {
    let texts = items.iter().map(|item| item["id"].as_str().expect("an id"));
    texts.collect()
}

fn keys(value: &Value) -> Vec<&str> {
    let map = value.as_object().expect("an object");
    map.keys().map(String::as_str).collect()
}

/// The id of the user with this address.
fn user_id(emulator: &Running, email: &str) -> String {
    let mut users = emulator.workos().users().into_iter();
    users.find(|one| one.email == email).expect("is there").id
}

fn sessions_of(emulator: &Running, email: &str) -> String {
    let id = user_id(emulator, email);
    format!("/user_management/users/{id}/sessions")
}

/// A session of somebody new, a day old and with a month to go.
fn row(number: i64) -> WorkosRow {
    WorkosRow {
        id: format!("session_01KZX3M6Q8T5WJ2V9E4R7Y{number:04}"),
        email: "new@example.org".into(),
        organization_id: None,
        method: "sso".into(),
        impersonator: None,
        ip: Some("198.51.100.42".into()),
        user_agent: Some("acme-cli/2.4.1".into()),
        created_ms: NOW_MS - DAY_MS + number,
        expires_ms: NOW_MS + 30 * DAY_MS,
        revoked_ms: None,
    }
}
