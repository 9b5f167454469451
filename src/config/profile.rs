//! One remote system and how to sign in to it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::model::Sort;
pub use crate::model::time::Zone;

/// Which kind of system a profile is about.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    strum::EnumIter,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[strum(serialize_all = "snake_case")]
pub enum System {
    /// Janssen Server, through its Config API.
    Janssen,
}

/// One remote system and how usher works with it. Every key is described in `config.example.toml`.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name in the configuration.
    pub name: String,
    /// Which kind of system.
    pub system: System,
    /// Base address, without a trailing slash in its path.
    pub url: Url,
    /// Base address of the authorization server. `None`: by discovery.
    pub auth_url: Option<Url>,
    /// How to sign in.
    pub login: Login,
    /// Certificate authorities trusted beside the system's, PEM.
    pub ca_file: Option<PathBuf>,
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
    /// What happens when the audit log cannot be written.
    pub audit: AuditMode,
    /// May masked values and full ids be shown and copied?
    pub reveal: bool,
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
        /// Realm to sign in to.
        realm: Option<String>,
        /// Chain or tree.
        service: Option<String>,
    },
    /// The client certificate of the profile.
    Certificate,
    /// No sign-in.
    None,
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

/// What happens when the audit log cannot be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditMode {
    /// Nothing is sent.
    #[default]
    Required,
    /// It is sent all the same, and the header says so.
    BestEffort,
}
