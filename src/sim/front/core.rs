//! What is asked of the server itself.

use super::login::date_and_time;
use super::{Front, Request};
use crate::class::Class;
use crate::packet::Draft;
use crate::world::World;

impl Front {
    pub(super) fn ping(&mut self, world: &World, request: &Request) {
        let wall = world.wall();
        let draft = Draft::response("Success").maybe("ActionID", request.id()).kv("Ping", "Pong");
        self.send(draft.kv("Timestamp", format!("{}.{:06}", wall / 1000, wall % 1000 * 1000)));
    }

    pub(super) fn core_status(&mut self, world: &World, request: &Request) {
        let (date, time) = date_and_time(world.startup() / 1000);
        let (channels, processed) = world.calls();
        let draft = Draft::response("Success").maybe("ActionID", request.id());
        let draft = draft.kv("CoreStartupDate", &date).kv("CoreStartupTime", &time);
        let draft =
            draft.kv("CoreReloadDate", date).kv("CoreReloadTime", time).num("CoreCurrentCalls", channels);
        self.send(if world.style().modern() { draft.num("CoreProcessedCalls", processed) } else { draft });
    }

    pub(super) fn core_settings(&mut self, world: &World, request: &Request) {
        let style = world.style();
        let draft = Draft::response("Success").maybe("ActionID", request.id()).kv("AMIversion", style.ami());
        let draft = draft.kv("AsteriskVersion", style.asterisk()).kv("SystemName", "");
        let draft = draft.kv("CoreMaxCalls", "0").kv("CoreMaxLoadAvg", "0.000000").kv("CoreRunUser", "");
        let draft =
            draft.kv("CoreRunGroup", "").kv("CoreMaxFilehandles", "0").kv("CoreRealTimeEnabled", "No");
        let draft = draft.kv("CoreCDRenabled", "Yes").kv("CoreHTTPenabled", "No");
        self.send(if style.modern() { draft.kv("SoundsSearchCustomDir", "No") } else { draft });
    }

    pub(super) fn status(&mut self, world: &World, request: &Request) {
        let name = request.get("Channel");
        let items: Vec<Vec<u8>> = if name.is_empty() {
            world.channels().map(|c| world.status_item(c, request.id())).collect()
        } else {
            let Some(channel) = world.find(name) else { return self.fail(request, "No such channel") };
            vec![world.status_item(channel, request.id())]
        };
        self.list_with(
            world,
            request,
            "Channel status will follow",
            items,
            "StatusComplete",
            |draft, count| draft.num("Items", count),
        );
    }

    pub(super) fn reload(&mut self, world: &mut World, request: &Request) {
        let module = request.text("Module");
        let known =
            ["", "manager", "app_confbridge", "pbx_config", "res_pjsip", "logger"].contains(&&*module);
        if known {
            self.done(request, "Module Reloaded");
        } else {
            self.fail(request, "No such module");
        }
        let module = if module.is_empty() { "All".to_owned() } else { module };
        let draft = Draft::event("Reload", Class::System).kv("Module", module);
        world.tell_all(Class::System, draft.kv("Status", if known { "0" } else { "2" }));
    }

    pub(super) fn module_check(&mut self, world: &World, request: &Request) {
        let known = match request.text("Module").as_str() {
            "app_confbridge" => true,
            "app_meetme" => world.setup.meetme,
            _ => false,
        };
        if !known {
            return self.fail(request, "Module not loaded");
        }
        let draft = Draft::response("Success").maybe("ActionID", request.id());
        self.send(draft.kv("Version", ""));
    }

    pub(super) fn show_dialplan(&mut self, world: &World, request: &Request) {
        let (context, exten) = (request.text("Context"), request.text("Extension"));
        let plan = &world.setup.dialplan;
        if !plan.has_context(&context) {
            return self.fail(request, &format!("Did not find context {context}"));
        }
        let Some(steps) = plan.extension(&context, &exten) else {
            return self.fail(request, &format!("Did not find extension {exten}@{context}"));
        };
        let items = steps.iter().enumerate().map(|(n, step)| {
            let draft = Draft::item("ListDialplan").maybe("ActionID", request.id()).kv("Context", &context);
            let draft = draft.kv("Extension", &exten).num("Priority", n + 1).kv("Application", &step.app);
            draft.kv("AppData", &step.data).kv("Registrar", "pbx_config").done()
        });
        let items = items.collect::<Vec<_>>();
        self.list(world, request, "DialPlan list will follow", items, "ShowDialPlanComplete");
    }

    pub(super) fn user_event(&mut self, world: &mut World, request: &Request) {
        self.done(request, "Event Sent");
        let draft = Draft::event("UserEvent", Class::User).kv("UserEvent", request.get("UserEvent"));
        let own = |name: &str| name.eq_ignore_ascii_case("Action") || name.eq_ignore_ascii_case("UserEvent");
        let rest = request.headers.iter().filter(|(name, _)| !own(name));
        world.tell_all(Class::User, rest.fold(draft, |draft, (name, value)| draft.kv(name, value)));
    }
}
