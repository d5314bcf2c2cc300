//! Everybody calls at once.

use std::time::{Duration, Instant};

use gavel_discord_standin::{Id, Message};

use crate::SOON;
use crate::clock::timed;
use crate::guild::{COHOST, CREW, HOST, OTHER, PUBLIC, plain};
use crate::show::Show;

const CALLERS: u32 = 200;

/// Two hundred in half a minute: few messages, a card that is right at once, and a crew that is heard.
#[test]
fn two_hundred_join() {
    timed(joins);
}

fn joins() {
    let show = Show::open(&[b"Marta", b"Joel"]);
    let before = CHANNELS.map(|channel| newest(&show, channel));
    let began = Instant::now();
    let mut muted = None;
    for index in 0..CALLERS {
        let at = began + Duration::from_secs(30).mul_f64(f64::from(index) / f64::from(CALLERS - 1));
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        show.call(2000 + index, format!("Caller {index}").as_bytes());
        if index == CALLERS / 2 {
            let sam = show.radio.member(COHOST);
            muted = Some(sam.slash(CREW, "mute", &[("callers", "2")]).expect("it is offered"));
        }
    }
    let last = Instant::now();
    show.counts(202);
    show.radio.card(CREW, "Joel as muted", |text| text.contains("#2 Joel, muted by Sam"));
    show.radio.card(PUBLIC, "all of them", |text| text.contains("202 in the room"));
    assert!(last.elapsed() < Duration::from_secs(3), "the card took {:?}", last.elapsed());

    let muted = muted.expect("it was typed");
    let interaction = muted.interaction();
    let first = interaction.answer.expect("it was answered").at - interaction.id.born();
    assert!(first < 1000, "acknowledged after {first} ms");
    muted.until("the outcome", SOON, |text| plain(text) == "#2 Joel muted.");
    assert!(show.people()["Joel"].muted);

    // What still waits is an edit of what is there.
    let whole = |text: &str| text.contains("joined in") && text.contains(&format!("#{}", CALLERS + 2));
    show.radio.line(CREW, "the last of them in the digest", whole);
    for (channel, before) in CHANNELS.into_iter().zip(before) {
        let new: Vec<_> = noticed(&show, channel).into_iter().filter(|it| it.id > before).collect();
        assert!((1..=6).contains(&new.len()), "{channel}: {new:#?}");
    }
    let discord = &show.radio.discord;
    assert_eq!(discord.limited(), 0, "a 429 was provoked");
    discord.assert_clean();
}

const CHANNELS: [u64; 3] = [CREW, OTHER, PUBLIC];

fn newest(show: &Show, channel: u64) -> Id {
    show.radio.member(HOST).messages(channel).iter().map(|message| message.id).max().unwrap_or(Id(0))
}

/// The messages there, those that were deleted too, answers to people left out.
fn noticed(show: &Show, channel: u64) -> Vec<Message> {
    show.radio.discord.world().read(|world| {
        let all = world.messages.values().chain(&world.deleted);
        all.filter(|it| it.channel == Id(channel) && it.interaction.is_none()).cloned().collect()
    })
}
