//! One request: how it is built, sent, repeated and read.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use chrono::Utc;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;
use url::Url;

use super::Http;
use super::reply::Reply;
use super::retry::{self, Next, Repeat, SendFailure, Tries};
use super::{error, headers};
use crate::api::auth::{Credential, Interact};
use crate::api::net::{Purpose, host_of};
use crate::model::text::{marked_bytes, with_thousands};
use crate::model::{Acted, ApiError, Code, Exchange};

/// No byte for this long: the server hangs.
const QUIET_LIMIT: Duration = Duration::from_secs(15);
/// Most paths of a request are no longer than this behind that of the base address, in bytes.
const PATH: usize = 128;
/// How many redirects to the same origin are followed, of a GET only.
const REDIRECTS: u32 = 3;

/// One request in the making.
#[must_use = "a call is sent by send()"]
pub struct Call<'a> {
    http: &'a Http,
    method: Method,
    url: Url,
    path: String,
    template: String,
    headers: HeaderMap,
    body: Option<(HeaderValue, Body)>,
    repeat: Repeat,
    interact: Interact,
    renew_if: fn(&Reply) -> bool,
    timeout: Option<Duration>,
    wrong: Option<ApiError>,
}

/// One try of a request.
struct Attempt<'a> {
    /// The value of `x-request-id`; the same for all attempts.
    id: &'a str,
    started: Instant,
    /// How long it may take, with its redirects.
    limit: Duration,
}

/// A body; one with a secret in it is wiped when it is dropped.
#[derive(Clone)]
struct Body(Arc<zeroize::Zeroizing<Vec<u8>>>);

impl<'a> Call<'a> {
    pub(super) fn new(http: &'a Http, method: Method) -> Self {
        let base = http.base.path().trim_end_matches('/');
        let begun = || {
            let mut path = String::with_capacity(base.len() + PATH);
            path.push_str(base);
            path
        };
        Self {
            http,
            method,
            url: http.base.clone(),
            path: begun(),
            template: begun(),
            headers: HeaderMap::new(),
            body: None,
            repeat: Repeat::Never,
            interact: Interact::Allowed,
            renew_if: |_| true,
            timeout: None,
            wrong: None,
        }
    }
}

