//! Recorded requests to a community OpenAM, sent to the emulator: the answers must have the recorded shape.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;
use usher::emulator::pingam::{AmOptions, AmQuota, Flavour};
use usher::emulator::{Options, Running};

use super::compare::differences;
use super::{MINUTE_MS, fixed, running};
use crate::asked::{Asked, take_apart};

/// Recordings that are not replayed: how their names start, and why.
const SKIPPED: &[(&str, &str)] = &[
    (
        "config-property-",
        "settings cannot be written over the wire",
    ),
    (
        "config-session-service-update",
        "settings cannot be written over the wire",
    ),
    (
        "config-session-times-",
        "settings cannot be written over the wire",
    ),
    (
        "delegation-",
        "rights are given out by the test, not by the command page",
    ),
    ("group-", "the emulator has no groups"),
    ("realm-create", "realms are made at the start"),
    ("user-create", "accounts are made by the test"),
    ("deleted-user-2-delete", "accounts are removed by the test"),
];

/// Somebody's session, by name and realm; or a token that nobody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Role {
    Of(&'static str, &'static str),
    Dead,
}

const ADMIN: Role = Role::Of("amadmin", "/");
const USER: Role = Role::Of("bjensen", "/");
const OTHER: Role = Role::Of("demo", "/");
const ALPHA: Role = Role::Of("scarter", "/alpha");
const JWT: Role = Role::Of("jdoe", "/jwt");

/// Who calls: the token in the header.
fn caller(name: &str) -> Role {
    let user = [
        "user-",
        "info-user-",
        "handle-ordinary-",
        "logout-user-",
        "logout-self",
        "serverinfo-version-user",
        "refresh-ordinary-user",
        "properties-get-user-own",
        "properties-update-user-own",
        "properties-update-internal-user",
        "v12-getProperty-after-delete",
        "info-cookie-admin-header-user",
    ];
    let dead = [
        "query-dead-token",
        "logout-self-dead",
        "handle-own-after",
        "trap-2-",
        "expired-token-as-caller",
    ];
    let is = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    match name {
        _ if is(&dead) => Role::Dead,
        _ if is(&["delegated-read-"]) => Role::Of("opsreader", "/alpha"),
        _ if is(&["delegated-"]) => Role::Of("opsadmin", "/alpha"),
        _ if is(&["client-side-info-self"]) => JWT,
        _ if is(&["deleted-user-6-"]) => Role::Of("leaver", "/"),
        _ if is(&["authenticate-"]) => OTHER,
        _ if is(&user) || (name.starts_with("v12-") && name.contains("-user-")) => USER,
        _ => ADMIN,
    }
}

/// Whose token stands in the cookie.
fn in_cookie(name: &str) -> Role {
    match name {
        "info-cookie" | "info-cookie-admin-header-user" => ADMIN,
        _ if name.starts_with("authenticate-") => OTHER,
        _ => USER,
    }
}

/// Whose token stands anywhere else.
fn target(name: &str) -> Role {
    let dead = [
        "expired-token-",
        "idle-out-3-",
        "logout-again",
        "info-unknown-token",
    ];
    let alpha = [
        "info-alpha-token",
        "info-legacy-path",
        "info-realm-parameter",
        "delegated-",
    ];
    let is = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    match name {
        "info-user-foreign" | "logout-user-foreign" => OTHER,
        _ if is(&dead) => Role::Dead,
        _ if is(&alpha) => ALPHA,
        _ if is(&["deleted-user-"]) => Role::Of("leaver", "/"),
        _ if is(&["client-side-"]) => JWT,
        _ => USER,
    }
}

const PEOPLE: &[&str] = &[
    "bjensen",
    "demo",
    "jdoe",
    "scarter",
    "leaver",
    "o'hara",
    "back\\slash",
    "a b",
    "日本",
    "x,y",
    "id=z",
    "jürgen",
    "%25pct",
    "plus+eq=",
    "we\"ird",
];

fn options(name: &str) -> Options {
    let all = ["/alpha", "/alpha/emea", "/crowd", "/quota", "/jwt"];
    let realms = match name {
        "realms-list" => &all[..0],
        "realms-list-several" | "delegated-realms-list" | "delegated-read-realms-list" => &all[..2],
        _ => &all[..],
    };
    let inactive = if name == "realms-list" {
        vec![]
    } else {
        vec!["/off".to_owned()]
    };
    Options {
        sessions: 0,
        users: 0,
        system: Arc::new(AmOptions {
            flavour: Flavour::Openam,
            realms: realms.iter().map(|r| (*r).to_owned()).collect(),
            inactive_realms: inactive,
            client_side_realms: vec!["/jwt".into()],
            quota: match name {
                "quota-login-denied" => AmQuota::Deny(5),
                "quota-5-after-7-logins" => AmQuota::EndOldest(5),
                _ => AmQuota::Off,
            },
            ..AmOptions::default()
        }),
        ..fixed()
    }
}

