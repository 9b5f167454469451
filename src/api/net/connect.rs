//! Opening a connection for a protocol that is not HTTP: TCP, and TLS on it.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::error::{clean, of_connect, of_tls};
use super::tls::TlsSettings;
use crate::config::Profile;
use crate::model::{ApiError, Unreached, time};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long a connection of this profile may take to come about. Less than the whole limit of a request:
/// then it is certain that nothing was sent.
pub fn connect_limit(profile: &Profile) -> Duration {
    CONNECT_LIMIT.min(profile.timeout.mul_f32(0.8))
}

/// Opens connections as a profile says. Never through a proxy: those of the environment are for HTTP.
pub struct Connector {
    profile: String,
    limit: Duration,
    tls: TlsSettings,
    /// Made when first needed: that reads files.
    config: OnceCell<Arc<ClientConfig>>,
}

impl Connector {
    /// As the profile says. Nothing is sent and no file is read yet.
    pub fn new(profile: &Profile) -> Self {
        Self {
            profile: profile.name.clone(),
            limit: connect_limit(profile),
            tls: TlsSettings::new(profile),
            config: OnceCell::new(),
        }
    }

    /// A TCP connection to this host, a name or an address without brackets. May be dropped at any
    /// await.
    ///
    /// # Errors
    /// [`ApiError::Unreachable`]: nothing was sent.
    pub async fn tcp(&self, host: &str, port: u16) -> Result<TcpStream, ApiError> {
        let there = address(host, port);
        let deadline = Instant::now() + self.limit;
        let found = timeout_at(deadline, lookup_host((host, port)))
            .await
            .map_err(|_| self.late(&there))?
            .map_err(|_| ApiError::Unreachable {
                host: there.clone(),
                cause: Unreached::NoSuchName,
                why: format!("cannot find host {host}"),
                exchange: None,
            })?;
        let found: Vec<_> = found.collect();
        let stream = timeout_at(deadline, TcpStream::connect(found.as_slice()))
            .await
            .map_err(|_| self.late(&there))?
            .map_err(|error| of_connect(&error, there))?;
        // Requests are small, and each waits for its answer.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }

    /// TLS on a connection to this host. Its certificate must be for `host`. May be dropped at
    /// any await.
    ///
    /// # Errors
    /// [`ApiError::Tls`] if the certificate is not accepted, [`ApiError::Handshake`] or
    /// [`ApiError::Unreachable`] if TLS fails otherwise, [`ApiError::Config`] if a file of the profile
    /// cannot be used.
    pub async fn tls(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Result<TlsStream<TcpStream>, ApiError> {
        let there = address(host, stream.peer_addr().map_or(0, |peer| peer.port()));
        let config = self.config.get_or_try_init(|| self.read_config()).await?;
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| self.wrong(format!("url: \"{}\" is no name of a host", clean(host))))?;
        let handshake = TlsConnector::from(Arc::clone(config)).connect(name, stream);
        timeout_at(Instant::now() + self.limit, handshake)
            .await
            .map_err(|_| self.late(&there))?
            .map_err(|error| of_tls(&error, &there).unwrap_or_else(|| of_connect(&error, there)))
    }

    /// The TLS settings of the profile, and the server's certificate as seen on a connection.
    pub fn settings(&self) -> &TlsSettings {
        &self.tls
    }

    async fn read_config(&self) -> Result<Arc<ClientConfig>, ApiError> {
        let tls = self.tls.clone();
        let read = tokio::task::spawn_blocking(move || tls.client_config(&[])).await;
        let read = read.unwrap_or_else(|_| Err("the TLS settings could not be read".into()));
        read.map(Arc::new).map_err(|why| self.wrong(why))
    }

    fn late(&self, host: &str) -> ApiError {
        ApiError::Unreachable {
            host: host.to_owned(),
            cause: Unreached::TimedOut,
            why: format!("no connection within {}", time::span(self.limit)),
            exchange: None,
        }
    }

    fn wrong(&self, why: String) -> ApiError {
        ApiError::Config {
            profile: self.profile.clone(),
            why,
        }
    }
}

/// Host and port, as errors name them.
fn address(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
