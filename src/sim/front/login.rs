//! Challenge, login, and what is refused before and after.

use md5::{Digest, Md5};

use super::{Front, Phase, REFUSAL, Request};
use crate::class::{Class, Classes};
use crate::packet::Draft;
use crate::world::World;

impl Front {
    pub(super) fn challenge(&mut self, world: &mut World, request: &Request) {
        if !request.get("AuthType").eq_ignore_ascii_case(b"MD5") {
            return self.fail(request, "Must specify AuthType");
        }
        let challenge = (self.serial.wrapping_mul(2_654_435_761) ^ world.wall()) % 1_000_000_000;
        let challenge = self.challenge.insert(challenge.to_string()).clone();
        let draft = Draft::response("Success").maybe("ActionID", request.id());
        self.send(draft.kv("Challenge", challenge));
    }

    pub(super) fn login(&mut self, world: &mut World, request: &Request) {
        if self.phase == Phase::Known {
            return self.done(request, "Already authenticated");
        }
        let kind = request.get("AuthType");
        if !kind.is_empty() && !kind.eq_ignore_ascii_case(b"MD5") && !kind.eq_ignore_ascii_case(b"plaintext")
        {
            return self.fail(request, "Must specify AuthType");
        }
        let name = request.text("Username");
        let user = world.setup.users.get(&name).cloned();
        let Some(user) = user.filter(|user| self.proves(request, &user.secret)) else {
            return self.refuse(world, request);
        };
        self.phase = Phase::Known;
        (self.user, self.read, self.write) = (name, user.read, user.write);
        let events = request.text("Events");
        self.asked = if events.is_empty() { Classes::ALL } else { mask(&events).0 };
        self.done(request, "Authentication accepted");
        self.greet(world);
    }

    fn proves(&self, request: &Request, secret: &str) -> bool {
        if request.get("AuthType").eq_ignore_ascii_case(b"MD5") {
            let Some(challenge) = &self.challenge else { return false };
            let digest = Md5::new().chain_update(challenge).chain_update(secret).finalize();
            let key: String = digest.iter().map(|b| format!("{b:02x}")).collect();
            return request.get("Key").eq_ignore_ascii_case(key.as_bytes());
        }
        request.get("Secret") == secret.as_bytes() && !secret.is_empty()
    }

    fn refuse(&mut self, world: &World, request: &Request) {
        let draft = Draft::response("Error").maybe("ActionID", request.id());
        self.refusal = draft.kv("Message", "Authentication failed").done();
        self.phase = Phase::Refusing(world.now + REFUSAL);
    }

    fn greet(&mut self, world: &mut World) {
        if self.hears().has(Class::System) {
            let draft = Draft::event("FullyBooted", Class::System);
            let uptime = world.uptime().as_secs();
            let draft = if world.style().modern() {
                draft.num("Uptime", uptime).num("LastReload", uptime)
            } else {
                draft
            };
            self.send(draft.kv("Status", "Fully Booted"));
        }
        if world.style().modern() {
            let draft = self.security(world, "SuccessfulAuth", "Informational");
            let draft = draft.kv("UsingPassword", "0").kv("SessionTV", stamp(self.since));
            world.hear_also(self.hears());
            world.tell_all(Class::Security, draft);
        }
    }

    /// The fields that all events of class security begin with.
    pub(super) fn security(&self, world: &World, name: &str, severity: &str) -> Draft {
        let draft = Draft::event(name, Class::Security).kv("EventTV", stamp(world.wall()));
        let draft = draft.kv("Severity", severity).kv("Service", "AMI").kv("EventVersion", "1");
        let draft = draft
            .kv("AccountID", &self.user)
            .kv("SessionID", format!("0x{:012x}", 0x7fa9_c000_0000 + self.serial * 16));
        let draft = draft.kv("LocalAddress", format!("IPV4/TCP/{}/{}", self.local.ip(), self.local.port()));
        draft.kv("RemoteAddress", format!("IPV4/TCP/{}/{}", self.peer.ip(), self.peer.port()))
    }

    pub(super) fn events(&mut self, world: &mut World, request: &Request) {
        let (asked, on) = mask(&request.text("EventMask"));
        self.asked = asked;
        world.hear_also(self.hears());
        let draft = Draft::response("Success").maybe("ActionID", request.id());
        self.send(draft.kv("Events", if on { "On" } else { "Off" }));
    }
}

/// `on`, `off`, or classes; what is none of these is off.
fn mask(text: &str) -> (Classes, bool) {
    let classes = match text.trim().to_lowercase().as_str() {
        "on" | "yes" | "true" | "1" | "all" => Classes::ALL,
        words => Classes::parse(words),
    };
    (classes, !classes.is_empty())
}

/// `2026-11-23T00:16:59.456+0000`.
pub(super) fn stamp(milliseconds: u64) -> String {
    let (date, time) = date_and_time(milliseconds / 1000);
    format!("{date}T{time}.{:03}+0000", milliseconds % 1000)
}

/// Date and time of day, in UTC.
pub(super) fn date_and_time(seconds: u64) -> (String, String) {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Howard Hinnant's civil_from_days, for days after 1970.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * index + 2) / 5 + 1;
    let month = if index < 10 { index + 3 } else { index - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let time = format!("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    (format!("{year:04}-{month:02}-{day:02}"), time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_and_masks() {
        assert_eq!(stamp(1_795_393_019_456), "2026-11-23T00:16:59.456+0000");
        assert_eq!(date_and_time(951_782_400).0, "2000-02-29");
        assert!(mask("call,user").1 && !mask("bogus").1 && !mask("off").1 && mask("ON").0 == Classes::ALL);
    }
}
