//! The battery against a network that has everything, made of channels: once sound, then with one flaw at a time.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::mpsc;

use super::bench::{STOP, now};
use super::*;
use crate::text::{Renderer, render};
use crate::{Adapter, Asker, Invocation, Link, MessageRef, Running, Ticket};

const SOUND: u8 = 0;
const WRITES_AS_IT_COMES: u8 = 1;
const PINGS_NOBODY: u8 = 2;
const DOES_NOT_STOP: u8 = 3;
const POSTS_ANEW: u8 = 4;
const ANSWERS_ITSELF: u8 = 5;
const KNOWS_NAMES_ONLY: u8 = 6;
const LOSES_WHAT_IS_REFUSED: u8 = 7;
const NEVER_DEFERS: u8 = 8;
const KEEPS_ITS_FIRST_WORDS: u8 = 9;
const FORGETS_EARLIER_RUNS: u8 = 10;

/// What the server tells: who wrote what.
type Said = (UserId, String, String);
/// What the adapter asks of the server.
enum Call {
    Write { message: String, markup: String, pings: Vec<UserId> },
    Defer,
}

struct Fake<const FLAW: u8> {
    say: mpsc::UnboundedSender<Said>,
    seen: mpsc::UnboundedReceiver<Call>,
    server: Server<FLAW>,
}

/// People's words are told to the first run alone: the tests need no more.
#[derive(Clone)]
struct Server<const FLAW: u8> {
    gateway: Arc<std::sync::Mutex<Option<mpsc::UnboundedReceiver<Said>>>>,
    rest: mpsc::UnboundedSender<Call>,
    refusals: Arc<AtomicU32>,
}

struct Sound<const FLAW: u8> {
    gateway: Option<mpsc::UnboundedReceiver<Said>>,
    server: Server<FLAW>,
}

impl<const FLAW: u8> Network for Server<FLAW> {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn open(&self) -> Box<dyn Adapter> {
        Box::new(Sound { gateway: self.gateway.lock().unwrap().take(), server: self.clone() })
    }
}

impl<const FLAW: u8> Harness for Fake<FLAW> {
    const ABLE: Able = Able {
        edits: true,
        cards: true,
        pings: true,
        people: true,
        echoes: true,
        limits: true,
        defers: true,
    };

    fn new() -> Self {
        let (say, gateway) = mpsc::unbounded_channel();
        let (rest, seen) = mpsc::unbounded_channel();
        let gateway = Arc::new(std::sync::Mutex::new(Some(gateway)));
        Self { say, seen, server: Server { gateway, rest, refusals: Arc::default() } }
    }

    fn network(&self) -> Box<dyn Network> {
        Box::new(self.server.clone())
    }

    fn place(&self) -> PlaceId {
        PlaceId::new("fake:1")
    }

    fn user(&self, person: &Person) -> UserId {
        UserId::new(format!("fake:{}", person.id))
    }

    fn say(&mut self, person: &Person, words: &str) {
        self.say.send((self.user(person), person.name.into(), format!("!{words}"))).unwrap();
    }

    fn echo(&mut self, words: &str) {
        self.say.send((UserId::new("fake:me"), "gavel".into(), format!("!{words}"))).unwrap();
    }

    fn limit(&mut self) {
        self.server.refusals.store(3, Ordering::Relaxed);
    }

    async fn seen(&mut self) -> Seen {
        loop {
            match self.seen.recv().await {
                Some(Call::Write { message, markup, pings }) => return read(message, &markup, pings),
                Some(Call::Defer) => {}
                None => std::future::pending().await,
            }
        }
    }

    async fn deferred(&mut self) {
        while !matches!(self.seen.recv().await, Some(Call::Defer)) {}
    }
}

/// How members read the network's markup: `\` takes the next sign as it is, `*` is bold, `@everyone` pings.
fn read(message: String, markup: &str, mut pings: Vec<UserId>) -> Seen {
    let (mut text, mut signs) = (String::new(), markup.chars());
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => text.extend(signs.next()),
            '*' => {}
            '@' => pings.push(UserId::new("fake:everyone")),
            _ => text.push(sign),
        }
    }
    Seen { message, text, pings }
}

struct Stars;

impl Renderer for Stars {
    fn say(&self, out: &mut String, words: &str) {
        out.push_str(words);
    }

    fn strong(&self, out: &mut String, words: &str) {
        out.push_str(&format!("*{words}*"));
    }

    fn foreign(&self, out: &mut String, text: &Foreign) {
        for sign in text.as_str().chars() {
            out.extend(matches!(sign, '\\' | '*' | '@').then_some('\\'));
            out.push(sign);
        }
    }

    fn line(&self, out: &mut String) {
        out.push('\n');
    }
}

