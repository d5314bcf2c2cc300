//! Stories. What Asterisk says is written as it comes over the wire; [`Stage`] plays it and keeps what comes out.

mod acts;
mod guards;
mod link;
mod lists;
mod meetme;
mod numbers;
mod properties;
mod replay;
mod scale;
mod standing;

use std::sync::Arc;
use std::time::Duration;

use super::{Output, Pbx};
use crate::Now;
use crate::dialect::Dialects;
use crate::model::{
    By, CallId, ConferenceKind, ConferenceName, CrewPattern, Entry, LedgerRow, Order, OrderId, Outcome,
    PbxSetup, Restored, RoomName, RoomSetup, RoomSnapshot, ServerName, ServiceKind, ServiceSetup,
    Stage as Step, What, Wish,
};
use crate::session::{Greeting, Reply, SessionEvent, Token};
use crate::wire::{Action, OwnedFrame};

/// A core, what it wants sent, and what it told.
pub(super) struct Stage {
    pub(super) pbx: Pbx,
    pub(super) now: Now,
    pub(super) sent: Vec<Sent>,
    pub(super) entries: Vec<Arc<Entry>>,
    pub(super) rows: Vec<LedgerRow>,
    pub(super) mark: String,
    /// Kept up to date as a client does; each time it is checked that they are what would be drawn.
    pub(super) pictures: Vec<Arc<RoomSnapshot>>,
}

/// One action on its way.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) token: Token,
    pub(super) action: Action,
}

impl Sent {
    /// `Action Conference Channel ...`: the values alone.
    pub(super) fn line(&self) -> String {
        let values = self.action.headers().map(|(_, v)| String::from_utf8_lossy(v).into_owned());
        values.collect::<Vec<_>>().join(" ")
    }
}

/// A member as Asterisk would list it.
#[derive(Clone, Debug)]
pub(super) struct Someone {
    pub(super) uniqueid: String,
    pub(super) channel: String,
    pub(super) phone: String,
    pub(super) name: String,
    pub(super) admin: bool,
    pub(super) muted: bool,
    pub(super) waiting: bool,
    pub(super) talking: bool,
    pub(super) slot: Option<u32>,
}

pub(super) fn someone(uniqueid: &str) -> Someone {
    let serial = uniqueid.replace('.', "");
    Someone {
        uniqueid: uniqueid.to_owned(),
        channel: format!("PJSIP/c{uniqueid}-{serial:0>8}"),
        phone: format!("0113{serial:0>6}"),
        name: format!("Caller {uniqueid}"),
        admin: false,
        muted: false,
        waiting: false,
        talking: false,
        slot: None,
    }
}

impl Someone {
    pub(super) fn muted(mut self) -> Self {
        self.muted = true;
        self
    }

    pub(super) fn admin(mut self) -> Self {
        self.admin = true;
        self
    }

    pub(super) fn on(mut self, channel: &str) -> Self {
        self.channel = channel.to_owned();
        self
    }

    pub(super) fn event(&self, name: &str, conference: &str, more: &str) -> String {
        let Self { uniqueid, channel, phone, name: caller, .. } = self;
        let admin = yes(self.admin);
        let slot = self.slot.map(|s| format!("User: {s}\r\n")).unwrap_or_default();
        format!(
            "Event: {name}\r\nConference: {conference}\r\nChannel: {channel}\r\nCallerIDNum: {phone}\r\n\
             CallerIDName: {caller}\r\nUniqueid: {uniqueid}\r\nAdmin: {admin}\r\n{slot}{more}\r\n"
        )
    }

    pub(super) fn join(&self, conference: &str) -> String {
        self.event("ConfbridgeJoin", conference, &format!("Muted: {}\r\n", yes(self.muted)))
    }

    pub(super) fn leave(&self, conference: &str) -> String {
        self.event("ConfbridgeLeave", conference, "")
    }

    pub(super) fn item(&self, conference: &str) -> OwnedFrame {
        let (waiting, muted, talking) = (yes(self.waiting), yes(self.muted), yes(self.talking));
        let more = format!("Waiting: {waiting}\r\nMuted: {muted}\r\nTalking: {talking}\r\n");
        frame(&self.event("ConfbridgeList", conference, &more))
    }
}

