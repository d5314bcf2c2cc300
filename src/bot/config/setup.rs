//! From the configuration to what the core wants to be told.

use gavel_ami::model::{PbxSetup, RoomSetup};

use super::{Asterisk, Config, Room};

impl Config {
    /// Each server with its rooms. A server without rooms is connected to all the same: `status` tells of it.
    pub fn pbx_setup(&self, asterisk: &Asterisk) -> PbxSetup {
        let rooms = self.rooms.values().filter(|room| room.asterisk == asterisk.name);
        PbxSetup { server: asterisk.name.clone(), rooms: rooms.map(Room::setup).collect() }
    }
}

impl Room {
    /// What the core is told of this room.
    fn setup(&self) -> RoomSetup {
        RoomSetup {
            name: self.name.clone(),
            conference: self.conference.clone(),
            lobby: self.lobby.clone(),
            kind: self.kind,
            crew: self.crew.clone(),
            services: self.services.clone(),
            show_ends_after: self.show_ends_after,
            topic_variable: self.topic_variable.clone(),
        }
    }
}
