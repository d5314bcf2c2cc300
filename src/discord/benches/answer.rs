//! How fast a command at Discord is answered: 20 at once, from the gateway's frame to the callback's bytes.
//!
//! Everything that is Discord's is played on loopback by one thread that does as little as it can: it writes the
//! frames of interactions and notes when a callback has arrived, its TLS included. What the figures contain is so
//! the whole way through this crate and a bit more; what the desk does is not in it.
//!
//! `cargo bench -p gavel-discord`
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a bench")]
#![allow(clippy::disallowed_methods, reason = "it measures time, on a thread of its own")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use gavel_chat::testing::crew_view;
use gavel_chat::text::{Doc, Zone};
use gavel_chat::{Audience, Board, Class, Generation, Key, Network, Place, Post, Up, link};
use gavel_discord::{Discord, Reach, Settings, Token};
use gavel_discord_standin::{Channel, Guild, Id, Kind, Opening, Setup, World};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;

const GUILD: u64 = 1_100_000_000_000_000_100;
const CHANNEL: u64 = 1_100_000_000_000_000_200;
const SAM: u64 = 1_100_000_000_000_000_300;
const AT_ONCE: usize = 20;
const ROUNDS: usize = 150;
/// The first ones open connections and warm everything up.
const WARM: usize = 10;

/// Who sent what when.
#[derive(Clone, Default)]
struct Times(Arc<Mutex<HashMap<u64, Instant>>>);

fn main() {
    let certified = rcgen::generate_simple_self_signed(["discord.com".to_owned()]).expect("a certificate");
    let (answered, mut answers) = mpsc::unbounded_channel();
    let (frames, _) = broadcast::channel(1024);
    let times = Times::default();
    let address = serve(&certified, times.clone(), answered, frames.clone());
    let reach = Reach { address, ca: certified.cert.pem().into_bytes() };
    let settings =
        Settings { token: Token::new("a.b.c"), group: None, zone: Zone::utc(), reach: Some(reach) };
    let network = Discord::new(settings);
    bot(&network);

    let mut world = world();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut taken = Vec::new();
    for round in 0..ROUNDS + WARM {
        while frames.receiver_count() == 0 {
            std::thread::sleep(Duration::from_millis(10));
        }
        // READY is on its way before the first one.
        std::thread::sleep(Duration::from_millis(if round == 0 { 1000 } else { 5 }));
        for _ in 0..AT_ONCE {
            frames.send(interaction(&mut world)).expect("somebody listens");
        }
        for _ in 0..AT_ONCE {
            let answer = runtime
                .block_on(async { tokio::time::timeout(Duration::from_secs(10), answers.recv()).await });
            let took = answer.expect("it is answered").expect("the server runs");
            taken.extend((round >= WARM).then_some(took));
        }
    }
    print(taken);
}

fn print(mut taken: Vec<Duration>) {
    taken.sort_unstable();
    let at = |share: f64| {
        let index = (taken.len() as f64 * share) as usize;
        format!("{:.2} ms", taken[index.min(taken.len() - 1)].as_secs_f64() * 1000.0)
    };
    println!("from the gateway's frame to the callback's bytes, {AT_ONCE} at once, {} in all", taken.len());
    println!("| p50 | p90 | p99 | max |\n|---|---|---|---|");
    println!("| {} | {} | {} | {} |", at(0.5), at(0.9), at(0.99), at(1.0));
}

/// The adapter on a thread of its own, and a desk on another one that answers at once.
fn bot(network: &Discord) {
    let board =
        Box::leak(Box::new(tokio::sync::watch::Sender::new(Board::Crew(Arc::new(crew_view("Bench"))))));
    let place = Place { id: gavel_discord::place(CHANNEL), board: board.subscribe(), known: Vec::new() };
    let (tx, mut ups) = mpsc::channel(1024);
    let (link, far) = link(tx, &Generation::default(), vec![place]);
    let adapter = network.open();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let ended = runtime.block_on(adapter.run(link));
        panic!("the adapter ended: {ended:?}");
    });
    std::thread::spawn(move || {
        // The whole of it: with a part of it gone, the adapter is told to stop.
        let far = far;
        while let Some((_, up)) = ups.blocking_recv() {
            let Up::Invoke(asked) = up else { continue };
            let answer = Post {
                key: Key::Answer(asked.ticket.0),
                place: asked.place,
                answers: Some(asked.ticket),
                audience: Audience::Asker,
                class: Class::Answer,
                doc: Doc::from("Muting #7..."),
                controls: Vec::new(),
                wake: Vec::new(),
                last: true,
            };
            far.posts.try_send(answer).expect("it takes posts");
        }
    });
}

fn world() -> World {
    let guild = Guild::new(GUILD, "Radio").channel(Channel::new(CHANNEL, "crew")).member(SAM, &[]);
    Setup::default().user(SAM, "sam").guild(guild).world(Default::default())
}

