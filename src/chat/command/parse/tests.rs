use proptest::prelude::*;

use super::*;

fn who(typed: &str) -> Callers {
    parse(typed).unwrap_or_else(|error| panic!("{typed}: {error:?}")).args.callers
}

fn these(numbers: &[u32]) -> Callers {
    Callers::These(numbers.iter().copied().map(CallerRef::Number).collect())
}

fn called(name: &str) -> Callers {
    Callers::These(vec![CallerRef::Name(Foreign::text(name))])
}

fn text(typed: &str) -> Option<Wording> {
    parse(typed).unwrap_or_else(|error| panic!("{typed}: {error:?}")).args.text
}

fn set(words: &str) -> Option<Wording> {
    Some(Wording::Set(Foreign::text(words)))
}

#[test]
fn numbers_in_every_spelling() {
    for typed in ["mute 3", "MUTE #3", "m 03", "  Mute\t3 ", "mute 3,", "mute 3 3"] {
        assert_eq!(parse(typed).map(|call| call.command), Ok(Command::Mute));
        assert_eq!(who(typed), these(&[3]), "{typed}");
    }
    for typed in ["mute 3 4", "mute 3,4", "mute #3, #4", "mute 3 ,4", "mute 03 4 3"] {
        assert_eq!(who(typed), these(&[3, 4]), "{typed}");
    }
}

#[test]
fn all_is_for_those_that_take_it() {
    assert_eq!(who("mute ALL"), Callers::All);
    assert_eq!(who("u all"), Callers::All);
    assert_eq!(parse("kick all"), Err(Misread::Usage(Command::Kick)));
    assert_eq!(parse("mute all 3"), Err(Misread::Usage(Command::Mute)));
}

#[test]
fn names_but_never_digits_or_reserved_words() {
    assert_eq!(who("mute mar"), called("mar"));
    assert_eq!(who("mute Mary Ann"), called("Mary Ann"));
    for typed in ["mute on", "mute OFF", "kick everyone", "mute #", "mute ,", "mute ٣"] {
        assert!(matches!(parse(typed), Err(Misread::Usage(_))), "{typed}");
    }
}

#[test]
fn reasons() {
    for (typed, numbers) in [
        ("kick 3 noise", &[3][..]),
        ("kick 3: noise", &[3]),
        ("k #3:noise", &[3]),
        ("kick 3, noise", &[3]),
        ("kick 3 4: noise", &[3, 4]),
        ("kick 3,4 : noise", &[3, 4]),
    ] {
        assert_eq!((who(typed), text(typed)), (these(numbers), set("noise")), "{typed}");
    }
    assert_eq!((who("kick 3 4"), text("kick 3 4")), (these(&[3, 4]), None));
    assert_eq!(text("kick 3 he said: no"), set("he said: no"));
    assert_eq!((who("kick 3:"), text("kick 3:")), (these(&[3]), None));
    assert_eq!((who("kick mar noise"), text("kick mar noise")), (called("mar"), set("noise")));
    assert_eq!(
        (who("kick mary ann: noise"), text("kick mary ann: noise")),
        (called("mary ann"), set("noise"))
    );
    assert_eq!(who("kick 99999999999 x"), these(&[u32::MAX]));
}

#[test]
fn two_readings_are_refused_and_shown() {
    let Err(Misread::TwoWays { readings: [first, second] }) = parse("kick 3 5 minutes") else { panic!() };
    assert_eq!((first.as_str(), second.as_str()), ("kick 3: 5 minutes", "kick 3 5: minutes"));
    assert_eq!((who(first.as_str()), text(first.as_str())), (these(&[3]), set("5 minutes")));
    assert_eq!((who(second.as_str()), text(second.as_str())), (these(&[3, 5]), set("minutes")));
}

