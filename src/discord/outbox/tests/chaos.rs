//! Whatever happens at random: in the end everything is there, once.

use std::collections::BTreeMap;
use std::time::Duration;

use gavel_chat::{Audience, Class, Key};
use proptest::prelude::*;

use super::model::{Act, Faults, Model, words};
use super::*;

/// What happens.
#[derive(Clone, Debug)]
enum Event {
    Wait(u64),
    Ask { id: u64, channel: u64 },
    Answer { id: u64, public: bool },
    Notice { key: u64, channel: u64 },
    Card { channel: u64 },
    Ready,
}

fn event() -> impl Strategy<Value = Event> {
    let channel = 50..53u64;
    prop_oneof![
        4 => prop_oneof![0..300u64, 0..4000u64].prop_map(Event::Wait),
        2 => (1..12u64, channel.clone()).prop_map(|(id, channel)| Event::Ask { id, channel }),
        4 => (1..12u64, any::<bool>()).prop_map(|(id, public)| Event::Answer { id, public }),
        3 => (1..9u64, channel.clone()).prop_map(|(key, channel)| Event::Notice { key, channel }),
        3 => channel.prop_map(|channel| Event::Card { channel }),
        1 => Just(Event::Ready),
    ]
}

/// Faults at random, up to this.
fn faults(mut seed: u64, until: Instant, callbacks: bool) -> Faults {
    let mut random = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    Box::new(move |now, request| {
        let callback = matches!(request, Request::Callback { .. });
        if now >= until || (callback && !callbacks) {
            return Act::Well(20 + random(200));
        }
        match random(20) {
            0 | 1 => Act::Not(Trouble::Server(500)),
            2 | 3 => Act::But(Trouble::Server(502)),
            4 => Act::Hang(true),
            5 => Act::Hang(false),
            6 => Act::Not(Trouble::Limited {
                after: Duration::from_millis(random(5000)),
                global: random(3) == 0,
            }),
            7 => Act::Not(Trouble::Offline),
            8 => Act::Well(random(12_000)),
            _ => Act::Well(random(300)),
        }
    })
}

/// What was said last.
#[derive(Default)]
struct Said {
    asked: BTreeMap<u64, u64>,
    answers: BTreeMap<u64, (bool, String)>,
    notices: BTreeMap<(u64, u64), String>,
    cards: BTreeMap<u64, String>,
}

fn play(model: &mut Model, events: &[Event]) -> Said {
    let mut said = Said::default();
    for (turn, event) in events.iter().enumerate() {
        match *event {
            Event::Wait(ms) => model.run(Duration::from_millis(ms)),
            Event::Ask { id, channel } => {
                if said.asked.insert(id, channel).is_none() {
                    model.open(id, channel, None);
                } else {
                    said.asked.insert(id, model_channel(model, id));
                }
            }
            Event::Answer { id, public } => {
                let Some(channel) = said.asked.get(&id) else { continue };
                let public = said.answers.get(&id).map_or(public, |(public, _)| *public);
                let audience = if public { Audience::Place } else { Audience::Asker };
                let words = format!("answer {id} {turn}");
                model.answer(id, *channel, audience, &words);
                said.answers.insert(id, (public, words));
            }
            Event::Notice { key, channel } => {
                let words = format!("notice {key} {turn}");
                model.post(Key::Notice(key), channel, Class::Notice, &words);
                said.notices.insert((channel, key), words);
            }
            Event::Card { channel } => {
                let words = format!("card {turn}");
                model.card(channel, &words);
                said.cards.insert(channel, words);
            }
            Event::Ready => model.outbox.again(model.now),
        }
    }
    said
}

fn model_channel(model: &Model, id: u64) -> u64 {
    model.interactions[&id].channel
}

/// All of it is there, once; and nothing else.
fn check(model: &Model, said: &Said) {
    let mut wanted: Vec<(u64, &str)> = Vec::new();
    wanted.extend(said.notices.iter().map(|((channel, _), words)| (*channel, words.as_str())));
    wanted.extend(said.cards.iter().map(|(channel, words)| (*channel, words.as_str())));
    let public = said.answers.iter().filter(|(_, (public, _))| *public);
    wanted.extend(public.map(|(id, (_, words))| (said.asked[id], words.as_str())));
    wanted.sort_unstable();
    let mut there: Vec<_> =
        model.messages.values().filter(|m| m.public).map(|m| (m.channel, words(&m.body))).collect();
    there.sort_unstable();
    assert_eq!(there, wanted);
    for (id, (public, words_of_it)) in &said.answers {
        let reply = model.reply(*id).map(|message| words(&message.body));
        let given_up = |told: &Told| matches!(told, Told::Failed { key, .. } if *key == Key::Answer(*id));
        let shown = reply == Some(words_of_it);
        assert!(*public || shown || model.told.iter().any(given_up), "answer {id}: {reply:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// With Discord failing at random for a while.
    #[test]
    fn everything_is_there_once_in_the_end(
        events in prop::collection::vec(event(), 1..60),
        seed in 1..u64::MAX,
        callbacks: bool,
    ) {
        let mut model = Model::new();
        model.faults = faults(seed, model.now + secs(60), callbacks);
        let said = play(&mut model, &events);
        model.run(secs(300));
        check(&model, &said);
        if !callbacks {
            for (id, interaction) in &model.interactions {
                let answered = interaction.answered.unwrap_or_else(|| panic!("{id} was never answered"));
                assert!(answered - interaction.born <= Duration::from_millis(1150), "{id} waited");
            }
        }
    }

    /// With Discord well: nothing is provoked, nothing is late.
    #[test]
    fn no_limit_is_provoked(events in prop::collection::vec(event(), 1..80), seed in 1..u64::MAX) {
        let mut model = Model::new();
        model.faults = faults(seed, model.now, false);
        let said = play(&mut model, &events);
        model.run(secs(60));
        assert_eq!(model.provoked, 0);
        check(&model, &said);
        assert!(!model.told.iter().any(|told| matches!(told, Told::Failed { .. } | Told::Degraded(_))));
    }
}
