//! Calls as those who run the rehearsal see them.

use super::hub::Hub;
use crate::script::{Player, Script};
use crate::world::{Asked, Id, NewCall, Truth};

/// Names a call that [`super::Server::call`] made.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CallId(Id);

impl Hub {
    pub(super) fn truth(&mut self) -> Truth {
        self.tick();
        self.exchange.world.truth()
    }

    pub(super) fn asked(&mut self) -> Vec<Asked> {
        self.tick();
        self.exchange.world.asked()
    }

    pub(super) fn call(&mut self, call: &NewCall) -> CallId {
        self.tick();
        let id = self.exchange.world.call(call);
        self.exchange.settle();
        CallId(id)
    }

    pub(super) fn talk(&mut self, call: CallId, on: bool) {
        self.tick();
        self.exchange.world.sound(call.0, on);
        self.exchange.settle();
    }

    pub(super) fn press(&mut self, call: CallId, key: char) {
        self.tick();
        if let Ok(key) = u8::try_from(key) {
            self.exchange.world.press(call.0, key);
        }
        self.exchange.settle();
    }

    pub(super) fn hang_up(&mut self, call: CallId) {
        self.tick();
        self.exchange.world.hang_up(call.0);
        self.exchange.settle();
    }

    pub(super) fn play(&mut self, script: Script) {
        self.tick();
        let seed = self.seed();
        let player = Player::new(script, self.exchange.world.now, seed);
        self.players.push(player);
    }
}
