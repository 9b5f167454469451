//! Statements over an SQL connection (the protocol of PostgreSQL), as the vendor's own tool sends them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, config::SslMode};

use super::cell::PgCell;
use super::http::APPLICATION;
use super::pg_tls::Handshake;
use super::sql::{Kind, Statement};
use super::table::{Cell, Table};
use super::transport::Transport;
use super::{error, filter, keys};
use crate::api::Waits;
use crate::api::auth::{Asking, Interact, ProfileSecret, Prompter};
use crate::api::net::{Connector, Limits, Purpose, clean, host_of};
use crate::config::{Login, Profile};
use crate::model::{Acted, ApiError, LimitedBy, Unreached, locked};

/// The database of a connection whose address names none. All names in statements are qualified.
const DATABASE: &str = "system";
/// How the library calls messages that are no answer.
const NO_ANSWER: [&str; 2] = [
    "unexpected message from server",
    "error parsing response from server",
];
/// Connections that are kept for the next statement.
const MOST_IDLE: usize = 4;

/// SQL connections to one cluster.
pub(super) struct PgTransport {
    profile: Profile,
    connector: Arc<Connector>,
    has_tls: bool,
    host: String,
    port: u16,
    /// Host and port, for errors.
    named: String,
    user: String,
    /// `None`: the certificate or nothing says who it is.
    password: Option<ProfileSecret>,
    limits: Limits,
    limit: Duration,
    idle: Mutex<Vec<Client>>,
}

impl PgTransport {
    /// As the profile says. Nothing is sent and no file is read yet.
    ///
    /// # Errors
    /// [`ApiError::Config`] if the profile cannot be used.
    pub(super) fn new(profile: &Profile, prompter: Arc<dyn Prompter>) -> Result<Self, ApiError> {
        let (user, password) = match &profile.login {
            Login::Password { user, password } => {
                let what = format!("Password of {user}");
                let secret = ProfileSecret::new(&profile.name, what, password.clone(), prompter);
                (user.as_str(), Some(secret))
            }
            Login::Certificate | Login::None => (keys::user(profile), None),
            _ => {
                return Err(ApiError::Config {
                    profile: profile.name.clone(),
                    why: "an SQL connection takes a password, a certificate or no sign-in \
                          (insecure clusters); a token needs an https:// address"
                        .into(),
                });
            }
        };
        let user = filter::normal(user);
        let tls = keys::sql_tls(profile, &user)?;
        let host = profile.url.host_str().unwrap_or_default();
        Ok(Self {
            connector: Arc::new(Connector::new(&tls.profile)),
            has_tls: tls.is_on,
            host: host.trim_matches(['[', ']']).to_owned(),
            port: profile.port().unwrap_or_default(),
            named: host_of(&profile.url),
            user,
            password,
            limits: Limits::new(profile),
            limit: profile.timeout,
            idle: Mutex::default(),
            profile: tls.profile,
        })
    }

    /// A connection that is ready, and whether it was used before.
    async fn client(&self, interact: Interact) -> Result<(Client, bool), ApiError> {
        let idle = loop {
            match locked(&self.idle).pop() {
                Some(client) if client.is_closed() => {}
                found => break found,
            }
        };
        match idle {
            Some(client) => Ok((client, true)),
            None => Ok((self.connect(interact).await?, false)),
        }
    }

    async fn connect(&self, interact: Interact) -> Result<Client, ApiError> {
        let password = match &self.password {
            Some(secret) => Some(secret.get(&Asking::new(interact)).await?),
            None => None,
        };
        let stream = self.connector.tcp(&self.host, self.port).await?;
        let opened = timeout(self.limit, self.sign_in(stream, password.as_ref())).await;
        let opened = opened.unwrap_or_else(|_| {
            Err(ApiError::Unreachable {
                host: self.named.clone(),
                cause: Unreached::TimedOut,
                why: "the sign-in took too long".into(),
                exchange: None,
            })
        });
        if let (Err(ApiError::Auth { .. }), Some(secret)) = (&opened, &self.password) {
            // It may have been changed, or mistyped: fetch it anew next time.
            secret.forget().await;
        }
        opened
    }

    async fn sign_in(
        &self,
        stream: tokio::net::TcpStream,
        password: Option<&SecretString>,
    ) -> Result<Client, ApiError> {
        let path = self.profile.url.path().trim_matches('/');
        let mut config = Config::new();
        config.user(&self.user);
        config.dbname(if path.is_empty() { DATABASE } else { path });
        config.application_name(APPLICATION);
        if let Some(password) = password {
            config.password(password.expose_secret());
        }
        let client = if self.has_tls {
            config.ssl_mode(SslMode::Require);
            let tls = Handshake::new(Arc::clone(&self.connector), self.host.clone());
            let opened = config.connect_raw(stream, tls).await;
            let (client, connection) = opened.map_err(|error| self.not_opened(error))?;
            tokio::spawn(connection);
            client
        } else {
            config.ssl_mode(SslMode::Disable);
            let opened = config.connect_raw(stream, NoTls).await;
            let (client, connection) = opened.map_err(|error| self.not_opened(error))?;
            tokio::spawn(connection);
            client
        };
        // The table keeps times without a zone. A statement that takes too long is rolled back there.
        let limit = self.limit.mul_f32(0.9).as_millis();
        let set = format!("SET timezone = 'UTC'; SET statement_timeout = {limit}");
        let set = client.batch_execute(&set).await;
        set.map_err(|error| self.failed(&error, Acted::No))?;
        // The gate of newer servers on system tables. Older ones do not know it, and have none.
        match client
            .batch_execute("SET allow_unsafe_internals = true")
            .await
        {
            Err(error) if error.as_db_error().is_none() => Err(self.failed(&error, Acted::No)),
            _ => Ok(client),
        }
    }

