//! One interaction: its first answer in time, and the edits of it for as long as its token lives.
//!
//! It leaves to the outbox what is said in the channel instead, where an interaction can no longer say it.
//! Invariant: once a first answer may have arrived, only answers of the same shape are tried again, and what of it is
//! there is found out before anything else is said: nothing is shown twice, and nothing private publicly.

use std::time::{Duration, Instant};

use gavel_chat::{Audience, Class, Key};
use serde_json::{Value, json};

use super::body::{EPHEMERAL, flagged, refused};
use super::pace::{Gate, Pause};
use super::say::{Opened, Reply, Request, Trouble};

/// Discord waits so long for the first answer.
const DEADLINE: Duration = Duration::from_secs(3);
/// Clocks differ: so long after its arrival it is tried in any case.
const AT_LEAST: Duration = Duration::from_millis(2500);
/// Without a letter for so long, the answer is announced.
const DEFER: Duration = Duration::from_secs(1);
/// An interaction that came late is announced earlier: so long before Discord's deadline.
const DEFER_BEFORE: Duration = Duration::from_millis(800);
/// One try of the first answer, so that there is time for a second one.
const TRY: Duration = Duration::from_millis(1500);
/// The least that a try is given.
const LEAST: Duration = Duration::from_millis(500);
/// The pause before the first answer is tried again.
const SOON: Duration = Duration::from_millis(150);
/// One try of an edit.
pub(super) const EDIT: Duration = Duration::from_secs(10);
/// The token lives 15 min: not used in the last half of one.
const TOKEN: Duration = Duration::from_secs(14 * 60 + 30);
/// Edits of one answer in [`SPAN`].
const EDITS: usize = 5;
/// See [`EDITS`].
pub(super) const SPAN: Duration = Duration::from_millis(5100);

/// Discord's types of a first answer.
mod kind {
    pub(super) const MESSAGE: u8 = 4;
    pub(super) const LATER: u8 = 5;
    pub(super) const LATER_PANEL: u8 = 6;
    pub(super) const PANEL: u8 = 7;
}

/// One interaction.
#[derive(Debug)]
pub(super) struct Lane {
    opened: Opened,
    came: Instant,
    /// The one post that answers it, and who may see that: both fixed by the first letter.
    pub(super) post: Option<(Key, Audience, Class)>,
    want: Option<Value>,
    dirty: bool,
    state: State,
    busy: Option<Value>,
    gate: Gate,
    pause: Pause,
    message: Option<u64>,
    formless: bool,
    elsewhere: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Nothing was said.
    Fresh,
    /// This was said, and may be there.
    Unclear(Shape),
    /// This was said too often without an answer: an edit will tell whether it is there.
    Doubt(Shape),
    /// It is there.
    Open(Shape),
    /// Nothing can be said here any more.
    Over,
}

/// The form of a first answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Shape {
    Public,
    Private,
    Panel,
    Later,
    LaterPanel,
}

/// What became of a call, for the outbox.
#[derive(Debug, PartialEq)]
pub(super) enum Fate {
    /// Nothing that concerns anybody else.
    Quiet,
    /// What is wanted is there, as this message.
    Shown(u64),
    /// The interaction has no answer of ours and gets none.
    Lost,
    /// Somebody else answered it: two processes use one token.
    Double,
    /// The answer was deleted.
    Deleted,
    /// The token is too old.
    Expired,
    /// Discord refuses the form of what is wanted.
    Refused(String),
}

/// What a lane leaves behind.
#[derive(Debug)]
pub(super) struct Rest {
    /// The answer that everybody sees, where it is known.
    pub(super) message: Option<u64>,
    /// What is not shown yet.
    pub(super) unsaid: Option<Value>,
}

impl Lane {
    pub(super) fn new(now: Instant, opened: Opened) -> Self {
        Self {
            message: opened.panel,
            opened,
            came: now,
            post: None,
            want: None,
            dirty: false,
            state: State::Fresh,
            busy: None,
            gate: Gate::new(SPAN),
            pause: Pause::default(),
            formless: false,
            elsewhere: false,
        }
    }

    pub(super) fn channel(&self) -> u64 {
        self.opened.channel
    }

    /// What the answer is to be. False: it is said in the channel too, or only there.
    pub(super) fn put(&mut self, body: Value) -> bool {
        self.dirty |= self.want.as_ref() != Some(&body);
        self.want = Some(body);
        self.formless = false;
        let says = self.says();
        self.elsewhere |= !says;
        says
    }

