//! One remote system and how to sign in to it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::SecretString;
use url::Url;

use super::login::Method;
use super::own::OwnKeys;
use super::system::SystemSpec;
use crate::model::confirm::TYPED_FROM;
pub use crate::model::time::Zone;
use crate::model::{Field, Sort, Thresholds};

/// One remote system and how usher works with it. Every key is described in `config.example.toml`.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name in the configuration.
    pub name: String,
    /// Which kind of system.
    pub system: Arc<SystemSpec>,
    /// Base address, without a trailing slash in its path.
    pub url: Url,
    /// Base address of the authorization server. `None`: it has the origin of `url`.
    pub auth_url: Option<Url>,
    /// How to sign in.
    pub login: Login,
    /// Certificate authorities trusted beside the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// A folder: the certificates in each of its `.pem`, `.crt` and `.cer` files are trusted beside the system's.
    pub ca_dir: Option<PathBuf>,
    /// Our certificate, PEM.
    pub client_cert: Option<PathBuf>,
    /// Its key, PEM.
    pub client_key: Option<PathBuf>,
    /// Accept any certificate. Shown as a permanent warning.
    pub insecure: bool,
    /// Allow plain http to a host that is not loopback.
    pub allow_http: bool,
    /// Limit of one whole call.
    pub timeout: Duration,
    /// Limit of a decoded body, in MiB.
    pub max_body_mib: u32,
    /// Requests of one job at the same time, 1 to 64.
    pub concurrency: u8,
    /// Requests a second at most. `None`: no limit.
    pub rate: Option<u32>,
    /// Rows a page. `None`: what suits the system.
    pub page_size: Option<u16>,
    /// Only this kind of session is searched, unless the query says `kind:`. `None`: every kind.
    pub kind: Option<String>,
    /// Rows the screen loads at most.
    pub max_rows: u32,
    /// Order of rows at first.
    pub sort: Sort,
    /// Search when the profile is opened.
    pub search_on_start: bool,
    /// Search while typing.
    pub live_search: bool,
    /// Pause of the automatic reload.
    pub reload_every: Duration,
    /// Red bar, typed confirmation.
    pub production: bool,
    /// Nothing may be sent that changes anything.
    pub read_only: bool,
    /// Ask for a reason before every change.
    pub require_reason: bool,
    /// From so many sessions on, their number or the user's name has to be typed; 1 to 1,000. On production
    /// and over an unchecked certificate it is never more than 2.
    pub typed_from: usize,
    /// The rule for changes when the audit log cannot be written.
    pub audit: AuditMode,
    /// True if masked values and full ids may be shown and copied.
    pub reveal: bool,
    /// True if a token is kept in the state folder for the next run.
    pub keep_token: bool,
    /// How the name typed becomes the name that this system uses, with `{user}` in it.
    pub user_as: Option<String>,
    /// Zone of times that the server sends without one.
    pub server_zone: Zone,
    /// Unused for this long: idle.
    pub idle_after: Duration,
    /// Ends within this: expiring.
    pub expiring_within: Duration,
    /// Names to show for client ids.
    pub client_names: BTreeMap<String, String>,
    /// The keys that only its system has, those of its sign-in included.
    pub own: OwnKeys,
}

impl Profile {
    /// A profile with every other key at its default.
    pub fn new(name: impl Into<String>, system: Arc<SystemSpec>, url: Url, login: Login) -> Self {
        Self {
            name: name.into(),
            url,
            auth_url: None,
            login,
            ca_file: None,
            ca_dir: None,
            client_cert: None,
            client_key: None,
            insecure: false,
            allow_http: false,
            timeout: Duration::from_secs(30),
            max_body_mib: 64,
            concurrency: 4,
            rate: system.rate,
            page_size: system.page_size,
            kind: None,
            max_rows: 200_000,
            sort: Sort {
                by: Field::User.into(),
                descending: false,
            },
            search_on_start: false,
            live_search: false,
            reload_every: Duration::from_secs(30),
            production: false,
            read_only: false,
            require_reason: false,
            typed_from: TYPED_FROM,
            audit: AuditMode::Required,
            reveal: true,
            keep_token: true,
            user_as: None,
            server_zone: Zone::Utc,
            idle_after: Duration::from_secs(8 * 3_600),
            expiring_within: Duration::from_secs(5 * 60),
            client_names: BTreeMap::new(),
            own: OwnKeys::defaults(system.all_own_keys()),
            system,
        }
    }

