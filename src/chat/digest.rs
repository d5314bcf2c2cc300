//! Notices within a budget: pure, one [`Digest`] per place, the time is an argument.
//!
//! While the budget lasts, each change is a message of its own. Beyond it, changes fold into the last message, which is
//! edited: `6 joined in 20 s: #4 to #9.` Invariant: the budget is never exceeded, and every change that was offered is
//! in some message, as itself or counted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use crate::text::{Doc, lasting};

const MINUTE: Duration = Duration::from_secs(60);
const BURST: Duration = Duration::from_secs(5);
/// New messages in any [`BURST`].
const BURST_MOST: usize = 4;
/// A fold that was quiet for so long is closed: what comes next is news of its own.
const QUIET: Duration = Duration::from_secs(5);
/// Edits of one fold are no closer than this.
const PACE: Duration = Duration::from_secs(1);
/// Numbers that a fold remembers, changes of other kinds whose own words it shows, and runs of numbers in its line.
const NUMBERS: usize = 500;
const WORDS: usize = 2;
const RUNS: usize = 6;

/// Something happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// What kind of thing: these are counted together.
    pub kind: Kind,
    /// To whom, where the place may know numbers.
    pub number: Option<u32>,
    /// Its own words.
    pub doc: Doc,
}

/// Kinds of changes, in the order in which a fold counts them.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Somebody came.
    Joined,
    /// Somebody went.
    Left,
    /// Somebody was removed.
    Removed,
    /// Somebody was muted.
    Muted,
    /// Somebody was unmuted.
    Unmuted,
    /// Somebody began to talk.
    Talked,
    /// Anything else: a fold shows the last ones in their own words.
    Other,
}

/// What the announcer is to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Action {
    /// Which message; counts up from what [`Digest::new`] was given.
    pub notice: u64,
    /// Its text as it is now.
    pub doc: Doc,
    /// A new message, not an edit.
    pub new: bool,
    /// The one whom all of it is about, if there is one.
    pub about: Option<u32>,
}

/// The notices of one place.
#[derive(Debug)]
pub struct Digest {
    per_minute: usize,
    sent: VecDeque<Instant>,
    next: u64,
    fold: Option<Fold>,
}

impl Digest {
    /// At most so many new messages in any 60 s (0 counts as 1). `first` is the number of the first message.
    pub fn new(per_minute: u32, first: u64) -> Self {
        let per_minute = usize::try_from(per_minute).unwrap_or(usize::MAX).clamp(1, 1000);
        Self { per_minute, sent: VecDeque::new(), next: first, fold: None }
    }

    /// Something happened. `None`: it goes out with the next edit, at [`Digest::deadline`].
    pub fn offer(&mut self, now: Instant, change: Change) -> Option<Action> {
        let room = self.room(now);
        match &mut self.fold {
            Some(fold) if !room || fold.open(now) => {
                fold.add(now, change);
                self.due(now)
            }
            _ => Some(self.post(now, change)),
        }
    }

    /// When [`Digest::due`] has something.
    pub fn deadline(&self) -> Option<Instant> {
        self.fold.as_ref().filter(|fold| fold.unsaid).map(|fold| fold.told + PACE)
    }

    /// The edit that waited, if its time has come.
    pub fn due(&mut self, now: Instant) -> Option<Action> {
        let fold = self.fold.as_mut()?;
        (fold.unsaid && now >= fold.told + PACE).then(|| fold.tell(now))
    }

    /// The edit that waits, right now: before the end.
    pub fn flush(&mut self, now: Instant) -> Option<Action> {
        self.fold.as_mut().filter(|fold| fold.unsaid).map(|fold| fold.tell(now))
    }

    fn room(&mut self, now: Instant) -> bool {
        self.sent.retain(|at| now.saturating_duration_since(*at) < MINUTE);
        let lately = self.sent.iter().filter(|at| now.saturating_duration_since(**at) < BURST).count();
        self.sent.len() < self.per_minute && lately < BURST_MOST
    }

    fn post(&mut self, now: Instant, change: Change) -> Action {
        let notice = self.next;
        self.next += 1;
        self.sent.push_back(now);
        // Nothing of the fold before is lost: while it has something to say it is open, and nothing is posted.
        let (doc, about) = (change.doc.clone(), change.number);
        let mut fold = Fold::new(notice, now);
        fold.add(now, change);
        fold.unsaid = false;
        self.fold = Some(fold);
        Action { notice, doc, new: true, about }
    }
}

/// The last message, into which more can be folded.
#[derive(Debug)]
struct Fold {
    notice: u64,
    began: Instant,
    last: Instant,
    told: Instant,
    unsaid: bool,
    count: usize,
    /// Some of it is about nobody that has a number.
    nameless: bool,
    kinds: BTreeMap<Kind, (usize, BTreeSet<u32>)>,
    words: VecDeque<Doc>,
}

