//! How a request proves who asks, and how that proof is renewed once for all who wait for it.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, watch};

use crate::model::ApiError;

/// A token that works for less than this, or for less than half of its life, is renewed before it is
/// used.
const RENEW_BEFORE: TimeDelta = TimeDelta::seconds(30);

/// May a person be asked?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interact {
    /// Yes: a dialog may open.
    Allowed,
    /// No: what needs a person fails with [`ApiError::Auth`].
    Never,
}

/// The proof that one request carries. `Debug` shows no value.
#[derive(Clone, Debug, Default)]
pub struct Credential {
    /// Which one it is: a newer one has a larger number. 0: there is none.
    pub number: u64,
    /// Headers to add; their values are marked sensitive.
    pub headers: HeaderMap,
}

impl Credential {
    /// A credential of one header.
    ///
    /// # Errors
    /// [`ApiError::Auth`] if the value cannot stand in a header.
    pub fn of_header(number: u64, name: HeaderName, value: &str) -> Result<Self, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(name, secret_value(value)?);
        Ok(Self { number, headers })
    }
}

/// A header value that no log shows.
pub(crate) fn secret_value(text: &str) -> Result<HeaderValue, ApiError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| ApiError::Auth {
        message: "the credential has characters in it that cannot be sent".into(),
        can_login: false,
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// What is known about whoever is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// A name for people. `None`: not known.
    pub name: Option<String>,
    /// The id in the system's own words. `None`: not known.
    pub id: Option<String>,
    /// What the token may do.
    pub scopes: Vec<String>,
}

/// Where the proof comes from.
#[async_trait]
pub trait Authorize: Send + Sync {
    /// The proof for a request; signs in first if it has to. May be dropped at any await.
    ///
    /// # Errors
    /// [`ApiError::Auth`] if a person is needed and `interact` forbids it, or any other.
    async fn credential(&self, interact: Interact) -> Result<Credential, ApiError>;

    /// The server refused `used`: another one, or `None` if there is no other. All who ask at the
    /// same time share one renewal. May be dropped at any await.
    ///
    /// # Errors
    /// As [`credential`](Self::credential).
    async fn renew(
        &self,
        used: &Credential,
        interact: Interact,
    ) -> Result<Option<Credential>, ApiError>;

    /// Tells the server that the token in use, or the one kept from an earlier run, is no longer
    /// needed, and forgets it. Does nothing if there is none. May be dropped at any await.
    ///
    /// # Errors
    /// [`ApiError::Unsupported`] if such a token is not ours to end, or any other; it is forgotten
    /// all the same.
    async fn sign_out(&self) -> Result<(), ApiError> {
        Err(not_ours())
    }

    /// What is known about whoever is signed in, so far.
    fn known(&self) -> Known {
        Known::default()
    }

    /// When the token in use was given. `None`: there is none, or nobody knows.
    fn signed_in_at(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// Can a person help by signing in again?
    fn can_login(&self) -> bool {
        false
    }
}

/// No proof at all.
pub struct NoAuth;

#[async_trait]
impl Authorize for NoAuth {
    async fn credential(&self, _interact: Interact) -> Result<Credential, ApiError> {
        Ok(Credential::default())
    }

    async fn renew(
        &self,
        _used: &Credential,
        _interact: Interact,
    ) -> Result<Option<Credential>, ApiError> {
        Ok(None)
    }
}

/// One proof and no other, whatever the server says to it.
pub struct Fixed(pub Credential);

#[async_trait]
impl Authorize for Fixed {
    async fn credential(&self, _interact: Interact) -> Result<Credential, ApiError> {
        Ok(self.0.clone())
    }

