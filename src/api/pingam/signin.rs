//! Signing in: by name and password, by a tree or chain, or with a token that is there already.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::callbacks::{Known as Given, Step};
use super::keys::{self, TokenAs};
use super::wire::{ServerInfo, SignedIn};
use super::{error, realm};
use crate::api::auth::{
    Asking, Authorize, Closing, Credential, Grant, Interact, Known, NoStore, ProfileSecret,
    Prompter, QuestionKind, Renewing, StoredToken, TokenStore,
};
use crate::api::http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName};
use crate::api::http::{Call, Http, HttpAuth, Repeat, Reply, cookies_in, secret_header};
use crate::api::oauth::GivenToken;
use crate::config::{Login, Profile};
use crate::model::{ApiError, Untrusted};

/// `authenticate` in the version whose errors have a code; every server has it.
const AUTHENTICATE: &str = "protocol=1.0,resource=2.0";
const SERVER_INFO: &str = "protocol=1.0,resource=1.1";
/// The cookie of every server that was not told another name.
const USUAL_COOKIE: &str = "iPlanetDirectoryPro";
/// The cookie of a sign-in that goes on; the community server puts some sessions into it too.
const PENDING_COOKIE: &str = "AMAuthCookie";
/// Documents of one sign-in; a tree that goes round would never end.
const MOST_STEPS: usize = 200;
/// Approving on a phone takes a while; longer than this nobody is there.
const LONGEST_POLL: Duration = Duration::from_secs(300);

/// The credentials for the session resource, as the profile says.
///
/// # Errors
/// [`ApiError::Config`] if there is no such way to sign in here.
pub(super) fn authorize(
    profile: &Profile,
    http: &Http,
    prompter: Arc<dyn Prompter>,
    store: Arc<dyn TokenStore>,
) -> Result<Arc<HttpAuth>, ApiError> {
    let cookie = Arc::new(Cookie {
        http: http.clone(),
        profile: profile.name.clone(),
        name: OnceCell::new(),
    });
    let secret = |what: String, source: &crate::config::SecretSource| {
        ProfileSecret::new(&profile.name, what, source.clone(), Arc::clone(&prompter))
    };
    match &profile.login {
        Login::Token { token } => {
            let grant = ProfileToken {
                given: GivenToken::new(secret("Token".into(), token)),
                carry: keys::token_as(profile),
                cookie: Arc::clone(&cookie),
            };
            // Such a token is the profile's to keep, not ours.
            let inner = Renewing::new(grant, Arc::new(NoStore));
            Ok(Arc::new(Named { inner, cookie }))
        }
        Login::Password { user, password } => {
            let grant = SignIn {
                http: http.clone(),
                profile: profile.name.clone(),
                user: user.clone(),
                password: secret(format!("Password of {user}"), password),
                realm: keys::login_realm(profile),
                service: keys::login_service(profile).map(str::to_owned),
                carry: keys::token_as(profile),
                cookie: Arc::clone(&cookie),
                prompter,
            };
            let inner = Renewing::new(grant, store);
            Ok(Arc::new(Named { inner, cookie }))
        }
        _ => Err(ApiError::Config {
            profile: profile.name.clone(),
            why: format!(
                "{} can sign in by: {}",
                profile.system.word,
                profile.system.method_words()
            ),
        }),
    }
}

/// The name of the server's cookie, asked for once. Tenants of the cloud have names of their own.
struct Cookie {
    http: Http,
    profile: String,
    /// As the server writes it: case counts in a cookie, and not in a header.
    name: OnceCell<String>,
}

impl Cookie {
    async fn name(&self) -> Result<&String, ApiError> {
        self.name.get_or_try_init(|| self.ask()).await
    }

