//! One connection: the socket and the session on it. Reading never waits for writing.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::setup::Tls;
use super::{ClientSetup, tls};
use crate::Now;
use crate::session::{Login, Session};

/// Asterisk's bursts are read in few pieces.
const READ: usize = 64 * 1024;
/// What the other side's kernel does not confirm for so long, never arrived: unlike an unanswered action, this is no
/// matter of Asterisk's being busy.
const UNCONFIRMED: Duration = Duration::from_secs(5);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Refused, no route, no such name.
    #[error("{address} cannot be reached: {source}")]
    Unreachable {
        /// `host:port`.
        address: String,
        /// The system's words.
        source: io::Error,
    },
    /// Nothing answers there.
    #[error("{address} does not answer")]
    Silent {
        /// `host:port`.
        address: String,
    },
    /// Connected, but no encryption came about.
    #[error("no encrypted connection to {address}: {reason}")]
    Tls {
        /// `host:port`.
        address: String,
        /// What to look at.
        reason: String,
    },
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// See the module.
pub(super) struct Link {
    pub(super) session: Session,
    io: Box<dyn Io>,
    read: Box<[u8]>,
    out: Vec<u8>,
    written: usize,
    flushing: bool,
    /// Nothing can be written any more; what was sent to us before may still be read.
    mute: bool,
}

/// What happened on the socket.
pub(super) enum Turn {
    /// So many bytes came: [`Link::hear`] takes them.
    Read(usize),
    /// What there was to write was written: there is room for the next action.
    Wrote,
}

impl Link {
    /// Connects. The session's clock starts at `now`, when called.
    pub(super) async fn connect(setup: &ClientSetup) -> Result<Connected, ConnectError> {
        let address = format!("{}:{}", setup.host, setup.port);
        let whole = async {
            let target = (setup.host.as_str(), setup.port);
            let unreachable = |source| ConnectError::Unreachable { address: address.clone(), source };
            let socket = TcpStream::connect(target).await.map_err(unreachable)?;
            socket.set_nodelay(true).map_err(unreachable)?;
            notice_dead_links(&socket);
            match &setup.tls {
                None => Ok(Connected(Box::new(socket))),
                Some(tls) => secure(socket, tls, &address).await,
            }
        };
        let late = |_| ConnectError::Silent { address: address.clone() };
        timeout(setup.retry.connect, whole).await.map_err(late)?
    }

    /// The next thing that happens on the socket. Can be dropped and called again at any time: no byte is lost.
    pub(super) async fn turn(&mut self) -> io::Result<Turn> {
        poll_fn(|cx| self.poll_turn(cx)).await
    }

    /// Gives what was read to the session. `true`: there is no more at the moment.
    pub(super) fn hear(&mut self, now: Now, bytes: usize) -> bool {
        self.session.receive(now, self.read.get(..bytes).unwrap_or_default());
        bytes < READ
    }

    /// Gives the next action to the socket, if the one before it is written.
    pub(super) fn load(&mut self) {
        if self.out.is_empty() && !self.mute {
            self.out = self.session.transmit().unwrap_or_default();
        }
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Turn>> {
        if !self.mute && self.poll_write(cx)? {
            return Poll::Ready(Ok(Turn::Wrote));
        }
        let mut piece = ReadBuf::new(&mut self.read);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut piece))?;
        Poll::Ready(match piece.filled().len() {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            bytes => Ok(Turn::Read(bytes)),
        })
    }

    /// `true`: all is written now.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        while let Some(rest) = self.out.get(self.written..).filter(|r| !r.is_empty()) {
            match Pin::new(&mut self.io).poll_write(cx, rest) {
                Poll::Pending => return Ok(false),
                Poll::Ready(Ok(n)) if n > 0 => self.written += n,
                // Asterisk may have said why before it closed.
                Poll::Ready(_) => {
                    self.mute = true;
                    return Ok(false);
                }
            }
            self.flushing = true;
        }
        if !self.flushing {
            return Ok(false);
        }
        if let Poll::Ready(done) = Pin::new(&mut self.io).poll_flush(cx) {
            self.mute = done.is_err();
            self.flushing = false;
            self.written = 0;
            self.out.clear();
            return Ok(!self.mute);
        }
        Ok(false)
    }
}

/// A connection on which nothing was said yet.
pub(super) struct Connected(Box<dyn Io>);

impl Connected {
    pub(super) fn begin(self, now: Now, login: Login) -> Link {
        Link {
            session: Session::new(now, login),
            io: self.0,
            read: vec![0; READ].into(),
            out: Vec::new(),
            written: 0,
            flushing: false,
            mute: false,
        }
    }
}

async fn secure(socket: TcpStream, tls: &Tls, address: &str) -> Result<Connected, ConnectError> {
    let connected = TlsConnector::from(tls.config.clone()).connect(tls.name.clone(), socket).await;
    let failed = |e| ConnectError::Tls { address: address.to_owned(), reason: tls::explain(&e) };
    Ok(Connected(Box::new(connected.map_err(failed)?)))
}

/// Best effort: without it, the session's own keepalive notices, some seconds later.
fn notice_dead_links(socket: &TcpStream) {
    #[cfg(target_os = "linux")]
    if let Err(e) = socket2::SockRef::from(socket).set_tcp_user_timeout(Some(UNCONFIRMED)) {
        tracing::debug!(error = %e, "no user timeout on this socket");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (socket, UNCONFIRMED);
}