    async fn renew(
        &self,
        _used: &Credential,
        _interact: Interact,
    ) -> Result<Option<Credential>, ApiError> {
        Ok(None)
    }
}

/// A token as a sign-in gave it, or as it was kept from an earlier run.
#[derive(Clone, Debug)]
pub struct StoredToken {
    /// What the requests carry.
    pub access: SecretString,
    /// When it was asked for. `None`: not known.
    pub since: Option<DateTime<Utc>>,
    /// When it stops working. `None`: not told.
    pub until: Option<DateTime<Utc>>,
    /// What gets the next one without a person, in the grant's own words. `None`: nothing does.
    pub renewal: Option<SecretString>,
    /// Who is signed in.
    pub known: Known,
    /// Cookies that go with it, by name: they say which node of the server knows it.
    pub cookies: Vec<(String, SecretString)>,
}

impl StoredToken {
    /// A token of which nothing more is known.
    pub fn bare(access: SecretString) -> Self {
        Self {
            access,
            since: None,
            until: None,
            renewal: None,
            known: Known::default(),
            cookies: Vec::new(),
        }
    }

    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| {
            // Of a short life not all of it may be spent on renewing.
            let half = self.since.map(|since| (until - since) / 2);
            until - now >= half.map_or(RENEW_BEFORE, |half| half.min(RENEW_BEFORE))
        })
    }
}

/// Where tokens outlive the process. All calls are short; failures are the store's to log.
pub trait TokenStore: Send + Sync {
    /// The token kept for this profile. `None`: there is none, or it cannot be read.
    fn load(&self) -> Option<StoredToken>;
    /// Keeps it.
    fn save(&self, token: &StoredToken);
    /// Forgets it.
    fn clear(&self);
    /// Keeps other processes from getting a token for this profile until what is returned is dropped.
    /// Blocks while one of them does, for seconds. `None`: there is nothing to lock.
    fn lock(&self) -> Option<Box<dyn Any + Send>> {
        None
    }
}

/// Keeps nothing: a token lives as long as the process.
pub struct NoStore;

impl TokenStore for NoStore {
    fn load(&self) -> Option<StoredToken> {
        None
    }

    fn save(&self, _token: &StoredToken) {}

    fn clear(&self) {}
}

/// One way to get a token.
#[async_trait]
pub trait Grant: Send + Sync {
    /// Gets a token. `old` is the one that is used up or refused. A grant that needs a person calls
    /// `asking.begin()` first. `None`: there is no other than `old`. May be dropped at any await.
    ///
    /// # Errors
    /// Any [`ApiError`].
    async fn fetch(
        &self,
        old: Option<&StoredToken>,
        asking: &Asking,
    ) -> Result<Option<StoredToken>, ApiError>;

    /// The headers that carry the token: `Authorization: Bearer` unless the system has its own.
    ///
    /// # Errors
    /// [`ApiError::Auth`] if the token cannot stand in a header.
    fn headers(&self, token: &StoredToken) -> Result<HeaderMap, ApiError> {
        let mut headers = HeaderMap::new();
        let bearer = SecretString::from(format!("Bearer {}", token.access.expose_secret()));
        headers.insert(
            reqwest::header::AUTHORIZATION,
            secret_value(bearer.expose_secret())?,
        );
        Ok(headers)
    }

    /// The token is in use from now on.
    fn taken(&self, _token: &StoredToken) {}

    /// Ends the token at the server. May be dropped at any await.
    ///
    /// # Errors
    /// [`ApiError::Unsupported`] if that is not ours to do, or any other.
    async fn end(&self, _token: &StoredToken) -> Result<(), ApiError> {
        Err(not_ours())
    }

    /// Who will be signed in, as far as that is known before.
    fn known(&self) -> Known {
        Known::default()
    }

    /// Can a person help by signing in again?
    fn can_login(&self) -> bool {
        false
    }
}

/// Permission to ask a person, and the sign that one is being asked.
pub struct Asking {
    interact: Interact,
    flag: watch::Sender<bool>,
}

impl Asking {
    /// A person is asked from here on, until what is returned is dropped.
    ///
    /// # Errors
    /// [`ApiError::Auth`] if nobody may be asked.
    pub fn begin(&self) -> Result<Busy<'_>, ApiError> {
        match self.interact {
            Interact::Never => Err(needs_person()),
            Interact::Allowed => {
                self.flag.send_replace(true);
                Ok(Busy(&self.flag))
            }
        }
    }

    /// Only for a grant that is used outside [`Renewing`], in tests above all.
    pub fn new(interact: Interact) -> Self {
        Self {
            interact,
            flag: watch::Sender::new(false),
        }
    }
}

/// A person is being asked while this lives.
pub struct Busy<'a>(&'a watch::Sender<bool>);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

fn not_ours() -> ApiError {
    ApiError::Unsupported {
        what: "ending the token of the profile",
        system: "this way to sign in".into(),
    }
}

