//! The forms of answers.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// One answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// `None`: no body at all.
    pub(super) body: Option<Value>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Answer {
    /// 200 with JSON.
    pub(super) fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, Some(body))
    }

    /// 200 without a body.
    pub(super) fn empty() -> Self {
        Self::new(StatusCode::OK, None)
    }

    fn new(status: StatusCode, body: Option<Value>) -> Self {
        Answer {
            status,
            body,
            headers: Vec::new(),
        }
    }

    /// A status with a JSON object.
    pub(super) fn refused(status: StatusCode, body: Value) -> Self {
        Self::new(status, Some(body))
    }

    /// A status with a message and a code.
    pub(super) fn coded(status: StatusCode, code: &str, message: &str) -> Self {
        Self::refused(status, json!({ "message": message, "code": code }))
    }

    /// 400 with a message only.
    pub(super) fn bad(message: &str) -> Self {
        Self::refused(StatusCode::BAD_REQUEST, json!({ "message": message }))
    }

    /// 422 of a list: a limit, an order or a cursor that is not taken.
    pub(super) fn invalid() -> Self {
        let body = json!({ "code": "invalid_request_parameters", "message": "Validation failed." });
        Self::refused(StatusCode::UNPROCESSABLE_ENTITY, body)
    }

    /// 422 that names one parameter.
    pub(super) fn invalid_field(code: &str, field: &str) -> Self {
        let errors = json!([{ "code": code, "field": field }]);
        let body = json!({ "message": "Validation failed.", "errors": errors });
        Self::refused(StatusCode::UNPROCESSABLE_ENTITY, body)
    }

    /// 404 of an object that is not there.
    pub(super) fn missing(kind: &str, id: &str) -> Self {
        let body = json!({
            "message": format!("{kind} not found: '{id}'."),
            "code": "entity_not_found",
            "entity_id": id,
        });
        Self::refused(StatusCode::NOT_FOUND, body)
    }

    /// 404 of a path that is not there.
    pub(super) fn no_such_route() -> Self {
        Self::coded(StatusCode::NOT_FOUND, "not_found", "Not Found")
    }

    /// The same with one more header; a value that no header can have is left out.
    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::try_from(value) {
            self.headers.push((name, value));
        }
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => {
                let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
                (self.status, kind, body.to_string()).into_response()
            }
            None => self.status.into_response(),
        };
        response.headers_mut().extend(self.headers);
        response
    }
}
