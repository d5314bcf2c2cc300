//! `gavel check` against a server.

use crate::fake::{LEAST, Manners, asterisk};
use crate::gavel::{Home, Said};

fn check(manners: Manners) -> Said {
    let port = asterisk(manners);
    let mut said = Home::at(port).gavel(&["check", "--config", "gavel.toml"]);
    said.out = said.out.replace(&port.to_string(), "PORT");
    said.err = said.err.replace(&port.to_string(), "PORT");
    said
}

#[test]
fn all_is_well() {
    let said = check(LEAST);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.err, "Connecting to main at 127.0.0.1:PORT ...\n");
    insta::assert_snapshot!(said.out);
}

#[test]
fn too_few_rights() {
    let said = check(Manners { commands: "Ping: Ping. (Priv: <none>)\r\n", ..LEAST });
    assert_eq!(said.code, Some(69));
    assert!(said.out.contains("add \"call\" to write = of [gavel] in manager.conf"), "{said:?}");
}

#[test]
fn a_wrong_secret() {
    let said = check(Manners { login: false, ..LEAST });
    assert_eq!(said.code, Some(69));
    assert!(said.out.contains("problem main: the login was refused: Authentication failed"), "{said:?}");
}

#[test]
fn a_misspelt_conference() {
    let said = check(Manners { conference: "2000", ..LEAST });
    assert_eq!(said.code, Some(0));
    let expected =
        "warning room thursday: conference \"200\" is not active, but \"2000\" is: is the name right?\n";
    assert!(said.out.contains(expected), "{said:?}");
}

#[test]
fn nobody_there() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let said = Home::at(port).gavel(&["check", "--config", "gavel.toml"]);
    assert_eq!(said.code, Some(69));
    assert!(said.out.contains("cannot be reached") && said.out.contains("is Asterisk running"), "{said:?}");
}

#[test]
fn a_state_file_without_a_folder() {
    let config = format!("{}\n[state]\npath = \"absent/gavel.db\"\n", crate::gavel::small(asterisk(LEAST)));
    let said = Home::with(&config).gavel(&["check", "--config", "gavel.toml"]);
    assert_eq!(said.code, Some(69));
    assert!(said.out.contains("problem state: there is no folder for absent/gavel.db"), "{said:?}");
}
