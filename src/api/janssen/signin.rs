//! Signing in to a Janssen server.
//!
//! A token of the device grant is not enough for the Config API: it is changed for one that carries
//! the scopes of the person's role, by way of the person's userinfo.
//! Source: Janssen `config_cli.py`.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::api::auth::{
    Asking, Grant, Known, NoAuth, NoStore, ProfileSecret, Prompter, Renewing, StoredToken,
    TokenStore, lives,
};
use crate::api::http::header::{HeaderMap, HeaderName, HeaderValue};
use crate::api::http::{Http, HttpAuth, Repeat, bearer};
use crate::api::net::clean;
use crate::api::oauth::{
    Client, ClientCredentials, Device, Endpoints, GivenToken, OAuth, TokenSet, refusal, token_set,
};
use crate::config::{Login, Profile};
use crate::model::ApiError;

/// Names that reading needs, and those that ending sessions needs too.
const READ: &str = "https://jans.io/oauth/jans-auth-server/session.readonly";
/// Any of these, by its end, may allow to end sessions; some servers want a second one beside the first.
const DELETES: [&str; 3] = ["/session.delete", "/session.admin", "/delete-all"];
/// The note about a token without any of these scopes.
pub(super) const LACKS_DELETE: &str =
    "this sign-in lacks the scope https://jans.io/oauth/jans-auth-server/session.delete";
const CHANGE: &str = "https://jans.io/oauth/jans-auth-server/session.delete revoke_session";
const PERSON: &str = "openid profile email offline_access";

/// The credentials for the Config API, as the profile says.
///
/// # Errors
/// [`ApiError::Config`] if Janssen has no such way to sign in.
pub(super) fn authorize(
    profile: &Profile,
    http: &Http,
    prompter: Arc<dyn Prompter>,
    store: Arc<dyn TokenStore>,
) -> Result<Arc<HttpAuth>, ApiError> {
    let secret = |what: String, source: &crate::config::SecretSource| {
        ProfileSecret::new(&profile.name, what, source.clone(), Arc::clone(&prompter))
    };
    let oauth = || Arc::new(server(profile, http));
    Ok(match &profile.login {
        Login::Token { token } => {
            let grant = GivenToken::new(secret("Access token".into(), token));
            // Such a token is the profile's to keep, not ours.
            Arc::new(Renewing::new(grant, Arc::new(NoStore)))
        }
        Login::ClientCredentials {
            client_id,
            client_secret,
        } => {
            let client = Client {
                id: client_id.clone(),
                secret: Some(secret(
                    format!("Client secret of {client_id}"),
                    client_secret,
                )),
            };
            let scope = if profile.policy.read_only {
                READ.to_owned()
            } else {
                format!("{READ} {CHANGE}")
            };
            Arc::new(Renewing::new(
                ClientCredentials::new(oauth(), client, scope),
                store,
            ))
        }
        Login::Device {
            client_id,
            client_secret,
        } => {
            let what = format!("Client secret of {client_id}");
            let client = Client {
                id: client_id.clone(),
                secret: client_secret.as_ref().map(|source| secret(what, source)),
            };
            let device = Device::new(oauth(), client, PERSON, Arc::clone(&prompter));
            Arc::new(Renewing::new(BrowserSignIn { device }, store))
        }
        Login::None => Arc::new(NoAuth),
        Login::Password { .. } | Login::Certificate => {
            return Err(ApiError::Config {
                profile: profile.name.clone(),
                why: "janssen takes login by token, client_credentials or device".into(),
            });
        }
    })
}

/// The authorization server: `auth_url`, else the same host.
fn server(profile: &Profile, http: &Http) -> OAuth {
    let base = profile.auth_url.as_ref().unwrap_or(&profile.url);
    let under = |path: &str| -> Url {
        let mut url = base.clone();
        let before = base.path().trim_end_matches('/').to_owned();
        let before = before.trim_end_matches("/jans-config-api");
        url.set_path(&format!("{before}{path}"));
        url
    };
    let rest = match base.path().trim_end_matches('/') {
        path if path.ends_with("/restv1") => "",
        path if path.ends_with("/jans-auth") => "/restv1",
        _ => "/jans-auth/restv1",
    };
    let mut root = base.clone();
    root.set_path("/.well-known/openid-configuration");
    let mut jans_auth = base.clone();
    jans_auth.set_path("/jans-auth/.well-known/openid-configuration");
    let fallback = Endpoints {
        token: under(&format!("{rest}/token")),
        device: under(&format!("{rest}/device_authorization")),
        userinfo: under(&format!("{rest}/userinfo")),
        revocation: under(&format!("{rest}/revoke")),
    };
    OAuth::new(http, vec![root, jans_auth], fallback)
}

/// A person who signs in in a browser.
struct BrowserSignIn {
    device: Device,
}

/// The secrets that get the next token without asking the person again.
#[derive(Serialize, Deserialize)]
struct Renewal {
    access: String,
    refresh: Option<String>,
}

/// Claims of the userinfo token that we use; it comes straight from the server over TLS, so its
/// signature is not looked at.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    inum: Option<String>,
    user_name: Option<String>,
    preferred_username: Option<String>,
    name: Option<String>,
    email: Option<String>,
    sub: Option<String>,
}

#[async_trait]
impl Grant for BrowserSignIn {
    type Credential = HeaderMap;

