//! The forms of answers: JSON of the REST framework, errors, empty bodies, pages of the container.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::version::Version;

const JSON: &str = "application/json;charset=UTF-8";

/// An answer that is no error.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) body: Value,
    /// Values of `Content-API-Version`; real servers send it twice for lists.
    pub(super) versions: Vec<String>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) pretty: bool,
}

impl Reply {
    /// JSON served by a version.
    pub(super) fn of(served: Version, body: Value) -> Self {
        Reply {
            body,
            versions: vec![format!("resource={served}")],
            ..Reply::default()
        }
    }

    /// The list envelope of the REST framework: no counts beyond that of the rows.
    pub(super) fn list(served: Version, protocol: Version, rows: Vec<Value>) -> Self {
        let mut reply = Reply::of(served, Value::Null);
        if !rows.is_empty() {
            let both = format!("protocol={protocol},resource={served}");
            reply.versions.insert(0, both);
        }
        let count = rows.len();
        reply.body = json!({
            "result": rows,
            "resultCount": count,
            "pagedResultsCookie": null,
            "totalPagedResultsPolicy": "NONE",
            "totalPagedResults": -1,
            "remainingPagedResults": -1,
        });
        reply
    }

    /// One resource with its id and revision, which protocol 1.0 leaves out.
    pub(super) fn resource(served: Version, protocol: Version, id: &str, body: Value) -> Self {
        let revision = revision(&body);
        let mut reply = Reply::of(served, body);
        if protocol.major >= 2 {
            reply.body = with_front(
                &[("_id", json!(id)), ("_rev", json!(revision))],
                &reply.body,
            );
        }
        reply.headers.push(("etag", format!("\"{revision}\"")));
        reply
    }

    /// With these fields only, of the resource or of every one in a list. `None`: with all.
    pub(super) fn with_only(mut self, fields: Option<&[&str]>) -> Self {
        let Some(fields) = fields else {
            return self;
        };
        match self.body.get_mut("result").and_then(Value::as_array_mut) {
            Some(rows) => rows
                .iter_mut()
                .filter(|row| row.is_object())
                .for_each(|row| *row = only(row, fields)),
            None => self.body = only(&self.body, fields),
        }
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let body = if self.pretty {
            pretty(&self.body)
        } else {
            self.body.to_string()
        };
        let mut response = (
            [
                (header::CACHE_CONTROL, "no-cache"),
                (header::CONTENT_TYPE, JSON),
            ],
            body,
        )
            .into_response();
        for version in &self.versions {
            append(&mut response, "content-api-version", version);
        }
        for (name, value) in &self.headers {
            append(&mut response, name, value);
        }
        response
    }
}

/// Why a request is refused.
#[derive(Debug)]
pub(super) struct Failure {
    status: u16,
    message: String,
    detail: Option<String>,
    /// Which version of the resource refused it. `None`: it did not get that far.
    pub(super) served: Option<Version>,
    /// No body at all.
    empty: bool,
}

/// The answer of one part of the server to a request.
pub(super) type Answer = Result<Reply, Failure>;

impl Failure {
    /// An error with a message.
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Failure {
            status,
            message: message.into(),
            detail: None,
            served: None,
            empty: false,
        }
    }

    /// An error whose message is its reason.
    pub(super) fn plain(status: u16) -> Self {
        Failure::new(status, reason(status))
    }

    /// An error without a body, as real servers send when they stumble.
    pub(super) fn empty(status: u16) -> Self {
        Failure {
            empty: true,
            ..Failure::plain(status)
        }
    }

    /// 401 of all endpoints for callers without a good token.
    pub(super) fn denied() -> Self {
        Failure::new(401, "Access Denied")
    }

    /// 501 of an action that this version does not have.
    pub(super) fn no_action(name: &str) -> Self {
        Failure::new(
            501,
            format!("Action {name} not implemented for this resource"),
        )
    }

    /// 501 of a method that the resource does not have.
    pub(super) fn unsupported() -> Self {
        Failure::new(501, "Operation is not supported.")
    }

    /// With the field `detail`.
    pub(super) fn with_detail(mut self, detail: &str) -> Self {
        self.detail = Some(detail.to_owned());
        self
    }

    /// Refused by this version of the resource.
    pub(super) fn inside(mut self, served: Version) -> Self {
        self.served = Some(served);
        self
    }

    /// The message, for the older form of login errors.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// The status.
    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// As it goes over the wire.
    pub(super) fn into_response(self, escape: Escape) -> Response {
        if self.empty {
            return status(self.status).into_response();
        }
        let message = match escape {
            Escape::Html => escaped(&self.message),
            Escape::None => self.message,
        };
        let mut body = json!({
            "code": self.status,
            "reason": reason(self.status),
            "message": message,
        });
        if let Some(detail) = self.detail {
            body["detail"] = json!(detail);
        }
        let mut response = (
            status(self.status),
            [
                (header::CACHE_CONTROL, "no-cache"),
                (header::CONTENT_TYPE, JSON),
            ],
            body.to_string(),
        )
            .into_response();
        if let Some(served) = self.served {
            append(
                &mut response,
                "content-api-version",
                &format!("resource={served}"),
            );
        }
        response
    }
}

