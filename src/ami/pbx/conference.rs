//! One conference as Asterisk shows it: its members, by Uniqueid. Knows nothing of rooms, numbers or people.
//!
//! Invariant: after a list and what came since its barrier (`Response: Success` of the list; events before it are
//! older than the list), the members are the list's, changed by what came since; only who left within the last second
//! is not taken back for being listed. What came since is not kept as
//! events: members carry the number of the list during which they were last touched, so that an event costs no more
//! while a list runs.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Now;
use crate::model::{Caller, ConferenceName};

/// The most members of one conference. Asterisk carries some hundreds; more than this is no conference.
pub(super) const MAX_MEMBERS: usize = 10_000;

/// Asterisk tells of a leave before it takes the member off its list: one list in five that is asked for right after
/// the event still shows them (0.2 to 0.5 ms on a quiet machine). So long after a leave, being listed proves nothing.
const LINGERS: Duration = Duration::from_secs(1);

/// Asterisk takes a talker who is muted for silent within 20 ms, and says so.
const HUSH: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub(super) struct Conference {
    pub(super) name: ConferenceName,
    pub(super) locked: bool,
    pub(super) muted: bool,
    /// Records itself since (Unix milliseconds).
    pub(super) recording: Option<u64>,
    members: HashMap<Arc<str>, Member>,
    /// The number of the list that runs or ran last.
    list: u64,
    /// Beyond the barrier of that list.
    listing: bool,
    /// Who left since the barrier, with the channel: a list that has no Uniqueids may give that channel to another.
    left: HashSet<Arc<str>>,
    left_channels: HashSet<Arc<str>>,
    /// Who left less than [`LINGERS`] ago, and when.
    lately: VecDeque<(Instant, Arc<str>)>,
    /// Who was muted or unmuted since the barrier but is not known yet: the list may show them.
    voiced: HashMap<Arc<str>, bool>,
    /// More than [`MAX_MEMBERS`] wanted in since the last list.
    pub(super) overflown: bool,
}

/// One member.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) channel: Arc<str>,
    pub(super) slot: Option<u32>,
    pub(super) caller: Arc<Caller>,
    pub(super) admin: bool,
    /// Whether anything told if it is an admin.
    pub(super) vetted: bool,
    pub(super) muted: bool,
    pub(super) waiting: bool,
    /// Asks to talk since (Unix milliseconds).
    pub(super) hand: Option<u64>,
    /// Since (Unix milliseconds).
    pub(super) talking: Option<u64>,
    /// Was talking when it was muted at that moment, and Asterisk has said nothing of it since.
    hushed: Option<Instant>,
    /// Answered (Unix milliseconds), where a list said so.
    pub(super) answered: Option<u64>,
    /// During which list it joined, was muted, talked.
    joined_in: u64,
    /// Whether it was muted then.
    joined_muted: bool,
    /// And muted or unmuted since it joined.
    revoiced: bool,
    voiced_in: u64,
    talked_in: u64,
    handed_in: u64,
}

/// Whom a list shows.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) call: Arc<str>,
    pub(super) member: Member,
    /// Whether the list says who talks.
    pub(super) tells_talking: bool,
    /// Whether the list says who asks to talk.
    pub(super) tells_hand: bool,
    /// The list named no call: who has the channel now was looked up after it.
    pub(super) by_channel: bool,
}

/// What a list shows that was not known.
#[derive(Clone, Debug)]
pub(super) enum Difference {
    Left(Arc<str>),
    Joined(Arc<str>, Box<Member>),
    Muted(Arc<str>, bool),
    Waiting(Arc<str>, bool),
    Talking(Arc<str>, bool),
    Hand(Arc<str>, bool),
    /// Another caller ID, channel or slot: told to nobody, but shown.
    Renamed(Arc<str>, Box<Member>),
}

impl Member {
    pub(super) fn new(channel: Arc<str>, caller: Arc<Caller>) -> Self {
        Self {
            channel,
            slot: None,
            caller,
            admin: false,
            vetted: false,
            muted: false,
            waiting: false,
            hand: None,
            talking: None,
            hushed: None,
            answered: None,
            joined_in: 0,
            joined_muted: false,
            revoiced: false,
            voiced_in: 0,
            talked_in: 0,
            handed_in: 0,
        }
    }
}

impl Member {
    /// Whether the other names the same person the same way.
    pub(super) fn is_named(&self, other: &Self) -> bool {
        let same = self.channel == other.channel && self.caller == other.caller;
        same && self.slot == other.slot && self.admin == other.admin
    }
}

