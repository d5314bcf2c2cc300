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

use crate::backend::Server;
use crate::control::Control;
use crate::tls::Identity;
use crate::until;

/// One running (or, for a while, dead) Asterisk.
pub(crate) struct Real {
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

impl Real {
    /// Starts one out of the tree that `support/asterisk/prepare` made; `tests/run` names it in the environment.
    pub(crate) fn start(tree: &str, tls: bool) -> Self {
        let root = std::env::var_os(tree).unwrap_or_else(|| panic!("{tree} is not set: run `tests/run`"));
        let dir =
            tempfile::Builder::new().prefix("gavel-asterisk").tempdir().expect("a folder for the server");
        let tls = tls.then(|| Tls::write(&dir.path().join("tls")));
        let mut real = Self { root: root.into(), dir, ami: free_port(), tls, process: None };
        real.start_again();
        real
    }

    fn assert_alive(&mut self) {
        if let Some(status) = self.process.as_mut().and_then(|process| process.try_wait().ok().flatten()) {
            panic!("Asterisk ended at once ({status}):\n{}", self.log());
        }
    }
}

impl Server for Real {
    fn start_again(&mut self) {
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
    }

    fn port(&self) -> u16 {
        self.ami
    }

    fn tls(&self) -> (u16, &str) {
        let tls = self.tls.as_ref().expect("started with TLS");
        (tls.port, &tls.authority)
    }

    fn folder(&self) -> &Path {
        self.dir.path()
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("it can be killed");
            process.wait().expect("it can be waited for");
        }
    }

    fn stop(&mut self, control: &Control) {
        control.send(&[("Action", b"Command"), ("Command", b"core stop now")]);
        if let Some(mut process) = self.process.take() {
            until(Duration::from_secs(40), "Asterisk has stopped", || process.try_wait().expect("a child"));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log/messages")).unwrap_or_default()
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Tls {
    fn write(dir: &Path) -> Self {
        let identity = Identity::new();
        fs::create_dir_all(dir).expect("a folder for the keys");
        fs::write(dir.join("server.pem"), identity.certificate).expect("the certificate is written");
        fs::write(dir.join("server.key"), identity.key).expect("the key is written");
        Self { port: free_port(), authority: identity.authority }
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
