//! Fleare: an in-memory database that shows a connection its own session, and no other.
//!
//! One connection is held for each profile: the session lives as long as it does, and every new connection is
//! a new session. It is opened when a person asks, never by itself, and never beside another one: some servers
//! lose connections that arrive together, and one that stays silent keeps all others waiting.
//! Sources: the server (`extendsware/Fleare`) and its client libraries.
//!
//! ```text
//! Fleare -- connection  frames in and out, limits, sign-in
//!        -- wire        the two messages
//!        -- row         the answer to SESSION as a row
//!        -- fault       the server's texts as errors
//! ```

mod actions;
mod caps;
mod connection;
mod error;
mod row;
mod system;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{TimeDelta, Utc};
use secrecy::ExposeSecret;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep};

use super::SessionApi;
use super::auth::{Asking, Interact, ProfileSecret, Prompter};
use super::net::{Connector, ServerClock, host_of};
use crate::config::{Login, Profile};
use crate::model::{
    ActionArgs, ActionResult, ApiError, AskedBy, Capabilities, Completeness, Cursor, Identity,
    LimitedBy, Outcome, PageEnd, Plan, RowSink, Search, Session, SessionKey, Subject, UserOutcome,
};
use connection::{Connection, Peer};
use row::OwnSession;
pub(super) use system::FleareSystem;

/// The name of the system for people.
const NAME: &str = "Fleare";

/// The pause before a connection that broke off at its start is tried again. The server may close a new
/// connection by mistake while it clears up an old one.
const RETRY: Duration = Duration::from_millis(200);
/// How often that is done.
const RETRIES: u32 = 3;

/// The client for one profile.
pub(super) struct Fleare {
    connector: Connector,
    peer: Peer,
    sign_in: Option<SignIn>,
    clock: ServerClock,
    caps: Arc<Capabilities>,
    held: Mutex<Held>,
}

/// User and password of a profile.
struct SignIn {
    user: String,
    password: ProfileSecret,
}

/// The connection of the profile, and what is left of the one before.
#[derive(Default)]
struct Held {
    /// `None`: there is none, or none any more. It is taken out while it is used, so that one whose answer
    /// nobody waited for is not used again.
    connection: Option<Connection>,
    /// The id of its session, which outlives it. `None`: there was no connection yet.
    own: Option<String>,
}

/// Whether a question may open a connection in place of one that has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reopen {
    /// Yes: a person asks.
    Yes,
    /// No.
    No,
}

impl Fleare {
    /// The client for a profile. Nothing is sent and no secret is read yet.
    ///
    /// # Errors
    /// [`ApiError::Config`] if it wants a sign-in that Fleare does not have.
    fn new(profile: &Profile, prompter: Arc<dyn Prompter>) -> Result<Self, ApiError> {
        let sign_in = match &profile.login {
            Login::None => None,
            Login::Password { user, password } => Some(SignIn {
                user: user.clone(),
                password: ProfileSecret::new(
                    &profile.name,
                    format!("Password of {user}"),
                    password.clone(),
                    prompter,
                ),
            }),
            Login::Token { .. }
            | Login::ClientCredentials { .. }
            | Login::Device { .. }
            | Login::Certificate => {
                return Err(ApiError::Config {
                    profile: profile.name.clone(),
                    why: "fleare takes login by password or none".into(),
                });
            }
        };
        let host = profile.url.host_str().unwrap_or_default();
        Ok(Self {
            connector: Connector::new(profile),
            peer: Peer {
                host: host.trim_matches(['[', ']']).to_owned(),
                port: profile.port().unwrap_or(system::PORT),
                named: host_of(&profile.url),
                limit: profile.timeout,
            },
            sign_in,
            clock: ServerClock::default(),
            caps: Arc::new(caps::capabilities(Some(&profile.url))),
            held: Mutex::default(),
        })
    }

    /// Opens a connection and asks for its session, which shows that it works.
    async fn open(&self) -> Result<(Connection, OwnSession), ApiError> {
        let mut tries = 0;
        loop {
            match self.open_once().await {
                Err(ApiError::Broken { .. }) if tries < RETRIES => {
                    tries += 1;
                    sleep(RETRY).await;
                }
                opened => return opened,
            }
        }
    }

    async fn open_once(&self) -> Result<(Connection, OwnSession), ApiError> {
        // Before the connection: the server waits for the sign-in, and lets everybody else wait too.
        let password = match &self.sign_in {
            Some(sign_in) => Some(
                sign_in
                    .password
                    .get(&Asking::new(Interact::Allowed))
                    .await?,
            ),
            None => None,
        };
        let login = self
            .sign_in
            .as_ref()
            .zip(password.as_ref())
            .map(|(sign_in, password)| (sign_in.user.as_str(), password.expose_secret()));
        let (begun, asked) = (Instant::now(), Utc::now());
        let opened = Connection::open(&self.connector, &self.peer, login).await;
        if let (Err(ApiError::Auth { .. }), Some(sign_in)) = (&opened, &self.sign_in) {
            sign_in.password.forget().await;
        }
        let mut connection = opened.map_err(|error| self.with_remedy(error))?;
        let took = begun.elapsed();
        let session = self.ask(&mut connection).await?;
        if let Some(created) = session.created() {
            // It began when the server took the sign-in.
            self.clock.set(created, asked, took);
        }
        Ok((connection, session))
    }

