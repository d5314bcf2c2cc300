//! gavel as people have it: the program, its console on a pipe, a real Asterisk behind it.

use std::time::{Duration, Instant};

use crate::backend::{Asterisk, Backend};
use crate::control::{Call, Control, Member};
use crate::gavel::{Gavel, Home, configuration};
use crate::proxy::{Link, Proxy};
use crate::until;

/// Marta, Joel and Priya, talking.
fn three(control: &Control) -> [Member; 3] {
    let names = [("1001", "Marta Kovács"), ("1002", "Joel"), ("1003", "Priya Raman")];
    names.map(|(number, name)| control.call(Call { name: name.as_bytes(), ..Call::talking(number) }))
}

/// The lines of a roster: `#1 ...`, without the head.
fn people(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).filter(|line| line.starts_with('#') && line.contains(", ")).collect()
}

/// The roster that gavel prints now.
fn roster(gavel: &mut Gavel) -> Vec<String> {
    let from = gavel.printed().len();
    gavel.say("/roster");
    until(Duration::from_secs(5), "a roster", || {
        let lines = gavel.printed().split_off(from);
        let head = lines.iter().position(|line| line.contains("in the room."))?;
        let count: usize = lines[head].rsplit(": ").next()?.split(' ').next()?.parse().unwrap_or(0);
        // Notices may follow, of joins too.
        let lines: Vec<_> = lines[head..].iter().filter(|line| !line.contains(" joined")).cloned().collect();
        (people(&lines).len() == count).then_some(lines)
    })
}

pub(crate) fn commands_from_a_pipe(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let [marta, joel, priya] = three(&control);
    let mark = control.mark();

    let home = Home::new(&configuration(backend, asterisk.port()));
    let mut gavel = home.console();
    for line in ["/roster", "/mute 2", "/kick 3", "/roster"] {
        gavel.say(line);
    }
    let (status, lines) = gavel.end();
    assert!(status.success(), "{status}: {lines:#?}");

    let at = |what: &str| {
        lines.iter().position(|line| line.contains(what)).unwrap_or_else(|| panic!("{what}: {lines:#?}"))
    };
    let (muted, removed) = (at("#2 Joel muted."), at("#3 Priya Raman removed."));
    assert!(muted < removed);
    let before = people(&lines[..muted]);
    assert_eq!(before.len(), 3, "{lines:#?}");
    assert!(
        before[0].starts_with("#1 Marta Kovács") && before[2].starts_with("#3 Priya Raman"),
        "{lines:#?}"
    );
    let after = people(&lines[removed + 1..]);
    assert_eq!(after.len(), 2, "{lines:#?}");
    assert!(after[1].starts_with("#2 Joel") && after[1].contains("muted"), "{lines:#?}");

    let left = |member: &Member| control.since(mark).iter().any(|packet| packet.left(member));
    assert!(left(&priya) && !left(&marta) && !left(&joel));
    let members = control.members("200");
    let muted: Vec<_> = members.iter().filter(|member| member.muted).map(|member| &member.uniqueid).collect();
    assert_eq!(muted, [&joel.uniqueid]);
}

pub(crate) fn numbers_outlive_gavel(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let [marta, ..] = three(&control);
    let home = Home::new(&configuration(backend, asterisk.port()));
    let mut gavel = home.console();
    assert_eq!(people(&roster(&mut gavel)).len(), 3);
    for line in ["/topic night buses", "/note 3 wants to sing"] {
        gavel.say(line);
    }
    assert!(gavel.end().0.success());

    control.hang_up(&marta.phone());
    control.call(Call { name: b"Dana", ..Call::silent("1004") });
    let mut gavel = home.console();
    let lines = roster(&mut gavel);
    let begins: Vec<&str> = people(&lines).iter().filter_map(|line| line.split(',').next()).collect();
    assert_eq!(begins, ["#2 Joel", "#3 Priya Raman", "#4 Dana"], "{lines:#?}");
    gavel.say("/topic");
    gavel.wait("the topic", |line| line.contains("night buses"));
    gavel.say("/who 3");
    gavel.wait("the note", |line| line.contains("wants to sing"));

    // One gavel per state file.
    let (status, lines) = home.console().end();
    assert_eq!(status.code(), Some(75), "{lines:#?}");
    assert!(gavel.end().0.success());
}

