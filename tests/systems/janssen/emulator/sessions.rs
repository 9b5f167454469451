//! The operations on sessions.

use std::collections::HashSet;

use serde_json::{Value, json};
use std::sync::Arc;
use usher::emulator::Options;
use usher::emulator::janssen::JanssenOptions;
use usher::emulator::janssen::Row;

use super::http::ask;
use super::*;

/// A session with every field of the contract's sample.
pub fn full_row() -> Row {
    Row {
        sid: Some("c190667e-a186-421d-8679-420e82615a38".into()),
        user: Some("sample.user".into()),
        user_id: None,
        client: Some("2000.1b7a6c1e-77c0-4f3e-8a55-0c9d3e5f7a12".into()),
        authenticated: true,
        created_ms: NOW_MS - 6_000_000,
        authenticated_ms: Some(NOW_MS - 5_994_000),
        last_used_ms: Some(NOW_MS),
        expires_ms: Some(NOW_MS + 80_000_000),
        ip: Some("203.0.113.57".into()),
        deletable: true,
    }
}

fn keys(value: &Value) -> Vec<&str> {
    let map = value.as_object().expect("an object");
    map.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn single_session_has_the_fields_of_the_sample_in_their_order() {
    let emulator = running(fixed()).await;
    emulator.world().add(&full_row());

    let answer = api(
        &emulator,
        "GET",
        "/sid/c190667e-a186-421d-8679-420e82615a38",
    )
    .await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let session = answer.json();
    let rare = ["permissionGranted", "deviceSecrets"];
    let shown = keys(&session).into_iter().filter(|k| !rare.contains(k));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            "outsideSid",
            "lastUsedAt",
            "userDn",
            "authenticationTime",
            "state",
            "sessionState",
            "permissionGrantedMap",
            "sessionAttributes",
            "expirationDate",
            "deletable",
            "creationDate",
            "persisted",
            "ttl",
            "opbrowserState"
        ]
    );
    assert_eq!(session["lastUsedAt"], "2026-03-14T09:41:55");
    assert_eq!(session["state"], "authenticated");
    assert_eq!(session["persisted"], false);
    assert_eq!(session["ttl"], 0);
    assert_eq!(
        session["opbrowserState"],
        session["sessionAttributes"]["opbs"]
    );
    let client = "2000.1b7a6c1e-77c0-4f3e-8a55-0c9d3e5f7a12";
    assert_eq!(
        session["permissionGrantedMap"],
        json!({ "permissionGranted": { client: true } })
    );
    let state = session["sessionState"].as_str().expect("a text");
    assert_eq!((state.len(), state.find('.')), (101, Some(64)), "{state}");
    let attributes = session["sessionAttributes"].as_object().expect("an object");
    assert!(attributes.values().all(Value::is_string), "{attributes:?}");
    for (name, value) in [
        ("auth_user", "sample.user"),
        ("client_id", client),
        ("remote_ip", "203.0.113.57"),
        ("sid", "c190667e-a186-421d-8679-420e82615a38"),
        ("acr", "simple_password_auth"),
    ] {
        assert_eq!(attributes[name], value, "{name}");
    }
    assert!(attributes.contains_key(&format!("{client}_authz_scopes")));
    for absent in ["id", "dn", "user_agent"] {
        assert!(session.get(absent).is_none(), "{absent}");
    }
    assert!(!attributes.contains_key("session_id"));
    emulator.stop().await;
}

#[tokio::test]
async fn unauthenticated_session_lacks_what_the_sample_lacks() {
    let emulator = running(fixed()).await;
    let row = Row {
        authenticated: false,
        user: None,
        authenticated_ms: None,
        ..full_row()
    };
    emulator.world().add(&row);

    let answer = api(
        &emulator,
        "GET",
        "/sid/c190667e-a186-421d-8679-420e82615a38",
    )
    .await;

    let session = answer.json();
    assert_eq!(session["state"], "unauthenticated");
    assert_eq!(session["permissionGrantedMap"], json!({}));
    for absent in ["userDn", "authenticationTime", "opbrowserState"] {
        assert!(session.get(absent).is_none(), "{absent}");
    }
    for absent in ["auth_user", "acr", "opbs"] {
        assert!(
            session["sessionAttributes"].get(absent).is_none(),
            "{absent}"
        );
    }
}

