//! Tokens, refusals, discovery.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use usher::emulator::Options;
use usher::emulator::janssen::JanssenOptions;

use super::http::{FORM, ask};
use super::*;

pub const TOKEN: &str = "/jans-auth/restv1/token";
pub const DEVICE: &str = "/jans-auth/restv1/device_authorization";

pub fn basic(emulator: &Running) -> String {
    let auth = emulator.auth();
    let pair = format!("{}:{}", auth.client_id, auth.client_secret);
    format!("Basic {}", STANDARD.encode(pair))
}

pub async fn post(emulator: &Running, path: &str, authorization: &str, form: &str) -> Answer {
    let headers = [FORM, ("Authorization", authorization)];
    ask(emulator.url(), "POST", path, &headers, form)
        .await
        .expect("an answer")
}

async fn token_with(emulator: &Running, scope: &str) -> String {
    let form = format!("grant_type=client_credentials&scope={scope}");
    let answer = post(emulator, TOKEN, &basic(emulator), &form).await;
    answer.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

#[tokio::test]
async fn client_credentials_give_a_token_with_the_scopes_asked_for() {
    let emulator = running(fixed()).await;
    let form = format!("grant_type=client_credentials&scope={READ}+revoke_session+unheard_of");

    let answer = post(&emulator, TOKEN, &basic(&emulator), &form).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 299);
    assert_eq!(body["scope"], format!("{READ} revoke_session"));
    assert_eq!(body["access_token"].as_str().map(str::len), Some(36));
}

#[tokio::test]
async fn token_request_without_scope_is_a_connection_probe_that_opens_nothing() {
    let emulator = running(fixed()).await;

    let answer = post(
        &emulator,
        TOKEN,
        &basic(&emulator),
        "grant_type=client_credentials",
    )
    .await;

    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert!(body.get("scope").is_none());
    let token = body["access_token"].as_str().expect("a token");
    assert_eq!(api_as(&emulator, token, "GET", "").await.status, 401);
}

#[tokio::test]
async fn wrong_client_and_wrong_grant_are_told_apart() {
    let emulator = running(fixed()).await;
    let right = basic(&emulator);

    for (authorization, form, status, error) in [
        (
            "Basic eDp5",
            "grant_type=client_credentials",
            401,
            "invalid_client",
        ),
        (
            "Bearer x",
            "grant_type=client_credentials",
            401,
            "invalid_client",
        ),
        (
            right.as_str(),
            "grant_type=password",
            400,
            "unsupported_grant_type",
        ),
        (right.as_str(), "scope=openid", 400, "invalid_request"),
    ] {
        let answer = post(&emulator, TOKEN, authorization, form).await;

        assert_eq!(answer.status, status, "{form}");
        assert_eq!(answer.json()["error"], error, "{form}");
        assert!(answer.json()["error_description"].is_string(), "{form}");
    }
}

#[tokio::test]
async fn refusals_are_text_with_the_documented_words() {
    let emulator = running(fixed()).await;
    let reader = token_with(&emulator, READ).await;
    let personal = token_with(&emulator, "revoke_session").await;
    let issuer = ("issuer", "https://elsewhere.example.org");
    let bearer = format!("Bearer {reader}");
    let personal = format!("Bearer {personal}");
    let get = format!("{SESSION}/search");
    let delete = format!("{SESSION}/sid/x");

    for (method, path, headers, text) in [
        (
            "GET",
            &get,
            vec![],
            "ONLY TOKEN BASED AUTHORIZATION IS SUPPORTED!".to_owned(),
        ),
        (
            "GET",
            &get,
            vec![("Authorization", "Basic eDp5")],
            "ONLY TOKEN BASED AUTHORIZATION IS SUPPORTED!".to_owned(),
        ),
        (
            "GET",
            &get,
            vec![("Authorization", "Bearer made-up")],
            "Token is Invalid.".to_owned(),
        ),
        (
            "GET",
            &get,
            vec![("Authorization", "Bearer a.b.c")],
            "Jwt Token is Invalid.".to_owned(),
        ),
        (
            "GET",
            &get,
            vec![("Authorization", bearer.as_str()), issuer],
            "Header Issuer is Invalid.".to_owned(),
        ),
        (
            "GET",
            &get,
            vec![("Authorization", personal.as_str())],
            format!(
                "Insufficient scopes!!! Required scope: [{READ}], token scopes: [revoke_session]"
            ),
        ),
        (
            "DELETE",
            &delete,
            vec![("Authorization", bearer.as_str())],
            format!(
                "Insufficient scopes!!! Required scope: [{DELETE}, revoke_session], token scopes: [{READ}]"
            ),
        ),
    ] {
        let answer = ask(emulator.url(), method, path, &headers, "")
            .await
            .expect("an answer");

        assert_eq!(answer.status, 401, "{text}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{text}");
        assert_eq!(answer.text(), text);
    }
}

