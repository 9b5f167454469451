//! The byte stream of one connection, plain or TLS, which a fault can break at a given byte.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// Shared between a connection and the layer that answers on it.
#[derive(Debug, Default)]
pub(crate) struct Cut {
    left: Mutex<Option<u64>>,
}

impl Cut {
    /// Resets the connection after so many more bytes; 0: instead of the next byte.
    pub(crate) fn reset_after(&self, bytes: u64) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
    }

    /// How many of `wanted` bytes may still be written. `None`: the connection is to be reset now.
    fn allowance(&self, wanted: usize) -> Option<usize> {
        match *self.left.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Some(wanted),
            Some(0) => None,
            Some(left) => Some(wanted.min(usize::try_from(left).unwrap_or(usize::MAX))),
        }
    }

    fn spend(&self, written: usize) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(left) = left.as_mut() {
            *left = left.saturating_sub(written as u64);
        }
    }

    fn is_armed(&self) -> bool {
        self.left
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }
}

/// One connection.
#[derive(Debug)]
pub struct Wire {
    stream: Stream,
    cut: Arc<Cut>,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    /// A connection without encryption.
    pub(crate) fn plain(stream: TcpStream) -> Self {
        Wire {
            stream: Stream::Plain(stream),
            cut: Arc::default(),
        }
    }

    /// A connection after its TLS handshake.
    pub(crate) fn tls(stream: TlsStream<TcpStream>) -> Self {
        Wire {
            stream: Stream::Tls(Box::new(stream)),
            cut: Arc::default(),
        }
    }

    /// The hold on it of those who answer.
    pub(crate) fn cut(&self) -> Arc<Cut> {
        self.cut.clone()
    }

    /// The address of the client.
    pub(crate) fn peer(&self) -> io::Result<SocketAddr> {
        self.tcp().peer_addr()
    }

    fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(tls) => tls.get_ref().0,
        }
    }

    /// Makes the system send RST, not FIN, when the stream is dropped after this error.
    fn broken(&self) -> io::Error {
        match self.tcp().set_zero_linger() {
            Ok(()) => io::Error::new(io::ErrorKind::ConnectionReset, "reset by a fault"),
            Err(error) => error,
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Stream::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(allowed) = self.cut.allowance(bytes.len()) else {
            return Poll::Ready(Err(self.broken()));
        };
        let written = match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, &bytes[..allowed]),
            Stream::Tls(tls) => Pin::new(tls).poll_write(cx, &bytes[..allowed]),
        };
        if let Poll::Ready(Ok(count)) = written {
            self.cut.spend(count);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The whole answer was shorter than the fault's limit: reset all the same.
        if self.cut.is_armed() {
            return Poll::Ready(Err(self.broken()));
        }
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
