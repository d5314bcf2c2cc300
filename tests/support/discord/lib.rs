//! A strict Discord for tests: what Discord would refuse is refused, and held against the bot.
//!
//! ```text
//! test ── Discord (handle) ──┐                     ┌── rest/     TLS for discord.com: routes, schema, limits, faults
//! member/ (people that act) ─┼── Shared (a World) ─┤
//!                            └── until(..)         └── gateway/  websocket: sessions, heartbeats, resume
//! ```
//!
//! **`world/`** is data and rules without sockets. Whatever changes it does so in [`Shared::change`]; then the world's
//! events leave for the gateway's sessions and everybody who waits ([`Shared::wait`], [`Shared::wait_async`])
//! looks again. No test has to sleep: state that a test may want to wait for belongs into the [`World`]
//! (the gateway's is [`World::gateway`]).
//!
//! **Interactions**: [`World::open`] makes one out of what a client would send and dispatches it; whether a client
//! *could* send it is `member/`'s business. What the bot makes of it stands in [`Interaction::answer`], the messages
//! that answer it are [`World::answers`].
//!
//! **What goes wrong** with REST is a [`Fault`]: 429, 5xx, hangs, answers that are lost, by pattern of routes and for a
//! time or a number of requests ([`Discord::fault`], [`Discord::fault_for`], [`Discord::heal`]); the clock is moved by
//! [`Discord::advance`]. Limits that the bot runs into itself are counted apart ([`Discord::limited`]).
//!
//! **What people see** of a message: [`Message::shown`], [`Message::marks`], [`Message::pings`], [`markdown`].
//!
//! **What the bot did wrong** is in [`Discord::violations`], and a test ends with [`Discord::assert_clean`].
//!
//! It runs on a thread and a runtime of its own and ends when the handle is dropped.
#![recursion_limit = "256"]
#![allow(clippy::expect_used, reason = "where the stand-in can't go on, the test that uses it has failed")]

mod faults;
pub mod gateway;
mod limits;
pub mod markdown;
mod member;
mod rest;
mod rules;
mod schema;
mod setup;
mod shared;
mod tls;
pub mod world;

use std::net::{Ipv4Addr, SocketAddr};
use std::thread::JoinHandle;
use std::time::Duration;

pub use faults::{Fault, Faults, What, Which};
pub use gateway::Gateway;
pub use limits::Limits;
pub use member::{Act, Choice, Member, Refused};
pub use rest::wrong_with;
pub use setup::Setup;
pub use shared::Shared;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
pub use world::*;

/// A running stand-in. Dropping it ends it.
#[derive(Debug)]
pub struct Discord {
    shared: Shared,
    address: SocketAddr,
    ca_pem: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Discord {
    /// Starts one on ports of its own.
    pub fn start(setup: Setup) -> Self {
        let (started, start) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let identity = tls::Identity::new();
        let ca_pem = identity.authority.clone();
        let world = setup.world(Clock::default());
        let body = async move {
            let gateway = gateway::Bound::new().expect("ports on loopback");
            let rest = listener().await;
            let shared = Shared::new(world, gateway.address().expect("an address"));
            let address = rest.local_addr().expect("an address");
            started.send((shared.clone(), address)).expect("the one who starts waits");
            tokio::select! {
                () = rest::serve(shared.clone(), rest, identity) => {}
                _ = gateway.run(shared) => {}
                _ = stopped => {}
            }
        };
        let thread = std::thread::Builder::new().name("discord".into()).spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(body);
            runtime.shutdown_background();
        });
        let thread = thread.expect("a thread");
        let (shared, address) = start.recv().expect("the stand-in starts");
        Self { shared, address, ca_pem, stop: Some(stop), thread: Some(thread) }
    }

    /// Where `discord.com` is: TLS on loopback, with a certificate by [`Discord::ca_pem`].
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The authority that vouches for `discord.com` here, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The gateway's url, as `GET /gateway` tells it.
    pub fn gateway_url(&self) -> String {
        self.shared.gateway_url()
    }

    /// The gateway: what it has seen, and what it shall do wrong.
    pub fn gateway(&self) -> Gateway {
        Gateway::new(self.shared.clone())
    }

    /// The world, to look at and to change.
    pub fn world(&self) -> &Shared {
        &self.shared
    }

    /// From now on this goes wrong with REST.
    pub fn fault(&self, fault: Fault) {
        self.shared.change(|world| world.faults.add(fault));
    }

    /// The same, for a time.
    pub fn fault_for(&self, time: Duration, fault: Fault) {
        self.shared.change(|world| {
            let until = world.now() + time.as_millis() as u64;
            world.faults.add(fault.until(until));
        });
    }

    /// Nothing goes wrong with REST any more.
    pub fn heal(&self) {
        self.shared.change(|world| world.faults.clear());
    }

    /// The interactions that nobody answered in time, and those that were answered later than `within`.
    pub fn unanswered(&self, within: Duration) -> Vec<Interaction> {
        let late = |it: &&Interaction, now: u64| {
            let end = it.answer.as_ref().map_or(now, |answer| answer.at);
            end.saturating_sub(it.id.born()) > within.as_millis() as u64
        };
        self.shared.read(|world| {
            let now = world.now();
            world.interactions.values().filter(|it| late(it, now)).cloned().collect()
        })
    }

    /// The messages that made anybody's phone ring, deleted ones too.
    pub fn pinging(&self) -> Vec<Message> {
        self.shared.read(|world| {
            let all = world.messages.values().chain(&world.deleted);
            all.filter(|message| !message.pings.is_empty()).cloned().collect()
        })
    }

    /// The requests that went to routes of that pattern (as of [`Which`]), oldest first.
    pub fn requests(&self, pattern: &str) -> Vec<Requested> {
        self.shared.read(|world| {
            let fits = |it: &&Requested| faults::fits(pattern, &it.method, &it.path);
            world.requests.iter().filter(fits).cloned().collect()
        })
    }

    /// How many 429 the bot has brought upon itself.
    pub fn limited(&self) -> u32 {
        self.shared.read(|world| world.limits.limited)
    }

    /// The time is that much later from now on.
    pub fn advance(&self, by: Duration) {
        self.shared.change(|world| world.clock.advance(by));
    }

    /// Waits, without a poll, until `look` finds something. Blocks the thread. `look` has the world for itself: it must
    /// not ask this handle for anything.
    ///
    /// # Panics
    /// When the time is over, with `what` and what is held against the bot.
    #[track_caller]
    pub fn until<T>(&self, what: &str, timeout: Duration, look: impl FnMut(&World) -> Option<T>) -> T {
        let found = self.shared.wait(timeout, look);
        found.unwrap_or_else(|| panic!("no {what} within {timeout:?}; violations: {:#?}", self.violations()))
    }

    /// The same for tests that are async.
    ///
    /// # Panics
    /// As [`Discord::until`].
    pub async fn until_async<T>(
        &self,
        what: &str,
        timeout: Duration,
        look: impl FnMut(&World) -> Option<T>,
    ) -> T {
        let found = self.shared.wait_async(timeout, look).await;
        found.unwrap_or_else(|| panic!("no {what} within {timeout:?}; violations: {:#?}", self.violations()))
    }

    /// Every rule that the bot broke.
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.read(|world| world.violations.clone())
    }

    /// # Panics
    /// When the bot broke a rule.
    #[track_caller]
    pub fn assert_clean(&self) {
        let violations = self.violations();
        assert!(violations.is_empty(), "the bot broke rules of Discord's: {violations:#?}");
    }
}

impl Drop for Discord {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port on loopback")
}
