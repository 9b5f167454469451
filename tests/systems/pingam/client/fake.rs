//! A made-up AM of either line, as small as the tests need it: it keeps sessions, and looks for the
//! token of an operation where its line looks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::scripted::{Act, Heard, Scripted, whole};

/// The operator's token.
pub const CALLER: &str = "AQIC5wCaller*AAJ*";
/// Where the token of an operation is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Body,
    Query,
}

/// The kind of server.
#[derive(Clone, Debug)]
pub struct Kind {
    pub place: Place,
    /// Resource versions, as major and minor.
    pub versions: Vec<(u32, u32)>,
    /// True if it has `logoutByUser`.
    pub by_user: bool,
    /// Says yes to a handle and keeps the session.
    pub keeps: bool,
    /// Rows in one piece of a list; `None`: all at once.
    pub piece: Option<usize>,
    /// The contents of every list, in place of the sessions, as they go over the wire.
    pub entries: Option<&'static str>,
    /// Knows nothing of its lists any more when the next piece is asked for, and says so by this status.
    pub forgets: Option<&'static str>,
}

/// The commercial line.
pub fn pingam() -> Kind {
    Kind {
        place: Place::Body,
        versions: vec![(3, 0), (3, 1), (4, 0), (5, 1)],
        by_user: true,
        keeps: false,
        piece: None,
        entries: None,
        forgets: None,
    }
}

/// The community line.
pub fn openam() -> Kind {
    Kind {
        place: Place::Query,
        versions: vec![(1, 2), (2, 0)],
        by_user: false,
        keeps: false,
        piece: None,
        entries: None,
        forgets: None,
    }
}

struct Held {
    user: String,
    realm: String,
    used: u32,
    mood: String,
}

/// The knowledge of the server.
struct Inside {
    kind: Kind,
    alive: BTreeMap<String, Held>,
    realms: BTreeSet<String>,
}

/// A running one.
pub struct Fake {
    pub server: Scripted,
    inside: Arc<Mutex<Inside>>,
}

