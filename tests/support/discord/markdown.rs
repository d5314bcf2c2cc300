//! Discord's Markdown as its clients render it: what people read, and which markup is live in it.
//!
//! Where clients differ it finds markup rather than not.

/// Markup that a client renders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// `bold`, `italic`, `underline`, `strike`, `spoiler`, `code`, `quote`, `heading`, `subtext`, `list`, `link`,
    /// `masked link`, `invite`, `mention`, `emoji`, `timestamp`.
    pub kind: &'static str,
    /// What it is around, as it was sent.
    pub text: String,
}

/// A text as a client shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Without marks and escapes.
    pub text: String,
    /// The marks, outer ones first.
    pub marks: Vec<Mark>,
}

impl Reading {
    /// Whether there is such a mark.
    pub fn has(&self, kind: &str) -> bool {
        self.marks.iter().any(|mark| mark.kind == kind)
    }

    fn mark(&mut self, kind: &'static str, text: &str) {
        self.marks.push(Mark { kind, text: text.into() });
    }
}

/// Characters that nobody sees or that turn text around: controls but for line ends, bidi marks, zero width.
pub fn hidden(text: &str) -> Vec<char> {
    let unseen = |c: &char| match *c {
        '\n' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => true,
        '\u{2028}' | '\u{2029}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{e0000}'..='\u{e007f}' => true,
        other => other.is_control(),
    };
    text.chars().filter(unseen).collect()
}

/// Delimiters on both sides, longer ones first.
const AROUND: [(&str, &str); 6] = [
    ("**", "bold"),
    ("__", "underline"),
    ("~~", "strike"),
    ("||", "spoiler"),
    ("*", "italic"),
    ("_", "italic"),
];
/// What begins a line.
const LINES: [(&str, &str); 8] = [
    (">>> ", "quote"),
    ("> ", "quote"),
    ("### ", "heading"),
    ("## ", "heading"),
    ("# ", "heading"),
    ("-# ", "subtext"),
    ("- ", "list"),
    ("* ", "list"),
];
const INVITES: [&str; 3] = ["discord.gg/", "discord.com/invite/", "discordapp.com/invite/"];

/// Reads a text.
pub fn read(text: &str) -> Reading {
    let mut reading = Reading::default();
    run(text, true, &mut reading);
    reading
}

fn run(mut rest: &str, mut fresh: bool, reading: &mut Reading) {
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let begun = fresh.then(|| line(rest, reading)).flatten();
        let taken = begun.or_else(|| escape(rest, reading)).or_else(|| code(rest, reading));
        let taken = taken.or_else(|| angle(rest, reading)).or_else(|| link(rest, before, reading));
        let taken = taken.or_else(|| masked(rest, reading)).or_else(|| around(rest, before, reading));
        let taken = taken.or_else(|| everyone(rest, reading));
        let length = taken.unwrap_or_else(|| {
            reading.text.push(c);
            c.len_utf8()
        });
        before = rest[..length].chars().last().unwrap_or(' ');
        fresh = before == '\n' || (fresh && taken.is_none() && c == ' ');
        rest = &rest[length..];
    }
}

/// What begins a line, with blanks before it where it is a list.
fn line(rest: &str, reading: &mut Reading) -> Option<usize> {
    let bare = rest.trim_start_matches(' ');
    let blank = rest.len() - bare.len();
    let whole = |length: usize| bare[length..].lines().next().unwrap_or_default();
    let found = LINES.iter().find(|(mark, kind)| bare.starts_with(mark) && (blank == 0 || *kind == "list"));
    let (length, kind) = match found {
        Some((mark, kind)) => (mark.len(), *kind),
        None => {
            let digits = bare.len() - bare.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let numbered = (1..=9).contains(&digits) && bare[digits..].starts_with(". ");
            numbered.then_some((digits + 2, "list"))?
        }
    };
    (!whole(length).trim().is_empty()).then(|| {
        reading.mark(kind, whole(length));
        blank + length
    })
}

/// A backslash before anything but letters, digits and white space.
fn escape(rest: &str, reading: &mut Reading) -> Option<usize> {
    let next = rest.strip_prefix('\\')?.chars().next()?;
    let escaped = !next.is_alphanumeric() && !next.is_whitespace();
    escaped.then(|| {
        reading.text.push(next);
        1 + next.len_utf8()
    })
}

