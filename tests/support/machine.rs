//! Real MeetMe, in a virtual machine that `support/meetme/prepare` made.
//!
//! A machine takes a while to boot, so those that nobody killed are handed on from one test to the next, swept.
//! Invariants: who gets one finds it as after its boot, but for its clock; none outlives the test process (the kernel
//! sees to that).

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use tempfile::TempDir;

use crate::asterisk::free_port;
use crate::backend::{Backend, Server};
use crate::control::Control;
use crate::until;

/// One running (or, for a while, dead) machine.
pub(crate) struct Machine(Option<Running>);

struct Running {
    dir: TempDir,
    ami: u16,
    process: Option<Child>,
}

/// Those that wait for the next test.
static IDLE: Mutex<Vec<Running>> = Mutex::new(Vec::new());

impl Machine {
    pub(crate) fn start() -> Self {
        let idle = IDLE.lock().expect("nobody panics with it").pop();
        Self(Some(idle.unwrap_or_else(Running::boot)))
    }

    fn running(&self) -> &Running {
        self.0.as_ref().expect("there until it is dropped")
    }

    fn running_mut(&mut self) -> &mut Running {
        self.0.as_mut().expect("there until it is dropped")
    }
}

impl Server for Machine {
    fn port(&self) -> u16 {
        self.running().ami
    }

    fn tls(&self) -> (u16, &str) {
        panic!("the machine has one port")
    }

    fn folder(&self) -> &Path {
        self.running().dir.path()
    }

    fn start_again(&mut self) {
        self.running_mut().start();
    }

    fn kill(&mut self) {
        self.running_mut().kill();
    }

    fn stop(&mut self, control: &Control) {
        control.send(&[("Action", b"Command"), ("Command", b"core stop now")]);
        if let Some(mut process) = self.running_mut().process.take() {
            until(Duration::from_secs(40), "the machine has stopped", || {
                process.try_wait().expect("a child")
            });
        }
    }

    fn log(&self) -> String {
        let read =
            |log| fs::read_to_string(self.running().dir.path().join("log").join(log)).unwrap_or_default();
        ["console", "messages", "emulator"].map(read).join("---\n")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let Some(running) = self.0.take() else { return };
        if running.process.is_some() && !std::thread::panicking() {
            running.sweep();
            IDLE.lock().expect("nobody panics with it").push(running);
        }
    }
}

impl Running {
    fn boot() -> Self {
        // Never dropped while it waits, so where the next build sweeps.
        let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let dir =
            tempfile::Builder::new().prefix("meetme").tempdir_in(place).expect("a folder for the machine");
        let mut running = Self { dir, ami: free_port(), process: None };
        running.start();
        running
    }

    fn start(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let machine =
            std::env::var_os("GAVEL_MEETME_22").expect("GAVEL_MEETME_22 is not set: run `tests/run`");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/meetme/start");
        let mut command = Command::new(script);
        command.arg(PathBuf::from(machine)).arg(self.dir.path()).arg(self.ami.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(spawn(command));
        until(Duration::from_secs(60), "the machine listens", || {
            let ended = self.process.as_mut().and_then(|process| process.try_wait().ok().flatten());
            assert!(ended.is_none(), "the machine ended at once: {ended:?}");
            TcpStream::connect(("127.0.0.1", self.ami)).ok()
        });
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("it can be killed");
            process.wait().expect("it can be waited for");
        }
    }

    /// As after the boot: nobody calls, nothing is set.
    fn sweep(&self) {
        let control =
            Control::login(Backend::Meetme22, self.ami, "control", "control-secret", "call,user,system");
        control.action(&[("Action", b"Hangup"), ("Channel", b"/^Local/")]);
        control.action(&[("Action", b"Setvar"), ("Variable", b"TOPIC_thursday"), ("Value", b"")]);
        until(Duration::from_secs(10), "all have hung up", || control.channels().is_empty().then_some(()));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts it from a thread that never ends: the kernel ends the process with the thread that started it, and a test's
/// thread ends with its test.
fn spawn(command: Command) -> Child {
    type Order = (Command, Sender<Child>);
    static KEEPER: OnceLock<Sender<Order>> = OnceLock::new();
    let keeper = KEEPER.get_or_init(|| {
        let (orders, taken) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, reply) in taken {
                let _ = reply.send(command.spawn().expect("the start script runs"));
            }
        });
        orders
    });
    let (reply, child) = channel();
    keeper.send((command, reply)).expect("the keeper never ends");
    child.recv().expect("it was started")
}
