//! PingAM, ForgeRock AM and community OpenAM, through their session REST (`/json/sessions`).
//!
//! The two lines of servers share no version number and look for a token in different places; what
//! they differ in is data ([`flavour`]), and which one it is, is found out by requests that change
//! nothing. Only sessions that the server keeps are listed, realm by realm.

mod actions;
mod callbacks;
mod caps;
mod error;
mod filter;
mod flavour;
mod key;
mod keys;
mod learn;
mod names;
mod pages;
mod realm;
#[cfg(test)]
mod replay;
mod revoke;
mod row;
mod server;
mod signin;
mod system;
mod wire;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use chrono::TimeDelta;

use self::key::AmKey;
use self::server::Server;
pub(super) use self::system::PingAmSystem;
use super::auth::{Interact, NoAuth, Prompter, TokenStore};
use super::http::Http;
use super::{SessionApi, Waits};
use crate::config::Profile;
use crate::model::{
    ActionArgs, ActionResult, ApiError, Capabilities, Cursor, Identity, Outcome, PageEnd, Plan,
    RowSink, Search, Session, SessionKey, Subject, Untrusted, UserOutcome,
};

/// One AM server.
pub(super) struct PingAm {
    server: Server,
    /// The server turned out to have no `logoutByUser`.
    by_user_lacks: AtomicBool,
}

impl PingAm {
    /// A client for this profile. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ApiError::Config`] if the profile cannot be used.
    pub(super) fn new(
        profile: &Profile,
        prompter: Arc<dyn Prompter>,
        store: Arc<dyn TokenStore>,
    ) -> Result<Self, ApiError> {
        let http = Http::new(profile, profile.url.clone(), Arc::new(NoAuth))?.with_error_keys(&[
            "errorMessage",
            "description",
            "reason",
            "detail",
        ]);
        let auth = signin::authorize(profile, &http, prompter, store)?;
        Ok(Self {
            server: Server::new(http.with_auth(auth), profile.clone()),
            by_user_lacks: AtomicBool::new(false),
        })
    }
}

#[async_trait]
impl SessionApi for PingAm {
    fn caps(&self) -> Arc<Capabilities> {
        let expected = server::expected(&self.server.profile);
        Arc::new(caps::capabilities(expected, self.server.known().as_deref()))
    }

    fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
        let facts = self.server.known();
        let configured = keys::realms(&self.server.profile);
        let realms = facts.as_ref().map(|facts| facts.realms.as_slice());
        let realms = realms.or(configured.as_deref());
        Ok(filter::plan(search, realms).1)
    }

    async fn whoami(&self) -> Result<Identity, ApiError> {
        let facts = self.server.learn(Interact::Allowed).await?;
        let known = self.server.http.auth().known();
        let name = facts.own.username.clone().or(known.name);
        let scopes = match facts.is_super {
            Some(true) => vec![Untrusted::from("super user")],
            Some(false) => vec![Untrusted::from("not the super user")],
            None => Vec::new(),
        };
        Ok(Identity {
            name: Untrusted::from(name.unwrap_or_else(|| self.server.profile.name.clone())),
            scopes,
            server: facts
                .version
                .clone()
                .or_else(|| Some(facts.flavour.system.to_owned()))
                .map(Untrusted::from),
            ..Identity::default()
        })
    }

    async fn search(
        &self,
        search: &Search,
        at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        pages::page(&self.server, search, at, sink).await
    }

    async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
        let key = AmKey::parse(key).ok_or(ApiError::NotFound)?;
        pages::find(&self.server, &key).await
    }

    async fn revoke(&self, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        revoke::sessions(&self.server, keys).await
    }

    async fn revoke_user(&self, user: &Subject) -> Result<UserOutcome, ApiError> {
        revoke::user(&self.server, &self.by_user_lacks, user).await
    }

    fn clock_offset(&self) -> Option<TimeDelta> {
        self.server.http.clock_offset()
    }

    fn waiting(&self) -> Waits {
        self.server.http.waiting()
    }

    fn give_up_waits(&self) {
        self.server.http.give_up_waits();
    }

    fn ask_anyway(&self) {
        self.server.http.ask_anyway();
    }

    async fn sign_out(&self) -> Result<(), ApiError> {
        self.server.sign_out().await
    }

    async fn act(&self, action: &str, args: ActionArgs) -> Result<ActionResult, ApiError> {
        actions::act(&self.server, &self.by_user_lacks, action, &args).await
    }
}
