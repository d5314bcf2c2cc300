use super::*;

fn callers(script: &str) -> Callers {
    Callers { script: script.into(), seed: 1, speed: 50.0 }
}

/// An environment in which nothing is set.
fn unset() -> BTreeMap<String, String> {
    BTreeMap::new()
}

fn at(file: &str, text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn a_demo_begins_with_people_in_the_room() {
    for kind in [Kind::Confbridge, Kind::Meetme] {
        let rehearsal = demo(&callers("show"), kind, true, Clock::system()).unwrap();
        let truth = rehearsal.servers[0].truth();
        let members = |name| truth.conference(name).map_or(0, |it| it.members.len());
        assert!(members("200") >= 5, "{kind:?}: {truth:?}");
        assert!(truth.conferences.iter().all(|it| it.meetme == (kind == Kind::Meetme)), "{truth:?}");
        assert_eq!(rehearsal.start.mark, None);
    }
}

#[test]
fn a_rehearsal_goes_to_no_configured_address_and_reads_no_secret() {
    let (_folder, file) = at(
        "gavel.toml",
        "[asterisk.a]\naddress = 'tls://pbx.example:5039'\nusername = 'x'\nsecret = { env = 'UNSET' }\nca = 'none.pem'\n\
         [room.one]\nasterisk = 'a'\nconference = 'night line'\n[room.two]\nasterisk = 'a'\nconference = '7'\nkind = 'meetme'\n\
         [console]\nroom = 'one'\n",
    );
    let it = rehearse(&file, &unset(), &callers("burst"), (true, false), Clock::system()).unwrap();
    assert_eq!(it.start.mark, Some(MARK));
    assert!(it.start.config.rooms.values().all(|room| room.title.starts_with("REHEARSAL: ")));
    let truth = it.servers[0].truth();
    assert!(truth.conference("night line").is_some_and(|it| !it.meetme), "{truth:?}");
    assert!(truth.conference("7").is_some_and(|it| it.meetme), "{truth:?}");
}

#[test]
fn what_is_wrong_is_told_with_a_remedy() {
    let error = |script: &str| {
        let error = demo(&callers(script), Kind::Confbridge, true, Clock::system()).err().unwrap();
        (error.exit(), error.to_string())
    };
    let (exit, told) = error("shwo");
    assert_eq!(exit, Exit::Usage);
    assert!(told.contains("did you mean \"show\"?") && told.contains("noisy-line"), "{told}");
    assert_eq!(error("missing.toml").0, Exit::Config);
    let (_folder, file) = at("mine.toml", "[[caller]]\nwhen = 3\n");
    let (exit, told) = error(file.to_str().unwrap());
    assert!(exit == Exit::Config && told.contains("mine.toml") && told.contains("when"), "{told}");
}

#[test]
fn a_name_that_no_dialplan_can_hold_is_refused() {
    let (_folder, file) = at(
        "gavel.toml",
        "[asterisk.a]\naddress = '127.0.0.1'\nusername = 'x'\nsecret = { env = 'UNSET' }\n\
         [room.one]\nasterisk = 'a'\nconference = '200,x)'\n",
    );
    let error = rehearse(&file, &unset(), &callers("show"), (true, false), Clock::system()).err().unwrap();
    assert_eq!(error.exit(), Exit::Config);
    assert!(error.to_string().contains("room.one.conference"), "{error}");
}

#[test]
#[cfg(feature = "discord")]
fn on_discord_the_terminal_is_opened_if_somebody_sits_at_it() {
    let (_folder, file) = at(
        "gavel.toml",
        "[asterisk.a]\naddress = '127.0.0.1'\nusername = 'x'\nsecret = { env = 'UNSET' }\n\
         [room.one]\nasterisk = 'a'\nconference = '1'\n\
         [discord]\ntoken = { env = 'TOKEN' }\n[[discord.place]]\nchannel = 1\nroom = 'one'\n",
    );
    let token = BTreeMap::from([("TOKEN".to_owned(), "abc".to_owned())]);
    for (plain, terminal) in [(false, false), (false, true), (true, false)] {
        let it = rehearse(&file, &token, &callers("show"), (plain, terminal), Clock::system()).unwrap();
        assert_eq!(it.start.seat.is_some(), plain || terminal);
        assert_eq!(it.start.keys.discord.unwrap().token.expose(), "abc");
    }
    let error = rehearse(&file, &unset(), &callers("show"), (false, false), Clock::system()).err().unwrap();
    assert_eq!(error.exit(), Exit::Config);
    assert!(error.to_string().contains("discord.token: the environment variable TOKEN"), "{error}");
}
