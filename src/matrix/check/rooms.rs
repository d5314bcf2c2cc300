//! One room: are we in it, is it encrypted, and what may we do there.

use gavel_chat::text::Foreign;
use serde_json::Value;

use super::ask::{Asking, Unanswered, encoded};
use super::{Findings, Sought};
use crate::settings::Settings;

pub(super) async fn look(
    settings: &Settings,
    asking: &Asking,
    sought: &Sought,
    findings: &mut Findings,
) -> Result<(), Unanswered> {
    let Sought { room_id, purpose } = sought;
    let base = format!("/_matrix/client/v3/rooms/{}/state", encoded(room_id));
    let answer = asking.get(&base).await?;
    let Some(state) = answer.body.as_array() else {
        findings.problem(format!(
            "{room_id} ({purpose}): not in that room: invite {} there, and start gavel",
            settings.user
        ));
        return Ok(());
    };
    let content = |kind: &str| {
        let is = |event: &&Value| event["type"] == kind && event["state_key"] == "";
        state.iter().find(is).map(|event| &event["content"])
    };
    let here = |kind: &str| {
        let is = |event: &&Value| event["type"] == kind && event["state_key"] == settings.user.as_str();
        state.iter().find(is).map(|event| &event["content"])
    };
    if here("m.room.member").is_none_or(|member| member["membership"] != "join") {
        findings.problem(format!(
            "{room_id} ({purpose}): not in that room any more: invite {} there",
            settings.user
        ));
        return Ok(());
    }
    let name = content("m.room.name").and_then(|name| name["name"].as_str()).map(Foreign::name);
    let name = name.map(|name| format!(" \"{name}\"")).unwrap_or_default();
    let version = content("m.room.create").and_then(|create| create["room_version"].as_str()).unwrap_or("1");
    let version = Foreign::name(version);
    let encrypted = content("m.room.encryption").is_some();
    let secrecy =
        if encrypted { "encrypted" } else { "not encrypted: the homeserver can read and forge everything" };
    findings.ok(format!("{room_id}{name} ({purpose}): in it, version {version}, {secrecy}"));
    let place = settings.places.iter().find(|place| place.room_id == *room_id);
    let levels = Levels { power: content("m.room.power_levels"), had: had(settings, state) };
    let message = if encrypted { "m.room.encrypted" } else { "m.room.message" };
    let mut need = |what: &str, needed: i64, must: bool| {
        if levels.had.is_some_and(|had| had < needed) {
            let words = format!(
                "{room_id}: may not {what}: that needs power level {needed}, {} has {}",
                settings.user,
                levels.had.unwrap_or(0)
            );
            if must { findings.problem(words) } else { findings.warning(words) }
        }
    };
    need("write", levels.needed(message, "events_default", 0), true);
    need("pin the card", levels.needed("m.room.pinned_events", "state_default", 50), false);
    if place.is_some_and(|place| place.sync_topic) {
        need("set the topic", levels.needed("m.room.topic", "state_default", 50), false);
    }
    Ok(())
}

struct Levels<'a> {
    power: Option<&'a Value>,
    /// `None`: endless.
    had: Option<i64>,
}

impl Levels<'_> {
    fn needed(&self, kind: &str, default: &str, none: i64) -> i64 {
        let Some(power) = self.power else { return 0 };
        number(&power["events"][kind]).or_else(|| number(&power[default])).unwrap_or(none)
    }
}

/// The power that our account has; from version 12 on, creators have an endless one.
fn had(settings: &Settings, state: &[Value]) -> Option<i64> {
    let of = |kind: &str| state.iter().find(|event| event["type"] == kind && event["state_key"] == "");
    let create = of("m.room.create");
    let user = settings.user.as_str();
    if let Some(create) = create {
        let version: u32 =
            create["content"]["room_version"].as_str().and_then(|version| version.parse().ok()).unwrap_or(1);
        let more = create["content"]["additional_creators"].as_array();
        let created =
            create["sender"] == user || more.is_some_and(|more| more.iter().any(|other| other == user));
        if version >= 12 && created {
            return None;
        }
    }
    let Some(power) = of("m.room.power_levels").map(|event| &event["content"]) else { return Some(0) };
    Some(number(&power["users"][user]).or_else(|| number(&power["users_default"])).unwrap_or(0))
}

/// Old rooms have them as text, too.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn levels_as_old_rooms_write_them() {
        let power = json!({"events": {"m.room.topic": "60"}, "state_default": 40, "events_default": 10});
        let levels = Levels { power: Some(&power), had: Some(0) };
        assert_eq!(levels.needed("m.room.topic", "state_default", 50), 60);
        assert_eq!(levels.needed("m.room.pinned_events", "state_default", 50), 40);
        assert_eq!(levels.needed("m.room.message", "events_default", 0), 10);
        assert_eq!(Levels { power: None, had: None }.needed("x", "state_default", 50), 0);
    }
}
