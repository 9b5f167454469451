//! Fleare: a connection signs in with its first frame, and may then ask for its own session.
//!
//! Written from the server's sources (`extendsware/Fleare`) and from bytes that a rebuild of its network loop
//! sent. Emulated are the sign-in, `SESSION`, `PING` and `STATUS`; every other command is unknown here, and
//! the faults of the real server (one silent client keeps all others waiting) are not copied.
//!
//! ```text
//! talk (one connection: frames, sign-in, commands) -- proto     the two messages
//!                                                  -- sessions  who is connected
//! ```

mod proto;
mod sessions;
mod talk;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::Service;
use super::shared::{Shared, lock};
use super::stream::{Conversation, Protocol, StreamService};
use super::system::{Choice, Emulated, Flag, Line, System};
use sessions::Sessions;
use talk::Talk;

/// How an emulated Fleare is to behave.
#[derive(Clone, Debug)]
pub struct FleareOptions {
    /// `security.enable_auth` of its configuration: a user and a password are asked for. If not, neither may
    /// be sent, and everybody is `root`.
    pub enable_auth: bool,
}

/// A Fleare with its usual options.
pub(super) fn system() -> Arc<dyn System> {
    Arc::new(FleareOptions { enable_auth: true })
}

/// The flag for [`FleareOptions::enable_auth`].
const ENABLE_AUTH: &str = "enable-auth";

impl System for FleareOptions {
    fn word(&self) -> &'static str {
        "fleare"
    }

    fn about(&self) -> &'static str {
        "Fleare, an in-memory database that shows a connection its own session"
    }

    fn scheme(&self, _tls: bool) -> &'static str {
        "fleare"
    }

    fn flags(&self) -> Vec<Flag> {
        let choice = |word: &'static str, about: &'static str| Choice {
            word: word.into(),
            about: about.into(),
        };
        vec![Flag {
            name: ENABLE_AUTH.into(),
            about: "Ask for a user and a password".into(),
            default: "yes".into(),
            choices: vec![
                choice("yes", "as the server is installed"),
                choice("no", "everybody is root, and a password is an error"),
            ],
        }]
    }

    fn with_flag(&self, flag: &str, value: &str) -> Result<Arc<dyn System>, String> {
        let enable_auth = match (flag, value) {
            (ENABLE_AUTH, "yes") => true,
            (ENABLE_AUTH, "no") => false,
            _ => return Err(format!("fleare has no --{flag} {value}")),
        };
        Ok(Arc::new(FleareOptions { enable_auth }))
    }

    fn demo(&self, _sessions: usize) -> Option<Arc<dyn System>> {
        Some(Arc::new(self.clone()))
    }

    fn make(&self, shared: Arc<Shared>) -> Arc<dyn Emulated> {
        let user = |name: &str, role: &str| User {
            name: name.to_owned(),
            password: shared.new_secret(),
            role: role.to_owned(),
        };
        // Without a user named root the server does not start.
        let users = vec![user(OPERATOR, "Admin"), user(ROOT, ROOT)];
        Arc::new(FleareServer {
            enable_auth: self.enable_auth,
            users,
            sessions: Mutex::default(),
            shared,
        })
    }
}

/// A user whom the worlds of the other systems have too.
const OPERATOR: &str = "jdoe";
/// The user that is always configured, with a role of the same name.
const ROOT: &str = "root";

/// A user of the server's configuration.
struct User {
    name: String,
    password: String,
    role: String,
}

/// A Fleare that runs.
pub struct FleareServer {
    shared: Arc<Shared>,
    enable_auth: bool,
    users: Vec<User>,
    sessions: Mutex<Sessions>,
}

impl FleareServer {
    /// The ids of those who are connected and signed in, in the order of their sign-ins.
    pub fn ids(&self) -> Vec<String> {
        lock(&self.sessions).ids()
    }

    /// The user for a name and a password, or why there is none.
    fn sign_in(&self, name: &str, password: &str) -> Result<&User, &'static str> {
        let is_named = |wanted: &str| self.users.iter().find(|user| user.name == wanted);
        match (self.enable_auth, name, password) {
            (false, "", "") => is_named(ROOT).ok_or(talk::NO_ROOT),
            (false, ..) => Err(talk::AUTH_IS_OFF),
            (true, "", _) | (true, _, "") => Err(talk::NOTHING_GIVEN),
            (true, ..) => is_named(name)
                .filter(|user| user.password == password)
                .ok_or(talk::WRONG_PASSWORD),
        }
    }
}

impl Emulated for FleareServer {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn service(self: Arc<Self>) -> Arc<dyn Service> {
        Arc::new(StreamService::new(self.clone(), Arc::new(Server(self))))
    }

    fn auth_json(&self) -> Value {
        if !self.enable_auth {
            return json!({});
        }
        let login = |user: &User| json!({ "user": user.name, "password": user.password });
        let mut auth = login(&self.users[0]);
        auth["logins"] = self.users.iter().map(login).collect();
        auth
    }

    fn auth_lines(&self) -> Vec<Line> {
        if !self.enable_auth {
            return vec![("login", "none".to_owned())];
        }
        let line = |user: &User| ("login", format!("{} {}", user.name, user.password));
        self.users.iter().map(line).collect()
    }

    fn profile(&self, table: &str, _sign_in: Option<&str>) -> String {
        if !self.enable_auth {
            return format!("\n[{table}.login]\nmethod = \"none\"\n");
        }
        let user = &self.users[0];
        format!(
            "\n[{table}.login]\nmethod = \"password\"\nuser = {}\npassword = {}\n",
            json!(user.name),
            json!(user.password),
        )
    }

    /// Nothing to do: a connection is signed in until it ends.
    fn expire_tokens(&self) {}

    fn limit_tokens(&self, _longest_ms: i64) {}
}

struct Server(Arc<FleareServer>);

impl Protocol for Server {
    fn connect(&self, peer: SocketAddr) -> Box<dyn Conversation> {
        Box::new(Talk::new(self.0.clone(), peer))
    }
}
