//! Starting and stopping, and what a running emulator tells about itself.

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::devices::Devices;
use super::fault::{Fault, FaultError, apply};
use super::handle::Handle;
use super::journal::{Entry, Journal};
use super::options::{Credentials, Kind, Options};
use super::rng::{Rng, Secrets, uuid_text};
use super::seed::Recipe;
use super::server::{Server, listen};
use super::shared::{Shared, lock};
use super::tls::Identity;
use super::tokens::Tokens;
use super::{control, janssen};

/// Life of the token that is printed at start: a working day and more, since nobody renews it.
const DIRECT_TOKEN_MS: i64 = 24 * 3_600_000;

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port cannot be opened.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// The port asked for; 0: a free one.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// A fault cannot be read.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// No certificate could be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(String),
}

/// Credentials of a running emulator. They open nothing else, but are kept out of `Debug` all the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Auth {
    /// OAuth client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// An access token with all scopes of the client, good for a day.
    pub token: String,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth(…)")
    }
}

/// A running emulator. Dropping it stops it; [`Running::stop`] also waits for the end.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    control_url: Option<String>,
    ca_pem: Option<String>,
    stop: CancellationToken,
    servers: Vec<JoinHandle<()>>,
}

/// Starts an emulator on the current tokio runtime. It listens when this returns.
///
/// # Errors
/// The port is taken, a fault cannot be read, or no certificate could be made.
pub async fn start(options: Options) -> Result<Running, StartError> {
    let faults = parse_all(&options.faults)?;
    let identity = match options.tls {
        false => None,
        true => Some(Identity::new().map_err(|e| StartError::Certificate(e.to_string()))?),
    };
    let (listener, port) = open(options.port).await?;
    let (tls, system) = (options.tls, options.system);
    let scheme = if tls { "https" } else { "http" };
    // One is enough: a refusal that comes while another is waiting adds nothing.
    let (refuse, refusals) = mpsc::channel(1);
    let url = format!("{scheme}://127.0.0.1:{port}");
    // A big world takes its time: other tasks of this thread go on meanwhile.
    let made = tokio::task::spawn_blocking(move || make_shared(options, faults, url, refuse));
    let shared = Arc::new(made.await.expect("making the world up does not panic"));
    let stop = CancellationToken::new();
    let router = match system {
        Kind::Janssen => janssen::router(shared.clone()),
    };
    let main = Server {
        shared: Some(shared.clone()),
        router: router.layer(axum::middleware::from_fn_with_state(
            shared.clone(),
            apply::with_faults,
        )),
        tls: identity.as_ref().map(|i| i.acceptor.clone()),
        stop: stop.clone(),
        refusals,
    };
    let mut running = Running {
        control_url: None,
        ca_pem: identity.map(|i| i.ca_pem),
        servers: vec![tokio::spawn(main.run(listener, port))],
        shared,
        stop,
    };
    if running.shared.options.control {
        running.open_control().await?;
    }
    Ok(running)
}

fn make_shared(
    options: Options,
    faults: Vec<Fault>,
    url: String,
    refusals: mpsc::Sender<std::time::Duration>,
) -> Shared {
    let clock = Clock::new(options.now);
    let recipe = Recipe {
        seed: options.seed,
        now_ms: clock.now_ms(),
        users: options.users,
        sessions: options.sessions,
        admin: options.admin.clone(),
    };
    let mut secrets = match options.credentials {
        Credentials::Random => Secrets::Random,
        // Another stream than the world's, so that the world is the same with both kinds.
        Credentials::Seeded => Secrets::Seeded(Rng::new(options.seed ^ 0x5ec2_e75e_ed00_0001)),
    };
    let auth = Auth {
        client_id: format!("1800.{}", uuid_text(secrets.uuid())),
        client_secret: uuid_text(secrets.uuid()),
        token: uuid_text(secrets.uuid()),
    };
    let mut tokens = Tokens::default();
    let scopes = match options.system {
        Kind::Janssen => janssen::client_scopes(&options),
    };
    let now_ms = clock.now_ms();
    tokens.issue(auth.token.clone(), scopes, None, now_ms, DIRECT_TOKEN_MS);
    Shared {
        world: Mutex::new(recipe.world()),
        pauses: Mutex::new(Rng::new(options.seed)),
        options,
        url,
        auth,
        clock,
        tokens: Mutex::new(tokens),
        devices: Mutex::new(Devices::default()),
        faults: Mutex::new(faults),
        journal: Journal::default(),
        secrets: Mutex::new(secrets),
        refusals,
    }
}

