//! How little memory it takes. Measured with the release build alone, which `tests/run --long` names.

use std::time::Duration;

use crate::backend::{Asterisk, Backend};
use crate::control::{Call, Control};
use crate::gavel::{Home, configuration};
use crate::guild::{COHOST, CREW, HOST, PUBLIC, Radio, plain};

const SOON: Duration = Duration::from_secs(20);
/// KiB.
const MOST: u64 = 40 * 1024;

/// On Discord, with 200 callers, cards of all of them, a crew that is busy, and a gateway that drops.
pub(crate) fn a_busy_evening_on_discord(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let radio = Radio::start();
    let home = Home::new(&format!("{}{}", configuration(backend, asterisk.port()), radio.configuration()));
    home.write("discord-ca.pem", radio.discord.ca_pem());
    let gavel = home.on_discord(&radio.token());
    radio.open("Thursday Line: ");
    println!("{} KiB when Discord is connected", gavel.peak_memory());

    let control = Control::login(backend, asterisk.port(), "control", "control-secret", "call,user");
    let callers = backend.callers();
    for number in 0..callers {
        control.dial(Call { name: b"Marta", ..Call::silent(&format!("{}", 5000 + number)) });
    }
    radio.card(CREW, "all of them", |text| text.contains(&format!("{callers} in the room")));
    let (sam, dana) = (radio.member(COHOST), radio.member(HOST));
    for round in 1..=200 {
        let number = (round % callers + 1).to_string();
        let word = if round % 2 == 0 { "mute" } else { "unmute" };
        let choices = sam.autocomplete(CREW, word, "callers", "mar").expect("it can be typed").choices();
        assert!(choices.is_some_and(|choices| choices.len() == 25.min(callers)), "choices in time");
        let act = sam.slash(CREW, word, &[("callers", &number)]).expect("it is offered");
        act.until("last words", SOON, |text| !plain(text).ends_with("..."));
        let channel = if round % 3 == 0 { PUBLIC } else { CREW };
        dana.slash(channel, "roster", &[]).expect("it is offered").said(SOON);
        if round % 50 == 0 {
            radio.discord.gateway().abort();
        }
    }
    let memory = gavel.peak_memory();
    println!("{memory} KiB at most");
    if std::env::var_os("GAVEL_RELEASE").is_some() {
        assert!(memory < MOST, "{memory} KiB");
    }
    radio.discord.assert_clean();
}
