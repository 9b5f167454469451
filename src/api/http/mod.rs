//! The one HTTP layer: base address, headers, bodies, redirects, cookies, retries, and errors in words.
//!
//! Nothing outside this folder uses the HTTP crate. A [`Call`] is built from path segments that are
//! encoded one by one, and answered by a [`Reply`] of any status; what a status means is the
//! provider's to say.

mod call;
mod connect;
mod cookies;
mod error;
mod excerpt;
mod headers;
mod hidden;
mod reply;
mod retry;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use call::Call;
pub(crate) use cookies::{Cookie, cookies_in};
pub(crate) use error::of_status as server_error;
pub(crate) use headers::{bearer, secret_header};
pub use reply::Reply;
pub use reqwest::{Method, StatusCode, header};
pub use retry::Repeat;

use super::auth::{Authorize, NoAuth};
use super::net::{Certificate, Limits, ServerClock, Waits, host_of};
use crate::config::{Profile, SystemSpec};
use crate::model::{ApiError, locked};
use cookies::Cookies;
use hidden::Hidden;

/// Longest wait for a server's certificate.
const CERTIFICATE_LIMIT: Duration = Duration::from_secs(5);

/// Who signs HTTP requests: a credential is the headers to add, their values marked sensitive.
pub type HttpAuth = dyn Authorize<HeaderMap>;

/// A remote address and how to talk to it. Cloning shares the connections.
#[derive(Clone)]
pub struct Http {
    state: Arc<HttpState>,
    base: Url,
    auth: Arc<HttpAuth>,
    /// Keys of an error in JSON that hold its words, beside the usual ones.
    error_keys: &'static [&'static str],
}

/// The state that all calls of a profile share.
struct HttpState {
    profile: String,
    system: Arc<SystemSpec>,
    clients: connect::Clients,
    timeout: Duration,
    max_body: usize,
    limits: Limits,
    clock: ServerClock,
    /// The latest `Date` of an answer, and what it says: it is the same for a second.
    date: Mutex<Option<(HeaderValue, DateTime<Utc>)>>,
    /// Our credentials, which no text of a server may show.
    hidden: Arc<Hidden>,
    cookies: Cookies,
}

impl Http {
    /// Prepares to talk to `base` as `profile` says. Nothing is sent and no file is read yet.
    ///
    /// # Errors
    /// [`ApiError::Config`] if the address must not be used: plain http to another machine without
    /// `allow_http`, a scheme that is not http, a user name in it.
    pub fn new(profile: &Profile, base: Url, auth: Arc<HttpAuth>) -> Result<Self, ApiError> {
        let state = HttpState {
            profile: profile.name.clone(),
            system: profile.system.clone(),
            clients: connect::Clients::new(profile),
            timeout: profile.timeout,
            max_body: usize::try_from(profile.max_body_mib)
                .unwrap_or(usize::MAX)
                .saturating_mul(1024 * 1024),
            limits: Limits::new(profile),
            clock: ServerClock::default(),
            date: Mutex::default(),
            hidden: Arc::default(),
            cookies: Cookies::default(),
        };
        state.clients.check(&base)?;
        Ok(Self {
            state: Arc::new(state),
            base,
            auth,
            error_keys: &[],
        })
    }

