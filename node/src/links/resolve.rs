//! Names, and the IP addresses behind them.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use pex::QueryId;
use tokio::net::lookup_host;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::{Input, Links};

/// Names that are looked up at once. Whoever comes then waits, within its own patience.
const LOOKUPS: usize = 32;

/// Those of them of one domain: whose server is slow keeps nobody from the names of others.
const OF_DOMAIN: usize = 4;

/// Looks names up, so many at once.
#[derive(Clone, Debug)]
pub(super) struct Lookups {
    all: Arc<Semaphore>,
    domains: Arc<Mutex<BTreeMap<String, Weak<Semaphore>>>>,
}

/// Places among those of a domain, and among all.
type Place = [OwnedSemaphorePermit; 2];

impl Default for Lookups {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(LOOKUPS)),
            domains: Arc::default(),
        }
    }
}

impl Lookups {
    /// The places of a name; no place if it is unknown or does not come in time, which is its domain's own
    /// affair, and none at all if it was not looked up, as too many of other domains are.
    pub(super) async fn resolve(
        &self,
        name: String,
        port: u16,
        patience: Duration,
    ) -> Option<Vec<SocketAddr>> {
        let begun = Instant::now();
        let left = || patience.saturating_sub(begun.elapsed());
        // That of its domain first, so that those who wait for one keep none of all.
        let of_domain = self.domain(domain(&name)).acquire_owned();
        let Ok(of_domain) = timeout(patience, of_domain).await else {
            return Some(Vec::new());
        };
        let of_all = Arc::clone(&self.all).acquire_owned();
        let of_all = timeout(left(), of_all).await.ok()?;
        let place = [of_domain.ok()?, of_all.ok()?];
        Some(look_up(name, port, left(), place).await)
    }

    /// The places of a domain.
    fn domain(&self, domain: &str) -> Arc<Semaphore> {
        let mut all = self.domains.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, places| places.strong_count() > 0);
        let of_it = all.entry(domain.to_ascii_lowercase()).or_default();
        of_it.upgrade().unwrap_or_else(|| {
            let places = Arc::new(Semaphore::new(OF_DOMAIN));
            *of_it = Arc::downgrade(&places);
            places
        })
    }
}

/// A task of its own: the system's resolver can't be stopped, and strangers choose names that keep it
/// busy. So a lookup keeps its place to the end, however long we wait for it.
async fn look_up(name: String, port: u16, patience: Duration, place: Place) -> Vec<SocketAddr> {
    let lookup = tokio::spawn(async move {
        let found = lookup_host((name, port)).await.map(Iterator::collect);
        drop(place);
        found
    });
    let found = timeout(patience, lookup).await;
    let found = found.ok().and_then(Result::ok).and_then(Result::ok);
    found.unwrap_or_default()
}

/// The last two labels of a name: what one party is likely to hold.
fn domain(name: &str) -> &str {
    let name = name.strip_suffix('.').unwrap_or(name);
    let second = name.rmatch_indices('.').nth(1);
    second.map_or(name, |(dot, _)| name.get(dot + 1..).unwrap_or(name))
}

impl Links {
    pub(crate) fn resolve(&mut self, query: QueryId, name: String, patience: Duration) {
        let inputs = self.inputs.clone();
        let lookups = self.lookups.clone();
        self.spawn(async move {
            let ips = lookups.resolve(name, 0, patience).await.unwrap_or_default();
            let ips = ips.into_iter().map(|socket| socket.ip()).collect();
            let _ended = inputs.send(Input::Resolved { query, ips }).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_domain_has_four_places_and_what_is_over_gives_its_own_back() {
        let lookups = Lookups::default();
        let names = [
            "a.b.localhost",
            "b.LOCALHOST",
            "C.b.localhost.",
            "b.localhost",
        ];
        let places = names.map(|name| lookups.domain(domain(name)).try_acquire_owned());
        assert!(places.iter().all(Result::is_ok));
        let other = lookups.domain(domain("b.example.org"));
        assert_eq!(other.available_permits(), OF_DOMAIN);
        // It waits in vain, as for a server that is slow, and keeps no place of all.
        let waits = lookups.resolve("d.b.localhost".into(), 1, MOMENT).await;
        assert_eq!(waits, Some(Vec::new()));
        drop(places);
        assert_eq!(lookups.domain("b.localhost").available_permits(), OF_DOMAIN);
        assert_eq!(lookups.all.available_permits(), LOOKUPS);
    }

    #[tokio::test]
    async fn a_name_that_finds_no_place_is_not_said_to_have_no_address() {
        let lookups = Lookups::default();
        let all = Arc::clone(&lookups.all).acquire_many_owned(32);
        let all = all.await.unwrap();
        assert_eq!(lookups.resolve("localhost".into(), 1, MOMENT).await, None);
        drop(all);
        let patience = Duration::from_secs(20);
        let found = lookups.resolve("localhost".into(), 1, patience).await;
        assert!(!found.unwrap().is_empty());
    }
}
