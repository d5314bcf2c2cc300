//! Waiting, for the loops of the shell.

use std::future::pending;
use std::time::Instant;

use tokio::sync::watch;
use tokio::time::sleep_until;

/// Until that moment; `None`: for ever.
pub(crate) async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => pending().await,
    }
}

/// Until it is told to stop; also when nobody is left who could tell.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
