//! What is true of the room and its callers besides who is in: topic, notes, waiting, recording, keys pressed.

use gavel_ami::model::{Outcome, What, Wish};

use crate::backend::{Asterisk, Backend};
use crate::control::Call;
use crate::core::{Core, call, find};

pub(crate) fn topic_and_note_reach_the_dialplan(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    let joel = control.call(Call::silent("1001"));
    core.sees(&joel);

    for text in ["night buses", "a,b;c \"d\" ${EXTEN} čaj"] {
        let room = core.room().room.clone();
        assert_eq!(core.act(Wish::Topic { room, text: Some(text.to_owned()) }), Outcome::Done);
        assert_eq!(core.act(Wish::Note { call: call(&joel), text: Some(text.to_owned()) }), Outcome::Done);
        assert_eq!(control.variable(None, "TOPIC_thursday"), text);
        assert_eq!(control.variable(Some(&joel.channel), "topic"), text);
        let seen = core.room();
        assert_eq!(seen.topic.as_ref().map(|topic| &*topic.text), Some(text));
        assert_eq!(
            find(&seen, &joel).and_then(|joel| joel.note.clone()).map(|note| note.text).as_deref(),
            Some(text)
        );
    }
    let room = core.room().room.clone();
    assert_eq!(core.act(Wish::Topic { room, text: None }), Outcome::Done);
    assert_eq!(control.variable(None, "TOPIC_thursday"), "");
    assert!(core.room().topic.is_none());
}

pub(crate) fn waits_for_a_marked_user(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    let waits = control.call(Call { profile: "waits", ..Call::silent("1001") });
    core.sees(&waits);
    core.until("is seen to wait", |room| find(room, &waits).is_some_and(|person| person.waiting));
    control.call(Call { profile: "marked", ..Call::silent("1002") });
    core.until("waits no longer", |room| find(room, &waits).is_some_and(|person| !person.waiting));
}

pub(crate) fn mutes_themselves_by_phone(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    let presses = control.call(Call { leg: "mute", ..Call::silent("1001") });
    core.sees(&presses);
    core.until("muted", |room| find(room, &presses).is_some_and(|person| person.muted));
    let told = core.told(|entry| (entry.what == What::Muted(true)).then(|| entry.by.clone()));
    assert_eq!(told, [None], "nobody of us did it");
    assert_eq!(core.act(Wish::Mute { call: call(&presses), on: false }), Outcome::Done);
    assert!(!control.members("200")[0].muted);
}

pub(crate) fn the_muted_ask_to_talk(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    let asks = control.call(Call { profile: "muted", leg: "ask", ..Call::silent("1001") });
    core.sees(&asks);
    core.until("the hand is up", |room| find(room, &asks).is_some_and(|person| person.hand.is_some()));
    assert_eq!(core.act(Wish::Mute { call: call(&asks), on: false }), Outcome::Done);
    core.until("the hand is down", |room| {
        find(room, &asks).is_some_and(|person| person.hand.is_none() && !person.muted)
    });
}

pub(crate) fn records_itself(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    core.sees(&control.call(Call::silent("1001")));
    let file = asterisk.folder().join("record.wav");
    let file = file.to_str().expect("a plain path").as_bytes();
    control.action(&[("Action", b"ConfbridgeStartRecord"), ("Conference", b"200"), ("RecordFile", file)]);
    core.until("it is seen to record", |room| room.recording.is_some());
    control.action(&[("Action", b"ConfbridgeStopRecord"), ("Conference", b"200")]);
    core.until("it is seen to have stopped", |room| room.recording.is_none());
}

/// A full room gives no event to those inside; the caller who was refused is nobody.
pub(crate) fn full_room_refuses_a_caller(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let core = Core::connect(backend, asterisk.port());
    for number in 0..3 {
        core.sees(&control.call(Call { room: "201", ..Call::silent(&format!("100{number}")) }));
    }
    let mark = control.mark();
    control.dial(Call { room: "201", ..Call::silent("1009") });
    control.wait(mark, |packet| packet.is("Hangup") && packet.get("CallerIDNum") == "1009");
    assert_eq!((core.room().people.len(), core.joins().len()), (3, 3));
}
