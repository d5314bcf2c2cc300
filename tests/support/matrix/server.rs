//! One Synapse: its own folder, its own port on loopback, its own life and death.
//!
//! Invariant: no server outlives the value that started it, and none outlives the test process (the kernel sees to it).

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::{Answer, http};
use crate::mac;
use crate::person::Person;

/// Longer than a start takes on a busy machine.
const START: Duration = Duration::from_secs(60);

/// Which rate limits a server has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limits {
    /// Next to none.
    Relaxed,
    /// Those that Synapse comes with.
    Default,
}

/// A running (or, for a while, dead) Synapse. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Homeserver(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    dir: TempDir,
    port: u16,
    limits: Limits,
    process: Mutex<Option<Child>>,
}

/// Somebody who is registered.
#[derive(Clone, Debug)]
pub struct Account {
    /// `@sam1:localhost`.
    pub user: String,
    /// The part of it before the colon, without the `@`.
    pub local: String,
    /// For a login.
    pub password: String,
    /// The device that the registration made.
    pub device: String,
    /// Its token.
    pub token: String,
}

impl Homeserver {
    /// The one that all tests of this process share; it ends with the process.
    pub fn shared(limits: Limits) -> &'static Self {
        static RELAXED: OnceLock<Homeserver> = OnceLock::new();
        static DEFAULT: OnceLock<Homeserver> = OnceLock::new();
        let cell = match limits {
            Limits::Relaxed => &RELAXED,
            Limits::Default => &DEFAULT,
        };
        cell.get_or_init(|| Self::start(limits))
    }

    /// One of the test's own, to be stopped and started.
    pub fn start(limits: Limits) -> Self {
        let dir =
            tempfile::Builder::new().prefix("gavel-synapse").tempdir().expect("a folder for the server");
        let server = Self(Arc::new(Inner { dir, port: free_port(), limits, process: Mutex::new(None) }));
        server.start_again();
        server
    }

    /// Starts it after [`Homeserver::stop`] or [`Homeserver::kill`], with all that it knew. Returns when it answers.
    pub fn start_again(&self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../synapse/start");
        let log = File::create(self.0.dir.path().join("log")).expect("a log");
        let mut command = Command::new(script);
        command.arg(environment("GAVEL_SYNAPSE")).arg(self.0.dir.path()).arg(self.0.port.to_string());
        command.arg(if self.0.limits == Limits::Default { "default" } else { "relaxed" });
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        let process = spawn(command);
        assert!(self.process().replace(process).is_none(), "it runs already");
        let deadline = Instant::now() + START;
        while !http(self.0.port, "GET", "/health", None, None).is_ok_and(|answer| answer.status == 200) {
            let ended = self.process().as_mut().and_then(|process| process.try_wait().ok().flatten());
            assert!(ended.is_none() && Instant::now() < deadline, "Synapse: {ended:?}\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as an operator does.
    pub fn stop(&self) {
        if let Some(mut process) = self.process().take() {
            let _ = Command::new("kill").arg(process.id().to_string()).status();
            let _ = process.wait();
        }
    }

    /// Ends it at once.
    pub fn kill(&self) {
        if let Some(mut process) = self.process().take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Stops its process where it is: connections stay, nothing is answered.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Ends [`Homeserver::freeze`].
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        if let Some(process) = self.process().as_ref() {
            let _ = Command::new("kill").arg(format!("-{signal}")).arg(process.id().to_string()).status();
        }
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port)
    }

    /// Which rate limits it has.
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// What it has logged since its last start.
    pub fn log(&self) -> String {
        fs::read_to_string(self.0.dir.path().join("log")).unwrap_or_default()
    }

    /// How many requests of this user it has refused for now since its last start.
    pub fn refusals(&self, user: &str) -> usize {
        let refused =
            |line: &&str| line.contains("Processed request") && line.contains(" 429 ") && line.contains(user);
        self.log().lines().filter(refused).count()
    }

    /// Registers somebody; the name gets a number, so that every test has its own people.
    pub fn register(&self, name: &str) -> Account {
        self.register_as(name, false)
    }

    /// Somebody who may administrate the server.
    pub fn register_admin(&self) -> Account {
        self.register_as("admin", true)
    }

    fn register_as(&self, name: &str, admin: bool) -> Account {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let local = format!("{name}{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let password = format!("password of {local}");
        let nonce = self.ask("GET", "/_synapse/admin/v1/register", None, None).body;
        let nonce = nonce["nonce"].as_str().expect("a nonce");
        let mac = mac::proof("tests", nonce, &local, &password, admin);
        let body =
            json!({"nonce": nonce, "username": local, "password": password, "admin": admin, "mac": mac});
        let answer = self.ask("POST", "/_synapse/admin/v1/register", None, Some(&body)).body;
        let text = |key: &str| answer[key].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        Account {
            user: text("user_id"),
            device: text("device_id"),
            token: text("access_token"),
            local,
            password,
        }
    }

    /// Somebody new, with a client.
    pub fn person(&self, name: &str) -> Person {
        Person::start(self, &self.register(name))
    }

    /// What an operator does for a bot: no limit on this user's messages.
    pub fn lift_limit(&self, user: &str) {
        let admin = self.register_admin();
        let path = format!("/_synapse/admin/v1/users/{}/override_ratelimit", encoded(user));
        let body = json!({"messages_per_second": 0, "burst_count": 0});
        assert_eq!(self.ask("POST", &path, Some(&admin.token), Some(&body)).status, 200);
    }

    /// Makes a token worthless.
    pub fn revoke(&self, token: &str) {
        self.ask("POST", "/_matrix/client/v3/logout", Some(token), Some(&json!({})));
    }

    /// One request.
    pub fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
        http(self.0.port, method, path, token, body).unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.0.process.lock().expect("nobody panicked with it")
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.lock().expect("nobody panicked with it").take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Where `tests/run` put something.
pub(crate) fn environment(variable: &str) -> PathBuf {
    std::env::var_os(variable).unwrap_or_else(|| panic!("{variable} is not set: run `tests/run`")).into()
}

/// A name as a part of a path.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Starts a process from a thread that lives as long as this process: the kernel kills it with the *thread* that
/// started it, and a test's thread ends with its test.
fn spawn(command: Command) -> Child {
    type Order = (Command, mpsc::Sender<Child>);
    static STARTER: OnceLock<Mutex<mpsc::Sender<Order>>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (tx, rx) = mpsc::channel::<Order>();
        thread::spawn(move || {
            for (mut command, done) in rx {
                let _ = done.send(command.spawn().expect("the start script runs"));
            }
        });
        Mutex::new(tx)
    });
    let (done, child) = mpsc::channel();
    starter.lock().expect("nobody panicked with it").send((command, done)).expect("the thread lives");
    child.recv().expect("it starts")
}

/// Below the range that the kernel gives to outgoing connections, and never the same one twice in this process, so
/// that a server that is down for a while finds its port free when it returns.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 9_000 + (std::process::id() % 500) as u16 * 10;
    loop {
        let port = base + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
