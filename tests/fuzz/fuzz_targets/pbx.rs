//! The state of conferences under any order of events, lists, answers, orders, losses and times.
//!
//! After a list the state is the list; entries are numbered without gaps; in one show a number names one call; every
//! order ends.
//!
//! Each two bytes are a step and its argument; a raw event takes the rest of the input up to a NUL.

#![no_main]

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use gavel_ami::model::{
    By, CallId, ConferenceKind, ConferenceName, CrewPattern, Link, Order, OrderId, PbxSetup, Restored,
    RoomName, RoomSetup, ServerName, ServiceKind, ServiceSetup, What, Wish,
};
use gavel_ami::session::{Greeting, Reply, SessionEvent, Token};
use gavel_ami::wire::{Action, OwnedFrame};
use gavel_ami::{Now, Output, Pbx};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut desk = Desk::new();
    let mut rest = bytes;
    while let [step, arg, tail @ ..] = rest {
        rest = desk.step(*step, *arg, tail);
        desk.check();
    }
    desk.calm();
});

const CONFERENCES: [&str; 2] = ["200", "lobby"];

struct Desk {
    pbx: Pbx,
    now: Now,
    sent: VecDeque<(Token, Action)>,
    seq: u64,
    orders: u64,
    open: HashSet<u64>,
    /// Asterisk's runs: the same Uniqueid of another run is another call.
    run: u8,
    numbers: HashMap<(u32, u32), (u8, String)>,
}

fn setup() -> PbxSetup {
    let room = RoomSetup {
        name: RoomName::new("thursday"),
        conference: ConferenceName::new(CONFERENCES[0]),
        lobby: Some(ConferenceName::new(CONFERENCES[1])),
        kind: ConferenceKind::ConfBridge,
        crew: vec![CrewPattern::parse("PJSIP/c3")],
        services: vec![ServiceSetup { kind: ServiceKind::Stream, channel: "Local/220@stream/n".into() }],
        show_ends_after: Duration::from_secs(300),
        topic_variable: Some("TOPIC".to_owned()),
    };
    PbxSetup { server: ServerName::new("main"), rooms: vec![room] }
}

fn person(n: u8) -> String {
    let n = n % 12;
    format!(
        "Channel: PJSIP/c{n}-0000000{n}\r\nCallerIDNum: 0113{n}\r\nCallerIDName: C{n}\r\nUniqueid: 100.{n}\r\nAdmin: No\r\n"
    )
}

fn event(name: &str, conference: &str, n: u8, more: &str) -> OwnedFrame {
    let person = person(n);
    OwnedFrame::parse(format!("Event: {name}\r\nConference: {conference}\r\n{person}{more}\r\n").as_bytes())
}

impl Desk {
    fn new() -> Self {
        #[allow(clippy::disallowed_methods, reason = "nothing else gives the time here")]
        let now = Now { mono: Instant::now(), wall: 1_700_000_000_000 };
        let mut desk = Self {
            pbx: Pbx::new(now, setup(), Restored::default()),
            now,
            sent: VecDeque::new(),
            seq: 0,
            orders: 0,
            open: HashSet::new(),
            run: 0,
            numbers: HashMap::new(),
        };
        desk.drain();
        desk
    }

