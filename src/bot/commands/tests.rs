use std::sync::Arc;

use gavel_ami::model::{Link, RoomName, Topic, Wish};
use gavel_chat::command::parse;
use gavel_chat::text::{Foreign, plain};
use gavel_chat::{Asker, Claim, Health, PlaceId, UserId};

use super::*;
use crate::board::View;
use crate::desk::job::{Effect, Input, Sight};
use crate::fixtures::{self, NOW, by, call, person};
use crate::supervisor::NetworkStatus;

/// What typed words come to, as a host: what is said, and the wishes.
fn typed_in(room: &RoomView, words: &str) -> (String, Vec<Wish>) {
    let call = parse(words).unwrap_or_else(|misread| panic!("{words}: {misread:?}"));
    let (rules, zone, house) = (Rules::default(), Zone::utc(), house());
    let claims = vec![Claim("console:host".to_owned())];
    let asker =
        Asker { user: UserId::new("console:you"), name: Foreign::name("Sam"), claims, trusted_device: None };
    let grant = rules.authorise(&call, &asker, &PlaceId::new("console"), room.view).unwrap();
    let ask = Ask {
        grant: &grant,
        args: &call.args,
        room,
        rules: &rules,
        house: &house,
        others: 2,
        now: NOW,
        zone: &zone,
    };
    match plan(call.command, ask) {
        Err(Refusal(doc)) | Ok(Plan::Say { doc, .. }) => (plain(&doc), vec![]),
        Ok(Plan::Tell { notice, answer }) => (format!("{} / {}", plain(&notice), plain(&answer)), vec![]),
        Ok(Plan::Run(mut job)) => {
            let step = job.step(Sight { now: fixtures::now(), room, zone: &zone }, Input::Start);
            let mut said = String::new();
            let mut wishes = Vec::new();
            for effect in step.effects {
                match effect {
                    Effect::Tell { doc, .. } => said = plain(&doc),
                    Effect::Order { wish, .. } => wishes.push(wish),
                }
            }
            (said, wishes)
        }
    }
}

fn typed(words: &str) -> (String, Vec<Wish>) {
    typed_in(&fixtures::room(View::Crew), words)
}

fn said(words: &str) -> String {
    let (said, wishes) = typed(words);
    assert_eq!(wishes, [], "{words}");
    said
}

fn house() -> House {
    let server = |name: &str, up, version: Option<&str>, trouble: Option<&str>| Server {
        name: gavel_ami::model::ServerName::new(name),
        up,
        since: NOW - 14_000,
        version: version.map(str::to_owned),
        trouble: trouble.map(str::to_owned),
    };
    let network = |name, health| NetworkStatus { name, health, since: NOW - 60_000 };
    House {
        servers: vec![
            server("main", true, Some("22.5.2"), None),
            server("spare", false, None, Some("connection\u{1b}[2J refused")),
        ],
        networks: vec![
            network("console", Some(Health::Up)),
            network("discord", Some(Health::Down("it froze".to_owned()))),
            network("matrix", None),
        ],
    }
}

#[test]
fn numbers_and_names_become_calls() {
    let mute = |number| Wish::Mute { call: call(number), on: true };
    assert_eq!(typed("mute 7"), ("Muting #7 Joel...".to_owned(), vec![mute(7)]));
    assert_eq!(typed("m 3,7"), ("Muting #3 Marta and #7 Joel...".to_owned(), vec![mute(3), mute(7)]));
    assert_eq!(typed("mute mar").1, [mute(3)]);
    assert_eq!(typed("u #07").1, [Wish::Mute { call: call(7), on: false }]);
    let room = RoomName::new("thursday");
    assert_eq!(typed("mute all").1, [Wish::MuteAll { room: room.clone(), on: true }]);
    assert_eq!(typed("unmute all").1, [Wish::MuteAll { room: room.clone(), on: false }]);
    assert_eq!(typed("lock").1, [Wish::Lock { room: room.clone(), on: true }]);
    assert_eq!(typed("unlock").1, [Wish::Lock { room: room.clone(), on: false }]);
    assert_eq!(typed("topic night buses").1, [Wish::Topic { room, text: Some("night buses".to_owned()) }]);
    assert_eq!(typed("note 3 -").1, [Wish::Note { call: call(3), text: None }]);
}

#[test]
fn one_who_left_is_still_meant_so_that_the_core_can_say_so() {
    let (said, wishes) = typed("kick 5");
    assert_eq!((said.as_str(), wishes), ("Removing #5 Rick...", vec![Wish::Kick { call: call(5) }]));
    assert_eq!(self::said("mute Rick"), "Nobody here is called \"Rick\".");
}

