//! The one world that REST, gateway and members share, and the waiting for what happens in it.
//!
//! A lock is right here, unlike in gavel itself: each request is answered out of one state at once, tests look at it from
//! other threads, and it is never held across an `await`.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::world::World;

/// The world, shared. Cheap to clone.
#[derive(Clone)]
pub struct Shared(Arc<Inner>);

struct Inner {
    world: Mutex<World>,
    changed: Condvar,
    version: watch::Sender<u64>,
    gateway: SocketAddr,
}

impl Shared {
    pub(crate) fn new(world: World, gateway: SocketAddr) -> Self {
        let inner = Inner {
            world: Mutex::new(world),
            changed: Condvar::new(),
            version: watch::Sender::new(0),
            gateway,
        };
        Self(Arc::new(inner))
    }

    /// What `GET /gateway` tells.
    pub fn gateway_url(&self) -> String {
        format!("ws://{}", self.0.gateway)
    }

    /// Looks at the world.
    pub fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the world: its events go to the gateway in order, and all who wait look again.
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.lock();
        let result = change(&mut world);
        for event in world.take_events() {
            world.gateway.dispatch(&event);
        }
        drop(world);
        self.0.changed.notify_all();
        self.0.version.send_modify(|version| *version += 1);
        result
    }

    /// Waits until `look` finds something, and blocks the thread meanwhile; `None` when the time is over.
    pub fn wait<T>(&self, timeout: Duration, mut look: impl FnMut(&World) -> Option<T>) -> Option<T> {
        let mut found = None;
        let guard = self.lock();
        let missing = |world: &mut World| {
            found = look(world);
            found.is_none()
        };
        drop(self.0.changed.wait_timeout_while(guard, timeout, missing));
        found
    }

    /// The same for tests that are async.
    pub async fn wait_async<T>(
        &self,
        timeout: Duration,
        mut look: impl FnMut(&World) -> Option<T>,
    ) -> Option<T> {
        let mut version = self.0.version.subscribe();
        let seen = async {
            loop {
                version.mark_unchanged();
                if let Some(found) = self.read(&mut look) {
                    return Some(found);
                }
                version.changed().await.ok()?;
            }
        };
        tokio::time::timeout(timeout, seen).await.ok().flatten()
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        // A test that failed while it looked must not make every other one fail.
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}
