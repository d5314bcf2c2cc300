//! The state file from outside.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::fake::{LEAST, Manners, asterisk};
use crate::gavel::Home;

const RUN: [&str; 3] = ["run", "--config", "gavel.toml"];

const TWO: Manners = Manners { callers: &["Marta", "Joel"], ..LEAST };

/// A mute is done whatever the state file is like, and the crew is told of the file once.
fn phone_acts_go_on(home: &Home, told: &str) {
    let said = home.console("/mute 1\n/roster\n/status\n");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("#1 Marta muted."), "{said:?}");
    assert_eq!(said.out.matches(told).count(), 1, "{said:?}");
}

#[test]
fn a_damaged_state_file_stops_no_phone_act() {
    let home = Home::at(asterisk(TWO));
    fs::write(home.path("gavel.db"), b"this is not a database ".repeat(100)).unwrap();
    phone_acts_go_on(&home, "gavel's state file is damaged; it is left as it is.");
}

#[test]
fn a_state_file_without_a_folder_stops_no_phone_act() {
    let home = Home::at(asterisk(TWO));
    let config = fs::read_to_string(home.path("gavel.toml")).unwrap();
    fs::write(home.path("gavel.toml"), format!("{config}\n[state]\npath = \"gavel.toml/x.db\"\n")).unwrap();
    phone_acts_go_on(&home, "gavel's state file can't be opened.");
}

#[test]
fn a_state_file_that_another_program_holds_stops_no_phone_act() {
    let home = Home::at(asterisk(TWO));
    phone_acts_go_on_quietly(&home);
    let other = rusqlite::Connection::open(home.path("gavel.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    phone_acts_go_on(&home, "Another program holds gavel's state.");
}

fn phone_acts_go_on_quietly(home: &Home) {
    let said = home.console("/mute 1\n");
    assert!(
        said.code == Some(0) && said.out.contains("#1 Marta muted.") && !said.out.contains("state"),
        "{said:?}"
    );
}

/// Killed with a mute under way: the next gavel knows of it, and the first list settles it.
#[test]
fn an_order_outlives_a_gavel_that_is_killed() {
    let home = Home::at(asterisk(Manners { mutes: false, ..TWO }));
    let mut command = home.command(&["run", "--console", "--config", "gavel.toml"]);
    let mut killed =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = killed.stdin.take().unwrap();
    input.write_all(b"/mute 1\n").unwrap();
    until(|| open_intents(&home) == Some(1));
    killed.kill().unwrap();
    killed.wait().unwrap();
    drop(input);
    let said = home.console("/roster\n");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(open_intents(&home), Some(0), "settled by the first list: {said:?}");
    assert!(!said.out.contains("#1 Marta muted"), "nothing is sent twice, nothing is claimed: {said:?}");
}

/// Orders whose end is not known; `None`: there is no table to ask yet.
fn open_intents(home: &Home) -> Option<i64> {
    let file = rusqlite::Connection::open(home.path("gavel.db")).ok()?;
    file.query_row("SELECT count(*) FROM intents WHERE settled IS NULL", [], |row| row.get(0)).ok()
}

fn until(holds: impl Fn() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("it did not come to be");
}

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
