//! Every fault at a random moment of a flood, with orders at random: 3 s after its end gavel's picture is the server's
//! truth, nothing is reported done that was not, and nothing was asked for twice.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use gavel_ami::model::*;
use gavel_sim::{Fault, Files, Server, Setup, Style};

use crate::crew::{Crew, room};
use crate::crowd::Crowd;
use crate::{run_all, seed};

const KINDS: [&str; 11] = [
    "pbx-restart",
    "drop",
    "stall",
    "half-open",
    "refuse",
    "slow reads",
    "cut",
    "cut within an event",
    "byte by byte",
    "foreign bytes",
    "clock jump",
];
/// The conference.
const ROOM: &str = "200";
/// What is right so long after the end of a fault.
const RIGHT: Duration = Duration::from_secs(3);
/// When a silent link is known to be dead.
const KEEPALIVE: Duration = Duration::from_secs(10);
/// Between two happenings of the flood.
const BEAT: Duration = Duration::from_millis(4);
/// So long before the picture is compared, the flood ends: what is on its way must arrive.
const CALM: Duration = Duration::from_millis(500);
const AT_ONCE: usize = 44;

#[test]
fn every_fault_20_times() {
    every_fault(20);
}

#[test]
#[ignore = "takes minutes"]
fn every_fault_200_times() {
    every_fault(200);
}

fn every_fault(times: usize) {
    let seed = seed();
    run_all(KINDS.len() * times, AT_ONCE, |case| {
        let kind = KINDS[case % KINDS.len()];
        let mine = Rng::with_seed(seed ^ (case as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)).u64(..);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| e.to_string())?;
        let done = runtime.block_on(Case::new(kind, mine).run());
        done.map_err(|words| format!("{kind}, case {case} of GAVEL_SEED={seed}: {words}"))
    });
}

/// An order that was given.
struct Given {
    id: OrderId,
    wish: Wish,
    /// What the server is asked for it: the action, and about what.
    ask: (String, String),
}

struct Case {
    kind: &'static str,
    rng: Rng,
    server: Server,
    crowd: Crowd,
    given: Vec<Given>,
    /// How late this machine woke us up at worst.
    late: Duration,
}

impl Case {
    fn new(kind: &'static str, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let style = if rng.bool() { Style::V22 } else { Style::V16 };
        let mut setup = Setup::new(style, Files::REHEARSAL).expect("the shipped files are sound");
        (setup.seed, setup.note_requests) = (rng.u64(..), true);
        // A machine that is busy with dozens of these is no slow client.
        setup.write_timeout = Duration::from_secs(5);
        let server = Server::start(setup).expect("a port of loopback");
        let (crowd, late) = (Crowd::new("conf", ROOM), Duration::ZERO);
        Self { kind, rng, server, crowd, given: Vec::new(), late }
    }

    async fn run(mut self) -> Result<(), String> {
        let mut crew = Crew::start(&self.server, vec![room(ROOM, ConferenceKind::ConfBridge)]);
        if !crew.until(KEEPALIVE, |c| c.picture(ROOM).link == Link::Up).await {
            return Err("no link at all".into());
        }
        let before = Duration::from_millis(self.rng.u64(200..1500));
        self.flood(&mut crew, before, true).await;
        let end = self.fail(&mut crew).await;
        let rest = (end + RIGHT - CALM).saturating_duration_since(Instant::now());
        self.flood(&mut crew, rest.mul_f64(0.8), true).await;
        let rest = (end + RIGHT - CALM).saturating_duration_since(Instant::now());
        self.flood(&mut crew, rest, false).await;
        let patience = (end + RIGHT).saturating_duration_since(Instant::now());
        let patience = patience + 10 * self.late + Duration::from_millis(100);
        let verdict = self.compare(&crew, patience).await.and_then(|()| self.check(&crew));
        crew.leave().await;
        verdict
    }

