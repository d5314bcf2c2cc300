//! What the homeserver says of the account and its rooms, for `gavel check`: asked beside gavel, which may be running,
//! so the device's keys are not touched. Changes nothing; a password is tried by a login that is ended at once.
//!
//! Invariant: each problem says what to do, and no finding repeats a secret.

mod ask;
mod rooms;

use gavel_chat::AdapterError;
use serde_json::{Value, json};

use crate::crypto;
use crate::session::folder::{Folder, Found};
use crate::settings::{Login, Settings};
use ask::{Asking, Unanswered};

/// A room to be looked at.
#[derive(Clone, Debug)]
pub struct Sought {
    /// `!abcdef:example.org`.
    pub room_id: String,
    /// What it is there for, in words: "room thursday, crew".
    pub purpose: String,
}

/// One thing that was found out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// How bad.
    pub level: Level,
    /// What, and what to do about it.
    pub words: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, but somebody should look at it.
    Warning,
    /// Something won't work.
    Problem,
}

/// Asks the homeserver, for some seconds at most where it answers at all.
pub async fn check(settings: &Settings, rooms: &[Sought]) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    if let Err(Unanswered(words)) = look(settings, rooms, &mut findings).await {
        findings.problem(words);
    }
    findings.0
}

/// What was found.
struct Findings(Vec<Finding>);

impl Findings {
    fn ok(&mut self, words: impl Into<String>) {
        self.0.push(Finding { level: Level::Ok, words: words.into() });
    }

    fn warning(&mut self, words: impl Into<String>) {
        self.0.push(Finding { level: Level::Warning, words: words.into() });
    }

    fn problem(&mut self, words: impl Into<String>) {
        self.0.push(Finding { level: Level::Problem, words: words.into() });
    }
}

async fn look(settings: &Settings, rooms: &[Sought], findings: &mut Findings) -> Result<(), Unanswered> {
    let mut asking = Asking::new(settings)?;
    server(settings, &asking, findings).await?;
    let trial = match login(settings, &mut asking, findings).await? {
        Some(trial) => trial,
        None => return Ok(()),
    };
    if !trial {
        keys(settings, &asking, findings).await?;
    }
    for room in rooms {
        rooms::look(settings, &asking, room, findings).await?;
    }
    pace(settings, findings);
    if trial {
        asking.post("/_matrix/client/v3/logout", &json!({})).await?;
    }
    Ok(())
}

async fn server(settings: &Settings, asking: &Asking, findings: &mut Findings) -> Result<(), Unanswered> {
    let answer = asking.get("/_matrix/client/versions").await?;
    let versions = answer.body["versions"].as_array().cloned().unwrap_or_default();
    let Some(last) = versions.iter().filter_map(Value::as_str).rfind(|version| version.starts_with('v'))
    else {
        return Err(Unanswered(format!(
            "{} answers, but is no Matrix homeserver: correct `homeserver`",
            settings.homeserver
        )));
    };
    let server = answer.server.map(|server| format!(", {server}")).unwrap_or_default();
    findings.ok(format!("{} speaks Matrix up to {last}{server}", settings.homeserver));
    Ok(())
}

/// Whose token may be used; true: it was made for this and is to be given back.
async fn login(
    settings: &Settings,
    asking: &mut Asking,
    findings: &mut Findings,
) -> Result<Option<bool>, Unanswered> {
    let found = match Folder::peek(&settings.state_dir) {
        Ok(found) => found,
        Err(AdapterError::Remedy(words) | AdapterError::Lost(words)) => {
            findings.problem(words);
            return Ok(None);
        }
    };
    let (token, trial) = match (&found, &settings.login) {
        (_, Login::Token(token)) => (token.reveal().to_owned(), false),
        (Found::Whole(session), Login::Password(_)) => (session.tokens.access_token.clone(), false),
        (Found::Nothing, Login::Password(password)) => {
            let body = json!({
                "type": "m.login.password", "identifier": {"type": "m.id.user", "user": settings.user},
                "password": password.reveal(), "initial_device_display_name": "gavel check",
            });
            let answer = asking.post("/_matrix/client/v3/login", &body).await?;
            match answer.body["access_token"].as_str() {
                Some(token) => (token.to_owned(), true),
                None if answer.status == 429 => {
                    findings
                        .warning("the homeserver takes no more logins for now: the password was not tried");
                    return Ok(None);
                }
                None => {
                    findings.problem(format!(
                        "the homeserver does not take {}'s password: correct `password`",
                        settings.user
                    ));
                    return Ok(None);
                }
            }
        }
    };
    asking.token(token);
    let answer = asking.get("/_matrix/client/v3/account/whoami").await?;
    let (user, device) = (answer.body["user_id"].as_str(), answer.body["device_id"].as_str());
    match user {
        Some(user) if user == settings.user => {
            let device =
                device.filter(|_| !trial).map(|device| format!(", device {device}")).unwrap_or_default();
            findings.ok(format!("logged in as {user}{device}"));
            Ok(Some(trial))
        }
        Some(user) => {
            findings.problem(format!(
                "`user` is {}, but the login is {user}'s: correct one of them",
                settings.user
            ));
            Ok(None)
        }
        None => {
            let dir = settings.state_dir.display();
            findings.problem(format!(
                "{}'s session was ended at the homeserver: give a new `token`; or, with a password, delete {dir}/session",
                settings.user
            ));
            Ok(None)
        }
    }
}

/// The device, as others see it.
async fn keys(settings: &Settings, asking: &Asking, findings: &mut Findings) -> Result<(), Unanswered> {
    let Ok(Found::Whole(session)) = Folder::peek(&settings.state_dir) else {
        findings.ok("its device has no keys yet: gavel makes them when it first runs");
        return Ok(());
    };
    let (user, device) = (settings.user.as_str(), session.meta.device_id.as_str());
    let answer = asking.post("/_matrix/client/v3/keys/query", &json!({"device_keys": {user: []}})).await?;
    let signer =
        answer.body["self_signing_keys"][user]["keys"].as_object().and_then(|keys| keys.keys().next());
    let signed = &answer.body["device_keys"][user][device]["signatures"][user];
    if signer.is_some_and(|signer| signed.get(signer).is_some()) {
        findings.ok(format!("device {device} is verified"));
    } else {
        findings.problem(format!(
            "device {device} is not verified, and careful clients don't talk to it: give the account's recovery key in `recovery_key`"
        ));
    }
    let path =
        format!("/_matrix/client/v3/user/{}/account_data/m.secret_storage.default_key", ask::encoded(user));
    match (asking.get(&path).await?.status, crypto::known(&settings.recovery_key)) {
        (200, Some(_)) => findings.ok("there is a recovery key"),
        (200, None) => findings.warning(
            "the account has a recovery key, but gavel is not told: give it in `recovery_key`, or a lost state_dir is lost for good",
        ),
        _ => findings.warning("there is no recovery key: give `recovery_key` a file, and gavel makes one"),
    }
    Ok(())
}

/// What the last run met.
fn pace(settings: &Settings, findings: &mut Findings) {
    match crate::pace::read(&settings.state_dir) {
        Some(each) if each > 0.0 => findings.warning(format!(
            "the homeserver lets this account send one event per {each:.0} s: cards are slow and answers fold; its operator \
             can lift that for one user (deploy/matrix.md)"
        )),
        _ => findings.ok("no rate limit was met so far"),
    }
}
