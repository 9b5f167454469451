//! The emulator against given bytes.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use usher::emulator::Running;
use usher::emulator::fleare::FleareServer;

use super::vectors::{self, BEGAN_MS, ID, answer, bytes};
use super::{options, port, until};
use crate::running;

/// An emulator whose clock stands where that of the captures stood.
async fn emulator(enable_auth: bool) -> Running {
    running(usher::emulator::Options {
        now: Some(BEGAN_MS),
        ..options(enable_auth)
    })
    .await
}

struct Client(TcpStream);

impl Client {
    async fn of(emulator: &Running) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port(emulator))).await;
        Self(stream.expect("it listens"))
    }

    /// Signed in, with the id of its session.
    async fn signed_in(emulator: &Running) -> (Self, String) {
        let mut client = Self::of(emulator).await;
        client.send(&sign_in(emulator)).await;
        let answer = client.frame().await.expect("an answer");
        assert!(
            answer.ends_with(b"\x1a\x02Ok\x22\x09Connected"),
            "{answer:02x?}"
        );
        let id = format!("7-{}", client.0.local_addr().expect("an address"));
        (client, id)
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("it takes it");
    }

    /// The next frame. `None`: the server has closed.
    async fn frame(&mut self) -> Option<Vec<u8>> {
        let mut frame = vec![0; 4];
        self.0.read_exact(&mut frame).await.ok()?;
        let length = u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]);
        frame.resize(4 + length as usize, 0);
        self.0
            .read_exact(&mut frame[4..])
            .await
            .expect("the rest of it");
        Some(frame)
    }

    async fn ask(&mut self, hex: &str) -> Vec<u8> {
        self.send(&bytes(hex)).await;
        self.frame().await.expect("an answer")
    }
}

/// User and password of the emulator, which are not those of the captures.
fn login(emulator: &Running) -> (String, String) {
    let auth: Value = serde_json::from_str(&emulator.json_line()).expect("JSON");
    let text = |name: &str| auth["auth"][name].as_str().expect("a text").to_owned();
    (text("user"), text("password"))
}

fn sign_in(emulator: &Running) -> Vec<u8> {
    let (user, password) = login(emulator);
    request(&["auth", &user, &password])
}

/// A command with its arguments, each shorter than 128 bytes.
fn request(words: &[&str]) -> Vec<u8> {
    let mut body = Vec::new();
    for (number, word) in words.iter().enumerate() {
        body.extend([if number == 0 { 0x0a } else { 0x12 }, word.len() as u8]);
        body.extend_from_slice(word.as_bytes());
    }
    [&(body.len() as u32).to_be_bytes(), body.as_slice()].concat()
}

/// A captured frame with another id in it. All ids have the same length.
fn with_id(hex: &str, old: &str, id: &str) -> Vec<u8> {
    assert_eq!(old.len(), id.len(), "a port with five digits");
    let mut frame = bytes(hex);
    let places = 0..frame.len().saturating_sub(old.len());
    for at in places.collect::<Vec<_>>() {
        if frame[at..].starts_with(old.as_bytes()) {
            frame[at..at + id.len()].copy_from_slice(id.as_bytes());
        }
    }
    frame
}

#[tokio::test]
async fn the_conversation_is_that_of_the_captures_byte_for_byte() {
    let emulator = emulator(true).await;
    let (mut client, id) = Client::signed_in(&emulator).await;

    // The captured session is that of a user "admin"; all else of it is the same.
    let session = client.ask(vectors::SESSION).await;
    let captured = with_id(vectors::SESSION_IS, ID, &id);
    let (user, _) = login(&emulator);
    assert_eq!(
        String::from_utf8_lossy(&session[27..]),
        String::from_utf8_lossy(&captured[27..]).replace("\"admin\"", &format!("\"{user}\""))
    );
    for same in [
        vectors::SESSION_LOWER,
        vectors::SESSION_WITH_ARGS,
        vectors::SESSION_WITH_FIELD_15,
    ] {
        assert_eq!(client.ask(same).await, session, "{same}");
    }
    for (asked, answered) in [
        (vectors::PING, vectors::PONG),
        (vectors::PING_A_B, vectors::PONG_A_B),
        (vectors::WHOAMI, vectors::UNKNOWN_WHOAMI),
        (vectors::AUTH_ROOT, vectors::UNKNOWN_AUTH),
    ] {
        assert_eq!(
            client.ask(asked).await,
            with_id(answered, ID, &id),
            "{asked}"
        );
    }
    let status = client.ask(vectors::STATUS).await;
    let status = String::from_utf8_lossy(&status).into_owned();
    let begin = status.find('{').expect("an object");
    let status: Value = serde_json::from_str(&status[begin..]).expect("JSON");
    assert_eq!(status["server_status"], "running");
    assert_eq!(status["shard_info"]["1"]["name"], "Shard 1");
    assert_eq!(status["up_time"], "2026-11-22T00:19:27.234Z");
}

#[tokio::test]
async fn a_refused_sign_in_has_the_text_of_the_captures_and_ends_the_connection() {
    let emulator = emulator(true).await;
    for (sent, answered) in vectors::REFUSED {
        let mut client = Client::of(&emulator).await;
        client.send(&bytes(sent)).await;
        if sent.is_empty() {
            client.0.shutdown().await.expect("it closes");
        }

        assert_eq!(client.frame().await, Some(bytes(answered)), "{sent}");
        assert_eq!(client.frame().await, None, "{sent}");
    }
    assert!(emulator.emulated::<FleareServer>().ids().is_empty());
}

