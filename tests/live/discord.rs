//! gavel on Discord: the program, the stand-in with its people, and a phone system behind it.

use std::time::Duration;

use gavel_discord_standin::{Choice, Message};

use crate::backend::{Asterisk, Backend};
use crate::control::{Call, Control, Member};
use crate::gavel::{Gavel, Home, configuration};
use crate::guild::{COHOST, CREW, HOST, LISTENER, OTHER, PUBLIC, Radio, SCREENER, plain};
use crate::until;
use crate::words::{self, Driver, Said, Where, Who};

const SOON: Duration = Duration::from_secs(20);

/// gavel in the guild, its card on the wall.
fn open(backend: Backend, asterisk: &Asterisk, radio: &Radio) -> (Home, Gavel) {
    let crew = format!("title = \"Thursday Line\"\ncrew = [\"{}\"]", words::CREW);
    let room = configuration(backend, asterisk.port()).replace("title = \"Thursday Line\"", &crew);
    let home = Home::new(&format!("{room}{}", radio.configuration()));
    home.write("discord-ca.pem", radio.discord.ca_pem());
    let gavel = home.on_discord(&radio.token());
    radio.open("Thursday Line: ");
    (home, gavel)
}

/// People of each role who use slash commands.
struct Crew<'r>(&'r Radio);

impl Driver for Crew<'_> {
    fn say(&mut self, who: Who, place: Where, said: &Said) -> Option<String> {
        let slots = said.slots.as_ref()?;
        let options: Vec<_> = slots.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let user = match who {
            Who::Listener => LISTENER,
            Who::Screener => SCREENER,
            Who::Cohost => COHOST,
            Who::Host => HOST,
        };
        let channel = if place == Where::Crew { CREW } else { PUBLIC };
        let word = said.typed.split(' ').next()?;
        let act = self.0.member(user).slash(channel, word, &options).expect("the client offers it");
        let answer = act.until("last words", SOON, is_last);
        let refused = words::refusals().any(|words| words == plain(&answer.text()));
        assert!(!refused || answer.ephemeral(), "a refusal is the asker's alone: {answer:?}");
        Some(plain(&answer.text()))
    }

    fn has_others(&self) -> bool {
        true
    }

    fn begins_anew(&self) -> bool {
        false
    }
}

/// Nothing is under way any more.
fn is_last(text: &str) -> bool {
    !text.is_empty() && !plain(text).ends_with("...")
}

pub(crate) fn every_command_for_every_role(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let radio = Radio::start();
    words::people(&control);
    let (_home, _gavel) = open(backend, &asterisk, &radio);
    words::all(&control, &mut Crew(&radio));
    radio.discord.assert_clean();
}

pub(crate) fn the_crew_moderates(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let names = [("1001", "Marta Kovács"), ("1002", "Joel"), ("1003", "Priya Raman")];
    let [_, joel, priya] =
        names.map(|(number, name)| control.call(Call { name: name.as_bytes(), ..Call::silent(number) }));
    let radio = Radio::start();
    let (home, gavel) = open(backend, &asterisk, &radio);
    radio.card(CREW, "three on the card", |text| text.contains("3 in the room"));
    let mark = control.mark();

    kicks_by_number(&radio);
    control.wait(mark, |packet| packet.left(&priya));
    mutes_by_autocomplete(&radio, &control, &joel);
    mutes_by_panel(&radio, &control, &joel);

    assert!(gavel.terminate().0.success());
    let journal = journal(&home);
    let told = |what: &str, member: &Member| {
        let by = |entry: &&String| entry.contains("\"Sam\"") && entry.contains(&format!("discord:{CREW}"));
        let of =
            |entry: &&String| entry.contains(what) && entry.contains(&format!("\"{}\"", member.uniqueid));
        journal.iter().filter(by).filter(of).count()
    };
    assert!(told("\"Left\"", &priya) > 0, "{journal:#?}");
    assert!(told("\"Muted\":true", &joel) == 2 && told("\"Muted\":false", &joel) == 1, "{journal:#?}");
    radio.discord.assert_clean();
}

