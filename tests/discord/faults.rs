//! Asterisk hangs, Discord limits or fails, the gateway drops: alone and together.

use std::time::Duration;

use gavel_discord_standin::{Fault, Gateway, What, Which};
use gavel_sim::Fault as Line;

use crate::SOON;
use crate::clock::timed;
use crate::show::Show;
use crate::work::{Work, callers};

/// What goes wrong, from the first second on.
#[derive(Default)]
struct Trouble {
    lasts: u64,
    /// The link to Asterisk.
    line: Option<Line>,
    /// Discord's REST, first answers to interactions left out.
    rest: Option<What>,
    /// The gateway's connection ends so often.
    drops: Option<Duration>,
}

const CALLBACKS: &str = "POST /interactions/**";
/// How a connection ends so that its session goes on.
const WAYS: [fn(&Gateway); 4] =
    [Gateway::abort, Gateway::reconnect, |gateway| gateway.close(1001), |gateway| gateway.close(4000)];

fn play(trouble: Trouble) {
    timed(|| once(&trouble));
}

fn once(trouble: &Trouble) {
    let show = Show::open(&callers(trouble.lasts).iter().map(Vec::as_slice).collect::<Vec<_>>());
    let discord = &show.radio.discord;
    let mut work = Work::default();
    if let Some(line) = &trouble.line {
        show.sim.fault(line.clone());
    }
    if let Some(what) = trouble.rest.clone() {
        discord.fault(Fault::new(Which::AllBut(CALLBACKS.to_owned()), what));
    }
    let (mut next, mut drops) = (trouble.drops, 0);
    work.go_on(&show, Duration::from_secs(trouble.lasts), |time| {
        if let (Some(at), Some(every)) = (next, trouble.drops)
            && time >= at
        {
            WAYS[drops % WAYS.len()](&discord.gateway());
            drops += 1;
            next = Some(at + every);
        }
    });
    work.was_answered(&show);
    show.sim.fault(Line::Heal);
    discord.heal();
    work.settles(&show);
    discord.assert_clean();
    if trouble.drops.is_some() {
        let counts = discord.gateway().counts();
        assert!(counts.resumes > 0 && counts.readies == 1, "{counts:?}");
    }
    work.is_written_down(show);
}

fn stall(seconds: u64) -> Option<Line> {
    Some(Line::Stall(Duration::from_secs(seconds)))
}

#[test]
fn asterisk_hangs() {
    play(Trouble { lasts: 15, line: stall(12), ..Trouble::default() });
}

#[test]
fn asterisk_is_deaf_and_dumb() {
    play(Trouble { lasts: 15, line: Some(Line::HalfOpen), ..Trouble::default() });
}

#[test]
fn discord_limits_all_but_first_answers() {
    play(Trouble { lasts: 10, rest: Some(What::Limited(Duration::from_secs(4))), ..Trouble::default() });
}

#[test]
fn discord_fails_but_for_first_answers() {
    play(Trouble { lasts: 10, rest: Some(What::Status(500)), ..Trouble::default() });
}

#[test]
fn the_gateway_drops() {
    play(Trouble { lasts: 10, drops: Some(Duration::from_secs(2)), ..Trouble::default() });
}

#[test]
fn all_of_it_at_once() {
    play(Trouble {
        lasts: 15,
        line: stall(12),
        rest: Some(What::Status(500)),
        drops: Some(Duration::from_secs(2)),
    });
}

#[test]
#[ignore = "long"]
fn asterisk_hangs_for_a_minute() {
    play(Trouble { lasts: 70, line: stall(60), ..Trouble::default() });
}

#[test]
#[ignore = "long"]
fn discord_limits_for_a_minute() {
    play(Trouble { lasts: 60, rest: Some(What::Limited(Duration::from_secs(60))), ..Trouble::default() });
}

#[test]
#[ignore = "long"]
fn discord_limits_all_of_the_bot_for_a_minute() {
    play(Trouble { lasts: 60, rest: Some(What::Global(Duration::from_secs(60))), ..Trouble::default() });
}

#[test]
#[ignore = "long"]
fn discord_fails_for_a_minute() {
    play(Trouble { lasts: 60, rest: Some(What::Status(500)), ..Trouble::default() });
}

#[test]
#[ignore = "long"]
fn the_gateway_drops_every_10_s() {
    play(Trouble { lasts: 60, drops: Some(Duration::from_secs(10)), ..Trouble::default() });
}

#[test]
#[ignore = "long"]
fn all_of_it_for_a_minute() {
    for rest in [What::Status(500), What::Limited(Duration::from_secs(60))] {
        let (line, drops) = (stall(60), Some(Duration::from_secs(10)));
        play(Trouble { lasts: 70, line, rest: Some(rest), drops });
    }
}

/// Not even first answers are taken: what was asked for is done once, and told in the channel as soon as that works.
fn nobody_is_answered(what: What) {
    let show = Show::open(&callers(5).iter().map(Vec::as_slice).collect::<Vec<_>>());
    let discord = &show.radio.discord;
    let mut work = Work::default();
    discord.fault(Fault::new(Which::All, what));
    work.go_on(&show, Duration::from_secs(5), |_| {});
    // Their time is over before anything works again.
    std::thread::sleep(Duration::from_secs(4));
    assert!(work.done(&show) > 5, "{:?}", show.people());
    discord.heal();
    work.is_told_in_the_channel(&show);
    work.is_written_down(show);
}

#[test]
fn discord_fails() {
    timed(|| nobody_is_answered(What::Status(500)));
}

#[test]
fn discord_hangs() {
    timed(|| nobody_is_answered(What::Hang));
}

/// It is done, and nobody says so: no reply is there twice.
#[test]
fn answers_are_lost() {
    [What::DoneBut(502), What::CutOff, What::Lost]
        .into_iter()
        .for_each(|what| timed(|| is_lost(what.clone())));
}

fn is_lost(what: What) {
    let show = Show::open(&callers(3).iter().map(Vec::as_slice).collect::<Vec<_>>());
    let discord = &show.radio.discord;
    let mut work = Work::default();
    discord.fault_for(SOON / 4, Fault::new(Which::All, what));
    work.go_on(&show, Duration::from_secs(3), |_| {});
    work.was_answered(&show);
    work.settles(&show);
    work.is_told_in_the_channel(&show);
    work.is_written_down(show);
}
