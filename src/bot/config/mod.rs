//! The configuration: what the file says, checked, in types that the rest can trust.
//!
//! Owns the file's keys, their defaults and the words for what is wrong with them; leaves the values of secrets to
//! [`crate::secret`] and what roles may do to access. Invariant: a [`Config`] that exists is consistent in itself:
//! every room's Asterisk and every place's room are there, no two rooms share a conference.

mod access;
mod asterisk;
mod discord;
mod duration;
mod matrix;
mod problem;
mod room;
mod secret;
mod section;
mod setup;
mod shell;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gavel_ami::model::{ConferenceKind, ConferenceName, CrewPattern, RoomName, ServerName, ServiceSetup};
use gavel_chat::command::Command;
use gavel_chat::{Claim, Role};
use jiff::tz::TimeZone;
use toml::de::DeTable;

use problem::Source;
use section::{Reader, Section};

pub(crate) use problem::nearest;
pub use problem::{At, ConfigError, Problem};

/// A file larger than this is no configuration.
const LARGEST: u64 = 1 << 20;

/// All that the file says.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file, as it was named.
    pub file: PathBuf,
    /// How times are shown.
    pub timezone: TimeZone,
    /// The Asterisk servers; at least one.
    pub asterisks: BTreeMap<ServerName, Asterisk>,
    /// The rooms; at least one.
    pub rooms: BTreeMap<RoomName, Room>,
    /// Where gavel keeps what must outlive it.
    pub state: State,
    /// The terminal's place, if the file says so: see [`Config::console`].
    pub console: Option<Console>,
    /// Discord, if the file says so.
    pub discord: Option<Discord>,
    /// Matrix, if the file says so.
    pub matrix: Option<Matrix>,
    /// Who may do what, in rooms that say nothing of their own.
    pub access: Access,
}

/// One Asterisk server.
#[derive(Clone, Debug)]
pub struct Asterisk {
    /// The user's name for it.
    pub name: ServerName,
    /// Where its manager interface listens.
    pub address: Address,
    /// The AMI user.
    pub username: String,
    /// Where its secret is kept.
    pub secret: SecretSource,
}

/// Where a manager interface listens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    /// Name or address, without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// `tls://`, and with what.
    pub tls: Option<Tls>,
}

/// How the server proves who it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tls {
    /// A private authority's certificates (PEM), and where the file names them; `None`: those of the system.
    pub ca: Option<Found<PathBuf>>,
}

/// Where a secret is kept; its value is read by [`crate::secret`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SecretSource {
    /// Which kind of place.
    pub kind: SecretKind,
    /// Where the configuration says so.
    pub at: At,
    /// The key with its tables.
    pub key: String,
}

/// The kinds of places for secrets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SecretKind {
    /// An environment variable.
    Env(String),
    /// A file; a relative path was taken from the configuration's folder.
    File(PathBuf),
    /// One of the service manager's credentials (`LoadCredential=`).
    Credential(String),
}

/// One room.
#[derive(Clone, Debug)]
pub struct Room {
    /// The user's name for it.
    pub name: RoomName,
    /// What people call it; default: its name.
    pub title: String,
    /// The server that carries it.
    pub asterisk: ServerName,
    /// The conference there.
    pub conference: ConferenceName,
    /// Where callers wait.
    pub lobby: Option<ConferenceName>,
    /// Which application runs it.
    pub kind: ConferenceKind,
    /// Who is crew on the phone side, besides the conference's admins.
    pub crew: Vec<CrewPattern>,
    /// Channels that are nobody.
    pub services: Vec<ServiceSetup>,
    /// Who sees callers' names.
    pub names: View,
    /// A show ends when the room and its lobby were empty for so long.
    pub show_ends_after: Duration,
    /// The global variable that the topic is written through to.
    pub topic_variable: Option<String>,
    /// New messages in a minute before notices are folded into a digest.
    pub notices_per_minute: u32,
    /// Replaces [`Config::access`] in this room.
    pub access: Option<Access>,
}

/// What a place may see.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum View {
    /// What the crew sees.
    Crew,
    /// What anybody may see.
    Public,
}

/// How much a place wants to hear.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Verbosity {
    /// The card, and what is urgent.
    Quiet,
    /// What changes.
    #[default]
    Normal,
    /// Who talks, too.
    Full,
}

/// The state file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct State {
    /// SQLite.
    pub path: PathBuf,
    /// Names and ends of numbers are deleted after this.
    pub keep_callers: Duration,
}

/// The terminal as a chat network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Console {
    /// Its room.
    pub room: RoomName,
    /// What it sees.
    pub view: View,
    /// What whoever types there may do.
    pub role: Role,
}

/// Discord as a chat network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Discord {
    /// Where the bot's token is kept.
    pub token: SecretSource,
    /// One command above all others (`/conf kick`); `None`: each by its own name.
    pub group: Option<String>,
    /// discord.com is there and nowhere else: a stand-in for tests, or a proxy.
    pub resolve: Option<SocketAddr>,
    /// An authority to trust besides those of the web (PEM): the one that vouches for what is at `resolve`.
    pub extra_ca: Option<Found<PathBuf>>,
    /// The channels that are bound to rooms.
    pub places: Vec<Channel>,
}

/// One channel of Discord.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Channel {
    /// Its id.
    pub channel: u64,
    /// Its room.
    pub room: RoomName,
    /// What it sees.
    pub view: View,
    /// How much it wants to hear.
    pub notices: Verbosity,
}

