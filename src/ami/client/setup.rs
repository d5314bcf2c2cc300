//! Where an Asterisk is and how to log in there: checked once, before anything runs.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::{InvalidDnsNameError, ServerName};

use super::{Retry, tls};
use crate::session::{Auth, Login, Pace, Secret};
use crate::wire::ActionError;

/// Where the manager interface listens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Address {
    /// Not encrypted. The login goes by challenge, so that at least the secret does not cross the wire.
    Tcp {
        /// Name or address.
        host: String,
        /// Usually 5038.
        port: u16,
    },
    /// Encrypted.
    Tls {
        /// Name or address; the certificate must be for it.
        host: String,
        /// Usually 5039.
        port: u16,
        /// PEM. With it, only what these authorities signed is believed, or one of these certificates itself (a
        /// self-signed one, then whatever name is in it). Without it, whatever the system trusts.
        ca: Option<Vec<u8>>,
    },
}

/// What is wrong with a setup.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The name or the secret cannot be sent.
    #[error("the login cannot be sent: {0}")]
    Login(#[from] ActionError),
    /// The `ca` file holds no certificate that can be used.
    #[error("no certificate can be read from ca: {0}")]
    Authority(String),
    /// No `ca`, and the system knows no authorities either.
    #[error(
        "the system trusts no authorities{0}: install ca-certificates, or name the server's certificate in ca"
    )]
    NoAuthorities(String),
    /// No certificate could be for that host.
    #[error("\"{host}\" cannot be checked against a certificate")]
    Host {
        /// The host.
        host: String,
        /// Why.
        source: InvalidDnsNameError,
    },
    /// The TLS library refused our own settings.
    #[error("tls cannot be set up")]
    Tls(#[from] rustls::Error),
}

/// A login to one Asterisk, checked.
#[derive(Clone, Debug)]
pub struct ClientSetup {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Option<Tls>,
    pub(super) retry: Retry,
    username: String,
    secret: Secret,
    pace: Pace,
}

#[derive(Clone, Debug)]
pub(super) struct Tls {
    pub(super) config: Arc<ClientConfig>,
    pub(super) name: ServerName<'static>,
}

impl ClientSetup {
    /// Checks all that can be checked without a connection.
    pub fn new(address: Address, username: &str, secret: Secret) -> Result<Self, SetupError> {
        Login::new(username, secret.clone(), Auth::Plain, 0)?;
        let (host, port, tls) = match address {
            Address::Tcp { host, port } => (host, port, None),
            Address::Tls { host, port, ca } => {
                let name = ServerName::try_from(host.clone())
                    .map_err(|source| SetupError::Host { host: host.clone(), source })?;
                let config = tls::config(ca.as_deref())?;
                (host, port, Some(Tls { config, name }))
            }
        };
        let username = username.to_owned();
        let (retry, pace) = (Retry::default(), Pace::default());
        Ok(Self { host, port, tls, retry, username, secret, pace })
    }

    /// With other waiting times than gavel's.
    pub fn with(mut self, retry: Retry, pace: Pace) -> Self {
        (self.retry, self.pace) = (retry, pace);
        self
    }

    /// The login for one connection; `nonce` is random.
    pub(super) fn login(&self, nonce: u64) -> Result<Login, ActionError> {
        let auth = if self.tls.is_some() { Auth::Plain } else { Auth::Md5 };
        Ok(Login::new(&self.username, self.secret.clone(), auth, nonce)?.with_pace(self.pace))
    }
}