pub(crate) fn asterisk_is_killed_mid_conference(backend: Backend) {
    kill_for(Duration::from_secs(3), backend);
}

pub(crate) fn asterisk_is_killed_for_20_s(backend: Backend) {
    kill_for(Duration::from_secs(20), backend);
}

fn kill_for(away: Duration, backend: Backend) {
    let mut asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    (1001..1009).for_each(|number| drop(control.call(Call::silent(&number.to_string()))));
    let home = Home::new(&configuration(backend, asterisk.port()));
    let mut gavel = home.console();
    assert_eq!(people(&roster(&mut gavel)).len(), 8);

    let down = Instant::now();
    asterisk.kill();
    tells_the_loss(&mut gavel);
    std::thread::sleep(away.saturating_sub(down.elapsed()));
    asterisk.start_again();
    let control = asterisk.control();
    (1001..1009).for_each(|number| control.dial(Call::silent(&number.to_string())));
    tells_the_return(gavel, 8, "Asterisk was restarted, back after");
    assert_eq!(control.members("200").len(), 8);
}

pub(crate) fn link_is_cut_while_callers_move(backend: Backend) {
    cut_for(Duration::from_secs(2), backend);
}

pub(crate) fn link_is_cut_for_20_s(backend: Backend) {
    cut_for(Duration::from_secs(20), backend);
}

fn cut_for(away: Duration, backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let [marta, joel, _] = three(&control);
    let link = Proxy::to(asterisk.port());
    let home = Home::new(&configuration(backend, link.port()));
    let mut gavel = home.console();
    assert_eq!(people(&roster(&mut gavel)).len(), 3);

    let down = Instant::now();
    link.set(Link::Down);
    tells_the_loss(&mut gavel);
    [marta, joel].iter().for_each(|member| control.hang_up(&member.phone()));
    control.call(Call { name: b"Dana", ..Call::silent("1004") });
    std::thread::sleep(away.saturating_sub(down.elapsed()));
    link.set(Link::Whole);
    let lines = tells_the_return(gavel, 2, "2 left, 1 joined meanwhile.");
    let last = &people(&lines)[people(&lines).len() - 2..];
    assert!(last[0].starts_with("#3 Priya Raman") && last[1].starts_with("#4 Dana"), "{lines:#?}");
}

/// The loss is told, commands are refused within 1 s, and the roster says how old it is.
fn tells_the_loss(gavel: &mut Gavel) {
    gavel.wait("the loss is told", |line| line.starts_with("Lost Asterisk"));
    let asked = Instant::now();
    gavel.say("/kick 1");
    gavel.wait("the refusal", |line| line.starts_with("No link to Asterisk since"));
    assert!(asked.elapsed() < Duration::from_secs(1));
    gavel.say("/roster");
    gavel.wait("the roster says how old it is", |line| line.starts_with("As of ") && line.contains(" old: "));
}

/// Within 3 s the roster has so many again; one notice tells the differences. What was printed in all.
fn tells_the_return(mut gavel: Gavel, count: usize, notice: &str) -> Vec<String> {
    let returned = Instant::now();
    gavel.wait("the return is told", |line| line.contains(notice));
    let right = |gavel: &mut Gavel| (people(&roster(gavel)).len() == count).then_some(());
    until(Duration::from_secs(3), "the roster is right", || right(&mut gavel));
    assert!(returned.elapsed() < Duration::from_secs(4));
    let (status, lines) = gavel.end();
    assert!(status.success());
    assert_eq!(lines.iter().filter(|line| line.contains("back after")).count(), 1, "{lines:#?}");
    lines
}

