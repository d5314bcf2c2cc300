//! One channel: its name and numbers, where it stands in the dialplan, who is at its other end.

use std::collections::BTreeMap;

use super::{Moment, World};

/// Names a channel for its life; in the order of creation.
pub(crate) type Id = u64;

/// The longest name or number of a caller (Asterisk's buffers of 80).
pub(crate) const MAX_NAME: usize = 79;

/// `ChannelState`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum State {
    Down,
    Ring,
    Ringing,
    Up,
    Busy,
}

/// A name and a number; empty: unknown.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Party {
    pub(crate) number: Vec<u8>,
    pub(crate) name: Vec<u8>,
}

/// Context, extension, priority.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Spot {
    pub(crate) context: String,
    pub(crate) exten: String,
    pub(crate) priority: u32,
}

/// Where a `Gosub` returns to, with the arguments that it hid.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) spot: Spot,
    pub(crate) hidden: Vec<(String, Option<Vec<u8>>)>,
}

/// A place in a conference.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Seat {
    /// ConfBridge: the room's key and the member's place in it.
    Room(Vec<u8>, u64),
    /// MeetMe: the key and the user number.
    Hall(Vec<u8>, u32),
}

/// What the talk detection makes of a channel.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Voice {
    /// Said in events and lists.
    pub(crate) talking: bool,
    /// What it is about to become.
    pub(crate) target: bool,
    pub(crate) turn: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) id: Id,
    pub(crate) name: Vec<u8>,
    pub(crate) uniqueid: Vec<u8>,
    pub(crate) linkedid: Vec<u8>,
    pub(crate) state: State,
    pub(crate) caller: Party,
    pub(crate) connected: Party,
    pub(crate) spot: Spot,
    /// What `Newexten` told last.
    pub(crate) told: Spot,
    pub(crate) app: String,
    pub(crate) data: Vec<u8>,
    /// The other half of a Local channel.
    pub(crate) peer: Option<Id>,
    pub(crate) variables: BTreeMap<String, Vec<u8>>,
    pub(crate) callers: Vec<Caller>,
    pub(crate) created: Moment,
    pub(crate) answered: Option<Moment>,
    /// Grows whenever it waits for something else.
    pub(crate) turn: u64,
    pub(crate) seat: Option<Seat>,
    /// Where it stood before a menu took it elsewhere.
    pub(crate) home: Option<Spot>,
    pub(crate) menu: String,
    pub(crate) voice: Voice,
    /// The far end sends sound.
    pub(crate) sound: bool,
    /// What it plays to its far end: so many milliseconds of sound or silence each, again and again.
    pub(crate) tones: Vec<(bool, u64)>,
    pub(crate) tone_turn: u64,
    /// It runs one application instead of the dialplan.
    pub(crate) single: bool,
    pub(crate) music: bool,
    /// Port of the phone's media, for phones that have some.
    pub(crate) media: Option<u16>,
}

impl State {
    pub(crate) fn number(self) -> &'static str {
        match self {
            Self::Down => "0",
            Self::Ring => "4",
            Self::Ringing => "5",
            Self::Up => "6",
            Self::Busy => "7",
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Down => "Down",
            Self::Ring => "Ring",
            Self::Ringing => "Ringing",
            Self::Up => "Up",
            Self::Busy => "Busy",
        }
    }
}

impl Party {
    pub(crate) fn new(number: &[u8], name: &[u8]) -> Self {
        let cut = |text: &[u8]| text.get(..MAX_NAME).unwrap_or(text).to_vec();
        Self { number: cut(number), name: cut(name) }
    }
}

impl Spot {
    pub(crate) fn new(context: &str, exten: &str, priority: u32) -> Self {
        Self { context: context.to_owned(), exten: exten.to_owned(), priority }
    }
}

impl Channel {
    /// `TECH/resource`: the name without its serial number and half.
    pub(crate) fn device(&self) -> &[u8] {
        let at = self.name.iter().rposition(|b| *b == b'-');
        at.and_then(|at| self.name.get(..at)).unwrap_or(&self.name)
    }

    pub(crate) fn is_sip(&self) -> bool {
        self.name.starts_with(b"PJSIP/")
    }
}

impl World {
    /// Makes a channel and tells nobody.
    pub(super) fn channel(
        &mut self,
        name: Vec<u8>,
        uniqueid: Option<Vec<u8>>,
        state: State,
        spot: Spot,
    ) -> Id {
        let serial = self.serials.channel;
        self.serials.channel += 1;
        self.serials.id += 1;
        let id = self.serials.id;
        let uniqueid = uniqueid.unwrap_or_else(|| format!("{}.{serial}", self.wall() / 1000).into_bytes());
        self.by_name.insert(name.to_ascii_lowercase(), id);
        self.by_uniqueid.insert(uniqueid.clone(), id);
        let channel = Channel {
            id,
            name,
            linkedid: uniqueid.clone(),
            uniqueid,
            state,
            caller: Party::default(),
            connected: Party::default(),
            spot,
            told: Spot::default(),
            app: String::new(),
            data: Vec::new(),
            peer: None,
            variables: BTreeMap::new(),
            callers: Vec::new(),
            created: self.now,
            answered: None,
            turn: 0,
            seat: None,
            home: None,
            menu: String::new(),
            voice: Voice::default(),
            sound: false,
            tones: Vec::new(),
            tone_turn: 0,
            single: false,
            music: false,
            media: None,
        };
        self.channels.insert(id, channel);
        id
    }

    /// By full name or Uniqueid.
    pub(crate) fn find(&self, name: &[u8]) -> Option<&Channel> {
        let id = self.by_name.get(&name.to_ascii_lowercase()).or_else(|| self.by_uniqueid.get(name))?;
        self.channels.get(id)
    }

    pub(crate) fn get(&self, id: Id) -> Option<&Channel> {
        self.channels.get(&id)
    }

    pub(crate) fn channels(&self) -> impl Iterator<Item = &Channel> {
        self.channels.values()
    }

    /// Lets what it waited for pass; whatever comes next has this turn.
    pub(super) fn turn(&mut self, id: Id) -> u64 {
        self.channels.get_mut(&id).map_or(0, |channel| {
            channel.turn += 1;
            channel.turn
        })
    }
}
