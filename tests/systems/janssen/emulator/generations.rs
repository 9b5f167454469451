//! The differences of older servers.

use std::sync::Arc;
use usher::emulator::Options;
use usher::emulator::janssen::Generation;
use usher::emulator::janssen::JanssenOptions;

use super::sessions::full_row;
use super::*;

#[tokio::test]
async fn generation_of_2024_shows_the_internal_ids() {
    let emulator = running(Options {
        system: Arc::new(JanssenOptions {
            generation: Generation::Y2024,
            ..Default::default()
        }),
        ..fixed()
    })
    .await;

    let page = api(&emulator, "GET", "/search?limit=1").await.json();

    let session = &page["entries"][0];
    let id = session["id"].as_str().expect("an id");
    assert_eq!(session["dn"], format!("jansId={id},ou=sessions,o=jans"));
    assert_eq!(session["sessionAttributes"]["session_id"], id);
    assert!(session["sessionAttributes"]["old_session_id"].is_string());
}

#[tokio::test]
async fn old_generation_lists_a_bare_array_of_unexpired_sessions_newest_first() {
    let emulator = running(Options {
        system: Arc::new(JanssenOptions {
            generation: Generation::Old,
            ..Default::default()
        }),
        ..fixed()
    })
    .await;

    let rows = api(&emulator, "GET", "").await.json();

    let rows = rows.as_array().expect("a bare array");
    let live = emulator.world().rows();
    let live = live
        .iter()
        .filter(|r| r.expires_ms.is_none_or(|t| t > NOW_MS))
        .count();
    assert_eq!(rows.len(), live);
    assert!(live < 240);
    let created = rows
        .iter()
        .map(|r| r["creationDate"].as_str().expect("a time"));
    assert!(created.clone().is_sorted_by(|a, b| a >= b));
    assert!(created.clone().all(|t| t.ends_with(".000Z")));
    assert!(
        rows.iter()
            .all(|r| r["id"].is_string() && r["dn"].is_string())
    );
}

#[tokio::test]
async fn old_generation_has_no_search_and_revokes_a_user_by_post() {
    let emulator = running(Options {
        system: Arc::new(JanssenOptions {
            generation: Generation::Old,
            ..Default::default()
        }),
        ..fixed()
    })
    .await;
    emulator.world().add(&full_row());
    let sid = "c190667e-a186-421d-8679-420e82615a38";
    let inum = emulator
        .world()
        .find(sid)
        .and_then(|r| r.user_id)
        .expect("a user");

    let search = api(&emulator, "GET", "/search?limit=1").await;
    let revoke = api(&emulator, "POST", &format!("/inum={inum},ou=people,o=jans")).await;

    assert_eq!(search.status, 405);
    assert_eq!(revoke.status, 200);
    assert_eq!(emulator.world().find(sid), None);
    assert_eq!(api(&emulator, "GET", "/sid/x").await.status, 404);
}

#[tokio::test]
async fn generation_of_2024_knows_equality_only_and_fails_on_dates() {
    let emulator = running(Options {
        system: Arc::new(JanssenOptions {
            generation: Generation::Y2024,
            ..Default::default()
        }),
        ..fixed()
    })
    .await;

    for (filter, status) in [
        ("auth_user%3Djdoe", 200),
        ("state%3Dauthenticated", 200),
        ("creationDate%3E2024-01-01", 500),
        ("creationDate%3D2024-01-01", 500),
        ("expirationDate%3E%3D2024-01-01", 500),
    ] {
        let path = format!("/search?fieldValuePair={filter}");
        assert_eq!(
            api(&emulator, "GET", &path).await.status,
            status,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn older_servers_name_lacking_scopes_in_their_own_words() {
    let emulator = running(Options {
        system: Arc::new(JanssenOptions {
            generation: Generation::Y2024,
            scopes: Some(vec!["revoke_session".into()]),
            ..Default::default()
        }),
        ..fixed()
    })
    .await;

    let answer = api(&emulator, "GET", "/search").await;

    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.text(),
        format!(
            "oAuth authorization error Insufficient scopes! , Required scope: [{READ}], however token scopes: [revoke_session]"
        )
    );
}