fn yes(on: bool) -> &'static str {
    if on { "Yes" } else { "No" }
}

pub(super) fn frame(text: &str) -> OwnedFrame {
    OwnedFrame::parse(text.as_bytes())
}

pub(super) fn hall(conference: &str, parties: usize, locked: bool) -> OwnedFrame {
    let locked = yes(locked);
    frame(&format!(
        "Event: ConfbridgeListRooms\r\nConference: {conference}\r\nParties: {parties}\r\nMarked: 0\r\nLocked: {locked}\r\nMuted: No\r\n\r\n"
    ))
}

pub(super) fn call(uniqueid: &str) -> CallId {
    CallId { server: ServerName::new("main"), uniqueid: uniqueid.into() }
}

pub(super) fn room() -> RoomName {
    RoomName::new("thursday")
}

pub(super) fn by(who: &str) -> By {
    By { who: who.to_owned(), place: format!("{who}-room"), rank: 2 }
}

pub(super) fn setup() -> PbxSetup {
    PbxSetup {
        server: ServerName::new("main"),
        rooms: vec![RoomSetup {
            name: room(),
            conference: ConferenceName::new("200"),
            lobby: None,
            kind: ConferenceKind::ConfBridge,
            crew: vec![CrewPattern::parse("701")],
            services: vec![ServiceSetup { kind: ServiceKind::Stream, channel: "Local/220@stream/n".into() }],
            show_ends_after: Duration::from_secs(1800),
            topic_variable: Some("TOPIC".to_owned()),
        }],
    }
}

pub(super) fn with_lobby() -> PbxSetup {
    let mut setup = setup();
    setup.rooms[0].lobby = Some(ConferenceName::new("lobby"));
    setup
}

pub(super) fn greeting(ami: &str) -> Greeting {
    let all = [
        "ConfbridgeMute",
        "ConfbridgeUnmute",
        "ConfbridgeKick",
        "ConfbridgeLock",
        "ConfbridgeUnlock",
        "Hangup",
        "Setvar",
        "ConfbridgeList",
        "ConfbridgeListRooms",
        "CoreStatus",
        "CoreShowChannels",
    ];
    let actions = all.iter().map(|a| ((*a).to_owned(), "call,all".to_owned())).collect();
    Greeting { ami: ami.to_owned(), actions, ..Greeting::default() }
}

impl Stage {
    pub(super) fn new(setup: PbxSetup, restored: Restored) -> Self {
        let now = Now::for_tests();
        Self::of(Pbx::new(now, setup, restored), now)
    }

    pub(super) fn speaking(speaking: fn(&Greeting) -> Dialects) -> Self {
        let now = Now::for_tests();
        Self::of(Pbx::speaking(now, setup(), Restored::default(), speaking), now)
    }

    fn of(pbx: Pbx, now: Now) -> Self {
        let (sent, entries, rows) = (Vec::new(), Vec::new(), Vec::new());
        let (mark, pictures) = ("2026-11-23 00:13:34".to_owned(), Vec::new());
        let mut stage = Self { pbx, now, sent, entries, rows, mark, pictures };
        stage.collect();
        stage
    }

    /// Logged in to Asterisk 22, these are in conference 200.
    pub(super) fn up(people: &[Someone]) -> Self {
        let mut stage = Self::new(setup(), Restored::default());
        stage.login(&[("200", people)]);
        stage.forget();
        stage
    }

    pub(super) fn collect(&mut self) {
        while let Some(output) = self.pbx.poll() {
            match output {
                Output::Submit { token, action, .. } => self.sent.push(Sent { token, action }),
                Output::Entry(entry) => self.entries.push(entry),
                Output::Ledger(row) => self.rows.push(row),
            }
        }
    }

    pub(super) fn forget(&mut self) {
        self.entries.clear();
        self.rows.clear();
        self.sent.clear();
    }

    pub(super) fn session(&mut self, event: SessionEvent<'_>) {
        self.pbx.session(self.now, event);
        self.collect();
    }

