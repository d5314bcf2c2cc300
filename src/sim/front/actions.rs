//! Which actions there are, who may use them, and where they go.

use super::{Front, Phase, Request};
use crate::class::{Class, Classes};
use crate::packet::Draft;
use crate::setup::Style;
use crate::world::{Asked, World};

/// Name, what it does, and the classes of which any suffices, as `ListCommands` tells them.
const ACTIONS: &[(&str, &str, &str)] = &[
    ("Atxfer", "Attended transfer.", "call"),
    ("BlindTransfer", "Blind transfer channel(s) to the given destination", "call"),
    ("Challenge", "Generate Challenge for MD5 Auth.", ""),
    ("Command", "Execute Asterisk CLI Command.", "command"),
    ("ConfbridgeKick", "Kick a Confbridge user.", "call"),
    ("ConfbridgeList", "List participants in a conference.", "reporting"),
    ("ConfbridgeListRooms", "List active conferences.", "reporting"),
    ("ConfbridgeLock", "Lock a Confbridge conference.", "call"),
    ("ConfbridgeMute", "Mute a Confbridge user.", "call"),
    (
        "ConfbridgeSetSingleVideoSrc",
        "Set a conference user as the single video source distributed to all other participants.",
        "call",
    ),
    ("ConfbridgeStartRecord", "Start recording a Confbridge conference.", "system"),
    ("ConfbridgeStopRecord", "Stop recording a Confbridge conference.", "system"),
    ("ConfbridgeUnlock", "Unlock a Confbridge conference.", "call"),
    ("ConfbridgeUnmute", "Unmute a Confbridge user.", "call"),
    ("CoreSettings", "Show PBX core settings (version etc).", "system,reporting"),
    ("CoreShowChannels", "List currently active channels.", "system,reporting"),
    ("CoreStatus", "Show PBX core status variables.", "system,reporting"),
    ("Events", "Control Event Flow.", ""),
    ("Getvar", "Gets a channel variable or function value.", "call,reporting"),
    ("Hangup", "Hangup channel.", "system,call"),
    ("ListCommands", "List available manager commands.", ""),
    ("Login", "Login Manager.", ""),
    ("Logoff", "Logoff Manager.", ""),
    ("MeetmeList", "List participants in a conference.", "reporting"),
    ("MeetmeListRooms", "List active conferences.", "reporting"),
    ("MeetmeMute", "Mute a Meetme user.", "call"),
    ("MeetmeUnmute", "Unmute a Meetme user.", "call"),
    ("ModuleCheck", "Check if module is loaded.", "system"),
    ("Originate", "Originate a call.", "originate"),
    ("Ping", "Keepalive command.", ""),
    ("PlayDTMF", "Play DTMF signal on a specific channel.", "call"),
    ("Redirect", "Redirect (transfer) a call.", "call"),
    ("Reload", "Send a reload event.", "system,config"),
    ("Setvar", "Sets a channel variable or function value.", "call"),
    ("ShowDialPlan", "Show dialplan contexts and extensions", "config,reporting"),
    ("Status", "List channel status.", "system,call,reporting"),
    ("UserEvent", "Send an arbitrary event.", "user"),
];

/// What 11 has not.
const MODERN: [&str; 2] = ["BlindTransfer", "ConfbridgeSetSingleVideoSrc"];

fn exists(world: &World, name: &str) -> bool {
    let meetme = !name.starts_with("Meetme") || world.setup.meetme;
    meetme && (world.style() != Style::V11 || !MODERN.contains(&name))
}

impl Front {
    pub(super) fn handle(&mut self, world: &mut World, request: &Request) {
        let name = request.text("Action");
        let name = name.trim_end();
        if name.is_empty() {
            return self.fail(request, "Missing action in request");
        }
        world.note(|| {
            let about = ["Channel", "Command", "Conference"].map(|header| request.text(header));
            let about = about.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
            Asked { action: name.to_owned(), about }
        });
        let known = ACTIONS.iter().find(|(n, ..)| n.eq_ignore_ascii_case(name));
        let open = ["Login", "Challenge", "Logoff"];
        if self.phase != Phase::Known && !known.is_some_and(|(n, ..)| open.contains(n)) {
            return self.fail(request, "Permission denied");
        }
        let Some((name, _, classes)) = known.filter(|(n, ..)| exists(world, n)) else {
            let hint = "Use Action: ListCommands to show available commands.";
            return self.fail(request, &format!("Invalid/unknown command: {name}. {hint}"));
        };
        if !self.may(classes) {
            return self.forbid(world, request, name);
        }
        self.dispatch(world, request, name);
    }

    fn dispatch(&mut self, world: &mut World, request: &Request, name: &str) {
        match name {
            "Login" => self.login(world, request),
            "Challenge" => self.challenge(world, request),
            "Logoff" => {
                self.say("Goodbye", request, "Thanks for all the fish.");
                self.phase = Phase::Over;
            }
            "Events" => self.events(world, request),
            "ListCommands" => self.list_commands(world, request),
            "Ping" => self.ping(world, request),
            "CoreStatus" => self.core_status(world, request),
            "CoreSettings" => self.core_settings(world, request),
            "CoreShowChannels" => {
                let items = world.channel_items(request.id());
                self.list(world, request, "Channels will follow", items, "CoreShowChannelsComplete");
            }
            "Status" => self.status(world, request),
            "Reload" => self.reload(world, request),
            "ModuleCheck" => self.module_check(world, request),
            "ShowDialPlan" => self.show_dialplan(world, request),
            "UserEvent" => self.user_event(world, request),
            "Command" => self.command(world, request),
            "Originate" => self.originate(world, request),
            "Redirect" => self.redirect(world, request),
            "Hangup" => self.hangup(world, request),
            "Setvar" => self.setvar(world, request),
            "Getvar" => self.getvar(world, request),
            "PlayDTMF" => self.play_dtmf(world, request),
            "Atxfer" => self.attended(world, request),
            "BlindTransfer" => self.blind(world, request),
            name if name.starts_with("Meetme") => self.meetme(world, request, name),
            name => self.confbridge(world, request, name),
        }
    }

    pub(super) fn may(&self, classes: &str) -> bool {
        classes.is_empty() || self.write.any(Classes::parse(classes))
    }

    fn forbid(&mut self, world: &mut World, request: &Request, name: &str) {
        self.fail(request, "Permission denied");
        if world.style().modern() {
            let draft = self.security(world, "RequestNotAllowed", "Error");
            let draft = draft.kv("RequestType", format!("Action: {name}"));
            let draft = draft.kv("SessionTV", super::login::stamp(self.since));
            world.tell_all(Class::Security, draft);
        }
    }

    fn list_commands(&mut self, world: &World, request: &Request) {
        let mut draft = Draft::response("Success").maybe("ActionID", request.id());
        for (name, what, classes) in ACTIONS {
            if self.may(classes) && exists(world, name) {
                let needs = if classes.is_empty() { "<none>".to_owned() } else { format!("{classes},all") };
                draft = draft.kv(name, format!("{what}  (Priv: {needs})"));
            }
        }
        self.send(draft);
    }
}