impl Conference {
    pub(super) fn new(name: ConferenceName) -> Self {
        Self {
            name,
            locked: false,
            muted: false,
            recording: None,
            members: HashMap::new(),
            list: 0,
            listing: false,
            left: HashSet::new(),
            left_channels: HashSet::new(),
            lately: VecDeque::new(),
            voiced: HashMap::new(),
            overflown: false,
        }
    }

    /// Whether an event's `Conference` means this one. Asterisk matches without regard to ASCII case.
    pub(super) fn is(&self, name: &[u8]) -> bool {
        self.name.as_str().as_bytes().eq_ignore_ascii_case(name)
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn member(&self, call: &str) -> Option<&Member> {
        self.members.get(call)
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&Arc<str>, &Member)> {
        self.members.iter()
    }

    /// Takes a member in; `false` if it is known already (a list may be ahead of its event: the echo changes nothing)
    /// or if there are too many.
    pub(super) fn join(&mut self, call: &Arc<str>, mut member: Member) -> bool {
        let back = self.left.remove(call);
        if let Some(known) = self.members.get_mut(call) {
            if known.joined_in != self.list {
                (known.joined_in, known.joined_muted, known.revoiced) = (self.list, member.muted, false);
            }
            return false;
        }
        if self.members.len() >= MAX_MEMBERS {
            self.overflown = true;
            return false;
        }
        (member.joined_in, member.joined_muted) = (self.list, member.muted);
        if back {
            member.voiced_in = self.list; // what the list says is of the time before it left
        }
        self.members.insert(call.clone(), member);
        true
    }

    /// Lets a member go.
    pub(super) fn leave(&mut self, call: &str) -> Option<(Arc<str>, Member)> {
        let found = self.members.remove_entry(call);
        if self.listing && self.left.len() < MAX_MEMBERS {
            self.voiced.remove(call);
            self.left.insert(found.as_ref().map_or_else(|| call.into(), |(call, _)| call.clone()));
            self.left_channels.extend(found.as_ref().map(|(_, member)| member.channel.clone()));
        }
        found
    }

    /// Remembers for a while that an event told of a leave.
    pub(super) fn left_now(&mut self, now: Instant, call: Arc<str>) {
        self.forget_long_gone(now);
        if self.lately.len() < MAX_MEMBERS {
            self.lately.push_back((now, call));
        }
    }

    /// Takes out of a list who left a moment ago; whether there were any: only the next list knows.
    pub(super) fn without_leavers(&mut self, now: Instant, listed: &mut Vec<Listed>) -> bool {
        self.forget_long_gone(now);
        let before = listed.len();
        let lately: HashSet<&str> = self.lately.iter().map(|(_, call)| &**call).collect();
        listed.retain(|l| self.members.contains_key(&l.call) || !lately.contains(&*l.call));
        listed.len() < before
    }

    fn forget_long_gone(&mut self, now: Instant) {
        let gone = |(at, _): &(Instant, Arc<str>)| now.saturating_duration_since(*at) >= LINGERS;
        while self.lately.front().is_some_and(gone) {
            self.lately.pop_front();
        }
    }

    /// Mutes or unmutes; whether that is a change, `None` for a stranger.
    pub(super) fn mute(&mut self, call: &str, on: bool) -> Option<bool> {
        let Some(member) = self.members.get_mut(call) else {
            if self.listing && self.voiced.len() < MAX_MEMBERS {
                self.voiced.insert(call.into(), on);
            }
            return None;
        };
        (member.voiced_in, member.revoiced) = (self.list, true);
        Some(std::mem::replace(&mut member.muted, on) != on)
    }

    pub(super) fn wait(&mut self, call: &str, on: bool) {
        if let Some(member) = self.members.get_mut(call) {
            member.waiting = on;
        }
    }

    /// Talks or is silent from `at` on. `Some(since)` if that is a change: since when the member was talking.
    pub(super) fn talk(&mut self, call: &str, on: bool, at: u64) -> Option<Option<u64>> {
        let member = self.members.get_mut(call)?;
        member.talked_in = self.list;
        member.hushed = None;
        if member.talking.is_some() == on {
            return None;
        }
        Some(std::mem::replace(&mut member.talking, on.then_some(at)))
    }

    /// Is silent because it was just muted; Asterisk has yet to say so. As [`Self::talk`].
    pub(super) fn hush(&mut self, call: &str, now: Now) -> Option<Option<u64>> {
        let before = self.talk(call, false, now.wall)?;
        if let Some(member) = self.members.get_mut(call) {
            member.hushed = before.map(|_| now.mono);
        }
        Some(before)
    }

    /// Was unmuted so soon that Asterisk never took it for silent: it tells of no silence then, nor of talk. Whether
    /// that is so.
    pub(super) fn unhush(&mut self, call: &str, now: Now) -> bool {
        let Some(member) = self.members.get_mut(call) else { return false };
        let Some(at) = member.hushed.take() else { return false };
        if now.mono.saturating_duration_since(at) >= HUSH || member.talking.is_some() {
            return false;
        }
        member.talking = Some(now.wall);
        true
    }

    /// Asks to talk from `at` on, or no longer does. Whether that is a change.
    pub(super) fn raise(&mut self, call: &str, on: bool, at: u64) -> bool {
        let Some(member) = self.members.get_mut(call) else { return false };
        member.handed_in = self.list;
        let changed = member.hand.is_some() != on;
        if changed {
            member.hand = on.then_some(at);
        }
        changed
    }

    /// Not every list tells of hands: what was missed is not known.
    pub(super) fn lower_hands(&mut self) {
        self.members.values_mut().for_each(|member| member.hand = None);
    }

    /// Takes over what names a member; whether it was not known until now if it is an admin.
    pub(super) fn rename(&mut self, call: &str, as_listed: Member) -> bool {
        let Some(member) = self.members.get_mut(call) else { return false };
        member.channel = as_listed.channel;
        member.slot = as_listed.slot;
        member.caller = as_listed.caller;
        member.admin = as_listed.admin;
        as_listed.vetted && !std::mem::replace(&mut member.vetted, as_listed.vetted)
    }

    /// The barrier: what was applied before is older than the list, what is applied from now on is newer.
    pub(super) fn list_begins(&mut self) {
        self.list += 1;
        self.forget_since();
        self.listing = true;
    }

    /// The list did not come to its end.
    pub(super) fn list_failed(&mut self) {
        self.listing = false;
        self.forget_since();
    }

    fn forget_since(&mut self) {
        self.left.clear();
        self.left_channels.clear();
        self.voiced.clear();
    }

    /// Compares with the whole list, once. Changes nothing but the end of the list: the differences come back to be
    /// applied like events, leavers first, joiners in the order of `listed`.
    pub(super) fn list_ends(&mut self, listed: Vec<Listed>) -> Vec<Difference> {
        let mut out = Vec::new();
        let shown: HashSet<Arc<str>> = listed.iter().map(|l| l.call.clone()).collect();
        let ghost = |m: &Member| !self.listing || m.joined_in != self.list;
        for (call, member) in &self.members {
            if shown.contains(call) {
                continue;
            }
            if ghost(member) {
                out.push(Difference::Left(call.clone()));
            } else if !member.revoiced && member.muted != member.joined_muted {
                out.push(Difference::Muted(call.clone(), member.joined_muted));
            }
        }
        for mut item in listed {
            if let Some(on) = self.voiced.get(&item.call) {
                item.member.muted = *on;
            }
            match self.members.get(&item.call) {
                Some(known) => self.compare(known, item, &mut out),
                None if self.left.contains(&item.call) => {}
                None if item.by_channel && self.left_channels.contains(&item.member.channel) => {}
                None => out.push(Difference::Joined(item.call, Box::new(item.member))),
            }
        }
        self.list_failed();
        self.overflown = false;
        out
    }

    fn compare(&self, known: &Member, item: Listed, out: &mut Vec<Difference>) {
        let Listed { call, member, tells_talking, tells_hand, .. } = item;
        let older = |touched: u64| !self.listing || touched != self.list;
        if known.muted != member.muted && older(known.voiced_in) {
            out.push(Difference::Muted(call.clone(), member.muted));
        }
        if known.waiting != member.waiting {
            out.push(Difference::Waiting(call.clone(), member.waiting));
        }
        if tells_talking && known.talking.is_some() != member.talking.is_some() && older(known.talked_in) {
            out.push(Difference::Talking(call.clone(), member.talking.is_some()));
        }
        if tells_hand && known.hand.is_some() != member.hand.is_some() && older(known.handed_in) {
            out.push(Difference::Hand(call.clone(), member.hand.is_some()));
        }
        if !known.is_named(&member) || known.vetted != member.vetted {
            out.push(Difference::Renamed(call, Box::new(member)));
        }
    }
}
