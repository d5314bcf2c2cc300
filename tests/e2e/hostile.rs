//! Callers choose their names: none of them commands the terminal or the log, and no whole number is shown anywhere.

use crate::fake::{LEAST, Manners, asterisk};
use crate::gavel::Home;

const HOSTILE: Manners = Manners {
    callers: &[
        "\x1b[2J\x1b]0;owned\x07Marta",
        "Joel\u{9b}31m\u{202e}leoJ",
        "@everyone **b**",
        "0113 555 0177",
    ],
    ..LEAST
};

#[test]
fn a_name_commands_neither_terminal_nor_log() {
    let home = Home::at(asterisk(HOSTILE));
    let said = home.console("/roster\n/who 1\n/note 2 \x1b[31mred\n/frobnicate \u{9b}2J\n/status\n");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("Marta") && said.out.contains("Joel"), "{said:?}");
    for (what, text) in [("screen", &said.out), ("log", &said.err)] {
        let bad = text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(bad, None, "on the {what}: {text:?}");
    }
}

#[test]
fn no_whole_number_is_shown_logged_or_kept() {
    let home = Home::at(asterisk(HOSTILE));
    let said = home.console("/roster\n/who 1\n/who 4\n");
    let file = std::fs::read(home.path("gavel.db")).unwrap();
    for (what, bytes) in [("screen", said.out.as_bytes()), ("log", said.err.as_bytes()), ("file", &file[..])]
    {
        for number in ["0113555014", "555 0177"] {
            let found = bytes.windows(number.len()).any(|window| window == number.as_bytes());
            assert!(!found, "{number} on the {what}: {said:?}");
        }
    }
}

#[test]
fn numbers_and_topic_outlive_a_gavel_that_is_killed() {
    let home = Home::at(asterisk(Manners { callers: &["Marta", "Joel"], ..LEAST }));
    let first = home.console("/topic night buses\n/roster\n");
    assert!(first.out.contains("#1 Marta") && first.out.contains("#2 Joel"), "{first:?}");
    let second = home.start(&["run", "--config", "gavel.toml"], |line| line.contains("logged in"));
    drop(second);
    let third = home.console("/roster\n");
    assert!(third.out.contains("#1 Marta") && third.out.contains("night buses"), "{third:?}");
}
