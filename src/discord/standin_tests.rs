//! serenity itself against the stand-in, without the adapter: were the stand-in wrong, or what it sends incomplete,
//! serenity would drop it in silence.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use gavel_discord_standin::{Channel, Choice, Discord, Guild, Setup};
use serde_json::json;
use serenity::all::{
    ButtonStyle, ClientBuilder, Context, CreateActionRow, CreateAutocompleteResponse, CreateButton,
    CreateCommand, CreateCommandOption, CreateInteractionResponse, CreateInteractionResponseMessage,
    CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption, Event, GatewayIntents, GuildId,
    HttpBuilder, Interaction, RawEventHandler,
};
use serenity::async_trait;
use serenity::model::application::CommandOptionType;

use crate::Reach;

const GUILD: u64 = 100;
const CREW: u64 = 30;
const HANNA: u64 = 1001;
const SOON: Duration = Duration::from_secs(20);

struct Bot(Sender<String>);

#[async_trait]
impl RawEventHandler for Bot {
    async fn raw_event(&self, context: Context, event: Event) {
        let name = event.name().unwrap_or_else(|| format!("unknown: {event:?}"));
        match event {
            Event::GuildCreate(guild) => register(&context, guild.guild.id).await,
            Event::InteractionCreate(event) => answer(&context, event.interaction).await,
            _ => {}
        }
        let _ = self.0.send(name);
    }
}

async fn register(context: &Context, guild: GuildId) {
    let option = CreateCommandOption::new(CommandOptionType::String, "caller", "Who")
        .required(true)
        .set_autocomplete(true);
    let commands = vec![CreateCommand::new("kick").description("Removes").add_option(option)];
    guild.set_commands(&context.http, commands).await.unwrap();
}

async fn answer(context: &Context, interaction: Interaction) {
    let http = &context.http;
    let text = CreateInteractionResponseMessage::new;
    let done = match interaction {
        Interaction::Command(command) => {
            let rows = vec![
                CreateActionRow::Buttons(vec![
                    CreateButton::new("yes").label("Yes").style(ButtonStyle::Danger),
                ]),
                CreateActionRow::SelectMenu(CreateSelectMenu::new(
                    "whom",
                    CreateSelectMenuKind::String { options: vec![CreateSelectMenuOption::new("Joel", "7")] },
                )),
            ];
            let message = text().content("Sure?").ephemeral(true).components(rows);
            command.create_response(http, CreateInteractionResponse::Message(message)).await
        }
        Interaction::Autocomplete(typing) => {
            let choices = CreateAutocompleteResponse::new().add_string_choice("7 Joel", "7");
            typing.create_response(http, CreateInteractionResponse::Autocomplete(choices)).await
        }
        Interaction::Component(press) => {
            let update = text().content(press.data.custom_id.clone());
            press.create_response(http, CreateInteractionResponse::UpdateMessage(update)).await
        }
        other => panic!("{other:?}"),
    };
    done.unwrap();
}

struct Running {
    discord: Discord,
    events: Receiver<String>,
    _bot: JoinHandle<()>,
}

impl Running {
    fn start() -> Running {
        let guild = Guild::new(GUILD, "Radio").channel(Channel::new(CREW, "crew")).member(HANNA, &[]);
        let setup = Setup::default().guild(guild).user(HANNA, "Hanna");
        let token = setup.token.clone();
        let discord = Discord::start(setup);
        let reach = Reach { address: discord.address(), ca: discord.ca_pem().as_bytes().to_vec() };
        let (heard, events) = channel();
        let run = async move {
            let http = HttpBuilder::new(&token).client(crate::http::client(Some(&reach)).unwrap()).build();
            let builder = ClientBuilder::new_with_http(http, GatewayIntents::non_privileged())
                .raw_event_handler(Bot(heard));
            builder.await.unwrap().start().await.unwrap();
        };
        let bot = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            // It ends with the test's process: serenity never gives up.
            runtime.block_on(run);
        });
        Running { discord, events, _bot: bot }
    }

    /// Waits for that event; none that serenity can't read may come before it.
    fn expect(&self, name: &str) {
        loop {
            let event = self.events.recv_timeout(SOON).unwrap_or_else(|_| panic!("no {name}"));
            assert!(!event.starts_with("unknown"), "{event}");
            if event == name {
                return;
            }
        }
    }
}

#[test]
fn serenity_reads_answers_and_resumes() {
    let bot = Running::start();
    for event in ["READY", "GUILD_CREATE"] {
        bot.expect(event);
    }
    let hanna = bot.discord.member(HANNA);
    let choices = hanna.autocomplete(CREW, "kick", "caller", "Jo").unwrap().choices().unwrap();
    let caller = Choice::tap(&choices, "7 Joel").unwrap();
    let kick = hanna.slash(CREW, "kick", &[("caller", &caller)]).unwrap();
    assert_eq!(kick.said(SOON), "Sure?");
    let message = kick.reply().unwrap();
    assert!(message.ephemeral());
    assert_eq!(
        hanna.press(message.id, "yes").unwrap().until("update", SOON, |text| text == "yes").id,
        message.id
    );
    hanna.choose(message.id, "whom", &["7"]).unwrap().until("update", SOON, |text| text == "whom");

    bot.discord.gateway().abort();
    let missed = hanna.slash(CREW, "kick", &[("caller", "7")]).unwrap();
    bot.expect("RESUMED");
    assert_eq!(missed.said(SOON), "Sure?");
    bot.discord.gateway().dispatch("SOMETHING_NEW", None, &json!({"x": 1}));
    assert!(bot.events.iter().any(|event| event.contains("SOMETHING_NEW")));
    bot.discord.assert_clean();
    assert_eq!(bot.discord.gateway().counts().readies, 1);
}