/// 200 (20 in the machine) join at once: at most 6 new messages, the last roster right, and little memory (measured with the release
/// build alone).
pub(crate) fn two_hundred_join(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let home = Home::new(&configuration(backend, asterisk.port()));
    let mut gavel = home.console();
    gavel.say("/roster");
    gavel.wait("the first roster", |line| line.contains("in the room"));
    let control = Control::login(backend, asterisk.port(), "control", "control-secret", "call,user");
    let callers = backend.callers();
    for number in 0..callers {
        control.dial(Call::silent(&format!("{}", 5000 + number)));
    }
    let joins = || control.since(0).iter().filter(|packet| packet.joined()).count();
    until(Duration::from_secs(60), "all have joined", || (joins() == callers).then_some(()));
    gavel.wait("the others are told in one line", |line| line.contains("joined in"));
    let told = gavel.printed();
    let roster = roster(&mut gavel);
    assert_eq!(people(&roster).len(), callers, "{roster:#?}");
    assert!(told.len() <= 6 + 1, "{told:#?}");
    let memory = gavel.peak_memory();
    println!("{memory} KiB at most, {} messages", told.len() - 1);
    if std::env::var_os("GAVEL_RELEASE").is_some() {
        assert!(memory < 40 * 1024, "{memory} KiB");
    }
}

pub(crate) fn hostile_names(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let names =
        ["\u{9B}31mred", "\u{202E}RTL", "a\r\nb", "tab\there", "+44 113 496 0017", "\u{1B}]0;title\u{7}"];
    let names: Vec<_> = names.iter().filter(|name| backend.escapes_lists() || !name.contains('\n')).collect();
    for (index, name) in names.iter().enumerate() {
        control.call(Call { name: name.as_bytes(), ..Call::silent(&format!("100{index}")) });
    }
    control.call(Call { name: b"Jos\xE9 \x9B31m", ..Call::silent("1009") });
    let home = Home::new(&configuration(backend, asterisk.port()));
    let mut gavel = home.console();
    let roster = roster(&mut gavel);
    assert_eq!(people(&roster).len(), names.len() + 1, "{roster:#?}");
    for line in gavel.everything() {
        assert!(!line.chars().any(|c| c.is_control() || ('\u{202A}'..='\u{202E}').contains(&c)), "{line:?}");
        assert!(!line.contains("4960017") && !line.contains("496 0017"), "a phone number: {line}");
    }
}

pub(crate) fn check_says_what_the_user_may_do(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let (status, said) = Home::new(&configuration(backend, asterisk.port())).check();
    assert!(status.success(), "{said}");
    let name = format!("Asterisk {}.", backend.version());
    let application = if backend.meetme() { "MeetMe" } else { "ConfBridge" };
    assert!(said.contains(&name) && said.contains(application), "{said}");

    let as_user = |user: &str| {
        let own = configuration(backend, asterisk.port()).replace("\"gavel\"", &format!("\"{user}\""));
        Home::new(&own.replace("GAVEL_AMI_SECRET", &format!("{}_SECRET", user.to_uppercase()))).check()
    };
    let (status, said) = as_user("onlooker");
    assert_eq!(status.code(), Some(69), "{said}");
    assert!(said.contains("onlooker may not do: /mute") && said.contains("add \"call\" to write"), "{said}");
    let (status, said) = as_user("nobody");
    assert_eq!(status.code(), Some(69), "{said}");
    assert!(said.contains("add \"reporting\" to write"), "{said}");
    let (status, said) =
        Home::new(&configuration(backend, asterisk.port()).replace("\"gavel\"", "\"stranger\"")).check();
    assert_eq!(status.code(), Some(69), "{said}");
    assert!(said.contains("the login was refused"), "{said}");
}
