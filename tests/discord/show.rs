//! One show on Discord: a rehearsal server with callers, the stand-in with its crew, and the program between them.
//!
//! Invariant: the program is gone when its value is dropped; what it logged is shown when the test fails.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

use gavel_sim::{CallId, Files, Member, NewCall, Server, Setup, Style};
use tempfile::TempDir;

use crate::guild::{CREW, Radio};
use crate::{SOON, until};

const FILES: Files<'static> = Files {
    extensions: include_str!("../support/asterisk/etc/extensions.conf"),
    confbridge: include_str!("../support/asterisk/etc/confbridge.conf"),
    manager: include_str!("../support/asterisk/etc/manager.conf"),
};

/// See the module.
pub(crate) struct Show {
    pub(crate) sim: Server,
    pub(crate) radio: Radio,
    home: TempDir,
    gavel: Child,
    input: Option<ChildStdin>,
    printed: Arc<Mutex<Vec<String>>>,
}

/// A rehearsal server that remembers what it was asked for.
pub(crate) fn asterisk() -> Server {
    let mut setup = Setup::new(Style::V22, FILES).expect("it reads what Asterisk reads");
    setup.note_requests = true;
    Server::start(setup).expect("it starts")
}

/// A caller into room 200.
pub(crate) fn caller(number: u32, name: &[u8]) -> NewCall {
    NewCall {
        endpoint: "trunk".to_owned(),
        number: number.to_string().into_bytes(),
        name: name.to_owned(),
        context: "caller".to_owned(),
        exten: "200".to_owned(),
    }
}

/// A configuration for that server and that guild, and the file that it names.
pub(crate) fn configure(home: &TempDir, port: u16, radio: &Radio) {
    let text = format!(
        r#"
[asterisk.main]
address = "127.0.0.1:{port}"
username = "gavel"
secret = {{ env = "GAVEL_AMI_SECRET" }}

[room.thursday]
title = "Thursday Line"
asterisk = "main"
conference = "200"

[state]
path = "gavel.db"

[console]
room = "thursday"
view = "crew"
role = "host"
{}"#,
        radio.configuration()
    );
    fs::write(home.path().join("gavel.toml"), text).expect("it is written");
    fs::write(home.path().join("discord-ca.pem"), radio.discord.ca_pem()).expect("it is written");
}

impl Show {
    /// With these callers, numbered from 1, and the card on the wall.
    pub(crate) fn open(names: &[&[u8]]) -> Self {
        let sim = asterisk();
        for (index, name) in (1001..).zip(names) {
            sim.call(caller(index, name));
        }
        Self::with(sim, Radio::start(), names.len())
    }

    /// The program between these two, as soon as the card shows so many.
    pub(crate) fn with(sim: Server, radio: Radio, callers: usize) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        configure(&home, sim.port(), &radio);
        let mut command = Command::new(env!("CARGO_BIN_EXE_gavel"));
        command.args(["run", "--console", "--config", "gavel.toml"]).current_dir(home.path()).env_clear();
        command.env("GAVEL_AMI_SECRET", "rehearsal").env("DISCORD_TOKEN", radio.token());
        command.env("RUST_LOG", "info,gavel_discord=debug");
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut gavel = pipes.spawn().expect("gavel runs");
        let printed = Arc::<Mutex<Vec<String>>>::default();
        keep(gavel.stdout.take().expect("a pipe"), "", &printed);
        keep(gavel.stderr.take().expect("a pipe"), "(log) ", &printed);
        let show = Self { sim, input: gavel.stdin.take(), radio, home, gavel, printed };
        show.radio.open("Thursday Line: ");
        show.counts(callers);
        show
    }

    /// Waits until the crew's card shows so many in the room.
    #[track_caller]
    pub(crate) fn counts(&self, callers: usize) {
        let count = format!("{callers} in the room");
        if callers > 0 {
            self.radio.card(CREW, &count, |text| text.contains(&count));
        }
    }

    /// Types a line at the console.
    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.input.as_mut().expect("the input is open"), "{line}").expect("gavel reads");
    }

    /// What the console printed so far, and the log.
    pub(crate) fn printed(&self) -> Vec<String> {
        self.printed.lock().expect("no reader panics").clone()
    }

    /// The first line of the console that fits, of those after the first `from`.
    #[track_caller]
    pub(crate) fn line(&self, from: usize, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let fits = |line: &String| !line.starts_with("(log)") && fits(line);
        until(SOON, what, || self.printed().into_iter().skip(from).find(fits))
    }

    /// Who is in room 200, by name.
    pub(crate) fn people(&self) -> BTreeMap<String, Member> {
        let truth = self.sim.truth();
        let members = truth.conference("200").map(|room| room.members.clone()).unwrap_or_default();
        members.into_iter().map(|one| (String::from_utf8_lossy(&one.name).into_owned(), one)).collect()
    }

    /// How often Asterisk was asked to do that to this channel.
    pub(crate) fn asked(&self, action: &str, about: &str) -> usize {
        let asked = self.sim.asked();
        asked.iter().filter(|it| it.action.eq_ignore_ascii_case(action) && it.about == about).count()
    }

    /// More people call in.
    pub(crate) fn call(&self, number: u32, name: &[u8]) -> CallId {
        self.sim.call(caller(number, name))
    }

    /// Ends the program as a service manager does; its journal, entry by entry.
    pub(crate) fn end(mut self) -> Vec<String> {
        let id = self.gavel.id().to_string();
        let told = Command::new("kill").args(["-s", "TERM", &id]).status().expect("kill is there");
        assert!(told.success());
        let status = until(SOON, "gavel ends", || self.gavel.try_wait().expect("a child"));
        assert!(status.success(), "{status:?}");
        let file = rusqlite::Connection::open(self.home.path().join("gavel.db")).expect("the state");
        let mut rows = file.prepare("SELECT entry FROM journal ORDER BY id").expect("a journal");
        let rows = rows.query_map([], |row| row.get(0)).expect("it can be read");
        rows.collect::<Result<_, _>>().expect("texts")
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        let _ = self.gavel.kill();
        let _ = self.gavel.wait();
        if std::thread::panicking() {
            let printed = self.printed();
            let last = printed.len().saturating_sub(200);
            eprintln!("--- gavel printed\n{}", printed[last..].join("\n"));
        }
    }
}

fn keep(pipe: impl Read + Send + 'static, prefix: &'static str, printed: &Arc<Mutex<Vec<String>>>) {
    let printed = Arc::clone(printed);
    std::thread::spawn(move || {
        let mut lines = BufReader::new(pipe).split(b'\n');
        while let Some(Ok(line)) = lines.next() {
            let line = format!("{prefix}{}", String::from_utf8_lossy(&line));
            printed.lock().expect("no reader panics").push(line);
        }
    });
}
