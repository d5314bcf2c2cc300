//! What is to happen later. A timer names its occasion; whoever changed their mind in the meantime lets it pass.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::channel::Id;
use super::{Moment, World};

/// What happens.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Timer {
    /// The channel goes on with its dialplan, if it still waits for this turn.
    Resume(Id, u64),
    /// The channel begins with its dialplan where it stands.
    Begin(Id, u64),
    /// The channel's voice is detected, or its silence.
    Voice(Id, u64, bool),
    /// The next part of the channel's tones.
    Tone(Id, u64, usize),
    /// Nobody answered the origination.
    RingOut(Id),
    /// The called phone does as it does.
    Phone(Id),
    /// The key that was pressed is let go.
    Release(Id, u8),
    /// A user is taken out of a MeetMe conference.
    Evict(Id),
    /// A member of a room is taken out, if it still sits there.
    KickOut(Id, u64),
    /// A manager's hangup takes effect.
    Drop(Id, u32),
    /// RTCP report of a phone.
    Report(Id, u32),
    /// The caller was told why not: the call ends.
    Refused(Id, u64),
}

#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Moment, u64, Timer)>>,
    serial: u64,
}

impl Timers {
    pub(crate) fn add(&mut self, at: Moment, timer: Timer) {
        self.serial += 1;
        self.heap.push(Reverse((at, self.serial, timer)));
    }

    pub(crate) fn next(&self) -> Option<Moment> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    pub(crate) fn due(&mut self, now: Moment) -> Option<(Moment, Timer)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((at, _, timer))| (at, timer))
    }
}

impl World {
    pub(super) fn later(&mut self, after: Moment, timer: Timer) {
        let at = self.now.saturating_add(after);
        self.timers.add(at, timer);
    }

    pub(super) fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Resume(id, turn) => self.resume(id, turn),
            Timer::Begin(id, turn) => self.begin(id, turn),
            Timer::Voice(id, turn, on) => self.detected(id, turn, on),
            Timer::Tone(id, turn, at) => self.tone(id, turn, at),
            Timer::RingOut(id) => self.ring_out(id),
            Timer::Phone(id) => self.phone_picks_up(id),
            Timer::Release(id, digit) => self.released(id, digit),
            Timer::Evict(id) => self.evicted(id),
            Timer::KickOut(id, seat) => self.kicked(id, seat),
            Timer::Drop(id, cause) => self.end(id, cause),
            Timer::Report(id, count) => self.report(id, count),
            Timer::Refused(id, turn) => self.refused(id, turn),
        }
    }
}
