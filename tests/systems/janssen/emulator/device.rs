//! Device sign-in, the first-party command line's four steps among it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::Arc;
use usher::emulator::Options;
use usher::emulator::janssen::JanssenOptions;

use super::http::{FORM, ask};
use super::oauth::{DEVICE, TOKEN, basic, post};
use super::*;

/// Starts a device sign-in and gives the device code and the user code.
async fn device(emulator: &Running) -> (String, String) {
    let form = "client_id=x&scope=openid profile email offline_access";
    let answer = post(emulator, DEVICE, &basic(emulator), form).await.json();
    let text = |name: &str| answer[name].as_str().expect(name).to_owned();
    (text("device_code"), text("user_code"))
}

async fn poll(emulator: &Running, device_code: &str) -> Answer {
    let form = format!(
        "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={device_code}&client_id=x"
    );
    post(emulator, TOKEN, &basic(emulator), &form).await
}

#[tokio::test]
async fn device_sign_in_waits_for_the_person() {
    let emulator = running(fixed()).await;
    let (device_code, user_code) = device(&emulator).await;

    let waiting = poll(&emulator, &device_code).await;
    let early = poll(&emulator, &device_code).await;
    assert_eq!(
        emulator.world().device_codes(),
        std::slice::from_ref(&user_code)
    );
    assert!(emulator.world().approve_device(&user_code));
    let approved = poll(&emulator, &device_code).await;

    assert_eq!(
        (waiting.status, &waiting.json()["error"]),
        (400, &json!("authorization_pending"))
    );
    assert_eq!(
        (early.status, &early.json()["error"]),
        (400, &json!("slow_down"))
    );
    assert_eq!(approved.status, 200);
    assert_eq!(
        approved.json()["scope"],
        "openid profile email offline_access"
    );
    assert_eq!(
        poll(&emulator, &device_code).await.json()["error"],
        "invalid_grant"
    );
}

#[tokio::test]
async fn refused_and_late_device_codes_have_their_own_errors() {
    let emulator = running(fixed()).await;
    let (refused, refused_code) = device(&emulator).await;
    let (late, _) = device(&emulator).await;

    assert!(emulator.world().deny_device(&refused_code));
    assert_eq!(
        poll(&emulator, &refused).await.json()["error"],
        "access_denied"
    );
    emulator.move_clock(1_800_000);
    assert_eq!(
        poll(&emulator, &late).await.json()["error"],
        "expired_token"
    );
}

#[tokio::test]
async fn device_sign_in_can_approve_itself() {
    let emulator = running(Options {
        system: Arc::new(JanssenOptions {
            device_auto_approve: Some(3),
            ..Default::default()
        }),
        ..fixed()
    })
    .await;
    let (device_code, _) = device(&emulator).await;

    assert_eq!(poll(&emulator, &device_code).await.status, 400);
    emulator.move_clock(3_000);

    assert_eq!(poll(&emulator, &device_code).await.status, 200);
}

#[tokio::test]
async fn person_approves_on_the_page_that_the_client_shows() {
    let emulator = running(fixed()).await;
    let form = "client_id=x&scope=openid";
    let started = post(&emulator, DEVICE, &basic(&emulator), form)
        .await
        .json();
    let page = started["verification_uri_complete"]
        .as_str()
        .expect("an address");
    let path = page.strip_prefix(emulator.url()).expect("our own page");

    let shown = ask(emulator.url(), "GET", path, &[], "")
        .await
        .expect("a page");
    let code = started["user_code"].as_str().expect("a code");
    let decision = format!("user_code={code}&decision=approve");
    let decided = ask(emulator.url(), "POST", "/device-code", &[FORM], &decision)
        .await
        .expect("a page");

    assert_eq!(started["expires_in"], 1_800);
    assert_eq!(started["interval"], 5);
    assert!(
        shown
            .header("content-type")
            .is_some_and(|t| t.starts_with("text/html"))
    );
    assert!(shown.text().contains(code) && shown.text().contains("Approve"));
    assert_eq!(decided.status, 200);
    let device_code = started["device_code"].as_str().expect("a code");
    assert_eq!(poll(&emulator, device_code).await.status, 200);
}

