//! The actions of MeetMe. Kick and lock are CLI commands.

use super::{Front, Request};
use crate::world::{Usernum, World};

impl Front {
    pub(super) fn meetme(&mut self, world: &mut World, request: &Request, name: &str) {
        match name {
            "MeetmeList" => self.list_users(world, request),
            "MeetmeListRooms" => {
                let items = world.halls_items(request.id());
                if items.is_empty() {
                    return self.fail(request, "No active conferences.");
                }
                self.list(world, request, "Meetme conferences will follow", items, "MeetmeListRoomsComplete");
            }
            name => self.mute_meetme(world, request, name == "MeetmeMute"),
        }
    }

    fn list_users(&mut self, world: &World, request: &Request) {
        if world.halls().next().is_none() {
            return self.fail(request, "No active conferences.");
        }
        let conference = request.get("Conference");
        let meant = world.halls().filter(|h| conference.is_empty() || h.name == conference);
        let items = meant.flat_map(|h| world.hall_items(h, request.id())).collect();
        self.list(world, request, "Meetme user list will follow", items, "MeetmeListComplete");
    }

    fn mute_meetme(&mut self, world: &mut World, request: &Request, on: bool) {
        let conference = request.get("Meetme");
        if conference.is_empty() {
            return self.fail(request, "Meetme conference not specified");
        }
        let number = request.text("Usernum");
        if number.is_empty() {
            return self.fail(request, "Meetme user number not specified");
        }
        let Some(number) = number.trim().parse().ok().filter(|n| *n > 0) else {
            return self.fail(request, "Invalid user number");
        };
        if world.hall(conference).is_none() {
            return self.fail(request, "Meetme conference does not exist");
        }
        if world.mute_user(conference, Usernum::One(number), on) {
            self.done(request, if on { "User muted" } else { "User unmuted" });
        } else {
            self.fail(request, "User number not found");
        }
    }
}
