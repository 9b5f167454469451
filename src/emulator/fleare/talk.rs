//! One connection: frames, the sign-in, and the commands after it.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use serde_json::json;

use super::FleareServer;
use super::proto::{BadRequest, Request, response};
use super::sessions::{Session, as_go_writes, time};
use crate::emulator::fault::AuthFault;
use crate::emulator::shared::lock;
use crate::emulator::stream::{Command, Conversation, NotTheProtocol};

/// The longest body of a request that the server reads.
const LONGEST_BODY: usize = 10 * 1024 * 1024;
/// The length before a body.
const PREFIX: usize = 4;

// Why a sign-in is refused, as the server says it after "ConnectionFailed: ".
pub(super) const WRONG_PASSWORD: &str =
    "The username or password you entered is incorrect. Please try again with valid credentials.";
pub(super) const NOTHING_GIVEN: &str =
    "failed to authenticate, please ensure your username and password are provided";
pub(super) const AUTH_IS_OFF: &str = "it looks like you entered a username or password but the server isn’t using authentication right now";
pub(super) const NO_ROOT: &str = "user not found root";
const WRONG_COUNT: &str = "invalid arguments";
const WRONG_LENGTH: &str = "invalid authentication data provided";
const NO_COMMAND: &str = "invalid data format";
const NOTHING_SENT: &str = "empty auth request";

// Two errors that the vendor documents. No version of the server whose source is known sends them.
const NOT_SIGNED_IN: &str = "unauthorized or session not found";
const SERVER_FAULT: &str = "internal server error";

/// The words of faults and of the journal for what is not a command that the server knows by name.
const SIGN_IN: &str = "auth";
const MALFORMED: &str = "malformed";

/// A frame that has arrived.
#[derive(Default)]
enum Frame {
    /// Its length is none that the server reads.
    #[default]
    BadLength,
    /// What its body says.
    Body(Result<Request, BadRequest>),
}

/// A connection and how far it has come.
pub(super) struct Talk {
    server: Arc<FleareServer>,
    peer: SocketAddr,
    /// Its session once it has signed in.
    session: Option<Session>,
    /// What arrived last, until it is answered.
    frame: Frame,
    is_over: bool,
}

impl Talk {
    /// A connection that has sent nothing yet.
    pub(super) fn new(server: Arc<FleareServer>, peer: SocketAddr) -> Self {
        Talk {
            server,
            peer,
            session: None,
            frame: Frame::default(),
            is_over: false,
        }
    }

    /// The first frame is the sign-in, whatever command it names.
    fn sign_in(&mut self, refused: bool) -> Vec<u8> {
        match self.user(refused) {
            Ok((name, role)) => {
                let now_ms = self.server.shared.now_ms();
                let mut sessions = lock(&self.server.sessions);
                let session = sessions.add(self.peer, &name, &role, now_ms);
                drop(sessions);
                let answer = response(&session.id, "Ok", b"Connected");
                self.session = Some(session);
                answer
            }
            Err(why) => {
                self.is_over = true;
                refused_sign_in(why)
            }
        }
    }