    /// True for a password that a person types: signing in again asks for it anew.
    fn with_remedy(&self, error: ApiError) -> ApiError {
        let is_typed = |sign_in: &SignIn| sign_in.password.is_prompt();
        match error {
            ApiError::Auth {
                message, exchange, ..
            } => ApiError::Auth {
                message,
                can_login: self.sign_in.as_ref().is_some_and(is_typed),
                exchange,
            },
            other => other,
        }
    }

    async fn ask(&self, connection: &mut Connection) -> Result<OwnSession, ApiError> {
        let answer = connection.ask("SESSION").await?;
        OwnSession::read(answer, connection.addresses())
            .map_err(|why| self.peer.odd("SESSION", &why))
    }

    /// The connection, opened if there was none yet, or if it may be opened anew. What is asked on it comes
    /// with it if it has just been opened.
    async fn connected(
        &self,
        held: &mut Held,
        reopen: Reopen,
    ) -> Result<(Connection, Option<OwnSession>), ApiError> {
        if let Some(connection) = held.connection.take() {
            return Ok((connection, None));
        }
        if held.own.is_some() && reopen == Reopen::No {
            return Err(self.peer.broken("it is opened again only on request"));
        }
        let (connection, session) = self.open().await?;
        held.own = Some(connection.id().to_owned());
        Ok((connection, Some(session)))
    }

    /// The session of the connection.
    async fn session(&self, reopen: Reopen) -> Result<OwnSession, ApiError> {
        let mut held = self.held.lock().await;
        self.session_of(&mut held, reopen).await
    }

    async fn session_of(&self, held: &mut Held, reopen: Reopen) -> Result<OwnSession, ApiError> {
        let (mut connection, session) = self.connected(held, reopen).await?;
        let session = match session {
            Some(session) => session,
            None => self.ask(&mut connection).await?,
        };
        held.connection = Some(connection);
        Ok(session)
    }

    /// Ends a session by closing its connection. The server gives no confirmation but the end of its side.
    async fn end(&self, held: &mut MutexGuard<'_, Held>, key: &SessionKey) -> Outcome {
        if held.own.as_deref() != Some(key.expose()) {
            return Outcome::Failed(only_own("ending any session but usher's own"));
        }
        match held.connection.take() {
            Some(connection) => {
                connection.close().await;
                Outcome::Revoked
            }
            None => Outcome::AlreadyGone,
        }
    }
}

fn only_own(what: &'static str) -> ApiError {
    ApiError::Unsupported {
        what: what.into(),
        limit: LimitedBy::System(NAME.into()),
    }
}

#[async_trait]
impl SessionApi for Fleare {
    fn caps(&self) -> Arc<Capabilities> {
        self.caps.clone()
    }

    fn plan(&self, search: &Search) -> Result<Plan, ApiError> {
        Ok(Plan {
            native: "SESSION".into(),
            rest: search.query.clauses.clone(),
            ..Plan::default()
        })
    }

    async fn whoami(&self) -> Result<Identity, ApiError> {
        Ok(self.session(Reopen::Yes).await?.identity())
    }

    async fn search(
        &self,
        search: &Search,
        _at: Option<&Cursor>,
        sink: &mut dyn RowSink,
    ) -> Result<PageEnd, ApiError> {
        let reopen = match search.asked_by {
            AskedBy::Person => Reopen::Yes,
            AskedBy::Timer => Reopen::No,
        };
        let session = self.session(reopen).await?;
        // There is no second row that the sink could refuse.
        let _ = sink.row(&mut session.row());
        Ok(PageEnd {
            next: None,
            total: None,
            completeness: Completeness::Complete,
            unread: 0,
            walk: None,
        })
    }

    async fn get(&self, key: &SessionKey) -> Result<Session, ApiError> {
        let mut held = self.held.lock().await;
        if held.connection.is_none() && held.own.as_deref() == Some(key.expose()) {
            // It ended with its connection.
            return Err(ApiError::NotFound);
        }
        let session = self.session_of(&mut held, Reopen::No).await?;
        if session.id() == key.expose() {
            Ok(session.row().to_session())
        } else {
            Err(only_own("reading any session but usher's own"))
        }
    }

    async fn revoke(&self, keys: &[SessionKey]) -> Result<Vec<Outcome>, ApiError> {
        let mut held = self.held.lock().await;
        let mut outcomes = Vec::with_capacity(keys.len());
        for key in keys {
            outcomes.push(self.end(&mut held, key).await);
        }
        Ok(outcomes)
    }

    async fn revoke_user(&self, _user: &Subject) -> Result<UserOutcome, ApiError> {
        Err(only_own("ending all sessions of a user"))
    }

    fn clock_offset(&self) -> Option<TimeDelta> {
        self.clock.offset()
    }

    async fn act(&self, action: &str, _args: ActionArgs) -> Result<ActionResult, ApiError> {
        let command = actions::command(action).ok_or_else(|| only_own("this action"))?;
        let mut held = self.held.lock().await;
        let (mut connection, _) = self.connected(&mut held, Reopen::No).await?;
        let begun = Instant::now();
        let answer = connection.ask(command).await;
        let took = begun.elapsed();
        if matches!(answer, Ok(_) | Err(ApiError::Server { .. })) {
            held.connection = Some(connection);
        }
        actions::told(command, &answer?, took, &self.peer)
    }
}
