//! What a session is asked for and what it tells.

use std::collections::BTreeMap;

use crate::wire::{Frame, OwnedFrame};

/// Names a submitted action; chosen by whoever submits, and never read by the session.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Token(pub u64);

/// What the answer to an action looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expect {
    /// One response.
    Response,
    /// A response, then events with our ActionID up to the one named here (`ConfbridgeListComplete`).
    List {
        /// The event that ends the list.
        complete: &'static str,
    },
    /// The output of a `Command`, in either of Asterisk's two formats.
    Command,
}

/// What a session tells. Borrows from the session: handle one before asking for the next.
#[derive(Debug)]
pub enum SessionEvent<'a> {
    /// Logged in, and asked what this user may do. First of all events, once.
    Ready(Greeting),
    /// A live event. Items of our own lists are not among them.
    Event(Frame<'a>),
    /// A list was granted and its items come now. Events before this one are older than the list, events after it
    /// are to be folded in.
    ListBegins {
        /// Which list.
        token: Token,
    },
    /// The one answer to a submitted action.
    Reply {
        /// Which action.
        token: Token,
        /// The answer.
        reply: Reply,
    },
    /// Something that Asterisk said was lost: whatever is known must be listed again. Our own words.
    Desynchronised(String),
    /// Nothing more comes, the connection is to be closed. Last of all events.
    Ended(Ended),
}

/// What is told later, so without borrowed frames.
#[derive(Debug)]
pub(super) enum Notice {
    Ready(Greeting),
    ListBegins { token: Token },
    Reply { token: Token, reply: Reply },
    Desynchronised(String),
    Ended(Ended),
}

impl From<Notice> for SessionEvent<'_> {
    fn from(notice: Notice) -> Self {
        match notice {
            Notice::Ready(greeting) => Self::Ready(greeting),
            Notice::ListBegins { token } => Self::ListBegins { token },
            Notice::Reply { token, reply } => Self::Reply { token, reply },
            Notice::Desynchronised(why) => Self::Desynchronised(why),
            Notice::Ended(why) => Self::Ended(why),
        }
    }
}

/// How an action was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// The response: `Success`, or an `Error` of whatever was expected ("No active conferences.").
    Response(OwnedFrame),
    /// The whole list.
    List {
        /// Its items, in order.
        items: Vec<OwnedFrame>,
    },
    /// The output of a command.
    Command {
        /// Asterisk did not call it an error. Asterisk 13 and before call nothing an error.
        ok: bool,
        /// The lines, byte for byte.
        lines: Vec<Vec<u8>>,
    },
    /// The answer was longer than we take: it was done, but what it says is lost.
    TooLong,
    /// Asterisk ended a list before all of its items had come.
    Incomplete,
    /// No answer in time. It may have been done, or still be done.
    TimedOut,
    /// It was not sent, and never will be.
    NotSent,
}

/// What a login found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Greeting {
    /// The AMI version of the banner ("11.0.0"); foreign text.
    pub ami: String,
    /// Asterisk's own version ("22.10.1"), if this user may ask for it; foreign text.
    pub asterisk: Option<String>,
    /// The actions that this user may use, each with the privileges that allow it ("call,all"; empty: none needed).
    pub actions: BTreeMap<String, String>,
}

impl Greeting {
    /// Whether this user may use that action on this server.
    pub fn may(&self, action: &str) -> bool {
        self.actions.contains_key(action)
    }
}

/// Why a session ended. What was in flight has an unknown outcome.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Ended {
    /// Asterisk refused the login, in its own words (foreign text): wrong secret, unknown user and refused address
    /// all sound the same.
    #[error("the login was refused: {0}")]
    LoginRefused(String),
    /// The other side does not speak AMI.
    #[error("this is not the Asterisk Manager Interface")]
    NotAsterisk,
    /// Connected, but the banner or the answer to the login did not come.
    #[error("the login was not answered in time")]
    LoginTimedOut,
    /// Not one byte came although an answer was due.
    #[error("the link fell silent")]
    HalfOpen,
    /// Bytes come, but for a minute no answer to what was asked.
    #[error("Asterisk does not answer any more")]
    Unanswered,
    /// No frame's end within 64 MiB.
    #[error("what came was no sequence of packets")]
    TooBig,
    /// Asterisk has only now finished starting: what it said before was not all it can do.
    #[error("Asterisk finished starting")]
    Booted,
    /// We logged off.
    #[error("logged off")]
    LoggedOff,
}
