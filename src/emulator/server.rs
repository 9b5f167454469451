//! Listens on the loopback address and serves connections until it is told to stop.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::fault::pause_of_connection;
use super::shared::Shared;
use super::wire::Wire;

/// Pause before the next try to accept, or to get the port back after a refusal.
const RETRY: Duration = Duration::from_millis(20);

/// Waits for so long. For no time at all it does not wait: a timer takes a millisecond even then.
pub(crate) async fn pause_for(pause: Duration) {
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
}

/// Opens a listener on 127.0.0.1; port 0 takes a free one.
///
/// # Errors
/// The port is taken, or needs rights that this process lacks.
pub(crate) async fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

/// The treatment of connections by a server.
#[async_trait]
pub trait Service: Send + Sync {
    /// Protocols that a client may name in the TLS handshake. Empty: any, and none.
    fn alpn(&self) -> &[&str] {
        &[]
    }

    /// Serves one connection until it ends. May be dropped at any time.
    async fn serve(&self, wire: Wire);
}

/// One listening server.
pub(crate) struct Server {
    /// Answers.
    pub(crate) service: Arc<dyn Service>,
    /// Decides about pauses of new connections. `None`: faults do not apply here.
    pub(crate) faults: Option<Arc<Shared>>,
    /// Encrypts. `None`: it does not.
    pub(crate) tls: Option<TlsAcceptor>,
    /// Ends it.
    pub(crate) stop: CancellationToken,
    /// For how long to close the listener and all connections, from the `refuse` fault.
    pub(crate) refusals: mpsc::Receiver<Duration>,
}

impl Server {
    /// Serves until it is stopped. Dropping the future closes all connections.
    pub(crate) async fn run(mut self, mut listener: TcpListener, port: u16) {
        let mut connections = JoinSet::new();
        let stop = self.stop.clone();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                accepted = listener.accept() => {
                    match accepted {
                        Ok((stream, _)) => {
                            connections.spawn(self.connection(stream));
                        }
                        // Too many open files, for one: trying again at once would only burn time.
                        Err(_) => tokio::time::sleep(RETRY).await,
                    }
                }
                Some(_) = connections.join_next() => {}
                Some(pause) = self.refusals.recv() => {
                    drop(listener);
                    connections.shutdown().await;
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(pause) => {}
                    }
                    listener = tokio::select! {
                        () = stop.cancelled() => return,
                        again = listen_again(port) => again,
                    };
                }
            }
        }
        connections.shutdown().await;
    }

    fn connection(&self, stream: TcpStream) -> impl Future<Output = ()> + use<> {
        let service = self.service.clone();
        let tls = self.tls.clone();
        let pause = self
            .faults
            .as_deref()
            .map_or(Duration::ZERO, pause_of_connection);
        async move {
            pause_for(pause).await;
            // Small answers must not wait for the acknowledgement of the one before.
            let _ = stream.set_nodelay(true);
            let wire = match tls {
                None => Wire::plain(stream),
                Some(acceptor) => match acceptor.accept(stream).await {
                    Ok(stream) => Wire::tls(stream),
                    // The client did not like the certificate, or spoke without TLS.
                    Err(_) => return,
                },
            };
            service.serve(wire).await;
        }
    }
}

/// Takes the same port again; somebody else may hold it for a moment.
async fn listen_again(port: u16) -> TcpListener {
    loop {
        match listen(port).await {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
}
