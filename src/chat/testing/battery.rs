//! What every network must pass. A network's tests implement [`Harness`] (its server played by a fake, its members
//! watched) and say `gavel_chat::adapter_battery!(Harness);`.
//!
//! Each test runs one adapter against one bench and, whatever it was about, tells it to stop at the end: that must
//! take less than a second. What is to be absent is shown so by something later that is there.

mod bench;

use std::time::Duration;

use crate::text::{Doc, Foreign};
use crate::{Class, Input, Key, Network, PlaceId, Post, UserId};

use bench::Bench;

/// A network with its server and its members played by the test.
pub trait Harness: Sized {
    /// What the network can do; what it cannot is not asked of it.
    const ABLE: Able;

    /// A fresh one, nobody connected.
    fn new() -> Self;
    /// The network under test.
    fn network(&self) -> Box<dyn Network>;
    /// The one place of the test.
    fn place(&self) -> PlaceId;
    /// The id under which this person must be reported.
    fn user(&self, person: &Person) -> UserId;
    /// A person types a command (the harness adds the network's own prefix).
    fn say(&mut self, person: &Person, words: &str);
    /// The next thing that members see. Cancel-safe.
    fn seen(&mut self) -> impl Future<Output = Seen>;

    /// The server sends back what the bot itself wrote, as if these were its words.
    fn echo(&mut self, _words: &str) {}
    /// The server refuses what comes next, for a moment.
    fn limit(&mut self) {}
    /// The network was told that the answer to the last command comes later.
    fn deferred(&mut self) -> impl Future<Output = ()> {
        std::future::pending()
    }
}

/// What a network can do.
#[derive(Clone, Copy, Debug)]
pub struct Able {
    /// Messages can be edited.
    pub edits: bool,
    /// Cards are shown.
    pub cards: bool,
    /// People can be pinged.
    pub pings: bool,
    /// There is more than one person.
    pub people: bool,
    /// The bot hears itself.
    pub echoes: bool,
    /// The server limits.
    pub limits: bool,
    /// Late answers must be announced.
    pub defers: bool,
}

/// Somebody who types.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// The network's id.
    pub id: u32,
    /// The name that is shown.
    pub name: &'static str,
}

/// What members see.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which message: an edit has the same.
    pub message: String,
    /// The text as members read it: the network's own markup interpreted.
    pub text: String,
    /// Who is pinged by it.
    pub pings: Vec<UserId>,
}

const SAM: Person = Person { id: 1, name: "Sam" };

/// Text from outside is shown as itself: no markup, no ping, no escape sequence.
pub fn escapes_foreign_text<H: Harness>() {
    run::<H>(async |bench| {
        let hostile = Foreign::text(
            "\u{1b}]0;x\u{7}\u{9b}31m **b** _i_ `c` ~~s~~ @everyone <@1> <@&2> <#3> [x](http://e.test) <b>&amp; \
             \\* > # 1. @sam:e.test \u{202e}evil",
        );
        bench.post(Post {
            doc: Doc::from("Topic: ").foreign(&hostile).say("."),
            ..bench.blank(Key::Notice(1))
        });
        let seen = bench.until("the notice", |seen| seen.text.contains("Topic: ")).await;
        assert!(
            seen.text.contains(hostile.as_str()),
            "{:?} is not shown as itself: {:?}",
            hostile,
            seen.text
        );
        assert!(!seen.text.chars().any(|c| c.is_control() && c != '\n'), "{:?}", seen.text);
        assert!(seen.pings.is_empty(), "{:?}", seen.pings);
    });
}

/// Nobody is pinged but by an alert's `wake` list; those, and nobody else.
pub fn pings_exactly_whom_it_shall<H: Harness>() {
    run::<H>(async |bench| {
        let everyone = Doc::from("STREAM DOWN ").foreign(&Foreign::text("@everyone @room @here"));
        let wake = vec![bench.harness.user(&SAM)];
        let alert =
            Post { class: Class::Alert, doc: everyone, wake: wake.clone(), ..bench.blank(Key::Notice(1)) };
        bench.post(Post { wake: Vec::new(), ..alert.clone() });
        let seen = bench.until("the alert", |seen| seen.text.contains("STREAM DOWN")).await;
        assert!(seen.pings.is_empty(), "{:?}", seen.pings);
        bench.post(Post { key: Key::Notice(2), doc: Doc::from("HOST LOST"), ..alert });
        let seen = bench.until("the second alert", |seen| seen.text.contains("HOST LOST")).await;
        assert_eq!(seen.pings, if H::ABLE.pings { wake } else { Vec::new() });
    });
}

