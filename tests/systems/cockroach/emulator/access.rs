//! Signing in and out, tokens and cookies, and who is refused.

use serde_json::json;
use usher::emulator::Running;
use usher::emulator::cockroach::{Cluster, CockroachLogin, CockroachOptions, Version};

use super::{
    LIST, SECOND_US, SESSION, add, body, empty, form, post, row, rows, run, server, token,
};
use crate::asked::{Answer, Asked};

async fn login(emulator: &Running, body: &str) -> Answer {
    let asked = Asked {
        body: body.to_owned(),
        ..Asked::new("POST", "/api/v2/login/")
    };
    asked.send(emulator.url()).await
}

#[tokio::test]
async fn a_sign_in_is_a_row_itself_good_for_a_week() {
    let emulator = server().await;

    let token = token(&emulator, &emulator.cockroach().admin()).await;

    assert_eq!(token.len(), 40);
    let [row] = &emulator.cockroach().rows()[..] else {
        panic!("one row");
    };
    assert_eq!(row.user, "opsadmin");
    assert_eq!(row.expires_us - row.created_us, 168 * 3_600 * SECOND_US);
    assert!(row.id > 1 << 53);
}

#[tokio::test]
async fn names_are_taken_in_any_spelling() {
    let emulator = server().await;
    let login = CockroachLogin {
        user: "OpsAdmin".into(),
        ..emulator.cockroach().admin()
    };

    token(&emulator, &login).await;

    assert_eq!(emulator.cockroach().rows()[0].user, "opsadmin");
}

#[tokio::test]
async fn refused_sign_ins_are_told_in_plain_text() {
    let emulator = server().await;
    let wrong = "the provided credentials did not match any account on the server\n";
    for (form, status, text) in [
        ("username=&password=x", 400, "username not specified\n"),
        ("username=opsadmin&password=x", 401, wrong),
        ("username=nobody&password=x", 401, wrong),
        ("username=root&password=", 401, wrong),
        ("username=admin&password=", 401, wrong),
    ] {
        let answer = login(&emulator, form).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (status, text),
            "{form}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
    }
    let get = Asked::new("GET", "/api/v2/login/")
        .send(emulator.url())
        .await;
    assert_eq!(get.status, 404);
    assert!(get.body.starts_with("not found"));
    assert!(emulator.cockroach().rows().is_empty());
}

#[tokio::test]
async fn every_state_of_a_token_has_its_answer() {
    let emulator = server().await;
    let handle = emulator.cockroach();
    let now_us = emulator.now_ms() * 1_000;
    let mut expired = row(&emulator, "opsadmin");
    expired.expires_us = now_us;
    expired.id = 5;
    handle.add(&expired, &[0; 16]);
    let mut later = row(&emulator, "opsadmin");
    later.revoked_us = Some(now_us + SECOND_US);
    later.id = 6;
    handle.add(&later, &[0; 16]);
    let refused = "the provided authentication session could not be validated\n";
    for (token, status, text) in [
        ("!", 400, "illegal base64 data at input byte 0\n"),
        ("/w==", 400, "invalid session header\n"),
        // Ids 5 (expired), 6 (revoked from now on) and 7 (unknown), with a secret of zeros; 5 without a secret.
        ("CAUSEAAAAAAAAAAAAAAAAAAAAAA=", 401, refused),
        ("CAYSEAAAAAAAAAAAAAAAAAAAAAA=", 401, refused),
        ("CAcSEAAAAAAAAAAAAAAAAAAAAAA=", 401, refused),
        ("CAU=", 401, refused),
    ] {
        let answer = post(&emulator, token, &body(LIST, &[])).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (status, text),
            "{token}"
        );
    }
    let bare = Asked::new("POST", "/api/v2/sql/")
        .body("{}")
        .send(emulator.url())
        .await;
    assert_eq!(
        (bare.status, bare.body.as_str()),
        (401, "invalid session header\n")
    );
}

#[tokio::test]
async fn a_token_made_elsewhere_is_taken_until_it_ends() {
    let emulator = server().await;
    let mut made = row(&emulator, "opsadmin");
    made.id = 784_445_853_689_282_561;
    let counted = std::array::from_fn(|at| at as u8);
    emulator.cockroach().add(&made, &counted);
    let token = "CIGAtrWQq7rxChIQAAECAwQFBgcICQoLDA0ODw==";
    let ask = || async { post(&emulator, token, &body(LIST, &[])).await.status };

    assert_eq!(ask().await, 200);
    emulator.cockroach().revoke(made.id);
    assert_eq!(ask().await, 401, "on the very next request");
    let hashed = emulator.cockroach().hashed_secret(made.id).expect("a row");
    assert_eq!(hashed[..4], [0xbe, 0x45, 0xcb, 0x26]);
}

