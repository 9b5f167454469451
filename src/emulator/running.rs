//! Starting and stopping, and what a running emulator tells about itself.

use std::io;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::auth::{AmLogin, Auth};
use super::clock::Clock;
use super::devices::Devices;
use super::fault::{Fault, FaultError, apply};
use super::handle::Handle;
use super::journal::{Entry, Journal};
use super::options::{Credentials, Kind, Options};
use super::pingam::make::{AmRecipe, delegates};
use super::pingam::world::AmWorld;
use super::pingam::{self, AmHandle, AmOptions, Flavour};
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

/// A running emulator. Dropping it stops it; [`Running::stop`] also waits for the end.
#[derive(Debug)]
pub struct Running {
    pub(super) shared: Arc<Shared>,
    control_url: Option<String>,
    pub(super) ca_pem: Option<String>,
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
        Kind::Pingam => pingam::router(shared.clone(), Flavour::Pingam),
        Kind::Openam => pingam::router(shared.clone(), Flavour::Openam),
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
    let mut secrets = match options.credentials {
        Credentials::Random => Secrets::Random,
        // Another stream than the world's, so that the world is the same with both kinds.
        Credentials::Seeded => Secrets::Seeded(Rng::new(options.seed ^ 0x5ec2_e75e_ed00_0001)),
    };
    let mut auth = Auth {
        client_id: format!("1800.{}", uuid_text(secrets.uuid())),
        client_secret: uuid_text(secrets.uuid()),
        token: uuid_text(secrets.uuid()),
        logins: Vec::new(),
        bearer: String::new(),
    };
    let now_ms = clock.now_ms();
    let flavour = Flavour::of(options.system);
    let world = Recipe {
        seed: options.seed,
        now_ms,
        users: options.users,
        sessions: if flavour.is_some() {
            0
        } else {
            options.sessions
        },
        admin: options.admin.clone(),
        plain_front: options.plain_front,
    }
    .world();
    let mut tokens = Tokens::default();
    let am = match flavour {
        None => {
            let scopes = janssen::client_scopes(&options);
            tokens.issue(auth.token.clone(), scopes, None, now_ms, DIRECT_TOKEN_MS);
            AmWorld::default()
        }
        Some(flavour) => {
            // The first one is Janssen's administrator.
            let people = world.users.iter().skip(1).map(|u| u.name.clone()).collect();
            make_am(&options, flavour, people, now_ms, &mut secrets, &mut auth)
        }
    };
    let url = match flavour {
        None => url,
        Some(flavour) => format!("{url}/{}", pingam::context(flavour, &options.am)),
    };
    Shared {
        world: Mutex::new(world),
        am: Mutex::new(am),
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

/// The world of a PingAM or OpenAM, and who can sign in there.
fn make_am(
    options: &Options,
    flavour: Flavour,
    people: Vec<String>,
    now_ms: i64,
    secrets: &mut Secrets,
    auth: &mut Auth,
) -> AmWorld {
    let passwords = (uuid_text(secrets.uuid()), uuid_text(secrets.uuid()));
    let ordinary = people.last().cloned();
    auth.bearer = uuid_text(secrets.uuid());
    auth.logins = logins(&options.am, &passwords, ordinary);
    let mut world = AmRecipe {
        flavour,
        options: &options.am,
        seed: options.seed,
        now_ms,
        sessions: options.sessions,
        people,
        passwords,
    }
    .world();
    auth.token = world.insert_own(&options.am.admin, now_ms, DIRECT_TOKEN_MS, secrets);
    world
}

fn logins(
    options: &AmOptions,
    passwords: &(String, String),
    ordinary: Option<String>,
) -> Vec<AmLogin> {
    let login = |user: &str, password: &str, realm: &str| AmLogin {
        user: user.to_owned(),
        password: password.to_owned(),
        realm: realm.to_owned(),
    };
    std::iter::once(login(&options.admin, &passwords.0, "/"))
        .chain(
            options
                .realms
                .iter()
                .map(|realm| login(&delegates(realm).0, &passwords.0, realm)),
        )
        .chain(ordinary.map(|name| login(&name, &passwords.1, "/")))
        .collect()
}

impl Running {
    /// Base address, such as `http://127.0.0.1:40123`; for PingAM and OpenAM with the path of the deployment.
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

    /// A way into the world of a PingAM or OpenAM.
    #[must_use]
    pub fn am(&self) -> AmHandle {
        AmHandle {
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