    pub(super) fn event(&mut self, text: &str) {
        let frame = frame(text);
        self.session(SessionEvent::Event(frame.view()));
    }

    pub(super) fn reply(&mut self, token: Token, reply: Reply) {
        self.session(SessionEvent::Reply { token, reply });
    }

    /// The oldest action of that name that was not answered yet.
    pub(super) fn take(&mut self, name: &str) -> Sent {
        let at = self.sent.iter().position(|s| s.action.name() == name);
        let at = at.unwrap_or_else(|| panic!("{name} was not sent, but {:?}", self.lines()));
        self.sent.remove(at)
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.sent.iter().map(Sent::line).collect()
    }

    pub(super) fn answer(&mut self, name: &str, reply: &str) {
        let sent = self.take(name);
        self.reply(sent.token, Reply::Response(frame(&format!("Response: {reply}\r\n\r\n"))));
    }

    /// Asterisk says yes to all acts on members that are on their way, then tells what comes of it.
    pub(super) fn follows(&mut self, text: &str) {
        let acts = ["ConfbridgeMute", "ConfbridgeUnmute", "ConfbridgeKick"];
        let sent = self.sent.iter().filter(|s| acts.contains(&s.action.name()));
        for token in sent.map(|s| s.token).collect::<Vec<_>>() {
            self.reply(token, Reply::Response(frame("Response: Success\r\nMessage: done\r\n\r\n")));
        }
        self.event(text);
    }

    pub(super) fn ok(&mut self, name: &str) {
        self.answer(name, "Success\r\nMessage: done");
    }

    pub(super) fn list(&mut self, name: &str, items: Vec<OwnedFrame>) {
        let token = self.take(name).token;
        self.session(SessionEvent::ListBegins { token });
        self.reply(token, Reply::List { items });
    }

    /// The list of one conference, its barrier and items at once.
    pub(super) fn members(&mut self, conference: &str, people: &[Someone]) {
        let token = self.members_begin(conference);
        self.members_end(token, conference, people);
    }

    pub(super) fn members_begin(&mut self, conference: &str) -> Token {
        let wanted = format!("ConfbridgeList {conference}");
        let at = self.sent.iter().position(|s| s.line() == wanted);
        let token = self.sent.remove(at.unwrap_or_else(|| panic!("no {wanted} in {:?}", self.lines()))).token;
        self.session(SessionEvent::ListBegins { token });
        token
    }

    pub(super) fn members_end(&mut self, token: Token, conference: &str, people: &[Someone]) {
        let items = people.iter().map(|p| p.item(conference)).collect();
        self.reply(token, Reply::List { items });
    }

    /// Logs in; the conferences are listed as given, all others as not there.
    pub(super) fn login(&mut self, conferences: &[(&str, &[Someone])]) {
        self.login_as(greeting("11.0.0"), conferences);
    }

    pub(super) fn login_as(&mut self, greeting: Greeting, conferences: &[(&str, &[Someone])]) {
        self.session(SessionEvent::Ready(greeting));
        let (date, time) = self.mark.split_once(' ').unwrap();
        let status = format!("Success\r\nCoreStartupDate: {date}\r\nCoreStartupTime: {time}");
        self.answer("CoreStatus", &status);
        let halls = conferences.iter().map(|(name, people)| hall(name, people.len(), false)).collect();
        self.list("ConfbridgeListRooms", halls);
        while let Some(at) = self.sent.iter().position(|s| s.action.name() == "ConfbridgeList") {
            let asked = self.sent[at].line();
            match conferences.iter().find(|(name, _)| asked == format!("ConfbridgeList {name}")) {
                Some((name, people)) => self.members(name, people),
                None => self.answer("ConfbridgeList", "Error\r\nMessage: No Conference by that name found."),
            }
        }
    }

