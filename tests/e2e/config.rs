//! Wrong configurations and secrets, for both commands that read them.

use crate::gavel::{Home, small};

/// Both commands end with 78 and say the same thing in one line.
fn refused(config: &str) -> String {
    let home = Home::with(config);
    let run = home.gavel(&["run", "--config", "gavel.toml"]);
    let check = home.gavel(&["check", "--config", "gavel.toml"]);
    assert_eq!((run.code, check.code), (Some(78), Some(78)), "{run:?} {check:?}");
    assert!(run.out.is_empty(), "{run:?}");
    let said = run.err.strip_prefix("gavel: ").unwrap().to_owned();
    let problems: Vec<_> = check.out.lines().filter_map(|line| line.strip_prefix("problem ")).collect();
    assert_eq!(problems, said.lines().collect::<Vec<_>>(), "{check:?}");
    assert!(!home.path("gavel.db").exists(), "nothing is made before the configuration is right");
    said
}

#[test]
fn a_misspelt_key() {
    let said = refused(&small(1).replace("username", "usrname"));
    assert_eq!(said, "gavel.toml:4:1: asterisk.main.usrname: unknown key; did you mean \"username\"?\n");
}

#[test]
fn no_toml() {
    assert!(refused("[asterisk.main").starts_with("gavel.toml:1:"));
}

#[test]
fn a_secret_that_is_not_there() {
    let said = refused(&small(1).replace("GAVEL_AMI_SECRET", "NOT_SET"));
    let expected = "gavel.toml:5:10: asterisk.main.secret: the environment variable NOT_SET is not set";
    assert!(said.starts_with(expected), "{said}");
    let said = refused(&small(1).replace("{ env = \"GAVEL_AMI_SECRET\" }", "{ file = \"absent\" }"));
    assert!(said.contains("gavel.toml:5:10") && said.contains("absent can't be read"), "{said}");
}

#[test]
fn an_authority_that_is_none() {
    let with = |ca: &str| {
        refused(&small(1).replace("\"127.0.0.1:1\"", &format!("\"tls://127.0.0.1:1\"\nca = \"{ca}\"")))
    };
    let said = with("absent.pem");
    assert!(said.contains("gavel.toml:4:6: asterisk.main.ca") && said.contains("name a PEM file"), "{said}");
    let said = with("gavel.toml");
    assert!(said.contains("no certificate"), "{said}");
}

#[test]
fn a_file_that_is_not_there() {
    let said = Home::with("").gavel(&["run", "--config", "absent.toml"]);
    assert_eq!(said.code, Some(78));
    assert!(said.err.starts_with("gavel: absent.toml: can't be read"), "{said:?}");
}

#[test]
fn escape_sequences_stay_in_the_file() {
    let said = refused("\"\\u001b[2J\" = 1");
    assert!(!said.contains('\x1b') && said.contains("\\u{1b}"), "{said:?}");
}

#[test]
fn a_console_without_a_room() {
    let config = format!("{}\n[room.friday]\nasterisk = \"main\"\nconference = \"201\"\n", small(1));
    let said = Home::with(&config).gavel(&["run", "--console", "--config", "gavel.toml"]);
    assert_eq!(said.code, Some(78));
    assert!(said.err.contains("add [console] with room"), "{said:?}");
}
