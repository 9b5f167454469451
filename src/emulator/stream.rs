//! Systems that speak a protocol of their own over a byte stream, with the same faults as HTTP.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::fault::{Action, AuthFault, Operation, Orders};
use super::journal::{JournalEntry, fingerprint};
use super::server::{Service, pause_for};
use super::system::Emulated;
use super::wire::Wire;

/// A protocol of commands and answers over TCP or TLS.
pub trait Protocol: Send + Sync {
    /// Begins to talk with a new client, whose address this is.
    fn connect(&self, peer: SocketAddr) -> Box<dyn Conversation>;
}

/// One connection of a [`Protocol`]. Everything that it sends goes through the faults.
pub trait Conversation: Send {
    /// The first words of the server, framed. Empty: it waits for the client.
    fn greeting(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Takes the first whole command off what has arrived. `None`: more of it must arrive first.
    ///
    /// # Errors
    /// That can never become a command; the connection is closed.
    fn take(&mut self, arrived: &mut BytesMut) -> Result<Option<Command>, NotTheProtocol>;

    /// The last words of the server, framed, for a client that sends nothing more while a command is due.
    /// Empty: none.
    fn last_words(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Carries a command out. `auth`: how it is to be treated in place of looking at its credential. Gives the
    /// content of the answer, without its frame.
    fn answer(&mut self, command: &Command, auth: Option<AuthFault>) -> Vec<u8>;

    /// The content of an answer that refuses, in the way of this protocol. `code` is a status of HTTP.
    fn refusal(&self, code: u16, text: &str) -> Vec<u8>;

    /// Puts the content of an answer into its frame: a length before it, or a mark behind it.
    fn framed(&self, content: &[u8]) -> Vec<u8>;

    /// True if that is the last answer of this connection.
    fn is_over(&self) -> bool {
        false
    }
}

/// One command of a client.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// The command word.
    pub word: String,
    /// Its arguments as text, for faults and the journal. Keep secrets out of it.
    pub text: String,
    /// Single arguments: ids of sessions above all.
    pub parts: Vec<String>,
    /// The credential of the sender. `None`: the command carries none.
    pub credential: Option<Vec<u8>>,
    /// The command as the protocol has it.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Command({} {})", self.word, self.text)
    }
}

/// Bytes that are no command and never will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotTheProtocol;

/// Serves the connections of a system by its protocol.
pub struct StreamService {
    system: Arc<dyn Emulated>,
    protocol: Arc<dyn Protocol>,
}

impl StreamService {
    /// The connections of this system.
    pub fn new(system: Arc<dyn Emulated>, protocol: Arc<dyn Protocol>) -> Self {
        StreamService { system, protocol }
    }

    fn orders(&self, command: &Command) -> Orders {
        let shared = self.system.shared();
        shared.journal.add(JournalEntry {
            time_ms: shared.now_ms(),
            method: command.word.clone(),
            words: Vec::new(),
            path: command.text.clone(),
            query: None,
            headers: Vec::new(),
            credential: command.credential.as_deref().map(fingerprint),
        });
        let operation = Operation {
            system: shared.options.system.word(),
            word: &command.word,
            words: &[],
            text: &command.text,
            parts: &command.parts,
        };
        Orders::of(&*self.system, operation)
    }

    /// Answers one command. `Break`: the connection ends; an error: it is broken.
    async fn answer(
        &self,
        wire: &mut Wire,
        talk: &mut dyn Conversation,
        command: &Command,
    ) -> std::io::Result<ControlFlow<()>> {
        let orders = self.orders(command);
        pause_for(orders.before_head).await;
        let pause = orders.before_body;
        match orders.end {
            None => {
                let answer = framed_answer(talk, command, orders.auth);
                send(wire, &answer, pause).await?;
            }
            Some(Action::Status { code, body, .. }) => {
                let refusal = talk.refusal(code, &body);
                send(wire, &talk.framed(&refusal), pause).await?;
            }
            Some(Action::Garbage { kind }) => {
                let real = if kind.needs_answer() {
                    talk.answer(command, orders.auth)
                } else {
                    Vec::new()
                };
                send(wire, &talk.framed(&kind.body(&real)), pause).await?;
            }
            Some(Action::Oversize { bytes }) => {
                send(wire, &talk.framed(&vec![b' '; bytes]), pause).await?;
            }
            Some(Action::Close { after_bytes, .. }) => {
                let answer = framed_answer(talk, command, orders.auth);
                send(wire, &answer[..after_bytes.min(answer.len())], pause).await?;
                return Ok(ControlFlow::Break(()));
            }
            Some(Action::Reset { after_bytes: 0 }) => return reset(wire, 0, &[]).await,
            Some(Action::Reset { after_bytes }) => {
                let answer = framed_answer(talk, command, orders.auth);
                return reset(wire, after_bytes, &answer).await;
            }
            Some(Action::LostAck {}) => {
                talk.answer(command, orders.auth);
                return reset(wire, 0, &[]).await;
            }
            Some(Action::Refuse { ms }) => {
                self.system.shared().refuse(Duration::from_millis(ms));
                silence(wire).await;
            }
            Some(Action::Hang {} | Action::Delay(_) | Action::Auth(_)) => silence(wire).await,
        }
        Ok(if talk.is_over() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }

    async fn talk(&self, wire: &mut Wire) -> std::io::Result<()> {
        let mut talk = self.protocol.connect(wire.peer()?);
        let mut arrived = BytesMut::new();
        wire.write_all(&talk.greeting()).await?;
        loop {
            match talk.take(&mut arrived) {
                Ok(Some(command)) => {
                    if self.answer(wire, &mut *talk, &command).await?.is_break() {
                        break;
                    }
                }
                Ok(None) => {
                    if wire.read_buf(&mut arrived).await? == 0 {
                        wire.write_all(&talk.last_words()).await?;
                        break;
                    }
                }
                Err(NotTheProtocol) => break,
            }
        }
        wire.shutdown().await
    }
}

#[async_trait]
impl Service for StreamService {
    async fn serve(&self, mut wire: Wire) {
        // An error is a client that went away, or a fault: both are normal.
        let _ = self.talk(&mut wire).await;
    }
}

fn framed_answer(
    talk: &mut dyn Conversation,
    command: &Command,
    auth: Option<AuthFault>,
) -> Vec<u8> {
    let content = talk.answer(command, auth);
    talk.framed(&content)
}

/// Sends with a pause after the first byte, which stands for the head.
async fn send(wire: &mut Wire, bytes: &[u8], pause: Duration) -> std::io::Result<()> {
    let head = if pause.is_zero() {
        0
    } else {
        bytes.len().min(1)
    };
    wire.write_all(&bytes[..head]).await?;
    pause_for(pause).await;
    wire.write_all(&bytes[head..]).await?;
    wire.flush().await
}

/// Lets the connection break after so many bytes of the answer, or behind it.
async fn reset(
    wire: &mut Wire,
    after_bytes: u64,
    answer: &[u8],
) -> std::io::Result<ControlFlow<()>> {
    wire.cut().reset_after(after_bytes);
    wire.write_all(answer).await?;
    // Shutting down an armed connection breaks it.
    Ok(ControlFlow::Break(()))
}

/// Never answers; ends when the client does.
async fn silence(wire: &mut Wire) {
    let mut ignored = [0; 1024];
    while matches!(wire.read(&mut ignored).await, Ok(1..)) {}
}

#[cfg(test)]
mod tests;
