//! REST: every request goes through the same steps, and each of them may answer it.

use axum::Router;
use axum::response::Response;
use tokio::net::TcpListener;

use crate::Shared;
use crate::tls::{Identity, Tls};

/// What goes wrong on demand.
#[derive(Clone, Debug, Default)]
pub struct Faults {}

/// Serves REST until it is dropped.
pub(crate) async fn serve(shared: Shared, _faults: Faults, listener: TcpListener, identity: Identity) {
    let router = Router::new().fallback(move || {
        let url = shared.gateway_url();
        async move { Response::new(axum::body::Body::from(format!("{{\"url\":\"{url}\"}}"))) }
    });
    let served = axum::serve(Tls::new(listener, identity), router).await;
    served.expect("serving doesn't end");
}
