//! Read-only profiles: the one place that keeps changes from being sent.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;

use super::{SessionApi, Waits};
use crate::model::{
    ActionArgs, ActionResult, ApiError, Capabilities, Cursor, Identity, Outcome, PageEnd, Plan,
    RowSink, Search, Session, SessionKey, Subject, UserOutcome,
};

/// A system of which nothing may be changed: every change fails with [`ApiError::ReadOnly`] before
/// anything is sent.
pub struct ReadOnly {
    profile: String,
    inner: Arc<dyn SessionApi>,
}

impl ReadOnly {
    /// Wraps the client of this profile.
    pub fn new(profile: impl Into<String>, inner: Arc<dyn SessionApi>) -> Self {
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
impl SessionApi for ReadOnly {
    fn caps(&self) -> Arc<Capabilities> {
        self.inner.caps()
    }

    fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
        self.inner.plan(search)
    }

    async fn whoami(&self) -> Result<Identity, ApiError> {
        self.inner.whoami().await
    }

    async fn search(
        &self,
        search: &Search,
        at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        self.inner.search(search, at, sink).await
    }

    async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
        self.inner.get(key).await
    }

    async fn revoke(&self, _keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        self.refuse()
    }

    async fn revoke_user(&self, _user: &Subject) -> Result<UserOutcome, ApiError> {
        self.refuse()
    }

    fn clock_offset(&self) -> Option<TimeDelta> {
        self.inner.clock_offset()
    }

    fn waiting(&self) -> Waits {
        self.inner.waiting()
    }

    fn give_up_waits(&self) {
        self.inner.give_up_waits();
    }

    fn ask_anyway(&self) {
        self.inner.ask_anyway();
    }

    async fn sign_out(&self) -> Result<(), ApiError> {
        self.inner.sign_out().await
    }

    async fn act(&self, action: &str, args: ActionArgs) -> Result<ActionResult, ApiError> {
        let caps = self.inner.caps();
        let changes = caps
            .actions()
            .any(|spec| spec.name == action && spec.changes);
        match changes {
            true => self.refuse(),
            false => self.inner.act(action, args).await,
        }
    }
}
