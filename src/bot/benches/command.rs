//! How fast a command at Discord acts: 20 at once, from the gateway's frame to the callback, and to Asterisk's socket.
//!
//! The program is run as it is shipped, its state on the disk; Discord is the stand-in, Asterisk the rehearsal server
//! with a counter of bytes before it. Both ends stamp to the millisecond, so what is told may be 1 ms off, and what
//! the stand-in itself takes (TLS, the check of the request against Discord's description) is in it.
//!
//! `cargo bench --bench command`; with `GAVEL_RELEASE` that binary is measured.
#![allow(clippy::expect_used, reason = "a bench")]
#![allow(clippy::disallowed_methods, reason = "it measures time")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gavel_discord_standin::{Act, Channel, Discord, Guild, Permissions, Role, Setup};
use gavel_sim::{Files, NewCall, Server, Setup as Asterisk, Style};

const CHANNEL: u64 = 301;
const SAM: u64 = 1002;
const AT_ONCE: u64 = 20;
const ROUNDS: usize = 100;
/// The first ones open connections and warm everything up.
const WARM: usize = 5;
const PATIENCE: Duration = Duration::from_secs(30);

/// When the bytes of each mute or unmute arrived at Asterisk (Unix milliseconds).
type Arrived = Arc<Mutex<Vec<u64>>>;

fn main() {
    let discord = discord();
    let asterisk = Server::start(Asterisk::new(Style::V22, Files::REHEARSAL).expect("its files"));
    let asterisk = asterisk.expect("a port");
    let (port, arrived) = counter(asterisk.port());
    let home = tempfile::tempdir().expect("a folder");
    std::fs::write(home.path().join("ca.pem"), discord.ca_pem()).expect("a file");
    let file = home.path().join("gavel.toml");
    std::fs::write(&file, configuration(port, &discord)).expect("a file");
    asterisk.call_all((1..=AT_ONCE).map(caller).collect());
    let _gavel = Gavel::run(&file);
    let full = format!("#{AT_ONCE} ");
    discord.member(SAM).until("a card with everybody", CHANNEL, PATIENCE, |shown| {
        shown.iter().any(|message| message.text().contains(&full)).then_some(())
    });

    let (mut answered, mut acted) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS + WARM {
        let (answers, acts) = burst(&discord, if round % 2 == 0 { "mute" } else { "unmute" }, &arrived);
        if round >= WARM {
            answered.extend(answers);
            acted.extend(acts);
        }
    }
    println!("from the gateway's frame, {AT_ONCE} at once, {} in all", answered.len());
    println!("| to | p50 | p90 | p99 | max |\n|---|---|---|---|---|");
    print("Discord's callback", answered);
    print("Asterisk's socket", acted);
}

/// All of them in one moment: for each how long until Discord had its answer, and until Asterisk had its action.
fn burst(discord: &Discord, word: &str, arrived: &Arrived) -> (Vec<u64>, Vec<u64>) {
    arrived.lock().expect("no thread panics").clear();
    let sam = discord.member(SAM);
    let acts: Vec<Act> = (1..=AT_ONCE)
        .map(|number| sam.slash(CHANNEL, word, &[("callers", &number.to_string())]).expect("it is offered"))
        .collect();
    for act in &acts {
        act.until("the outcome", PATIENCE, |text| text.contains("muted") && !text.contains("..."));
    }
    let times: Vec<(u64, u64)> = discord.world().read(|world| {
        let times = acts.iter().map(|act| {
            let it = &world.interactions[&act.id()];
            (act.id().born(), it.answer.as_ref().expect("it was answered").at)
        });
        times.collect()
    });
    let arrived = arrived.lock().expect("no thread panics");
    assert_eq!(arrived.len(), acts.len(), "one action for each");
    // Orders leave in the order in which they were given.
    let acted = times.iter().zip(arrived.iter()).map(|((born, _), at)| at.saturating_sub(*born));
    (times.iter().map(|(born, at)| at.saturating_sub(*born)).collect(), acted.collect())
}

fn print(to: &str, mut taken: Vec<u64>) {
    taken.sort_unstable();
    let at = |share: f64| taken[((taken.len() as f64 * share) as usize).min(taken.len() - 1)];
    println!("| {to} | {} ms | {} ms | {} ms | {} ms |", at(0.5), at(0.9), at(0.99), at(1.0));
}

fn discord() -> Discord {
    let crew = Role::new(201, "Crew", Permissions::MANAGE_GUILD);
    let guild = Guild::new(10 << 22, "Radio").role(crew).channel(Channel::new(CHANNEL, "crew"));
    Discord::start(Setup::default().guild(guild.member(SAM, &[201])).user(SAM, "Sam"))
}

fn configuration(port: u16, discord: &Discord) -> String {
    format!(
        r#"
[asterisk.main]
address = "127.0.0.1:{port}"
username = "gavel"
secret = {{ env = "GAVEL_AMI_SECRET" }}
[room.thursday]
asterisk = "main"
conference = "200"
[state]
path = "gavel.db"
[discord]
token = {{ env = "DISCORD_TOKEN" }}
resolve = "{}"
extra_ca = "ca.pem"
[[discord.place]]
channel = {CHANNEL}
room = "thursday"
[access]
cohost = ["discord:permission:MANAGE_GUILD"]
"#,
        discord.address()
    )
}

fn caller(number: u64) -> NewCall {
    NewCall {
        endpoint: "trunk".into(),
        number: format!("0113496{number:04}").into_bytes(),
        name: format!("Caller {number}").into_bytes(),
        context: "conf".into(),
        exten: "200".into(),
    }
}

/// Passes on what is between gavel and Asterisk.
fn counter(asterisk: u16) -> (u16, Arrived) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let arrived = Arrived::default();
    let stamps = Arc::clone(&arrived);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", asterisk)).expect("Asterisk is there");
            let (from, to) = (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
            let stamps = Arc::clone(&stamps);
            std::thread::spawn(move || pass(from, to, |bytes| stamp(bytes, &stamps)));
            std::thread::spawn(move || pass(server, client, |_| ()));
        }
    });
    (port, arrived)
}

fn pass(mut from: TcpStream, mut to: TcpStream, look: impl Fn(&[u8])) {
    to.set_nodelay(true).expect("a socket");
    let mut bytes = vec![0; 65_536];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        look(&bytes[..read]);
        if to.write_all(&bytes[..read]).is_err() {
            return;
        }
    }
}

/// gavel writes whole actions, so that none is torn over two reads.
fn stamp(bytes: &[u8], stamps: &Arrived) {
    let text = String::from_utf8_lossy(bytes);
    let acts =
        text.matches("Action: ConfbridgeMute").count() + text.matches("Action: ConfbridgeUnmute").count();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64;
    stamps.lock().expect("no thread panics").extend(std::iter::repeat_n(now, acts));
}

/// Ends with its value.
struct Gavel(Child);

impl Gavel {
    fn run(file: &std::path::Path) -> Self {
        let binary = std::env::var_os("GAVEL_RELEASE")
            .map_or_else(|| env!("CARGO_BIN_EXE_gavel").into(), PathBuf::from);
        let mut command = Command::new(binary);
        command.args(["run", "--config"]).arg(file).stdin(Stdio::null()).stderr(Stdio::null());
        command.env("GAVEL_AMI_SECRET", "rehearsal").env("DISCORD_TOKEN", Setup::default().token);
        Self(command.spawn().expect("gavel runs"))
    }
}

impl Drop for Gavel {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
