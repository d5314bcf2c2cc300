//! serenity's shard against the stand-in's gateway: what is heard, what is seen, and that it never freezes.

use gavel_discord_standin::{Discord, Setup};
use serde_json::json;
use serenity::http::HttpBuilder;
use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::witness::{Sight, Watch};

const PATIENCE: Duration = Duration::from_secs(10);

/// A connection, and whatever is said of it.
struct Line {
    discord: Discord,
    gateway: Gateway,
    heard: mpsc::Receiver<Heard>,
    sights: mpsc::Receiver<Sight>,
    watch: Watch,
}

impl Line {
    async fn open(setup: Setup) -> Self {
        let (token, discord) = (setup.token.clone(), Discord::start(setup));
        let (say, heard) = mpsc::channel(16);
        let (saw, sights) = mpsc::channel(16);
        let watch = Watch::begin(saw);
        let http = Arc::new(HttpBuilder::new(token).build());
        let gateway = Gateway::open(http, discord.gateway_url(), say).await;
        Self { discord, gateway, heard, sights, watch }
    }

    async fn ready(setup: Setup) -> Self {
        let mut line = Self::open(setup).await;
        assert!(matches!(line.hears().await, Heard::Ready { .. }));
        line
    }

    async fn hears(&mut self) -> Heard {
        timeout(PATIENCE, self.heard.recv()).await.expect("nothing heard").expect("the ear is gone")
    }

    async fn sees(&mut self) -> Sight {
        timeout(PATIENCE, self.sights.recv()).await.expect("nothing seen").expect("the witness is gone")
    }
}

fn runs(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test);
    runtime.shutdown_background();
}

#[test]
fn dates_of_http_are_read() {
    assert_eq!(unix_ms("Mon, 23 Nov 2026 19:00:01 GMT"), Some(1_795_460_401_000));
    assert_eq!(unix_ms("yesterday"), None);
}

#[test]
fn a_lost_connection_is_seen_and_resumed() {
    runs(async {
        let mut line = Line::ready(Setup::default()).await;
        line.discord.gateway().abort();
        assert_eq!(line.sees().await, Sight::Lost);
        assert!(matches!(line.hears().await, Heard::Resumed));
    });
}

#[test]
fn unknown_events_are_heard_of() {
    runs(async {
        let mut line = Line::ready(Setup::default()).await;
        line.discord.gateway().dispatch("INTERACTION_CREATE", None, &json!({ "id": "1", "token": "t" }));
        let Heard::Unread { kind, value } = line.hears().await else { panic!("it was understood") };
        assert_eq!((kind.as_str(), value["token"].as_str()), ("INTERACTION_CREATE", Some("t")));
    });
}

#[test]
fn it_ends_when_the_token_or_the_intents_are_refused() {
    for (code, barred) in [(4004, Barred::Token), (4013, Barred::Intents), (4014, Barred::Intents)] {
        runs(async {
            let mut line = Line::ready(Setup::default()).await;
            line.discord.gateway().close(code);
            assert_eq!(timeout(PATIENCE, line.gateway.ended()).await, Ok(barred), "{code}");
        });
    }
}

/// What freezes the whole runtime without the witness: until the next heartbeat is due nothing else on the thread runs.
#[test]
fn no_close_freezes_the_thread() {
    let closes = [Some(4003), Some(4010), Some(4011), Some(4012), None];
    for code in closes {
        runs(async {
            let mut line = Line::ready(Setup::default()).await;
            match code {
                Some(code) => line.discord.gateway().close(code),
                None => line.discord.gateway().close_without_code(),
            }
            let seen = code.map_or(Sight::Spun, Sight::Closed);
            let mut late = Duration::ZERO;
            loop {
                let asleep = now();
                tokio::select! {
                    sight = line.sees() => match sight {
                        sight if sight == seen => break,
                        sight => assert_eq!(sight, Sight::Lost, "{code:?}"),
                    },
                    () = sleep(Duration::from_millis(20)) => late = late.max(asleep.elapsed()),
                }
            }
            // The loop that spins is given its time, too.
            for _ in 0..20 {
                let asleep = now();
                sleep(Duration::from_millis(20)).await;
                late = late.max(asleep.elapsed());
            }
            assert!(late < Duration::from_secs(2), "{code:?}: {late:?}");
            line.watch.turned();
        });
    }
}

#[allow(clippy::disallowed_methods, reason = "measures how long a thread really stands still")]
fn now() -> Instant {
    Instant::now()
}