impl Fake {
    /// Starts it with the operator signed in at the top realm.
    pub async fn start(kind: Kind) -> Self {
        let inside = Arc::new(Mutex::new(Inside {
            kind,
            alive: BTreeMap::new(),
            realms: BTreeSet::from(["/".to_owned()]),
        }));
        let shared = Arc::clone(&inside);
        let server = Scripted::start(move |_, heard| {
            let mut inside = shared.lock().expect("one at a time");
            let (status, body) = inside.answer(heard);
            let is_list = body["resultCount"].is_number();
            let body = match inside.kind.entries.filter(|_| is_list) {
                Some(entries) => format!(r#"{{"result":[{entries}]}}"#),
                None => body.to_string(),
            };
            let kind = "Content-Type: application/json;charset=UTF-8\r\n";
            Act::Send(whole(status, kind, &body))
        })
        .await;
        let fake = Self { server, inside };
        fake.sign_in(CALLER, "amadmin", "/");
        fake
    }

    /// Adds a session.
    pub fn sign_in(&self, token: &str, user: &str, realm: &str) {
        let mut inside = self.inside.lock().expect("one at a time");
        inside.realms.insert(realm.to_owned());
        let held = Held {
            user: user.to_owned(),
            realm: realm.to_owned(),
            used: 0,
            mood: String::new(),
        };
        inside.alive.insert(token.to_owned(), held);
    }

    /// True if this session is there.
    pub fn is_alive(&self, token: &str) -> bool {
        let inside = self.inside.lock().expect("one at a time");
        inside.alive.contains_key(token)
    }

    /// How often the session was used by an operation that counts as a use, and its one property.
    pub fn touched(&self, token: &str) -> (u32, String) {
        let inside = self.inside.lock().expect("one at a time");
        let held = &inside.alive[token];
        (held.used, held.mood.clone())
    }

    /// The requests for one action, in order.
    pub fn asked(&self, action: &str) -> Vec<Heard> {
        let heard = self.server.heard().into_iter();
        heard
            .filter(|h| pairs(h.line()).get("_action").map(String::as_str) == Some(action))
            .collect()
    }
}

/// The query of a request target, decoded.
pub fn pairs(line: &str) -> BTreeMap<String, String> {
    let query = line.split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn handle(token: &str) -> String {
    format!("shandle:{token}h")
}

impl Inside {
    fn answer(&mut self, heard: &Heard) -> (&'static str, Value) {
        let path = heard.line().split([' ', '?']).nth(1).unwrap_or_default();
        let inner = path.strip_prefix("/am/json/").unwrap_or_default();
        match inner {
            "serverinfo/%2A" => return ok(json!({"cookieName": "iPlanetDirectoryPro"})),
            "serverinfo/version" => return ok(json!({"version": "8.1.0"})),
            "global-config/services/session" => return ok(json!({"maxSessionListSize": 120})),
            "global-config/realms" => return ok(self.realms()),
            _ => {}
        }
        let Some(place) = inner.strip_suffix("/sessions") else {
            return (
                "404 Not Found",
                json!({"code": 404, "message": "no such path"}),
            );
        };
        if !self.has_version(heard) {
            return (
                "404 Not Found",
                json!({"code": 404, "message": "Resource '' not found"}),
            );
        }
        let Some(caller) = heard.header("iPlanetDirectoryPro").map(str::to_owned) else {
            return denied();
        };
        if !self.alive.contains_key(&caller) {
            return denied();
        }
        let realm = place.replace("realms/root", "").replace("/realms", "");
        let realm = if realm.is_empty() {
            "/".to_owned()
        } else {
            realm
        };
        let query = pairs(heard.line());
        match query.get("_action") {
            None => match self.kind.forgets {
                Some(status) if query.contains_key("_pagedResultsCookie") => {
                    (status, json!({"message": "no &quot;such&quot; cookie"}))
                }
                _ => ok(self.list(&query)),
            },
            Some(action) => self.act(action, &caller, &realm, &query, &heard.body),
        }
    }

    fn has_version(&self, heard: &Heard) -> bool {
        let header = heard.header("accept-api-version").unwrap_or_default();
        let Some((_, version)) = header.split_once("resource=") else {
            return true;
        };
        let Some((major, minor)) = version.split_once('.') else {
            return false;
        };
        let asked: (u32, u32) = (major.parse().unwrap_or(0), minor.parse().unwrap_or(0));
        let served = self.kind.versions.iter();
        served
            .clone()
            .any(|(major, minor)| *major == asked.0 && *minor >= asked.1)
    }

    fn realms(&self) -> Value {
        let entries = self.realms.iter().map(|realm| match realm.as_str() {
            "/" => json!({"_id": "Lw", "parentPath": null, "active": true, "name": "/"}),
            path => json!({"_id": "x", "parentPath": "/", "active": true, "name": &path[1..]}),
        });
        json!({"result": entries.collect::<Vec<_>>()})
    }

    fn item(&self, token: &str, held: &Held) -> Value {
        json!({
            "username": held.user,
            "universalId": format!("id={},ou=user,dc=am", held.user),
            "realm": held.realm,
            "sessionHandle": handle(token),
            "latestAccessTime": "2026-09-14T08:21:07.512Z",
            "maxIdleExpirationTime": "2099-09-14T08:51:07Z",
            "maxSessionExpirationTime": match token {
                CALLER => "2099-09-14T10:02:44Z",
                _ => "2099-09-14T11:02:44Z",
            },
        })
    }

    fn list(&self, query: &BTreeMap<String, String>) -> Value {
        let filter = query.get("_queryFilter").map_or("", String::as_str);
        let value = |name: &str| {
            let rest = filter.split_once(&format!("{name} eq \""))?.1;
            rest.split('"').next().map(str::to_owned)
        };
        let (user, realm) = (value("username"), value("realm"));
        let found: Vec<Value> = self
            .alive
            .iter()
            .filter(|(_, held)| {
                realm.as_ref() == Some(&held.realm)
                    && user.as_ref().is_none_or(|user| *user == held.user)
            })
            .map(|(token, held)| self.item(token, held))
            .collect();
        let start = query.get("_pagedResultsCookie");
        let start: usize = start.and_then(|text| text.parse().ok()).unwrap_or(0);
        let piece = self.kind.piece.unwrap_or(usize::MAX);
        let end = start.saturating_add(piece).min(found.len());
        let cookie = (end < found.len()).then(|| end.to_string());
        json!({"result": found[start..end], "resultCount": end - start, "pagedResultsCookie": cookie})
    }

    fn act(
        &mut self,
        action: &str,
        caller: &str,
        realm: &str,
        query: &BTreeMap<String, String>,
        body: &str,
    ) -> (&'static str, Value) {
        let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        match action {
            "logoutByHandle" => return ok(self.by_handle(&body)),
            "logoutByUser" if self.kind.by_user => {
                let name = body["username"].as_str().unwrap_or_default();
                self.alive
                    .retain(|_, held| held.user != name || held.realm != realm);
                return ok(json!({"result": true}));
            }
            "logoutByUser" => return ("501 Not Implemented", json!({"code": 501})),
            _ => {}
        }
        let target = match self.kind.place {
            Place::Body => body["tokenId"].as_str().map(str::to_owned),
            Place::Query => query.get("tokenId").cloned(),
        };
        // This is the trap: without a token in its place, an operation is about the caller.
        let target = target.unwrap_or_else(|| caller.to_owned());
        if action == "logout" {
            let text = match self.alive.remove(&target) {
                Some(_) => "Successfully logged out",
                None => "Token has expired",
            };
            return ok(json!({"result": text}));
        }
        let Some(held) = self.alive.get_mut(&target) else {
            return ok(json!({"valid": false}));
        };
        match action {
            "getSessionInfo" | "getSessionInfoAndResetIdleTime" => {
                held.used += u32::from(action != "getSessionInfo");
                let held = &self.alive[&target];
                let mut item = self.item(&target, held);
                if let (Place::Body, Some(item)) = (self.kind.place, item.as_object_mut()) {
                    item.remove("sessionHandle");
                }
                ok(item)
            }
            "validate" => {
                let gentle = query.get("refresh").map(String::as_str) == Some("false");
                held.used += u32::from(!gentle);
                ok(json!({"valid": true, "uid": held.user, "realm": held.realm}))
            }
            "refresh" => {
                held.used += 1;
                ok(json!({"uid": held.user, "realm": held.realm, "idletime": 0}))
            }
            "getSessionProperties" => ok(json!({"mood": held.mood})),
            "updateSessionProperties" => {
                held.mood = body["mood"].as_str().unwrap_or_default().to_owned();
                ok(json!({"mood": held.mood}))
            }
            _ => ("501 Not Implemented", json!({"code": 501})),
        }
    }

    fn by_handle(&mut self, body: &Value) -> Value {
        let handles = body["sessionHandles"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut told = serde_json::Map::new();
        for wanted in handles.iter().filter_map(Value::as_str) {
            if !self.kind.keeps {
                self.alive.retain(|token, _| handle(token) != wanted);
            }
            told.insert(
                wanted.to_owned(),
                Value::Bool(wanted.starts_with("shandle:")),
            );
        }
        json!({"result": told})
    }
}

fn ok(body: Value) -> (&'static str, Value) {
    ("200 OK", body)
}

fn denied() -> (&'static str, Value) {
    let body = json!({"code": 401, "reason": "Unauthorized", "message": "Access Denied"});
    ("401 Unauthorized", body)
}
