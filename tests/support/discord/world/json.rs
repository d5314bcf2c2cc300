//! How Discord tells of things, over REST and by the gateway. Complete enough for clients with strict models.

use serde_json::{Value, json};

use super::message::Message;
use super::{Channel, Guild, Id, Role, Whom, World};

/// RFC 3339 in UTC with Discord's microseconds, from milliseconds since 1970.
pub fn timestamp(millis: u64) -> String {
    let (days, rest) = (millis / 86_400_000, millis % 86_400_000);
    let (year, month, day) = civil(days as i64);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1_000 % 60, rest % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}000+00:00")
}

/// Year, month and day of a day since 1970 (Howard Hinnant's `civil_from_days`).
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day = shifted.rem_euclid(146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let number = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(number <= 2), number, of_year - (153 * month + 2) / 5 + 1)
}

impl World {
    /// A user object.
    pub fn user_json(&self, id: Id) -> Value {
        let user = self.users.get(&id);
        let name = user.map_or_else(|| format!("user{id}"), |user| user.username.clone());
        json!({
            "id": id, "username": name, "global_name": user.and_then(|user| user.global_name.clone()),
            "discriminator": if user.is_some_and(|user| user.bot) { "7777" } else { "0" },
            "avatar": null, "bot": user.is_some_and(|user| user.bot), "system": false, "public_flags": 0, "flags": 0,
            "banner": null, "accent_color": null, "avatar_decoration_data": null, "collectibles": null,
            "primary_guild": null, "clan": null,
        })
    }

    /// A member object with its user; without permissions, which only interactions carry.
    pub fn member_json(&self, guild: &Guild, user: Id) -> Value {
        let member = guild.members.iter().find(|member| member.user == user);
        json!({
            "user": self.user_json(user), "nick": member.and_then(|member| member.nick.clone()),
            "roles": member.map_or(&[][..], |member| &member.roles), "joined_at": "2024-01-01T00:00:00.000000+00:00",
            "deaf": false, "mute": false, "flags": 0, "pending": false, "avatar": null, "banner": null,
            "premium_since": null, "communication_disabled_until": null, "avatar_decoration_data": null,
        })
    }

    /// A role object.
    pub fn role_json(&self, guild: &Guild, role: &Role) -> Value {
        let position = guild.roles.iter().position(|it| it.id == role.id).unwrap_or(0);
        json!({
            "id": role.id, "name": role.name, "description": null, "permissions": role.permissions,
            "position": position, "color": 0,
            "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
            "hoist": false, "managed": false, "mentionable": role.mentionable, "icon": null, "unicode_emoji": null,
            "flags": 0,
        })
    }

    /// A text channel.
    pub fn channel_json(&self, guild: &Guild, channel: &Channel) -> Value {
        let overwrites: Vec<Value> = channel.overwrites.iter().map(overwrite).collect();
        let position = guild.channels.iter().position(|it| it.id == channel.id).unwrap_or(0);
        json!({
            "id": channel.id, "type": 0, "guild_id": guild.id, "name": channel.name, "topic": channel.topic,
            "position": position, "permission_overwrites": overwrites, "nsfw": false, "parent_id": null,
            "last_message_id": channel.last_message, "last_pin_timestamp": null, "rate_limit_per_user": 0, "flags": 0,
        })
    }

    /// A guild object, as REST tells it.
    pub fn guild_json(&self, guild: &Guild) -> Value {
        let roles: Vec<Value> = guild.roles.iter().map(|role| self.role_json(guild, role)).collect();
        json!({
            "id": guild.id, "name": guild.name, "icon": null, "description": null, "home_header": null,
            "splash": null, "discovery_splash": null, "features": [], "banner": null, "owner_id": guild.owner,
            "application_id": null, "region": "deprecated", "afk_channel_id": null, "afk_timeout": 300,
            "system_channel_id": null, "system_channel_flags": 0, "widget_enabled": false, "widget_channel_id": null,
            "verification_level": 1, "roles": roles, "default_message_notifications": 1, "mfa_level": 0,
            "explicit_content_filter": 0, "max_presences": null, "max_members": 500_000,
            "max_stage_video_channel_users": 50, "max_video_channel_users": 25, "vanity_url_code": null,
            "premium_tier": 0, "premium_subscription_count": 0, "preferred_locale": "en-US",
            "rules_channel_id": null, "safety_alerts_channel_id": null, "public_updates_channel_id": null,
            "hub_type": null, "premium_progress_bar_enabled": false, "latest_onboarding_question_id": null,
            "nsfw": false, "nsfw_level": 0, "owner_configured_content_level": 0, "emojis": [], "stickers": [],
            "incidents_data": null, "inventory_settings": null, "embed_enabled": false, "embed_channel_id": null,
        })
    }

