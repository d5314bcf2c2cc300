//! MeetMe's race of numbers: 3 is kicked or muted and goes, the next who joins is MeetMe's 3. A thousand times with
//! random timing, a hundred conferences at a time; nobody but the one who was meant is ever hit.

use std::time::Duration;

use fastrand::Rng;
use gavel_ami::model::*;
use gavel_sim::{CallId, Files, Server, Setup, Style, Truth};

use crate::crew::{Crew, Told, room};
use crate::crowd::caller;
use crate::seed;

const TIMES: usize = 1000;
/// Conferences side by side: `_4XX`.
const HALLS: usize = 100;
const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_thousand_times_on_meetme_11() {
    races(Style::V11);
}

#[test]
fn a_thousand_times_on_meetme_22() {
    races(Style::V22);
}

fn races(style: Style) {
    let seed = seed();
    let mut rng = Rng::with_seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for round in 0..TIMES / HALLS {
        let words = runtime.block_on(round_of(style, &mut rng));
        assert!(words.is_empty(), "round {round} of GAVEL_SEED={seed}:\n{}", words.join("\n"));
    }
}

/// When things happen, in milliseconds.
struct Timing {
    /// Two orders.
    ordered: [u64; 2],
    leaves: u64,
    gap: u64,
    kick: bool,
}

impl Timing {
    fn new(rng: &mut Rng) -> Self {
        let first = rng.u64(..60);
        Self {
            ordered: [first, first + rng.u64(..60)],
            leaves: rng.u64(..60),
            gap: rng.u64(..30),
            kick: rng.u8(..3) > 0,
        }
    }
}

async fn round_of(style: Style, rng: &mut Rng) -> Vec<String> {
    let mut setup = Setup::new(style, Files::REHEARSAL).expect("the shipped files are sound");
    (setup.seed, setup.write_timeout) = (rng.u64(..), Duration::from_secs(5));
    let server = Server::start(setup).expect("a port of loopback");
    let kinds = [None, Some(KickBy::Hangup)];
    let rooms = (0..HALLS).map(|at| {
        let kick_by = kinds[rng.usize(..kinds.len())];
        room(&name(at), ConferenceKind::MeetMe { kick_by })
    });
    let crew = Crew::start(&server, rooms.collect());
    let mut third = Vec::new();
    for at in 0..HALLS {
        let calls = (0..3).map(|n| caller("conf", &name(at), n)).collect();
        third.extend(server.call_all(calls).last().copied());
    }
    let full = |crew: &Crew| (0..HALLS).all(|at| crew.picture(&name(at)).people.len() == 3);
    if !crew.until(LONG, full).await {
        return vec!["gavel does not see three callers everywhere".into()];
    }
    let mut play = Play { before: server.truth(), server, crew, third, orders: Vec::new() };
    play.play(happenings(rng)).await;
    let words = play.judge().await;
    play.crew.leave().await;
    words
}

/// The conference of that place.
fn name(at: usize) -> String {
    format!("{}", 400 + at)
}

fn happenings(rng: &mut Rng) -> Vec<(u64, Happening)> {
    let mut all = Vec::new();
    for at in 0..HALLS {
        let timing = Timing::new(rng);
        all.extend(timing.ordered.map(|ms| (ms, Happening::Order { at, kick: timing.kick })));
        all.push((timing.leaves, Happening::Leave(at)));
        all.push((timing.leaves + timing.gap, Happening::Join(at)));
    }
    all.sort_by_key(|(ms, _)| *ms);
    all
}

/// What happens to the conference of that place.
enum Happening {
    Order { at: usize, kick: bool },
    Leave(usize),
    Join(usize),
}

struct Play {
    server: Server,
    crew: Crew,
    third: Vec<CallId>,
    before: Truth,
    orders: Vec<OrderId>,
}

impl Play {
    async fn play(&mut self, happenings: Vec<(u64, Happening)>) {
        let begun = tokio::time::Instant::now();
        for (ms, happening) in happenings {
            tokio::time::sleep_until(begun + Duration::from_millis(ms)).await;
            match happening {
                Happening::Leave(at) => self.server.hang_up(self.third[at]),
                Happening::Join(at) => _ = self.server.call(caller("conf", &name(at), 9)),
                Happening::Order { at, kick } => self.order(at, kick),
            }
        }
    }

    /// Means the one whom gavel calls 3, if it is there.
    fn order(&mut self, at: usize, kick: bool) {
        let picture = self.crew.picture(&name(at));
        let Some(person) = picture.people.iter().find(|p| p.number == 3) else { return };
        let call = person.call.clone();
        let wish = if kick { Wish::Kick { call } } else { Wish::Mute { call, on: true } };
        self.orders.extend(self.crew.order(wish, picture.epoch));
    }

    async fn judge(&self) -> Vec<String> {
        let end = |told: &Told, id| told.stages.get(id).is_some_and(|s| s.iter().any(Stage::is_end));
        let ended = |crew: &Crew| crew.told(|told| self.orders.iter().all(|id| end(told, id)));
        let mut words = Vec::new();
        if !self.crew.until(LONG, ended).await {
            words.push("an order never ends".to_owned());
        }
        for at in 0..HALLS {
            let right = |crew: &Crew| self.wrong(crew, at).is_none();
            if !self.crew.until(LONG, right).await {
                words.extend(self.wrong(&self.crew, at));
            }
        }
        words
    }

    /// The two others and the next are in, nobody is muted, and gavel sees it so.
    fn wrong(&self, crew: &Crew, at: usize) -> Option<String> {
        let truth = self.server.truth();
        let ids = |t: &Truth| -> Vec<String> {
            let members = t.conference(&name(at)).map(|c| c.members.clone()).unwrap_or_default();
            members.into_iter().map(|m| m.uniqueid).collect()
        };
        let (now, before, picture) = (ids(&truth), ids(&self.before), crew.picture(&name(at)));
        let hall = truth.conference(&name(at)).cloned().unwrap_or_default();
        let numbers: Vec<Option<u32>> = hall.members.iter().map(|m| m.user).collect();
        let kept = numbers == [Some(1), Some(2), Some(3)] && now[..2] == before[..2] && now[2] != before[2];
        let seen: Vec<(u32, &str)> = picture.people.iter().map(|p| (p.number, &*p.call.uniqueid)).collect();
        let right = kept && seen == [(1, &*now[0]), (2, &*now[1]), (4, &*now[2])];
        let muted = hall.members.iter().any(|m| m.muted) || picture.people.iter().any(|p| p.muted);
        (!right || muted).then(|| format!("conference {}: {hall:?}, seen {:?}", name(at), picture.people))
    }
}
