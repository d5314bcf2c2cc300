//! One incarnation of a chat network: a thread, a runtime of its own on it, one adapter, and a beat.
//!
//! Invariant: nothing that the adapter does (freeze, panic, end) touches any other thread. A thread cannot be killed:
//! whoever gives one up revokes its generation and leaves it behind.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use gavel_chat::{AdapterError, Far, Generation, Link, Network, Place, Refused, Up, Uplink, link};
use tokio::sync::{mpsc, oneshot};

/// The bot's end of one incarnation.
pub(super) struct Incarnation {
    /// Its link.
    pub(super) far: Far,
    /// How it ended; the sender is dropped without a word only if the thread died outside the adapter.
    pub(super) done: oneshot::Receiver<Result<(), AdapterError>>,
}

/// Opens a fresh adapter on a thread of its own.
pub(super) fn start(
    network: Arc<dyn Network>,
    ups: mpsc::Sender<(u64, Up)>,
    generation: &Generation,
    places: Vec<Place>,
    beat: Duration,
) -> io::Result<Incarnation> {
    let (link, far) = link(ups, generation, places);
    let (tell, done) = oneshot::channel();
    thread::Builder::new().name(network.name().to_owned()).spawn(move || {
        // Nobody may be listening any more: then nobody is to be told.
        let _ = tell.send(live(network.as_ref(), link, beat));
    })?;
    Ok(Incarnation { far, done })
}

/// The thread's whole life.
fn live(network: &dyn Network, link: Link, beat: Duration) -> Result<(), AdapterError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| AdapterError::Lost(format!("no runtime: {error}")))?;
    let uplink = link.uplink();
    let adapter = AssertUnwindSafe(|| {
        runtime.block_on(async {
            tokio::select! {
                result = network.open().run(link) => result,
                () = beats(uplink, beat) => Err(AdapterError::Lost("given up".to_owned())),
            }
        })
    });
    let result = catch_unwind(adapter);
    // What an SDK left running ends here, also when a freeze ends after it was given up.
    runtime.shutdown_background();
    result.unwrap_or_else(|_| Err(AdapterError::Lost("it panicked".to_owned())))
}

/// Says that the thread still turns; ends when this incarnation was given up. A full queue is no reason to stop:
/// whoever reads it is behind, not gone.
async fn beats(uplink: Uplink, every: Duration) {
    while uplink.beat() != Err(Refused::Revoked) {
        tokio::time::sleep(every).await;
    }
}
