//! What a client sends on one connection: limits, shapes and order, judged as Discord does, with close codes.
//!
//! Pure: bytes and the time go in, a verdict comes out. Whether a token is right or a session exists is the book's.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::protocol::{close, op};

/// The largest payload that a client may send.
const LARGEST: usize = 4096;
/// So many payloads in so long; heartbeats count too.
const SENDS: usize = 120;
const SENDS_IN: Duration = Duration::from_secs(60);

/// What one payload of a client comes to.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    /// A heartbeat, to be acknowledged.
    Beat,
    /// The first IDENTIFY of this connection.
    Identify(Identify),
    /// The first RESUME of this connection.
    Resume(Resume),
    /// A payload that is allowed, and answered by nothing.
    Other(u64),
    /// The connection is closed with this code.
    Close(u16),
}

/// The body of an IDENTIFY whose shape is right.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Identify {
    pub(crate) token: String,
    /// `None`: left out, which no longer is allowed.
    pub(crate) intents: Option<u64>,
    pub(crate) shard: [u64; 2],
    pub(crate) compress: bool,
}

/// The body of a RESUME whose shape is right.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Resume {
    pub(crate) token: String,
    pub(crate) session: String,
    pub(crate) seq: u64,
}

/// One connection's past, as far as it decides about its next payload.
pub(crate) struct Incoming {
    sent: VecDeque<Instant>,
    authenticated: bool,
    /// When the last heartbeat came, or the connection began.
    pub(crate) beat: Instant,
}

impl Incoming {
    pub(crate) fn new(now: Instant) -> Incoming {
        Incoming { sent: VecDeque::new(), authenticated: false, beat: now }
    }

    /// Op 9 was answered: the connection may identify once more.
    pub(crate) fn unauthenticated(&mut self) {
        self.authenticated = false;
    }

    /// One text or binary frame (which must be JSON all the same).
    pub(crate) fn frame(&mut self, now: Instant, bytes: &[u8]) -> Said {
        if self.over_limit(now) {
            return Said::Close(close::RATE_LIMITED);
        }
        if bytes.len() > LARGEST {
            return Said::Close(close::DECODE);
        }
        let payload = serde_json::from_slice::<Value>(bytes).ok();
        let opcode = payload.as_ref().and_then(|payload| payload.get("op")).and_then(Value::as_u64);
        match (payload, opcode) {
            (Some(mut payload), Some(opcode)) => {
                let body = payload.get_mut("d").map(Value::take).unwrap_or_default();
                self.payload(now, opcode, &body).unwrap_or_else(Said::Close)
            }
            _ => Said::Close(close::DECODE),
        }
    }

    fn over_limit(&mut self, now: Instant) -> bool {
        while self.sent.front().is_some_and(|first| now.duration_since(*first) >= SENDS_IN) {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
        self.sent.len() > SENDS
    }

    fn payload(&mut self, now: Instant, opcode: u64, body: &Value) -> Result<Said, u16> {
        match opcode {
            op::HEARTBEAT => {
                (body.is_null() || body.is_u64()).then_some(()).ok_or(close::DECODE)?;
                self.beat = now;
                Ok(Said::Beat)
            }
            op::IDENTIFY => self.authenticate(|| identify(body).map(Said::Identify)),
            op::RESUME => self.authenticate(|| resume(body).map(Said::Resume)),
            op::PRESENCE | op::VOICE_STATE | op::REQUEST_MEMBERS | op::REQUEST_SOUNDS
                if !self.authenticated =>
            {
                Err(close::NOT_AUTHENTICATED)
            }
            op::PRESENCE => presence(body).map(|()| Said::Other(opcode)).ok_or(close::DECODE),
            op::VOICE_STATE | op::REQUEST_MEMBERS | op::REQUEST_SOUNDS if body.is_object() => {
                Ok(Said::Other(opcode))
            }
            op::VOICE_STATE | op::REQUEST_MEMBERS | op::REQUEST_SOUNDS => Err(close::DECODE),
            _ => Err(close::UNKNOWN_OPCODE),
        }
    }

    fn authenticate(&mut self, read: impl FnOnce() -> Option<Said>) -> Result<Said, u16> {
        if self.authenticated {
            return Err(close::ALREADY_AUTHENTICATED);
        }
        let said = read().ok_or(close::DECODE)?;
        self.authenticated = true;
        Ok(said)
    }
}

fn identify(body: &Value) -> Option<Identify> {
    let properties = body.get("properties")?.as_object()?;
    for key in ["os", "browser", "device"] {
        // The names with a dollar sign are of an older version, but still taken.
        properties.get(key).or_else(|| properties.get(&format!("${key}")))?.as_str()?;
    }
    if let Some(state) = body.get("presence").filter(|presence| !presence.is_null()) {
        presence(state)?;
    }
    if let Some(threshold) = body.get("large_threshold").filter(|threshold| !threshold.is_null()) {
        threshold.as_u64().filter(|threshold| (50..=250).contains(threshold))?;
    }
    Some(Identify {
        token: body.get("token")?.as_str()?.to_owned(),
        intents: optional(body, "intents", Value::as_u64)?,
        shard: optional(body, "shard", shard)?.unwrap_or([0, 1]),
        compress: optional(body, "compress", Value::as_bool)?.unwrap_or(false),
    })
}

/// `None`: there, but of another kind.
fn optional<T>(body: &Value, key: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<Option<T>> {
    match body.get(key) {
        None | Some(Value::Null) => Some(None),
        Some(value) => read(value).map(Some),
    }
}

fn shard(value: &Value) -> Option<[u64; 2]> {
    match value.as_array()?.as_slice() {
        [id, count] => Some([id.as_u64()?, count.as_u64()?]),
        _ => None,
    }
}

fn resume(body: &Value) -> Option<Resume> {
    Some(Resume {
        token: body.get("token")?.as_str()?.to_owned(),
        session: body.get("session_id")?.as_str()?.to_owned(),
        seq: body.get("seq")?.as_u64()?,
    })
}

/// `since` may be anything: serenity sends a structure there, and Discord takes it.
fn presence(body: &Value) -> Option<()> {
    let status = body.get("status")?.as_str()?;
    let known = ["online", "dnd", "idle", "invisible", "offline"].contains(&status);
    let activities = body.get("activities")?;
    (known && (activities.is_array() || activities.is_null())).then_some(())?;
    body.get("afk").is_none_or(Value::is_boolean).then_some(())
}

#[cfg(test)]
#[path = "incoming_tests.rs"]
mod tests;
