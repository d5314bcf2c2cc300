//! `gavel demo` and `gavel rehearse`: a living conference with nothing but the program.

use std::fs;

use crate::gavel::{Home, Said, repository};

/// What a newcomer types in five minutes, mistakes included.
const FIVE_MINUTES: &str = "/roster\nmut 3\nmute 99\nmute\n/mute 3\n/unmute 3\n/mute 4\n/kick 5 : too loud\n\n/lock\n/unlock\n\
    /topic night buses\n/topic\n/note 4 asks about fares\n/who 4\n\u{1b}[31m %s \u{202e}\n/help\n/help kick\n/status\n/roster\n";

fn demo(more: &[&str], input: &str) -> Said {
    Home::with("").fed(&[&["demo", "--plain"], more].concat(), input)
}

/// The lines in order, others between them.
#[track_caller]
fn in_order(said: &Said, lines: &[&str]) {
    let mut printed = said.out.lines();
    for line in lines {
        assert!(printed.any(|it| it.starts_with(line)), "{line:?} is missing or too early: {said:?}");
    }
}

#[test]
fn the_first_five_minutes_on_both_kinds() {
    for kind in ["confbridge", "meetme"] {
        let said = demo(&["--kind", kind, "--seed", "7"], FIVE_MINUTES);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{kind}: {said:?}");
        in_order(
            &said,
            &[
                "A phone conference with made-up callers.",
                "Leave with Ctrl-C",
                "Thursday Line: 6 in the room.",
                "#1 Sam Carter, crew",
                "#3 Marta Kovács",
                "There is no \"mut\". Did you mean mute?",
                "There is no #99.",
                "#3 Marta Kovács muted.",
                "#3 Marta Kovács unmuted.",
                "#4 Joel muted.",
                "#5 Priya Raman removed",
                "Room locked.",
                "Room unlocked.",
                "Topic: night buses",
                "Note on #4 Joel: asks about fares",
                "#4 Joel",
                "There is no",
                "You can do here:",
                "kick",
                "Asterisk rehearsal: connected",
                "Thursday Line: 5 in the room.",
                "Topic: night buses",
                "#4 Joel",
            ],
        );
        let last = said.out.lines().rfind(|line| line.starts_with("#4 "));
        assert!(last.is_some_and(|line| line.contains("muted by the console")), "{kind}: {said:?}");
    }
}

#[test]
fn it_lives_and_does_not_flood() {
    let home = Home::with("");
    let mut typed = home.typing(&["demo", "--speed", "100"]);
    let joined = typed.line(|line| line.contains(" joined"));
    assert!(joined.starts_with('#'), "{joined}");
    typed.line(|line| line.contains(" left"));
    typed.say("quit");
    let said = typed.end();
    assert_eq!(said.code, Some(0), "{said:?}");
    let notices = said.out.lines().filter(|line| line.starts_with('#')).count();
    assert!(notices <= 25, "{notices} lines in a moment: {said:?}");
}

#[test]
fn ctrl_c_and_the_end_of_input_leave_cleanly() {
    let home = Home::with("");
    let typed = home.typing(&["demo"]);
    typed.line(|line| line.contains("Leave with"));
    typed.interrupt();
    assert_eq!(typed.end().code, Some(0));
    assert_eq!(demo(&[], "").code, Some(0));
    assert_eq!(
        fs::read_dir(home.path("")).unwrap().count(),
        1,
        "nothing but the configuration is in the folder"
    );
}

#[test]
fn a_script_of_ones_own_and_one_that_is_not_there() {
    let home = Home::with("");
    fs::write(home.path("mine.toml"), "[[caller]]\nname = \"Zoe\"\nnumber = \"5551\"\n").unwrap();
    let said = home.fed(&["demo", "--script", "mine.toml"], "/roster\n");
    assert!(said.code == Some(0) && said.out.contains("\n#1 Zoe, "), "{said:?}");
    fs::write(home.path("mine.toml"), "[[caller]]\nnmae = \"Zoe\"\n").unwrap();
    let said = home.fed(&["demo", "--script", "mine.toml"], "/roster\n");
    assert!(said.code == Some(78) && said.err.contains("mine.toml") && said.err.contains("nmae"), "{said:?}");
    let said = demo(&["--script", "trol"], "");
    let told = "gavel: there is no script \"trol\", did you mean \"troll\"?; there are show, burst, troll, ";
    assert!(said.code == Some(2) && said.err.starts_with(told), "{said:?}");
    assert_eq!(demo(&["--kind", "bridge"], "").code, Some(2));
    assert_eq!(demo(&["--speed", "fast"], "").code, Some(2));
}

#[test]
fn a_rehearsal_marks_all_it_says_and_touches_nothing() {
    let config = fs::read_to_string(repository("config/gavel.toml")).unwrap();
    let (before, rest) = config.split_once("[discord]\n").unwrap();
    let home = Home::with(&format!("{before}[access]\n{}", rest.split_once("[access]\n").unwrap().1));
    fs::write(home.path("gavel.db"), "the real one").unwrap();
    let words = ["rehearse", "--config", "gavel.toml", "--script", "burst", "--speed", "20"];
    let mut typed = home.typing(&words);
    typed.line(|line| line.contains(" joined"));
    for words in ["/roster", "/lock", "/topic fares", "/nonsense", "/help", "/status"] {
        typed.say(words);
    }
    typed.line(|line| line.contains("Asterisk main: connected"));
    typed.say("quit");
    let said = typed.end();
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    in_order(&said, &["REHEARSAL: Thursday Line: ", "REHEARSAL: Room locked.", "REHEARSAL: Topic: fares"]);
    let own =
        |line: &&str| line.contains(" joined") || line.contains("Did you mean") || line.contains("locked.");
    let unmarked: Vec<_> =
        said.out.lines().filter(own).filter(|line| !line.starts_with("REHEARSAL")).collect();
    assert!(unmarked.is_empty(), "{unmarked:?}");
    assert_eq!(fs::read_to_string(home.path("gavel.db")).unwrap(), "the real one");
    assert_eq!(fs::read_dir(home.path("")).unwrap().count(), 2, "no other file was made");
}

#[test]
fn a_rehearsal_of_a_wrong_configuration_is_78() {
    let said = Home::with("[room.x]\n").gavel(&["rehearse", "--config", "gavel.toml"]);
    assert!(said.code == Some(78) && said.err.contains("gavel.toml:1"), "{said:?}");
}
