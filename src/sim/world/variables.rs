//! Variables and the few functions that dialplans and clients use.

use crate::dialplan::substitute;

use super::World;
use super::channel::{Id, Party};

impl World {
    /// The text with its `${...}` replaced, as that channel sees it.
    pub(super) fn expand(&mut self, id: Id, text: &[u8]) -> Vec<u8> {
        if memchr::memchr(b'$', text).is_none() {
            return text.to_vec();
        }
        let mut rng = self.rng.clone();
        let out = substitute(text, &mut |name| match random(name, &mut rng) {
            Some(value) => value,
            None => self.variable(Some(id), name).unwrap_or_default(),
        });
        self.rng = rng;
        out
    }

    /// A variable or function; `None`: there is none of that name.
    pub(crate) fn variable(&self, id: Option<Id>, name: &str) -> Option<Vec<u8>> {
        if let Some((function, arguments)) = name.strip_suffix(')').and_then(|n| n.split_once('(')) {
            return self.function(id, function, arguments);
        }
        let channel = id.and_then(|id| self.get(id));
        if let Some(channel) = channel {
            let known = match name {
                "EXTEN" => Some(channel.spot.exten.clone().into_bytes()),
                "CONTEXT" => Some(channel.spot.context.clone().into_bytes()),
                "PRIORITY" => Some(channel.spot.priority.to_string().into_bytes()),
                "CHANNEL" => Some(channel.name.clone()),
                "UNIQUEID" => Some(channel.uniqueid.clone()),
                _ => channel.variables.get(name).cloned(),
            };
            if known.is_some() {
                return known;
            }
        }
        match name {
            "EPOCH" => Some((self.wall() / 1000).to_string().into_bytes()),
            _ => self.globals.get(name).cloned(),
        }
    }

    fn function(&self, id: Option<Id>, function: &str, arguments: &str) -> Option<Vec<u8>> {
        let channel = id.and_then(|id| self.get(id));
        match (function.to_ascii_uppercase().as_str(), arguments.to_ascii_lowercase().as_str()) {
            ("CALLERID", "name") => Some(channel?.caller.name.clone()),
            ("CALLERID", "num" | "number") => Some(channel?.caller.number.clone()),
            ("CALLERID", "pres") => Some(b"allowed_not_screened".to_vec()),
            ("CALLERID", "all") => Some(both(&channel?.caller)),
            ("CHANNEL", "name") => Some(channel?.name.clone()),
            ("CHANNEL", "uniqueid") => Some(channel?.uniqueid.clone()),
            ("CHANNEL", "linkedid") => Some(channel?.linkedid.clone()),
            ("CHANNEL", "state") => Some(channel?.state.word().as_bytes().to_vec()),
            ("CHANNEL", "pjsip,call-id") => Some(format!("{}-sim@127.0.0.1", channel?.id).into_bytes()),
            ("GLOBAL", _) => self.globals.get(arguments).cloned(),
            ("URIDECODE", _) => Some(decode(arguments.as_bytes())),
            _ => None,
        }
    }

    /// Sets a variable (of a channel, or a global one) and tells of it.
    pub(crate) fn set_variable(&mut self, id: Option<Id>, name: &str, value: &[u8]) {
        let upper = name.to_ascii_uppercase();
        if let Some(global) = upper.strip_prefix("GLOBAL(").and_then(|n| n.strip_suffix(')')) {
            self.globals.insert(global.to_owned(), value.to_vec());
            return self.tell_varset(None, global, value);
        }
        if let (Some(id), Some(part)) =
            (id, upper.strip_prefix("CALLERID(").and_then(|n| n.strip_suffix(')')))
        {
            return self.set_caller(id, part, value);
        }
        let bare = name.trim_start_matches('_').to_owned();
        match id.and_then(|id| self.channels.get_mut(&id)) {
            Some(channel) => channel.variables.insert(bare, value.to_vec()),
            None => self.globals.insert(bare, value.to_vec()),
        };
        self.tell_varset(id, name, value);
    }

    fn set_caller(&mut self, id: Id, part: &str, value: &[u8]) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let value: Vec<u8> = value.iter().copied().filter(|b| *b >= b' ' || b"\t\r\n".contains(b)).collect();
        match part {
            "NAME" => channel.caller.name = value,
            "NUM" | "NUMBER" => channel.caller.number = value,
            "ALL" => channel.caller = parse_caller(&value),
            _ => return,
        }
        self.tell_callerid(id);
    }
}

fn random(name: &str, rng: &mut fastrand::Rng) -> Option<Vec<u8>> {
    let (low, high) = name.strip_prefix("RAND(")?.strip_suffix(')')?.split_once(',')?;
    let (low, high) = (low.trim().parse::<i64>().ok()?, high.trim().parse::<i64>().ok()?);
    (low <= high).then(|| rng.i64(low..=high).to_string().into_bytes())
}

fn both(party: &Party) -> Vec<u8> {
    [b"\"", party.name.as_slice(), b"\" <", party.number.as_slice(), b">"].concat()
}

/// `"Name" <number>`, `<number>`, `number`.
pub(crate) fn parse_caller(text: &[u8]) -> Party {
    let open = text.iter().rposition(|b| *b == b'<');
    let Some(open) = open.filter(|_| text.ends_with(b">")) else {
        let digits = text.iter().all(|b| b.is_ascii_digit() || *b == b'+');
        return if digits { Party::new(text, b"") } else { Party::new(b"", trimmed(text)) };
    };
    let number = text.get(open + 1..text.len() - 1).unwrap_or_default();
    Party::new(number, trimmed(text.get(..open).unwrap_or_default()))
}

/// Without blanks around, and without one pair of quotes.
fn trimmed(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\"")).unwrap_or(text)
}

fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        let code = hex.and_then(|h| u8::from_str_radix(h, 16).ok());
        match code.filter(|_| byte == b'%') {
            Some(code) => {
                out.push(code);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_as_originate_gives_them() {
        assert_eq!(parse_caller(b"\"Bob \"Q\" Z\" <7101>"), Party::new(b"7101", b"Bob \"Q\" Z"));
        assert_eq!(parse_caller(b"<1001>"), Party::new(b"1001", b""));
        assert_eq!(parse_caller(b"1001"), Party::new(b"1001", b""));
        assert_eq!(parse_caller(b"Ann"), Party::new(b"", b"Ann"));
    }

    #[test]
    fn percent_signs_are_decoded() {
        assert_eq!(decode(b"Marta%20Kov%C3%A1cs%"), "Marta Kovács%".as_bytes());
    }
}