    /// Name and role of the user who signs in, or why nobody does.
    fn user(&self, refused: bool) -> Result<(String, String), &'static str> {
        let Frame::Body(body) = &self.frame else {
            return Err(WRONG_LENGTH);
        };
        let request = body.as_ref().map_err(|_| NO_COMMAND)?;
        let (name, password) = match request.args.as_slice() {
            [] => ("", ""),
            [name, password] => (name.as_str(), password.as_str()),
            _ => return Err(WRONG_COUNT),
        };
        if refused {
            return Err(WRONG_PASSWORD);
        }
        let user = self.server.sign_in(name, password)?;
        Ok((user.name.clone(), user.role.clone()))
    }

    fn id(&self) -> &str {
        self.session.as_ref().map_or("", |session| &session.id)
    }

    /// The answer to a command of somebody who has signed in.
    fn carry_out(&self, session: &Session) -> Vec<u8> {
        let request = match &self.frame {
            Frame::Body(Ok(request)) => request,
            Frame::Body(Err(BadRequest::Text)) => {
                return self.error("invalid command format: string field contains invalid UTF-8");
            }
            Frame::Body(Err(BadRequest::Wire)) | Frame::BadLength => {
                // The blank is one that does not break lines: the library does that in half of its builds.
                return self.error(
                    "invalid command format: proto:\u{a0}cannot parse invalid wire-format data",
                );
            }
        };
        let result = match request.name.to_uppercase().as_str() {
            "SESSION" => session.json(),
            "PING" => format!("PONG {}", request.args.join(" ")),
            "STATUS" => self.status(),
            _ => {
                return self.error(&format!(
                    "InvalidCommandError: The system could not process your request due to an \
                     unrecognized command input -> \"{}\"",
                    request.name
                ));
            }
        };
        response(self.id(), "Ok", result.as_bytes())
    }

    /// Errors after the sign-in end with a line break.
    fn error(&self, why: &str) -> Vec<u8> {
        response(self.id(), "Error", format!("{why}\n").as_bytes())
    }

    fn status(&self) -> String {
        let shard = |number: u8| {
            json!({
                "ID": number.to_string(),
                "host_address": "localhost:9291",
                "key_length": 0,
                "name": format!("Shard {number}"),
                "total_size": "8 bytes",
            })
        };
        let now_ns = self.server.shared.now_ms().saturating_mul(1_000_000);
        let status = json!({
            "server_status": "running",
            "shard_info": { "0": shard(0), "1": shard(1), "shard_count": 2 },
            // The time now, whatever its name says.
            "up_time": time(now_ns),
        });
        as_go_writes(&status.to_string())
    }
}

fn refused_sign_in(why: &str) -> Vec<u8> {
    response("", "Error", format!("ConnectionFailed: {why}").as_bytes())
}

impl Conversation for Talk {
    fn take(&mut self, arrived: &mut BytesMut) -> Result<Option<Command>, NotTheProtocol> {
        let Some(prefix) = arrived.first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_be_bytes(*prefix)).map_err(|_| NotTheProtocol)?;
        let is_signed_in = self.session.is_some();
        if !(1..=LONGEST_BODY).contains(&length) {
            if is_signed_in {
                return Err(NotTheProtocol);
            }
            arrived.clear();
            self.frame = Frame::BadLength;
            return Ok(Some(command(SIGN_IN, None, Vec::new())));
        }
        if arrived.len() < PREFIX + length {
            return Ok(None);
        }
        arrived.advance(PREFIX);
        let body = arrived.split_to(length).to_vec();
        let request = Request::read(&body);
        let taken = match &request {
            _ if !is_signed_in => command(SIGN_IN, request.as_ref().ok(), body),
            Ok(request) => Command {
                word: request.name.to_uppercase(),
                text: request.args.join(" "),
                parts: request.args.clone(),
                credential: None,
                body,
            },
            Err(_) => command(MALFORMED, None, body),
        };
        self.frame = Frame::Body(request);
        Ok(Some(taken))
    }

    fn last_words(&mut self) -> Vec<u8> {
        if self.session.is_some() {
            return Vec::new();
        }
        self.framed(&refused_sign_in(NOTHING_SENT))
    }

    fn answer(&mut self, _command: &Command, auth: Option<AuthFault>) -> Vec<u8> {
        let refused = auth == Some(AuthFault::RefuseAlways {});
        match &self.session {
            None => self.sign_in(refused),
            Some(_) if refused => self.error(NOT_SIGNED_IN),
            Some(session) => self.carry_out(session),
        }
    }

    fn refusal(&self, code: u16, text: &str) -> Vec<u8> {
        let why = match (text, code) {
            ("", 401) => NOT_SIGNED_IN,
            ("", _) => SERVER_FAULT,
            _ => text,
        };
        match self.session {
            Some(_) => self.error(why),
            None => refused_sign_in(why),
        }
    }

    fn framed(&self, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
        [&length.to_be_bytes(), content].concat()
    }

    fn is_over(&self) -> bool {
        self.is_over
    }
}

/// A frame of which only a sign-in may be known: the name of its user, and its password as the credential.
fn command(word: &str, sign_in: Option<&Request>, body: Vec<u8>) -> Command {
    let (user, password) = match sign_in.map(|request| request.args.as_slice()) {
        Some([user, password]) => (user.clone(), Some(password.clone().into_bytes())),
        _ => (String::new(), None),
    };
    Command {
        word: word.to_owned(),
        parts: Vec::new(),
        text: user,
        credential: password,
        body,
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        if let Some(session) = &self.session {
            lock(&self.server.sessions).remove(&session.id);
        }
    }
}
