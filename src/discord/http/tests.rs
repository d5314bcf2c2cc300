//! Against the stand-in, with serenity's real limiter between.

#![allow(clippy::disallowed_methods, reason = "real calls take real time")]

use std::net::SocketAddr;
use std::time::Instant;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use gavel_chat::{Audience, Class, Fault, Key, Ticket};
use gavel_discord_standin as standin;
use serde_json::json;
use standin::{Discord, Id, Kind, Opening, Permissions, Setup, What, Which, Whom};

use super::*;
use crate::outbox::{Letter, Opened, Outbox, Told};
use crate::settings::Reach;

const CREW: u64 = 30;
const QUIET: u64 = 31;
const OTHER: u64 = 32;
const HELEN: u64 = 1001;
const SECOND: Duration = Duration::from_secs(1);

/// A Discord, and who calls it.
struct Bench {
    discord: Discord,
    caller: Caller,
    calls: FuturesUnordered<BoxFuture<'static, (CallId, Result<Reply, Trouble>)>>,
}

impl Bench {
    fn new() -> Self {
        let none = Permissions::default();
        let quiet = standin::Channel::new(QUIET, "quiet");
        let quiet = quiet.overwrite(Whom::Role(Id(10)), none, Permissions::SEND_MESSAGES);
        let guild = standin::Guild::new(10, "Radio")
            .channel(standin::Channel::new(CREW, "crew"))
            .channel(quiet)
            .channel(standin::Channel::new(OTHER, "other"))
            .role(standin::Role::new(20, "gavel", Permissions::PIN_MESSAGES))
            .member(HELEN, &[])
            .member(Setup::default().application, &[20]);
        let setup = Setup::default().guild(guild).user(HELEN, "Helen");
        let (token, application) = (Token::new(&setup.token), setup.application);
        let discord = Discord::start(setup);
        let client = reach(discord.address(), discord.ca_pem());
        let mut caller = Caller::new(&token, client);
        caller.application(application);
        Self { discord, caller, calls: FuturesUnordered::new() }
    }

    async fn call(&mut self, request: Request) -> Result<Reply, Trouble> {
        self.caller.once(request, 5 * SECOND).await
    }

    /// Helen asks something.
    fn ask(&self) -> (u64, Secret) {
        let data = json!({ "id": "77", "name": "mute", "type": 1, "options": [] });
        let (channel, user, message, age) = (Id(CREW), Id(HELEN), None, Duration::ZERO);
        let opening = Opening { kind: Kind::Command, channel, user, data, message, age };
        self.discord.world().change(|world| {
            let id = world.open(opening).expect("an interaction");
            (id.0, Secret::new(&world.interactions[&id].token))
        })
    }

    /// From now on this goes wrong.
    fn fault(&self, which: &str, what: What) {
        self.discord.fault(standin::Fault::new(Which::Only(which.to_owned()), what));
    }

    /// What everybody reads.
    fn seen(&self, channel: u64) -> Vec<String> {
        let seen = |world: &standin::World| {
            let here = world.messages.values().filter(|m| m.channel == Id(channel) && m.only.is_none());
            here.filter(|message| message.kind != 6).map(|message| message.content.clone()).collect()
        };
        self.discord.world().read(seen)
    }

    /// Makes the outbox's calls until it has told that much.
    async fn drive(&mut self, outbox: &mut Outbox, mut enough: impl FnMut(&[Told]) -> bool) -> Vec<Told> {
        let mut told = Vec::new();
        let end = Instant::now() + 20 * SECOND;
        loop {
            while let Some(call) = outbox.poll(Instant::now()) {
                self.calls.push(self.caller.begin(call).boxed());
            }
            told.extend(std::iter::from_fn(|| outbox.told()));
            if enough(&told) {
                return told;
            }
            let now = Instant::now();
            assert!(now < end, "{told:#?} {:#?}", self.discord.violations());
            let wake = outbox.deadline(now).unwrap_or(end).min(end);
            tokio::select! {
                Some((id, result)) = self.calls.next() => outbox.answered(Instant::now(), id, result),
                () = tokio::time::sleep_until(wake.into()) => {}
            }
        }
    }
}

