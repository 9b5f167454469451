//! One remote system and how to sign in to it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::login::Method;
use super::own::OwnKeys;
use super::system::SystemSpec;
pub use crate::model::AuditMode;
pub use crate::model::time::Zone;
use crate::model::{Policy, UserNames};

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
    /// True if a token is kept in the state folder for the next run.
    pub keep_token: bool,
    /// The names that people have in this system.
    pub user_names: Arc<UserNames>,
    /// Zone of times that the server sends without one.
    pub server_zone: Zone,
    /// Names to show for client ids.
    pub client_names: BTreeMap<String, String>,
    /// The keys that only its system has, those of its sign-in included.
    pub own: OwnKeys,
    /// How its sessions are read and ended.
    pub policy: Policy,
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
            allow_http: false,
            timeout: Duration::from_secs(30),
            max_body_mib: 64,
            concurrency: 4,
            rate: system.rate,
            keep_token: true,
            user_names: Arc::default(),
            server_zone: Zone::Utc,
            client_names: BTreeMap::new(),
            policy: Policy {
                page_size: system.page_size,
                thresholds: system.thresholds(),
                ..Policy::default()
            },
            own: OwnKeys::defaults(system.all_own_keys()),
            system,
        }
    }

    /// True if its connections are encrypted, by the word of its system.
    pub fn is_encrypted(&self) -> bool {
        let scheme = self.system.scheme(&self.url);
        scheme.is_some_and(|scheme| scheme.is_encrypted)
    }

    /// Its address without credentials, should somebody have written some into it.
    pub fn address(&self) -> String {
        let mut url = self.url.clone();
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.as_str().trim_end_matches('/').to_owned()
    }

    /// The port of its address, or the usual one of its scheme. `None`: neither is known.
    pub fn port(&self) -> Option<u16> {
        let usual = || self.system.scheme(&self.url).map(|scheme| scheme.port);
        self.url.port().or_else(usual)
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
