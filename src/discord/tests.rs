//! What every network must pass, against the stand-in; and what this one must besides.

mod rig;
mod world;

use std::sync::Arc;
use std::time::Duration;

use gavel_chat::testing::battery::{Able, Harness, Person, Seen};
use gavel_chat::testing::crew_view;
use gavel_chat::text::Foreign;
use gavel_chat::{
    AdapterError, Audience, Board, Choice, Claim, Fault as Why, Health, Input, Network, PlaceId, Up, UserId,
};
use gavel_discord_standin::{Fault, Message, What, Which};

use crate::{Discord, Settings, Token};
use rig::{Rig, answer};
use world::{CHANNEL, ELSEWHERE, Eyes, GUILD, Stage};

/// The stand-in, one channel, and the eyes of one member.
struct Members {
    stage: Stage,
    eyes: Eyes,
}

impl Harness for Members {
    const ABLE: Able = Able {
        edits: true,
        cards: true,
        pings: true,
        people: true,
        // Without intents Discord sends the bot nothing that anybody wrote.
        echoes: false,
        limits: true,
        defers: true,
    };

    fn new() -> Self {
        Self { stage: Stage::new(), eyes: Eyes::default() }
    }

    fn network(&self) -> Box<dyn Network> {
        Box::new(self.stage.network())
    }

    fn place(&self) -> PlaceId {
        crate::place(CHANNEL)
    }

    fn user(&self, person: &Person) -> UserId {
        UserId::new(format!("discord:user:{}", world::user(person.id)))
    }

    fn say(&mut self, person: &Person, words: &str) {
        self.stage.rename(person.id, person.name);
        self.stage.say(person.id, words);
    }

    async fn seen(&mut self) -> Seen {
        self.eyes.next(&self.stage).await
    }

    fn limit(&mut self) {
        self.stage.limit();
    }

    async fn deferred(&mut self) {
        self.stage.deferred().await;
    }
}

gavel_chat::adapter_battery!(Members);

const SECOND: Duration = Duration::from_secs(1);

fn error(status: u16, code: u64) -> What {
    What::Error { status, code, words: "Nope".into() }
}

fn on(pattern: &str, what: What) -> Fault {
    Fault::new(Which::Only(pattern.into()), what)
}

#[test]
fn a_command_is_answered_in_the_channel() {
    let stage = Stage::new();
    let mut rig = Rig::ready(&stage);
    stage.registered();
    let act = stage.member(1).slash(CHANNEL, "mute", &[("callers", "7")]).unwrap();
    let asked = rig.asked();
    let slots = vec![("callers".to_owned(), "7".to_owned())];
    assert_eq!(asked.input, Input::Slots { command: "mute".into(), slots });
    assert!(asked.asker.claims.contains(&Claim(format!("discord:role:{GUILD}"))), "{:?}", asked.asker);
    rig.answer(&asked, "#7 Joel muted.");
    assert_eq!(act.said(SECOND), "#7 Joel muted.");
    rig.stop().unwrap();
}

#[test]
fn choices_come_while_somebody_types() {
    let stage = Stage::new();
    let mut rig = Rig::ready(&stage);
    stage.registered();
    let act = stage.member(1).autocomplete(CHANNEL, "mute", "callers", "jo").unwrap();
    let answer = rig.hears("what is typed", |up| match up {
        Up::Complete(partial, answer) => {
            assert_eq!((&*partial.command, &*partial.slot, &*partial.typed), ("mute", "callers", "jo"));
            Some(answer)
        }
        _ => None,
    });
    let label = Foreign::text("7 Joel, talking");
    answer.send(vec![Choice { value: "7".into(), label }]).unwrap();
    let choices = act.choices().unwrap();
    assert_eq!((&*choices[0].name, choices[0].value.as_str()), ("7 Joel, talking", Some("7")));
    rig.stop().unwrap();
}

#[test]
fn what_comes_too_late_does_nothing_and_the_crew_is_told_once() {
    let stage = Stage::new();
    let mut rig = Rig::ready(&stage);
    stage.registered();
    let late = stage.member(1).late(30 * SECOND);
    for _ in 0..10 {
        late.slash(CHANNEL, "kick", &[("callers", "3")]).unwrap();
    }
    let shown = |message: &Message| message.text().starts_with("10 commands came too late");
    stage
        .member(1)
        .until("the line", CHANNEL, 5 * SECOND, |shows| shows.iter().any(|m| shown(m)).then_some(()));
    // What is done now, is; of the others nothing was heard before it.
    stage.member(1).slash(CHANNEL, "roster", &[]).unwrap();
    let Input::Slots { command, .. } = rig.asked().input else { panic!("no command") };
    assert_eq!(command, "roster");
    rig.stop().unwrap();
}

