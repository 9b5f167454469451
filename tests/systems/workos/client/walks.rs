//! Walks over users, the ways that lead to them, and limits.

use std::time::{Duration, Instant};

use usher::model::{ApiError, Field};
use usher::reading::{Reading, Then};

use super::peer::{Peer, World, user};
use super::{attribute, client, ids, list, profile, search, ways};
use crate::client::open;

/// So many users; every tenth has a session.
fn crowd(users: usize) -> World {
    let mut world = World::default();
    for number in 0..users {
        user(&mut world, number, usize::from(number % 10 == 0));
    }
    world.organizations = vec![
        serde_json::json!({ "object": "organization", "id": "org_1", "name": "Acme Corporation" }),
        serde_json::json!({ "object": "organization", "id": "org_2", "name": "Twin" }),
        serde_json::json!({ "object": "organization", "id": "org_3", "name": "twin" }),
    ];
    for session in &mut world.sessions {
        if session["user_id"]
            .as_str()
            .is_some_and(|id| id.ends_with("50"))
        {
            session["organization_id"] = "org_1".into();
        }
    }
    world
}

#[tokio::test]
async fn without_a_name_the_ways_are_offered_with_what_they_cost() {
    let peer = Peer::start(crowd(150)).await;
    let api = client(&peer);

    let before = api.plan(&search("method:sso", None)).unwrap().ways;
    assert!(before.iter().all(|way| way.cost.is_none()));
    let told: Vec<String> = ways(&api, "method:sso")
        .await
        .iter()
        .map(ToString::to_string)
        .collect();

    assert_eq!(
        told,
        [
            "recent (sign-ins within 1 day; 1 request, 1 s)",
            "organization (one organization, 1 request a member; needs scope:…)",
            "all (all users, one by one; about 152 requests, 2 s)",
        ]
    );
    assert_eq!(peer.count("/sessions"), 0);
    assert_eq!(
        peer.asked().len(),
        3,
        "two pages of users and one of events"
    );
}

#[tokio::test]
async fn a_walk_asks_for_every_user_once_and_says_how_far_it_is() {
    let peer = Peer::start(crowd(130)).await;
    let api = client(&peer);
    let mut reading = Reading::new(&*api, search("", Some("all"))).unwrap();
    let mut rows = Vec::new();
    let mut told = Vec::new();

    loop {
        let page = reading.page(&mut rows).await;
        told.extend(page.headway.map(|headway| headway.walk.to_string()));
        match page.then {
            Then::Next => {}
            then => {
                assert_eq!(then, Then::End);
                break;
            }
        }
    }

    assert_eq!(rows.len(), 13);
    assert_eq!(told[0], "25 users", "their list is not whole yet");
    assert_eq!(told[1], "50 of 130 users");
    assert_eq!(told.last().unwrap(), "130 of 130 users");
    assert_eq!(peer.count("/sessions"), 130);
    assert_eq!(peer.count("users?"), 2);
}

#[tokio::test]
async fn a_walk_goes_on_where_it_stopped_also_in_another_run() {
    let peer = Peer::start(crowd(130)).await;
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    let search = search("", Some("all"));
    let end = client(&peer)
        .search(&search, None, &mut first)
        .await
        .unwrap();
    let mut at = end.next;
    let before = peer.asked().len();

    let other = client(&peer);
    while at.is_some() {
        let end = other.search(&search, at.as_ref(), &mut rest).await.unwrap();
        at = end.next;
        let walk = end.walk.unwrap();
        assert!(
            walk.done > 25 && walk.of.is_none_or(|of| of == 130),
            "{walk:?}"
        );
    }

    assert_eq!((first.len(), rest.len()), (3, 10));
    assert_eq!(peer.count("/sessions"), 130);
    assert_eq!(peer.asked().len() - before, 105 + 2);
}

#[tokio::test]
async fn many_users_without_a_session_are_nothing_special() {
    let mut world = World::default();
    for number in 0..2_700 {
        user(&mut world, number, usize::from(number == 2_699));
    }
    let peer = Peer::start(world).await;
    let mut profile = profile(&peer.server.url);
    profile.own.set("skip_never_signed_in", true);

    let rows = list(&open(&profile), "", Some("all")).await.unwrap();

    assert_eq!(ids(&rows), ["session_2699_000"]);
    assert_eq!(peer.count("/sessions"), 1, "the others never signed in");
}

#[tokio::test]
async fn a_walk_keeps_under_its_rate() {
    let peer = Peer::start(crowd(40)).await;
    let mut profile = profile(&peer.server.url);
    profile.rate = Some(40);
    let begun = Instant::now();

    let rows = list(&open(&profile), "", Some("all")).await.unwrap();

    assert_eq!(rows.len(), 4);
    let asked = peer.asked().len() as f64;
    let seconds = begun.elapsed().as_secs_f64();
    assert!(
        (asked - 1.0) / seconds <= 40.5,
        "{asked} requests in {seconds} s"
    );
}

#[tokio::test]
async fn too_many_requests_slow_a_walk_and_never_fail_it() {
    for told in [Some("1"), None] {
        let peer = Peer::start(crowd(30)).await;
        let api = client(&peer);
        api.whoami().await.unwrap();
        peer.world.lock().unwrap().busy = (4, told);
        let begun = Instant::now();

        let rows = list(&api, "", Some("all")).await.unwrap();

        assert_eq!(rows.len(), 3, "{told:?}");
        assert!(begun.elapsed() >= Duration::from_secs(1), "{told:?}");
    }
}

#[tokio::test]
async fn an_organization_is_found_by_id_and_by_name() {
    let peer = Peer::start(crowd(120)).await;
    let api = client(&peer);

    for query in ["org:org_1", "organization:\"acme corporation\""] {
        let rows = list(&api, query, None).await.unwrap();
        assert_eq!(ids(&rows), ["session_0050_000"], "{query}");
        assert_eq!(
            attribute(&rows[0], "organization"),
            Some("Acme Corporation")
        );
    }
    assert!(
        peer.asked()
            .iter()
            .any(|line| line.contains("organization_id=org_1"))
    );
    let all = list(&api, "@member_of:org_1", None).await.unwrap();
    assert_eq!(all.len(), 11, "whatever they signed in for, without user 0");
    for (query, told) in [
        (
            "org:org_9",
            "no organization of this environment has the id org_9",
        ),
        (
            "org:nobody",
            "no organization of this environment is called \"nobody\"",
        ),
        ("org:Twin", "several organizations are called \"Twin\""),
    ] {
        let error = list(&api, query, None).await.unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
        assert!(matches!(
            error,
            ApiError::BadQuery {
                field: Some(Field::Scope),
                ..
            }
        ));
    }
}

#[tokio::test]
async fn an_organization_beside_a_user_is_a_limit() {
    let mut world = crowd(1);
    let mut of_acme = super::peer::session(0, 1);
    of_acme["organization_id"] = "org_1".into();
    world.sessions.push(of_acme);
    let peer = Peer::start(world).await;

    let rows = list(&client(&peer), "user.id:user_0000 org:acme*", None)
        .await
        .unwrap();
    assert_eq!(rows.len(), 0, "a pattern is compared with the id");
    let query = "user.id:user_0000 org:\"Acme Corporation\"";
    let rows = list(&client(&peer), query, None).await.unwrap();
    assert_eq!(ids(&rows), ["session_0000_001"]);
}
