//! Walks a network: finds its nodes, visits each once, and asks each for the others.

mod map;
mod report;

use core::net::IpAddr;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use pex::wire::{Dialect, MAX_ANSWER_ADDRESSES};
use pex::{Config, Estimate, Kind, NodeAddress, NodeId, Pex, Seed};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::driver::Driver;
use crate::kind::kind_of;
use crate::notice::{DialError, Notice};
use crate::reach::Reach;
use crate::transport::{Local, RemoteInfo, TransportConfig};

pub use map::{Found, Map, Outcome};
pub use report::{Report, in_words, write_json, write_table};

/// Dials and conversations that are under way at once.
const VISITS_MAX: usize = 128;

/// How long a node may keep us waiting for its first answer: the core's own patience, and a little
/// for the core to give up first.
const PATIENCE: Duration = Duration::from_secs(11);

/// How long we wait for a further answer. The core asks a node less often the less it tells that
/// is new, so one that keeps us waiting for longer has next to nothing left to tell.
const PATIENCE_LATER: Duration = Duration::from_secs(60);

/// Answers in a row that tell nothing new, after which a node has nothing more to tell.
const STALE_MAX: u32 = 2;

/// A book of V1 with at most this many addresses is told whole (`minGetSelection`).
const V1_WHOLE: usize = 32;

/// How a crawl is going.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress {
    /// Nodes that somebody told of.
    pub found: usize,
    /// Nodes that were connected with.
    pub reached: usize,
    /// Nodes that could not be connected with.
    pub failed: usize,
    /// Dials and conversations under way.
    pub visiting: usize,
    /// How many nodes there seem to be.
    pub estimate: Estimate,
}

/// What we still want of a node we are connected with.
#[derive(Debug)]
struct Visit {
    /// When we leave, if no answer comes before.
    until: Instant,
    kind: Kind,
    ip: IpAddr,
    stale: u32,
    answers: u32,
}

/// A crawl under way.
#[derive(Debug)]
pub struct Crawl {
    driver: Driver<Map>,
    visits: BTreeMap<NodeId, Visit>,
    started: Instant,
    reached: usize,
    failed: usize,
    faults: u64,
    /// How far each told address may be seen at least, by who told it: see [`Crawl::heard`].
    bounds: BTreeMap<NodeId, Reach>,
}

impl Crawl {
    /// A crawl that starts from these seeds. Must be called within a runtime.
    #[must_use]
    pub fn new(
        local: Arc<Local>,
        transport: TransportConfig,
        seed: Seed,
        seeds: &[NodeAddress],
    ) -> Self {
        let clock = Clock::start();
        let pex = Pex::new(Config::default(), local.id(), seed, clock.now());
        let driver = Driver::new(pex, Map::default(), clock, local, transport);
        let mut crawl = Self {
            driver,
            visits: BTreeMap::new(),
            started: Instant::now(),
            reached: 0,
            failed: 0,
            faults: 0,
            bounds: BTreeMap::new(),
        };
        for address in seeds {
            crawl.driver.store_mut().learn(address, None);
            crawl.bounds.insert(address.id(), Reach::Host);
        }
        crawl.visit_more();
        crawl
    }

    /// Goes on until something has changed; false once there is nothing left to do. Safe to
    /// cancel: nothing is lost.
    pub async fn step(&mut self) -> bool {
        let patience = self.visits.values().map(|visit| visit.until).min();
        let impatient = async {
            match patience {
                Some(until) => tokio::time::sleep_until(until).await,
                None => core::future::pending().await,
            }
        };
        if self.visits.is_empty() && self.driver.dialing() == 0 {
            return false;
        }
        tokio::select! {
            notice = self.driver.next() => self.on_notice(notice),
            () = impatient => self.leave_the_silent(),
        }
        self.visit_more();
        true
    }

    fn on_notice(&mut self, notice: Notice) {
        match notice {
            Notice::Up(remote) => self.arrived(&remote),
            Notice::Down { peer, .. } => {
                self.visits.remove(&peer);
            }
            Notice::DialFailed { address, why } => self.dial_failed(&address, &why),
            Notice::Heard { address, from } => self.heard(&address, from),
            Notice::Answered { peer, told, fresh } => self.answered(peer, told, fresh),
            Notice::Fault { .. } | Notice::AcceptFailed(_) => self.faults += 1,
        }
    }