#[test]
fn refresh_draws_the_card_anew_without_asking_anybody() {
    let stage = Stage::new();
    let mut rig = Rig::ready(&stage);
    let card = stage.card("Thursday Line");
    let act = stage.member(1).press(card.id, card.button("Refresh").unwrap()).unwrap();
    assert_eq!(act.answer().map(|answer| answer.kind), Some(7));
    assert!(!rig.rest().iter().any(|up| matches!(up, Up::Invoke(_))));
    rig.stop().unwrap();
}

#[test]
fn a_channel_without_a_room_is_told_so() {
    let stage = Stage::new();
    let mut rig = Rig::ready(&stage);
    stage.registered();
    let act = stage.member(1).slash(ELSEWHERE, "roster", &[]).unwrap();
    assert_eq!(act.said(SECOND), "gavel does not work in this channel.");
    assert!(act.reply().unwrap().ephemeral());
    assert!(!rig.rest().iter().any(|up| matches!(up, Up::Invoke(_))));
    rig.stop().unwrap();
}

#[test]
fn commands_are_registered_once() {
    let stage = Stage::new();
    let rig = Rig::ready(&stage);
    stage.registered();
    rig.stop().unwrap();
    let created = stage.created();
    // If it had to change them, it could not.
    stage.discord.fault(on("PUT /applications/*/guilds/*/commands", What::Status(500)));
    let mut rig = Rig::ready(&stage);
    stage.member(1).slash(CHANNEL, "roster", &[]).unwrap();
    let asked = rig.asked();
    rig.answer(&asked, "Nobody.");
    rig.stop().unwrap();
    assert_eq!(stage.created(), created);
}

#[test]
fn commands_stand_under_a_root_where_that_is_wanted() {
    let stage = Stage::new();
    let settings = Settings { group: Some("conf".into()), ..stage.settings() };
    let mut rig = Rig::of(&Discord::new(settings));
    stage.registered();
    stage.member(1).slash(CHANNEL, "conf mute", &[("callers", "7")]).unwrap();
    let Input::Slots { command, slots } = rig.asked().input else { panic!("no command") };
    assert_eq!((&*command, &*slots[0].1), ("mute", "7"));
    rig.stop().unwrap();
}

#[test]
fn cards_are_drawn_again_after_every_reconnection() {
    let stage = Stage::new();
    let mut rig = Rig::ready(&stage);
    let card = stage.card("Thursday Line");
    stage.discord.world().change(|world| world.delete(card.id));
    stage.discord.gateway().abort();
    let again = stage.card("Thursday Line");
    assert_ne!(card.id, again.id);
    stage.discord.gateway().invalidate(false);
    stage.discord.gateway().until(|counts| counts.readies > 1, 15 * SECOND).unwrap();
    rig.board.send_replace(Board::Crew(Arc::new(crew_view("Friday Line"))));
    stage.card("Friday Line");
    assert!(!rig.rest().iter().any(|up| matches!(up, Up::Failed { .. })));
    rig.stop().unwrap();
}

#[test]
fn a_token_that_discord_does_not_know_is_a_persons_business() {
    let stage = Stage::new();
    let settings = Settings { token: Token::new("MTEw.another.one"), ..stage.settings() };
    let ended = Rig::of(&Discord::new(settings)).end();
    assert!(matches!(ended, Err(AdapterError::Remedy(words)) if words.contains("Reset Token")));
}

#[test]
fn closes_for_good_are_a_persons_business() {
    for (code, word) in [(4004, "Reset Token"), (4013, "Intents"), (4014, "Intents")] {
        let stage = Stage::new();
        let rig = Rig::ready(&stage);
        stage.discord.gateway().close(code);
        let ended = rig.end();
        assert!(matches!(&ended, Err(AdapterError::Remedy(words)) if words.contains(word)), "{ended:?}");
    }
}

#[test]
fn closes_without_hope_are_tried_once_more() {
    for code in [4010, 4011, 4012] {
        let stage = Stage::new();
        stage.discord.gateway().close_identify(Some(code));
        let ended = Rig::of(&stage.network()).end();
        let said = matches!(&ended, Err(AdapterError::Remedy(words)) if words.contains(&code.to_string()));
        assert!(said, "{code}: {ended:?}");
        let tries = stage.discord.gateway().counts().identifies;
        assert_eq!(tries, 2, "{code}");
    }
}