    /// Things happen for so long.
    async fn flood(&mut self, crew: &mut Crew, time: Duration, orders: bool) {
        let begun = Instant::now();
        let mut beat = Duration::ZERO;
        while beat < time {
            beat += BEAT;
            if orders && self.rng.u8(..100) < 5 {
                self.order(crew);
            }
            self.crowd.stir(&self.server, &mut self.rng);
            tokio::time::sleep_until((begun + beat).into()).await;
            self.late = self.late.max((begun + beat).elapsed());
        }
    }

    /// Makes it happen, and tells when it is over.
    async fn fail(&mut self, crew: &mut Crew) -> Instant {
        let ms = |n| Duration::from_millis(n);
        let (short, now) = (ms(self.rng.u64(50..1500)), Instant::now());
        match self.kind {
            "pbx-restart" => {
                self.server.restart(short);
                self.crowd.forget();
                return now + short;
            }
            "drop" => self.server.fault(Fault::Drop),
            "stall" => {
                let long = self.rng.u8(..4) == 0;
                let time = if long { ms(self.rng.u64(4000..9000)) } else { ms(self.rng.u64(50..3000)) };
                self.server.fault(Fault::Stall(time));
                return now + if long { KEEPALIVE } else { time };
            }
            "half-open" => {
                self.server.fault(Fault::HalfOpen);
                return now + KEEPALIVE;
            }
            "refuse" => {
                self.server.fault(Fault::Refuse(short));
                return now + short;
            }
            "slow reads" => {
                let rate = self.rng.usize(100..5000);
                return self.weather(crew, Fault::SlowReads(rate), short).await;
            }
            "byte by byte" => return self.weather(crew, Fault::Dribble, short).await,
            "cut" => self.server.fault(Fault::CutWithin(Vec::new())),
            "cut within an event" => {
                let events = ["ConfbridgeTalking", "ConfbridgeJoin", "ConfbridgeMute", "Hangup", "UserEvent"];
                let event = events[self.rng.usize(..events.len())];
                let word: &[u8] = &event.as_bytes()[..self.rng.usize(3..=event.len())];
                let pattern = [b"Event: ", word].concat();
                return self.weather(crew, Fault::CutWithin(pattern), short).await;
            }
            "foreign bytes" => {
                let bytes = self.foreign();
                self.server.fault(Fault::Foreign(bytes));
            }
            _ => self.server.fault(Fault::ClockJump(self.rng.i64(-86_400_000..86_400_000))),
        }
        now
    }

    /// Something that lasts for so long.
    async fn weather(&mut self, crew: &mut Crew, fault: Fault, time: Duration) -> Instant {
        self.server.fault(fault);
        self.flood(crew, time, true).await;
        self.server.fault(Fault::Heal);
        Instant::now()
    }

    /// Anything but what looks like a packet of Asterisk's.
    fn foreign(&mut self) -> Vec<u8> {
        let length = self.rng.usize(1..300);
        let mut bytes: Vec<u8> = (0..length).map(|_| self.rng.u8(..)).collect();
        match self.rng.u8(..3) {
            0 => bytes.extend_from_slice(b"\r\n\r\n"),
            1 => bytes.extend_from_slice(b"\r\n"),
            _ => {}
        }
        bytes
    }

    /// Somebody of the crew orders something.
    fn order(&mut self, crew: &mut Crew) {
        let picture = crew.picture(ROOM);
        let at = self.rng.usize(..picture.people.len().max(1));
        let (wish, action, about) = match (picture.people.get(at), self.rng.u8(..10)) {
            (None, _) | (_, 0) => {
                let (on, room) = (self.rng.bool(), picture.room.clone());
                let action = if on { "ConfbridgeLock" } else { "ConfbridgeUnlock" };
                (Wish::Lock { room, on }, action, ROOM.to_owned())
            }
            (Some(person), 1 | 2) => {
                (Wish::Kick { call: person.call.clone() }, "ConfbridgeKick", person.channel.to_string())
            }
            (Some(person), _) => {
                let (call, on) = (person.call.clone(), self.rng.bool());
                let action = if on { "ConfbridgeMute" } else { "ConfbridgeUnmute" };
                (Wish::Mute { call, on }, action, person.channel.to_string())
            }
        };
        if let Some(id) = crew.order(wish.clone(), picture.epoch) {
            self.given.push(Given { id, wish, ask: (action.to_owned(), about) });
        }
    }

