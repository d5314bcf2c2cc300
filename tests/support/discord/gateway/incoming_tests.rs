use serde_json::json;

use super::*;

#[allow(clippy::disallowed_methods, reason = "only a point to count from")]
fn start() -> Instant {
    Instant::now()
}

fn greeting() -> Value {
    json!({"op": 2, "d": {
        "token": "t", "intents": 1, "shard": [0, 1], "compress": true, "large_threshold": 250,
        "properties": {"os": "linux", "browser": "serenity", "device": "serenity"},
        "presence": {"afk": false, "status": "online", "activities": [],
                     "since": {"secs_since_epoch": 1, "nanos_since_epoch": 2}},
    }})
}

fn say(incoming: &mut Incoming, payload: &Value) -> Said {
    incoming.frame(start(), payload.to_string().as_bytes())
}

fn fresh() -> Incoming {
    Incoming::new(start())
}

/// The greeting with one value of its body replaced.
fn altered(pointer: &str, value: Value) -> Value {
    let mut payload = greeting();
    *payload.pointer_mut(pointer).unwrap() = value;
    payload
}

#[test]
fn an_identify_is_read() {
    let said = say(&mut fresh(), &greeting());
    let expected = Identify { token: "t".into(), intents: Some(1), shard: [0, 1], compress: true };
    assert_eq!(said, Said::Identify(expected));
}

#[test]
fn what_is_left_out_of_an_identify_has_its_default() {
    let lean =
        json!({"op": 2, "d": {"token": "t", "properties": {"$os": "a", "$browser": "b", "$device": "c"}}});
    let expected = Identify { token: "t".into(), intents: None, shard: [0, 1], compress: false };
    assert_eq!(say(&mut fresh(), &lean), Said::Identify(expected));
}

#[test]
fn a_shape_that_is_wrong_is_a_decode_error() {
    for wrong in [
        altered("/d/token", json!(7)),
        altered("/d/properties", json!({"os": "linux"})),
        altered("/d/shard", json!([0])),
        altered("/d/intents", json!("513")),
        altered("/d/presence/status", json!("asleep")),
        altered("/d/large_threshold", json!(251)),
        json!({"op": 6, "d": {"token": "t", "session_id": "s"}}),
        json!({"op": 1, "d": "7"}),
        json!({"d": 1}),
        json!([]),
    ] {
        assert_eq!(say(&mut fresh(), &wrong), Said::Close(close::DECODE), "{wrong}");
    }
    assert_eq!(fresh().frame(start(), b"{\"op\":"), Said::Close(close::DECODE));
}

#[test]
fn a_payload_over_4096_bytes_is_a_decode_error() {
    let mut payload = json!({"op": 1, "d": null}).to_string();
    payload.push_str(&" ".repeat(4096 - payload.len()));
    assert_eq!(fresh().frame(start(), payload.as_bytes()), Said::Beat);
    payload.push(' ');
    assert_eq!(fresh().frame(start(), payload.as_bytes()), Said::Close(close::DECODE));
}

#[test]
fn order_and_opcodes_are_judged() {
    let presence = json!({"op": 3, "d": {"since": null, "activities": [], "status": "idle", "afk": true}});
    assert_eq!(say(&mut fresh(), &presence), Said::Close(close::NOT_AUTHENTICATED));
    let mut known = fresh();
    assert!(matches!(say(&mut known, &greeting()), Said::Identify(_)));
    assert_eq!(say(&mut known, &presence), Said::Other(3));
    assert_eq!(say(&mut known, &greeting()), Said::Close(close::ALREADY_AUTHENTICATED));
    for opcode in [0, 5, 7, 9, 10, 11, 99] {
        assert_eq!(
            say(&mut known, &json!({"op": opcode, "d": {}})),
            Said::Close(close::UNKNOWN_OPCODE),
            "{opcode}"
        );
    }
}

#[test]
fn after_an_invalid_session_the_same_connection_may_identify() {
    let mut incoming = fresh();
    let resume = json!({"op": 6, "d": {"token": "t", "session_id": "s", "seq": 3}});
    let expected = Resume { token: "t".into(), session: "s".into(), seq: 3 };
    assert_eq!(say(&mut incoming, &resume), Said::Resume(expected));
    incoming.unauthenticated();
    assert!(matches!(say(&mut incoming, &greeting()), Said::Identify(_)));
}

#[test]
fn the_121st_payload_in_a_minute_is_one_too_many() {
    let mut incoming = fresh();
    let began = start();
    let beat = json!({"op": 1, "d": 5}).to_string();
    for _ in 0..120 {
        assert_eq!(incoming.frame(began, beat.as_bytes()), Said::Beat);
    }
    let later = began + Duration::from_secs(59);
    assert_eq!(incoming.frame(later, beat.as_bytes()), Said::Close(close::RATE_LIMITED));
    assert_eq!(incoming.frame(began + SENDS_IN, beat.as_bytes()), Said::Beat);
}