/// `/kick 3`.
fn kicks_by_number(radio: &Radio) {
    let act = radio.member(COHOST).slash(CREW, "kick", &[("callers", "3")]).expect("offered");
    let reply = act.until("the outcome", SOON, is_last);
    assert_eq!((plain(&reply.text()).as_str(), reply.ephemeral()), ("#3 Priya Raman removed.", false));
    radio.line(OTHER, "the notice", |text| text == "#3 Priya Raman removed by Sam.");
    for channel in [CREW, OTHER] {
        radio.card(channel, "two on the card", |text| {
            text.contains("2 in the room") && !text.contains("Priya")
        });
    }
    let notices = |message: &Message| plain(&message.text()).contains("removed by Sam");
    assert!(!radio.member(HOST).messages(CREW).iter().any(notices), "the answer told it there");
}

/// `/mute`, somebody of the list.
fn mutes_by_autocomplete(radio: &Radio, control: &Control, joel: &Member) {
    let sam = radio.member(COHOST);
    let choices =
        sam.autocomplete(CREW, "mute", "callers", "jo").expect("offered").choices().expect("in time");
    let [choice] = choices.as_slice() else { panic!("{choices:?}") };
    assert!(choice.name.starts_with("2 Joel"), "{choice:?}");
    let value = Choice::tap(&choices, &choice.name).expect("it is there");
    for (word, muted) in [("mute", true), ("unmute", false)] {
        let act = sam.slash(CREW, word, &[("callers", &value)]).expect("offered");
        let reply = act.until("the outcome", SOON, is_last);
        assert_eq!(plain(&reply.text()), format!("#2 Joel {word}d."));
        is_muted(control, joel, muted);
        radio.line(OTHER, "the notice", |text| text == format!("#2 Joel {word}d by Sam."));
    }
    let nothing =
        radio.member(LISTENER).autocomplete(CREW, "mute", "callers", "jo").expect("offered").choices();
    assert_eq!(nothing, Some(vec![]), "who may not gets no choices");
}

/// Manage, Joel, Mute.
fn mutes_by_panel(radio: &Radio, control: &Control, joel: &Member) {
    let card = radio.card(CREW, "a card", |text| text.contains("#2 Joel"));
    let manage = card.button("Manage").expect("a card of the crew has it");
    let refused = radio.member(LISTENER).press(card.id, manage).expect("everybody may press");
    let refused = refused.until("the refusal", SOON, is_last);
    assert_eq!((plain(&refused.text()).as_str(), refused.ephemeral()), ("Co-hosts only.", true));

    let sam = radio.member(COHOST);
    let panel = sam.press(card.id, manage).expect("it is there").until("the panel", SOON, is_last);
    assert!(panel.ephemeral());
    let (select, choices) = panel.select().expect("whom to choose");
    let (_, value) = choices.iter().find(|(label, _)| label.starts_with("2 Joel")).expect("Joel is there");
    let act = sam.choose(panel.id, select, &[value]).expect("it can be chosen");
    let person = act.until("Joel's panel", SOON, |text| plain(text).starts_with("#2 Joel"));
    assert_eq!(person.id, panel.id, "the same message");
    let act = sam.press(person.id, person.button("Mute").expect("he is not muted")).expect("it is there");
    let reply = act.until("the outcome", SOON, |text| is_last(text) && plain(text) == "#2 Joel muted.");
    assert!(!reply.ephemeral());
    is_muted(control, joel, true);
    for channel in [CREW, OTHER] {
        radio.card(channel, "the mute on the card", |text| text.contains("#2 Joel, muted by Sam"));
    }
    let notices = |message: &&Message| plain(&message.text()) == "#2 Joel muted by Sam.";
    until(SOON, "the second notice", || {
        (radio.member(HOST).messages(OTHER).iter().filter(notices).count() == 2).then_some(())
    });
}

