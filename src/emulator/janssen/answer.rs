//! The forms of answers: plain JSON, refusals as text, and what the servlet container writes itself.

use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, json};

/// Exactly this: the first-party command line compares the whole header value.
const JSON: &str = "application/json";

/// 200 with JSON.
pub(super) fn ok_json(value: &impl Serialize) -> Response {
    with_json(StatusCode::OK, value)
}

/// Any status with JSON.
pub(super) fn with_json(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).expect("maps with text keys always become JSON");
    (status, [(header::CONTENT_TYPE, JSON)], body).into_response()
}

/// 401 as the Config API answers: text, whatever was asked for, and never 403.
pub(super) fn refusal(text: String) -> Response {
    (
        StatusCode::UNAUTHORIZED,
        [
            (header::WWW_AUTHENTICATE, "Bearer"),
            (header::CONTENT_TYPE, "text/plain"),
        ],
        text,
    )
        .into_response()
}

/// `{"code":"400","message":…}` of the Config API.
pub(super) fn bad_request(message: &str) -> Response {
    with_json(
        StatusCode::BAD_REQUEST,
        &json!({ "code": "400", "message": message }),
    )
}

/// An OAuth error.
pub(super) fn oauth_error(status: StatusCode, error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    let mut response = with_json(status, &body);
    if status == StatusCode::UNAUTHORIZED {
        let basic = header::HeaderValue::from_static("Basic realm=\"jans-auth\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, basic);
    }
    response
}

/// A page of the container: JSON for those who accept JSON, HTML with a stack trace for all others.
pub(super) fn container_error(
    status: StatusCode,
    headers: &HeaderMap,
    uri: &Uri,
    message: &str,
    causes: &[String],
) -> Response {
    let accepts_json = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|value| value.to_str().is_ok_and(|v| v.contains(JSON)));
    if !accepts_json {
        return html_error(status, uri, message, causes);
    }
    let mut body = Map::new();
    body.insert(
        "servlet".into(),
        json!("io.jans.configapi.rest.ApiApplication"),
    );
    for (number, cause) in causes.iter().enumerate() {
        body.insert(format!("cause{number}"), json!(cause));
    }
    body.insert("message".into(), json!(message));
    body.insert("url".into(), json!(uri.path()));
    body.insert("status".into(), json!(status.as_str()));
    with_json(status, &body)
}

fn html_error(status: StatusCode, uri: &Uri, message: &str, causes: &[String]) -> Response {
    let mut traces = String::new();
    for cause in causes {
        traces.push_str(&format!(
            "<h3>Caused by:</h3><pre>{}</pre>\n",
            escaped(cause)
        ));
    }
    let page = format!(
        "<html>\n<head><title>Error {code} {message}</title></head>\n<body>\n<h2>HTTP ERROR {code} {message}</h2>\n\
         <table><tr><th>URI:</th><td>{uri}</td></tr><tr><th>STATUS:</th><td>{code}</td></tr></table>\n\
         {traces}</body>\n</html>\n",
        code = status.as_str(),
        message = escaped(message),
        uri = escaped(uri.path()),
    );
    (
        status,
        [(header::CONTENT_TYPE, "text/html;charset=utf-8")],
        page,
    )
        .into_response()
}

/// 404 for paths that the server does not have.
pub(super) async fn no_such_page(headers: HeaderMap, uri: Uri) -> Response {
    container_error(StatusCode::NOT_FOUND, &headers, &uri, "Not Found", &[])
}

/// Text for HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
