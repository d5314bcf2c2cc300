//! From the command line to all that a run needs: configuration, logins, state.
//!
//! Owns what can go wrong before anything runs, and the exit code of each; leaves running to [`crate::run`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gavel_ami::client::{self, ClientSetup};
use gavel_ami::model::ServerName;
use gavel_ami::session;

use crate::cli::Exit;
use crate::clock::Clock;
use crate::config::{
    Asterisk, Config, ConfigError, Console, Discord, Found, Matrix, MatrixLogin, Problem, SecretKind,
    SecretSource, Surroundings,
};
use crate::secret::{self, Environment, Secret};
use crate::store::{self, OpenError, Opened};

/// A certificate file larger than this is none.
const LARGEST_CA: u64 = 1 << 20;

/// All that a run begins with.
pub struct Start {
    /// What the file says.
    pub config: Config,
    /// The login of each server of the configuration.
    pub logins: BTreeMap<ServerName, ClientSetup>,
    /// What the chat networks log in with.
    pub keys: Keys,
    /// The state, and what an earlier gavel left in it.
    pub opened: Opened,
    /// Both clocks.
    pub clock: Clock,
    /// The terminal, if it was asked for.
    pub seat: Option<Seat>,
    /// Words that everything posted begins with.
    pub mark: Option<&'static str>,
}

/// What the chat networks of the configuration log in with.
#[derive(Debug, Default)]
pub struct Keys {
    /// Discord, if it is configured.
    pub discord: Option<DiscordKey>,
    /// Matrix, if it is configured.
    pub matrix: Option<MatrixKey>,
}

/// What Discord is told and believed by.
#[derive(Debug)]
pub struct DiscordKey {
    /// The bot's token.
    pub token: Secret,
    /// The authority beside those of the web (PEM); empty: none.
    pub ca: Vec<u8>,
}

/// What Matrix is told.
#[derive(Debug)]
pub struct MatrixKey {
    /// The password or the token, as configured.
    pub login: Secret,
    /// The recovery key, if there is one yet.
    pub recovery: Option<Secret>,
}

/// The terminal, as it is to be opened.
pub struct Seat {
    /// Its place.
    pub place: Console,
    /// As a filter, even where it is a real terminal.
    pub plain: bool,
    /// Ctrl-C and `quit` end gavel, as nobody's show depends on it.
    pub easy_end: bool,
    /// What it says first.
    pub greeting: Option<&'static str>,
}

/// Why there is no run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration or a secret is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The state can't be had.
    #[error(transparent)]
    State(#[from] OpenError),
}

impl StartError {
    /// How gavel ends for this.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Config(_) => Exit::Config,
            Self::State(OpenError::Held(_)) => Exit::Held,
            Self::State(OpenError::Thread(_)) => Exit::Failed,
        }
    }
}

/// Everything up to the first connection. Blocks.
pub fn start(
    file: &Path,
    console: bool,
    environment: &dyn Environment,
    clock: Clock,
) -> Result<Start, StartError> {
    let config = Config::load(file, &Surroundings::of(environment))?;
    let console = console.then(|| config.console()).transpose()?;
    let seat = console.map(|place| Seat { place, plain: false, easy_end: false, greeting: None });
    let Secrets { logins, keys, warnings } = secrets(&config, environment)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let opened = store::open(&config.state, clock.clone())?;
    Ok(Start { config, logins, keys, opened, clock, seat, mark: None })
}

/// All secrets of a configuration, read.
#[derive(Debug)]
pub struct Secrets {
    /// The login of each server.
    pub logins: BTreeMap<ServerName, ClientSetup>,
    /// What the chat networks log in with.
    pub keys: Keys,
    /// What is to be told of them.
    pub warnings: Vec<Problem>,
}

/// Reads them; or tells all that is wrong with them.
pub fn secrets(config: &Config, environment: &dyn Environment) -> Result<Secrets, ConfigError> {
    match (logins(config, environment), keys(config, environment)) {
        (Ok((logins, mut warnings)), Ok((keys, more))) => {
            warnings.extend(more);
            Ok(Secrets { logins, keys, warnings })
        }
        (logins, keys) => Err(both(logins.err(), keys.err())),
    }
}

/// All that is wrong is told at once.
fn both(one: Option<ConfigError>, other: Option<ConfigError>) -> ConfigError {
    let problems = [one, other].into_iter().flatten().flat_map(|error| error.problems).collect();
    ConfigError { problems }
}

