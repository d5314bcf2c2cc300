//! The gateway's sockets: accepts connections on both addresses, greets them, and carries frames between them and the
//! book until either side ends it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::compress::Packing;
use super::incoming::{Incoming, Said};
use super::protocol::{close, op};
use super::session::{Line, Out};
use crate::shared::Shared;

/// How long a client has for its half of the closing handshake, and a new one for its upgrade.
const PATIENCE: Duration = Duration::from_secs(2);
/// How late a heartbeat may be at least, however short the interval.
const LENIENT: Duration = Duration::from_secs(5);

static CONNECTIONS: AtomicU64 = AtomicU64::new(1);

/// Serves both addresses until it is dropped.
pub(crate) async fn serve(shared: Shared, first: TcpListener, resuming: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        let (accepted, resumed) = tokio::select! {
            accepted = first.accept() => (accepted, false),
            accepted = resuming.accept() => (accepted, true),
            Some(_) = connections.join_next() => continue,
        };
        let Ok((stream, _)) = accepted else { continue };
        // As fast as Discord itself: else a second event waits for the answer to the first.
        let _ = stream.set_nodelay(true);
        if shared.read(|world| world.gateway.faults.refuse_until).is_some_and(|until| now() < until) {
            let _ = stream.set_zero_linger();
            continue;
        }
        shared.change(|world| {
            world.gateway.book.counts.connections += 1;
            world.gateway.book.counts.on_resume_url += u64::from(resumed);
        });
        connections.spawn(connection(shared.clone(), stream));
    }
}

/// Why a connection is over.
enum End {
    /// We close it. `None`: a close frame without a code, and the end of the stream right behind it.
    Ours(Option<u16>),
    /// A reset.
    Abort,
    /// Neither side hears the other any more.
    Silence,
    /// The client closed it, or is gone; whether its session is over too.
    Theirs(bool),
}

struct Connection {
    shared: Shared,
    socket: WebSocketStream<TcpStream>,
    packing: Packing,
    incoming: Incoming,
    line: Line,
    orders: UnboundedReceiver<Out>,
    /// The latest time of the next heartbeat, counted from the last one.
    patience: Duration,
}

async fn connection(shared: Shared, stream: TcpStream) {
    let mut query = String::new();
    #[allow(clippy::result_large_err, reason = "the callback's shape is tungstenite's")]
    let look = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        query = request.uri().query().unwrap_or_default().to_owned();
        Ok(response)
    };
    let Ok(Ok(socket)) = timeout(PATIENCE, accept_hdr_async(stream, look)).await else { return };
    let (out, orders) = unbounded_channel();
    let line = Line { connection: CONNECTIONS.fetch_add(1, Ordering::Relaxed), out };
    let heartbeat = shared.read(|world| world.gateway.book.rules.heartbeat);
    let asked = Asked::read(&query);
    let mut connection = Connection {
        socket,
        packing: asked.as_ref().ok().and_then(|asked| asked.packing()).unwrap_or(Packing::Plain),
        incoming: Incoming::new(now()),
        orders,
        patience: heartbeat + (heartbeat / 2).max(LENIENT),
        line: line.clone(),
        shared: shared.clone(),
    };
    let end = match asked {
        Ok(_) => connection.run(heartbeat).await,
        Err(code) => End::Ours(Some(code)),
    };
    let over = match end {
        End::Ours(code) => code.is_some_and(close::ends_session),
        End::Theirs(over) => over,
        End::Abort | End::Silence => false,
    };
    if !matches!(end, End::Silence) {
        shared.change(|world| world.gateway.book.left(now(), line.connection, over));
    }
    connection.end(end).await;
}

/// The parts of the connection's address that matter.
struct Asked {
    compress: Option<String>,
}

impl Asked {
    fn read(query: &str) -> Result<Asked, u16> {
        let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let value = |key: &str| pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
        if !matches!(value("v"), Some("9" | "10")) {
            return Err(close::INVALID_VERSION);
        }
        let compress = value("compress");
        // Of the encodings, etf is not built here.
        if !matches!(value("encoding"), None | Some("json")) || Packing::asked(compress).is_none() {
            return Err(close::DECODE);
        }
        Ok(Asked { compress: compress.map(str::to_owned) })
    }

    fn packing(&self) -> Option<Packing> {
        Packing::asked(self.compress.as_deref())
    }
}

