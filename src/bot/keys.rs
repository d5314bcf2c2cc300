//! `gavel matrix`: what an operator does to the keys of gavel's account by hand, while gavel is not running.
//!
//! The key alone goes to standard output, so that it can be piped into wherever keys are kept; the words around it go to
//! standard error. Invariant: nothing is reset without being asked for in so many words, and a new key is shown even
//! if it can't be written anywhere.

use std::io::{self, Write};
use std::path::Path;

use gavel_chat::AdapterError;
use gavel_matrix::{Secret, Settings, account};

use crate::cli::{Exit, MatrixCommand};
use crate::config::{At, Config, ConfigError, SecretKind, SecretSource, Surroundings};
use crate::secret::{self, Environment};
use crate::start::matrix_key;
use crate::store::{self, OpenError};
use crate::visible::visible;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The configuration or a secret is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// gavel runs, and has the keys in its hands.
    #[error(transparent)]
    Held(#[from] OpenError),
    /// The homeserver or the state do not allow it.
    #[error("{0}")]
    Account(AdapterError),
    /// Standard output or error.
    #[error("can't write the answer")]
    Output(#[from] io::Error),
}

impl KeysError {
    /// How gavel ends for this.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Config(_) | Self::Account(AdapterError::Remedy(_)) => Exit::Config,
            Self::Held(OpenError::Held(_)) => Exit::Held,
            Self::Account(AdapterError::Lost(_)) => Exit::Unavailable,
            Self::Held(OpenError::Thread(_)) | Self::Output(_) => Exit::Failed,
        }
    }
}

/// Where the answer goes.
pub struct Pen<'w> {
    /// The key alone.
    pub out: &'w mut dyn Write,
    /// The words around it.
    pub words: &'w mut dyn Write,
}

/// Does what was asked.
pub async fn run(
    command: &MatrixCommand,
    environment: &dyn Environment,
    pen: &mut Pen<'_>,
) -> Result<Exit, KeysError> {
    match command {
        MatrixCommand::RecoveryKey { config, new } => {
            let account = Account::read(config, environment)?;
            match account.settings.recovery_key.known.clone().filter(|_| !new) {
                Some(known) => account.show(&known, pen)?,
                None => {
                    let _held = store::hold(&account.config.state)?;
                    pen.say(&format!("Making a recovery key for {} ...", account.settings.user))?;
                    let made = account::recovery_key(&account.settings).await.map_err(KeysError::Account)?;
                    return account.keep(&made, pen);
                }
            }
        }
        MatrixCommand::Reset { config, password, yes } => {
            let account = Account::read(config, environment)?;
            pen.say(&account.warning())?;
            if !yes {
                pen.say("Nothing was done. To do it, say --yes.")?;
                return Ok(Exit::Usage);
            }
            let password = password.as_deref().map(|file| password_in(file, environment)).transpose()?;
            let _held = store::hold(&account.config.state)?;
            let reset = account::reset(&account.settings, password.as_ref()).await;
            return account.keep(&reset.map_err(KeysError::Account)?, pen);
        }
    }
    Ok(Exit::Ok)
}

/// The account of a configuration.
struct Account {
    config: Config,
    settings: Settings,
}

impl Account {
    /// Needs nothing of the rest of the file: no other secret is read.
    fn read(file: &Path, environment: &dyn Environment) -> Result<Self, KeysError> {
        let config = Config::load(file, &Surroundings::of(environment))?;
        let key = matrix_key(&config, environment)?;
        let settings = key.and_then(|key| crate::run::matrix(&config, &key));
        let none = || {
            let text = "there is no [matrix] in this file, so there are no keys";
            ConfigError::from(At::whole(&file.display().to_string()).problem("", text))
        };
        Ok(Self { settings: settings.ok_or_else(none)?, config })
    }

    fn warning(&self) -> String {
        let Settings { user, state_dir, .. } = &self.settings;
        format!(
            "This gives {user} a new identity. It is for when both {} and the recovery key are lost, and for nothing \
             else:\n\
             - everybody in its rooms is told that its identity has changed, and must verify it anew;\n\
             - the present recovery key opens nothing any more, nor does anything that only the old keys could open;\n\
             - nobody's rights change, and no room is left.",
            state_dir.display()
        )
    }

    /// The key that there is.
    fn show(&self, key: &Secret, pen: &mut Pen<'_>) -> io::Result<()> {
        let place = self.place();
        pen.say(&format!("The recovery key of {}, kept in {place}. {COPY}", self.settings.user))?;
        pen.key(key)
    }

    /// A key that was just made: the old one is good for nothing.
    fn keep(&self, key: &Secret, pen: &mut Pen<'_>) -> Result<Exit, KeysError> {
        let kept = account::keep(&self.settings, key);
        let (exit, words) = match (&self.settings.recovery_key.file, kept) {
            (Some(_), Ok(())) => (Exit::Ok, format!("It was written into {}. {COPY}", self.place())),
            (Some(_), Err(error)) => {
                let why = format!("It could NOT be written into {} ({error}): write it there.", self.place());
                (Exit::Failed, why)
            }
            (None, _) => {
                let place = self.place();
                (Exit::Ok, format!("gavel writes it nowhere: put it into {place} now. {COPY}"))
            }
        };
        pen.say(&format!("The new recovery key of {}. {words}", self.settings.user))?;
        pen.key(key)?;
        Ok(exit)
    }

