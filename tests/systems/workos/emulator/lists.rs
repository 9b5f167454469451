//! Users, organizations, memberships and sessions: their fields, filters and pages.

use std::collections::HashSet;

use usher::emulator::workos::Look;

use super::*;

#[tokio::test]
async fn a_session_has_the_documented_fields_in_their_order() {
    let emulator = usual().await;
    let organizations = emulator.workos().organizations();
    emulator.workos().add(&row(1));
    emulator.workos().add(&WorkosRow {
        organization_id: Some(organizations[0].0.clone()),
        method: "impersonation".into(),
        impersonator: Some(("sam.support@vendor.example".into(), None)),
        ip: None,
        user_agent: None,
        ..row(2)
    });

    let page = list(&emulator, &sessions_of(&emulator, "new@example.org")).await;

    let (newest, oldest) = (&page["data"][0], &page["data"][1]);
    let common = [
        "object",
        "id",
        "user_id",
        "status",
        "auth_method",
        "ip_address",
        "user_agent",
        "expires_at",
        "ended_at",
        "created_at",
        "updated_at",
    ];
    assert_eq!(keys(oldest), common);
    let rare = ["organization_id", "impersonator"];
    let rest = keys(newest).into_iter().filter(|key| !rare.contains(key));
    assert_eq!(rest.collect::<Vec<_>>(), common);
    assert_eq!(newest["organization_id"], organizations[0].0.as_str());
    assert_eq!(
        newest["impersonator"]["email"],
        "sam.support@vendor.example"
    );
    assert!(newest["impersonator"]["reason"].is_null());
    assert!(newest["ip_address"].is_null() && newest["user_agent"].is_null());
    assert_eq!(oldest["object"], "session");
    assert_eq!(oldest["status"], "active");
    assert_eq!(oldest["auth_method"], "sso");
    assert_eq!(oldest["created_at"], "2026-03-13T09:41:55.001Z");
    assert_eq!(oldest["expires_at"], "2026-04-13T09:41:55.000Z");
    assert!(oldest["ended_at"].is_null());
}

#[tokio::test]
async fn every_way_to_sign_in_and_an_impersonator_is_there() {
    let emulator = usual().await;

    let target = format!("{}?limit=100", sessions_of(&emulator, "alice@example.org"));
    let sessions = walk(&emulator, &target).await;

    let text = |name: &'static str| sessions.iter().filter_map(move |one| one[name].as_str());
    let methods: HashSet<&str> = text("auth_method").collect();
    assert_eq!(methods.len(), 10, "{methods:?}");
    for session in &sessions {
        let impersonated = session["auth_method"] == "impersonation";
        assert_eq!(session.get("impersonator").is_some(), impersonated);
    }
}

#[tokio::test]
async fn sessions_are_paged_in_both_directions_and_both_orders() {
    let emulator = usual().await;
    for number in 0..25 {
        // Some of the same millisecond.
        let created_ms = NOW_MS - HOUR_MS + number / 3;
        emulator.workos().add(&WorkosRow {
            created_ms,
            ..row(number)
        });
    }
    let path = sessions_of(&emulator, "new@example.org");

    let forward = walk(&emulator, &format!("{path}?limit=7")).await;

    let forward = ids(&forward);
    let expected: Vec<String> = (0..25).rev().map(|number| row(number).id).collect();
    assert_eq!(forward, expected, "newest first, ids as the second rule");
    let backward = walk(&emulator, &format!("{path}?limit=7&order=asc")).await;
    let mut backward = ids(&backward);
    backward.reverse();
    assert_eq!(backward, expected);
    assert_eq!(
        list(&emulator, &path).await["data"]
            .as_array()
            .map(Vec::len),
        Some(10)
    );

    let last = expected.last().expect("some");
    let page = list(&emulator, &format!("{path}?limit=7&before={last}")).await;
    assert_eq!(
        ids(page["data"].as_array().expect("items")),
        expected[17..24]
    );
    assert_eq!(page["list_metadata"]["before"], expected[17].as_str());
    assert_eq!(page["list_metadata"]["after"], expected[23].as_str());
    let page = list(&emulator, &format!("{path}?limit=7&before={}", expected[5])).await;
    assert_eq!(ids(page["data"].as_array().expect("items")), expected[..5]);
    assert!(page["list_metadata"]["before"].is_null());
}

#[tokio::test]
async fn a_session_that_ends_between_two_pages_does_not_break_the_walk() {
    let emulator = usual().await;
    for number in 0..6 {
        emulator.workos().add(&row(number));
    }
    let path = sessions_of(&emulator, "new@example.org");
    let page = list(&emulator, &format!("{path}?limit=3")).await;
    let after = page["list_metadata"]["after"].as_str().expect("a cursor");

    assert!(emulator.workos().end(after));

    let page = list(&emulator, &format!("{path}?limit=3&after={after}")).await;
    let rest = [2, 1, 0].map(|number| row(number).id);
    assert_eq!(ids(page["data"].as_array().expect("items")), rest);
}

#[tokio::test]
async fn only_active_sessions_are_listed_unless_it_is_set_otherwise() {
    for lists_ended in [false, true] {
        let emulator = server(WorkosOptions {
            lists_ended,
            ..WorkosOptions::default()
        })
        .await;
        emulator.workos().add(&row(1));
        emulator.workos().add(&WorkosRow {
            revoked_ms: Some(NOW_MS - HOUR_MS),
            ..row(2)
        });
        emulator.workos().add(&WorkosRow {
            expires_ms: NOW_MS + 1_000,
            ..row(3)
        });
        let path = sessions_of(&emulator, "new@example.org");
        emulator.move_clock(1_000);

        let page = list(&emulator, &path).await;

        let items = page["data"].as_array().expect("items").iter();
        let states: Vec<&str> = items
            .map(|one| one["status"].as_str().expect("one"))
            .collect();
        if lists_ended {
            assert_eq!(states, ["expired", "revoked", "active"]);
            assert_eq!(page["data"][1]["ended_at"], "2026-03-14T08:41:55.000Z");
        } else {
            assert_eq!(states, ["active"]);
        }
    }
}

