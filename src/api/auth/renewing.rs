//! Keeps a token and renews it: once for all who wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use tokio::sync::{Mutex, watch};

use super::{
    Asking, Authorize, Credential, Grant, Interact, Known, StoredToken, TokenStore, needs_person,
};
use crate::model::{ApiError, locked};

/// Keeps the token of a grant, and gets a new one when it is used up: once for all callers.
pub struct Renewing<G: Grant> {
    grant: G,
    store: Arc<dyn TokenStore>,
    /// Held while a token is fetched: this is what makes all callers share one renewal.
    current: Mutex<Current<G::Credential>>,
    /// Who, and since when.
    signed_in: std::sync::Mutex<Option<(Known, Option<DateTime<Utc>>)>>,
    asking: watch::Sender<bool>,
    number: AtomicU64,
}

#[derive(Default)]
struct Current<C> {
    token: Option<StoredToken>,
    credential: Credential<C>,
    looked_in_store: bool,
}

impl<G: Grant> Renewing<G> {
    /// Starts without a token; the store is read at the first use.
    pub fn new(grant: G, store: Arc<dyn TokenStore>) -> Self {
        Self {
            grant,
            store,
            current: Mutex::new(Current::default()),
            signed_in: std::sync::Mutex::new(None),
            asking: watch::Sender::new(false),
            number: AtomicU64::new(0),
        }
    }

    /// Acquires the lock; with [`Interact::Never`], fails instead of waiting while a person is asked.
    async fn turn(
        &self,
        interact: Interact,
    ) -> Result<tokio::sync::MutexGuard<'_, Current<G::Credential>>, ApiError> {
        if interact == Interact::Allowed {
            return Ok(self.current.lock().await);
        }
        let mut asking = self.asking.subscribe();
        tokio::select! {
            biased;
            turn = self.current.lock() => Ok(turn),
            _ = asking.wait_for(|busy| *busy) => Err(needs_person()),
        }
    }

    fn take(
        &self,
        current: &mut Current<G::Credential>,
        token: StoredToken,
    ) -> Result<(), ApiError> {
        let value = self.grant.credential(&token)?;
        self.grant.taken(&token);
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        current.credential = Credential { number, value };
        *locked(&self.signed_in) = Some((token.known.clone(), token.since));
        current.token = Some(token);
        Ok(())
    }

    async fn fetch(
        &self,
        current: &mut Current<G::Credential>,
        interact: Interact,
    ) -> Result<Option<Credential<G::Credential>>, ApiError> {
        // Two processes that renew at once would log each other out where renewals are used up.
        let _held = self.stored(|store| store.lock()).await.flatten();
        if let Some(token) = self.of_others(current).await {
            self.take(current, token)?;
            return Ok(Some(current.credential.clone()));
        }
        let asking = Asking {
            interact,
            flag: self.asking.clone(),
        };
        let Some(token) = self.grant.fetch(current.token.as_ref(), &asking).await? else {
            return Ok(None);
        };
        let kept = token.clone();
        self.take(current, token)?;
        self.stored(move |store| store.save(&kept)).await;
        Ok(Some(current.credential.clone()))
    }

    /// A token that another process has got meanwhile, if it can be used.
    async fn of_others(&self, current: &Current<G::Credential>) -> Option<StoredToken> {
        let kept = self.stored(|store| store.load()).await.flatten()?;
        let ours = current.token.as_ref().map(|t| t.access.expose_secret());
        (ours != Some(kept.access.expose_secret()) && kept.is_fresh(Utc::now())).then_some(kept)
    }

    /// Does something with the store on a thread that may wait.
    async fn stored<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn TokenStore) -> T + Send + 'static,
    ) -> Option<T> {
        let store = self.store.clone();
        let joined = tokio::task::spawn_blocking(move || work(store.as_ref())).await;
        joined.ok()
    }
}

#[async_trait]
impl<G: Grant> Authorize<G::Credential> for Renewing<G> {
    async fn credential(&self, interact: Interact) -> Result<Credential<G::Credential>, ApiError> {
        let mut current = self.turn(interact).await?;
        if current.token.is_none() && !current.looked_in_store {
            current.looked_in_store = true;
            if let Some(token) = self.stored(|store| store.load()).await.flatten() {
                self.take(&mut current, token)?;
            }
        }
        if let Some(token) = &current.token
            && token.is_fresh(Utc::now())
        {
            return Ok(current.credential.clone());
        }
        match self.fetch(&mut current, interact).await? {
            Some(credential) => Ok(credential),
            // No other than the one we have: the server decides whether it still works.
            None => Ok(current.credential.clone()),
        }
    }

    async fn renew(
        &self,
        used: &Credential<G::Credential>,
        interact: Interact,
    ) -> Result<Option<Credential<G::Credential>>, ApiError> {
        let mut current = self.turn(interact).await?;
        if current.credential.number > used.number {
            return Ok(Some(current.credential.clone()));
        }
        // The kept token is the refused one, or a better one of another process: fetch looks.
        self.fetch(&mut current, interact).await
    }

    async fn sign_out(&self) -> Result<(), ApiError> {
        let mut current = self.turn(Interact::Never).await?;
        let kept = self.stored(|store| {
            let kept = store.load();
            store.clear();
            kept
        });
        let token = current.token.take().or(kept.await.flatten());
        // The counter is not reset, so an old credential never looks newer.
        current.credential = Credential::default();
        match token {
            Some(token) => self.grant.end(&token).await,
            None => Ok(()),
        }
    }

    fn known(&self) -> Known {
        let signed_in = locked(&self.signed_in)
            .as_ref()
            .map(|(known, _)| known.clone());
        signed_in.unwrap_or_else(|| self.grant.known())
    }

    fn signed_in_at(&self) -> Option<DateTime<Utc>> {
        locked(&self.signed_in)
            .as_ref()
            .and_then(|(_, since)| *since)
    }

    fn can_login(&self) -> bool {
        self.grant.can_login()
    }
}
