//! The book of an application's sessions: who may identify and when, what a RESUME finds, and which events go where.
//!
//! Pure but for the channels to the connections: the time is an argument, and so are READY and the guilds.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::incoming::{Identify, Resume};
use super::protocol::{KNOWN_INTENTS, PRIVILEGED_INTENTS, close};
use super::session::{Line, Out, Session};

/// What the application is allowed, and how patient Discord is.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Bits of the privileged intents that the application has been given.
    pub privileged: u64,
    /// Told in HELLO. Discord's is 41.25 s.
    pub heartbeat: Duration,
    /// One IDENTIFY in so long (`max_concurrency` 1). Discord's is 5 s.
    pub identify_every: Duration,
    /// How many payloads of a session can be replayed.
    pub replay: usize,
    /// How long a session without a connection can be resumed.
    pub resume_within: Duration,
    /// More guilds than this want more shards.
    pub guilds_per_shard: usize,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            privileged: 0,
            heartbeat: Duration::from_millis(41_250),
            identify_every: Duration::from_secs(5),
            replay: 1_000,
            resume_within: Duration::from_secs(180),
            guilds_per_shard: 2_500,
        }
    }
}

/// What tests can see of the gateway's past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that were accepted.
    pub connections: u64,
    /// Of these, connections to the address that READY tells for resuming.
    pub on_resume_url: u64,
    /// IDENTIFYs that came, whatever came of them.
    pub identifies: u64,
    /// Sessions that were begun.
    pub readies: u64,
    /// RESUMEs that found their session.
    pub resumes: u64,
    /// Heartbeats.
    pub beats: u64,
    /// Op 9s that answered an IDENTIFY or a RESUME.
    pub invalid: u64,
    /// Sessions with a connection now.
    pub live: u64,
}

/// The guilds that a new session is told, each as GUILD_CREATE carries it; and READY without what only the book knows.
pub(crate) struct Greeting {
    pub(crate) ready: Value,
    pub(crate) guilds: Vec<(u64, Value)>,
}

#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) rules: Rules,
    pub(crate) counts: Counts,
    sessions: BTreeMap<String, Session>,
    begun: u64,
    identified: Option<Instant>,
    held: Option<Vec<(String, Option<u64>, Value)>>,
}

impl Book {
    /// `token`: the bot's, which in IDENTIFY stands without "Bot ".
    /// `Ok`: the line was told READY and the guilds, or op 9 (then `false`). `Err`: it shall be closed so.
    pub(crate) fn identify(
        &mut self,
        now: Instant,
        token: &str,
        asked: &Identify,
        line: &Line,
        greeting: Greeting,
    ) -> Result<bool, u16> {
        self.counts.identifies += 1;
        if bare(&asked.token) != token {
            return Err(close::AUTHENTICATION_FAILED);
        }
        self.allowed(asked, greeting.guilds.len())?;
        if self.identified.is_some_and(|last| now.duration_since(last) < self.rules.identify_every) {
            self.invalid(line);
            return Ok(false);
        }
        self.identified = Some(now);
        if asked.compress {
            line.send(Out::CompressPayloads);
        }
        self.begin(asked, line, greeting);
        Ok(true)
    }

    fn allowed(&self, asked: &Identify, guilds: usize) -> Result<(), u16> {
        let [shard, shards] = asked.shard;
        let intents = asked.intents.ok_or(close::INVALID_INTENTS)?;
        if shard >= shards {
            return Err(close::INVALID_SHARD);
        }
        if guilds as u64 > self.rules.guilds_per_shard as u64 * shards {
            return Err(close::SHARDING_REQUIRED);
        }
        if intents & !KNOWN_INTENTS != 0 {
            return Err(close::INVALID_INTENTS);
        }
        if intents & PRIVILEGED_INTENTS & !self.rules.privileged != 0 {
            return Err(close::DISALLOWED_INTENTS);
        }
        Ok(())
    }

