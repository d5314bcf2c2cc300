//! A certificate for `localhost` and 127.0.0.1, and the authority that vouches for it. All as PEM.

/// Made anew each time.
pub(crate) struct Identity {
    pub(crate) authority: String,
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = rcgen::CertifiedIssuer::self_signed(params, key).expect("an authority");
        let key = rcgen::KeyPair::generate().expect("a key");
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let params = rcgen::CertificateParams::new(names).expect("good names");
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        Self { authority: issuer.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
    }
}
