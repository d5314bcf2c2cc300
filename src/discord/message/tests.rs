use std::sync::Arc;

use gavel_chat::testing::{crew_view, person, public_view};
use gavel_chat::text::{Foreign, plain};
use gavel_chat::{Audience, Class, Control, CrewPerson, CrewView, Key, PlaceId, Press, Style};
use gavel_discord_standin::markdown::read;
use gavel_discord_standin::wrong_with;
use proptest::prelude::*;

use super::*;

const NOW: u64 = 20 * 3_600_000 + 41 * 60_000 + 24_000;

fn said(doc: Doc) -> Post {
    Post {
        key: Key::Notice(1),
        place: PlaceId::new("discord:1"),
        answers: None,
        audience: Audience::Place,
        class: Class::Notice,
        doc,
        controls: Vec::new(),
        wake: Vec::new(),
        last: true,
    }
}

fn press(verb: &str) -> Press {
    Press { verb: verb.to_owned(), show: 1, number: None, version: 2 }
}

fn button(label: &str, verb: &str) -> Control {
    Control::Button { label: label.to_owned(), style: Style::Plain, press: press(verb) }
}

fn choice(value: &str, label: &str) -> Choice {
    Choice { value: value.to_owned(), label: Foreign::text(label) }
}

fn select(count: u32) -> Control {
    let choices = (1..=count).map(|number| choice(&number.to_string(), &format!("{number} Joel"))).collect();
    Control::Select { hint: "Choose a caller".to_owned(), press: press("pick"), choices }
}

fn crew(people: Vec<CrewPerson>) -> Board {
    Board::Crew(Arc::new(CrewView { people, ..crew_view("Thursday Line") }))
}

/// What Discord refuses of a message, as a new one and as an answer.
fn check(body: &Value) -> Result<(), String> {
    let embeds = body["embeds"].as_array().is_some_and(|embeds| !embeds.is_empty());
    let empty = !embeds && body["content"].as_str().is_none_or(|text| text.trim().is_empty());
    let longest = body["content"].as_str().map_or(0, size);
    let answer = json!({ "type": 4, "data": body });
    let wrong = [
        wrong_with("POST", "/channels/1/messages", body),
        wrong_with("PATCH", "/channels/1/messages/2", body),
        wrong_with("PATCH", "/webhooks/1/x/messages/@original", body),
        wrong_with("POST", "/interactions/1/x/callback", &answer),
    ]
    .concat();
    let fine = !empty && longest <= CONTENT && wrong.is_empty();
    if fine { Ok(()) } else { Err(format!("{wrong:?} in {body}")) }
}

#[test]
fn what_discord_refuses_is_found() {
    for body in [
        json!({ "content": "" }),
        json!({ "content": "x".repeat(2001) }),
        json!({ "content": "x", "embed": 1 }),
    ] {
        assert!(check(&body).is_err(), "{body}");
    }
}

#[test]
fn a_notice_is_text_and_pings_nobody() {
    let name = Foreign::name("<@1> *Joel*");
    let body = post(&said(Doc::from("#7 ").foreign(&name).say(" joined.")));
    assert_eq!(
        body,
        json!({
            "content": "#7 \\<\\@1\\> \\*Joel\\* joined.", "embeds": [], "components": [],
            "allowed_mentions": { "parse": [] },
        })
    );
}

#[test]
fn an_alert_pings_exactly_whom_it_shall() {
    let wake = ["discord:user:333", "matrix:@sam:x", "discord:user:4", "discord:user:333", "discord:role:9"];
    let alert = Post { wake: wake.map(UserId::new).into(), ..said(Doc::from("STREAM DOWN since 20:52.")) };
    let body = post(&alert);
    assert_eq!(body["content"], "STREAM DOWN since 20:52. <@333> <@4>");
    assert_eq!(body["allowed_mentions"], json!({ "parse": [], "users": ["333", "4"] }));
    let many = (1..=200).map(|id| UserId::new(format!("discord:user:1234567890123456{id:04}"))).collect();
    let long = (0..300).fold(Doc::new(), |doc, _| doc.say("STREAM DOWN").line());
    check(&post(&Post { wake: many, doc: long, ..alert })).unwrap();
}