impl Fold {
    fn new(notice: u64, now: Instant) -> Self {
        Self {
            notice,
            began: now,
            last: now,
            told: now,
            unsaid: false,
            count: 0,
            nameless: false,
            kinds: BTreeMap::new(),
            words: VecDeque::new(),
        }
    }

    /// More of the same burst belongs here, even if there is room for a message of its own.
    fn open(&self, now: Instant) -> bool {
        self.unsaid
            || self.count > 1
                && now.saturating_duration_since(self.last) < QUIET
                && now.saturating_duration_since(self.began) < MINUTE
    }

    fn add(&mut self, now: Instant, change: Change) {
        (self.last, self.unsaid) = (now, true);
        self.count += 1;
        self.nameless |= change.number.is_none();
        let (count, numbers) = self.kinds.entry(change.kind).or_default();
        *count += 1;
        if numbers.len() < NUMBERS {
            numbers.extend(change.number);
        }
        if change.kind == Kind::Other {
            self.words.push_back(change.doc);
            if self.words.len() > WORDS {
                self.words.pop_front();
            }
        }
    }

    fn tell(&mut self, now: Instant) -> Action {
        (self.told, self.unsaid) = (now, false);
        Action { notice: self.notice, doc: self.doc(), new: false, about: self.about() }
    }

    fn about(&self) -> Option<u32> {
        let mut numbers = self.kinds.values().flat_map(|(_, numbers)| numbers);
        let first = *numbers.next()?;
        (!self.nameless && numbers.all(|number| *number == first)).then_some(first)
    }

    fn doc(&self) -> Doc {
        let length = self.last.saturating_duration_since(self.began).as_millis();
        let length = lasting(u64::try_from(length).unwrap_or(u64::MAX).max(1000));
        let hidden = self.kinds.get(&Kind::Other).map_or(0, |(count, _)| count - self.words.len());
        let mut counts: Vec<_> =
            self.counted().map(|(kind, count, _)| format!("{count} {}", kind.word())).collect();
        counts.extend(match hidden {
            0 => None,
            1 => Some("1 more change".to_owned()),
            _ => Some(format!("{hidden} more changes")),
        });
        let runs: Vec<_> =
            self.counted().filter_map(|(kind, _, numbers)| Some((kind, runs(numbers)?))).collect();
        let mut parts: Vec<Doc> = Vec::new();
        match (counts.as_slice(), runs.as_slice()) {
            ([], _) => {}
            ([only], [(_, runs)]) => parts.push(Doc::new().say(format!("{only} in {length}: {runs}."))),
            _ => {
                parts.push(Doc::new().say(format!("{} in {length}.", counts.join(", "))));
                let each =
                    runs.iter().map(|(kind, runs)| Doc::new().say(format!("{}: {runs}.", kind.title())));
                parts.extend(each);
            }
        }
        parts.extend(self.words.iter().cloned());
        let between = |doc: Doc, (i, part): (usize, Doc)| (if i > 0 { doc.say(" ") } else { doc }).then(part);
        parts.into_iter().enumerate().fold(Doc::new(), between)
    }

    fn counted(&self) -> impl Iterator<Item = (Kind, usize, &BTreeSet<u32>)> {
        let counted = self.kinds.iter().filter(|(kind, _)| **kind != Kind::Other);
        counted.map(|(kind, (count, numbers))| (*kind, *count, numbers))
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Left => "left",
            Self::Removed => "removed",
            Self::Muted => "muted",
            Self::Unmuted => "unmuted",
            Self::Talked => "talked",
            Self::Other => "more",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Joined => "Joined",
            Self::Left => "Left",
            Self::Removed => "Removed",
            Self::Muted => "Muted",
            Self::Unmuted => "Unmuted",
            Self::Talked => "Talked",
            Self::Other => "Other",
        }
    }
}

/// `#4 to #9, #12`; `None` for no numbers.
fn runs(numbers: &BTreeSet<u32>) -> Option<String> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*number) => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let more = runs.len() > RUNS || numbers.len() >= NUMBERS;
    let mut said: Vec<_> = runs
        .into_iter()
        .take(RUNS)
        .map(|(first, last)| match last - first {
            0 => format!("#{first}"),
            1 => format!("#{first}, #{last}"),
            _ => format!("#{first} to #{last}"),
        })
        .collect();
    said.extend(more.then(|| "more".to_owned()));
    (!said.is_empty()).then(|| said.join(", "))
}

#[cfg(test)]
mod tests;
