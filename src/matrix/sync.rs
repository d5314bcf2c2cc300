//! Follows the account's timelines: a loop of our own around single syncs, as the SDK's sleeps a second between two.
//!
//! What comes goes into one bounded channel, in order, with all that is needed to judge it; nothing is judged here.
//! Invariants: no event is told twice in one run; every sync has the same filter (a timeline that was cut off is read
//! from the other end); a server that is away is asked again for ever.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use gavel_chat::text::Foreign;
use matrix_sdk::config::SyncSettings;
use matrix_sdk::deserialized_responses::{
    TimelineEvent, TimelineEventKind, VerificationLevel, VerificationState,
};
use matrix_sdk::room::MessagesOptions;
use matrix_sdk::ruma::UInt;
use matrix_sdk::ruma::api::client::filter::FilterDefinition;
use matrix_sdk::ruma::api::client::sync::sync_events::v3::Filter;
use matrix_sdk::ruma::events::room::power_levels::UserPowerLevel;
use matrix_sdk::ruma::{OwnedRoomId, UserId};
use matrix_sdk::sync::{JoinedRoomUpdate, State, SyncResponse};
use matrix_sdk::{Client, Room, RoomState};
use tokio::sync::mpsc;
use tracing::warn;

use crate::event::{Cover, Heard, What};
use crate::trouble;

/// The server holds a sync open for so long when nothing happens.
const POLL: Duration = Duration::from_secs(20);
/// Events of one room in one answer; Synapse's own default is 10.
const EVENTS: u32 = 200;
/// Answers that are read for one gap at most.
const PAGES: usize = 5;
/// What is older than this never acts: no gap is read further back.
pub(crate) const OLD: u64 = 60_000;
/// Events that are remembered so that none is told twice.
const SEEN: usize = 4096;
/// The pause after a failure, doubled each time.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));

/// What the loop tells.
#[derive(Debug)]
pub(crate) enum News {
    /// A sync.
    Batch(Batch),
    /// The server can't be reached, or is ill.
    Away(String),
    /// The token is worth nothing any more. It is the last news.
    Revoked,
}

/// What one sync brought.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The first one of this run.
    pub(crate) first: bool,
    /// Somebody invited us, or something changed about our rooms: rights, who is in.
    pub(crate) rooms_changed: bool,
    /// Events of our places, in order.
    pub(crate) events: Vec<Said>,
}

/// Something that was heard, and about whom.
#[derive(Debug)]
pub(crate) struct Said {
    /// Where.
    pub(crate) room: OwnedRoomId,
    /// The room is encrypted.
    pub(crate) encrypted: bool,
    /// We were not in the room before: what was said there by then is not for us.
    pub(crate) history: bool,
    /// What we are called there.
    pub(crate) my_name: String,
    /// What.
    pub(crate) heard: Heard,
    /// What the sender is called there.
    pub(crate) name: Foreign,
    /// The sender's power there; a creator's is endless.
    pub(crate) power: i64,
}

/// Follows until nobody listens or the token is revoked.
pub(crate) async fn follow(client: Client, places: Arc<HashSet<OwnedRoomId>>, news: mpsc::Sender<News>) {
    let inside = client.joined_rooms().iter().map(|room| room.room_id().to_owned()).collect();
    let mut follower = Follower { client, places, inside, seen: Seen::default() };
    let (mut first, mut pause) = (true, PAUSE.0);
    loop {
        let told = match follower.client.sync_once(settings(first)).await {
            Ok(response) => {
                let batch = follower.batch(response).await;
                pause = PAUSE.0;
                let batch = Batch { first, ..batch };
                first = false;
                news.send(News::Batch(batch)).await
            }
            Err(error) => match trouble::what(&error) {
                trouble::What::Revoked => {
                    let _ = news.send(News::Revoked).await;
                    return;
                }
                what => {
                    let (words, wait) = away(what, pause);
                    pause = (pause * 2).min(PAUSE.1);
                    let told = news.send(News::Away(words)).await;
                    tokio::time::sleep(wait).await;
                    told
                }
            },
        };
        if told.is_err() {
            return;
        }
    }
}

