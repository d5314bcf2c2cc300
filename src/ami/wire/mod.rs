//! The bytes of the Asterisk Manager Interface: frames in, actions out. Knows no session and no conference.
//!
//! Invariant: what was read is kept as it was read (bytes, order, duplicates); what is written cannot inject.

mod action;
mod decoder;
mod escape;
mod frame;

pub use action::{Action, ActionError, HeaderValue, MAX_HEADERS, MAX_LINE};
pub use escape::unescape;
pub use frame::{Frame, Kind, OwnedFrame};

pub(crate) use decoder::{Decoder, MAX_FRAME, Step};
