//! Read-only profiles: the one place that keeps changes from being sent.

use std::sync::Arc;

use async_trait::async_trait;

use super::SessionApi;
use super::layer::Layer;
use crate::model::{ActionArgs, ActionResult, ApiError, Outcome, SessionKey, Subject, UserOutcome};

/// A system of which nothing may be changed: every change fails with [`ApiError::ReadOnly`] before
/// anything is sent.
pub(super) struct ReadOnly {
    profile: String,
    inner: Arc<dyn SessionApi>,
}

impl ReadOnly {
    /// Wraps the client of this profile.
    pub(super) fn new(profile: impl Into<String>, inner: Arc<dyn SessionApi>) -> Self {
        Self {
            profile: profile.into(),
            inner,
        }
    }

    fn refuse<T>(&self) -> Result<T, ApiError> {
        Err(ApiError::ReadOnly(self.profile.clone()))
    }
}

#[async_trait]
impl Layer for ReadOnly {
    fn inner(&self) -> &dyn SessionApi {
        &*self.inner
    }

    async fn revoke(&self, _keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        self.refuse()
    }

    async fn revoke_user(&self, _user: &Subject) -> Result<UserOutcome, ApiError> {
        self.refuse()
    }

    async fn act(&self, action: &str, args: ActionArgs) -> Result<ActionResult, ApiError> {
        let caps = self.inner.caps();
        let changes = caps
            .actions()
            .any(|spec| spec.name == action && spec.changes);
        if changes {
            self.refuse()
        } else {
            self.inner.act(action, args).await
        }
    }
}
