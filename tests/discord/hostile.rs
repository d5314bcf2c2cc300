//! Callers, topics and notes that would like to be more than text: whatever they say, and wherever it is shown, nobody is
//! woken, nothing of it is live, and nothing breaks a limit of Discord's.

use std::collections::BTreeSet;

use gavel_chat::command::Command;
use gavel_chat::text::{Foreign, Name};
use gavel_discord_standin::markdown::{hidden, read};
use gavel_discord_standin::{Act, Id, Message};
use serde_json::Value;

use crate::SOON;
use crate::clock::timed;
use crate::guild::{COHOST, CREW, HOST, PUBLIC, plain};
use crate::show::Show;

/// So many at once: what a list of Discord's takes.
const AT_ONCE: usize = 22;

#[test]
fn nothing_of_theirs_is_live() {
    timed(is_text);
}

fn is_text() {
    let texts = corpus();
    assert!(texts.len() > 80, "{}", texts.len());
    let show = Show::open(&[]);
    call_the_crew_names(&show);
    let mut number = 0;
    for (chunk, texts) in texts.chunks(AT_ONCE).enumerate() {
        let calls: Vec<_> = (0..).zip(texts).map(|(at, text)| show.call(3000 + at, text)).collect();
        show.counts(texts.len());
        are_chosen(&show, number + 1, texts.len());
        for (at, text) in (number + 1..).zip(texts) {
            let text = String::from_utf8_lossy(text);
            is_typed(&show, at, &text);
        }
        number += texts.len();
        calls.into_iter().for_each(|call| show.sim.hang_up(call));
        show.radio.card(CREW, "all are gone", |text| text.contains("obody") || text.contains(": 0 in"));
        println!("{chunk}: {number}");
    }
    all_was_text(&show);
    were_shown(&show, &texts);
    let discord = &show.radio.discord;
    assert!(discord.pinging().is_empty(), "{:#?}", discord.pinging());
    discord.assert_clean();
}

/// The crew calls itself things, too.
fn call_the_crew_names(show: &Show) {
    show.radio.discord.world().change(|world| {
        let members = world.guilds.iter_mut().flat_map(|guild| &mut guild.members);
        for member in members {
            match member.user {
                Id(HOST) => member.nick = Some("@everyone **b** [l](http://e.vil)".to_owned()),
                Id(COHOST) => member.nick = Some("\u{202e}`<@1001>` # _x_ ||y||".to_owned()),
                _ => {}
            }
        }
    });
}

/// Each of them in the panel: the list, the person, the question.
fn are_chosen(show: &Show, first: usize, count: usize) {
    let sam = show.radio.member(COHOST);
    let card = show.radio.card(CREW, "a card", |_| true);
    let button = card.button("Manage").expect("it is there");
    let mut panel = settled(&sam.press(card.id, button).expect("it can be pressed"));
    for number in first..first + count {
        let (select, choices) = panel.select().expect("whom to choose");
        let value = number.to_string();
        assert!(choices.iter().any(|(_, of)| *of == value), "{number} is not offered: {choices:?}");
        let person = settled(&sam.choose(panel.id, select, &[&value]).expect("it is offered"));
        let asked = press(show, &person, "Remove");
        press(show, &asked, "Cancel");
        let card = show.radio.card(CREW, "a card", |_| true);
        let button = card.button("Manage").expect("it is there");
        panel = settled(&sam.press(card.id, button).expect("it can be pressed"));
    }
}

/// As words of every command that takes some, by who may and by who may not.
fn is_typed(show: &Show, number: usize, text: &str) {
    let (sam, dana) = (show.radio.member(COHOST), show.radio.member(HOST));
    let number = number.to_string();
    for option in ["callers", "caller"] {
        let word = if option == "caller" { "who" } else { "kick" };
        for typed in [text, &number, ""] {
            let act = sam.autocomplete(CREW, word, option, typed).expect("it can be typed");
            act.choices().expect("choices in time");
        }
    }
    let mut acts = vec![
        sam.slash(CREW, "who", &[("caller", &number)]),
        sam.slash(CREW, "note", &[("caller", &number), ("text", text)]),
        sam.slash(CREW, "who", &[("caller", text)]),
        dana.slash(CREW, "topic", &[("text", text)]),
        dana.slash(CREW, "say", &[("text", text)]),
        dana.slash(PUBLIC, "say", &[("text", text)]),
        sam.slash(CREW, "mute", &[("callers", &number)]),
        sam.slash(CREW, "help", &[("command", text)]),
        sam.slash(CREW, "hangup", &[("callers", text)]),
        sam.slash(PUBLIC, "topic", &[]),
    ];
    if number.ends_with('7') {
        acts.push(sam.slash(CREW, "kick", &[("callers", &format!("{number}: {text}"))]));
        acts.push(sam.slash(CREW, "roster", &[]));
        acts.push(dana.slash(PUBLIC, "roster", &[]));
    }
    for act in acts {
        settled(&act.unwrap_or_else(|why| panic!("{text:?}: {why:?}")));
    }
}

