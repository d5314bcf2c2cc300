//! The direction of the dependencies, kept by a test: phone and chat meet in `gavel` alone.
//!
//! It reads the manifests, not the code: an edge that is not in a manifest cannot be in the code.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

/// What each member may know of the others. A crate that is not named here may not exist: whoever adds one decides.
const MAY: &[(&str, &[&str])] = &[
    ("gavel-ami", &[]),
    ("gavel-chat", &[]),
    ("gavel-console", &["gavel-chat"]),
    ("gavel-discord", &["gavel-chat", "gavel-discord-standin"]),
    ("gavel-discord-standin", &[]),
    ("gavel-matrix", &["gavel-chat", "gavel-matrix-lab"]),
    ("gavel-matrix-lab", &[]),
    ("gavel-web", &["gavel-chat"]),
    ("gavel-sim", &["gavel-ami"]),
];

/// The SDKs and runtimes of the outside, which only the crates that wrap them may name.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("serenity", &["gavel-discord"]),
    ("matrix-sdk", &["gavel-matrix"]),
    ("axum", &["gavel-web", "gavel-discord-standin"]),
    ("rusqlite", &["gavel"]),
    ("rustyline", &["gavel-console"]),
];

#[test]
fn the_manifests_keep_the_direction() {
    let members = manifests();
    assert!(members.contains_key("gavel-ami") && members.contains_key("gavel-chat"), "{:?}", members.keys());
    assert_eq!(breaches(&members), Vec::<String>::new());
}

#[test]
fn every_way_to_break_it_is_found() {
    let broken = [
        ("gavel-ami", "[dependencies]\ngavel-chat.workspace = true"),
        ("gavel-chat", "[dev-dependencies]\ngavel-ami = { path = '../ami' }"),
        (
            "gavel-console",
            "[target.'cfg(unix)'.dependencies]\nphone = { package = 'gavel-ami', path = '../ami' }",
        ),
        ("gavel-sim", "[build-dependencies]\ngavel-chat.workspace = true"),
        ("gavel-console", "[dependencies]\ngavel = { path = '../..' }"),
        ("gavel-chat", "[dependencies]\nserenity = '0.12'"),
        ("gavel-newcomer", "[dependencies]\n"),
    ];
    for (name, manifest) in broken {
        let members = BTreeMap::from([(name.to_owned(), manifest.parse::<Table>().unwrap())]);
        assert_eq!(breaches(&members).len(), 1, "{name}: {manifest}");
    }
}

/// Each member's manifest by the package's name, `gavel` itself with them.
fn manifests() -> BTreeMap<String, Table> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read =
        |folder: &Path| fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse::<Table>().unwrap();
    let top = read(root);
    let listed = top["workspace"]["members"].as_array().unwrap().clone();
    let members = listed.iter().map(|member| read(&root.join(member.as_str().unwrap())));
    let name = |table: &Table| table["package"]["name"].as_str().unwrap().to_owned();
    members.chain([top]).map(|table| (name(&table), table)).collect()
}

fn breaches(members: &BTreeMap<String, Table>) -> Vec<String> {
    members.iter().flat_map(|(name, manifest)| breaches_of(name, manifest)).collect()
}

fn breaches_of(name: &str, manifest: &Table) -> Vec<String> {
    let known = MAY.iter().find(|(member, _)| *member == name).map(|(_, may)| *may);
    if name != "gavel" && known.is_none() {
        return vec![format!("{name} has no line in the table of what it may know")];
    }
    let inside = |dependency: &str| dependency == "gavel" || dependency.starts_with("gavel-");
    let allowed = |dependency: &str| match known {
        Some(may) if inside(dependency) => may.contains(&dependency),
        _ => OUTSIDE.iter().all(|(outside, owners)| dependency != *outside || owners.contains(&name)),
    };
    let named = dependencies(manifest).into_iter().filter(|dependency| !allowed(dependency));
    named.map(|dependency| format!("{name} must not know {dependency}")).collect()
}

/// The packages of every table of dependencies: normal, build and for tests, for every target, renamed ones too.
fn dependencies(manifest: &Table) -> Vec<String> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let places = [manifest].into_iter().chain(targets.filter_map(Value::as_table));
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = places.flat_map(|place| kinds.iter().filter_map(|kind| place.get(*kind)?.as_table()));
    let package = |(name, value): (&String, &Value)| {
        value.get("package").and_then(Value::as_str).unwrap_or(name).to_owned()
    };
    tables.flat_map(|table| table.iter().map(package)).collect()
}
