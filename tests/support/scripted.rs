//! A server that answers with exactly the bytes a test gives it, odd ones too, and notes what it heard.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Request line and headers.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Heard {
    /// Method and target, as sent.
    pub fn line(&self) -> &str {
        let line = self.head.lines().next().unwrap_or_default();
        line.trim_end_matches(" HTTP/1.1")
    }

    /// The value of a header; names without case.
    #[allow(dead_code)]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// The reaction to a request.
#[allow(dead_code)]
pub enum Act {
    /// Send these bytes and close.
    Send(Vec<u8>),
    /// Send these bytes and say nothing more.
    Stall(Vec<u8>),
    /// Send these bytes one by one, with a pause after each.
    Drip(Vec<u8>, Duration),
}

/// A running server; dropped, it ends.
pub struct Scripted {
    /// Its base address.
    pub url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    task: JoinHandle<()>,
}

impl Scripted {
    /// Starts a server that asks `script` what to do with each request; it is given its number from 0.
    #[allow(dead_code)]
    pub async fn start(script: impl Fn(usize, &Heard) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        let script = Arc::new(script);
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(serve(stream, Arc::clone(&script), Arc::clone(&notes)));
            }
        });
        Self { url, heard, task }
    }

    /// The same behind TLS.
    #[allow(dead_code)]
    pub async fn start_secure(
        acceptor: tokio_rustls::TlsAcceptor,
        script: impl Fn(usize, &Heard) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("https://{}", listener.local_addr().expect("an address"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        let script = Arc::new(script);
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (script, notes) = (Arc::clone(&script), Arc::clone(&notes));
                let accepted = acceptor.accept(stream).into_fallible();
                open.spawn(async move {
                    match accepted.await {
                        Ok(stream) => serve(stream, script, notes).await,
                        // Unread input at the close of a connection makes the system drop the
                        // reason that was sent.
                        Err((_, mut stream)) => {
                            let _ = stream.shutdown().await;
                            let _ = stream.read_to_end(&mut Vec::new()).await;
                        }
                    }
                });
            }
        });
        Self { url, heard, task }
    }

    /// Everything it was asked, in order.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("no test panics in here").clone()
    }

    /// How many requests began with this method.
    #[allow(dead_code)]
    pub fn count(&self, method: &str) -> usize {
        let heard = self.heard();
        heard
            .iter()
            .filter(|one| one.line().starts_with(method))
            .count()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<F: Fn(usize, &Heard) -> Act>(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    script: Arc<F>,
    notes: Arc<Mutex<Vec<Heard>>>,
) {
    let Some(heard) = hear(&mut stream).await else {
        return;
    };
    let number = {
        let mut notes = notes.lock().expect("no test panics in here");
        notes.push(heard.clone());
        notes.len() - 1
    };
    match script(number, &heard) {
        Act::Send(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Act::Stall(bytes) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending::<()>().await;
        }
        Act::Drip(bytes, pause) => {
            for byte in bytes {
                if stream.write_all(&[byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(pause).await;
            }
        }
    }
}

async fn hear(stream: &mut (impl AsyncRead + Unpin)) -> Option<Heard> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
        let Some(end) = end else { continue };
        let mut heard = Heard {
            head: String::from_utf8_lossy(&bytes[..end]).into_owned(),
            body: String::new(),
        };
        let length = heard.header("content-length");
        let length: usize = length.and_then(|text| text.parse().ok()).unwrap_or(0);
        if bytes.len() < end + 4 + length {
            continue;
        }
        heard.body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
        return Some(heard);
    }
}

/// An answer with a body, whole and well formed.
pub fn answer(status: &str, kind: &str, body: &str) -> Act {
    Act::Send(whole(status, &format!("Content-Type: {kind}\r\n"), body))
}

/// An answer of JSON with status 200.
pub fn json(body: &str) -> Act {
    answer("200 OK", "application/json", body)
}

/// The bytes of an answer with these extra header lines.
pub fn whole(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}
