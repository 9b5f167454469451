//! A way to the server that breaks at the worst moment. It ends the TLS of both sides, so that it can tell
//! one statement from another; towards the server it shows the certificate of the client.

use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_util::sync::CancellationToken;

use crate::conformance::{Fault, Framing};
use crate::server::Way;

/// The bytes of a list that pass before it is cut.
const CUT_AT: usize = 300;

/// The TLS towards both sides.
pub struct Passage {
    acceptor: TlsAcceptor,
    connector: TlsConnector,
}

impl Passage {
    /// `node`: the folder with the certificate of the server; `own`: the one with that of the user.
    pub fn new(node: &Path, own: &Path, user: &str, way: Way) -> Self {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(node.join("ca.crt")).expect("an authority");
        roots.add(authority).expect("an authority");
        let roots = Arc::new(roots);
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions");
        let server = match way {
            Way::Scram => server.with_no_client_auth(),
            // Who has none does not come through.
            Way::Certificate => server.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(
                    Arc::clone(&roots),
                    Arc::clone(&provider),
                )
                .build()
                .expect("an authority"),
            ),
        };
        let (chain, key) = pair(node, "node");
        let server = server.with_single_cert(chain, key).expect("a certificate");
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots);
        let client = match way {
            Way::Scram => client.with_no_client_auth(),
            Way::Certificate => {
                let (chain, key) = pair(own, &format!("client.{user}"));
                client
                    .with_client_auth_cert(chain, key)
                    .expect("a certificate")
            }
        };
        Self {
            acceptor: TlsAcceptor::from(Arc::new(server)),
            connector: TlsConnector::from(Arc::new(client)),
        }
    }
}

fn pair(folder: &Path, name: &str) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let chain = CertificateDer::from_pem_file(folder.join(format!("{name}.crt")));
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key")));
    (vec![chain.expect("a certificate")], key.expect("a key"))
}

pub struct Proxy {
    pub port: u16,
    fault: Arc<Mutex<Option<Fault>>>,
    stop: CancellationToken,
    listens: JoinHandle<()>,
}

impl Proxy {
    /// Hands everything on to this port, until it is told otherwise.
    pub async fn start(to: u16, passage: Passage) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (fault, stop) = (Arc::default(), CancellationToken::new());
        let (passage, stopped, met) = (Arc::new(passage), stop.clone(), Arc::clone(&fault));
        let listens = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Some(Ok((ours, _))) = stopped.run_until_cancelled(listener.accept()).await {
                connections.spawn(serve(ours, to, Arc::clone(&passage), Arc::clone(&met)));
            }
            drop(listener);
            connections.shutdown().await;
        });
        Self {
            port,
            fault,
            stop,
            listens,
        }
    }

    /// From now on this goes wrong.
    pub fn meet(&self, fault: Fault) {
        *self.fault.lock().expect("nobody panicked") = Some(fault);
    }

    /// Closes every connection and listens no more.
    pub async fn stop(mut self) {
        self.stop.cancel();
        (&mut self.listens).await.expect("it ends");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn serve(
    mut ours: TcpStream,
    to: u16,
    passage: Arc<Passage>,
    fault: Arc<Mutex<Option<Fault>>>,
) -> Option<()> {
    // The request for TLS and its answer are in clear.
    let mut theirs = TcpStream::connect(("127.0.0.1", to)).await.ok()?;
    let (mut request, mut answer) = ([0; 8], [0; 1]);
    ours.read_exact(&mut request).await.ok()?;
    theirs.write_all(&request).await.ok()?;
    theirs.read_exact(&mut answer).await.ok()?;
    ours.write_all(&answer).await.ok()?;
    let ours = passage.acceptor.accept(ours).await.ok()?;
    let host = ServerName::try_from("localhost").expect("a name");
    let theirs = passage.connector.connect(host, theirs).await.ok()?;
    pass(ours, theirs, &fault).await
}

/// Hands everything on, except what is to go wrong. None: a connection broke, or was broken.
async fn pass(
    mut ours: impl AsyncRead + AsyncWrite + Unpin,
    mut theirs: impl AsyncRead + AsyncWrite + Unpin,
    fault: &Mutex<Option<Fault>>,
) -> Option<()> {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = ours.read(&mut asked) => {
                let asked = &asked[..some(read)?];
                let fault = *fault.lock().expect("nobody panicked");
                match fault.filter(|fault| hits(*fault, asked)) {
                    None => theirs.write_all(asked).await.ok()?,
                    Some(Fault::LostRequest) => return None,
                    Some(Fault::LostAnswer) => {
                        theirs.write_all(asked).await.ok()?;
                        // It is done when its answer is here; nobody hears it.
                        return some(theirs.read(&mut answered).await).and(None);
                    }
                    Some(Fault::Hang) => std::future::pending().await,
                    Some(Fault::Cut(framing)) => {
                        theirs.write_all(asked).await.ok()?;
                        let mut whole = 0;
                        while whole < 2 * CUT_AT {
                            whole += some(theirs.read(&mut answered[whole..]).await)?;
                        }
                        ours.write_all(&answered[..cut(&answered, framing)]).await.ok()?;
                        ours.shutdown().await.ok()?;
                        return None;
                    }
                    Some(Fault::NoList(kind)) => ours.write_all(&no_list(kind)).await.ok()?,
                    Some(other) => panic!("no connection breaks like this: {other:?}"),
                }
            }
            read = theirs.read(&mut answered) => {
                ours.write_all(&answered[..some(read)?]).await.ok()?;
            }
        }
    }
}