#[tokio::test]
async fn code_on_the_page_cannot_carry_markup() {
    let emulator = running(fixed()).await;

    let path = "/device-code?user_code=%22%3E%3Cscript%3E";
    let page = ask(emulator.url(), "GET", path, &[], "")
        .await
        .expect("a page");

    assert!(
        page.text().contains("&quot;&gt;&lt;script&gt;"),
        "{}",
        page.text()
    );
}

/// The four steps of the first-party command line, with its own odd requests.
#[tokio::test]
async fn first_party_sign_in_goes_through_all_four_steps() {
    let emulator = running(fixed()).await;
    let odd_scope = "openid%2Bprofile%2Bemail%2Boffline_access";

    let form = format!("client_id=x&scope={odd_scope}");
    let started = post(&emulator, DEVICE, &basic(&emulator), &form)
        .await
        .json();
    let device_code = started["device_code"].as_str().expect("a code");
    assert!(
        emulator
            .world()
            .approve_device(started["user_code"].as_str().expect("a code"))
    );
    let form = format!(
        "client_id=x&scope={odd_scope}&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&grant_type=refresh_token&device_code={device_code}"
    );
    let personal = post(&emulator, TOKEN, &basic(&emulator), &form)
        .await
        .json();
    let personal = personal["access_token"].as_str().expect("a token");
    let bearer = format!("Bearer {personal}");
    let refused = api_as(&emulator, personal, "GET", "/search").await;
    let jwt = post(
        &emulator,
        "/jans-auth/restv1/userinfo",
        &bearer,
        &format!("access_token={personal}"),
    )
    .await;
    let form = format!(
        "grant_type=client_credentials&scope=openid&ujwt={}",
        jwt.text()
    );
    let admin = post(&emulator, TOKEN, &bearer, &form).await.json();

    assert!(
        refused.text().contains("Insufficient scopes"),
        "{}",
        refused.text()
    );
    let claims = jwt
        .text()
        .split('.')
        .nth(1)
        .map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64"));
    let claims = serde_json::from_slice::<Value>(&claims.expect("three parts")).expect("JSON");
    assert_eq!(claims["jansAdminUIRole"], json!(["api-admin"]));
    assert_eq!(claims["inum"].as_str().map(str::len), Some(36));
    let token = admin["access_token"].as_str().expect("a token");
    assert_eq!(api_as(&emulator, token, "GET", "/search").await.status, 200);
    assert_eq!(
        api_as(&emulator, token, "DELETE", "/sid/x").await.status,
        404
    );
}

#[tokio::test]
async fn person_without_the_role_gets_a_token_that_opens_nothing() {
    let emulator = running(Options {
        system: Arc::new(JanssenOptions {
            admin_roles: vec!["api-viewer".into()],
            ..Default::default()
        }),
        ..fixed()
    })
    .await;
    let (device_code, user_code) = device(&emulator).await;
    emulator.world().approve_device(&user_code);
    let personal = poll(&emulator, &device_code).await.json();
    let bearer = format!(
        "Bearer {}",
        personal["access_token"].as_str().expect("a token")
    );
    let jwt = post(&emulator, "/jans-auth/restv1/userinfo", &bearer, "")
        .await
        .text();

    let form = format!("grant_type=client_credentials&scope=openid&ujwt={jwt}");
    let exchanged = post(&emulator, TOKEN, &bearer, &form).await.json();
    let forged = post(
        &emulator,
        TOKEN,
        &bearer,
        "grant_type=client_credentials&ujwt=e30.e30.e30",
    )
    .await;

    assert_eq!(exchanged["scope"], "openid");
    assert_eq!(
        (forged.status, &forged.json()["error"]),
        (400, &json!("invalid_grant"))
    );
}

#[tokio::test]
async fn userinfo_is_for_people_only() {
    let emulator = running(fixed()).await;
    let bearer = format!("Bearer {}", emulator.auth().token);

    let answer = post(&emulator, "/jans-auth/restv1/userinfo", &bearer, "").await;

    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (401, &json!("invalid_token"))
    );
}
