//! Device sign-in: where the client starts it, and the page on which a person approves it.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

use super::App;
use super::answer::{escaped, ok_json};
use super::devices::{Decision, Device, user_code};
use super::oauth::{Form, check_client};
use crate::emulator::shared::lock;

/// `POST …/device_authorization`.
pub(super) async fn start(State(app): App, headers: HeaderMap, body: String) -> Response {
    if let Err(response) = check_client(&app, &headers) {
        return *response;
    }
    let options = app.options();
    let device_code = app.shared.new_secret();
    let user_code = user_code(lock(&app.shared.secrets).uuid());
    let steady_ms = app.shared.clock.steady_ms();
    lock(&app.devices).add(Device {
        device_code: device_code.clone(),
        user_code: user_code.clone(),
        scopes: Form::new(&body).scopes(),
        decision: Decision::Pending,
        end_ms: later(steady_ms, options.device_seconds),
        approves_itself_ms: options.device_auto_approve.map(|s| later(steady_ms, s)),
        pause_ms: later(0, options.device_interval),
        polled_ms: None,
    });
    let page = format!("{}/device-code", app.shared.base);
    ok_json(&json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": options.device_seconds,
        "interval": options.device_interval,
    }))
}

/// `GET /device-code?user_code=…`: the page with the two buttons.
pub(super) async fn page(State(app): App, RawQuery(query): RawQuery) -> Response {
    let form = Form::new(query.as_deref().unwrap_or_default());
    let code = escaped(form.get("user_code").unwrap_or_default());
    let admin = escaped(&app.options().admin);
    let label = if code.is_empty() {
        "Type the code that your program shows."
    } else {
        "Does your program show this code?"
    };
    html(
        StatusCode::OK,
        &format!(
            "<p>A program asks to act as <b>{admin}</b>. {label}</p>\n\
             <form method=\"post\" action=\"/device-code\">\n\
             <p><input name=\"user_code\" value=\"{code}\" aria-label=\"Code\" autocomplete=\"off\" autofocus></p>\n\
             <p><button name=\"decision\" value=\"approve\">Approve</button>\n\
             <button name=\"decision\" value=\"deny\">Deny</button></p>\n</form>"
        ),
    )
}

/// `POST /device-code`: what the person decided.
pub(super) async fn decide(State(app): App, body: String) -> Response {
    let form = Form::new(&body);
    let (decision, text) = match form.get("decision") {
        Some("approve") => (Decision::Approved, "Approved. Go back to your program."),
        Some("deny") => (Decision::Denied, "Refused. Nobody was signed in."),
        _ => return html(StatusCode::BAD_REQUEST, "<p>Approve or deny?</p>"),
    };
    let code = form.get("user_code").unwrap_or_default().trim();
    let steady_ms = app.shared.clock.steady_ms();
    if lock(&app.devices).decide(code, decision, steady_ms) {
        html(StatusCode::OK, &format!("<p>{text}</p>"))
    } else {
        html(
            StatusCode::NOT_FOUND,
            "<p>No program waits for this code. It may have expired or been used.</p>",
        )
    }
}

fn html(status: StatusCode, content: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Sign in a program</title>\
         <style>body{{font:1.1rem system-ui;max-width:30rem;margin:4rem auto;padding:0 1rem}}\
         input,button{{font:inherit;padding:.4rem .8rem}}</style></head>\n\
         <body>\n<h1>Sign in a program</h1>\n{content}\n</body></html>\n"
    );
    (status, Html(page)).into_response()
}

fn later(from_ms: i64, seconds: u64) -> i64 {
    let ms = i64::try_from(seconds)
        .unwrap_or(i64::MAX)
        .saturating_mul(1_000);
    from_ms.saturating_add(ms)
}
