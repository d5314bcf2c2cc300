//! Channels going through the dialplan, and out of it.

use std::time::Duration;

use super::channel::{Id, Seat, Spot, State};
use super::timers::Timer;
use super::{Moment, World};

/// What an application left behind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flow {
    /// On to the next priority.
    Next,
    /// It went elsewhere by itself.
    Stay,
    /// It takes its time: a timer or an event goes on.
    Wait,
    /// The call ends, with this cause.
    End(u32),
}

/// Until a channel's thread does what a manager asked of it.
pub(super) const SOON: Moment = Duration::from_micros(500);

/// So many steps in a row without a pause are a loop.
const MAX_STEPS: usize = 1000;

impl World {
    /// Begins with the dialplan (or the single application) where the channel stands.
    pub(super) fn begin(&mut self, id: Id, turn: u64) {
        let Some(channel) = self.get(id).filter(|c| c.turn == turn) else { return };
        if channel.single {
            let (app, data) = (channel.app.clone(), channel.data.clone());
            let flow = self.application(id, &app, &data);
            return self.follow(id, flow);
        }
        self.run(id);
    }

    /// Goes on behind the step that took its time.
    pub(super) fn resume(&mut self, id: Id, turn: u64) {
        let Some(channel) = self.channels.get_mut(&id).filter(|c| c.turn == turn) else { return };
        if channel.single {
            return self.end(id, 16);
        }
        channel.spot.priority += 1;
        self.run(id);
    }

    /// Has the channel go on at its next priority, after that time.
    pub(super) fn pause(&mut self, id: Id, time: Moment) {
        let turn = self.turn(id);
        self.later(time, Timer::Resume(id, turn));
    }

    fn follow(&mut self, id: Id, flow: Flow) {
        match flow {
            Flow::Wait => {}
            Flow::End(cause) => self.end(id, cause),
            Flow::Next | Flow::Stay if self.get(id).is_some_and(|c| c.single) => self.end(id, 16),
            Flow::Next | Flow::Stay => self.run(id),
        }
    }

    pub(super) fn run(&mut self, id: Id) {
        for _ in 0..MAX_STEPS {
            match self.step(id) {
                Flow::Next => {
                    if let Some(channel) = self.channels.get_mut(&id) {
                        channel.spot.priority += 1;
                    }
                }
                Flow::Stay => {}
                Flow::Wait => return,
                Flow::End(cause) => return self.end(id, cause),
            }
        }
        self.pause(id, Duration::from_millis(10));
    }

    fn step(&mut self, id: Id) -> Flow {
        let Some(channel) = self.get(id) else { return Flow::Wait };
        let spot = channel.spot.clone();
        let step = self.setup.dialplan.step(&spot.context, &spot.exten, spot.priority);
        let Some(step) = step.cloned() else { return Flow::End(16) };
        let data = self.expand(id, step.data.as_bytes());
        self.enter_app(id, &step.app, &data);
        self.application(id, &step.app, &data)
    }

    pub(super) fn enter_app(&mut self, id: Id, app: &str, data: &[u8]) {
        if let Some(channel) = self.channels.get_mut(&id) {
            app.clone_into(&mut channel.app);
            data.clone_into(&mut channel.data);
        }
        self.tell_place(id);
    }

    /// Sends the channel elsewhere, whatever it does.
    pub(super) fn send_to(&mut self, id: Id, spot: Spot) {
        self.stop_music(id);
        match self.get(id).and_then(|c| c.seat.as_ref()) {
            Some(Seat::Room(..)) => {
                if let Some(channel) = self.channels.get_mut(&id) {
                    channel.home = None;
                }
                self.put(id, spot);
                self.tell_place(id);
                self.leave(id, "HANGUP");
            }
            seat => {
                if seat.is_some() {
                    self.leave(id, "HANGUP");
                }
                self.put(id, spot);
            }
        }
        if let Some(channel) = self.channels.get_mut(&id) {
            (channel.single, channel.tones) = (false, Vec::new());
            channel.callers.clear();
        }
        let turn = self.turn(id);
        self.later(Duration::ZERO, Timer::Begin(id, turn));
    }

