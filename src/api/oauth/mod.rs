//! OAuth: where the endpoints are, and how a token is asked for.

mod device;
mod token;

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

pub use device::Device;
pub use token::{ClientCredentials, GivenToken};

use super::auth::{Asking, Interact, NoAuth, ProfileSecret};
use super::http::{Call, Http, Repeat, Reply};
use super::net::{clean, host_of};
use crate::model::ApiError;

/// Addresses of an authorization server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Where tokens are given.
    pub token: Url,
    /// Where device authorization starts.
    pub device: Url,
    /// Where the person behind a token is described.
    pub userinfo: Url,
    /// Where tokens are ended.
    pub revocation: Url,
}

/// An authorization server. Only the origins that the profile names are asked: its discovery document
/// may not send a secret anywhere else.
pub struct OAuth {
    http: Http,
    /// All of one origin: that of `auth_url`, or of `url` without one.
    discovery: Vec<Url>,
    fallback: Endpoints,
    endpoints: OnceCell<Endpoints>,
}

/// Who we are to an authorization server.
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret. `None`: a public client.
    pub secret: Option<ProfileSecret>,
}

/// The answer of a token endpoint.
#[derive(Clone, Debug)]
pub struct TokenSet {
    /// The token.
    pub access: SecretString,
    /// Seconds it lives. `None`: not told.
    pub expires_in: Option<u64>,
    /// The token that gets the next one. `None`: nothing.
    pub refresh: Option<SecretString>,
    /// Its rights.
    pub scopes: Vec<String>,
}

#[derive(Deserialize)]
struct Discovered {
    issuer: Option<String>,
    token_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    userinfo_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
}

#[derive(Deserialize)]
struct Given {
    access_token: SecretString,
    expires_in: Option<Value>,
    refresh_token: Option<SecretString>,
    scope: Option<Value>,
}

/// An OAuth error object (RFC 6749 section 5.2).
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Refused {
    #[serde(default)]
    pub(crate) error: String,
    error_description: Option<String>,
}

impl OAuth {
    /// `discovery` are the places to look for the endpoints, in order; `fallback` are the ones to
    /// use if none of them answers.
    pub fn new(http: &Http, discovery: Vec<Url>, fallback: Endpoints) -> Self {
        Self {
            http: http.with_auth(Arc::new(NoAuth)),
            discovery,
            fallback,
            endpoints: OnceCell::new(),
        }
    }

    /// The addresses, found out at the first call.
    ///
    /// # Errors
    /// If the server cannot be reached, or calls itself by another origin than the profile. A server
    /// without discovery is no error.
    pub async fn endpoints(&self) -> Result<&Endpoints, ApiError> {
        self.endpoints.get_or_try_init(|| self.discover()).await
    }

    async fn discover(&self) -> Result<Endpoints, ApiError> {
        for place in &self.discovery {
            let reply = self.to(place)?.get(&[]).send().await?;
            if !reply.status.is_success() {
                continue;
            }
            if let Ok(found) = reply.decode::<Discovered>() {
                if let Some(issuer) = found.issuer.as_deref().and_then(|it| Url::parse(it).ok()) {
                    self.check_origin("issuer", &issuer)?;
                }
                return Ok(self.checked(found));
            }
        }
        tracing::debug!("no discovery document; using the usual addresses");
        Ok(self.fallback.clone())
    }

    fn checked(&self, found: Discovered) -> Endpoints {
        let usual = &self.fallback;
        let pick = |text: Option<String>, usual: &Url| match text.map(|text| Url::parse(&text)) {
            Some(Ok(url)) => url,
            _ => usual.clone(),
        };
        Endpoints {
            token: pick(found.token_endpoint, &usual.token),
            device: pick(found.device_authorization_endpoint, &usual.device),
            userinfo: pick(found.userinfo_endpoint, &usual.userinfo),
            revocation: pick(found.revocation_endpoint, &usual.revocation),
        }
    }

    /// A call target; refuses what a discovery document could name: another origin, and plain http to
    /// another machine.
    pub(crate) fn to(&self, url: &Url) -> Result<Http, ApiError> {
        self.check_origin("endpoint", url)?;
        self.http.at(url.clone(), Arc::new(NoAuth))
    }

    /// Checks that this address belongs to the servers that the profile names.
    fn check_origin(&self, what: &str, url: &Url) -> Result<(), ApiError> {
        let named = self.discovery.iter().chain([self.http.base()]);
        if named.map(Url::origin).any(|origin| origin == url.origin()) {
            return Ok(());
        }
        let server = self.discovery.first().unwrap_or(self.http.base());
        let origin = clean(&url.origin().ascii_serialization());
        Err(ApiError::Config {
            profile: self.http.profile().to_owned(),
            why: format!(
                "the discovery document of {} names an {what} at {origin}, which is neither url nor \
                 auth_url, so nothing was sent there; if it is right, set auth_url = \"{origin}\"",
                host_of(server),
            ),
        })
    }

