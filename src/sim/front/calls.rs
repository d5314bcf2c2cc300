//! What is done to calls: originate, redirect, hang up, variables, keys.

use std::time::Duration;

use super::{Front, Request};
use crate::class::Class;
use crate::packet::Draft;
use crate::world::{Originate, Target, Ticket, World, parse_caller, snapshot};

impl Front {
    pub(super) fn originate(&mut self, world: &mut World, request: &Request) {
        let asked = match self.understand(world, request) {
            Ok(asked) => asked,
            Err(text) => return self.fail(request, text),
        };
        let is_async = ["true", "yes", "1", "on"].contains(&request.text("Async").to_lowercase().as_str());
        if is_async {
            self.done(request, "Originate successfully queued");
            let action_id = request.id().map(<[u8]>::to_vec);
            return world.originate(Originate { action_id, ..asked });
        }
        self.serial_originations += 1;
        let ticket = Ticket(self.serial << 32 | self.serial_originations);
        self.blocked = Some((ticket, request.id().map(<[u8]>::to_vec)));
        world.originate(Originate { ticket: Some(ticket), ..asked });
    }

    fn understand(&self, world: &World, request: &Request) -> Result<Originate, &'static str> {
        let channel = request.text("Channel");
        if channel.is_empty() {
            return Err("Channel not specified");
        }
        let (context, exten) = (request.text("Context"), request.text("Exten"));
        let application = request.text("Application");
        let priority = match request.text("Priority").as_str() {
            "" => 1,
            word => world.setup.dialplan.priority(&context, &exten, word).ok_or("Invalid priority")?,
        };
        let timeout = match request.text("Timeout").as_str() {
            "" => 30_000,
            word => word.parse::<u64>().map_err(|_| "Invalid timeout")?,
        };
        if !channel.contains('/') {
            return Err("Invalid channel");
        }
        let target = if application.is_empty() {
            if world.setup.dialplan.step(&context, &exten, priority).is_none() {
                return Err("Extension does not exist.");
            }
            Target::Place(context, exten, priority)
        } else {
            self.allowed(&application)?;
            Target::Application(application, request.get("Data").to_vec())
        };
        let id = |name| Some(request.get(name).to_vec()).filter(|id| !id.is_empty());
        Ok(Originate {
            channel,
            target,
            caller: Some(request.get("CallerID"))
                .filter(|c| !c.is_empty())
                .map(parse_caller)
                .unwrap_or_default(),
            variables: request.all("Variable").flat_map(variables).collect(),
            timeout: Some(Duration::from_millis(timeout)),
            ids: (id("ChannelId"), id("OtherChannelId")),
            action_id: None,
            ticket: None,
        })
    }

    fn allowed(&self, application: &str) -> Result<(), &'static str> {
        let shell = ["system", "trysystem", "exec", "agi", "externalivr", "originate"];
        let listed = shell.contains(&application.to_lowercase().as_str());
        if listed && !self.write.has(Class::System) {
            return Err("Originate Access Forbidden: app or data blacklisted");
        }
        Ok(())
    }

    pub(super) fn redirect(&mut self, world: &mut World, request: &Request) {
        let (name, context, exten) = (request.get("Channel"), request.text("Context"), request.text("Exten"));
        if name.is_empty() {
            return self.fail(request, "Channel not specified");
        }
        if context.is_empty() {
            return self.fail(request, "Context not specified");
        }
        if exten.is_empty() {
            return self.fail(request, "Exten not specified");
        }
        let priority = request.text("Priority");
        if priority.is_empty() {
            return self.fail(request, "Priority not specified");
        }
        let priority = world.setup.dialplan.priority(&context, &exten, &priority).or(priority.parse().ok());
        let Some(priority) = priority else { return self.fail(request, "Priority is invalid") };
        let Some(id) = world.find(name).map(|c| c.id) else {
            let name = String::from_utf8_lossy(name).into_owned();
            return self.fail(request, &format!("Channel does not exist: {name}"));
        };
        world.redirect(id, &context, &exten, priority);
        self.done(request, "Redirect successful");
    }

    pub(super) fn hangup(&mut self, world: &mut World, request: &Request) {
        let name = request.get("Channel");
        let cause = request.text("Cause").trim().parse().unwrap_or(0);
        if let Some(pattern) = name.strip_prefix(b"/").and_then(|n| n.strip_suffix(b"/")) {
            return self.hangup_all(world, request, pattern, cause);
        }
        let Some(id) = world.find(name).map(|c| c.id) else { return self.fail(request, "No such channel") };
        world.hang_up_by_manager(id, cause);
        self.done(request, "Channel Hungup");
    }

    /// Of regular expressions, those that dialplans' keepers use: a beginning, a part, everything.
    fn hangup_all(&mut self, world: &mut World, request: &Request, pattern: &[u8], cause: u32) {
        let pattern = String::from_utf8_lossy(pattern).replace('\\', "");
        let core = pattern
            .trim_start_matches('^')
            .trim_end_matches('$')
            .trim_start_matches(".*")
            .trim_end_matches(".*")
            .to_owned();
        let fits = |name: &[u8]| {
            let name = String::from_utf8_lossy(name);
            if pattern.starts_with('^') { name.starts_with(&core) } else { name.contains(&core) }
        };
        let meant: Vec<_> =
            world.channels().filter(|c| fits(&c.name)).map(|c| (c.id, c.name.clone())).collect();
        let announcers = world.rooms().map(crate::world::Room::announcer).filter(|name| fits(name));
        let halves = announcers
            .flat_map(|name| [2, 1].map(|n| [name.as_slice(), format!(";{n}").as_bytes()].concat()));
        let names = meant.iter().map(|(_, name)| name.clone()).chain(halves);
        let item = |name: Vec<u8>| {
            Draft::item("ChannelHungup").kv("Channel", name).maybe("ActionID", request.id()).done()
        };
        let items = names.map(item).collect();
        self.list(world, request, "Channels hung up will follow", items, "ChannelsHungupListComplete");
        for (id, _) in meant {
            world.hang_up_by_manager(id, cause);
        }
    }

    pub(super) fn setvar(&mut self, world: &mut World, request: &Request) {
        let (name, variable) = (request.get("Channel"), request.text("Variable"));
        if variable.is_empty() {
            return self.fail(request, "No variable specified");
        }
        let id = world.find(name).map(|c| c.id);
        if id.is_none() && !name.is_empty() {
            return self.fail(request, "No such channel");
        }
        world.set_variable(id, &variable, request.get("Value"));
        self.done(request, "Variable Set");
    }

    pub(super) fn getvar(&mut self, world: &mut World, request: &Request) {
        let (name, variable) = (request.get("Channel"), request.text("Variable"));
        if variable.is_empty() {
            return self.fail(request, "No variable specified");
        }
        let shell = ["SHELL(", "EVAL(", "FILE("].iter().any(|f| variable.to_uppercase().starts_with(f));
        if shell && !self.write.has(Class::System) {
            return self.fail(request, "GetVar Access Forbidden: Variable");
        }
        let id = world.find(name).map(|c| c.id);
        if id.is_none() && !name.is_empty() {
            return self.fail(request, "No such channel");
        }
        let value = world.variable(id, &variable).unwrap_or_default();
        let draft = Draft::response("Success").maybe("ActionID", request.id());
        // As it is: that is how packets are forged.
        self.send(draft.kv("Variable", variable).kv("Value", value));
    }

    pub(super) fn play_dtmf(&mut self, world: &mut World, request: &Request) {
        let Some(channel) = world.find(request.get("Channel")) else {
            return self.fail(request, "Channel not found");
        };
        let (id, peer) = (channel.id, channel.peer);
        let Some(&digit) = request.get("Digit").first() else {
            return self.fail(request, "No digit specified");
        };
        self.done(request, "DTMF successfully queued");
        let receive = ["1", "true", "yes", "on"].contains(&request.text("Receive").as_str());
        if receive {
            world.receive_key(id, digit);
        } else if let Some(peer) = peer {
            world.press(peer, digit);
        }
    }

    pub(super) fn attended(&mut self, world: &World, request: &Request) {
        if world.find(request.get("Channel")).is_none() {
            return self.fail(request, "Channel specified does not exist");
        }
        self.fail(request, "No attended transfer feature code found");
    }

    pub(super) fn blind(&mut self, world: &mut World, request: &Request) {
        let Some(channel) = world.find(request.get("Channel")) else {
            return self.fail(request, "Channel specified does not exist");
        };
        self.fail(request, "Transfer invalid");
        let draft = Draft::event("BlindTransfer", Class::Call).kv("Result", "Invalid");
        let draft = snapshot(draft, "Transferer", channel).kv("IsExternal", "Yes");
        let draft = draft.kv("Context", request.get("Context")).kv("Extension", request.get("Exten"));
        world.tell_all(Class::Call, draft);
    }
}

/// `A=1,B=2`.
fn variables(header: &[u8]) -> Vec<(String, Vec<u8>)> {
    let parts = header.split(|b| *b == b',').filter(|p| !p.is_empty());
    let pair = |part: &[u8]| {
        let at = part.iter().position(|b| *b == b'=').unwrap_or(part.len());
        let (name, value) = part.split_at(at);
        (String::from_utf8_lossy(name).into_owned(), value.get(1..).unwrap_or_default().to_vec())
    };
    parts.map(pair).collect()
}
