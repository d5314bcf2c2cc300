//! Any sequence of joins, leaves, moves, restarts and orders, against an Asterisk that is played here.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use proptest::prelude::*;

use super::*;
use crate::model::Link;

/// An Asterisk whose events lag behind what it does, as the real one's do. After a restart it begins again with the
/// same Uniqueids and channels.
struct Asterisk {
    run: u32,
    serial: u32,
    members: BTreeMap<&'static str, Vec<Someone>>,
    lag: VecDeque<String>,
    /// Which acts were ordered, for which call of which run.
    ordered: HashSet<(&'static str, u32, String)>,
    /// All who are not crew were to be muted or unmuted at some time: whom that reaches is no mistake.
    mute_all: bool,
    locked: bool,
}

const ROOMS: [&str; 2] = ["200", "lobby"];

impl Asterisk {
    fn new() -> Self {
        let members = ROOMS.map(|name| (name, Vec::new())).into();
        let (lag, ordered) = (VecDeque::new(), HashSet::new());
        Self { run: 0, serial: 0, members, lag, ordered, mute_all: false, locked: false }
    }

    fn mark(&self) -> String {
        format!("2026-11-23 00:00:{:02}", self.run % 60)
    }

    fn restart(&mut self) {
        self.run += 1;
        self.serial = 0;
        self.members.values_mut().for_each(Vec::clear);
        self.lag.clear();
        self.locked = false;
    }

    fn join(&mut self, conference: &'static str, muted: bool) {
        self.serial += 1;
        let person = Someone { muted, ..someone(&format!("100.{}", self.serial)) };
        self.lag.push_back(person.join(conference));
        self.members.get_mut(conference).unwrap().push(person);
    }

    fn pick(&self, n: u8) -> Option<(&'static str, String)> {
        let all: Vec<_> =
            self.members.iter().flat_map(|(c, m)| m.iter().map(|p| (*c, p.uniqueid.clone()))).collect();
        (!all.is_empty()).then(|| all[n as usize % all.len()].clone())
    }

    fn remove(&mut self, conference: &'static str, uniqueid: &str) -> Option<Someone> {
        let members = self.members.get_mut(conference)?;
        let at = members.iter().position(|p| p.uniqueid == uniqueid)?;
        let person = members.remove(at);
        self.lag.push_back(person.leave(conference));
        Some(person)
    }

    fn move_over(&mut self, n: u8) {
        let Some((from, uniqueid)) = self.pick(n) else { return };
        let to = if from == "200" { "lobby" } else { "200" };
        let person = self.remove(from, &uniqueid).unwrap();
        self.lag.push_back(person.join(to));
        self.members.get_mut(to).unwrap().push(person);
    }

    fn mute(&mut self, n: u8, on: bool) {
        let Some((conference, uniqueid)) = self.pick(n) else { return };
        let person =
            self.members.get_mut(conference).unwrap().iter_mut().find(|p| p.uniqueid == uniqueid).unwrap();
        person.muted = on;
        let name = if on { "ConfbridgeMute" } else { "ConfbridgeUnmute" };
        self.lag.push_back(person.event(name, conference, ""));
    }