#[tokio::test]
async fn each_alternative_of_the_scopes_is_enough() {
    let emulator = running(fixed()).await;
    let config = "https://jans.io/oauth/config";
    let admin = "https://jans.io/oauth/jans-auth-server/session.admin";

    for (scopes, reads, deletes) in [
        (READ.to_owned(), 200, 401),
        (admin.to_owned(), 200, 404),
        (format!("{config}/read-all"), 200, 401),
        (format!("{config}/write-all"), 200, 401),
        (format!("{config}/delete-all"), 401, 404),
        (DELETE.to_owned(), 401, 401),
        (format!("{DELETE} revoke_session"), 401, 404),
    ] {
        let token = token_with(&emulator, &scopes).await;

        assert_eq!(
            api_as(&emulator, &token, "GET", "/search").await.status,
            reads,
            "{scopes}"
        );
        assert_eq!(
            api_as(&emulator, &token, "DELETE", "/sid/x").await.status,
            deletes,
            "{scopes}"
        );
    }
}

#[tokio::test]
async fn client_gets_no_scope_that_it_may_not_have() {
    let emulator = running(Options {
        system: Arc::new(JanssenOptions {
            scopes: Some(vec![READ.into()]),
            ..Default::default()
        }),
        ..fixed()
    })
    .await;

    let token = token_with(&emulator, &format!("{READ} {DELETE} revoke_session")).await;

    assert_eq!(
        api_as(&emulator, &token, "GET", "/search").await.status,
        200
    );
    let refused = api_as(&emulator, &token, "DELETE", "/sid/x").await;
    assert!(
        refused.text().contains("Insufficient scopes"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn token_ends_when_its_time_is_over() {
    let emulator = running(fixed()).await;
    let token = token_with(&emulator, READ).await;

    emulator.move_clock(299_000);
    let before = api_as(&emulator, &token, "GET", "/search").await.status;
    emulator.move_clock(1_000);
    let after = api_as(&emulator, &token, "GET", "/search").await;

    assert_eq!(before, 200);
    assert_eq!(
        (after.status, after.text().as_str()),
        (401, "HTTP 401 Unauthorized")
    );
}

#[tokio::test]
async fn revoked_token_is_invalid_and_revoking_twice_is_no_error() {
    let emulator = running(fixed()).await;
    let token = token_with(&emulator, READ).await;
    let form = format!("token={token}&token_type_hint=access_token");

    for _ in 0..2 {
        let answer = post(
            &emulator,
            "/jans-auth/restv1/revoke",
            &basic(&emulator),
            &form,
        )
        .await;
        assert_eq!((answer.status, answer.body.len()), (200, 0));
    }

    let refused = api_as(&emulator, &token, "GET", "/search").await;
    assert_eq!(refused.text(), "Token is Invalid.");
}

#[tokio::test]
async fn discovery_names_the_endpoints_and_ignores_the_odd_header() {
    let emulator = running(fixed()).await;

    for path in [
        "/.well-known/openid-configuration",
        "/jans-auth/.well-known/openid-configuration",
    ] {
        let headers = [("Authorization", "Bearer None")];
        let answer = ask(emulator.url(), "GET", path, &headers, "")
            .await
            .expect("an answer");

        let body = answer.json();
        let url = emulator.url();
        assert_eq!(body["issuer"], url);
        assert_eq!(body["token_endpoint"], format!("{url}{TOKEN}"));
        assert_eq!(
            body["device_authorization_endpoint"],
            format!("{url}{DEVICE}")
        );
        assert_eq!(
            body["userinfo_endpoint"],
            format!("{url}/jans-auth/restv1/userinfo")
        );
        assert_eq!(
            body["revocation_endpoint"],
            format!("{url}/jans-auth/restv1/revoke")
        );
    }
}

#[tokio::test]
async fn discovery_can_be_missing() {
    let emulator = running(Options {
        system: Arc::new(JanssenOptions {
            discovery: false,
            ..Default::default()
        }),
        ..fixed()
    })
    .await;

    let path = "/.well-known/openid-configuration";
    let answer = ask(emulator.url(), "GET", path, &[], "")
        .await
        .expect("an answer");

    assert_eq!(answer.status, 404);
}