    fn begin(&mut self, asked: &Identify, line: &Line, greeting: Greeting) {
        self.begun += 1;
        self.counts.readies += 1;
        let id = format!("{:032x}", self.begun);
        let mut session =
            Session::new(asked.intents.unwrap_or(0), asked.shard, self.rules.replay, line.clone());
        let mut ready = greeting.ready;
        ready["session_id"] = json!(id);
        ready["shard"] = json!(asked.shard);
        let absent =
            greeting.guilds.iter().map(|(guild, _)| json!({"id": guild.to_string(), "unavailable": true}));
        ready["guilds"] = Value::Array(absent.collect());
        session.dispatch("READY", None, &ready);
        for (guild, data) in &greeting.guilds {
            session.dispatch("GUILD_CREATE", Some(*guild), data);
        }
        self.sessions.insert(id, session);
    }

    /// `Ok(true)`: resumed; `Ok(false)`: told op 9.
    pub(crate) fn resume(
        &mut self,
        now: Instant,
        token: &str,
        asked: &Resume,
        line: &Line,
    ) -> Result<bool, u16> {
        if bare(&asked.token) != token {
            return Err(close::AUTHENTICATION_FAILED);
        }
        let within = self.rules.resume_within;
        let known = self.sessions.get_mut(&asked.session);
        match known.filter(|session| session.left.is_none_or(|left| now.duration_since(left) <= within)) {
            Some(session) if asked.seq > session.seq() => {
                self.sessions.remove(&asked.session);
                Err(close::INVALID_SEQ)
            }
            Some(session) if session.can_replay(asked.seq) => {
                session.resume(asked.seq, line.clone());
                self.counts.resumes += 1;
                Ok(true)
            }
            _ => {
                self.sessions.remove(&asked.session);
                self.invalid(line);
                Ok(false)
            }
        }
    }

    fn invalid(&mut self, line: &Line) {
        self.counts.invalid += 1;
        line.send(Out::Invalid(false));
    }

    /// The connection is gone. `over`: its session cannot be resumed.
    pub(crate) fn left(&mut self, now: Instant, connection: u64, over: bool) {
        let found = self.sessions.iter_mut().find(|(_, session)| shown_on(session, connection));
        if let Some((id, session)) = found {
            session.line = None;
            session.left = Some(now);
            let id = id.clone();
            if over {
                self.sessions.remove(&id);
            }
        }
    }

    /// Sends the event to every session that may see it, or keeps interactions while they are held.
    pub(crate) fn dispatch(&mut self, event: &str, guild: Option<u64>, data: &Value) {
        match &mut self.held {
            Some(held) if event == "INTERACTION_CREATE" => held.push((event.to_owned(), guild, data.clone())),
            _ => self.sessions.values_mut().for_each(|session| session.dispatch(event, guild, data)),
        }
    }

    /// From here on interactions are kept back.
    pub(crate) fn hold(&mut self) {
        self.held.get_or_insert_default();
    }

    /// Delivers what was kept back, in order.
    pub(crate) fn release(&mut self) {
        for (event, guild, data) in self.held.take().unwrap_or_default() {
            self.dispatch(&event, guild, &data);
        }
    }

    /// Tells every connection that shows a session.
    pub(crate) fn tell(&self, out: &Out) {
        for line in self.sessions.values().filter_map(|session| session.line.as_ref()) {
            line.send(out.clone());
        }
    }

    /// Ends every session, without a word to its connection.
    pub(crate) fn forget(&mut self) {
        self.sessions.clear();
    }

    /// The counts, with the sessions that have a connection now.
    pub(crate) fn counted(&self) -> Counts {
        let live = self.sessions.values().filter(|session| session.line.is_some()).count();
        Counts { live: live as u64, ..self.counts }
    }
}

fn shown_on(session: &Session, connection: u64) -> bool {
    session.line.as_ref().is_some_and(|line| line.connection == connection)
}

/// Clients that keep the word before the token for REST send it here too, and are let in.
fn bare(token: &str) -> &str {
    token.strip_prefix("Bot ").unwrap_or(token)
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
