//! The server: a thread of its own with the sockets, the clock, and the exchange.
//!
//! Invariants: it listens on loopback alone; every queue is bounded; a client that does not read is cut off, in the
//! middle of a packet, as Asterisk does it; when the handle is dropped, all of it is gone.

mod fault;
mod hub;
mod line;
mod phone;
mod stream;
mod tls;

#[cfg(test)]
mod tests;

use std::io;
use std::net::Ipv4Addr;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc;

pub use fault::Fault;
pub use phone::CallId;

use crate::script::Script;
use crate::setup::Setup;
use crate::world::{Asked, NewCall, Truth};
use hub::Hub;

/// What keeps a server from starting.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No port, no thread.
    #[error("the rehearsal server cannot listen")]
    Listen(#[from] io::Error),
    /// The certificate or its key.
    #[error("the certificate cannot be used: {0}")]
    Certificate(String),
}

type Ask = Box<dyn FnOnce(&mut Hub) + Send>;

/// A running server. Every call is answered within milliseconds, also from within an async task.
#[derive(Debug)]
pub struct Server {
    port: u16,
    tls_port: Option<u16>,
    asks: Option<mpsc::Sender<Ask>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts one on 127.0.0.1; it is fully booted at once.
    pub fn start(setup: Setup) -> Result<Self, StartError> {
        let tls = setup.tls.as_ref().map(|(certificate, key)| tls::config(certificate, key)).transpose();
        let tls = tls.map_err(StartError::Certificate)?;
        let listener = bind(setup.port)?;
        let secure = tls.as_ref().map(|_| bind(0)).transpose()?;
        let port = listener.local_addr()?.port();
        let tls_port = secure.as_ref().map(|l| l.local_addr()).transpose()?.map(|a| a.port());
        let (asks, asked) = mpsc::channel(256);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let run = move || {
            runtime.block_on(async {
                let mut hub = Hub::new(setup, port, tls_port, tls);
                if hub.listen(Some(listener), secure).is_ok() {
                    hub.run(asked).await;
                }
            });
        };
        let thread = std::thread::Builder::new().name("rehearsal".into()).spawn(run)?;
        Ok(Self { port, tls_port, asks: Some(asks), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens for TLS, if it has a certificate.
    pub fn tls_port(&self) -> Option<u16> {
        self.tls_port
    }

    /// Who is in which conference at this moment.
    pub fn truth(&self) -> Truth {
        self.ask(|hub| hub.truth()).unwrap_or_default()
    }

    /// What clients asked so far, if [`Setup::note_requests`] is set.
    pub fn asked(&self) -> Vec<Asked> {
        self.ask(|hub| hub.asked()).unwrap_or_default()
    }

    /// How many clients are connected.
    pub fn clients(&self) -> usize {
        self.ask(|hub| hub.clients()).unwrap_or_default()
    }

    /// Somebody calls in.
    pub fn call(&self, call: NewCall) -> CallId {
        self.ask(move |hub| hub.call(&call)).unwrap_or_default()
    }

    /// Many call in, at the same moment.
    pub fn call_all(&self, calls: Vec<NewCall>) -> Vec<CallId> {
        self.ask(move |hub| calls.iter().map(|call| hub.call(call)).collect()).unwrap_or_default()
    }

    /// A caller begins or ceases to talk.
    pub fn talk(&self, call: CallId, on: bool) {
        self.ask(move |hub| hub.talk(call, on));
    }

    /// A caller presses a key.
    pub fn press(&self, call: CallId, key: char) {
        self.ask(move |hub| hub.press(call, key));
    }

    /// A caller hangs up.
    pub fn hang_up(&self, call: CallId) {
        self.ask(move |hub| hub.hang_up(call));
    }

    /// Begins with a script, besides whatever runs.
    pub fn play(&self, script: Script) {
        self.ask(move |hub| hub.play(script));
    }

    /// Something goes wrong from now on.
    pub fn fault(&self, fault: Fault) {
        self.ask(move |hub| hub.fault(fault));
    }

    /// Ends Asterisk: all calls, all connections. `cleanly`: the clients are told. [`Self::start_again`] starts it.
    pub fn stop(&self, cleanly: bool) {
        self.ask(move |hub| hub.stop(cleanly, false));
    }

    /// Starts Asterisk on the same ports: nobody is there, all channel names begin again.
    pub fn start_again(&self) -> io::Result<()> {
        self.ask(Hub::start_again).unwrap_or_else(|| Err(io::ErrorKind::BrokenPipe.into()))
    }

    /// [`Self::stop`], and [`Self::start_again`] after that time.
    pub fn restart(&self, away: Duration) {
        self.ask(move |hub| hub.restart(away));
    }

    fn ask<T: Send + 'static>(&self, what: impl FnOnce(&mut Hub) -> T + Send + 'static) -> Option<T> {
        let (reply, answer) = sync_channel(1);
        let mut ask: Ask = Box::new(move |hub| {
            let _ = reply.send(what(hub)); // whoever asked may be gone
        });
        loop {
            match self.asks.as_ref()?.try_send(ask) {
                Ok(()) => return answer.recv().ok(),
                Err(mpsc::error::TrySendError::Closed(_)) => return None,
                Err(mpsc::error::TrySendError::Full(again)) => ask = again,
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.asks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic there was shown there
        }
    }
}

fn bind(port: u16) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