    /// Also reads these keys of an error in JSON, after the usual ones: where this system has its words.
    #[must_use]
    pub fn with_error_keys(self, error_keys: &'static [&'static str]) -> Self {
        Self { error_keys, ..self }
    }

    /// The same address and connections with another credential.
    pub fn with_auth(&self, auth: Arc<HttpAuth>) -> Self {
        Self {
            auth,
            ..self.clone()
        }
    }

    /// Another address with another credential over the same connections.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn at(&self, base: Url, auth: Arc<HttpAuth>) -> Result<Self, ApiError> {
        self.state.clients.check(&base)?;
        Ok(Self {
            state: Arc::clone(&self.state),
            base,
            auth,
            error_keys: self.error_keys,
        })
    }

    /// A GET. `path` holds fixed text only; ids are added by [`Call::arg`].
    pub fn get(&self, path: &[&'static str]) -> Call<'_> {
        self.call(Method::GET, path).repeat(Repeat::Read)
    }

    /// A POST, which is never repeated unless [`Call::repeat`] says so.
    pub fn post(&self, path: &[&'static str]) -> Call<'_> {
        self.call(Method::POST, path).repeat(Repeat::Never)
    }

    /// A PUT, which is never repeated unless [`Call::repeat`] says so.
    pub fn put(&self, path: &[&'static str]) -> Call<'_> {
        self.call(Method::PUT, path).repeat(Repeat::Never)
    }

    /// A DELETE of one thing.
    pub fn delete(&self, path: &[&'static str]) -> Call<'_> {
        self.call(Method::DELETE, path).repeat(Repeat::One)
    }

    fn call(&self, method: Method, path: &[&'static str]) -> Call<'_> {
        Call::new(self, method).then(path)
    }

    /// The base address.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Adds a secret that no header carries: it is removed from every text of the server.
    pub fn hide(&self, secret: &SecretString) {
        self.state.hidden.add(secret.expose_secret());
    }

    /// A text of the server without what nobody may see.
    pub fn without_secrets(&self, text: &str) -> String {
        self.state.hidden.out_of(text)
    }

    /// The cookie of this name carries a session: it goes only where a credential puts it.
    pub(crate) fn withhold_cookie(&self, name: &str) {
        self.state.cookies.withhold(name);
    }

    /// The other cookies that this address has set, to be kept with a sign-in.
    pub(crate) fn cookies(&self) -> Vec<Cookie> {
        self.state.cookies.of(&self.base)
    }

    /// The cookies that were kept with a sign-in.
    pub(crate) fn put_cookies(&self, cookies: &[Cookie]) {
        self.state.cookies.put(&self.base, cookies);
    }

    /// Forgets all cookies: another sign-in begins.
    pub(crate) fn forget_cookies(&self) {
        self.state.cookies.forget();
    }

    /// Name of the profile.
    pub fn profile(&self) -> &str {
        &self.state.profile
    }

    /// Host and port, as errors name them.
    pub fn host(&self) -> String {
        host_of(&self.base)
    }

    /// How many requests of one kind run at the same time.
    pub fn concurrency(&self) -> usize {
        self.state.limits.concurrency()
    }

    /// Who signs these requests.
    pub fn auth(&self) -> &Arc<HttpAuth> {
        &self.auth
    }

    /// How far the server's clock is ahead of ours, from the `Date` of its latest answer; to the
    /// second. `None`: not known.
    pub fn clock_offset(&self) -> Option<TimeDelta> {
        self.state.clock.offset()
    }

    /// The certificate that the server shows, and how many come with it. Only its front page is
    /// asked for, without a credential. `None`: plain http.
    ///
    /// # Errors
    /// Whatever kept the connection from being made; a certificate that is not accepted is
    /// [`ApiError::Tls`].
    pub async fn certificate(profile: &Profile) -> Result<Option<(Certificate, usize)>, ApiError> {
        let http = Self::new(profile, profile.url.clone(), Arc::new(NoAuth))?;
        let front = http.call(Method::HEAD, &[]).no_retry();
        let asked = front.timeout(CERTIFICATE_LIMIT).send().await;
        match (http.state.clients.seen(), asked) {
            (None, Err(error))
            | (_, Err(error @ (ApiError::Tls { .. } | ApiError::Handshake { .. }))) => Err(error),
            // Whatever became of the front page: the certificate was accepted.
            (seen, _) => Ok(seen),
        }
    }

    /// Follows the waits that servers of this profile ask for.
    pub fn waiting(&self) -> Waits {
        self.state.limits.waiting()
    }

    /// Changes that wait because a server asked for it are not sent any more.
    pub fn give_up_waits(&self) {
        self.state.limits.give_up_waits();
    }

    /// Ends the long waits: the operator has seen them and wants to send all the same.
    pub fn ask_anyway(&self) {
        self.state.limits.ask_anyway();
    }
}

impl HttpState {
    fn look_at_clock(&self, headers: &HeaderMap, asked: DateTime<Utc>, took: Duration) {
        let Some(date) = headers.get(header::DATE) else {
            return;
        };
        let mut latest = locked(&self.date);
        if latest.as_ref().is_none_or(|(known, _)| known != date) {
            let there = date.to_str().ok().and_then(retry::http_date);
            *latest = there.map(|there| (date.clone(), there));
        }
        if let Some((_, there)) = *latest {
            self.clock.set(there, asked, took);
        }
    }
}