impl Call<'_> {
    /// Adds fixed segments to the path.
    pub fn then(mut self, path: &[&'static str]) -> Self {
        for segment in path {
            self.path.push('/');
            // Most are words that stand for themselves.
            if segment
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'-'))
            {
                self.path.push_str(segment);
            } else {
                self.path.extend(encoded(segment));
            }
            self.template.push('/');
            self.template.push_str(segment);
        }
        self
    }

    /// Adds one segment that is data, encoded whole. Logs and errors show `{}` for it.
    pub fn arg(mut self, segment: &str) -> Self {
        if matches!(segment, "" | "." | "..") {
            // Such a segment would be dropped on the way and the request would mean something else.
            self.wrong.get_or_insert(ApiError::BadQuery {
                message: format!("\"{segment}\" cannot be an id"),
                field: None,
                exchange: None,
            });
        }
        self.path.push('/');
        self.path.extend(encoded(segment));
        self.template.push_str("/{}");
        self
    }

    /// Adds one segment that is data and may be seen, encoded: logs and errors show it.
    pub fn shown(mut self, segment: &str) -> Self {
        let template = format!("{}/{}", self.template, encoded(segment));
        self = self.arg(segment);
        self.template = template;
        self
    }

    /// Adds pairs to the query.
    pub fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        if !pairs.is_empty() {
            self.url.query_pairs_mut().extend_pairs(pairs);
        }
        self
    }

    /// Adds a header that may be seen.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => {
                self.headers.insert(HeaderName::from_static(name), value);
            }
            Err(_) => {
                self.wrong.get_or_insert(ApiError::BadQuery {
                    message: format!("the value for {name} has characters that cannot be sent"),
                    field: None,
                    exchange: None,
                });
            }
        }
        self
    }

    /// Adds a header that nobody may see.
    pub fn secret_header(mut self, name: HeaderName, value: &SecretString) -> Self {
        match headers::secret_value(value.expose_secret()) {
            Ok(value) => {
                self.headers.insert(name, value);
            }
            Err(error) => {
                self.wrong.get_or_insert(error);
            }
        }
        self
    }

    /// HTTP Basic authentication with these two.
    pub fn basic(self, user: &str, password: &SecretString) -> Self {
        use base64::Engine as _;
        let pair = zeroize::Zeroizing::new(format!("{user}:{}", password.expose_secret()));
        let text = base64::engine::general_purpose::STANDARD.encode(pair.as_bytes());
        let value = SecretString::from(format!("Basic {text}"));
        self.secret_header(header::AUTHORIZATION, &value)
    }

    /// A bearer token of its own.
    pub fn bearer(self, token: &SecretString) -> Self {
        let value = SecretString::from(format!("Bearer {}", token.expose_secret()));
        self.secret_header(header::AUTHORIZATION, &value)
    }

    /// Sends a form.
    pub fn form(mut self, pairs: &[(&str, &str)]) -> Self {
        self.http.state.hidden.add_form(pairs);
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(pairs);
        self.body = Some((
            HeaderValue::from_static("application/x-www-form-urlencoded"),
            Body::of(form.finish().into_bytes()),
        ));
        self
    }

    /// Sends JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => {
                let kind = HeaderValue::from_static("application/json");
                self.body = Some((kind, Body::of(bytes)));
            }
            Err(error) => {
                self.wrong.get_or_insert(ApiError::BadQuery {
                    message: format!("the request cannot be written as JSON: {error}"),
                    field: None,
                    exchange: None,
                });
            }
        }
        self
    }

    /// Sets which failures may be repeated without asking.
    pub fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// Marks the request as idempotent: it is repeated like a read.
    pub fn idempotent(self) -> Self {
        self.repeat(Repeat::Read)
    }

    /// Sent once and never again.
    pub fn no_retry(self) -> Self {
        self.repeat(Repeat::Never)
    }

    /// Never opens a sign-in dialog: what needs a person is [`ApiError::Auth`].
    pub fn no_prompt(mut self) -> Self {
        self.interact = Interact::Never;
        self
    }

    /// Which 401 means "another token may help"; all of them unless this is set.
    pub fn renew_if(mut self, test: fn(&Reply) -> bool) -> Self {
        self.renew_if = test;
        self
    }

    /// A limit for the whole call, other than the profile's.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Sends it. Any status is an answer, but for redirects and for 429 after all tries.
    /// May be dropped at any await.
    ///
    /// # Errors
    /// Whatever kept an answer from coming.
    pub async fn send(mut self) -> Result<Reply, ApiError> {
        if let Some(wrong) = self.wrong.take() {
            return Err(wrong);
        }
        let path = if self.path.is_empty() {
            "/"
        } else {
            &self.path
        };
        let query = self.url.query().map(str::to_owned);
        self.url.set_path(path);
        self.url.set_query(query.as_deref());
        let id = headers::request_id();
        let span = tracing::info_span!(
            "request",
            id,
            system = &*self.http.state.system.word,
            profile = self.http.state.profile,
            method = %self.method,
            path = self.template,
        );
        self.run(&id).instrument(span).await
    }

    async fn run(&self, id: &str) -> Result<Reply, ApiError> {
        let state = &self.http.state;
        let auth = &self.http.auth;
        let mut credential = auth.credential(self.interact).await?;
        let mut renewed = false;
        let mut tries = Tries::new(self.repeat);
        loop {
            let result = {
                let (_permit, waited) = state.limits.enter(&self.url, self.purpose()).await?;
                tries.excuse(waited);
                let attempt = Attempt {
                    id,
                    started: Instant::now(),
                    limit: self.timeout.unwrap_or(state.timeout),
                };
                let result = self.once(&credential, &attempt).await;
                note(&result, attempt.started.elapsed());
                result.map_err(|error| error.with_exchange(&self.exchange(&attempt, None)))
            };
            let (failure, result) = match result {
                Ok(reply) => {
                    if reply.status == StatusCode::UNAUTHORIZED
                        && !renewed
                        && (self.renew_if)(&reply)
                    {
                        renewed = true;
                        match auth.renew(&credential, self.interact).await? {
                            Some(new) => credential = new,
                            None => return Ok(reply),
                        }
                        continue;
                    }
                    let told = retry::come_back(reply.header("retry-after"), Utc::now());
                    match retry::failure_of_status(reply.status.as_u16(), told) {
                        None => return Ok(reply),
                        Some(failure) => (failure, Ok(reply)),
                    }
                }
                Err(error) => (retry::failure_of(&error), Err(error)),
            };
            let next = tries.after(&failure, retry::jitter());
            if let Next::Again(wait) = next {
                tracing::debug!(wait_ms = ms(wait), "waiting before the next try");
            }
            match (next, failure) {
                (Next::Again(wait), SendFailure::Busy { status, come_back }) => {
                    let told = come_back.is_some_and(|told| !told.is_zero());
                    state.limits.hold(&self.url, Code::Http(status), wait, told);
                }
                (Next::Again(wait), _) => tokio::time::sleep(wait).await,
                (Next::TooLong(after), SendFailure::Busy { status, .. }) => {
                    // The others must not ask either.
                    state
                        .limits
                        .hold(&self.url, Code::Http(status), after, true);
                    return Err(self.busy(&result, status, Some(after)));
                }
                (Next::Stop, SendFailure::Busy { status: 429, .. }) => {
                    return Err(self.busy(&result, 429, None));
                }
                (Next::TooLong(_) | Next::Stop, _) => return result,
            }
        }
    }

    /// Changes ask nobody, and neither do the looks that belong to them.
    fn purpose(&self) -> Purpose {
        match (self.repeat, self.interact) {
            (Repeat::Read | Repeat::Ahead, Interact::Allowed) => Purpose::Read,
            (Repeat::Read | Repeat::Ahead, Interact::Never) => Purpose::ReadForChange,
            _ => Purpose::Change,
        }
    }

    /// This request, as far as its answer has come.
    fn exchange(&self, attempt: &Attempt<'_>, status: Option<StatusCode>) -> Exchange {
        Exchange {
            method: self.method.to_string(),
            path: self.template.clone(),
            status: status.map(|status| status.as_u16()),
            took: attempt.started.elapsed(),
            id: attempt.id.to_owned(),
        }
    }

    fn busy(
        &self,
        result: &Result<Reply, ApiError>,
        status: u16,
        after: Option<Duration>,
    ) -> ApiError {
        ApiError::RateLimited {
            host: host_of(&self.url),
            code: Code::Http(status),
            after,
            exchange: result.as_ref().ok().map(|reply| reply.exchange.clone()),
        }
    }

    /// One try, with redirects of a GET inside the same origin.
    async fn once(
        &self,
        credential: &Credential<HeaderMap>,
        attempt: &Attempt<'_>,
    ) -> Result<Reply, ApiError> {
        let mut sent_on: Option<Url> = None;
        for _ in 0..=REDIRECTS {
            let url = sent_on.as_ref().unwrap_or(&self.url);
            let reply = self.ask(url, credential, attempt).await?;
            if !reply.status.is_redirection() || reply.status == StatusCode::NOT_MODIFIED {
                return Ok(reply);
            }
            let target = reply.header("location").and_then(|to| url.join(to).ok());
            match target {
                Some(to) if self.method == Method::GET && to.origin() == url.origin() => {
                    sent_on = Some(to);
                }
                target => return Err(not_followed(&reply, target.as_ref())),
            }
        }
        let why = format!("it redirects more than {REDIRECTS} times");
        let url = sent_on.as_ref().unwrap_or(&self.url);
        Err(error::of_status(host_of(url), 302, why))
    }

    async fn ask(
        &self,
        url: &Url,
        credential: &Credential<HeaderMap>,
        attempt: &Attempt<'_>,
    ) -> Result<Reply, ApiError> {
        let deadline = attempt.started + attempt.limit;
        let state = &self.http.state;
        let host = host_of(url);
        let (client, proxy) = state.clients.client(url).await?;
        let mut request = reqwest::Request::new(self.method.clone(), url.clone());
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Ok(id) = HeaderValue::from_str(attempt.id) {
            headers.insert(HeaderName::from_static("x-request-id"), id);
        }
        headers::add_all(headers, &credential.value);
        headers::add_all(headers, &self.headers);
        state.cookies.add_to(url, headers);
        headers
            .iter()
            .for_each(|(name, value)| state.hidden.add_header(name, value));
        if let Some((kind, body)) = &self.body {
            headers.insert(header::CONTENT_TYPE, kind.clone());
            *request.body_mut() = Some(body.bytes().into());
        }

        let asked = Utc::now();
        let started = Instant::now();
        let quiet = |now: Instant| deadline.min(now + QUIET_LIMIT);
        let late = |since: Instant| ApiError::Timeout {
            host: host.clone(),
            after: if Instant::now() >= deadline {
                attempt.limit
            } else {
                since.elapsed()
            },
            acted: Acted::Maybe,
            exchange: None,
        };
        let mut response = match timeout_at(quiet(started), client.execute(request)).await {
            Err(_) => return Err(late(started)),
            Ok(Err(error)) => {
                let waited = started.elapsed();
                return Err(error::of_request(&error, &host, proxy.as_ref(), waited));
            }
            Ok(Ok(response)) => response,
        };
        state.look_at_clock(response.headers(), asked, started.elapsed());
        state.cookies.take(url, response.headers());

        let status = response.status();
        let due = response.content_length();
        let headers = std::mem::take(response.headers_mut());
        // Most answers come in one piece, which is not copied.
        let (mut first, mut body) = (Bytes::new(), BytesMut::new());
        loop {
            let since = Instant::now();
            let piece = match timeout_at(quiet(since), response.chunk()).await {
                Err(_) => return Err(late(since)),
                Ok(Err(error)) => {
                    let received = (first.len() + body.len()) as u64;
                    return Err(error::of_body(&error, &host, received, due));
                }
                Ok(Ok(None)) => break,
                Ok(Ok(Some(piece))) => piece,
            };
            if first.len() + body.len() + piece.len() > state.max_body {
                return Err(too_big(host, state.max_body));
            }
            if first.is_empty() && body.is_empty() {
                first = piece;
                continue;
            }
            if body.is_empty() {
                let due = due.and_then(|due| usize::try_from(due).ok());
                body.reserve(due.unwrap_or_default().min(state.max_body));
                body.extend_from_slice(&std::mem::take(&mut first));
            }
            body.extend_from_slice(&piece);
        }
        let body = if body.is_empty() {
            first
        } else {
            body.freeze()
        };
        let reply = Reply {
            status,
            headers,
            body: readable(body),
            host,
            exchange: Box::new(self.exchange(attempt, Some(status))),
            hidden: Arc::clone(&state.hidden),
            error_keys: self.http.error_keys,
        };
        match reply.header("content-encoding") {
            // The client has undone the encoding that it asked for, and removed the header.
            None | Some("identity") => Ok(reply),
            Some(other) => {
                let why = format!(
                    "it is compressed as \"{}\", which was not asked for",
                    reply.clean(other)
                );
                Err(reply.unexpected("the start", why))
            }
        }
    }
}

