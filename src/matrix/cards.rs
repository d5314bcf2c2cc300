//! What a place shows of its board: the card, edited in place and pinned, and the room's own topic.

use gavel_chat::text::Foreign;
use gavel_chat::{Board, Class, Freshness, Key, Place, PlaceId, card};

use crate::clock::{now, wall};
use crate::outbox::{Chore, Letter, Name};
use crate::run::Floor;

impl Floor {
    /// A card is to be a pinned message, if that may be.
    pub(crate) fn pin(&mut self, place: &PlaceId, event: &str) {
        let may = self.rights.get(place).is_some_and(|rights| rights.pin);
        if may && self.pinned.insert(event.to_owned()) {
            self.outbox.chore(place, Chore::Pin(event.to_owned()));
        }
    }

    /// The cards that are there already.
    pub(crate) fn pin_cards(&mut self) {
        let places: Vec<_> = self.seats.iter().map(|seat| seat.place.clone()).collect();
        for place in places {
            if let Some(event) = self.outbox.event_of(&place, &Key::Roster) {
                self.pin(&place, &event);
            }
        }
    }

    /// All cards, as the boards are now.
    pub(crate) fn draw_all(&mut self) {
        (0..self.boards.len()).for_each(|place| self.draw(place));
    }

    /// The card of one board, and the topic.
    pub(crate) fn draw(&mut self, place: usize) {
        let Some(place) = self.boards.get_mut(place) else { return };
        let board = place.board.borrow_and_update().clone();
        // Until the first list there is nothing to show; the card of an earlier run says how old it is.
        if matches!(board.fresh(), Freshness::Never { .. }) {
            return;
        }
        let id = place.id.clone();
        let doc = card::roster(&board, wall(), &self.settings.zone);
        self.outbox.post(
            now(),
            Letter {
                place: id.clone(),
                name: Name::Post(Key::Roster),
                class: Class::Card,
                doc,
                last: true,
                wake: Vec::new(),
                reply: None,
            },
        );
        self.topic(&id, &board);
    }

    /// All topics, as the boards are now.
    pub(crate) fn set_topics(&mut self) {
        let boards: Vec<_> =
            self.boards.iter().map(|place| (place.id.clone(), place.board.borrow().clone())).collect();
        boards.iter().for_each(|(place, board)| self.topic(place, board));
    }

    /// The room's own topic follows the show's; one that nobody in the show has set is left alone.
    fn topic(&mut self, place: &PlaceId, board: &Board) {
        let Some(rights) = self.rights.get_mut(place).filter(|rights| rights.topic) else { return };
        let topic = topic(board).map(|topic| topic.as_str().to_owned());
        let wanted = match (topic, self.topics.get(place)) {
            (Some(topic), _) => topic,
            // What came from the show goes with it.
            (None, Some(set)) if rights.now.as_ref() == Some(set) => String::new(),
            (None, _) => return,
        };
        if rights.now.as_deref().unwrap_or_default() != wanted {
            rights.now = Some(wanted.clone());
            self.topics.insert(place.clone(), wanted.clone());
            self.outbox.chore(place, Chore::Topic(wanted));
        }
    }
}

fn topic(board: &Board) -> Option<&Foreign> {
    match board {
        Board::Crew(view) => view.topic.as_ref().map(|topic| &topic.text),
        Board::Public(view) => view.topic.as_ref(),
    }
}

/// Which board has changed; pending when the bot is gone: the link says that.
pub(crate) async fn changed(places: &mut [Place]) -> usize {
    let mut waiting = JoinAny(places.iter_mut().map(|place| Box::pin(place.board.changed())).collect());
    std::future::poll_fn(move |context| {
        for (i, board) in waiting.0.iter_mut().enumerate() {
            if let std::task::Poll::Ready(Ok(())) = board.as_mut().poll(context) {
                return std::task::Poll::Ready(i);
            }
        }
        std::task::Poll::Pending
    })
    .await
}

struct JoinAny<F>(Vec<std::pin::Pin<Box<F>>>);
