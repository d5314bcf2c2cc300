//! Where a secret is kept: the same three ways for every secret of the file.

use std::path::Path;

use toml::de::DeValue;

use super::problem::meant;
use super::section::{Converted, Section, Wrong, text};
use super::{SecretKind, SecretSource};

const SECRETS: [&str; 3] = ["env", "file", "credential"];

/// Never repeats a value of the file: it may be the secret itself.
pub(super) fn read(
    section: &mut Section<'_>,
    key: &'static str,
    example: &'static str,
    folder: &Path,
) -> Option<SecretSource> {
    let ways = format!(
        "a secret does not stand in this file; write {example}, {{ file = \"PATH\" }} or {{ credential = \"NAME\" }}"
    );
    let read = |value: &DeValue<'_>| {
        let table = value.as_table().ok_or_else(|| Wrong::Value(ways.clone()))?;
        if let Some(name) =
            table.keys().map(|key| key.get_ref()).find(|name| !SECRETS.contains(&name.as_ref()))
        {
            return Err(Wrong::Value(format!(
                "\"{name}\" is no place for a secret; {}",
                meant(name, SECRETS)
            )));
        }
        let mut given = SECRETS.iter().filter_map(|kind| Some((*kind, table.get(*kind)?)));
        let (Some((kind, value)), None) = (given.next(), given.next()) else {
            return Err(Wrong::Value(format!("name one place: {example}")));
        };
        let wrong = || Wrong::Value(format!("\"{kind}\" needs a text in quotes, such as {example}"));
        let value = text(value.get_ref()).map_err(|_| wrong())?;
        place(kind, value, folder)
    };
    let found = section.need(key, example, "a table", read)?;
    Some(SecretSource { kind: found.value, at: found.at, key: format!("{}.{key}", section.path) })
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
