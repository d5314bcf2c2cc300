//! The state in which a terminal was found, to be put back at the end: whoever is told to stop leaves the reading
//! thread behind in the middle of its editing.

/// A terminal's state; empty where there is no terminal.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found(#[cfg(unix)] Option<nix::libc::termios>);

#[cfg(unix)]
impl Found {
    /// The state of standard input as it is now.
    pub(crate) fn now() -> Self {
        Self(nix::sys::termios::tcgetattr(std::io::stdin()).ok().map(Into::into))
    }

    /// Puts it back.
    pub(crate) fn restore(self) {
        use nix::sys::termios::{SetArg, tcsetattr};

        if let Some(before) = self.0 {
            // Should the terminal be gone, there is nothing to put back.
            let _ = tcsetattr(std::io::stdin(), SetArg::TCSADRAIN, &before.into());
        }
    }
}

#[cfg(not(unix))]
impl Found {
    pub(crate) fn now() -> Self {
        Self()
    }

    pub(crate) fn restore(self) {}
}