#[tokio::test]
async fn pages_are_counted_from_zero_and_cover_every_session_once() {
    let emulator = running(fixed()).await;

    let first = api(&emulator, "GET", "/search?limit=20&startIndex=0")
        .await
        .json();
    let last = api(&emulator, "GET", "/search?limit=200&startIndex=200")
        .await
        .json();

    assert_eq!(
        keys(&first),
        ["start", "totalEntriesCount", "entriesCount", "entries"]
    );
    assert_eq!(first["start"], 0);
    assert_eq!(first["totalEntriesCount"], 240);
    assert_eq!(first["entriesCount"], 20);
    assert_eq!(
        (&last["start"], &last["entriesCount"]),
        (&json!(200), &json!(40))
    );
    let states = search_all(&emulator, "").await;
    // Ids are invented anew for rows without one, so compare what stays.
    let distinct = states
        .iter()
        .map(|s| format!("{} {}", s["creationDate"], s["sessionAttributes"]["state"]));
    assert_eq!(distinct.collect::<HashSet<_>>().len(), 240);
}

#[tokio::test]
async fn default_page_has_fifty_rows_and_the_plain_list_never_more() {
    let emulator = running(fixed()).await;

    for path in ["/search", "", "?limit=100&startIndex=50"] {
        let page = api(&emulator, "GET", path).await.json();

        assert_eq!(page["entriesCount"], 50, "{path}");
        assert_eq!(page["start"], 0, "{path}");
    }
}

#[tokio::test]
async fn limit_above_the_maximum_is_refused_with_the_documented_message() {
    let emulator = running(fixed()).await;

    let answer = api(&emulator, "GET", "/search?limit=201").await;

    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        answer.text(),
        r#"{"code":"400","message":"Maximum number of results per page is 200"}"#
    );
}

