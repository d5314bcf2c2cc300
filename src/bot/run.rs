//! `gavel run`: everything wired together, from the first connection to the last row on the disk.
//!
//! Owns the tasks and the order in which they end; each task owns what it works on. Invariants: every task is waited
//! for; nothing that a network does, or a disk, ends the run, except a terminal whose input is over and a network that
//! froze twice; the end takes less than 5 s.

#[cfg(feature = "discord")]
mod discord;
mod feed;
#[cfg(feature = "matrix")]
mod matrix;
mod places;
mod rooms;
mod wire;

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use tracing::{info, warn};

use crate::start::Start;
use crate::supervisor::Ended;
#[cfg(feature = "discord")]
pub(crate) use discord::settings as discord;
#[cfg(feature = "matrix")]
pub(crate) use matrix::settings as matrix;
use wire::Parts;

/// The desk waits for orders under way, then says of the rest that it is not known.
const DESK: Duration = Duration::from_millis(1700);
/// It has only to say what waits.
const ANNOUNCER: Duration = Duration::from_millis(200);
/// What was said last reaches the networks, which then close; Asterisk is told goodbye meanwhile.
const NETWORKS: Duration = Duration::from_millis(1700);
/// What the cores said last goes where it belongs.
const FEEDS: Duration = Duration::from_millis(400);
/// The last rows.
const STORE: Duration = Duration::from_millis(800);

/// Why a run ended without being asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The system hands out no signals.
    #[error("can't listen for signals")]
    Signals(#[source] io::Error),
    /// The terminal can't be opened.
    #[error("can't use the terminal")]
    Terminal(#[source] io::Error),
    /// Each frozen incarnation may burn a core, and none of them can be killed but with the process.
    #[error("the network {0} froze twice; gavel ends so that the service manager starts it afresh")]
    Stuck(&'static str),
    /// A bug. What it was is in the log.
    #[error("a part of gavel failed")]
    Failed(#[source] JoinError),
}

/// What ends a run.
enum End {
    Asked,
    Stuck(&'static str),
    Failed(JoinError),
}

/// Looks after everything until SIGTERM, Ctrl-C, or the end of the terminal's input.
pub async fn run(start: Start) -> Result<(), RunError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signals)?;
    let store = start.opened.store.clone();
    let mut parts = wire::wire(start).map_err(RunError::Terminal)?;
    let end = tokio::select! {
        _ = any(&mut terminate, &mut interrupt) => End::Asked,
        end = until_over(&mut parts) => end,
    };
    info!("ending");
    shut_down(parts).await;
    if timeout(STORE, store.close()).await.is_err() {
        warn!("the state file took too long, the last rows may be missing");
    }
    match end {
        End::Asked => Ok(()),
        End::Stuck(network) => Err(RunError::Stuck(network)),
        End::Failed(error) => Err(RunError::Failed(error)),
    }
}

async fn any(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

/// Until something is over that the run is for. A network that ended well is missed by nobody, but the terminal was
/// asked for: its end is that of the run.
async fn until_over(parts: &mut Parts) -> End {
    loop {
        tokio::select! {
            Some(ended) = parts.networks.join_next() => match ended {
                Ok((network, Ended::Stuck)) => return End::Stuck(network),
                Ok(("console", _)) => return End::Asked,
                Ok((network, ended)) => info!(network, ?ended, "network closed"),
                Err(error) => return End::Failed(error),
            },
            Some(Err(error)) = parts.desk.join_next() => return End::Failed(error),
            Some(Err(error)) = parts.announcer.join_next() => return End::Failed(error),
            Some(Err(error)) = parts.cores.join_next() => return End::Failed(error),
            Some(Err(error)) = parts.feeds.join_next() => return End::Failed(error),
            else => std::future::pending::<()>().await,
        }
    }
}

/// From the people inwards: nobody is asked anything new, what was said is delivered, Asterisk is told goodbye, and
/// what it said last is written down.
async fn shut_down(parts: Parts) {
    let Parts { stops, mut desk, mut announcer, mut networks, mut cores, mut feeds } = parts;
    tell(&stops.desk);
    patience("the desk", DESK, all(&mut desk)).await;
    tell(&stops.announcer);
    patience("the announcer", ANNOUNCER, all(&mut announcer)).await;
    tell(&stops.networks);
    tell(&stops.cores);
    let last = async { tokio::join!(all(&mut networks), all(&mut cores)) };
    patience("networks and Asterisk", NETWORKS, last).await;
    // The cores are gone, so these end by themselves, when they have passed on what they had.
    patience("what is passed on", FEEDS, all(&mut feeds)).await;
}

fn tell(stop: &watch::Sender<bool>) {
    stop.send_replace(true);
}

async fn all<T: 'static>(tasks: &mut JoinSet<T>) {
    while tasks.join_next().await.is_some() {}
}

async fn patience(what: &str, limit: Duration, work: impl Future) {
    if timeout(limit, work).await.is_err() {
        warn!(what, "took too long to end, left behind");
    }
}
