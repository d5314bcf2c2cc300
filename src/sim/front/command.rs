//! The CLI through `Command`, in the formats of both times.

use super::{Front, Request, Wish};
use crate::packet::Draft;
use crate::world::{Attendee, Channel, Hall, Room, Usernum, World, clock, marked};

/// What a command printed, and whether it was one.
type Output = Result<Vec<Vec<u8>>, Vec<Vec<u8>>>;

const LIST_USAGE: &str = "Usage: confbridge list [<name>]
       Lists all currently active conference bridges or a specific conference bridge.

       When a conference bridge name is provided, flags may be shown for users. Below
       are the flags and what they represent.

       Flags:
         A - The user is an admin
         M - The user is a marked user
         W - The user must wait for a marked user to join
         E - The user will be kicked after the last marked user leaves the conference
         m - The user is muted
         w - The user is waiting for a marked user to join";

const KICK_USAGE: &str = "Usage: meetme kick <confno> all|<userno>
       Kick a conference or a user in a conference.";

impl Front {
    pub(super) fn command(&mut self, world: &mut World, request: &Request) {
        let line = request.text("Command");
        let words = words(&line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["core", "stop", ..] => return self.wish = Some(Wish::Stop),
            ["core", "restart", ..] => return self.wish = Some(Wish::Restart),
            _ => {}
        }
        let output = run(world, &words).unwrap_or_else(|| Err(unknown(&line)));
        if world.style().modern() {
            self.answer_lines(request, output);
        } else {
            self.answer_raw(request, output);
        }
    }

    fn answer_lines(&mut self, request: &Request, output: Output) {
        let word = if output.is_ok() { "Success" } else { "Error" };
        let lines = output.unwrap_or_else(|lines| lines);
        let draft = Draft::response(word).maybe("ActionID", request.id());
        let draft = draft.kv("Message", "Command output follows");
        let draft = if lines.is_empty() { draft.kv("Output", "") } else { draft };
        self.send(lines.iter().fold(draft, |draft, line| draft.kv("Output", line)));
    }

    fn answer_raw(&mut self, request: &Request, output: Output) {
        let draft = Draft::response("Follows").kv("Privilege", "Command").maybe("ActionID", request.id());
        let lines = output.unwrap_or_else(|lines| lines);
        let draft = lines.iter().fold(draft, |draft, line| draft.raw(line).raw(b"\n"));
        self.send(draft.raw(b"--END COMMAND--\r\n"));
    }
}

fn unknown(line: &str) -> Vec<Vec<u8>> {
    vec![
        format!("No such command '{line}' (type 'core show help {line}' for other possible commands)")
            .into_bytes(),
    ]
}

fn usage(text: &str) -> Vec<Vec<u8>> {
    text.lines().map(|line| line.as_bytes().to_vec()).collect()
}

/// `None`: no such command.
fn run(world: &mut World, words: &[&str]) -> Option<Output> {
    Some(match *words {
        ["confbridge", "list"] => Ok(rooms(world)),
        ["confbridge", "list", name] => Ok(members(world, name.as_bytes())),
        ["confbridge", "list", ..] => Err(usage(LIST_USAGE)),
        ["confbridge", "show", "profile", "bridges"] => Ok(bridges(world)),
        ["confbridge", verb, name, ref channel @ ..] => return confbridge(world, verb, name, channel),
        ["dialplan", "add", "extension", step, "into", context] => {
            if world.add_extension(context, step) {
                Ok(Vec::new())
            } else {
                Err(Vec::new())
            }
        }
        ["core", "show", "channels", "concise"] => Ok(channels(world)),
        ["core", "show", "uptime"] => Ok(uptime(world)),
        ["core", "show", "version"] => {
            Ok(vec![format!("Asterisk {}", world.style().asterisk()).into_bytes()])
        }
        ["core", "show", "help", "meetme", "kick"] if world.setup.meetme => Ok(usage(KICK_USAGE)),
        ["meetme", ..] if world.setup.meetme => return meetme(world, words.get(1..)?),
        _ => return None,
    })
}

fn confbridge(world: &mut World, verb: &str, name: &str, channel: &[&str]) -> Option<Output> {
    use crate::world::Who;
    let name = name.as_bytes();
    let who = || match channel {
        ["all"] => Some(Who::All),
        ["participants"] => Some(Who::Participants),
        [one] => Some(Who::One(one.as_bytes())),
        _ => None,
    };
    match verb {
        "lock" => world.lock(name, true),
        "unlock" => world.lock(name, false),
        "mute" => world.mute(name, who()?, true),
        "unmute" => world.mute(name, who()?, false),
        "kick" => world.kick(name, who()?),
        _ => return None,
    };
    Some(Ok(Vec::new()))
}

