use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_tungstenite::client_async;

use super::super::handle::{Bound, Gateway};
use super::*;
use crate::Setup;
use crate::world::{Clock, Guild};

const SOON: Duration = Duration::from_secs(5);

struct Server {
    gateway: Gateway,
    shared: Shared,
    address: std::net::SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[allow(clippy::disallowed_methods, reason = "aborted when the server is dropped")]
fn server() -> Server {
    let bound = Bound::new().unwrap();
    let address = bound.address().unwrap();
    let world = Setup::default().guild(Guild::new(10 << 22, "Radio")).world(Clock::default());
    let shared = Shared::new(world, address);
    let gateway = Gateway::new(shared.clone());
    gateway.rules(|rules| rules.identify_every = Duration::ZERO);
    Server { gateway, address, task: tokio::spawn(bound.run(shared.clone())), shared }
}

struct Client(WebSocketStream<TcpStream>);

impl Client {
    async fn connect(address: impl tokio::net::ToSocketAddrs, query: &str) -> Client {
        let stream = TcpStream::connect(address).await.unwrap();
        let (socket, _) = client_async(format!("ws://127.0.0.1/?{query}"), stream).await.unwrap();
        Client(socket)
    }

    async fn send(&mut self, payload: Value) {
        self.0.send(Message::text(payload.to_string())).await.unwrap();
    }

    async fn next(&mut self) -> Option<Message> {
        timeout(SOON, self.0.next()).await.unwrap()?.ok()
    }

    async fn payload(&mut self) -> Value {
        serde_json::from_str(self.next().await.unwrap().to_text().unwrap()).unwrap()
    }

    /// The code of the close frame that comes next; `None`: a frame without one.
    async fn closed(&mut self) -> Option<u16> {
        match self.next().await {
            Some(Message::Close(frame)) => frame.map(|frame| frame.code.into()),
            other => panic!("{other:?}"),
        }
    }

    /// Behind HELLO.
    async fn greeted(server: &Server, query: &str) -> Client {
        let mut client = Client::connect(server.address, query).await;
        let hello = client.payload().await;
        assert_eq!((&hello["op"], &hello["d"]["heartbeat_interval"]), (&json!(10), &json!(41_250)));
        client
    }

