//! Starting and stopping, and what a running emulator tells about itself.

use std::any::Any;
use std::io::{self, Write};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::control;
use super::fault::{FaultError, read_all};
use super::http::HttpService;
use super::journal::JournalEntry;
use super::options::{Credentials, Options};
use super::server::{Server, listen};
use super::shared::{Shared, lock};
use super::system::Emulated;
use super::tls::ServerIdentity;

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port cannot be opened.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// The port asked for; 0: a free one.
        port: u16,
        /// The error of the operating system.
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
pub struct Running {
    shared: Arc<Shared>,
    pub(super) system: Arc<dyn Emulated>,
    url: String,
    control_url: Option<String>,
    pub(super) ca_pem: Option<String>,
    stop: CancellationToken,
    servers: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.shared.fmt(f)
    }
}

/// Starts an emulator on the current tokio runtime. It listens when this returns.
///
/// # Errors
/// The port is taken, a fault cannot be read, or no certificate could be made.
pub async fn start(options: Options) -> Result<Running, StartError> {
    let faults = read_all(&options.faults, options.system.word())?;
    let (tls, control) = (options.tls, options.control);
    let (listener, port) = open(options.port).await?;
    let base = format!("{}://127.0.0.1:{port}", options.system.scheme(tls));
    // One is enough: a refusal that comes while another is waiting adds nothing.
    let (refuse, refusals) = mpsc::channel(1);
    let shared = Arc::new(Shared::new(options, base, faults, refuse));
    let ground = shared.clone();
    // A big world takes its time: other tasks of this thread go on meanwhile.
    let made = tokio::task::spawn_blocking(move || ground.options.system.make(ground.clone()));
    let system = made.await.expect("making the world up does not panic");
    let service = system.clone().service();
    let identity = if tls {
        let made = ServerIdentity::new(service.alpn());
        Some(made.map_err(|error| StartError::Certificate(error.to_string()))?)
    } else {
        None
    };
    let stop = CancellationToken::new();
    let main = Server {
        service,
        faults: Some(shared.clone()),
        tls: identity.as_ref().map(|i| i.acceptor.clone()),
        stop: stop.clone(),
        refusals,
    };
    let mut running = Running {
        url: system.url(),
        control_url: None,
        ca_pem: identity.map(|i| i.ca_pem),
        servers: vec![tokio::spawn(main.run(listener, port))],
        system,
        shared,
        stop,
    };
    if control {
        running.open_control().await?;
    }
    Ok(running)
}

/// The moment of a world that is written out: the same options give the same bytes on any day.
const DUMP_MS: i64 = 1_773_481_315_000;

/// Makes a world up and writes its sessions as one JSON document, in the form of the system's own lists;
/// nothing listens. The same options always give the same bytes. `None`: the system has no such form.
pub fn dump(options: Options, to: &mut dyn Write) -> Option<io::Result<()>> {
    let options = Options {
        now: Some(options.now.unwrap_or(DUMP_MS)),
        credentials: Credentials::Seeded,
        ..options
    };
    let (refuse, _) = mpsc::channel(1);
    let shared = Arc::new(Shared::new(options, String::new(), Vec::new(), refuse));
    shared.options.system.make(shared.clone()).dump(to)
}

impl Running {
    /// Address for clients, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Base address of the control port, always plain http. `None`: not asked for.
    #[must_use]
    pub fn control_url(&self) -> Option<&str> {
        self.control_url.as_deref()
    }

    /// The certificate authority that clients must trust, PEM. `None` without TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Every request so far, oldest first; only the last 65,536 are kept.
    #[must_use]
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.shared.journal.entries()
    }

    /// How many requests over HTTP are without an answer now.
    #[must_use]
    pub fn answering(&self) -> usize {
        self.shared.load.now()
    }

    /// How many requests over HTTP were without an answer at the same time, at most.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.shared.load.most()
    }

    /// Replaces all faults, each one JSON object; an empty list ends them. Counting starts anew.
    ///
    /// # Errors
    /// A fault cannot be read; then nothing is changed.
    pub fn set_faults<S: AsRef<str>>(&self, specs: &[S]) -> Result<(), FaultError> {
        let faults = read_all(specs, self.options().system.word())?;
        *lock(&self.shared.faults) = faults;
        Ok(())
    }

    /// Now, Unix milliseconds, by the emulator's clock.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.shared.now_ms()
    }

    /// Moves the clock, forward or back: everything that ends at a time ages with it.
    pub fn move_clock(&self, by_ms: i64) {
        self.shared.clock.shift(by_ms);
    }

    /// Ends all tokens given out so far.
    pub fn expire_tokens(&self) {
        self.system.expire_tokens();
    }

    /// The options that it was started with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// The system itself, for what only its folder knows of it.
    ///
    /// # Panics
    /// Another system runs: the test that asks is wrong.
    #[must_use]
    pub fn emulated<T: Emulated>(&self) -> Arc<T> {
        let system: Arc<dyn Any + Send + Sync> = self.system.clone();
        let word = self.options().system.word();
        system
            .downcast()
            .unwrap_or_else(|_| panic!("the emulated system is {word}"))
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
            service: Arc::new(HttpService::new(control::router(self.shared.clone()))),
            faults: None,
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

#[cfg(test)]
mod tests {
    use super::super::{SYSTEMS, fleare};
    use super::*;

    fn dumped(sessions: usize, seed: u64) -> Vec<u8> {
        let mut out = Vec::new();
        let options = Options {
            sessions,
            seed,
            ..Options::of(SYSTEMS[0]())
        };
        dump(options, &mut out).unwrap().unwrap();
        out
    }

    #[test]
    fn the_same_options_write_the_same_document_with_every_session() {
        let document = dumped(300, 7);

        assert_eq!(document, dumped(300, 7));
        assert_ne!(document, dumped(300, 8));
        let value: serde_json::Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(value["entries"].as_array().unwrap().len(), 300);
        assert_eq!(value["totalEntriesCount"], 300);
    }

    #[test]
    fn a_system_without_a_list_in_json_writes_nothing() {
        assert!(dump(Options::of(fleare::system()), &mut Vec::new()).is_none());
    }
}