    async fn ask(&self) -> Result<String, ApiError> {
        let call = self.http.get(&["json", "serverinfo", "*"]);
        let reply = call
            .header("accept-api-version", SERVER_INFO)
            .send()
            .await?;
        if !reply.status.is_success() {
            return Err(match error::of(&reply, false) {
                // Nothing was asked for, so it is the address: a server takes requests only under
                // the host names that it was set up with.
                ApiError::BadQuery { message, .. } => ApiError::Config {
                    profile: self.profile.clone(),
                    why: format!("the server does not take requests to this url: {message}"),
                },
                other => other,
            });
        }
        let info: ServerInfo = reply.decode()?;
        let name = info.cookie_name.unwrap_or_else(|| USUAL_COOKIE.to_owned());
        self.http.withhold_cookie(&name);
        self.http.withhold_cookie(PENDING_COOKIE);
        match name.parse::<HeaderName>() {
            Ok(_) => Ok(name),
            Err(_) => Err(reply.unexpected("cookieName", "it cannot name a header".into())),
        }
    }

    /// The headers that carry a token.
    fn headers(&self, token: &SecretString, carry: TokenAs) -> Result<HeaderMap, ApiError> {
        let name = self.name.get().map_or(USUAL_COOKIE, String::as_str);
        let text = token.expose_secret();
        let (header, value) = match carry {
            TokenAs::Header => (name.parse().ok(), text.to_owned()),
            TokenAs::Cookie => (Some(COOKIE), format!("{name}={text}")),
            TokenAs::Bearer => (Some(AUTHORIZATION), format!("Bearer {text}")),
        };
        let value = SecretString::from(value);
        let header = header.unwrap_or(HeaderName::from_static("iplanetdirectorypro"));
        secret_header(header, value.expose_secret())
    }
}

/// The token that a credential carries. `None`: it carries an OAuth token, which is no session.
pub(super) fn token_in(credential: &Credential<HeaderMap>) -> Option<SecretString> {
    let (name, value) = credential.value.iter().next()?;
    let text = value.to_str().ok()?;
    let token = match name {
        name if name == AUTHORIZATION => return None,
        name if name == COOKIE => text.split_once('=')?.1,
        _ => text,
    };
    Some(SecretString::from(token))
}

/// Knows the name of the cookie before any token is put into a header.
struct Named<G: Grant> {
    inner: Renewing<G>,
    cookie: Arc<Cookie>,
}

#[async_trait]
impl<G: Grant> Authorize<G::Credential> for Named<G> {
    async fn credential(&self, interact: Interact) -> Result<Credential<G::Credential>, ApiError> {
        self.cookie.name().await?;
        self.inner.credential(interact).await
    }

    async fn renew(
        &self,
        used: &Credential<G::Credential>,
        interact: Interact,
    ) -> Result<Option<Credential<G::Credential>>, ApiError> {
        self.inner.renew(used, interact).await
    }

    fn known(&self) -> Known {
        self.inner.known()
    }

    fn signed_in_at(&self) -> Option<DateTime<Utc>> {
        self.inner.signed_in_at()
    }

    fn can_login(&self) -> bool {
        self.inner.can_login()
    }
}

/// A token that the profile gives: one of a sign-in elsewhere, or an OAuth access token.
struct ProfileToken {
    given: GivenToken,
    carry: TokenAs,
    cookie: Arc<Cookie>,
}

#[async_trait]
impl Grant for ProfileToken {
    type Credential = HeaderMap;

    async fn fetch(
        &self,
        old: Option<&StoredToken>,
        asking: &Asking,
    ) -> Result<Option<StoredToken>, ApiError> {
        self.given.fetch(old, asking).await
    }

    fn credential(&self, token: &StoredToken) -> Result<HeaderMap, ApiError> {
        self.cookie.headers(&token.access, self.carry)
    }

    fn known(&self) -> Known {
        self.given.known()
    }

    fn can_login(&self) -> bool {
        self.given.can_login()
    }
}

/// A sign-in of our own, by name and password and whatever else the server asks.
struct SignIn {
    http: Http,
    profile: String,
    user: String,
    password: ProfileSecret,
    realm: String,
    service: Option<String>,
    carry: TokenAs,
    cookie: Arc<Cookie>,
    prompter: Arc<dyn Prompter>,
}

