//! One session: its numbering, what it keeps for a RESUME, and the connection that it is shown on at the moment.
//!
//! A session outlives its connections. While it has none, events are kept for it, as Discord does.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::protocol::{intents_for, op};

/// What a connection is told to do.
#[derive(Clone, Debug)]
pub(crate) enum Out {
    /// Send this payload.
    Frame(Arc<str>),
    /// A close frame: with a code, or without one and the end of the stream behind it.
    Close(Option<u16>),
    /// End the TCP connection with a reset.
    Abort,
    /// Read and send nothing any more, but stay connected.
    Silence,
    /// Send op 9: whether the session can be resumed. The connection may identify or resume again.
    Invalid(bool),
    /// Compress big payloads from here on.
    CompressPayloads,
}

/// One connection: its number, and the way to it.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) connection: u64,
    pub(crate) out: UnboundedSender<Out>,
}

impl Line {
    /// A connection that is gone takes nothing, which is nobody's fault.
    pub(crate) fn send(&self, out: Out) {
        let _ = self.out.send(out);
    }
}

/// A session of the application.
#[derive(Debug)]
pub(crate) struct Session {
    intents: u64,
    pub(crate) shard: [u64; 2],
    seq: u64,
    kept: VecDeque<(u64, Arc<str>)>,
    keep: usize,
    pub(crate) line: Option<Line>,
    /// Since when it has no connection.
    pub(crate) left: Option<Instant>,
}

impl Session {
    /// `keep`: how many payloads can be replayed.
    pub(crate) fn new(intents: u64, shard: [u64; 2], keep: usize, line: Line) -> Session {
        Session { intents, shard, seq: 0, kept: VecDeque::new(), keep, line: Some(line), left: None }
    }

    /// Numbers the event, keeps it, and sends it where there is a connection. Guilds of other shards and events
    /// without their intent are left out.
    pub(crate) fn dispatch(&mut self, event: &str, guild: Option<u64>, data: &Value) {
        let needed = if event == "READY" { 0 } else { intents_for(event) };
        let here = guild.is_none_or(|guild| (guild >> 22) % self.shard[1].max(1) == self.shard[0]);
        if here && (needed == 0 || needed & self.intents != 0) {
            self.send(event, data);
        }
    }

    fn send(&mut self, event: &str, data: &Value) {
        self.seq += 1;
        let payload = json!({"op": op::DISPATCH, "s": self.seq, "t": event, "d": data});
        let text: Arc<str> = payload.to_string().into();
        self.kept.push_back((self.seq, text.clone()));
        if self.kept.len() > self.keep {
            self.kept.pop_front();
        }
        if let Some(line) = &self.line {
            line.send(Out::Frame(text));
        }
    }

    /// The last number that was given.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// Whether everything behind `seq` is still kept.
    pub(crate) fn can_replay(&self, seq: u64) -> bool {
        self.kept.front().map_or(seq == self.seq, |(oldest, _)| seq + 1 >= *oldest)
    }

    /// Shows the session on `line`: everything behind `seq`, then RESUMED. The connection before it is closed.
    pub(crate) fn resume(&mut self, seq: u64, line: Line) {
        for (_, text) in self.kept.iter().filter(|(number, _)| *number > seq) {
            line.send(Out::Frame(text.clone()));
        }
        let now = line.connection;
        if let Some(before) = self.line.replace(line).filter(|before| before.connection != now) {
            before.send(Out::Close(Some(super::protocol::close::UNKNOWN)));
        }
        self.left = None;
        self.send("RESUMED", &json!({"_trace": ["[\"stand-in\",{\"micros\":0}]"]}));
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::*;

    fn line() -> (Line, UnboundedReceiver<Out>) {
        let (out, seen) = unbounded_channel();
        (Line { connection: 1, out }, seen)
    }

    fn names(seen: &mut UnboundedReceiver<Out>) -> Vec<String> {
        let mut names = Vec::new();
        while let Ok(out) = seen.try_recv() {
            names.push(match out {
                Out::Frame(text) => {
                    let payload: Value = serde_json::from_str(&text).unwrap();
                    format!("{} {}", payload["s"], payload["t"].as_str().unwrap())
                }
                other => format!("{other:?}"),
            });
        }
        names
    }

    #[test]
    fn what_came_while_away_is_replayed_before_resumed() {
        let (first, mut seen) = line();
        let mut session = Session::new(0, [0, 1], 10, first);
        session.dispatch("READY", None, &json!({}));
        session.dispatch("INTERACTION_CREATE", Some(1), &json!({}));
        assert_eq!(names(&mut seen), ["1 READY", "2 INTERACTION_CREATE"]);
        session.line = None;
        session.dispatch("INTERACTION_CREATE", Some(1), &json!({}));
        let (second, mut seen) = line();
        session.resume(2, second);
        assert_eq!(names(&mut seen), ["3 INTERACTION_CREATE", "4 RESUMED"]);
    }

    #[test]
    fn only_what_is_kept_can_be_replayed() {
        let mut session = Session::new(0, [0, 1], 2, line().0);
        for _ in 0..4 {
            session.dispatch("INTERACTION_CREATE", None, &json!({}));
        }
        assert!(!session.can_replay(1));
        assert!(session.can_replay(2));
        assert!(session.can_replay(4));
    }

    #[test]
    fn events_need_their_intent_and_their_shard() {
        let (line, mut seen) = line();
        let mut session = Session::new(1, [1, 2], 10, line);
        session.dispatch("MESSAGE_CREATE", Some(1 << 22), &json!({}));
        session.dispatch("GUILD_CREATE", Some(2 << 22), &json!({}));
        session.dispatch("GUILD_CREATE", Some(1 << 22), &json!({}));
        assert_eq!(names(&mut seen), ["1 GUILD_CREATE"]);
    }

    #[test]
    fn a_second_connection_takes_the_session_from_the_first() {
        let (first, mut seen) = line();
        let mut session = Session::new(0, [0, 1], 10, first);
        session.resume(0, Line { connection: 2, ..line().0 });
        assert_eq!(names(&mut seen), ["Close(Some(4000))"]);
    }
}
