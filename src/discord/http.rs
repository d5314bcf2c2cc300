//! The calls to Discord's REST API, by serenity and through its limiter, each within a time of its own.
//!
//! It owns the HTTP client and how its answers are read; what to call when is the outbox's business.
//! Invariant: no call sleeps. What the limiter would make wait comes back at once as [`Trouble::Limited`], so that
//! the outbox can do something else meanwhile, and send what is the latest then.

mod read;
#[cfg(test)]
mod tests;
mod tls;

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::num::NonZeroU64;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use serde_json::Value;
use serenity::all::{ApplicationId, ChannelId, GuildId, InteractionId, MessageId};
use serenity::http::{Http, HttpBuilder, LightMethod, Ratelimiter, Route};

use crate::outbox::{Call, CallId, Reply, Request, Secret, Trouble};
use crate::settings::Token;

pub(crate) use tls::client;

/// Interactions whose limits are remembered.
const REPLIES: usize = 128;
/// A call of the adapter's own.
const OWN: Duration = Duration::from_secs(10);
/// Discord's types of a first answer that make a message.
const MAKES_A_MESSAGE: [u64; 2] = [4, 5];

/// Who calls Discord. Clones share their connections and limits.
#[derive(Clone)]
pub(crate) struct Caller {
    token: String,
    client: reqwest::Client,
    main: Arc<Http>,
    replies: VecDeque<(Secret, Arc<Http>)>,
    application: ApplicationId,
}

thread_local! {
    /// What the limiter said in the course of one poll: it speaks right before it sleeps, from within that.
    static LIMITED: Cell<Option<(Duration, bool)>> = const { Cell::new(None) };
}

impl Caller {
    /// One for this bot. `client` is [`client`]'s.
    pub(crate) fn new(token: &Token, client: reqwest::Client) -> Self {
        let token = format!("Bot {}", token.reveal());
        let main = Arc::new(limited(&token, &client));
        Self { token, client, main, replies: VecDeque::new(), application: id(0).into() }
    }

    /// Which application this is, as READY says; before that no reply can be edited and no command registered.
    pub(crate) fn application(&mut self, application: u64) {
        self.application = id(application).into();
    }

    /// Begins a call of the outbox.
    pub(crate) fn begin(
        &mut self,
        call: Call,
    ) -> impl Future<Output = (CallId, Result<Reply, Trouble>)> + Send + 'static {
        let calling = self.once(call.request, call.within);
        async move { (call.id, calling.await) }
    }

    /// One call beside the outbox: the choices of an autocomplete, a card that was refreshed.
    pub(crate) fn once(
        &mut self,
        request: Request,
        within: Duration,
    ) -> impl Future<Output = Result<Reply, Trouble>> + Send + 'static {
        let (http, application) = (self.http(&request), self.application);
        async move {
            let new = matches!(request, Request::Create { .. });
            let (answer, date) = ask(&http, wire(&request, application), within).await?;
            let message = read::message(&answer);
            // A message that is there, but which?
            if new && message.is_none() { Err(Trouble::TimedOut) } else { Ok(Reply { message, date }) }
        }
    }

    /// The commands that a server has of ours.
    pub(crate) fn commands(&self, guild: u64) -> impl Future<Output = Result<Vec<Value>, Trouble>> + 'static {
        let (http, route) = (self.main.clone(), self.commands_of(guild));
        async move {
            let (answer, _) = ask(&http, plain(LightMethod::Get, route), OWN).await?;
            Ok(answer.as_array().cloned().unwrap_or_default())
        }
    }

    /// Makes these all the commands that a server has of ours.
    pub(crate) fn register(
        &self,
        guild: u64,
        commands: &[Value],
    ) -> impl Future<Output = Result<(), Trouble>> + 'static {
        let (http, route, body) = (self.main.clone(), self.commands_of(guild), Value::from(commands));
        async move {
            let request = plain(LightMethod::Put, route).body(Some(body.to_string().into_bytes()));
            ask(&http, request, OWN).await.map(drop)
        }
    }

    /// A channel as Discord describes it.
    pub(crate) fn channel(&self, channel: u64) -> impl Future<Output = Result<Value, Trouble>> + 'static {
        let (http, channel_id) = (self.main.clone(), id(channel).into());
        async move {
            let (answer, _) = ask(&http, plain(LightMethod::Get, Route::Channel { channel_id }), OWN).await?;
            Ok(answer)
        }
    }

    fn commands_of(&self, guild: u64) -> Route<'static> {
        Route::GuildCommands { application_id: self.application, guild_id: GuildId::from(id(guild)) }
    }

    /// serenity keeps one bucket for the replies of the whole application, where Discord has one for each token; and
    /// it never forgets the bucket of a first answer. So each interaction has a limiter of its own, for a while.
    fn http(&mut self, request: &Request) -> Arc<Http> {
        let (Request::Callback { token, .. } | Request::EditReply { token, .. }) = request else {
            return self.main.clone();
        };
        if let Some((_, http)) = self.replies.iter().find(|(known, _)| known == token) {
            return http.clone();
        }
        let http = Arc::new(limited(&self.token, &self.client));
        self.replies.push_back((token.clone(), http.clone()));
        if self.replies.len() > REPLIES {
            self.replies.pop_front();
        }
        http
    }
}