/// The card's buttons ask before they act on everybody; a panel asks before it removes somebody.
pub(crate) fn buttons_ask_once(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let [marta, joel] = [("1001", "Marta"), ("1002", "Joel")]
        .map(|(number, name)| control.call(Call { name: name.as_bytes(), ..Call::silent(number) }));
    let radio = Radio::start();
    let (_home, _gavel) = open(backend, &asterisk, &radio);
    radio.card(CREW, "two on the card", |text| text.contains("2 in the room"));

    let asked = press_card(&radio, "Mute all", "Mute all but the crew (2 callers)?");
    answer(&radio, &asked, "Cancel", "Nothing was done.");
    is_muted(&control, &joel, false);
    let asked = press_card(&radio, "Mute all", "Mute all but the crew (2 callers)?");
    answer(&radio, &asked, "Mute all", "All but the crew are muted: 2 callers.");
    is_muted(&control, &joel, true);
    // What can be taken back is done at once, but on the picture of this moment alone.
    let done = "Whom mute all had muted may speak again";
    let told = press_card(&radio, "Unmute all", "");
    if !plain(&told.text()).starts_with(done) {
        assert!(
            plain(&told.text()).starts_with("The room has changed since this button was drawn."),
            "{told:?}"
        );
        answer(&radio, &told, "Unmute all", done);
    }
    is_muted(&control, &joel, false);

    let asked = press_card(&radio, "Lock", "Lock the room with 2 callers in it?");
    control.call(Call { name: b"Priya", ..Call::silent("1003") });
    radio.card(CREW, "another one on the card", |text| text.contains("#3 Priya"));
    answer(&radio, &asked, "Lock", "Room locked.");
    assert!(control.locked("200"), "somebody came between question and answer, and it was done all the same");

    let sam = radio.member(COHOST);
    let panel = press_card(&radio, "Manage", "Thursday Line: 3 in the room, locked.");
    let (select, _) = panel.select().expect("whom to choose");
    let act = sam.choose(panel.id, select, &["1"]).expect("Marta is there");
    let person = act.until("Marta's panel", SOON, |text| plain(text).starts_with("#1 Marta"));
    let asked = answer(&radio, &person, "Remove", "Remove #1 Marta from the room?");
    assert!(control.members("200").iter().any(|member| member.uniqueid == marta.uniqueid));
    let mark = control.mark();
    answer(&radio, &asked, "Remove", "#1 Marta removed.");
    control.wait(mark, |packet| packet.left(&marta));
    radio.discord.assert_clean();
}

/// Whoever is on duty is called by name when the phone system is lost, and nobody else.
pub(crate) fn a_lost_link_calls_who_is_on_duty(backend: Backend) {
    let mut asterisk = Asterisk::start(backend);
    let radio = Radio::start();
    let (_home, _gavel) = open(backend, &asterisk, &radio);
    asterisk.kill();
    let lost = radio.line(CREW, "the loss", |text| text.starts_with("Lost Asterisk"));
    let calls =
        |user, channel| radio.member(user).pings(channel).into_iter().map(|call| call.id).collect::<Vec<_>>();
    assert_eq!(calls(SCREENER, CREW), [lost.id]);
    for (user, channel) in [(HOST, CREW), (COHOST, CREW), (LISTENER, CREW), (SCREENER, PUBLIC)] {
        assert_eq!(calls(user, channel), [], "{user} in {channel}");
    }
    radio.card(CREW, "the age on the card", |text| text.contains("Asterisk is not reachable"));
    asterisk.start_again();
    radio.line(CREW, "the return", |text| text.contains("back after"));
    assert_eq!(calls(SCREENER, CREW), [lost.id], "good news call nobody");
    radio.discord.assert_clean();
}

/// Sam presses a button of the crew's card; the answer, once it begins so.
#[track_caller]
fn press_card(radio: &Radio, label: &str, words: &str) -> Message {
    let card = radio.member(HOST).until(label, CREW, SOON, |shown| {
        let is_card = |message: &&&Message| message.button("Refresh").and(message.button(label)).is_some();
        shown.iter().find(is_card).map(|card| (*card).clone())
    });
    let act =
        radio.member(COHOST).press(card.id, card.button(label).expect("it has it")).expect("everybody may");
    act.until(words, SOON, |text| is_last(text) && plain(text).starts_with(words))
}

/// Sam presses a button below what only Sam sees.
#[track_caller]
fn answer(radio: &Radio, asked: &Message, label: &str, words: &str) -> Message {
    assert!(asked.ephemeral(), "{asked:?}");
    let button = asked.button(label).unwrap_or_else(|| panic!("no {label} below {asked:?}"));
    let act = radio.member(COHOST).press(asked.id, button).expect("it is there");
    act.until(words, SOON, |text| plain(text).starts_with(words))
}

fn is_muted(control: &Control, joel: &Member, muted: bool) {
    let members = control.members("200");
    let seen = members.iter().find(|member| member.uniqueid == joel.uniqueid).map(|joel| joel.muted);
    assert_eq!(seen, Some(muted), "{members:?}");
}

/// What was written down.
fn journal(home: &Home) -> Vec<String> {
    let file = rusqlite::Connection::open(home.path("gavel.db")).expect("the state is there");
    let mut rows = file.prepare("SELECT entry FROM journal ORDER BY id").expect("it has a journal");
    let rows = rows.query_map([], |row| row.get(0)).expect("it can be read");
    rows.collect::<Result<_, _>>().expect("texts")
}
