//! Over a socket: TLS, headers, faults, and that nobody has to sleep.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io::Read, io::Write, thread};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::*;
use crate::{Discord, Fault, What, Which};

/// What one needs to know to ask.
struct Wire {
    address: SocketAddr,
    ca: String,
    token: String,
}

impl Wire {
    fn to(discord: &Discord) -> Self {
        let token = discord.world().read(|world| world.token.clone());
        Self { address: discord.address(), ca: discord.ca_pem().into(), token }
    }

    fn connect(&self) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.ca.as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let name = ServerName::try_from("discord.com").unwrap();
        let tls = ClientConnection::new(Arc::new(config.with_no_client_auth()), name).unwrap();
        let socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        StreamOwned::new(tls, socket)
    }

    /// One request, and all that is answered.
    fn ask(&self, method: &str, path: &str, body: &str) -> std::io::Result<String> {
        let (mut stream, token, length) = (self.connect(), &self.token, body.len());
        write!(
            stream,
            "{method} /api/v10{path} HTTP/1.1\r\nHost: discord.com\r\nConnection: close\r\n\
             Authorization: Bot {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

fn ask(discord: &Discord, method: &str, path: &str, body: &str) -> std::io::Result<String> {
    Wire::to(discord).ask(method, path, body)
}

#[test]
fn tls_as_discord_com_with_the_headers_of_discord() {
    let discord = Discord::start(setup());
    let answer = ask(&discord, "GET", "/gateway", "").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let url = discord.gateway_url();
    for part in [
        "content-type: application/json\r\n",
        "x-ratelimit-remaining: 9\r\n",
        "via: ",
        &format!("{{\"url\":\"{url}\"}}"),
    ] {
        assert!(answer.contains(part), "no {part} in {answer}");
    }
    assert_eq!(answer.matches("date: ").count(), 1, "{answer}");
    discord.assert_clean();
}

#[test]
fn whoever_waits_is_woken() {
    let discord = Discord::start(setup());
    thread::scope(|scope| {
        scope.spawn(|| ask(&discord, "POST", "/channels/30/messages", r#"{"content":"hi"}"#));
        let seen = discord.until("message", Duration::from_secs(10), |world| {
            world.messages_for(Id(HELEN), Id(CREW)).first().map(|message| message.content.clone())
        });
        assert_eq!(seen, "hi");
    });
    let requests = discord.world().read(|world| world.requests.clone());
    assert_eq!((requests[0].path.as_str(), requests[0].status), ("/channels/30/messages", 200));
}

#[test]
fn the_handle_tells_who_was_not_answered_and_who_was_woken() {
    let discord = Discord::start(setup());
    let data = json!({"id": "77", "name": "kick", "type": 1});
    let (channel, user) = (Id(CREW), Id(HELEN));
    let opening = Opening { kind: Kind::Command, channel, user, data, message: None, age: Duration::ZERO };
    let opened = discord.world().change(|world| world.open(opening)).unwrap();
    assert!(discord.unanswered(Duration::from_secs(3)).is_empty(), "there is time yet");
    discord.advance(Duration::from_secs(4));
    let late = discord.unanswered(Duration::from_secs(3));
    assert_eq!(late.iter().map(|it| it.id).collect::<Vec<_>>(), [opened]);
    ask(&discord, "POST", "/channels/30/messages", r#"{"content":"<@1001>"}"#).unwrap();
    assert_eq!(discord.pinging().len(), 1);
    assert_eq!(discord.requests("POST /channels/*/messages").len(), 1);
    assert!(discord.requests("GET /channels/**").is_empty());
}

#[test]
fn faults_strike_before_and_after() {
    let discord = Discord::start(setup());
    let send = || ask(&discord, "POST", "/channels/30/messages", r#"{"content":"hi"}"#).unwrap();
    let sent = || discord.world().read(|world| world.messages.len());
    let only = || Which::Only("POST /channels/*/messages".into());
    discord.fault(Fault::new(only(), What::Status(503)).times(1));
    assert!(send().starts_with("HTTP/1.1 503"));
    assert_eq!(sent(), 0);
    discord.fault(Fault::new(only(), What::DoneBut(502)).times(1));
    assert!(send().starts_with("HTTP/1.1 502"));
    assert_eq!(sent(), 1);
    discord.fault(Fault::new(only(), What::Global(Duration::from_secs(2))).times(1));
    let limited = send();
    for part in [
        "HTTP/1.1 429",
        "retry-after: 2.000\r\n",
        "x-ratelimit-global: true\r\n",
        "x-ratelimit-scope: global\r\n",
    ] {
        assert!(limited.contains(part), "no {part} in {limited}");
    }
    assert_eq!(discord.limited(), 0, "it was none of the bot's");
    assert!(send().starts_with("HTTP/1.1 200"));
}

#[test]
fn an_answer_can_break_off() {
    let discord = Discord::start(setup());
    discord.fault(Fault::new(Which::All, What::CutOff).times(1));
    let answer = ask(&discord, "POST", "/channels/30/messages", r#"{"content":"hi"}"#).unwrap_or_default();
    assert!(!answer.contains('}'), "{answer}");
    assert_eq!(discord.world().read(|world| world.messages.len()), 1);
}

#[test]
fn nonsense_is_refused_and_does_not_stop_it() {
    let discord = Discord::start(setup());
    let answer = ask(&discord, "POST", "/channels/30/messages", "{nonsense").unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("50109"), "{answer}");
    assert_eq!(discord.violations().len(), 1);
    assert!(ask(&discord, "GET", "/gateway", "").unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
#[allow(clippy::disallowed_methods, reason = "how long a stop takes is what is looked at")]
fn it_ends_at_once_though_something_hangs() {
    let discord = Discord::start(setup());
    discord.fault(Fault::new(Which::All, What::Hang));
    let wire = Wire::to(&discord);
    let asking = thread::spawn(move || wire.ask("GET", "/gateway", ""));
    let hit = |world: &World| (world.faults.hits == 1).then_some(());
    discord.until("request that hangs", Duration::from_secs(10), hit);
    let begun = Instant::now();
    drop(discord);
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert!(!asking.join().unwrap().is_ok_and(|answer| answer.starts_with("HTTP")), "it was answered");
}
