//! What Discord says of the bot and its channels, for `gavel check`: asked over REST, changing nothing.
//!
//! It owns the questions and the words; who prints them, and where a channel stands in the configuration, is its
//! caller's business. Invariant: each problem says where to click, and nothing here repeats the token.

mod ask;
mod permissions;
mod shapes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use ask::{Asking, Unanswered};
use permissions::{NEEDED, PIN, WANTED};
use shapes::{Application, Brief, Channel, Guild, Member, Number, User};

use crate::settings::Settings;

/// In so many guilds a channel that cannot be seen is looked for.
const SEARCHED: usize = 20;

/// What is to be looked at.
#[derive(Clone, Debug, Default)]
pub struct Inquiry {
    /// The channels.
    pub channels: Vec<Sought>,
    /// The roles that somebody must have to be more than a listener.
    pub roles: Vec<u64>,
}

/// A channel to be looked at.
#[derive(Clone, Debug)]
pub struct Sought {
    /// Its id.
    pub id: u64,
    /// What it is there for, in words: "room thursday, crew".
    pub purpose: String,
}

/// One thing that was found out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// How bad.
    pub level: Level,
    /// What, and what to do about it. Names of Discord's stand in it as they are: hostile.
    pub words: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, but somebody should look at it.
    Warning,
    /// Something won't work.
    Problem,
}

/// Asks Discord, for some seconds at most where it answers at all.
pub async fn check(settings: &Settings, inquiry: &Inquiry) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    let asked = async { look(&Asking::new(settings)?, inquiry, &mut findings).await };
    if let Err(unanswered) = asked.await {
        findings.say(Level::Problem, unanswered.to_string());
    }
    findings.0
}

struct Findings(Vec<Finding>);

/// The bot.
struct Bot {
    id: u64,
    name: String,
    application: u64,
}

/// A guild with gavel in it.
struct Site {
    guild: Guild,
    member: Member,
}

/// Where a channel is.
enum Located {
    /// There; in this guild, if it is in one.
    Here(Channel, Option<u64>),
    /// There may be one, but not where gavel is.
    Elsewhere,
    /// Discord has none.
    Nowhere,
}

impl Findings {
    fn say(&mut self, level: Level, words: String) {
        self.0.push(Finding { level, words });
    }
}

async fn look(discord: &Asking, inquiry: &Inquiry, findings: &mut Findings) -> Result<(), Unanswered> {
    let me: User = discord.get("/users/@me").await?;
    let application: Application = discord.get("/applications/@me").await?;
    let bot = Bot { id: me.id.0, name: me.username, application: application.id.0 };
    findings.say(
        Level::Ok,
        format!("the token is that of the bot {}, application {}", bot.name, bot.application),
    );
    findings.0.extend(settings_of(&application));
    let guilds: Vec<Brief> = discord.get("/users/@me/guilds").await?;
    if guilds.is_empty() {
        findings.say(Level::Problem, format!("gavel is in no server; invite it: {}", bot.invite()));
        return Ok(());
    }
    let located = locate(discord, inquiry, &guilds).await?;
    let sites = sites(discord, &bot, &located, findings).await?;
    for (sought, located) in inquiry.channels.iter().zip(&located) {
        findings.0.extend(place(&bot, sought, located, &sites, &guilds));
    }
    findings.0.extend(roles(&inquiry.roles, &sites));
    Ok(())
}

/// What of the application itself keeps gavel from working.
fn settings_of(application: &Application) -> Vec<Finding> {
    let page = format!("https://discord.com/developers/applications/{}", application.id.0);
    let mut findings = Findings(Vec::new());
    if let Some(url) = application.interactions_endpoint_url.as_deref().filter(|url| !url.is_empty()) {
        let words = format!(
            "commands go to {url} and not to gavel; empty Interactions Endpoint URL on the page General Information \
             of {page}"
        );
        findings.say(Level::Problem, words);
    }
    if application.bot_require_code_grant {
        let words = format!(
            "no link can invite the bot; turn off Requires OAuth2 Code Grant on the page Bot of {page}"
        );
        findings.say(Level::Warning, words);
    }
    findings.0
}

