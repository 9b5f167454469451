//! Lists of users who are named: how many requests they take, and what becomes of each field.

use chrono::{DateTime, Utc};
use serde_json::Value;
use usher::model::{ApiError, Deletable, Fact, Field, SessionKey};

use super::peer::{Peer, World, session, user};
use super::{attribute, client, ids, list, profile};
use crate::client::open;
use crate::scripted::{Scripted, answer, json};

const SAMPLE: &str = include_str!("../../../fixtures/workos/sessions.json");
const VENDOR: &str = include_str!("../../../fixtures/workos/sessions_of_the_vendors_emulator.json");

fn sessions_of(text: &str) -> Vec<Value> {
    let page: Value = serde_json::from_str(text).unwrap();
    page["data"].as_array().unwrap().clone()
}

/// A world of one user who has these sessions.
fn world_of(sessions: Vec<Value>) -> World {
    let mut world = World::default();
    user(&mut world, 1, 0);
    world.users[0]["id"] = sessions[0]["user_id"].clone();
    world.users[0]["email"] = "alice@example.org".into();
    world.sessions = sessions;
    world
}

fn utc(text: &str) -> Option<DateTime<Utc>> {
    Some(text.parse().unwrap())
}

#[tokio::test]
async fn a_user_by_address_takes_two_requests() {
    for query in [
        "user:alice@example.org",
        "alice@example.org",
        "email=alice@example.org -method:oauth",
        "@external_id:hr-1",
    ] {
        let peer = Peer::start(world_of(sessions_of(SAMPLE))).await;

        let rows = list(&client(&peer), query, None).await.unwrap();

        assert_eq!((rows.len(), peer.asked().len()), (2, 2), "{query}");
    }
}

#[tokio::test]
async fn every_documented_field_of_the_sample_has_its_place() {
    let peer = Peer::start(world_of(sessions_of(SAMPLE))).await;

    let rows = list(&client(&peer), "user:alice@example.org", None)
        .await
        .unwrap();

    let [row, other] = rows.as_slice() else {
        panic!("two rows");
    };
    assert_eq!(row.id(), "session_01KZX3M6Q8T5WJ2V9E4R7Y1B0C");
    let key = "user_01KZX3A1B2C3D4E5F6G7H8J9K0/session_01KZX3M6Q8T5WJ2V9E4R7Y1B0C";
    assert_eq!(row.key.expose(), key);
    assert_eq!(row.label, "ws:7Y1B0C");
    for (field, text) in [
        (Field::User, "alice@example.org"),
        (Field::UserId, "user_01KZX3A1B2C3D4E5F6G7H8J9K0"),
        (Field::Scope, "org_01KZX31N8P6QTR5S4V3W2X1Y0Z"),
        (Field::Method, "sso"),
        (Field::Ip, "198.51.100.42"),
    ] {
        assert_eq!(row.text(field), Some(text), "{field:?}");
    }
    assert!(
        row.text(Field::Agent)
            .unwrap()
            .starts_with("Mozilla/5.0 (Windows")
    );
    assert_eq!(row.fact, Fact::Live);
    assert_eq!(row.created, utc("2026-11-01T08:15:30.412Z"));
    assert_eq!(row.expires, utc("2026-12-01T08:15:30.412Z"));
    assert_eq!((row.ended, row.last_used), (None, None));
    assert_eq!((&row.deletable, row.own), (&Deletable::Yes, Some(false)));
    for (name, value) in [
        ("status", "active"),
        ("updated_at", "2026-11-01T08:15:30.412Z"),
        ("organization", "org_01KZX31N8P6QTR5S4V3W2X1Y0Z"),
        ("name", "Ida Berg"),
        ("external_id", "hr-1"),
    ] {
        assert_eq!(attribute(row, name), Some(value), "{name}");
    }
    assert_eq!(attribute(row, "not_sent"), None);

    assert!(other.impersonated && !row.impersonated);
    assert_eq!(other.extra[0].name.expose(), "impersonator");
    assert_eq!(
        attribute(other, "impersonator"),
        Some("sam.support@vendor.example")
    );
    let reason = attribute(other, "impersonator_reason");
    assert_eq!(reason, Some("Ticket 4711: billing page blank"));
    assert_eq!(other.text(Field::Method), Some("impersonation"));
    assert_eq!((&other.scope, &other.user_agent), (&None, &None));
}