impl<const FLAW: u8> Adapter for Sound<FLAW> {
    fn run(mut self: Box<Self>, mut link: Link) -> Running {
        Box::pin(async move {
            let up = link.uplink();
            let mut tickets = 0;
            let number = |message: &MessageRef| message.as_str().parse::<u32>().unwrap();
            let known = link.places[0].known.iter().map(|(key, message)| (key.clone(), number(message)));
            let mut messages: HashMap<Key, u32> = known.filter(|_| FLAW != FORGETS_EARLIER_RUNS).collect();
            let mut next = link.places[0].known.len() as u32;
            let waiting: Rc<Cell<Option<Ticket>>> = Rc::default();
            let mut late = Box::pin(tokio::time::sleep(Duration::from_secs(600)));
            loop {
                tokio::select! {
                    biased;
                    post = link.next() => {
                        let Some(post) = post else {
                            if FLAW == DOES_NOT_STOP { tokio::time::sleep(STOP + Duration::from_millis(50)).await; }
                            return Ok(());
                        };
                        if post.answers == waiting.get() { waiting.set(None); }
                        let known = messages.get(&post.key).copied();
                        if FLAW == KEEPS_ITS_FIRST_WORDS && known.is_some() { continue; }
                        let message = known.filter(|_| FLAW != POSTS_ANEW).unwrap_or_else(|| { next += 1; next });
                        messages.insert(post.key.clone(), message);
                        if self.write(message.to_string(), &post).await {
                            let _ = up.sent(post.place, post.key, MessageRef::new(message.to_string()));
                        }
                    }
                    said = heard(&mut self.gateway) => {
                        let Some((user, name, words)) = said else { return Ok(()) };
                        if user.as_str() == "fake:me" && FLAW != ANSWERS_ITSELF { continue; }
                        tickets += 1;
                        waiting.set(Some(Ticket(tickets)));
                        late.as_mut().reset(tokio::time::Instant::from_std(now()) + Duration::from_secs(1));
                        let user = if FLAW == KNOWS_NAMES_ONLY { UserId::new(name.as_str()) } else { user };
                        let asker = Asker { user, name: Foreign::name(&name), claims: Vec::new(), trusted_device: None };
                        let input = Input::Text(words.trim_start_matches('!').into());
                        let place = PlaceId::new("fake:1");
                        let _ = up.invoke(Invocation { ticket: Ticket(tickets), place, asker, input });
                    }
                    () = &mut late, if waiting.get().is_some() => {
                        waiting.set(None);
                        if FLAW != NEVER_DEFERS { let _ = self.server.rest.send(Call::Defer); }
                    }
                }
            }
        })
    }
}

async fn heard(gateway: &mut Option<mpsc::UnboundedReceiver<Said>>) -> Option<Said> {
    match gateway {
        Some(gateway) => gateway.recv().await,
        None => std::future::pending().await,
    }
}

impl<const FLAW: u8> Sound<FLAW> {
    async fn write(&self, message: String, post: &Post) -> bool {
        let refused = |refusals: u32| refusals.checked_sub(1);
        while self.server.refusals.fetch_update(Ordering::Relaxed, Ordering::Relaxed, refused).is_ok() {
            if FLAW == LOSES_WHAT_IS_REFUSED {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let markup = match FLAW {
            WRITES_AS_IT_COMES => crate::text::plain(&post.doc),
            _ => render(&Stars, &post.doc),
        };
        let pings = if FLAW == PINGS_NOBODY { Vec::new() } else { post.wake.clone() };
        self.server.rest.send(Call::Write { message, markup, pings }).is_ok()
    }
}

crate::adapter_battery!(Fake<SOUND>);

macro_rules! caught {
    ($($name:ident: $test:ident with $flaw:ident;)*) => {
        $(#[test]
        #[should_panic]
        fn $name() {
            super::$test::<Fake<$flaw>>();
        })*
    };
}

caught! {
    markup_from_outside: escapes_foreign_text with WRITES_AS_IT_COMES;
    pings_from_outside: pings_exactly_whom_it_shall with WRITES_AS_IT_COMES;
    missing_pings: pings_exactly_whom_it_shall with PINGS_NOBODY;
    running_on: honours_stop with DOES_NOT_STOP;
    cards_posted_anew: edits_a_card with POSTS_ANEW;
    cards_that_stand_still: edits_a_card with KEEPS_ITS_FIRST_WORDS;
    cards_of_earlier_runs: goes_on_with_its_card with FORGETS_EARLIER_RUNS;
    outcomes_kept_back: shows_the_outcome with KEEPS_ITS_FIRST_WORDS;
    talking_to_itself: never_answers_itself with ANSWERS_ITSELF;
    people_by_name: tells_people_by_their_id with KNOWS_NAMES_ONLY;
    losses_at_a_limit: survives_a_limit with LOSES_WHAT_IS_REFUSED;
    silence: defers_late_answers with NEVER_DEFERS;
}