    /// A manager sends it elsewhere, be there such a place or not.
    pub(crate) fn redirect(&mut self, id: Id, context: &str, exten: &str, priority: u32) {
        self.send_to(id, Spot::new(context, exten, priority));
    }

    /// A manager ends the call: the channel's own thread does it, a moment later.
    pub(crate) fn hang_up_by_manager(&mut self, id: Id, cause: u32) {
        self.later(SOON, Timer::Drop(id, cause));
    }

    pub(super) fn stop_music(&mut self, id: Id) {
        if self.get(id).is_some_and(|c| c.music) {
            self.tell_music(id, false);
            if let Some(channel) = self.channels.get_mut(&id) {
                channel.music = false;
            }
        }
    }

    /// Out of whatever conference it is in.
    pub(super) fn leave(&mut self, id: Id, result: &str) {
        match self.get(id).and_then(|c| c.seat.clone()) {
            Some(Seat::Room(key, seat)) => self.leave_room(id, &key, seat, result),
            Some(Seat::Hall(key, user)) => self.leave_hall(id, &key, user),
            None => {}
        }
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.seat = None;
            channel.voice = super::channel::Voice { turn: channel.voice.turn + 1, ..Default::default() };
        }
    }

    /// The end of a channel, and of the other half of its call.
    pub(super) fn end(&mut self, id: Id, cause: u32) {
        self.end_half(id, cause, true);
    }

    fn end_half(&mut self, id: Id, cause: u32, first: bool) {
        if self.get(id).is_none() {
            return;
        }
        self.turn(id);
        self.stop_music(id);
        self.go_home(id);
        self.leave(id, "HANGUP");
        if self.get(id).is_some_and(|c| !c.single) {
            self.tell_softhangup(id);
        }
        let peer = self.get(id).and_then(|c| c.peer);
        let peer = peer.filter(|peer| self.channels.contains_key(peer));
        if let (true, Some(peer)) = (first, peer) {
            self.tell_hangup_request(peer, cause);
        }
        self.remove(id, cause);
        let Some(peer) = peer else { return self.lost_dial(id, cause) };
        if self.dials.contains_key(&peer) {
            self.dial_refused(peer, cause);
        } else {
            // Who is thrown out of a bridge by the other half has left it in the normal way.
            let bridged = matches!(self.get(peer).and_then(|c| c.seat.as_ref()), Some(Seat::Room(..)));
            self.end_half(peer, if bridged { 16 } else { cause }, false);
        }
    }

    /// The channel is no more; its other half is not asked.
    pub(super) fn remove(&mut self, id: Id, cause: u32) {
        self.tell_media_end(id);
        self.tell_hangup(id, cause);
        let Some(channel) = self.channels.remove(&id) else { return };
        self.by_name.remove(&channel.name.to_ascii_lowercase());
        self.by_uniqueid.remove(&channel.uniqueid);
        if let Some(peer) = channel.peer.and_then(|peer| self.channels.get_mut(&peer)) {
            peer.peer = None;
        }
        self.tell_device(channel.device(), "NOT_INUSE");
        if channel.is_sip() {
            self.tell_sip_end(channel.device());
        }
    }

    /// Back from a menu's extension to the one that is in the conference.
    pub(super) fn go_home(&mut self, id: Id) {
        let home = self.channels.get_mut(&id).and_then(|c| c.home.take());
        if let Some(home) = home {
            self.put(id, home);
            self.tell_place(id);
        }
    }

    /// The call is answered.
    pub(super) fn answer(&mut self, id: Id) -> bool {
        let now = self.now;
        let Some(channel) = self.channels.get_mut(&id).filter(|c| c.state != State::Up) else { return false };
        channel.state = State::Up;
        channel.answered = Some(now);
        let peer = channel.peer;
        self.tell_newstate(id);
        if let Some(peer) = peer.filter(|peer| self.dials.contains_key(peer)) {
            self.dial_answered(peer);
        }
        true
    }
}
