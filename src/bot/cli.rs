//! The command line: words, help, exit codes.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// How gavel ends, for service managers and scripts. A wrong command line is clap's 2.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// As asked.
    Ok = 0,
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
    /// Print completions for a shell
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// Which shell
        shell: Shell,
    },
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
  gavel check --config gavel.toml
  gavel run --config gavel.toml --console
  printf '/roster\\n/mute 2\\n' | gavel run --config gavel.toml --console

Environment:
  RUST_LOG         what is logged, for example RUST_LOG=gavel=debug (default: info;
                   in a terminal with --console: error)
  STATE_DIRECTORY  where relative paths of the state file begin (systemd sets it)

Exit codes:
  0   ended as asked
  2   the command line is wrong
  69  check found a problem, or an Asterisk can't be reached
  70  gavel itself failed
  75  another gavel uses the state file
  78  the configuration or a secret is wrong: the message names file, line and remedy";

const RUN: &str = "\
gavel connects to every Asterisk of the configuration, again and again if need be, and ends at SIGTERM or Ctrl-C within
5 seconds. With --console it also ends when its input does, after the outcome of the last command; without it standard
input is ignored.

Examples:
  gavel run --config gavel.toml --console
  printf '/roster\\n/kick 3\\n' | gavel run --config gavel.toml --console
  gavel --log-format json run --config /etc/gavel/gavel.toml";

const CHECK: &str = "\
One line each: \"ok\", \"warning\" or \"problem\" with the remedy. Changes nothing, neither at Asterisk nor in the state file,
and may run beside a gavel that runs. Ends with 0 if there is no problem, with 78 if the configuration or a secret is
wrong, else with 69.

Example:
  gavel check --config gavel.toml";

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