#[tokio::test]
async fn logging_out_looks_at_the_id_only() {
    let emulator = server().await;
    let id = emulator.cockroach().add(
        &usher::emulator::cockroach::CockroachRow {
            id: 5,
            ..row(&emulator, "root")
        },
        &[9; 16],
    );
    let out = |token: &'static str| {
        let asked = Asked::new("POST", "/api/v2/logout/");
        let asked = if token.is_empty() {
            asked
        } else {
            asked.header(SESSION, token)
        };
        let url = emulator.url().to_owned();
        async move { asked.send(&url).await }
    };

    let answer = out("CAUSEAAAAAAAAAAAAAAAAAAAAAA=").await;

    assert_eq!(answer.json(), json!({ "logged_out": true }));
    assert!(
        emulator
            .cockroach()
            .find(id)
            .expect("a row")
            .revoked_us
            .is_some()
    );
    let none = out("").await;
    assert_eq!(
        (none.status, none.body.as_str()),
        (400, "invalid or unspecified session\n")
    );
    let unknown = out("CAcSEAAAAAAAAAAAAAAAAAAAAAA=").await;
    assert_eq!(
        (unknown.status, unknown.body.as_str()),
        (400, "invalid session\n")
    );
    assert_eq!(out("!").await.status, 500);
}

#[tokio::test]
async fn the_pages_sign_in_with_a_cookie_that_names_the_cluster() {
    for (version, cookies) in [(Version::new(22, 2), 1), (Version::new(25, 4), 2)] {
        let system = CockroachOptions {
            version,
            ..CockroachOptions::default()
        };
        let emulator = empty(system).await;
        let login = emulator.cockroach().admin();
        let credentials = json!({ "username": login.user, "password": login.password });
        let asked = Asked::new("POST", "/login").body(&credentials.to_string());

        let answer = asked.send(emulator.url()).await;

        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
        let set = answer.all("set-cookie");
        assert_eq!(set.len(), cookies, "{set:?}");
        let pairs: Vec<&str> = set
            .iter()
            .filter_map(|line| line.split(';').next())
            .collect();
        let value = pairs[0].strip_prefix("session=").expect("the session");
        let token = value.trim_matches('"').split(',').next().expect("a token");
        assert_eq!(value.ends_with(",system\""), cookies == 2, "{value}");
        assert_eq!(post(&emulator, token, &body(LIST, &[])).await.status, 200);
        let by_cookie = Asked::new("POST", "/api/v2/sql/")
            .header(SESSION, "cookie")
            .header("Cookie", &pairs.join("; "))
            .body(&body(LIST, &[]).to_string());
        let status = by_cookie.send(emulator.url()).await.status;
        assert_eq!(status, if cookies == 2 { 200 } else { 400 });
        let out = Asked::new("GET", "/logout").header("Cookie", &pairs.join("; "));
        assert_eq!(out.send(emulator.url()).await.status, 200);
        assert_eq!(post(&emulator, token, &body(LIST, &[])).await.status, 401);
    }
}

#[tokio::test]
async fn a_virtual_cluster_signs_nobody_in_by_the_api() {
    let system = CockroachOptions {
        cluster: Cluster::Tenant,
        ..CockroachOptions::default()
    };
    let emulator = empty(system).await;

    let answer = login(&emulator, &form(&emulator.cockroach().admin())).await;

    assert_eq!(
        (answer.status, answer.body.as_str()),
        (501, "Not Available on Tenants\n")
    );
}

#[tokio::test]
async fn everybody_is_root_in_an_insecure_cluster() {
    let system = CockroachOptions {
        cluster: Cluster::Insecure,
        ..CockroachOptions::default()
    };
    let emulator = empty(system).await;
    let probe = "SELECT version() AS version, current_user AS username, now() AS now";
    let asked = Asked::new("POST", "/api/v2/sql/").body(&body(probe, &[]).to_string());

    let answer = asked.send(emulator.url()).await.json();

    let row = &answer["execution"]["txn_results"][0]["rows"][0];
    assert_eq!(row["username"], "root");
    assert_eq!(row["now"], "2026-03-14T09:41:55Z");
    assert!(
        row["version"]
            .as_str()
            .is_some_and(|text| text.contains(" v25.4."))
    );
}

#[tokio::test]
async fn a_slash_at_the_end_belongs_to_every_path() {
    let emulator = server().await;
    for path in [
        "/api/v2/sql",
        "/api/v2/login",
        "/api/v2/health",
        "/api/v2/nothing/",
    ] {
        let answer = Asked::new("POST", path).send(emulator.url()).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (404, "404 page not found\n"),
            "{path}"
        );
    }
    let health = Asked::new("GET", "/api/v2/health/")
        .send(emulator.url())
        .await;
    assert_eq!((health.status, health.body.as_str()), (200, "{}"));
    let system = CockroachOptions {
        sql_api: false,
        ..CockroachOptions::default()
    };
    let old = empty(system).await;
    assert_eq!(post(&old, "x", &body(LIST, &[])).await.status, 404);
}

#[tokio::test]
async fn tokens_end_when_a_test_says_so_and_rows_go_an_hour_later() {
    let emulator = server().await;
    let token = token(&emulator, &emulator.cockroach().admin()).await;
    let other = add(&emulator, "jdoe");

    emulator.expire_tokens();

    assert_eq!(post(&emulator, &token, &body(LIST, &[])).await.status, 401);
    assert_eq!(rows(&run(&emulator, LIST, &[]).await).len(), 3);
    emulator.move_clock(3_600_000);
    let left = rows(&run(&emulator, LIST, &[]).await);
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(emulator.cockroach().find(other).is_some());
    emulator.move_clock(3_600_000);
    run(&emulator, LIST, &[]).await;
    assert!(
        emulator.cockroach().find(other).is_none(),
        "expired an hour ago"
    );
}