/// What the chat networks log in with, and what is to be told of it; or what is wrong with it.
pub fn keys(config: &Config, environment: &dyn Environment) -> Result<(Keys, Vec<Problem>), ConfigError> {
    let mut told = Told::default();
    let discord = config.discord.as_ref().map(|discord| told.discord(discord, environment));
    let matrix = config.matrix.as_ref().map(|matrix| told.matrix(matrix, environment));
    let Told { warnings, problems } = told;
    if !problems.is_empty() {
        return Err(ConfigError { problems });
    }
    Ok((Keys { discord: discord.flatten(), matrix: matrix.flatten() }, warnings))
}

/// What Matrix alone is told, if it is configured: no other secret is read.
#[cfg(feature = "matrix")]
pub(crate) fn matrix_key(
    config: &Config,
    environment: &dyn Environment,
) -> Result<Option<MatrixKey>, ConfigError> {
    let mut told = Told::default();
    let key = config.matrix.as_ref().and_then(|matrix| told.matrix(matrix, environment));
    if told.problems.is_empty() { Ok(key) } else { Err(ConfigError { problems: told.problems }) }
}

/// What is to be told of secrets that were read.
#[derive(Default)]
struct Told {
    warnings: Vec<Problem>,
    problems: Vec<Problem>,
}

impl Told {
    fn discord(&mut self, discord: &Discord, environment: &dyn Environment) -> Option<DiscordKey> {
        let token = self.secret(&discord.token, environment);
        let ca = discord.extra_ca.as_ref().map(|ca| authority(ca, "discord.extra_ca")).transpose();
        let ca = ca.map_err(|problem| self.problems.push(problem)).ok()?;
        Some(DiscordKey { token: token?, ca: ca.unwrap_or_default() })
    }

    fn matrix(&mut self, matrix: &Matrix, environment: &dyn Environment) -> Option<MatrixKey> {
        let (MatrixLogin::Password(login) | MatrixLogin::Token(login)) = &matrix.login;
        let login = self.secret(login, environment);
        // A file that is not there yet is where the new key will be written.
        let made = |source: &&SecretSource| !matches!(&source.kind, SecretKind::File(path) if !path.exists());
        let recovery = matrix.recovery_key.as_ref().filter(made);
        let recovery = recovery.map(|source| self.secret(source, environment));
        Some(MatrixKey { login: login?, recovery: recovery.flatten() })
    }

    fn secret(&mut self, source: &SecretSource, environment: &dyn Environment) -> Option<Secret> {
        match secret::read(source, environment) {
            Ok(secret::Loaded { secret, warning }) => {
                self.warnings.extend(warning);
                Some(secret)
            }
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }
}

/// The login of each server, and what is to be told of their secrets; or all that is wrong with them.
fn logins(
    config: &Config,
    environment: &dyn Environment,
) -> Result<(BTreeMap<ServerName, ClientSetup>, Vec<Problem>), ConfigError> {
    let (mut logins, mut warnings, mut problems) = (BTreeMap::new(), Vec::new(), Vec::new());
    for (name, asterisk) in &config.asterisks {
        match login(asterisk, environment) {
            Ok((login, warning)) => {
                logins.insert(name.clone(), login);
                warnings.extend(warning);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok((logins, warnings)) } else { Err(ConfigError { problems }) }
}

fn login(
    asterisk: &Asterisk,
    environment: &dyn Environment,
) -> Result<(ClientSetup, Option<Problem>), Problem> {
    let secret::Loaded { secret, warning } = secret::read(&asterisk.secret, environment)?;
    let address = address(asterisk)?;
    let login = ClientSetup::new(address, &asterisk.username, session::Secret::new(secret.expose()))
        .map_err(|e| {
            let source = &asterisk.secret;
            source.at.problem(format!("asterisk.{}", asterisk.name), e.to_string())
        })?;
    Ok((login, warning))
}

fn address(asterisk: &Asterisk) -> Result<client::Address, Problem> {
    let (host, port) = (asterisk.address.host.clone(), asterisk.address.port);
    let Some(tls) = &asterisk.address.tls else { return Ok(client::Address::Tcp { host, port }) };
    let ca = tls.ca.as_ref().map(|ca| authority(ca, &format!("asterisk.{}.ca", asterisk.name)));
    Ok(client::Address::Tls { host, port, ca: ca.transpose()? })
}

/// The certificates of a private authority.
fn authority(ca: &Found<PathBuf>, key: &str) -> Result<Vec<u8>, Problem> {
    let wrong =
        |why: String| ca.at.problem(key, format!("the authority's file {} {why}", ca.value.display()));
    let bytes = read(&ca.value).map_err(|e| wrong(format!("can't be read: {e}; name a PEM file")))?;
    if bytes.len() as u64 > LARGEST_CA {
        return Err(wrong("is larger than 1 MiB; name a PEM file".into()));
    }
    Ok(bytes)
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(
        &mut std::io::Read::take(std::fs::File::open(path)?, LARGEST_CA + 1),
        &mut bytes,
    )?;
    Ok(bytes)
}
