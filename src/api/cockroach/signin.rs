//! Signing in to the HTTP interface: with a password, or with a token that is there already.
//!
//! A sign-in makes a web session, which the list then shows as usher's own.
//! Source: CockroachDB `pkg/server/authserver`, `pkg/server/api_v2.go`.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::Utc;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{filter, token};
use crate::api::auth::{
    Asking, Grant, Known, NoAuth, NoStore, ProfileSecret, Prompter, Renewing, StoredToken,
    TokenStore,
};
use crate::api::http::header::{HeaderMap, HeaderName};
use crate::api::http::{Http, HttpAuth, Repeat, Reply, cookies_in, secret_header};
use crate::api::oauth::GivenToken;
use crate::config::{Login, Profile, SecretSource};
use crate::model::{ApiError, locked};

/// The header that carries a token to every address under `/api/v2/`.
const HEADER: HeaderName = HeaderName::from_static("x-cockroach-api-session");
/// The cookie that names a virtual cluster.
const CLUSTER: &str = "tenant";

/// The web session that usher itself uses. Clones share it.
#[derive(Clone, Default)]
pub(super) struct OwnSession(Arc<Mutex<Option<i64>>>);

impl OwnSession {
    /// Its id. `None`: there is none yet.
    pub(super) fn id(&self) -> Option<i64> {
        *locked(&self.0)
    }

    fn take(&self, token: &StoredToken) {
        *locked(&self.0) = token::id(&token.access);
    }
}

/// Who signs the requests, as the profile says.
///
/// # Errors
/// [`ApiError::Config`] if there is no such way to sign in over HTTP.
pub(super) fn authorize(
    profile: &Profile,
    http: &Http,
    own: &OwnSession,
    prompter: Arc<dyn Prompter>,
    store: Arc<dyn TokenStore>,
) -> Result<Arc<HttpAuth>, ApiError> {
    let secret = |what: String, source: &SecretSource| {
        ProfileSecret::new(&profile.name, what, source.clone(), Arc::clone(&prompter))
    };
    http.withhold_cookie(token::COOKIE);
    match &profile.login {
        Login::Password { user, password } => {
            let grant = SignIn {
                http: http.clone(),
                own: own.clone(),
                user: filter::normal(user),
                password: secret(format!("Password of {user}"), password),
            };
            Ok(Arc::new(Renewing::new(grant, store)))
        }
        Login::Token { token } => {
            let grant = ProfileToken {
                given: GivenToken::new(secret("Token".into(), token)),
                own: own.clone(),
            };
            // Such a token is the profile's to keep, not ours.
            Ok(Arc::new(Renewing::new(grant, Arc::new(NoStore))))
        }
        Login::None => Ok(Arc::new(NoAuth)),
        _ => Err(ApiError::Config {
            profile: profile.name.clone(),
            why:
                "over HTTP a cluster takes a password, a token or no sign-in (insecure clusters); \
                  a certificate needs a postgresql:// address"
                    .into(),
        }),
    }
}

fn headers(token: &StoredToken) -> Result<HeaderMap, ApiError> {
    secret_header(HEADER, token.access.expose_secret())
}

/// A sign-in with name and password.
struct SignIn {
    http: Http,
    own: OwnSession,
    user: String,
    password: ProfileSecret,
}

/// The answer to a sign-in.
#[derive(Deserialize)]
struct SignedIn {
    session: SecretString,
}

/// Body of a sign-in to the DB Console.
#[derive(Serialize)]
struct ConsoleSignIn<'a> {
    username: &'a str,
    password: &'a str,
}

