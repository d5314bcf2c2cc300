//! The outbox against a homeserver of a few lines, in a time of its own: Synapse's bucket, its transaction ids, and
//! answers that get lost.

use std::collections::BTreeMap;

use gavel_chat::text::Doc;
use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
/// How long a request takes.
const ROUND: Duration = Duration::from_millis(50);

/// What becomes of requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mood {
    Well,
    Gone,
    /// Takes it, and the answer is lost.
    Mute,
}

#[derive(Debug)]
struct Event {
    content: Value,
}

/// A server and the time.
struct World {
    zero: Instant,
    now: Duration,
    outbox: Outbox,
    limited: bool,
    mood: Mood,
    tokens: f64,
    filled: Duration,
    refusals: u32,
    not_before: Duration,
    txns: HashMap<String, String>,
    messages: BTreeMap<String, Event>,
    sends: Vec<(Duration, String)>,
}

impl World {
    #[allow(clippy::disallowed_methods, reason = "a beginning; what follows is added to it")]
    fn new(limited: bool) -> Self {
        let zero = Instant::now();
        Self {
            zero,
            now: Duration::ZERO,
            outbox: Outbox::new(zero, "run".into(), false),
            limited,
            mood: Mood::Well,
            tokens: 10.0,
            filled: Duration::ZERO,
            refusals: 0,
            not_before: Duration::ZERO,
            txns: HashMap::new(),
            messages: BTreeMap::new(),
            sends: Vec::new(),
        }
    }

    fn at(&self) -> Instant {
        self.zero + self.now
    }

    fn post(&mut self, name: Name, class: Class, words: &str, last: bool) {
        let place = PlaceId::new("matrix:!r:e");
        let (doc, wake, reply) = (Doc::new().say(words), Vec::new(), None);
        self.outbox.post(self.at(), Letter { place, name, class, doc, last, wake, reply });
    }

    fn answer(&mut self, number: u64, words: &str, last: bool) {
        self.post(Name::Post(Key::Answer(number)), Class::Answer, words, last);
    }

    fn notice(&mut self, number: u64, words: &str) {
        self.post(Name::Post(Key::Notice(number)), Class::Notice, words, true);
    }

    fn card(&mut self, words: &str) {
        self.post(Name::Post(Key::Roster), Class::Card, words, true);
    }

    /// Lets time pass, requests going to and fro.
    fn pass(&mut self, length: Duration) {
        let until = self.now + length;
        while self.now < until {
            if let Some(call) = self.outbox.poll(self.at()) {
                self.now += ROUND;
                let answer = self.serve(call);
                self.outbox.answered(self.at(), answer);
                continue;
            }
            let next = self.outbox.deadline(self.at()).map(|at| at.duration_since(self.zero));
            assert!(next.is_none_or(|next| next > self.now), "due, and nothing comes");
            self.now = next.map_or(until, |next| next.min(until));
        }
    }

    fn serve(&mut self, call: Call) -> Result<String, Trouble> {
        let Request::Send { txn, content } = call.request else { return Ok("$pin".into()) };
        if self.mood == Mood::Gone {
            return Err(Trouble::Away("gone".into()));
        }
        if let Some(event) = self.txns.get(&txn) {
            assert_eq!(
                self.messages.get(event).map(|known| &known.content),
                Some(&content),
                "the same again"
            );
            return Ok(event.clone());
        }
        assert!(self.now >= self.not_before, "before the server's retry_after");
        if self.limited {
            self.tokens = (self.tokens + (self.now - self.filled).as_secs_f64() / 5.0).min(10.0);
            self.filled = self.now;
            if self.tokens < 1.0 {
                self.refusals += 1;
                // In whole seconds, rounded up.
                let after = Duration::from_secs(((1.0 - self.tokens) * 5.0).ceil() as u64);
                self.not_before = self.now + after;
                return Err(Trouble::Limited(Some(after)));
            }
            self.tokens -= 1.0;
        }
        let event = format!("${}", self.txns.len());
        self.txns.insert(txn, event.clone());
        self.sends.push((self.now, content.to_string()));
        self.messages.insert(event.clone(), Event { content: content.clone() });
        if let Some(of) = content.pointer("/m.relates_to/event_id").and_then(Value::as_str) {
            assert!(self.messages.contains_key(of), "edits what is there");
        }
        match self.mood {
            Mood::Mute => Err(Trouble::Away("no answer".into())),
            _ => Ok(event),
        }
    }

