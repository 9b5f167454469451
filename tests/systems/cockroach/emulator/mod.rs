//! The emulated CockroachDB over the wire, against what its sources and its documentation say. Speaks HTTP by hand.

mod access;
mod limits;
mod sql;
mod sql_sessions;
mod start;

use std::sync::Arc;

use serde_json::{Value, json};
use usher::emulator::cockroach::{CockroachLogin, CockroachOptions, CockroachRow};
use usher::emulator::{Options, Running};

use crate::asked::{Answer, Asked};
use crate::{fixed, running};

const SESSION: &str = "X-Cockroach-API-Session";
const SECOND_US: i64 = 1_000_000;
const HOUR_US: i64 = 3_600 * SECOND_US;
const LIST: &str = r#"SELECT w.username AS username, w.id AS id, w."createdAt" AS created, w."expiresAt" AS expires, w."revokedAt" AS revoked, w."lastUsedAt" AS last_used, w."auditInfo" AS audit FROM system.web_sessions AS w WHERE w.id > 0 ORDER BY w.id LIMIT 500"#;
const REVOKE: &str = r#"UPDATE system.web_sessions SET "revokedAt" = now()::TIMESTAMP WHERE id = {id} AND username = $1 AND "revokedAt" IS NULL RETURNING id AS id, "revokedAt" AS revoked"#;

/// A cluster without any session but what the test adds.
async fn empty(system: CockroachOptions) -> Running {
    let options = Options {
        system: Arc::new(system),
        sessions: 0,
        ..fixed()
    };
    running(options).await
}

async fn server() -> Running {
    empty(CockroachOptions::default()).await
}

fn form(login: &CockroachLogin) -> String {
    let text =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!(
        "username={}&password={}",
        text(&login.user),
        text(&login.password)
    )
}

/// The token of somebody who signs in.
async fn token(emulator: &Running, login: &CockroachLogin) -> String {
    let asked = Asked {
        body: form(login),
        ..Asked::new("POST", "/api/v2/login/")
    };
    let answer = asked.send(emulator.url()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["session"]
        .as_str()
        .expect("a token")
        .to_owned()
}

/// A body with one statement.
fn body(sql: &str, arguments: &[&str]) -> Value {
    json!({
        "execute": true,
        "timeout": "15s",
        "max_result_size": 4_194_304,
        "application_name": "test",
        "statements": [{ "sql": sql, "arguments": arguments }],
    })
}

async fn post(emulator: &Running, token: &str, body: &Value) -> Answer {
    let asked = Asked::new("POST", "/api/v2/sql/").header(SESSION, token);
    asked.body(&body.to_string()).send(emulator.url()).await
}

/// The result of one statement of the administrator.
async fn run(emulator: &Running, sql: &str, arguments: &[&str]) -> Value {
    let token = token(emulator, &emulator.cockroach().admin()).await;
    let answer = post(emulator, &token, &body(sql, arguments)).await;
    assert_eq!(answer.status, 200, "{sql}: {}", answer.body);
    let json = answer.json();
    assert!(json.get("error").is_none(), "{sql}: {json}");
    json["execution"]["txn_results"][0].clone()
}

fn rows(result: &Value) -> Vec<Value> {
    result["rows"].as_array().cloned().unwrap_or_default()
}

/// The error of one statement, as the server tells it.
async fn refusal(emulator: &Running, sql: &str, arguments: &[&str]) -> (u16, String, String) {
    let token = token(emulator, &emulator.cockroach().admin()).await;
    let answer = post(emulator, &token, &body(sql, arguments)).await;
    let error = &answer.json()["error"];
    let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
    (answer.status, text("code"), text("message"))
}

/// A row that lives for one hour.
fn row(emulator: &Running, user: &str) -> CockroachRow {
    let now_us = emulator.now_ms() * 1_000;
    CockroachRow {
        id: 0,
        user: user.to_owned(),
        created_us: now_us - 60 * SECOND_US,
        expires_us: now_us + HOUR_US,
        revoked_us: None,
    }
}

fn add(emulator: &Running, user: &str) -> i64 {
    emulator.cockroach().add(&row(emulator, user), &[7; 16])
}
