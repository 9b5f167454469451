//! The differences of PingAM from OpenAM, from its documentation.

use serde_json::{Value, json};
use std::sync::Arc;
use usher::emulator::pingam::{AmOptions, Flavour};
use usher::emulator::{Options, Running};

use super::{MINUTE_MS, fixed, running};
use crate::asked::{Answer, Asked};

const COOKIE: &str = "iPlanetDirectoryPro";

async fn pingam(am: AmOptions) -> Running {
    let options = Options {
        system: Arc::new(AmOptions {
            flavour: Flavour::Pingam,
            ..am
        }),
        ..fixed()
    };
    running(options).await
}

async fn post(emulator: &Running, token: &str, version: &str, action: &str, body: Value) -> Answer {
    post_in(emulator, "root", token, version, action, body).await
}

async fn post_in(
    emulator: &Running,
    realm: &str,
    token: &str,
    version: &str,
    action: &str,
    body: Value,
) -> Answer {
    let target = format!("/am/json/realms/{realm}/sessions?_action={action}");
    Asked::new("POST", &target)
        .header(COOKIE, token)
        .header(
            "Accept-API-Version",
            &format!("resource={version}, protocol=1.0"),
        )
        .body(&body.to_string())
        .send(emulator.url())
        .await
}

async fn list(emulator: &Running, realm: &str, token: &str, filter: &str) -> Answer {
    let filter = filter.replace(' ', "%20").replace('"', "%22");
    let target = format!("/am/json/realms/{realm}/sessions?_queryFilter={filter}");
    Asked::new("GET", &target)
        .header(COOKIE, token)
        .header("Accept-API-Version", "resource=3.1, protocol=1.0")
        .send(emulator.url())
        .await
}

