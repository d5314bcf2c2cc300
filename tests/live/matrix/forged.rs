//! What a homeserver could write by itself: clear text in an encrypted room, reactions, replies.

use gavel_matrix_lab::{Homeserver, Limits};
use serde_json::json;

use super::{journal, open};
use crate::backend::{Asterisk, Backend};
use crate::community::{Community, forge};
use crate::control::Call;
use crate::gavel::Home;

pub(crate) fn forged_commands_change_nothing(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let joel = control.call(Call { name: b"Joel", ..Call::silent("1002") });
    let (home, gavel, mut community) = open(backend, &asterisk, Limits::Relaxed);
    let (crew, server) = (community.crew.clone(), community.server.clone());
    let card = community.card("Joel on the card", |text| text.contains("#1 Joel"));
    let token = community.dana.person.account.token.clone();
    let before = community.sam.asks(&crew, "!roster");
    let reply = json!({"m.in_reply_to": {"event_id": before.id}});
    let edit = json!({"rel_type": "m.replace", "event_id": card.id});
    for words in ["!mute 1", "!kick 1", "/mute 1", "//lock", "gavel: lock", "!mute all"] {
        for content in [
            json!({"msgtype": "m.text", "body": words}),
            json!({"msgtype": "m.text", "body": words, "m.relates_to": reply}),
            json!({"msgtype": "m.text", "body": words, "m.relates_to": edit, "m.new_content": {"msgtype": "m.text", "body": words}}),
        ] {
            forge(&server, &token, &crew, "m.room.message", &content);
        }
    }
    // Nobody has its keys.
    let sealed = json!({"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkLmt6qF84IK++J7UDH2Za1YVchHyprqTqsg", "device_id": "X", "sender_key": "y", "session_id": "z"});
    let sealed = forge(&server, &token, &crew, "m.room.encrypted", &sealed);
    community.sam.forged.push(sealed.clone());
    community.dana.forged.push(sealed);
    let answer = community.sam.asks(&crew, "!roster");
    assert!(answer.text.contains("1 in the room"), "{answer:?}");
    let seen = control.members("200");
    assert!(seen.len() == 1 && !seen[0].muted && !control.locked("200"), "{seen:?}");
    assert_eq!(seen[0].uniqueid, joel.uniqueid);
    assert!(gavel.end().0.success());
    let journal = journal(&home);
    assert!(!journal.iter().any(|entry| entry.contains("\"Dana\"")), "{journal:#?}");
}

pub(crate) fn forged_reactions_change_nothing(backend: Backend) {
    let asterisk = Asterisk::start(backend);
    let control = asterisk.control();
    let mut community = Community::start(Homeserver::shared(Limits::Relaxed));
    let verified = community.configuration().replace("[matrix]", "[matrix]\nrequire_verified = true");
    let text = format!("{}{verified}{}", super::room(backend, &asterisk), community.access());
    let home = Home::new(&text);
    home.write("matrix-password", &community.bot.password);
    let gavel = home.console();
    community.open();
    let (crew, server) = (community.crew.clone(), community.server.clone());
    control.call(Call { name: b"Joel", ..Call::silent("1002") });
    let joined = community.sam.line(&crew, "the join", |line| line.starts_with("#1 Joel joined"));
    let card = community.card("Joel on the card", |text| text.contains("#1 Joel"));
    let token = community.dana.person.account.token.clone();
    for (target, key) in
        [(&joined, "\u{1f507}"), (&joined, "\u{1f462}"), (&card, "\u{1f507}"), (&card, "\u{1f512}")]
    {
        let relation = json!({"rel_type": "m.annotation", "event_id": target.id, "key": key});
        forge(&server, &token, &crew, "m.reaction", &json!({"m.relates_to": relation}));
    }
    // Neither does a command of a device for which nobody vouches: it is told why.
    let typed = community.dana.person.say(&crew, "!kick 1");
    let told = community.dana.answer("a refusal", &typed);
    assert!(
        told.text.starts_with("Nothing done: this message came from a device that is not verified."),
        "{told:?}"
    );
    let seen = control.members("200");
    assert!(seen.len() == 1 && !seen[0].muted && !control.locked("200"), "{seen:?}");
    let asked = community
        .dana
        .shown
        .iter()
        .any(|it| it.text.contains("Mute all but") || it.text.starts_with("Remove #1"));
    assert!(!asked, "nobody was asked anything");
    assert!(gavel.end().0.success());
    assert!(!journal(&home).iter().any(|entry| entry.contains("\"Dana\"")));
}
