//! One run of the adapter: a single loop between the link, the timelines and the outbox.
//!
//! Invariant: the loop itself never waits for the network: logging in, syncing, sending are tasks beside it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gavel_chat::{Adapter, AdapterError, Board, Health, Key, Link, Place, PlaceId, Running, Uplink, UserId};
use matrix_sdk::Client;
use matrix_sdk::ruma::{OwnedRoomId, RoomId};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use tracing::{debug, warn};

use crate::cards::changed;
use crate::clock::{now, wall};
use crate::desk::Desk;
use crate::event::What;
use crate::outbox::{Call, Outbox, Told, Trouble};
use crate::rooms::{self, Rights, Seat};
use crate::session::{self, Closed, Session};
use crate::settings::Settings;
use crate::sync::{self, Batch, News};
use crate::{crypto, pace, send};

/// What may wait between the timelines and the loop.
const NEWS: usize = 16;
/// The pause before another try to log in, doubled each time.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(4));
/// Ages on cards grow by themselves: they are drawn anew this often.
const REDRAW: Duration = Duration::from_secs(60);

/// One run.
#[derive(Debug)]
pub(crate) struct Run {
    settings: Arc<Settings>,
}

impl Run {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self { settings }
    }
}

impl Adapter for Run {
    fn run(self: Box<Self>, link: Link) -> Running {
        Box::pin(async move {
            let mut floor = Floor::new(self.settings, &link)?;
            floor.hold(link).await
        })
    }
}

/// What a task brought home.
enum Done {
    Opened(Result<Session, Closed>),
    Called(Result<String, Trouble>),
    Settled(Vec<String>),
    Tended(BTreeMap<PlaceId, Rights>),
    TendAgain,
    Followed,
}

/// What a run has in its hands.
pub(crate) struct Floor {
    pub(crate) settings: Arc<Settings>,
    pub(crate) seats: Arc<Vec<Seat>>,
    pub(crate) boards: Vec<Place>,
    up: Uplink,
    pub(crate) outbox: Outbox,
    desk: Desk,
    tasks: JoinSet<Done>,
    client: Option<Client>,
    pause: Duration,
    /// Once there was a sync: what is wrong with the connection now.
    connection: Option<Result<(), String>>,
    pub(crate) rights: BTreeMap<PlaceId, Rights>,
    keys: Vec<String>,
    tending: bool,
    tend_again: bool,
    pub(crate) pinned: HashSet<String>,
    /// Topics that were set here.
    pub(crate) topics: BTreeMap<PlaceId, String>,
    health: Option<Health>,
    redraw: Instant,
}

impl Floor {
    fn new(settings: Arc<Settings>, link: &Link) -> Result<Self, AdapterError> {
        let seats = seats(&settings)?;
        let mut outbox =
            Outbox::new(now(), format!("{:x}", wall()), pace::read(&settings.state_dir) == Some(0.0));
        for place in &link.places {
            outbox.close(&place.id);
            for (key, message) in &place.known {
                outbox.know(&place.id, key.clone(), message.as_str().to_owned());
            }
        }
        let desk = Desk::new(settings.clone(), seats.clone());
        Ok(Self {
            boards: link.places.clone(),
            up: link.uplink(),
            settings,
            seats,
            outbox,
            desk,
            tasks: JoinSet::new(),
            client: None,
            pause: PAUSE.0,
            connection: None,
            rights: BTreeMap::new(),
            keys: Vec::new(),
            tending: false,
            tend_again: false,
            pinned: HashSet::new(),
            topics: BTreeMap::new(),
            health: None,
            redraw: now() + REDRAW,
        })
    }

