//! What somebody has to do at Discord when it refuses for good, in words.
//!
//! Invariant: words name the channel by its id, as the configuration does, and say where to click.

/// How much of Discord a refusal concerns.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Concern {
    /// The channel: nothing else will be taken there either, until somebody does what these words say.
    Channel(String),
    /// This one post, for which somebody may do what these words say.
    Post(String),
    /// This one post, and nothing can be done: a fault of ours.
    Form(String),
}

/// What a refusal of a message in a channel means.
pub(crate) fn concern(channel: u64, status: u16, code: i64, words: &str) -> Concern {
    let place = format!("channel {channel}");
    let channel = match (status, code) {
        (401, _) | (_, 40001) => {
            "Discord refuses gavel's token: reset it in the Developer Portal (Bot, Reset Token) and put the new one \
             into the configuration"
                .to_owned()
        }
        (_, 10003) => format!(
            "there is no {place} at Discord (any more): correct its id in the configuration (right-click the \
             channel, Copy Channel ID)"
        ),
        (_, 10004) => format!("gavel is no member of the server of {place}: invite it again"),
        (_, 50001) => format!(
            "gavel cannot see {place}: give its role the permissions View Channel and Send Messages there (Edit \
             Channel, Permissions)"
        ),
        (_, 50013) => format!(
            "gavel may not write in {place}: give its role the permissions View Channel, Send Messages and Embed \
             Links there (Edit Channel, Permissions)"
        ),
        (_, 50008) => format!("{place} takes no text: put the id of a text channel into the configuration"),
        (_, 50083 | 160_005) => format!("{place} is a closed thread: open it again, or unlock it"),
        (_, 200_000 | 200_001) => {
            return Concern::Post(format!(
                "AutoMod kept a message out of {place}: exempt gavel's role from that rule (Server Settings, AutoMod)"
            ));
        }
        (403, _) => format!(
            "Discord refuses messages in {place} ({code}: {words}): look at the permissions of gavel's role there"
        ),
        _ => return Concern::Form(format!("Discord refused the form of a message ({status}, {code}: {words})")),
    };
    Concern::Channel(channel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_do_or_that_it_is_our_fault() {
        let channel = |code, word: &str| match concern(77, 403, code, "Nope") {
            Concern::Channel(words) => assert!(words.contains(word) && words.contains("77"), "{words}"),
            other => panic!("{code}: {other:?}"),
        };
        channel(50001, "View Channel");
        channel(50013, "Send Messages");
        channel(10003, "Copy Channel ID");
        channel(10004, "invite");
        channel(50008, "text channel");
        channel(50083, "thread");
        channel(40333, "40333: Nope");
        assert!(matches!(concern(77, 401, 0, ""), Concern::Channel(words) if words.contains("token")));
        assert!(matches!(concern(77, 400, 200_000, ""), Concern::Post(words) if words.contains("AutoMod")));
        assert!(matches!(concern(77, 400, 50035, "Invalid Form Body"), Concern::Form(_)));
    }
}