#[tokio::test]
async fn every_documented_field_can_be_asked_for() {
    let peer = Peer::start(world_of(sessions_of(SAMPLE))).await;
    let api = client(&peer);
    for (query, found) in [
        ("id:session_01KZX3M6Q8T5WJ2V9E4R7Y1B0C", 1),
        ("user_id:user_01KZX3A1B2C3D4E5F6G7H8J9K0", 2),
        ("organization_id:org_01KZX31N8P6QTR5S4V3W2X1Y0Z", 1),
        ("@status:active", 2),
        ("auth_method:sso", 1),
        ("ip_address:198.51.100.0/24", 1),
        ("user_agent:*Chrome*", 1),
        ("@impersonator:*", 1),
        ("hint:impersonated", 1),
        ("impersonator:sam.support@vendor.example", 1),
        ("impersonator_reason:*4711*", 1),
        ("-@impersonator:*", 1),
        ("expires_at>2026-11-02", 1),
        ("ended_at>2026-01-01", 0),
        ("created_at<2026-11-01T08:10:00Z", 1),
        ("updated_at>2026-11-01T08:10:00Z", 1),
    ] {
        api_world(&peer);
        let query = format!("user:alice@example.org {query}");
        let rows = list(&api, &query, None)
            .await
            .unwrap_or_else(|e| panic!("{query}: {e}"));
        assert_eq!(rows.len(), found, "{query}");
    }
}

/// The organization of the sample exists.
fn api_world(peer: &Peer) {
    let mut world = peer.world.lock().unwrap();
    world.organizations = vec![serde_json::json!({
        "object": "organization", "id": "org_01KZX31N8P6QTR5S4V3W2X1Y0Z", "name": "Acme",
    })];
}

#[tokio::test]
async fn keys_that_a_server_does_not_send_take_no_row_away_and_are_told() {
    let mut world = world_of(sessions_of(VENDOR));
    world.ignores_paging = true;
    let peer = Peer::start(world).await;

    let rows = list(&client(&peer), "user:alice@example.org", None)
        .await
        .unwrap();

    assert_eq!(rows.len(), 5);
    for row in &rows {
        assert_eq!(row.fact, Fact::Live);
        assert_eq!(row.text(Field::Method), Some("unknown"));
        assert_eq!(row.expires, None);
        let missing = "status, auth_method, expires_at, ended_at";
        assert_eq!(attribute(row, "not_sent"), Some(missing));
    }
    let list_of_proxies = rows
        .iter()
        .any(|r| r.text(Field::Ip) == Some("192.0.2.99, 10.0.0.1"));
    assert!(list_of_proxies);
}

