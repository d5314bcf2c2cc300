//! Streams, plain and encrypted.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// A stream that becomes two halves.
pub(super) trait Connect: Send + 'static {
    fn connect(
        self,
    ) -> impl Future<
        Output = Option<(impl AsyncRead + Unpin + Send, impl AsyncWrite + Unpin + Send + 'static)>,
    > + Send;
}

impl Connect for TcpStream {
    async fn connect(
        self,
    ) -> Option<(impl AsyncRead + Unpin + Send, impl AsyncWrite + Unpin + Send + 'static)> {
        Some(self.into_split())
    }
}

/// One that must agree on its encryption first.
pub(super) struct Handshake {
    acceptor: TlsAcceptor,
    stream: TcpStream,
}

impl Handshake {
    pub(super) fn new(acceptor: TlsAcceptor, stream: TcpStream) -> Self {
        Self { acceptor, stream }
    }
}

impl Connect for Handshake {
    async fn connect(
        self,
    ) -> Option<(impl AsyncRead + Unpin + Send, impl AsyncWrite + Unpin + Send + 'static)> {
        let stream = timeout(Duration::from_secs(10), self.acceptor.accept(self.stream)).await;
        Some(tokio::io::split(stream.ok()?.ok()?))
    }
}
