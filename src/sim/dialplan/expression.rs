//! `${NAME}`, `${NAME:offset:length}`, `${FUNCTION(args)}`, nested, and `$[a = b]`, `$[a != b]`. Values are bytes.

/// How deep expressions may nest: deeper ones stay as they are.
const MAX_DEPTH: usize = 16;

/// The text with every expression replaced; `lookup` knows variables and functions.
pub(crate) fn substitute(text: &[u8], lookup: &mut dyn FnMut(&str) -> Vec<u8>) -> Vec<u8> {
    within(text, lookup, 0)
}

fn within(text: &[u8], lookup: &mut dyn FnMut(&str) -> Vec<u8>, depth: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let inner = match (byte, after.first()) {
            (b'$', Some(b'{')) => enclosed(after, b'{', b'}'),
            (b'$', Some(b'[')) => enclosed(after, b'[', b']'),
            _ => None,
        };
        let Some((inner, behind)) = inner.filter(|_| depth < MAX_DEPTH) else {
            out.push(byte);
            rest = after;
            continue;
        };
        let expanded = within(inner, lookup, depth + 1);
        if after.first() == Some(&b'{') {
            out.extend(variable(&expanded, lookup));
        } else {
            out.push(if truth(&expanded) { b'1' } else { b'0' });
        }
        rest = behind;
    }
    out
}

/// What stands between the bracket that `text` begins with and its partner, and what follows.
fn enclosed(text: &[u8], open: u8, close: u8) -> Option<(&[u8], &[u8])> {
    let mut depth = 0;
    for (at, &byte) in text.iter().enumerate() {
        if byte == open {
            depth += 1;
        } else if byte == close {
            depth -= 1;
            if depth == 0 {
                return Some((text.get(1..at)?, text.get(at + 1..)?));
            }
        }
    }
    None
}

fn variable(expression: &[u8], lookup: &mut dyn FnMut(&str) -> Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8_lossy(expression);
    let colon = if text.ends_with(')') { None } else { text.split_once(':') };
    let Some((name, slice)) = colon else { return lookup(&text) };
    let value = lookup(name);
    let (offset, length) = slice.split_once(':').unwrap_or((slice, ""));
    cut(&value, offset.parse().unwrap_or(0), length.parse().ok())
}

fn cut(value: &[u8], offset: isize, length: Option<isize>) -> Vec<u8> {
    let all = value.len() as isize;
    let start = if offset < 0 { (all + offset).max(0) } else { offset.min(all) };
    let end = match length {
        None => all,
        Some(l) if l < 0 => (all + l).max(start),
        Some(l) => start.saturating_add(l).min(all),
    };
    value.get(start as usize..end as usize).unwrap_or_default().to_vec()
}

fn truth(expression: &[u8]) -> bool {
    let text = String::from_utf8_lossy(expression);
    if let Some((left, right)) = text.split_once("!=") {
        return left.trim() != right.trim();
    }
    if let Some((left, right)) = text.split_once('=') {
        return left.trim() == right.trim();
    }
    !["", "0"].contains(&text.trim())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expand(text: &str) -> String {
        let mut lookup = |name: &str| match name {
            "EXTEN" => b"hangup-03".to_vec(),
            "NAME" => b"Marta%20K".to_vec(),
            "CALLERID(name)" => b"Ann".to_vec(),
            "URIDECODE(Marta%20K)" => b"Marta K".to_vec(),
            _ => Vec::new(),
        };
        String::from_utf8(substitute(text.as_bytes(), &mut lookup)).unwrap()
    }

    #[test]
    fn what_dialplans_use() {
        assert_eq!(expand("Wait ${EXTEN:7} s"), "Wait 03 s");
        assert_eq!(expand("${EXTEN:0:6}|${EXTEN:-2}|${NONE}|$5"), "hangup|03||$5");
        assert_eq!(expand("${URIDECODE(${NAME})}"), "Marta K");
        assert_eq!(expand("$[\"${NAME}\" != \"\"]$[\"${NONE}\" != \"\"]"), "10");
        assert_eq!(expand("${CALLERID(name)} ${open"), "Ann ${open");
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(text in proptest::collection::vec(prop_oneof![Just(b'$'), Just(b'{'), Just(b'}'), Just(b'['), Just(b':'), any::<u8>()], 0..64)) {
            substitute(&text, &mut |_| b"x".to_vec());
        }
    }
}
