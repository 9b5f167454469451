//! The two messages of the protocol (Protocol Buffers, package `comm` of the server), and their frames: the
//! length of the body in four bytes, the largest first, and the body. The answer to a question is the next
//! one: nothing in it names the question.

use std::fmt;
use std::io;

use prost::Message;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest answer that is read, in bytes. Those that usher asks for have some hundred.
const LONGEST: u32 = 64 * 1024;
/// Bytes of the length before a body.
const PREFIX: u64 = 4;

/// What a client sends.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct Command {
    /// Its name.
    #[prost(string, tag = "1")]
    pub(super) command: String,
    /// Its arguments; those of a sign-in are the user and the password.
    #[prost(string, repeated, tag = "2")]
    pub(super) args: Vec<String>,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({})", self.command)
    }
}

/// What the server answers.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Response {
    /// The id of the session. Empty where a sign-in is refused.
    #[prost(string, tag = "1")]
    pub(super) client_id: String,
    /// Empty for an answer. Otherwise it is a message to subscribers, which nobody asked for.
    #[prost(string, tag = "2")]
    pub(super) topic: String,
    /// `Ok` or `Error`.
    #[prost(string, tag = "3")]
    pub(super) status: String,
    /// Text, UTF-8.
    #[prost(bytes = "vec", tag = "4")]
    pub(super) result: Vec<u8>,
}

/// Why no answer could be read.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The connection failed.
    Io(io::Error),
    /// The connection ended after this many of so many bytes.
    Ended(u64, u64),
    /// The answer is longer than any that was asked for.
    TooLong(u32),
    /// It is no message.
    Odd(String),
}

impl Command {
    /// A command without arguments.
    pub(super) fn new(name: &str) -> Self {
        Self {
            command: name.to_owned(),
            args: Vec::new(),
        }
    }

    /// The sign-in: with nothing where the server asks for no user.
    pub(super) fn sign_in(login: Option<(&str, &str)>) -> Self {
        let args = login.map(|(user, password)| vec![user.to_owned(), password.to_owned()]);
        Self {
            command: "auth".to_owned(),
            args: args.unwrap_or_default(),
        }
    }

    /// The command in its frame.
    pub(super) fn frame(&self) -> Vec<u8> {
        let body = self.encode_to_vec();
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        [&length.to_be_bytes(), body.as_slice()].concat()
    }
}

/// Reads the next answer; messages to subscribers are passed over. May be dropped at any await; then the rest
/// of the stream is of no use.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Response, NoAnswer> {
    loop {
        let prefix = part(stream, PREFIX).await?;
        let prefix = prefix.first_chunk::<4>().copied().unwrap_or_default();
        let length = u32::from_be_bytes(prefix);
        if length > LONGEST {
            return Err(NoAnswer::TooLong(length));
        }
        let body = part(stream, length.into()).await?;
        let response = Response::decode(body.as_slice());
        let response = response.map_err(|error| NoAnswer::Odd(error.to_string()))?;
        if response.topic.is_empty() {
            return Ok(response);
        }
    }
}

/// Reads so many bytes, and not one more.
async fn part(stream: &mut (impl AsyncRead + Unpin), length: u64) -> Result<Vec<u8>, NoAnswer> {
    let mut bytes = Vec::new();
    let read = stream.take(length).read_to_end(&mut bytes).await;
    read.map_err(NoAnswer::Io)?;
    let got = bytes.len() as u64;
    if got == length {
        Ok(bytes)
    } else {
        Err(NoAnswer::Ended(got, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_shows_in_debug() {
        let shown = format!("{:?}", Command::sign_in(Some(("admin", "s3cret"))));

        assert_eq!(shown, "Command(auth)");
    }

    #[tokio::test]
    async fn an_answer_is_found_behind_messages_to_subscribers() {
        let push = Response {
            topic: "t".into(),
            status: "Ok".into(),
            result: b"{\"a\":1}".to_vec(),
            ..Response::default()
        };
        let answer = Response {
            status: "Ok".into(),
            ..Response::default()
        };
        let mut bytes = Vec::new();
        for message in [&push, &push, &answer] {
            let body = message.encode_to_vec();
            bytes.extend((body.len() as u32).to_be_bytes());
            bytes.extend(body);
        }

        assert_eq!(read(&mut bytes.as_slice()).await.unwrap(), answer);
    }

    #[tokio::test]
    async fn a_frame_that_is_cut_or_too_long_is_told_with_its_numbers() {
        for (bytes, told) in [
            (&b""[..], "Ended(0, 4)"),
            (b"\0\0", "Ended(2, 4)"),
            (b"\0\0\0\x09\x0a\x02", "Ended(2, 9)"),
            (b"\xff\xff\xff\xff", "TooLong(4294967295)"),
            (b"\0\x01\0\x01", "TooLong(65537)"),
        ] {
            let mut stream = bytes;

            let error = read(&mut stream).await.unwrap_err();

            assert_eq!(format!("{error:?}"), told, "{bytes:02x?}");
        }
    }
}
