//! The world and all its clients: who asks is answered, who listens is told. Pure: the server below moves the bytes.
//!
//! Invariant: events go to the clients in the order in which they happened, between the answers to two requests.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::class::Classes;
use crate::front::{Front, Wish};
use crate::setup::Setup;
use crate::world::{Moment, World};

/// Names a connection.
pub(crate) type Line = u64;

#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) world: World,
    fronts: BTreeMap<Line, Front>,
    serial: Line,
}

impl Exchange {
    pub(crate) fn new(setup: Arc<Setup>, now: Moment) -> Self {
        Self { world: World::new(setup, now), fronts: BTreeMap::new(), serial: 0 }
    }

    /// A client is there.
    pub(crate) fn connect(&mut self, peer: SocketAddr, local: SocketAddr) -> Line {
        self.serial += 1;
        self.fronts.insert(self.serial, Front::new(&self.world, self.serial, peer, local));
        self.serial
    }

    /// Bytes from a client. What it wishes of the server itself is handed back.
    pub(crate) fn receive(&mut self, now: Moment, line: Line, bytes: &[u8]) -> Option<Wish> {
        self.advance(now);
        if let Some(front) = self.fronts.get_mut(&line) {
            front.feed(bytes);
        }
        self.work(line)
    }

    fn work(&mut self, line: Line) -> Option<Wish> {
        loop {
            let front = self.fronts.get_mut(&line)?;
            if !front.step(&mut self.world) {
                return None;
            }
            if let Some(wish) = front.wish.take() {
                return Some(wish);
            }
            self.settle();
        }
    }

    /// Does what is due.
    pub(crate) fn advance(&mut self, now: Moment) {
        self.world.advance(now);
        self.fronts.values_mut().for_each(|front| front.due(now));
        self.settle();
    }

    /// After something happened: what is due at once is done, everybody is told, nobody is heard who left.
    pub(crate) fn settle(&mut self) {
        let now = self.world.now;
        loop {
            let heard = self.fronts.values().fold(Classes::default(), |set, front| set.with(front.hears()));
            self.tell();
            self.world.hear(heard);
            if self.world.deadline().is_none_or(|at| at > now) {
                break;
            }
            self.world.advance(now);
        }
        for (ticket, done) in self.world.take_originated() {
            let whose =
                self.fronts.iter_mut().find_map(|(line, f)| f.originated(ticket, done).then_some(*line));
            if let Some(line) = whose {
                self.work(line);
            }
        }
    }

    fn tell(&mut self) {
        while let Some(packet) = self.world.poll() {
            self.fronts.values_mut().for_each(|front| front.hear(&packet));
        }
    }

    /// What is to be written to a client, and whether that is all.
    pub(crate) fn take(&mut self, line: Line) -> (Vec<u8>, bool) {
        self.fronts.get_mut(&line).map_or((Vec::new(), true), |front| (front.take(), front.is_over()))
    }

    /// A client is gone.
    pub(crate) fn disconnect(&mut self, line: Line) {
        self.fronts.remove(&line);
    }

    pub(crate) fn deadline(&self) -> Option<Moment> {
        let fronts = self.fronts.values().filter_map(Front::deadline).min();
        [self.world.deadline(), fronts].into_iter().flatten().min()
    }

    /// Says goodbye to everybody who hears it. Their connections end then.
    pub(crate) fn shut_down(&mut self, restart: bool) {
        self.fronts.values_mut().for_each(|front| front.shut_down(restart));
    }

    /// Everything of the world is gone; nobody is connected.
    pub(crate) fn reboot(&mut self, now: Moment) {
        self.fronts.clear();
        self.world.advance(now);
        self.world.hear(Classes::default());
        while self.world.poll().is_some() {}
        self.world.reboot();
    }
}
