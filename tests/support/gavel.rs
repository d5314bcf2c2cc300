//! gavel itself as a process: the console on pipes, line by line.
//!
//! Invariant: it is gone when its value is dropped.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

use crate::backend::Backend;
use crate::until;

/// One running gavel with its plain console.
pub(crate) struct Gavel {
    process: Child,
    input: Option<ChildStdin>,
    printed: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
}

/// The binary: the one built for the tests, or the release build that `tests/run --long` names.
fn binary() -> PathBuf {
    std::env::var_os("GAVEL_RELEASE").map_or_else(|| env!("CARGO_BIN_EXE_gavel").into(), PathBuf::from)
}

/// A configuration with one room, for an Asterisk on that port of this machine.
pub(crate) fn configuration(backend: Backend, port: u16) -> String {
    let conference = backend.room("200");
    let kind = if backend.meetme() { "meetme" } else { "confbridge" };
    format!(
        r#"
[asterisk.main]
address = "127.0.0.1:{port}"
username = "gavel"
secret = {{ env = "GAVEL_AMI_SECRET" }}

[room.thursday]
title = "Thursday Line"
asterisk = "main"
conference = "{conference}"
kind = "{kind}"

[state]
path = "gavel.db"

[console]
room = "thursday"
view = "crew"
role = "host"
"#
    )
}

/// Where one gavel lives, from one run to the next: its configuration and its state.
pub(crate) struct Home(TempDir);

impl Home {
    /// A new one with this configuration.
    pub(crate) fn new(configuration: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("gavel.toml"), configuration).expect("the configuration is written");
        Self(dir)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(words).arg("--config").arg(self.0.path().join("gavel.toml")).env_remove("RUST_LOG");
        let secrets =
            [("GAVEL_AMI", "rehearsal"), ("ONLOOKER", "onlooker-secret"), ("NOBODY", "nobody-secret")];
        command.envs(secrets.map(|(user, secret)| (format!("{user}_SECRET"), secret)));
        command
    }

    /// `gavel check`: how it ended and what it said.
    pub(crate) fn check(&self) -> (ExitStatus, String) {
        let output = self.command(&["check"]).stdin(Stdio::null()).output().expect("gavel runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status, String::from_utf8_lossy(&said).into_owned())
    }

    /// Another file beside the configuration, for gavel's eyes only.
    #[cfg(any(feature = "discord", feature = "matrix"))]
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).expect("the file is written");
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(self.0.path().join(name), private).expect("it is ours");
    }

    /// Where a file of that name is.
    #[cfg(any(feature = "discord", feature = "matrix"))]
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `gavel run --console`, its input a pipe.
    pub(crate) fn console(&self) -> Gavel {
        self.start(self.command(&["run", "--console"]).stdin(Stdio::piped()))
    }

    /// `gavel run` without a terminal.
    #[cfg(feature = "matrix")]
    pub(crate) fn run(&self) -> Gavel {
        self.start(self.command(&["run"]).stdin(Stdio::null()))
    }

    /// The same, with this token for Discord.
    #[cfg(feature = "discord")]
    pub(crate) fn on_discord(&self, token: &str) -> Gavel {
        self.start(self.command(&["run"]).env("DISCORD_TOKEN", token).stdin(Stdio::null()))
    }

    fn start(&self, command: &mut Command) -> Gavel {
        let pipes = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = pipes.spawn().expect("gavel runs");
        let printed = Arc::<Mutex<Vec<String>>>::default();
        let mut readers = vec![keep(process.stdout.take().expect("a pipe"), "", &printed)];
        readers.push(keep(process.stderr.take().expect("a pipe"), "(log) ", &printed));
        Gavel { input: process.stdin.take(), process, printed, readers }
    }
}

impl Gavel {
    /// Types a line.
    pub(crate) fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("the input is still open");
        writeln!(input, "{line}").expect("gavel reads");
    }

    /// The first line on standard output that fits, waited for.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        until(Duration::from_secs(15), what, || self.printed().into_iter().find(|line| fits(line)))
    }

    /// What it printed so far, its log left out.
    pub(crate) fn printed(&self) -> Vec<String> {
        let lines = self.printed.lock().expect("no reader panics");
        lines.iter().filter(|line| !line.starts_with("(log) ")).cloned().collect()
    }

    /// All it printed so far, its log too.
    pub(crate) fn everything(&self) -> Vec<String> {
        self.printed.lock().expect("no reader panics").clone()
    }

    /// As a service manager ends it.
    #[cfg(any(feature = "discord", feature = "matrix"))]
    #[track_caller]
    pub(crate) fn terminate(self) -> (ExitStatus, Vec<String>) {
        let id = self.process.id().to_string();
        let told = Command::new("kill").args(["-s", "TERM", &id]).status().expect("kill is there");
        assert!(told.success());
        self.end()
    }

    /// Ends its input and waits for its end: how it ended, and what it printed.
    #[track_caller]
    pub(crate) fn end(mut self) -> (ExitStatus, Vec<String>) {
        self.input.take();
        let status = until(Duration::from_secs(40), "gavel ends with its input", || {
            self.process.try_wait().expect("a child")
        });
        self.readers.drain(..).for_each(|reader| drop(reader.join()));
        (status, self.printed())
    }

    /// Its memory: the most that was ever resident, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells it");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}

impl Drop for Gavel {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("--- gavel printed\n{}", self.printed.lock().expect("no reader panics").join("\n"));
        }
    }
}

fn keep(
    pipe: impl Read + Send + 'static,
    prefix: &'static str,
    printed: &Arc<Mutex<Vec<String>>>,
) -> JoinHandle<()> {
    let printed = Arc::clone(printed);
    std::thread::spawn(move || {
        let mut lines = BufReader::new(pipe).split(b'\n');
        while let Some(Ok(line)) = lines.next() {
            let line = format!("{prefix}{}", String::from_utf8_lossy(&line));
            printed.lock().expect("no reader panics").push(line);
        }
    })
}