impl SignIn {
    /// The address of the sign-in; every document of one flow goes to the same.
    fn call(&self) -> Call<'_> {
        let call = realm::at(self.http.post(&["json"]), &self.realm).then(&["authenticate"]);
        let call = call
            .header("accept-api-version", AUTHENTICATE)
            .header("x-requested-with", "usher")
            .repeat(Repeat::Token);
        match &self.service {
            Some(service) => {
                call.query(&[("authIndexType", "service"), ("authIndexValue", service)])
            }
            None => call,
        }
    }

    /// Name and password in headers, which carry printable ASCII only: the server reads other bytes
    /// as Latin-1, and blanks at the ends are lost on the way. Other names go through the callbacks.
    async fn first(&self, password: &SecretString) -> Result<Reply, ApiError> {
        self.http.hide(password);
        let nothing = Map::new();
        let call = self.call().json(&nothing);
        let call = if fits_header(&self.user) && fits_header(password.expose_secret()) {
            call.header("x-openam-username", &self.user)
                .secret_header(HeaderName::from_static("x-openam-password"), password)
        } else {
            call
        };
        call.send().await
    }

    async fn flow(&self, asking: &Asking) -> Result<SecretString, ApiError> {
        let password = self.password.get(asking).await?;
        let reply = self.first(&password).await?;
        let mut given = Given {
            user: Some(&self.user),
            password: Some(&password),
        };
        let sent = fits_header(&self.user) && fits_header(password.expose_secret());
        if sent && !asks_name(&reply) {
            // The headers were taken: the next password that is asked for is another one.
            given.password = None;
        }
        self.steps(reply, &mut given, asking).await
    }

    async fn steps(
        &self,
        mut reply: Reply,
        given: &mut Given<'_>,
        asking: &Asking,
    ) -> Result<SecretString, ApiError> {
        let mut polling: Option<Instant> = None;
        let mut closing = None;
        for _ in 0..MOST_STEPS {
            let document = match self.done(&reply)? {
                Done::Token(token) => return Ok(token),
                Done::Goes(document) => document,
            };
            if let Some(id) = document.get("authId").and_then(Value::as_str) {
                self.http.hide(&SecretString::from(id));
            }
            let mut step = Step::read(document, given)?;
            let title = format!("Sign in to {}", self.profile);
            let asked_before = polling.is_some() && step.wait.is_some();
            if let Some(mut ask) = step.ask_of(title.clone())
                && !asked_before
            {
                self.hide_in(&mut ask.lines);
                self.hide_in(
                    ask.questions
                        .iter_mut()
                        .map(|question| &mut question.prompt),
                );
                let _busy = asking.begin()?;
                let closing = Closing::new(&self.prompter);
                let questions = ask.questions.clone();
                let answers = self.prompter.ask(ask).await;
                closing.close().await;
                let answers = answers?;
                for (question, answer) in questions.iter().zip(&answers) {
                    if question.kind == QuestionKind::Secret {
                        self.http.hide(answer);
                    }
                }
                step.answer(&answers);
            }
            match step.wait {
                None => polling = None,
                Some(pause) => {
                    let since = *polling.get_or_insert_with(Instant::now);
                    if since.elapsed() > LONGEST_POLL {
                        return Err(refused("nobody approved the sign-in in time"));
                    }
                    let _busy = asking.begin()?;
                    closing.get_or_insert_with(|| Closing::new(&self.prompter));
                    let mut waiting = step.waiting(title);
                    self.hide_in(&mut waiting.lines);
                    let instead = self.prompter.wait(waiting, pause).await?;
                    if let Some(chosen) = instead {
                        step.press(chosen);
                    }
                }
            }
            reply = self.call().json(step.document()).send().await?;
        }
        Err(refused("the sign-in never stops asking"))
    }

    /// A tree may write into its texts what it was sent.
    fn hide_in<'a>(&self, texts: impl IntoIterator<Item = &'a mut Untrusted>) {
        for text in texts {
            *text = Untrusted::from(self.http.without_secrets(text.expose()));
        }
    }

    /// Reads whether the sign-in is complete, and its result.
    fn done(&self, reply: &Reply) -> Result<Done, ApiError> {
        if !reply.status.is_success() {
            let error = match error::of(reply, true) {
                ApiError::Auth { message, .. } => refused(&message),
                // "No Configuration found" for a chain that is not there, "Org is inactive".
                ApiError::BadQuery { message, .. } => refused(&message),
                other => other,
            };
            return Err(error.with_exchange(&reply.exchange));
        }
        let mut document: Map<String, Value> = reply.decode()?;
        if document.contains_key("callbacks") {
            return Ok(Done::Goes(document));
        }
        document.remove("authId");
        let signed: SignedIn = reply.decode()?;
        let token = signed
            .token_id
            .filter(|token| !token.expose_secret().is_empty());
        if let Some(token) = token.or_else(|| self.of_cookie(reply)) {
            return Ok(Done::Token(token));
        }
        let what = match signed.success_url {
            Some(_) => "the server signed in and gave no session",
            None => "the server gave neither a token nor a question",
        };
        Err(refused(what).with_exchange(&reply.exchange))
    }

    /// Servers that keep tokens to cookies send it there only.
    fn of_cookie(&self, reply: &Reply) -> Option<SecretString> {
        let name = self.cookie.name.get()?;
        let mut set = cookies_in(&reply.headers);
        let session = set.find(|(key, _)| key.eq_ignore_ascii_case(name));
        session.map(|(_, token)| token)
    }
}

