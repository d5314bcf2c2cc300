//! Secrets: read once at start from where the configuration says, kept in a type that shows nothing.
//!
//! The only place that reads the environment, and that through [`Environment`], so that tests feed a map. Invariant:
//! no message here repeats a byte of a secret.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::config::{Problem, SecretKind, SecretSource, Surroundings};

/// AMI takes no line over 1000 bytes, so no secret is longer.
const LONGEST: u64 = 900;

/// Where variables come from.
pub trait Environment {
    /// A variable's value, if it is set.
    fn var(&self, name: &str) -> Option<OsString>;
}

/// The environment of this process.
#[derive(Clone, Copy, Debug)]
pub struct Process;

/// A secret's value.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(String);

/// A secret that was read, and what the operator should be told about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The value.
    pub secret: Secret,
    /// It is kept where others can read it.
    pub warning: Option<Problem>,
}

impl Secret {
    /// The value: for the login alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Environment for Process {
    fn var(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }
}

impl Environment for BTreeMap<String, String> {
    fn var(&self, name: &str) -> Option<OsString> {
        self.get(name).map(OsString::from)
    }
}

impl Surroundings {
    /// What the service manager says of this machine.
    pub fn of(environment: &dyn Environment) -> Self {
        let state_directory = environment.var("STATE_DIRECTORY").filter(|value| !value.is_empty());
        // Several directories are separated by colons; the first is the main one.
        let first = |value: OsString| value.to_str().and_then(|v| v.split(':').next()).map(PathBuf::from);
        Self { state_directory: state_directory.and_then(first) }
    }
}

/// Reads a secret from where the configuration says.
pub fn read(source: &SecretSource, environment: &dyn Environment) -> Result<Loaded, Problem> {
    let wrong = |text: String| source.at.problem(&source.key, text);
    match &source.kind {
        SecretKind::Env(name) => {
            let value = environment.var(name).ok_or_else(|| {
                wrong(format!("the environment variable {name} is not set; set it before gavel starts"))
            })?;
            let value = value.into_encoded_bytes();
            let secret =
                value_of(value).map_err(|why| wrong(format!("the environment variable {name} {why}")))?;
            Ok(Loaded { secret, warning: None })
        }
        SecretKind::File(path) => file(source, path),
        SecretKind::Credential(name) => {
            let folder = environment.var("CREDENTIALS_DIRECTORY").ok_or_else(|| {
                let remedy = format!("add LoadCredential={name}:PATH to the unit, or use env or file");
                wrong(format!("no credentials were handed to gavel by the service manager; {remedy}"))
            })?;
            file(source, &Path::new(&folder).join(name))
        }
    }
}

fn file(source: &SecretSource, path: &Path) -> Result<Loaded, Problem> {
    let shown = path.display();
    let wrong = |text: String| source.at.problem(&source.key, text);
    let unreadable = |e: std::io::Error| {
        wrong(format!(
            "the secret's file {shown} can't be read: {e}; create it, readable by gavel's user alone"
        ))
    };
    let opened = std::fs::File::open(path).map_err(unreadable)?;
    let open_to_all = readable_by_all(&opened);
    let mut bytes = Vec::new();
    opened.take(LONGEST + 3).read_to_end(&mut bytes).map_err(unreadable)?;
    let secret = value_of(bytes).map_err(|why| wrong(format!("the secret's file {shown} {why}")))?;
    let warning = open_to_all.then(|| {
        wrong(format!("everybody on this machine can read the secret's file {shown}; chmod 600 it"))
    });
    Ok(Loaded { secret, warning })
}

/// An editor's newline at the end is no part of a secret.
fn value_of(mut bytes: Vec<u8>) -> Result<Secret, &'static str> {
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8 text; a secret is one line of text")?;
    if text.is_empty() {
        return Err("is empty; write the secret into it");
    }
    if text.len() as u64 > LONGEST {
        return Err("is too long; a secret has at most 900 bytes");
    }
    if text.chars().any(char::is_control) {
        return Err("holds line breaks or control characters; a secret is one line of text");
    }
    Ok(Secret(text))
}

#[cfg(unix)]
fn readable_by_all(file: &std::fs::File) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn readable_by_all(_: &std::fs::File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::At;

    fn source(kind: SecretKind) -> SecretSource {
        let at = At { file: "gavel.toml".into(), line: 5, column: 10 };
        SecretSource { kind, at, key: "asterisk.main.secret".into() }
    }

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn said(kind: SecretKind, pairs: &[(&str, &str)]) -> String {
        read(&source(kind), &environment(pairs)).unwrap_err().to_string()
    }

    #[test]
    fn the_environment() {
        let kind = || SecretKind::Env("AMI".into());
        let loaded = read(&source(kind()), &environment(&[("AMI", "hunter2")])).unwrap();
        assert_eq!(loaded.secret.expose(), "hunter2");
        assert_eq!(format!("{loaded:?}"), "Loaded { secret: Secret(..), warning: None }");
        let unset = said(kind(), &[]);
        assert!(
            unset.starts_with(
                "gavel.toml:5:10: asterisk.main.secret: the environment variable AMI is not set"
            )
        );
        assert!(said(kind(), &[("AMI", "")]).contains("is empty"));
        let injected = said(kind(), &[("AMI", "a\r\nAction: Logoff")]);
        assert!(injected.contains("one line of text") && !injected.contains("Logoff"));
        assert!(said(kind(), &[("AMI", &"x".repeat(901))]).contains("too long"));
    }

    #[test]
    #[cfg(unix)]
    fn a_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ami");
        assert!(said(SecretKind::File(path.clone()), &[]).contains("can't be read"));
        assert!(said(SecretKind::File(folder.path().into()), &[]).contains("can't be read"));
        std::fs::write(&path, "hunter2\r\n").unwrap();
        let with_mode = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            read(&source(SecretKind::File(path.clone())), &environment(&[])).unwrap()
        };
        assert_eq!(with_mode(0o600).secret.expose(), "hunter2");
        assert!(with_mode(0o640).warning.is_none());
        assert!(with_mode(0o644).warning.unwrap().to_string().contains("chmod 600"));
        for (bytes, why) in
            [(&b""[..], "empty"), (b"\n", "empty"), (b"a\nb\n", "one line"), (b"\xff", "UTF-8")]
        {
            std::fs::write(&path, bytes).unwrap();
            assert!(said(SecretKind::File(path.clone()), &[]).contains(why), "{bytes:?}");
        }
        std::fs::write(&path, vec![b'x'; 100_000]).unwrap();
        assert!(said(SecretKind::File(path), &[]).contains("too long"));
    }

    #[test]
    fn a_credential() {
        let kind = || SecretKind::Credential("ami".into());
        assert!(said(kind(), &[]).contains("LoadCredential=ami:PATH"));
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().to_str().unwrap();
        assert!(said(kind(), &[("CREDENTIALS_DIRECTORY", here)]).contains("can't be read"));
        std::fs::write(folder.path().join("ami"), "hunter2").unwrap();
        let loaded = read(&source(kind()), &environment(&[("CREDENTIALS_DIRECTORY", here)])).unwrap();
        assert_eq!(loaded.secret.expose(), "hunter2");
    }

    #[test]
    fn the_state_directory() {
        let of = |value: &str| Surroundings::of(&environment(&[("STATE_DIRECTORY", value)])).state_directory;
        assert_eq!(of("/var/lib/gavel"), Some("/var/lib/gavel".into()));
        assert_eq!(of("/var/lib/gavel:/var/lib/other"), Some("/var/lib/gavel".into()));
        assert_eq!(of(""), None);
    }
}
