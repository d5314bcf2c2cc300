//! Who may do what: claims that a network vouches for become a role by configuration, and a role becomes a [`Grant`].
//!
//! Invariant: a [`Grant`] is made by [`Rules::authorise`] alone, so whoever holds one was authorised. Nothing is
//! cached: claims come with each message, and each is judged anew.

use std::collections::BTreeMap;

use gavel_ami::model::By;
use gavel_chat::command::{Call, Command};
use gavel_chat::text::Doc;
use gavel_chat::{Asker, PlaceId, Role};

use crate::board::View;

/// Role -> who, for one room, as configured.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Claims that make a host.
    pub host: Vec<String>,
    /// Claims that make a co-host.
    pub cohost: Vec<String>,
    /// Claims that make a screener.
    pub screener: Vec<String>,
    /// Command -> lowest role that may, where it differs from the catalog.
    pub commands: BTreeMap<Command, Role>,
}

/// The right to do one thing, with who it was granted to.
#[derive(Clone, Debug)]
pub struct Grant {
    by: By,
    role: Role,
}

/// May not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Denied {
    /// The lowest role that may is a higher one.
    Needs(Role),
    /// The answer needs the crew's data, and anybody may read it here.
    NotHere,
}

impl Rules {
    /// The highest role that any claim gives here. Whoever can write in a bound place is a listener.
    pub fn role(&self, asker: &Asker, place: &PlaceId) -> Role {
        let claims = || claims(asker, place);
        let any = |rules: &[String]| claims().any(|claim| rules.iter().any(|rule| fits(rule, claim)));
        let configured =
            [(Role::Host, &self.host), (Role::CoHost, &self.cohost), (Role::Screener, &self.screener)];
        let given = configured.into_iter().filter(|(_, rules)| any(rules)).map(|(role, _)| role);
        given.chain(claims().filter_map(terminal)).max().unwrap_or_default()
    }

    /// Judges one call.
    pub fn authorise(
        &self,
        call: &Call,
        asker: &Asker,
        place: &PlaceId,
        view: View,
    ) -> Result<Grant, Denied> {
        let role = self.role(asker, place);
        let needs = call.needs(self.commands.get(&call.command).copied());
        if role < needs {
            return Err(Denied::Needs(needs));
        }
        if hidden(call.command, view) {
            return Err(Denied::NotHere);
        }
        let by =
            By { who: asker.name.as_str().to_owned(), place: place.as_str().to_owned(), rank: rank(role) };
        Ok(Grant { by, role })
    }

    /// Whether this role may run this command here in some form: for help and for completion.
    pub fn may(&self, role: Role, command: Command, view: View) -> bool {
        let bare = Call { command, args: gavel_chat::command::Args::default() };
        role >= bare.needs(self.commands.get(&command).copied()) && !hidden(command, view)
    }

    /// The lowest role that may run any of these.
    pub fn lowest(&self, commands: &[Command]) -> Role {
        let needs = |command: &Command| *self.commands.get(command).unwrap_or(&command.spec().role);
        commands.iter().map(needs).min().unwrap_or(Role::Host)
    }
}

impl Grant {
    /// Who and where, as the core is told.
    pub fn by(&self) -> &By {
        &self.by
    }

    /// The role that it was granted to.
    pub fn role(&self) -> Role {
        self.role
    }
}

impl Denied {
    /// What the asker is told.
    pub fn doc(self) -> Doc {
        match self {
            Self::Needs(role) => Doc::new().say(format!("{} only.", role.plural())),
            Self::NotHere => Doc::from("Ask in the crew's room."),
        }
    }
}

/// What may be believed of somebody: the claims of the place's own network, and the person's id there.
fn claims<'a>(asker: &'a Asker, place: &'a PlaceId) -> impl Iterator<Item = &'a str> {
    let network = place.as_str().split(':').next().unwrap_or_default();
    let own = move |claim: &&str| claim.split(':').next() == Some(network);
    asker.claims.iter().map(|claim| claim.0.as_str()).chain([asker.user.as_str()]).filter(own)
}

/// A rule is a claim word for word; for a power level it is the least that is enough.
fn fits(rule: &str, claim: &str) -> bool {
    let power = |text: &str| text.strip_prefix("matrix:power:")?.parse::<i64>().ok();
    match (power(rule), power(claim)) {
        (Some(least), Some(power)) => power >= least,
        _ => rule == claim,
    }
}

/// The terminal's role is its configuration's own word: whoever sits there started gavel.
fn terminal(claim: &str) -> Option<Role> {
    match claim.strip_prefix("console:")? {
        "host" => Some(Role::Host),
        "cohost" => Some(Role::CoHost),
        "screener" => Some(Role::Screener),
        _ => None,
    }
}

