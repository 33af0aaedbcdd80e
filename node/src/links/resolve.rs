//! Names, and the IP addresses behind them.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use pex::QueryId;
use tokio::net::lookup_host;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Input, Links};

/// Names that are looked up at once. Whoever comes then waits, within its own patience.
const LOOKUPS: usize = 32;

/// Looks names up, so many at once.
#[derive(Clone, Debug)]
pub(super) struct Lookups(Arc<Semaphore>);

impl Default for Lookups {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LOOKUPS)))
    }
}

impl Lookups {
    /// The places of a name; none if it is unknown, or does not come in time.
    pub(super) async fn resolve(
        &self,
        name: String,
        port: u16,
        patience: Duration,
    ) -> Vec<SocketAddr> {
        let lookups = Arc::clone(&self.0);
        let found = async move {
            let place = lookups.acquire_owned().await.ok()?;
            // A task of its own: the system's resolver can't be stopped, and strangers choose names
            // that keep it busy. So a lookup keeps its place to the end, however long we wait for it.
            let lookup = tokio::spawn(async move {
                let found = lookup_host((name, port)).await.map(Iterator::collect);
                drop(place);
                found
            });
            lookup.await.ok()?.ok()
        };
        let found = timeout(patience, found).await;
        found.ok().flatten().unwrap_or_default()
    }
}

impl Links {
    pub(crate) fn resolve(&mut self, query: QueryId, name: String, patience: Duration) {
        let inputs = self.inputs.clone();
        let lookups = self.lookups.clone();
        self.spawn(async move {
            let ips = lookups.resolve(name, 0, patience).await;
            let ips = ips.into_iter().map(|socket| socket.ip()).collect();
            let _ended = inputs.send(Input::Resolved { query, ips }).await;
        });
    }
}
