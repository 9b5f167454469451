//! Signing in and out: by the API, and by the pages that people use.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::Cockroach;
use super::access::{HEADER, cookie_token};
use super::answer::{json, plain};
use super::options::Cluster;
use super::time::SECOND_US;
use super::token;
use crate::emulator::shared::lock;

const UNKNOWN: &str = "the provided credentials did not match any account on the server";

/// Name and password of a sign-in.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Credentials {
    username: String,
    password: String,
}

impl Cockroach {
    /// A new token. `None`: nobody has this name and this password.
    fn sign_in(&self, credentials: &Credentials) -> Option<String> {
        let mut world = lock(&self.world);
        let user = world.user(&credentials.username.to_lowercase())?.clone();
        if user.is_role || user.password.as_ref() != Some(&credentials.password) {
            return None;
        }
        let secret = lock(&self.shared.secrets).uuid().to_be_bytes();
        let life_us = i64::from(self.options.session_seconds) * SECOND_US;
        let id = world.sign_in(&user, &secret, self.now_us(), life_us);
        Some(token::write(id, &secret))
    }
}

/// `POST /api/v2/login/`: a form.
pub(super) async fn api(
    State(app): State<Arc<Cockroach>>,
    method: Method,
    body: Bytes,
) -> Response {
    if app.options.cluster == Cluster::Tenant {
        return plain(StatusCode::NOT_IMPLEMENTED, "Not Available on Tenants");
    }
    if method != Method::POST {
        return plain(StatusCode::NOT_FOUND, "not found");
    }
    let mut credentials = Credentials::default();
    for (name, value) in url::form_urlencoded::parse(&body) {
        match &*name {
            "username" => credentials.username = value.into_owned(),
            "password" => credentials.password = value.into_owned(),
            _ => {}
        }
    }
    if credentials.username.is_empty() {
        return plain(StatusCode::BAD_REQUEST, "username not specified");
    }
    match app.sign_in(&credentials) {
        Some(token) => json(StatusCode::OK, &json!({ "session": token })),
        None => plain(StatusCode::UNAUTHORIZED, UNKNOWN),
    }
}

/// `POST /api/v2/logout/`. The server looks at the id only and never at the secret.
pub(super) async fn api_logout(State(app): State<Arc<Cockroach>>, headers: HeaderMap) -> Response {
    let Some(text) = headers.get(HEADER).and_then(|value| value.to_str().ok()) else {
        return plain(StatusCode::BAD_REQUEST, "invalid or unspecified session");
    };
    let Ok((id, _)) = token::read(text) else {
        let text = "An internal server error has occurred. Please check your CockroachDB logs for more details.";
        return plain(StatusCode::INTERNAL_SERVER_ERROR, text);
    };
    match lock(&app.world).revoke(id, app.now_us()) {
        Some(_) => json(StatusCode::OK, &json!({ "logged_out": true })),
        None => plain(StatusCode::BAD_REQUEST, "invalid session"),
    }
}

/// `POST /login`, as the pages of the server sign in: JSON, and the token in a cookie.
pub(super) async fn page(State(app): State<Arc<Cockroach>>, body: Bytes) -> Response {
    let credentials: Credentials = serde_json::from_slice(&body).unwrap_or_default();
    let Some(token) = app.sign_in(&credentials) else {
        if app.options.version.numbers_sessions() {
            return plain(StatusCode::UNAUTHORIZED, UNKNOWN);
        }
        let body = json!({ "error": UNKNOWN, "code": 16, "message": UNKNOWN, "details": [] });
        return json(StatusCode::UNAUTHORIZED, &body);
    };
    let secure = if app.shared.options.tls {
        "; Secure"
    } else {
        ""
    };
    let mut cookies = vec![format!("session={token}; Path=/; HttpOnly{secure}")];
    if app.options.version.numbers_sessions() {
        let tenant = app.tenant();
        cookies = vec![
            format!("session=\"{token},{tenant}\"; Path=/; HttpOnly{secure}"),
            format!("tenant={tenant}; Path=/{secure}"),
        ];
    }
    with_cookies(json(StatusCode::OK, &json!({})), &cookies)
}

/// `GET /logout`: ends the session of the cookie.
pub(super) async fn page_logout(State(app): State<Arc<Cockroach>>, headers: HeaderMap) -> Response {
    let now_us = app.now_us();
    let mut world = lock(&app.world);
    let read = cookie_token(&headers).and_then(|text| token::read(text).ok());
    let id = read.and_then(|(id, secret)| Some(world.valid(id, &secret, now_us)?.id));
    let Some(id) = id else {
        let text = "a valid authentication cookie is required";
        return plain(StatusCode::UNAUTHORIZED, text);
    };
    world.revoke(id, now_us);
    let gone = "session=; Path=/; Max-Age=0; HttpOnly".to_owned();
    with_cookies(json(StatusCode::OK, &json!({})), &[gone])
}

fn with_cookies(mut response: Response, cookies: &[String]) -> Response {
    for cookie in cookies {
        let value = HeaderValue::try_from(cookie).expect("base64 and names");
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
