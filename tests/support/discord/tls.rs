//! TLS as `discord.com`: an authority and a certificate, made anew for each stand-in.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What the server shows, and who vouches for it.
pub(crate) struct Identity {
    /// PEM, for the client to trust.
    pub(crate) authority: String,
    config: Arc<ServerConfig>,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Unlike the server's: OpenSSL takes a certificate for self-signed whose issuer is called as it is.
        params.distinguished_name.push(DnType::CommonName, "an authority for tests");
        let issuer =
            CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let names = ["discord.com", "localhost", "127.0.0.1"].map(str::to_owned);
        let params = CertificateParams::new(names).expect("good names");
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key of our own");
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("the key fits");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { authority: issuer.pem(), config: Arc::new(config) }
    }
}

/// Connections that have shaken hands. A client that never does keeps nobody else waiting.
pub(crate) struct Tls {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    _accepting: JoinSet<()>,
}

impl Tls {
    pub(crate) fn new(listener: TcpListener, identity: Identity) -> Self {
        let address = listener.local_addr().expect("an address");
        let (sender, ready) = mpsc::channel(64);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, TlsAcceptor::from(identity.config), sender));
        Self { address, ready, _accepting: accepting }
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    ready: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let mut shaking = JoinSet::new();
    while let Ok((stream, peer)) = listener.accept().await {
        while shaking.try_join_next().is_some() {}
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        shaking.spawn(async move {
            let _ = stream.set_nodelay(true);
            let shaken = tokio::time::timeout(Duration::from_secs(10), acceptor.accept(stream)).await;
            if let Ok(Ok(stream)) = shaken {
                let _ = ready.send((stream, peer)).await;
            }
        });
    }
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The port is gone, and the stand-in with it.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
