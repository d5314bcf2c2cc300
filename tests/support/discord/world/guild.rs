//! Guilds with their roles, channels and members, as a [`Setup`](crate::Setup) writes them down.

use serde_json::Value;

use super::{Id, Permissions};

/// A user, known to all guilds.
#[derive(Clone, Debug)]
pub struct User {
    /// Its id.
    pub id: Id,
    /// The unique name.
    pub username: String,
    /// The name that is shown, if it has one.
    pub global_name: Option<String>,
    /// Whether it is an application.
    pub bot: bool,
}

/// A role. The one with the guild's own id is `@everyone`.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// What it grants.
    pub permissions: Permissions,
    /// Whether everybody may ping it.
    pub mentionable: bool,
}

/// Whom an overwrite is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Those who have the role.
    Role(Id),
    /// One member.
    Member(Id),
}

/// What a channel changes in the permissions of a role or a member.
#[derive(Clone, Copy, Debug)]
pub struct Overwrite {
    /// Whom it is for.
    pub whom: Whom,
    /// What it adds.
    pub allow: Permissions,
    /// What it takes away.
    pub deny: Permissions,
}

/// A text channel.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Its topic.
    pub topic: Option<String>,
    /// What it changes in permissions.
    pub overwrites: Vec<Overwrite>,
    /// Its newest message.
    pub last_message: Option<Id>,
}

/// A user in a guild.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who it is.
    pub user: Id,
    /// The name that is shown in this guild, if it has one.
    pub nick: Option<String>,
    /// Its roles, without `@everyone`.
    pub roles: Vec<Id>,
}

/// A guild ("server").
#[derive(Clone, Debug)]
pub struct Guild {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Who may do everything.
    pub owner: Id,
    /// Its roles, `@everyone` first.
    pub roles: Vec<Role>,
    /// Its channels.
    pub channels: Vec<Channel>,
    /// Its members, the bot among them.
    pub members: Vec<Member>,
    /// The bot's commands, as REST tells them.
    pub commands: Vec<Value>,
    /// Whether the bot was invited with the scope `applications.commands`.
    pub scoped: bool,
    /// How many commands were created, for the limit of 200 a day.
    pub created: u32,
}

impl User {
    /// A person; shown by the same name.
    pub fn person(id: u64, name: &str) -> Self {
        Self { id: Id(id), username: name.to_lowercase(), global_name: Some(name.into()), bot: false }
    }
}

impl Role {
    /// A role that grants `permissions`.
    pub fn new(id: u64, name: &str, permissions: Permissions) -> Self {
        Self { id: Id(id), name: name.into(), permissions, mentionable: false }
    }
}

impl Channel {
    /// A channel where everybody has what the roles grant.
    pub fn new(id: u64, name: &str) -> Self {
        Self { id: Id(id), name: name.into(), topic: None, overwrites: Vec::new(), last_message: None }
    }

    /// The same, with a rule of its own for a role or a member.
    pub fn overwrite(mut self, whom: Whom, allow: Permissions, deny: Permissions) -> Self {
        self.overwrites.push(Overwrite { whom, allow, deny });
        self
    }

    /// What the overwrites for those whom `which` picks allow and deny together.
    fn rules(&self, which: impl Fn(Whom) -> bool) -> [Permissions; 2] {
        let those = self.overwrites.iter().filter(|rule| which(rule.whom));
        those.fold([Permissions(0); 2], |[allow, deny], rule| [allow | rule.allow, deny | rule.deny])
    }
}

impl Guild {
    /// A guild where `@everyone` may see, read, send, embed and use commands. It belongs to nobody who acts.
    pub fn new(id: u64, name: &str) -> Self {
        Self {
            id: Id(id),
            name: name.into(),
            owner: Id(1),
            roles: vec![Role::new(id, "@everyone", Permissions::MEMBER)],
            channels: Vec::new(),
            members: Vec::new(),
            commands: Vec::new(),
            scoped: true,
            created: 0,
        }
    }

    /// The same, with a role.
    pub fn role(mut self, role: Role) -> Self {
        self.roles.push(role);
        self
    }

    /// The same, with a channel.
    pub fn channel(mut self, channel: Channel) -> Self {
        self.channels.push(channel);
        self
    }

    /// The same, but the bot was invited without `applications.commands`.
    pub fn without_commands(mut self) -> Self {
        self.scoped = false;
        self
    }

    /// The same, with a member that has those roles. The user is told to [`Setup::user`](crate::Setup::user).
    pub fn member(mut self, user: u64, roles: &[u64]) -> Self {
        self.members.push(Member {
            user: Id(user),
            nick: None,
            roles: roles.iter().copied().map(Id).collect(),
        });
        self
    }

    /// What a member may do in the whole guild.
    pub fn base(&self, user: Id) -> Permissions {
        if user == self.owner {
            return Permissions::ALL;
        }
        let Some(member) = self.members.iter().find(|member| member.user == user) else {
            return Permissions::default();
        };
        let held = self.roles.iter().filter(|role| role.id == self.id || member.roles.contains(&role.id));
        let sum = held.fold(Permissions(0), |sum, role| sum | role.permissions);
        if sum.has(Permissions::ADMINISTRATOR) { Permissions::ALL } else { sum }
    }

    /// What a member may do in one channel.
    pub fn permissions(&self, user: Id, channel: &Channel) -> Permissions {
        let base = self.base(user);
        let roles: &[Id] = self.members.iter().find(|member| member.user == user).map_or(&[], |it| &it.roles);
        base.overwritten(
            channel.rules(|whom| whom == Whom::Role(self.id)),
            channel
                .rules(|whom| matches!(whom, Whom::Role(role) if role != self.id && roles.contains(&role))),
            channel.rules(|whom| whom == Whom::Member(user)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_of_the_crew_is_seen_by_the_crew_alone() {
        let (view, none) = (Permissions::VIEW_CHANNEL, Permissions(0));
        let crew = Channel::new(30, "crew").overwrite(Whom::Role(Id(10)), none, view).overwrite(
            Whom::Role(Id(20)),
            view,
            none,
        );
        let guild =
            Guild::new(10, "Radio").role(Role::new(20, "Crew", none)).member(1001, &[20]).member(1002, &[]);
        assert!(guild.permissions(Id(1001), &crew).has(view));
        assert_eq!(guild.permissions(Id(1002), &crew), none);
        assert_eq!(guild.permissions(Id(1), &crew), Permissions::ALL, "the owner");
        assert_eq!(guild.permissions(Id(9999), &crew), none, "a stranger");
    }
}