/// Tokens and handles of real servers, as they are and in an address.
static SECRETS: LazyLock<Regex> = LazyLock::new(|| {
    let raw = r"AQIC5wM2LY4Sfc[0-9A-Za-z_-]+\.(?:\*|%2A)[0-9A-Za-z_.-]+(?:\*|%2A)";
    let jwt = r"(?:\*|%2A)AAJTSQACMDEAAlMxAAA\.(?:\*|%2A)eyJ[0-9A-Za-z_.-]+";
    Regex::new(&format!(r"shandle:{raw}|{raw}|{jwt}")).expect("a pattern")
});

/// One recording in front of an emulator in the state that it needs.
struct Scene {
    name: String,
    emulator: Running,
    tokens: HashMap<Role, String>,
}

impl Scene {
    async fn new(name: &str) -> Self {
        let emulator = running(options(name)).await;
        let am = emulator.am();
        for person in PEOPLE {
            let password = if *person == "demo" {
                "changeit"
            } else {
                "Secret.123"
            };
            am.put_user(person, password);
        }
        am.put_admin("opsadmin", "Secret.123", "/alpha");
        am.put_reader("opsreader", "Secret.123", "/alpha");
        am.set_properties(match name {
            _ if name.ends_with("none-listed") || name == "v12-getPropertyNames" => &[],
            _ if name.starts_with("v12-getProperty-user") => &["mood"],
            _ if name.contains("internal") => &["mood", "AuthLevel"],
            "properties-get-after" | "properties-update-all" => &["mood", "AMCtxId", "desk"],
            "client-side-properties" => &[],
            _ => &["mood", "desk"],
        });
        let mut scene = Scene {
            name: name.to_owned(),
            emulator,
            tokens: HashMap::new(),
        };
        scene.fill().await;
        scene
    }

    /// Makes the sessions that are not given by tokens in the request.
    async fn fill(&mut self) {
        let am = self.emulator.am();
        let sign_in = |user: &str, realm: &str| am.sign_in(user, realm).expect("a realm");
        match self.name.as_str() {
            "query-root-realm-admin-only" => {}
            "list-cut-at-120" => (0..130).for_each(|_| drop(sign_in("jdoe", "/crowd"))),
            "quota-login-denied" => (0..5).for_each(|_| drop(sign_in("jdoe", "/quota"))),
            "quota-5-after-7-logins" => {
                for _ in 0..7 {
                    let target = "/openam/json/realms/root/realms/quota/authenticate";
                    let login = Asked::new("POST", target)
                        .header("X-OpenAM-Username", "jdoe")
                        .header("X-OpenAM-Password", "Secret.123");
                    assert_eq!(login.send(self.emulator.url()).await.status, 200);
                }
            }
            name if name.starts_with("idle-out") || name.starts_with("expired") => {
                (0..2).for_each(|_| drop(sign_in("jdoe", "/alpha/emea")));
                let past_ms = match name {
                    "idle-out-1-fresh" => 0,
                    "idle-out-5-gone" => 31 * MINUTE_MS,
                    _ => 30 * MINUTE_MS + 20_000,
                };
                self.emulator.move_clock(past_ms);
            }
            _ => {
                for person in PEOPLE {
                    sign_in(person, "/");
                }
                for (person, realm) in [
                    ("scarter", "/alpha"),
                    ("demo", "/alpha"),
                    ("scarter", "/alpha/emea"),
                    ("jdoe", "/jwt"),
                ] {
                    // A world with fewer realms is enough for some.
                    let _ = am.sign_in(person, realm);
                }
            }
        }
        if self.name.starts_with("deleted-user-") {
            assert!(am.remove_user("leaver"));
        }
    }

    fn token(&mut self, role: Role) -> String {
        let Role::Of(user, realm) = role else {
            return "AQIC5wM2LY4SfcAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.*AAJTSQACMDEAAlNLABM0000000000000000000AAJTMQAA*".into();
        };
        let am = self.emulator.am();
        self.tokens
            .entry(role)
            .or_insert_with(|| am.sign_in(user, realm).expect("a realm").token)
            .clone()
    }

