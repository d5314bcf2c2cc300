//! The run: clients, store and, soon, desk and networks, until somebody stops it.

use gavel_ami::client;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::start::Start;

/// Why a run ended without being asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The system hands out no signals.
    #[error("can't listen for signals")]
    Signals(#[from] std::io::Error),
}

/// Looks after everything until SIGTERM or Ctrl-C.
pub async fn run(mut start: Start) -> Result<(), RunError> {
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    for (name, asterisk) in &start.config.asterisks {
        let Some(login) = start.logins.remove(name) else { continue };
        let restored = start.opened.restored(name);
        let (handle, driver) = client::client(login, start.config.pbx_setup(asterisk), restored);
        tasks.spawn(driver.run(stopped.clone()));
        if let Some(mut feed) = handle.ledger() {
            let (store, name) = (start.opened.store.clone(), name.clone());
            tasks.spawn(async move {
                while let Some(row) = feed.recv().await {
                    store.ledger(&name, row).await;
                }
            });
        }
    }
    tokio::signal::ctrl_c().await?;
    let _ = stop.send(true);
    tasks.join_all().await;
    start.opened.store.close().await;
    Ok(())
}