    /// All who shall see it see it here.
    fn says(&self) -> bool {
        let public = self.post.as_ref().is_some_and(|(_, audience, _)| *audience == Audience::Place);
        match self.state {
            State::Over => false,
            State::Fresh => !self.elsewhere,
            State::Unclear(shape) | State::Doubt(shape) | State::Open(shape) => {
                !public || shape == Shape::Public
            }
        }
    }

    /// No call is under way or due.
    pub(super) fn idle(&self) -> bool {
        self.busy.is_none() && !self.dirty && matches!(self.state, State::Open(_) | State::Over)
    }

    /// The first answer is still due: it waits for no limit but its own.
    pub(super) fn first(&self) -> bool {
        matches!(self.state, State::Fresh | State::Unclear(_))
    }

    /// The token is not to be used any more.
    pub(super) fn expired(&self, now: Instant) -> bool {
        self.busy.is_none() && now >= self.opened.born + TOKEN
    }

    /// Ends it; what is left is the channel's business.
    pub(super) fn close(&mut self) -> Rest {
        let public = matches!(self.state, State::Open(Shape::Public) | State::Doubt(Shape::Public));
        let message = self.message.filter(|_| public);
        // What was said in the channel too is not unsaid.
        let unsaid = self.want.clone().filter(|_| self.dirty && self.says());
        self.state = State::Over;
        self.dirty = false;
        self.pause.over();
        Rest { message, unsaid }
    }

    /// When [`Lane::poll`] has something to say.
    pub(super) fn due(&self) -> Option<Instant> {
        let end = self.opened.born + TOKEN;
        let due = match self.state {
            _ if self.busy.is_some() => return None,
            State::Over => None,
            State::Fresh if self.want.is_some() => Some(self.came),
            State::Fresh => Some(self.announce_at()),
            State::Unclear(_) => Some(self.came),
            State::Open(_) | State::Doubt(_) if self.dirty => {
                Some(self.gate.opens(EDITS).unwrap_or(self.came))
            }
            State::Open(_) | State::Doubt(_) => None,
        };
        Some(due.map_or(end, |due| due.max(self.pause.until().unwrap_or(due)).min(end)))
    }

    /// The next call, with the time that it is given.
    pub(super) fn poll(&mut self, now: Instant) -> Option<(Request, Duration)> {
        if self.busy.is_some() || self.due().is_none_or(|due| due > now) {
            return None;
        }
        let shape = match self.state {
            State::Fresh => self.shape(),
            State::Unclear(shape) if now < self.give_up_at() => shape,
            State::Unclear(shape) => {
                self.doubt(shape);
                return self.poll(now);
            }
            State::Open(_) | State::Doubt(_) if self.dirty => return Some(self.edit()),
            _ => return None,
        };
        let within = TRY.min(self.give_up_at().saturating_duration_since(now)).max(LEAST);
        let request = self.callback(shape);
        self.state = State::Unclear(shape);
        Some((request, within))
    }

    /// What came of the call.
    pub(super) fn answered(&mut self, now: Instant, result: Result<Reply, Trouble>) -> Fate {
        let Some(said) = self.busy.take() else { return Fate::Quiet };
        match self.state {
            State::Unclear(shape) => self.first_answered(now, shape, said, result),
            State::Open(_) | State::Doubt(_) => {
                self.gate.count(now);
                self.edit_answered(now, said, result)
            }
            State::Fresh | State::Over => Fate::Quiet,
        }
    }

    /// Whatever is left alone for a while is tried at once.
    pub(super) fn again(&mut self) {
        // The first answer's failures are what is known of it.
        if !self.first() {
            self.pause.at_once();
        }
    }

    pub(super) fn fails(&self) -> u32 {
        self.pause.fails()
    }

    fn first_answered(
        &mut self,
        now: Instant,
        shape: Shape,
        said: Value,
        result: Result<Reply, Trouble>,
    ) -> Fate {
        // Earlier tries of it came to no clear end.
        let unclear = self.pause.fails() > 0;
        match result {
            Ok(reply) => {
                self.message = self.message.filter(|_| shape == Shape::Panel).or(reply.message);
                self.open(shape, Some(said))
            }
            // The answer is our own, of an earlier try. Which words it has is not known.
            Err(Trouble::Acknowledged) if unclear => self.open(shape, None),
            Err(Trouble::Acknowledged) => Fate::Double,
            Err(trouble) if trouble.unclear() => {
                self.pause.failed(now);
                self.pause.retry(now + SOON.saturating_mul(self.pause.fails()));
                Fate::Quiet
            }
            Err(Trouble::Limited { after, .. }) => self.not_said(now, shape, unclear, after),
            Err(Trouble::Offline) => self.not_said(now, shape, unclear, SOON),
            Err(_) if unclear => self.doubt(shape),
            Err(Trouble::Refused { status: 400, words, .. }) if !self.formless => {
                self.formless = true;
                self.state = State::Fresh;
                Fate::Refused(words)
            }
            Err(_) => Fate::Lost,
        }
    }

