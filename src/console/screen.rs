//! The thread that writes: a terminal that takes nothing (a full pipe, a stopped pager) must not freeze the adapter.

use std::io;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

/// Texts that may wait for a terminal.
const WAITING: usize = 1024;
/// How long the end waits for what is still to be written.
const AT_THE_END: Duration = Duration::from_millis(500);

#[derive(Debug)]
enum Print {
    Text(String),
    Flush(oneshot::Sender<()>),
}

/// Where texts go. Clone it freely.
#[derive(Clone, Debug)]
pub(crate) struct Screen(mpsc::Sender<Print>);

/// Why a text is not written.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Unwritten {
    /// The terminal takes nothing.
    Full,
    /// The terminal is gone.
    Gone,
}

impl Screen {
    /// Starts the thread; it ends with the last handle, or when `write` fails.
    pub(crate) fn start(mut write: impl FnMut(&str) -> io::Result<()> + Send + 'static) -> io::Result<Self> {
        let (tx, mut rx) = mpsc::channel(WAITING);
        let work = move || {
            while let Some(print) = rx.blocking_recv() {
                match print {
                    Print::Text(text) if write(&text).is_err() => return,
                    Print::Text(_) => {}
                    // Whoever waited may have given up.
                    Print::Flush(done) => drop(done.send(())),
                }
            }
        };
        std::thread::Builder::new().name("console-out".into()).spawn(work)?;
        Ok(Self(tx))
    }

    /// Writes it, with a line break after it. Never waits.
    pub(crate) fn print(&self, text: &str) -> Result<(), Unwritten> {
        self.0.try_send(Print::Text(format!("{text}\n"))).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unwritten::Full,
            mpsc::error::TrySendError::Closed(_) => Unwritten::Gone,
        })
    }

    /// Waits until what was printed so far is written; not for ever.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.0.try_send(Print::Flush(done)).is_ok() {
            let _ = tokio::time::timeout(AT_THE_END, written).await;
        }
    }
}
