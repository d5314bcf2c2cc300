//! One connection: a task that reads and one that writes.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::fault::Weather;
use crate::exchange::Line;

/// What a reader has to say.
#[derive(Debug)]
pub(super) enum Input {
    Bytes(Line, Vec<u8>),
    Closed(Line),
}

/// Reads until the client goes away.
pub(super) async fn read(
    line: Line,
    mut from: impl AsyncRead + Unpin,
    inputs: mpsc::Sender<Input>,
    mut weather: watch::Receiver<Weather>,
) {
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let slow = weather.borrow_and_update().slow;
        let size = slow.map_or(chunk.len(), |rate| (rate / 20).clamp(1, chunk.len()));
        let Some(room) = chunk.get_mut(..size) else { break };
        match from.read(room).await {
            Ok(read @ 1..) => {
                let bytes = chunk.get(..read).unwrap_or_default().to_vec();
                if inputs.send(Input::Bytes(line, bytes)).await.is_err() {
                    return;
                }
            }
            _ => break,
        }
        if slow.is_some() {
            sleep(Duration::from_millis(50)).await;
        }
    }
    let _ = inputs.send(Input::Closed(line)).await; // the server may be gone
}

/// Writes until there is no more, or the client does not take it.
pub(super) async fn write(
    mut to: impl AsyncWrite + Unpin,
    mut chunks: mpsc::Receiver<Vec<u8>>,
    patience: Duration,
    weather: watch::Receiver<Weather>,
) -> io::Result<()> {
    while let Some(chunk) = chunks.recv().await {
        let mut rest = chunk.as_slice();
        while !rest.is_empty() {
            let size = if weather.borrow().dribble { 1 } else { rest.len() };
            let now = rest.get(..size).unwrap_or(rest);
            let written = timeout(patience, to.write(now)).await??;
            rest = rest.get(written..).unwrap_or_default();
            timeout(patience, to.flush()).await??;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
    }
    to.shutdown().await
}
