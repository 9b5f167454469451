//! Peers that send too little, too slowly, too much or something else: told within the limit, by class.

use std::time::{Duration, Instant};

use super::peer::{Answer, Peer};
use super::vectors::{self, ID, answer, bytes};
use super::{admin, profile};
use crate::client::open;

/// Oddities in the place of an answer, with the class of the error and a part of its text.
pub fn oddities() -> Vec<(&'static str, Answer, &'static str, &'static str)> {
    let whole = bytes(vectors::SESSION_IS);
    let half = whole[..60].to_vec();
    let huge = b"\xff\xff\xff\xff".to_vec();
    let html = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec();
    let latin = answer(ID, "Ok", b"{\"session_id\":\"\xfc\"}");
    let waits = "did not answer within";
    vec![
        (
            "a byte a second",
            Answer::Drip(whole.clone()),
            "timeout",
            waits,
        ),
        (
            "half a frame",
            Answer::Stall(half.clone()),
            "timeout",
            waits,
        ),
        ("nothing", Answer::Stall(Vec::new()), "timeout", waits),
        (
            "4 GiB",
            Answer::Stall(huge),
            "unexpected",
            "announces 4,294,967,295 bytes",
        ),
        (
            "HTTP",
            Answer::Send(html),
            "unexpected",
            "this may be another protocol",
        ),
        (
            "half a frame, closed",
            Answer::Close(half),
            "broken",
            "after 56 of 233 bytes",
        ),
        (
            "no UTF-8",
            Answer::Send(latin),
            "unexpected",
            "its text is not UTF-8",
        ),
        (
            "no message",
            Answer::Send(b"\0\0\0\x03\xff\xff\xff".to_vec()),
            "unexpected",
            "the answer to",
        ),
        (
            "an empty frame",
            Answer::Send(vec![0; 4]),
            "unexpected",
            "neither Ok nor Error",
        ),
    ]
}

#[tokio::test]
async fn whatever_comes_in_place_of_a_session_is_an_error_within_the_limit() {
    let run = oddities()
        .into_iter()
        .map(|(what, odd, class, part)| async move {
            let peer = Peer::after_sign_in(odd).await;
            let mut profile = profile(peer.port, Some(("admin", "s3cret")));
            profile.timeout = Duration::from_secs(1);
            let begun = Instant::now();

            let error = open(&profile).whoami().await.expect_err(what);

            assert_eq!(error.class(), class, "{what}: {error}");
            assert!(error.to_string().contains(part), "{what}: {error}");
            // One that breaks off is tried three times more.
            assert!(begun.elapsed() < Duration::from_secs(3), "{what}");
        });
    futures_util::future::join_all(run).await;
}

#[tokio::test]
async fn whatever_comes_in_place_of_a_sign_in_is_an_error_within_the_limit() {
    let run = oddities()
        .into_iter()
        .map(|(what, odd, class, _)| async move {
            let peer = Peer::start(move |_, _| odd.clone()).await;
            let begun = Instant::now();

            let error = admin(peer.port).whoami().await.expect_err(what);

            assert_eq!(error.class(), class, "{what}: {error}");
            assert!(begun.elapsed() < Duration::from_secs(4), "{what}");
        });
    futures_util::future::join_all(run).await;
}
