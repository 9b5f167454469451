//! A running community OpenAM server, and what tests set up in it.
//!
//! Talks to the server by itself and shares nothing with the client under test.

use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio_rustls::rustls::crypto::ring;

pub(super) const V1: &str = "protocol=1.0,resource=1.0";
pub(super) const V2: &str = "protocol=1.0,resource=2.0";
const USERS: &str = "protocol=2.1,resource=3.0";
const PASSWORD: &str = "Secret.123";
/// The embedded store of `up.sh`.
const PEOPLE: &str = "ou=people,dc=openam,dc=openidentityplatform,dc=org";

static TOKEN: OnceCell<String> = OnceCell::const_new();

/// The server and its super user.
pub struct World {
    pub url: String,
    pub admin: String,
    pub password: String,
    pub(super) http: reqwest::Client,
    token: String,
}

/// A session as the server itself lists it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    pub user: String,
    pub handle: String,
}

/// Writes past the capture of the test harness, so that a skipped suite is never taken for a passed one.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

impl World {
    /// The server that the environment names. `None`: there is none, and that was said aloud.
    pub async fn find(test: &str) -> Option<Self> {
        let Ok(url) = std::env::var("OPENAM_URL") else {
            say(&format!(
                "SKIPPED {test}: OPENAM_URL names no running OpenAM; run .ci/suites/openam.sh"
            ));
            return None;
        };
        let variable =
            |name: &str, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.to_owned());
        // An error: it was installed before.
        let _ = ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            // A connection that is kept may be closed by the server just when it is used again.
            .pool_max_idle_per_host(0)
            .no_proxy()
            .tls_certs_only([])
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client");
        let mut world = Self {
            url: url.trim_end_matches('/').to_owned(),
            admin: variable("OPENAM_ADMIN", "amadmin"),
            password: variable("OPENAM_PASSWORD", "ampassword1"),
            http,
            token: String::new(),
        };
        // One for all tests of a run: the server lists no more than 120 sessions of the super user.
        let sign_in = world.login(&world.admin, &world.password, "/");
        let token = TOKEN.get_or_init(|| sign_in).await.clone();
        world.token = token;
        Some(world)
    }

    /// A name that no other test and no earlier run has.
    pub fn fresh(&self, what: &str) -> String {
        format!("{what}{:08x}", getrandom::u32().expect("random bytes"))
    }

    /// The address of a realm's resources.
    pub(super) fn base(&self, realm: &str) -> String {
        let names = realm.split('/').filter(|name| !name.is_empty());
        names.fold(format!("{}/json/realms/root", self.url), |base, name| {
            format!("{base}/realms/{name}")
        })
    }

    /// Asks as the super user; gives the status and what was said.
    pub(super) async fn ask(
        &self,
        request: reqwest::RequestBuilder,
        version: &str,
    ) -> (u16, Value) {
        let request = request
            .header("Accept-API-Version", version)
            .header("Content-Type", "application/json")
            .header("iPlanetDirectoryPro", &self.token);
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Makes a realm below another one and gives its path.
    pub async fn realm(&self, parent: &str, name: &str) -> String {
        self.make_realm(parent, name, true).await
    }

    /// Makes a realm that nobody can sign in to.
    pub async fn inactive_realm(&self, parent: &str, name: &str) -> String {
        self.make_realm(parent, name, false).await
    }

    async fn make_realm(&self, parent: &str, name: &str, active: bool) -> String {
        let body = json!({"name": name, "active": active, "parentPath": parent, "aliases": []});
        let to = format!("{}/json/global-config/realms?_action=create", self.url);
        let (status, said) = self.ask(self.http.post(to).json(&body), V1).await;
        assert!(matches!(status, 201 | 409), "realm {name}: {status} {said}");
        format!("{}/{name}", parent.trim_end_matches('/'))
    }

    /// Makes a user. The embedded store is one for all realms, so the user can sign in everywhere.
    pub async fn user(&self, realm: &str, name: &str) {
        let body = json!({"username": name, "userpassword": PASSWORD});
        let to = format!("{}/users?_action=create", self.base(realm));
        let (status, said) = self.ask(self.http.post(to).json(&body), USERS).await;
        assert!(matches!(status, 201 | 409), "user {name}: {status} {said}");
    }

    /// Makes a user an administrator of one realm.
    pub async fn delegate(&self, realm: &str, user: &str, group: &str) {
        let to = format!("{}/groups?_action=create", self.base(realm));
        let body = json!({"username": group});
        let (status, said) = self.ask(self.http.post(to).json(&body), USERS).await;
        assert!(
            matches!(status, 201 | 409),
            "group {group}: {status} {said}"
        );
        let to = format!("{}/groups/{group}", self.base(realm));
        let body = json!({"uniquemember": [format!("uid={user},{PEOPLE}")]});
        let (status, said) = self.ask(self.http.put(to).json(&body), USERS).await;
        assert_eq!(status, 200, "member of {group}: {said}");
        let page = self
            .http
            .post(format!(
                "{}/ssoadm.jsp?cmd=add-privileges&submit=",
                self.url
            ))
            .header("Cookie", format!("iPlanetDirectoryPro={}", self.token))
            .form(&[
                ("realm", realm),
                ("idname", group),
                ("idtype", "Group"),
                ("privileges", "RealmAdmin"),
            ])
            .send()
            .await
            .expect("the command page");
        let text = page.text().await.expect("the command page");
        assert!(
            text.contains("Privileges were add"),
            "privileges of {group}"
        );
        self.wait_for_rights(realm, user).await;
    }

    /// A new privilege works after a moment. Who asked too early goes on being refused for as long as
    /// that sign-in lives, so each look signs in anew.
    async fn wait_for_rights(&self, realm: &str, user: &str) {
        let until = Instant::now() + Duration::from_secs(60);
        while Instant::now() < until {
            let token = self.login(user, PASSWORD, realm).await;
            let answer = self
                .http
                .get(format!("{}/sessions", self.base(realm)))
                .query(&[("_queryFilter", format!("realm eq \"{realm}\""))])
                .header("Accept-API-Version", V2)
                .header("iPlanetDirectoryPro", &token)
                .send()
                .await
                .expect("an answer");
            if answer.status().is_success() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        panic!("{user} got no rights in {realm}");
    }

    /// Signs a user in and gives the token.
    pub async fn login(&self, user: &str, password: &str, realm: &str) -> String {
        let answer = self
            .http
            .post(format!("{}/authenticate", self.base(realm)))
            .header("Accept-API-Version", "resource=2.0, protocol=1.0")
            .header("Content-Type", "application/json")
            .header("X-OpenAM-Username", user)
            .header("X-OpenAM-Password", password)
            .send()
            .await
            .expect("an answer");
        let said: Value = answer.json().await.expect("JSON");
        let token = said["tokenId"].as_str();
        token.unwrap_or_else(|| panic!("{user}: {said}")).to_owned()
    }

    /// Signs a test user in so many times.
    pub async fn sign_in(&self, user: &str, realm: &str, times: usize) -> Vec<String> {
        let mut tokens = Vec::new();
        for _ in 0..times {
            tokens.push(self.login(user, PASSWORD, realm).await);
        }
        tokens
    }

    /// The server's own list of a realm, or of a user in it.
    pub async fn list(&self, realm: &str, user: Option<&str>) -> Vec<Listed> {
        let filter = match user {
            Some(user) => format!("username eq \"{user}\" and realm eq \"{realm}\""),
            None => format!("realm eq \"{realm}\""),
        };
        let to = format!("{}/sessions", self.base(realm));
        let request = self.http.get(to).query(&[("_queryFilter", filter)]);
        let (status, said) = self.ask(request, V2).await;
        assert_eq!(status, 200, "{said}");
        let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let items = said["result"].as_array().expect("a list");
        let mut rows: Vec<Listed> = items
            .iter()
            .map(|item| Listed {
                user: text(item, "username"),
                handle: text(item, "sessionHandle"),
            })
            .collect();
        rows.sort();
        rows
    }

    /// True if a token is still valid.
    pub async fn is_valid(&self, token: &str) -> bool {
        let to = format!("{}/sessions", self.base("/"));
        let request = self
            .http
            .post(to)
            .query(&[("_action", "getSessionInfo"), ("tokenId", token)])
            .body("{}");
        let (status, said) = self.ask(request, V2).await;
        assert_eq!(status, 200, "{said}");
        said.get("username").is_some()
    }

    /// The password of every test user.
    pub fn test_password(&self) -> &'static str {
        PASSWORD
    }
}
