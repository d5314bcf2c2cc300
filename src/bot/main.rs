//! The program: the command line in, an exit code out. Everything else is the library's.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, Parser};
use gavel::cli::{Cli, Command, Exit};
use gavel::clock::Clock;
#[cfg(feature = "matrix")]
use gavel::keys;
use gavel::rehearsal::{self, Rehearsal, RehearsalError};
use gavel::secret::Process;
use gavel::{check, logging, run, start};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli) {
        Ok(exit) => exit.into(),
        Err(e) => {
            let _ = writeln!(io::stderr(), "gavel: {e:#}");
            exit_of(&e).into()
        }
    }
}

fn execute(Cli { command, log_format }: Cli) -> anyhow::Result<Exit> {
    // Where somebody types, what happens is told there.
    let typed_at = command.wants_console() && io::stderr().is_terminal();
    if !matches!(command, Command::Rehearse { .. }) {
        logging::start(log_format, command.is_demo() || typed_at, &Process);
    }
    match command {
        Command::Run { config, console } => {
            let start = start::start(&config, console, &Process, Clock::system())?;
            runtime()?.block_on(run::run(start)).context("gavel ended")?;
        }
        Command::Demo { callers, kind, plain } => {
            let Rehearsal { start, servers: _servers } =
                rehearsal::demo(&callers, kind, plain, Clock::system())?;
            runtime()?.block_on(run::run(start)).context("gavel ended")?;
        }
        Command::Rehearse { config, callers, plain } => {
            let terminal = (plain, io::stdin().is_terminal());
            let Rehearsal { start, servers: _servers } =
                rehearsal::rehearse(&config, &Process, &callers, terminal, Clock::system())?;
            logging::start(log_format, start.seat.is_some(), &Process);
            runtime()?.block_on(run::run(start)).context("gavel ended")?;
        }
        Command::Check { config } => {
            return Ok(runtime()?.block_on(check::check(
                &config,
                &Process,
                &mut io::stdout(),
                &mut io::stderr(),
            ))?);
        }
        #[cfg(feature = "matrix")]
        Command::Matrix { command } => {
            let (mut out, mut words) = (io::stdout(), io::stderr());
            let mut pen = keys::Pen { out: &mut out, words: &mut words };
            return Ok(runtime()?.block_on(keys::run(&command, &Process, &mut pen))?);
        }
        Command::Completions { shell } => {
            // Written at the end: the generator panics where its output is a pipe that was closed.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "gavel", &mut script);
            io::stdout().write_all(&script)?;
        }
    }
    Ok(Exit::Ok)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("can't start the runtime")
}

fn exit_of(error: &anyhow::Error) -> Exit {
    let start = error.downcast_ref().map(start::StartError::exit);
    let start = start.or_else(|| error.downcast_ref().map(RehearsalError::exit));
    #[cfg(feature = "matrix")]
    let start = start.or_else(|| error.downcast_ref().map(keys::KeysError::exit));
    start.unwrap_or(Exit::Failed)
}
