//! TLS of an SQL connection, by the layer that every connection has.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use crate::api::net::Connector;
use crate::model::ApiError;

/// The handshake with one host.
pub(super) struct Handshake {
    connector: Arc<Connector>,
    host: String,
}

impl Handshake {
    /// With this host, a name or an address without brackets.
    pub(super) fn new(connector: Arc<Connector>, host: String) -> Self {
        Self { connector, host }
    }
}

impl TlsConnect<TcpStream> for Handshake {
    type Stream = Secure;
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Secure, ApiError>> + Send>>;

    fn connect(self, stream: TcpStream) -> Self::Future {
        Box::pin(async move {
            let secure = self.connector.tls(stream, &self.host).await?;
            Ok(Secure(secure))
        })
    }
}

/// An encrypted connection.
pub(super) struct Secure(tokio_rustls::client::TlsStream<TcpStream>);

impl TlsStream for Secure {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Secure {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Secure {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
