//! The authorization server: tokens, userinfo, revocation, discovery.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::access::{bearer, client_scopes};
use super::answer::{oauth_error, ok_json, refusal};
use super::devices::Poll;
use super::tokens::Found;
use super::{AUTH, App, Janssen};
use crate::emulator::rng::uuid_text;
use crate::emulator::shared::lock;

/// Grant type of RFC 8628.
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The scopes that a person's own token may carry, beside those that a role adds later.
const PERSONAL_SCOPES: &[&str] = &["openid", "profile", "email", "offline_access"];
/// The role that may use the Config API.
const ADMIN_ROLE: &str = "api-admin";
/// How long a userinfo JWT is accepted for the exchange.
const JWT_LIFE_S: i64 = 300;

/// A form: fields in their order, some of them twice.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded` text.
    pub(super) fn new(body: &str) -> Self {
        Form(
            url::form_urlencoded::parse(body.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first field of that name: the first-party command line sends `grant_type` twice.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let field = self.0.iter().find(|(field, _)| field == name);
        field.map(|(_, value)| value.as_str())
    }

    /// The `scope` field, apart. Some clients send literal plus signs between scopes.
    pub(super) fn scopes(&self) -> Vec<String> {
        self.get("scope")
            .unwrap_or_default()
            .split([' ', '+'])
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

/// Checks `client_secret_basic`.
///
/// # Errors
/// 401 `invalid_client`.
pub(super) fn check_client(app: &Janssen, headers: &HeaderMap) -> Result<(), Box<Response>> {
    let auth = &app.auth;
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, encoded)| STANDARD.decode(encoded.trim()).ok());
    let right = format!("{}:{}", auth.client_id, auth.client_secret);
    if given.is_some_and(|given| given == right.as_bytes()) {
        return Ok(());
    }
    Err(Box::new(oauth_error(
        StatusCode::UNAUTHORIZED,
        "invalid_client",
        "Client authentication failed (e.g. unknown client, no client authentication included, or unsupported authentication method).",
    )))
}

/// `POST …/token`: client credentials, device code, or a person's token with a userinfo JWT.
pub(super) async fn token(State(app): App, headers: HeaderMap, body: String) -> Response {
    let form = Form::new(&body);
    if let (Some(text), Some(jwt)) = (bearer(&headers), form.get("ujwt")) {
        return exchange(&app, text, jwt, &form);
    }
    if let Err(response) = check_client(&app, &headers) {
        return *response;
    }
    match form.get("grant_type") {
        Some("client_credentials") => {
            let allowed = client_scopes(app.options());
            let mut scopes = form.scopes();
            scopes.retain(|scope| allowed.contains(scope));
            issue(&app, scopes, None)
        }
        Some(DEVICE_CODE) => poll(&app, form.get("device_code").unwrap_or_default()),
        Some(_) => bad("unsupported_grant_type", "The grant type is not supported."),
        None => bad("invalid_request", "The grant_type is missing."),
    }
}

fn poll(app: &Janssen, device_code: &str) -> Response {
    let steady_ms = app.shared.clock.steady_ms();
    let answer = lock(&app.devices).poll(device_code, steady_ms);
    match answer {
        Poll::Approved(mut scopes) => {
            scopes.retain(|scope| PERSONAL_SCOPES.contains(&scope.as_str()));
            issue(app, scopes, Some(app.options().admin.clone()))
        }
        Poll::Pending => bad(
            "authorization_pending",
            "The authorization request is still pending.",
        ),
        Poll::SlowDown => bad("slow_down", "The interval must be increased by 5 seconds."),
        Poll::Denied => bad("access_denied", "The end user denied the request."),
        Poll::Expired => bad("expired_token", "The device_code has expired."),
        Poll::Unknown => bad("invalid_grant", "The device_code is invalid."),
    }
}

/// A person's token and the JWT of the same person for a token with the rights of the person's role.
fn exchange(app: &Arc<Janssen>, text: &str, jwt: &str, form: &Form) -> Response {
    let Some(user) = person_of(app, text) else {
        return refusal("Token is Invalid.".into());
    };
    let Some(claims) = read_jwt(app, jwt).filter(|claims| claims["user_name"] == user.as_str())
    else {
        return bad("invalid_grant", "The ujwt is invalid.");
    };
    let is_admin = claims["jansAdminUIRole"]
        .as_array()
        .is_some_and(|roles| roles.iter().any(|role| role == ADMIN_ROLE));
    let mut scopes = form.scopes();
    scopes.retain(|scope| PERSONAL_SCOPES.contains(&scope.as_str()));
    if is_admin {
        scopes.extend(client_scopes(app.options()));
    }
    issue(app, scopes, Some(user))
}

fn issue(app: &Janssen, scopes: Vec<String>, user: Option<String>) -> Response {
    let text = app.shared.new_secret();
    let life_s = i64::try_from(app.options().token_seconds).unwrap_or(i64::MAX);
    // Janssen reports one second less than it was asked to grant, for the time on the way.
    let mut body = json!({
        "access_token": text,
        "token_type": "Bearer",
        "expires_in": life_s.saturating_sub(1).max(1),
    });
    if !scopes.is_empty() {
        body["scope"] = json!(scopes.join(" "));
    }
    let now_ms = app.shared.clock.now_ms();
    lock(&app.tokens).issue(text, scopes, user, now_ms, life_s.saturating_mul(1_000));
    let mut response = ok_json(&body);
    let no_store = header::HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

/// `POST …/userinfo`: a signed JWT about the person behind the token.
pub(super) async fn userinfo(State(app): App, headers: HeaderMap) -> Response {
    let Some(name) = bearer(&headers).and_then(|text| person_of(&app, text)) else {
        let mut response = oauth_error(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "The access token is expired, revoked, or not a person's.",
        );
        let challenge = header::HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
        return response;
    };
    let claims = {
        let world = lock(&app.world);
        let user = world.users().iter().find(|user| user.name == name);
        json!({
            "iss": app.shared.base,
            "aud": app.auth.client_id,
            "sub": user.map(|u| uuid_text(u.id)),
            "inum": user.map(|u| uuid_text(u.id)),
            "user_name": name,
            "name": user.map(|u| u.display.clone()),
            "jansAdminUIRole": app.options().admin_roles,
            "exp": app.shared.clock.now_ms() / 1_000 + JWT_LIFE_S,
        })
    };
    let jwt = write_jwt(&app, &claims);
    ([(header::CONTENT_TYPE, "application/jwt")], jwt).into_response()
}

/// `POST …/revoke`: 200, also for tokens that never were (RFC 7009).
pub(super) async fn revoke(State(app): App, headers: HeaderMap, body: String) -> Response {
    if let Err(response) = check_client(&app, &headers) {
        return *response;
    }
    match Form::new(&body).get("token") {
        Some(text) => {
            lock(&app.tokens).revoke(text);
            StatusCode::OK.into_response()
        }
        None => bad("invalid_request", "The token is missing."),
    }
}

/// `GET /.well-known/openid-configuration`. Any `Authorization` is ignored: one client sends `Bearer None`.
pub(super) async fn discovery(State(app): App) -> Response {
    let url = &app.shared.base;
    let endpoint = |name: &str| format!("{url}{AUTH}/{name}");
    ok_json(&json!({
        "issuer": url,
        "token_endpoint": endpoint("token"),
        "device_authorization_endpoint": endpoint("device_authorization"),
        "userinfo_endpoint": endpoint("userinfo"),
        "revocation_endpoint": endpoint("revoke"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "grant_types_supported": ["client_credentials", DEVICE_CODE],
    }))
}

/// The login name behind a valid token that may read userinfo.
fn person_of(app: &Janssen, text: &str) -> Option<String> {
    match lock(&app.tokens).find(text, app.shared.clock.now_ms()) {
        Found::Valid(token) if token.scopes.iter().any(|s| s == "openid") => token.user.clone(),
        _ => None,
    }
}

fn write_jwt(app: &Janssen, claims: &Value) -> String {
    let header = json!({ "typ": "JWT", "alg": "HS256" });
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&header), encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(signer(app, &signed).finalize().into_bytes());
    format!("{signed}.{signature}")
}

/// The claims, if we signed them and their time is not over.
fn read_jwt(app: &Janssen, jwt: &str) -> Option<Value> {
    let (signed, signature) = jwt.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    signer(app, signed).verify_slice(&signature).ok()?;
    let (_, claims) = signed.split_once('.')?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims = serde_json::from_slice::<Value>(&claims).ok()?;
    (claims["exp"].as_i64()? > app.shared.clock.now_ms() / 1_000).then_some(claims)
}

fn signer(app: &Janssen, text: &str) -> Hmac<Sha256> {
    let key = app.auth.client_secret.as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac
}

fn bad(error: &str, description: &str) -> Response {
    oauth_error(StatusCode::BAD_REQUEST, error, description)
}
