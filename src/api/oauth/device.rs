//! Device authorization (RFC 8628): the person signs in in a browser, we ask until it is done.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::{Client, OAuth, TokenSet, refusal, refused, seconds, token_set};
use crate::api::auth::{Asking, Closing, DeviceCode, Prompter};
use crate::api::http::{Repeat, Reply};
use crate::model::{ApiError, Untrusted};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Between two questions, if the server does not say (RFC 8628 section 3.2).
const INTERVAL: Duration = Duration::from_secs(5);
/// The time that `slow_down` adds (section 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// A code without an expiry lives this long.
const LIFE: Duration = Duration::from_secs(600);
/// So many failures in a row end the waiting.
const FAILURES: u32 = 5;

/// Device authorization as one client.
pub struct Device {
    oauth: Arc<OAuth>,
    client: Client,
    scope: String,
    prompter: Arc<dyn Prompter>,
}

#[derive(Deserialize)]
struct Started {
    device_code: SecretString,
    user_code: String,
    verification_uri: Option<String>,
    // Written so by servers that follow an early draft.
    verification_url: Option<String>,
    verification_uri_complete: Option<String>,
    expires_in: Option<Value>,
    interval: Option<Value>,
}

impl Device {
    /// `scope` is what is asked for, separated by spaces.
    pub fn new(
        oauth: Arc<OAuth>,
        client: Client,
        scope: impl Into<String>,
        prompter: Arc<dyn Prompter>,
    ) -> Self {
        Self {
            oauth,
            client,
            scope: scope.into(),
            prompter,
        }
    }

    /// The authorization server.
    pub fn oauth(&self) -> &OAuth {
        &self.oauth
    }

    /// Shows a code and waits until somebody has signed in with it. Dropping it ends it.
    ///
    /// # Errors
    /// [`ApiError::Auth`] if the code runs out, is denied, or nobody may be asked.
    pub async fn sign_in(&self, asking: &Asking) -> Result<TokenSet, ApiError> {
        let _busy = asking.begin()?;
        let closing = Closing::new(&self.prompter);
        let result = self.run(asking).await;
        closing.close().await;
        result
    }

    async fn run(&self, asking: &Asking) -> Result<TokenSet, ApiError> {
        let started = self.start(asking).await?;
        let life = match started.expires_in.as_ref().and_then(seconds) {
            Some(seconds) => Duration::from_secs(seconds.min(86_400)),
            None => LIFE,
        };
        let end = Instant::now() + life;
        let url = started.verification_uri.or(started.verification_url);
        let complete = started.verification_uri_complete;
        self.prompter
            .show_code(DeviceCode {
                url: Untrusted::from(url.or_else(|| complete.clone()).unwrap_or_default()),
                url_complete: complete.map(Untrusted::from),
                code: Untrusted::from(started.user_code),
                until: Utc::now() + TimeDelta::from_std(life).unwrap_or_default(),
            })
            .await;
        let mut interval = match started.interval.as_ref().and_then(seconds) {
            Some(seconds) => Duration::from_secs(seconds.clamp(1, 60)),
            None => INTERVAL,
        };
        let mut failures = 0;
        loop {
            let next = Instant::now() + interval;
            if next >= end {
                sleep_until(end).await;
                return Err(ran_out());
            }
            sleep_until(next).await;
            match self.poll(&started.device_code, asking).await {
                Ok(reply) if reply.status.is_success() => return token_set(&reply),
                Ok(reply) => match refused(&reply).error.as_str() {
                    "authorization_pending" => failures = 0,
                    "slow_down" => interval += SLOWER,
                    "expired_token" => return Err(ran_out().with_exchange(&reply.exchange)),
                    "access_denied" => return Err(denied().with_exchange(&reply.exchange)),
                    "" if reply.status.is_server_error() && failures < FAILURES => failures += 1,
                    _ => return Err(refusal(&reply)),
                },
                Err(error) if error.is_transient() && failures < FAILURES => {
                    // The browser needs its time anyway; a stumble on the way is no reason to start over.
                    failures += 1;
                    interval += SLOWER;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn start(&self, asking: &Asking) -> Result<Started, ApiError> {
        let http = self.oauth.to(&self.oauth.endpoints().await?.device)?;
        let form = [
            ("client_id", self.client.id.as_str()),
            ("scope", self.scope.as_str()),
        ];
        let call = http.post(&[]).repeat(Repeat::Token);
        let reply = self.client.sign(call, &form, asking).await?.send().await?;
        if !reply.status.is_success() {
            return Err(refusal(&reply));
        }
        reply.decode()
    }

    async fn poll(&self, code: &SecretString, asking: &Asking) -> Result<Reply, ApiError> {
        let form = [
            ("grant_type", GRANT),
            ("device_code", code.expose_secret()),
            ("client_id", self.client.id.as_str()),
        ];
        self.oauth.ask_token(&self.client, &form, asking).await
    }

    /// Ends a token; `kind` is `access_token` or `refresh_token`.
    ///
    /// # Errors
    /// [`ApiError::Auth`] if the server says no.
    pub async fn end(&self, token: &SecretString, kind: &str) -> Result<(), ApiError> {
        self.oauth.end(&self.client, token, kind).await
    }

    /// Gets a token by a refresh token.
    ///
    /// # Errors
    /// [`ApiError::Auth`] if it is used up.
    pub async fn refresh(
        &self,
        refresh: &SecretString,
        asking: &Asking,
    ) -> Result<TokenSet, ApiError> {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.expose_secret()),
        ];
        self.oauth.token(&self.client, &form, asking).await
    }
}

fn ran_out() -> ApiError {
    ApiError::Auth {
        message: "the code expired before anybody signed in with it".into(),
        can_login: true,
        exchange: None,
    }
}

fn denied() -> ApiError {
    ApiError::Auth {
        message: "the sign-in was denied in the browser".into(),
        can_login: true,
        exchange: None,
    }
}
