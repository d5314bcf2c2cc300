//! People at their clients: they can do what a real client lets them, and see what it would show them.
//!
//! Owns the client's side of the rules: which commands are offered, what an option takes, which buttons can be pressed,
//! which values chosen. What the bot makes of it is REST's. Invariant: a client never opens an interaction that
//! Discord's own would not let its user open.
//!
//! A [`Member`] and an [`Act`] look at the world by themselves, so they can't be asked from within [`Shared::read`],
//! [`Shared::change`] or a wait: the world is locked there, and the test would hang.

mod act;
mod choice;
mod command;
mod component;
mod modal;

use std::time::Duration;

pub use act::Act;
pub use choice::Choice;
use serde_json::{Value, json};

use crate::world::{Draft, Id, Kind, Message, Opening, Permissions, World};
use crate::{Discord, Shared};

/// Why a client does not let its user do that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The channel is not there, or this member may not see it.
    Channel,
    /// The member lacks that permission here.
    Forbidden(&'static str),
    /// No command of that name is offered: not registered, or hidden from this member.
    Command(String),
    /// The command has no option of that name, or it is given twice.
    Option(String),
    /// A required option is missing.
    Missing(String),
    /// That option does not take what was typed.
    Value(String),
    /// The option has no autocomplete.
    NoAutocomplete(String),
    /// The message is gone, or not shown to this member.
    Message,
    /// The message has no such button or select that can be used.
    Component(String),
    /// A select in which these are chosen already sends nothing.
    Unchanged,
    /// No modal is open.
    Modal,
}

/// A member of the guilds, at a client.
#[derive(Clone, Debug)]
pub struct Member {
    shared: Shared,
    id: Id,
    age: Duration,
}

impl Discord {
    /// The client of that user.
    pub fn member(&self, id: u64) -> Member {
        Member { shared: self.world().clone(), id: Id(id), age: Duration::ZERO }
    }
}

impl Member {
    /// Whose client it is.
    pub fn id(&self) -> Id {
        self.id
    }

    /// The same, but what it does was done so long ago and only reaches the bot now.
    pub fn late(&self, age: Duration) -> Member {
        Member { age, ..self.clone() }
    }

    /// Uses a command: its name, or a root's and a subcommand's with a space between. Options are given as typed.
    pub fn slash(&self, channel: u64, command: &str, options: &[(&str, &str)]) -> Result<Act, Refused> {
        self.open(channel, Kind::Command, None, |world| {
            command::data(world, self.id, Id(channel), command, &typed(options), None)
        })
    }

    /// Types `text` in an option that offers choices. See [`Act::choices`].
    pub fn autocomplete(
        &self,
        channel: u64,
        command: &str,
        option: &str,
        text: &str,
    ) -> Result<Act, Refused> {
        self.autocomplete_after(channel, command, &[], option, text)
    }

    /// The same, when other options have been filled in before.
    pub fn autocomplete_after(
        &self,
        channel: u64,
        command: &str,
        before: &[(&str, &str)],
        option: &str,
        text: &str,
    ) -> Result<Act, Refused> {
        let options = typed(&[before, &[(option, text)]].concat());
        self.open(channel, Kind::Autocomplete, None, |world| {
            command::data(world, self.id, Id(channel), command, &options, Some(option))
        })
    }

    /// Presses a button of a message that is shown to this member.
    pub fn press(&self, message: Id, custom_id: &str) -> Result<Act, Refused> {
        let channel = self.channel_of(message)?;
        self.open(channel, Kind::Component, Some(message), |world| {
            component::press(world, self.id, message, custom_id)
        })
    }

    /// Chooses from a select of a message that is shown to this member.
    pub fn choose(&self, message: Id, custom_id: &str, values: &[&str]) -> Result<Act, Refused> {
        let channel = self.channel_of(message)?;
        self.open(channel, Kind::Component, Some(message), |world| {
            component::choose(world, self.id, message, custom_id, values)
        })
    }

