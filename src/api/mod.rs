//! Clients of remote systems. Nothing outside a provider's folder knows its wire.

pub mod auth;
mod besides;
mod client_names;
mod cockroach;
mod fleare;
mod guard;
pub mod http;
pub mod import;
mod in_time;
mod janssen;
mod layer;
mod loose;
mod naming;
pub mod net;
pub mod oauth;
mod outline;
mod pingam;
mod system;
mod together;
mod workos;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{
    ActionArgs, ActionResult, ApiError, Capabilities, Cursor, Identity, LimitedBy, Outcome,
    PageEnd, Plan, RowSink, Search, Session, SessionKey, Subject, UserOutcome,
};

pub use net::{Countdown, Wait, Waits};
pub use system::{System, Systems};

/// The systems that usher carries, in the order in which people see them.
fn built_in() -> [Arc<dyn System>; 5] {
    [
        Arc::new(janssen::JanssenSystem::new()),
        Arc::new(pingam::PingAmSystem::new()),
        Arc::new(cockroach::CockroachSystem::new()),
        Arc::new(workos::WorkOsSystem::new()),
        Arc::new(fleare::FleareSystem::new()),
    ]
}

/// One remote system, as usher sees it.
#[async_trait]
pub trait SessionApi: Send + Sync {
    /// The capabilities of this system. Final once [`whoami`](Self::whoami) has answered, since old
    /// servers can do less.
    fn caps(&self) -> Arc<Capabilities>;

    /// How this search will be answered. Pure.
    ///
    /// # Errors
    /// [`ApiError::BadQuery`] if the system cannot answer it at all.
    fn plan(&self, search: &Search) -> Result<Plan, ApiError>;

    /// Learns by a few requests what the ways cost that the plan of this search offers; the next plan says
    /// it. Asked for before the ways are shown to somebody. May be dropped at any await.
    ///
    /// # Errors
    /// Any [`ApiError`]; the ways can be offered all the same.
    async fn reckon(&self, search: &Search) -> Result<(), ApiError> {
        let _ = search;
        Ok(())
    }

    /// Who the operator is there; also the connection test and the negotiation of versions.
    /// May be dropped at any await.
    ///
    /// # Errors
    /// Any [`ApiError`].
    async fn whoami(&self) -> Result<Identity, ApiError>;

    /// Reads one page into the sink. The rows are those of the native part of the plan; `plan.rest` is
    /// the caller's to apply. May be dropped at any await.
    ///
    /// # Errors
    /// Any [`ApiError`]; the rows already in the sink stay good.
    async fn search(
        &self,
        search: &Search,
        at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError>;

    /// Reads one session. May be dropped at any await.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] if there is none, or any other.
    async fn get(&self, key: &SessionKey) -> Result<Session, ApiError>;

    /// Ends sessions. Never dropped half way by the caller. The answer has the length and order of `keys`.
    /// Never opens a sign-in dialog: a sign-in that needs a person is `Err(ApiError::Auth)`.
    ///
    /// An outcome is what the server answered; `caps().revoke_is_verified` says whether it was read
    /// back too. If it was not, the caller looks: "not found" is [`ApiError::NotFound`], a lost answer
    /// the error that lost it.
    ///
    /// # Errors
    /// Only if nothing was sent.
    async fn revoke(&self, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError>;

    /// Ends every session of one person, by the system's own operation: in the scope that the subject
    /// names; without one, in every scope of the profile (`caps().revoke_user_everywhere`). Never
    /// dropped half way.
    ///
    /// # Errors
    /// Only if nothing was sent.
    async fn revoke_user(&self, user: &Subject) -> Result<UserOutcome, ApiError>;

    /// How far the server's clock is ahead of ours, by its last answer. `None`: nothing has been
    /// answered yet, or it does not tell.
    fn clock_offset(&self) -> Option<TimeDelta> {
        None
    }

    /// The time at the server; ours while its clock is not known.
    fn server_now(&self) -> DateTime<Utc> {
        Utc::now() + self.clock_offset().unwrap_or_default()
    }

    /// Follows the waits that the servers of this profile ask for (429, or 503 with a time). While one
    /// lasts nothing is sent to that server.
    fn waiting(&self) -> Waits {
        tokio::sync::watch::Sender::new(None).subscribe()
    }

    /// Changes that wait because a server asked for it are not sent any more; they fail with
    /// [`ApiError::Cancelled`].
    fn give_up_waits(&self) {}

    /// The operator was told that a server asks for a wait of more than 60 s, and wants to ask it all
    /// the same. Otherwise every request fails until then, and none is sent.
    fn ask_anyway(&self) {}

    /// Tells the server that the token in use, or the one kept from an earlier run, is no longer
    /// needed. May be dropped at any await.
    ///
    /// # Errors
    /// [`ApiError::Unsupported`] if this system has no such call, or any other.
    async fn sign_out(&self) -> Result<(), ApiError> {
        Err(ApiError::Unsupported {
            what: "revoking a token".into(),
            limit: LimitedBy::System(self.caps().system.clone()),
        })
    }

    /// Does one of `caps().actions`. One that changes something is never dropped half way by the
    /// caller, and never opens a sign-in dialog; the others may be dropped at any await.
    ///
    /// # Errors
    /// [`ApiError::Unsupported`] if there is no such action here, [`ApiError::NotFound`] if the
    /// session or token that it acts on is not there, or any other.
    async fn act(&self, action: &str, args: ActionArgs) -> Result<ActionResult, ApiError> {
        let _ = (action, args);
        Err(ApiError::Unsupported {
            what: "this action".into(),
            limit: LimitedBy::System(self.caps().system.clone()),
        })
    }
}
