//! What an adapter's author sees: the contract between gavel and a chat network.
//!
//! A network opens an [`Adapter`], which runs on a [`Link`]: [`Invocation`]s of people go up, [`Post`]s come down, and
//! each [`Place`] has a [`Board`] to look at. Whatever crosses is serde, so that an adapter can one day be another
//! process. Nothing here knows of Asterisk: a caller is a number within a show.

mod adapter;
mod ask;
mod board;
pub mod card;
pub mod command;
mod control;
pub mod digest;
mod id;
mod link;
mod post;
mod role;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;

pub use adapter::{Adapter, AdapterError, Network, Running};
pub use ask::{Asker, Claim, Input, Invocation, Partial, Sign};
pub use board::{Board, CrewPerson, CrewView, Done, Freshness, PublicPerson, PublicView, Topic};
pub use control::{Choice, Control, Press, Style};
pub use id::{MessageRef, PlaceId, Ticket, UserId};
pub use link::{Far, Fault, Generation, Health, Link, Place, Refused, Up, Uplink, link};
pub use post::{Audience, Class, Key, Post};
pub use role::Role;