/// Without the witness they would freeze the thread; and what was asked before is still answered after them.
#[test]
fn closes_that_leave_no_connection_are_followed_by_a_new_one() {
    for code in [Some(4003), Some(4011), None] {
        let stage = Stage::new();
        let mut rig = Rig::ready(&stage);
        stage.registered();
        let act = stage.member(1).slash(CHANNEL, "roster", &[]).unwrap();
        let asked = rig.asked();
        match code {
            Some(code) => stage.discord.gateway().close(code),
            None => stage.discord.gateway().close_without_code(),
        }
        rig.down();
        rig.answer(&asked, "Nobody.");
        assert_eq!(act.said(SECOND), "Nobody.", "{code:?}");
        rig.health(&Health::Up);
        rig.stop().unwrap();
    }
}

#[test]
fn a_connection_that_does_not_come_back_is_down_and_then_up() {
    let stage = Stage::new();
    let mut rig = Rig::ready(&stage);
    stage.discord.gateway().refuse_for(4 * SECOND);
    stage.discord.gateway().abort();
    assert_eq!(rig.down(), "no connection to Discord's gateway");
    rig.health(&Health::Up);
    rig.stop().unwrap();
}

#[test]
fn nobody_there_at_the_start_is_waited_for() {
    let stage = Stage::new();
    stage.discord.fault(on("GET /gateway", What::Status(503)).times(1));
    stage.discord.fault(on("GET /users/@me", What::Status(500)).times(1));
    let mut rig = Rig::of(&stage.network());
    assert!(rig.down().contains("500"));
    assert!(rig.down().contains("503"));
    rig.health(&Health::Up);
    rig.stop().unwrap();
}

#[test]
fn a_channel_that_cannot_be_used_is_told_and_the_others_work() {
    let stage = Stage::new();
    stage.discord.fault(on(&format!("* /channels/{ELSEWHERE}/**"), error(403, 50001)));
    stage.discord.fault(on(&format!("GET /channels/{ELSEWHERE}"), error(403, 50001)));
    let mut rig = Rig::with(&stage.network(), &[CHANNEL, ELSEWHERE], Vec::new());
    let why = rig.hears("the remedy", |up| match up {
        Up::Failed { place, fault: Why::Remedy(why), .. } => {
            assert_eq!(place, crate::place(ELSEWHERE));
            Some(why)
        }
        _ => None,
    });
    assert!(why.contains("View Channel"), "{why}");
    stage.card("Thursday Line");
    rig.stop().unwrap();
}

#[test]
fn an_interaction_that_nobody_can_read_is_answered_all_the_same() {
    let stage = Stage::new();
    let rig = Rig::ready(&stage);
    stage.registered();
    let act = stage.unreadable(1);
    let answered =
        stage.discord.until("an answer", 3 * SECOND, |world| world.interactions[&act].answer.clone());
    assert_eq!(answered.kind, 4);
    rig.stop().unwrap();
}

#[test]
fn a_run_that_was_replaced_says_nothing_more() {
    let stage = Stage::new();
    let mut rig = Rig::ready(&stage);
    stage.registered();
    stage.member(1).slash(CHANNEL, "roster", &[]).unwrap();
    let asked = rig.asked();
    rig.generation.revoke();
    rig.post(answer(&asked, "From the grave.", Audience::Place));
    rig.stop().unwrap();
    let act = stage.member(1).messages(CHANNEL);
    assert!(!act.iter().any(|message| message.text().contains("grave")));
}

/// The desk says nothing to every second one, Discord's REST fails but for first answers, the gateway drops.
#[test]
fn trouble_everywhere_leaves_nobody_without_an_answer() {
    let stage = Stage::new();
    let mut rig = Rig::ready(&stage);
    stage.registered();
    stage.card("Thursday Line");
    stage.discord.fault(Fault::new(Which::AllBut("POST /interactions/**".into()), What::Status(500)));
    let mut acts = Vec::new();
    for number in 0..20 {
        acts.push(stage.member(1).slash(CHANNEL, "roster", &[]).unwrap());
        let asked = rig.asked();
        if number % 2 == 0 {
            rig.answer(&asked, "Nobody.");
        }
        if number % 5 == 0 {
            stage.discord.gateway().abort();
        }
    }
    for act in &acts {
        assert!(act.answer().is_some(), "no answer to {:?}", act.interaction());
    }
    assert!(stage.discord.unanswered(3 * SECOND).is_empty());
    stage.discord.heal();
    rig.stop().unwrap();
}
