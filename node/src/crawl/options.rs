//! How fast a crawl goes, and how patient it is.

use core::time::Duration;

use pex::peers::{Options as Peers, OptionsBuilder, OptionsError};
use pex::{Config, ConfigError};

use super::map::NODES_MAX;
use crate::hosts::Hosts;

/// Visits that may be under way for each worker. Most of a visit is waiting for answers.
const VISITS_OF_WORKER: usize = 4;

/// Connections and dials of one host where nothing else is said. Most hosts have one node.
const PER_HOST: usize = 4;

/// How many hundredths of all nodes one node may tell of that were not reached, with those in its network:
/// whoever makes nodes up leaves room for what others tell.
const TELLER_PERCENT: u8 = 25;

/// How long a node that is dialed no more is left alone: longer than any crawl takes.
const FOR_GOOD: Duration = Duration::from_secs(30 * 86_400);

/// How fast a crawl goes, and how patient it is. All of it is to be polite to others.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CrawlOptions {
    /// Dials under way at once, and a quarter of the connections. Default 128; from 1 to 1,000.
    pub workers: usize,
    /// Dials and connections at once with one host: an IPv4 address, a /64 of IPv6, or a name.
    /// Default 4, and no bound for this machine's own addresses; one that is given here holds for
    /// them too. From 1.
    pub per_host: Option<usize>,
    /// Dials in any second. Default 200; from 1 to 10,000.
    pub rate: u32,
    /// How often an address is dialed again that could not be reached. Default once; at most 5 times.
    pub retries: u16,
    /// How long it is left alone before that; each time four times as long as before, and up to a
    /// quarter longer by chance. Default 3 s; from 1 ms to a minute.
    pub retry_after: Duration,
}

impl Default for CrawlOptions {
    fn default() -> Self {
        Self {
            workers: 128,
            per_host: None,
            rate: 200,
            retries: 1,
            retry_after: Duration::from_secs(3),
        }
    }
}

impl CrawlOptions {
    /// As many places as there are for visits.
    pub(super) const fn visits_max(&self) -> usize {
        self.workers.saturating_mul(VISITS_OF_WORKER)
    }

    /// Visits after their first answer that go on at once. Who always has more to tell, and tells it
    /// slowly, must not keep us from those not visited yet: if there are more of them, the one that
    /// has gone on for longest is ended.
    pub(super) const fn long_visits_max(&self) -> usize {
        self.visits_max().saturating_sub(self.workers)
    }

    pub(super) fn peers(&self) -> Result<Peers, OptionsError> {
        let visits = self.visits_max();
        OptionsBuilder::from(Peers::crawler())
            .addresses_max(NODES_MAX)
            .teller_percent(TELLER_PERCENT)
            .connected_max(visits.saturating_add(1))
            .slots(visits, 1)
            .dials(self.workers, self.rate)
            .retry(self.retry_after, FOR_GOOD)
            .tries(self.retries.saturating_add(1))
            .build()
    }

    /// Whoever is visited is asked at once: silent nodes must not use up the others' patience.
    pub(super) fn exchange(&self) -> Result<Config, ConfigError> {
        let visits = self.visits_max().saturating_add(1);
        Config::builder()
            .outstanding_max(visits)
            .asked_first(visits)
            .build()
    }

    pub(super) fn hosts(&self) -> Hosts {
        Hosts::bounded(self.per_host.unwrap_or(PER_HOST), self.per_host.is_some())
    }

    /// The longest that an address is left alone before it is dialed again.
    pub(super) fn longest_pause(&self) -> Duration {
        let times = 4_u32.saturating_pow(u32::from(self.retries.saturating_sub(1)));
        self.retry_after.saturating_mul(times).saturating_mul(2)
    }

    /// Checks that these can be kept.
    ///
    /// # Errors
    ///
    /// The first that can't, and what to set it to.
    pub fn check(&self) -> Result<(), String> {
        let text = |error: &dyn core::fmt::Display| error.to_string();
        if !(1..=1_000).contains(&self.workers) {
            return Err(format!(
                "workers is {}; set it to a value from 1 to 1000",
                self.workers
            ));
        }
        if !(1..=10_000).contains(&self.rate) {
            return Err(format!(
                "rate is {}; set it to a value from 1 to 10000",
                self.rate
            ));
        }
        if self.retries > 5 {
            return Err(format!(
                "retries is {}; set it to a value from 0 to 5",
                self.retries
            ));
        }
        if self.retry_after > Duration::from_secs(60) {
            return Err("retry-after is longer than a minute; set it to 60s or less".to_owned());
        }
        if self.retry_after < Duration::from_millis(1) {
            return Err("retry-after is less than a millisecond; set it to 1ms or more".to_owned());
        }
        if self.per_host == Some(0) {
            return Err("per-host is 0; set it to 1 or more".to_owned());
        }
        self.peers().map_err(|error| text(&error))?;
        self.exchange().map_err(|error| text(&error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use pex::peers::{Event, PeerManager};
    use pex::{NodeAddress, NodeId, Seed, Time};

    use super::*;

    type Change = fn(&mut CrawlOptions);

    #[test]
    fn the_defaults_hold_and_what_does_not_is_said() {
        assert_eq!(CrawlOptions::default().check(), Ok(()));
        let wrong: [(Change, &str); 8] = [
            (|it| it.workers = 0, "workers is 0"),
            (|it| it.workers = 1_001, "workers is 1001"),
            (|it| it.per_host = Some(0), "per-host is 0"),
            (|it| it.rate = 0, "rate is 0"),
            (|it| it.rate = 10_001, "rate is 10001"),
            (|it| it.retries = 6, "retries is 6"),
            (|it| it.retry_after = Duration::from_secs(61), "retry-after"),
            (|it| it.retry_after = Duration::ZERO, "retry-after is less"),
        ];
        for (change, says) in wrong {
            let mut options = CrawlOptions::default();
            change(&mut options);
            let error = options.check().unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        let most = CrawlOptions {
            workers: 1_000,
            ..CrawlOptions::default()
        };
        assert_eq!(most.check(), Ok(()));
    }

    #[test]
    fn who_makes_up_nodes_without_end_leaves_room_for_what_others_tell() {
        let options = CrawlOptions::default().peers().unwrap();
        let (me, seed) = (NodeId::new([9; 20]), Seed::new([7; 32]));
        let now = Time::from_secs(1_700_000_000);
        let mut peers = PeerManager::new(options, me, seed, now);
        let mut tells = |from: u8, nodes: core::ops::Range<u32>| {
            for n in nodes {
                let [a, b, c, d] = n.to_be_bytes();
                let mut id = [from; 20];
                id[..4].copy_from_slice(&[a, b, c, d]);
                let address = NodeAddress::mconn(NodeId::new(id), [9, b, c, d].into(), 1);
                let from = NodeId::new([from; 20]);
                let _dials = peers.handle(now, Event::Learned { address, from });
            }
            (peers.counts().learned, peers.counts().teller_full)
        };
        let share = NODES_MAX as u64 / 4;
        assert_eq!(tells(1, 0..50_100), (share, 100));
        assert_eq!(tells(2, 60_000..60_100), (share + 100, 100));
    }

    #[test]
    fn there_are_places_for_those_not_visited_yet_however_many_visits_go_on() {
        for workers in [1, 7, 128, 1_000] {
            let options = CrawlOptions {
                workers,
                ..CrawlOptions::default()
            };
            let places = options.peers().unwrap().outbound_max();
            assert!(options.long_visits_max() + workers <= places);
            assert!(options.long_visits_max() > 0);
        }
    }
}
