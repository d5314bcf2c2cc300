//! What a timeline brings, taken apart: pure, from JSON that anybody may have written.
//!
//! Nothing is judged here. Whatever is missing or of another shape than it should be makes an event that means nothing.

use serde_json::Value;

/// Something that happened in a room.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    /// The event.
    pub(crate) id: String,
    /// Who.
    pub(crate) sender: String,
    /// How old it was when the homeserver gave it to us, by the homeserver's own clock, in milliseconds.
    pub(crate) age: Option<u64>,
    /// When, by the clock of the sender's homeserver, in Unix milliseconds.
    pub(crate) at: u64,
    /// How it came.
    pub(crate) cover: Cover,
    /// What.
    pub(crate) what: What,
}

/// How an event came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cover {
    /// As it is: a homeserver could have written it.
    Clear,
    /// Encrypted by somebody's device.
    Encrypted {
        /// Its owner vouches for the device.
        verified: bool,
        /// The keys are not the sender's: forged.
        forged: bool,
    },
    /// Encrypted, and we have no keys.
    Unreadable,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// Somebody wrote.
    Words(Words),
    /// A reaction was put on a message.
    Reaction {
        /// The message.
        to: String,
        /// The emoji, as it came.
        key: String,
    },
    /// Something was taken back.
    Redaction {
        /// The event.
        of: String,
    },
    /// The room's own topic was changed.
    Topic(String),
    /// Somebody wrote, and we have no keys.
    Unreadable,
    /// Anything else.
    Other,
}

/// A message of a person.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Words {
    /// As typed.
    pub(crate) text: String,
    /// Not `m.text`: what a bot says, an emote, a picture.
    pub(crate) other: bool,
    /// Changes an earlier message.
    pub(crate) edit: bool,
    /// Whom the client says it mentions.
    pub(crate) mentions: Vec<String>,
    /// The message that it replies to.
    pub(crate) reply_to: Option<String>,
    /// The first message of the thread that it is in.
    pub(crate) thread: Option<String>,
}

impl Heard {
    /// Takes an event apart.
    pub(crate) fn read(event: &Value, cover: Cover) -> Option<Self> {
        let (id, sender) = (text(event, "/event_id")?, text(event, "/sender")?);
        let at = event.pointer("/origin_server_ts").and_then(Value::as_u64).unwrap_or_default();
        let age = event.pointer("/unsigned/age").and_then(Value::as_i64);
        let age = age.map(|age| u64::try_from(age).unwrap_or_default());
        let state = event.get("state_key").is_some();
        let what = match (text(event, "/type").as_deref(), state) {
            (Some("m.room.message"), false) => What::Words(words(event.get("content")?)),
            (Some("m.reaction"), false) => reaction(event).unwrap_or(What::Other),
            (Some("m.room.redaction"), false) => redaction(event).unwrap_or(What::Other),
            (Some("m.room.topic"), true) => What::Topic(text(event, "/content/topic").unwrap_or_default()),
            (Some("m.room.encrypted"), false) => What::Unreadable,
            _ => What::Other,
        };
        Some(Self { id, sender, age, at, cover, what })
    }
}

fn words(content: &Value) -> Words {
    let relation = |pointer: &str| text(content, &format!("/m.relates_to/{pointer}"));
    let kind = relation("rel_type");
    let mentions = content.pointer("/m.mentions/user_ids").and_then(Value::as_array);
    let mentions = mentions.into_iter().flatten().filter_map(|user| Some(user.as_str()?.to_owned()));
    // In a thread, clients that know none are told of a reply that nobody made.
    let falls_back = content.pointer("/m.relates_to/is_falling_back").and_then(Value::as_bool) == Some(true);
    Words {
        text: text(content, "/body").unwrap_or_default(),
        other: text(content, "/msgtype").as_deref() != Some("m.text"),
        edit: kind.as_deref() == Some("m.replace"),
        mentions: mentions.collect(),
        reply_to: relation("m.in_reply_to/event_id").filter(|_| !falls_back),
        thread: relation("event_id").filter(|_| kind.as_deref() == Some("m.thread")),
    }
}

fn reaction(event: &Value) -> Option<What> {
    let annotates = text(event, "/content/m.relates_to/rel_type")? == "m.annotation";
    let to = text(event, "/content/m.relates_to/event_id")?;
    let key = text(event, "/content/m.relates_to/key")?;
    annotates.then_some(What::Reaction { to, key })
}

/// Up to room version 10 beside the content, since then in it.
fn redaction(event: &Value) -> Option<What> {
    let of = text(event, "/content/redacts").or_else(|| text(event, "/redacts"))?;
    Some(What::Redaction { of })
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    Some(value.pointer(pointer)?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(kind: &str, content: Value) -> What {
        let event = json!({
            "event_id": "$1", "sender": "@a:e", "type": kind, "content": content, "origin_server_ts": 5,
            "unsigned": {"age": -3}
        });
        let heard = Heard::read(&event, Cover::Clear).unwrap();
        assert_eq!((heard.age, heard.at), (Some(0), 5));
        heard.what
    }

    #[test]
    fn words_with_what_they_relate_to() {
        let thread = json!({"rel_type": "m.thread", "event_id": "$t", "is_falling_back": true, "m.in_reply_to": {"event_id": "$l"}});
        let What::Words(said) =
            read("m.room.message", json!({"msgtype": "m.text", "body": "x", "m.relates_to": thread}))
        else {
            panic!()
        };
        assert_eq!((said.thread.as_deref(), said.reply_to, said.edit), (Some("$t"), None, false));
        let replace = json!({"rel_type": "m.replace", "event_id": "$t"});
        let What::Words(said) =
            read("m.room.message", json!({"msgtype": "m.notice", "body": "x", "m.relates_to": replace}))
        else {
            panic!()
        };
        assert!(said.edit && said.other);
    }

    #[test]
    fn redactions_of_old_and_new_rooms() {
        assert_eq!(read("m.room.redaction", json!({"redacts": "$2"})), What::Redaction { of: "$2".into() });
        let old = json!({"event_id": "$1", "sender": "@a:e", "type": "m.room.redaction", "content": {}, "redacts": "$2"});
        let heard = Heard::read(&old, Cover::Clear).unwrap();
        assert_eq!((heard.what, heard.age), (What::Redaction { of: "$2".into() }, None));
    }

    #[test]
    fn a_message_is_no_state_and_a_topic_is() {
        assert_eq!(read("m.room.topic", json!({"topic": "x"})), What::Other);
        let state = json!({"event_id": "$1", "sender": "@a:e", "type": "m.room.message", "state_key": "", "content": {"body": "!kick 3", "msgtype": "m.text"}});
        assert_eq!(Heard::read(&state, Cover::Clear).unwrap().what, What::Other);
    }

    fn json_of_any_shape() -> impl Strategy<Value = Value> {
        let keys = prop::sample::select(vec![
            "event_id",
            "sender",
            "type",
            "content",
            "body",
            "msgtype",
            "m.relates_to",
            "rel_type",
            "key",
            "m.in_reply_to",
            "redacts",
            "unsigned",
            "age",
            "m.mentions",
            "user_ids",
            "state_key",
            "topic",
        ]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            prop::sample::select(vec![
                "m.room.message",
                "m.reaction",
                "m.annotation",
                "$1",
                "m.text",
                "!k 3"
            ])
            .prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(keys.clone().prop_map(str::to_owned), inner, 0..8)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_shape_is_too_strange(event in json_of_any_shape()) {
            let _ = Heard::read(&event, Cover::Clear);
        }
    }
}
