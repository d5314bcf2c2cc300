//! A scripted Asterisk on loopback: as much of one as a test wants.

use std::time::Duration;

use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, ReadHalf, WriteHalf, split,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::wire::OwnedFrame;

/// What no test may wait longer for.
pub(super) const LONG: Duration = Duration::from_secs(10);

pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub(super) struct Server {
    listener: TcpListener,
}

impl Server {
    pub(super) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(super) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    pub(super) async fn socket(&self) -> TcpStream {
        timeout(LONG, self.listener.accept()).await.expect("nobody connects").unwrap().0
    }

    pub(super) async fn accept(&self) -> Peer {
        Peer::new(self.socket().await)
    }
}

/// One connection, from the server's side.
pub(super) struct Peer {
    read: BufReader<ReadHalf<Box<dyn Io>>>,
    write: WriteHalf<Box<dyn Io>>,
    /// The answers to `ConfbridgeListRooms` and `ConfbridgeList`; none: no conferences.
    pub(super) listed: Vec<String>,
    /// All that was asked.
    pub(super) asked: Vec<OwnedFrame>,
    half: Vec<u8>,
}

impl Peer {
    pub(super) fn new(io: impl Io + 'static) -> Self {
        let io: Box<dyn Io> = Box::new(io);
        let (read, write) = split(io);
        Self { read: BufReader::new(read), write, listed: Vec::new(), asked: Vec::new(), half: Vec::new() }
    }

    pub(super) async fn say(&mut self, text: &str) {
        self.write.write_all(text.as_bytes()).await.unwrap();
        self.write.flush().await.unwrap();
    }

    pub(super) async fn event(&mut self, text: &str) {
        self.say(&format!("Event: {text}\r\n\r\n")).await;
    }

    /// The next action; `None`: the client is gone. Cancel safe.
    pub(super) async fn action(&mut self) -> Option<OwnedFrame> {
        loop {
            if self.half.ends_with(b"\r\n\r\n") {
                let frame = OwnedFrame::parse(&std::mem::take(&mut self.half));
                self.asked.push(frame.clone());
                return Some(frame);
            }
            let read = self.read.read_until(b'\n', &mut self.half).await.unwrap_or(0);
            if read == 0 {
                return None;
            }
        }
    }

    pub(super) async fn respond(&mut self, to: &OwnedFrame, text: &str) {
        let (first, rest) = text.split_once("\r\n").unwrap_or((text, ""));
        let rest = if rest.is_empty() { String::new() } else { format!("{rest}\r\n") };
        let id = to.view().text("ActionID").unwrap();
        self.say(&format!("Response: {first}\r\nActionID: {id}\r\n{rest}\r\n")).await;
    }

    /// Answers as an idle Asterisk does. `false`: the client is gone, or said goodbye.
    pub(super) async fn answer(&mut self) -> bool {
        let Some(asked) = self.action().await else { return false };
        let name = asked.view().text("Action").unwrap().into_owned();
        match name.as_str() {
            "Challenge" => self.respond(&asked, "Success\r\nChallenge: 123").await,
            "Login" => {
                self.respond(&asked, "Success\r\nMessage: Authentication accepted").await;
                self.event("FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted").await;
            }
            "ListCommands" => {
                let all = [
                    "CoreStatus",
                    "ConfbridgeList",
                    "ConfbridgeListRooms",
                    "ConfbridgeMute",
                    "Ping",
                    "Setvar",
                ];
                let lines: Vec<_> = all.map(|a| format!("{a}: does it.  (Priv: call,all)")).into();
                self.respond(&asked, &format!("Success\r\n{}", lines.join("\r\n"))).await;
            }
            "CoreStatus" => {
                let times = "CoreStartupDate: 2026-11-23\r\nCoreStartupTime: 00:13:34";
                self.respond(&asked, &format!("Success\r\n{times}")).await;
            }
            "ConfbridgeList" | "ConfbridgeListRooms" if self.listed.is_empty() => {
                self.respond(&asked, "Error\r\nMessage: No active conferences.").await;
            }
            "ConfbridgeList" | "ConfbridgeListRooms" => self.list(&asked, &name).await,
            "Logoff" => {
                self.respond(&asked, "Goodbye\r\nMessage: Thanks for all the fish.").await;
                return false;
            }
            _ => self.respond(&asked, "Success").await,
        }
        true
    }

    async fn list(&mut self, asked: &OwnedFrame, name: &str) {
        self.respond(asked, "Success\r\nEventList: start").await;
        let id = asked.view().text("ActionID").unwrap().into_owned();
        let mut items = 0;
        for item in self.listed.clone().iter().filter(|i| i.starts_with(&format!("{name}\r\n"))) {
            items += 1;
            self.event(&format!("{item}\r\nActionID: {id}")).await;
        }
        self.event(&format!("{name}Complete\r\nActionID: {id}\r\nEventList: Complete\r\nListItems: {items}"))
            .await;
    }

    /// The banner, and answers until something is so, or the client is gone.
    pub(super) async fn run<T>(&mut self, until: impl Future<Output = T>) -> T {
        self.answer_until(until, true).await
    }

    /// Answers until something is so.
    pub(super) async fn serve<T>(&mut self, until: impl Future<Output = T>) -> T {
        self.answer_until(until, false).await
    }

    async fn answer_until<T>(&mut self, until: impl Future<Output = T>, banner: bool) -> T {
        if banner {
            self.say("Asterisk Call Manager/11.0.0\r\n").await;
        }
        let answers = async {
            while self.answer().await {}
            std::future::pending::<()>().await;
        };
        tokio::select! {
            done = timeout(LONG, until) => done.expect("it did not come to be"),
            () = answers => unreachable!("answers never end"),
        }
    }
}
