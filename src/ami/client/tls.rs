//! Whom to believe. The provider is named here, never the process default: another one may be linked in.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::SetupError;

/// With `ca` (PEM): only what these signed, or one of these itself. Without: the authorities that the system trusts.
pub(super) fn config(ca: Option<&[u8]>) -> Result<Arc<ClientConfig>, SetupError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let builder = match ca {
        None => builder.with_root_certificates(system()?),
        Some(pem) => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Private::new(pem, provider)?))
        }
    };
    Ok(Arc::new(builder.with_no_client_auth()))
}

fn system() -> Result<RootCertStore, SetupError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map(|e| format!(" ({e})")).unwrap_or_default();
        return Err(SetupError::NoAuthorities(why));
    }
    Ok(roots)
}

/// What went wrong in a handshake, for the operator.
pub(super) fn explain(error: &std::io::Error) -> String {
    let inner = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(why)) => certificate(why),
        Some(rustls::Error::InvalidMessage(_)) => {
            "what answers there does not speak tls; is it the plain port?".to_owned()
        }
        _ if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the server closed the connection within the handshake".to_owned()
        }
        _ => error.to_string(),
    }
}

fn certificate(why: &CertificateError) -> String {
    match why {
        // Bad: signed by one who only has the name of one that we believe.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the server's certificate is signed by nobody whom ca (without it: the system) trusts".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is for another name; address must use the name that is in it, or ca must hold \
             that very certificate"
                .to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet; are the clocks right?".to_owned()
        }
        other => format!("the server's certificate cannot be used: {other}"),
    }
}

/// The private authorities of `ca`.
///
/// Asterisk is often run with a self-signed certificate, which names itself as its own authority and which no chain
/// of trust can verify. Who puts exactly that certificate into `ca` has said all there is to say: it is believed,
/// whatever name and date it holds. The server must still prove that it has the key.
#[derive(Debug)]
struct Private {
    listed: Vec<CertificateDer<'static>>,
    chain: Arc<WebPkiServerVerifier>,
}

impl Private {
    fn new(pem: &[u8], provider: Arc<CryptoProvider>) -> Result<Self, SetupError> {
        let wrong = |why: &dyn ToString| SetupError::Authority(why.to_string());
        let listed =
            CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().map_err(|e| wrong(&e))?;
        if listed.is_empty() {
            return Err(wrong(&"there is no BEGIN CERTIFICATE in it"));
        }
        let mut roots = RootCertStore::empty();
        for certificate in &listed {
            roots.add(certificate.clone()).map_err(|e| wrong(&e))?;
        }
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Ok(Self { listed, chain: chain.map_err(|e| wrong(&e))? })
    }
}

impl ServerCertVerifier for Private {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.listed.iter().any(|c| c == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        self.chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}
