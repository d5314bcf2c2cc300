//! gavel is killed at any moment of a conversation, or loses what it keeps.

use std::fs;
use std::time::{Duration, Instant};

use gavel_matrix_lab::{Homeserver, Limits};

use super::{journal, room};
use crate::backend::{Asterisk, Backend};
use crate::community::{Community, PATIENCE};
use crate::control::{Call, Control};
use crate::gavel::{Gavel, Home};
use crate::proxy::Proxy;
use crate::until;

/// Up to where a command comes before the kill.
#[derive(Clone, Copy, Debug)]
enum Point {
    Typed,
    Intended,
    Sent,
    Confirmed,
    Answered,
    OnTheCard,
}

const POINTS: [Point; 6] =
    [Point::Typed, Point::Intended, Point::Sent, Point::Confirmed, Point::Answered, Point::OnTheCard];

/// Waits for the first sync: what was typed before it came too late.
fn follows(gavel: &Gavel) {
    until(PATIENCE, "the first sync", || {
        let up = |line: &String| line.contains("network=\"matrix\" health=Some(");
        gavel.everything().iter().any(up).then_some(())
    });
}

/// Numbers that come from a seed alone.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// How often gavel has asked Asterisk to mute that channel.
fn mutes(proxy: &Proxy, channel: &str) -> usize {
    let asked = proxy.asked();
    let packets = asked.split("\r\n\r\n").filter(|packet| packet.contains("Action: ConfbridgeMute\r\n"));
    packets.filter(|packet| packet.lines().any(|line| line == format!("Channel: {channel}"))).count()
}

fn muted(control: &Control, uniqueid: &str) -> bool {
    control.members("200").iter().any(|member| member.uniqueid == uniqueid && member.muted)
}