/// Code, in which nothing else is live.
fn code(rest: &str, reading: &mut Reading) -> Option<usize> {
    let fence = rest.len() - rest.trim_start_matches('`').len();
    let inside = &rest[fence..];
    let ticks = &rest[..fence];
    let end = (fence > 0).then(|| closing(inside, ticks)).flatten()?;
    reading.mark("code", &inside[..end]);
    reading.text.push_str(&inside[..end]);
    Some(fence + end + fence)
}

/// Where a run of exactly these ticks is.
fn closing(inside: &str, ticks: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = inside[from..].find('`') {
        let at = from + found;
        let run = inside[at..].len() - inside[at..].trim_start_matches('`').len();
        if run == ticks.len() && at > 0 {
            return Some(at);
        }
        from = at + run;
    }
    None
}

/// `<@1>`, `<#1>`, `<:name:1>`, `<t:1>`, `</name:1>`, `<https://...>`.
fn angle(rest: &str, reading: &mut Reading) -> Option<usize> {
    let (inside, _) = rest.strip_prefix('<')?.split_once('>')?;
    let id = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let tail = inside.rsplit_once(':').map(|(_, tail)| tail).unwrap_or_default();
    let mention = ["@!", "@&", "@", "#"].iter().filter_map(|mark| inside.strip_prefix(mark)).any(id);
    let kind = match inside {
        _ if mention || (inside.starts_with('/') && id(tail)) || inside.starts_with("id:") => "mention",
        _ if (inside.starts_with(':') || inside.starts_with("a:")) && id(tail) => "emoji",
        _ if inside.starts_with("t:") => "timestamp",
        _ if scheme(inside).is_some() => "link",
        _ => return None,
    };
    reading.mark(kind, inside);
    reading.text.push_str(&rest[..inside.len() + 2]);
    Some(inside.len() + 2)
}

fn scheme(text: &str) -> Option<&str> {
    let lower = |scheme: &&str| text.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme));
    ["https://", "http://", "steam://", "discord://", "mailto:", "tel:", "sms:"]
        .into_iter()
        .find(|it| lower(it))
}

/// Addresses and invites, which need nothing around them.
fn link(rest: &str, before: char, reading: &mut Reading) -> Option<usize> {
    let end = rest.find(|c: char| c.is_whitespace() || c == '<').unwrap_or(rest.len());
    let word = &rest[..end];
    let bare = |it: &&str| word.get(..it.len()).is_some_and(|head| head.eq_ignore_ascii_case(it));
    let kind = if scheme(word).is_some_and(|it| it.ends_with('/') && word.len() > it.len()) {
        "link"
    } else if !before.is_alphanumeric()
        && INVITES.iter().find(|it| bare(it)).is_some_and(|it| word.len() > it.len())
    {
        "invite"
    } else {
        return None;
    };
    reading.mark(kind, word);
    reading.text.push_str(word);
    Some(end)
}

/// `[text](address)`.
fn masked(rest: &str, reading: &mut Reading) -> Option<usize> {
    let inside = rest.strip_prefix('[')?;
    let middle = inside.find("](")?;
    let target = &inside[middle + 2..];
    let end = target.find(')').filter(|_| middle > 0)?;
    scheme(target[..end].trim_start_matches('<'))?;
    reading.mark("masked link", &inside[..middle]);
    run(&inside[..middle], false, reading);
    Some(1 + middle + 2 + end + 1)
}

fn around(rest: &str, before: char, reading: &mut Reading) -> Option<usize> {
    AROUND.iter().find_map(|(mark, kind)| {
        let inside = rest.strip_prefix(mark)?;
        let end = unescaped(inside, mark)?;
        let after = inside[end + mark.len()..].chars().next().unwrap_or(' ');
        // Underscores within a word are part of it; a star before a blank is a star.
        let word = *mark == "_" && (before.is_alphanumeric() || after.is_alphanumeric());
        let star = *mark == "*" && inside.starts_with(char::is_whitespace);
        (!word && !star).then(|| {
            reading.mark(kind, &inside[..end]);
            run(&inside[..end], false, reading);
            end + 2 * mark.len()
        })
    })
}

