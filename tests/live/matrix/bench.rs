//! How long a command takes from a client to Asterisk, beside the homeserver's own part of it.

use std::time::{Duration, Instant};

use gavel_matrix_lab::Limits;
use serde_json::json;

use super::open;
use crate::backend::{Asterisk, Backend};
use crate::community::{Member, forge};
use crate::control::Call;

const ROUNDS: u32 = 40;

fn p50(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// What one person writes another one reads: without gavel.
fn round_trip(from: &mut Member, to: &mut Member, room: &str) -> Duration {
    let times = (0..ROUNDS).map(|round| {
        let words = format!("round {round}");
        let began = Instant::now();
        from.person.begin_say(room, &words);
        let read = to.until("her words", |shown| {
            shown.iter().rev().find(|it| it.room == room && it.text == words).map(|it| it.first)
        });
        from.person.order("knows", json!({"room": room}));
        read.saturating_duration_since(began)
    });
    p50(times.collect())
}

pub(crate) fn command_to_act(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    control.call(Call { name: b"Joel", ..Call::silent("1002") });
    let (_home, gavel, mut community) = open(backend, &asterisk, Limits::Relaxed);
    let (crew, public, server) = (community.crew.clone(), community.public.clone(), community.server.clone());
    let token = community.sam.person.account.token.clone();
    let mut figures = Vec::new();
    for (name, room) in [("plain", &public), ("encrypted", &crew)] {
        community.sam.asks(room, "!roster");
        let mut times = Vec::new();
        for round in 0..ROUNDS {
            let word = if round % 2 == 0 { "mute" } else { "unmute" };
            let event = if round % 2 == 0 { "ConfbridgeMute" } else { "ConfbridgeUnmute" };
            let mark = control.mark();
            let began = Instant::now();
            if name == "plain" {
                let words = json!({"msgtype": "m.text", "body": format!("!{word} 1")});
                forge(&server, &token, room, "m.room.message", &words);
            } else {
                community.sam.person.begin_say(room, &format!("!{word} 1"));
            }
            let act = control.wait(mark, |packet| packet.is(event));
            times.push(act.at.saturating_duration_since(began));
            community.sam.person.order("knows", json!({"room": room}));
            std::thread::sleep(Duration::from_millis(50));
        }
        let sdk = round_trip(&mut community.sam, &mut community.ola, room);
        figures.push((name, p50(times), sdk));
    }
    for (name, act, sdk) in &figures {
        println!("{name}: command to act p50 {act:?}; from client to client without gavel p50 {sdk:?}");
    }
    assert!(gavel.end().0.success());
    // A busy machine is no reason to fail.
    for ((name, act, sdk), most) in figures.iter().zip([150, 250]) {
        let most = Duration::from_millis(most).max(*sdk * 2);
        assert!(*act < most, "{name}: {act:?}, and {sdk:?} from client to client");
    }
}
