//! How to log in, and how patient to be.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use md5::{Digest, Md5};

use crate::wire::{Action, ActionError, Frame};

/// The classes of events that are asked for. Never `dialplan`: its `VarSet` events grow with the square of the
/// callers (14 MB for 200 who join).
const EVENTS: &str = "system,call,user";

/// A secret: its `Debug` shows nothing.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(String);

impl Secret {
    /// Takes the secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// How the secret is shown to Asterisk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Auth {
    /// As it is: for encrypted links.
    Plain,
    /// As an answer to a challenge, so that the secret itself does not cross the wire.
    Md5,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pace {
    /// From the connection to the banner, which comes at once.
    pub banner: Duration,
    /// From the connection to the end of the login. Asterisk refuses one with a second's delay.
    pub login: Duration,
    /// For FullyBooted, which comes at once unless Asterisk is still starting or this user may not read `system`.
    pub booting: Duration,
    /// For the answer to an action, counted from the answer to the one before it: Asterisk handles the actions of a
    /// connection one after another.
    pub action: Duration,
    /// Without a byte for so long, with nothing outstanding, we ping.
    pub idle: Duration,
    /// Without a byte for so long while a ping is all that is outstanding, the link is dead.
    pub patience: Duration,
    /// The same while an action is outstanding, which may simply take its time.
    pub blocked: Duration,
    /// With bytes but without the answer that is due for so long, this connection is of no use.
    pub unanswered: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let s = Duration::from_secs;
        Self {
            banner: s(2),
            login: s(10),
            booting: s(1),
            action: s(5),
            idle: s(2),
            patience: s(3),
            blocked: s(10),
            unanswered: s(60),
        }
    }
}

/// A login that can be sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Login {
    username: String,
    secret: Secret,
    auth: Auth,
    pub(super) nonce: u64,
    pub(super) pace: Pace,
}

impl Login {
    /// A login, if its words can be sent. The nonce is a random number of this connection: every ActionID begins with
    /// it, so that whoever forges packets (a raw `UserEvent` can) cannot guess an answer that we would take.
    pub fn new(username: &str, secret: Secret, auth: Auth, nonce: u64) -> Result<Self, ActionError> {
        let login = Self { username: username.to_owned(), secret, auth, nonce, pace: Pace::default() };
        login.plain()?;
        Ok(login)
    }

    /// With another pace.
    pub fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// The first action of the login.
    pub(super) fn opening(&self) -> Result<(Action, bool), ActionError> {
        match self.auth {
            Auth::Plain => Ok((self.plain()?, false)),
            Auth::Md5 => Ok((Action::new("Challenge").header("AuthType", "MD5")?, true)),
        }
    }

    /// The login proper, after a challenge.
    pub(super) fn answer(&self, challenge: &[u8]) -> Result<Action, ActionError> {
        let digest = Md5::new().chain_update(challenge).chain_update(&self.secret.0).finalize();
        let key = digest.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let action = Action::new("Login").header("AuthType", "MD5")?.header("Username", &self.username)?;
        action.header("Key", key)?.header("Events", EVENTS)
    }

    fn plain(&self) -> Result<Action, ActionError> {
        let action = Action::new("Login").header("Username", &self.username)?;
        action.header("Secret", &self.secret.0)?.header("Events", EVENTS)
    }
}

/// The version in `Asterisk Call Manager/11.0.0`; `None`: that is no banner.
pub(super) fn banner(frame: Frame<'_>) -> Option<String> {
    let line = frame.lines().next()?;
    let at = memchr::memmem::find(line, b"Call Manager")?;
    let slash = memchr::memchr(b'/', line.get(at..)?)?;
    Some(String::from_utf8_lossy(line.get(at + slash + 1..)?).trim().to_owned())
}

/// The actions in the answer to `ListCommands`: `Name: What it does.  (Priv: call,all)`.
pub(super) fn actions(commands: Frame<'_>) -> BTreeMap<String, String> {
    commands
        .headers()
        .filter(|(name, _)| !matches!(*name, b"Response" | b"ActionID" | b"Message"))
        .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), privileges(value)))
        .collect()
}

fn privileges(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let inside = text.rsplit_once("(Priv: ").and_then(|(_, p)| p.split_once(')'));
    inside.map(|(p, _)| p).filter(|p| *p != "<none>").unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Greeting;
    use super::*;
    use crate::wire::OwnedFrame;

    #[test]
    fn the_key_is_that_of_the_recording() {
        let login = Login::new("bot", Secret::new("botsecret"), Auth::Md5, 1).unwrap();
        let sent = login.answer(b"110558952").unwrap().encode("a2");
        let sent = OwnedFrame::parse(&sent);
        assert_eq!(sent.view().get("Key"), Some(&b"466e7c5179046be5baa76ae0c6db46de"[..]));
        assert_eq!(sent.view().get("Secret"), None);
    }

    #[test]
    fn what_cannot_be_sent_is_no_login() {
        let login =
            |user: &str, secret: &str| Login::new(user, Secret::new(secret), Auth::Md5, 1).map(|_| ());
        assert_eq!(login("bot\r\nSecret: x", "y"), Err(ActionError::LineBreak));
        assert_eq!(login("bot", "y\n"), Err(ActionError::LineBreak));
        assert_eq!(login("bot", "y"), Ok(()));
    }

    #[test]
    fn secrets_are_not_shown() {
        let login = Login::new("bot", Secret::new("botsecret"), Auth::Plain, 1).unwrap();
        assert!(!format!("{login:?} {:?}", login.plain()).contains("botsecret"));
    }

    #[test]
    fn banners_of_all_times() {
        let version = |line: &str| banner(OwnedFrame::parse(line.as_bytes()).view());
        assert_eq!(version("Asterisk Call Manager/1.0\r\n").as_deref(), Some("1.0"));
        assert_eq!(version("Asterisk Call Manager/11.0.0\r\n").as_deref(), Some("11.0.0"));
        assert_eq!(version("SSH-2.0-OpenSSH_9\r\n"), None);
    }

    #[test]
    fn commands_come_with_what_allows_them() {
        let frame = OwnedFrame::parse(
            b"Response: Success\r\nActionID: 1\r\nPing: Keepalive command.  (Priv: <none>)\r\n\
              ConfbridgeMute: Mute a Confbridge user.  (Priv: call,all)\r\nOdd: (Priv: unended\r\n\r\n",
        );
        let found = Greeting { actions: actions(frame.view()), ..Greeting::default() };
        let actions: Vec<_> = found.actions.iter().map(|(a, p)| (a.as_str(), p.as_str())).collect();
        assert_eq!(actions, [("ConfbridgeMute", "call,all"), ("Odd", ""), ("Ping", "")]);
        assert!(found.may("Ping") && !found.may("Originate"));
    }
}