/// A command, as the gateway tells it.
fn interaction(world: &mut World) -> (u64, String) {
    let options = json!([{ "name": "callers", "type": 3, "value": "7" }]);
    let data = json!({ "id": "1", "name": "mute", "type": 1, "options": options });
    let (channel, user) = (Id(CHANNEL), Id(SAM));
    let opening = Opening { kind: Kind::Command, channel, user, data, message: None, age: Duration::ZERO };
    let id = world.open(opening).expect("a channel");
    let payload = world.interaction_json(&world.interactions[&id]);
    (id.0, json!({ "op": 0, "s": 2, "t": "INTERACTION_CREATE", "d": payload }).to_string())
}

/// Discord, as far as it is needed, on a thread of its own.
fn serve(
    certified: &rcgen::CertifiedKey<rcgen::KeyPair>,
    times: Times,
    answered: mpsc::UnboundedSender<Duration>,
    frames: broadcast::Sender<(u64, String)>,
) -> std::net::SocketAddr {
    let key =
        rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).expect("a key");
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let rest = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let gateway = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let url = format!("ws://{}", gateway.local_addr().expect("an address"));
            tell.send(rest.local_addr().expect("an address")).expect("somebody waits");
            loop {
                tokio::select! {
                    Ok((stream, _)) = rest.accept() => {
                        let (acceptor, url) = (acceptor.clone(), url.clone());
                        drop(tokio::spawn(calls(acceptor, stream, url, times.clone(), answered.clone())));
                    }
                    Ok((stream, _)) = gateway.accept() => {
                        drop(tokio::spawn(shard(stream, times.clone(), frames.subscribe())));
                    }
                }
            }
        });
    });
    told.recv().expect("it starts")
}

/// The gateway: HELLO, READY, then whatever comes.
async fn shard(stream: TcpStream, times: Times, mut frames: broadcast::Receiver<(u64, String)>) {
    stream.set_nodelay(true).expect("no delay");
    let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a websocket");
    let hello = json!({ "op": 10, "s": null, "t": null, "d": { "heartbeat_interval": 3_600_000 } });
    socket.send(Message::text(hello.to_string())).await.expect("hello");
    socket.next().await.expect("an identify").expect("an identify");
    let user =
        json!({ "id": "5", "username": "gavel", "discriminator": "0000", "avatar": null, "bot": true });
    let ready = json!({ "v": 10, "user": user, "guilds": [], "session_id": "s", "resume_gateway_url": "ws://127.0.0.1:1",
        "application": { "id": "5", "flags": 0 } });
    let ready = json!({ "op": 0, "s": 1, "t": "READY", "d": ready });
    socket.send(Message::text(ready.to_string())).await.expect("ready");
    while let Ok((id, frame)) = frames.recv().await {
        times.0.lock().expect("times").insert(id, Instant::now());
        if socket.send(Message::text(frame)).await.is_err() {
            return;
        }
    }
}

/// REST: one connection.
async fn calls(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    url: String,
    times: Times,
    answered: mpsc::UnboundedSender<Duration>,
) {
    stream.set_nodelay(true).expect("no delay");
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let (mut read, mut messages) = (Vec::new(), 0_u64);
    loop {
        let Some(path) = request(&mut stream, &mut read).await else { return };
        let parts: Vec<_> = path.split(['/', '?']).skip(3).collect();
        if let ["interactions", id, ..] = parts[..] {
            let sent = id.parse().ok().and_then(|id: u64| times.0.lock().expect("times").remove(&id));
            answered.send(sent.expect("it was asked").elapsed()).expect("somebody waits");
        }
        messages += 1;
        let body = match parts[..] {
            ["gateway", ..] => json!({ "url": url }),
            ["channels", _] => json!({ "id": "1", "type": 0, "guild_id": GUILD.to_string() }),
            ["applications", ..] => json!([]),
            ["interactions", ..] => json!({ "resource": { "message": { "id": messages.to_string() } } }),
            _ => json!({ "id": messages.to_string() }),
        };
        respond(&mut stream, &body).await;
    }
}

type Stream = tokio_rustls::server::TlsStream<TcpStream>;

/// The path of the next request, when all of it has arrived.
async fn request(stream: &mut Stream, read: &mut Vec<u8>) -> Option<String> {
    loop {
        let text = String::from_utf8_lossy(read);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                let path = head.split(' ').nth(1).map(str::to_owned);
                read.clear();
                return path;
            }
        }
        let mut bytes = [0; 4096];
        match stream.read(&mut bytes).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => read.extend_from_slice(&bytes[..count]),
        }
    }
}

async fn respond(stream: &mut Stream, body: &Value) {
    let body = body.to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.flush().await;
}