fn away(what: trouble::What, pause: Duration) -> (String, Duration) {
    match what {
        trouble::What::Limited(after) => (
            "the homeserver is asked too often".to_owned(),
            after.unwrap_or(pause).clamp(pause, Duration::from_secs(8)),
        ),
        trouble::What::Forbidden(words) | trouble::What::Refused(words) | trouble::What::Away(words) => {
            (words, pause)
        }
        trouble::What::Revoked => ("the token was revoked".to_owned(), pause),
    }
}

/// Inline, not stored at the server: the SDK would go on with a stored one that has changed since.
fn settings(first: bool) -> SyncSettings {
    let mut filter = FilterDefinition::default();
    filter.room.timeline.limit = Some(UInt::from(EVENTS));
    filter.room.ephemeral.types = Some(Vec::new());
    filter.presence.types = Some(Vec::new());
    let poll = if first { Duration::ZERO } else { POLL };
    SyncSettings::new().filter(Filter::FilterDefinition(filter)).timeout(poll)
}

struct Follower {
    client: Client,
    places: Arc<HashSet<OwnedRoomId>>,
    /// Rooms in which we were before.
    inside: HashSet<OwnedRoomId>,
    seen: Seen,
}

impl Follower {
    async fn batch(&mut self, response: SyncResponse) -> Batch {
        let mut batch = Batch { rooms_changed: !response.rooms.invited.is_empty(), ..Batch::default() };
        batch.rooms_changed |= response.rooms.left.keys().any(|room| self.places.contains(room));
        self.inside.retain(|room| !response.rooms.left.contains_key(room));
        for (id, update) in response.rooms.joined {
            if !self.places.contains(&id) {
                continue;
            }
            batch.rooms_changed |= changed(&update);
            if let Some(room) = self.client.get_room(&id) {
                self.room(&room, update, &mut batch.events).await;
            }
        }
        batch
    }

    async fn room(&mut self, room: &Room, update: JoinedRoomUpdate, said: &mut Vec<Said>) {
        let timeline = update.timeline;
        let entered = self.inside.insert(room.room_id().to_owned());
        let mut events = Vec::new();
        if let Some(from) = timeline.prev_batch.filter(|_| timeline.limited && !entered) {
            events = self.gap(room, from).await;
        }
        events.extend(timeline.events);
        let heard: Vec<_> =
            events.iter().filter_map(heard).filter(|heard| self.seen.is_new(&heard.id)).collect();
        // What was said since we came in is for us, even if the same sync tells both.
        let before = match events.iter().rev().find(|event| is_entry(event, room.own_user_id())) {
            Some(entry) => entry.event_id().and_then(|id| heard.iter().position(|heard| id == heard.id)),
            None => Some(heard.len()),
        };
        let before = if entered { before.unwrap_or(heard.len()) } else { 0 };
        if heard.is_empty() {
            return;
        }
        let levels = room.power_levels_or_default().await;
        // Of a room that we have just entered the SDK does not know it, and asks. Not known is not plain: better deaf than
        // fooled.
        let encrypted =
            !matches!(room.latest_encryption_state().await, Ok(matrix_sdk::EncryptionState::NotEncrypted));
        let my_name = name(room, room.own_user_id()).await.to_string();
        for (at, heard) in heard.into_iter().enumerate().filter(|(_, heard)| heard.what != What::Other) {
            let history = at < before;
            let Ok(sender) = UserId::parse(&heard.sender) else { continue };
            let power = match levels.for_user(&sender) {
                UserPowerLevel::Int(power) => power.into(),
                _ => i64::MAX,
            };
            let name = name(room, &sender).await;
            let (room, my_name) = (room.room_id().to_owned(), my_name.clone());
            said.push(Said { room, encrypted, history, my_name, heard, name, power });
        }
    }

