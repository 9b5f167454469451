//! Harbor emulated: written from its protocol, without the client.
//!
//! `whoami`, `list USER AT`, `get ID` and `end ID` are lines; every answer is a line of JSON and the end of the
//! connection. USER may be `*`; ID is `17` or `desk/17`; a page has 30 sessions.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;
use serde_json::{Value, json};
use usher::emulator::{
    AuthFault, Command, Conversation, Emulated, Line, NotTheProtocol, Protocol, Service, Shared,
    StreamService, System,
};

const PAGE: usize = 30;

/// How a Harbor is started.
#[derive(Clone, Debug)]
pub struct HarborOptions;

/// A Harbor that runs.
pub struct HarborServer {
    shared: Arc<Shared>,
    sessions: Mutex<Vec<Value>>,
}

impl HarborServer {
    /// How many sessions there are.
    pub fn count(&self) -> usize {
        self.with(|sessions| sessions.len())
    }

    /// Ends a session by its id, with or without its kind. `false`: there is none.
    pub fn end(&self, id: &str) -> bool {
        self.with(|sessions| {
            let before = sessions.len();
            sessions.retain(|session| !is(session, id));
            sessions.len() < before
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Value>) -> T) -> T {
        work(&mut self.sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn is(session: &Value, id: &str) -> bool {
    let (kind, number) = id.split_once('/').unwrap_or(("", id));
    session["id"] == number && (kind.is_empty() || session["kind"] == kind)
}

fn of_another(session: &Value) -> bool {
    session["kind"] == "link" && session["own"] != true
}

impl System for HarborOptions {
    fn word(&self) -> &'static str {
        "harbor"
    }

    fn about(&self) -> &'static str {
        "a made-up harbor"
    }

    fn scheme(&self, _tls: bool) -> &'static str {
        "harbor"
    }

    fn demo(&self, _sessions: usize) -> Option<Arc<dyn System>> {
        None
    }

    fn make(&self, shared: Arc<Shared>) -> Arc<dyn Emulated> {
        let now = shared.now_ms() / 1_000;
        let session = |number: usize| {
            let is_link = number % 4 == 3;
            json!({
                "id": number.to_string(),
                "kind": if is_link { "link" } else { "desk" },
                "user": (["ada", "bob", "eve"][number % 3]),
                "since": now - 60 * number as i64,
                "berth": format!("B{}", number % 7),
                "own": number == 3,
            })
        };
        let sessions = (0..shared.options().sessions).map(session).collect();
        let sessions = Mutex::new(sessions);
        Arc::new(HarborServer { shared, sessions })
    }
}

impl Emulated for HarborServer {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn service(self: Arc<Self>) -> Arc<dyn Service> {
        Arc::new(StreamService::new(self.clone(), Arc::new(Lines(self))))
    }

    fn auth_json(&self) -> Value {
        json!({})
    }

    fn auth_lines(&self) -> Vec<Line> {
        Vec::new()
    }

    fn profile(&self, _table: &str, _sign_in: Option<&str>) -> String {
        "login.method = \"none\"\n".into()
    }

    fn expire_tokens(&self) {}

    fn limit_tokens(&self, _longest_ms: i64) {}
}

struct Lines(Arc<HarborServer>);

impl Protocol for Lines {
    fn connect(&self, _peer: SocketAddr) -> Box<dyn Conversation> {
        Box::new(Lines(self.0.clone()))
    }
}

impl Conversation for Lines {
    fn take(&mut self, arrived: &mut BytesMut) -> Result<Option<Command>, NotTheProtocol> {
        let Some(end) = arrived.iter().position(|byte| *byte == b'\n') else {
            return Ok(None);
        };
        let line = arrived.split_to(end + 1);
        let line = std::str::from_utf8(&line).map_err(|_| NotTheProtocol)?;
        let (word, text) = line
            .trim_end()
            .split_once(' ')
            .unwrap_or((line.trim_end(), ""));
        Ok(Some(Command {
            word: word.into(),
            text: text.into(),
            parts: text.split(' ').map(str::to_owned).collect(),
            ..Command::default()
        }))
    }

    fn answer(&mut self, command: &Command, auth: Option<AuthFault>) -> Vec<u8> {
        if auth.is_some() {
            return self.refusal(403, "not on this quay");
        }
        let parts: Vec<&str> = command.parts.iter().map(String::as_str).collect();
        let answer = match (command.word.as_str(), parts.as_slice()) {
            ("whoami", _) => json!({ "name": "harbor master" }),
            ("list", [user, at]) => {
                let at = at.parse().unwrap_or(0);
                let listed = self.0.with(|all| all.clone());
                let of_user = |one: &Value| *user == "*" || one["user"] == *user;
                let all: Vec<Value> = listed.into_iter().filter(of_user).collect();
                let page: Vec<&Value> = all.iter().skip(at).take(PAGE).collect();
                let next = (at + PAGE < all.len()).then_some(at + PAGE);
                json!({ "sessions": page, "next": next })
            }
            ("get", [id]) => {
                let all = self.0.with(|all| all.clone());
                let found: Vec<Value> = all.into_iter().filter(|one| is(one, id)).collect();
                json!({ "sessions": found })
            }
            ("end", [id])
                if self
                    .0
                    .with(|all| all.iter().any(|one| is(one, id) && of_another(one))) =>
            {
                return self.refusal(403, "only its owner cuts a link");
            }
            ("end", [id]) if self.0.end(id) => json!({ "ended": true }),
            ("end", _) => return self.refusal(404, "no such session"),
            _ => return self.refusal(400, "no such command"),
        };
        answer.to_string().into_bytes()
    }

    fn refusal(&self, code: u16, text: &str) -> Vec<u8> {
        json!({ "error": code, "text": text })
            .to_string()
            .into_bytes()
    }

    fn framed(&self, content: &[u8]) -> Vec<u8> {
        [content, b"\n"].concat()
    }

    fn is_over(&self) -> bool {
        true
    }
}
