//! A peer that answers frames with given bytes, and notes what it heard.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::vectors::{self, bytes};

/// What is done with a frame.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes, one a second.
    Drip(Vec<u8>),
    /// Sends these bytes and nothing more, and keeps the connection.
    Stall(Vec<u8>),
    /// Sends these bytes and closes.
    Close(Vec<u8>),
}

impl Answer {
    pub fn hex(frame: &str) -> Self {
        Self::Send(bytes(frame))
    }
}

/// The frames of one connection.
pub type Frames = Vec<Vec<u8>>;

/// A running peer; dropped, it ends.
pub struct Peer {
    pub port: u16,
    heard: Arc<Mutex<Vec<Frames>>>,
    task: JoinHandle<()>,
}

impl Peer {
    /// `script` is given the number of the connection and that of the frame, both from 0.
    pub async fn start(script: impl Fn(usize, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let heard: Arc<Mutex<Vec<Frames>>> = Arc::default();
        let (notes, script) = (Arc::clone(&heard), Arc::new(script));
        let task = tokio::spawn(async move {
            let mut open = JoinSet::new();
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                notes.lock().expect("no panic in here").push(Frames::new());
                let (notes, script) = (Arc::clone(&notes), Arc::clone(&script));
                open.spawn(async move {
                    let answer = |frame| script(connection, frame);
                    let note =
                        |frame| notes.lock().expect("no panic in here")[connection].push(frame);
                    // An error is a client that has gone.
                    let _ = serve(stream, answer, note).await;
                });
            }
        });
        Self { port, heard, task }
    }

    /// One that takes the sign-in of `admin`, and does this with what follows.
    pub async fn after_sign_in(then: Answer) -> Self {
        Self::start(move |_, frame| match frame {
            0 => Answer::hex(vectors::CONNECTED),
            _ => then.clone(),
        })
        .await
    }

    /// The server of the documented example.
    pub async fn documented() -> Self {
        let connected = vectors::answer(vectors::DOCUMENTED_ID, "Ok", b"Connected");
        Self::start(move |_, frame| match frame {
            0 => Answer::Send(connected.clone()),
            _ => Answer::hex(vectors::DOCUMENTED),
        })
        .await
    }

    /// The frames of every connection so far.
    pub fn heard(&self) -> Vec<Frames> {
        self.heard.lock().expect("no panic in here").clone()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: impl Fn(usize) -> Answer,
    note: impl Fn(Vec<u8>),
) -> std::io::Result<()> {
    for number in 0.. {
        let mut frame = vec![0; 4];
        stream.read_exact(&mut frame).await?;
        let length = u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]);
        frame.resize(4 + length as usize, 0);
        stream.read_exact(&mut frame[4..]).await?;
        note(frame);
        match answer(number) {
            Answer::Send(bytes) => stream.write_all(&bytes).await?,
            Answer::Drip(bytes) => {
                for byte in bytes {
                    stream.write_all(&[byte]).await?;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            Answer::Stall(bytes) => {
                stream.write_all(&bytes).await?;
                std::future::pending::<()>().await;
            }
            Answer::Close(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.shutdown().await;
            }
        }
    }
    Ok(())
}
