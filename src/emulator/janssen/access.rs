//! Who may do what: bearer tokens, scopes, and the texts of refusals.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Janssen;
use super::answer::refusal;
use super::options::{Generation, JanssenOptions};
use super::tokens::Found;
use crate::emulator::fault::AuthFault;
use crate::emulator::shared::lock;

const READ: &str = "https://jans.io/oauth/jans-auth-server/session.readonly";
const DELETE: &str = "https://jans.io/oauth/jans-auth-server/session.delete";
const REVOKE: &str = "revoke_session";
const ADMIN: &str = "https://jans.io/oauth/jans-auth-server/session.admin";
const READ_ALL: &str = "https://jans.io/oauth/config/read-all";
const WRITE_ALL: &str = "https://jans.io/oauth/config/write-all";
const DELETE_ALL: &str = "https://jans.io/oauth/config/delete-all";
const ACRS: &str = "https://jans.io/oauth/config/acrs.readonly";

/// Scopes that an administrator's role and the shipped client have.
const CONFIG_SCOPES: &[&str] = &[
    READ, DELETE, REVOKE, ADMIN, READ_ALL, WRITE_ALL, DELETE_ALL, ACRS,
];

/// The right that a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// List, search, read.
    Read,
    /// Delete, revoke.
    Delete,
    /// Anything: any valid token will do.
    Nothing,
}

impl Want {
    /// Any one of these is enough; inside one all are needed.
    fn alternatives(self, generation: Generation) -> &'static [&'static [&'static str]] {
        let new = generation == Generation::New;
        match self {
            Want::Nothing => &[&[]],
            Want::Read if new => &[&[READ], &[ADMIN], &[READ_ALL], &[WRITE_ALL]],
            Want::Read => &[&[READ], &[READ_ALL]],
            Want::Delete if new => &[&[DELETE, REVOKE], &[ADMIN], &[DELETE_ALL]],
            Want::Delete => &[&[DELETE, REVOKE], &[DELETE_ALL]],
        }
    }
}

/// All scopes that the emulator's client may ask for, and that the administrator's role gives.
pub(super) fn client_scopes(options: &JanssenOptions) -> Vec<String> {
    match &options.scopes {
        Some(scopes) => scopes.clone(),
        None => CONFIG_SCOPES.iter().map(|s| (*s).to_owned()).collect(),
    }
}

/// The token of an `Authorization: Bearer` header, whose prefix may be written in any case.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// Lets a request of the Config API pass.
///
/// # Errors
/// The answer that refuses it.
pub(super) fn check(
    app: &Janssen,
    headers: &HeaderMap,
    fault: Option<AuthFault>,
    want: Want,
) -> Result<(), Box<Response>> {
    let refuse = |text: &str| Err(Box::new(refusal(text.to_owned())));
    let Some(text) = bearer(headers) else {
        return refuse("ONLY TOKEN BASED AUTHORIZATION IS SUPPORTED!");
    };
    let foreign_issuer = headers
        .get("issuer")
        .is_some_and(|issuer| issuer.as_bytes() != app.shared.base.as_bytes());
    if foreign_issuer {
        return refuse("Header Issuer is Invalid.");
    }
    if fault == Some(AuthFault::RefuseAlways {}) {
        return refuse("Token is Invalid.");
    }
    let tokens = lock(&app.tokens);
    let token = match tokens.find(text, app.shared.clock.now_ms()) {
        Found::Valid(token) => token,
        Found::Expired => return refuse("HTTP 401 Unauthorized"),
        Found::Unknown if text.matches('.').count() == 2 => {
            return refuse("Jwt Token is Invalid.");
        }
        Found::Unknown => return refuse("Token is Invalid."),
    };
    let generation = app.options().generation;
    let alternatives = want.alternatives(generation);
    let enough = alternatives
        .iter()
        .any(|all| all.iter().all(|s| token.scopes.iter().any(|t| t == s)));
    if !enough {
        return Err(Box::new(refusal(insufficient(
            generation,
            alternatives[0],
            &token.scopes,
        ))));
    }
    if want == Want::Delete && fault == Some(AuthFault::ForbiddenOnDelete {}) {
        return Err(Box::new(StatusCode::FORBIDDEN.into_response()));
    }
    Ok(())
}

/// Both texts were seen; the newer one belongs to newer servers.
fn insufficient(generation: Generation, required: &[&str], given: &[String]) -> String {
    let (required, given) = (required.join(", "), given.join(", "));
    match generation {
        Generation::New => {
            format!("Insufficient scopes!!! Required scope: [{required}], token scopes: [{given}]")
        }
        Generation::Y2024 | Generation::Old => format!(
            "oAuth authorization error Insufficient scopes! , Required scope: [{required}], however token scopes: [{given}]"
        ),
    }
}