    /// What is missing between two syncs, oldest first; as far as it is young enough to matter.
    async fn gap(&self, room: &Room, mut from: String) -> Vec<TimelineEvent> {
        let mut missing = Vec::new();
        for _ in 0..PAGES {
            let mut options = MessagesOptions::backward().from(Some(from.as_str()));
            options.limit = UInt::from(EVENTS);
            let page = match room.messages(options).await {
                Ok(page) => page,
                Err(error) => {
                    warn!(room = %room.room_id(), %error, "a gap in a timeline can't be read");
                    break;
                }
            };
            let known = |event: &TimelineEvent| {
                heard(event)
                    .is_some_and(|heard| self.seen.has(&heard.id) || heard.age.is_some_and(|age| age > OLD))
            };
            let enough = page.chunk.iter().position(known);
            let take = enough.unwrap_or(page.chunk.len());
            missing.extend(page.chunk.into_iter().take(take));
            match page.end.filter(|_| enough.is_none()) {
                Some(end) => from = end,
                None => break,
            }
        }
        missing.reverse();
        missing
    }
}

/// Something about rights or people changed.
fn changed(update: &JoinedRoomUpdate) -> bool {
    let matters = |json: &str| {
        [
            "m.room.power_levels",
            "m.room.member",
            "m.room.encryption",
            "m.room.pinned_events",
            "m.room.tombstone",
            "m.room.topic",
        ]
        .iter()
        .any(|kind| json.contains(kind))
    };
    let state = match &update.state {
        State::Before(events) | State::After(events) => events,
    };
    state.iter().any(|event| matters(event.json().get()))
        || update.timeline.events.iter().any(|event| matters(event.raw().json().get()))
}

async fn name(room: &Room, user: &UserId) -> Foreign {
    let member = match room.state() {
        RoomState::Joined => room.get_member_no_sync(user).await.ok().flatten(),
        _ => None,
    };
    let shown = member.as_ref().map_or_else(|| user.localpart(), |member| member.name());
    let name = Foreign::name(shown);
    if name.is_empty() { Foreign::name(user.as_str()) } else { name }
}

/// Somebody came into the room.
fn is_entry(event: &TimelineEvent, who: &UserId) -> bool {
    let text = |field: &str| event.raw().get_field::<String>(field).ok().flatten();
    let content = || event.raw().get_field::<serde_json::Value>("content").ok().flatten().unwrap_or_default();
    text("type").as_deref() == Some("m.room.member")
        && text("state_key").as_deref() == Some(who.as_str())
        && content()["membership"] == "join"
}

fn heard(event: &TimelineEvent) -> Option<Heard> {
    let cover = match &event.kind {
        TimelineEventKind::PlainText { .. } => Cover::Clear,
        TimelineEventKind::UnableToDecrypt { .. } => Cover::Unreadable,
        TimelineEventKind::Decrypted(decrypted) => {
            let state = &decrypted.encryption_info.verification_state;
            let verified = matches!(
                state,
                VerificationState::Verified
                    | VerificationState::Unverified(VerificationLevel::UnverifiedIdentity)
            );
            let forged = matches!(state, VerificationState::Unverified(VerificationLevel::MismatchedSender));
            Cover::Encrypted { verified, forged }
        }
    };
    Heard::read(&serde_json::from_str(event.raw().json().get()).ok()?, cover)
}

/// The last events, so that none is told twice.
#[derive(Debug, Default)]
struct Seen {
    ids: HashSet<String>,
    order: VecDeque<String>,
}

impl Seen {
    fn has(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    fn is_new(&mut self, id: &str) -> bool {
        let new = self.ids.insert(id.to_owned());
        if new {
            self.order.push_back(id.to_owned());
            if self.order.len() > SEEN
                && let Some(old) = self.order.pop_front()
            {
                self.ids.remove(&old);
            }
        }
        new
    }
}
