//! One place's notices: what it wants to hear, within its budget.

use std::time::Instant;

use gavel_ami::model::{CallId, RoomName};
use gavel_chat::digest::{Action, Digest};
use gavel_chat::{Audience, Class, Key, PlaceId, Post, UserId};
use tokio::sync::mpsc;
use tracing::warn;

use super::notice::Notice;
use crate::board::View;
use crate::desk::Heard;

pub use crate::config::Verbosity;

/// One place, as the announcer is given it.
#[derive(Debug)]
pub struct PlaceSetup {
    /// Its id.
    pub id: PlaceId,
    /// Its network's name.
    pub network: &'static str,
    /// Its room.
    pub room: RoomName,
    /// What it may see.
    pub view: View,
    /// How much it wants to hear.
    pub verbosity: Verbosity,
    /// New messages in any minute before they are folded.
    pub per_minute: u32,
    /// Who is on duty there: woken by what somebody must do something about.
    pub duty: Vec<UserId>,
    /// Its network's way in.
    pub posts: mpsc::Sender<Post>,
    /// The desk, which is told whom each notice is about.
    pub desk: mpsc::Sender<Heard>,
}

/// One place at work.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) setup: PlaceSetup,
    digest: Digest,
    /// Whom the last change was about.
    latest: Option<(u32, CallId)>,
}

impl Place {
    pub(super) fn new(setup: PlaceSetup, first: u64) -> Self {
        Self { digest: Digest::new(setup.per_minute, first), setup, latest: None }
    }

    pub(super) fn offer(&mut self, now: Instant, notice: Notice) {
        if self.setup.verbosity == Verbosity::Quiet && !notice.urgent {
            return;
        }
        let class = if notice.urgent { Class::Alert } else { Class::Notice };
        let wake = if notice.wakes { self.setup.duty.clone() } else { Vec::new() };
        self.latest = notice.change.number.zip(notice.call);
        if let Some(action) = self.digest.offer(now, notice.change) {
            self.post(action, class, wake);
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.digest.deadline()
    }

    pub(super) fn due(&mut self, now: Instant) {
        if let Some(action) = self.digest.due(now) {
            self.post(action, Class::Notice, Vec::new());
        }
    }

    /// Says what still waits: before the end.
    pub(super) fn flush(&mut self, now: Instant) {
        if let Some(action) = self.digest.flush(now) {
            self.post(action, Class::Notice, Vec::new());
        }
    }

    fn post(&self, action: Action, class: Class, wake: Vec<UserId>) {
        // Who is the only one in it is also the one whom the last change was about. A desk that has too much to do
        // knows of nobody then, and says so.
        let about = self.latest.clone().filter(|(number, _)| action.about == Some(*number));
        let told = Heard::Notice { place: self.setup.id.clone(), notice: action.notice, about };
        let _ = self.setup.desk.try_send(told);
        let post = Post {
            key: Key::Notice(action.notice),
            place: self.setup.id.clone(),
            answers: None,
            audience: Audience::Place,
            class,
            doc: action.doc,
            controls: Vec::new(),
            wake,
            last: true,
        };
        if self.setup.posts.try_send(post).is_err() {
            warn!(place = %self.setup.id, "its network takes no more posts, a notice is lost");
        }
    }
}