/// Where a mark stands that no backslash is before, after something.
fn unescaped(inside: &str, mark: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(c) = inside[at..].chars().next() {
        if c == '\\' {
            at += 1 + inside[at + 1..].chars().next().map_or(0, char::len_utf8);
        } else if inside[at..].starts_with(mark) && at > 0 {
            return Some(at);
        } else {
            at += c.len_utf8();
        }
    }
    None
}

fn everyone(rest: &str, reading: &mut Reading) -> Option<usize> {
    let found = ["@everyone", "@here"].into_iter().find(|it| rest.starts_with(it))?;
    reading.mark("mention", found);
    reading.text.push_str(found);
    Some(found.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<&'static str> {
        read(text).marks.iter().map(|mark| mark.kind).collect()
    }

    #[test]
    fn marks_are_found_and_leave_the_text() {
        for (sent, shown, kind) in [
            ("**a** b", "a b", "bold"),
            ("*a*", "a", "italic"),
            ("_a_", "a", "italic"),
            ("__a__", "a", "underline"),
            ("~~a~~", "a", "strike"),
            ("||a||", "a", "spoiler"),
            ("``a`b``", "a`b", "code"),
            ("> a", "a", "quote"),
            ("x\n# a", "x\na", "heading"),
            ("-# a", "a", "subtext"),
            ("12. a", "a", "list"),
            ("  - a", "a", "list"),
            ("[a](https://x.org)", "a", "masked link"),
        ] {
            let reading = read(sent);
            assert_eq!((reading.text.as_str(), kinds(sent).as_slice()), (shown, &[kind][..]), "{sent}");
        }
    }

    #[test]
    fn some_need_nothing_around() {
        for (sent, kind) in [
            ("see HTTP://x.org", "link"),
            ("see http://x.org", "link"),
            ("<https://x.org>", "link"),
            ("discord.gg/abc", "invite"),
            ("<@1>", "mention"),
            ("<@&1>", "mention"),
            ("<#1>", "mention"),
            ("</kick:1>", "mention"),
            ("@everyone", "mention"),
            ("<:x:1>", "emoji"),
            ("<t:1:R>", "timestamp"),
        ] {
            assert_eq!(kinds(sent), [kind], "{sent}");
        }
    }

    #[test]
    fn escapes_and_plain_text_are_plain() {
        for (sent, shown) in [
            (r"\*a\* \_b\_ \`c\`", "*a* _b_ `c`"),
            (r"\> a", "> a"),
            (r"\# a", "# a"),
            (r"\[a\](x)", "[a](x)"),
            (r"\<\@1>", "<@1>"),
            ("snake_case_name, 2 * 3 * 4", "snake_case_name, 2 * 3 * 4"),
            ("7 Joel, talking - 3 min", "7 Joel, talking - 3 min"),
            ("a < b > c", "a < b > c"),
            ("#1 and -1", "#1 and -1"),
            (r"¯\(o)", "¯(o)"),
        ] {
            assert_eq!(read(sent), Reading { text: shown.into(), marks: vec![] }, "{sent}");
        }
    }

    #[test]
    fn marks_nest_and_code_does_not() {
        assert_eq!(kinds("**a *b* `*c*`**"), ["bold", "italic", "code"]);
        assert_eq!(read("```a **b**```").text, "a **b**");
    }

    #[test]
    fn what_nobody_sees_is_found() {
        assert_eq!(hidden("a\u{202e}b\u{200b}\r\n\u{1b}ü🙂"), ['\u{202e}', '\u{200b}', '\r', '\u{1b}']);
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_fall_over(sent in r"[\\`*_~|<>\[\]()@#:/a1 é\n-]{0,40}|\PC{0,40}") {
            read(&sent);
        }

        #[test]
        fn with_every_sign_escaped_nothing_is_live(sent in r"[\\`*_~|<>\[\]()@#:/.a1 é-]{0,40}") {
            let sign = |c: char| !c.is_alphanumeric() && c != ' ';
            let escaped: String =
                sent.chars().flat_map(|c| sign(c).then_some('\\').into_iter().chain([c])).collect();
            let reading = read(&escaped);
            proptest::prop_assert!(reading.marks.is_empty(), "{escaped}: {:?}", reading.marks);
            proptest::prop_assert_eq!(reading.text, sent);
        }
    }
}