    /// True if its connections are encrypted, by the word of its system.
    pub fn is_encrypted(&self) -> bool {
        let scheme = self.system.scheme(&self.url);
        scheme.is_some_and(|scheme| scheme.is_encrypted)
    }

    /// The port of its address, or the usual one of its scheme. `None`: neither is known.
    pub fn port(&self) -> Option<u16> {
        let usual = || self.system.scheme(&self.url).map(|scheme| scheme.port);
        self.url.port().or_else(usual)
    }

    /// When its sessions count as idle and as expiring.
    pub fn thresholds(&self) -> Thresholds {
        let delta = |length| TimeDelta::from_std(length).unwrap_or(TimeDelta::MAX);
        Thresholds {
            idle_after: delta(self.idle_after),
            expiring_within: delta(self.expiring_within),
        }
    }
}

/// How a profile signs in.
#[derive(Clone, Debug)]
pub enum Login {
    /// A token that the system takes as it is.
    Token {
        /// The token.
        token: SecretSource,
    },
    /// OAuth client credentials.
    ClientCredentials {
        /// The client.
        client_id: String,
        /// Its secret.
        client_secret: SecretSource,
    },
    /// OAuth device authorization: the person signs in in a browser.
    Device {
        /// The client.
        client_id: String,
        /// Its secret. `None`: a public client.
        client_secret: Option<SecretSource>,
    },
    /// User and password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: SecretSource,
    },
    /// The client certificate of the profile.
    Certificate,
    /// No sign-in.
    None,
}

impl Login {
    /// Which way to sign in it is.
    pub fn method(&self) -> Method {
        match self {
            Self::Token { .. } => Method::Token,
            Self::ClientCredentials { .. } => Method::ClientCredentials,
            Self::Device { .. } => Method::Device,
            Self::Password { .. } => Method::Password,
            Self::Certificate => Method::Certificate,
            Self::None => Method::None,
        }
    }

    /// The secrets it needs.
    pub fn secrets(&self) -> Vec<&SecretSource> {
        match self {
            Self::Token { token } => vec![token],
            Self::ClientCredentials { client_secret, .. } => vec![client_secret],
            Self::Device { client_secret, .. } => client_secret.iter().collect(),
            Self::Password { password, .. } => vec![password],
            Self::Certificate | Self::None => Vec::new(),
        }
    }

    /// The same, to be changed.
    pub(super) fn secrets_mut(&mut self) -> Vec<&mut SecretSource> {
        match self {
            Self::Token { token } => vec![token],
            Self::ClientCredentials { client_secret, .. } => vec![client_secret],
            Self::Device { client_secret, .. } => client_secret.iter_mut().collect(),
            Self::Password { password, .. } => vec![password],
            Self::Certificate | Self::None => Vec::new(),
        }
    }
}

/// Where a secret comes from.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// Written in the configuration (0600 and `allow_plain` only).
    Plain(SecretString),
    /// An environment variable.
    Env(String),
    /// A file, 0600.
    File(PathBuf),
    /// The output of a command; no shell.
    Command {
        /// Program and arguments. Never empty.
        args: Vec<String>,
        /// Variables that hold secrets of usher: the command does not get them.
        hidden: Arc<[String]>,
    },
    /// The platform's keyring, service `usher`, user = profile name.
    Keyring,
    /// Asked for when it is needed.
    Prompt,
}

/// The rule for changes when the audit log cannot be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditMode {
    /// Nothing is sent.
    #[default]
    Required,
    /// It is sent all the same, and the header says so.
    BestEffort,
}
