//! Starting the program in a folder of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// For what takes a moment, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with a configuration, removed at the end.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

/// What a program said and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A gavel that runs; killed when dropped.
pub(crate) struct Running(Child);

impl Home {
    /// With this text as `gavel.toml`.
    pub(crate) fn with(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("gavel.toml"), config).unwrap();
        Self { folder }
    }

    /// With one server at this port, one room, and a secret from the environment.
    pub(crate) fn at(port: u16) -> Self {
        Self::with(&small(port))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs to the end. The folder's name in what is said becomes `HOME`.
    pub(crate) fn gavel(&self, arguments: &[&str]) -> Said {
        self.said(self.command(arguments).output().unwrap())
    }

    /// Runs to the end with this standard input and everything logged.
    pub(crate) fn console(&self, input: &str) -> Said {
        let mut command = self.command(&["run", "--console", "--config", "gavel.toml"]);
        command.env("RUST_LOG", "trace").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        self.said(child.wait_with_output().unwrap())
    }

    fn said(&self, Output { status, stdout, stderr }: Output) -> Said {
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(self.folder.path().to_str().unwrap(), "HOME")
        };
        Said { code: status.code(), out: text(stdout), err: text(stderr) }
    }

    /// Starts and waits until the log says that something is going on.
    pub(crate) fn start(&self, arguments: &[&str], until: impl Fn(&str) -> bool) -> Running {
        let mut child = self.command(arguments).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let running = Running(child);
        let (heard, lines) = std::sync::mpsc::channel();
        // It reads on after the wait: a full pipe must not hold the program up.
        std::thread::spawn(move || log.lines().map_while(Result::ok).for_each(|line| drop(heard.send(line))));
        while !until(&lines.recv_timeout(PATIENCE).expect("it did not say that it is ready")) {}
        running
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gavel"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("GAVEL_AMI_SECRET", "rehearsal");
        command
    }
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn wait(mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The smallest configuration.
pub(crate) fn small(port: u16) -> String {
    format!(
        r#"
[asterisk.main]
address = "127.0.0.1:{port}"
username = "gavel"
secret = {{ env = "GAVEL_AMI_SECRET" }}

[room.thursday]
asterisk = "main"
conference = "200"
"#
    )
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
