//! `[asterisk.NAME]`: where a manager interface listens, and who logs in there.

use std::collections::BTreeMap;
use std::path::Path;

use gavel_ami::model::ServerName;
use toml::de::DeValue;

use super::section::{Converted, Section, Wrong, text};
use super::{Address, Asterisk, Found, Named, Tls, secret};

pub(super) fn all(top: &mut Section<'_>, folder: &Path) -> Named<ServerName, Asterisk> {
    let tables = top.tables("asterisk", "[asterisk.NAME] with address, username and secret");
    let names = tables.iter().map(|(name, _)| ServerName::new(name.as_str())).collect();
    let read = tables.into_iter().filter_map(|(name, section)| one(ServerName::new(name), section, folder));
    Named { names, good: read.map(|asterisk| (asterisk.name.clone(), asterisk)).collect::<BTreeMap<_, _>>() }
}

fn one(name: ServerName, mut section: Section<'_>, folder: &Path) -> Option<Asterisk> {
    let address = section.need("address", "address = \"127.0.0.1:5038\"", "a text in quotes", address);
    let username = section.need_text("username", "username = \"gavel\"");
    let secret = secret::read(&mut section, "secret", "secret = { env = \"GAVEL_AMI_SECRET\" }", folder);
    let ca = section.text("ca");
    let address = address.map(|found| with_authority(&section, found.value, ca, folder));
    section.finish();
    Some(Asterisk { name, address: address?, username: username?.value, secret: secret? })
}

fn with_authority(
    section: &Section<'_>,
    mut address: Address,
    ca: Option<Found<String>>,
    folder: &Path,
) -> Address {
    match (&mut address.tls, ca) {
        (Some(tls), Some(ca)) => {
            tls.ca = Some(Found { value: folder.join(&ca.value), at: ca.at, offset: ca.offset })
        }
        (None, Some(ca)) => {
            section.tell(ca.offset, "ca", "is only used with TLS; write address = \"tls://...\"")
        }
        _ => {}
    }
    address
}

fn address(value: &DeValue<'_>) -> Converted<Address> {
    let written = text(value)?;
    let (tls, rest) = match written.split_once("://") {
        Some(("tls", rest)) => (Some(Tls { ca: None }), rest),
        Some(("tcp", rest)) => (None, rest),
        Some((other, _)) => {
            let why =
                format!("\"{other}://\" is not spoken here; write \"HOST:PORT\" or \"tls://HOST:PORT\"");
            return Err(Wrong::Value(why));
        }
        None => (None, written.as_str()),
    };
    let default = if tls.is_some() { 5039 } else { 5038 };
    let (host, port) = host_and_port(rest, default).ok_or_else(|| {
        Wrong::Value(format!(
            "\"{written}\" is no address; write \"HOST:PORT\", for example \"127.0.0.1:5038\""
        ))
    })?;
    Ok(Address { host, port, tls })
}

fn host_and_port(text: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(v6) => {
            let (host, rest) = v6.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None if text.parse::<std::net::Ipv6Addr>().is_ok() => (text, None),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let named = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || "/@\"'".contains(c));
    let port = port.map_or(Some(default), |port| port.parse().ok().filter(|port| *port != 0))?;
    named.then(|| (host.to_owned(), port))
}