fn reach(address: SocketAddr, ca: &str) -> reqwest::Client {
    client(Some(&Reach { address, ca: ca.as_bytes().to_vec() })).expect("a client")
}

fn body(words: &str) -> Value {
    json!({ "content": words, "embeds": [], "components": [], "allowed_mentions": { "parse": [] } })
}

fn create(channel: u64, words: &str) -> Request {
    let mut body = body(words);
    body["nonce"] = Value::from(format!("{channel}.{words}"));
    body["enforce_nonce"] = Value::from(true);
    Request::Create { channel, body }
}

fn edit(channel: u64, message: u64) -> Request {
    Request::Edit { channel, message, body: body("edited") }
}

fn callback(asked: &(u64, Secret), words: &str) -> Request {
    let body = json!({ "type": 4, "data": body(words) });
    Request::Callback { interaction: asked.0, token: asked.1.clone(), body }
}

fn opened(asked: &(u64, Secret)) -> Opened {
    let (id, token) = asked.clone();
    Opened { ticket: Ticket(id), id, token, channel: CREW, panel: None, born: Instant::now() }
}

fn answer(id: u64, audience: Audience, words: &str) -> Letter {
    let (key, answers, class) = (Key::Answer(id), Some(Ticket(id)), Class::Answer);
    Letter { key, channel: CREW, answers, audience, class, body: body(words) }
}

fn notice(key: u64, channel: u64, words: &str) -> Letter {
    let (key, class, body) = (Key::Notice(key), Class::Notice, body(words));
    Letter { key, channel, answers: None, audience: Audience::Place, class, body }
}

fn sent(told: &[Told]) -> usize {
    told.iter().filter(|told| matches!(told, Told::Sent { .. })).count()
}

#[tokio::test]
async fn every_call_is_one_that_discord_takes() {
    let mut bench = Bench::new();
    let asked = bench.ask();
    let reply = bench.call(callback(&asked, "Muting #7...")).await.expect("taken");
    let message = reply.message.expect("the callback says which message it made");
    let date = reply.date.expect("a date");
    let now = bench.discord.world().read(standin::World::now);
    assert!(now.abs_diff(date) < 2000, "{date} {now}");
    let edited = Request::EditReply { token: asked.1.clone(), body: body("#7 muted.") };
    assert_eq!(bench.call(edited).await.expect("taken").message, Some(message));
    let made = bench.call(create(CREW, "card")).await.expect("taken").message.expect("an id");
    bench.call(edit(CREW, made)).await.expect("taken");
    bench.call(Request::Pin { channel: CREW, message: made }).await.expect("taken");
    assert!(bench.discord.world().read(|world| world.messages[&Id(made)].pinned));
    bench.call(Request::Delete { channel: CREW, message: made }).await.expect("taken");
    assert_eq!(bench.seen(CREW), ["#7 muted."]);
    assert_eq!(bench.caller.channel(CREW).await.expect("told")["guild_id"], "10");
    let commands = [json!({ "name": "roster", "description": "Who is in.", "type": 1 })];
    bench.caller.register(10, &commands).await.expect("taken");
    assert_eq!(bench.caller.commands(10).await.expect("told")[0]["name"], "roster");
    bench.discord.assert_clean();
}