    /// Does what was sent, and answers.
    fn serve(&mut self, s: &mut Stage, sent: &Sent, between: usize) {
        let line = sent.line();
        let mut words = line.split(' ');
        let (name, first, second) = (words.next().unwrap(), words.next(), words.next());
        let token = sent.token;
        let conference = first.and_then(|f| ROOMS.into_iter().find(|r| *r == f));
        match name {
            "CoreStatus" => {
                let mark = self.mark();
                let (date, time) = mark.split_once(' ').unwrap();
                let text = format!(
                    "Response: Success\r\nCoreStartupDate: {date}\r\nCoreStartupTime: {time}\r\n\r\n"
                );
                s.reply(token, Reply::Response(frame(&text)));
            }
            "ConfbridgeListRooms" => {
                let there = self.members.iter().filter(|(_, m)| !m.is_empty());
                let items =
                    there.map(|(name, m)| hall(name, m.len(), self.locked && *name == "200")).collect();
                s.session(SessionEvent::ListBegins { token });
                s.reply(token, Reply::List { items });
            }
            "ConfbridgeList" => {
                let conference = conference.unwrap();
                let people = self.members[conference].clone();
                if people.is_empty() {
                    let text = "Response: Error\r\nMessage: No Conference by that name found.\r\n\r\n";
                    return s.reply(token, Reply::Response(frame(text)));
                }
                s.session(SessionEvent::ListBegins { token });
                self.deliver(s, between);
                s.members_end(token, conference, &people);
            }
            "ConfbridgeMute" | "ConfbridgeUnmute" | "ConfbridgeKick" => {
                let conference = conference.unwrap();
                let found = self.members[conference].iter().find(|p| Some(p.channel.as_str()) == second);
                let Some(uniqueid) = found.map(|p| p.uniqueid.clone()) else {
                    let text =
                        "Response: Error\r\nMessage: No Channel by that name found in Conference.\r\n\r\n";
                    return s.reply(token, Reply::Response(frame(text)));
                };
                self.assert_ordered(name, &uniqueid);
                if name == "ConfbridgeKick" {
                    self.remove(conference, &uniqueid);
                } else {
                    let person = self.members.get_mut(conference).unwrap();
                    let person = person.iter_mut().find(|p| p.uniqueid == uniqueid).unwrap();
                    person.muted = name == "ConfbridgeMute";
                    self.lag.push_back(person.event(name, conference, ""));
                }
                s.reply(token, Reply::Response(frame("Response: Success\r\n\r\n")));
            }
            "Hangup" => {
                let uniqueid = first.unwrap();
                let seat = ROOMS.into_iter().find_map(|room| self.remove(room, uniqueid));
                let Some(person) = seat else {
                    let text = "Response: Error\r\nMessage: No such channel\r\n\r\n";
                    return s.reply(token, Reply::Response(frame(text)));
                };
                self.assert_ordered(name, uniqueid);
                self.lag.push_back(person.event("Hangup", "", ""));
                s.reply(token, Reply::Response(frame("Response: Success\r\n\r\n")));
            }
            "ConfbridgeLock" | "ConfbridgeUnlock" if self.members["200"].is_empty() => {
                let text = "Response: Error\r\nMessage: No Conference by that name found.\r\n\r\n";
                s.reply(token, Reply::Response(frame(text)));
            }
            "ConfbridgeLock" | "ConfbridgeUnlock" => {
                self.locked = name == "ConfbridgeLock";
                s.reply(token, Reply::Response(frame("Response: Success\r\n\r\n")));
            }
            other => panic!("{other} was sent"),
        }
    }

    fn assert_ordered(&self, name: &str, uniqueid: &str) {
        let ordered = self.ordered.iter().any(|(n, run, u)| *n == name && *run == self.run && u == uniqueid);
        let all = self.mute_all && name != "ConfbridgeKick" && name != "Hangup";
        assert!(
            ordered || all,
            "{name} reached {uniqueid} of run {}, for whom it was never ordered",
            self.run
        );
    }

