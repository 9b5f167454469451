//! The client against a peer that sends given bytes.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use usher::api::SessionApi;
use usher::model::{
    ActionBody, ActionTarget, ApiError, AskedBy, Fact, LimitedBy, Outcome, Search, Session,
    SessionKey, Untrusted,
};

use super::peer::{Answer, Peer};
use super::vectors::{self, ID, answer, bytes};
use super::{admin, profile};
use crate::client::{act, open, pages};
use crate::conformance::search;

/// The server of the captured conversation.
async fn captured() -> Peer {
    Peer::start(|_, frame| {
        Answer::hex(match frame {
            0 => vectors::CONNECTED,
            1 | 2 => vectors::SESSION_IS,
            3 => vectors::PONG,
            _ => vectors::UNKNOWN_WHOAMI,
        })
    })
    .await
}

async fn list(api: &Arc<dyn SessionApi>, asked_by: AskedBy) -> Result<Vec<Session>, ApiError> {
    let asked = Search {
        asked_by,
        ..search("")
    };
    Ok(pages(api, &asked).await?.0)
}

fn at(text: &str) -> Option<DateTime<Utc>> {
    Some(text.parse().expect("an instant"))
}

#[tokio::test]
async fn the_conversation_is_that_of_the_captures_byte_for_byte() {
    let peer = captured().await;
    let api = admin(peer.port);

    let who = api.whoami().await.expect("a sign-in");
    let rows = list(&api, AskedBy::Timer).await.expect("a list");
    let pong = act(&api, "ping", ActionTarget::Nothing, &[]).await;
    let status = act(&api, "status", ActionTarget::Nothing, &[]).await;
    let outcome = api
        .revoke(&[SessionKey::new(ID)])
        .await
        .expect("an outcome");

    let expected = [
        vectors::AUTH_ADMIN,
        vectors::SESSION,
        vectors::SESSION,
        vectors::PING,
        vectors::STATUS,
    ];
    assert_eq!(peer.heard(), [expected.map(bytes).to_vec()]);
    assert_eq!(who.name.expose(), "admin");
    assert_eq!(rows.len(), 1);
    assert!(pong.expect("an answer").summary.contains(" ms"));
    let refused = status.expect_err("the peer says that it knows no such command");
    assert_eq!(
        refused.to_string(),
        format!(
            "127.0.0.1:{} answered InvalidCommandError: The system could not process your request due to an \
             unrecognized command input -> \"WHOAMI\"",
            peer.port
        )
    );
    assert!(matches!(outcome[..], [Outcome::Revoked]), "{outcome:?}");
}

#[tokio::test]
async fn where_no_user_is_asked_for_nothing_is_sent_of_one() {
    let peer = Peer::start(|_, frame| {
        Answer::hex(match frame {
            0 => vectors::CONNECTED_NOBODY,
            _ => vectors::SESSION_IS,
        })
    })
    .await;
    let api = open(&profile(peer.port, None));

    api.whoami().await.expect("a sign-in");

    let expected = [vectors::AUTH_NOBODY, vectors::SESSION].map(bytes);
    assert_eq!(peer.heard(), [expected.to_vec()]);
}

