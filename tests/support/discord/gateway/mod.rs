//! The gateway: sessions of the bot, by websocket.

use tokio::net::TcpListener;

use crate::Shared;

/// What the gateway keeps in the world, for tests to wait for.
#[derive(Debug, Default)]
pub struct State {}

/// Serves the gateway until it is dropped.
pub(crate) async fn serve(_shared: Shared, listener: TcpListener) {
    while listener.accept().await.is_ok() {}
}