#[tokio::test]
async fn every_fault_is_told_from_the_others() {
    let refused = |status, code| Trouble::Refused { status, code, words: "Nope".to_owned() };
    let error = |status, code| What::Error { status, code, words: "Nope".to_owned() };
    let cases = [
        (error(404, 10008), Trouble::Gone),
        (error(403, 50005), Trouble::Gone),
        (error(404, 10015), Trouble::Gone),
        (error(400, 30046), Trouble::TooOld),
        (error(404, 10062), Trouble::UnknownInteraction),
        (error(400, 40060), Trouble::Acknowledged),
        (error(401, 50027), Trouble::Expired),
        (error(404, 10003), refused(404, 10003)),
        (error(403, 50013), refused(403, 50013)),
        (What::Status(502), Trouble::Server(502)),
        (What::Limited(60 * SECOND), Trouble::Limited { after: 60 * SECOND, global: false }),
    ];
    let mut bench = Bench::new();
    for (what, trouble) in cases {
        bench.discord.heal();
        bench.fault("PATCH /channels/**", what);
        assert_eq!(bench.call(edit(CREW, 1000)).await, Err(trouble));
    }
    bench.discord.heal();
    bench.fault("POST /channels/*/messages", What::Global(60 * SECOND));
    let limited = Err(Trouble::Limited { after: 60 * SECOND, global: true });
    assert_eq!(bench.call(create(CREW, "one")).await, limited);
    bench.discord.heal();
    bench.fault("POST /channels/*/messages", What::Hang);
    let hung = bench.caller.once(create(OTHER, "two"), SECOND / 5);
    assert_eq!(hung.await, Err(Trouble::TimedOut));
    let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    let mut far = Caller::new(&Token::new("a.b.c"), reach(nobody, bench.discord.ca_pem()));
    assert_eq!(far.once(create(CREW, "three"), SECOND).await, Err(Trouble::Offline));
}

#[tokio::test]
async fn the_limiter_says_so_and_does_not_sleep() {
    let mut bench = Bench::new();
    let begun = Instant::now();
    for number in 0..5 {
        bench.call(create(CREW, &number.to_string())).await.expect("taken");
    }
    let sixth = bench.call(create(CREW, "6")).await;
    assert!(matches!(sixth, Err(Trouble::Limited { global: false, .. })), "{sixth:?}");
    assert!(begun.elapsed() < 4 * SECOND);
    assert_eq!(bench.discord.limited(), 0, "known before Discord had to say it");
    bench.call(create(OTHER, "1")).await.expect("another bucket");
}

#[tokio::test]
async fn many_replies_do_not_limit_each_other() {
    let mut bench = Bench::new();
    for number in 0..12 {
        let asked = bench.ask();
        bench.call(callback(&asked, "Muting...")).await.expect("taken");
        for turn in 0..3 {
            let body = body(&format!("{number} {turn}"));
            bench.call(Request::EditReply { token: asked.1.clone(), body }).await.expect("taken");
        }
    }
    assert_eq!(bench.discord.limited(), 0);
    bench.discord.assert_clean();
}