    async fn hold(&mut self, mut link: Link) -> Result<(), AdapterError> {
        let (tx, mut news) = mpsc::channel(NEWS);
        self.draw_all();
        self.open(Duration::ZERO);
        loop {
            self.write();
            let due = self.due();
            tokio::select! {
                biased;
                post = link.next() => match post {
                    Some(post) => self.desk.post(now(), &mut self.outbox, post),
                    None => return Ok(()),
                },
                Some(done) = self.tasks.join_next() => match done {
                    Ok(done) => self.done(done, &tx)?,
                    Err(error) => return Err(AdapterError::Lost(format!("a task died: {error}"))),
                },
                Some(told) = news.recv() => self.hear(told)?,
                place = changed(&mut self.boards) => self.draw(place),
                () = sleep_until(due.into()) => {
                    if now() >= self.redraw {
                        self.redraw = now() + REDRAW;
                        self.draw_all();
                    }
                }
            }
        }
    }

    fn due(&self) -> Instant {
        let outbox = self.outbox.deadline(now());
        outbox.map_or(self.redraw, |at| at.min(self.redraw))
    }

    /// Sends what is due and tells what became of it.
    fn write(&mut self) {
        if let Some(client) = self.client.clone()
            && let Some(Call { place, request }) = self.outbox.poll(now())
        {
            match self.seats.iter().find(|seat| seat.place == place) {
                Some(seat) => {
                    let room = seat.room.clone();
                    self.tasks.spawn(async move { Done::Called(send::call(client, room, request).await) });
                }
                None => {
                    self.outbox.answered(now(), Err(Trouble::Refused(format!("{place} is no room of ours"))))
                }
            }
        }
        while let Some(told) = self.outbox.told() {
            // That the bot does not listen any more is no reason not to.
            match told {
                Told::Sent { place, key, message } => {
                    if key == Key::Roster {
                        self.pin(&place, message.as_str());
                    }
                    let _ = self.up.sent(place, key, message);
                }
                Told::Failed { place, key, fault } => {
                    warn!(%place, ?key, ?fault, "not shown");
                    let _ = self.up.failed(place, key, fault);
                }
            }
        }
    }

    /// Logs in, after a pause.
    fn open(&mut self, after: Duration) {
        let settings = self.settings.clone();
        self.tasks.spawn(async move {
            tokio::time::sleep(after).await;
            Done::Opened(session::open(&settings).await)
        });
    }

    fn done(&mut self, done: Done, news: &mpsc::Sender<News>) -> Result<(), AdapterError> {
        match done {
            Done::Opened(Ok(session)) => self.opened(session, news.clone()),
            Done::Opened(Err(Closed::Later(after))) => {
                self.say(Health::Down(session::later(after)));
                self.open(after);
            }
            Done::Opened(Err(Closed::Adapter(AdapterError::Lost(why)))) => {
                self.connection = None;
                self.say(Health::Down(why));
                self.open(self.pause);
                self.pause = (self.pause * 2).min(PAUSE.1);
            }
            Done::Opened(Err(Closed::Adapter(remedy))) => return Err(remedy),
            Done::Called(result) => {
                debug!(?result, "written");
                let before = self.outbox.limit();
                self.outbox.answered(now(), result);
                if let Some(limit) = self.outbox.limit().filter(|limit| before != Some(*limit)) {
                    pace::keep(&self.settings.state_dir, limit);
                }
            }
            Done::Settled(lacks) => {
                self.keys = lacks;
                self.tell();
            }
            Done::Tended(rights) => {
                self.tend_done(rights);
            }
            Done::TendAgain => self.tend(),
            Done::Followed => {}
        }
        Ok(())
    }

    fn opened(&mut self, session: Session, news: mpsc::Sender<News>) {
        if let Some(lost) = &session.lost {
            warn!(
                device = lost,
                "the keys of the device before this one are lost; it may be taken off the account's list"
            );
        }
        let client = session.client;
        self.client = Some(client.clone());
        self.desk.me(client.user_id().map(ToString::to_string).unwrap_or_default());
        let places = Arc::new(self.seats.iter().map(|seat| seat.room.clone()).collect());
        self.tasks.spawn(async move {
            sync::follow(client, places, news).await;
            Done::Followed
        });
    }

