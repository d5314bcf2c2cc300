//! Carries one request of the outbox to the server. Encrypts by itself where the room is encrypted.

use std::time::Duration;

use matrix_sdk::ruma::events::room::pinned_events::RoomPinnedEventsEventContent;
use matrix_sdk::ruma::{EventId, OwnedEventId, OwnedRoomId, TransactionId};
use matrix_sdk::{Client, Error, Room, RoomState};

use crate::outbox::{Chore, Request, Trouble};
use crate::trouble::{self, What};

/// Keys for a big room may have to be made first.
const PATIENCE: Duration = Duration::from_secs(25);
/// Pinned events that are kept.
const PINS: usize = 100;

/// The event's id, or why there is none.
pub(crate) async fn call(client: Client, room: OwnedRoomId, request: Request) -> Result<String, Trouble> {
    let Some(room) = client.get_room(&room).filter(|room| room.state() == RoomState::Joined) else {
        let me = client.user_id().map(ToString::to_string).unwrap_or_default();
        return Err(Trouble::Forbidden(format!("not in {room}: invite {me} there")));
    };
    match tokio::time::timeout(PATIENCE, ask(&room, request)).await {
        Ok(answer) => answer,
        Err(_) => Err(Trouble::Away("the homeserver does not answer".to_owned())),
    }
}

async fn ask(room: &Room, request: Request) -> Result<String, Trouble> {
    match request {
        Request::Send { txn, content } => {
            let txn: &TransactionId = txn.as_str().into();
            let sent = room.send_raw("m.room.message", content).with_transaction_id(txn).await;
            sent.map(|sent| sent.response.event_id.to_string()).map_err(|error| judged(room, &error))
        }
        Request::Chore(Chore::Topic(topic)) => {
            let set = room.set_room_topic(&topic).await.map(|sent| sent.event_id.to_string());
            set.map_err(|error| judged(room, &error))
        }
        Request::Chore(Chore::Pin(event)) => pin(room, &event).await,
    }
}

/// Our card among the pinned messages, the old ones of others kept.
async fn pin(room: &Room, event: &str) -> Result<String, Trouble> {
    let Ok(event): Result<OwnedEventId, _> = EventId::parse(event) else {
        return Err(Trouble::Refused("no event".to_owned()));
    };
    let mut pinned = room.pinned_event_ids().unwrap_or_default();
    if pinned.contains(&event) {
        return Ok(event.to_string());
    }
    pinned.push(event.clone());
    pinned.drain(..pinned.len().saturating_sub(PINS));
    let sent = room.send_state_event(RoomPinnedEventsEventContent::new(pinned)).await;
    sent.map(|_| event.to_string()).map_err(|error| judged(room, &error))
}

fn judged(room: &Room, error: &Error) -> Trouble {
    match trouble::what(error) {
        What::Limited(after) => Trouble::Limited(after),
        // The sync tells that, too, and says what to do.
        What::Revoked => Trouble::Away("the token was revoked".to_owned()),
        What::Forbidden(words) => Trouble::Forbidden(format!(
            "may not write in {} ({words}): raise {}'s power level there",
            room.room_id(),
            room.own_user_id()
        )),
        What::Refused(words) => Trouble::Refused(words),
        What::Away(words) => Trouble::Away(words),
    }
}
