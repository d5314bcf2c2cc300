//! Matrix as a chat network: the same words in Element, in encrypted rooms too.

mod event;
mod html;
mod intake;
mod message;
mod outbox;
mod settings;

pub use settings::{Login, MatrixPlace, RecoveryKey, Secret, Settings};
