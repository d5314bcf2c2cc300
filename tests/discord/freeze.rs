//! Closes of the gateway after which its library would freeze every task of its runtime until the next heartbeat, 37 s
//! on: gavel's own runtime never notices, phone acts go on, and Discord is told to be down and comes back.
//!
//! Leaves to `blocked.rs` what becomes of a network that does freeze.

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gavel::clock::Clock;
use gavel::secret::Environment;
use gavel::{run, start};

use crate::SOON;
use crate::clock::timed;
use crate::guild::{COHOST, CREW, Radio, plain};
use crate::show::{Show, asterisk, caller, configure};

/// As Discord does it after these codes, or after none.
const CLOSES: [Option<u16>; 5] = [Some(4003), Some(4010), Some(4011), Some(4012), None];
/// From the close on.
const BACK: Duration = Duration::from_secs(60);

fn close(radio: &Radio, code: Option<u16>) {
    match code {
        Some(code) => radio.discord.gateway().close(code),
        None => radio.discord.gateway().close_without_code(),
    }
}

/// Mutes Marta or lets her speak, by the console: what the whole way to the phone and back takes.
fn mutes(show: &mut Show, on: bool) -> Duration {
    let (from, word) = (show.printed().len(), if on { "mute" } else { "unmute" });
    let asked = Instant::now();
    show.say(&format!("/{word} 1"));
    show.line(from, "the outcome", |line| line == format!("#1 Marta {word}d."));
    let took = asked.elapsed();
    assert_eq!(show.people()["Marta"].muted, on);
    took
}

/// Mutes and unmutes until that is so.
fn works_until(show: &mut Show, what: &str, so: impl Fn(&Show) -> bool) {
    let deadline = Instant::now() + BACK;
    let mut on = true;
    while !on || !so(show) {
        let took = mutes(show, on);
        assert!(took < Duration::from_secs(2), "{took:?} from the console to the phone and back");
        assert!(Instant::now() < deadline, "not within {BACK:?}: {what}");
        std::thread::sleep(Duration::from_millis(100));
        on = !on;
    }
}

fn phones_go_on(code: Option<u16>) {
    let mut show = Show::open(&[b"Marta", b"Joel"]);
    assert!(
        mutes(&mut show, true) < Duration::from_secs(2) && mutes(&mut show, false) < Duration::from_secs(2)
    );
    let (gateway, from) = (show.radio.discord.gateway(), show.printed().len());
    let before = gateway.counts();
    let closed = Instant::now();
    close(&show.radio, code);

    let said =
        |show: &Show, words: &str| show.printed().iter().skip(from).any(|line| line.starts_with(words));
    works_until(&mut show, "Discord is told to be down", |show| said(show, "discord is down since"));
    let down = closed.elapsed();
    works_until(&mut show, "Discord is back", |show| said(show, "discord is back after"));
    println!("{code:?}: down after {down:?}, back after {:?}", closed.elapsed());
    assert!(down < Duration::from_secs(5), "told to be down after {down:?}");
    assert!(closed.elapsed() < BACK);
    assert!(gateway.counts().readies > before.readies);

    let act = show.radio.member(COHOST).slash(CREW, "mute", &[("callers", "2")]).expect("it is offered");
    act.until("the outcome", SOON, |text| plain(text) == "#2 Joel muted.");
    if code.is_some_and(|code| code != 4003) {
        is_given_up(&mut show, code);
    }
    show.radio.discord.assert_clean();
}

/// Twice in a row: Discord sees no use in a third try. A person is told what to do, and the phones go on.
fn is_given_up(show: &mut Show, code: Option<u16>) {
    let from = show.printed().len();
    close(&show.radio, code);
    let down = show.line(from, "the end", |line| line.starts_with("discord is down since"));
    let code = code.unwrap_or_default().to_string();
    assert!(down.contains(&format!("({code})")), "{down}");
    for on in [true, false, true] {
        assert!(mutes(show, on) < Duration::from_secs(2));
    }
    let from = show.printed().len();
    show.say("/status");
    show.line(from, "it in status", |line| line.starts_with("discord: DOWN since") && line.contains(&code));
}

#[test]
fn phones_go_on_after_4003() {
    timed(|| phones_go_on(Some(4003)));
}

#[test]
fn phones_go_on_after_4010() {
    timed(|| phones_go_on(Some(4010)));
}

#[test]
fn phones_go_on_after_4011() {
    timed(|| phones_go_on(Some(4011)));
}

#[test]
fn phones_go_on_after_4012() {
    timed(|| phones_go_on(Some(4012)));
}

#[test]
fn phones_go_on_after_a_close_without_a_code() {
    timed(|| phones_go_on(None));
}

struct Variables(HashMap<&'static str, String>);

impl Environment for Variables {
    fn var(&self, name: &str) -> Option<OsString> {
        self.0.get(name).map(OsString::from)
    }
}

/// A task beside AMI in gavel's own runtime, which is this process's: it ticks on whatever the gateway does.
#[test]
fn no_tick_beside_asterisk_is_late() {
    CLOSES.into_iter().for_each(|code| timed(|| ticks_on(code)));
}

fn ticks_on(code: Option<u16>) {
    let (sim, radio, home) = (asterisk(), Radio::start(), tempfile::tempdir().expect("a folder"));
    sim.call(caller(1001, b"Marta"));
    configure(&home, sim.port(), &radio);
    let secrets = [("GAVEL_AMI_SECRET", "rehearsal".to_owned()), ("DISCORD_TOKEN", radio.token())];
    let environment = Variables(HashMap::from(secrets));
    let file = home.path().join("gavel.toml");
    let start = start::start(&file, false, &environment, Clock::system()).expect("it can begin");
    // As the program makes it.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let worst = Arc::new(AtomicU64::new(0));
    runtime.spawn(tick(worst.clone()));
    runtime.spawn(run::run(start));
    radio.open("Thursday Line: ");

    let gateway = radio.discord.gateway();
    let before = gateway.counts();
    close(&radio, code);
    gateway.until(|counts| counts.readies > before.readies, BACK).expect("Discord is back");
    let worst = Duration::from_millis(worst.load(Ordering::Relaxed));
    println!("{code:?}: {worst:?} late at most");
    assert!(worst < Duration::from_secs(2), "{code:?}: {worst:?} late");
    runtime.shutdown_background();
}

async fn tick(worst: Arc<AtomicU64>) {
    const EVERY: Duration = Duration::from_millis(100);
    loop {
        let due = Instant::now() + EVERY;
        tokio::time::sleep(EVERY).await;
        let late = due.elapsed().as_millis();
        worst.fetch_max(u64::try_from(late).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}