/// Told to stop it ends within a second, whatever waits.
pub fn honours_stop<H: Harness>() {
    run::<H>(async |bench| {
        for number in 0..100 {
            bench.post(Post { doc: Doc::from("Waits."), ..bench.blank(Key::Notice(number)) });
        }
    });
}

/// A card is edited, and never posted a second time.
pub fn edits_a_card<H: Harness>() {
    run::<H>(async |bench| {
        let card =
            |words: &str| Post { class: Class::Card, doc: Doc::from(words), ..bench.blank(Key::Roster) };
        let (first, second) = (card("Card one."), card("Card two."));
        bench.post(first);
        if H::ABLE.cards {
            let before = bench.until("the card", |seen| seen.text.contains("Card one.")).await;
            bench.post(second);
            let after = bench.until("the new card", |seen| seen.text.contains("Card two.")).await;
            assert!(!H::ABLE.edits || before.message == after.message, "posted anew");
            bench.sent(&Key::Roster).await;
        } else {
            bench.post(second);
            bench.post(Post { doc: Doc::from("Later."), ..bench.blank(Key::Notice(1)) });
            bench.until("what came later", |seen| seen.text.contains("Later.")).await;
            assert!(!bench.seen.iter().any(|seen| seen.text.contains("Card")));
        }
    });
}

/// The card of an earlier run is edited, not posted a second time.
pub fn goes_on_with_its_card<H: Harness>() {
    if !(H::ABLE.edits && H::ABLE.cards) {
        return;
    }
    let card = |bench: &Bench<H>, words: &str| {
        bench.post(Post { class: Class::Card, doc: Doc::from(words), ..bench.blank(Key::Roster) });
    };
    turning(async || {
        let mut bench = Bench::<H>::new();
        let network = bench.harness.network();
        let shown = async |bench: &mut Bench<H>| {
            card(bench, "Card one.");
            bench.until("the card", |seen| seen.text.contains("Card one.")).await;
            bench.sent(&Key::Roster).await;
        };
        bench.round(&*network, shown).await;
        let again = async |bench: &mut Bench<H>| {
            card(bench, "Card two.");
            bench.until("the card", |seen| seen.text.contains("Card two.")).await;
        };
        bench.round(&*network, again).await;
        let cards: Vec<_> = bench.seen.iter().filter(|seen| seen.text.contains("Card")).collect();
        assert!(cards.iter().all(|seen| seen.message == bench.seen[0].message), "posted anew: {cards:?}");
    });
}

/// The outcome of a command is shown, though its first words were others.
pub fn shows_the_outcome<H: Harness>() {
    run::<H>(async |bench| {
        bench.harness.say(&SAM, "mute 7");
        let asked = bench.asked().await;
        assert_eq!(asked.place, bench.place);
        assert_eq!(asked.input, Input::Text("mute 7".into()).or_slots(&asked.input));
        let answer = bench.answer(asked.ticket, Key::Answer(1));
        bench.post(Post { doc: Doc::from("Muting #7..."), last: false, ..answer.clone() });
        bench.post(Post { doc: Doc::from("#7 Joel muted."), ..answer });
        bench.until("the outcome", |seen| seen.text.contains("#7 Joel muted.")).await;
        bench.sent(&Key::Answer(1)).await;
        if H::ABLE.edits {
            let with = |seen: &&Seen| seen.text.contains("uting #7") || seen.text.contains("#7 Joel muted.");
            let mut messages: Vec<_> = bench.seen.iter().filter(with).map(|seen| &seen.message).collect();
            messages.dedup();
            assert_eq!(messages.len(), 1, "edited, not posted anew");
        }
    });
}

