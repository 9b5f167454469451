//! Who asks: the token of a request and its session.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::Cockroach;
use super::answer::{cookie, plain};
use super::options::Cluster;
use super::run::Caller;
use super::token::{self, BadToken};
use crate::emulator::fault::AuthFault;
use crate::emulator::shared::lock;

/// The header of the API.
pub(super) const HEADER: &str = "x-cockroach-api-session";

/// A token that was refused.
pub(super) const NOT_VALID: &str = "the provided authentication session could not be validated";

/// The token in a cookie, which may name virtual clusters: `TOKEN,NAME,TOKEN,NAME`.
pub(super) fn cookie_token(headers: &HeaderMap) -> Option<&str> {
    let value = cookie(headers, "session")?;
    if !value.contains(',') {
        return Some(value);
    }
    let tenant = cookie(headers, "tenant").unwrap_or("system");
    let parts: Vec<&str> = value.split(',').collect();
    let found = parts.chunks(2).find(|pair| pair.get(1) == Some(&tenant));
    found.map(|pair| pair[0])
}

impl Cockroach {
    /// Who sends a request to the API.
    ///
    /// # Errors
    /// The answer that refuses it.
    pub(super) fn caller(
        &self,
        headers: &HeaderMap,
        fault: Option<AuthFault>,
    ) -> Result<Caller, Box<Response>> {
        let refused = |status, text: &str| Err(Box::new(plain(status, text)));
        if fault == Some(AuthFault::RefuseAlways {}) {
            return refused(StatusCode::UNAUTHORIZED, NOT_VALID);
        }
        let writes_nothing = fault == Some(AuthFault::ForbiddenOnDelete {});
        if self.options.cluster == Cluster::Insecure {
            return Ok(Caller {
                name: "root".to_owned(),
                is_admin: true,
                writes_nothing,
            });
        }
        let Some(mut text) = headers.get(HEADER).and_then(|value| value.to_str().ok()) else {
            return refused(StatusCode::UNAUTHORIZED, "invalid session header");
        };
        if text == "cookie" && self.options.version.numbers_sessions() {
            text = cookie_token(headers).unwrap_or_default();
        }
        let (id, secret) = match token::read(text) {
            Ok(read) => read,
            Err(BadToken::Base64(at)) => {
                let text = format!("illegal base64 data at input byte {at}");
                return refused(StatusCode::BAD_REQUEST, &text);
            }
            Err(BadToken::Message) => {
                return refused(StatusCode::BAD_REQUEST, "invalid session header");
            }
        };
        let world = lock(&self.world);
        let Some(session) = world.valid(id, &secret, self.now_us()) else {
            return refused(StatusCode::UNAUTHORIZED, NOT_VALID);
        };
        let user = world.user(&session.user);
        Ok(Caller {
            name: session.user.to_string(),
            is_admin: user.is_some_and(|user| user.is_admin),
            writes_nothing,
        })
    }
}