    fn step<'a>(&mut self, step: u8, arg: u8, rest: &'a [u8]) -> &'a [u8] {
        let conference = CONFERENCES[usize::from(arg >> 7)];
        let toggle = arg & 64 > 0;
        match step % 20 {
            0..=2 => self.event(&event(
                "ConfbridgeJoin",
                conference,
                arg,
                if toggle { "Muted: Yes\r\n" } else { "" },
            )),
            3 => self.event(&event("ConfbridgeLeave", conference, arg, "")),
            4 => self.event(&event(
                if toggle { "ConfbridgeMute" } else { "ConfbridgeUnmute" },
                conference,
                arg,
                "",
            )),
            5 => self.event(&event(
                "ConfbridgeTalking",
                conference,
                arg,
                if toggle { "TalkingStatus: on\r\n" } else { "TalkingStatus: off\r\n" },
            )),
            6 => self.event(&event("Hangup", "", arg, "")),
            7 => self.event(&event(
                if toggle { "ConfbridgeRecord" } else { "ConfbridgeEnd" },
                conference,
                arg,
                "",
            )),
            8..=11 => self.answer(arg),
            12 => self.begin(arg),
            13 | 14 => self.order(step, arg),
            15 => self.pass(u64::from(arg)),
            16 => {
                self.pbx.lost(self.now, "cut");
                self.sent.clear();
                self.run = self.run.wrapping_add(u8::from(arg < 64));
            }
            17 => self.ready(arg),
            18 => self.pbx.session(self.now, SessionEvent::Desynchronised("lost some".into())),
            _ => {
                let end = rest.iter().position(|b| *b == 0).unwrap_or(rest.len());
                let (raw, tail) = rest.split_at(end);
                self.event(&OwnedFrame::parse(raw));
                return tail;
            }
        }
        self.drain();
        rest
    }

    fn event(&mut self, frame: &OwnedFrame) {
        self.pbx.session(self.now, SessionEvent::Event(frame.view()));
        self.drain();
    }

    fn ready(&mut self, arg: u8) {
        let actions = [
            "CoreStatus",
            "ConfbridgeList",
            "ConfbridgeListRooms",
            "CoreShowChannels",
            "ConfbridgeMute",
            "ConfbridgeUnmute",
            "ConfbridgeKick",
            "ConfbridgeLock",
            "ConfbridgeUnlock",
            "Hangup",
            "Setvar",
        ];
        let may = actions.iter().map(|a| ((*a).to_owned(), "all".to_owned())).collect();
        let ami = if arg & 1 == 0 { "11.0.0" } else { "1.3" };
        let greeting = Greeting { ami: ami.to_owned(), actions: may, ..Greeting::default() };
        self.sent.clear();
        self.pbx.session(self.now, SessionEvent::Ready(greeting));
        self.drain();
    }

    /// The barrier of a list alone; its items come later, or never.
    fn begin(&mut self, arg: u8) {
        if let Some((token, _)) = self.sent.get(usize::from(arg) % self.sent.len().max(1)) {
            self.pbx.session(self.now, SessionEvent::ListBegins { token: *token });
        }
    }

    fn answer(&mut self, arg: u8) {
        let Some((token, action)) = self.sent.pop_front() else { return };
        let reply = match arg {
            0..8 => Reply::TimedOut,
            // Without it a restart cannot be told from a cut.
            _ if action.name() == "CoreStatus" => self.granted(&action, &[]),
            8..12 => Reply::TooLong,
            12..16 => Reply::Incomplete,
            16..20 => Reply::NotSent,
            20..40 => error("No Channel by that name found in Conference."),
            40..48 => error("Permission denied"),
            _ => self.granted(&action, &[arg, arg.wrapping_mul(7), arg.wrapping_mul(13)]),
        };
        self.pbx.session(self.now, SessionEvent::Reply { token, reply });
        self.drain();
    }

    fn granted(&self, action: &Action, members: &[u8]) -> Reply {
        let conference = action.headers().find(|(name, _)| *name == b"Conference").map(|(_, v)| v.to_vec());
        let conference = String::from_utf8(conference.unwrap_or_default()).unwrap_or_default();
        match action.name() {
            "CoreStatus" => {
                let time = self.run;
                let text = format!("Response: Success\r\nCoreStartupDate: d\r\nCoreStartupTime: {time}\r\n\r\n");
                Reply::Response(OwnedFrame::parse(text.as_bytes()))
            }
            "ConfbridgeList" if members.is_empty() => error("No Conference by that name found."),
            "ConfbridgeList" => Reply::List {
                items: members
                    .iter()
                    .map(|n| event("ConfbridgeList", &conference, *n, if n & 64 > 0 { "Muted: Yes\r\n" } else { "Muted: No\r\n" }))
                    .collect(),
            },
            "ConfbridgeListRooms" => Reply::List {
                items: CONFERENCES
                    .iter()
                    .map(|c| {
                        let parties = members.len();
                        let text = format!("Event: ConfbridgeListRooms\r\nConference: {c}\r\nParties: {parties}\r\nLocked: No\r\n\r\n");
                        OwnedFrame::parse(text.as_bytes())
                    })
                    .collect(),
            },
            "CoreShowChannels" => Reply::List { items: (0..12).map(|n| event("CoreShowChannel", "", n, "")).collect() },
            _ => Reply::Response(OwnedFrame::parse(b"Response: Success\r\n\r\n")),
        }
    }

    fn order(&mut self, step: u8, arg: u8) {
        let call = CallId { server: ServerName::new("main"), uniqueid: format!("100.{}", arg % 12).into() };
        let (room, on) = (RoomName::new("thursday"), step & 32 > 0);
        let wish = match arg >> 4 {
            0..=3 => Wish::Mute { call, on },
            4..=6 => Wish::Kick { call },
            7..=8 => Wish::Hangup { call },
            9..=10 => Wish::Lock { room, on },
            11..=13 => Wish::MuteAll { room, on },
            14 => Wish::Topic { room, text: on.then(|| "buses".to_owned()) },
            _ => Wish::Note { call, text: on.then(|| "buses".to_owned()) },
        };
        let epoch =
            self.pbx.drawn(self.now).first().map_or(u64::from(arg % 4), |picture| picture.epoch);
        self.orders += 1;
        let by = By { who: "Sam".into(), place: "tty".into(), rank: arg % 3 };
        self.open.insert(self.orders);
        self.pbx.order(self.now, Order { id: OrderId(self.orders), by, wish, reason: None, epoch });
    }

    fn pass(&mut self, seconds: u64) {
        self.now.mono += Duration::from_secs(seconds);
        self.now.wall += seconds * 1000;
        self.pbx.due(self.now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.pbx.poll() {
            match output {
                Output::Submit { token, action, .. } => self.sent.push_back((token, action)),
                Output::Entry(entry) => {
                    assert_eq!(entry.seq, self.seq + 1, "a gap in the entries");
                    self.seq = entry.seq;
                    if let What::Order { order, stage } = &entry.what
                        && stage.is_end()
                    {
                        assert!(self.open.remove(&order.id.0), "an order ended twice");
                    }
                }
                Output::Ledger(_) => {}
            }
        }
    }

    fn check(&mut self) {
        for picture in self.pbx.drawn(self.now) {
            let mut seen = HashSet::new();
            for p in picture.people.iter().filter(|_| picture.link == Link::Up) {
                assert!(seen.insert(p.number), "two have one number");
                let who = (self.run, p.call.uniqueid.to_string());
                let first = self.numbers.entry((picture.show, p.number)).or_insert_with(|| who.clone());
                assert_eq!(*first, who, "a number names two calls");
            }
        }
    }

    /// A new login in which everything is answered, in the end with one last list: it is the truth.
    fn calm(&mut self) {
        self.pbx.lost(self.now, "cut");
        self.ready(0);
        let truth: BTreeMap<&str, Vec<u8>> = [("200", vec![1, 2 | 64, 5]), ("lobby", vec![7, 9])].into();
        for _ in 0..40 {
            while let Some((token, action)) = self.sent.pop_front() {
                let conference =
                    action.headers().find(|(name, _)| *name == b"Conference").map(|(_, v)| v.to_vec());
                let members = conference.and_then(|c| truth.get(std::str::from_utf8(&c).ok()?).cloned());
                if action.name().starts_with("ConfbridgeList") {
                    self.pbx.session(self.now, SessionEvent::ListBegins { token });
                }
                let reply = self.granted(&action, &members.unwrap_or_else(|| vec![1, 2, 3]));
                self.pbx.session(self.now, SessionEvent::Reply { token, reply });
                self.drain();
            }
            self.pass(2);
        }
        self.check();
        assert!(self.open.is_empty(), "orders that never ended: {:?}", self.open);
        self.pbx.session(self.now, SessionEvent::Desynchronised("to see all".into()));
        self.event(&event("ConfbridgeTalking", "200", 1, "TalkingStatus: on\r\n"));
        let pictures = self.pbx.drawn(self.now);
        let shown: Vec<_> = pictures
            .iter()
            .flat_map(|p| &p.people)
            .map(|p| (p.lobby, p.call.uniqueid.to_string(), p.muted))
            .collect();
        let listed: Vec<_> = truth
            .iter()
            .flat_map(|(c, members)| {
                members.iter().map(move |n| (*c == "lobby", format!("100.{}", n % 12), n & 64 > 0))
            })
            .collect();
        let (mut shown, mut listed) = (shown, listed);
        shown.sort();
        listed.sort();
        assert_eq!(shown, listed, "the state is not the list");
    }
}

fn error(words: &str) -> Reply {
    Reply::Response(OwnedFrame::parse(format!("Response: Error\r\nMessage: {words}\r\n\r\n").as_bytes()))
}
