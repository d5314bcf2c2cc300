//! One conference with its crew on Discord, on Matrix and at the console at once.

use std::time::{Duration, Instant};

use gavel_matrix_lab::{Homeserver, Limits};

use super::{journal, room};
use crate::backend::{Asterisk, Backend};
use crate::community::{Community, is_last};
use crate::control::Call;
use crate::gavel::{Gavel, Home};
use crate::guild::{self, Radio, plain};
use crate::until;

const SOON: Duration = Duration::from_secs(20);
/// Races: with each the two are this much closer together or further apart.
const RACES: u64 = 10;
const STEP: Duration = Duration::from_millis(25);

/// Everybody at once.
struct Mirror {
    home: Home,
    gavel: Gavel,
    radio: Radio,
    community: Community,
}

fn open(backend: Backend, asterisk: &Asterisk, server: &Homeserver) -> Mirror {
    let (radio, mut community) = (Radio::start(), Community::start(server));
    let users = format!("matrix:{}", community.dana.user());
    let discord = radio
        .configuration()
        .replace("{ env = \"DISCORD_TOKEN\" }", "{ file = \"discord-token\" }")
        .replace("\nhost = [", &format!("\nhost = [\"{users}\", "))
        .replace("\ncohost = [", "\ncohost = [\"matrix:power:50\", ");
    let home = Home::new(&format!("{}{}{discord}", room(backend, asterisk), community.configuration()));
    home.write("matrix-password", &community.bot.password);
    home.write("discord-token", &radio.token());
    home.write("discord-ca.pem", radio.discord.ca_pem());
    let gavel = home.console();
    radio.open("Thursday Line: ");
    community.open();
    Mirror { home, gavel, radio, community }
}

/// A roster without what grows by itself.
fn still(roster: &str) -> Vec<String> {
    let ages = |part: &&str| !part.ends_with(" s.") && !part.ends_with(" s") && !part.ends_with(" min");
    let line = |line: &str| line.split(", ").filter(|part| ages(part)).collect::<Vec<_>>().join(", ");
    roster.lines().map(|text| line(&plain(text))).collect()
}

impl Mirror {
    /// Sam's at Discord.
    fn slash(&self, word: &str, options: &[(&str, &str)]) -> String {
        let act = self.radio.member(guild::COHOST).slash(guild::CREW, word, options).expect("offered");
        plain(&act.until("the last word", SOON, |text| is_last(&plain(text))).text())
    }

    /// The console's.
    fn typed(&mut self, words: &str) -> Vec<String> {
        let from = self.gavel.printed().len();
        self.gavel.say(words);
        self.gavel.say("xyzzy");
        until(SOON, words, || {
            let lines = self.gavel.printed().split_off(from);
            let end = lines.iter().position(|line| line.contains("There is no \"xyzzy\""))?;
            Some(lines[..end].to_vec())
        })
    }

    fn dana(&mut self, words: &str) -> String {
        let crew = self.community.crew.clone();
        self.community.dana.asks(&crew, words).text
    }
}

pub(crate) fn one_crew_on_three_networks(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let names = [("1001", "Marta"), ("1002", "Joel"), ("1003", "Priya")];
    let _ = names.map(|(number, name)| control.call(Call { name: name.as_bytes(), ..Call::silent(number) }));
    let mut all = open(backend, &asterisk, Homeserver::shared(Limits::Relaxed));
    let crew = all.community.crew.clone();

    assert_eq!(all.dana("!mute 2"), "#2 Joel muted.");
    all.radio.line(guild::CREW, "on Discord", |text| text == "#2 Joel muted by Dana.");
    all.gavel.wait("at the console", |line| line.ends_with("#2 Joel muted by Dana."));
    assert_eq!(all.slash("mute", &[("callers", "1")]), "#1 Marta muted.");
    all.community.dana.line(&crew, "on Matrix", |line| line == "#1 Marta muted by Sam.");
    all.gavel.wait("at the console", |line| line.ends_with("#1 Marta muted by Sam."));
    all.typed("mute 3");
    all.community.dana.line(&crew, "on Matrix", |line| line == "#3 Priya muted by the console.");
    all.radio.line(guild::CREW, "on Discord", |text| text == "#3 Priya muted by the console.");

    all.slash("say", &[("text", "two minutes to air")]);
    let said = all.community.dana.line(&crew, "what Sam says", |line| line.ends_with("two minutes to air"));
    assert!(said.decrypted && said.text.contains("Sam"), "{said:?}");
    all.dana("!say we hear you");
    all.radio
        .line(guild::CREW, "what Dana says", |text| text.contains("Dana") && text.ends_with("we hear you"));

    let (matrix, discord) = (still(&all.dana("!roster")), still(&all.slash("roster", &[])));
    let console = still(&all.typed("roster").join("\n"));
    assert_eq!(matrix, discord);
    assert!(console.windows(matrix.len()).any(|lines| lines == matrix), "{console:?} and {matrix:?}");
    let card = |text: &str| still(text).windows(matrix.len()).any(|lines| lines == matrix);
    all.community.card("the same card", card);
    all.radio.card(guild::CREW, "the same card", |text| text.contains("3 in the room"));
    assert!(all.gavel.end().0.success());
    all.radio.discord.assert_clean();
}

