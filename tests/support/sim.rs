//! The rehearsal server, with the very configuration files of the real servers, so that both have the same rooms,
//! ways in, users and callers.

use std::path::Path;

use gavel_sim::{Files, Server as Rehearsal, Setup, Style};
use tempfile::TempDir;

use crate::backend::{Backend, Server};
use crate::control::Control;
use crate::tls::Identity;

/// One in this process.
pub(crate) struct Sim {
    server: Rehearsal,
    dir: TempDir,
    authority: Option<String>,
}

const CONFBRIDGE: Files<'_> = Files {
    extensions: include_str!("asterisk/etc/extensions.conf"),
    confbridge: include_str!("asterisk/etc/confbridge.conf"),
    manager: include_str!("asterisk/etc/manager.conf"),
};
const MEETME: Files<'_> = Files {
    extensions: include_str!("meetme/etc/extensions.conf"),
    confbridge: "",
    manager: include_str!("meetme/etc/manager.conf"),
};

impl Sim {
    pub(crate) fn start(backend: Backend, tls: bool) -> Self {
        let style = match backend.version() {
            11 => Style::V11,
            16 => Style::V16,
            _ => Style::V22,
        };
        let files = if backend.meetme() { MEETME } else { CONFBRIDGE };
        let mut setup = Setup::new(style, files).expect("the rehearsal server reads what Asterisk reads");
        setup.meetme = backend.meetme();
        let identity = tls.then(Identity::new);
        let authority = identity.as_ref().map(|identity| identity.authority.clone());
        setup.tls = identity.map(|identity| (identity.certificate, identity.key));
        let server = Rehearsal::start(setup).expect("it starts");
        let dir = tempfile::tempdir().expect("a folder for the server");
        Self { server, dir, authority }
    }
}

impl Server for Sim {
    fn port(&self) -> u16 {
        self.server.port()
    }

    fn tls(&self) -> (u16, &str) {
        let port = self.server.tls_port().expect("started with TLS");
        (port, self.authority.as_deref().expect("started with TLS"))
    }

    fn folder(&self) -> &Path {
        self.dir.path()
    }

    fn start_again(&mut self) {
        self.server.start_again().expect("its port is free");
    }

    fn kill(&mut self) {
        self.server.stop(false);
    }

    fn stop(&mut self, _control: &Control) {
        self.server.stop(true);
    }

    fn log(&self) -> String {
        format!("{:#?}", self.server.truth())
    }
}
