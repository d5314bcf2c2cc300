//! gavel's Matrix at work, with the bot's end of it in the test's hands.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gavel_chat::testing::crew_view;
use gavel_chat::text::{Doc, Zone};
use gavel_chat::{
    AdapterError, Audience, Board, Class, Far, Generation, Health, Invocation, Key, MessageRef, Network,
    Place, PlaceId, Post, Ticket, Up, link,
};
use gavel_matrix::{Login, Matrix, MatrixPlace, RecoveryKey, Secret, Settings};
use gavel_matrix_lab::{Account, Homeserver, Limits, Person, Room};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

/// Longer than anything takes that is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// One crew's room, a bot's account, and somebody of the crew.
pub(crate) struct Stage {
    pub(crate) server: Homeserver,
    pub(crate) account: Account,
    pub(crate) alice: Person,
    pub(crate) room: String,
    pub(crate) settings: Settings,
    pub(crate) known: Vec<(Key, MessageRef)>,
    pub(crate) dir: TempDir,
}

/// A run of the adapter.
pub(crate) struct Bot {
    pub(crate) board: watch::Sender<Board>,
    pub(crate) heard: Vec<Up>,
    place: PlaceId,
    far: Far,
    ups: mpsc::Receiver<(u64, Up)>,
    thread: Option<JoinHandle<Result<(), AdapterError>>>,
}

impl Stage {
    /// On the server that all tests share.
    pub(crate) fn new(limits: Limits, encrypted: bool, version: &str) -> Self {
        Self::on(Homeserver::shared(limits), encrypted, version)
    }

    pub(crate) fn on(server: &Homeserver, encrypted: bool, version: &str) -> Self {
        crate::log();
        let server = server.clone();
        let account = server.register("bot");
        let mut alice = server.person("alice");
        let invite = [account.user.as_str()];
        let room = alice.create(&Room { encrypted, version, invite: &invite, power: Value::Null });
        let dir = tempfile::tempdir().expect("a folder");
        let settings = Settings {
            homeserver: server.url(),
            user: account.user.clone(),
            login: Login::Token(Secret::new(account.token.clone())),
            state_dir: dir.path().join("matrix"),
            recovery_key: RecoveryKey { known: None, file: Some(dir.path().join("key")) },
            prefixes: vec!["!".to_owned()],
            require_verified: false,
            invite_from: Vec::new(),
            places: vec![MatrixPlace { room_id: room.clone(), bare_words: false, sync_topic: false }],
            zone: Zone::utc(),
        };
        Self { server, account, alice, room, settings, known: Vec::new(), dir }
    }

    /// Logs in by password from now on: each new device is another one.
    pub(crate) fn by_password(&mut self) {
        self.settings.login = Login::Password(Secret::new(self.account.password.clone()));
    }

    pub(crate) fn place(&self) -> PlaceId {
        gavel_matrix::place_id(&self.room)
    }

    /// Opens the adapter; nothing is waited for.
    pub(crate) fn open(&self) -> Bot {
        let (tx, ups) = mpsc::channel(4096);
        let (board, view) = watch::channel(Board::Crew(Arc::new(crew_view("Thursday Line"))));
        let place = Place { id: self.place(), board: view, known: self.known.clone() };
        let (link, far) = link(tx, &Generation::default(), vec![place]);
        let settings = self.settings.clone();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let ended = runtime.block_on(Matrix::new(settings).open().run(link));
            runtime.shutdown_background();
            ended
        });
        Bot { board, heard: Vec::new(), place: self.place(), far, ups, thread: Some(thread) }
    }

    /// Opens the adapter and waits until its card can be read and it can be talked to.
    pub(crate) fn up(&mut self) -> Bot {
        let mut bot = self.open();
        bot.card();
        let order = json!({"room": self.room, "user": self.account.user});
        self.alice.order("hears", order.clone());
        self.alice.order("meet", order);
        bot
    }

    /// Says something.
    pub(crate) fn say(&mut self, words: &str) -> String {
        self.alice.say(&self.room, words)
    }

    /// The first message of the bot from now on that says this.
    #[track_caller]
    pub(crate) fn reads(&mut self, words: &str) -> gavel_matrix_lab::Event {
        let bot = self.account.user.clone();
        self.alice.until(words, |event| event.sender() == bot && event.body().contains(words))
    }
}

