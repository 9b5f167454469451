//! Ending sessions.

use usher::model::{ApiError, Outcome, SessionKey, Subject, Untrusted};

use super::peer::{Peer, World, session, user};
use super::{client, profile};
use crate::client::open;
use crate::scripted::{Scripted, answer};

fn key(text: &str) -> SessionKey {
    SessionKey::new(text)
}

#[tokio::test]
async fn one_session_is_ended_by_its_id_with_or_without_its_user() {
    let mut world = World::default();
    user(&mut world, 1, 3);
    let peer = Peer::start(world).await;
    let keys = [
        key("user_0001/session_0001_000"),
        key("session_0001_001"),
        key("user_0001/session_0001_000"),
    ];

    let outcomes = client(&peer).revoke(&keys).await.unwrap();

    let words: Vec<&str> = outcomes.iter().map(Outcome::word).collect();
    assert_eq!(words, ["revoked", "revoked", "not_found"]);
    let heard = peer.server.heard();
    assert_eq!(heard[0].body, r#"{"session_id":"session_0001_000"}"#);
    let keys: Vec<_> = heard
        .iter()
        .map(|one| one.header("idempotency-key").unwrap())
        .collect();
    assert!(keys[0].len() == 32 && keys[0] != keys[1], "{keys:?}");
}

#[tokio::test]
async fn answers_about_a_session_that_has_ended_are_told_from_refusals() {
    for (status, body, outcome) in [
        (
            "400 Bad Request",
            r#"{"message":"Session not active"}"#,
            "not_found",
        ),
        (
            "400 Bad Request",
            r#"{"message":"Session already revoked"}"#,
            "not_found",
        ),
        (
            "404 Not Found",
            r#"{"code":"entity_not_found","message":"Session not found: 'x'."}"#,
            "not_found",
        ),
        ("404 Not Found", "", "not_found"),
        ("404 Not Found", r#"{"message":"Not Found"}"#, "failed"),
        (
            "400 Bad Request",
            r#"{"message":"session_id is required"}"#,
            "refused",
        ),
        ("403 Forbidden", r#"{"message":"no"}"#, "failed"),
        ("204 No Content", "", "revoked"),
        ("200 OK", "thanks", "revoked"),
        ("200 OK", "<html><title>Sign in</title></html>", "failed"),
    ] {
        let server = Scripted::start(move |_, _| answer(status, "application/json", body)).await;

        let outcomes = open(&profile(&server.url))
            .revoke(&[key("u/s")])
            .await
            .unwrap();

        assert_eq!(outcomes[0].word(), outcome, "{status} {body}");
    }
}

#[tokio::test]
async fn after_a_refused_key_nothing_more_is_sent() {
    let server = Scripted::start(|_, _| answer("401 Unauthorized", "application/json", "{}")).await;

    let error = open(&profile(&server.url))
        .revoke(&[key("u/s"), key("u/t")])
        .await;

    assert!(matches!(error, Err(ApiError::Auth { .. })), "{error:?}");
    assert_eq!(server.count("POST"), 1);
}

#[tokio::test]
async fn all_sessions_of_a_user_end_one_by_one_and_nobody_elses() {
    let mut world = World::default();
    user(&mut world, 1, 120);
    user(&mut world, 2, 1);
    let mut of_acme = session(2, 7);
    of_acme["organization_id"] = "org_1".into();
    world.sessions.push(of_acme);
    let peer = Peer::start(world).await;
    let api = client(&peer);
    let subject = |name: &str, scope: Option<&str>| Subject {
        id: None,
        name: Some(Untrusted::from(name)),
        scope: scope.map(Untrusted::from),
    };

    let ended = api
        .revoke_user(&subject("user0001@acme.example", None))
        .await
        .unwrap();
    assert_eq!(
        (ended.outcome.word(), ended.before, ended.left),
        ("revoked", Some(120), Some(0))
    );
    assert_eq!(peer.server.count("POST"), 120);

    let again = api.revoke_user(&subject("user_0001", None)).await.unwrap();
    assert_eq!(
        (again.outcome.word(), again.before),
        ("already_gone", Some(0))
    );

    let of_one = api
        .revoke_user(&subject("user_0002", Some("org_1")))
        .await
        .unwrap();
    assert_eq!((of_one.before, of_one.left), (Some(1), Some(0)));
    assert!(
        !peer
            .world
            .lock()
            .unwrap()
            .revoked
            .contains("session_0002_000")
    );

    let nobody = api.revoke_user(&Subject::default()).await;
    assert!(
        matches!(nobody, Err(ApiError::BadQuery { .. })),
        "{nobody:?}"
    );
}
