use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::setup::{Files, Setup, Style};
use crate::world::World;

/// Plays a script for so many seconds, in steps of its own.
fn played(script: Script, seconds: u64, seed: u64) -> (World, Vec<Cue>) {
    let setup = Setup::new(Style::V22, Files::REHEARSAL).unwrap();
    let mut world = World::new(Arc::new(setup), Duration::ZERO);
    let mut player = Player::new(script, Duration::ZERO, seed);
    let end = Duration::from_secs(seconds);
    let mut cues = Vec::new();
    while let Some(at) =
        [player.deadline(), world.deadline()].into_iter().flatten().min().filter(|at| *at <= end)
    {
        world.advance(at);
        cues.extend(player.due(&mut world));
    }
    world.advance(end);
    (world, cues)
}

#[test]
fn every_shipped_script_brings_somebody_in() {
    for name in Script::names() {
        let (world, _) = played(Script::named(name).unwrap(), 50, 1);
        assert!(world.truth().members() > 2, "{name}");
        let (world, _) = played(Script::named(name).unwrap().on_meetme(), 50, 1);
        assert!(world.truth().conference("400").is_some_and(|c| c.meetme), "{name}");
    }
}

#[test]
fn sixty_calls_in_twenty_seconds() {
    let (world, _) = played(Script::named("burst").unwrap(), 22, 7);
    assert_eq!(world.truth().conference("200").unwrap().members.len(), 61);
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let story = |seed| played(Script::named("show").unwrap(), 200, seed).0.truth();
    assert_eq!(story(3), story(3));
    assert_ne!(story(3), story(4));
}

#[test]
fn a_show_ends() {
    let (world, _) = played(Script::named("show").unwrap(), 900, 1);
    assert_eq!(world.truth().members(), 0);
}

#[test]
fn the_host_comes_back_and_the_waiting_wait() {
    let at = |seconds| {
        let (world, _) = played(Script::named("host-drops").unwrap(), seconds, 1);
        let members = world.truth().conference("200").unwrap().members.clone();
        let host = members.iter().any(|m| m.admin);
        (host, members.iter().any(|m| m.waiting))
    };
    assert_eq!((at(55), at(75), at(100)), ((true, false), (false, true), (true, false)));
}

#[test]
fn a_restart_is_handed_out() {
    let (_, cues) = played(Script::named("pbx-restart").unwrap(), 61, 1);
    assert_eq!(cues, [Cue::Restart(Duration::from_secs(5))]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let told = |text| Script::parse(text).unwrap_err().to_string();
    assert!(told("[[caller]]\nat = -1").contains("times are seconds"));
    assert!(told("[[caller]]\nwhen = 1").contains("when"));
    assert!(Script::named("x").unwrap_err().to_string().contains("show, burst"));
}
