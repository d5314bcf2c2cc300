//! Discord's rate limits: a bucket per route and major id, what no header tells about topics and old messages, and the
//! global 50 a second.

use std::collections::HashMap;

use serde_json::{Value, json};

/// Requests per second of a bot, over all routes but those of interactions.
const GLOBAL: u32 = 50;
/// Changes of a channel's name or topic, and in which time. In no header, and undocumented on purpose.
const TOPIC: (u32, u64) = (2, 600_000);
/// Edits of a message that is over an hour old, and in which time. Discord tells nobody the number.
const OLD_EDITS: (u32, u64) = (3, 3_600_000);

/// The limits of the one bot, and what it used of them.
#[derive(Debug, Default)]
pub struct Limits {
    windows: HashMap<String, Window>,
    /// How many 429 the bot has brought upon itself. Those of [`Faults`](crate::Faults) are not counted.
    pub limited: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    ends: u64,
    used: u32,
}

/// What is said about a bucket in the headers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// When it is full again, in milliseconds since 1970.
    pub(crate) reset: u64,
}

/// A request that comes too soon.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Limited {
    /// In how many milliseconds it may come again.
    pub(crate) after: u64,
    /// `user`, `shared` or `global`.
    pub(crate) scope: &'static str,
    /// 30046 for old messages: the only 429 with a code.
    pub(crate) code: Option<u64>,
}

impl Limited {
    /// Discord's body. An ordinary one has no `code`.
    pub(crate) fn body(&self) -> Value {
        let after = self.after as f64 / 1000.0;
        let mut body = json!({
            "message": "You are being rate limited.", "retry_after": after, "global": self.scope == "global",
        });
        if let Some(code) = self.code {
            body["message"] =
                json!("Maximum number of edits to messages older than 1 hour reached. Try again later.");
            body["code"] = json!(code);
        }
        body
    }
}

impl Limits {
    /// Takes one request from its bucket. `major` are the ids that a bucket is for.
    pub(crate) fn take(
        &mut self,
        now: u64,
        method: &str,
        template: &str,
        major: &str,
    ) -> (Bucket, Option<Limited>) {
        let exempt = template.starts_with("/webhooks/") || template.starts_with("/interactions/");
        let global = if exempt { None } else { self.use_one("global", now, (GLOBAL, 1_000)).1 };
        let (limit, millis) = size(method, template);
        let key = format!("{method} {template} {major}");
        if let Some(after) = global {
            let bucket = self.look(&key, now, limit, millis);
            return (bucket, Some(Limited { after, scope: "global", code: None }));
        }
        let (bucket, after) = self.use_one(&key, now, (limit, millis));
        (bucket, after.map(|after| Limited { after, scope: "user", code: None }))
    }

    /// Takes one change of a channel's name or topic.
    pub(crate) fn topic(&mut self, now: u64, channel: &str) -> Option<Limited> {
        let after = self.use_one(&format!("topic {channel}"), now, TOPIC).1?;
        Some(Limited { after, scope: "shared", code: None })
    }

    /// Takes one edit of a message that is over an hour old.
    pub(crate) fn old_edit(&mut self, now: u64, message: &str) -> Option<Limited> {
        let after = self.use_one(&format!("old {message}"), now, OLD_EDITS).1?;
        Some(Limited { after, scope: "user", code: Some(30046) })
    }

    fn look(&self, key: &str, now: u64, limit: u32, millis: u64) -> Bucket {
        let window = self.windows.get(key).copied().filter(|window| window.ends > now);
        let window = window.unwrap_or(Window { ends: now + millis, used: 0 });
        Bucket { name: name(key), limit, remaining: limit.saturating_sub(window.used), reset: window.ends }
    }

