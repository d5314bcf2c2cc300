//! The state file from outside.

use std::fs;

use crate::fake::{LEAST, asterisk};
use crate::gavel::Home;

const RUN: [&str; 3] = ["run", "--config", "gavel.toml"];

#[test]
fn a_second_gavel_is_refused() {
    let home = Home::at(asterisk(LEAST));
    let first = home.start(&RUN, |line| line.contains("logged in"));
    let second = home.gavel(&RUN);
    assert_eq!(second.code, Some(75), "{second:?}");
    assert_eq!(
        second.err,
        "gavel: another gavel uses the state file HOME/gavel.db; stop that one first, or set another path in [state]\n"
    );
    let check = home.gavel(&["check", "--config", "gavel.toml"]);
    assert_eq!(check.code, Some(0), "check may run beside it: {check:?}");
    drop(first);
    drop(home.start(&RUN, |line| line.contains("logged in")));
}

#[test]
fn it_ends_when_told_to() {
    let home = Home::at(asterisk(LEAST));
    for signal in ["TERM", "INT"] {
        let running = home.start(&RUN, |line| line.contains("logged in"));
        let killed =
            std::process::Command::new("kill").args(["-s", signal, &running.id().to_string()]).status();
        assert!(killed.unwrap().success());
        assert_eq!(running.wait(), Some(0), "SIG{signal}");
    }
    assert!(!home.path("gavel.db-wal").exists(), "closed properly");
}

#[test]
fn a_damaged_state_file_stops_nothing_and_is_left_alone() {
    let home = Home::at(asterisk(LEAST));
    let damaged = b"this is not a database ".repeat(100);
    fs::write(home.path("gavel.db"), &damaged).unwrap();
    drop(home.start(&RUN, |line| line.contains("move the file away")));
    drop(home.start(&RUN, |line| line.contains("logged in")));
    assert_eq!(fs::read(home.path("gavel.db")).unwrap(), damaged);
}