    async fn fetch(
        &self,
        old: Option<&StoredToken>,
        asking: &Asking,
    ) -> Result<Option<StoredToken>, ApiError> {
        if let Some(token) = self.renewed(old, asking).await? {
            return Ok(Some(token));
        }
        let given = self.device.sign_in(asking).await?;
        self.exchange(&given).await.map(Some)
    }

    fn credential(&self, token: &StoredToken) -> Result<HeaderMap, ApiError> {
        let mut headers = bearer(&token.access)?;
        // Newer plug-ins of the server want it; harmless elsewhere.
        if let Some(Ok(inum)) = token.known.id.as_deref().map(HeaderValue::from_str) {
            headers.insert(HeaderName::from_static("user-inum"), inum);
        }
        Ok(headers)
    }

    async fn end(&self, token: &StoredToken) -> Result<(), ApiError> {
        let first = self.device.end(&token.access, "access_token").await;
        // The person's own tokens could get another one, so they end too.
        let Some(Renewal { access, refresh }) = renewal(token) else {
            return first;
        };
        let own = self.device.end(&access.into(), "access_token").await;
        let last = match refresh {
            Some(refresh) => self.device.end(&refresh.into(), "refresh_token").await,
            None => Ok(()),
        };
        first.and(own).and(last)
    }

    fn known(&self) -> Known {
        Known {
            name: Some("not signed in".into()),
            ..Known::default()
        }
    }

    fn can_login(&self) -> bool {
        true
    }
}

impl BrowserSignIn {
    /// Another token for the same sign-in. `None`: the person has to sign in again.
    async fn renewed(
        &self,
        old: Option<&StoredToken>,
        asking: &Asking,
    ) -> Result<Option<StoredToken>, ApiError> {
        let Some(Renewal { access, refresh }) = old.and_then(renewal) else {
            return Ok(None);
        };
        let refresh = refresh.map(SecretString::from);
        let given = TokenSet {
            access: SecretString::from(access),
            expires_in: None,
            refresh: refresh.clone(),
            scopes: Vec::new(),
        };
        match self.exchange(&given).await {
            Ok(token) => return Ok(Some(token)),
            Err(ApiError::Auth { .. } | ApiError::Forbidden { .. }) => {}
            Err(other) => return Err(other),
        }
        let Some(refresh) = refresh else {
            return Ok(None);
        };
        match self.device.refresh(&refresh, asking).await {
            Ok(mut given) => {
                given.refresh = given.refresh.or(Some(refresh));
                self.exchange(&given).await.map(Some)
            }
            Err(ApiError::Auth { .. } | ApiError::Forbidden { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// The person's token for one that the Config API takes.
    async fn exchange(&self, given: &TokenSet) -> Result<StoredToken, ApiError> {
        let oauth = self.device.oauth();
        let endpoints = oauth.endpoints().await?;
        let about = oauth
            .to(&endpoints.userinfo)?
            .post(&[])
            .bearer(&given.access)
            .form(&[("access_token", given.access.expose_secret())])
            .repeat(Repeat::Read)
            .send()
            .await?;
        if !about.status.is_success() {
            return Err(sign_in_again(refusal(&about)));
        }
        let jwt = about.body.trim().to_owned();
        let claims = claims(&jwt).ok_or_else(|| {
            about.unexpected(
                "userinfo",
                "expected a signed token, got something else".into(),
            )
        })?;
        let asked = Utc::now();
        let reply = oauth
            .to(&endpoints.token)?
            .post(&[])
            .bearer(&given.access)
            .form(&[
                ("grant_type", "client_credentials"),
                ("scope", "openid"),
                ("ujwt", &jwt),
            ])
            .repeat(Repeat::Token)
            .send()
            .await?;
        if !reply.status.is_success() {
            return Err(sign_in_again(refusal(&reply)));
        }
        stored(token_set(&reply)?, claims, given, asked)
    }
}

fn renewal(token: &StoredToken) -> Option<Renewal> {
    let text = token.renewal.as_ref()?;
    serde_json::from_str(text.expose_secret()).ok()
}

fn stored(
    api: TokenSet,
    claims: Claims,
    given: &TokenSet,
    asked: DateTime<Utc>,
) -> Result<StoredToken, ApiError> {
    let renewal = Renewal {
        access: given.access.expose_secret().to_owned(),
        refresh: given
            .refresh
            .as_ref()
            .map(|text| text.expose_secret().to_owned()),
    };
    let renewal = serde_json::to_string(&renewal).ok().map(SecretString::from);
    let names = [
        claims.user_name,
        claims.preferred_username,
        claims.email,
        claims.name,
        claims.sub,
        claims.inum.clone(),
    ];
    Ok(StoredToken {
        since: Some(asked),
        until: lives(api.expires_in, asked),
        renewal,
        known: Known {
            name: names.into_iter().flatten().next().map(|name| clean(&name)),
            id: claims.inum,
            scopes: api.scopes,
        },
        ..StoredToken::bare(api.access)
    })
}

fn claims(jwt: &str) -> Option<Claims> {
    let mut parts = jwt.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn sign_in_again(error: ApiError) -> ApiError {
    match error {
        ApiError::Auth {
            message, exchange, ..
        } => ApiError::Auth {
            message,
            can_login: true,
            exchange,
        },
        other => other,
    }
}
/// True if the granted scopes allow no revoke. False if the server did not list any scopes.
pub(super) fn lacks_delete(scopes: &[String]) -> bool {
    let ends = |scope: &String| DELETES.iter().any(|end| scope.ends_with(end));
    !scopes.is_empty() && !scopes.iter().any(ends)
}