/// The content of an answer to `authenticate`.
enum Done {
    Token(SecretString),
    Goes(Map<String, Value>),
}

#[async_trait]
impl Grant for SignIn {
    type Credential = HeaderMap;

    async fn fetch(
        &self,
        _old: Option<&StoredToken>,
        asking: &Asking,
    ) -> Result<Option<StoredToken>, ApiError> {
        self.cookie.name().await?;
        self.http.forget_cookies();
        let asked = Utc::now();
        match self.flow(asking).await {
            Ok(access) => Ok(Some(StoredToken {
                since: Some(asked),
                known: self.known(),
                cookies: self.http.cookies(),
                ..StoredToken::bare(access)
            })),
            Err(error) => {
                if matches!(error, ApiError::Auth { .. }) {
                    // It may have been changed, or mistyped: fetch it anew next time.
                    self.password.forget().await;
                }
                Err(error)
            }
        }
    }

    fn credential(&self, token: &StoredToken) -> Result<HeaderMap, ApiError> {
        let carry = match self.carry {
            // The token of such a sign-in is never an OAuth token.
            TokenAs::Bearer => TokenAs::Header,
            other => other,
        };
        self.cookie.headers(&token.access, carry)
    }

    fn taken(&self, token: &StoredToken) {
        self.http.put_cookies(&token.cookies);
    }

    fn known(&self) -> Known {
        Known {
            name: Some(self.user.clone()),
            ..Known::default()
        }
    }

    fn can_login(&self) -> bool {
        self.password.is_prompt()
    }
}

fn refused(why: &str) -> ApiError {
    ApiError::Auth {
        message: format!("the sign-in was refused: {why}"),
        can_login: true,
        exchange: None,
    }
}

/// True if a document asks for the name, which shows that the server has not read the headers.
fn asks_name(reply: &Reply) -> bool {
    let document: Map<String, Value> = reply.decode().unwrap_or_default();
    let callbacks = document.get("callbacks").and_then(Value::as_array);
    callbacks
        .into_iter()
        .flatten()
        .any(|callback| callback.get("type").and_then(Value::as_str) == Some("NameCallback"))
}

fn fits_header(text: &str) -> bool {
    let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    printable && !text.is_empty() && text.trim() == text
}
