//! From the thread that reads a terminal to whichever run of the adapter is the present one.
//!
//! A thread that blocks on a terminal cannot be ended, so it outlives the adapter's runs: each new run hands it a
//! sender, and a line that a dead run did not take goes to the next one.

use std::sync::mpsc::{Receiver, SyncSender};

use gavel_chat::Choice;
use tokio::sync::mpsc;

/// What the reading thread hears.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A whole line.
    Line(String),
    /// The tab key.
    Complete(Typed, SyncSender<Vec<Choice>>),
    /// Ctrl-C.
    Interrupt,
    /// The end of input.
    End,
}

/// Something half typed, in the catalog's words.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Typed {
    /// The command's word; empty while that itself is being typed.
    pub(crate) command: String,
    /// The slot's name; empty for the word itself.
    pub(crate) slot: String,
    /// What was typed of it.
    pub(crate) typed: String,
}

/// No run is left, and none will come.
#[derive(Debug)]
pub(crate) struct Closed;

/// The reading thread's end.
#[derive(Debug)]
pub(crate) struct Outlet {
    runs: Receiver<mpsc::Sender<Heard>>,
    present: Option<mpsc::Sender<Heard>>,
}

impl Outlet {
    pub(crate) fn new(runs: Receiver<mpsc::Sender<Heard>>) -> Self {
        Self { runs, present: None }
    }

    /// Gives it to the present run; waits for one, and until it is taken.
    pub(crate) fn hand(&mut self, mut heard: Heard) -> Result<(), Closed> {
        loop {
            while let Ok(run) = self.runs.try_recv() {
                self.present = Some(run);
            }
            let run = match self.present.take() {
                Some(run) => run,
                None => self.runs.recv().map_err(|_| Closed)?,
            };
            match run.blocking_send(heard) {
                Ok(()) => {
                    self.present = Some(run);
                    return Ok(());
                }
                Err(mpsc::error::SendError(back)) => heard = back,
            }
        }
    }
}
