//! Runs without a phone system: `gavel demo` and `gavel rehearse`.
//!
//! Puts a rehearsal Asterisk with scripted callers in the place of every server of a configuration; everything behind
//! it is the same as in any run, the chat networks too. Invariants: the configured Asterisk is never connected to, its
//! secret never read, and the configured state file never opened.

mod dialplan;
mod script;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use gavel_ami::client::{Address, ClientSetup};
use gavel_ami::model::{ConferenceKind, ServerName};
use gavel_ami::session::Secret;
use gavel_sim::{ConfError, Files, Server, Setup, StartError as SimError, Style};

use crate::cli::{Callers, Exit, Kind};
use crate::clock::Clock;
use crate::config::{Config, ConfigError, Room, Surroundings};
use crate::secret::Environment;
use crate::start::{self, Keys, Seat, Start};
use crate::store::{self, OpenError};

pub use script::BadScript;

/// What everything posted in a rehearsal begins with.
pub const MARK: &str = "REHEARSAL";

/// What `gavel demo` says first.
const GREETING: &str = "\
A phone conference with made-up callers. No phone rings, nothing is kept.
You are its host. Try  /roster  to see who is there and who talks,
/mute 3  so that nobody hears number 3, and  /help  for all that you can do.
Leave with Ctrl-C, Ctrl-D or /quit.";

/// What `gavel rehearse` says first.
const REHEARSING: &str = "\
REHEARSAL: your rooms, with made-up callers on a made-up Asterisk. Yours is not connected to.
Leave with Ctrl-C, Ctrl-D or /quit.";

/// The login of the rehearsal Asterisk, which listens on loopback alone.
const LOGIN: (&str, &str) = ("gavel", "rehearsal");
/// The first callers are in before gavel connects, but it does not wait longer for them.
const FIRST_CALLERS: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_millis(10);

/// All that a rehearsal begins with.
pub struct Rehearsal {
    /// For [`crate::run::run`].
    pub start: Start,
    /// The Asterisks; they end when this is dropped.
    pub servers: Vec<Server>,
}

/// Why there is no rehearsal.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The script is wrong.
    #[error(transparent)]
    Script(#[from] BadScript),
    /// No state.
    #[error(transparent)]
    State(#[from] OpenError),
    /// The rehearsal Asterisk's own files: a bug, as the configuration was checked before.
    #[error("the rehearsal Asterisk can't read its files")]
    Files(#[from] ConfError),
    /// No port.
    #[error("the rehearsal Asterisk can't start")]
    Server(#[from] SimError),
    /// A login that can't be sent: a bug.
    #[error("the rehearsal's login can't be used: {0}")]
    Login(String),
}

impl RehearsalError {
    /// How gavel ends for this.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Script(BadScript::Unknown { .. }) => Exit::Usage,
            Self::Config(_) | Self::Script(_) => Exit::Config,
            _ => Exit::Failed,
        }
    }
}

/// A conference of its own, which needs nothing. Blocks.
pub fn demo(callers: &Callers, kind: Kind, plain: bool, clock: Clock) -> Result<Rehearsal, RehearsalError> {
    let mut config =
        Config::parse(Path::new("demo.toml"), include_str!("demo.toml"), &Surroundings::default())?;
    if kind == Kind::Meetme {
        config.rooms.values_mut().for_each(|room| room.kind = ConferenceKind::MeetMe { kick_by: None });
    }
    let place = config.console()?;
    let mut cast = script::cast(callers)?;
    cast.under_way();
    let seat = Seat { place, plain, easy_end: true, greeting: Some(GREETING) };
    rehearsal(config, Keys::default(), Some(seat), (callers, cast), clock)
}

/// The user's own rooms in the user's own chat, with callers who are made up. The terminal is opened if somebody sits at
/// it (`terminal`) or it was asked for (`plain`), and where there is no other chat. Blocks.
pub fn rehearse(
    file: &Path,
    environment: &dyn Environment,
    callers: &Callers,
    (plain, terminal): (bool, bool),
    clock: Clock,
) -> Result<Rehearsal, RehearsalError> {
    let mut config = Config::load(file, &Surroundings::of(environment))?;
    for room in config.rooms.values_mut() {
        room.title = format!("{MARK}: {}", room.title);
    }
    // Who can read the token's file is told by each run and by `check`.
    let (keys, _warnings) = start::keys(&config, environment)?;
    let seat = if plain || terminal || (keys.discord.is_none() && keys.matrix.is_none()) {
        let place = config.console()?;
        Some(Seat { place, plain, easy_end: true, greeting: Some(REHEARSING) })
    } else {
        None
    };
    let mut rehearsal = rehearsal(config, keys, seat, (callers, script::cast(callers)?), clock)?;
    rehearsal.start.mark = Some(MARK);
    Ok(rehearsal)
}

fn rehearsal(
    config: Config,
    keys: Keys,
    seat: Option<Seat>,
    (callers, cast): (&Callers, script::Cast),
    clock: Clock,
) -> Result<Rehearsal, RehearsalError> {
    let (mut servers, mut logins) = (Vec::new(), BTreeMap::new());
    for name in config.asterisks.keys() {
        let rooms: Vec<&Room> = config.rooms.values().filter(|room| room.asterisk == *name).collect();
        let server = server(&config, name, &rooms, callers, &clock)?;
        cast.play(&server, &rooms);
        let address = Address::Tcp { host: "127.0.0.1".into(), port: server.port() };
        let login = ClientSetup::new(address, LOGIN.0, Secret::new(LOGIN.1));
        logins.insert(name.clone(), login.map_err(|e| RehearsalError::Login(e.to_string()))?);
        servers.push(server);
    }
    let opened = store::fleeting(clock.clone())?;
    Ok(Rehearsal { start: Start { config, logins, keys, opened, clock, seat, mark: None }, servers })
}

fn server(
    config: &Config,
    name: &ServerName,
    rooms: &[&Room],
    callers: &Callers,
    clock: &Clock,
) -> Result<Server, RehearsalError> {
    let extensions = dialplan::extensions(config, name, rooms)?;
    let files = Files { extensions: &extensions, ..Files::REHEARSAL };
    let mut setup = Setup::new(Style::V22, files)?;
    setup.wall = clock.now().wall;
    setup.speed = callers.speed;
    setup.seed = callers.seed;
    Ok(Server::start(setup)?)
}

/// Waits until those who call at once are in, so that the first picture is not an empty room.
fn first_callers(server: &Server, expected: usize) {
    let mut waited = Duration::ZERO;
    while waited < FIRST_CALLERS && server.truth().members() < expected {
        std::thread::sleep(LOOK);
        waited += LOOK;
    }
}

#[cfg(test)]
mod tests;
