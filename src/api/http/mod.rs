//! The one HTTP layer: base address, proof, limits, repeating, and errors in words.
//!
//! Nothing outside this folder uses the HTTP crate. A [`Call`] is built from path segments that are
//! encoded one by one, and answered by a [`Reply`] of any status; what a status means is the
//! provider's to say.

mod authorize;
mod call;
mod certificate;
mod connect;
mod cookies;
mod excerpt;
mod fault;
mod hidden;
mod hold;
mod last;
mod pace;
mod proxy;
mod reply;
mod trust;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use url::Url;

pub(crate) use authorize::secret_value;
pub use authorize::{
    Asking, Authorize, Credential, Fixed, Grant, Interact, Known, NoAuth, NoStore, Renewing,
    StoredToken, TokenStore, lives,
};
pub use call::Call;
pub use certificate::Certificate;
pub use connect::is_loopback;
pub(crate) use cookies::{Cookie, cookies_in};
pub use fault::{LONGEST_WORDS, clean, host_of};
pub use last::{last_exchange, remembering};
pub use pace::Repeat;
pub use proxy::{Proxy, Way, way};
pub use reply::Reply;
pub use reqwest::{Method, StatusCode, header};

use super::waits::Waits;
use crate::config::Profile;
use crate::model::ApiError;
use cookies::Cookies;
use hidden::Hidden;
use hold::{Holds, Part};
use pace::Pace;

/// Longest wait for a server's certificate.
const CERTIFICATE_LIMIT: Duration = Duration::from_secs(5);

/// Open files that are no connections, generously: terminal, logs, audit log, timers.
const OTHER_FILES: u64 = 20;

/// A remote address and how to talk to it. Cloning shares the connections.
#[derive(Clone)]
pub struct Http {
    line: Arc<Line>,
    base: Url,
    auth: Arc<dyn Authorize>,
}

/// What all calls of a profile share.
struct Line {
    profile: String,
    system: &'static str,
    clients: connect::Clients,
    timeout: Duration,
    max_body: usize,
    concurrency: usize,
    reads: Semaphore,
    changes: Semaphore,
    pace: Pace,
    /// Milliseconds that the server's clock is ahead; `i64::MIN`: not known.
    ahead_ms: AtomicI64,
    holds: Holds,
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
    pub fn new(profile: &Profile, base: Url, auth: Arc<dyn Authorize>) -> Result<Self, ApiError> {
        let concurrency = usize::from(profile.concurrency.clamp(1, 64)).min(most_at_once());
        let line = Line {
            profile: profile.name.clone(),
            system: profile.system.into(),
            clients: connect::Clients::new(profile),
            timeout: profile.timeout,
            max_body: usize::try_from(profile.max_body_mib)
                .unwrap_or(usize::MAX)
                .saturating_mul(1024 * 1024),
            concurrency,
            reads: Semaphore::new(concurrency),
            changes: Semaphore::new(concurrency),
            pace: Pace::new(profile.rate),
            ahead_ms: AtomicI64::new(i64::MIN),
            holds: Holds::new(),
            hidden: Arc::default(),
            cookies: Cookies::default(),
        };
        line.clients.check(&base)?;
        Ok(Self {
            line: Arc::new(line),
            base,
            auth,
        })
    }

    /// The same address and connections with another proof.
    pub fn with_auth(&self, auth: Arc<dyn Authorize>) -> Self {
        Self {
            auth,
            ..self.clone()
        }
    }