/// Each of the channels.
async fn locate(discord: &Asking, inquiry: &Inquiry, guilds: &[Brief]) -> Result<Vec<Located>, Unanswered> {
    let mut located = Vec::new();
    let mut hidden: Option<Vec<(u64, Channel)>> = None;
    for sought in &inquiry.channels {
        let asked = discord.get::<Channel>(&format!("/channels/{}", sought.id)).await;
        located.push(match asked {
            Ok(channel) => {
                let guild = channel.guild_id.map(|guild| guild.0);
                Located::Here(channel, guild)
            }
            Err(Unanswered::Refused { status: 404, .. }) => Located::Nowhere,
            Err(Unanswered::Refused { status: 403, .. }) => {
                if hidden.is_none() {
                    hidden = Some(all_channels(discord, guilds).await?);
                }
                let mut all = hidden.iter().flatten();
                let found = all.find(|(_, channel)| channel.id.0 == sought.id);
                found.map_or(Located::Elsewhere, |(guild, channel)| {
                    Located::Here(channel.clone(), Some(*guild))
                })
            }
            Err(other) => return Err(other),
        });
    }
    Ok(located)
}

/// Lists name channels, too, that gavel can't see.
async fn all_channels(discord: &Asking, guilds: &[Brief]) -> Result<Vec<(u64, Channel)>, Unanswered> {
    let mut all = Vec::new();
    for guild in guilds.iter().take(SEARCHED) {
        let channels: Vec<Channel> = discord.get(&format!("/guilds/{}/channels", guild.id.0)).await?;
        all.extend(channels.into_iter().map(|channel| (guild.id.0, channel)));
    }
    Ok(all)
}

/// The guilds of these channels, and whether commands can be registered there.
async fn sites(
    discord: &Asking,
    bot: &Bot,
    located: &[Located],
    findings: &mut Findings,
) -> Result<BTreeMap<u64, Site>, Unanswered> {
    let mut sites = BTreeMap::new();
    for channel in located {
        let Located::Here(_, Some(id)) = channel else { continue };
        if sites.contains_key(id) {
            continue;
        }
        let guild: Guild = discord.get(&format!("/guilds/{id}")).await?;
        let member: Member = discord.get(&format!("/guilds/{id}/members/{}", bot.id)).await?;
        findings.0.extend(server(discord, bot, &guild).await?);
        if permissions::administers(&guild, &member) {
            let words = format!(
                "server {}: gavel has Administrator, which it never needs; take it away (Server Settings, Roles)",
                guild.name
            );
            findings.say(Level::Warning, words);
        }
        sites.insert(*id, Site { guild, member });
    }
    Ok(sites)
}

/// Whether commands can be registered in a guild.
async fn server(discord: &Asking, bot: &Bot, guild: &Guild) -> Result<Vec<Finding>, Unanswered> {
    let path = format!("/applications/{}/guilds/{}/commands", bot.application, guild.id.0);
    let mut findings = Findings(Vec::new());
    match discord.get::<Vec<serde::de::IgnoredAny>>(&path).await {
        Ok(_) => findings
            .say(Level::Ok, format!("server {}: gavel is in it and may register its commands", guild.name)),
        Err(Unanswered::Refused { status: 403, .. }) => {
            let words = format!(
                "server {}: gavel may not register its commands (it was invited without the scope \
                 applications.commands); open {} and choose {} again",
                guild.name,
                bot.invite(),
                guild.name
            );
            findings.say(Level::Problem, words);
        }
        Err(other) => return Err(other),
    }
    Ok(findings.0)
}

/// What is to be said of one place.
fn place(
    bot: &Bot,
    sought: &Sought,
    located: &Located,
    sites: &BTreeMap<u64, Site>,
    guilds: &[Brief],
) -> Vec<Finding> {
    let Sought { id, purpose } = sought;
    let mut findings = Findings(Vec::new());
    match located {
        Located::Nowhere => {
            let words = format!(
                "there is no channel {id} ({purpose}); correct its id in the configuration (right-click the \
                 channel, Copy Channel ID)"
            );
            findings.say(Level::Problem, words);
        }
        Located::Elsewhere => {
            let names: Vec<&str> = guilds.iter().take(5).map(|guild| guild.name.as_str()).collect();
            let words = format!(
                "channel {id} ({purpose}) is in no server that gavel is in ({}); invite it there: {}",
                names.join(", "),
                bot.invite()
            );
            findings.say(Level::Problem, words);
        }
        Located::Here(channel, guild) => {
            let site = guild.and_then(|guild| sites.get(&guild));
            let name = channel.name.as_deref().unwrap_or("?");
            let server = site.map_or("no server", |site| site.guild.name.as_str());
            let shown = format!("#{name} in {server} (channel {id}, {purpose})");
            findings.0.extend(channel_kind(channel, site, bot, &shown));
        }
    }
    findings.0
}