fn limited(token: &str, client: &reqwest::Client) -> Http {
    let mut limiter = Ratelimiter::new(client.clone(), token);
    limiter.set_ratelimit_callback(Box::new(|info| LIMITED.set(Some((info.timeout, info.global)))));
    HttpBuilder::new(token).client(client.clone()).ratelimiter(limiter).build()
}

/// One call: what Discord answers, and its clock.
async fn ask(
    http: &Http,
    request: serenity::http::Request<'_>,
    within: Duration,
) -> Result<(Value, Option<u64>), Trouble> {
    let asked = async {
        let response = unless_limited(http.request(request)).await?.map_err(|e| read::trouble(&e))?;
        let date = read::date(response.headers());
        let text = response.bytes().await.map_err(|_| Trouble::TimedOut)?;
        Ok((serde_json::from_slice(&text).unwrap_or(Value::Null), date))
    };
    tokio::time::timeout(within, asked).await.unwrap_or(Err(Trouble::TimedOut))
}

/// Ends as soon as the limiter is about to sleep.
async fn unless_limited<T>(call: impl Future<Output = T>) -> Result<T, Trouble> {
    let mut call = pin!(call);
    poll_fn(|cx| {
        LIMITED.take();
        match (call.as_mut().poll(cx), LIMITED.take()) {
            (Poll::Ready(done), _) => Poll::Ready(Ok(done)),
            (Poll::Pending, Some((after, global))) => Poll::Ready(Err(Trouble::Limited { after, global })),
            (Poll::Pending, None) => Poll::Pending,
        }
    })
    .await
}

/// What is sent.
fn wire(request: &Request, application_id: ApplicationId) -> serenity::http::Request<'_> {
    let with = |method, route, body: &Value| plain(method, route).body(Some(body.to_string().into_bytes()));
    match request {
        Request::Callback { interaction, token, body } => {
            let route = Route::InteractionResponse {
                interaction_id: InteractionId::from(id(*interaction)),
                token: token.reveal(),
            };
            let makes =
                body.get("type").and_then(Value::as_u64).is_some_and(|kind| MAKES_A_MESSAGE.contains(&kind));
            let params = makes.then(|| vec![("with_response", "true".to_owned())]);
            with(LightMethod::Post, route, body).params(params)
        }
        Request::EditReply { token, body } => {
            let route = Route::WebhookOriginalInteractionResponse { application_id, token: token.reveal() };
            with(LightMethod::Patch, route, body)
        }
        Request::Create { channel, body } => {
            with(LightMethod::Post, Route::ChannelMessages { channel_id: id(*channel).into() }, body)
        }
        Request::Edit { channel, message, body } => with(LightMethod::Patch, at(*channel, *message), body),
        Request::Delete { channel, message } => plain(LightMethod::Delete, at(*channel, *message)),
        Request::Pin { channel, message } => {
            let (channel_id, message_id) = (id(*channel).into(), id(*message).into());
            plain(LightMethod::Put, Route::ChannelPin { channel_id, message_id })
        }
    }
}

fn plain(method: LightMethod, route: Route<'_>) -> serenity::http::Request<'_> {
    serenity::http::Request::new(route, method)
}

fn at(channel: u64, message: u64) -> Route<'static> {
    Route::ChannelMessage {
        channel_id: ChannelId::from(id(channel)),
        message_id: MessageId::from(id(message)),
    }
}

/// serenity's ids cannot be 0, and nothing of Discord's has the id 1.
fn id(id: u64) -> NonZeroU64 {
    NonZeroU64::new(id).unwrap_or(NonZeroU64::MIN)
}