impl Body {
    fn of(bytes: Vec<u8>) -> Self {
        Self(Arc::new(zeroize::Zeroizing::new(bytes)))
    }

    fn bytes(&self) -> Bytes {
        Bytes::from_owner(self.clone())
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The body, with a mark in place of bytes that are no text: one bad name must not hide all others.
fn readable(body: Bytes) -> ByteString {
    ByteString::try_from(body.clone())
        .unwrap_or_else(|_| ByteString::from(marked_bytes(&body).into_owned()))
}

fn too_big(host: String, limit: usize) -> ApiError {
    ApiError::Unexpected {
        host,
        near: None,
        at: format!("byte {}", with_thousands(limit as u64)),
        why: format!(
            "the answer is larger than {} MiB; raise max_body_mib, or ask for smaller pages",
            limit / (1024 * 1024)
        ),
        exchange: None,
    }
}

fn not_followed(reply: &Reply, target: Option<&Url>) -> ApiError {
    let target = target.map(|to| {
        // Without what may be a secret: a code or a token in the query, a name, a password.
        let mut to = to.clone();
        to.set_query(None);
        to.set_fragment(None);
        // Fails for addresses that can have none.
        let _ = to.set_username("");
        let _ = to.set_password(None);
        reply.clean(to.as_str())
    });
    let why = match target {
        Some(target) => format!("it redirects to {target}, which is not followed"),
        None => "it redirects without saying where".into(),
    };
    error::of_status(reply.host.clone(), reply.status.as_u16(), why).with_exchange(&reply.exchange)
}

fn note(result: &Result<Reply, ApiError>, took: Duration) {
    let took = ms(took);
    match result {
        Ok(reply) => tracing::info!(
            status = reply.status.as_u16(),
            ms = took,
            bytes = reply.body.len(),
            "answered"
        ),
        Err(error) => tracing::warn!(class = error.class(), ms = took, "no answer"),
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Everything that has or may have a meaning in a path.
pub(super) const MEANS_SOMETHING: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn encoded(segment: &str) -> PercentEncode<'_> {
    utf8_percent_encode(segment, MEANS_SOMETHING)
}