    /// Where the configuration says that it is kept.
    fn place(&self) -> String {
        match self.config.matrix.as_ref().and_then(|matrix| matrix.recovery_key.as_ref()) {
            Some(SecretSource { kind: SecretKind::File(path), .. }) => path.display().to_string(),
            Some(SecretSource { kind: SecretKind::Env(name), .. }) => {
                format!("the environment variable {name}")
            }
            Some(SecretSource { kind: SecretKind::Credential(name), .. }) => format!("the credential {name}"),
            None => "a file that recovery_key of [matrix] names".to_owned(),
        }
    }
}

const COPY: &str = "Keep a copy off this machine: whoever has it can read what gavel can, and without it lost keys stay lost.";

impl Pen<'_> {
    fn say(&mut self, words: &str) -> io::Result<()> {
        let lines = words.lines().map(visible);
        lines.into_iter().try_for_each(|line| writeln!(self.words, "{line}"))?;
        self.words.flush()
    }

    fn key(&mut self, key: &Secret) -> io::Result<()> {
        writeln!(self.out, "{}", key.reveal())?;
        self.out.flush()
    }
}

fn password_in(file: &Path, environment: &dyn Environment) -> Result<Secret, ConfigError> {
    let (kind, at) = (SecretKind::File(file.to_owned()), At::whole("--password-file"));
    let source = SecretSource { kind, at, key: String::new() };
    let loaded = secret::read(&source, environment)?;
    Ok(Secret::new(loaded.secret.expose()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const CONFIG: &str = "[asterisk.a]\naddress = 'pbx'\nusername = 'x'\nsecret = { env = 'UNSET' }\n\
         [room.one]\nasterisk = 'a'\nconference = '1'\n\
         [matrix]\nhomeserver = 'http://127.0.0.1:9'\nuser = '@gavel:e'\npassword = { env = 'PASSWORD' }\n\
         recovery_key = { file = 'key' }\n[[matrix.place]]\nroom_id = '!a:e'\nroom = 'one'\n";

    struct Said {
        end: Result<Exit, KeysError>,
        out: String,
        words: String,
    }

    async fn run(
        folder: &Path,
        config: &str,
        command: impl FnOnce(std::path::PathBuf) -> MatrixCommand,
    ) -> Said {
        let file = folder.join("gavel.toml");
        std::fs::write(&file, config).unwrap();
        let environment = BTreeMap::from([("PASSWORD".to_owned(), "secret".to_owned())]);
        let (mut out, mut words) = (Vec::new(), Vec::new());
        let mut pen = Pen { out: &mut out, words: &mut words };
        let end = super::run(&command(file), &environment, &mut pen).await;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { end, out: text(out), words: text(words) }
    }

    fn show(config: std::path::PathBuf) -> MatrixCommand {
        MatrixCommand::RecoveryKey { config, new: false }
    }

    #[tokio::test]
    async fn a_key_that_is_there_is_shown_alone_on_standard_output() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "EsT1 abcd\n").unwrap();
        let said = run(folder.path(), CONFIG, show).await;
        assert_eq!((said.end.unwrap(), said.out.as_str()), (Exit::Ok, "EsT1 abcd\n"));
        assert!(said.words.contains("kept in") && !said.words.contains("EsT1"), "{}", said.words);
    }

    #[tokio::test]
    async fn a_reset_says_first_what_it_costs_and_does_nothing_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let reset = |config| MatrixCommand::Reset { config, password: None, yes: false };
        let said = run(folder.path(), CONFIG, reset).await;
        assert_eq!((said.end.unwrap(), said.out.as_str()), (Exit::Usage, ""));
        assert!(
            said.words.contains("everybody in its rooms") && said.words.contains("say --yes"),
            "{}",
            said.words
        );
        assert!(!folder.path().join("matrix").exists(), "nothing was made");
    }

    #[tokio::test]
    async fn what_can_not_be_done_has_its_exit_code() {
        let folder = tempfile::tempdir().unwrap();
        let (before, _) = CONFIG.split_once("[matrix]").unwrap();
        let none = run(folder.path(), before, show).await.end.unwrap_err();
        assert!(none.exit() == Exit::Config && none.to_string().contains("no [matrix]"), "{none}");
        let away = run(folder.path(), CONFIG, show).await.end.unwrap_err();
        assert_eq!(away.exit(), Exit::Unavailable, "{away}");
        let state = crate::config::State {
            path: folder.path().join("gavel.db"),
            keep_callers: std::time::Duration::from_secs(9),
        };
        let _held = store::hold(&state).unwrap();
        let held = run(folder.path(), CONFIG, show).await.end.unwrap_err();
        assert_eq!(held.exit(), Exit::Held, "{held}");
    }
}
