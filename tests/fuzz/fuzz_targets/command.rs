//! The command parser: any text on any network gives a call or a reason, and never a caller who is not there.
//!
//! The first line is what was typed; each further one is the name of somebody in the room, numbered from 1.

#![no_main]

use gavel_chat::command::{Call, Callers, Misread, Problem, parse, parse_slots, resolve};
use gavel_chat::text::{Name, plain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let typed = lines.next().unwrap_or_default();
    let people: Vec<_> = lines.zip(1..).map(|(name, number)| (number, Name::new(name))).collect();

    check(parse(typed), &people);
    let (word, value) = typed.split_once(' ').unwrap_or((typed, ""));
    for slot in ["caller", "callers", "text", "reason", "command"] {
        check(parse_slots(word, &[(slot.to_owned(), value.to_owned())]), &people);
    }
});

fn check(read: Result<Call, Misread>, people: &[(u32, Option<Name>)]) {
    let call = match read {
        Ok(call) => call,
        Err(misread) => return shown(&plain(&misread.doc())),
    };
    let Callers::These(callers) = &call.args.callers else { return };
    assert!(!callers.is_empty());
    let resolution = resolve(callers, people);
    for number in resolution.numbers() {
        assert!(people.iter().any(|(known, _)| *known == number));
    }
    for problem in &resolution.problems {
        if let Problem::Several { matches, .. } = problem {
            assert!(matches.len() > 1);
        }
        shown(&plain(&problem.doc()));
    }
}

/// What people are told can be shown to them.
fn shown(words: &str) {
    assert!(!words.is_empty());
    assert!(!words.chars().any(|c| c.is_control() && c != '\n'));
}
