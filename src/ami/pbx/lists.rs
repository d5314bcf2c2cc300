//! Lists: of conferences every 5 s, of members every 30 s and whenever something does not fit.
//!
//! Invariant: a list that fails changes nothing, is told once, and is asked for again. Whose turn it is: `schedule`.

use std::sync::Arc;
use std::time::Duration;

use super::answers::items;
use super::conference::{Conference, Difference, Listed, Member};
use super::facts::Found;
use super::outbox::Draft;
use super::schedule::{AT_ONCE, Waiter, Which};
use super::{At, Errand, Pbx, uniqueid};
use crate::Now;
use crate::dialect::{Item, Query, Seen, is_announcer};
use crate::model::What;
use crate::session::{Reply, Token};

/// Lock, waiting and a room muted by phone have no events; on Asterisk 11 nor has who is muted.
pub(super) const POLL: Duration = Duration::from_secs(5);
/// What events told is compared with the truth this often.
const RELIST: Duration = Duration::from_secs(30);
/// After a join that did not tell all of somebody.
const SOON: Duration = Duration::from_millis(200);
/// After a list that failed, or that shows somebody who just left.
const AGAIN: Duration = Duration::from_secs(2);

impl Pbx {
    /// Everything is to be listed, first of all for this login.
    pub(super) fn list_all(&mut self, now: Now) {
        self.lists.begin();
        self.lists.all().into_iter().for_each(|which| self.ask(now, which, None));
    }

    /// Something was lost on the way.
    pub(super) fn desynchronised(&mut self, now: Now, words: String) {
        self.out.entry(now, Draft::new(What::Desynchronised(words)));
        if self.is_logged_in() {
            self.lists.all().into_iter().for_each(|which| self.ask(now, which, None));
        }
    }

    pub(super) fn ask(&mut self, now: Now, which: Which, waiter: Option<Waiter>) {
        if !self.lists.slot(which).is_some_and(|slot| slot.ask(waiter)) {
            return;
        }
        if let Which::Members(at) = which {
            if self.lists.out >= AT_ONCE && waiter.is_none() {
                self.lists.queue.push_back(at);
                self.lists.slot(which).into_iter().for_each(|slot| slot.queued = true);
                return;
            }
            self.lists.out += 1;
        }
        self.submit_list(now, which);
    }

    /// Asks for the lists whose turn it is.
    pub(super) fn ask_on(&mut self, now: Now) {
        while let Some(at) = self.lists.turn() {
            self.lists.out += 1;
            self.submit_list(now, Which::Members(at));
        }
    }

    /// Asks soon: an event did not tell all of somebody. The more members, the later, so that many joins at once are
    /// one list.
    pub(super) fn list_soon(&mut self, now: Now, at: At) {
        let members = self.room(at).and_then(|r| r.parts.get(at.part)).map_or(0, Conference::len);
        let due = now.mono + POLL.min(SOON + Duration::from_millis(members as u64));
        if let Some(slot) = self.lists.slot(Which::Members(at)) {
            slot.hurry(due);
        }
    }

    fn submit_list(&mut self, now: Now, which: Which) {
        let query = match which {
            Which::Halls(of) => match self.dialects.of(of).halls() {
                Some(query) => Ok((query, Errand::Halls(of))),
                None => return self.halls_unlisted(now, of),
            },
            Which::Members(at) => {
                let Some(conference) = self.room(at).and_then(|r| r.parts.get(at.part)) else { return };
                let members = self.dialect(at.room).members(&conference.name);
                members.map(|query| (query, Errand::Members(at)))
            }
        };
        match query {
            Ok((Query { action, expect }, errand)) => self.submit(errand, expect, action),
            Err(error) => self.list_failed(now, which, &error.to_string()),
        }
    }

