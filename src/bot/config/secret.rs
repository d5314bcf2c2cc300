//! Where a secret is kept: the same three ways for every secret of the file.

use std::path::Path;

use toml::de::DeValue;

use super::problem::meant;
use super::section::{Converted, Section, Wrong, text};
use super::{SecretKind, SecretSource};

const SECRETS: [&str; 3] = ["env", "file", "credential"];

/// One that must be there.
pub(super) fn read(
    section: &mut Section<'_>,
    key: &'static str,
    example: &'static str,
    folder: &Path,
) -> Option<SecretSource> {
    let found = section.need(key, example, "a table", |value| convert(value, example, folder))?;
    Some(SecretSource { kind: found.value, at: found.at, key: format!("{}.{key}", section.path) })
}

/// One that may be there; `example` is without its key, and `check` says what is wrong with the place.
pub(super) fn maybe(
    section: &mut Section<'_>,
    key: &'static str,
    example: &str,
    folder: &Path,
    check: impl Fn(&SecretKind) -> Option<&'static str>,
) -> Option<SecretSource> {
    let example = format!("{key} = {example}");
    let found = section.take(key, "a table", |value| {
        let kind = convert(value, &example, folder)?;
        match check(&kind) {
            None => Ok(kind),
            Some(why) => Err(Wrong::Value(why.to_owned())),
        }
    })?;
    Some(SecretSource { kind: found.value, at: found.at, key: format!("{}.{key}", section.path) })
}

/// Never repeats a value of the file: it may be the secret itself.
fn convert(value: &DeValue<'_>, example: &str, folder: &Path) -> Converted<SecretKind> {
    let ways = format!(
        "a secret does not stand in this file; write {example}, {{ file = \"PATH\" }} or {{ credential = \"NAME\" }}"
    );
    let table = value.as_table().ok_or(Wrong::Value(ways))?;
    if let Some(name) = table.keys().map(|key| key.get_ref()).find(|name| !SECRETS.contains(&name.as_ref())) {
        return Err(Wrong::Value(format!("\"{name}\" is no place for a secret; {}", meant(name, SECRETS))));
    }
    let mut given = SECRETS.iter().filter_map(|kind| Some((*kind, table.get(*kind)?)));
    let (Some((kind, value)), None) = (given.next(), given.next()) else {
        return Err(Wrong::Value(format!("name one place: {example}")));
    };
    let wrong = || Wrong::Value(format!("\"{kind}\" needs a text in quotes, such as {example}"));
    let value = text(value.get_ref()).map_err(|_| wrong())?;
    place(kind, value, folder)
}

fn place(kind: &str, value: String, folder: &Path) -> Converted<SecretKind> {
    match kind {
        "file" => Ok(SecretKind::File(folder.join(value))),
        "env" if value.contains('=') => {
            Err(Wrong::Value("the name of an environment variable has no \"=\"".into()))
        }
        "env" => Ok(SecretKind::Env(value)),
        _ if value.contains('/') || value.starts_with('.') => Err(Wrong::Value(
            "a credential is a name, not a path; for a path write { file = \"PATH\" }".into(),
        )),
        _ => Ok(SecretKind::Credential(value)),
    }
}
