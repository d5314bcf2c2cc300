//! `gavel check`: what is configured, what answers, and what the AMI user and the bot may do, in words.
//!
//! Changes nothing anywhere. Each finding is one line on standard output; what takes time is announced on standard
//! error.

#[cfg(feature = "discord")]
mod discord;
#[cfg(feature = "matrix")]
mod matrix;
mod rights;
mod server;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use gavel_ami::client::{self, ClientSetup};

use crate::cli::Exit;
use crate::config::{Asterisk, Config, Surroundings};
use crate::secret::Environment;
use crate::start::{self, Keys, Secrets};
use crate::store;
use crate::visible::visible;

/// One finding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// How bad.
    pub level: Level,
    /// What, and what to do about it.
    pub text: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, but somebody should look at it.
    Warning,
    /// Something won't work.
    Problem,
}

/// Findings as they come, and the worst so far.
struct Report<'w> {
    out: &'w mut dyn Write,
    progress: &'w mut dyn Write,
    worst: Level,
}

/// Checks everything. Errors are those of writing to `out` and `progress`.
pub async fn check(
    file: &Path,
    environment: &dyn Environment,
    out: &mut dyn Write,
    progress: &mut dyn Write,
) -> io::Result<Exit> {
    let mut report = Report { out, progress, worst: Level::Ok };
    let config = match Config::load(file, &Surroundings::of(environment)) {
        Ok(config) => config,
        Err(wrong) => return report.wrong(&wrong.problems),
    };
    report.say(Level::Ok, format!("{}: {} and {}", file.display(), servers(&config), rooms(&config)))?;
    report.state(&config.state.path)?;
    let Secrets { logins, keys, warnings } = match start::secrets(&config, environment) {
        Ok(secrets) => secrets,
        Err(wrong) => return report.wrong(&wrong.problems),
    };
    for warning in warnings {
        report.say(Level::Warning, warning.to_string())?;
    }
    for (name, login) in logins {
        if let Some(asterisk) = config.asterisks.get(&name) {
            report.server(&config, asterisk, login).await?;
        }
    }
    report.discord(&config, &keys).await?;
    report.matrix(&config, &keys).await?;
    Ok(if report.worst == Level::Problem { Exit::Unavailable } else { Exit::Ok })
}

impl Report<'_> {
    async fn server(&mut self, config: &Config, asterisk: &Asterisk, login: ClientSetup) -> io::Result<()> {
        writeln!(self.progress, "Connecting to {} at {} ...", asterisk.name, asterisk.address)?;
        self.progress.flush()?;
        let rooms: Vec<_> = config.rooms.values().filter(|room| room.asterisk == asterisk.name).collect();
        let findings = match client::probe(login).await {
            Ok(found) => server::found(asterisk, &rooms, &found),
            Err(e) => vec![server::unanswered(asterisk, &e)],
        };
        findings.into_iter().try_for_each(|finding| self.tell(&finding))
    }

    /// The configuration was refused already if it names Discord and this gavel was built without.
    #[cfg(feature = "discord")]
    async fn discord(&mut self, config: &Config, keys: &Keys) -> io::Result<()> {
        if config.discord.is_none() {
            return Ok(());
        }
        writeln!(self.progress, "Asking Discord ...")?;
        self.progress.flush()?;
        discord::found(config, keys).await.iter().try_for_each(|finding| self.tell(finding))
    }

    #[cfg(not(feature = "discord"))]
    async fn discord(&mut self, _: &Config, _: &Keys) -> io::Result<()> {
        Ok(())
    }

    /// As with Discord.
    #[cfg(feature = "matrix")]
    async fn matrix(&mut self, config: &Config, keys: &Keys) -> io::Result<()> {
        let Some(matrix) = &config.matrix else { return Ok(()) };
        writeln!(self.progress, "Asking {} ...", visible(&matrix.homeserver))?;
        self.progress.flush()?;
        matrix::found(config, keys).await.iter().try_for_each(|finding| self.tell(finding))
    }

    #[cfg(not(feature = "matrix"))]
    async fn matrix(&mut self, _: &Config, _: &Keys) -> io::Result<()> {
        Ok(())
    }

    fn state(&mut self, path: &Path) -> io::Result<()> {
        let shown = path.display();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match store::examine(path) {
            Some(Ok(())) => self.say(Level::Ok, format!("state: {shown} can be read")),
            Some(Err(trouble)) => self.say(Level::Problem, format!("state: {trouble}")),
            None if folder.is_dir() => {
                self.say(Level::Ok, format!("state: {shown} will be made at the first run"))
            }
            None => {
                let remedy = format!("make the folder {}, writable for gavel's user", folder.display());
                self.say(Level::Problem, format!("state: there is no folder for {shown}; {remedy}"))
            }
        }
    }

    fn wrong(mut self, problems: &[crate::config::Problem]) -> io::Result<Exit> {
        for problem in problems {
            self.say(Level::Problem, problem.to_string())?;
        }
        Ok(Exit::Config)
    }

    fn say(&mut self, level: Level, text: String) -> io::Result<()> {
        self.tell(&Finding { level, text })
    }

    fn tell(&mut self, finding: &Finding) -> io::Result<()> {
        self.worst = self.worst.max(finding.level);
        writeln!(self.out, "{finding}")?;
        self.out.flush()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Problem => "problem",
        };
        write!(f, "{level:<8}{}", visible(&self.text))
    }
}

fn servers(config: &Config) -> String {
    counted(config.asterisks.len(), "Asterisk server", "Asterisk servers")
}

fn rooms(config: &Config) -> String {
    counted(config.rooms.len(), "room", "rooms")
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
