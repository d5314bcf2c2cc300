//! Callers by chance: they come and go, talk, mute themselves and raise hands, as densely as they are asked to.

use std::time::{Duration, Instant};

use fastrand::Rng;
use gavel_sim::{CallId, NewCall, Server};

/// So many are in, more or less.
const CROWD: usize = 30;

/// See the module.
pub(crate) struct Crowd {
    /// With their serials.
    calls: Vec<(CallId, u32)>,
    serial: u32,
    /// Who muted or unmuted himself, and when.
    pressed: Vec<(Instant, u32)>,
    context: &'static str,
    exten: &'static str,
}

/// Somebody who dials a conference.
pub(crate) fn caller(context: &str, exten: &str, serial: u32) -> NewCall {
    NewCall {
        endpoint: "trunk".into(),
        number: format!("0113496{serial:04}").into_bytes(),
        name: name(serial).into_bytes(),
        context: context.into(),
        exten: exten.into(),
    }
}

fn name(serial: u32) -> String {
    format!("Caller {serial}")
}

impl Crowd {
    pub(crate) fn new(context: &'static str, exten: &'static str) -> Self {
        Self { calls: Vec::new(), serial: 0, pressed: Vec::new(), context, exten }
    }

    /// Something happens: mostly somebody talks, sometimes somebody comes.
    pub(crate) fn stir(&mut self, server: &Server, rng: &mut Rng) {
        if self.calls.len() < CROWD || rng.u8(..100) < 4 {
            self.serial += 1;
            self.calls.push((server.call(caller(self.context, self.exten, self.serial)), self.serial));
        }
        let at = rng.usize(..self.calls.len());
        let Some((call, serial)) = self.calls.get(at).copied() else { return };
        match rng.u8(..100) {
            0..4 if self.calls.len() > CROWD / 2 => server.hang_up(self.calls.swap_remove(at).0),
            4..12 => {
                self.pressed.push((Instant::now(), serial));
                server.press(call, '1');
            }
            12..15 => server.press(call, '5'),
            n => server.talk(call, n % 2 == 0),
        }
    }

    /// Whether that caller muted or unmuted himself at about that time.
    pub(crate) fn pressed(&self, who: &str, at: Instant, about: Duration) -> bool {
        let near = |pressed: Instant| pressed + about >= at && pressed <= at + about;
        self.pressed.iter().any(|(pressed, serial)| near(*pressed) && name(*serial) == who)
    }

    /// All calls of before are gone with the Asterisk that carried them.
    pub(crate) fn forget(&mut self) {
        self.calls.clear();
    }
}
