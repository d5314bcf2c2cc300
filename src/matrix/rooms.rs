//! Being in the right rooms: takes and declines invitations, and says which rights are missing where.
//!
//! A configured room is entered whoever invites; another one only on the word of configured people, and nothing is ever
//! answered there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gavel_chat::PlaceId;
use matrix_sdk::ruma::events::{MessageLikeEventType, StateEventType};
use matrix_sdk::ruma::{OwnedRoomId, RoomId};
use matrix_sdk::{Client, EncryptionState, Room, RoomState};
use tracing::{info, warn};

use crate::settings::Settings;
use crate::trouble;

/// A room that could not be entered now is tried again after this.
const AGAIN: Duration = Duration::from_secs(5);

/// One configured room.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) room: OwnedRoomId,
    pub(crate) place: PlaceId,
    pub(crate) bare_words: bool,
    pub(crate) sync_topic: bool,
}

/// What the bot may do in one room.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Rights {
    /// It is in the room and may write.
    pub(crate) write: bool,
    /// It may pin its card.
    pub(crate) pin: bool,
    /// It may set the room's topic, and that is wanted.
    pub(crate) topic: bool,
    /// The room's own topic as it is.
    pub(crate) now: Option<String>,
    /// Nothing is wrong, it only could not be done now: to be tried again after this.
    pub(crate) again: Option<Duration>,
    /// What is missing, in words.
    pub(crate) lacks: Vec<String>,
}

/// Enters what is to be entered; the rights in each room that is configured.
pub(crate) async fn tend(
    client: Client,
    settings: Arc<Settings>,
    seats: Arc<Vec<Seat>>,
) -> BTreeMap<PlaceId, Rights> {
    decline(&client, &settings, &seats).await;
    let mut all = BTreeMap::new();
    for seat in seats.iter() {
        all.insert(seat.place.clone(), enter(&client, seat).await);
    }
    all
}

/// Rooms that are none of ours.
async fn decline(client: &Client, settings: &Settings, seats: &[Seat]) {
    for room in client.invited_rooms() {
        if seats.iter().any(|seat| seat.room == room.room_id()) {
            continue;
        }
        let inviter = room.invite_details().await.ok().map(|invite| invite.inviter_id);
        let welcome =
            inviter.as_ref().is_some_and(|inviter| settings.invite_from.iter().any(|who| inviter == who));
        let done = if welcome { room.join().await } else { room.leave().await };
        match done {
            Ok(()) => info!(room = %room.room_id(), ?inviter, welcome, "an invitation"),
            Err(error) => warn!(room = %room.room_id(), %error, "an invitation could not be answered"),
        }
    }
}

async fn enter(client: &Client, seat: &Seat) -> Rights {
    let known = client.get_room(&seat.room).filter(|room| room.state() == RoomState::Joined);
    match known {
        Some(room) => rights(&room, seat).await,
        None => match client.join_room_by_id(&seat.room).await {
            Ok(_) => {
                info!(room = %seat.room, "entered");
                // What may be done there comes with the next sync.
                Rights { write: true, ..Rights::default() }
            }
            Err(error) => {
                let me = client.user_id().map(ToString::to_string).unwrap_or_default();
                let again = match trouble::what(&error) {
                    trouble::What::Limited(after) => Some(after.unwrap_or(AGAIN)),
                    trouble::What::Away(_) => Some(AGAIN),
                    _ => None,
                };
                let lacks = vec![format!("not in {}: invite {me} there", seat.room)];
                Rights { lacks, again, ..Rights::default() }
            }
        },
    }
}

async fn rights(room: &Room, seat: &Seat) -> Rights {
    let levels = room.power_levels_or_default().await;
    let me = room.own_user_id();
    let message = match room.encryption_state() {
        EncryptionState::NotEncrypted => MessageLikeEventType::RoomMessage,
        _ => MessageLikeEventType::RoomEncrypted,
    };
    let write = levels.user_can_send_message(me, message);
    let pin = levels.user_can_send_state(me, StateEventType::RoomPinnedEvents);
    let topic = levels.user_can_send_state(me, StateEventType::RoomTopic);
    let id: &RoomId = room.room_id();
    let mut lacks = Vec::new();
    let mut lack = |may: bool, what: &str| {
        if !may {
            lacks.push(format!("may not {what} in {id}: raise {me}'s power level there"));
        }
    };
    lack(write, "write");
    lack(pin || !write, "pin the card");
    lack(topic || !seat.sync_topic || !write, "set the topic");
    let (topic, now) = (topic && seat.sync_topic, room.topic());
    Rights { write, pin, topic, now, again: None, lacks }
}