fn meetme(world: &mut World, words: &[&str]) -> Option<Output> {
    Some(match *words {
        ["list"] => Ok(halls(world)),
        ["list", "concise"] => Ok(world.halls().map(|h| hall_concise(world, h)).collect()),
        ["list", name] => Ok(users(world, name)),
        ["list", name, "concise"] => Ok(users_concise(world, name)),
        [verb @ ("kick" | "mute" | "unmute"), name, who] => {
            act(world, verb, name.as_bytes(), usernum(who));
            Ok(Vec::new())
        }
        [verb @ ("lock" | "unlock"), name] => {
            world.lock_hall(name.as_bytes(), verb == "lock");
            Ok(Vec::new())
        }
        ["kick", ..] => Err(usage(KICK_USAGE)),
        ["mute" | "unmute" | "lock" | "unlock" | "list", ..] => Err(usage("Usage: meetme")),
        _ => return None,
    })
}

/// These say nothing, whatever they did.
fn act(world: &mut World, verb: &str, name: &[u8], who: Option<Usernum>) {
    match (verb, who) {
        (_, None) => {}
        ("kick", Some(who)) => world.kick_user(name, who),
        (verb, Some(who)) => {
            world.mute_user(name, who, verb == "mute");
        }
    }
}

fn usernum(word: &str) -> Option<Usernum> {
    if word == "all" { Some(Usernum::All) } else { word.parse().ok().map(Usernum::One) }
}

/// Words, with what stands between quotes as one.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut some) = (Vec::new(), String::new(), false, false);
    for c in line.chars() {
        match c {
            '"' => (quoted, some) = (!quoted, true),
            c if c.is_ascii_whitespace() && !quoted => {
                if some {
                    words.push(std::mem::take(&mut word));
                }
                some = false;
            }
            c => {
                word.push(c);
                some = true;
            }
        }
    }
    if some {
        words.push(word);
    }
    words
}

/// Padded by bytes, as C does.
fn padded(text: &[u8], width: usize) -> Vec<u8> {
    let mut out = text.to_vec();
    out.resize(out.len().max(width), b' ');
    out
}

fn yes(flag: bool) -> &'static str {
    if flag { "Yes" } else { "No" }
}

fn rooms(world: &World) -> Vec<Vec<u8>> {
    let mut lines = usage(
        "Conference Bridge Name           Users  Marked Locked Muted\n\
         ================================ ====== ====== ====== =====",
    );
    let row = |room: &Room| {
        let rest = format!(" {:>6} {:>6} {:<6} No", room.members.len(), room.marked, yes(room.locked));
        [padded(&room.name, 32), rest.into_bytes()].concat()
    };
    lines.extend(world.rooms().map(row));
    lines
}

fn members(world: &World, name: &[u8]) -> Vec<Vec<u8>> {
    let Ok(room) = world.room(name) else {
        return vec![[b"No conference bridge named '", name, b"' found!"].concat()];
    };
    let mut lines = usage(
        "Channel                        Flags  User Profile     Bridge Profile   Menu             CallerID\n\
         ============================== ====== ================ ================ ================ ================",
    );
    for member in room.members.values() {
        let Some(channel) = world.get(member.id) else { continue };
        let p = &member.profile;
        let flags: String = [
            (p.admin, 'A'),
            (p.marked, 'M'),
            (p.wait_marked, 'W'),
            (p.end_marked, 'E'),
            (member.muted, 'm'),
            (member.waiting, 'w'),
        ]
        .iter()
        .filter(|(on, _)| *on)
        .map(|(_, flag)| *flag)
        .collect();
        let rest =
            format!(" {flags:<6} {:<16} {:<16} {:<16} ", member.profile_name, room.profile, channel.menu);
        let number: &[u8] =
            if channel.caller.number.is_empty() { b"<unknown>" } else { &channel.caller.number };
        lines.push([padded(&channel.name, 30), rest.into_bytes(), number.to_vec()].concat());
    }
    lines
}

fn bridges(world: &World) -> Vec<Vec<u8>> {
    let mut names: Vec<&String> = world.setup.bridges.keys().collect();
    names.sort();
    let names = names.into_iter().map(|n| n.clone().into_bytes());
    std::iter::once(b"--------- Bridge Profiles -----------".to_vec()).chain(names).collect()
}

fn channels(world: &World) -> Vec<Vec<u8>> {
    let row = |c: &Channel| {
        let seconds = world.now.saturating_sub(c.created).as_secs();
        let head =
            format!("!{}!{}!{}!{}!{}!", c.spot.context, c.spot.exten, c.spot.priority, c.state.word(), c.app);
        let tail = format!("!!!3!{seconds}!{}!", world.bridge_of(c));
        [&c.name, head.as_bytes(), &c.data, b"!", &c.caller.number, tail.as_bytes(), &c.uniqueid].concat()
    };
    let announcer = |room: &Room| {
        let name = String::from_utf8_lossy(&room.announcer()).into_owned();
        let half = |n: u32, bridge: &str| {
            format!("{name};{n}!default!s!1!Up!(None)!!!!!3!0!{bridge}!0.0").into_bytes()
        };
        [half(1, ""), half(2, room.bridge())]
    };
    world.channels().map(row).chain(world.rooms().flat_map(announcer)).collect()
}

