//! The meaning of Janssen's refusals.
//!
//! Every refused token is a 401 with plain text, lacking scopes too; there is no 403.
//! Source: Janssen `AuthorizationFilter`, `OpenIdAuthorizationService` and `BaseResource`.

use crate::api::http::{Reply, StatusCode};
use crate::model::ApiError;

/// True if this 401 says that the token is valid and lacks a right. Another token would not help.
pub(super) fn lacks_scope(reply: &Reply) -> bool {
    reply.status == StatusCode::UNAUTHORIZED
        && reply
            .body
            .to_ascii_lowercase()
            .contains("insufficient scope")
}

/// An answer that is no success, as an error. `can_login` is true if the operator can sign in
/// again.
pub(super) fn of(reply: &Reply, can_login: bool) -> ApiError {
    if lacks_scope(reply) {
        return ApiError::Forbidden {
            message: "the token lacks a scope for this".into(),
            needs: required(reply, &reply.body),
            exchange: Some(reply.exchange.clone()),
        };
    }
    match reply.fault() {
        ApiError::Auth {
            message, exchange, ..
        } => ApiError::Auth {
            message: format!("the server refused the token: {message}"),
            can_login,
            exchange,
        },
        other => other,
    }
}

/// The scopes named after "Required scope:", as one text.
fn required(reply: &Reply, text: &str) -> Option<String> {
    let rest = text.split("Required scope:").nth(1)?;
    let inside = rest.split('[').nth(1)?.split(']').next()?;
    let scopes = reply.clean(inside);
    (!scopes.is_empty()).then_some(scopes)
}

/// The number in "Maximum number of results per page is 200".
pub(super) fn page_limit(reply: &Reply) -> Option<u32> {
    if reply.status != StatusCode::BAD_REQUEST {
        return None;
    }
    let words = reply.words();
    if !words.contains("results per page") {
        return None;
    }
    let digits: String = words
        .chars()
        .rev()
        .skip_while(|letter| !letter.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    let digits: String = digits.chars().rev().collect();
    digits.parse().ok().filter(|limit| *limit > 0)
}

/// True if this 404 or 405 concerns the address and not a session. The resource itself answers with
/// an empty body or its own words; the container and proxies answer with pages of theirs.
pub(super) fn is_about_address(reply: &Reply) -> bool {
    match reply.status.as_u16() {
        405 => true,
        404 => reply.is_web_page() || reply.body.contains("\"servlet\""),
        _ => false,
    }
}
