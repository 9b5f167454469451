//! Clients around a client: each changes a few calls and passes all others on.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;

use super::{SessionApi, Waits};
use crate::model::{
    ActionArgs, ActionResult, ApiError, Capabilities, Cursor, Identity, Outcome, PageEnd, Plan,
    RowSink, Search, Session, SessionKey, Subject, UserOutcome,
};

/// The calls that a layer may change. Every call that it does not define goes to the client inside.
#[async_trait]
pub(super) trait Layer: Send + Sync {
    /// The client inside.
    fn inner(&self) -> &dyn SessionApi;

    fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
        self.inner().plan(search)
    }

    async fn whoami(&self) -> Result<Identity, ApiError> {
        self.inner().whoami().await
    }

    async fn search(
        &self,
        search: &Search,
        at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        self.inner().search(search, at, sink).await
    }

    async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
        self.inner().get(key).await
    }

    async fn revoke(&self, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        self.inner().revoke(keys).await
    }

    async fn revoke_user(&self, user: &Subject) -> Result<UserOutcome, ApiError> {
        self.inner().revoke_user(user).await
    }

    async fn act(&self, action: &str, args: ActionArgs) -> Result<ActionResult, ApiError> {
        self.inner().act(action, args).await
    }
}

/// A layer as a client.
pub(super) struct Layered<L>(pub(super) L);

#[async_trait]
impl<L: Layer> SessionApi for Layered<L> {
    fn caps(&self) -> Arc<Capabilities> {
        self.0.inner().caps()
    }

    fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
        self.0.plan(search)
    }

    async fn reckon(&self, search: &Search) -> Result<(), ApiError> {
        self.0.inner().reckon(search).await
    }

    async fn whoami(&self) -> Result<Identity, ApiError> {
        self.0.whoami().await
    }

    async fn search(
        &self,
        search: &Search,
        at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        self.0.search(search, at, sink).await
    }

    async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
        self.0.get(key).await
    }

    async fn revoke(&self, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        self.0.revoke(keys).await
    }

    async fn revoke_user(&self, user: &Subject) -> Result<UserOutcome, ApiError> {
        self.0.revoke_user(user).await
    }

    fn clock_offset(&self) -> Option<TimeDelta> {
        self.0.inner().clock_offset()
    }

    fn waiting(&self) -> Waits {
        self.0.inner().waiting()
    }

    fn give_up_waits(&self) {
        self.0.inner().give_up_waits();
    }

    fn ask_anyway(&self) {
        self.0.inner().ask_anyway();
    }

    async fn sign_out(&self) -> Result<(), ApiError> {
        self.0.inner().sign_out().await
    }

    async fn act(&self, action: &str, args: ActionArgs) -> Result<ActionResult, ApiError> {
        self.0.act(action, args).await.map_err(of_action)
    }
}

/// Reports an argument that was refused as `BadAction`, not as `BadQuery`: clients read an answer the same
/// way whatever it was asked for.
fn of_action(error: ApiError) -> ApiError {
    match error {
        ApiError::BadQuery {
            message, exchange, ..
        } => ApiError::BadAction { message, exchange },
        other => other,
    }
}