    /// The request with tokens, handles and passwords of the emulator in the place of the recorded ones.
    async fn adapt(&mut self, recorded: &str) -> Asked {
        let (head, body) = recorded.split_once("\n\n").unwrap_or((recorded, ""));
        let mut lines = head.lines();
        let first = lines
            .next()
            .expect("a request line")
            .split(' ')
            .collect::<Vec<_>>();
        let name = self.name.clone();
        let target = self.replaced(first[1], target(&name));
        let mut asked = Asked::new(first[0], &target);
        for line in lines {
            let (header, value) = line.split_once(": ").expect("a header");
            let value = match header {
                "Host" if name != "wrong-host" => continue,
                "Content-Length" => continue,
                "Cookie" => self.replaced(value, in_cookie(&name)),
                "X-OpenAM-Password" if value == "ampassword1" => {
                    self.emulator.am_auth().logins[0].password.clone()
                }
                _ => self.replaced(value, caller(&name)),
            };
            asked = asked.header(header, &value);
        }
        let role = match name.as_str() {
            "handle-is-a-token" => OTHER,
            _ => target_of_body(&name),
        };
        let body = self.replaced(body.trim_end_matches('\n'), role);
        asked.body = if name.starts_with("authenticate-callbacks-2-") {
            self.with_live_auth_id(&body).await
        } else {
            body
        };
        asked
    }

    /// Every token becomes that of the role, every handle one of a session that is there.
    fn replaced(&mut self, text: &str, role: Role) -> String {
        let mut handles = HashMap::new();
        let replace = |found: &Captures<'_>| {
            let found = &found[0];
            if found.starts_with("shandle:") {
                let fresh = || {
                    let row = self.emulator.am().sign_in("bjensen", "/").expect("a realm");
                    row.handle.expect("kept by the server")
                };
                return handles
                    .entry(found.to_owned())
                    .or_insert_with(fresh)
                    .clone();
            }
            let token = self.token(role);
            if found.contains("%2A") {
                token.replace('*', "%2A")
            } else {
                token
            }
        };
        SECRETS.replace_all(text, replace).into_owned()
    }

    async fn with_live_auth_id(&self, body: &str) -> String {
        let first = Asked::new("POST", "/openam/json/realms/root/authenticate").body("{}");
        let page = first.send(self.emulator.url()).await.json();
        let mut document = serde_json::from_str::<Value>(body).expect("JSON");
        document["authId"] = page["authId"].clone();
        document.to_string()
    }
}

fn target_of_body(name: &str) -> Role {
    match name {
        _ if name.starts_with("validate-") || name.starts_with("trap-") => OTHER,
        _ => target(name),
    }
}

fn recordings() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/openam");
    let files = std::fs::read_dir(folder).expect("the recordings");
    let mut files = files
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|e| e == "http"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy();
            (name.into_owned(), path)
        })
        .collect::<Vec<_>>();
    files.sort();
    files
}

async fn replay(names: impl Fn(&str) -> bool) -> usize {
    let mut found = Vec::new();
    let mut count = 0;
    for (name, path) in recordings() {
        let is_skipped = SKIPPED.iter().any(|(start, _)| name.starts_with(start));
        if is_skipped || !names(&name) {
            continue;
        }
        count += 1;
        let text = std::fs::read_to_string(&path).expect("text");
        let (request, answer) = text.split_once("\n----\n").expect("two parts");
        let recorded = take_apart(answer.trim_end_matches('\n')).expect("an answer");
        let mut scene = Scene::new(&name).await;
        let asked = scene.adapt(request).await;
        let given = asked.send(scene.emulator.url()).await;
        found.extend(differences(&name, &recorded, &given));
        scene.emulator.stop().await;
    }
    assert!(found.is_empty(), "{}\n{}", found.len(), found.join("\n"));
    count
}

#[tokio::test]
async fn recorded_queries_are_answered_as_the_real_server_did() {
    let count = replay(|name| name.starts_with("query-") || name.starts_with("list-")).await;

    assert!(count > 70, "{count}");
}

#[tokio::test]
async fn recorded_logins_are_answered_as_the_real_server_did() {
    let count = replay(|name| name.starts_with("authenticate-") || name.starts_with("quota")).await;

    assert!(count > 25, "{count}");
}

#[tokio::test]
async fn all_other_recorded_requests_are_answered_as_the_real_server_did() {
    let elsewhere = ["query-", "list-", "authenticate-", "quota"];
    let count = replay(|name| !elsewhere.iter().any(|start| name.starts_with(start))).await;

    assert!(count > 180, "{count}");
}

#[tokio::test]
async fn quota_and_limit_leave_as_many_rows_as_the_real_server_did() {
    for (name, expected) in [("list-cut-at-120", 120), ("quota-5-after-7-logins", 5)] {
        let mut scene = Scene::new(name).await;
        let path = format!("tests/fixtures/openam/{name}.http");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let text = std::fs::read_to_string(path).expect("text");
        let (request, answer) = text.split_once("\n----\n").expect("two parts");
        let asked = scene.adapt(request).await;

        let given = asked.send(scene.emulator.url()).await.json();

        let recorded = take_apart(answer.trim_end()).expect("an answer").json();
        assert_eq!(recorded["resultCount"], expected, "{name}");
        assert_eq!(given["resultCount"], expected, "{name}");
    }
}