    /// What a reader sees: message -> its text now.
    fn shown(&self) -> BTreeMap<String, String> {
        let mut shown = BTreeMap::new();
        let mut events: Vec<_> = self.messages.iter().collect();
        events.sort_by_key(|(id, _)| id[1..].parse::<u64>().expect("a number"));
        for (id, event) in events {
            let new = &event.content["m.new_content"];
            let (id, content) = match event.content.pointer("/m.relates_to/event_id").and_then(Value::as_str)
            {
                Some(of) => (of.to_owned(), new),
                None => (id.clone(), &event.content),
            };
            shown.insert(id, content["body"].as_str().expect("a body").to_owned());
        }
        shown
    }

    fn when(&self, words: &str) -> Option<Duration> {
        self.sends.iter().find(|(_, content)| content.contains(words)).map(|(at, _)| *at)
    }
}

#[test]
fn thirty_commands_in_a_second_become_a_few_messages() {
    let mut world = World::new(true);
    world.card("Card.");
    world.pass(SECOND);
    let before = world.sends.len();
    for number in 0..30 {
        world.answer(number, &format!("Muting #{number}..."), false);
        world.pass(MS * 10);
        world.answer(number, &format!("#{number} muted."), true);
        world.pass(MS * 23);
    }
    world.pass(SECOND * 9);
    assert!(world.sends.len() - before <= 4, "{:?}", world.sends);
    let lines: Vec<_> =
        world.shown().values().flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    for number in 0..30 {
        assert_eq!(lines.iter().filter(|line| **line == format!("#{number} muted.")).count(), 1, "{lines:?}");
    }
    assert_eq!(world.refusals, 0);
}

#[test]
fn without_a_limit_answers_come_at_once() {
    let mut world = World::new(false);
    for number in 0..60 {
        world.answer(number, &format!("#{number} muted."), true);
        world.pass(MS * 33);
    }
    world.pass(SECOND * 8);
    let texts: Vec<_> = world.shown().into_values().collect();
    for number in 0..60 {
        assert!(texts.iter().any(|text| text.lines().any(|line| line == format!("#{number} muted."))));
    }
}

#[test]
fn fifty_joins_and_a_kick_among_them() {
    let mut world = World::new(true);
    world.card("0 in the room.");
    world.pass(SECOND * 60);
    for number in 1..=50_u64 {
        world.card(&format!("{number} in the room."));
        world.notice(number.min(4), &format!("{number} joined."));
        if number == 25 {
            world.answer(1, "Removing #3...", false);
            world.pass(MS * 40);
            world.answer(1, "#3 removed.", true);
        } else {
            world.pass(MS * 40);
        }
    }
    let (kicked, joined) = (world.now - SECOND, world.now);
    world.pass(SECOND * 30);
    assert!(world.when("#3 removed.").expect("told") < kicked + SECOND * 6, "{:?}", world.sends);
    assert!(world.when("50 in the room.").expect("told") < joined + SECOND * 10, "{:?}", world.sends);
    assert!(world.when("50 joined.").is_some());
    assert!(world.refusals <= 1, "{}", world.refusals);
    assert_eq!(world.shown().values().filter(|text| text.contains("in the room")).count(), 1, "one card");
}

#[test]
fn an_outage_becomes_one_digest() {
    let mut world = World::new(true);
    world.card("Card one.");
    world.pass(SECOND);
    world.mood = Mood::Gone;
    for number in 0..12 {
        world.notice(number, &format!("Notice {number}."));
        world.card(&format!("Card at {number}."));
        world.pass(SECOND * 5);
    }
    world.mood = Mood::Well;
    let back = world.now;
    world.pass(SECOND * 20);
    let notices: Vec<_> = world.shown().into_values().filter(|text| text.contains("Notice")).collect();
    assert!(notices.len() <= 2, "{notices:?}");
    assert_eq!(notices.iter().flat_map(|text| text.lines()).count(), 12, "{notices:?}");
    assert!(world.when("Card at 11.").expect("told") < back + SECOND * 10);
}

