//! Faults that hold up or break the connection, as a client sees them.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::faults::set;
use super::http::{address, ask_raw, take_apart};
use super::sessions::full_row;
use super::*;

const LIMIT: Duration = Duration::from_secs(5);

/// The raw bytes that came before the end of the connection, or why it broke.
async fn raw(emulator: &Running, method: &str, path: &str) -> Result<Vec<u8>, ErrorKind> {
    let bearer = format!("Bearer {}", emulator.auth().token);
    let headers = [("Authorization", bearer.as_str())];
    let target = format!("{SESSION}{path}");
    ask_raw(emulator.url(), method, &target, &headers, "")
        .await
        .map_err(|e| e.kind())
}

#[tokio::test]
async fn delay_waits_before_the_head() {
    let emulator = running(fixed()).await;
    set(&emulator, r#"{"action":"delay","ms_min":60,"ms_max":70}"#);
    let begun = Instant::now();

    let answer = api(&emulator, "GET", "/search").await;

    assert_eq!(answer.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn delay_at_the_body_lets_the_head_through_first() {
    let emulator = running(fixed()).await;
    set(&emulator, r#"{"action":"delay","ms":60000,"where":"body"}"#);
    let mut stream = TcpStream::connect(address(emulator.url()))
        .await
        .expect("a connection");
    let request = format!(
        "GET {SESSION}/search HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        emulator.auth().token
    );
    stream.write_all(request.as_bytes()).await.expect("sent");

    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = tokio::time::timeout(LIMIT, stream.read_u8())
            .await
            .expect("in time");
        head.push(byte.expect("a byte"));
    }

    assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n"));
    let more = tokio::time::timeout(Duration::from_millis(50), stream.read_u8()).await;
    assert!(more.is_err(), "the body came at once");
}

#[tokio::test]
async fn delay_at_accept_holds_up_new_connections() {
    let emulator = running(fixed()).await;
    set(
        &emulator,
        r#"{"times":1,"action":"delay","ms":60,"where":"accept"}"#,
    );
    let begun = Instant::now();

    let answer = api(&emulator, "GET", "/search").await;

    assert_eq!(answer.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn hang_never_answers_but_others_are_served() {
    let emulator = running(fixed()).await;
    set(&emulator, r#"{"times":1,"action":"hang"}"#);

    let hung =
        tokio::time::timeout(Duration::from_millis(100), api(&emulator, "GET", "/search")).await;

    assert!(hung.is_err());
    assert_eq!(api(&emulator, "GET", "/search").await.status, 200);
    assert_eq!(emulator.journal().len(), 2);
    tokio::time::timeout(LIMIT, emulator.stop())
        .await
        .expect("stops in time");
}

#[tokio::test]
async fn closed_body_is_shorter_than_its_length_says() {
    let emulator = running(fixed()).await;
    set(
        &emulator,
        r#"{"action":"close","after_bytes":100,"framing":"length"}"#,
    );

    let bytes = raw(&emulator, "GET", "/search")
        .await
        .expect("closed, not reset");

    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    assert_eq!(body.len(), 100);
    let promised = head.to_lowercase();
    let promised = promised
        .lines()
        .find_map(|l| l.strip_prefix("content-length: "));
    assert!(
        promised
            .and_then(|n| n.parse::<usize>().ok())
            .is_some_and(|n| n > 1_000)
    );
}

#[tokio::test]
async fn closed_chunked_body_has_no_last_chunk() {
    let emulator = running(fixed()).await;
    set(
        &emulator,
        r#"{"action":"close","after_bytes":100,"framing":"chunked"}"#,
    );

    let bytes = raw(&emulator, "GET", "/search")
        .await
        .expect("closed, not reset");

    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    assert!(text.contains("transfer-encoding: chunked"), "{text}");
    assert!(text.contains("\r\n64\r\n"), "{text}");
    assert!(!text.ends_with("0\r\n\r\n"));
    assert!(take_apart(&bytes).is_err());
}

#[tokio::test]
async fn even_an_empty_body_can_be_cut() {
    let emulator = running(fixed()).await;
    set(&emulator, r#"{"action":"close"}"#);

    let bytes = raw(&emulator, "DELETE", "/sid/x")
        .await
        .expect("closed, not reset");

    assert!(bytes.starts_with(b"HTTP/1.1 404"));
    assert!(take_apart(&bytes).is_err());
}

#[tokio::test]
async fn reset_comes_after_so_many_bytes() {
    let emulator = running(fixed()).await;
    set(&emulator, r#"{"action":"reset","after_bytes":40}"#);
    let mut stream = TcpStream::connect(address(emulator.url()))
        .await
        .expect("a connection");
    let request = format!(
        "GET {SESSION}/search HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        emulator.auth().token
    );
    stream.write_all(request.as_bytes()).await.expect("sent");

    let mut bytes = [0; 1_000];
    let mut got = 0;
    let error = loop {
        match stream.read(&mut bytes[got..]).await {
            Ok(0) => panic!("closed, not reset"),
            Ok(count) => got += count,
            Err(error) => break error.kind(),
        }
    };

    assert_eq!((got, error), (40, ErrorKind::ConnectionReset));
    assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn reset_before_the_status_line_carries_nothing_out() {
    let emulator = running(fixed()).await;
    emulator.world().add(&full_row());
    set(&emulator, r#"{"action":"reset","after_bytes":0}"#);

    let broken = raw(
        &emulator,
        "DELETE",
        "/sid/c190667e-a186-421d-8679-420e82615a38",
    )
    .await;

    assert_eq!(broken, Err(ErrorKind::ConnectionReset));
    assert_eq!(emulator.world().count(), 241);
}

#[tokio::test]
async fn lost_answer_leaves_the_session_deleted() {
    let emulator = running(fixed()).await;
    emulator.world().add(&full_row());
    set(&emulator, r#"{"action":"lost_ack"}"#);

    let broken = raw(
        &emulator,
        "DELETE",
        "/sid/c190667e-a186-421d-8679-420e82615a38",
    )
    .await;

    assert_eq!(broken, Err(ErrorKind::ConnectionReset));
    assert_eq!(emulator.world().count(), 240);
}

#[tokio::test]
async fn refusal_closes_the_port_for_a_while_and_keeps_the_world() {
    let emulator = running(fixed()).await;
    set(&emulator, r#"{"times":1,"action":"refuse","ms":150}"#);
    let begun = Instant::now();

    let broken = raw(&emulator, "GET", "/search").await;
    let refused = TcpStream::connect(address(emulator.url()))
        .await
        .map(|_| ())
        .map_err(|e| e.kind());

    assert!(broken.is_err() || broken.is_ok_and(|bytes| bytes.is_empty()));
    assert_eq!(refused, Err(ErrorKind::ConnectionRefused));
    while TcpStream::connect(address(emulator.url())).await.is_err() {
        assert!(begun.elapsed() < LIMIT, "the port did not come back");
        tokio::task::yield_now().await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(150));
    assert_eq!(api(&emulator, "GET", "/search").await.status, 200);
}

/// One answer of a connection that stays open.
async fn next_answer(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while take_apart(&bytes).is_err() {
        let byte = tokio::time::timeout(LIMIT, stream.read_u8()).await;
        bytes.push(byte.expect("in time").expect("a byte"));
    }
    bytes
}

#[tokio::test]
async fn connection_stays_usable_after_an_answer_by_fault() {
    let emulator = running(fixed()).await;
    set(
        &emulator,
        r#"{"times":1,"action":"status","code":503,"body":"x"}"#,
    );
    let mut stream = TcpStream::connect(address(emulator.url()))
        .await
        .expect("a connection");
    let body = "x".repeat(100_000);
    let request = format!(
        "POST /jans-auth/restv1/revoke HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );

    let mut statuses = Vec::new();
    for _ in 0..2 {
        stream.write_all(request.as_bytes()).await.expect("sent");
        let answer = take_apart(&next_answer(&mut stream).await).expect("whole");
        statuses.push(answer.status);
    }

    assert_eq!(statuses, [503, 401]);
}
