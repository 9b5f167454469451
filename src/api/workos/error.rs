//! The meaning of WorkOS's refusals.
//! Source: WorkOS API reference, "Errors"; OpenAPI description, bodies of 400 to 429.

use serde_json::Value;

use crate::api::http::Reply;
use crate::model::{ApiError, Exchange};

/// An answer that is no success, as an error. `can_login` is true if the operator can give another key.
pub(super) fn of(reply: &Reply, can_login: bool) -> ApiError {
    let error = match reply.fault() {
        ApiError::Auth {
            message, exchange, ..
        } => ApiError::Auth {
            message: format!("the server refused the API key: {message}"),
            can_login,
            exchange,
        },
        ApiError::Forbidden {
            message,
            needs,
            exchange,
        } => ApiError::Forbidden {
            message: format!("the API key lacks the permission: {message}"),
            needs,
            exchange,
        },
        ApiError::BadQuery {
            message,
            field,
            exchange,
        } => ApiError::BadQuery {
            message: with_details(reply, message),
            field,
            exchange,
        },
        other => other,
    };
    with_their_id(reply, error)
}

/// The message with what the server says of single fields.
fn with_details(reply: &Reply, message: String) -> String {
    let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
    let errors = body["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let word = |one: &Value| -> String {
        if let Some(text) = one.as_str() {
            return text.to_owned();
        }
        let parts = ["field", "code", "message"].map(|key| one[key].as_str());
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    let words: Vec<String> = errors.iter().map(word).filter(|w| !w.is_empty()).collect();
    if words.is_empty() {
        message
    } else {
        reply.clean(&format!("{message} ({})", words.join("; ")))
    }
}

/// Names the request by the server's own id, which its support can find; ours is in our log.
fn with_their_id(reply: &Reply, mut error: ApiError) -> ApiError {
    if let Some(id) = reply.header("x-request-id").map(|id| reply.clean(id))
        && let Some(Exchange { id: ours, .. }) = error.exchange_mut()
        && !id.is_empty()
    {
        *ours = id;
    }
    error
}

/// True if this 404 or 405 is about the address, and not about a user or a session.
pub(super) fn is_about_address(reply: &Reply) -> bool {
    match reply.status.as_u16() {
        405 => true,
        404 => {
            let words = reply.words();
            reply.is_web_page() || (!reply.is_empty() && words.eq_ignore_ascii_case("not found"))
        }
        _ => false,
    }
}

/// True if the answer to a revoke says that there is no such session any more. Only 400 is documented, and
/// without its words; servers were seen to answer 404.
pub(super) fn says_gone(reply: &Reply) -> bool {
    match reply.status.as_u16() {
        404 => !is_about_address(reply),
        400 => {
            let text = reply.body.to_ascii_lowercase();
            let gone = [
                "not found",
                "not_found",
                "not active",
                "not_active",
                "already",
                "expired",
            ];
            text.contains("session") && gone.iter().any(|word| text.contains(word))
        }
        _ => false,
    }
}