/// Two people on two networks want the same of the same caller, at nearly the same time.
pub(crate) fn two_networks_race(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let mut all = open(backend, &asterisk, Homeserver::shared(Limits::Relaxed));
    let crew = all.community.crew.clone();
    all.dana("!roster");
    let mut won = [0; 2];
    for race in 0..RACES {
        let number = (race + 1).to_string();
        let phone = format!("{}", 20_000 + race);
        let joel = control.call(Call { name: b"Joel", ..Call::silent(&phone) });
        all.community.card("Joel", |text| text.contains(&format!("#{number} Joel")));
        let mark = control.mark();
        // What a command needs to get here from Matrix, the one on Discord waits for; more or less.
        all.community.dana.person.begin_say(&crew, &format!("!kick {number}"));
        std::thread::sleep(STEP * u32::try_from(race).expect("few"));
        let discord = all.slash("kick", &[("callers", &number)]);
        let typed = all.community.dana.until("her own words", |shown| {
            let own = shown.iter().rev().find(|it| it.text == format!("!kick {number}"));
            own.map(|it| it.id.clone())
        });
        let matrix = all.community.dana.answer("kick", &typed).text;
        control.wait(mark, |packet| packet.left(&joel));
        let done = format!("#{number} Joel removed.");
        let both = [matrix.as_str(), discord.as_str()];
        println!("{:?}: {both:?}", STEP * u32::try_from(race).expect("few"));
        let winner = both.iter().position(|text| *text == done).unwrap_or_else(|| panic!("nobody: {both:?}"));
        won[winner] += 1;
        let (loser, by) = (both[1 - winner], ["Dana", "Sam"][winner]);
        let truth =
            loser.starts_with(&format!("#{number}")) && (loser.contains(by) || loser.contains("left"));
        assert!(loser != done && truth, "{both:?}");
    }
    assert!(won[0] > 0, "{won:?}");
    assert!(all.gavel.end().0.success());
    let left = journal(&all.home).iter().filter(|entry| entry.contains("\"Left\"")).count();
    assert_eq!(left as u64, RACES);
    all.radio.discord.assert_clean();
}

fn homeserver_is_away(backend: Backend, away: Duration) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let server = Homeserver::start(Limits::Relaxed);
    let mut all = open(backend, &asterisk, &server);
    let (crew, bot) = (all.community.crew.clone(), all.community.bot.user.clone());
    let card = all.community.card("a card", |text| text.contains("nobody in the room"));
    server.kill();
    let gone = Instant::now();
    let mut count = 0;
    let mut slowest = Duration::ZERO;
    while gone.elapsed() < away {
        count += 1;
        let phone = format!("{}", 20_000 + count);
        let caller = control.call(Call { name: b"Joel", ..Call::silent(&phone) });
        until(SOON, "the caller at the console", || {
            all.typed("roster").iter().any(|line| line.contains(&format!("#{count} Joel"))).then_some(())
        });
        let began = Instant::now();
        assert_eq!(all.slash("mute", &[("callers", &count.to_string())]), format!("#{count} Joel muted."));
        assert!(control.members("200").iter().any(|it| it.uniqueid == caller.uniqueid && it.muted));
        slowest = slowest.max(began.elapsed());
        let lines = all.typed("roster");
        assert!(lines.iter().any(|line| line.contains(&format!("#{count} Joel, muted by Sam"))), "{lines:?}");
        std::thread::sleep(Duration::from_secs(1));
    }
    assert!(!all.gavel.everything().iter().any(|line| line.contains("Lost Asterisk")), "the phones are fine");
    let before = all.community.dana.shown.len();
    server.start_again();
    let back = Instant::now();
    all.community.card("all on the card", |text| text.contains(&format!("{count} in the room")));
    let told = all.community.dana.until("a digest", |shown| {
        let lines =
            shown[before..].iter().filter(|it| it.room == crew && it.sender == bot && !it.is_card(&bot));
        let lines: Vec<_> = lines.cloned().collect();
        let joined = |text: &str| text.contains("joined") && text.contains(&format!("{count}"));
        lines.iter().any(|it| joined(&it.text)).then_some(lines)
    });
    println!("away {away:?}: slowest command {slowest:?}, back after {:?}: {told:#?}", back.elapsed());
    assert!(back.elapsed() < Duration::from_secs(10), "late");
    assert_eq!(told.len(), 1, "one digest: {told:#?}");
    assert_eq!(all.dana("!unmute 1"), "#1 Joel unmuted.");
    assert_eq!(all.community.card("a card", |text| text.contains("#1 Joel")).id, card.id);
    assert!(all.gavel.end().0.success());
    all.radio.discord.assert_clean();
}

pub(crate) fn homeserver_is_away_for_10_s(backend: Backend) {
    homeserver_is_away(backend, Duration::from_secs(10));
}

pub(crate) fn homeserver_is_away_for_60_s(backend: Backend) {
    homeserver_is_away(backend, Duration::from_secs(60));
}