fn uptime(world: &World) -> Vec<Vec<u8>> {
    let seconds = world.uptime().as_secs();
    let parts = [(seconds / 3600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")];
    let said = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}{}", if *n == 1 { "" } else { "s" }));
    let text = said.collect::<Vec<_>>().join(", ");
    ["System uptime", "Last reload"].map(|what| format!("{what}: {text}").into_bytes()).to_vec()
}

fn halls(world: &World) -> Vec<Vec<u8>> {
    if world.halls().next().is_none() {
        return usage("No active MeetMe conferences.");
    }
    let mut lines = usage("Conf Num       Parties        Marked     Activity  Creation  Locked");
    let mut total = 0;
    for hall in world.halls() {
        total += hall.users.len();
        let name = padded(hall.name.get(..12).unwrap_or(&hall.name), 12);
        let creation = if hall.dynamic { "Dynamic" } else { "Static" };
        let (users, marked, time) = (hall.users.len(), marked(hall), clock(world.activity(hall)));
        let rest = format!(
            "   {users:04}\t      {marked:<4.4}       {time}  {creation:<8}  {:<6}",
            if hall.locked { "Yes" } else { "No" }
        );
        lines.push([name, rest.into_bytes()].concat());
    }
    lines.push(format!("* Total number of MeetMe users: {total}").into_bytes());
    lines
}

fn hall_concise(world: &World, hall: &Hall) -> Vec<u8> {
    let marked = hall.users.values().filter(|u| u.marked).count();
    let (users, time) = (hall.users.len(), clock(world.activity(hall)));
    let rest = format!("!{users}!{marked}!{time}!{}!{}", u8::from(hall.dynamic), u8::from(hall.locked));
    [hall.name.as_slice(), rest.as_bytes()].concat()
}

fn seated<'a>(world: &'a World, hall: &'a Hall) -> impl Iterator<Item = (u32, &'a Attendee, &'a Channel)> {
    hall.users.iter().filter_map(|(n, user)| Some((*n, user, world.get(user.id)?)))
}

fn since(world: &World, user: &Attendee) -> String {
    clock(world.now.saturating_sub(user.joined).as_secs())
}

fn users(world: &World, name: &str) -> Vec<Vec<u8>> {
    if world.halls().next().is_none() {
        return usage("No active MeetMe conferences.");
    }
    let Some(hall) = world.hall(name.as_bytes()) else {
        return usage(&format!("No such conference: {name}."));
    };
    let cut = |text: &[u8], at: usize| text.get(..at).unwrap_or(text).to_vec();
    let row = |(n, user, c): (u32, &Attendee, &Channel)| {
        let number =
            if c.caller.number.is_empty() { b"<unknown>".to_vec() } else { cut(&c.caller.number, 12) };
        let number = [vec![b' '; 12_usize.saturating_sub(number.len())], number].concat();
        let caller = if c.caller.name.is_empty() { b"<no name>".to_vec() } else { cut(&c.caller.name, 20) };
        let flag = |on: bool, text: &'static str| if on { text } else { "" };
        let talking = match (user.monitored && user.may_speak(), c.voice.talking) {
            (false, _) => "(unmonitored)",
            (_, true) => "(talking)",
            _ => "(not talking)",
        };
        let muted = match (user.muted, user.self_muted) {
            (true, _) => "(Admin Muted)",
            (_, true) => "(Muted)",
            _ => "",
        };
        let (admin, listens) = (flag(user.admin, "(Admin)"), flag(user.listen_only, "(Listen only)"));
        let request = flag(user.request, "(Request to Talk)");
        let head = format!("User #: {n:02} ");
        let tail = format!(" {admin} {listens} {muted} {request} {talking} {}", since(world, user));
        [head.as_bytes(), &number, b" ", &padded(&caller, 20), b" Channel: ", &c.name, tail.as_bytes()]
            .concat()
    };
    let mut lines: Vec<_> = seated(world, hall).map(row).collect();
    lines.push(format!("{} users in that conference.", hall.users.len()).into_bytes());
    lines
}

fn users_concise(world: &World, name: &str) -> Vec<Vec<u8>> {
    let Some(hall) = world.hall(name.as_bytes()) else { return Vec::new() };
    let row = |(n, user, c): (u32, &Attendee, &Channel)| {
        let flag = |on: bool| if on { "1" } else { "" };
        let talking = match (user.monitored && user.may_speak(), c.voice.talking) {
            (false, _) => "-1",
            (_, true) => "1",
            _ => "0",
        };
        let (admin, listens) = (flag(user.admin), flag(user.listen_only));
        let (muted, request) = (flag(user.muted || user.self_muted), flag(user.request));
        let tail = format!("!{admin}!{listens}!{muted}!{request}!{talking}!{}", since(world, user));
        [
            n.to_string().as_bytes(),
            b"!",
            &c.caller.number,
            b"!",
            &c.caller.name,
            b"!",
            &c.name,
            tail.as_bytes(),
        ]
        .concat()
    };
    seated(world, hall).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(words("confbridge list \"Room One\" x"), ["confbridge", "list", "Room One", "x"]);
        assert_eq!(words("  a \"\" "), ["a", ""]);
    }
}