#[test]
fn one_wrong_number_and_nothing_happens() {
    assert_eq!(said("kick 9"), "There is no #9.");
    assert_eq!(said("kick 3 9"), "There is no #9. Nothing was done.");
    let mut room = fixtures::room(View::Crew);
    let mut snapshot = fixtures::snapshot();
    snapshot.people.push(person(8, "Marten"));
    room.snapshot = Arc::new(snapshot);
    let (said, wishes) = typed_in(&room, "mute mart");
    assert_eq!(
        (said.as_str(), wishes.len()),
        ("Nothing done: \"mart\" is #3 Marta or #8 Marten. Give the number.", 0)
    );
}

#[test]
fn what_cannot_be_taken_back_asks_once_when_named() {
    assert_eq!(said("kick marta"), "That is #3 Marta. Say: kick 3");
    assert_eq!(said("kick mar: noise"), "That is #3 Marta. Say: kick 3: noise");
    assert_eq!(said("hangup joel"), "That is #7 Joel. Say: hangup 7");
    assert_eq!(typed("kick 3: noise").1, [Wish::Kick { call: call(3) }]);
}

#[test]
fn an_old_picture_is_no_reason_to_deny_that_somebody_is_there() {
    let mut room = fixtures::room(View::Crew);
    room.snapshot = Arc::new(gavel_ami::model::RoomSnapshot {
        link: Link::Stale { since: NOW - 14_000 },
        ..fixtures::snapshot()
    });
    let (said, _) = typed_in(&room, "kick 9");
    assert_eq!(said, "No link to Asterisk since 20:41:10 (14 s ago). Nothing was done.");
    assert_eq!(typed_in(&room, "kick 3").1.len(), 1, "known: the core refuses it");
}

#[test]
fn answers() {
    let words = ["roster", "who 7", "who 5", "topic", "help", "help kick", "say hello there", "status"];
    insta::assert_snapshot!(words.map(|words| format!("> {words}\n{}", said(words))).join("\n\n"), @r#"
> roster
Thursday Line: 3 in the room.
#1 Dana, crew, 6 min
#3 Marta, 6 min
#7 Joel, 6 min

> who 7
#7 Joel, ends 17, SIP
In the room since 20:35 (6 min), talked 0 s.

> who 5
#5 Rick left 4 s ago.

> topic
There is no topic.

> help
You can do here:
roster: who is in the room
who N: one caller in detail
mute N.. or mute all: not heard any more
unmute N.. or unmute all: heard again
kick N.. [: reason]: out of the room
hangup N..: ends the call itself
lock: nobody else gets in
unlock: callers get in again
topic [TEXT]: shows or sets it, - clears
note N TEXT: what N wants to say
say TEXT: to the other crew places
status: Asterisk and the networks
help [COMMAND]: this, or one command

> help kick
kick N.. [: reason]: out of the room
callers: number or name
reason: why, for the crew
Also: k

> say hello there
Sam says: hello there / Told 2 other places.

> status
Thursday Line: conference "200" of ConfBridge on main.
Asterisk main: connected since 20:41:10 (14 s ago), version 22.5.2.
Asterisk spare: NOT connected since 20:41:10 (14 s ago): connection[2J refused.
console: connected since 20:40:24 (1 min ago).
discord: DOWN since 20:40:24 (1 min ago): it froze.
matrix: connecting since 20:40:24 (1 min ago).
"#);
}

#[test]
fn a_public_place_gets_neither_names_nor_numbers_of_phones() {
    let mut room = fixtures::room(View::Public);
    let topic = Topic { text: "night buses".to_owned(), by: by("Dana"), at: NOW };
    room.snapshot = Arc::new(gavel_ami::model::RoomSnapshot { topic: Some(topic), ..fixtures::snapshot() });
    let said: Vec<_> = ["roster", "topic", "mute 7", "mute joel", "kick 9", "help"]
        .iter()
        .map(|words| format!("> {words}\n{}", typed_in(&room, words).0))
        .collect();
    insta::assert_snapshot!(said.join("\n\n"), @r#"
> roster
Thursday Line: 3 in the room.
Topic: night buses
1 crew
2 callers

> topic
Topic: night buses.

> mute 7
Muting #7...

> mute joel
Nobody here is called "joel".

> kick 9
There is no #9.

> help
You can do here:
roster: who is in the room
mute N.. or mute all: not heard any more
unmute N.. or unmute all: heard again
kick N.. [: reason]: out of the room
hangup N..: ends the call itself
lock: nobody else gets in
unlock: callers get in again
topic [TEXT]: shows or sets it, - clears
say TEXT: to the other crew places
status: Asterisk and the networks
help [COMMAND]: this, or one command
"#);
}
