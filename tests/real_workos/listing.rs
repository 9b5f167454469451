//! Users, organizations, everybody, recent sign-ins; refusals and the limit.

use std::time::{Duration, Instant};

use usher::model::ApiError;

use crate::client::open;
use crate::vendor::{Vendor, ids, rows};

#[tokio::test]
async fn a_user_is_found_by_address_and_by_id_whatever_is_in_the_address() {
    let Some(vendor) = Vendor::find("a_user_is_found_by_address_and_by_id") else {
        return;
    };
    let api = vendor.api();
    // The second to last have capital letters, a plus sign and an apostrophe in it; the last one has no session.
    for number in [1, 3, 4, 5, 39] {
        let (id, email) = vendor.user(number);
        let expected = vendor.sessions_of(id).await;
        for query in [format!("user:\"{email}\""), format!("user.id:{id}")] {
            let found = rows(&api, &query, None).await.expect("a list");
            assert_eq!(ids(&found), expected, "{query}");
            assert_eq!(found.len(), expected.len(), "{query}: each once");
        }
    }
}

#[tokio::test]
async fn a_walk_finds_the_sessions_of_everybody_once() {
    let Some(vendor) = Vendor::find("a_walk_finds_the_sessions_of_everybody_once") else {
        return;
    };
    let expected = vendor.sessions().await;

    let found = rows(&vendor.api(), "", Some("all")).await.expect("a list");

    assert!(expected.len() > 200, "{}", expected.len());
    assert_eq!(ids(&found), expected);
    assert_eq!(found.len(), expected.len());
}

#[tokio::test]
async fn an_organization_has_the_sessions_that_chose_it() {
    let Some(vendor) = Vendor::find("an_organization_has_the_sessions_that_chose_it") else {
        return;
    };
    let organization = vendor.state["organizations"][0]["id"].as_str().unwrap();
    let api = vendor.api();
    let all = rows(&api, "", Some("all")).await.expect("a list");
    let its = all.iter().filter(|row| {
        let scope = row.scope.as_ref();
        scope.is_some_and(|scope| scope.expose() == organization)
            || row
                .attribute("organization")
                .is_some_and(|one| one.value.expose() == "Acme Corporation")
    });
    let its: Vec<_> = its.cloned().collect();

    let query = format!("org:{organization}");
    let found = rows(&api, &query, None).await.expect("a list");

    assert!(!found.is_empty());
    assert!(found.len() < all.len());
    assert!(ids(&its).is_subset(&ids(&all)));
    for row in &its {
        assert!(ids(&found).contains(row.id()), "{row:?}");
    }
}

#[tokio::test]
async fn recent_sign_ins_are_those_of_the_log() {
    let Some(vendor) = Vendor::find("recent_sign_ins_are_those_of_the_log") else {
        return;
    };

    let found = rows(&vendor.api(), "", Some("recent"))
        .await
        .expect("a list");

    let missing: Vec<_> = vendor
        .sessions()
        .await
        .difference(&ids(&found))
        .cloned()
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn a_wrong_key_is_a_refused_sign_in() {
    let Some(vendor) = Vendor::find("a_wrong_key_is_a_refused_sign_in") else {
        return;
    };
    let api = open(&vendor.profile_with("sk_test_wrong"));

    let error = rows(&api, "user.id:user_01AAAAAAAAAAAAAAAAAAAAAAAA", None).await;

    let error = error.expect_err("it is refused");
    assert!(matches!(error, ApiError::Auth { .. }), "{error:?}");
}

#[tokio::test]
async fn at_the_limit_a_list_waits_as_long_as_it_is_told() {
    let Some(vendor) = Vendor::find("at_the_limit_a_list_waits_as_long_as_it_is_told") else {
        return;
    };
    let spare = vendor.state["keys"]["spare"].as_str().unwrap();
    let pause = loop {
        let answer = vendor.get(spare, "/user_management/users?limit=1").await;
        if answer.status == 429 {
            let seconds = answer
                .header("retry-after")
                .and_then(|text| text.parse().ok());
            break Duration::from_secs(seconds.expect("seconds"));
        }
    };
    let (id, _) = vendor.user(1);
    let begun = Instant::now();

    let found = rows(
        &open(&vendor.profile_with(spare)),
        &format!("user.id:{id}"),
        None,
    )
    .await;

    assert_eq!(ids(&found.expect("a list")), vendor.sessions_of(id).await);
    assert!(
        begun.elapsed() + Duration::from_secs(2) > pause,
        "{pause:?}"
    );
}
