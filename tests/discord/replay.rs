//! What comes too late: after a RESUME Discord delivers what nobody waits for any more.

use std::time::Duration;

use gavel_discord_standin::Act;

use crate::SOON;
use crate::clock::timed;
use crate::guild::{COHOST, CREW, HOST, PUBLIC, Radio, plain};
use crate::show::{Show, asterisk, caller};

/// Ten of half a minute ago never act, one line says so, and what is new among them does.
#[test]
fn ten_of_half_a_minute_ago() {
    timed(comes_late);
}

fn comes_late() {
    let show = Show::open(&[b"Marta", b"Joel", b"Priya"]);
    let discord = &show.radio.discord;
    let card = show.radio.card(CREW, "a card", |_| true);
    let late = show.radio.member(COHOST).late(Duration::from_secs(30));
    let gateway = discord.gateway();
    let before = gateway.counts();

    gateway.hold_interactions();
    let mut acts: Vec<Act> = Vec::new();
    for word in ["mute", "mute", "kick", "kick", "mute"] {
        acts.push(late.slash(CREW, word, &[("callers", "2")]).expect("it is offered"));
    }
    acts.push(late.slash(CREW, "lock", &[]).expect("it is offered"));
    acts.push(late.slash(CREW, "topic", &[("text", "too late")]).expect("it is offered"));
    acts.push(late.slash(CREW, "mute", &[("callers", "all")]).expect("it is offered"));
    for label in ["Lock", "Manage"] {
        acts.push(late.press(card.id, card.button(label).expect("it is there")).expect("it can be pressed"));
    }
    let now = show.radio.member(COHOST).slash(CREW, "mute", &[("callers", "3")]).expect("it is offered");
    // The connection ends first, so that all of them are kept for the next one.
    gateway.abort();
    gateway.release_interactions();
    let after = gateway.until(|counts| counts.resumes > before.resumes, SOON).expect("a RESUME");
    assert_eq!(after.readies, before.readies, "the old session went on");

    now.until("the outcome", SOON, |text| plain(text) == "#3 Priya muted.");
    let told = "10 commands came too late from Discord. Nothing was done.";
    show.radio.line(CREW, "the line about them", |text| text == told);
    let lines = |channel| {
        let shown = show.radio.member(HOST).messages(channel);
        shown.iter().filter(|it| plain(&it.text()).contains("came too late")).count()
    };
    assert_eq!((lines(CREW), lines(PUBLIC)), (1, 0));
    let people = show.people();
    assert_eq!(people.len(), 3, "somebody was removed");
    assert!(people["Priya"].muted && !people["Joel"].muted && !people["Marta"].muted, "{people:?}");
    assert!(show.sim.truth().conference("200").is_some_and(|room| !room.locked));
    for act in &acts {
        assert!(act.interaction().answer.is_none() && act.interaction().refused == 0, "{act:?}");
    }
    assert_eq!(show.asked("ConfbridgeMute", &people["Joel"].channel), 0);
    discord.assert_clean();
    let journal = show.end();
    assert_eq!(
        journal.iter().filter(|entry| entry.contains("\"Sam\"") && entry.contains("Muted")).count(),
        1
    );
}

/// Discord delivers again what was heard already: it is done once, answered once, and nobody is suspected.
#[test]
fn what_was_heard_before() {
    timed(comes_again);
}

fn comes_again() {
    let mut show = Show::open(&[b"Marta", b"Joel"]);
    let discord = &show.radio.discord;
    let again = |act: &Act| {
        let it = act.interaction();
        let payload = discord.world().read(|world| world.interaction_json(&it));
        discord.gateway().dispatch("INTERACTION_CREATE", Some(it.guild.0), &payload);
    };
    let sam = show.radio.member(COHOST);
    let lock = sam.slash(CREW, "lock", &[]).expect("it is offered");
    again(&lock);
    let mute = sam.slash(CREW, "mute", &[("callers", "2")]).expect("it is offered");
    mute.until("the outcome", SOON, |text| plain(text) == "#2 Joel muted.");
    let unmute = sam.slash(CREW, "unmute", &[("callers", "2")]).expect("it is offered");
    unmute.until("the outcome", SOON, |text| plain(text) == "#2 Joel unmuted.");
    again(&mute);
    lock.until("the outcome", SOON, |text| plain(text) == "Room locked.");
    let last = sam.slash(CREW, "status", &[]).expect("it is offered");
    let status = plain(&last.said(SOON));
    assert!(status.contains("discord: connected"), "{status}");
    assert!(!show.people()["Joel"].muted, "an old command was done again");
    assert_eq!(plain(&mute.reply().expect("it is there").text()), "#2 Joel muted.");
    let channel = show.people()["Joel"].channel.clone();
    assert_eq!((show.asked("ConfbridgeMute", &channel), show.asked("ConfbridgeLock", "200")), (1, 1));
    for act in [&lock, &mute] {
        assert_eq!(act.interaction().refused, 0, "it was answered again");
    }
    discord.assert_clean();
    let from = show.printed().len();
    show.say("/status");
    show.line(from, "nobody else has the token", |line| line.starts_with("discord: connected"));
}

/// Discord's clock is not ours: what is late by its own is late, what is not is not.
#[test]
fn late_by_another_clock() {
    timed(by_another_clock);
}

fn by_another_clock() {
    let (sim, radio) = (asterisk(), Radio::start());
    sim.call(caller(1001, b"Marta"));
    radio.discord.advance(Duration::from_secs(3600));
    let show = Show::with(sim, radio, 1);
    let sam = show.radio.member(COHOST);
    let late = sam.late(Duration::from_secs(30)).slash(CREW, "lock", &[]).expect("it is offered");
    let now = sam.slash(CREW, "mute", &[("callers", "1")]).expect("it is offered");
    now.until("the outcome", SOON, |text| plain(text) == "#1 Marta muted.");
    let told = "1 command came too late from Discord. Nothing was done.";
    show.radio.line(CREW, "the line about it", |text| text == told);
    assert!(late.interaction().answer.is_none());
    assert!(show.sim.truth().conference("200").is_some_and(|room| !room.locked));
    show.radio.discord.assert_clean();
}
