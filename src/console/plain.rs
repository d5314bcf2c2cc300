//! Lines from a pipe or a file.

use std::io::{self, BufRead, Read};

use crate::outlet::{Heard, Outlet};

/// A longer line is cut: nobody types it, and a file of zeros must not fill the memory.
const LONGEST: usize = 64 * 1024;

/// Reads to the end of input.
pub(crate) fn read(mut input: impl BufRead, outlet: &mut Outlet) {
    while let Ok(Some(line)) = line(&mut input) {
        if outlet.hand(Heard::Line(line)).is_err() {
            return;
        }
    }
    let _ = outlet.hand(Heard::End);
}

fn line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    input.by_ref().take(LONGEST as u64).read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.last() != Some(&b'\n') && bytes.len() == LONGEST {
        input.skip_until(b'\n')?;
    }
    Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_any_bytes() {
        let long = "x".repeat(LONGEST * 2);
        let mut input = io::Cursor::new([b"a\r\n\n\xff\n", long.as_bytes(), b"\nlast"].concat());
        let mut next = || line(&mut input).unwrap();
        assert_eq!(next().as_deref(), Some("a"));
        assert_eq!(next().as_deref(), Some(""));
        assert_eq!(next().as_deref(), Some("\u{fffd}"));
        assert_eq!(next().map(|line| line.len()), Some(LONGEST));
        assert_eq!(next().as_deref(), Some("last"));
        assert_eq!(next(), None);
    }
}
