//! Logs: where they go, how they look, and that nothing from outside can command the terminal that shows them.
//!
//! Invariant: one event is one line without control characters. Callers choose their names, and Asterisk and chat
//! networks their words, so the writer itself escapes what a terminal would obey: no call site has to remember.

use std::fmt::Write as _;
use std::io::{self, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::cli::LogFormat;
use crate::secret::Environment;
use crate::visible::{escaped, visible};

/// What is logged if `RUST_LOG` does not say; other crates only when something is wrong. Matrix's SDK calls errors what
/// is none (a new account has no backup) and what gavel tells in its own words.
const USUAL: &str = "warn,gavel=info,gavel_ami=info,gavel_chat=info,gavel_console=info,gavel_discord=info,gavel_matrix=info,\
                     matrix_sdk_crypto=error,matrix_sdk::http_client=off";
/// In a terminal that people type in and in a rehearsal, a log line would land in the middle of what they type; notices and `status`
/// say what happens.
const QUIET: &str = "error,matrix_sdk::http_client=off";

/// Starts logging to standard error, panics included. Once, first thing. `quiet`: only what can't be left unsaid.
pub fn start(format: LogFormat, quiet: bool, environment: &dyn Environment) {
    let (filter, complaint) = filter(environment, if quiet { QUIET } else { USUAL });
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(Tame { format, to: io::stderr });
    // A second start (only tests do that) keeps the first.
    let _ = match format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if let Some(complaint) = complaint {
        tracing::warn!("{complaint}");
    }
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a part of gavel panicked")));
}

fn filter(environment: &dyn Environment, usual: &str) -> (EnvFilter, Option<String>) {
    let Some(wanted) = environment.var("RUST_LOG").filter(|wanted| !wanted.is_empty()) else {
        return (EnvFilter::new(usual), None);
    };
    let wanted = wanted.to_string_lossy();
    match EnvFilter::try_new(&*wanted) {
        Ok(filter) => (filter, None),
        Err(e) => {
            (EnvFilter::new(usual), Some(format!("RUST_LOG is not understood ({e}); the default is used")))
        }
    }
}

/// Makes writers that escape.
struct Tame<W> {
    format: LogFormat,
    to: W,
}

struct TameWriter<W> {
    format: LogFormat,
    to: W,
}

impl<'a, W: Fn() -> O, O: Write> MakeWriter<'a> for Tame<W> {
    type Writer = TameWriter<O>;

    fn make_writer(&'a self) -> Self::Writer {
        TameWriter { format: self.format, to: (self.to)() }
    }
}

impl<W: Write> Write for TameWriter<W> {
    /// The formatter hands over one whole event, with its newline.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let mut line = match self.format {
            LogFormat::Text => visible(line),
            // Above U+FFFF there is nothing to escape.
            LogFormat::Json => escaped(line, |c, to| {
                let _ = write!(to, "\\u{:04x}", u32::from(c));
            }),
        };
        line.push('\n');
        self.to.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    use super::*;

    const HOSTILE: &str = "Marta\x1b[2J\u{9b}31m\r\n2026 ERROR forged \u{202e}txet\u{7}\t\u{7f}";

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a log in that format holds after a hostile event.
    fn logged(format: LogFormat) -> String {
        let memory = Memory::default();
        let copy = memory.clone();
        let builder = tracing_subscriber::fmt().with_writer(Tame { format, to: move || copy.clone() });
        let log = || {
            tracing::info!(name = %HOSTILE, debug = ?HOSTILE, "joined {HOSTILE}");
        };
        match format {
            LogFormat::Text => tracing::subscriber::with_default(builder.with_ansi(false).finish(), log),
            LogFormat::Json => {
                tracing::subscriber::with_default(builder.json().flatten_event(true).finish(), log)
            }
        }
        String::from_utf8(memory.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn no_event_commands_a_terminal() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let log = logged(format);
            let line = log.strip_suffix('\n').unwrap();
            assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
            assert!(line.contains("Marta") && line.contains("forged"), "{line:?}");
        }
    }

    #[test]
    fn json_stays_json() {
        let event: serde_json::Value = serde_json::from_str(&logged(LogFormat::Json)).unwrap();
        assert_eq!(event["name"], HOSTILE);
    }

    #[test]
    fn a_filter_that_is_not_understood_is_said() {
        let with = |wanted: &str| {
            let environment = BTreeMap::from([("RUST_LOG".to_owned(), wanted.to_owned())]);
            filter(&environment, USUAL)
        };
        assert_eq!(with("gavel=trace").0.to_string(), "gavel=trace");
        assert!(with("gavel=trace").1.is_none() && with("").1.is_none());
        assert!(with("gavel=loud").1.unwrap().contains("RUST_LOG"));
    }
}
