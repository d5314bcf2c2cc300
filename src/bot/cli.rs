//! The command line: words, help, exit codes.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// How gavel ends, for service managers and scripts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// As asked.
    Ok = 0,
    /// The command line is wrong; clap says most of it.
    Usage = 2,
    /// `check` found a problem at an Asterisk, or can't reach one.
    Unavailable = 69,
    /// gavel itself failed; starting it again may help.
    Failed = 70,
    /// Another gavel holds the state file.
    Held = 75,
    /// The configuration or a secret is wrong; starting it again does not help.
    Config = 78,
}

/// Run a live Asterisk phone conference from the chat that you already have open.
#[derive(Clone, Debug, Parser)]
#[command(name = "gavel", version, about, after_help = AFTER, max_term_width = 100)]
#[command(disable_help_subcommand = true, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// How logs are written to standard error
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What gavel can be told to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Try gavel on a made-up conference: needs no phone system and no configuration
    #[command(after_help = DEMO)]
    Demo {
        /// Who calls
        #[command(flatten)]
        callers: Callers,
        /// The application of Asterisk that runs the conference
        #[arg(long, value_name = "KIND", default_value = "confbridge")]
        kind: Kind,
        /// No line editing, one line per message, even in a terminal
        #[arg(long)]
        plain: bool,
    },
    /// Train with your own configuration and made-up callers, without a phone system
    #[command(after_help = REHEARSE)]
    Rehearse {
        /// The configuration; config/gavel.toml explains every key
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Who calls
        #[command(flatten)]
        callers: Callers,
        /// No line editing, one line per message, even in a terminal
        #[arg(long)]
        plain: bool,
    },
    /// Look after the conferences until stopped
    #[command(after_help = RUN)]
    Run {
        /// The configuration; config/gavel.toml explains every key
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Take commands from this terminal (or from a pipe) too, and end with its input
        #[arg(long)]
        console: bool,
    },
    /// Say whether the configuration is right and what the AMI user may do
    #[command(after_help = CHECK)]
    Check {
        /// The configuration; config/gavel.toml explains every key
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Look after the keys of gavel's account on Matrix, while gavel is not running
    #[cfg(feature = "matrix")]
    Matrix {
        /// What to do
        #[command(subcommand)]
        command: MatrixCommand,
    },
    /// Print completions for a shell
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// What can be done to the keys of gavel's account on Matrix.
#[cfg(feature = "matrix")]
#[derive(Clone, Debug, Subcommand)]
pub enum MatrixCommand {
    /// Show the recovery key; make one if there is none
    #[command(after_help = RECOVERY_KEY)]
    RecoveryKey {
        /// The configuration; config/gavel.toml explains every key
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Make a new one; the present one opens nothing any more
        #[arg(long)]
        new: bool,
    },
    /// Begin anew when both the keys and the recovery key are lost: a new identity, a new recovery key
    #[command(after_help = RESET)]
    Reset {
        /// The configuration; config/gavel.toml explains every key
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The account's password, where the configuration has a token instead
        #[arg(long = "password-file", value_name = "FILE")]
        password: Option<PathBuf>,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
}

/// Callers who are made up.
#[derive(Args, Clone, Debug)]
pub struct Callers {
    /// What happens: show, burst, troll, noisy-line, host-drops, pbx-restart, or a file
    #[arg(long, value_name = "NAME|FILE", default_value = "show")]
    pub script: String,
    /// Another number, another story; the same number, the same story
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// How many times faster than life the callers live: 0.1 to 1000
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
}

/// The applications that run conferences.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Kind {
    /// Asterisk 10 and later
    Confbridge,
    /// Asterisk 1.4 to 22
    Meetme,
}

/// How logs look.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum LogFormat {
    /// A line for people
    Text,
    /// A JSON object per line
    Json,
}

const AFTER: &str = "\
Examples:
  gavel demo
  gavel check --config gavel.toml
  gavel run --config gavel.toml --console
  printf '/roster\\n/mute 2\\n' | gavel run --config gavel.toml --console

Environment:
  RUST_LOG         what is logged, for example RUST_LOG=gavel=debug (default: info;
                   for demo, for rehearse with a terminal, and in a terminal with --console: error)
  STATE_DIRECTORY  where relative paths of the state file begin (systemd sets it)