/// Whether text of ours can stand in a channel of that kind; if so, what gavel may do there.
fn channel_kind(channel: &Channel, site: Option<&Site>, bot: &Bot, shown: &str) -> Vec<Finding> {
    let remedy = "put the id of a text channel into the configuration";
    let (level, what) = match (channel.kind, site) {
        // Text and announcements.
        (0 | 5, Some(site)) => return allowed(bot, site, channel, shown),
        (2 | 13, _) => {
            (Level::Warning, "is the chat of a voice channel, which this check does not look into")
        }
        (10..=12, _) => {
            (Level::Warning, "is a thread, which closes by itself and which this check does not look into")
        }
        (4, _) => (Level::Problem, "is a category"),
        (15 | 16, _) => (Level::Problem, "is a forum"),
        _ => (Level::Problem, "is no text channel"),
    };
    vec![Finding { level, words: format!("{shown} {what}; {remedy}") }]
}

/// What gavel may do in a text channel, and others with it.
fn allowed(bot: &Bot, site: &Site, channel: &Channel, shown: &str) -> Vec<Finding> {
    let Site { guild, member } = site;
    let rights = permissions::rights(guild, member, bot.id, channel);
    let mut findings = Findings(Vec::new());
    if rights.has & NEEDED == NEEDED {
        findings.say(Level::Ok, format!("{shown}: gavel has {}", permissions::names(rights.has)));
    }
    let edit = format!("Edit Channel, Permissions, add the role {} and allow it", role_of(bot, guild));
    let invite = format!("open {} and choose {} again", bot.invite(), guild.name);
    for (bits, level, why) in
        [(NEEDED, Level::Problem, ""), (PIN, Level::Warning, ", so its card is not pinned")]
    {
        for (missing, remedy) in [(rights.by_channel, &edit), (rights.by_role, &invite)] {
            if missing & bits != 0 {
                let names = permissions::names(missing & bits);
                findings.say(level, format!("{shown}: gavel lacks {names}{why}; {remedy}"));
            }
        }
    }
    if !permissions::anybody_may_ask(guild, bot.id, channel) {
        let words = format!(
            "{shown}: nobody but administrators may give commands; Edit Channel, Permissions, allow View Channel and \
             Use Application Commands to a role"
        );
        findings.say(Level::Warning, words);
    }
    findings.0
}

/// The role that came with the bot.
fn role_of(bot: &Bot, guild: &Guild) -> String {
    let ours = |tags: &shapes::Tags| tags.bot_id == Some(Number(bot.id));
    let role = guild.roles.iter().find(|role| role.tags.as_ref().is_some_and(ours));
    role.map_or_else(|| bot.name.clone(), |role| role.name.clone())
}

/// Whether the roles that make people more than listeners are there.
fn roles(wanted: &[u64], sites: &BTreeMap<u64, Site>) -> Vec<Finding> {
    // Where no channel was found, nobody knows the roles.
    if sites.is_empty() {
        return Vec::new();
    }
    let one = |id: &u64| {
        let mut all =
            sites.values().flat_map(|site| site.guild.roles.iter().map(move |role| (role, &site.guild)));
        match all.find(|(role, _)| role.id.0 == *id) {
            Some((role, guild)) => Finding {
                level: Level::Ok,
                words: format!("role {id} of [access] is {} in {}", role.name, guild.name),
            },
            None => Finding {
                level: Level::Warning,
                words: format!(
                    "no server with a place has the role {id} of [access]; correct it (Server Settings, Roles, Copy \
                     Role ID)"
                ),
            },
        }
    };
    wanted.iter().map(one).collect()
}

impl Bot {
    /// What adds the bot to a server, or gives it there what it lacks: exactly what gavel needs.
    fn invite(&self) -> String {
        let Self { application, .. } = self;
        let scope = "bot%20applications.commands";
        format!(
            "https://discord.com/oauth2/authorize?client_id={application}&scope={scope}&permissions={WANTED}"
        )
    }
}