    /// Nothing arrived this time.
    fn not_said(&mut self, now: Instant, shape: Shape, unclear: bool, after: Duration) -> Fate {
        if now + after < self.give_up_at() {
            self.state = if unclear { State::Unclear(shape) } else { State::Fresh };
            self.pause.retry(now + after);
            Fate::Quiet
        } else if unclear {
            self.doubt(shape)
        } else {
            Fate::Lost
        }
    }

    /// No more tries: an edit shall tell, as soon as there is something to say.
    fn doubt(&mut self, shape: Shape) -> Fate {
        self.state = State::Doubt(shape);
        self.dirty = self.want.is_some();
        self.pause.at_once();
        Fate::Quiet
    }

    fn edit_answered(&mut self, now: Instant, said: Value, result: Result<Reply, Trouble>) -> Fate {
        let doubt = matches!(self.state, State::Doubt(_));
        match result {
            Ok(reply) => {
                let (State::Open(shape) | State::Doubt(shape)) = self.state else { return Fate::Quiet };
                self.message = reply.message.or(self.message);
                self.open(shape, Some(said))
            }
            Err(Trouble::Limited { after, .. }) => {
                self.pause.wait(now + after);
                Fate::Quiet
            }
            Err(trouble) if trouble.passes() => {
                self.pause.failed(now);
                Fate::Quiet
            }
            Err(Trouble::Expired) => Fate::Expired,
            // There never was one.
            Err(Trouble::Gone | Trouble::UnknownInteraction) if doubt => Fate::Lost,
            Err(Trouble::Gone | Trouble::UnknownInteraction) => {
                self.message = None;
                Fate::Deleted
            }
            Err(other) => {
                self.dirty = self.want.as_ref() != Some(&said);
                Fate::Refused(other.to_string())
            }
        }
    }

    /// It is there, with these words if they are known.
    fn open(&mut self, shape: Shape, said: Option<Value>) -> Fate {
        self.state = State::Open(shape);
        self.pause.over();
        self.dirty = self.want.is_some() && self.want != said;
        let shown = self.want.is_some() && !self.dirty && !self.formless && !self.elsewhere;
        self.message.filter(|_| shown).map_or(Fate::Quiet, Fate::Shown)
    }

    fn announce_at(&self) -> Instant {
        let late = self.opened.born + (DEADLINE - DEFER_BEFORE);
        (self.came + DEFER).min(late).max(self.came)
    }

    fn give_up_at(&self) -> Instant {
        (self.opened.born + DEADLINE).max(self.came + AT_LEAST)
    }

    fn shape(&self) -> Shape {
        let panel = self.opened.panel.is_some();
        match (&self.post, panel) {
            (None, false) => Shape::Later,
            (None, true) => Shape::LaterPanel,
            (Some((_, Audience::Place, _)), _) if !self.elsewhere => Shape::Public,
            (Some(_), false) => Shape::Private,
            (Some(_), true) => Shape::Panel,
        }
    }

    fn callback(&mut self, shape: Shape) -> Request {
        let want = self.want.clone().unwrap_or(Value::Null);
        // What Discord refused the form of is told to be missing: nobody shall read "did not respond".
        let shown = if self.formless { refused() } else { want.clone() };
        let body = match shape {
            Shape::Public => json!({ "type": kind::MESSAGE, "data": shown }),
            Shape::Private => json!({ "type": kind::MESSAGE, "data": flagged(shown, EPHEMERAL) }),
            Shape::Panel => json!({ "type": kind::PANEL, "data": shown }),
            Shape::Later => json!({ "type": kind::LATER, "data": { "flags": EPHEMERAL } }),
            Shape::LaterPanel => json!({ "type": kind::LATER_PANEL }),
        };
        self.busy = Some(if matches!(shape, Shape::Later | Shape::LaterPanel) { Value::Null } else { want });
        Request::Callback { interaction: self.opened.id, token: self.opened.token.clone(), body }
    }

    fn edit(&mut self) -> (Request, Duration) {
        let body = self.want.clone().unwrap_or(Value::Null);
        self.busy = Some(body.clone());
        (Request::EditReply { token: self.opened.token.clone(), body }, EDIT)
    }
}