    /// Asks the token endpoint as this client.
    ///
    /// # Errors
    /// [`ApiError::Auth`] or [`ApiError::Forbidden`] with the server's words if it says no.
    pub(crate) async fn token(
        &self,
        client: &Client,
        form: &[(&str, &str)],
        asking: &Asking,
    ) -> Result<TokenSet, ApiError> {
        let reply = self.ask_token(client, form, asking).await?;
        if reply.status.is_success() {
            return token_set(&reply);
        }
        Err(refusal(&reply))
    }

    pub(crate) async fn ask_token(
        &self,
        client: &Client,
        form: &[(&str, &str)],
        asking: &Asking,
    ) -> Result<Reply, ApiError> {
        let http = self.to(&self.endpoints().await?.token)?;
        let call = http.post(&[]).repeat(Repeat::Token);
        client.sign(call, form, asking).await?.send().await
    }
}

impl OAuth {
    /// Ends a token (RFC 7009); `kind` is `access_token` or `refresh_token`. Asks nobody.
    ///
    /// # Errors
    /// [`ApiError::Auth`] with the server's words if it says no.
    pub(crate) async fn end(
        &self,
        client: &Client,
        token: &SecretString,
        kind: &str,
    ) -> Result<(), ApiError> {
        let http = self.to(&self.endpoints().await?.revocation)?;
        let form = [("token", token.expose_secret()), ("token_type_hint", kind)];
        let call = http.post(&[]).repeat(Repeat::Read);
        let asking = Asking::new(Interact::Never);
        let reply = client.sign(call, &form, &asking).await?.send().await?;
        if reply.status.is_success() {
            Ok(())
        } else {
            Err(refusal(&reply))
        }
    }
}

impl Client {
    /// Adds who we are: HTTP Basic with a secret, the id in the form without one.
    pub(crate) async fn sign<'a>(
        &self,
        call: Call<'a>,
        form: &[(&str, &str)],
        asking: &Asking,
    ) -> Result<Call<'a>, ApiError> {
        let mut form = form.to_vec();
        let call = if let Some(secret) = &self.secret {
            call.basic(&self.id, &secret.get(asking).await?)
        } else {
            if !form.iter().any(|(key, _)| *key == "client_id") {
                form.push(("client_id", &self.id));
            }
            call
        };
        Ok(call.form(&form))
    }
}

/// Reads the answer of a token endpoint.
pub(crate) fn token_set(reply: &Reply) -> Result<TokenSet, ApiError> {
    let given: Given = reply.decode()?;
    if given.access_token.expose_secret().is_empty() {
        return Err(reply.unexpected("access_token", "it is empty".into()));
    }
    let scopes = match given.scope {
        Some(Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    };
    Ok(TokenSet {
        access: given.access_token,
        expires_in: given.expires_in.as_ref().and_then(seconds),
        refresh: given.refresh_token,
        scopes,
    })
}

/// A number of seconds, which some servers write as text.
pub(crate) fn seconds(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            let number = number.as_f64()?;
            (number >= 0.0).then_some(number as u64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The OAuth error in an answer; an empty one if there is none.
pub(crate) fn refused(reply: &Reply) -> Refused {
    reply.decode().unwrap_or_default()
}

/// A "no" of a token endpoint as an error.
pub(crate) fn refusal(reply: &Reply) -> ApiError {
    let refused = refused(reply);
    let told = refused.error_description.as_deref().unwrap_or_default();
    let words = match (refused.error.as_str(), told) {
        ("", _) => reply.words(),
        (error, "") => reply.clean(error),
        (error, told) => reply.clean(&format!("{error}: {told}")),
    };
    let message = format!("the sign-in was refused: {words}");
    let exchange = Some(reply.exchange.clone());
    match (reply.status.as_u16(), refused.error.as_str()) {
        (_, "invalid_scope") => ApiError::Forbidden {
            message,
            needs: None,
            exchange,
        },
        (_, "access_denied" | "expired_token" | "invalid_grant") => ApiError::Auth {
            message,
            can_login: true,
            exchange,
        },
        (400 | 401 | 403, _) if !reply.is_web_page() => ApiError::Auth {
            message,
            can_login: false,
            exchange,
        },
        _ => reply.fault(),
    }
}