/// Matrix as a chat network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Matrix {
    /// Where the account lives: `https://...`, without a slash at the end.
    pub homeserver: String,
    /// The account: `@gavel:example.org`.
    pub user: String,
    /// How it logs in.
    pub login: MatrixLogin,
    /// Where its session and its keys are kept.
    pub state_dir: PathBuf,
    /// What brings the keys back when that is lost; a file that is not there yet takes a new one.
    pub recovery_key: Option<SecretSource>,
    /// What a command begins with.
    pub prefixes: Vec<String>,
    /// Only devices that their owners have verified may command.
    pub require_verified: bool,
    /// Whose invitations into other rooms than these are taken.
    pub invite_from: Vec<String>,
    /// The rooms of Matrix that are bound to rooms.
    pub places: Vec<MatrixRoom>,
}

/// How an account of Matrix logs in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MatrixLogin {
    /// By its password, once: after that the session is kept.
    Password(SecretSource),
    /// By the access token of a session that was made elsewhere.
    Token(SecretSource),
}

/// One room of Matrix.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MatrixRoom {
    /// `!abcdef:example.org`.
    pub room_id: String,
    /// Its room.
    pub room: RoomName,
    /// What it sees.
    pub view: View,
    /// How much it wants to hear.
    pub notices: Verbosity,
    /// A command needs no prefix there.
    pub bare_words: bool,
    /// Its topic and the show's are one.
    pub sync_topic: bool,
}

/// Who may do what.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Access {
    /// Who is host.
    pub host: Vec<Claim>,
    /// Who is co-host.
    pub cohost: Vec<Claim>,
    /// Who is screener.
    pub screener: Vec<Claim>,
    /// Commands whose lowest role differs from the catalog's.
    pub commands: BTreeMap<Command, Role>,
    /// Whom alerts may wake (`discord:user:333`, `matrix:@sam:example.org`).
    pub duty: Vec<Claim>,
}

/// A value with its place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: At,
    offset: usize,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() { "tls://" } else { "" };
        if self.host.contains(':') {
            write!(f, "{scheme}[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}{}:{}", self.host, self.port)
        }
    }
}

/// What the machine says that paths and places depend on.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// `$STATE_DIRECTORY`, where the service manager sets it.
    pub state_directory: Option<PathBuf>,
}

impl Config {
    /// Reads and checks a file.
    pub fn load(file: &Path, around: &Surroundings) -> Result<Self, ConfigError> {
        Self::parse(file, &text_of(file)?, around)
    }

    /// Checks a text; `file` is for messages and for relative paths.
    pub fn parse(file: &Path, text: &str, around: &Surroundings) -> Result<Self, ConfigError> {
        let shown = file.display().to_string();
        let reader = Reader::new(Source { file: &shown, text });
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let offset = error.span().map_or(0, |span| span.start);
            reader.tell(offset, "", format!("not TOML: {}", error.message().trim()));
        }
        if !errors.is_empty() {
            return Err(ConfigError { problems: reader.problems() });
        }
        let config = build(Section::top(&reader, &document), file, around);
        let problems = reader.problems();
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(ConfigError { problems }),
        }
    }

    /// The terminal's place: as the file says, else the only room there is, seen by its host.
    pub fn console(&self) -> Result<Console, ConfigError> {
        if let Some(console) = &self.console {
            return Ok(console.clone());
        }
        let mut rooms = self.rooms.keys();
        match (rooms.next(), rooms.next()) {
            (Some(room), None) => Ok(Console { room: room.clone(), view: View::Crew, role: Role::Host }),
            _ => {
                let text = "there are several rooms and no [console]; add [console] with room = \"...\"";
                Err(At::whole(&self.file.display().to_string()).problem("console", text).into())
            }
        }
    }

    /// Who may do what in a room.
    pub fn access(&self, room: &RoomName) -> &Access {
        self.rooms.get(room).and_then(|room| room.access.as_ref()).unwrap_or(&self.access)
    }
}

fn text_of(file: &Path) -> Result<String, ConfigError> {
    let at = At::whole(&file.display().to_string());
    let unreadable =
        |e: std::io::Error| at.problem("", format!("can't be read: {e}; name another with --config FILE"));
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(unreadable)?;
    opened.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(at.problem("", "is larger than 1 MiB: that is no configuration of gavel").into());
    }
    String::from_utf8(bytes).map_err(|e| {
        let bytes = e.as_bytes().get(..e.utf8_error().valid_up_to()).unwrap_or_default();
        let (line, column) = (bytes.iter().filter(|b| **b == b'\n').count() + 1, 1);
        At { line, column, ..at }.problem("", "is not UTF-8 text here; save the file as UTF-8").into()
    })
}

fn build(mut top: Section<'_>, file: &Path, around: &Surroundings) -> Option<Config> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let timezone = shell::timezone(&mut top);
    let asterisks = asterisk::all(&mut top, folder);
    let rooms = room::all(&mut top, &asterisks);
    let state = shell::state(&mut top, folder, around);
    let console = shell::console(&mut top, &rooms.names);
    let discord = discord::read(&mut top, &rooms.names, folder);
    let matrix = matrix::read(&mut top, &rooms.names, folder, around);
    let access = access::read(&mut top).unwrap_or_default();
    top.finish();
    Some(Config {
        file: file.to_owned(),
        timezone,
        asterisks: asterisks.good,
        rooms: rooms.good,
        state,
        console,
        discord,
        matrix,
        access,
    })
}

const NOTICES: [(&str, Verbosity); 3] =
    [("quiet", Verbosity::Quiet), ("normal", Verbosity::Normal), ("full", Verbosity::Full)];

/// Tables whose names are the user's: all names in the file, and those that could be read.
struct Named<N, T> {
    names: Vec<N>,
    good: BTreeMap<N, T>,
}