impl SignIn {
    async fn sign_in(&self, password: &SecretString) -> Result<StoredToken, ApiError> {
        let asked = Utc::now();
        let pairs = [
            ("username", self.user.as_str()),
            ("password", password.expose_secret()),
        ];
        // The address ends with a slash.
        let call = self.http.post(&["api", "v2", "login", ""]).form(&pairs);
        let reply = call.repeat(Repeat::Token).send().await?;
        let access = match reply.status.as_u16() {
            200 => reply.decode::<SignedIn>()?.session,
            // A virtual cluster has this sign-in at the DB Console only.
            501 => self.to_console(password).await?,
            _ => return Err(refused(&reply)),
        };
        if token::id(&access).is_none() {
            let why = "expected the token of a session".to_owned();
            return Err(reply.unexpected("session", why));
        }
        Ok(StoredToken {
            since: Some(asked),
            known: self.known(),
            cookies: self.http.cookies(),
            ..StoredToken::bare(access)
        })
    }

    /// Signs in as the DB Console does: the token comes in a cookie.
    async fn to_console(&self, password: &SecretString) -> Result<SecretString, ApiError> {
        self.http.hide(password);
        let body = ConsoleSignIn {
            username: &self.user,
            password: password.expose_secret(),
        };
        let call = self.http.post(&["login"]).json(&body);
        let reply = call.repeat(Repeat::Token).send().await?;
        if !reply.status.is_success() {
            return Err(refused(&reply));
        }
        let cookies: Vec<_> = cookies_in(&reply.headers).collect();
        let named = |name: &str| {
            let found = cookies.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value)
        };
        let cluster = named(CLUSTER).map(ExposeSecret::expose_secret);
        let token = named(token::COOKIE).and_then(|value| token::of_cluster(value, cluster));
        token.ok_or_else(|| reply.unexpected("the cookies", "there is no session".into()))
    }
}

fn refused(reply: &Reply) -> ApiError {
    match reply.fault() {
        ApiError::Auth { message, .. } | ApiError::BadQuery { message, .. } => ApiError::Auth {
            message: format!("the sign-in was refused: {message}"),
            can_login: true,
            exchange: Some(reply.exchange.clone()),
        },
        other => other,
    }
}

#[async_trait]
impl Grant for SignIn {
    type Credential = HeaderMap;

    async fn fetch(
        &self,
        _old: Option<&StoredToken>,
        asking: &Asking,
    ) -> Result<Option<StoredToken>, ApiError> {
        let password = self.password.get(asking).await?;
        let signed = self.sign_in(&password).await;
        if matches!(signed, Err(ApiError::Auth { .. })) {
            // It may have been changed, or mistyped: fetch it anew next time.
            self.password.forget().await;
        }
        signed.map(Some)
    }

    fn credential(&self, token: &StoredToken) -> Result<HeaderMap, ApiError> {
        headers(token)
    }

    fn taken(&self, token: &StoredToken) {
        self.own.take(token);
        self.http.put_cookies(&token.cookies);
    }

    async fn end(&self, token: &StoredToken) -> Result<(), ApiError> {
        let call = self.http.post(&["api", "v2", "logout", ""]);
        let reply = call.secret_header(HEADER, &token.access).send().await?;
        match reply.status.as_u16() {
            // 400: it has ended already.
            200 | 400 => Ok(()),
            _ => Err(reply.fault()),
        }
    }

    fn known(&self) -> Known {
        Known {
            name: Some(self.user.clone()),
            ..Known::default()
        }
    }

    fn can_login(&self) -> bool {
        self.password.is_prompt()
    }
}

/// A token that the profile gives, such as one that the vendor's tool made.
struct ProfileToken {
    given: GivenToken,
    own: OwnSession,
}

#[async_trait]
impl Grant for ProfileToken {
    type Credential = HeaderMap;

    async fn fetch(
        &self,
        old: Option<&StoredToken>,
        asking: &Asking,
    ) -> Result<Option<StoredToken>, ApiError> {
        let found = self.given.fetch(old, asking).await?;
        Ok(found.map(|token| StoredToken {
            access: token::in_line(&token.access),
            ..token
        }))
    }

    fn credential(&self, token: &StoredToken) -> Result<HeaderMap, ApiError> {
        headers(token)
    }

    fn taken(&self, token: &StoredToken) {
        self.own.take(token);
    }

    fn known(&self) -> Known {
        self.given.known()
    }

    fn can_login(&self) -> bool {
        self.given.can_login()
    }
}