impl Bot {
    /// The next that fits.
    #[track_caller]
    pub(crate) fn until<T>(&mut self, what: &str, mut fits: impl FnMut(&Up) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.ups.try_recv() {
                Ok((_, up)) => {
                    let hit = fits(&up);
                    self.heard.push(up);
                    if let Some(hit) = hit {
                        return hit;
                    }
                }
                Err(mpsc::error::TryRecvError::Disconnected) => {
                    panic!("{what}: the adapter has ended: {:?}", self.heard)
                }
                Err(mpsc::error::TryRecvError::Empty) => {
                    assert!(
                        Instant::now() < deadline,
                        "{what}: not within {PATIENCE:?}; heard {:?}",
                        self.heard
                    );
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        }
    }

    /// What somebody asks.
    #[track_caller]
    pub(crate) fn asked(&mut self) -> Invocation {
        self.until("a command", |up| match up {
            Up::Invoke(asked) => Some(asked.clone()),
            _ => None,
        })
    }

    /// Where the card is.
    #[track_caller]
    pub(crate) fn card(&mut self) -> MessageRef {
        self.until("the card", |up| match up {
            Up::Sent { key: Key::Roster, message, .. } => Some(message.clone()),
            _ => None,
        })
    }

    /// Where the card is that was there already.
    pub(crate) fn old_card(&mut self) -> MessageRef {
        let sent = |up: &Up| match up {
            Up::Sent { key: Key::Roster, message, .. } => Some(message.clone()),
            _ => None,
        };
        self.so_far().iter().find_map(sent).expect("a card")
    }

    /// How it is.
    #[track_caller]
    pub(crate) fn health(&mut self, what: &str, fits: impl Fn(&Health) -> bool) -> Health {
        let last = self.so_far().iter().rev().find_map(|up| match up {
            Up::Health(health) => Some(health.clone()),
            _ => None,
        });
        if let Some(health) = last.filter(|health| fits(health)) {
            return health;
        }
        self.until(what, |up| match up {
            Up::Health(health) if fits(health) => Some(health.clone()),
            _ => None,
        })
    }

    /// Everything that came by now.
    pub(crate) fn so_far(&mut self) -> &[Up] {
        while let Ok((_, up)) = self.ups.try_recv() {
            self.heard.push(up);
        }
        &self.heard
    }

    /// Commands that came by now.
    pub(crate) fn invocations(&mut self) -> Vec<Invocation> {
        let asked = self.so_far().iter().filter_map(|up| match up {
            Up::Invoke(asked) => Some(asked.clone()),
            _ => None,
        });
        asked.collect()
    }

    pub(crate) fn post(&self, post: Post) {
        self.far.posts.try_send(post).expect("it takes posts");
    }

    pub(crate) fn notice(&self, number: u64, words: &str) {
        self.post(self.blank(Key::Notice(number), Class::Notice, words));
    }

    pub(crate) fn answer(&self, ticket: Ticket, words: &str, last: bool) {
        let post = self.blank(Key::Answer(ticket.0), Class::Answer, words);
        self.post(Post { answers: Some(ticket), last, ..post });
    }

    fn blank(&self, key: Key, class: Class, words: &str) -> Post {
        Post {
            key,
            place: self.place.clone(),
            answers: None,
            audience: Audience::Place,
            class,
            doc: Doc::new().say(words),
            controls: Vec::new(),
            wake: Vec::new(),
            last: true,
        }
    }

    /// How it ends by itself.
    pub(crate) fn ends(&mut self) -> Result<(), AdapterError> {
        self.thread.take().expect("it runs").join().expect("it does not panic")
    }

    /// Tells it to stop.
    pub(crate) fn stop(mut self) {
        self.far.stop.send_replace(true);
        self.ends().expect("it stops");
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.far.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
