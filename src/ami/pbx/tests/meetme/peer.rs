//! An Asterisk with one MeetMe conference, and the wires to it: what is sent takes its time there, what is said takes
//! its time back, both in order. Behaves as measured: the next who joins gets the highest number plus one, console
//! commands say nothing and succeed always, a mute that changes nothing makes no event.

use std::collections::VecDeque;

use super::super::*;
use crate::model::KickBy;

/// Something that happens of itself.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    Join(&'static str),
    Leave(&'static str),
    Hand(&'static str, bool),
    /// By phone.
    Mute(&'static str, bool),
    Order(u64, Wish),
}

/// One participant.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) slot: u32,
    pub(crate) uniqueid: &'static str,
    pub(crate) muted: bool,
    /// Somebody's kick takes effect then.
    kicked: Option<u64>,
}

#[derive(Debug)]
enum Said {
    Event(String),
    Begins(Token),
    Reply(Token, Reply),
}

/// See the module. Times are milliseconds since its start.
pub(crate) struct Peer {
    pub(crate) s: Stage,
    pub(crate) seats: Vec<Seat>,
    pub(crate) locked: bool,
    /// Somebody was in.
    open: bool,
    /// The conference's admin, if any.
    pub(crate) admin: Option<&'static str>,
    /// Whom a kick or a hangup of ours was aimed at, as Asterisk saw it.
    pub(crate) hit: Vec<&'static str>,
    /// Console commands and acts, as they arrived.
    pub(crate) heard: Vec<String>,
    /// How long there, how long back, how long until a kick takes effect.
    pub(crate) delays: [u64; 3],
    at: u64,
    there: VecDeque<(u64, Sent)>,
    back: VecDeque<(u64, Said)>,
    script: Vec<(u64, Happening)>,
}

fn channel(uniqueid: &str) -> String {
    format!("PJSIP/c{uniqueid}-1")
}

pub(crate) fn may(actions: &[&str]) -> Greeting {
    let actions = actions.iter().map(|a| ((*a).to_owned(), "x,all".to_owned())).collect();
    Greeting { ami: "11.0.0".to_owned(), actions, ..Greeting::default() }
}

pub(crate) const ALL: [&str; 10] = [
    "MeetmeMute",
    "MeetmeUnmute",
    "MeetmeList",
    "MeetmeListRooms",
    "CoreShowChannels",
    "CoreStatus",
    "Hangup",
    "Setvar",
    "Command",
    "Status",
];

impl Peer {
    /// Logged in, these are in the conference, in this order.
    pub(crate) fn new(kick_by: Option<KickBy>, may: Greeting, people: &[&'static str]) -> Self {
        let mut setup = setup();
        setup.rooms[0].kind = ConferenceKind::MeetMe { kick_by };
        let mut peer = Self {
            s: Stage::new(setup, Restored::default()),
            seats: Vec::new(),
            locked: false,
            open: false,
            admin: None,
            hit: Vec::new(),
            heard: Vec::new(),
            delays: [1, 1, 20],
            at: 0,
            there: VecDeque::new(),
            back: VecDeque::new(),
            script: Vec::new(),
        };
        for uniqueid in people {
            peer.join(uniqueid);
        }
        peer.back.clear();
        peer.s.session(SessionEvent::Ready(may));
        peer.run(50);
        assert_eq!(peer.s.snapshot().link, crate::model::Link::Up, "{:?}", peer.s.told());
        peer.s.forget();
        peer.heard.clear();
        peer
    }

    /// So many milliseconds from now.
    pub(crate) fn later(&mut self, after: u64, what: Happening) {
        self.script.push((self.at + after, what));
        self.script.sort_by_key(|(at, _)| *at);
    }

    /// Lets time go by, from one thing that happens to the next.
    pub(crate) fn run(&mut self, time: u64) {
        let end = self.at + time;
        loop {
            self.hand_over();
            let kicks = self.seats.iter().filter_map(|s| s.kicked).min();
            let due = self.s.pbx.deadline().map(|at| {
                let left = at.saturating_duration_since(self.s.now.mono);
                self.at + left.as_micros().div_ceil(1000) as u64
            });
            let dues = [
                self.script.first().map(|(at, _)| *at),
                self.there.front().map(|(at, _)| *at),
                self.back.front().map(|(at, _)| *at),
                kicks,
                due,
            ];
            let next = dues.into_iter().flatten().min().filter(|next| *next <= end);
            let until = next.unwrap_or(end).max(self.at);
            self.s.tick(Duration::from_millis(until - self.at));
            self.at = until;
            if next.is_none() {
                return;
            }
            self.step();
        }
    }

    fn hand_over(&mut self) {
        let due = self.at + self.delays[0];
        self.there.extend(std::mem::take(&mut self.s.sent).into_iter().map(|sent| (due, sent)));
    }

    fn step(&mut self) {
        if self.script.first().is_some_and(|(at, _)| *at <= self.at) {
            let (_, what) = self.script.remove(0);
            return self.happen(what);
        }
        if let Some(seat) = self.seats.iter().find(|s| s.kicked.is_some_and(|at| at <= self.at)) {
            return self.leave(seat.uniqueid);
        }
        if self.there.front().is_some_and(|(at, _)| *at <= self.at) {
            let (_, sent) = self.there.pop_front().unwrap();
            return self.act(&sent);
        }
        if self.back.front().is_some_and(|(at, _)| *at <= self.at) {
            let (_, said) = self.back.pop_front().unwrap();
            return match said {
                Said::Event(text) => self.s.event(&text),
                Said::Begins(token) => self.s.session(SessionEvent::ListBegins { token }),
                Said::Reply(token, reply) => self.s.reply(token, reply),
            };
        }
        self.s.due();
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Join(uniqueid) => self.join(uniqueid),
            Happening::Leave(uniqueid) => self.leave(uniqueid),
            Happening::Hand(uniqueid, on) => self.tell(uniqueid, "MeetmeTalkRequest", status(on)),
            Happening::Mute(uniqueid, on) => {
                let slot = self.seats.iter().find(|s| s.uniqueid == uniqueid).map(|s| s.slot.to_string());
                slot.map(|slot| self.mute(&slot, on));
            }
            Happening::Order(id, wish) => self.s.order(id, "Sam", wish),
        }
    }

    fn say(&mut self, said: Said) {
        self.back.push_back((self.at + self.delays[1], said));
    }

    fn tell(&mut self, uniqueid: &str, name: &str, more: &str) {
        let Some(seat) = self.seats.iter().find(|s| s.uniqueid == uniqueid) else { return };
        let (channel, slot) = (channel(uniqueid), seat.slot);
        self.say(Said::Event(format!(
            "Event: {name}\r\nMeetme: 200\r\nChannel: {channel}\r\nCallerIDNum: 0113496\r\n\
             CallerIDName: O\\'C{uniqueid}\r\nUniqueid: {uniqueid}\r\n{more}User: {slot}\r\n\r\n"
        )));
    }

    fn join(&mut self, uniqueid: &'static str) {
        let slot = self.seats.iter().map(|s| s.slot).max().unwrap_or(0) + 1;
        self.open = true;
        self.seats.push(Seat { slot, uniqueid, muted: false, kicked: None });
        self.tell(uniqueid, "MeetmeJoin", "");
    }

    fn leave(&mut self, uniqueid: &str) {
        self.tell(uniqueid, "MeetmeLeave", "");
        self.seats.retain(|s| s.uniqueid != uniqueid);
        if self.seats.is_empty() && std::mem::take(&mut self.open) {
            self.locked = false;
            self.say(Said::Event("Event: MeetmeEnd\r\nMeetme: 200\r\n\r\n".to_owned()));
        }
    }

    fn act(&mut self, sent: &Sent) {
        let line = sent.line();
        let words: Vec<&str> = line.split(' ').collect();
        if !matches!(words[0], "MeetmeList" | "MeetmeListRooms" | "CoreShowChannels" | "CoreStatus") {
            self.heard.push(line.clone());
        }
        let before = self.back.len();
        let reply = match words.as_slice() {
            ["CoreStatus"] => ok("CoreStartupDate: 2026-11-23\r\nCoreStartupTime: 00:13:34"),
            ["MeetmeListRooms" | "MeetmeList", ..] if self.seats.is_empty() => no("No active conferences."),
            ["MeetmeListRooms"] => self.list(sent.token, vec![self.hall()]),
            ["MeetmeList", "200"] => self.list(
                sent.token,
                self.seats.iter().map(|seat| item(seat, self.admin == Some(seat.uniqueid))).collect(),
            ),
            ["CoreShowChannels"] => self.list(sent.token, self.seats.iter().map(channel_item).collect()),
            ["MeetmeMute", _, slot] => self.mute(slot, true),
            ["MeetmeUnmute", _, slot] => self.mute(slot, false),
            ["Hangup", uniqueid] => self.hangup(uniqueid),
            ["Command", "meetme", "kick", _, slot] => self.kick(slot),
            ["Command", "meetme", word @ ("lock" | "unlock"), _] => {
                self.locked = *word == "lock" && self.open;
                silence()
            }
            _ => panic!("{line}"),
        };
        // The answer goes out before what it caused.
        let at = if matches!(reply, Reply::List { .. }) { self.back.len() } else { before };
        self.back.insert(at, (self.at + self.delays[1], Said::Reply(sent.token, reply)));
    }

    fn list(&mut self, token: Token, items: Vec<OwnedFrame>) -> Reply {
        self.say(Said::Begins(token));
        Reply::List { items }
    }

    fn hall(&self) -> OwnedFrame {
        let (parties, locked) = (self.seats.len(), if self.locked { "Yes" } else { "No" });
        frame(&format!(
            "Event: MeetmeListRooms\r\nConference: 200\r\nParties: {parties:04}\r\nMarked: N/A\r\n\
             Activity: 00:00:07\r\nCreation: Dynamic\r\nLocked: {locked}\r\n\r\n"
        ))
    }

    fn mute(&mut self, slot: &str, on: bool) -> Reply {
        let Some(seat) = self.seats.iter_mut().find(|s| s.slot.to_string() == slot) else {
            return no("User number not found");
        };
        let (changed, uniqueid) = (seat.muted != on, seat.uniqueid);
        seat.muted = on;
        if changed {
            self.tell(uniqueid, "MeetmeMute", status(on));
        }
        ok(if on { "Message: User muted" } else { "Message: User unmuted" })
    }

    fn kick(&mut self, slot: &str) -> Reply {
        let due = self.at + self.delays[2];
        if let Some(seat) = self.seats.iter_mut().find(|s| s.slot.to_string() == slot) {
            seat.kicked = seat.kicked.or(Some(due));
            self.hit.push(seat.uniqueid);
        }
        silence()
    }

    fn hangup(&mut self, uniqueid: &str) -> Reply {
        let Some(seat) = self.seats.iter().find(|s| s.uniqueid == uniqueid) else {
            return no("No such channel");
        };
        let uniqueid = seat.uniqueid;
        self.hit.push(uniqueid);
        self.leave(uniqueid);
        ok("Message: Channel Hungup")
    }
}

fn status(on: bool) -> &'static str {
    if on { "Status: on\r\n" } else { "Status: off\r\n" }
}