#[tokio::test]
async fn odd_values_are_shown_as_they_are_and_cost_no_other_row() {
    let mut odd = session(1, 0);
    odd["status"] = "suspended".into();
    odd["auth_method"] = "telepathy".into();
    odd["impersonator"] = serde_json::json!({ "email": "sam@vendor.example" });
    odd["brand_new"] = serde_json::json!({ "a": 1 });
    let mut over = session(1, 1);
    over["status"] = "expired".into();
    let mut bare = serde_json::json!({ "id": "session_01M80G661K13SFN6BX6KM497JC" });
    bare["user_id"] = odd["user_id"].clone();
    let all = vec![odd, over, bare, serde_json::json!(7), serde_json::json!({})];
    let peer = Peer::start(world_of(all.clone())).await;
    let text = serde_json::json!({ "data": all, "list_metadata": null }).to_string();
    let user = peer.world.lock().unwrap().users[0].to_string();
    let server = Scripted::start(move |_, heard| {
        if heard.line().contains("/sessions") {
            json(&text)
        } else {
            json(&format!(r#"{{"data":[{user}],"list_metadata":{{}}}}"#))
        }
    })
    .await;
    let api = open(&profile(&server.url));

    let mut rows = Vec::new();
    let search = super::search("user:alice@example.org", None);
    let end = api.search(&search, None, &mut rows).await.unwrap();

    assert_eq!((rows.len(), end.unread), (3, 2));
    assert_eq!((rows[0].fact, rows[0].expires), (Fact::Unknown, None));
    assert_eq!(attribute(&rows[0], "status"), Some("suspended"));
    assert_eq!(
        attribute(&rows[0], "expires_at"),
        Some("2099-12-01T08:15:30.412Z")
    );
    assert_eq!(rows[0].text(Field::Method), Some("telepathy"));
    assert_eq!(attribute(&rows[0], "impersonator_reason"), None);
    assert_eq!(attribute(&rows[0], "brand_new"), Some(r#"{"a":1}"#));
    assert!(
        rows[1].expires.unwrap() < Utc::now(),
        "it is called expired"
    );
    assert_eq!(rows[2].created, utc("2026-11-22T02:08:29.747Z"));
    assert_eq!(attribute(&rows[2], "derived"), Some("created, from the id"));
}

#[tokio::test]
async fn pages_are_followed_to_their_end_and_one_session_is_found_on_any() {
    let mut world = World::default();
    user(&mut world, 1, 250);
    let peer = Peer::start(world).await;
    let api = client(&peer);

    let rows = list(&api, "user.id:user_0001", None).await.unwrap();

    assert_eq!(rows.len(), 250);
    assert_eq!(peer.count("/sessions"), 3);
    let last = api.get(&rows[249].key).await.unwrap();
    assert_eq!(last.id(), "session_0001_249");
    let gone = SessionKey::new("user_0001/session_x");
    assert_eq!(api.get(&gone).await.unwrap_err(), ApiError::NotFound);
    let nobody = SessionKey::new("user_x/session_x");
    assert_eq!(api.get(&nobody).await.unwrap_err(), ApiError::NotFound);
}

#[tokio::test]
async fn an_address_is_asked_for_as_typed_and_then_in_lower_case() {
    let mut world = World::default();
    user(&mut world, 1, 1);
    let peer = Peer::start(world).await;
    let api = client(&peer);

    let rows = list(&api, "user:USER0001@acme.example", None)
        .await
        .unwrap();

    assert_eq!(rows.len(), 1);
    assert_eq!(peer.count("users?email="), 2);
    let rows = list(&api, "user:o'brien+x@acme.example", None)
        .await
        .unwrap();
    assert!(rows.is_empty());
    assert!(
        peer.asked()
            .last()
            .unwrap()
            .contains("o%27brien%2Bx%40acme.example")
    );
    let plan = api
        .plan(&super::search("user:o'brien+x@acme.example", None))
        .unwrap();
    let note = "this environment has no user o'brien+x@acme.example";
    assert!(plan.notes.contains(&note.to_owned()), "{:?}", plan.notes);
}

#[tokio::test]
async fn a_server_that_ignores_the_address_shows_no_sessions_of_others() {
    let mut world = World::default();
    user(&mut world, 1, 1);
    let users = serde_json::json!({ "data": world.users, "list_metadata": {} }).to_string();
    let server = Scripted::start(move |_, _| json(&users)).await;

    let rows = list(
        &open(&profile(&server.url)),
        "user:other@acme.example",
        None,
    )
    .await;

    assert_eq!(ids(&rows.unwrap()), [""; 0]);
}

#[tokio::test]
async fn a_refused_key_is_said_with_the_servers_request_id_and_never_shown() {
    let server = Scripted::start(|_, _| {
        let head = "Content-Type: application/json\r\nX-Request-ID: req_42\r\n";
        let body = r#"{"message":"Unauthorized sk_test_canary"}"#;
        crate::scripted::Act::Send(crate::scripted::whole("401 Unauthorized", head, body))
    })
    .await;

    let error = open(&profile(&server.url)).whoami().await.unwrap_err();

    assert!(matches!(error, ApiError::Auth { .. }), "{error:?}");
    assert_eq!(error.exchange().unwrap().id, "req_42");
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("refused the API key") && !text.contains("canary"),
        "{text}"
    );
    assert_eq!(
        server.heard().len(),
        1,
        "a key that is refused is not tried again"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_field_by_field() {
    for (body, told) in [
        (
            r#"{"message":"Validation failed.","errors":[{"code":"required","field":"events"}]}"#,
            "Validation failed. (events required)",
        ),
        (r#"{"message":"No.","errors":["a","b"]}"#, "No. (a; b)"),
        (
            r#"{"code":"invalid_request_parameters","message":"Validation failed."}"#,
            "Validation failed.",
        ),
    ] {
        let server = Scripted::start(move |_, _| {
            answer("422 Unprocessable Entity", "application/json", body)
        })
        .await;

        let error = open(&profile(&server.url)).whoami().await.unwrap_err();

        assert!(error.to_string().ends_with(told), "{error}");
    }
}

#[tokio::test]
async fn another_address_than_workos_is_no_missing_user() {
    let server = Scripted::start(|_, _| {
        answer(
            "404 Not Found",
            "application/json",
            r#"{"message":"Not Found","code":"not_found"}"#,
        )
    })
    .await;

    let error = list(&open(&profile(&server.url)), "user.id:user_1", None).await;

    assert!(
        matches!(error, Err(ApiError::NoEndpoint { .. })),
        "{error:?}"
    );
}
