//! A script at work: everything that is due becomes calls, sounds, keys and hangups. Random by a seed alone.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::{Caller, Crowd, Script, Talks, What};
use crate::server::Fault;
use crate::world::{Id, Moment, NewCall, PickUp, World};

/// Who calls again looks so often whether the call has ended.
const LOOK: Moment = Duration::from_millis(500);

/// What is to be done to the server, not to the world.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cue {
    Fault(Fault),
    /// Away for that (simulated) time.
    Restart(Moment),
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Deed {
    Call(usize),
    Talk(usize, Id, bool),
    Press(usize, Id, u8),
    HangUp(usize, Id),
    Look(usize, Id),
    Event(usize),
    Repeat,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Player {
    script: Script,
    callers: Vec<Caller>,
    agenda: BinaryHeap<Reverse<(Moment, u64, Deed)>>,
    serial: u64,
    began: Moment,
    phones: bool,
    rng: fastrand::Rng,
}

impl Player {
    pub(crate) fn new(script: Script, now: Moment, seed: u64) -> Self {
        let mut player = Self {
            callers: script.caller.clone(),
            script,
            agenda: BinaryHeap::new(),
            serial: 0,
            began: now,
            phones: false,
            rng: fastrand::Rng::with_seed(seed),
        };
        for crowd in player.script.crowd.clone() {
            player.gather(&crowd);
        }
        player.begin();
        player
    }

    fn begin(&mut self) {
        for n in 0..self.callers.len() {
            let at = self.callers.get(n).map_or(0.0, |c| c.at);
            self.add(seconds(at), Deed::Call(n));
        }
        for n in 0..self.script.event.len() {
            let at = self.script.event.get(n).map_or(0.0, |e| e.at);
            self.add(seconds(at), Deed::Event(n));
        }
        if self.script.repeat > 0.0 {
            self.add(seconds(self.script.repeat), Deed::Repeat);
        }
    }

    /// Makes up callers.
    fn gather(&mut self, crowd: &Crowd) {
        for _ in 0..crowd.count {
            let at = self.between(crowd.from, crowd.to);
            let stay = self.between(crowd.stays[0], crowd.stays[1]);
            let raises = self.rng.f64() < crowd.raises;
            let after = self.between(5.0, stay.max(30.0));
            let name = self.made_up_name();
            let hand = if crowd.room.starts_with('4') { "*1*2" } else { "5" };
            self.callers.push(Caller {
                name,
                number: format!("+4206{:08}", self.rng.u32(0..100_000_000)),
                phone: crowd.phone.clone(),
                context: crowd.context.clone(),
                room: crowd.room.clone(),
                at,
                until: if stay > 0.0 { at + stay } else { 0.0 },
                talks: crowd.talks,
                press: raises.then(|| super::Press { after, keys: hand.into() }).into_iter().collect(),
                returns: crowd.returns,
                latin1: false,
            });
        }
    }

    fn made_up_name(&mut self) -> String {
        const FIRST: [&str; 20] = [
            "Marta", "Joel", "Priya", "Tomás", "Aiko", "Lena", "Omar", "Ines", "Pavel", "Ruth", "Željko",
            "Nia", "Hugo", "Sanna", "Karim", "Olga", "Ben", "Dana", "Yusuf", "Emma",
        ];
        const LAST: [&str; 20] = [
            "Kovács", "Berg", "Raman", "Silva", "Tanaka", "Novák", "Haddad", "Costa", "Dvořák", "Cohen",
            "Babić", "Okafor", "Martin", "Lind", "Aziz", "Petrova", "Smith", "Ivanova", "Kaya", "Jones",
        ];
        let (first, last) = (self.rng.choice(FIRST), self.rng.choice(LAST));
        [first.unwrap_or_default(), last.unwrap_or_default()].join(" ")
    }

    fn between(&mut self, from: f64, to: f64) -> f64 {
        from + self.rng.f64() * (to - from).max(0.0)
    }

    /// After that time since the script began.
    fn add(&mut self, after: Moment, deed: Deed) {
        self.at(self.began + after, deed);
    }

    fn at(&mut self, at: Moment, deed: Deed) {
        self.serial += 1;
        self.agenda.push(Reverse((at, self.serial, deed)));
    }

    pub(crate) fn deadline(&self) -> Option<Moment> {
        self.agenda.peek().map(|Reverse((at, ..))| *at)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.agenda.is_empty()
    }

    /// Does what is due, and hands out what others must do.
    pub(crate) fn due(&mut self, world: &mut World) -> Vec<Cue> {
        self.plug_in(world);
        let mut cues = Vec::new();
        while self.deadline().is_some_and(|at| at <= world.now) {
            if let Some(Reverse((_, _, deed))) = self.agenda.pop() {
                cues.extend(self.perform(world, deed));
            }
        }
        cues
    }

    fn plug_in(&mut self, world: &mut World) {
        if std::mem::replace(&mut self.phones, true) {
            return;
        }
        for phone in &self.script.phone {
            let pick_up = match (phone.busy, phone.answers) {
                (true, _) => PickUp::Busy,
                (_, time) if time > 0.0 => PickUp::After(seconds(time)),
                _ => PickUp::Never,
            };
            world.phones.insert(phone.name.clone(), pick_up);
        }
    }

    fn perform(&mut self, world: &mut World, deed: Deed) -> Option<Cue> {
        let now = world.now;
        match deed {
            Deed::Call(n) => self.call(world, n),
            Deed::Talk(n, id, on) if world.get(id).is_some() => {
                world.sound(id, on);
                if let Some(time) = self.spell(n, on) {
                    self.at(now + time, Deed::Talk(n, id, !on));
                }
            }
            Deed::Press(_, id, key) => world.press(id, key),
            Deed::HangUp(_, id) => world.hang_up(id),
            Deed::Look(n, id) if world.get(id).is_some() => self.at(now + LOOK, Deed::Look(n, id)),
            Deed::Look(n, _) => {
                let returns = self.callers.get(n).map_or(0.0, |c| c.returns);
                self.at(now + seconds(returns), Deed::Call(n));
            }
            Deed::Event(n) => return self.script.event.get(n).map(cue),
            Deed::Repeat => {
                self.began = now;
                self.begin();
            }
            Deed::Talk(..) => {}
        }
        None
    }

    fn call(&mut self, world: &mut World, n: usize) {
        let Some(caller) = self.callers.get(n).cloned() else { return };
        let now = world.now;
        let id = world.call(&NewCall {
            endpoint: caller.phone.clone(),
            number: caller.number.clone().into_bytes(),
            name: if caller.latin1 { latin1(&caller.name) } else { caller.name.clone().into_bytes() },
            context: caller.context.clone(),
            exten: caller.room.clone(),
        });
        if let Some(first) = self.first_word(caller.talks) {
            self.at(now + first, Deed::Talk(n, id, true));
        }
        if caller.until > caller.at {
            self.at(now + seconds(caller.until - caller.at), Deed::HangUp(n, id));
        }
        for press in &caller.press {
            for (place, key) in press.keys.bytes().enumerate() {
                let after = seconds(press.after) + Duration::from_millis(300) * place as u32;
                self.at(now + after, Deed::Press(n, id, key));
            }
        }
        if caller.returns > 0.0 {
            self.at(now + LOOK, Deed::Look(n, id));
        }
    }

    fn first_word(&mut self, talks: Talks) -> Option<Moment> {
        match talks {
            Talks::Never => None,
            Talks::Always => Some(Duration::from_millis(500)),
            Talks::Noise | Talks::Often => Some(seconds(self.between(0.5, 3.0))),
            Talks::Seldom => Some(seconds(self.between(3.0, 30.0))),
        }
    }

    /// How long the talking or the silence that begins now lasts; `None`: to the end.
    fn spell(&mut self, n: usize, on: bool) -> Option<Moment> {
        let talks = self.callers.get(n).map_or(Talks::Never, |c| c.talks);
        let (from, to) = match (talks, on) {
            (Talks::Never | Talks::Always, _) => return None,
            (Talks::Seldom, true) => (2.0, 8.0),
            (Talks::Seldom, false) => (20.0, 90.0),
            (Talks::Often, true) => (3.0, 12.0),
            (Talks::Often, false) => (2.0, 10.0),
            (Talks::Noise, true) => (0.2, 1.0),
            (Talks::Noise, false) => (0.3, 4.0),
        };
        Some(seconds(self.between(from, to)))
    }
}

fn cue(event: &super::Event) -> Cue {
    let time = seconds(event.seconds);
    match event.what {
        What::Restart => Cue::Restart(time),
        What::Drop => Cue::Fault(Fault::Drop),
        What::Stall => Cue::Fault(Fault::Stall(time)),
    }
}

fn seconds(seconds: f64) -> Moment {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// One byte per character; what has none is a question mark.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect()
}