Exit codes:
  0   ended as asked
  2   the command line is wrong
  69  check found a problem, or an Asterisk can't be reached
  70  gavel itself failed
  75  another gavel uses the state file
  78  the configuration or a secret is wrong: the message names file, line and remedy";

const DEMO: &str = "\
A conference runs inside the program: callers join, talk and leave, and you are the host of it at this terminal. \
gavel looks after it as it would after a real one, over AMI, on a port of 127.0.0.1. Nothing is kept. \
Ends with Ctrl-C, Ctrl-D, /quit or the end of its input.

Scripts:
  show         ten minutes of a call-in show, again and again
  burst        60 calls in 20 seconds
  troll        one who shouts, presses everything and calls again
  noisy-line   a line that talks by itself
  host-drops   the host's phone fails, and callers wait
  pbx-restart  Asterisk restarts in the middle

Examples:
  gavel demo
  gavel demo --script troll --kind meetme
  printf '/roster\\n/mute 3\\n/roster\\n' | gavel demo";

const REHEARSE: &str = "\
The rooms, titles, roles and places are those of your configuration; in the place of each Asterisk of it there is a \
made-up one, and every message begins with REHEARSAL. The Asterisk of the configuration is not connected to, its secret \
is not needed, and the state file is not touched. Ends with Ctrl-C, Ctrl-D, /quit or the end of its input.

On Discord and Matrix it is your bot that says REHEARSAL in your channels and rooms: don't rehearse while gavel runs with the same token or account. With such a chat configured, the terminal opens only if standard input is one, or with --plain.

Examples:
  gavel rehearse --config gavel.toml
  gavel rehearse --config gavel.toml --script host-drops --speed 2";

const RUN: &str = "\
gavel connects to every Asterisk of the configuration, again and again if need be, and ends at SIGTERM or Ctrl-C within \
5 seconds. With --console it also ends when its input does, after the outcome of the last command; without it standard \
input is ignored.

Examples:
  gavel run --config gavel.toml --console
  printf '/roster\\n/kick 3\\n' | gavel run --config gavel.toml --console
  gavel --log-format json run --config /etc/gavel/gavel.toml";

const CHECK: &str = "\
One line each: \"ok\", \"warning\" or \"problem\" with the remedy. Changes nothing, neither at Asterisk nor in the state file, \
and may run beside a gavel that runs. Ends with 0 if there is no problem, with 78 if the configuration or a secret is \
wrong, else with 69.

Example:
  gavel check --config gavel.toml";

#[cfg(feature = "matrix")]
const RECOVERY_KEY: &str = "\
The key alone goes to standard output. It opens the account's keys when state_dir is lost: keep a copy off this machine. A \
new key is written into the file that recovery_key of [matrix] names. gavel must not be running where one is made.

Examples:
  gavel matrix recovery-key --config gavel.toml
  gavel matrix recovery-key --config gavel.toml --new";

#[cfg(feature = "matrix")]
const RESET: &str = "\
Everybody in the account's rooms is told that its identity has changed, and what only the old keys could open is lost. \
While state_dir or the recovery key is still there, it is not needed. Without --yes it says so and does nothing.

Examples:
  gavel matrix reset --config gavel.toml
  gavel matrix reset --config gavel.toml --yes";

const COMPLETIONS: &str = "\
Examples:
  gavel completions bash > /etc/bash_completion.d/gavel
  gavel completions zsh > /usr/local/share/zsh/site-functions/_gavel
  gavel completions fish > ~/.config/fish/completions/gavel.fish";

impl Command {
    /// The terminal's line editor and logs share a screen.
    pub fn wants_console(&self) -> bool {
        matches!(self, Self::Run { console: true, .. })
    }

    /// Nobody has to look after a made-up conference.
    pub fn is_demo(&self) -> bool {
        matches!(self, Self::Demo { .. })
    }
}

fn speed(word: &str) -> Result<f64, String> {
    let speed = word.parse().ok().filter(|speed| (0.1..=1000.0).contains(speed));
    speed.ok_or_else(|| "expected a number from 0.1 to 1000".to_owned())
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn log_format_goes_before_and_after_the_command() {
        for line in [
            ["gavel", "--log-format", "json", "check", "--config", "x"],
            ["gavel", "check", "--config", "x", "--log-format", "json"],
        ] {
            assert_eq!(Cli::try_parse_from(line).unwrap().log_format, LogFormat::Json);
        }
    }
}