#[tokio::test]
async fn every_field_of_the_documented_answer_is_in_the_session() {
    let peer = Peer::documented().await;
    let api = admin(peer.port);

    let got = api.get(&SessionKey::new(vectors::DOCUMENTED_ID)).await;
    let session = got.expect("it is usher's own");

    assert_eq!(session.id(), vectors::DOCUMENTED_ID);
    assert_eq!(
        session.subject.name.as_ref().map(Untrusted::expose),
        Some("admin")
    );
    assert_eq!(session.created, at("2025-05-01T17:33:15.497273Z"));
    assert_eq!(session.last_used, at("2025-05-01T17:33:15.497273Z"));
    assert_eq!((session.fact, session.own), (Fact::Live, Some(true)));
    let value = |name: &str| Some(session.attribute(name)?.value.expose());
    assert_eq!(value("Role"), Some("Admin"));
    assert_eq!(value("Password"), Some("*******"));
    assert_eq!(value("status"), Some("active"));
    assert_eq!(
        value("server_address"),
        Some(format!("127.0.0.1:{}", peer.port)).as_deref()
    );
    let raw = session.raw.as_ref().map(|raw| raw.get());
    assert!(raw.is_some_and(|raw| raw.starts_with(r#"{"session_id":"8-127.0.0.1:53531""#)));
    let who = api.whoami().await.expect("an answer");
    assert_eq!(who.session.expect("an object")["user"]["Role"], "Admin");
}

#[tokio::test]
async fn other_sessions_are_neither_read_nor_ended_and_nothing_is_asked() {
    let peer = captured().await;
    let api = admin(peer.port);
    let other = SessionKey::new("9-127.0.0.1:50000");

    let ended = api
        .revoke(std::slice::from_ref(&other))
        .await
        .expect("an outcome");
    assert!(peer.heard().is_empty());
    let read = api.get(&other).await.expect_err("it is not usher's own");

    let limit = LimitedBy::System("Fleare".into());
    let is_refused =
        |error: &ApiError| matches!(error, ApiError::Unsupported { limit: by, .. } if *by == limit);
    assert!(
        matches!(&ended[..], [Outcome::Failed(error)] if is_refused(error)),
        "{ended:?}"
    );
    assert!(is_refused(&read), "{read:?}");
    assert_eq!(
        read.to_string(),
        "reading any session but usher's own is not possible with Fleare"
    );
}

#[tokio::test]
async fn after_its_end_only_a_person_opens_a_new_connection() {
    let peer = captured().await;
    let api = admin(peer.port);
    let own = SessionKey::new(ID);
    list(&api, AskedBy::Person).await.expect("a list");

    let first = api
        .revoke(std::slice::from_ref(&own))
        .await
        .expect("an outcome");
    let second = api
        .revoke(std::slice::from_ref(&own))
        .await
        .expect("an outcome");
    let read = api.get(&own).await.expect_err("it has ended");
    let asked = list(&api, AskedBy::Timer).await.expect_err("nobody asked");
    let acted = act(&api, "ping", ActionTarget::Nothing, &[]).await;

    assert!(matches!(first[..], [Outcome::Revoked]), "{first:?}");
    assert!(matches!(second[..], [Outcome::AlreadyGone]), "{second:?}");
    assert_eq!(read, ApiError::NotFound);
    assert!(matches!(asked, ApiError::Broken { .. }), "{asked:?}");
    assert!(matches!(acted, Err(ApiError::Broken { .. })), "{acted:?}");
    assert_eq!(peer.heard().len(), 1);
    list(&api, AskedBy::Person).await.expect("a list");
    assert_eq!(peer.heard().len(), 2);
}

#[tokio::test]
async fn a_connection_that_is_lost_is_not_opened_again_by_itself() {
    let peer = Peer::start(|connection, frame| match (connection, frame) {
        (_, 0) => Answer::hex(vectors::CONNECTED),
        (0, 2) => Answer::Close(Vec::new()),
        _ => Answer::hex(vectors::SESSION_IS),
    })
    .await;
    let api = admin(peer.port);
    list(&api, AskedBy::Person).await.expect("a list");

    let lost = list(&api, AskedBy::Timer).await.expect_err("it is closed");
    let still = list(&api, AskedBy::Timer).await.expect_err("it is closed");

    assert!(
        lost.to_string().ends_with("was lost: the server closed it"),
        "{lost}"
    );
    assert!(still.to_string().ends_with("only on request"), "{still}");
    assert_eq!(peer.heard().len(), 1);
    list(&api, AskedBy::Person).await.expect("a list");
    assert_eq!(peer.heard().len(), 2);
}

#[tokio::test]
async fn a_connection_that_breaks_off_at_its_start_is_tried_again_three_times() {
    // The server may close a new connection by mistake, at the sign-in or at the first command.
    let peer = Peer::start(|connection, frame| match (connection, frame) {
        (0, 0) | (1, 1) => Answer::Close(Vec::new()),
        (_, 0) => Answer::hex(vectors::CONNECTED),
        _ => Answer::hex(vectors::SESSION_IS),
    })
    .await;
    admin(peer.port)
        .whoami()
        .await
        .expect("the third try works");
    assert_eq!(peer.heard().len(), 3);

    let peer = Peer::start(|_, _| Answer::Close(Vec::new())).await;
    let error = admin(peer.port).whoami().await.expect_err("it never works");
    assert!(matches!(error, ApiError::Broken { .. }), "{error:?}");
    assert_eq!(peer.heard().len(), 4);
}

#[tokio::test]
async fn a_refused_sign_in_is_not_tried_again_and_shows_no_password() {
    for (_, refusal) in vectors::REFUSED.iter().chain([&("", vectors::AUTH_IS_OFF)]) {
        let peer = Peer::start(|_, _| Answer::Close(bytes(refusal))).await;
        let error = admin(peer.port).whoami().await.expect_err("it is refused");

        let is_told = matches!(error, ApiError::Auth { .. } | ApiError::Server { .. });
        assert!(is_told, "{error:?}");
        assert!(
            !format!("{error:?} {error}").contains("s3cret"),
            "{error:?}"
        );
        assert_eq!(peer.heard().len(), 1, "{error}");
    }
}

#[tokio::test]
async fn errors_of_a_session_lead_to_a_new_connection_or_leave_the_old_one() {
    let say = |text: &str| Answer::Send(answer(ID, "Error", text.as_bytes()));
    for (error, class) in [
        (say("unauthorized or session not found\n"), "auth"),
        (say("Error: unauthorized or session not found"), "auth"),
        (Answer::hex(vectors::NOT_FOUND), "auth"),
        (say("Error: internal server error"), "server"),
    ] {
        let peer = Peer::start(move |connection, frame| match (connection, frame) {
            (_, 0) => Answer::hex(vectors::CONNECTED),
            (0, 2) => error.clone(),
            _ => Answer::hex(vectors::SESSION_IS),
        })
        .await;
        let api = admin(peer.port);
        api.whoami().await.expect("a sign-in");

        let refused = list(&api, AskedBy::Person)
            .await
            .expect_err("it is refused");
        list(&api, AskedBy::Person).await.expect("a list");

        assert_eq!(refused.class(), class, "{refused}");
    }
}

#[tokio::test]
async fn messages_to_subscribers_are_no_answers() {
    let both = [bytes(vectors::PUSH), bytes(vectors::SESSION_IS)].concat();
    let peer = Peer::after_sign_in(Answer::Send(both)).await;

    let rows = list(&admin(peer.port), AskedBy::Person)
        .await
        .expect("a list");

    assert_eq!(rows[0].id(), ID);
}

#[tokio::test]
async fn an_answer_that_nobody_waited_for_is_never_that_of_the_next_question() {
    let late = answer(ID, "Ok", b"{\"session_id\":\"late\"}");
    let peer = Peer::start(move |connection, frame| match (connection, frame) {
        (_, 0) => Answer::hex(vectors::CONNECTED),
        (0, 2) => Answer::Drip(late.clone()),
        _ => Answer::hex(vectors::SESSION_IS),
    })
    .await;
    let api = admin(peer.port);
    api.whoami().await.expect("a sign-in");

    let dropped = list(&api, AskedBy::Person);
    let dropped = tokio::time::timeout(Duration::from_millis(50), dropped).await;
    let rows = list(&api, AskedBy::Person).await.expect("a list");

    assert!(dropped.is_err());
    assert_eq!(rows[0].id(), ID);
    assert_eq!(peer.heard().len(), 2);
}

#[tokio::test]
async fn one_connection_is_opened_for_many_who_ask_at_once() {
    let peer = Peer::start(|_, frame| match frame {
        0 => Answer::hex(vectors::CONNECTED),
        _ => Answer::hex(vectors::SESSION_IS),
    })
    .await;
    let api = admin(peer.port);

    let asked = (0..8).map(|_| list(&api, AskedBy::Person));
    let answers = futures_util::future::join_all(asked).await;

    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(peer.heard().len(), 1);
}

#[tokio::test]
async fn the_status_of_a_server_is_told_field_by_field() {
    let json = br#"{"server_status":"running","shard_info":{"0":{"ID":"0","key_length":0},"shard_count":1},"up_time":"2026-11-22T00:19:27Z"}"#;
    let status = answer(ID, "Ok", json);
    let peer = Peer::start(move |_, frame| match frame {
        0 => Answer::hex(vectors::CONNECTED),
        1 => Answer::hex(vectors::SESSION_IS),
        _ => Answer::Send(status.clone()),
    })
    .await;

    let told = act(&admin(peer.port), "status", ActionTarget::Nothing, &[]).await;

    let ActionBody::Fields(fields) = told.expect("an answer").body else {
        panic!("no fields");
    };
    let fields = fields
        .iter()
        .map(|(name, cell)| (name.expose(), cell.value.expose()));
    assert_eq!(
        fields.collect::<Vec<_>>(),
        [
            ("server_status", "running"),
            ("shard_info.0.ID", "0"),
            ("shard_info.0.key_length", "0"),
            ("shard_info.shard_count", "1"),
            ("up_time", "2026-11-22T00:19:27Z"),
        ]
    );
}
