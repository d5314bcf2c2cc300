//! A real Asterisk for one test: its own tree of configuration, its own ports on loopback, its own life and death.
//!
//! Leaves to `control.rs` what is said to it. Invariant: no server outlives the value that started it, and none
//! outlives the test process (the kernel sees to the latter).

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use crate::control::Control;
use crate::until;

/// Which Asterisk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Version {
    /// Debian sid's.
    V22,
    /// Debian bullseye's.
    V16,
}

/// One running (or, for a while, dead) Asterisk.
pub(crate) struct Asterisk {
    root: PathBuf,
    dir: TempDir,
    ami: u16,
    tls: Option<Tls>,
    process: Option<Child>,
}

/// The TLS side: where, and who vouches for it.
struct Tls {
    port: u16,
    authority: String,
}

impl Version {
    /// The tree that `support/asterisk/prepare` made; `tests/run` names it in the environment.
    fn root(self) -> PathBuf {
        let name = match self {
            Self::V22 => "GAVEL_ASTERISK_22",
            Self::V16 => "GAVEL_ASTERISK_16",
        };
        let root = std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set: run `tests/run`"));
        PathBuf::from(root)
    }
}

impl Asterisk {
    /// Starts one and waits until it is fully booted.
    pub(crate) fn start(version: Version) -> Self {
        let mut asterisk = Self::new(version);
        asterisk.start_again();
        asterisk
    }

    /// Starts one that speaks TLS too, with a certificate for `localhost` by an authority of its own.
    pub(crate) fn start_with_tls(version: Version) -> Self {
        let mut asterisk = Self::new(version);
        asterisk.tls = Some(Tls::write(&asterisk.dir.path().join("tls")));
        asterisk.start_again();
        asterisk
    }

    fn new(version: Version) -> Self {
        let dir =
            tempfile::Builder::new().prefix("gavel-asterisk").tempdir().expect("a folder for the server");
        Self { root: version.root(), dir, ami: free_port(), tls: None, process: None }
    }

    /// Starts it (again): same ports, same configuration. Waits until it is fully booted.
    pub(crate) fn start_again(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/asterisk/start");
        let mut command = Command::new(script);
        command.arg(&self.root).arg(self.dir.path()).arg(self.ami.to_string());
        if let Some(tls) = &self.tls {
            command.arg(tls.port.to_string());
        }
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(quiet.spawn().expect("the start script runs"));
        until(Duration::from_secs(20), "Asterisk listens", || {
            self.assert_alive();
            TcpStream::connect(("127.0.0.1", self.ami)).ok()
        });
        self.control().expect_booted();
    }

    fn assert_alive(&mut self) {
        if let Some(status) = self.process.as_mut().and_then(|process| process.try_wait().ok().flatten()) {
            panic!("Asterisk ended at once ({status}):\n{}", self.log());
        }
    }

    /// Where the manager interface listens, on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.ami
    }

    /// Where it listens for TLS, and the authority that signed its certificate (PEM).
    pub(crate) fn tls(&self) -> (u16, &str) {
        let tls = self.tls.as_ref().expect("started with TLS");
        (tls.port, &tls.authority)
    }

    /// A folder that it can write to, gone with it.
    pub(crate) fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// A new connection with all rights: it brings callers in, and knows what truly happened.
    pub(crate) fn control(&self) -> Control {
        Control::login(self.ami, "control", "control-secret", "call,user,system")
    }

    /// As when the machine loses power.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("it can be killed");
            process.wait().expect("it can be waited for");
        }
    }

    /// As an operator stops it: the calls are hung up, the clients are told.
    pub(crate) fn stop(&mut self) {
        self.control().send(&[("Action", b"Command"), ("Command", b"core stop now")]);
        if let Some(mut process) = self.process.take() {
            until(Duration::from_secs(40), "Asterisk has stopped", || process.try_wait().expect("a child"));
        }
    }

    /// What it logged, for the message of a failed test.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log/messages")).unwrap_or_default()
    }
}

impl Drop for Asterisk {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- Asterisk's log\n{}", self.log());
        }
    }
}

impl Tls {
    fn write(dir: &Path) -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = rcgen::CertifiedIssuer::self_signed(params, key).expect("an authority");
        let key = rcgen::KeyPair::generate().expect("a key");
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let params = rcgen::CertificateParams::new(names).expect("good names");
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        fs::create_dir_all(dir).expect("a folder for the keys");
        fs::write(dir.join("server.pem"), certificate.pem()).expect("the certificate is written");
        fs::write(dir.join("server.key"), key.serialize_pem()).expect("the key is written");
        Self { port: free_port(), authority: issuer.pem() }
    }
}

/// Below the range that the kernel gives to outgoing connections, and never the same one twice in this process, so
/// that a server that is down for a while finds its port free when it returns.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 16_000 + (std::process::id() % 150) as u16 * 100;
    loop {
        let port = base + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