fn killed(backend: Backend, times: u64) {
    let seed = std::env::var("GAVEL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_123);
    println!("GAVEL_SEED={seed}");
    let mut dice = Dice(seed);
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let proxy = Proxy::to(asterisk.port());
    let mut community = Community::start(Homeserver::shared(Limits::Relaxed));
    let port = (format!(":{}\"", asterisk.port()), format!(":{}\"", proxy.port()));
    let text = room(backend, &asterisk).replace(&port.0, &port.1);
    let home = Home::new(&format!("{text}{}{}", community.with_one_place(), community.access()));
    home.write("matrix-password", &community.bot.password);
    let mut gavel = home.console();
    community.open_one();
    let (crew, bot) = (community.crew.clone(), community.bot.user.clone());
    let card = community.card("a card", |_| true);
    community.sam.asks(&crew, "!roster");
    let devices = community.devices();
    assert!(devices.iter().any(|(_, signed)| *signed), "{devices:?}");
    let mut unheard = 0;
    for turn in 0..times {
        let number = usize::try_from(turn + 1).expect("few");
        let point = POINTS[usize::try_from(dice.roll(POINTS.len() as u64)).expect("few")];
        let delay = Duration::from_millis(dice.roll(40));
        let phone = format!("{}", 20_000 + turn);
        let joel = control.call(Call { name: b"Joel", ..Call::silent(&phone) });
        community.card("Joel", |text| text.contains(&format!("#{number} Joel")));
        let typed = community.sam.person.say(&crew, &format!("!mute {number}"));
        match point {
            Point::Typed => {}
            Point::Intended | Point::Sent => {
                until(PATIENCE, "sent", || (mutes(&proxy, &joel.channel) > 0).then_some(()));
            }
            Point::Confirmed => until(PATIENCE, "muted", || muted(&control, &joel.uniqueid).then_some(())),
            Point::Answered => drop(community.sam.answer("mute", &typed)),
            Point::OnTheCard => {
                community.card("on the card", |text| text.contains(&format!("#{number} Joel, muted by Sam")));
            }
        }
        std::thread::sleep(delay);
        // As the kernel does it.
        drop(gavel);
        let at = Instant::now();
        gavel = home.console();
        follows(&gavel);
        let answer = community.sam.asks(&crew, "!roster");
        let acted = mutes(&proxy, &joel.channel);
        println!("{turn}: {point:?} + {delay:?}: sent {acted} times, back after {:?}", at.elapsed());
        assert!(acted <= 1, "acted twice at {turn}");
        assert_eq!(muted(&control, &joel.uniqueid), acted == 1);
        assert!(answer.text.contains(&format!("{number} in the room")), "{answer:?}");
        unheard += 1 - acted;
        let late = community.sam.shown.iter().filter(|it| it.sender == bot && it.text.contains("too late"));
        assert!(late.count() <= unheard, "what was done is told to have come too late");
        let now = community.card("the card", |text| text.contains(&format!("{number} in the room")));
        assert_eq!(now.id, card.id, "the same card");
    }
    let cards = community.dana.shown.iter().filter(|it| it.is_card(&bot) && it.room == crew).count();
    assert_eq!(cards, 1);
    assert_eq!(community.devices(), devices, "the same device, still verified");
    assert!(gavel.end().0.success());
    assert!(!journal(&home).is_empty());
}

pub(crate) fn killed_at_5_points(backend: Backend) {
    killed(backend, 6);
}

pub(crate) fn killed_at_50_points(backend: Backend) {
    killed(backend, 50);
}

pub(crate) fn its_state_is_lost(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    control.call(Call { name: b"Joel", ..Call::silent("1002") });
    let (home, gavel, mut community) = super::open(backend, &asterisk, Limits::Relaxed);
    let (crew, bot) = (community.crew.clone(), community.bot.user.clone());
    until(PATIENCE, "a recovery key", || fs::read_to_string(home.path("matrix-recovery-key")).ok());
    until(PATIENCE, "verified", || community.devices().iter().any(|(_, signed)| *signed).then_some(()));
    let before = community.devices();
    let card = community.card("Joel", |text| text.contains("#1 Joel"));
    assert!(gavel.end().0.success());

    // All of it: a new device, verified by the recovery key, and the same card.
    fs::remove_dir_all(home.path("matrix").join("session")).expect("it is there");
    let gavel = home.console();
    until(PATIENCE, "a new device, verified", || {
        let new =
            community.devices().into_iter().find(|device| !before.iter().any(|(id, _)| *id == device.0));
        new.filter(|(_, signed)| *signed)
    });
    community.card("an edit", |text| text.contains("#1 Joel"));
    let answer = asks_until_heard(&mut community, &crew, "!mute 1");
    assert!(answer.contains("#1"), "{answer}");
    let now = community.card("the mute on the card", |text| text.contains("#1 Joel, muted by Sam"));
    assert_eq!(now.id, card.id);
    assert!(gavel.end().0.success());

    // All of it, the recovery key too: it says what to do.
    fs::remove_dir_all(home.path("matrix").join("session")).expect("it is there");
    fs::rename(home.path("matrix-recovery-key"), home.path("elsewhere")).expect("it is there");
    let mut gavel = home.console();
    let remedy = until(PATIENCE, "what to do", || {
        gavel.say("status");
        std::thread::sleep(Duration::from_millis(500));
        gavel.everything().into_iter().find(|line| line.contains("recovery"))
    });
    println!("{remedy}");
    assert!(remedy.contains("recovery_key") && remedy.contains("gavel matrix reset"), "{remedy}");
    assert!(gavel.end().0.success());
    fs::rename(home.path("elsewhere"), home.path("matrix-recovery-key")).expect("it is there");

    // Half of it.
    for lost in ["session.json", "matrix-sdk-crypto.sqlite3"] {
        let path = home.path("matrix").join("session").join(lost);
        let kept = home.path("kept");
        fs::rename(&path, &kept).expect("it is there");
        let mut gavel = home.console();
        let remedy = until(PATIENCE, "what to do", || {
            gavel.say("status");
            std::thread::sleep(Duration::from_millis(500));
            gavel.everything().into_iter().find(|line| line.contains(lost))
        });
        println!("{remedy}");
        assert!(remedy.contains("backup") && remedy.contains("delete all"), "{remedy}");
        drop(gavel);
        assert!(!path.exists(), "nothing was begun anew");
        fs::rename(&kept, &path).expect("it is there");
    }
    let gavel = home.console();
    follows(&gavel);
    asks_until_heard(&mut community, &crew, "!unmute 1");
    assert!(gavel.end().0.success());
    assert_eq!(community.dana.shown.iter().filter(|it| it.room == crew && it.is_card(&bot)).count(), 1);
}

/// Asks anew while a new device is not known to the asker's client yet.
fn asks_until_heard(community: &mut Community, room: &str, words: &str) -> String {
    let bot = community.bot.user.clone();
    for _ in 0..10 {
        community.sam.person.order("rekey", serde_json::json!({"room": room}));
        let typed = community.sam.person.say(room, words);
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            community.sam.look();
            let answer = community.sam.shown.iter().find(|it| it.replies_to == typed && it.sender == bot);
            if let Some(answer) = answer.filter(|it| it.text.starts_with('#') && !it.text.ends_with("...")) {
                return answer.text.clone();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    panic!("not heard");
}
