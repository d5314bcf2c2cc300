//! What the file may hold, and what is said when it holds something else.

use proptest::prelude::*;

use super::*;

const EXAMPLE: &str = include_str!("../../../config/gavel.toml");
const SMALL: &str = r#"
[asterisk.main]
address = "127.0.0.1:5038"
username = "gavel"
secret = { env = "GAVEL_AMI_SECRET" }

[room.thursday]
asterisk = "main"
conference = "200"
"#;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(Path::new("etc/gavel.toml"), text, &Surroundings::default())
}

/// The only problem of a text that must have exactly one.
fn problem(text: &str) -> Problem {
    let mut problems = parse(text).unwrap_err().problems;
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems.remove(0)
}

fn replaced(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    SMALL.replacen(from, to, 1)
}

/// What is said of a text that is wrong.
fn refused(what: &str, text: &str) -> String {
    let said = parse(text).unwrap_err().to_string();
    format!("{what}:\n    {}\n", said.replace('\n', "\n    "))
}

/// The line (from 1) on which `needle` first stands.
fn line_of(text: &str, needle: &str) -> usize {
    text.lines().position(|line| line.contains(needle)).unwrap() + 1
}

#[test]
#[cfg(all(feature = "discord", feature = "matrix"))]
fn the_example_says_what_it_explains() {
    let config = parse(EXAMPLE).unwrap();
    let room = &config.rooms[&RoomName::new("thursday")];
    let main = &config.asterisks[&ServerName::new("main")];
    assert_eq!(main.address, Address { host: "127.0.0.1".into(), port: 5038, tls: None });
    assert_eq!(main.secret.kind, SecretKind::Env("GAVEL_AMI_SECRET".into()));
    assert_eq!(main.secret.key, "asterisk.main.secret");
    assert_eq!(main.secret.at.line, line_of(EXAMPLE, "secret = { env"));
    assert_eq!(room.title, "Thursday Line");
    assert_eq!(room.services.len(), 3);
    assert_eq!(room.crew, [CrewPattern::Number("701".into()), CrewPattern::Channel("PJSIP/dana".into())]);
    assert_eq!(room.lobby, Some(ConferenceName::new("lobby")));
    assert_eq!(
        config.state,
        State { path: "etc/gavel.db".into(), keep_callers: Duration::from_secs(604_800) }
    );
    assert_eq!(config.console().unwrap().role, Role::Host);
    assert_eq!(config.access(&room.name).commands[&Command::Hangup], Role::Host);
    assert_eq!(config.timezone.iana_name(), Some("Europe/London"));
    assert_eq!(config.discord.as_ref().unwrap().places[0].room, room.name);
    let setup = config.pbx_setup(main);
    assert_eq!((setup.server.as_str(), setup.rooms.len()), ("main", 1));
    assert_eq!(setup.rooms[0].topic_variable.as_deref(), Some("TOPIC_thursday"));
}

#[test]
#[cfg(all(feature = "discord", feature = "matrix"))]
fn the_example_shows_the_defaults_behind_the_hash() {
    let mut shown = String::new();
    for line in EXAMPLE.lines() {
        let key = line.strip_prefix("# ").filter(|rest| {
            rest.split_once(" = ")
                .is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        });
        // The authority, a room's own access and rare keys of networks are examples, no defaults.
        const EXAMPLES: [&str; 8] =
            ["ca =", "host =", "secret", "group =", "resolve =", "extra_ca =", "token =", "invite_from ="];
        let default = key.filter(|key| !EXAMPLES.iter().any(|example| key.starts_with(example)));
        shown.push_str(default.unwrap_or(line));
        shown.push('\n');
    }
    let (plain, shown) = (parse(EXAMPLE).unwrap(), parse(&shown).unwrap());
    assert_ne!(EXAMPLE.lines().count(), 0);
    let same = |Config { rooms, state, console, discord, matrix, .. }: &Config| {
        let places = discord.as_ref().map(|discord| &discord.places);
        let matrix = matrix.as_ref().map(|it| (&it.state_dir, &it.prefixes, it.require_verified, &it.places));
        format!("{rooms:?} {state:?} {console:?} {places:?} {matrix:?}")
    };
    assert_eq!(same(&plain), same(&shown));
}

