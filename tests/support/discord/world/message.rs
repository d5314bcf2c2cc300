//! Messages: what a request may make of one, and who sees it.

use serde_json::Value;

use super::pings::{Default_, Pings};
use super::{Id, Permissions, World};

/// Bits of a message's `flags`.
pub mod flags {
    /// Only one member sees it.
    pub const EPHEMERAL: u64 = 1 << 6;
    /// "… is thinking".
    pub const LOADING: u64 = 1 << 7;
    /// Embeds are not shown.
    pub const SUPPRESS_EMBEDS: u64 = 1 << 2;
    /// It wakes nobody.
    pub const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
    /// Made of components of the second version.
    pub const COMPONENTS_V2: u64 = 1 << 15;
    /// What a bot may set when it makes a message.
    pub const SETTABLE: u64 = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2;
}

/// A message, as Discord keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its id.
    pub id: Id,
    /// Where it is.
    pub channel: Id,
    /// Whose it is.
    pub author: Id,
    /// Its text.
    pub content: String,
    /// Its embeds, as they were sent.
    pub embeds: Vec<Value>,
    /// Its rows of components, as they were sent.
    pub components: Vec<Value>,
    /// See [`flags`].
    pub flags: u64,
    /// Whom it pinged, by its creation or by an edit.
    pub pings: Pings,
    /// The mark against doubles that it was made with.
    pub nonce: Option<String>,
    /// Whether it is pinned.
    pub pinned: bool,
    /// How often it was edited.
    pub edits: u32,
    /// When it was edited last, in milliseconds since 1970.
    pub edited: Option<u64>,
    /// The only member who sees it, if it is ephemeral.
    pub only: Option<Id>,
    /// The interaction that it answers.
    pub interaction: Option<Id>,
    /// Discord's type of message: 0 ordinary, 6 "pinned a message", 20 answer to a command.
    pub kind: u8,
    /// The message that it refers to.
    pub reference: Option<Id>,
}

/// What is to be sent.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The body of the request, which is known to be valid.
    pub body: Value,
    /// The only member who shall see it.
    pub only: Option<Id>,
    /// The interaction that it answers.
    pub interaction: Option<Id>,
    /// More flags than the body's.
    pub flags: u64,
    /// Discord's type of message.
    pub kind: u8,
    /// The message that it refers to.
    pub reference: Option<Id>,
}

impl Message {
    /// Whether `member` sees it, as far as that is the message's business.
    pub fn shown_to(&self, member: Id) -> bool {
        self.only.is_none_or(|only| only == member)
    }

    /// The parts of the components that have a `custom_id`, in order.
    pub fn controls(&self) -> Vec<&Value> {
        fn walk<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
            if value.get("custom_id").is_some_and(Value::is_string) {
                found.push(value);
            }
            for key in ["components", "accessory", "component"] {
                match value.get(key) {
                    Some(Value::Array(list)) => list.iter().for_each(|it| walk(it, found)),
                    Some(one @ Value::Object(_)) => walk(one, found),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        self.components.iter().for_each(|row| walk(row, &mut found));
        found
    }

    /// Whether nothing would be left of it once `body` is applied.
    pub(crate) fn emptied_by(&self, body: &Value) -> bool {
        let mut after = self.clone();
        after.fill(body);
        after.content.trim().is_empty() && after.embeds.is_empty() && after.components.is_empty()
    }

    fn fill(&mut self, body: &Value) {
        let list = |key: &str| body.get(key).map(|it| it.as_array().cloned().unwrap_or_default());
        if let Some(content) = body.get("content") {
            // Discord cuts white space off at the ends.
            self.content = content.as_str().unwrap_or_default().trim().into();
        }
        self.embeds = list("embeds").unwrap_or(std::mem::take(&mut self.embeds));
        self.components = list("components").unwrap_or(std::mem::take(&mut self.components));
    }
}

impl World {
    /// A message comes into being, and the bot's gateway hears of it.
    pub fn post(&mut self, author: Id, channel: Id, draft: Draft) -> Id {
        let id = self.fresh();
        let set = draft.body.get("flags").and_then(Value::as_u64).unwrap_or(0) & flags::SETTABLE;
        let nonce = draft.body.get("nonce").filter(|it| !it.is_null());
        let mut message = Message {
            id,
            channel,
            author,
            content: String::new(),
            embeds: Vec::new(),
            components: Vec::new(),
            flags: set | draft.flags | if draft.only.is_some() { flags::EPHEMERAL } else { 0 },
            pings: Pings::default(),
            nonce: nonce.map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned)),
            pinned: false,
            edits: 0,
            edited: None,
            only: draft.only,
            interaction: draft.interaction,
            kind: draft.kind,
            reference: draft.reference,
        };
        message.fill(&draft.body);
        message.pings = self.pinged(&message, &draft.body);
        if message.only.is_none() {
            self.channel_mut(channel, |it| it.last_message = Some(id));
        }
        self.messages.insert(id, message);
        self.tell_of("MESSAGE_CREATE", id);
        id
    }