    fn hear(&mut self, news: News) -> Result<(), AdapterError> {
        match news {
            News::Batch(batch) => self.batch(batch),
            News::Away(why) => {
                // Before the first sync nothing is known that could be wrong later.
                self.connection = self.connection.take().map(|_| Err(why.clone()));
                self.say(Health::Down(why));
            }
            News::Revoked => {
                let (user, dir) = (&self.settings.user, self.settings.state_dir.display());
                return Err(AdapterError::Remedy(format!(
                    "{user}'s session was ended at the homeserver: give a new `token`; or, with a password, delete {dir}/session, \
                     and gavel logs in as a new device and gets its keys back by the recovery key"
                )));
            }
        }
        Ok(())
    }

    fn batch(&mut self, batch: Batch) {
        let first = self.connection.is_none();
        self.connection = Some(Ok(()));
        if first {
            self.settle();
        }
        if first || batch.rooms_changed {
            self.tend();
        }
        self.tell();
        for said in &batch.events {
            if let (What::Topic(topic), Some(rights)) =
                (&said.heard.what, self.rights.get_mut(&crate::place_id(said.room.as_str())))
            {
                rights.now = Some(topic.clone());
            }
        }
        let boards = &self.boards;
        let crew = |place: &PlaceId| {
            boards.iter().any(|seat| seat.id == *place && matches!(*seat.board.borrow(), Board::Crew(_)))
        };
        self.desk.batch(now(), batch, &mut self.outbox, &self.up, crew);
    }

    /// The keys are put in order beside the sync.
    fn settle(&mut self) {
        let Some(client) = self.client.clone() else { return };
        let key = self.settings.recovery_key.clone();
        self.tasks.spawn(async move { Done::Settled(crypto::settle(&client, &key).await) });
    }

    fn tend(&mut self) {
        let Some(client) = self.client.clone() else { return };
        if self.tending {
            self.tend_again = true;
            return;
        }
        self.tending = true;
        let (settings, seats) = (self.settings.clone(), self.seats.clone());
        self.tasks.spawn(async move { Done::Tended(rooms::tend(client, settings, seats).await) });
    }

    fn tend_done(&mut self, rights: BTreeMap<PlaceId, Rights>) {
        self.tending = false;
        for (place, rights) in &rights {
            if rights.write { self.outbox.open(place) } else { self.outbox.close(place) }
        }
        if let Some(after) = rights.values().filter_map(|rights| rights.again).min() {
            self.tasks.spawn(async move {
                tokio::time::sleep(after).await;
                Done::TendAgain
            });
        }
        let first = self.rights.is_empty();
        self.rights = rights;
        self.tell();
        self.pin_cards();
        if first {
            self.set_topics();
        }
        if std::mem::take(&mut self.tend_again) {
            self.tend();
        }
    }

    fn tell(&mut self) {
        let lacks: Vec<_> =
            self.keys.iter().chain(self.rights.values().flat_map(|rights| &rights.lacks)).cloned().collect();
        let health = match &self.connection {
            None => return,
            Some(Err(why)) => Health::Down(why.clone()),
            Some(Ok(())) if lacks.is_empty() => Health::Up,
            Some(Ok(())) => Health::Degraded(lacks.join("; ")),
        };
        self.say(health);
    }

    /// The same again is not said.
    fn say(&mut self, health: Health) {
        if self.health.as_ref() != Some(&health) {
            self.health = Some(health.clone());
            let _ = self.up.health(health);
        }
    }
}

fn seats(settings: &Settings) -> Result<Arc<Vec<Seat>>, AdapterError> {
    let seat = |place: &crate::MatrixPlace| {
        let room: OwnedRoomId = RoomId::parse(&place.room_id).map_err(|error| {
            AdapterError::Remedy(format!(
                "`{}` in [[matrix.place]] is no room ({error}): it begins with `!`",
                place.room_id
            ))
        })?;
        let (bare_words, sync_topic) = (place.bare_words, place.sync_topic);
        Ok(Seat { place: crate::place_id(&place.room_id), room, bare_words, sync_topic })
    };
    settings.places.iter().map(seat).collect::<Result<Vec<_>, _>>().map(Arc::new)
}

/// The Matrix id behind a person's id.
pub(crate) fn matrix_id(user: &UserId) -> Option<String> {
    user.as_str().strip_prefix("matrix:").map(ToOwned::to_owned)
}