#[test]
fn the_small_one_takes_the_defaults() {
    let config = parse(SMALL).unwrap();
    let room = &config.rooms[&RoomName::new("thursday")];
    assert_eq!((room.title.as_str(), room.names, room.notices_per_minute), ("thursday", View::Crew, 6));
    assert_eq!(room.show_ends_after, Duration::from_secs(1800));
    let console = Console { room: room.name.clone(), view: View::Crew, role: Role::Host };
    assert_eq!(config.console().unwrap(), console);
}

#[test]
fn relative_state_goes_to_the_state_directory() {
    let around = Surroundings { state_directory: Some("/var/lib/gavel".into()) };
    let text = format!("{SMALL}\n[state]\npath = \"a/b.db\"\n");
    let config = Config::parse(Path::new("gavel.toml"), &text, &around).unwrap();
    assert_eq!(config.state.path, Path::new("/var/lib/gavel/a/b.db"));
    let absolute = text.replace("a/b.db", "/srv/b.db");
    assert_eq!(parse(&absolute).unwrap().state.path, Path::new("/srv/b.db"));
}

#[test]
fn addresses() {
    let read = |address: &str| {
        let config = parse(&replaced("127.0.0.1:5038", address))?;
        let Address { host, port, tls } = config.asterisks[&ServerName::new("main")].address.clone();
        Ok::<_, ConfigError>((host, port, tls.is_some()))
    };
    for (text, host, port, tls) in [
        ("pbx", "pbx", 5038, false),
        ("tcp://pbx:1", "pbx", 1, false),
        ("tls://pbx.example.org", "pbx.example.org", 5039, true),
        ("tls://pbx.example.org:6000", "pbx.example.org", 6000, true),
        ("[::1]:5038", "::1", 5038, false),
        ("[::1]", "::1", 5038, false),
        ("::1", "::1", 5038, false),
    ] {
        assert_eq!(read(text).unwrap(), (host.to_owned(), port, tls), "{text}");
    }
    for text in
        ["http://pbx:80", ":5038", "pbx:0", "pbx:99999", "pbx:", "a b:1", "[::1", "[pbx]:1", "pbx:1:2"]
    {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_said() {
    let cases = [
        ("a misspelt key that must be there", replaced("conference =", "confrence =")),
        ("a misspelt table", replaced("[room.thursday]", "[rooms.thursday]")),
        ("a key that must be there", replaced("username = \"gavel\"\n", "")),
        ("a key of a part that is not there yet", format!("{SMALL}[web]\nlisten = \"x\"\n")),
        ("a wrong type", replaced("\"200\"", "[200]")),
        ("a number for a name", replaced("\"200\"", "200")),
        ("a wrong item", format!("{SMALL}crew = [\"701\", 702]\n")),
        ("an unknown server", replaced("asterisk = \"main\"", "asterisk = \"mian\"")),
        (
            "a conference in two rooms",
            format!("{SMALL}[room.friday]\nasterisk = \"main\"\nconference = \"200\"\n"),
        ),
        ("its own lobby", format!("{SMALL}lobby.conference = \"200\"\n")),
        ("a MeetMe name", replaced("\"200\"", "\"two hundred\"\nkind = \"meetme\"")),
        ("MeetMe's key alone", format!("{SMALL}kick_by = \"hangup\"\n")),
        ("another way to kick", format!("{SMALL}kind = \"meetme\"\nkick_by = \"comand\"\n")),
        ("an unknown kind", format!("{SMALL}kind = \"confbrige\"\n")),
        ("a bad duration", format!("{SMALL}show_ends_after = \"30 minutes\"\n")),
        ("a function as variable", format!("{SMALL}topic_variable = \"SHELL(reboot)\"\n")),
        ("too many notices", format!("{SMALL}notices_per_minute = 1000\n")),
        ("an injection", replaced("\"gavel\"", "\"gavel\\r\\nAction: Logoff\"")),
        ("the secret itself", replaced("{ env = \"GAVEL_AMI_SECRET\" }", "\"hunter2\"")),
        ("two secrets", replaced("{ env = \"GAVEL_AMI_SECRET\" }", "{ env = \"A\", file = \"b\" }")),
        ("a misspelt place for a secret", replaced("{ env =", "{ evn =")),
        ("an authority without TLS", replaced("username", "ca = \"ca.pem\"\nusername")),
        ("an unknown command", format!("{SMALL}[access]\ncommands = {{ kik = \"host\" }}\n")),
        ("an unknown role", format!("{SMALL}[access]\ncommands = {{ kick = \"co-host\" }}\n")),
        ("an unknown network", format!("{SMALL}[access]\nhost = [\"dicsord:user:1\"]\n")),
        ("a claim of nobody", format!("{SMALL}[access]\nhost = [\"matrix\"]\n")),
        ("an unknown room", format!("{SMALL}[console]\nroom = \"tuesday\"\n")),
        ("an unknown time zone", format!("timezone = \"Europe/Londn\"\n{SMALL}")),
        ("a table that is a text", format!("state = \"gavel.db\"\n{SMALL}")),
        ("escape sequences", format!("{SMALL}\"\\u001b[2J\\u009b\" = 1\n")),
        ("no TOML", format!("{SMALL}crew = [\"701\"\n")),
        ("a key twice", format!("{SMALL}conference = \"201\"\n")),
    ];
    let mut said = String::new();
    for (what, text) in cases {
        said.push_str(&refused(what, &text));
    }
    said.push_str(&refused("an empty file", ""));
    insta::assert_snapshot!(said);
}

const DISCORD: &str = r#"
[discord]
token = { env = "DISCORD_TOKEN" }
[[discord.place]]
channel = 123456789012345678
room = "thursday"
[[discord.place]]
channel = 2
room = "thursday"
view = "public"
notices = "quiet"
"#;

#[test]
#[cfg(feature = "discord")]
fn the_channels_of_discord() {
    let discord = parse(&format!("{SMALL}{DISCORD}")).unwrap().discord.unwrap();
    assert_eq!(
        (discord.token.kind, discord.token.key.as_str()),
        (SecretKind::Env("DISCORD_TOKEN".into()), "discord.token")
    );
    let place = |channel, view, notices| Channel { channel, room: RoomName::new("thursday"), view, notices };
    let crew = place(123_456_789_012_345_678, View::Crew, Verbosity::Normal);
    assert_eq!(discord.places, [crew, place(2, View::Public, Verbosity::Quiet)]);
    assert_eq!((discord.group, discord.resolve, discord.extra_ca), (None, None, None));
    let far = "[discord]\ngroup = \"conf\"\nresolve = \"[::1]:8443\"\nextra_ca = \"ca.pem\"\n";
    let discord = parse(&format!("{SMALL}{DISCORD}").replace("[discord]\n", far)).unwrap().discord.unwrap();
    assert_eq!(
        (discord.group.as_deref(), discord.resolve),
        (Some("conf"), Some("[::1]:8443".parse().unwrap()))
    );
    let ca = discord.extra_ca.unwrap();
    assert_eq!((ca.value.as_path(), ca.at.line), (Path::new("etc/ca.pem"), 14));
}

#[test]
#[cfg(feature = "discord")]
fn what_is_said_of_discord() {
    let with = |from: &str, to: &str| {
        let text = format!("{SMALL}{DISCORD}");
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let access = |words: &str| format!("{SMALL}[access]\n{words}\n");
    let cases = [
        ("no place", format!("{SMALL}[discord]\ntoken = {{ env = \"T\" }}\n")),
        ("one bracket", with("[[discord.place]]\nchannel = 2", "[discord.other]\nchannel = 2")),
        (
            "a table for a list",
            format!("{SMALL}[discord]\ntoken.env = \"T\"\n[discord.place]\nchannel = 1\n"),
        ),
        ("a list of something else", format!("{SMALL}[discord]\ntoken.env = \"T\"\nplace = [1]\n")),
        ("no room", with("room = \"thursday\"\nview", "view")),
        ("an unknown room", with("room = \"thursday\"\nview", "room = \"tuesday\"\nview")),
        ("no channel", with("channel = 2\n", "")),
        ("a channel in quotes", with("channel = 2", "channel = \"2\"")),
        ("no id", with("channel = 2", "channel = -2")),
        ("the same channel", with("channel = 2", "channel = 123456789012345678")),
        ("a misspelt view", with("\"public\"", "\"pubic\"")),
        ("unknown notices", with("\"quiet\"", "\"silent\"")),
        ("a misspelt key", with("notices", "notice")),
        ("the token itself", with("{ env = \"DISCORD_TOKEN\" }", "\"hunter2\"")),
        ("a bad group", with("[discord]\n", "[discord]\ngroup = \"/Conf\"\n")),
        ("a name for an address", with("[discord]\n", "[discord]\nresolve = \"localhost:1\"\n")),
        ("an authority for nothing", with("[discord]\n", "[discord]\nextra_ca = \"ca.pem\"\n")),
        ("a misspelt permission", access("host = [\"discord:permission:MANAGE_GUILDS\"]")),
        ("an unknown permission", access("host = [\"discord:permission:BOSS\"]")),
        ("a name for an id", access("host = [\"discord:user:sam\"]")),
        ("an unknown kind", access("host = [\"discord:rôle:1\"]")),
        ("a role on duty", access("duty = [\"discord:role:1\"]")),
    ];
    let mut said = String::new();
    for (what, text) in cases {
        said.push_str(&refused(what, &text));
    }
    insta::assert_snapshot!(said);
}

#[test]
#[cfg(not(feature = "discord"))]
fn a_gavel_without_discord_says_so() {
    let told = problem(&format!("{SMALL}{DISCORD}"));
    assert_eq!(
        (told.key.as_str(), told.at.line),
        ("discord", line_of(&format!("{SMALL}{DISCORD}"), "[discord]"))
    );
    assert!(told.text.starts_with("this gavel was built without Discord"), "{told}");
}

const MATRIX: &str = r#"
[matrix]
homeserver = "https://matrix.example.org/"
user = "@gavel:example.org"
token = { file = "token" }
recovery_key = { file = "key" }
[[matrix.place]]
room_id = "!abc:example.org"
room = "thursday"
[[matrix.place]]
room_id = "!dEf12"
room = "thursday"
view = "public"
notices = "quiet"
bare_words = true
sync_topic = true
"#;

#[test]
#[cfg(feature = "matrix")]
fn the_account_and_the_rooms_of_matrix() {
    let matrix = parse(&format!("{SMALL}{MATRIX}")).unwrap().matrix.unwrap();
    assert_eq!(
        (matrix.homeserver.as_str(), matrix.user.as_str()),
        ("https://matrix.example.org", "@gavel:example.org")
    );
    let MatrixLogin::Token(token) = &matrix.login else { panic!() };
    assert_eq!((&token.kind, token.key.as_str()), (&SecretKind::File("etc/token".into()), "matrix.token"));
    assert_eq!(matrix.recovery_key.unwrap().kind, SecretKind::File("etc/key".into()));
    assert_eq!(
        (matrix.prefixes, matrix.require_verified, matrix.invite_from),
        (vec!["!".to_owned()], false, vec![])
    );
    let place = |room_id: &str, view, notices, on| MatrixRoom {
        room_id: room_id.to_owned(),
        room: RoomName::new("thursday"),
        view,
        notices,
        bare_words: on,
        sync_topic: on,
    };
    let crew = place("!abc:example.org", View::Crew, Verbosity::Normal, false);
    assert_eq!(matrix.places, [crew, place("!dEf12", View::Public, Verbosity::Quiet, true)]);
    let more = "prefixes = [\"!\", \"gavel:\"]\nrequire_verified = true\ninvite_from = [\"@dana:e:8448\"]\n[[matrix.place]]";
    let matrix =
        parse(&format!("{SMALL}{MATRIX}").replacen("[[matrix.place]]", more, 1)).unwrap().matrix.unwrap();
    assert_eq!((matrix.prefixes, matrix.require_verified), (vec!["!".to_owned(), "gavel:".to_owned()], true));
    assert_eq!(matrix.invite_from, ["@dana:e:8448"]);
}

#[test]
#[cfg(feature = "matrix")]
fn matrix_state_goes_to_the_state_directory_and_its_key_does_not() {
    let around = Surroundings { state_directory: Some("/var/lib/gavel".into()) };
    let text = format!("{SMALL}{MATRIX}");
    let matrix =
        |text: &str| Config::parse(Path::new("etc/gavel.toml"), text, &around).unwrap().matrix.unwrap();
    assert_eq!(matrix(&text).state_dir, Path::new("/var/lib/gavel/matrix"));
    assert_eq!(matrix(&text).recovery_key.unwrap().kind, SecretKind::File("etc/key".into()));
    assert_eq!(
        matrix(&text.replace("[matrix]", "[matrix]\nstate_dir = \"/srv/m\"")).state_dir,
        Path::new("/srv/m")
    );
}

#[test]
#[cfg(feature = "matrix")]
fn what_is_said_of_matrix() {
    let with = |from: &str, to: &str| {
        let text = format!("{SMALL}{MATRIX}");
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let more = |line: &str| with("[[matrix.place]]", &format!("{line}\n[[matrix.place]]"));
    let access = |words: &str| format!("{SMALL}[access]\n{words}\n");
    let cases = [
        (
            "no place",
            format!("{SMALL}[matrix]\nhomeserver = \"https://e\"\nuser = \"@g:e\"\ntoken.env = \"T\"\n"),
        ),
        ("no way to log in", with("token = { file = \"token\" }\n", "")),
        ("two ways to log in", more("password = { env = \"P\" }")),
        ("the token itself", with("{ file = \"token\" }", "\"syt_hunter2\"")),
        ("no scheme", with("https://matrix.example.org/", "matrix.example.org")),
        ("more than an address", with("https://matrix.example.org/", "https://u:p@matrix.example.org")),
        ("a name for a user", with("\"@gavel:example.org\"", "\"gavel\"")),
        ("the key beside what it is for", with("{ file = \"key\" }", "{ file = \"matrix/key\" }")),
        ("a prefix that is a word", more("prefixes = [\"gavel\"]")),
        ("a slash for a prefix", more("prefixes = [\"/\"]")),
        ("a blank prefix", more("prefixes = [\"\"]")),
        ("a server that invites", more("invite_from = [\"example.org\"]")),
        ("a word for a flag", more("require_verified = \"yes\"")),
        ("an alias", with("!abc:example.org", "#crew:example.org")),
        ("a name for a room", with("!abc:example.org", "The crew")),
        ("the same room", with("!dEf12", "!abc:example.org")),
        ("no room id", with("room_id = \"!dEf12\"\n", "")),
        ("a misspelt key", with("bare_words", "bareword")),
        ("a word for a power", access("cohost = [\"matrix:power:moderator\"]")),
        ("a user without a server", access("host = [\"matrix:@dana\"]")),
        ("a room for a user", access("host = [\"matrix:!abc:example.org\"]")),
        ("a power on duty", access("duty = [\"matrix:power:50\"]")),
    ];
    let mut said = String::new();
    for (what, text) in cases {
        said.push_str(&refused(what, &text));
    }
    insta::assert_snapshot!(said);
}

#[test]
#[cfg(not(feature = "matrix"))]
fn a_gavel_without_matrix_says_so() {
    let text = format!("{SMALL}{MATRIX}");
    let told = problem(&text);
    assert_eq!((told.key.as_str(), told.at.line), ("matrix", line_of(&text, "[matrix]")));
    assert!(told.text.starts_with("this gavel was built without Matrix"), "{told}");
}

#[test]
fn a_room_of_meetme() {
    use gavel_ami::model::{ConferenceKind, KickBy};
    let kind = |more: &str| {
        let config = parse(&format!("{SMALL}{more}")).unwrap();
        config.rooms.values().next().unwrap().kind
    };
    assert_eq!(kind(""), ConferenceKind::ConfBridge);
    assert_eq!(kind("kind = \"confbridge\"\n"), ConferenceKind::ConfBridge);
    assert_eq!(kind("kind = \"meetme\"\n"), ConferenceKind::MeetMe { kick_by: None });
    let hangup = ConferenceKind::MeetMe { kick_by: Some(KickBy::Hangup) };
    assert_eq!(kind("kind = \"meetme\"\nkick_by = \"hangup\"\n"), hangup);
    let twice = "[room.old]\nasterisk = \"main\"\nconference = \"200\"\nkind = \"meetme\"\n";
    assert!(parse(&format!("{SMALL}{twice}")).is_ok(), "one server may carry a 200 of both kinds");
}

#[test]
fn everything_wrong_is_said_at_once() {
    let text = replaced("username", "usrname").replace("conference", "conferenec");
    let problems = parse(&text).unwrap_err().problems;
    let keys: Vec<_> = problems.iter().map(|p| (p.at.line, p.key.as_str())).collect();
    assert_eq!(keys, [(4, "asterisk.main.usrname"), (9, "room.thursday.conferenec")]);
}

#[test]
#[cfg(all(feature = "discord", feature = "matrix"))]
fn each_key_misspelt_or_of_the_wrong_type_is_named_with_its_line() {
    for (index, line) in EXAMPLE.lines().enumerate() {
        let Some((key, value)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) else { continue };
        let with = |new: String| {
            let lines = EXAMPLE
                .lines()
                .enumerate()
                .map(|(i, old)| if i == index { new.clone() } else { old.to_owned() });
            lines.collect::<Vec<_>>().join("\n")
        };
        let misspelt = problem(&with(format!("{key}x = {value}")));
        assert_eq!(misspelt.at.line, index + 1, "{line}");
        assert!(misspelt.text.contains(&format!("did you mean \"{key}\"?")), "{line}: {misspelt}");
        let error = parse(&with(format!("{key} = 1979-05-27"))).unwrap_err();
        let wrong = problem_of_line(&error, index + 1);
        assert!(wrong.key.ends_with(key), "{line}: {wrong}");
    }
}

#[test]
fn each_key_that_must_be_there_is_missed_in_its_table() {
    for (line, table) in [
        ("address =", "asterisk.main"),
        ("username =", "asterisk.main"),
        ("secret =", "asterisk.main"),
        ("asterisk =", "room.thursday"),
        ("conference =", "room.thursday"),
    ] {
        let text = SMALL.lines().filter(|l| !l.starts_with(line)).collect::<Vec<_>>().join("\n");
        let missing = problem(&text);
        assert_eq!((missing.key.as_str(), missing.at.line), (table, line_of(&text, &format!("[{table}]"))));
        assert!(missing.text.contains(&format!("add {}", line.trim_end_matches(" ="))), "{missing}");
    }
}

#[cfg(all(feature = "discord", feature = "matrix"))]
fn problem_of_line(error: &ConfigError, line: usize) -> &Problem {
    error
        .problems
        .iter()
        .find(|p| p.at.line == line)
        .unwrap_or_else(|| panic!("nothing about line {line}: {error}"))
}

#[test]
fn files_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let load = |name: &str| Config::load(&folder.path().join(name), &Surroundings::default()).unwrap_err();
    assert!(load("absent.toml").to_string().contains("name another with --config FILE"));
    assert!(load(".").to_string().contains("can't be read"));
    std::fs::write(folder.path().join("latin1.toml"), b"# ok\ntitle = \"caf\xe9\"\n").unwrap();
    assert_eq!(load("latin1.toml").problems[0].at.line, 2);
    std::fs::write(folder.path().join("huge.toml"), vec![b'#'; (LARGEST + 1) as usize]).unwrap();
    assert!(load("huge.toml").to_string().contains("1 MiB"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    /// Cut, overwritten and doubled examples: an error has its place inside the file and no control characters.
    #[test]
    fn no_damage_makes_it_panic(cut in 0..EXAMPLE.len(), at in 0..EXAMPLE.len(), junk in "[\\x00-\\x7fé\\[\\]={}\",]{0,8}") {
        let mut text: String = EXAMPLE.char_indices().filter(|(i, _)| *i < at).map(|(_, c)| c).collect();
        text.push_str(&junk);
        text.extend(EXAMPLE.char_indices().filter(|(i, _)| *i >= cut).map(|(_, c)| c));
        if let Err(error) = parse(&text) {
            prop_assert!(!error.problems.is_empty());
            for problem in error.problems {
                prop_assert!(problem.at.line <= text.lines().count() + 1);
                prop_assert!(!problem.to_string().chars().any(char::is_control));
            }
        }
    }
}