impl Running {
    /// Base address, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// Base address of the control port, always plain http. `None`: not asked for.
    #[must_use]
    pub fn control_url(&self) -> Option<&str> {
        self.control_url.as_deref()
    }

    /// Its credentials.
    #[must_use]
    pub fn auth(&self) -> &Auth {
        &self.shared.auth
    }

    /// The certificate authority that clients must trust, PEM. `None` without TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// One line of JSON for scripts: `{"system":…,"url":…,"auth":{…}}`, and `"control"` if that port is open.
    #[must_use]
    pub fn json_line(&self) -> String {
        let auth = self.auth();
        let mut line = json!({
            "system": self.shared.options.system.name(),
            "url": self.url(),
            "auth": {
                "client_id": auth.client_id,
                "client_secret": auth.client_secret,
                "token": auth.token,
            },
        });
        if let Some(url) = self.control_url() {
            line["control"] = json!(url);
        }
        line.to_string()
    }

    /// File name under which [`Running::config_toml`] expects the certificate authority, beside itself.
    #[must_use]
    pub fn ca_file_name(&self, profile: &str) -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        format!("{}-ca.pem", profile.chars().map(safe).collect::<String>())
    }

    /// A configuration with one profile for this emulator, with its secret in it.
    ///
    /// With TLS it names a `ca_file` beside itself, see [`Running::ca_file_name`].
    #[must_use]
    pub fn config_toml(&self, profile: &str) -> String {
        let name = toml_key(profile);
        let auth = self.auth();
        let mut text = format!(
            "default_profile = {}\n\n[profile.{name}]\nsystem = {}\nurl = {}\nallow_plain = true\n",
            json!(profile),
            json!(self.shared.options.system.name()),
            json!(self.url()),
        );
        if self.ca_pem.is_some() {
            let _ = writeln!(text, "ca_file = {}", json!(self.ca_file_name(profile)));
        }
        let _ = write!(
            text,
            "\n[profile.{name}.login]\nmethod = \"client_credentials\"\nclient_id = {}\nclient_secret = {}\n",
            json!(auth.client_id),
            json!(auth.client_secret),
        );
        let _ = write!(text, "\n[profile.{name}.client_names]\n");
        for client in &lock(&self.shared.world).clients {
            let _ = writeln!(text, "{} = {}", json!(client.id), json!(client.name));
        }
        text
    }

    /// Every request so far, oldest first; only the last 65,536 are kept.
    #[must_use]
    pub fn journal(&self) -> Vec<Entry> {
        self.shared.journal.entries()
    }

    /// Replaces all faults, each one JSON object; an empty list ends them. Counting starts anew.
    ///
    /// # Errors
    /// A fault cannot be read; then nothing is changed.
    pub fn set_faults<S: AsRef<str>>(&self, specs: &[S]) -> Result<(), FaultError> {
        let faults = parse_all(specs)?;
        *lock(&self.shared.faults) = faults;
        Ok(())
    }

    /// A way into its world.
    #[must_use]
    pub fn world(&self) -> Handle {
        Handle {
            shared: self.shared.clone(),
        }
    }

    /// Stops listening, closes all connections and waits until that is done.
    pub async fn stop(mut self) {
        self.stop.cancel();
        for server in std::mem::take(&mut self.servers) {
            // An error here is a panic of the server task: it has ended either way.
            let _ = server.await;
        }
    }

    async fn open_control(&mut self) -> Result<(), StartError> {
        let (listener, port) = open(0).await?;
        // Nobody sends: faults are about the other port.
        let (_, refusals) = mpsc::channel(1);
        let server = Server {
            shared: None,
            router: control::router(self.shared.clone()),
            tls: None,
            stop: self.stop.clone(),
            refusals,
        };
        self.control_url = Some(format!("http://127.0.0.1:{port}"));
        self.servers.push(tokio::spawn(server.run(listener, port)));
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A key of TOML, quoted only if it must be. JSON's quoting is one that TOML understands.
fn toml_key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(is_bare) {
        name.to_owned()
    } else {
        json!(name).to_string()
    }
}

async fn open(port: u16) -> Result<(tokio::net::TcpListener, u16), StartError> {
    let failed = |source| StartError::Listen { port, source };
    let listener = listen(port).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    Ok((listener, port))
}

fn parse_all<S: AsRef<str>>(specs: &[S]) -> Result<Vec<Fault>, FaultError> {
    specs
        .iter()
        .map(|spec| Fault::parse(spec.as_ref()))
        .collect()
}
