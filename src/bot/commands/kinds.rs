//! Every command on ConfBridge and on MeetMe: the same words, cards and notices. The core is the real one, with an
//! Asterisk of some lines behind it that speaks one of the two.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use gavel_ami::model::{
    ConferenceKind, ConferenceName, CrewPattern, Entry, Order, OrderId, PbxSetup, Restored, RoomName,
    RoomSetup, ServerName, Stage, What,
};
use gavel_ami::session::{Greeting, Reply, SessionEvent, Token};
use gavel_ami::wire::{Action, OwnedFrame};
use gavel_ami::{Now, Output, Pbx};
use gavel_chat::card;
use gavel_chat::command::{CATALOG, Command, parse};
use gavel_chat::text::{Foreign, plain};
use gavel_chat::{Asker, Claim, PlaceId, UserId};

use super::*;
use crate::announcer::notice;
use crate::board::{self, RoomLook, View};
use crate::desk::job::{Effect, Input, Job, Sight};
use crate::fixtures::{self, by};

const CONFBRIDGE: ConferenceKind = ConferenceKind::ConfBridge;
const MEETME: ConferenceKind = ConferenceKind::MeetMe { kick_by: None };

/// What is typed, in this order, and `+ name`: somebody joins; `- name`: hangs up; `. seconds`: time goes by.
const STORY: [&str; 41] = [
    "roster",
    "mute 2",
    "mute 2",
    "mute 2 3",
    "unmute 2",
    "unmute 2",
    "who 2",
    "kick 3: rude",
    "kick 3",
    "who 3",
    "+ Zed",
    "roster",
    "mute zed",
    "unmute zed",
    "lock",
    "roster",
    "lock",
    "unlock",
    "mute all",
    "mute all",
    "+ Ola",
    "roster",
    "unmute all",
    "topic night buses",
    "topic",
    "topic -",
    "note 2 refund",
    "roster",
    "note 2 -",
    "say hello there",
    "hangup zed",
    "kick 2",
    "hangup 4",
    "- Ola",
    "kick 9",
    "kick ola",
    "help",
    "help kick",
    "+ Pat",
    ". 31",
    "roster",
];

struct Seat {
    slot: u32,
    uniqueid: String,
    name: &'static str,
    muted: bool,
}

struct Scene {
    kind: ConferenceKind,
    pbx: Pbx,
    now: Now,
    seats: Vec<Seat>,
    calls: u32,
    locked: bool,
    sent: VecDeque<(Token, Action)>,
    entries: Vec<Arc<Entry>>,
    orders: u64,
    room: RoomView,
}

fn frame(text: &str) -> OwnedFrame {
    OwnedFrame::parse(format!("{text}\r\n\r\n").as_bytes())
}

fn ok() -> Reply {
    Reply::Response(frame("Response: Success\r\nMessage: done"))
}

fn channel(uniqueid: &str) -> String {
    format!("PJSIP/p-{:0>8}", uniqueid.replace('.', ""))
}

fn may() -> Greeting {
    let all = [
        "CoreStatus",
        "CoreShowChannels",
        "Hangup",
        "Setvar",
        "Command",
        "ConfbridgeList",
        "ConfbridgeListRooms",
        "ConfbridgeMute",
        "ConfbridgeUnmute",
        "ConfbridgeKick",
        "ConfbridgeLock",
        "ConfbridgeUnlock",
        "MeetmeList",
        "MeetmeListRooms",
        "MeetmeMute",
        "MeetmeUnmute",
    ];
    let actions = all.map(|action| (action.to_owned(), String::new())).into();
    Greeting { ami: "11.0.0".to_owned(), actions, ..Greeting::default() }
}

impl Scene {
    fn new(kind: ConferenceKind) -> Self {
        let setup = PbxSetup {
            server: ServerName::new("main"),
            rooms: vec![RoomSetup {
                name: RoomName::new("thursday"),
                conference: ConferenceName::new("200"),
                lobby: None,
                kind,
                crew: vec![CrewPattern::parse("701")],
                services: Vec::new(),
                show_ends_after: Duration::from_secs(1800),
                topic_variable: None,
            }],
        };
        let now = fixtures::now();
        let look = RoomLook { kind, ..fixtures::look(false) };
        let mut house = Self {
            kind,
            pbx: Pbx::new(now, setup, Restored::default()),
            now,
            seats: Vec::new(),
            calls: 0,
            locked: false,
            sent: VecDeque::new(),
            entries: Vec::new(),
            orders: 0,
            room: RoomView { look: Arc::new(look), ..fixtures::room(View::Crew) },
        };
        for name in ["Dana", "Marta", "Joel"] {
            house.join(name);
        }
        house.pbx.session(now, SessionEvent::Ready(may()));
        house.settle();
        house.entries.clear();
        house
    }

    fn of<'a>(&self, confbridge: &'a str, meetme: &'a str) -> &'a str {
        if self.kind == CONFBRIDGE { confbridge } else { meetme }
    }

