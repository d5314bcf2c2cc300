//! One login to see what is there and what this user may do: for `gavel check`.

use std::collections::BTreeMap;
use std::io;

use tokio::select;
use tokio::time::timeout;

use super::driver::{GOODBYE, until};
use super::link::{Link, Turn};
use super::{ClientSetup, ConnectError, clock};
use crate::session::{Ended, Expect, Greeting, Reply, SessionEvent, Token};
use crate::wire::{Action, ActionError, OwnedFrame};

/// Why nothing could be found out.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The login cannot be sent.
    #[error("the login cannot be sent: {0}")]
    Login(#[from] ActionError),
    /// Connected, but it came to nothing.
    #[error(transparent)]
    Session(#[from] Ended),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Lost(#[from] io::Error),
}

/// Whether a conference application is there for this user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Presence {
    /// It answers: the names of the conferences that are active now; foreign text.
    Active(Vec<String>),
    /// Asterisk does not know its actions.
    Unknown,
    /// It is there, but this user may not ask it.
    Forbidden,
    /// It was asked and did not answer as it should; in Asterisk's words (foreign text), if there were any.
    Failed(String),
}

/// What a login found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProbeReport {
    /// The AMI version of the banner; foreign text.
    pub ami: String,
    /// Asterisk's version, if this user may ask for it; foreign text.
    pub asterisk: Option<String>,
    /// The actions that this user may use, each with the privileges that allow it.
    pub actions: BTreeMap<String, String>,
    /// app_confbridge.
    pub confbridge: Presence,
    /// app_meetme.
    pub meetme: Presence,
}

const QUESTIONS: [(&str, &str); 2] =
    [("ConfbridgeListRooms", "ConfbridgeListRoomsComplete"), ("MeetmeListRooms", "MeetmeListRoomsComplete")];

/// Logs in once, asks, logs off.
pub async fn probe(setup: ClientSetup) -> Result<ProbeReport, ProbeError> {
    let login = setup.login(fastrand::u64(..))?;
    let mut link = Link::connect(&setup).await?.begin(clock::now(), login);
    let mut found = Found::default();
    while found.missing() {
        step(&mut link, &mut found).await?;
    }
    link.session.logoff(clock::now());
    // Goodbye is a courtesy: whether it is answered changes nothing.
    let goodbye = async { while step(&mut link, &mut found).await.is_ok() {} };
    let _ = timeout(GOODBYE, goodbye).await;
    Ok(found.report())
}

async fn step(link: &mut Link, found: &mut Found) -> Result<(), ProbeError> {
    link.load();
    let deadline = link.session.deadline();
    let turn = select! {
        turn = link.turn() => Some(turn?),
        () = until(deadline) => None,
    };
    let now = clock::now();
    match turn {
        Some(Turn::Read(bytes)) => _ = link.hear(now, bytes),
        Some(Turn::Wrote) | None => {}
    }
    link.session.due(now);
    let asked = found.greeting.is_some();
    while let Some(event) = link.session.poll() {
        found.take(event)?;
    }
    if found.greeting.is_some() && !asked {
        for (n, (action, complete)) in QUESTIONS.into_iter().enumerate() {
            link.session.submit(now, Token(n as u64), Expect::List { complete }, Action::new(action));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Found {
    greeting: Option<Greeting>,
    answers: [Option<Presence>; 2],
}

impl Found {
    fn missing(&self) -> bool {
        self.greeting.is_none() || self.answers.iter().any(Option::is_none)
    }

    fn take(&mut self, event: SessionEvent<'_>) -> Result<(), Ended> {
        match event {
            SessionEvent::Ready(greeting) => self.greeting = Some(greeting),
            SessionEvent::Reply { token, reply } => {
                if let Some(answer) = self.answers.get_mut(token.0 as usize) {
                    *answer = Some(presence(reply));
                }
            }
            SessionEvent::Ended(why) => return Err(why),
            SessionEvent::Event(_) | SessionEvent::ListBegins { .. } | SessionEvent::Desynchronised(_) => {}
        }
        Ok(())
    }

    fn report(self) -> ProbeReport {
        let greeting = self.greeting.unwrap_or_default();
        let [confbridge, meetme] = self.answers.map(|a| a.unwrap_or(Presence::Failed(String::new())));
        let Greeting { ami, asterisk, actions } = greeting;
        ProbeReport { ami, asterisk, actions, confbridge, meetme }
    }
}

fn presence(reply: Reply) -> Presence {
    match reply {
        Reply::List { items } => Presence::Active(items.iter().filter_map(conference).collect()),
        Reply::Response(frame) => refusal(&frame),
        Reply::TimedOut => Presence::Failed("no answer in time".to_owned()),
        other => Presence::Failed(format!("{other:?}")),
    }
}

fn refusal(frame: &OwnedFrame) -> Presence {
    let words = frame.view().text("Message").unwrap_or_default().into_owned();
    match words.as_str() {
        "No active conferences." => Presence::Active(Vec::new()),
        "Permission denied" => Presence::Forbidden,
        w if w.starts_with("Invalid/unknown command") => Presence::Unknown,
        _ => Presence::Failed(words),
    }
}

fn conference(item: &OwnedFrame) -> Option<String> {
    item.view().text("Conference").map(std::borrow::Cow::into_owned)
}
