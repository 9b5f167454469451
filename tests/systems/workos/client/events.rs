//! Recent sign-ins, and sessions of which only the id is known, by events.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use usher::model::{ApiError, Completeness, SessionKey};

use super::peer::{Peer, World, session, user};
use super::{attribute, client, ids, list, search, ways};

const VENDOR: &str = include_str!("../../../fixtures/workos/events_of_the_vendors_emulator.json");

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn event(world: &mut World, kind: &str, minutes_ago: i64, data: Value) {
    let at = Utc::now() - TimeDelta::minutes(minutes_ago);
    let id = format!("event_{:04}", world.events.len());
    let mut data = data;
    data["created_at"] = written(at).into();
    world.events.push(json!({
        "object": "event", "id": id, "event": kind, "created_at": written(at), "data": data,
    }));
}

/// Users 1 and 2, and what they did.
fn world() -> World {
    let mut world = World::default();
    user(&mut world, 1, 1);
    user(&mut world, 2, 1);
    event(&mut world, "session.created", 3_000, session(1, 9));
    event(&mut world, "session.created", 300, session(1, 0));
    event(&mut world, "session.created", 200, session(2, 0));
    event(
        &mut world,
        "user.updated",
        150,
        json!({ "id": "user_0001" }),
    );
    event(&mut world, "session.revoked", 100, session(2, 0));
    let mut over = session(2, 1);
    over["expires_at"] = "2020-01-01T00:00:00Z".into();
    event(&mut world, "session.created", 90, over);
    event(&mut world, "session.created", 80, session(7, 0));
    world
}

#[tokio::test]
async fn sign_ins_are_those_that_nothing_tells_the_end_of() {
    let peer = Peer::start(world()).await;
    let api = client(&peer);

    let rows = list(&api, "", Some("recent")).await.unwrap();

    assert_eq!(
        ids(&rows),
        ["session_0001_000"],
        "others are revoked, over, older, or of nobody"
    );
    assert_eq!(
        rows[0].subject.name.as_ref().unwrap().expose(),
        "user0001@acme.example"
    );
    assert_eq!(
        attribute(&rows[0], "source"),
        Some("from a sign-in event, not verified")
    );
    let first = &peer.asked()[0];
    for part in [
        "events=session.created%2Csession.revoked",
        "range_start=",
        "order=desc",
        "limit=100",
    ] {
        assert!(first.contains(part), "{first}");
    }
    let longer = list(&api, "created>now-3d user:user_0001", Some("recent"))
        .await
        .unwrap();
    assert_eq!(ids(&longer), ["session_0001_000", "session_0001_009"]);
    let fresh = api.get(&rows[0].key).await.unwrap();
    assert_eq!(
        attribute(&fresh, "source"),
        None,
        "it was read anew from its user"
    );
}

#[tokio::test]
async fn pages_of_events_go_back_by_their_cursor_alone() {
    let mut world = World::default();
    for number in 0..5 {
        user(&mut world, number, 0);
    }
    for number in 0..230 {
        event(
            &mut world,
            "session.created",
            1_000 - number,
            session((number % 5) as usize, number as usize),
        );
    }
    event(&mut world, "session.revoked", 5, session(0, 0));
    let peer = Peer::start(world).await;
    let api = client(&peer);

    let cost = ways(&api, "").await.remove(0).cost.unwrap();
    assert!((2..=4).contains(&cost.requests), "{cost:?}");
    let rows = list(&api, "", Some("recent")).await.unwrap();

    assert_eq!(rows.len(), 229);
    let events: Vec<String> = peer
        .asked()
        .into_iter()
        .filter(|l| l.contains("/events"))
        .collect();
    assert!(
        events[2].contains("after=") && !events[2].contains("range_start"),
        "{events:?}"
    );
    let mut sink = Vec::new();
    let end = api
        .search(&search("", Some("recent")), None, &mut sink)
        .await
        .unwrap();
    assert_eq!(end.completeness, Completeness::More);
    assert_eq!(end.walk.unwrap().what, "minutes");
}

#[tokio::test]
async fn the_vendors_emulator_is_understood() {
    let events: Value = serde_json::from_str(VENDOR).unwrap();
    let mut world = World::default();
    user(&mut world, 1, 0);
    let mut all = events["data"].as_array().unwrap().clone();
    all.reverse();
    let now = Utc::now();
    for (event, ago) in all.iter_mut().rev().zip(1..) {
        event["created_at"] = written(now - TimeDelta::minutes(ago)).into();
        if let Some(user) = event["data"].get("user_id") {
            world.users[0]["id"] = user.clone();
        }
    }
    world.events = all;
    let peer = Peer::start(world).await;

    let rows = list(&client(&peer), "", Some("recent")).await.unwrap();

    assert!(rows.iter().all(|row| row.id().starts_with("session_")));
    assert!(peer.asked()[0].contains("events%5B%5D=session.revoked"));
}

#[tokio::test]
async fn a_session_of_which_only_the_id_is_known_is_found_by_its_sign_in() {
    let mut world = World::default();
    user(&mut world, 1, 0);
    // The id of a session that begins now.
    let ms = Utc::now().timestamp_millis();
    let digits = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let time: String = (0..10)
        .rev()
        .map(|at| char::from(digits[((ms >> (5 * at)) & 31) as usize]))
        .collect();
    let id = format!("session_{time}K13SFN6BX6KM497J");
    let mut one = session(1, 0);
    one["id"] = id.clone().into();
    event(&mut world, "session.created", 0, one.clone());
    world.sessions.push(one);
    let peer = Peer::start(world).await;
    let api = client(&peer);

    let found = api.get(&SessionKey::new(id.as_str())).await.unwrap();

    assert_eq!(found.id(), id);
    assert!(peer.asked()[0].contains("range_end="));
    let other = SessionKey::new("session_of_nobody");
    assert_eq!(api.get(&other).await.unwrap_err(), ApiError::NotFound);
    let old = SessionKey::new("session_01BX5ZZKBKACTAV9WEVGEMMVRY");
    let error = api.get(&old).await.unwrap_err();
    assert!(matches!(error, ApiError::Unsupported { .. }), "{error:?}");
}