#[tokio::test]
async fn a_limit_of_a_channel_delays_no_answer_and_no_other_channel() {
    let mut bench = Bench::new();
    let mut outbox = Outbox::new(1);
    bench.fault("POST /channels/30/messages", What::Limited(60 * SECOND));
    let asked = bench.ask();
    outbox.post(Instant::now(), notice(1, CREW, "waits"));
    outbox.post(Instant::now(), notice(1, OTHER, "line"));
    outbox.opened(Instant::now(), opened(&asked));
    outbox.post(Instant::now(), answer(asked.0, Audience::Place, "#7 muted."));
    let begun = Instant::now();
    bench.drive(&mut outbox, |told| sent(told) == 2).await;
    assert!(begun.elapsed() < 2 * SECOND);
    assert_eq!(
        (bench.seen(CREW), bench.seen(OTHER)),
        (vec!["#7 muted.".to_owned()], vec!["line".to_owned()])
    );
    bench.discord.assert_clean();
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_is_not_made_twice() {
    let mut bench = Bench::new();
    let mut outbox = Outbox::new(1);
    let fault = standin::Fault::new(Which::Only("POST /channels/**".into()), What::DoneBut(502));
    bench.discord.fault(fault.times(2));
    outbox.post(Instant::now(), notice(1, CREW, "line"));
    bench.drive(&mut outbox, |told| sent(told) == 1).await;
    assert_eq!(bench.seen(CREW), ["line"]);
    bench.discord.assert_clean();
}

#[tokio::test]
async fn a_callback_that_hangs_is_answered_in_time_all_the_same() {
    for what in [What::Hang, What::Lost] {
        let mut bench = Bench::new();
        let mut outbox = Outbox::new(1);
        bench.discord.fault(standin::Fault::new(Which::Only("POST /interactions/**".into()), what).times(1));
        let asked = bench.ask();
        outbox.opened(Instant::now(), opened(&asked));
        outbox.post(Instant::now(), answer(asked.0, Audience::Place, "#7 muted."));
        let begun = Instant::now();
        bench.drive(&mut outbox, |told| sent(told) == 1).await;
        assert!(begun.elapsed() < 3 * SECOND, "{:?}", begun.elapsed());
        assert_eq!(bench.seen(CREW), ["#7 muted."]);
    }
}

#[tokio::test]
async fn callbacks_that_fail_for_good_are_made_up_for_in_the_channel() {
    let mut bench = Bench::new();
    let mut outbox = Outbox::new(1);
    bench.fault("* /interactions/**", What::Status(500));
    let (one, two) = (bench.ask(), bench.ask());
    for asked in [&one, &two] {
        outbox.opened(Instant::now(), opened(asked));
    }
    outbox.post(Instant::now(), answer(one.0, Audience::Place, "#7 muted."));
    outbox.post(Instant::now(), answer(two.0, Audience::Asker, "Only hosts may."));
    let told = bench.drive(&mut outbox, |told| sent(told) == 1 && told.len() >= 2).await;
    assert_eq!(bench.seen(CREW), ["#7 muted."]);
    assert!(told.iter().any(|told| matches!(told, Told::Failed { key, .. } if *key == Key::Answer(two.0))));
}

#[tokio::test]
async fn an_interaction_that_somebody_else_answered_is_known_by_its_code() {
    let mut bench = Bench::new();
    let mut outbox = Outbox::new(1);
    let asked = bench.ask();
    bench.call(callback(&asked, "Another gavel.")).await.expect("taken");
    outbox.opened(Instant::now(), opened(&asked));
    outbox.post(Instant::now(), answer(asked.0, Audience::Asker, "Only hosts may."));
    let told = bench.drive(&mut outbox, |told| told.len() == 2).await;
    assert!(
        told.iter().any(|told| matches!(told, Told::Degraded(words) if words.contains("another process")))
    );
}

#[tokio::test]
async fn what_is_not_permitted_comes_with_its_remedy() {
    let mut bench = Bench::new();
    let mut outbox = Outbox::new(1);
    outbox.card(Instant::now(), QUIET, body("card"));
    outbox.card(Instant::now(), 99, body("card"));
    let mut remedies = Vec::new();
    bench
        .drive(&mut outbox, |told| {
            remedies = told
                .iter()
                .filter_map(|told| match told {
                    Told::Failed { channel, fault: Fault::Remedy(words), .. } => {
                        Some((*channel, words.clone()))
                    }
                    _ => None,
                })
                .collect();
            remedies.len() == 2
        })
        .await;
    remedies.sort();
    assert!(remedies[0].0 == QUIET && remedies[0].1.contains("Send Messages"), "{remedies:?}");
    assert!(remedies[1].0 == 99 && remedies[1].1.contains("Copy Channel ID"), "{remedies:?}");
}

#[tokio::test]
async fn a_card_is_pinned_edited_and_replaced_when_it_is_too_old() {
    let mut bench = Bench::new();
    let mut outbox = Outbox::new(1);
    outbox.card(Instant::now(), CREW, body("one"));
    bench.drive(&mut outbox, |told| sent(told) == 1).await;
    outbox.card(Instant::now(), CREW, body("two"));
    bench.drive(&mut outbox, |told| sent(told) == 1).await;
    let pinned = |world: &standin::World| world.messages.values().filter(|message| message.pinned).count();
    assert_eq!((bench.seen(CREW), bench.discord.world().read(pinned)), (vec!["two".to_owned()], 1));
    let code = What::Error { status: 400, code: 30046, words: "Too old.".to_owned() };
    bench.fault("PATCH /channels/**", code);
    outbox.card(Instant::now(), CREW, body("three"));
    bench.drive(&mut outbox, |told| sent(told) == 1).await;
    let deleted = |world: &standin::World| !world.deleted.is_empty();
    let discord = bench.discord.world().clone();
    bench.drive(&mut outbox, |_| discord.read(deleted)).await;
    assert_eq!(bench.seen(CREW), ["three"]);
    bench.discord.assert_clean();
}
