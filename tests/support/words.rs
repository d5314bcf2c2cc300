//! Every command, every role, in a crew's and in a public place: the table of expected words (`tests/words`), and how it
//! is gone through. Each chat network drives it in its own way.
//!
//! Invariant: what is expected comes from the table's file alone, and every row is asked for by each role in each place.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gavel_chat::command::{CATALOG, Command};
use serde::Deserialize;

use crate::control::{Call, Control, Member};
use crate::until;

/// The crew's own phone: gavel's configuration has it as such.
pub(crate) const CREW: &str = "701";

const ROLES: [Who; 4] = [Who::Listener, Who::Screener, Who::Cohost, Who::Host];

/// The roles, lowest first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Who {
    Listener,
    Screener,
    Cohost,
    Host,
}

/// The kinds of places.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Where {
    Crew,
    Public,
}

/// Something that somebody says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Said {
    /// As typed.
    pub(crate) typed: String,
    /// Taken apart; `None`: it can only be typed.
    pub(crate) slots: Option<BTreeMap<String, String>>,
}

/// A chat network with people of each role in a place of each kind.
pub(crate) trait Driver {
    /// Says it; the last words of the answer, as the asker reads them. `None`: this network cannot say such a thing.
    fn say(&mut self, who: Who, place: Where, said: &Said) -> Option<String>;
    /// The room has other places of the crew.
    fn has_others(&self) -> bool;
    /// Each role in each place has a gavel of its own, so that its numbers begin again.
    fn begins_anew(&self) -> bool;
}

/// One row of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    say: String,
    slots: Option<BTreeMap<String, String>>,
    from: Who,
    crew: Words,
    public: Words,
    alone: Option<String>,
    first: Option<String>,
    after: Option<String>,
    #[serde(default)]
    truth: Truth,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    Same(String),
    By { listener: String, screener: String, cohost: String, host: String },
}

/// What is so of Joel, or of the room, at Asterisk.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Truth {
    #[default]
    Same,
    Gone,
    Muted,
    Locked,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    refused: BTreeMap<Who, String>,
    row: Vec<Row>,
}

/// Dana of the crew and Marta call: before gavel is there, so that they have the first numbers.
pub(crate) fn people(control: &Control) {
    control.call(Call { name: b"Dana", ..Call::silent(CREW) });
    control.call(Call { name: b"Marta", ..Call::silent("1002") });
}

/// What those hear who may not.
#[cfg(feature = "discord")]
pub(crate) fn refusals() -> impl Iterator<Item = String> {
    table().refused.into_values()
}

/// Goes through the whole table, with [`people()`] in the room.
pub(crate) fn all(control: &Control, driver: &mut dyn Driver) {
    some(control, driver, &everybody());
}

/// Each role in each kind of place.
pub(crate) fn everybody() -> Vec<(Who, Where)> {
    ROLES.into_iter().flat_map(|who| [(who, Where::Crew), (who, Where::Public)]).collect()
}

/// Goes through the table for these, with [`people()`] in the room.
pub(crate) fn some(control: &Control, driver: &mut dyn Driver, whom: &[(Who, Where)]) {
    let table = table();
    let said: BTreeSet<_> = table.row.iter().filter_map(|row| Command::named(word(&row.say))).collect();
    assert_eq!(said.len(), CATALOG.len(), "a command is missing in the table");
    for (block, (who, place)) in whom.iter().copied().enumerate() {
        for (index, row) in table.row.iter().enumerate() {
            let call = block * table.row.len() + index;
            // Dana and Marta have the first two.
            let number = 3 + if driver.begins_anew() { index } else { call };
            let case = Case { table: &table, row, who, place, call, number: number.to_string() };
            case.play(control, driver);
        }
    }
}

fn table() -> Table {
    toml::from_str(include_str!("../words/m1.toml")).expect("the table can be read")
}

struct Case<'t> {
    table: &'t Table,
    row: &'t Row,
    who: Who,
    place: Where,
    /// Counted from 0, over the whole table.
    call: usize,
    /// Joel's, as gavel gives it.
    number: String,
}

