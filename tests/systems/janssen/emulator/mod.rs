//! The emulated Janssen Server over the wire, byte for byte: statuses, headers, bodies, quirks, faults.
//!
//! Speaks HTTP by hand, so that neither the clients' nor the emulator's idea of HTTP hides a mistake.

mod connections;
mod device;
mod faults;
mod filters;
mod fixtures;
mod generations;
mod http;
mod oauth;
mod sessions;
mod start;

use http::{Answer, ask};
use usher::emulator::{Options, Running, start};

use crate::{NOW_MS, fixed, running};

const SESSION: &str = "/jans-config-api/api/v1/jans-auth-server/session";
const READ: &str = "https://jans.io/oauth/jans-auth-server/session.readonly";
const DELETE: &str = "https://jans.io/oauth/jans-auth-server/session.delete";

/// A request with the token printed at start.
async fn api(emulator: &Running, method: &str, path: &str) -> Answer {
    let token = emulator.auth().token.clone();
    api_as(emulator, &token, method, path).await
}

/// A request to a session path with this token.
async fn api_as(emulator: &Running, token: &str, method: &str, path: &str) -> Answer {
    let target = format!("{SESSION}{path}");
    let bearer = format!("Bearer {token}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Accept", "application/json"),
    ];
    ask(emulator.url(), method, &target, &headers, "")
        .await
        .expect("an answer")
}

/// All rows of a search, page by page.
async fn search_all(emulator: &Running, parameters: &str) -> Vec<serde_json::Value> {
    let mut rows = Vec::new();
    loop {
        let path = format!("/search?limit=200&startIndex={}&{parameters}", rows.len());
        let page = api(emulator, "GET", &path).await;
        assert_eq!(page.status, 200, "{parameters}: {}", page.text());
        let page = page.json();
        let Some(entries) = page["entries"].as_array() else {
            return rows;
        };
        rows.extend(entries.iter().cloned());
    }
}