    /// Until gavel sees what is.
    async fn compare(&self, crew: &Crew, patience: Duration) -> Result<(), String> {
        let truth = || truly(&self.server);
        let mut differs = String::new();
        let same = crew.until(patience, |crew| {
            let (picture, truth) = (crew.picture(ROOM), truth());
            let seen = seen(&picture);
            if picture.link == Link::Up && seen == truth {
                return true;
            }
            let (only_seen, only_true): (Vec<_>, Vec<_>) = (
                seen.1.iter().filter(|m| !truth.1.contains(m)).collect(),
                truth.1.iter().filter(|m| !seen.1.contains(m)).collect(),
            );
            let (link, locks) = (&picture.link, (seen.0, truth.0));
            let late = self.late;
            differs = format!(
                "link {link:?}, locked (seen, true) {locks:?}, seen alone {only_seen:?}, true alone {only_true:?}, \
                 of {}; the machine was {late:?} late",
                truth.1.len()
            );
            false
        });
        if same.await { Ok(()) } else { Err(differs) }
    }

    /// Done is what was asked for, once.
    fn check(&self, crew: &Crew) -> Result<(), String> {
        let (mut asked, mut given): (HashMap<_, usize>, HashMap<_, usize>) = Default::default();
        for request in self.server.asked() {
            *asked.entry((request.action, request.about)).or_default() += 1;
        }
        self.given.iter().for_each(|given_| *given.entry(given_.ask.clone()).or_default() += 1);
        for (ask, times) in asked.iter().filter(|((action, _), _)| acts(action)) {
            let orders = given.get(ask).copied().unwrap_or_default();
            if *times > orders {
                return Err(format!("{ask:?} was sent {times} times for {orders} orders"));
            }
        }
        let inside = truly(&self.server).1;
        crew.told(|told| {
            if told.lagged > 0 {
                return Err(format!("{} entries were not read", told.lagged));
            }
            for Given { id, wish, ask } in &self.given {
                let stages = told.stages.get(id).map_or(&[][..], Vec::as_slice);
                let done = stages.contains(&Stage::Settled(Outcome::Done));
                // What was sent into a dead link may be so for another reason: the list shows it then.
                let unknown = stages.contains(&Stage::Unknown);
                if done && !unknown && !asked.contains_key(ask) {
                    return Err(format!("{wish:?} is said to be done, and was never asked for"));
                }
                if stages.iter().filter(|stage| stage.is_end()).count() > 1 {
                    return Err(format!("{wish:?} ended more than once: {stages:?}"));
                }
                if let (true, Wish::Kick { call }) = (done, wish)
                    && inside.iter().any(|m| m.0 == *call.uniqueid)
                {
                    return Err(format!("{wish:?} is said to be done, and is not"));
                }
            }
            Ok(())
        })
    }
}

fn acts(action: &str) -> bool {
    let acts = ["ConfbridgeMute", "ConfbridgeUnmute", "ConfbridgeKick", "ConfbridgeLock", "ConfbridgeUnlock"];
    acts.contains(&action)
}

/// Locked, and who is in: Uniqueid, channel, muted, talking.
type Look = (bool, Vec<(String, String, bool, bool)>);

fn truly(server: &Server) -> Look {
    let truth = server.truth();
    let Some(conference) = truth.conference(ROOM) else { return Look::default() };
    let members = conference.members.iter();
    let mut all: Vec<_> =
        members.map(|m| (m.uniqueid.clone(), m.channel.clone(), m.muted, m.talking)).collect();
    all.sort();
    (conference.locked, all)
}

fn seen(picture: &RoomSnapshot) -> Look {
    let people = picture.people.iter();
    let one =
        |p: &Participant| (p.call.uniqueid.to_string(), p.channel.to_string(), p.muted, p.talking.is_some());
    let mut all: Vec<_> = people.map(one).collect();
    all.sort();
    (picture.locked, all)
}
