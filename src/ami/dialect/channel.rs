//! What a channel's name tells: `TECHNOLOGY/resource-serial`, for Local channels with `;1` or `;2` behind it.

use crate::model::{CrewPattern, ServiceKind, ServiceSetup, Tech};

/// The kind of call.
pub(crate) fn tech(channel: &str) -> Tech {
    let word = channel.split_once('/').map_or(channel, |(word, _)| word);
    match word {
        "PJSIP" | "SIP" => Tech::Sip,
        "IAX2" => Tech::Iax2,
        "DAHDI" => Tech::Dahdi,
        "Local" => Tech::Local,
        other => Tech::Other(other.into()),
    }
}

/// ConfBridge's own pseudo channels (announcer, recorder): in the bridge, but nobody.
pub(crate) fn is_announcer(channel: &str) -> bool {
    ["CBAnn/", "CBRec/"].iter().any(|own| starts_with(channel, own))
}

/// Whether a room's list of its crew means this call.
pub(crate) fn is_crew(patterns: &[CrewPattern], channel: &str, phone: &str) -> bool {
    patterns.iter().any(|pattern| match pattern {
        CrewPattern::Number(number) => !number.is_empty() && number == phone,
        CrewPattern::Channel(name) => name.eq_ignore_ascii_case(resource(channel)),
    })
}

/// Which service a channel is, if any.
pub(crate) fn service(setups: &[ServiceSetup], channel: &str) -> Option<ServiceKind> {
    let found = setups.iter().find(|s| originated(&s.channel).eq_ignore_ascii_case(resource(channel)));
    found.map(|s| s.kind)
}

/// The name without its serial number: the same for both halves of a Local channel.
fn resource(channel: &str) -> &str {
    channel.rsplit_once('-').map_or(channel, |(resource, _)| resource)
}

/// The name as originated without the options of a Local channel (`Local/220@stream/n`).
fn originated(channel: &str) -> &str {
    match channel.rsplit_once('/') {
        Some((name, _)) if name.contains('@') && starts_with(name, "Local/") => name,
        _ => channel,
    }
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_technology_is_the_word_before_the_slash() {
        for (channel, expected) in [
            ("PJSIP/alice-00000001", Tech::Sip),
            ("SIP/alice-00000001", Tech::Sip),
            ("IAX2/x-1", Tech::Iax2),
            ("DAHDI/1-1", Tech::Dahdi),
            ("Local/201@conf-00000004;2", Tech::Local),
            ("Motif/x-1", Tech::Other("Motif".into())),
            ("odd", Tech::Other("odd".into())),
        ] {
            assert_eq!(tech(channel), expected, "{channel}");
        }
    }

    #[test]
    fn both_halves_of_a_service_are_meant_and_no_look_alike() {
        let setups = [ServiceSetup { kind: ServiceKind::Stream, channel: "Local/220@stream/n".into() }];
        assert_eq!(service(&setups, "Local/220@stream-00000001;1"), Some(ServiceKind::Stream));
        assert_eq!(service(&setups, "local/220@stream-00000001;2"), Some(ServiceKind::Stream));
        for other in ["Local/2201@stream-00000001;1", "Local/220@streams-00000001;1", "Local/220@stream", "x"]
        {
            assert_eq!(service(&setups, other).is_some(), other == "Local/220@stream", "{other}");
        }
    }

    #[test]
    fn crew_is_a_whole_number_or_the_beginning_of_a_channel_up_to_its_serial() {
        let crew = ["701", "pjsip/Dana", ""].map(CrewPattern::parse);
        assert!(is_crew(&crew, "SIP/x-1", "701"));
        assert!(is_crew(&crew, "PJSIP/dana-0000001a", ""));
        for (channel, phone) in [("SIP/x-1", "7011"), ("PJSIP/danah-0000001b", "702"), ("PJSIP/dan-1", "")] {
            assert!(!is_crew(&crew, channel, phone), "{channel} {phone}");
        }
    }

    #[test]
    fn the_announcer_is_nobody() {
        assert!(is_announcer("CBAnn/200-00000001;2"));
        assert!(!is_announcer("PJSIP/CBAnn/-1"));
    }
}
