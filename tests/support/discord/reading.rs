//! Discord's Markdown as its clients read it: what a reader sees of a message's or an embed's text, and what of it is
//! markup. It finds more markup than they do rather than less.

/// What a reader sees.
#[derive(Debug, Default)]
pub struct Reading {
    /// The text without its markup.
    pub text: String,
    /// The markup that was found: `strong`, `mention`, `link`, ...
    pub marks: Vec<&'static str>,
}

/// Marks around a text, the longer ones first.
const AROUND: &[(&str, &str)] = &[
    ("```", "code"),
    ("``", "code"),
    ("`", "code"),
    ("**", "strong"),
    ("__", "underline"),
    ("~~", "strike"),
    ("||", "spoiler"),
    ("*", "emphasis"),
    ("_", "emphasis"),
];

/// Links and invites, which need nothing around them; looked for in what was sent, escapes and all.
const ANYWHERE: &[(&str, &str)] = &[
    ("http://", "link"),
    ("https://", "link"),
    ("steam://", "link"),
    ("discord://", "link"),
    ("mailto:", "link"),
    ("tel:", "link"),
    ("discord.gg", "invite"),
    ("discord.com", "invite"),
    ("discordapp.com", "invite"),
    ("¯\\_(ツ)_/¯", "shrug"),
];

/// Reads a text as a member's client does.
pub fn read(text: &str) -> Reading {
    let mut reading = Reading::default();
    let lower = text.to_lowercase();
    reading.marks.extend(ANYWHERE.iter().filter(|(raw, _)| lower.contains(raw)).map(|(_, mark)| *mark));
    reading.marks.extend(text.split('<').skip(1).filter(|rest| pings(rest)).map(|_| "ping"));
    inline(text, true, &mut reading);
    reading
}

/// What the server takes for a mention, escaped or not: `@1>`, `@!1>`, `@&1>`, `#1>`.
fn pings(rest: &str) -> bool {
    let id = rest.strip_prefix("@!").or(rest.strip_prefix("@&")).or(rest.strip_prefix(['@', '#']));
    let id = id.and_then(|id| id.split_once('>')).map(|(id, _)| id);
    id.is_some_and(|id| !id.is_empty() && id.chars().all(|c| c.is_ascii_digit()))
}

fn inline(text: &str, mut fresh: bool, reading: &mut Reading) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if std::mem::replace(&mut fresh, c == '\n') {
            reading.marks.extend(block(rest));
        }
        let mut after = rest.chars();
        after.next();
        match (c, after.clone().next()) {
            ('\\', Some(sign)) if !sign.is_ascii_alphanumeric() && !sign.is_whitespace() => {
                reading.text.push(sign);
                after.next();
                rest = after.as_str();
                continue;
            }
            _ => {}
        }
        if let Some((inner, mark, behind)) = around(rest) {
            reading.marks.push(mark);
            if mark == "code" {
                reading.text.push_str(inner)
            } else {
                inline(inner, false, reading)
            }
            rest = behind;
            continue;
        }
        reading.marks.extend(single(rest));
        reading.text.push(c);
        rest = after.as_str();
    }
}

/// What means something at the beginning of a line.
fn block(line: &str) -> Option<&'static str> {
    let line = line.lines().next().unwrap_or("").trim_start_matches(' ');
    let word = line.split(char::is_whitespace).next().unwrap_or("");
    let digits = word
        .strip_suffix('.')
        .is_some_and(|digits| !digits.is_empty() && digits.chars().all(char::is_numeric));
    match word {
        "#" | "##" | "###" | "-#" => Some("heading"),
        "-" | "*" => Some("list"),
        ">" | ">>>" => Some("quote"),
        _ if digits => Some("list"),
        _ => None,
    }
}

fn around(text: &str) -> Option<(&str, &'static str, &str)> {
    AROUND.iter().find_map(|(sign, mark)| {
        let inner = text.strip_prefix(sign)?;
        let end = closing(inner, sign, *mark == "code")?;
        (end > 0).then(|| (&inner[..end], *mark, &inner[end + sign.len()..]))
    })
}

fn closing(inner: &str, sign: &str, raw: bool) -> Option<usize> {
    let mut escaped = false;
    inner.char_indices().find_map(|(at, c)| {
        let hit = !escaped && inner[at..].starts_with(sign);
        escaped = !raw && c == '\\' && !escaped;
        // Two stars are no two ends of one star.
        let twice = || sign.len() == 2 && inner[at + sign.len()..].starts_with(&sign[..1]);
        (hit && !twice()).then_some(at)
    })
}

fn single(text: &str) -> Option<&'static str> {
    let within = |open: char, close: char| text.strip_prefix(open).and_then(|rest| rest.split_once(close));
    if text.starts_with("@everyone") || text.starts_with("@here") {
        return Some("mention");
    }
    if within('<', '>').is_some_and(|(inner, _)| inner.contains(':') || inner.starts_with(['@', '#', '/'])) {
        return Some("mention");
    }
    if within('[', ']').is_some_and(|(_, rest)| rest.starts_with('(')) {
        return Some("link");
    }
    let emoji =
        |inner: &str| !inner.is_empty() && inner.chars().all(|c| c.is_alphanumeric() || "_+-".contains(c));
    within(':', ':').is_some_and(|(inner, _)| emoji(inner)).then_some("emoji")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_what_is_there() {
        for (text, shown, marks) in [
            ("**a** b", "a b", &["strong"][..]),
            ("\\*\\*a\\*\\*", "**a**", &[]),
            ("__a _b_ c__", "a b c", &["underline", "emphasis"]),
            ("`\\*`", "\\*", &["code"]),
            ("a\n- b", "a\n- b", &["list"]),
            ("# a", "# a", &["heading"]),
            ("1. a", "1. a", &["list"]),
            ("> a", "> a", &["quote"]),
            ("#12 Marta", "#12 Marta", &[]),
            ("<@1> @here", "<@1> @here", &["ping", "mention", "mention"]),
            ("[a](b)", "[a](b)", &["link"]),
            ("see https://e.test", "see https://e.test", &["link"]),
            ("https\\://e.test", "https://e.test", &[]),
            ("\\<@1>", "<@1>", &["ping"]),
            (":smile: <a:b:1> <t:1>", ":smile: <a:b:1> <t:1>", &["emoji", "mention", "emoji", "mention"]),
            ("DISCORD.gg/x", "DISCORD.gg/x", &["invite"]),
        ] {
            let reading = read(text);
            assert_eq!(reading.text, shown, "{text}");
            assert_eq!(reading.marks, marks, "{text}");
        }
    }
}