fn press(show: &Show, message: &Message, label: &str) -> Message {
    let button = message.button(label).unwrap_or_else(|| panic!("no {label} below {message:?}"));
    settled(&show.radio.member(COHOST).press(message.id, button).expect("it can be pressed"))
}

fn settled(act: &Act) -> Message {
    act.until("last words", SOON, |text| !text.is_empty() && !plain(text).ends_with("..."))
}

/// Whatever was sent at any time.
fn all_was_text(show: &Show) {
    let bodies: Vec<Value> =
        show.radio.discord.world().read(|world| {
            world.requests.iter().filter(|it| it.status < 300).map(|it| it.body.clone()).collect()
        });
    let mut bold = BTreeSet::new();
    for body in &bodies {
        let data = body.get("data").unwrap_or(body);
        for text in rendered(data) {
            assert!(hidden(text).is_empty(), "{:?} in {text:?}", hidden(text));
            for mark in read(text).marks {
                assert_eq!(mark.kind, "bold", "{mark:?} is live in {text:?}");
                bold.insert(mark.text);
            }
        }
        for text in bare(data) {
            assert!(hidden(text).is_empty(), "{:?} in {text:?}", hidden(text));
        }
        let names: Vec<_> = data["choices"].as_array().into_iter().flatten().map(|it| &it["name"]).collect();
        let distinct: BTreeSet<_> = names.iter().map(|name| name.to_string()).collect();
        assert_eq!(names.len(), distinct.len(), "phones take the first of two equal names: {names:?}");
    }
    // Nothing of the corpus begins with a command's word.
    let words = Command::all().map(Command::word);
    let ours: Vec<_> = words.chain(["Thursday Line", "Asterisk", "You can do here:"]).collect();
    let others: Vec<_> = bold.iter().filter(|text| !ours.iter().any(|our| text.starts_with(our))).collect();
    assert!(others.is_empty(), "{others:#?}");
}

/// What is read as Markdown.
fn rendered(data: &Value) -> Vec<&str> {
    let mut texts: Vec<&str> = data["content"].as_str().into_iter().collect();
    for embed in data["embeds"].as_array().into_iter().flatten() {
        texts.extend(["title", "description"].iter().filter_map(|key| embed[*key].as_str()));
        for field in embed["fields"].as_array().into_iter().flatten() {
            texts.extend(["name", "value"].iter().filter_map(|key| field[*key].as_str()));
        }
    }
    texts
}

/// What is shown as it is: whatever stands on controls, and choices.
fn bare(data: &Value) -> Vec<&str> {
    fn walk<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Array(all) => all.iter().for_each(|one| walk(one, found)),
            Value::Object(fields) => {
                let keys = ["label", "placeholder", "description", "name"];
                found.extend(keys.iter().filter_map(|key| fields.get(*key)?.as_str()));
                fields.values().for_each(|value| walk(value, found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    ["components", "choices"].iter().for_each(|key| walk(&data[*key], &mut found));
    found
}

/// None of it was left out instead: names are read on cards, texts where they were typed.
fn were_shown(show: &Show, texts: &[Vec<u8>]) {
    let all = show.radio.discord.world().read(|world| {
        let bodies = world.requests.iter().filter(|it| it.status < 300).map(|it| &it.body);
        let texts = bodies.flat_map(|body| rendered(body.get("data").unwrap_or(body)));
        texts.map(|text| read(text).text).collect::<Vec<_>>().join("\n")
    });
    for text in texts.iter().filter_map(|text| std::str::from_utf8(text).ok()) {
        if let Some(name) = Name::new(text) {
            assert!(all.contains(name.as_str()), "{:?} is not shown", name.as_str());
        }
        let text = Foreign::text(text);
        assert!(all.contains(text.as_str()), "{:?} is not shown", text.as_str());
    }
}

/// Our own, and the names of the recorded SIP callers.
fn corpus() -> Vec<Vec<u8>> {
    let ours = include_str!("hostile.txt").lines().filter(|line| !line.starts_with("; ")).map(unescaped);
    let recorded = include_bytes!("../transcripts/asterisk-22/30-sip-callers.raw");
    let lines = recorded.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"CallerIDName: "));
    let names: BTreeSet<Vec<u8>> = lines.map(|line| line.trim_ascii_end().to_vec()).collect();
    assert!(names.len() > 8, "{names:?}");
    ours.chain(names).collect()
}

fn unescaped(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let code = rest[at + 1..].chars().next().expect("something follows a backslash");
        let mut used = at + 2;
        match code {
            'n' => out.push(b'\n'),
            'r' => out.push(b'\r'),
            't' => out.push(b'\t'),
            '\\' => out.push(b'\\'),
            'x' => {
                out.push(u8::from_str_radix(&rest[used..used + 2], 16).expect("two digits"));
                used += 2;
            }
            'u' => {
                let end = used + rest[used..].find('}').expect("a brace");
                let code = u32::from_str_radix(&rest[used + 1..end], 16).expect("digits");
                let sign = char::from_u32(code).expect("a character");
                out.extend_from_slice(sign.to_string().as_bytes());
                used = end + 1;
            }
            other => panic!("\\{other} in {line}"),
        }
        rest = &rest[used..];
    }
    out.extend_from_slice(rest.as_bytes());
    out
}
