//! Scripts: who calls when, with what kind of phone, how they talk, what they press, when they hang up; and what goes
//! wrong meanwhile. TOML; see `scripts/` for those that are shipped.

mod player;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub(crate) use player::{Cue, Player};

/// What is wrong with a script.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// It is no TOML, or not of this form.
    #[error("the script cannot be read: {0}")]
    Form(#[from] toml::de::Error),
    /// There is none of that name.
    #[error("there is no script \"{0}\"; there are {1}")]
    Unknown(String, String),
    /// It asks for more than can be.
    #[error("{0}")]
    Sense(String),
}

/// A script.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// What it rehearses, in a sentence.
    pub about: String,
    /// Begins again after so many seconds; 0: never.
    pub repeat: f64,
    /// Callers with a part of their own.
    pub caller: Vec<Caller>,
    /// Callers by chance.
    pub crowd: Vec<Crowd>,
    /// What goes wrong.
    pub event: Vec<Event>,
    /// Phones that can be called (`PJSIP/NAME`).
    pub phone: Vec<Phone>,
}

/// One caller.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Caller {
    /// Caller ID name.
    pub name: String,
    /// The name is sent in Latin-1, as old phones do.
    pub latin1: bool,
    /// Caller ID number; empty: withheld.
    pub number: String,
    /// The endpoint, which names the channel: `PJSIP/trunk-0000001a`.
    pub phone: String,
    /// Dialplan context: `conf` for callers, `crew` for admins.
    pub context: String,
    /// What is dialled.
    pub room: String,
    /// Calls after so many seconds.
    pub at: f64,
    /// Hangs up after so many seconds; 0: stays.
    pub until: f64,
    /// How they talk.
    pub talks: Talks,
    /// What they press.
    pub press: Vec<Press>,
    /// Calls again so many seconds after the call ended, however it did; 0: never.
    pub returns: f64,
}

/// A key at a time, in seconds since the call was made.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Press {
    /// When.
    pub after: f64,
    /// Which, one after another.
    pub keys: String,
}

/// How somebody talks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Talks {
    /// Says nothing.
    #[default]
    Never,
    /// Now and then.
    Seldom,
    /// As hosts do.
    Often,
    /// Without an end.
    Always,
    /// Short bursts, as a bad line makes them.
    Noise,
}

/// Callers by chance.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Crowd {
    /// How many.
    pub count: usize,
    /// They call from this second on.
    pub from: f64,
    /// Up to this one.
    pub to: f64,
    /// They stay so many seconds, from and to; 0 and 0: to the end.
    pub stays: [f64; 2],
    /// How they talk.
    pub talks: Talks,
    /// How likely each is to raise a hand once.
    pub raises: f64,
    /// As a caller's.
    pub context: String,
    /// As a caller's.
    pub room: String,
    /// As a caller's.
    pub phone: String,
    /// As a caller's.
    pub returns: f64,
}

/// Something goes wrong.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// After so many seconds.
    pub at: f64,
    /// What.
    pub what: What,
    /// For so many seconds, where it lasts.
    #[serde(default)]
    pub seconds: f64,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Asterisk restarts and is away for the time given.
    Restart,
    /// All manager connections are closed.
    Drop,
    /// The manager connections stall for the time given.
    Stall,
}

/// A phone that can be called.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Phone {
    /// Its endpoint.
    pub name: String,
    /// Picks up after so many seconds; 0: never.
    pub answers: f64,
    /// Is busy instead.
    pub busy: bool,
}

impl Default for Caller {
    fn default() -> Self {
        Self {
            name: String::new(),
            latin1: false,
            number: String::new(),
            phone: "trunk".into(),
            context: "conf".into(),
            room: "200".into(),
            at: 0.0,
            until: 0.0,
            talks: Talks::Never,
            press: Vec::new(),
            returns: 0.0,
        }
    }
}

impl Default for Crowd {
    fn default() -> Self {
        let caller = Caller::default();
        Self {
            count: 0,
            from: 0.0,
            to: 60.0,
            stays: [0.0, 0.0],
            talks: Talks::Seldom,
            raises: 0.0,
            context: caller.context,
            room: caller.room,
            phone: caller.phone,
            returns: 0.0,
        }
    }
}

const SHIPPED: &[(&str, &str)] = &[
    ("show", include_str!("../scripts/show.toml")),
    ("burst", include_str!("../scripts/burst.toml")),
    ("troll", include_str!("../scripts/troll.toml")),
    ("noisy-line", include_str!("../scripts/noisy-line.toml")),
    ("host-drops", include_str!("../scripts/host-drops.toml")),
    ("pbx-restart", include_str!("../scripts/pbx-restart.toml")),
];

impl Script {
    /// The names of the shipped scripts.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// A shipped script.
    pub fn named(name: &str) -> Result<Self, ScriptError> {
        let found = SHIPPED.iter().find(|(n, _)| *n == name);
        let all = || Self::names().collect::<Vec<_>>().join(", ");
        let (_, text) = found.ok_or_else(|| ScriptError::Unknown(name.to_owned(), all()))?;
        Self::parse(text)
    }

    /// A script's text.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let script: Self = toml::from_str(text)?;
        let times = script.caller.iter().flat_map(|c| [c.at, c.until, c.returns]);
        let times =
            times.chain(script.crowd.iter().flat_map(|c| [c.from, c.to, c.stays[0], c.stays[1], c.returns]));
        let times = times.chain(script.event.iter().flat_map(|e| [e.at, e.seconds])).chain([script.repeat]);
        let pressed = script.caller.iter().flat_map(|c| &c.press).map(|p| p.after);
        let answers = script.phone.iter().map(|p| p.answers);
        if times.chain(pressed).chain(answers).any(|t| !(0.0..=1e6).contains(&t)) {
            return Err(ScriptError::Sense("times are seconds from 0 to 1000000".into()));
        }
        Ok(script)
    }

    /// The same on MeetMe: `2xx` become `4xx`, keys are those of its menu. It takes requests to talk of the muted alone,
    /// so whoever asks mutes themselves first.
    pub fn on_meetme(mut self) -> Self {
        let room = |room: &mut String| {
            if let Some(rest) = room.strip_prefix('2') {
                *room = format!("4{rest}");
            }
        };
        self.caller.iter_mut().for_each(|c| room(&mut c.room));
        self.crowd.iter_mut().for_each(|c| room(&mut c.room));
        let presses = self.caller.iter_mut().flat_map(|c| &mut c.press);
        presses.for_each(|p| p.keys = p.keys.replace('1', "*1").replace('5', "*1*2"));
        self
    }
}