    /// A message is changed by what `body` names; what it does not name stays.
    pub fn edit(&mut self, id: Id, body: &Value) {
        let now = self.now();
        let Some(mut message) = self.messages.get(&id).cloned() else { return };
        let waited = message.flags & flags::LOADING != 0;
        message.fill(body);
        message.pings.merge(self.pinged(&message, body));
        message.flags &= !flags::LOADING;
        if !waited {
            message.edits += 1;
            message.edited = Some(now);
        }
        self.messages.insert(id, message);
        self.tell_of("MESSAGE_UPDATE", id);
    }

    /// A message is pinned, or no longer.
    pub fn pin(&mut self, id: Id, pinned: bool) {
        let Some(message) = self.messages.get_mut(&id) else { return };
        message.pinned = pinned;
        let channel = message.channel;
        let guild = self.guild_of(channel).map(|guild| guild.id);
        let data = serde_json::json!({"guild_id": guild, "channel_id": channel, "last_pin_timestamp": null});
        self.dispatch("CHANNEL_PINS_UPDATE", data);
    }

    /// A message is gone. It can still be found among the deleted ones.
    pub fn delete(&mut self, id: Id) {
        let Some(message) = self.messages.remove(&id) else { return };
        let guild = self.guild_of(message.channel).map(|guild| guild.id);
        let data = serde_json::json!({"id": id, "channel_id": message.channel, "guild_id": guild});
        if message.only.is_none() {
            self.dispatch("MESSAGE_DELETE", data);
        }
        self.deleted.push(message);
    }

    /// What a member sees in a channel, oldest first: nothing where it may not look, and of ephemeral messages its own.
    pub fn messages_for(&self, member: Id, channel: Id) -> Vec<&Message> {
        if !self.permissions(member, channel).has(Permissions::VIEW_CHANNEL) {
            return Vec::new();
        }
        self.messages.values().filter(|it| it.channel == channel && it.shown_to(member)).collect()
    }

    /// Whom the message wakes once `body` has been applied to it.
    fn pinged(&self, message: &Message, body: &Value) -> Pings {
        let default = if message.interaction.is_some() { Default_::Interaction } else { Default_::Message };
        let allowed = body.get("allowed_mentions").unwrap_or(&Value::Null);
        let mut pings = Pings::mentioned(&message.content).allowed(allowed, default);
        if !self.permissions(message.author, message.channel).has(Permissions::MENTION_EVERYONE) {
            pings.everyone = false;
            let roles = self.guild_of(message.channel).map_or(&[][..], |guild| &guild.roles);
            pings.roles.retain(|id| roles.iter().any(|role| role.id == *id && role.mentionable));
        }
        pings
    }

    fn tell_of(&mut self, name: &'static str, id: Id) {
        let Some(message) = self.messages.get(&id).filter(|it| it.only.is_none()) else { return };
        let mut data = self.message_json(message);
        data["guild_id"] = serde_json::json!(self.guild_of(message.channel).map(|guild| guild.id));
        self.dispatch(name, data);
    }
}