fn hidden(command: Command, view: View) -> bool {
    view == View::Public && command.spec().crew_data
}

fn rank(role: Role) -> u8 {
    match role {
        Role::Listener => 0,
        Role::Screener => 1,
        Role::CoHost => 2,
        Role::Host => 3,
    }
}

#[cfg(test)]
mod tests {
    use gavel_chat::text::Foreign;
    use gavel_chat::{Claim, UserId, command};

    use super::*;

    fn rules() -> Rules {
        let list = |rules: &[&str]| rules.iter().map(|&rule| rule.to_owned()).collect();
        Rules {
            host: list(&["discord:role:111", "matrix:@dana:example.org"]),
            cohost: list(&["discord:permission:MANAGE_GUILD", "matrix:power:50"]),
            screener: list(&["discord:user:333"]),
            commands: BTreeMap::new(),
        }
    }

    fn asker(user: &str, claims: &[&str]) -> Asker {
        let claims = claims.iter().map(|&claim| Claim(claim.to_owned())).collect();
        Asker { user: UserId::new(user), name: Foreign::name("Sam"), claims, trusted_device: None }
    }

    fn role(place: &str, user: &str, claims: &[&str]) -> Role {
        rules().role(&asker(user, claims), &PlaceId::new(place))
    }

    #[test]
    fn claims_become_the_highest_role_that_they_give() {
        assert_eq!(role("discord:1", "discord:9", &[]), Role::Listener);
        assert_eq!(role("discord:1", "discord:9", &["discord:role:222"]), Role::Listener);
        assert_eq!(role("discord:1", "discord:9", &["discord:user:333"]), Role::Screener);
        let both = ["discord:user:333", "discord:permission:MANAGE_GUILD"];
        assert_eq!(role("discord:1", "discord:9", &both), Role::CoHost);
        assert_eq!(role("discord:1", "discord:9", &["discord:role:111"]), Role::Host);
        assert_eq!(role("matrix:!r:example.org", "matrix:@dana:example.org", &[]), Role::Host);
    }

    #[test]
    fn power_levels_are_a_least() {
        for (power, expected) in [("49", Role::Listener), ("50", Role::CoHost), ("100", Role::CoHost)] {
            let claim = format!("matrix:power:{power}");
            assert_eq!(role("matrix:!r:example.org", "matrix:@x:y", &[&claim]), expected, "{claim}");
        }
    }

    #[test]
    fn a_network_vouches_for_its_own_claims_alone() {
        assert_eq!(role("matrix:!r:example.org", "matrix:@x:y", &["console:host"]), Role::Listener);
        assert_eq!(role("discord:1", "matrix:@dana:example.org", &[]), Role::Listener);
        assert_eq!(role("console", "console:you", &["console:host"]), Role::Host);
        assert_eq!(role("console", "console:you", &["console:cohost"]), Role::CoHost);
    }

    #[test]
    fn every_role_and_every_command() {
        let place = PlaceId::new("console");
        for (claim, role) in [
            ("console:listener", Role::Listener),
            ("console:screener", Role::Screener),
            ("console:cohost", Role::CoHost),
            ("console:host", Role::Host),
        ] {
            for command in Command::all() {
                let call =
                    Call { command, args: command::Args { about: Some(command), ..Default::default() } };
                let asked = rules().authorise(&call, &asker("console:you", &[claim]), &place, View::Crew);
                let expected = role >= command.spec().role;
                assert_eq!(asked.is_ok(), expected, "{role} {command:?}");
                if let Ok(grant) = asked {
                    assert_eq!((grant.by().place.as_str(), grant.by().rank), ("console", rank(role)));
                }
            }
        }
    }

    #[test]
    fn the_configuration_moves_a_command() {
        let mut rules = rules();
        rules.commands.insert(Command::Lock, Role::Host);
        rules.commands.insert(Command::Kick, Role::Listener);
        assert!(!rules.may(Role::CoHost, Command::Lock, View::Crew));
        assert!(rules.may(Role::Host, Command::Lock, View::Crew));
        assert!(rules.may(Role::Listener, Command::Kick, View::Crew));
    }

    #[test]
    fn a_public_place_hides_the_crew_s_data_from_everybody() {
        let call = command::parse("who 3").unwrap();
        let host = asker("console:you", &["console:host"]);
        let asked = rules().authorise(&call, &host, &PlaceId::new("console"), View::Public);
        assert_eq!(asked.unwrap_err(), Denied::NotHere);
        assert!(!rules().may(Role::Host, Command::Note, View::Public));
        let listener = asker("console:you", &[]);
        let asked = rules().authorise(&call, &listener, &PlaceId::new("console"), View::Public);
        assert_eq!(asked.unwrap_err(), Denied::Needs(Role::Screener), "who may not learns nothing else");
    }
}