    /// With a session, and what READY told.
    async fn ready(server: &Server) -> (Client, Value) {
        let mut client = Client::greeted(server, "v=10&encoding=json").await;
        client.send(identify(server, 1)).await;
        let ready = client.payload().await;
        assert_eq!(ready["t"], "READY");
        assert_eq!(client.payload().await["t"], "GUILD_CREATE");
        (client, ready["d"].clone())
    }
}

fn identify(server: &Server, intents: u64) -> Value {
    let token = server.shared.read(|world| world.token.clone());
    json!({"op": 2, "d": {"token": token, "intents": intents, "properties": {"os": "", "browser": "", "device": ""}}})
}

fn resume(server: &Server, ready: &Value, seq: u64) -> Value {
    let token = server.shared.read(|world| world.token.clone());
    json!({"op": 6, "d": {"token": token, "session_id": ready["session_id"], "seq": seq}})
}

fn resume_address(ready: &Value) -> String {
    ready["resume_gateway_url"].as_str().unwrap().trim_start_matches("ws://").to_owned()
}

#[tokio::test]
async fn a_drop_is_resumed_on_the_other_address_without_a_hole() {
    let server = server();
    let (client, ready) = Client::ready(&server).await;
    server.gateway.abort();
    server.gateway.until_async(|counts| counts.live == 0, SOON).await.unwrap();
    drop(client);
    server.gateway.dispatch("INTERACTION_CREATE", None, &json!({"id": "5"}));
    let address = resume_address(&ready);
    assert_ne!(address, server.address.to_string());
    let mut client = Client::connect(address, "v=10").await;
    assert_eq!(client.payload().await["op"], 10);
    client.send(resume(&server, &ready, 2)).await;
    let (missed, resumed) = (client.payload().await, client.payload().await);
    assert_eq!((&missed["s"], &missed["d"]["id"]), (&json!(3), &json!("5")));
    assert_eq!((&resumed["s"], &resumed["t"]), (&json!(4), &json!("RESUMED")));
    assert_eq!(server.gateway.counts().on_resume_url, 1);
}

#[tokio::test]
async fn heartbeats_are_acknowledged_unless_a_test_says_otherwise() {
    let server = server();
    let mut client = Client::greeted(&server, "v=10").await;
    client.send(json!({"op": 1, "d": null})).await;
    assert_eq!(client.payload().await["op"], 11);
    server.gateway.acks(false);
    client.send(json!({"op": 1, "d": null})).await;
    server.gateway.until_async(|counts| counts.beats == 2, SOON).await.unwrap();
    client.send(identify(&server, 0)).await;
    assert_eq!(client.payload().await["t"], "READY", "no acknowledgement before it");
}

#[tokio::test]
async fn every_close_code_comes_on_demand_and_one_frame_without() {
    let server = server();
    for code in (4000..=4014).chain([1000, 1001]) {
        let (mut client, _) = Client::ready(&server).await;
        server.gateway.close(code);
        assert_eq!(client.closed().await, Some(code));
    }
    let (mut client, _) = Client::ready(&server).await;
    server.gateway.close_without_code();
    assert_eq!(client.closed().await, None);
    assert_eq!(client.next().await, None, "the stream ends behind it");
}

#[tokio::test]
async fn wrong_addresses_and_payloads_are_closed_with_their_codes() {
    let server = server();
    for (query, code) in [("", 4012), ("v=4", 4012), ("v=10&encoding=etf", 4002), ("v=10&compress=lz4", 4002)]
    {
        assert_eq!(Client::connect(server.address, query).await.closed().await, Some(code), "{query}");
    }
    let mut wrong = identify(&server, 0);
    wrong["d"]["token"] = json!("wrong");
    for (payload, code) in [(wrong, 4004), (json!({"op": 3, "d": {}}), 4003), (identify(&server, 2), 4014)] {
        let mut client = Client::greeted(&server, "v=10").await;
        client.send(payload).await;
        assert_eq!(client.closed().await, Some(code));
    }
}

#[tokio::test]
async fn op_9_leaves_the_connection_open_for_another_try() {
    let server = server();
    let (mut client, ready) = Client::ready(&server).await;
    server.gateway.invalidate(true);
    assert_eq!(client.payload().await["d"], true);
    client.send(resume(&server, &ready, 2)).await;
    assert_eq!(client.payload().await["t"], "RESUMED");
    server.gateway.invalidate(false);
    assert_eq!(client.payload().await["d"], false);
    client.send(resume(&server, &ready, 3)).await;
    assert_eq!((client.payload().await["op"].clone(), server.gateway.counts().invalid), (json!(9), 1));
    client.send(identify(&server, 0)).await;
    assert_eq!(client.payload().await["t"], "READY");
}

#[tokio::test]
async fn a_normal_close_by_the_client_ends_its_session() {
    let server = server();
    for (code, resumed) in [(1000, false), (4000, true)] {
        let (mut client, ready) = Client::ready(&server).await;
        client.0.close(Some(CloseFrame { code: u16::into(code), reason: "".into() })).await.unwrap();
        server.gateway.until_async(|counts| counts.live == 0, SOON).await.unwrap();
        let mut client = Client::greeted(&server, "v=10").await;
        client.send(resume(&server, &ready, 2)).await;
        assert_eq!(client.payload().await["op"] == 0, resumed, "{code}");
        server.gateway.abort();
        server.gateway.until_async(|counts| counts.live == 0, SOON).await.unwrap();
    }
}

#[tokio::test]
async fn refused_connections_and_silence() {
    let server = server();
    let (mut client, _) = Client::ready(&server).await;
    server.gateway.refuse_for(Duration::MAX);
    server.gateway.refuse_for(Duration::from_secs(3600));
    let stream = TcpStream::connect(server.address).await.unwrap();
    assert!(client_async("ws://127.0.0.1/?v=10", stream).await.is_err());
    server.gateway.accept();
    server.gateway.silence();
    client.send(json!({"op": 1, "d": 2})).await;
    let quiet = timeout(Duration::from_millis(200), client.0.next()).await;
    assert!(quiet.is_err(), "neither an answer nor an end: {quiet:?}");
    Client::ready(&server).await;
}

#[tokio::test]
async fn a_client_that_sends_no_heartbeat_is_timed_out() {
    let server = server();
    server.gateway.rules(|rules| rules.heartbeat = Duration::from_millis(10));
    let mut client = Client::connect(server.address, "v=10").await;
    client.payload().await;
    let close = timeout(SOON * 2, client.0.next()).await.unwrap().unwrap().unwrap();
    assert!(
        matches!(close, Message::Close(Some(frame)) if u16::from(frame.code) == close::SESSION_TIMED_OUT)
    );
}

#[tokio::test]
async fn big_payloads_and_streams_come_compressed_when_asked_for() {
    let server = server();
    let mut client = Client::greeted(&server, "v=10").await;
    let mut asked = identify(&server, 1);
    asked["d"]["compress"] = json!(true);
    client.send(asked).await;
    client.next().await;
    assert!(client.next().await.unwrap().is_binary(), "GUILD_CREATE is big");
    for (query, head) in [("zlib-stream", &[0x78][..]), ("zstd-stream", &[0x28, 0xb5, 0x2f, 0xfd])] {
        let mut client = Client::connect(server.address, &format!("v=10&compress={query}")).await;
        assert!(client.next().await.unwrap().into_data().starts_with(head), "{query}");
    }
}
