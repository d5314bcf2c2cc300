//! A crew at work while things go wrong, and what must be so of it all the same.
//!
//! Each caller is muted by one command alone, so that Asterisk, its requests, the journal and the replies can be held
//! against each other, caller by caller. Invariant: what a reply claims is looked up at Asterisk after it was read.

use std::time::{Duration, Instant};

use gavel_discord_standin::Act;

use crate::guild::{COHOST, CREW, HOST, PUBLIC, plain};
use crate::show::Show;
use crate::until;

/// From one thing that somebody does to the next.
const PACE: Duration = Duration::from_millis(500);
/// The longest that anything is left alone after it failed, and the time that a late outcome is waited for.
const SETTLES: Duration = Duration::from_secs(75);

/// What was done so far.
#[derive(Default)]
pub(crate) struct Work {
    mutes: Vec<Act>,
    others: Vec<Act>,
}

/// Callers for so many seconds of work.
pub(crate) fn callers(seconds: u64) -> Vec<Vec<u8>> {
    (1..=seconds * 2 + 4).map(|number| name(number as usize).into_bytes()).collect()
}

fn name(number: usize) -> String {
    format!("Anna {number}")
}

fn muted(number: usize) -> String {
    format!("#{number} {} muted.", name(number))
}

impl Work {
    /// Goes on for that long; `meanwhile` is called before each step, with the time since the beginning.
    pub(crate) fn go_on(&mut self, show: &Show, time: Duration, mut meanwhile: impl FnMut(Duration)) {
        let began = Instant::now();
        while began.elapsed() < time {
            meanwhile(began.elapsed());
            let due = Instant::now() + PACE;
            self.step(show);
            self.is_true(show);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }

    fn step(&mut self, show: &Show) {
        let number = self.mutes.len() + 1;
        let (sam, dana) = (show.radio.member(COHOST), show.radio.member(HOST));
        self.mutes.push(sam.slash(CREW, "mute", &[("callers", &number.to_string())]).expect("offered"));
        let other = match number % 6 {
            0 => dana.slash(PUBLIC, "roster", &[]),
            1 => dana.slash(CREW, "status", &[]),
            2 => dana.autocomplete(CREW, "kick", "callers", "anna"),
            3 => dana.slash(CREW, "who", &[("caller", &number.to_string())]),
            even => {
                let card = show.radio.card(CREW, "a card", |_| true);
                let button = card.button(if even == 4 { "Manage" } else { "Refresh" });
                dana.press(card.id, button.expect("it is there"))
            }
        };
        self.others.push(other.expect("everybody's client offers it"));
    }

    /// Nothing is claimed that did not happen.
    fn is_true(&self, show: &Show) {
        let claimed: Vec<_> =
            (1..).zip(&self.mutes).filter(|(number, act)| words(act) == muted(*number)).collect();
        let people = show.people();
        for (number, act) in claimed {
            assert!(people[&name(number)].muted, "{number} is not muted: {:?}", act.reply());
        }
    }

    /// No interaction is left without an answer in Discord's time.
    pub(crate) fn was_answered(&self, show: &Show) {
        self.mutes.iter().chain(&self.others).for_each(|act| drop(act.answer()));
        let late = show.radio.discord.unanswered(Duration::from_secs(3));
        assert!(late.is_empty(), "not answered within 3 s: {late:#?}");
    }

    /// As soon as all is well again: every reply has its last words, and they are true.
    pub(crate) fn settles(&self, show: &Show) {
        let open = || {
            let words = self.mutes.iter().map(words);
            words
                .filter(|words| {
                    words.is_empty() || words.ends_with("...") || words.contains("not confirmed yet")
                })
                .collect::<Vec<_>>()
        };
        until(SETTLES, "every reply has its last words", || open().is_empty().then_some(()));
        self.is_true(show);
        let people = show.people();
        for (number, act) in (1..).zip(&self.mutes) {
            let one = &people[&name(number)];
            let asked = show.asked("ConfbridgeMute", &one.channel);
            let words = words(act);
            println!("{words}");
            if words.ends_with("Nothing was done.") {
                assert_eq!((asked, one.muted), (0, false), "{words}");
            } else if words != muted(number) {
                // A link may swallow what is sent, or the answer.
                assert!(words.contains("no sign of it was seen in time") && asked <= 1, "{asked}: {words}");
            } else {
                assert_eq!(asked, 1, "{words}");
            }
        }
        for (number, one) in (1..).map(|number| (number, people.get(&name(number)))).take(self.mutes.len()) {
            if one.is_some_and(|one| one.muted) {
                // By whom is not known of what only a list tells.
                let person = format!("#{number} {}, muted", name(number));
                show.radio.card(CREW, &person, |text| text.contains(&person));
            }
        }
    }

    /// Whose interactions could not be answered: the act was done once, and the channel says so, once.
    pub(crate) fn is_told_in_the_channel(&self, show: &Show) {
        let said = |number: usize| {
            let shown = show.radio.member(HOST).messages(CREW);
            shown.iter().filter(|it| plain(&it.text()) == muted(number)).count()
        };
        for number in 1..=self.mutes.len() {
            until(SETTLES, &muted(number), || (said(number) > 0).then_some(()));
        }
        let people = show.people();
        for number in 1..=self.mutes.len() {
            let one = &people[&name(number)];
            assert!(one.muted, "{one:?}");
            assert_eq!((show.asked("ConfbridgeMute", &one.channel), said(number)), (1, 1), "{number}");
        }
    }

    /// The journal has each of them once, if it happened.
    pub(crate) fn is_written_down(&self, show: Show) {
        let people = show.people();
        let journal = show.end();
        for number in 1..=self.mutes.len() {
            let one = &people[&name(number)];
            let of = |entry: &&String| {
                entry.contains("\"Muted\":true") && entry.contains(&format!("\"{}\"", one.uniqueid))
            };
            let entries = journal.iter().filter(of).count();
            assert_eq!(entries, usize::from(one.muted), "{number}: {journal:#?}");
        }
    }

    /// How many were muted.
    pub(crate) fn done(&self, show: &Show) -> usize {
        show.people().values().filter(|one| one.muted).count()
    }
}

fn words(act: &Act) -> String {
    act.reply().map(|reply| plain(&reply.text())).unwrap_or_default()
}