    pub(super) fn list_begins(&mut self, token: Token) {
        let Some(Errand::Members(at)) = self.errands.get(&token) else { return };
        let room = self.rooms.get_mut(at.room);
        if let Some(conference) = room.and_then(|r| r.parts.get_mut(at.part)) {
            conference.list_begins();
        }
    }

    pub(super) fn replied(&mut self, now: Now, token: Token, reply: Reply) {
        match self.errands.remove(&token) {
            Some(Errand::Startup) => self.started(now, &reply),
            Some(Errand::Act(id)) => self.answered(now, id, &reply),
            Some(Errand::Halls(of)) => {
                let dialect = self.dialects.of(of);
                match items(dialect, reply, |item| dialect.hall(item).is_some()) {
                    Ok(items) => self.halls_listed(now, of, &items),
                    Err(words) => self.list_failed(now, Which::Halls(of), &words),
                }
            }
            Some(Errand::Members(at)) => self.members_replied(now, at, reply),
            Some(Errand::Channels(at)) => self.channels_replied(now, at, reply),
            Some(Errand::Quiet) | None => {}
        }
    }

    fn members_replied(&mut self, now: Now, at: At, reply: Reply) {
        if matches!(reply, Reply::Response(_) | Reply::Command { .. }) {
            // An empty list is an error, and its own barrier; so is what a command wrote.
            let room = self.rooms.get_mut(at.room);
            if let Some(conference) = room.and_then(|r| r.parts.get_mut(at.part)) {
                conference.list_begins();
            }
        }
        let dialect = self.dialect(at.room);
        let items = match items(dialect, reply, |item| dialect.listed(item).is_some()) {
            Ok(items) => items,
            Err(words) => return self.list_failed(now, Which::Members(at), &words),
        };
        let nameless = |item: &Item| dialect.listed(item).is_some_and(|s| s.call.is_none());
        if !items.iter().any(nameless) {
            return self.members_listed(now, at, &items, &[]);
        }
        let Query { action, expect } = dialect.channels();
        if let Some(slot) = self.lists.slot(Which::Members(at)) {
            slot.held = items;
        }
        self.submit(Errand::Channels(at), expect, action);
    }

    fn channels_replied(&mut self, now: Now, at: At, reply: Reply) {
        let channels = match items(self.dialect(at.room), reply, |_| true) {
            Ok(channels) => channels,
            Err(words) => return self.list_failed(now, Which::Members(at), &words),
        };
        let held = self.lists.slot(Which::Members(at)).map(|s| std::mem::take(&mut s.held));
        self.members_listed(now, at, &held.unwrap_or_default(), &channels);
    }

    /// The whole list of a conference: compared once, differences only.
    fn members_listed(&mut self, now: Now, at: At, items: &[Item], channels: &[Item]) {
        let mut listed = self.listed(now, at, items, channels);
        listed.sort_by_cached_key(|l| uniqueid::order(&l.call));
        let room = self.rooms.get_mut(at.room);
        let Some(conference) = room.and_then(|r| r.parts.get_mut(at.part)) else { return };
        let doubtful = conference.without_leavers(now.mono, &mut listed);
        for difference in conference.list_ends(listed) {
            match difference {
                Difference::Left(call) => self.left(now, at, &call, Found::List),
                Difference::Joined(call, member) => self.joined(now, at, &call, *member),
                Difference::Muted(call, on) => self.muted(now, at, &call, on),
                Difference::Waiting(call, on) => self.waiting(now, at, &call, on),
                Difference::Talking(call, on) => self.talking(now, at, &call, on),
                Difference::Hand(call, on) => self.hand(now, at, &call, on),
                Difference::Renamed(call, member) => self.renamed(at, &call, *member),
            }
        }
        if self.room(at).and_then(|r| r.parts.get(at.part)).is_some_and(|c| c.len() == 0) {
            self.conference_over(now, at);
        }
        let next = match self.dialect(at.room).tells_mutes() {
            _ if doubtful => AGAIN,
            true => RELIST,
            false => POLL,
        };
        self.list_done(now, Which::Members(at), next);
        self.check_late(now, |deed| deed.at.is_some_and(|of| of.room == at.room));
    }

