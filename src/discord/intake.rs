//! What an interaction asks, by whom, where and when: read from its own payload, nothing cached.
//!
//! It judges nothing: whether the place is bound, the asker may, the interaction is too old, others decide.

use gavel_chat::text::Foreign;
use gavel_chat::{Asker, Claim, Press, UserId};
use serenity::all::{
    CommandData, CommandDataOption, CommandDataOptionValue, CommandInteraction, CommandType,
    ComponentInteraction, ComponentInteractionDataKind, GuildId, Interaction, Member, MessageFlags, User,
};

use super::outbox::Secret;
use super::press;

/// The first millisecond of 2015, when Discord's ids begin.
const EPOCH: u64 = 1_420_070_400_000;

/// An interaction, read.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Its id.
    pub(crate) id: u64,
    /// The token with which it is answered, for 15 minutes.
    pub(crate) token: Secret,
    /// Where.
    pub(crate) channel: u64,
    /// Who, with what Discord vouches for at this moment.
    pub(crate) asker: Asker,
    /// When Discord made it, by its own clock (Unix milliseconds).
    pub(crate) born: u64,
    /// What.
    pub(crate) what: What,
}

/// What is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum What {
    /// A command, by the names it was registered under.
    Slash {
        /// Its word.
        command: String,
        /// Options and what was given for them: a choice's value or its name, clients send either.
        slots: Vec<(String, String)>,
    },
    /// Choices for an option that is being typed.
    Complete {
        /// The command's word.
        command: String,
        /// The option.
        slot: String,
        /// What was typed of it.
        typed: String,
    },
    /// A control was pressed.
    Press {
        /// Which.
        press: Press,
        /// What was chosen, if it is a select.
        chosen: Option<String>,
        /// The message that it stands below.
        message: u64,
        /// That message is seen by the presser alone.
        panel: bool,
    },
    /// Not for us, or from another version of us.
    Unknown,
}

/// Reads an interaction; `None`: there is nobody to answer (a ping).
pub(crate) fn read(interaction: &Interaction) -> Option<Asked> {
    let (channel, guild, member, user, what) = match interaction {
        Interaction::Command(i) => (i.channel_id, i.guild_id, i.member.as_deref(), &i.user, command(i)),
        Interaction::Autocomplete(i) => (i.channel_id, i.guild_id, i.member.as_deref(), &i.user, partial(i)),
        Interaction::Component(i) => (i.channel_id, i.guild_id, i.member.as_ref(), &i.user, component(i)),
        Interaction::Modal(i) => (i.channel_id, i.guild_id, i.member.as_ref(), &i.user, What::Unknown),
        _ => return None,
    };
    let id = interaction.id().get();
    Some(Asked {
        id,
        token: Secret::new(interaction.token()),
        channel: channel.get(),
        asker: asker(user, member, guild),
        born: born(id),
        what,
    })
}

/// When Discord made the thing with this id, by its own clock (Unix milliseconds).
pub(crate) fn born(id: u64) -> u64 {
    (id >> 22) + EPOCH
}

fn command(interaction: &CommandInteraction) -> What {
    let Some((command, options)) = called(&interaction.data) else { return What::Unknown };
    let slot = |option: &CommandDataOption| Some((option.name.clone(), given(&option.value)?));
    What::Slash { command: command.to_owned(), slots: options.iter().filter_map(slot).collect() }
}

fn partial(interaction: &CommandInteraction) -> What {
    let (Some((command, _)), Some(typed)) = (called(&interaction.data), interaction.data.autocomplete())
    else {
        return What::Unknown;
    };
    What::Complete { command: command.to_owned(), slot: typed.name.to_owned(), typed: typed.value.to_owned() }
}

/// The command's own word and options, whether or not it stands under a root.
fn called(data: &CommandData) -> Option<(&str, &[CommandDataOption])> {
    if data.kind != CommandType::ChatInput {
        return None;
    }
    match data.options.as_slice() {
        [CommandDataOption { name, value: CommandDataOptionValue::SubCommand(options), .. }] => {
            Some((name, options))
        }
        options => Some((&data.name, options)),
    }
}

/// What was given for an option. All of ours are strings; whatever else comes from an older registration.
fn given(value: &CommandDataOptionValue) -> Option<String> {
    match value {
        CommandDataOptionValue::String(text) => Some(text.clone()),
        CommandDataOptionValue::Integer(number) => Some(number.to_string()),
        CommandDataOptionValue::Boolean(yes) => Some(yes.to_string()),
        _ => None,
    }
}

fn component(interaction: &ComponentInteraction) -> What {
    let Some(press) = press::read(&interaction.data.custom_id) else { return What::Unknown };
    let chosen = match &interaction.data.kind {
        ComponentInteractionDataKind::Button => None,
        ComponentInteractionDataKind::StringSelect { values } => values.first().cloned(),
        _ => return What::Unknown,
    };
    let flags = interaction.message.flags.unwrap_or_default();
    let panel = flags.contains(MessageFlags::EPHEMERAL);
    What::Press { press, chosen, message: interaction.message.id.get(), panel }
}

fn asker(user: &User, member: Option<&Member>, guild: Option<GuildId>) -> Asker {
    let id = format!("discord:user:{}", user.id);
    let mut claims = vec![Claim(id.clone())];
    if let (Some(member), Some(guild)) = (member, guild) {
        // The role that everybody has (@everyone) has the guild's id and is not listed.
        let roles = member.roles.iter().map(|role| role.get()).chain([guild.get()]);
        claims.extend(roles.map(|role| Claim(format!("discord:role:{role}"))));
        let held = member.permissions.unwrap_or_default();
        claims.extend(held.iter_names().map(|(name, _)| Claim(format!("discord:permission:{name}"))));
    }
    Asker { user: UserId::new(id), name: shown(user, member), claims, trusted_device: None }
}

/// The name that others see: the guild's, the person's own, the account's.
fn shown(user: &User, member: Option<&Member>) -> Foreign {
    let nick = member.and_then(|member| member.nick.as_deref());
    let names = [nick, user.global_name.as_deref(), Some(user.name.as_str())];
    let mut visible = names.into_iter().flatten().map(Foreign::name).filter(|name| !name.is_empty());
    visible.next().unwrap_or_else(|| Foreign::name(&format!("user {}", user.id)))
}

#[cfg(test)]
mod tests;