    fn use_one(&mut self, key: &str, now: u64, (limit, millis): (u32, u64)) -> (Bucket, Option<u64>) {
        let window = self.windows.entry(key.to_owned()).or_default();
        if window.ends <= now {
            *window = Window { ends: now + millis, used: 0 };
        }
        let over = window.used >= limit;
        window.used += u32::from(!over);
        let after = over.then_some(window.ends - now);
        (self.look(key, now, limit, millis), after)
    }
}

/// How many requests in how many milliseconds. What Discord was observed to do, where it was.
fn size(method: &str, template: &str) -> (u32, u64) {
    let message = template.ends_with("/messages/{message_id}");
    match method {
        "POST" if template.ends_with("/messages") => (5, 5_000),
        "PATCH" if message || template.ends_with("@original") => (5, 5_000),
        "POST" if template.starts_with("/webhooks/") => (5, 5_000),
        "DELETE" if message => (5, 1_000),
        "PUT" | "DELETE" if template.contains("/pins/") => (5, 4_000),
        "PUT" | "POST" | "PATCH" | "DELETE" if template.contains("/commands") => (5, 20_000),
        "PATCH" => (5, 15_000),
        _ => (10, 5_000),
    }
}

/// The opaque name of a bucket: FNV-1a.
fn name(key: &str) -> String {
    let route = key.rsplit_once(' ').map_or(key, |(route, _)| route);
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    format!("{:016x}", route.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEND: &str = "/channels/{channel_id}/messages";

    #[test]
    fn five_messages_in_five_seconds_per_channel() {
        let mut limits = Limits::default();
        for left in (0..5).rev() {
            let (bucket, limited) = limits.take(1_000, "POST", SEND, "7");
            assert_eq!((bucket.remaining, bucket.reset, limited), (left, 6_000, None));
        }
        let (bucket, limited) = limits.take(2_000, "POST", SEND, "7");
        assert_eq!(limited, Some(Limited { after: 4_000, scope: "user", code: None }));
        assert_eq!((bucket.remaining, bucket.limit), (0, 5));
        assert_eq!(limits.take(2_000, "POST", SEND, "8").1, None, "another channel");
        assert_eq!(limits.take(6_000, "POST", SEND, "7").1, None, "later");
    }

    #[test]
    fn the_same_route_has_the_same_bucket_name() {
        let mut limits = Limits::default();
        let name = |limits: &mut Limits, major| limits.take(0, "POST", SEND, major).0.name;
        assert_eq!(name(&mut limits, "7"), name(&mut limits, "8"));
    }

    #[test]
    fn a_third_topic_waits_ten_minutes() {
        let mut limits = Limits::default();
        assert!(limits.topic(0, "7").is_none() && limits.topic(0, "7").is_none());
        assert_eq!(limits.topic(1_000, "7").map(|it| it.after), Some(599_000));
        assert!(limits.topic(1_000, "8").is_none() && limits.topic(600_000, "7").is_none());
    }

    #[test]
    fn fifty_a_second_but_for_interactions() {
        let mut limits = Limits::default();
        for channel in 0..50 {
            assert_eq!(limits.take(0, "POST", SEND, &channel.to_string()).1, None);
        }
        let over = limits.take(0, "POST", SEND, "99").1.expect("too much");
        assert_eq!((over.scope, over.after), ("global", 1_000));
        let callback = "/interactions/{interaction_id}/{interaction_token}/callback";
        assert_eq!(limits.take(0, "POST", callback, "1").1, None);
        assert_eq!(limits.take(1_000, "POST", SEND, "99").1, None);
    }

    #[test]
    fn only_the_limit_of_old_messages_has_a_code() {
        let limited = Limited { after: 1_500, scope: "user", code: None };
        assert_eq!(
            limited.body(),
            json!({"message": "You are being rate limited.", "retry_after": 1.5, "global": false})
        );
        let mut limits = Limits::default();
        let over = (0..4).filter_map(|_| limits.old_edit(0, "1")).next().expect("too much");
        assert_eq!(over.body()["code"], 30046);
    }
}