    fn listed(&self, now: Now, at: At, items: &[Item], channels: &[Item]) -> Vec<Listed> {
        let dialect = self.dialect(at.room);
        let named: std::collections::HashMap<_, _> =
            channels.iter().filter_map(|item| dialect.channel(item.packet()?)).collect();
        let listed = items.iter().filter_map(|item| {
            let seen = dialect.listed(item)?;
            if is_announcer(&seen.channel) {
                return None;
            }
            let call: Arc<str> = seen.call.or_else(|| named.get(&seen.channel).copied())?.into();
            let (tells_talking, tells_hand) = (seen.talking.is_some(), seen.hand.is_some());
            let (member, by_channel) = (self.member(now, at, &seen), seen.call.is_none());
            Some(Listed { call, member, tells_talking, tells_hand, by_channel })
        });
        listed.collect()
    }

    /// A member as an event or a list item shows it.
    pub(super) fn member(&self, now: Now, at: At, seen: &Seen<'_>) -> Member {
        let crew = self.room(at).map_or(&[][..], |r| &r.setup.crew);
        let mut member = Member::new(seen.channel.as_ref().into(), super::facts::caller(crew, seen));
        member.slot = seen.slot;
        (member.admin, member.vetted) = (seen.admin.unwrap_or(false), seen.admin.is_some());
        member.muted = seen.muted.unwrap_or(false);
        member.waiting = seen.waiting.unwrap_or(false);
        member.answered = seen.answered.map(|s| now.wall.saturating_sub(u64::from(s) * 1000));
        member.hand = seen.hand.unwrap_or(false).then_some(now.wall);
        member.talking = seen.talking.unwrap_or(false).then_some(now.wall);
        member
    }

    pub(super) fn list_done(&mut self, now: Now, which: Which, next: Duration) {
        self.lists.ended(which);
        self.lists.came(which);
        let Some(slot) = self.lists.slot(which) else { return };
        slot.told = false;
        let (waited, again) = slot.finish(now.mono + next);
        if again {
            self.ask(now, which, None);
        }
        if !self.is_up() && self.is_logged_in() && self.lists.first_lists_are_in() {
            self.up(now);
        }
        for waiter in waited {
            match waiter {
                Waiter::Guard(id) => self.guarded(now, id),
                Waiter::Check(id) => self.check(now, id),
            }
        }
    }

    fn list_failed(&mut self, now: Now, which: Which, words: &str) {
        if let Which::Members(at) = which
            && let Some(conference) = self.rooms.get_mut(at.room).and_then(|r| r.parts.get_mut(at.part))
        {
            conference.list_failed();
        }
        self.lists.ended(which);
        let Some(slot) = self.lists.slot(which) else { return };
        let told = std::mem::replace(&mut slot.told, true);
        let (waited, _) = slot.finish(now.mono + AGAIN);
        // Whoever waits for the next one waits on: it is asked for when this one is due again.
        for waiter in waited {
            match waiter {
                Waiter::Guard(id) => self.unguarded(now, id),
                Waiter::Check(id) => self.check(now, id),
            }
        }
        if !told {
            let what = match which {
                Which::Halls(_) => "the list of conferences".to_owned(),
                Which::Members(at) => {
                    let name = self.room(at).and_then(|r| r.parts.get(at.part)).map(|c| c.name.to_string());
                    format!("the list of conference {}", name.unwrap_or_default())
                }
            };
            self.out.entry(now, Draft::new(What::Desynchronised(format!("{what} failed: {words}"))));
        }
    }

    pub(super) fn lists_due(&mut self, now: Now) {
        if !self.is_logged_in() {
            return;
        }
        for which in self.lists.due(now.mono) {
            self.ask(now, which, None);
        }
    }
}