    /// Logs in where nobody is in any conference.
    pub(super) fn login_empty(&mut self) {
        let mut greeting = greeting("11.0.0");
        greeting.actions.extend(["MeetmeList", "MeetmeListRooms"].map(|a| (a.to_owned(), String::new())));
        self.session(SessionEvent::Ready(greeting));
        let (date, time) = self.mark.split_once(' ').unwrap();
        let status = format!("Success\r\nCoreStartupDate: {date}\r\nCoreStartupTime: {time}");
        self.answer("CoreStatus", &status);
        for sent in std::mem::take(&mut self.sent) {
            let empty = frame("Response: Error\r\nMessage: No active conferences.\r\n\r\n");
            self.reply(sent.token, Reply::Response(empty));
        }
    }

    pub(super) fn order(&mut self, id: u64, who: &str, wish: Wish) {
        self.order_by(id, by(who), wish);
    }

    pub(super) fn order_by(&mut self, id: u64, by: By, wish: Wish) {
        let epoch = self.snapshot().epoch;
        self.pbx.order(self.now, Order { id: OrderId(id), by, wish, reason: None, epoch });
        self.collect();
    }

    pub(super) fn mute(&mut self, id: u64, who: &str, uniqueid: &str, on: bool) {
        self.order(id, who, Wish::Mute { call: call(uniqueid), on });
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        self.tick(Duration::from_secs(seconds));
        self.due();
    }

    pub(super) fn tick(&mut self, time: Duration) {
        self.now.mono += time;
        self.now.wall += time.as_millis() as u64;
    }

    pub(super) fn due(&mut self) {
        self.pbx.due(self.now);
        self.collect();
    }

    pub(super) fn lose(&mut self) {
        self.pbx.lost(self.now, "the network is gone");
        self.collect();
        self.sent.clear();
    }

    pub(super) fn snapshot(&mut self) -> Arc<RoomSnapshot> {
        self.changed();
        self.everybody_has_a_home();
        // What is not said to have changed must be as it was.
        self.pbx.rooms.iter_mut().for_each(|room| room.stale.frame());
        self.pbx.note();
        self.changed().remove(0)
    }

    fn everybody_has_a_home(&self) {
        let parts = self.pbx.rooms.iter().flat_map(|room| &room.parts);
        let calls: Vec<_> = parts.flat_map(|c| c.members().map(|(call, _)| call.clone())).collect();
        assert_eq!(self.pbx.homes.len(), calls.len());
        for call in calls {
            let at = self.pbx.find(&CallId { server: ServerName::new("main"), uniqueid: call.clone() });
            let room = at.and_then(|at| self.pbx.room(at)).expect("it is somewhere");
            assert!(room.part_of(&call).is_some());
        }
    }

    /// The rooms that changed.
    pub(super) fn changed(&mut self) -> Vec<Arc<RoomSnapshot>> {
        let (pictures, mut changed) = (&mut self.pictures, Vec::new());
        self.pbx.changes(self.now, |change| {
            let at = change.at();
            match pictures.get_mut(at) {
                Some(picture) => change.refresh(picture),
                None => pictures.push(Arc::new(change.draw())),
            }
            changed.push(pictures[at].clone());
        });
        changed
    }

    /// The stages told of an order.
    pub(super) fn stages(&self, id: u64) -> Vec<Step> {
        let stages = self.entries.iter().filter_map(|e| match &e.what {
            What::Order { order, stage } if order.id.0 == id => Some(stage.clone()),
            _ => None,
        });
        stages.collect()
    }

    pub(super) fn last(&self, id: u64) -> Step {
        self.stages(id).pop().unwrap_or_else(|| panic!("nothing was told of order {id}"))
    }

    /// What was told that is no order's stage, with whose order did it.
    pub(super) fn told(&self) -> Vec<(What, Option<String>)> {
        let told = self.entries.iter().filter(|e| !matches!(e.what, What::Order { .. }));
        told.map(|e| (e.what.clone(), e.by.as_ref().map(|b| b.who.clone()))).collect()
    }

    pub(super) fn numbers(&mut self) -> Vec<(u32, String)> {
        self.snapshot().people.iter().map(|p| (p.number, p.call.uniqueid.to_string())).collect()
    }
}

pub(super) fn done() -> Step {
    Step::Settled(Outcome::Done)
}
