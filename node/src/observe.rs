//! How a node shows itself: metrics for Prometheus, a check of health, a status page.
//!
//! An [`Observatory`] has a [`Probe`] for each network. A probe lives in the loop that runs the
//! network's node; once a second it leaves a snapshot behind, and [`serve`] shows the latest one to
//! whoever asks. So nobody who asks, however slowly, can make a node wait.
//!
//! What peers say of themselves is hostile. It is cut and escaped when it comes, never a label of a
//! metric, and text alone on the page.

mod health;
mod history;
mod metrics;
mod names;
mod page;
mod probe;
mod serve;
mod snapshot;
mod status;
mod tally;
mod text;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pex::{NodeId, Time};

pub use page::{NamespaceError, Pages};
pub use probe::Probe;
pub use serve::serve;

use crate::clock::Clock;
use snapshot::Snapshot;

/// Where the snapshots of all networks of a process come together. A cheap handle: clones are the
/// same observatory.
#[derive(Clone, Debug)]
pub struct Observatory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    version: String,
    clock: Clock,
    since: Time,
    networks: Mutex<Vec<Arc<Network>>>,
}

/// One network, and its latest snapshot.
#[derive(Debug)]
struct Network {
    chain_id: String,
    id: NodeId,
    listen: String,
    since: Time,
    latest: Mutex<Option<Arc<Snapshot>>>,
    ended: Mutex<bool>,
}

impl Observatory {
    /// An observatory without a network. `version` is what the software calls itself.
    #[must_use]
    pub fn new(version: &str) -> Self {
        let clock = Clock::start();
        Self(Arc::new(Shared {
            version: version.to_owned(),
            clock,
            since: clock.now(),
            networks: Mutex::default(),
        }))
    }

    /// Watches one more network: `id` is our node's, `listen` the `host:port` where others reach it.
    /// One that was watched before under the same chain id, and has ended, is no longer shown.
    #[must_use]
    pub fn watch(&self, chain_id: &str, id: NodeId, listen: &str) -> Probe {
        let network = Arc::new(Network {
            chain_id: chain_id.to_owned(),
            id,
            listen: listen.to_owned(),
            since: self.0.clock.now(),
            latest: Mutex::default(),
            ended: Mutex::default(),
        });
        let mut networks = lock(&self.0.networks);
        networks.retain(|old| old.chain_id != chain_id || !*lock(&old.ended));
        networks.push(Arc::clone(&network));
        Probe::new(network, self.0.clock)
    }

    /// Every network as it was last seen, and the time now.
    fn look(&self) -> View {
        let networks = lock(&self.0.networks).clone();
        let seen = networks.into_iter().map(|network| {
            let (latest, ended) = (lock(&network.latest).clone(), *lock(&network.ended));
            Seen {
                network,
                latest,
                ended,
            }
        });
        View {
            version: self.0.version.clone(),
            now: self.0.clock.now(),
            since: self.0.since,
            networks: seen.collect(),
        }
    }
}

/// What an observatory sees at one moment.
#[derive(Debug)]
struct View {
    version: String,
    now: Time,
    since: Time,
    networks: Vec<Seen>,
}

#[derive(Debug)]
struct Seen {
    network: Arc<Network>,
    latest: Option<Arc<Snapshot>>,
    ended: bool,
}

/// A lock is held for a moment and nothing in it can be half done, so one whose holder panicked is
/// as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
