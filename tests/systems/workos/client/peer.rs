//! A WorkOS of a few lines, as its documents describe it, with the ways in which others differ.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use url::Url;

use crate::scripted::{Act, Heard, Scripted, answer, json as good};

/// The key that it takes.
pub const KEY: &str = "sk_test_canary";

/// What it holds, and how it behaves.
#[derive(Default)]
pub struct World {
    pub users: Vec<Value>,
    pub organizations: Vec<Value>,
    /// Newest first.
    pub sessions: Vec<Value>,
    /// Oldest first.
    pub events: Vec<Value>,
    pub revoked: HashSet<String>,
    /// The 429 that this many requests get first, with this `Retry-After`.
    pub busy: (usize, Option<&'static str>),
    /// Session lists ignore limit and cursors.
    pub ignores_paging: bool,
}

/// A user of this number, with so many sessions.
pub fn user(world: &mut World, number: usize, sessions: usize) {
    let id = format!("user_{number:04}");
    world.users.push(json!({
        "object": "user", "id": id, "email": format!("user{number:04}@acme.example"),
        "first_name": "Ida", "last_name": "Berg", "external_id": format!("hr-{number}"),
        "last_sign_in_at": if sessions == 0 { Value::Null } else { json!("2026-11-01T08:15:30.412Z") },
        "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z",
    }));
    for at in 0..sessions {
        world.sessions.push(session(number, at));
    }
}

/// A session of a user.
pub fn session(user: usize, at: usize) -> Value {
    json!({
        "object": "session", "id": format!("session_{user:04}_{at:03}"), "user_id": format!("user_{user:04}"),
        "status": "active", "auth_method": "password", "ip_address": "198.51.100.42", "user_agent": null,
        "expires_at": "2099-12-01T08:15:30.412Z", "ended_at": null,
        "created_at": "2026-11-01T08:15:30.412Z", "updated_at": "2026-11-01T08:15:30.412Z",
    })
}

/// It running, and its world.
pub struct Peer {
    pub server: Scripted,
    pub world: Arc<Mutex<World>>,
}

impl Peer {
    pub async fn start(world: World) -> Self {
        let world = Arc::new(Mutex::new(world));
        let shared = Arc::clone(&world);
        let script = move |_, heard: &Heard| reply(&mut shared.lock().expect("no panic"), heard);
        let server = Scripted::start(script).await;
        Self { server, world }
    }

    /// Method and path of every request, with the query where `with_query`.
    pub fn asked(&self) -> Vec<String> {
        let lines = self.server.heard().into_iter();
        lines.map(|heard| heard.line().to_owned()).collect()
    }

    pub fn count(&self, part: &str) -> usize {
        self.asked()
            .iter()
            .filter(|line| line.contains(part))
            .count()
    }
}

fn no(status: &str, message: &str) -> Act {
    let body = json!({ "message": message, "code": "x" }).to_string();
    answer(status, "application/json", &body)
}

fn reply(world: &mut World, heard: &Heard) -> Act {
    if world.busy.0 > 0 {
        world.busy.0 -= 1;
        let told = world
            .busy
            .1
            .map(|after| format!("Retry-After: {after}\r\n"));
        let body = r#"{"message":"Too many requests.","code":"rate_limit_exceeded"}"#;
        let bytes =
            crate::scripted::whole("429 Too Many Requests", &told.unwrap_or_default(), body);
        return Act::Send(bytes);
    }
    if heard.header("authorization") != Some(&format!("Bearer {KEY}")) {
        return no("401 Unauthorized", "Unauthorized");
    }
    let (method, target) = heard.line().split_once(' ').expect("a request line");
    let url = Url::parse(&format!("http://x{target}")).expect("a target");
    let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    let path: Vec<&str> = url.path_segments().expect("a path").collect();
    match (method, path.as_slice()) {
        ("GET", ["user_management", "users"]) => {
            let wanted = |user: &&Value| {
                let email = query.get("email");
                let of = query.get("organization_id");
                email.is_none_or(|email| user["email"] == **email)
                    && of.is_none_or(|of| user["external_id"] != "hr-0" && of == "org_1")
            };
            let mut users: Vec<Value> = world.users.iter().filter(wanted).cloned().collect();
            if query.get("order").is_none_or(|order| order != "asc") {
                users.reverse();
            }
            page(&users, &query)
        }
        ("GET", ["user_management", "users", "external_id", id]) => {
            one(&world.users, "external_id", id)
        }
        ("GET", ["user_management", "users", id]) => one(&world.users, "id", id),
        ("GET", ["user_management", "users", id, "sessions"]) => {
            if !world.users.iter().any(|user| user["id"] == **id) {
                return no("404 Not Found", "User not found");
            }
            let is_there = |one: &&Value| {
                let revoked = one["id"]
                    .as_str()
                    .is_some_and(|id| world.revoked.contains(id));
                one["user_id"] == **id && !revoked
            };
            let list: Vec<Value> = world.sessions.iter().filter(is_there).cloned().collect();
            if world.ignores_paging {
                let list: Vec<Value> = list.into_iter().rev().collect();
                let metadata = json!({ "before": null, "after": null });
                let body = json!({ "object": "list", "data": list, "list_metadata": metadata });
                return good(&body.to_string());
            }
            page(&list, &query)
        }
        ("POST", ["user_management", "sessions", "revoke"]) => {
            let body: Value = serde_json::from_str(&heard.body).expect("JSON");
            let id = body["session_id"].as_str().expect("an id");
            let known = world.sessions.iter().any(|one| one["id"] == *id);
            if !known || !world.revoked.insert(id.to_owned()) {
                return no("404 Not Found", "Session not found");
            }
            answer("200 OK", "text/plain", "")
        }
        ("GET", ["organizations"]) => page(&world.organizations, &query),
        ("GET", ["organizations", id]) => one(&world.organizations, "id", id),
        ("GET", ["events"]) => {
            if query.contains_key("after") && query.contains_key("range_start") {
                return no("400 Bad Request", "after excludes range_start");
            }
            let mut events = world.events.clone();
            if query.get("order").is_none_or(|order| order != "asc") {
                events.reverse();
            }
            page(&events, &query)
        }
        _ => no("404 Not Found", "Not Found"),
    }
}

fn one(all: &[Value], key: &str, value: &str) -> Act {
    match all.iter().find(|one| one[key] == *value) {
        Some(found) => good(&found.to_string()),
        None => no("404 Not Found", "Not found here"),
    }
}

fn page(all: &[Value], query: &BTreeMap<String, String>) -> Act {
    let limit: usize = query
        .get("limit")
        .map_or(10, |n| n.parse().expect("a number"));
    let start = match query.get("after") {
        None => 0,
        Some(after) => match all.iter().position(|one| one["id"] == **after) {
            Some(at) => at + 1,
            None => return no("422 Unprocessable Entity", "Validation failed."),
        },
    };
    let data: Vec<&Value> = all.iter().skip(start).take(limit).collect();
    let goes_on = start + data.len() < all.len();
    let after = data.last().filter(|_| goes_on).map(|one| one["id"].clone());
    let metadata = json!({ "before": null, "after": after });
    good(&json!({ "object": "list", "data": data, "list_metadata": metadata }).to_string())
}
