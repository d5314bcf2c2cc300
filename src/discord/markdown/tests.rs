use gavel_chat::text::{plain, render};
use gavel_discord_standin::markdown::read;
use proptest::prelude::*;

use super::*;

fn foreign(text: &str) -> String {
    render(&Markdown, &Doc::new().foreign(&Foreign::text(text)))
}

fn kinds(text: &str) -> Vec<&'static str> {
    read(text).marks.iter().map(|mark| mark.kind).collect()
}

#[test]
fn names_of_people_stay_readable() {
    for name in ["Marta", "Mary-Ann O'Brien", "J. Smith, Leeds", "Zoë & Émile!", "日本", "wait: what?", "👩‍👩‍👧"]
    {
        assert_eq!(foreign(name), Foreign::text(name).as_str());
    }
    assert_eq!(
        render(&Markdown, &Doc::new().say("#12 Marta joined (SIP, ends 17). 5 in the room.")).find('\\'),
        None
    );
}

#[test]
fn markup_is_escaped() {
    for (text, written) in [
        ("**b** _i_ `c`", "\\*\\*b\\*\\* \\_i\\_ \\`c\\`"),
        ("@everyone <@1>", "\\@everyone \\<\\@1\\>"),
        ("http://e.test", "http\\://e\\.test"),
        ("discord.gg/x", "discord\\.gg/x"),
        ("[x](y)", "\\[x\\]\\(y\\)"),
        ("- a", "\\- a"),
        ("1. a", "1\\. a"),
        (":smile:", "\\:smile\\:"),
        ("-# small", "\\-\\# small"),
    ] {
        assert_eq!(foreign(text), written);
    }
    let title = Doc::new()
        .strong("# a*b\\")
        .strong("c_")
        .say(": ")
        .line()
        .say("- x")
        .line()
        .say("12. y")
        .line()
        .say("#");
    assert_eq!(render(&Markdown, &title), "**# a\\*b\\\\c\\_**: \n\\- x\n12\\. y\n\\#");
}

#[test]
fn whole_lines_are_left_out_and_counted() {
    let doc = (1..=100).fold(Doc::from("Thursday: 100 in the room."), |doc, number| {
        doc.line().say(format!("#{number} ")).foreign(&Foreign::name("Marta *")).say(", talking")
    });
    let text = fit(&doc, 2000);
    assert!(size(&text) <= 2000 && size(&text) > 1950, "{}", size(&text));
    let lines: Vec<_> = text.lines().collect();
    let (last, people) = lines.split_last().unwrap();
    assert_eq!(people.last().unwrap(), &format!("#{} Marta \\*, talking", people.len() - 1));
    assert_eq!(*last, format!("... and {} more", 101 - people.len()));
    assert_eq!(fit(&doc, 20_000).lines().count(), 101);
}

#[test]
fn one_long_line_is_cut_in_its_text() {
    let stars = Foreign::text(&"*".repeat(200));
    let text = fit(&Doc::new().strong("Topic").say(": ").foreign(&stars).say("."), 100);
    assert!(size(&text) <= 100, "{text}");
    let reading = read(&text);
    assert_eq!(kinds(&text), ["bold"]);
    assert!(reading.text.starts_with("Topic: ****") && reading.text.ends_with("*…"), "{}", reading.text);
    let text = fit(&Doc::new().strong("*".repeat(90)).line().say("x"), 100);
    assert_eq!(kinds(&text), ["bold"], "{text}");
    assert!(size(&text) <= 100 && text.ends_with("... and 1 more"), "{text}");
}

/// What callers would put into a name to get at a chat.
fn hostile() -> impl Strategy<Value = String> {
    let atoms = [
        "*",
        "**",
        "_",
        "__",
        "~~",
        "||",
        "`",
        "```",
        "\\",
        "[",
        "](",
        ")",
        "<",
        ">",
        "<@1>",
        "<@&2>",
        "<#3>",
        "@",
        "@everyone",
        "@here",
        "http",
        "https://",
        "://",
        "e.test/x",
        "discord",
        ".gg/",
        ".com/invite/",
        "#",
        "# ",
        "-",
        "- ",
        "-# ",
        ">>> ",
        "1",
        "1.",
        ". ",
        ":",
        ":smile:",
        "<:a:1>",
        "<t:1:R>",
        "</kick:1>",
        " ",
        "¯\\_(ツ)_/¯",
        "\u{202e}",
        "\u{200b}",
        "\n",
        "👩‍👩‍👧",
        "e\u{301}",
        "x",
        "mailto:a@b.c",
        "steam://",
        "<http://a.b>",
        "!",
    ];
    let atom = prop_oneof![prop::sample::select(atoms.to_vec()).prop_map(str::to_owned), any::<String>()];
    prop::collection::vec(atom, 0..12).prop_map(|atoms| atoms.concat())
}

fn spans() -> impl Strategy<Value = Doc> {
    let ours = prop::sample::select(vec![
        "#12 ", "Topic: ", ".", " (", ")", "- ", "# ", "1. ", "12.", "> ", "a_b*c", "[x](", "", " ", "\\",
        "@here", "\u{7}- x",
    ]);
    let span = prop_oneof![
        3 => hostile().prop_map(|text| Span::Foreign(Foreign::text(&text))),
        2 => ours.clone().prop_map(|words| Span::Say(words.to_owned())),
        1 => ours.prop_map(|words| Span::Strong(words.to_owned())),
        1 => Just(Span::Break),
    ];
    prop::collection::vec(span, 0..10).prop_map(Doc)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn it_is_shown_as_itself(doc in spans()) {
        let written = render(&Markdown, &doc);
        let reading = read(&written);
        prop_assert!(reading.marks.iter().all(|mark| mark.kind == "bold"), "{:?} in {written:?}", reading.marks);
        prop_assert_eq!(reading.text, plain(&doc), "{:?}", written);
    }

    #[test]
    fn a_cut_opens_nothing(doc in spans(), most in 40_usize..160) {
        let written = fit(&doc, most);
        prop_assert!(size(&written) <= most);
        let reading = read(&written);
        prop_assert!(reading.marks.iter().all(|mark| mark.kind == "bold"), "{:?} in {written:?}", reading.marks);
    }
}