#[tokio::test]
async fn configured_maximum_is_in_the_message() {
    let emulator = running(Options {
        system: Arc::new(JanssenOptions {
            max_page: 75,
            ..Default::default()
        }),
        ..fixed()
    })
    .await;

    let answer = api(&emulator, "GET", "/search?limit=76").await;

    assert_eq!(answer.status, 400);
    assert!(
        answer.text().contains("per page is 75"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn negative_limit_means_zero_rows() {
    let emulator = running(fixed()).await;

    let page = api(&emulator, "GET", "/search?limit=-5").await;

    assert_eq!(
        page.text(),
        r#"{"start":0,"totalEntriesCount":240,"entriesCount":0}"#
    );
}

#[tokio::test]
async fn entries_is_absent_when_nothing_matches() {
    let emulator = running(fixed()).await;

    let page = api(
        &emulator,
        "GET",
        "/search?fieldValuePair=auth_user%3Dnobody",
    )
    .await;

    assert_eq!(
        page.text(),
        r#"{"start":0,"totalEntriesCount":0,"entriesCount":0}"#
    );
}

#[tokio::test]
async fn unknown_session_is_an_empty_200() {
    let emulator = running(fixed()).await;

    let answer = api(&emulator, "GET", "/sid/no-such-session").await;

    assert_eq!((answer.status, answer.text().as_str()), (200, ""));
}

#[tokio::test]
async fn deleted_session_is_really_gone_and_the_second_delete_is_an_empty_404() {
    let emulator = running(fixed()).await;
    emulator.world().add(&full_row());
    let path = "/sid/c190667e-a186-421d-8679-420e82615a38";

    let first = api(&emulator, "DELETE", path).await;
    let second = api(&emulator, "DELETE", path).await;

    assert_eq!((first.status, first.body.len()), (200, 0));
    assert_eq!((second.status, second.body.len()), (404, 0));
    assert_eq!(emulator.world().count(), 240);
    assert_eq!(api(&emulator, "GET", path).await.text(), "");
}

#[tokio::test]
async fn every_row_with_an_id_can_be_deleted_whatever_its_flag_and_state() {
    let emulator = running(fixed()).await;
    let rows = emulator.world().rows();

    for sid in rows.iter().filter_map(|row| row.sid.as_deref()) {
        let answer = api(&emulator, "DELETE", &format!("/sid/{sid}")).await;
        assert_eq!(answer.status, 200, "{sid}");
    }

    let left = emulator.world().rows();
    assert!(!left.is_empty());
    assert!(left.iter().all(|row| row.sid.is_none()));
}

#[tokio::test]
async fn first_party_delete_with_the_id_as_query_too_is_accepted() {
    let emulator = running(fixed()).await;
    emulator.world().add(&full_row());
    let sid = "c190667e-a186-421d-8679-420e82615a38";

    let answer = api(&emulator, "DELETE", &format!("/sid/{sid}?sid={sid}")).await;

    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn ids_with_reserved_characters_are_decoded_from_the_path() {
    let emulator = running(fixed()).await;
    let sid = "a/b?c#d%e ü;..";
    emulator.world().add(&Row {
        sid: Some(sid.into()),
        ..full_row()
    });

    let answer = api(&emulator, "DELETE", "/sid/a%2Fb%3Fc%23d%25e%20%C3%BC%3B..").await;

    assert_eq!(answer.status, 200);
    assert_eq!(emulator.world().find(sid), None);
}

#[tokio::test]
async fn revoking_a_user_ends_only_the_authenticated_sessions() {
    let emulator = running(fixed()).await;
    for (sid, authenticated) in [("one", true), ("two", true), ("half", false)] {
        emulator.world().add(&Row {
            sid: Some(sid.into()),
            authenticated,
            ..full_row()
        });
    }
    let inum = emulator
        .world()
        .find("one")
        .and_then(|r| r.user_id)
        .expect("a user");
    let raw =
        format!("/user/inum={inum},ou=people,o=jans?userDn=inum%3D{inum}%2Cou%3Dpeople%2Co%3Djans");
    let encoded = format!("/user/inum%3D{inum}%2Cou%3Dpeople%2Co%3Djans");

    let first = api(&emulator, "DELETE", &raw).await;
    let second = api(&emulator, "DELETE", &encoded).await;

    assert_eq!((first.status, first.body.len()), (200, 0));
    assert_eq!((second.status, second.body.len()), (404, 0));
    assert!(emulator.world().find("half").is_some());
    assert_eq!(emulator.world().count(), 241);
}

#[tokio::test]
async fn truncated_user_dn_ends_nothing() {
    let emulator = running(fixed()).await;
    emulator.world().add(&full_row());
    let row = emulator
        .world()
        .find("c190667e-a186-421d-8679-420e82615a38");
    let inum = row.and_then(|r| r.user_id).expect("a user");

    let answer = api(&emulator, "DELETE", &format!("/user/inum={inum}")).await;

    assert_eq!(answer.status, 404);
    assert_eq!(emulator.world().count(), 241);
}

#[tokio::test]
async fn row_without_an_id_gets_a_new_invented_one_at_every_read() {
    let emulator = running(fixed()).await;
    let without = emulator.world().rows();
    let without = without.iter().filter(|row| row.sid.is_none()).count();
    let sids = async || {
        let rows = search_all(&emulator, "").await;
        rows.iter()
            .map(|row| row["outsideSid"].as_str().expect("a sid").to_owned())
            .collect::<HashSet<_>>()
    };

    let (first, second) = (sids().await, sids().await);

    let invented = first.difference(&second).collect::<Vec<_>>();
    assert_eq!((first.len(), invented.len()), (240, without));
    assert!(without > 0);
    let path = format!("/sid/{}", invented[0]);
    assert_eq!(api(&emulator, "DELETE", &path).await.status, 404);
}

#[tokio::test]
async fn token_check_of_the_first_party_command_line_is_answered() {
    let emulator = running(fixed()).await;
    let bearer = format!("Bearer {}", emulator.auth().token);

    let answer = ask(
        emulator.url(),
        "GET",
        "/jans-config-api/api/v1/acrs",
        &[
            ("Accept", "application/json"),
            ("Authorization", &bearer),
            ("Jans-Client", "jans-tui"),
            ("User-inum", "x"),
        ],
        "",
    )
    .await
    .expect("an answer");

    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.text(), r#"{"defaultAcr":"simple_password_auth"}"#);
}
