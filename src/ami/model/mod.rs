//! What others see of the core: ids, orders and their stages, entries, room snapshots, the ledger, the setup.
//!
//! Plain data, all of it serde, so that a front or an agent can one day be another process. No behaviour beyond
//! small accessors; nothing here knows how Asterisk says these things (that is the dialects').

mod entry;
mod id;
mod ledger;
mod order;
mod room;
mod setup;

pub use entry::{Caller, Differences, Entry, LinkChange, What};
pub use id::{CallId, ConferenceName, OrderId, RoomName, ServerName};
pub use ledger::{LedgerRow, Restored};
pub use order::{Already, By, Claim, Order, Outcome, Refusal, Stage, Wish};
pub use room::{Departed, Link, Note, Participant, PhoneNumber, RoomSnapshot, Service, Since, Tech, Topic};
pub use setup::{ConferenceKind, CrewPattern, KickBy, PbxSetup, RoomSetup, ServiceKind, ServiceSetup};