/// Whether messages of errors are written for web pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// OpenAM.
    Html,
    /// PingAM.
    None,
}

/// The page of the servlet container for paths that it does not know.
pub(super) fn container_page() -> Response {
    let page = "<!doctype html><html lang=\"en\"><head><title>HTTP Status 404 – Not Found</title></head>\
        <body><h1>HTTP Status 404 – Not Found</h1><hr class=\"line\" /><p><b>Type</b> Status Report</p></body></html>";
    (
        StatusCode::NOT_FOUND,
        [(header::CONTENT_TYPE, "text/html;charset=utf-8")],
        page,
    )
        .into_response()
}

/// 400 with a text and no content type, as for a version header that cannot be read.
pub(super) fn bare_text(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

/// Adds a header beside those of the same name.
pub(super) fn append(response: &mut Response, name: &'static str, value: &str) {
    let name = HeaderName::from_static(name);
    // HTTP has no other letters in a value; bytes beyond ASCII go through as they are.
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        response.headers_mut().append(name, value);
    }
}

/// A JSON object with these fields before its own.
pub(super) fn with_front(front: &[(&str, Value)], object: &Value) -> Value {
    let mut map = Map::new();
    for (name, value) in front {
        map.insert((*name).to_owned(), value.clone());
    }
    let own = object.as_object().into_iter().flatten();
    map.extend(own.map(|(name, value)| (name.clone(), value.clone())));
    Value::Object(map)
}

/// The fields that `_fields` names, each under the last part of its pointer: `search/size` gives `size`.
pub(super) fn only(object: &Value, fields: &[&str]) -> Value {
    let named = fields.iter().filter_map(|field| {
        let field = field.trim_start_matches('/');
        let value = object.pointer(&format!("/{field}"))?;
        let leaf = field.rsplit('/').next().unwrap_or(field);
        Some((leaf.to_owned(), value.clone()))
    });
    named.collect::<Map<_, _>>().into()
}

/// The revision of a resource: a number that changes with its content.
pub(super) fn revision(body: &Value) -> String {
    let mix = |hash: i32, byte: u8| hash.wrapping_mul(31).wrapping_add(i32::from(byte));
    body.to_string().bytes().fold(7, mix).to_string()
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn reason(code: u16) -> &'static str {
    status(code).canonical_reason().unwrap_or("Unknown")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// `{ "name" : value }` over several lines, with a blank on both sides of the colon.
fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write_pretty(value, 0, &mut text);
    text
}

fn write_pretty(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('{');
            for (number, (name, inner)) in map.iter().enumerate() {
                let comma = if number == 0 { "" } else { "," };
                let indent = "  ".repeat(depth + 1);
                text.push_str(&format!("{comma}\n{indent}{} : ", json!(name)));
                write_pretty(inner, depth + 1, text);
            }
            text.push_str(&format!("\n{}}}", "  ".repeat(depth)));
        }
        Value::Array(items) if !items.is_empty() => {
            text.push_str("[ ");
            for (number, inner) in items.iter().enumerate() {
                text.push_str(if number == 0 { "" } else { ", " });
                write_pretty(inner, depth, text);
            }
            text.push_str(" ]");
        }
        other => text.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_deep_inside_comes_under_its_own_name() {
        let whole = json!({ "_id": "", "search": { "size": 120, "wait": 5 } });

        let picked = only(&whole, &["search/size", "/_id", "nothing"]);

        assert_eq!(picked, json!({ "size": 120, "_id": "" }));
    }
}