#[test]
fn nothing_to_say_is_still_a_message() {
    for doc in [Doc::new(), Doc::from(" ").line().line(), Doc::new().foreign(&Foreign::text("\u{200b}"))] {
        let body = post(&said(doc));
        assert_eq!(body["content"], "…");
    }
}

#[test]
fn controls_become_rows() {
    let controls = vec![
        Control::Button { label: "Remove".into(), style: Style::Danger, press: press("kick") },
        Control::Button { label: "Cancel".into(), style: Style::Plain, press: press("cancel") },
        select(2),
    ];
    let body = post(&Post { controls, ..said(Doc::from("Remove #3?")) });
    assert_eq!(
        body["components"],
        json!([
            { "type": 1, "components": [
                { "type": 2, "style": 4, "label": "Remove", "custom_id": "g1:1::2:0:kick" },
                { "type": 2, "style": 2, "label": "Cancel", "custom_id": "g1:1::2:0:cancel" },
            ] },
            { "type": 1, "components": [
                { "type": 3, "custom_id": "g1:1::2:0:pick", "placeholder": "Choose a caller", "options": [
                    { "label": "1 Joel", "value": "1" }, { "label": "2 Joel", "value": "2" },
                ] },
            ] },
        ])
    );
}

#[test]
fn more_callers_than_a_select_takes() {
    let shown = |controls: Vec<Control>| {
        let body = post(&Post { controls, ..said(Doc::from("Whom?")) });
        check(&body).unwrap();
        let rows = body["components"].as_array().unwrap().clone();
        let firsts: Vec<_> = rows.iter().map(|row| row["components"][0].clone()).collect();
        let hints: Vec<_> = firsts
            .iter()
            .map(|first| {
                first.get("placeholder").or(first.get("label")).unwrap().as_str().unwrap().to_owned()
            })
            .collect();
        (hints, body["content"].as_str().unwrap().to_owned())
    };
    assert_eq!(shown(vec![select(25)]), (vec!["Choose a caller".into()], "Whom?".into()));
    let hint = |range: &str| format!("Choose a caller ({range})");
    assert_eq!(shown(vec![select(26)]), (vec![hint("1 to 25"), "Choose a caller".into()], "Whom?".into()));
    let (hints, text) = shown(vec![select(130), button("Cancel", "cancel")]);
    let parts = ["1 to 25", "26 to 50", "51 to 75", "76 to 100"].map(hint);
    assert_eq!(hints, [&parts[..], &["Cancel".to_owned()]].concat(), "there is always a way out");
    assert_eq!(text, "Whom?\n... and 30 more: type the number.");
}

#[test]
fn equal_and_unwritable_controls() {
    let twice =
        vec![button("One", "mute"), button("Two", "mute"), button("x", &"y".repeat(120)), button(" ", "z")];
    let body = post(&Post { controls: twice, ..said(Doc::from("x")) });
    let ids: Vec<_> = body["components"][0]["components"].as_array().unwrap().iter().collect();
    assert_eq!(
        ids.iter().map(|part| part["custom_id"].as_str().unwrap()).collect::<Vec<_>>(),
        ["g1:1::2:0:mute", "g1:1::2:1:mute",]
    );
    let buttons = (0..40).map(|n| button(&format!("B{n}"), &format!("b{n}"))).collect();
    check(&post(&Post { controls: buttons, ..said(Doc::from("x")) })).unwrap();
}

#[test]
fn the_card_is_an_embed_with_the_time() {
    let people = vec![person(1, "Dana"), person(7, "*Joel*")];
    let card = card(&crew(people), NOW, &Zone::utc());
    check(&card).unwrap();
    let embed = &card["embeds"][0];
    let described = embed["description"].as_str().unwrap();
    assert!(described.starts_with("**Thursday Line**: 2 in the room."), "{described}");
    assert_eq!(
        read(described).text,
        plain(&roster(&crew(vec![person(1, "Dana"), person(7, "*Joel*")]), NOW, &Zone::utc()))
    );
    assert_eq!(embed["footer"]["text"], "Drawn 20:41:24.");
    assert_eq!((&card["content"], &card["allowed_mentions"]), (&json!(""), &json!({ "parse": [] })));
    let labels: Vec<_> =
        card["components"][0]["components"].as_array().unwrap().iter().map(|b| b["label"].clone()).collect();
    assert_eq!(labels, ["Manage", "Mute all", "Lock", "Refresh"]);
}

