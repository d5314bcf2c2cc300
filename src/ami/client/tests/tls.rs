//! Whom the client believes.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A server's certificate, its key, and the PEM that a client should put into `ca`.
struct Papers {
    acceptor: TlsAcceptor,
    ca: String,
}

fn acceptor(certificate: &rcgen::Certificate, key: &KeyPair) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key);
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

fn signed_for(name: &str) -> Papers {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    Papers { acceptor: acceptor(&certificate, &key), ca: issuer.pem() }
}

/// As `openssl req -x509` and Asterisk's `ast_tls_cert` leave it: its own authority, for another name.
fn self_signed() -> Papers {
    let mut params = CertificateParams::new(["pbx.example.org".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Papers { acceptor: acceptor(&certificate, &key), ca: certificate.pem() }
}

fn setup(host: &str, port: u16, ca: Option<&str>) -> ClientSetup {
    let address = Address::Tls { host: host.into(), port, ca: ca.map(|c| c.as_bytes().to_vec()) };
    let retry = Retry { first: 10 * MS, ..Retry::default() };
    ClientSetup::new(address, "bot", Secret::new("botsecret")).unwrap().with(retry, Pace::default())
}

async fn succeeds(host: &str, papers: Papers) {
    let server = Server::start().await;
    let client = Client::start(setup(host, server.port(), Some(&papers.ca)));
    let mut peer = Peer::new(papers.acceptor.accept(server.socket().await).await.unwrap());
    peer.run(client.up()).await;
    let login = peer.asked.iter().find(|a| a.view().get("Action") == Some(b"Login")).unwrap();
    assert_eq!(login.view().get("Secret"), Some(&b"botsecret"[..]), "an encrypted link needs no challenge");
    client.end().await;
}

/// What the operator reads.
async fn refused(host: &str, acceptor: TlsAcceptor, ca: Option<&str>) -> String {
    let server = Server::start().await;
    let client = Client::start(setup(host, server.port(), ca));
    let socket = server.socket().await;
    let (_, status) = tokio::join!(acceptor.accept(socket), client.status(|s| s.error.is_some()));
    client.end().await;
    status.error.unwrap()
}

#[tokio::test]
async fn a_private_authority_is_believed() {
    succeeds("localhost", signed_for("localhost")).await;
    succeeds("127.0.0.1", signed_for("127.0.0.1")).await;
}

#[tokio::test]
async fn a_self_signed_certificate_that_is_named_itself_is_believed() {
    succeeds("127.0.0.1", self_signed()).await;
}

#[tokio::test]
async fn all_others_are_refused_with_what_to_look_at() {
    let ours = signed_for("localhost");
    let other = signed_for("localhost");
    let wrong = refused("localhost", other.acceptor.clone(), Some(&ours.ca)).await;
    assert!(wrong.contains("signed by nobody whom ca"), "{wrong}");
    let alone = Address::Tls { host: "localhost".into(), port: 1, ca: None };
    match ClientSetup::new(alone, "bot", Secret::new("s")) {
        Ok(_) => {
            let system = refused("localhost", ours.acceptor.clone(), None).await;
            assert!(system.contains("without it: the system"), "{system}");
        }
        Err(e) => assert!(e.to_string().contains("install ca-certificates"), "{e}"),
    }
    let name = refused("127.0.0.1", ours.acceptor, Some(&ours.ca)).await;
    assert!(name.contains("for another name"), "{name}");
    let forged = refused("127.0.0.1", self_signed().acceptor, Some(&self_signed().ca)).await;
    assert!(forged.contains("signed by nobody") || forged.contains("cannot be used"), "{forged}");
}

#[tokio::test]
async fn the_plain_port_is_told_from_the_encrypted_one() {
    let server = Server::start().await;
    let client = Client::start(setup("localhost", server.port(), Some(&self_signed().ca)));
    let mut peer = server.accept().await;
    peer.say("Asterisk Call Manager/11.0.0\r\n").await;
    let status = client.status(|s| s.error.is_some()).await;
    assert!(status.error.as_deref().unwrap().contains("is it the plain port?"), "{status:?}");
    client.end().await;
}

#[test]
fn a_wrong_ca_file_is_told_at_once() {
    let with = |ca: &str| {
        let address = Address::Tls { host: "x".into(), port: 1, ca: Some(ca.as_bytes().to_vec()) };
        ClientSetup::new(address, "bot", Secret::new("s")).map(|_| ()).unwrap_err().to_string()
    };
    assert!(with("").contains("BEGIN CERTIFICATE"));
    assert!(
        with("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .contains("no certificate can be read")
    );
    let address = Address::Tls { host: "not a host".into(), port: 1, ca: None };
    assert!(ClientSetup::new(address, "bot", Secret::new("s")).is_err());
}
