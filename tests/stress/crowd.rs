//! Callers by chance: they come and go, talk, mute themselves and raise hands, as densely as they are asked to.

use fastrand::Rng;
use gavel_sim::{CallId, NewCall, Server};

/// So many are in, more or less.
const CROWD: usize = 30;

/// See the module.
pub(crate) struct Crowd {
    calls: Vec<CallId>,
    serial: u32,
    context: &'static str,
    exten: &'static str,
}

/// Somebody who dials a conference.
pub(crate) fn caller(context: &str, exten: &str, serial: u32) -> NewCall {
    NewCall {
        endpoint: "trunk".into(),
        number: format!("0113496{serial:04}").into_bytes(),
        name: format!("Caller {serial}").into_bytes(),
        context: context.into(),
        exten: exten.into(),
    }
}

impl Crowd {
    pub(crate) fn new(context: &'static str, exten: &'static str) -> Self {
        Self { calls: Vec::new(), serial: 0, context, exten }
    }

    /// Something happens: mostly somebody talks, sometimes somebody comes.
    pub(crate) fn stir(&mut self, server: &Server, rng: &mut Rng) {
        if self.calls.len() < CROWD || rng.u8(..100) < 4 {
            self.serial += 1;
            self.calls.push(server.call(caller(self.context, self.exten, self.serial)));
        }
        let at = rng.usize(..self.calls.len());
        let Some(call) = self.calls.get(at).copied() else { return };
        match rng.u8(..100) {
            0..4 if self.calls.len() > CROWD / 2 => server.hang_up(self.calls.swap_remove(at)),
            4..12 => server.press(call, '1'),
            12..15 => server.press(call, '5'),
            n => server.talk(call, n % 2 == 0),
        }
    }

    /// All calls of before are gone with the Asterisk that carried them.
    pub(crate) fn forget(&mut self) {
        self.calls.clear();
    }
}