/// How many bytes came. None: no more will come.
fn some(read: std::io::Result<usize>) -> Option<usize> {
    read.ok().filter(|count| *count > 0)
}

/// Whether a statement is one that the fault is about.
fn hits(fault: Fault, asked: &[u8]) -> bool {
    let has = |part: &[u8]| asked.windows(part.len()).any(|found| found == part);
    match fault {
        Fault::LostAnswer | Fault::LostRequest => has(b"UPDATE system.web_sessions"),
        _ => has(b"ORDER BY w.id"),
    }
}

/// Where an answer is cut: inside a message, or after the last whole one.
fn cut(answer: &[u8], framing: Framing) -> usize {
    let mut last = 0;
    loop {
        let length = answer[last + 1..last + 5].try_into().expect("four bytes");
        let next = last + 1 + u32::from_be_bytes(length) as usize;
        match framing {
            Framing::Parts if next > CUT_AT => return last,
            // Not by chance after a whole one.
            Framing::Length if next > CUT_AT => return CUT_AT.max(last + 3),
            _ => last = next,
        }
    }
}

/// Well-formed messages that are no answer to a list.
/// Source: PostgreSQL documentation, "Message Formats".
fn no_list(kind: &str) -> Vec<u8> {
    let message = |tag: u8, body: &[u8]| {
        let length = u32::try_from(body.len() + 4).expect("a short message");
        [&[tag], &length.to_be_bytes()[..], body].concat()
    };
    let ready = message(b'Z', b"I");
    let (parsed, bound) = (message(b'1', b""), message(b'2', b""));
    // One column "x" of the type text.
    let mut columns = b"\0\x01x\0\0\0\0\0\0\0".to_vec();
    columns.extend([0, 0, 0, 25, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1]);
    let columns = message(b'T', &columns);
    let row = message(b'D', b"\0\x01\0\0\0\x01y");
    let done = message(b'C', b"SELECT 1\0");
    match kind {
        "another answer" => [parsed, bound, message(b'V', b"\xFF\xFF\xFF\xFF"), ready].concat(),
        "other columns" => [parsed, bound, columns, row, done, ready].concat(),
        "no rows and no end" => [parsed, bound, ready].concat(),
        _ => panic!("no such answer: {kind}"),
    }
}
