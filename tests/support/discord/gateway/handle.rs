//! A test's hand on the gateway: what it has seen, and what it shall do wrong.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use serde_json::{Value, json};

use super::book::{Counts, Rules};
use super::protocol::op;
use super::serve::{now, serve};
use super::session::Out;
use super::state::State;
use crate::shared::Shared;
use crate::world::World;

/// The addresses are taken; nobody answers there before it is run.
pub(crate) struct Bound([TcpListener; 2]);

impl Bound {
    /// Takes the addresses.
    pub(crate) fn new() -> io::Result<Bound> {
        let socket = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        Ok(Bound([socket()?, socket()?]))
    }

    /// Where GET /gateway sends clients.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.0[0].local_addr()
    }

    /// Serves until it is dropped.
    pub(crate) async fn run(self, shared: Shared) -> io::Result<()> {
        let [first, resuming] = self.0;
        let resume_url = format!("ws://{}", resuming.local_addr()?);
        shared.change(|world| world.gateway.resume_url = resume_url);
        first.set_nonblocking(true)?;
        resuming.set_nonblocking(true)?;
        let [first, resuming] = [first, resuming].map(tokio::net::TcpListener::from_std);
        serve(shared, first?, resuming?).await;
        Ok(())
    }
}

/// The gateway. Clones are hands on the same one.
#[derive(Clone, Debug)]
pub struct Gateway(Shared);

impl Gateway {
    /// The gateway of that world.
    pub fn new(shared: Shared) -> Gateway {
        Gateway(shared)
    }

    /// What happened until now.
    pub fn counts(&self) -> Counts {
        self.0.read(|world| world.gateway.book.counted())
    }

    /// Waits until what happened is as wanted. `Err`: what it was when the time was up.
    pub fn until(&self, wanted: impl Fn(&Counts) -> bool, within: Duration) -> Result<Counts, Counts> {
        let look = |world: &World| Some(world.gateway.book.counted()).filter(&wanted);
        self.0.wait(within, look).ok_or_else(|| self.counts())
    }

    /// The same for tests that are async.
    pub async fn until_async(
        &self,
        wanted: impl Fn(&Counts) -> bool,
        within: Duration,
    ) -> Result<Counts, Counts> {
        let look = |world: &World| Some(world.gateway.book.counted()).filter(&wanted);
        self.0.wait_async(within, look).await.ok_or_else(|| self.counts())
    }

    /// Changes what the application is allowed, from the next connection on.
    pub fn rules(&self, change: impl FnOnce(&mut Rules)) {
        self.with(|state| change(&mut state.book.rules));
    }

    /// Sends an event to every session that may see it. Any kind, so that unknown ones can be tried too.
    pub fn dispatch(&self, event: &str, guild: Option<u64>, data: &Value) {
        self.with(|state| state.book.dispatch(event, guild, data));
    }

    /// Closes every connection with that code.
    pub fn close(&self, code: u16) {
        self.order(&Out::Close(Some(code)));
    }

    /// Sends every connection a close frame without a code, and the end of the stream behind it.
    pub fn close_without_code(&self) {
        self.order(&Out::Close(None));
    }

    /// Resets every connection.
    pub fn abort(&self) {
        self.order(&Out::Abort);
    }

    /// Neither reads nor writes on the connections that are there, which stay open.
    pub fn silence(&self) {
        self.order(&Out::Silence);
    }

    /// Op 7: asks every client to connect anew and resume.
    pub fn reconnect(&self) {
        self.tell(op::RECONNECT, Value::Null);
    }

    /// Op 1: asks every client for a heartbeat at once.
    pub fn ask_for_beat(&self) {
        self.tell(op::HEARTBEAT, Value::Null);
    }

    /// Op 9 for every session, which is over unless it is `resumable`.
    pub fn invalidate(&self, resumable: bool) {
        self.with(|state| {
            state.book.tell(&Out::Invalid(resumable));
            if !resumable {
                state.book.forget();
            }
        });
    }

    /// For so long new connections are reset at once; those that are there stay.
    pub fn refuse_for(&self, time: Duration) {
        let until = now().checked_add(time);
        self.with(|state| state.faults.refuse_until = until);
    }

    /// New connections are taken again.
    pub fn accept(&self) {
        self.with(|state| state.faults.refuse_until = None);
    }

    /// From here on an IDENTIFY is answered by closing with that code; `None`: as it should be.
    pub fn close_identify(&self, code: Option<u16>) {
        self.with(|state| state.faults.close_identify = code);
    }

    /// Whether heartbeats are acknowledged.
    pub fn acks(&self, acks: bool) {
        self.with(|state| state.faults.no_acks = !acks);
    }

    /// From here on interactions are kept back.
    pub fn hold_interactions(&self) {
        self.with(|state| state.book.hold());
    }

    /// Delivers the interactions that were kept back, in order.
    pub fn release_interactions(&self) {
        self.with(|state| state.book.release());
    }

    fn with(&self, act: impl FnOnce(&mut State)) {
        self.0.change(|world| act(&mut world.gateway));
    }

    fn order(&self, out: &Out) {
        self.with(|state| state.book.tell(out));
    }

    fn tell(&self, opcode: u64, body: Value) {
        let payload = json!({"op": opcode, "s": null, "t": null, "d": body});
        self.order(&Out::Frame(payload.to_string().into()));
    }
}