    /// No connection came about.
    fn not_opened(&self, error: tokio_postgres::Error) -> ApiError {
        if let Some(said) = error.as_db_error() {
            let words = clean(said.message());
            let error = error::of_sql(&self.named, said.code().code(), &words);
            return match error {
                ApiError::Auth { message, .. } => ApiError::Auth {
                    message: format!("the sign-in was refused: {message}"),
                    can_login: self.password.as_ref().is_some_and(ProfileSecret::is_prompt),
                    exchange: None,
                },
                other => other,
            };
        }
        let why = causes(&error);
        let wants_password = why.contains("password missing");
        if let Some(inner) = error.into_source() {
            match inner.downcast::<ApiError>() {
                Ok(error) => return *error,
                Err(_) if wants_password => {}
                Err(_) => {}
            }
        }
        if wants_password {
            return ApiError::Auth {
                message: "the server asks for a password, and the profile has none".into(),
                can_login: false,
                exchange: None,
            };
        }
        if why.contains("does not support TLS") {
            return ApiError::Handshake {
                host: self.named.clone(),
                why:
                    "the server does not speak TLS; sslmode = \"disable\" is for insecure clusters"
                        .into(),
                exchange: None,
            };
        }
        ApiError::Unreachable {
            host: self.named.clone(),
            cause: Unreached::Closed,
            why,
            exchange: None,
        }
    }

    /// A statement failed.
    fn failed(&self, error: &tokio_postgres::Error, acted: Acted) -> ApiError {
        if let Some(said) = error.as_db_error() {
            let hint = said.hint().map(|hint| format!(" ({hint})"));
            let words = format!("{}{}", said.message(), hint.unwrap_or_default());
            return error::of_sql(&self.named, said.code().code(), &clean(&words));
        }
        let why = causes(error);
        if NO_ANSWER.iter().any(|words| why.starts_with(words)) {
            return ApiError::Unexpected {
                host: self.named.clone(),
                at: "the messages".into(),
                why,
                near: None,
                exchange: None,
            };
        }
        match acted {
            Acted::Maybe => ApiError::Broken {
                host: self.named.clone(),
                why,
                exchange: None,
            },
            Acted::No => ApiError::Unreachable {
                host: self.named.clone(),
                cause: Unreached::Closed,
                why,
                exchange: None,
            },
        }
    }

    async fn send(&self, client: &Client, statement: &Statement) -> Result<Table, ApiError> {
        let arguments: Vec<(&(dyn ToSql + Sync), Type)> = statement
            .arguments
            .iter()
            .map(|value| (value as &(dyn ToSql + Sync), Type::TEXT))
            .collect();
        let asked = client.query_typed(&statement.sql, &arguments);
        let rows = timeout(self.limit, asked).await;
        let rows = rows.map_err(|_| ApiError::Timeout {
            host: self.named.clone(),
            after: self.limit,
            acted: Acted::Maybe,
            exchange: None,
        })?;
        let rows = rows.map_err(|error| self.failed(&error, Acted::Maybe))?;
        let table: Result<Vec<Vec<Cell>>, _> = rows
            .iter()
            .map(|row| {
                let cell = |name: &&str| row.try_get::<_, Option<PgCell>>(*name);
                let cells = statement.columns.iter().map(cell);
                cells.map(|cell| Ok(cell?.map(PgCell::into_text))).collect()
            })
            .collect();
        table
            .map(Table)
            .map_err(|error: tokio_postgres::Error| ApiError::Unexpected {
                host: self.named.clone(),
                at: "a row".into(),
                why: causes(&error),
                near: None,
                exchange: None,
            })
    }

    fn keep(&self, client: Client) {
        let mut idle = locked(&self.idle);
        if idle.len() < MOST_IDLE && !client.is_closed() {
            idle.push(client);
        }
    }
}

/// An error with its causes, in words.
fn causes(error: &tokio_postgres::Error) -> String {
    let texts: Vec<String> = crate::api::net::causes(error)
        .map(ToString::to_string)
        .collect();
    clean(&texts.join(": "))
}

#[async_trait]
impl Transport for PgTransport {
    async fn run(&self, statement: &Statement) -> Result<Table, ApiError> {
        let (purpose, interact) = match statement.kind {
            Kind::Read => (Purpose::Read, Interact::Allowed),
            Kind::ReadForChange => (Purpose::ReadForChange, Interact::Never),
            Kind::Change | Kind::Once => (Purpose::Change, Interact::Never),
        };
        let (_permit, _) = self.limits.enter(&self.profile.url, purpose).await?;
        let reads = matches!(statement.kind, Kind::Read | Kind::ReadForChange);
        loop {
            let (client, was_used) = self.client(interact).await?;
            let result = self.send(&client, statement).await;
            match &result {
                // The server may have ended a connection that waited; a read is simply asked again.
                Err(ApiError::Broken { .. }) if was_used && reads => continue,
                Err(
                    ApiError::Broken { .. }
                    | ApiError::Timeout { .. }
                    | ApiError::Unexpected { .. },
                ) => {}
                _ => self.keep(client),
            }
            return result;
        }
    }

    async fn sign_out(&self) -> Result<(), ApiError> {
        Err(ApiError::Unsupported {
            what: "revoking a token".into(),
            limit: LimitedBy::SignIn,
        })
    }

    fn waiting(&self) -> Waits {
        self.limits.waiting()
    }

    fn give_up_waits(&self) {
        self.limits.give_up_waits();
    }

    fn ask_anyway(&self) {
        self.limits.ask_anyway();
    }
}