    /// Answers all that is sent, until there is nothing more.
    fn settle(&mut self) {
        loop {
            while let Some(output) = self.pbx.poll() {
                match output {
                    Output::Submit { token, action, .. } => self.sent.push_back((token, action)),
                    Output::Entry(entry) => self.entries.push(entry),
                    Output::Ledger(_) => {}
                }
            }
            let Some((token, action)) = self.sent.pop_front() else { break };
            self.act(token, &action);
        }
        if let Some(snapshot) = self.pbx.drawn(self.now).pop() {
            self.room.snapshot = snapshot;
        }
    }

    fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now = self.now.after(Duration::from_secs(1));
            self.pbx.due(self.now);
            self.settle();
        }
    }

    fn event(&mut self, name: &str, seat: usize, more: &str) {
        let Seat { slot, uniqueid, name: caller, .. } = &self.seats[seat];
        let phone = if *caller == "Dana" { "701".to_owned() } else { format!("01134960{slot:03}") };
        let (room, channel) = (self.of("Conference", "Meetme"), channel(uniqueid));
        let frame = frame(&format!(
            "Event: {name}\r\n{room}: 200\r\nChannel: {channel}\r\nCallerIDNum: {phone}\r\n\
             CallerIDName: {caller}\r\nUniqueid: {uniqueid}\r\nAdmin: No\r\nUser: {slot}{more}"
        ));
        self.pbx.session(self.now, SessionEvent::Event(frame.view()));
    }

    fn join(&mut self, name: &'static str) {
        self.calls += 1;
        let slot = self.seats.iter().map(|seat| seat.slot).max().unwrap_or(0) + 1;
        self.seats.push(Seat { slot, uniqueid: format!("1.{}", self.calls), name, muted: false });
        self.event(self.of("ConfbridgeJoin", "MeetmeJoin"), self.seats.len() - 1, "\r\nMuted: No");
    }

    fn leave(&mut self, seat: usize) {
        self.event(self.of("ConfbridgeLeave", "MeetmeLeave"), seat, "");
        self.event("Hangup", seat, "");
        self.seats.remove(seat);
    }

    fn mute(&mut self, seat: usize, on: bool) {
        self.seats[seat].muted = on;
        let meetme = if on { "\r\nStatus: on" } else { "\r\nStatus: off" };
        let name = self.of(if on { "ConfbridgeMute" } else { "ConfbridgeUnmute" }, "MeetmeMute");
        self.event(name, seat, meetme);
    }

    fn items(&self) -> Vec<OwnedFrame> {
        let kind = self.of("ConfbridgeList", "MeetmeList");
        let item = |seat: &Seat| {
            let Seat { slot, uniqueid, name, muted } = seat;
            let phone = if *name == "Dana" { "701".to_owned() } else { format!("01134960{slot:03}") };
            let (channel, yes) = (channel(uniqueid), if *muted { self.of("Yes", "By admin") } else { "No" });
            let unique =
                if self.kind == CONFBRIDGE { format!("\r\nUniqueid: {uniqueid}") } else { String::new() };
            frame(&format!(
                "Event: {kind}\r\nConference: 200\r\nUserNumber: {slot}\r\nChannel: {channel}\r\n\
                 CallerIDNum: {phone}\r\nCallerIDName: {name}\r\nAdmin: No\r\nMuted: {yes}{unique}"
            ))
        };
        self.seats.iter().map(item).collect()
    }

    fn act(&mut self, token: Token, action: &Action) {
        let words: Vec<String> =
            action.headers().map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect();
        let words: Vec<&str> = words.iter().flat_map(|word| word.split(' ')).collect();
        let yes = if self.locked { "Yes" } else { "No" };
        let hall = frame(&format!(
            "Event: x\r\nConference: 200\r\nParties: {}\r\nMarked: 0\r\nLocked: {yes}",
            self.seats.len()
        ));
        let channels = self.seats.iter().map(|seat| {
            frame(&format!("Event: x\r\nChannel: {}\r\nUniqueid: {}", channel(&seat.uniqueid), seat.uniqueid))
        });
        let list = match words[0] {
            "ConfbridgeListRooms" | "MeetmeListRooms" => Some(vec![hall]),
            "ConfbridgeList" | "MeetmeList" => Some(self.items()),
            "CoreShowChannels" => Some(channels.collect()),
            _ => None,
        };
        if let Some(items) = list {
            self.pbx.session(self.now, SessionEvent::ListBegins { token });
            return self.pbx.session(self.now, SessionEvent::Reply { token, reply: Reply::List { items } });
        }
        let quiet = Reply::Command { ok: true, lines: vec![Vec::new()] };
        let reply = if words[0] == "Command" { quiet } else { ok() };
        self.pbx.session(self.now, SessionEvent::Reply { token, reply });
        let whom = words.last().copied().unwrap_or_default();
        let of_whom =
            |s: &Seat| s.uniqueid == whom || channel(&s.uniqueid) == whom || s.slot.to_string() == whom;
        let seat = self.seats.iter().position(of_whom);
        match (words.as_slice(), seat) {
            (["CoreStatus" | "Setvar", ..], _) => {}
            (["ConfbridgeMute" | "MeetmeMute", ..], Some(seat)) => self.mute(seat, true),
            (["ConfbridgeUnmute" | "MeetmeUnmute", ..], Some(seat)) => self.mute(seat, false),
            (["ConfbridgeKick" | "Hangup", ..] | ["Command", _, "kick", ..], Some(seat)) => self.leave(seat),
            (["ConfbridgeLock", ..] | ["Command", _, "lock", ..], _) => self.locked = true,
            (["ConfbridgeUnlock", ..] | ["Command", _, "unlock", ..], _) => self.locked = false,
            other => panic!("{other:?}"),
        }
    }

    /// One line of the story: all that is said of it, in answers, notices and on the card.
    fn line(&mut self, line: &'static str) -> String {
        let mut said = format!("> {line}\n");
        match line.split_once(' ') {
            Some(("+", name)) => self.join(name),
            Some(("-", name)) => {
                let seat = self.seats.iter().position(|seat| seat.name == name);
                self.leave(seat.unwrap());
            }
            Some((".", seconds)) => self.pass(seconds.parse().unwrap()),
            _ => self.typed(line, &mut said),
        }
        self.pass(1);
        let (zone, name) = (Zone::utc(), RoomName::new("thursday"));
        for entry in std::mem::take(&mut self.entries) {
            let told = notice(&entry, View::Crew, &self.room.look, &name, &zone);
            said.extend(told.map(|told| format!("* {}\n", plain(&told.change.doc))));
        }
        let view = board::crew(&self.room.look, &self.room.snapshot);
        format!("{said}{}\n", plain(&card::crew(&view, self.now.wall, &zone)))
    }

    fn typed(&mut self, words: &str, said: &mut String) {
        let call = parse(words).unwrap_or_else(|misread| panic!("{words}: {misread:?}"));
        let (rules, zone, house) = (Rules::default(), Zone::utc(), House::default());
        let asker = Asker {
            user: UserId::new("console:you"),
            name: Foreign::name("Sam"),
            claims: vec![Claim("console:host".to_owned())],
            trusted_device: None,
        };
        let grant = rules.authorise(&call, &asker, &PlaceId::new("console"), View::Crew).unwrap();
        let room = self.room.clone();
        let ask = Ask {
            grant: &grant,
            args: &call.args,
            room: &room,
            rules: &rules,
            house: &house,
            others: 2,
            now: self.now.wall,
            zone: &zone,
        };
        match plan(call.command, ask) {
            Err(Refusal(doc)) | Ok(Plan::Say { doc, .. }) => said.extend([plain(&doc).as_str(), "\n"]),
            Ok(Plan::Tell { notice, answer }) => {
                said.push_str(&format!("{} / {}\n", plain(&notice), plain(&answer)))
            }
            Ok(Plan::Run(mut job)) => self.run(job.as_mut(), said),
        }
    }

    /// The desk's part: orders go to the core, what becomes of them to the job.
    fn run(&mut self, job: &mut dyn Job, said: &mut String) {
        let (zone, first) = (Zone::utc(), self.orders);
        let mut news: VecDeque<(usize, Stage)> = VecDeque::new();
        let mut begun = false;
        for _ in 0..100 {
            let sight = Sight { now: self.now, room: &self.room, zone: &zone };
            let step = match news.pop_front() {
                Some((order, stage)) => job.step(sight, Input::Order(order, &stage)),
                None if !begun => job.step(sight, Input::Start),
                None => break,
            };
            begun = true;
            for effect in step.effects {
                match effect {
                    Effect::Tell { doc, .. } => said.extend([plain(&doc).as_str(), "\n"]),
                    Effect::Order { wish, reason } => {
                        let (id, epoch) = (OrderId(self.orders), self.room.snapshot.epoch);
                        self.orders += 1;
                        self.pbx.order(self.now, Order { id, by: by("Sam"), wish, reason, epoch });
                    }
                }
            }
            if step.end {
                return;
            }
            self.settle();
            let fresh = self.entries.iter().filter_map(|entry| match &entry.what {
                What::Order { order, stage } => Some(((order.id.0 - first) as usize, stage.clone())),
                _ => None,
            });
            news.extend(fresh.collect::<Vec<_>>());
            self.entries.retain(|entry| !matches!(entry.what, What::Order { .. }));
        }
        panic!("it did not end: {said}");
    }
}

#[test]
fn every_command_says_the_same_on_both() {
    let (mut confbridge, mut meetme) = (Scene::new(CONFBRIDGE), Scene::new(MEETME));
    let mut whole = String::new();
    for line in STORY {
        let said = confbridge.line(line);
        assert_eq!(meetme.line(line), said);
        whole.push_str(&said);
    }
    for spec in CATALOG {
        let tried = STORY.iter().any(|line| line.split(' ').next() == Some(spec.word));
        assert!(tried || spec.command == Command::Status, "{} is not in the story", spec.word);
    }
    insta::assert_snapshot!(whole);
}

#[test]
fn only_status_tells_the_kind() {
    for (kind, words) in [(CONFBRIDGE, "of ConfBridge on main"), (MEETME, "of MeetMe on main")] {
        let mut said = String::new();
        Scene::new(kind).typed("status", &mut said);
        assert!(said.contains(words), "{said}");
    }
}
