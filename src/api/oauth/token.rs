//! Tokens that need nobody: one that is given, and one for a client with a secret.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::Utc;
use secrecy::ExposeSecret;

use super::{Client, OAuth};
use crate::api::auth::{Asking, Grant, Known, ProfileSecret, StoredToken, lives};
use crate::api::http::bearer;
use crate::api::http::header::HeaderMap;
use crate::model::ApiError;

/// A token that the profile gives. It is fetched again when the server refuses it: a file or a
/// command may have a new one by then.
pub struct GivenToken {
    secret: ProfileSecret,
}

impl GivenToken {
    /// The token of a profile.
    pub fn new(secret: ProfileSecret) -> Self {
        Self { secret }
    }
}

#[async_trait]
impl Grant for GivenToken {
    type Credential = HeaderMap;

    async fn fetch(
        &self,
        old: Option<&StoredToken>,
        asking: &Asking,
    ) -> Result<Option<StoredToken>, ApiError> {
        if old.is_some() {
            self.secret.forget().await;
        }
        let access = self.secret.get(asking).await?;
        if old.is_some_and(|old| old.access.expose_secret() == access.expose_secret()) {
            return Ok(None);
        }
        Ok(Some(StoredToken::bare(access)))
    }

    fn credential(&self, token: &StoredToken) -> Result<HeaderMap, ApiError> {
        bearer(&token.access)
    }

    fn known(&self) -> Known {
        Known {
            name: Some("token".into()),
            ..Known::default()
        }
    }

    fn can_login(&self) -> bool {
        self.secret.is_prompt()
    }
}

/// OAuth client credentials (RFC 6749 section 4.4).
pub struct ClientCredentials {
    oauth: Arc<OAuth>,
    client: Client,
    scope: String,
}

impl ClientCredentials {
    /// `scope` is what is asked for, separated by spaces.
    pub fn new(oauth: Arc<OAuth>, client: Client, scope: impl Into<String>) -> Self {
        Self {
            oauth,
            client,
            scope: scope.into(),
        }
    }
}

#[async_trait]
impl Grant for ClientCredentials {
    type Credential = HeaderMap;

    async fn fetch(
        &self,
        _old: Option<&StoredToken>,
        asking: &Asking,
    ) -> Result<Option<StoredToken>, ApiError> {
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", self.scope.as_str()),
        ];
        let asked = Utc::now();
        let given = match self.oauth.token(&self.client, &form, asking).await {
            Ok(given) => given,
            Err(error) => {
                if let (ApiError::Auth { .. }, Some(secret)) = (&error, &self.client.secret) {
                    // It may have been changed: fetch it anew next time.
                    secret.forget().await;
                }
                return Err(with_login(error, self.can_login()));
            }
        };
        Ok(Some(StoredToken {
            since: Some(asked),
            until: lives(given.expires_in, asked),
            known: Known {
                scopes: given.scopes,
                ..self.known()
            },
            ..StoredToken::bare(given.access)
        }))
    }

    async fn end(&self, token: &StoredToken) -> Result<(), ApiError> {
        let kind = "access_token";
        self.oauth.end(&self.client, &token.access, kind).await
    }

    fn credential(&self, token: &StoredToken) -> Result<HeaderMap, ApiError> {
        bearer(&token.access)
    }

    fn known(&self) -> Known {
        Known {
            name: Some(self.client.id.clone()),
            ..Known::default()
        }
    }

    fn can_login(&self) -> bool {
        let secret = self.client.secret.as_ref();
        secret.is_some_and(ProfileSecret::is_prompt)
    }
}

fn with_login(error: ApiError, can: bool) -> ApiError {
    match error {
        ApiError::Auth {
            message,
            can_login,
            exchange,
        } => ApiError::Auth {
            message,
            can_login: can_login || can,
            exchange,
        },
        other => other,
    }
}
