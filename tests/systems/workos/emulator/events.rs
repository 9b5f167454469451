//! The log of events: kinds, cursors, ranges.

use std::collections::HashSet;

use serde_json::json;

use super::*;

const BOTH: &str = "/events?events=session.created%2Csession.revoked";

#[tokio::test]
async fn kinds_may_be_joined_repeated_or_in_brackets() {
    let emulator = usual().await;

    for form in [
        "events=session.created%2Csession.revoked",
        "events=session.created&events=session.revoked",
        "events%5B%5D=session.created&events%5B%5D=session.revoked",
    ] {
        let events = walk(&emulator, &format!("/events?limit=100&order=asc&{form}")).await;
        let kinds: HashSet<&str> = events
            .iter()
            .filter_map(|one| one["event"].as_str())
            .collect();
        assert_eq!(
            kinds,
            HashSet::from(["session.created", "session.revoked"]),
            "{form}"
        );
    }
    let one = walk(&emulator, "/events?limit=100&events=session.revoked").await;
    assert!(one.iter().all(|one| one["event"] == "session.revoked"));
    let answer = get(&emulator, "/events").await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        answer.json(),
        json!({ "message": "Validation failed.", "errors": [{ "code": "required", "field": "events" }] })
    );
}

#[tokio::test]
async fn a_session_is_logged_as_it_was_at_that_time() {
    let emulator = usual().await;
    emulator.workos().add(&WorkosRow {
        revoked_ms: Some(NOW_MS - HOUR_MS),
        ..row(1)
    });

    let events = walk(&emulator, &format!("{BOTH}&limit=100&order=asc")).await;

    let own: Vec<&Value> = events
        .iter()
        .filter(|one| one["data"]["id"] == row(1).id)
        .collect();
    assert_eq!(own.len(), 2);
    let (created, revoked) = (own[0], own[1]);
    assert_eq!(created["object"], "event");
    assert!(
        created["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("event_"))
    );
    assert_eq!(created["event"], "session.created");
    assert_eq!(created["data"]["status"], "active");
    assert!(created["data"]["ended_at"].is_null());
    assert_eq!(created["data"]["updated_at"], created["data"]["created_at"]);
    assert_eq!(revoked["data"]["status"], "revoked");
    assert_eq!(revoked["created_at"], "2026-03-14T08:41:55.000Z");
    assert_eq!(revoked["data"]["ended_at"], revoked["created_at"]);
}

#[tokio::test]
async fn every_session_of_the_list_is_in_the_log_and_pages_hold_each_once() {
    let emulator = usual().await;

    let forward = walk(&emulator, &format!("{BOTH}&limit=25&order=asc")).await;

    let forward = ids(&forward);
    assert_eq!(forward.iter().collect::<HashSet<_>>().len(), forward.len());
    let backward = walk(&emulator, &format!("{BOTH}&limit=40")).await;
    let mut backward = ids(&backward);
    backward.reverse();
    assert_eq!(forward, backward);
    let created = walk(&emulator, "/events?events=session.created&limit=100").await;
    let logged: HashSet<&str> = created
        .iter()
        .filter_map(|one| one["data"]["id"].as_str())
        .collect();
    let sessions = emulator.workos().sessions();
    assert!(sessions.iter().all(|row| logged.contains(row.id.as_str())));
    let last = forward.last().expect("an event");
    let page = list(&emulator, &format!("{BOTH}&order=asc&after={last}")).await;
    assert_eq!(page["data"], json!([]));
    assert_eq!(page["list_metadata"], json!({ "after": null }));
}

#[tokio::test]
async fn a_range_reaches_over_thirty_of_ninety_days() {
    let emulator = usual().await;
    let ages = [95, 89, 61, 59, 31, 29, 1];
    for days in ages {
        emulator.workos().add(&WorkosRow {
            created_ms: NOW_MS - days * DAY_MS,
            ..row(days)
        });
    }
    let found = async |query: &str| {
        let target = format!("/events?events=session.created&limit=100&order=asc&{query}");
        let events = walk(&emulator, &target).await;
        let age = |event: &Value| {
            ages.into_iter()
                .find(|days| event["data"]["id"] == row(*days).id)
        };
        events.iter().filter_map(age).collect::<Vec<_>>()
    };

    assert_eq!(found("").await, [89, 61, 59, 31, 29, 1]);
    // Sixty days back: thirty days from there.
    assert_eq!(
        found("range_end=2026-02-12T09:41:55Z").await,
        [89, 61, 59, 31]
    );
    let path = "/events?events=session.created&limit=100&order=asc";
    let start = "range_start=2026-01-13T09:41:55.000Z";
    let page = list(&emulator, &format!("{path}&{start}")).await;
    let shown = page["data"].to_string();
    let has = |days: i64| shown.contains(&row(days).id);
    assert_eq!([61, 59, 31, 29].map(has), [false, true, true, false]);
    for (query, status) in [
        (format!("{start}&range_end=2026-02-12T09:41:55.000Z"), 200),
        (format!("{start}&range_end=2026-02-12T09:41:56.000Z"), 400),
        (format!("{start}&range_end=2026-01-12T09:41:55.000Z"), 400),
        (
            format!("{start}&after=event_01AAAAAAAAAAAAAAAAAAAAAAAA"),
            400,
        ),
        ("range_start=2026-01-13T09:41:55%2B00:00".into(), 422),
        ("range_end=yesterday".into(), 422),
        ("range_start=2099-01-01T00:00:00.000Z".into(), 200),
    ] {
        let answer = get(&emulator, &format!("{path}&{query}")).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.body);
    }
    assert!(
        found("range_start=2099-01-01T00:00:00.000Z")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn an_organization_narrows_the_log() {
    let emulator = usual().await;
    let (organization, _) = emulator.workos().organizations()[0].clone();

    let events = walk(
        &emulator,
        &format!("{BOTH}&limit=100&organization_id={organization}"),
    )
    .await;

    assert!(!events.is_empty());
    for event in events {
        assert_eq!(event["data"]["organization_id"], organization.as_str());
    }
}

#[tokio::test]
async fn memberships_are_logged_with_their_attributes() {
    let emulator = usual().await;
    emulator.move_clock(-60 * DAY_MS);

    let kinds = "organization_membership.created,user.created";
    let events = walk(&emulator, &format!("/events?events={kinds}&limit=100")).await;

    let of = |kind: &str| events.iter().find(|one| one["event"] == kind).expect("one");
    assert!(of("organization_membership.created")["data"]["custom_attributes"].is_object());
    assert!(of("user.created")["data"]["last_sign_in_at"].is_null());
}
