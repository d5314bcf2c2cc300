//! What a chat network must be: something that opens adapters, each of which runs once.

use std::future::Future;
use std::pin::Pin;

use crate::Link;

/// A chat network. Makes a fresh adapter whenever the last one ended, panicked or froze. One line of registration.
pub trait Network: Send + Sync + 'static {
    /// Its name: `discord`, `matrix`, `console`.
    fn name(&self) -> &'static str;
    /// A fresh adapter, not connected yet.
    fn open(&self) -> Box<dyn Adapter>;
}

/// One run of a chat network.
pub trait Adapter: Send + 'static {
    /// Runs until [`Link::next`] says `None` or the network is lost. Must end within 1 s of the former.
    fn run(self: Box<Self>, link: Link) -> Running;
}

/// An adapter at work. Need not be `Send`: it stays on the thread of its run.
pub type Running = Pin<Box<dyn Future<Output = Result<(), AdapterError>>>>;

/// Why an adapter ended. `Ok(())` means that it was told to stop, or that its network is over for good (the end of a
/// terminal's input): then no new one is opened.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// A person must change something: a token, a permission. Trying again is of no use.
    #[error("{0}")]
    Remedy(String),
    /// Lost; a new run may do better.
    #[error("{0}")]
    Lost(String),
}