    /// Sends the modal off that `act` opened, with the texts typed into its fields, by `custom_id`.
    pub fn submit(&self, act: &Act, texts: &[(&str, &str)]) -> Result<Act, Refused> {
        let opened = act.interaction();
        let look = |world: &World| modal::submit(world, &opened, &typed(texts));
        self.open(opened.channel.0, Kind::Modal, opened.message, look)
    }

    /// Writes an ordinary message.
    pub fn say(&self, channel: u64, text: &str) -> Result<Id, Refused> {
        self.may(Id(channel), Permissions::SEND_MESSAGES, "SEND_MESSAGES")?;
        let draft = Draft { body: json!({"content": text}), ..Draft::default() };
        Ok(self.shared.change(|world| world.post(self.id, Id(channel), draft)))
    }

    /// What the client shows in that channel, oldest first; the ephemeral ones are this member's own.
    pub fn messages(&self, channel: u64) -> Vec<Message> {
        self.shared.read(|world| world.messages_for(self.id, Id(channel)).into_iter().cloned().collect())
    }

    /// The pinned ones among them.
    pub fn pins(&self, channel: u64) -> Vec<Message> {
        self.messages(channel).into_iter().filter(|message| message.pinned).collect()
    }

    /// The messages that made this member's phone ring.
    pub fn pings(&self, channel: u64) -> Vec<Message> {
        let roles = self.shared.read(|world| {
            let guild = world.guild_of(Id(channel));
            let member = guild.and_then(|guild| guild.members.iter().find(|member| member.user == self.id));
            member.map(|member| member.roles.clone()).unwrap_or_default()
        });
        let rings = |message: &Message| {
            let pings = &message.pings;
            pings.everyone
                || pings.users.contains(&self.id)
                || roles.iter().any(|role| pings.roles.contains(role))
        };
        self.messages(channel).into_iter().filter(rings).collect()
    }

    /// Waits until `look` finds something among what the client shows in that channel. Blocks the thread.
    ///
    /// # Panics
    /// When the time is over, with what the client shows.
    #[track_caller]
    pub fn until<T>(
        &self,
        what: &str,
        channel: u64,
        timeout: Duration,
        mut look: impl FnMut(&[&Message]) -> Option<T>,
    ) -> T {
        let found = self.shared.wait(timeout, |world| look(&world.messages_for(self.id, Id(channel))));
        found.unwrap_or_else(|| panic!("no {what} within {timeout:?}; shown: {:#?}", self.messages(channel)))
    }

    fn channel_of(&self, message: Id) -> Result<u64, Refused> {
        let found = self.shared.read(|world| world.messages.get(&message).map(|message| message.channel.0));
        found.ok_or(Refused::Message)
    }

    fn may(&self, channel: Id, needed: Permissions, name: &'static str) -> Result<(), Refused> {
        let have = self.shared.read(|world| world.permissions(self.id, channel));
        have.has(Permissions::VIEW_CHANNEL).then_some(()).ok_or(Refused::Channel)?;
        have.has(needed).then_some(()).ok_or(Refused::Forbidden(name))
    }

    fn open(
        &self,
        channel: u64,
        kind: Kind,
        message: Option<Id>,
        data: impl FnOnce(&World) -> Result<Value, Refused>,
    ) -> Result<Act, Refused> {
        let channel = Id(channel);
        self.may(channel, Permissions::VIEW_CHANNEL, "VIEW_CHANNEL")?;
        if matches!(kind, Kind::Command | Kind::Autocomplete) {
            self.may(channel, Permissions::USE_APPLICATION_COMMANDS, "USE_APPLICATION_COMMANDS")?;
        }
        let opened = self.shared.change(|world| {
            let opening =
                Opening { kind, channel, user: self.id, data: data(world)?, message, age: self.age };
            world.open(opening).ok_or(Refused::Channel)
        });
        Ok(Act::new(self.shared.clone(), opened?))
    }
}

fn typed(options: &[(&str, &str)]) -> Vec<(String, String)> {
    options.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[cfg(test)]
mod tests;