#[tokio::test]
async fn the_first_frame_is_the_sign_in_whatever_it_names() {
    let emulator = emulator(true).await;
    let (user, password) = login(&emulator);
    let mut client = Client::of(&emulator).await;

    client.send(&request(&["HELLO", &user, &password])).await;

    let answer = client.frame().await.expect("an answer");
    assert!(answer.ends_with(b"Connected"), "{answer:02x?}");
}

#[tokio::test]
async fn without_authentication_everybody_is_root_and_a_password_is_an_error() {
    let emulator = emulator(false).await;
    for nothing in [vectors::AUTH_NOBODY, vectors::AUTH_EMPTY] {
        let mut client = Client::of(&emulator).await;
        let id = format!("7-{}", client.0.local_addr().expect("an address"));
        let expected = with_id(vectors::CONNECTED_NOBODY, vectors::ID_NOBODY, &id);
        assert_eq!(client.ask(nothing).await, expected);
        let session = String::from_utf8_lossy(&client.ask(vectors::SESSION).await).into_owned();
        let root = r#""user":{"Username":"root","Password":"*******","Role":"root"}"#;
        assert!(session.contains(root), "{session}");
        drop(client);
        until(|| emulator.emulated::<FleareServer>().ids().is_empty()).await;
    }
    let mut client = Client::of(&emulator).await;
    assert_eq!(
        client.ask(vectors::AUTH_ROOT).await,
        bytes(vectors::AUTH_IS_OFF)
    );
    assert_eq!(client.frame().await, None);
}

#[tokio::test]
async fn bad_frames_after_the_sign_in_are_answered_or_end_the_connection() {
    let emulator = emulator(true).await;
    let (mut client, id) = Client::signed_in(&emulator).await;
    let no_message = with_id(vectors::NO_MESSAGE_IS, vectors::ID_NO_MESSAGE, &id);
    assert_eq!(client.ask(vectors::NO_MESSAGE).await, no_message);
    let not_utf8 = with_id(vectors::NOT_UTF8_IS, vectors::ID_NOT_UTF8, &id);
    assert_eq!(client.ask(vectors::NOT_UTF8).await, not_utf8);
    let unknown = String::from_utf8_lossy(&client.ask("00000003120178").await).into_owned();
    assert!(unknown.ends_with("-> \"\"\n"), "{unknown}");
    assert_eq!(
        client.ask(vectors::PING).await,
        with_id(vectors::PONG, ID, &id)
    );
    drop(client);

    for ends in ["00000000", vectors::TOO_LONG] {
        until(|| emulator.emulated::<FleareServer>().ids().is_empty()).await;
        let (mut client, _) = Client::signed_in(&emulator).await;
        client.send(&bytes(ends)).await;
        assert_eq!(client.frame().await, None, "{ends}");
    }
}

#[tokio::test]
async fn frames_may_come_in_one_write_or_byte_by_byte() {
    let emulator = emulator(true).await;
    let both = [
        sign_in(&emulator),
        bytes(vectors::PING),
        bytes(vectors::PING_A_B),
    ]
    .concat();
    let mut client = Client::of(&emulator).await;
    client.send(&both).await;
    for end in ["Connected", "PONG ", "PONG a b"] {
        let answer = client.frame().await.expect("an answer");
        assert!(answer.ends_with(end.as_bytes()), "{answer:02x?}");
    }
    for byte in bytes(vectors::PING) {
        client.send(&[byte]).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(client.frame().await.expect("an answer").ends_with(b"PONG "));
}

#[tokio::test]
async fn a_session_is_there_as_long_as_its_connection_and_its_number_comes_again() {
    let emulator = emulator(true).await;
    let server = emulator.emulated::<FleareServer>();
    let (first, id) = Client::signed_in(&emulator).await;
    let mut second = Client::of(&emulator).await;
    second.send(&sign_in(&emulator)).await;
    second.frame().await.expect("an answer");
    let other = format!("9-{}", second.0.local_addr().expect("an address"));
    assert_eq!(server.ids(), [id, other.clone()]);

    drop(first);
    until(|| server.ids() == [other.clone()]).await;
    let (_third, third_id) = Client::signed_in(&emulator).await;

    assert_eq!(server.ids(), [other, third_id]);
}

#[tokio::test]
async fn faults_answer_in_the_way_of_the_protocol() {
    let emulator = emulator(true).await;
    let (mut client, id) = Client::signed_in(&emulator).await;
    for (fault, expected) in [
        (
            r#""action":"status","code":401"#,
            answer(&id, "Error", b"unauthorized or session not found\n"),
        ),
        (
            r#""action":"status","code":500"#,
            answer(&id, "Error", b"internal server error\n"),
        ),
        (
            r#""action":"auth","kind":"401_always""#,
            answer(&id, "Error", b"unauthorized or session not found\n"),
        ),
        (
            r#""action":"garbage","kind":"json_scalar""#,
            b"\0\0\0\x0242".to_vec(),
        ),
        (
            r#""action":"oversize","bytes":3"#,
            b"\0\0\0\x03   ".to_vec(),
        ),
    ] {
        let spec = format!(r#"{{"match":{{"operation":"SESSION"}},{fault}}}"#);
        emulator.set_faults(&[spec]).expect("a good fault");
        assert_eq!(client.ask(vectors::SESSION).await, expected, "{fault}");
    }
    let (user, password) = login(&emulator);
    let journal = format!("{:?}", emulator.journal());
    assert!(
        journal.contains(&user) && !journal.contains(&password),
        "{journal}"
    );
}