#[test]
fn a_big_room_s_card_says_what_it_leaves_out() {
    let people: Vec<_> = (1..=300).map(|number| person(number, "Maximilian *the* Great!")).collect();
    let drawn = card(&crew(people), NOW, &Zone::utc());
    check(&drawn).unwrap();
    let text = drawn["embeds"][0]["description"].as_str().unwrap();
    let left_out = 301 - (text.lines().count() - 1);
    assert!(text.ends_with(&format!("\n... and {left_out} more")), "{}", &text[text.len() - 60..]);
}

#[test]
fn cards_are_compared_without_their_time() {
    let zone = Zone::utc();
    let public = Board::Public(Arc::new(public_view("Thursday Line")));
    let now = |now| card(&public, now, &zone);
    assert!(now(NOW) != now(NOW + 1000) && same_card(&now(NOW), &now(NOW + 1000)));
    assert!(!same_card(&now(NOW), &card(&crew(Vec::new()), NOW, &zone)));
}

#[test]
fn choices_of_a_completion_differ_by_name() {
    let long = "x".repeat(150);
    let offered = [
        choice("7", "7 Joel"),
        choice("8", "7 Joel"),
        choice("9", &long),
        choice("10", &long),
        choice("", "nothing"),
        choice(&long, "too long to send back"),
        choice("11", ""),
    ];
    let given = choices(&offered);
    let given = given.as_array().unwrap();
    let names: HashSet<_> = given.iter().map(|choice| choice["name"].as_str().unwrap()).collect();
    let values: Vec<_> = given.iter().map(|choice| choice["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["7", "8", "9", "10", "11"]);
    assert!(names.contains("7 Joel") && names.contains("8 7 Joel") && names.contains("11"), "{names:?}");
    assert!(names.len() == given.len() && names.iter().all(|name| (1..=CHOICE).contains(&size(name))));
    let answer = json!({ "type": 8, "data": { "choices": given } });
    assert_eq!(wrong_with("POST", "/interactions/1/x/callback", &answer), [""; 0]);
    let many: Vec<_> = (0..60).map(|n| choice(&n.to_string(), &n.to_string())).collect();
    assert_eq!(choices(&many).as_array().unwrap().len(), CHOICES);
}

fn controls_of_any_kind() -> impl Strategy<Value = Vec<Control>> {
    let press = ("[a-z ]{0,3}", any::<u32>(), any::<Option<u32>>(), any::<u32>())
        .prop_map(|(verb, show, number, version)| Press { verb, show, number, version });
    let style = prop::sample::select(vec![Style::Plain, Style::Good, Style::Danger]);
    let button = (any::<String>(), style, press.clone()).prop_map(|(label, style, press)| Control::Button {
        label,
        style,
        press,
    });
    let choice = ("\\PC{0,110}", any::<String>())
        .prop_map(|(value, label)| Choice { value, label: Foreign::text(&label) });
    let select = (any::<String>(), press, prop::collection::vec(choice, 0..80))
        .prop_map(|(hint, press, choices)| Control::Select { hint, press, choices });
    prop::collection::vec(prop_oneof![3 => button, 1 => select], 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_comes_discord_takes_it(
        lines in prop::collection::vec(any::<String>(), 0..60),
        controls in controls_of_any_kind(),
        wake in prop::collection::vec(0_u64..50, 0..60),
    ) {
        let doc = lines.iter().fold(Doc::new(), |doc, text| doc.foreign(&Foreign::text(text)).line());
        let wake = wake.into_iter().map(|id| UserId::new(format!("discord:user:{id}"))).collect();
        let body = post(&Post { controls, wake, ..said(doc) });
        prop_assert_eq!(check(&body), Ok(()));
    }

    #[test]
    fn whoever_calls_the_card_fits(names in prop::collection::vec(any::<String>(), 0..120)) {
        let people = (1..).zip(&names).map(|(number, name)| person(number, name)).collect();
        prop_assert_eq!(check(&card(&crew(people), NOW, &Zone::utc())), Ok(()));
    }
}