#[test]
fn a_note_is_about_one() {
    assert_eq!((who("note 3 5 minutes"), text("note 3 5 minutes")), (these(&[3]), set("5 minutes")));
    assert_eq!((who("note mar at 12:30"), text("note mar at 12:30")), (called("mar"), set("at 12:30")));
    assert_eq!(text("note 3 -"), Some(Wording::Clear));
    for typed in ["note", "note 3", "note mar", "note 3 \u{200b}", "who 3 4", "who", "who 3 noise"] {
        assert!(matches!(parse(typed), Err(Misread::Usage(_))), "{typed}");
    }
}

#[test]
fn bare_and_with_text_need_different_roles() {
    let role = |typed: &str, configured| parse(typed).unwrap().needs(configured);
    assert_eq!(role("topic", None), Role::Listener);
    assert_eq!(role("topic night buses", None), Role::CoHost);
    assert_eq!(role("topic night buses", Some(Role::Host)), Role::Host);
    assert_eq!(role("topic", Some(Role::Host)), Role::Listener);
    assert_eq!(text("topic -"), Some(Wording::Clear));
    assert_eq!(text("say -"), set("-"));
}

#[test]
fn what_takes_nothing_gets_nothing() {
    for typed in ["lock it", "roster 3", "status now"] {
        assert!(matches!(parse(typed), Err(Misread::Usage(_))), "{typed}");
    }
    assert_eq!(parse("help kick").map(|call| call.args.about), Ok(Some(Command::Kick)));
    assert!(matches!(parse("help kik"), Err(Misread::Unknown { nearest: Some(Command::Kick), .. })));
    assert_eq!(parse(" \t"), Err(Misread::Nothing));
    assert!(matches!(parse("mtue 3"), Err(Misread::Unknown { nearest: Some(Command::Mute), .. })));
}

#[test]
fn too_long_is_refused_not_cut() {
    let long = "x".repeat(201);
    assert_eq!(parse(&format!("topic {long}")), Err(Misread::TooLong { limit: 200 }));
    assert!(matches!(parse(&"mute 1 ".repeat(100_000)), Err(Misread::TooLong { .. })));
}

#[test]
fn slots_take_what_a_completion_shows() {
    let slots = |word: &str, slots: &[(&str, &str)]| {
        let slots: Vec<_> = slots.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        parse_slots(word, &slots)
    };
    let callers = |value: &str| slots("mute", &[("callers", value)]).map(|call| call.args.callers);
    assert_eq!(callers("7 Joel, talking"), Ok(these(&[7])));
    assert_eq!(callers("7 (12)"), Ok(these(&[7])));
    assert_eq!(callers("7"), Ok(these(&[7])));
    assert_eq!(callers("7 8"), Ok(these(&[7, 8])));
    assert_eq!(callers("all"), Ok(Callers::All));
    assert_eq!(callers("joel"), Ok(called("joel")));
    let kick = slots("kick", &[("callers", "3"), ("reason", "5 minutes")]).unwrap();
    assert_eq!((kick.args.callers, kick.args.text), (these(&[3]), set("5 minutes")));
    for bad in [&[("nosuch", "3")][..], &[("callers", "")], &[]] {
        assert_eq!(slots("mute", bad), Err(Misread::Usage(Command::Mute)));
    }
}

proptest! {
    #[test]
    fn any_text_is_read(typed in any::<String>()) {
        if let Err(error) = parse(&typed) {
            prop_assert!(!error.doc().is_empty());
        }
    }

    #[test]
    fn any_arguments_are_read(word in 0..CATALOG_LEN, rest in "[0-9a-z #,:٣\u{200b}\u{1b}-]{0,30}") {
        let spec = &super::super::CATALOG[word];
        if let Ok(call) = parse(&format!("{} {rest}", spec.word)) {
            prop_assert_eq!(call.command, spec.command);
            if let Callers::These(these) = &call.args.callers {
                prop_assert!(!these.is_empty());
                prop_assert!(several(spec) || these.len() == 1);
            }
        }
    }
}

const CATALOG_LEN: usize = super::super::CATALOG.len();