#[tokio::test]
async fn users_are_found_by_address_organization_and_ids() {
    let emulator = usual().await;
    let known = emulator.workos().users();
    let of = |email: &str| known.iter().find(|one| one.email == email).expect("one");

    for (email, found) in [
        ("alice%40example.org", "alice@example.org"),
        (
            "elodie%2Bwork%40globex.example",
            "elodie+work@globex.example",
        ),
        ("Dmitri.Orlov%40Acme.Example", "Dmitri.Orlov@Acme.Example"),
    ] {
        let page = list(&emulator, &format!("/user_management/users?email={email}")).await;
        assert_eq!(
            ids(page["data"].as_array().expect("items")),
            [&of(found).id]
        );
    }
    for email in [
        "nobody%40example.org",
        "elodie+work%40globex.example",
        "dmitri.orlov%40acme.example",
    ] {
        let page = list(&emulator, &format!("/user_management/users?email={email}")).await;
        assert_eq!(page["data"].as_array().map(Vec::len), Some(0), "{email}");
    }
    let amelia = of("amelia.ruiz@example.org");
    let by_id = get(&emulator, &format!("/user_management/users/{}", amelia.id)).await;
    let path = "/user_management/users/external_id/amelia.ruiz";
    let by_external_id = get(&emulator, path).await;
    assert_eq!(by_id.json(), by_external_id.json());
    assert_eq!(by_id.json()["first_name"], "Amelia");
    assert_eq!(by_id.json()["name"], "Amelia Ruiz");
    let path = format!("/user_management/users/{}/identities", amelia.id);
    assert_eq!(get(&emulator, &path).await.json()[0]["type"], "OAuth");
}

#[tokio::test]
async fn members_of_an_organization_come_with_their_users() {
    let emulator = usual().await;
    let (organization, name) = emulator.workos().organizations()[1].clone();
    let path = format!("/user_management/organization_memberships?organization_id={organization}");

    let all = "&statuses=active%2Cinactive,pending&limit=5";
    let members = walk(&emulator, &format!("{path}{all}")).await;

    assert!(members.len() > 10, "{}", members.len());
    let states: HashSet<&str> = members
        .iter()
        .filter_map(|one| one["status"].as_str())
        .collect();
    assert_eq!(states.len(), 3);
    for member in &members {
        for key in ["directory_managed", "roles", "role", "custom_attributes"] {
            assert!(!member[key].is_null(), "{key}: {member}");
        }
        assert_eq!(member["user"]["id"], member["user_id"]);
        assert_eq!(member["organization_name"], name.as_str());
    }
    let active = walk(&emulator, &format!("{path}&limit=100")).await;
    assert!(active.iter().all(|one| one["status"] == "active"));
    assert!(active.len() < members.len());
    let users = format!("/user_management/users?organization_id={organization}&limit=100");
    let users = walk(&emulator, &users).await;
    let of_members: HashSet<&str> = active
        .iter()
        .filter_map(|one| one["user_id"].as_str())
        .collect();
    assert_eq!(ids(&users).into_iter().collect::<HashSet<_>>(), of_members);
    let user = user_id(&emulator, "alice@example.org");
    let path = format!("/user_management/organization_memberships?user_id={user}");
    let hers = walk(&emulator, &format!("{path}&order=desc")).await;
    assert_eq!(hers.len(), 2);
}

#[tokio::test]
async fn organizations_are_found_by_name_and_domain() {
    let emulator = usual().await;

    for (query, found) in [
        ("search=INITECH", &["Initech & Sons"][..]),
        (
            "domains=acme.example%2Cglobex.example&order=asc",
            &["Acme Corporation", "Globex"],
        ),
        ("domains=nowhere.example", &[]),
    ] {
        let page = list(&emulator, &format!("/organizations?{query}")).await;
        let items = page["data"].as_array().expect("items").iter();
        let names: Vec<&str> = items
            .map(|one| one["name"].as_str().expect("a name"))
            .collect();
        assert_eq!(names, found, "{query}");
    }
    let by_external_id = get(&emulator, "/organizations/external_id/crm-1001").await;
    assert_eq!(by_external_id.json()["name"], "Acme Corporation");
    let id = by_external_id.json()["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let by_id = get(&emulator, &format!("/organizations/{id}")).await;
    assert_eq!(by_id.json(), by_external_id.json());
    assert_eq!(by_id.json()["domains"][0]["domain"], "acme.example");
}

#[tokio::test]
async fn sessions_can_lack_fields_and_pages_can_have_an_odd_item() {
    let looks = |look| WorkosOptions {
        look,
        ..WorkosOptions::default()
    };
    let bare = server(looks(Look::Bare)).await;
    let broken = server(looks(Look::Broken)).await;
    let path = |emulator| sessions_of(emulator, "alice@example.org");

    let page = list(&bare, &path(&bare)).await;
    assert_eq!(
        keys(&page["data"][0]),
        [
            "object",
            "user_id",
            "organization_id",
            "ip_address",
            "user_agent",
            "id",
            "created_at",
            "updated_at"
        ]
    );
    let page = list(&broken, &path(&broken)).await;
    let items = page["data"].as_array().expect("items");
    let odd = items.iter().filter(|one| !one["id"].is_string());
    assert_eq!(odd.count(), 1);
    assert!(items[1]["id"].is_number());
}