    fn deliver(&mut self, s: &mut Stage, most: usize) {
        for _ in 0..most {
            let Some(event) = self.lag.pop_front() else { return };
            s.event(&event);
        }
    }
}

/// What must hold at every moment.
#[derive(Default)]
struct Witness {
    numbers: HashMap<(u32, u32), (u32, String)>,
    seq: u64,
    seen: usize,
}

impl Witness {
    fn look(&mut self, s: &mut Stage, run: u32) {
        for entry in &s.entries[self.seen..] {
            assert_eq!(entry.seq, self.seq + 1, "entries are numbered without gaps");
            self.seq = entry.seq;
        }
        self.seen = s.entries.len();
        let picture = s.snapshot();
        if picture.link != Link::Up {
            return;
        }
        let mut numbers = HashSet::new();
        for p in &picture.people {
            assert!(numbers.insert(p.number), "two have number {}", p.number);
            let who = (run, p.call.uniqueid.to_string());
            let first = self.numbers.entry((picture.show, p.number)).or_insert_with(|| who.clone());
            assert_eq!(*first, who, "number {} of show {} names two calls", p.number, picture.show);
        }
    }
}

/// Shows that end soon.
fn short_shows() -> PbxSetup {
    let mut setup = with_lobby();
    setup.rooms[0].show_ends_after = Duration::from_secs(60);
    setup
}

fn play(ops: &[(u8, u8)]) {
    let mut a = Asterisk::new();
    let mut s = Stage::new(short_shows(), Restored::default());
    let (mut witness, mut next, mut connected, mut orders) = (Witness::default(), 1, false, Vec::new());
    for &(op, n) in ops {
        match op % 16 {
            0..=2 => a.join(ROOMS[n as usize % 2], n > 200),
            3 => {
                if let Some((conference, uniqueid)) = a.pick(n) {
                    let person = a.remove(conference, &uniqueid).unwrap();
                    a.lag.push_back(person.event("Hangup", "", ""));
                }
            }
            4 => a.move_over(n),
            5 => a.mute(n, n % 2 == 0),
            6 | 7 if connected => a.deliver(&mut s, n as usize % 6),
            8 | 9 if connected && !s.sent.is_empty() => {
                let sent = s.sent.remove(0);
                a.serve(&mut s, &sent, n as usize % 4);
            }
            10 | 11 => {
                let picture = s.snapshot();
                if let Some(p) = picture.people.get(n as usize % picture.people.len().max(1)) {
                    let call = p.call.clone();
                    let (wish, name) = match n % 5 {
                        0 => (Wish::Kick { call }, "ConfbridgeKick"),
                        1 => (Wish::Hangup { call }, "Hangup"),
                        2 => (Wish::Mute { call, on: false }, "ConfbridgeUnmute"),
                        _ => (Wish::Mute { call, on: true }, "ConfbridgeMute"),
                    };
                    // A picture of before a restart means a call of before it.
                    let run = if picture.link == Link::Up { a.run } else { u32::MAX };
                    a.ordered.insert((name, run, p.call.uniqueid.to_string()));
                    s.order(next, "Sam", wish);
                    orders.push(next);
                    next += 1;
                }
            }
            12 => s.pass(u64::from(n % 40)),
            13 if n < 128 => {
                connected = false;
                s.lose();
                a.lag.clear();
                if n < 40 {
                    a.restart();
                }
            }
            13 if !connected => {
                connected = true;
                s.sent.clear();
                s.session(SessionEvent::Ready(greeting("11.0.0")));
            }
            14 if n < 60 => {
                // gavel itself is started again: from the rows as they were told, or from the whole ledger.
                let rows = if n < 30 { s.rows.clone() } else { s.pbx.ledger() };
                let (clock, told) = (s.now, s.rows.clone());
                let epoch = s.snapshot().epoch;
                s = Stage::new(short_shows(), Restored { seq: witness.seq, epoch, rows, orders: Vec::new() });
                (s.now, s.rows, witness.seen) = (clock, told, 0);
                (connected, orders) = (false, Vec::new());
                a.lag.clear();
            }
            15 if n < 128 => {
                let wish = if n < 80 {
                    a.mute_all = true;
                    Wish::MuteAll { room: room(), on: n % 2 == 0 }
                } else {
                    Wish::Lock { room: room(), on: n % 2 == 0 }
                };
                s.order(next, "Lee", wish);
                orders.push(next);
                next += 1;
            }
            _ => {}
        }
        if a.members["200"].is_empty() {
            a.locked = false;
        }
        witness.look(&mut s, a.run);
    }
    calm(&mut a, &mut s, connected);
    witness.look(&mut s, a.run);
    for id in orders {
        assert!(s.last(id).is_end(), "order {id} never ended: {:?}", s.stages(id));
    }
    assert_truth(&a, &mut s);
}

/// Lets everything come to its end: all events, all answers, all patience.
fn calm(a: &mut Asterisk, s: &mut Stage, connected: bool) {
    if !connected {
        s.sent.clear();
        s.session(SessionEvent::Ready(greeting("11.0.0")));
    }
    for _ in 0..30 {
        while !s.sent.is_empty() || !a.lag.is_empty() {
            a.deliver(s, usize::MAX);
            if !s.sent.is_empty() {
                let sent = s.sent.remove(0);
                a.serve(s, &sent, 0);
            }
        }
        s.pass(5);
    }
    s.sent.clear();
}

fn assert_truth(a: &Asterisk, s: &mut Stage) {
    let picture = s.snapshot();
    let mut shown: Vec<_> =
        picture.people.iter().map(|p| (p.lobby, p.call.uniqueid.to_string(), p.muted)).collect();
    let mut truth: Vec<_> = a
        .members
        .iter()
        .flat_map(|(c, m)| m.iter().map(move |p| (*c == "lobby", p.uniqueid.clone(), p.muted)))
        .collect();
    shown.sort();
    truth.sort();
    assert_eq!(shown, truth);
    assert_eq!((picture.link, picture.locked), (Link::Up, a.locked));
}

proptest! {
    #[test]
    fn no_number_names_two_calls_and_no_order_reaches_another(
        ops in proptest::collection::vec((0_u8..16, any::<u8>()), 1..160)
    ) {
        play(&ops);
    }

    #[test]
    fn after_a_list_the_state_is_the_list_and_what_came_since(
        before in proptest::collection::vec(fact(), 0..20),
        listed in proptest::collection::btree_map(0_u8..8, any::<bool>(), 0..8),
        since in proptest::collection::vec(fact(), 0..20),
    ) {
        let mut s = Stage::up(&[]);
        before.iter().for_each(|f| s.event(&f.text()));
        s.pass(30);
        let token = s.members_begin("200");
        since.iter().for_each(|f| s.event(&f.text()));
        let items: Vec<Someone> = listed.iter().map(|(n, on)| Someone { muted: *on, ..who(*n) }).collect();
        s.members_end(token, "200", &items);
        prop_assert_eq!(shown(&mut s), folded(listed, &since));
    }
}

/// An event of conference 200 in which anybody may do anything.
#[derive(Clone, Copy, Debug)]
struct Any {
    who: u8,
    what: u8,
}

fn fact() -> impl Strategy<Value = Any> {
    (0_u8..8, 0_u8..5).prop_map(|(who, what)| Any { who, what })
}

fn who(n: u8) -> Someone {
    someone(&format!("100.{n}"))
}

impl Any {
    fn text(self) -> String {
        let person = who(self.who);
        match self.what {
            0 => person.join("200"),
            1 => person.leave("200"),
            2 => person.event("ConfbridgeMute", "200", ""),
            3 => person.event("ConfbridgeUnmute", "200", ""),
            _ => person.event("ConfbridgeTalking", "200", "TalkingStatus: on\r\n"),
        }
    }
}

/// The specification of the barrier, in the plainest words.
fn folded(mut want: BTreeMap<u8, bool>, since: &[Any]) -> BTreeMap<String, bool> {
    for f in since {
        match f.what {
            0 => {
                want.entry(f.who).or_insert(false);
            }
            1 => {
                want.remove(&f.who);
            }
            2 | 3 => {
                if let Some(muted) = want.get_mut(&f.who) {
                    *muted = f.what == 2;
                }
            }
            _ => {}
        }
    }
    want.into_iter().map(|(n, on)| (who(n).uniqueid, on)).collect()
}

fn shown(s: &mut Stage) -> BTreeMap<String, bool> {
    s.snapshot().people.iter().map(|p| (p.call.uniqueid.to_string(), p.muted)).collect()
}