fn needs_person() -> ApiError {
    ApiError::Auth {
        message: "sign-in needed".into(),
        can_login: true,
    }
}

/// Keeps the token of a grant, and gets a new one when it is used up: once for all callers.
pub struct Renewing<G> {
    grant: G,
    store: Arc<dyn TokenStore>,
    /// Held while a token is fetched: this is what makes all callers share one renewal.
    current: Mutex<Current>,
    /// Who, and since when.
    signed_in: std::sync::Mutex<Option<(Known, Option<DateTime<Utc>>)>>,
    asking: watch::Sender<bool>,
    number: AtomicU64,
}

#[derive(Default)]
struct Current {
    token: Option<StoredToken>,
    credential: Credential,
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

    /// Waits for its turn; who may not ask a person does not wait for one either.
    async fn turn(
        &self,
        interact: Interact,
    ) -> Result<tokio::sync::MutexGuard<'_, Current>, ApiError> {
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

    fn take(&self, current: &mut Current, token: StoredToken) -> Result<(), ApiError> {
        let headers = self.grant.headers(&token)?;
        self.grant.taken(&token);
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        current.credential = Credential { number, headers };
        if let Ok(mut signed_in) = self.signed_in.lock() {
            *signed_in = Some((token.known.clone(), token.since));
        }
        current.token = Some(token);
        Ok(())
    }

    async fn fetch(
        &self,
        current: &mut Current,
        interact: Interact,
    ) -> Result<Option<Credential>, ApiError> {
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
    async fn of_others(&self, current: &Current) -> Option<StoredToken> {
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
impl<G: Grant> Authorize for Renewing<G> {
    async fn credential(&self, interact: Interact) -> Result<Credential, ApiError> {
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
        used: &Credential,
        interact: Interact,
    ) -> Result<Option<Credential>, ApiError> {
        let mut current = self.turn(interact).await?;
        if current.credential.number > used.number {
            return Ok(Some(current.credential.clone()));
        }
        // What is kept is the refused token, or a better one of another process: fetch looks.
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
        // What the number counts goes on, so that no request takes the old one for a new one.
        current.credential = Credential::default();
        match token {
            Some(token) => self.grant.end(&token).await,
            None => Ok(()),
        }
    }

    fn known(&self) -> Known {
        let signed_in = self.signed_in.lock().ok();
        let known = signed_in.and_then(|one| one.as_ref().map(|(known, _)| known.clone()));
        known.unwrap_or_else(|| self.grant.known())
    }

    fn signed_in_at(&self) -> Option<DateTime<Utc>> {
        let signed_in = self.signed_in.lock().ok()?;
        signed_in.as_ref().and_then(|(_, since)| *since)
    }

    fn can_login(&self) -> bool {
        self.grant.can_login()
    }
}

/// When a token that lives `seconds` from now on stops working. `None` stays `None`.
pub fn lives(seconds: Option<u64>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let seconds = Duration::from_secs(seconds?);
    now.checked_add_signed(TimeDelta::from_std(seconds).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_cred_01_a_token_is_used_for_half_of_a_short_life_and_to_30_s_before_the_end_of_a_long_one()
    {
        let since = DateTime::UNIX_EPOCH;
        for (life_s, age_s, fresh) in [
            (3_600, 0, true),
            (3_600, 3_570, true),
            (3_600, 3_571, false),
            (60, 30, true),
            (60, 31, false),
            (30, 0, true),
            (30, 15, true),
            (30, 16, false),
            (2, 1, true),
            (1, 1, false),
            (0, 1, false),
        ] {
            let token = StoredToken {
                since: Some(since),
                until: lives(Some(life_s), since),
                ..StoredToken::bare(SecretString::from("t"))
            };

            let is = token.is_fresh(since + TimeDelta::seconds(age_s));

            assert_eq!(is, fresh, "{age_s} s of {life_s} s");
        }
    }

    #[test]
    fn a_token_of_which_nobody_knows_since_when_keeps_the_whole_margin() {
        let now = DateTime::UNIX_EPOCH;
        for (left_s, fresh) in [(30, true), (29, false)] {
            let token = StoredToken {
                until: lives(Some(left_s), now),
                ..StoredToken::bare(SecretString::from("t"))
            };

            assert_eq!(token.is_fresh(now), fresh, "{left_s} s left");
        }
    }
}