impl Case<'_> {
    fn play(&self, control: &Control, driver: &mut dyn Driver) {
        self.count(driver, 2);
        let phone = format!("{}", 20_000 + self.call);
        let joel = control.call(Call { name: b"Joel", ..Call::silent(&phone) });
        self.count(driver, 3);
        let filled = |text: &str| text.replace("{n}", &self.number);
        let typed = |text: &String| Said { typed: filled(text), slots: slots(text, &filled) };
        let slots = self
            .row
            .slots
            .as_ref()
            .map(|slots| slots.iter().map(|(name, value)| (name.clone(), filled(value))).collect());
        let asked = Said { typed: filled(&self.row.say), slots };
        self.row.first.iter().for_each(|first| drop(driver.say(self.who, self.place, &typed(first))));
        let Some(heard) = driver.say(self.who, self.place, &asked) else {
            return self.leave(control, driver, &joel);
        };
        let expected = filled(self.expected(driver));
        let case = format!("{:?} in {:?}: {}", self.who, self.place, asked.typed);
        assert!(fits(&heard, expected.trim()), "{case}\n--- expected\n{expected}\n--- heard\n{heard}");
        self.truth(control, &joel, &case);
        self.row.after.iter().for_each(|after| drop(driver.say(self.who, self.place, &typed(after))));
        self.leave(control, driver, &joel);
    }

    fn may(&self) -> bool {
        self.who >= self.row.from
    }

    fn expected(&self, driver: &dyn Driver) -> &str {
        if !self.may() {
            return &self.table.refused[&self.row.from];
        }
        let words = if self.place == Where::Crew { &self.row.crew } else { &self.row.public };
        match (&self.row.alone, words) {
            (Some(alone), _) if !driver.has_others() => alone,
            (_, Words::Same(words)) => words,
            (_, Words::By { listener, screener, cohost, host }) => match self.who {
                Who::Listener => listener,
                Who::Screener => screener,
                Who::Cohost => cohost,
                Who::Host => host,
            },
        }
    }

    /// What Asterisk itself says.
    fn truth(&self, control: &Control, joel: &Member, case: &str) {
        let members = control.members("200");
        let joel = members.iter().find(|member| member.uniqueid == joel.uniqueid);
        let expected = if self.may() { self.row.truth } else { Truth::Same };
        let seen = match joel {
            None => Truth::Gone,
            Some(joel) if joel.muted => Truth::Muted,
            Some(_) if control.locked("200") => Truth::Locked,
            Some(_) => Truth::Same,
        };
        assert_eq!(seen, expected, "{case}");
        assert!(members.iter().any(|member| member.number == CREW && !member.muted), "{case}: {members:?}");
    }

    fn leave(&self, control: &Control, driver: &mut dyn Driver, joel: &Member) {
        if control.members("200").iter().any(|member| member.uniqueid == joel.uniqueid) {
            control.hang_up(&joel.phone());
        }
        self.count(driver, 2);
    }

    /// Waits until gavel sees so many.
    fn count(&self, driver: &mut dyn Driver, count: usize) {
        let wanted = format!("Thursday Line: {count} in the room*");
        until(Duration::from_secs(10), &wanted, || {
            let roster = Said { typed: "roster".to_owned(), slots: Some(BTreeMap::new()) };
            let roster = driver.say(self.who, self.place, &roster).expect("every network can say that");
            roster.lines().any(|line| same(line, &wanted)).then_some(())
        });
    }
}

/// The words of the table that are said beside a row's own, taken apart.
fn slots(typed: &str, filled: &impl Fn(&str) -> String) -> Option<BTreeMap<String, String>> {
    let (word, rest) = typed.split_once(' ').unwrap_or((typed, ""));
    let slots: &[(&str, &str)] = match (word, rest.split_once(' ')) {
        ("note", Some((caller, text))) => &[("caller", caller), ("text", text)],
        ("mute" | "unmute", _) => &[("callers", rest)],
        ("topic", _) => &[("text", rest)],
        _ => &[],
    };
    Some(slots.iter().map(|(name, value)| ((*name).to_owned(), filled(value))).collect())
}

fn word(said: &str) -> &str {
    said.split(' ').next().unwrap_or_default()
}

/// Whether these lines stand in it, one after the other.
fn fits(heard: &str, expected: &str) -> bool {
    let (heard, expected): (Vec<_>, Vec<_>) = (heard.lines().collect(), expected.lines().collect());
    heard
        .windows(expected.len())
        .any(|lines| lines.iter().zip(&expected).all(|(line, words)| same(line, words)))
}

/// A line, in which `*` stands for anything.
fn same(line: &str, words: &str) -> bool {
    let mut parts = words.split('*');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}
