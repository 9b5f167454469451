//! The interface of both ways to a cluster.

use async_trait::async_trait;

use super::sql::Statement;
use super::table::Table;
use crate::api::Waits;
use crate::model::ApiError;

/// A way to run statements on a cluster.
#[async_trait]
pub(super) trait Transport: Send + Sync {
    /// Runs one statement in a transaction of its own. Signs in first if it has to; opens a dialog only for
    /// [`Kind::Read`](super::sql::Kind::Read).
    ///
    /// # Errors
    /// Any [`ApiError`]; [`ApiError::may_have_acted`] says whether a change may have been done.
    async fn run(&self, statement: &Statement) -> Result<Table, ApiError>;

    /// The web session that this client itself uses. `None`: it uses none, or has not signed in yet.
    fn own(&self) -> Option<i64> {
        None
    }

    /// Ends our sign-in at the cluster.
    ///
    /// # Errors
    /// [`ApiError::Unsupported`] if it is not ours to end, or any other.
    async fn sign_out(&self) -> Result<(), ApiError>;

    /// Follows the waits that the cluster asks for.
    fn waiting(&self) -> Waits;

    /// Changes that wait are not sent any more.
    fn give_up_waits(&self);

    /// The operator wants to ask in spite of a long wait.
    fn ask_anyway(&self);
}