    /// Another address with another proof over the same connections.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn at(&self, base: Url, auth: Arc<dyn Authorize>) -> Result<Self, ApiError> {
        self.line.clients.check(&base)?;
        Ok(Self {
            line: Arc::clone(&self.line),
            base,
            auth,
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

    /// What nobody may see although no header carries it: it is taken out of every text of the server.
    pub fn hide(&self, secret: &SecretString) {
        self.line.hidden.add(secret.expose_secret());
    }

    /// A text of the server without what nobody may see.
    pub fn without_secrets(&self, text: &str) -> String {
        self.line.hidden.out_of(text)
    }

    /// The cookie of this name carries a session: it goes only where a credential puts it.
    pub(crate) fn withhold_cookie(&self, name: &str) {
        self.line.cookies.withhold(name);
    }

    /// The other cookies that this address has set, to be kept with a sign-in.
    pub(crate) fn cookies(&self) -> Vec<Cookie> {
        self.line.cookies.of(&self.base)
    }

    /// The cookies that were kept with a sign-in.
    pub(crate) fn put_cookies(&self, cookies: &[Cookie]) {
        self.line.cookies.put(&self.base, cookies);
    }

    /// Forgets all cookies: another sign-in begins.
    pub(crate) fn forget_cookies(&self) {
        self.line.cookies.forget();
    }

    /// Name of the profile.
    pub fn profile(&self) -> &str {
        &self.line.profile
    }

    /// Host and port, as errors name them.
    pub fn host(&self) -> String {
        host_of(&self.base)
    }

    /// How many requests of one kind run at the same time.
    pub fn concurrency(&self) -> usize {
        self.line.concurrency
    }

    /// Who signs these requests.
    pub fn auth(&self) -> &Arc<dyn Authorize> {
        &self.auth
    }

    /// How far the server's clock is ahead of ours, from the `Date` of its latest answer; to the
    /// second. `None`: not known.
    pub fn clock_offset(&self) -> Option<TimeDelta> {
        match self.line.ahead_ms.load(Ordering::Relaxed) {
            i64::MIN => None,
            ms => TimeDelta::try_milliseconds(ms),
        }
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
        match (http.line.clients.seen(), asked) {
            (None, Err(error))
            | (_, Err(error @ (ApiError::Tls { .. } | ApiError::Handshake { .. }))) => Err(error),
            // Whatever became of the front page: the certificate was accepted.
            (seen, _) => Ok(seen),
        }
    }

    /// Follows the waits that servers of this profile ask for.
    pub fn waiting(&self) -> Waits {
        self.line.holds.follow()
    }

    /// Changes that wait because a server asked for it are not sent any more.
    pub fn give_up_waits(&self) {
        self.line.holds.give_up();
    }

    /// The operator was told of a long wait, and wants to ask all the same.
    pub fn ask_anyway(&self) {
        self.line.holds.ask_anyway();
    }
}

/// How many requests of one kind the limit of open files leaves room for: reads and changes have a
/// connection each, and the rest of the program must be able to write its logs.
fn most_at_once() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let files = limit
        .current
        .unwrap_or(u64::MAX)
        .saturating_sub(OTHER_FILES)
        / 2;
    usize::try_from(files).unwrap_or(usize::MAX).max(1)
}

impl Line {
    /// Waits until one more request may go to this server; gives how long that server made us wait.
    async fn may_go(&self, url: &Url, of: Part) -> Result<Duration, ApiError> {
        let mut waited = Duration::ZERO;
        loop {
            waited += self.holds.pass(url, of).await?;
            self.pace.turn().await;
            // Meanwhile another request may have been told to wait.
            if !self.holds.holds(url) {
                return Ok(waited);
            }
        }
    }

    fn look_at_clock(&self, headers: &HeaderMap, asked: DateTime<Utc>, took: Duration) {
        let date = headers
            .get(header::DATE)
            .and_then(|date| date.to_str().ok());
        let Some(there) = date.and_then(pace::http_date) else {
            return;
        };
        // The date was written somewhere between asking and hearing; half way is the best guess.
        let here = asked + TimeDelta::from_std(took / 2).unwrap_or_default();
        // Dates are cut to the second: an offset below that says nothing.
        let ahead = (there - here).num_milliseconds() + 500;
        let ahead = if ahead.abs() <= 1_000 { 0 } else { ahead };
        self.ahead_ms.store(ahead, Ordering::Relaxed);
    }
}
