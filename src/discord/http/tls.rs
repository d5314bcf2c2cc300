//! The HTTP client: whom it believes, where it finds Discord, how long it waits.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::settings::Reach;

/// Discord's name.
const DISCORD: &str = "discord.com";
/// A connection, from its first packet to the end of its handshake.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest that anything takes; calls have times of their own.
const TOTAL: Duration = Duration::from_secs(30);
/// A handshake less for whoever presses a button now and then.
const IDLE: Duration = Duration::from_secs(300);
/// A connection that died in silence is found out.
const ALIVE: Duration = Duration::from_secs(20);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetupError {
    /// The additional certificates.
    #[error("the additional certificates cannot be read: {0}")]
    Certificates(String),
    /// A provider that cannot do what TLS needs.
    #[error("no tls: {0}")]
    Tls(#[from] rustls::Error),
    /// The client.
    #[error("no http client: {0}")]
    Client(#[from] reqwest::Error),
}

/// The client for all that is asked of Discord. HTTP/1.1, as a call that hangs then takes nothing down with it but
/// its own connection.
pub(crate) fn client(reach: Option<&Reach>) -> Result<reqwest::Client, SetupError> {
    let extra = reach.map(|reach| reach.ca.as_slice()).unwrap_or_default();
    let mut builder = reqwest::Client::builder()
        .use_preconfigured_tls(tls(extra)?)
        .http1_only()
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .pool_idle_timeout(IDLE)
        .tcp_keepalive(ALIVE)
        .redirect(Policy::none());
    if let Some(reach) = reach {
        builder = builder.resolve(DISCORD, reach.address).no_proxy();
    }
    Ok(builder.build()?)
}

/// The authorities that browsers trust, as the gateway's library does, and those of the configuration. The provider is
/// named here, never the process default: another one may be linked in.
fn tls(extra: &[u8]) -> Result<ClientConfig, SetupError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in CertificateDer::pem_slice_iter(extra) {
        let certificate = certificate.map_err(|error| SetupError::Certificates(error.to_string()))?;
        roots.add(certificate).map_err(|error| SetupError::Certificates(error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
