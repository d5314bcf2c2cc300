//! What gavel may do in a channel, by the rules of Discord: roles add up, then a channel's overwrites change them.
//!
//! Invariant: bits alone, no words but the names that Discord's own clients show for them.

use super::shapes::{Channel, Guild, Member, Overwrite};

const ADMINISTRATOR: u64 = 1 << 3;
const VIEW_CHANNEL: u64 = 1 << 10;
const SEND_MESSAGES: u64 = 1 << 11;
const EMBED_LINKS: u64 = 1 << 14;
const READ_MESSAGE_HISTORY: u64 = 1 << 16;
const USE_APPLICATION_COMMANDS: u64 = 1 << 31;
const PIN_MESSAGES: u64 = 1 << 51;

const NAMES: [(u64, &str); 5] = [
    (VIEW_CHANNEL, "View Channel"),
    (SEND_MESSAGES, "Send Messages"),
    (EMBED_LINKS, "Embed Links"),
    (READ_MESSAGE_HISTORY, "Read Message History"),
    (PIN_MESSAGES, "Pin Messages"),
];
/// Without these nothing works.
pub(super) const NEEDED: u64 = VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | READ_MESSAGE_HISTORY;
/// Without this nothing works worse than that the card scrolls away.
pub(super) const PIN: u64 = PIN_MESSAGES;
/// All that gavel asks for.
pub(super) const WANTED: u64 = NEEDED | PIN;

/// What gavel has in a channel of what it wants, and who can change that.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rights {
    /// What it has.
    pub(super) has: u64,
    /// What it lacks because its role does not have it in the whole server.
    pub(super) by_role: u64,
    /// What it lacks because this channel does not let it.
    pub(super) by_channel: u64,
}

/// What gavel may do there of what it wants. Missing are only those that must be given: without View Channel or Send
/// Messages Discord takes others away too, which come back by themselves.
pub(super) fn rights(guild: &Guild, member: &Member, me: u64, channel: &Channel) -> Rights {
    let base = base(guild, me, &member.roles);
    let has = changed(base, guild.id.0, &member.roles, me, &channel.permission_overwrites) & WANTED;
    let if_invited = changed(base | WANTED, guild.id.0, &member.roles, me, &channel.permission_overwrites);
    let by_channel = WANTED & !if_invited;
    Rights { has, by_role: WANTED & !has & !by_channel, by_channel }
}

/// Whether gavel has what it never needs.
pub(super) fn administers(guild: &Guild, member: &Member) -> bool {
    let held = guild.roles.iter().filter(|role| member.roles.contains(&role.id));
    held.fold(0, |sum, role| sum | role.permissions.0) & ADMINISTRATOR != 0
}

/// Whether anybody but administrators can give commands in a channel: by one role, or for the person alone.
pub(super) fn anybody_may_ask(guild: &Guild, me: u64, channel: &Channel) -> bool {
    const ASK: u64 = VIEW_CHANNEL | USE_APPLICATION_COMMANDS;
    let overwrites = &channel.permission_overwrites;
    let role = |role: &super::shapes::Role| {
        let base = base(guild, 0, &[role.id]);
        base & ADMINISTRATOR == 0 && changed(base, guild.id.0, &[role.id], 0, overwrites) & ASK == ASK
    };
    let ours = |role: &&super::shapes::Role| role.tags.as_ref().and_then(|tags| tags.bot_id).is_none();
    let person = |rule: &Overwrite| {
        let base = base(guild, rule.id.0, &[]);
        rule.kind == 1
            && rule.id.0 != me
            && changed(base, guild.id.0, &[], rule.id.0, overwrites) & ASK == ASK
    };
    guild.roles.iter().filter(ours).any(role) || overwrites.iter().any(person)
}

/// The names of these permissions, as the clients show them.
pub(super) fn names(bits: u64) -> String {
    let named = NAMES.iter().filter(|(bit, _)| bits & bit != 0);
    named.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

/// In the whole guild.
fn base(guild: &Guild, user: u64, roles: &[super::shapes::Number]) -> u64 {
    if guild.owner_id.0 == user {
        return u64::MAX;
    }
    let held = guild.roles.iter().filter(|role| role.id == guild.id || roles.contains(&role.id));
    let sum = held.fold(0, |sum, role| sum | role.permissions.0);
    if sum & ADMINISTRATOR == 0 { sum } else { u64::MAX }
}

/// In one channel: what it says of everyone, then of the roles together, then of the member.
fn changed(base: u64, guild: u64, roles: &[super::shapes::Number], user: u64, rules: &[Overwrite]) -> u64 {
    if base & ADMINISTRATOR != 0 {
        return u64::MAX;
    }
    let apply = |have: u64, fits: &dyn Fn(&Overwrite) -> bool| {
        let fitting = rules.iter().filter(|rule| fits(rule));
        let (allow, deny) = fitting.fold((0, 0), |(a, d), rule| (a | rule.allow.0, d | rule.deny.0));
        (have & !deny) | allow
    };
    let have = apply(base, &|rule| rule.kind == 0 && rule.id.0 == guild);
    let have = apply(have, &|rule| rule.kind == 0 && rule.id.0 != guild && roles.contains(&rule.id));
    apply(have, &|rule| rule.kind == 1 && rule.id.0 == user)
}
