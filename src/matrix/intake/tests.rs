use proptest::prelude::*;

use super::*;

const CARD: &str = "$card";
const JOINED: &str = "$joined";

fn rules<'a>(prefixes: &'a [String]) -> Rules<'a> {
    Rules {
        me: "@gavel:e.test",
        my_name: "Gavel",
        prefixes,
        bare_words: false,
        sync_topic: false,
        require_verified: false,
        encrypted: false,
    }
}

fn posts(event: &str) -> Option<Key> {
    match event {
        CARD => Some(Key::Roster),
        JOINED => Some(Key::Notice(7)),
        _ => None,
    }
}

fn heard(what: What) -> Heard {
    let (id, sender) = ("$1".to_owned(), "@sam:e.test".to_owned());
    Heard { id, sender, age: Some(0), at: 0, cover: Cover::Clear, what }
}

fn said(text: &str) -> Words {
    Words { text: text.into(), ..Words::default() }
}

fn judge(heard: &Heard, change: impl FnOnce(&mut Rules<'_>)) -> Verdict {
    let prefixes = ["!".to_owned(), "?".to_owned()];
    let mut rules = rules(&prefixes);
    change(&mut rules);
    read(heard, &rules, posts)
}

fn typed(text: &str) -> Verdict {
    judge(&heard(What::Words(said(text))), |_| {})
}

fn text(words: &str) -> Verdict {
    Verdict::Ask(Input::Text(words.into()))
}

#[test]
fn how_people_address_us() {
    for form in [
        "!mute 2",
        "! mute 2",
        " ?mute 2",
        "/mute 2",
        "//mute 2",
        "@gavel:e.test mute 2",
        "@gavel:e.test: mute 2",
        "Gavel: mute 2",
        "gavel, mute 2",
        "GAVEL mute 2",
    ] {
        assert_eq!(typed(form), text("mute 2"), "{form}");
    }
    assert_eq!(typed("!M 2"), text("M 2"));
    assert_eq!(typed("!nonsense"), text("nonsense"), "the desk answers with the nearest command");
    for form in [
        "mute 2",
        "!",
        "! ",
        "/nonsense",
        "gavel is great",
        "Gavelin: mute 2",
        "",
        "the ! mute 2",
        "///mute 2",
        "/",
    ] {
        assert_eq!(typed(form), Verdict::Nothing, "{form}");
    }
}

#[test]
fn bare_words_where_they_are_wanted() {
    let bare = |words: &str| judge(&heard(What::Words(said(words))), |rules| rules.bare_words = true);
    assert_eq!(bare("Mute 2"), text("Mute 2"));
    assert_eq!(bare("!m 2"), text("m 2"));
    assert_eq!(bare("k"), Verdict::Nothing);
    assert_eq!(bare("hello"), Verdict::Nothing);
}

#[test]
fn replies_choose_whom_they_are_about() {
    let reply = |to: &str, words: &str| Words { reply_to: Some(to.into()), ..said(words) };
    let on = |post, words: &str| Verdict::Ask(Input::On { post, with: Sign::Reply(words.into()) });
    let judged = |words| judge(&heard(What::Words(words)), |_| {});
    assert_eq!(judged(reply(JOINED, "mute")), on(Key::Notice(7), "mute"));
    assert_eq!(judged(reply(JOINED, "!mute")), on(Key::Notice(7), "mute"));
    assert_eq!(judged(reply(JOINED, "> <@gavel:e.test> joined\n\nKick")), on(Key::Notice(7), "Kick"));
    assert_eq!(judged(reply(JOINED, "who?")), Verdict::Nothing);
    assert_eq!(judged(reply("$other", "mute")), Verdict::Nothing);
    assert_eq!(judged(reply("$other", "!mute 2")), text("mute 2"));
    let strict = judge(&heard(What::Words(reply(JOINED, "!mute 2"))), |rules| rules.require_verified = true);
    assert_eq!(strict, Verdict::Unverified);
    let sealed = Heard {
        cover: Cover::Encrypted { verified: true, forged: false },
        ..heard(What::Words(reply(JOINED, "!mute 2")))
    };
    let strict = judge(&sealed, |rules| (rules.require_verified, rules.encrypted) = (true, true));
    assert_eq!(strict, text("mute 2"), "the number stands in the encrypted text");
}

#[test]
fn reactions_on_our_posts() {
    let react = |to: &str, key: &str| heard(What::Reaction { to: to.into(), key: key.into() });
    let muted = Verdict::Ask(Input::On { post: Key::Roster, with: Sign::React("🔒".into()) });
    assert_eq!(judge(&react(CARD, "🔒"), |_| {}), muted);
    assert_eq!(judge(&react(CARD, "🔒\u{fe0f}"), |rules| rules.encrypted = true), muted);
    assert_eq!(judge(&react("$other", "🔒"), |_| {}), Verdict::Nothing);
    assert_eq!(judge(&react(CARD, "🔒"), |rules| rules.require_verified = true), Verdict::Nothing);
}

#[test]
fn the_rooms_own_topic() {
    let topic = || heard(What::Topic("buses".into()));
    assert_eq!(judge(&topic(), |_| {}), Verdict::Nothing);
    let taken = judge(&topic(), |rules| rules.sync_topic = true);
    assert_eq!(taken, Verdict::Ask(Input::Topic("buses".into())));
    let strict = judge(&topic(), |rules| (rules.sync_topic, rules.require_verified) = (true, true));
    assert_eq!(strict, Verdict::Nothing, "never encrypted");
}

#[test]
fn what_never_acts() {
    let words = || What::Words(said("!kick 3"));
    let sealed = |verified, forged| Heard { cover: Cover::Encrypted { verified, forged }, ..heard(words()) };
    assert_eq!(judge(&heard(words()), |rules| rules.encrypted = true), Verdict::Nothing, "clear text");
    assert_eq!(judge(&sealed(true, true), |_| {}), Verdict::Nothing, "another's keys");
    assert_eq!(judge(&sealed(false, false), |rules| rules.encrypted = true), text("kick 3"));
    assert_eq!(judge(&sealed(false, false), |rules| rules.require_verified = true), Verdict::Unverified);
    let own = Heard { sender: "@gavel:e.test".into(), ..heard(words()) };
    assert_eq!(judge(&own, |_| {}), Verdict::Nothing);
    for changed in [Words { edit: true, ..said("!kick 3") }, Words { other: true, ..said("!kick 3") }] {
        assert_eq!(judge(&heard(What::Words(changed)), |_| {}), Verdict::Nothing);
    }
    assert_eq!(judge(&heard(What::Redaction { of: JOINED.into() }), |_| {}), Verdict::Nothing);
    assert_eq!(judge(&heard(What::Unreadable), |_| {}), Verdict::Unreadable);
}

proptest! {
    #[test]
    fn no_text_is_too_strange(words in any::<String>(), reply in any::<bool>()) {
        let reply_to = reply.then(|| JOINED.to_owned());
        let _ = judge(&heard(What::Words(Words { reply_to, ..said(&words) })), |rules| rules.bare_words = true);
    }

    #[test]
    fn a_prefix_is_taken_off_and_nothing_else(words in "[a-z0-9#:,].{0,40}") {
        let meant = match typed(&format!("!{words}")) {
            Verdict::Ask(Input::Text(meant)) => meant,
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(meant, words.trim());
    }
}