impl Connection {
    async fn run(&mut self, heartbeat: Duration) -> End {
        let interval = u64::try_from(heartbeat.as_millis()).unwrap_or(u64::MAX);
        let body = json!({"heartbeat_interval": interval, "_trace": ["[\"stand-in\",{\"micros\":0.0}]"]});
        let hello = json!({"op": op::HELLO, "s": null, "t": null, "d": body});
        if let Some(end) = self.send(&hello.to_string()).await {
            return end;
        }
        loop {
            let due: Instant = self.incoming.beat + self.patience;
            let end = tokio::select! {
                biased;
                Some(out) = self.orders.recv() => self.obey(out).await,
                frame = self.socket.next() => match frame {
                    Some(Ok(message)) => self.read(message).await,
                    _ => Some(End::Theirs(false)),
                },
                () = sleep_until(due.into()) => Some(End::Ours(Some(close::SESSION_TIMED_OUT))),
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    async fn send(&mut self, text: &str) -> Option<End> {
        let message = self.packing.pack(text);
        self.socket.send(message).await.is_err().then_some(End::Theirs(false))
    }

    async fn obey(&mut self, out: Out) -> Option<End> {
        match out {
            Out::Frame(text) => self.send(&text).await,
            Out::Close(code) => Some(End::Ours(code)),
            Out::Abort => Some(End::Abort),
            Out::Silence => Some(End::Silence),
            Out::Invalid(resumable) => {
                self.incoming.unauthenticated();
                self.send(
                    &json!({"op": op::INVALID_SESSION, "s": null, "t": null, "d": resumable}).to_string(),
                )
                .await
            }
            Out::CompressPayloads => {
                self.packing.payloads();
                None
            }
        }
    }

    async fn read(&mut self, message: Message) -> Option<End> {
        match message {
            Message::Text(text) => self.said(text.as_bytes()).await,
            Message::Binary(bytes) => self.said(&bytes).await,
            // Only these two say that the client will not come back.
            Message::Close(frame) => {
                Some(End::Theirs(frame.is_some_and(|frame| matches!(u16::from(frame.code), 1000 | 1001))))
            }
            _ => None,
        }
    }

    async fn said(&mut self, bytes: &[u8]) -> Option<End> {
        let now = now();
        let authenticated = match self.incoming.frame(now, bytes) {
            Said::Beat => return self.beat().await,
            Said::Identify(asked) => self.shared.change(|world| world.identify(now, &asked, &self.line)),
            Said::Resume(asked) => self.shared.change(|world| world.resume(now, &asked, &self.line)),
            Said::Other(_) => return None,
            Said::Close(code) => Err(code),
        };
        authenticated.err().map(|code| End::Ours(Some(code)))
    }

    async fn beat(&mut self) -> Option<End> {
        let no_acks = self.shared.change(|world| {
            world.gateway.book.counts.beats += 1;
            world.gateway.faults.no_acks
        });
        if no_acks {
            None
        } else {
            self.send(&json!({"op": op::ACK, "s": null, "t": null, "d": null}).to_string()).await
        }
    }

    async fn end(mut self, end: End) {
        match end {
            End::Ours(None) => {
                let _ = self.socket.close(None).await;
                let _ = self.socket.get_mut().shutdown().await;
                self.drain().await;
            }
            End::Ours(Some(code)) => {
                let frame = CloseFrame { code: code.into(), reason: reason(code).into() };
                let _ = self.socket.close(Some(frame)).await;
                self.drain().await;
            }
            End::Theirs(_) => self.drain().await,
            End::Abort => {
                let _ = self.socket.get_ref().set_zero_linger();
            }
            End::Silence => std::future::pending().await,
        }
    }

    /// Lets the client end its half, so that our close reaches it before a reset does.
    async fn drain(&mut self) {
        let rest = async { while let Some(Ok(_)) = self.socket.next().await {} };
        let _ = timeout(PATIENCE, rest).await;
    }
}

/// The gateway's only look at the monotonic clock.
#[allow(
    clippy::disallowed_methods,
    reason = "the gateway runs in real time; its rules take the time as an argument"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Discord's words for its codes.
fn reason(code: u16) -> &'static str {
    match code {
        close::UNKNOWN => "Unknown error.",
        close::UNKNOWN_OPCODE => "Unknown opcode.",
        close::DECODE => "Error while decoding payload.",
        close::NOT_AUTHENTICATED => "Not authenticated.",
        close::AUTHENTICATION_FAILED => "Authentication failed.",
        close::ALREADY_AUTHENTICATED => "Already authenticated.",
        close::INVALID_SEQ => "Invalid seq.",
        close::RATE_LIMITED => "Rate limited.",
        close::SESSION_TIMED_OUT => "Session timed out.",
        close::INVALID_SHARD => "Invalid shard.",
        close::SHARDING_REQUIRED => "Sharding required.",
        close::INVALID_VERSION => "Invalid API version.",
        close::INVALID_INTENTS => "Invalid intent(s).",
        close::DISALLOWED_INTENTS => "Disallowed intent(s).",
        _ => "",
    }
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