/// Signs one of the printed logins in and gives the token.
async fn sign_in(emulator: &Running, number: usize) -> String {
    let login = &emulator.am_auth().logins[number];
    let path = match login.realm.as_str() {
        "/" => "root".to_owned(),
        realm => format!("root/realms{realm}"),
    };
    let answer = Asked::new("POST", &format!("/am/json/realms/{path}/authenticate"))
        .header("X-OpenAM-Username", &login.user)
        .header("X-OpenAM-Password", &login.password)
        .header("Accept-API-Version", "resource=2.0, protocol=1.0")
        .body("{}")
        .send(emulator.url())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let token = answer.json()["tokenId"].clone();
    token.as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn list_of_the_first_realm_is_cut_and_has_one_time_with_milliseconds() {
    let emulator = pingam(AmOptions::default()).await;
    let token = emulator.am_auth().token.clone();

    let page = list(&emulator, "root", &token, r#"realm eq "/alpha""#)
        .await
        .json();
    emulator.am().set_list_limit(1_000);
    let whole = list(&emulator, "root", &token, r#"realm eq "/alpha""#)
        .await
        .json();

    assert_eq!(page["resultCount"], 120);
    assert_eq!(page["totalPagedResults"], -1);
    assert!(
        whole["resultCount"].as_i64() > Some(120),
        "{}",
        whole["resultCount"]
    );
    let row = &page["result"][0];
    let length = |name: &str| row[name].as_str().map(str::len);
    assert_eq!(
        length("latestAccessTime"),
        Some("2026-03-14T09:41:55.120Z".len())
    );
    assert_eq!(
        length("maxIdleExpirationTime"),
        Some("2026-03-14T09:41:55Z".len())
    );
    assert_eq!(row["realm"], "/alpha");
}

#[tokio::test]
async fn token_in_the_query_acts_on_the_callers_own_session() {
    let emulator = pingam(AmOptions::default()).await;
    let victim = emulator.am().sign_in("jdoe", "/").expect("a realm").token;
    let own = sign_in(&emulator, 0).await;

    let action = format!("logout&tokenId={}", victim.replace('*', "%2A"));
    let answer = post(&emulator, &own, "3.1", &action, json!({})).await;

    assert_eq!(answer.json()["result"], "Successfully logged out");
    assert!(emulator.am().find(&victim).is_some());
    assert!(emulator.am().find(&own).is_none());
}

#[tokio::test]
async fn actions_need_their_version_and_the_target_in_the_body() {
    let emulator = pingam(AmOptions::default()).await;
    let token = emulator.am_auth().token.clone();
    let target = emulator
        .am()
        .sign_in("jdoe", "/alpha")
        .expect("a realm")
        .token;
    let body = json!({ "tokenId": target });

    for (version, action, status) in [
        ("2.0", "getSessionInfo", 404),
        ("1.2", "validate", 404),
        ("3.1", "getSessionInfoAndResetIdleTime", 501),
        ("4.0", "getSessionInfoAndResetIdleTime", 200),
        ("4.0", "logoutByUser", 501),
        ("3.0", "validate", 200),
        ("5.0", "refresh", 200),
        ("5.1", "nonsense", 501),
    ] {
        let answer = post(&emulator, &token, version, action, body.clone()).await;
        assert_eq!(answer.status, status, "{version} {action}: {}", answer.body);
    }
    let info = post(&emulator, &token, "4.0", "getSessionInfo", body.clone())
        .await
        .json();
    assert_eq!(info["username"], "jdoe");
    assert!(info["properties"]["AMCtxId"].is_string(), "{info}");
    assert!(info.get("sessionHandle").is_none());
    let valid = post(&emulator, &token, "3.0", "validate", body)
        .await
        .json();
    assert_eq!(
        (&valid["valid"], &valid["realm"]),
        (&json!(true), &json!("/alpha"))
    );
    assert!(valid["sessionUid"].is_string());
}

#[tokio::test]
async fn only_actions_that_reset_the_idle_time_move_it() {
    let emulator = pingam(AmOptions::default()).await;
    let token = emulator.am_auth().token.clone();
    let row = emulator.am().sign_in("jdoe", "/alpha").expect("a realm");
    let body = json!({ "tokenId": row.token });
    let mut moved = Vec::new();

    for action in [
        "getSessionInfo",
        "validate&refresh=false",
        "validate",
        "refresh",
        "getSessionInfoAndResetIdleTime",
    ] {
        let before = emulator.am().find(&row.token).expect("there").latest_ms;
        emulator.move_clock(2 * MINUTE_MS);
        post(&emulator, &token, "5.1", action, body.clone()).await;
        moved.push(emulator.am().find(&row.token).expect("there").latest_ms != before);
    }

    assert_eq!(moved, [false, false, true, true, true]);
}

#[tokio::test]
async fn logout_by_user_ends_listed_sessions_of_one_realm_only() {
    let emulator = pingam(AmOptions {
        client_side_realms: vec!["/beta".into()],
        ..AmOptions::default()
    })
    .await;
    let token = emulator.am_auth().token.clone();
    let am = emulator.am();
    let [alpha, root, beta] = ["/alpha", "/", "/beta"].map(|r| am.sign_in("leaver", r).expect("r"));
    let body = json!({ "username": "leaver" });

    let first = post_in(
        &emulator,
        "root/realms/alpha",
        &token,
        "5.1",
        "logoutByUser",
        body.clone(),
    );
    assert_eq!(first.await.json(), json!({ "result": true }));
    post_in(
        &emulator,
        "root/realms/beta",
        &token,
        "5.1",
        "logoutByUser",
        body,
    )
    .await;

    assert!(am.find(&alpha.token).is_none());
    assert!(am.find(&root.token).is_some());
    assert!(am.find(&beta.token).is_some(), "kept by the client");
}

#[tokio::test]
async fn delegated_administrator_lists_but_revokes_only_if_the_server_allows_it() {
    for (allowed, status) in [(false, 403), (true, 200)] {
        let emulator = pingam(AmOptions {
            delegates_revoke: allowed,
            ..AmOptions::default()
        })
        .await;
        let am = emulator.am();
        let own = am
            .sign_in("jdoe", "/alpha")
            .and_then(|r| r.handle)
            .expect("listed");
        let foreign = am
            .sign_in("jdoe", "/beta")
            .and_then(|r| r.handle)
            .expect("listed");
        let token = sign_in(&emulator, 1).await;

        let rows = list(
            &emulator,
            "root/realms/alpha",
            &token,
            r#"realm eq "/alpha""#,
        )
        .await;
        let elsewhere = list(&emulator, "root", &token, r#"realm eq "/alpha""#).await;
        let body = json!({ "sessionHandles": [own, foreign] });
        let realm = "root/realms/alpha";
        let answer = post_in(&emulator, realm, &token, "3.1", "logoutByHandle", body).await;

        assert_eq!((rows.status, elsewhere.status), (200, 403));
        assert_eq!(answer.status, status);
        assert_eq!(am.find(&own).is_none(), allowed);
        assert!(am.find(&foreign).is_some());
        if allowed {
            let result = &answer.json()["result"];
            assert_eq!(
                (&result[&own], &result[&foreign]),
                (&json!(true), &json!(false))
            );
        }
    }
}

#[tokio::test]
async fn guarded_handle_is_answered_with_false_and_lives_on() {
    let emulator = pingam(AmOptions::default()).await;
    let token = emulator.am_auth().token.clone();
    let row = emulator.am().sign_in("jdoe", "/alpha").expect("a realm");
    let handle = row.handle.expect("listed");
    emulator.am().guard(&handle);

    let body = json!({ "sessionHandles": [handle] });
    let answer = post(&emulator, &token, "3.1", "logoutByHandle", body)
        .await
        .json();

    assert_eq!(answer["result"][&handle], json!(false));
    assert!(emulator.am().find(&handle).is_some());
}

#[tokio::test]
async fn post_with_the_token_in_the_cookie_needs_one_of_two_headers() {
    let emulator = pingam(AmOptions::default()).await;
    let cookie = format!("{COOKIE}={}", emulator.am_auth().token);
    let token = emulator.am_auth().token.clone();
    let asked = || {
        let target = "/am/json/realms/root/sessions?_action=getSessionInfo";
        Asked::new("POST", target).body("{}")
    };

    for (asked, status) in [
        (asked().header("Cookie", &cookie), 403),
        (
            asked()
                .header("Cookie", &cookie)
                .header("X-Requested-With", "usher"),
            200,
        ),
        (
            asked()
                .header("Cookie", &cookie)
                .header("Accept-API-Version", "resource=4.0"),
            200,
        ),
        (asked().header(COOKIE, &token), 200),
    ] {
        let answer = asked.send(emulator.url()).await;
        assert_eq!(answer.status, status, "{asked:?} {}", answer.body);
    }
}

#[tokio::test]
async fn errors_are_plain_text_and_foreign_host_names_are_refused() {
    let emulator = pingam(AmOptions::default()).await;
    let token = emulator.am_auth().token.clone();

    let unknown = list(&emulator, "root/realms/nope", &token, "true").await;
    let foreign = Asked::new("GET", "/am/json/serverinfo/*")
        .header("Host", "idp.example.org")
        .send(emulator.url())
        .await;

    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.json()["message"], "Realm \"/nope\" not found");
    assert_eq!(foreign.status, 400);
}

#[tokio::test]
async fn bearer_token_is_taken_only_where_the_server_knows_such_tokens() {
    for (bearer, status) in [(false, 401), (true, 200)] {
        let emulator = pingam(AmOptions {
            bearer,
            ..AmOptions::default()
        })
        .await;

        let answer = Asked::new("GET", "/am/json/realms/root/sessions?_queryFilter=true")
            .header(
                "Authorization",
                &format!("Bearer {}", emulator.am_auth().bearer),
            )
            .send(emulator.url())
            .await;

        assert_eq!(answer.status, status, "{}", answer.body);
    }
}