fn item(seat: &Seat, admin: bool) -> OwnedFrame {
    let admin = if admin { "Yes" } else { "No" };
    let Seat { slot, uniqueid, muted, .. } = seat;
    let (channel, muted) = (channel(uniqueid), if *muted { "By admin" } else { "No" });
    frame(&format!(
        "Event: MeetmeList\r\nConference: 200\r\nUserNumber: {slot}\r\nCallerIDNum: 0113496\r\n\
         CallerIDName: O'C{uniqueid}\r\nChannel: {channel}\r\nAdmin: {admin}\r\nRole: Talk and listen\r\n\
         MarkedUser: No\r\nMuted: {muted}\r\nTalking: Not monitored\r\n\r\n"
    ))
}

fn channel_item(seat: &Seat) -> OwnedFrame {
    let (channel, uniqueid) = (channel(seat.uniqueid), seat.uniqueid);
    frame(&format!("Event: CoreShowChannel\r\nChannel: {channel}\r\nUniqueid: {uniqueid}\r\n\r\n"))
}

fn ok(more: &str) -> Reply {
    Reply::Response(frame(&format!("Response: Success\r\n{more}\r\n\r\n")))
}

fn no(words: &str) -> Reply {
    Reply::Response(frame(&format!("Response: Error\r\nMessage: {words}\r\n\r\n")))
}

fn silence() -> Reply {
    Reply::Command { ok: true, lines: vec![Vec::new()] }
}
