//! Ending sessions.

use serde_json::json;
use usher::emulator::workos::Gone;

use super::*;

#[tokio::test]
async fn a_revoked_session_leaves_the_list_and_enters_the_log() {
    let emulator = usual().await;
    emulator.workos().add(&row(1));
    emulator.workos().add(&row(2));
    emulator.move_clock(5_000);

    let answer = revoke_id(&emulator, &row(1).id).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({ "success": true }));
    let page = list(&emulator, &sessions_of(&emulator, "new@example.org")).await;
    assert_eq!(ids(page["data"].as_array().expect("items")), [row(2).id]);
    let log = list(
        &emulator,
        "/events?events=session.revoked&order=desc&limit=1",
    )
    .await;
    let event = &log["data"][0];
    assert_eq!(event["event"], "session.revoked");
    assert_eq!(event["created_at"], "2026-03-14T09:42:00.000Z");
    let data = &event["data"];
    assert_eq!(data["id"], row(1).id);
    assert_eq!(data["status"], "revoked");
    assert_eq!(data["ended_at"], "2026-03-14T09:42:00.000Z");
    assert_eq!(data["updated_at"], data["ended_at"]);
    assert_eq!(event["context"]["actor"]["source"], "api");
    assert_eq!(
        event["context"]["actor"]["id"],
        emulator.workos_auth().key_id
    );
    let again = emulator.workos().end(&row(1).id);
    assert!(!again, "it has ended");
}

#[tokio::test]
async fn what_cannot_be_revoked_is_said() {
    let emulator = usual().await;
    emulator.workos().add(&WorkosRow {
        expires_ms: NOW_MS - 1,
        ..row(1)
    });

    for id in [&row(1).id, "session_01AAAAAAAAAAAAAAAAAAAAAAAA", "x"] {
        let answer = revoke_id(&emulator, id).await;
        assert_eq!(answer.status, 404, "{id}");
        let expected = json!({
            "message": format!("Session not found: '{id}'."),
            "code": "entity_not_found",
            "entity_id": id,
        });
        assert_eq!(answer.json(), expected);
    }
    for (body, code) in [
        ("{}", "invalid_request"),
        (r#"{"session_id":null}"#, "invalid_request"),
        (r#"{"session_id":""}"#, "invalid_request"),
        ("{", "invalid_request_body"),
        ("", "invalid_request_body"),
    ] {
        let answer = revoke(&emulator, body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["code"], code, "{body}");
    }
}

#[tokio::test]
async fn undocumented_answers_can_be_chosen() {
    for (gone, status) in [
        (Gone::NotFound, 404),
        (Gone::BadRequest, 400),
        (Gone::Success, 200),
    ] {
        let emulator = server(WorkosOptions {
            gone,
            empty_revoke: true,
            ..WorkosOptions::default()
        })
        .await;
        emulator.workos().add(&row(1));

        let first = revoke_id(&emulator, &row(1).id).await;
        let second = revoke_id(&emulator, &row(1).id).await;

        assert_eq!((first.status, first.body.as_str()), (200, ""));
        assert_eq!(second.status, status);
    }
}

#[tokio::test]
async fn whoever_has_the_id_can_log_out_without_a_key() {
    let emulator = usual().await;
    emulator.workos().add(&row(1));
    let path = "/user_management/sessions/logout";
    let target = format!(
        "{path}?session_id={}&return_to=http%3A%2F%2Flocalhost%2Fbye",
        row(1).id
    );

    let answer = Asked::new("GET", &target).send(emulator.url()).await;

    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("location"), Some("http://localhost/bye"));
    let page = list(&emulator, &sessions_of(&emulator, "new@example.org")).await;
    assert_eq!(page["data"].as_array().map(Vec::len), Some(0));
    assert_eq!(
        Asked::new("GET", path).send(emulator.url()).await.status,
        422
    );
}
