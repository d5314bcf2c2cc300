//! Starting the program in a folder of its own.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::Receiver;
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

/// A gavel that somebody types to.
pub(crate) struct Typing<'a> {
    home: &'a Home,
    child: Running,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    printed: RefCell<Vec<String>>,
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

    /// Runs to the end with these lines as its input.
    pub(crate) fn fed(&self, arguments: &[&str], input: &str) -> Said {
        let mut typing = self.typing(arguments);
        // It may have ended before it reads.
        let _ = typing.input.as_mut().unwrap().write_all(input.as_bytes());
        typing.end()
    }

    /// Starts it for line after line.
    pub(crate) fn typing(&self, arguments: &[&str]) -> Typing<'_> {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (heard, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).for_each(|line| drop(heard.send(line))));
        Typing {
            home: self,
            input: child.stdin.take(),
            child: Running(child),
            lines,
            printed: Vec::new().into(),
        }
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

impl Typing<'_> {
    /// Types a line.
    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line that fits, waited for.
    #[track_caller]
    pub(crate) fn line(&self, fits: impl Fn(&str) -> bool) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("it said only {:?}", self.printed.borrow()));
            self.printed.borrow_mut().push(line.clone());
            if fits(&line) {
                return line;
            }
        }
    }

    /// Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
    }

    /// Ends its input and waits for its end.
    pub(crate) fn end(mut self) -> Said {
        self.input.take();
        let mut printed = self.printed.into_inner();
        printed.extend(self.lines.iter());
        let mut stderr = Vec::new();
        self.child.0.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
        let stdout = (printed.join("\n") + "\n").into_bytes();
        self.home.said(Output { status: self.child.0.wait().unwrap(), stdout, stderr })
    }
}

impl Running {
    /// Starts it without a terminal; what it logs goes nowhere.
    #[cfg(feature = "discord")]
    pub(crate) fn alone(mut command: Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

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