/// What the bot itself wrote is no command.
pub fn never_answers_itself<H: Harness>() {
    run::<H>(async |bench| {
        if H::ABLE.echoes {
            bench.harness.echo("kick 3");
        }
        bench.harness.say(&SAM, "roster");
        let asked = bench.asked().await;
        assert_eq!(asked.asker.user, bench.harness.user(&SAM));
        assert_eq!(asked.input, Input::Text("roster".into()).or_slots(&asked.input));
    });
}

/// People are told apart by the network's id, not by what they call themselves.
pub fn tells_people_by_their_id<H: Harness>() {
    run::<H>(async |bench| {
        let renamed = Person { name: "Dana \u{1b}[31m", ..SAM };
        let namesake = Person { id: 2, ..SAM };
        let people = if H::ABLE.people { vec![SAM, renamed, namesake] } else { vec![SAM, SAM] };
        for (number, person) in people.into_iter().enumerate() {
            bench.harness.say(&person, "roster");
            let asked = bench.asked().await;
            assert_eq!(asked.asker.user, bench.harness.user(&person));
            let key = Key::Answer(number as u64);
            bench.post(Post { doc: Doc::from("Nobody."), ..bench.answer(asked.ticket, key) });
        }
        assert!(!H::ABLE.people || bench.harness.user(&SAM) != bench.harness.user(&namesake));
    });
}

/// A limit delays, it loses nothing.
pub fn survives_a_limit<H: Harness>() {
    run::<H>(async |bench| {
        if H::ABLE.limits {
            bench.harness.limit();
        }
        for number in 1..=5 {
            let doc = Doc::new().say(format!("Notice {number}."));
            bench.post(Post { doc, ..bench.blank(Key::Notice(number)) });
        }
        for number in 1..=5 {
            bench.until("all notices", |seen| seen.text.contains(&format!("Notice {number}."))).await;
        }
        bench.drain();
        assert!(bench.failed.is_empty(), "{:?}", bench.failed);
    });
}

/// An answer that comes after more than a second is still shown, and announced where the network wants that.
pub fn defers_late_answers<H: Harness>() {
    run::<H>(async |bench| {
        bench.harness.say(&SAM, "roster");
        let asked = bench.asked().await;
        if H::ABLE.defers {
            let announced = tokio::time::timeout(Duration::from_millis(2500), bench.harness.deferred()).await;
            announced.expect("the network was not told in time that the answer comes later");
        } else {
            tokio::time::sleep(Duration::from_millis(1200)).await;
        }
        bench.post(Post { doc: Doc::from("Late answer."), ..bench.answer(asked.ticket, Key::Answer(1)) });
        bench.until("the late answer", |seen| seen.text.contains("Late answer.")).await;
    });
}

/// One run of an adapter beside the test's script.
fn run<H: Harness>(script: impl AsyncFnOnce(&mut Bench<H>)) {
    turning(async || {
        let mut bench = Bench::<H>::new();
        let network = bench.harness.network();
        bench.round(&*network, script).await;
    });
}

fn turning(test: impl AsyncFnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(test());
    // What an SDK left running must not hold the test up.
    runtime.shutdown_background();
}

impl Input {
    /// What was asked, if the network takes commands apart itself: its words were checked by the catalog already.
    fn or_slots(self, asked: &Input) -> Input {
        match (&self, asked) {
            (Self::Text(text), Self::Slots { command, .. }) if text.starts_with(command.as_str()) => {
                asked.clone()
            }
            _ => self,
        }
    }
}

/// One test per thing that every network must pass, for this [`Harness`].
#[macro_export]
macro_rules! adapter_battery {
    ($harness:ty) => {
        $crate::adapter_battery!($harness: escapes_foreign_text pings_exactly_whom_it_shall honours_stop
            edits_a_card goes_on_with_its_card shows_the_outcome never_answers_itself tells_people_by_their_id survives_a_limit
            defers_late_answers);
    };
    ($harness:ty: $($test:ident)*) => {
        $(#[test]
        fn $test() {
            $crate::testing::battery::$test::<$harness>();
        })*
    };
}

#[cfg(test)]
mod tests;