    fn arrived(&mut self, remote: &RemoteInfo) {
        let (kind, ip) = (kind_of(&remote.info), remote.socket_addr.ip());
        let until = Instant::now() + PATIENCE;
        let visit = Visit {
            until,
            kind,
            ip,
            stale: 0,
            answers: 0,
        };
        self.visits.insert(remote.id, visit);
        let Some(found) = self.driver.store_mut().get_mut(remote.id) else {
            return;
        };
        let place = found.tried.saturating_sub(1);
        if place < found.addresses.len() {
            found.addresses.swap(0, place);
        }
        found.outcome = Outcome::Reached {
            moniker: remote.info.moniker().to_owned(),
            version: remote.info.version().to_owned(),
            kind,
            answers: 0,
        };
        self.reached += 1;
    }

    fn dial_failed(&mut self, address: &NodeAddress, why: &DialError) {
        let map = self.driver.store_mut();
        if let Some(next) = map.try_next(address.id()) {
            self.dial(next);
        } else if let Some(found) = map.get_mut(address.id())
            && !matches!(found.outcome, Outcome::Reached { .. })
        {
            self.failed += usize::from(found.outcome == Outcome::Unvisited);
            found.outcome = Outcome::Failed {
                why: why.to_string(),
            };
        }
    }

    /// Takes an address in, unless it lies nearer than who told it: what the world tells of our
    /// own site or machine is a mistake, or somebody who wants us to knock at our own doors.
    fn heard(&mut self, address: &NodeAddress, from: NodeId) {
        let teller = self
            .visits
            .get(&from)
            .map_or(Reach::World, |visit| Reach::of(visit.ip));
        if address.ip().is_some_and(|ip| Reach::of(ip) < teller) {
            return;
        }
        let bound = self.bounds.entry(address.id()).or_insert(teller);
        *bound = teller.min(*bound);
        self.driver.store_mut().learn(address, Some(from));
    }

    fn answered(&mut self, peer: NodeId, told: usize, fresh: u64) {
        let Some(visit) = self.visits.get_mut(&peer) else {
            return;
        };
        visit.answers += 1;
        visit.until = Instant::now() + PATIENCE_LATER;
        visit.stale = if fresh == 0 { visit.stale + 1 } else { 0 };
        let (whole, stale_max) = match visit.kind.dialect() {
            Dialect::V1 => (V1_WHOLE, 1),
            Dialect::V2 => (MAX_ANSWER_ADDRESSES, STALE_MAX),
        };
        let (answers, exhausted) = (visit.answers, told < whole || visit.stale >= stale_max);
        if let Some(Found {
            outcome: Outcome::Reached {
                answers: counted, ..
            },
            ..
        }) = self.driver.store_mut().get_mut(peer)
        {
            *counted = answers;
        }
        if exhausted {
            self.leave(peer);
        }
    }

    fn leave_the_silent(&mut self) {
        let now = Instant::now();
        let silent = self.visits.iter().filter(|(_, visit)| visit.until <= now);
        let silent: Vec<NodeId> = silent.map(|(peer, _)| *peer).collect();
        silent.into_iter().for_each(|peer| self.leave(peer));
    }

    fn leave(&mut self, peer: NodeId) {
        self.visits.remove(&peer);
        self.driver.hang_up(peer);
    }

    fn visit_more(&mut self) {
        while self.visits.len() + self.driver.dialing() < VISITS_MAX {
            let Some(id) = self.driver.store_mut().unvisited.pop() else {
                return;
            };
            if let Some(address) = self.driver.store_mut().try_next(id) {
                self.dial(address);
            }
        }
    }

    fn dial(&mut self, address: NodeAddress) {
        let nearest = self
            .bounds
            .get(&address.id())
            .copied()
            .unwrap_or(Reach::World);
        self.driver.dial(address, nearest);
    }

    /// How it is going.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            found: self.driver.store().nodes().len(),
            reached: self.reached,
            failed: self.failed,
            visiting: self.visits.len() + self.driver.dialing(),
            estimate: self.driver.pex().estimate(),
        }
    }

    /// What has been found; `complete` says that there was nothing left to do.
    #[must_use]
    pub fn into_report(self, complete: bool) -> Report {
        Report {
            estimate: self.driver.pex().estimate(),
            faults: self.faults,
            elapsed: self.started.elapsed(),
            complete,
            map: self.driver.into_store(),
        }
    }
}