#[test]
fn what_may_have_arrived_is_not_sent_twice() {
    let mut world = World::new(true);
    world.mood = Mood::Mute;
    world.answer(1, "#3 removed.", true);
    world.pass(SECOND);
    world.answer(1, "#3 removed, and gone.", true);
    world.pass(SECOND * 3);
    world.mood = Mood::Well;
    world.pass(SECOND * 20);
    assert_eq!(world.shown().into_values().collect::<Vec<_>>(), ["#3 removed, and gone."]);
}

#[test]
fn the_card_of_a_run_that_was_killed_is_the_same() {
    let mut world = World::new(true);
    world.mood = Mood::Mute;
    world.card("Card one.");
    world.pass(MS * 100);
    (world.outbox, world.mood) = (Outbox::new(world.at(), "next".into(), false), Mood::Well);
    world.card("Card one.");
    world.pass(SECOND);
    world.card("Card two.");
    world.pass(SECOND * 10);
    assert_eq!(world.shown().into_values().collect::<Vec<_>>(), ["Card two."]);
}

#[test]
fn a_card_that_was_taken_away_comes_back_as_another() {
    let mut world = World::new(true);
    world.card("Card one.");
    world.pass(SECOND);
    let first = world.shown().into_keys().next().expect("a card");
    world.outbox.forget(&first);
    world.card("Card two.");
    world.pass(SECOND);
    assert_eq!(world.shown().into_values().collect::<Vec<_>>(), ["Card one.", "Card two."]);
}

#[test]
fn a_closed_room_waits_and_a_forbidden_one_is_told() {
    let mut world = World::new(true);
    let place = PlaceId::new("matrix:!r:e");
    world.outbox.close(&place);
    world.notice(1, "Early.");
    world.pass(SECOND * 30);
    assert!(world.sends.is_empty());
    world.outbox.open(&place);
    assert!(world.outbox.poll(world.at()).is_some());
    world.outbox.answered(world.at(), Err(Trouble::Forbidden("no".into())));
    let fault = Fault::Remedy("no".into());
    assert_eq!(world.outbox.told(), Some(Told::Failed { place, key: Key::Notice(1), fault }));
}

#[derive(Clone, Debug)]
enum Step {
    Answer(u64, u32),
    Notice(u64, u32),
    Card(u32),
    Pass(u64),
    Mood(Mood),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let mood = prop::sample::select(vec![Mood::Well, Mood::Well, Mood::Gone, Mood::Mute]);
    let step = prop_oneof![
        (0..12_u64, 0..9_u32).prop_map(|(key, words)| Step::Answer(key, words)),
        (0..12_u64, 0..9_u32).prop_map(|(key, words)| Step::Notice(key, words)),
        (0..9_u32).prop_map(Step::Card),
        (1..3000_u64).prop_map(Step::Pass),
        mood.prop_map(Step::Mood),
    ];
    prop::collection::vec(step, 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever happens: in the end every post is shown once, with its last words, and no refusal was ignored.
    #[test]
    fn nothing_is_lost_doubled_or_late(steps in steps(), limited in any::<bool>()) {
        let mut world = World::new(limited);
        let mut wanted: BTreeMap<String, String> = BTreeMap::new();
        for step in steps {
            let mut want = |what: &str, words: u32| {
                let line = format!("{what} says {words}");
                wanted.insert(what.to_owned(), line.clone());
                line
            };
            match step {
                Step::Answer(key, words) => { let line = want(&format!("answer {key}"), words); world.answer(key, &line, true); }
                Step::Notice(key, words) => { let line = want(&format!("notice {key}"), words); world.notice(key, &line); }
                Step::Card(words) => { let line = want("card", words); world.card(&line); }
                Step::Pass(length) => world.pass(MS * u32::try_from(length).expect("small")),
                Step::Mood(mood) => world.mood = mood,
            }
        }
        world.mood = Mood::Well;
        world.pass(SECOND * 600);
        let shown: Vec<String> = world.shown().into_values().flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        let mut lines: Vec<_> = wanted.into_values().collect();
        lines.sort();
        let mut seen = shown;
        seen.sort();
        prop_assert_eq!(seen, lines);
    }
}
