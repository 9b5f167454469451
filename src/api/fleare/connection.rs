//! One connection to a server: signed in from its first frame on, one question at a time.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::error;
use super::wire::{self, Command, NoAnswer, Response};
use crate::api::net::{Connector, clean};
use crate::model::text::with_thousands;
use crate::model::{Acted, ApiError};

/// The longest that a sign-in may take. The server answers at once; while it waits for one client it takes
/// no other.
const SIGN_IN_LIMIT: Duration = Duration::from_secs(5);
/// How long the end of the server's side is awaited.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// The server, as a connection and its errors need it.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// Its name or address, without brackets.
    pub(super) host: String,
    /// Its port.
    pub(super) port: u16,
    /// Host and port, for errors.
    pub(super) named: String,
    /// The longest that a question may take.
    pub(super) limit: Duration,
}

impl Peer {
    /// The connection broke off.
    pub(super) fn broken(&self, why: &str) -> ApiError {
        ApiError::Broken {
            host: self.named.clone(),
            why: clean(why),
            exchange: None,
        }
    }

    /// The answer to a command is not what it should be.
    pub(super) fn odd(&self, command: &str, why: &str) -> ApiError {
        ApiError::Unexpected {
            host: self.named.clone(),
            at: format!("the answer to {command}"),
            why: clean(why),
            near: None,
            exchange: None,
        }
    }

    fn late(&self, after: Duration) -> ApiError {
        ApiError::Timeout {
            host: self.named.clone(),
            after,
            // Questions change nothing.
            acted: Acted::No,
            exchange: None,
        }
    }

    fn no_answer(&self, command: &str, why: NoAnswer) -> ApiError {
        match why {
            NoAnswer::Io(error) => self.broken(&error.to_string()),
            NoAnswer::Ended(0, _) => self.broken("the server closed it"),
            NoAnswer::Ended(got, of) => self.broken(&format!("after {got} of {of} bytes")),
            NoAnswer::TooLong(length) => {
                let length = with_thousands(length.into());
                let why = format!("it announces {length} bytes; this may be another protocol");
                self.odd(command, &why)
            }
            NoAnswer::Odd(why) => self.odd(command, &why),
        }
    }
}

/// A connection that is signed in.
pub(super) struct Connection {
    stream: TcpStream,
    peer: Peer,
    id: String,
    addresses: Option<Addresses>,
}

/// Both ends of a connection, as this machine sees them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    /// Ours.
    pub(super) ours: SocketAddr,
    /// The server's.
    pub(super) theirs: SocketAddr,
}

impl Connection {
    /// Connects and signs in at once. `login`: user and password; `None` where the server asks for none.
    /// May be dropped at any await.
    ///
    /// # Errors
    /// [`ApiError::Auth`] if the sign-in is refused, or any error of a connection.
    pub(super) async fn open(
        connector: &Connector,
        peer: &Peer,
        login: Option<(&str, &str)>,
    ) -> Result<Self, ApiError> {
        let stream = connector.tcp(&peer.host, peer.port).await?;
        let ends = stream.local_addr().ok().zip(stream.peer_addr().ok());
        let mut connection = Self {
            stream,
            addresses: ends.map(|(ours, theirs)| Addresses { ours, theirs }),
            peer: peer.clone(),
            id: String::new(),
        };
        let command = Command::sign_in(login);
        let limit = SIGN_IN_LIMIT.min(peer.limit);
        let answer = connection.exchange(&command, limit).await?;
        let text = connection.text(&answer, "the sign-in")?;
        match answer.status.as_str() {
            "Ok" if !answer.client_id.is_empty() => {
                connection.id = answer.client_id;
                Ok(connection)
            }
            "Ok" => Err(peer.odd("the sign-in", "it names no session")),
            "Error" => Err(error::of_sign_in(&text, &peer.named)),
            other => Err(peer.odd("the sign-in", &unknown_status(other))),
        }
    }

    /// The id of its session.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Both ends. `None`: the system does not tell.
    pub(super) fn addresses(&self) -> Option<Addresses> {
        self.addresses
    }

    /// Asks a command without arguments, and gives the text of its answer. If it fails, or is dropped half
    /// way, the connection must not be used again; after [`ApiError::Server`] it may be.
    ///
    /// # Errors
    /// Any of a connection, or what the server says.
    pub(super) async fn ask(&mut self, command: &str) -> Result<String, ApiError> {
        let limit = self.peer.limit;
        let answer = self.exchange(&Command::new(command), limit).await?;
        let text = self.text(&answer, command)?;
        match answer.status.as_str() {
            "Ok" => Ok(text),
            "Error" => Err(error::of_command(&text, &self.peer.named)),
            other => Err(self.peer.odd(command, &unknown_status(other))),
        }
    }

    /// Ends the session: closes the connection, and waits a moment for the server to close its side.
    pub(super) async fn close(mut self) {
        // An error means that it is closed already.
        let _ = self.stream.shutdown().await;
        let mut rest = [0; 512];
        let end = async { while matches!(self.stream.read(&mut rest).await, Ok(1..)) {} };
        let _ = timeout(CLOSE_LIMIT, end).await;
    }

    /// One limit for the whole exchange: a server that sends a byte a second does not prolong it.
    async fn exchange(&mut self, command: &Command, limit: Duration) -> Result<Response, ApiError> {
        let (peer, stream) = (&self.peer, &mut self.stream);
        let talk = async {
            let sent = stream.write_all(&command.frame()).await;
            sent.map_err(NoAnswer::Io)?;
            wire::read(stream).await
        };
        match timeout(limit, talk).await {
            Ok(answer) => answer.map_err(|why| peer.no_answer(name_of(command), why)),
            Err(_) => Err(peer.late(limit)),
        }
    }

    fn text(&self, answer: &Response, command: &str) -> Result<String, ApiError> {
        let text = std::str::from_utf8(&answer.result);
        let text = text.map_err(|_| self.peer.odd(command, "its text is not UTF-8"))?;
        Ok(text.to_owned())
    }
}

fn name_of(command: &Command) -> &str {
    match command.command.as_str() {
        "auth" => "the sign-in",
        name => name,
    }
}

fn unknown_status(status: &str) -> String {
    format!("its status is neither Ok nor Error but \"{status}\"")
}
