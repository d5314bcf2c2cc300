//! What needs no phone system but the program's own: Discord in rehearsals.

use std::fs;
use std::process::Command;

use crate::gavel::{Home, Running, small};
use crate::guild::{COHOST, CREW, HOST, PATIENCE, PUBLIC, Radio, plain};

#[test]
fn a_rehearsal_plays_in_the_crew_s_own_channels() {
    let radio = Radio::start();
    let home = Home::with(&format!("{}{}", small(1), radio.configuration()));
    fs::write(home.path("discord-ca.pem"), radio.discord.ca_pem()).unwrap();
    let words = ["rehearse", "--config", "gavel.toml", "--script", "burst", "--speed", "20"];
    let mut command = home.command(&words);
    command.env("DISCORD_TOKEN", radio.token());
    let gavel = Running::alone(command);

    radio.open("REHEARSAL: thursday: ");
    radio.line(CREW, "a join", |text| text.contains(" joined"));
    let act = radio.member(COHOST).slash(CREW, "lock", &[]).unwrap();
    let done = |text: &str| plain(text) == "REHEARSAL: Room locked.";
    act.until("the outcome", PATIENCE, |text| done(text));
    let refused = radio.member(HOST).slash(PUBLIC, "who", &[("caller", "1")]).unwrap();
    assert_eq!(plain(&refused.said(PATIENCE)), "REHEARSAL: Ask in the crew's room.");
    radio.card(CREW, "the lock on the card", |text| text.contains(", locked"));

    let id = gavel.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    assert_eq!(gavel.wait(), Some(0));
    let mut messages = radio.member(HOST).messages(CREW);
    messages.extend(radio.member(HOST).messages(PUBLIC));
    // "... pinned a message" has no text of ours.
    let said = messages.iter().map(|message| plain(&message.text())).filter(|text| !text.is_empty());
    let unmarked: Vec<_> = said.filter(|text| !text.starts_with("REHEARSAL")).collect();
    assert!(messages.len() > 4 && unmarked.is_empty(), "{unmarked:#?}");
    radio.discord.assert_clean();
}