    /// A guild as GUILD_CREATE tells it: with its channels, and the bot as the only member that is told.
    pub fn guild_create_json(&self, guild: &Guild) -> Value {
        let mut told = self.guild_json(guild);
        let channels: Vec<Value> = guild.channels.iter().map(|it| self.channel_json(guild, it)).collect();
        let more = json!({
            "joined_at": "2024-01-01T00:00:00.000000+00:00", "large": false, "unavailable": false,
            "member_count": guild.members.len(), "voice_states": [], "members": [self.member_json(guild, self.bot())],
            "channels": channels, "threads": [], "presences": [], "stage_instances": [], "guild_scheduled_events": [],
            "soundboard_sounds": [], "activity_instances": [], "embedded_activities": [],
        });
        if let (Some(told), Value::Object(more)) = (told.as_object_mut(), more) {
            told.extend(more);
        }
        told
    }

    /// The bot's application.
    pub fn application_json(&self) -> Value {
        json!({
            "id": self.application, "name": "gavel", "icon": null, "description": "", "summary": "", "type": null,
            "bot_public": self.public, "bot_require_code_grant": self.code_grant, "verify_key": "0".repeat(64), "flags": 0,
            "bot": self.user_json(self.bot()), "owner": self.user_json(Id(1)), "team": null, "hook": true,
            "integration_types_config": {"0": {}}, "redirect_uris": [], "flags_new": "0",
            "eligible_oauth2_scopes": ["bot", "applications.commands"],
            "interactions_endpoint_url": self.endpoint, "role_connections_verification_url": null,
            "approximate_guild_count": self.guilds.len(), "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0, "explicit_content_filter": 0, "rpc_origins": [],
            "event_webhooks_url": null, "event_webhooks_status": 1, "tags": [],
        })
    }

    /// A message object.
    pub fn message_json(&self, message: &Message) -> Value {
        let mentions: Vec<Value> = message.pings.users.iter().map(|id| self.user_json(*id)).collect();
        let mut told = json!({
            "id": message.id, "channel_id": message.channel, "author": self.user_json(message.author),
            "content": message.content, "timestamp": timestamp(message.id.born()),
            "edited_timestamp": message.edited.map(timestamp), "tts": false,
            "mention_everyone": message.pings.everyone, "mentions": mentions, "mention_roles": message.pings.roles,
            "mention_channels": [], "attachments": [], "embeds": embeds(&message.embeds), "pinned": message.pinned,
            "type": message.kind, "flags": message.flags, "components": components(&message.components),
        });
        if let Some(nonce) = &message.nonce {
            told["nonce"] = json!(nonce);
        }
        if let Some(to) = message.reference {
            let guild = self.guild_of(message.channel).map(|guild| guild.id);
            told["message_reference"] =
                json!({"type": 0, "message_id": to, "channel_id": message.channel, "guild_id": guild});
        }
        let Some(interaction) = message.interaction else { return told };
        told["webhook_id"] = json!(self.application);
        told["application_id"] = json!(self.application);
        if let Some(it) = self.interactions.get(&interaction) {
            told["interaction_metadata"] = json!({
                "id": it.id, "type": it.kind as u8, "user": self.user_json(it.user),
                "authorizing_integration_owners": {"0": it.guild},
            });
            if let Some(pressed) = it.message {
                told["interaction_metadata"]["interacted_message_id"] = json!(pressed);
            }
            if let (Some(name), 2) = (it.data.get("name"), it.kind as u8) {
                told["interaction"] =
                    json!({"id": it.id, "type": 2, "name": name, "user": self.user_json(it.user)});
            }
        }
        told
    }
}

fn overwrite(rule: &super::Overwrite) -> Value {
    let (id, kind) = match rule.whom {
        Whom::Role(id) => (id, 0),
        Whom::Member(id) => (id, 1),
    };
    json!({"id": id, "type": kind, "allow": rule.allow, "deny": rule.deny})
}

/// Embeds with the type that Discord gives those of bots, and without what was sent as null.
fn embeds(sent: &[Value]) -> Vec<Value> {
    let mut told: Vec<Value> = sent.iter().map(crate::rules::without_nulls).collect();
    told.iter_mut().for_each(|embed| embed["type"] = json!("rich"));
    told
}

/// Components with the numbers that Discord gives them in order, and without what was sent as null.
pub(crate) fn components(sent: &[Value]) -> Vec<Value> {
    fn number(value: &mut Value, next: &mut u64) {
        if value.get("type").is_some() && value.get("id").is_none() {
            *next += 1;
            value["id"] = json!(*next);
        }
        if let Some(inside) = value.get_mut("components").and_then(Value::as_array_mut) {
            inside.iter_mut().for_each(|it| number(it, next));
        }
    }
    let mut told: Vec<Value> = sent.iter().map(crate::rules::without_nulls).collect();
    let mut next = 0;
    told.iter_mut().for_each(|row| number(row, &mut next));
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_rfc_3339() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00.000000+00:00");
        assert_eq!(timestamp(1_709_164_799_123), "2024-02-28T23:59:59.123000+00:00");
        assert_eq!(timestamp(1_709_164_800_000), "2024-02-29T00:00:00.000000+00:00");
    }
}
