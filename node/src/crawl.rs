//! Walks a network: finds its nodes, visits each once, and asks each for the others.

mod map;
mod report;
mod waiting;

use core::net::IpAddr;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use pex::wire::{Dialect, MAX_ANSWER_ADDRESSES};
use pex::{Config, Estimate, Kind, NodeAddress, NodeId, Pex, Reach, Seed};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::driver::Driver;
use crate::kind::kind_of;
use crate::notice::{DialError, Notice};
use crate::transport::{Local, RemoteInfo, TransportConfig};

pub use map::{Found, Map, Outcome};
pub use report::{Report, in_words, write_json, write_table};

/// Dials, and visits before their first answer, that are under way at once.
const VISITS_MAX: usize = 128;

/// Visits after their first answer that go on at once. They do not count as the others do: who
/// always has more to tell, and tells it slowly, must not keep us from those not visited yet. If
/// there are more, the one that has gone on for longest is ended.
const LONG_VISITS_MAX: usize = 384;

/// Nodes that may be asked at once: all that are visited.
const ASKED_MAX: usize = VISITS_MAX + LONG_VISITS_MAX + 1;

/// How long a node may keep us waiting for its first answer: the core's own patience, and a little
/// for the core to give up first.
const PATIENCE: Duration = Duration::from_secs(11);

/// How long we wait for a further answer. The core asks a node less often the less it tells that
/// is new, so one that keeps us waiting for longer has next to nothing left to tell.
const PATIENCE_LATER: Duration = Duration::from_secs(60);

/// Answers after which we leave, whatever a node still has to tell. The fullest book of V1 has
/// 20,480 addresses; who goes on for longer invents them.
const ANSWERS_MAX: u32 = 250;

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
    began: Instant,
    /// When we leave, if no answer comes before.
    until: Instant,
    kind: Kind,
    ip: IpAddr,
    stale: u32,
    answers: u32,
}

impl Visit {
    fn new(kind: Kind, ip: IpAddr) -> Self {
        let began = Instant::now();
        Self {
            began,
            until: began + PATIENCE,
            kind,
            ip,
            stale: 0,
            answers: 0,
        }
    }

    /// Takes note of an answer; true if there is nothing more to be had here.
    fn is_over_after(&mut self, told: usize, fresh: u64) -> bool {
        self.until = Instant::now() + PATIENCE_LATER;
        self.answers += 1;
        self.stale = if fresh == 0 { self.stale + 1 } else { 0 };
        let (whole, stale_max) = match self.kind.dialect() {
            Dialect::V1 => (V1_WHOLE, 1),
            Dialect::V2 => (MAX_ANSWER_ADDRESSES, STALE_MAX),
        };
        told < whole || self.stale >= stale_max || self.answers >= ANSWERS_MAX
    }
}

/// A crawl under way.
#[derive(Debug)]
pub struct Crawl {
    driver: Driver<Map>,
    visits: BTreeMap<NodeId, Visit>,
    started: Instant,
    faults: u64,
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
        // Whoever is visited is asked at once: silent nodes must not use up the others' patience.
        let config = Config::builder().outstanding_max(ASKED_MAX).build();
        let pex = Pex::new(config.unwrap_or_default(), local.id(), seed, clock.now());
        let driver = Driver::new(pex, Map::default(), clock, local, transport);
        let mut crawl = Self {
            driver,
            visits: BTreeMap::new(),
            started: Instant::now(),
            faults: 0,
        };
        for address in seeds {
            // Whom the user names may live anywhere.
            let map = crawl.driver.store_mut();
            map.learn(address, None, Reach::Nowhere);
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
        let busy = !self.visits.is_empty() || self.driver.dialing() > 0;
        if !busy && !self.driver.has_notice() {
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
            Notice::DialFailed { address, why } => self.dial_failed(address, &why),
            Notice::Heard { address, from } => self.heard(&address, from),
            Notice::Answered { peer, told, fresh } => self.answered(peer, told, fresh),
            Notice::Fault { .. } | Notice::AcceptFailed(_) => self.faults += 1,
        }
    }

    fn arrived(&mut self, remote: &RemoteInfo) {
        let kind = kind_of(&remote.info);
        let visit = Visit::new(kind, remote.socket_addr.ip());
        self.visits.insert(remote.id, visit);
        let as_told = Outcome::Reached {
            moniker: remote.info.moniker().to_owned(),
            version: remote.info.version().to_owned(),
            kind,
            answers: 0,
        };
        self.driver.store_mut().arrived(remote.id, as_told);
    }

    fn dial_failed(&mut self, address: NodeAddress, why: &DialError) {
        let map = self.driver.store_mut();
        let next = map.dial_failed(address, why.to_string());
        if let Some((address, nearest)) = next {
            self.driver.dial(address, nearest);
        }
    }

    /// Takes an address in, unless it lies nearer than who told it.
    fn heard(&mut self, address: &NodeAddress, from: NodeId) {
        let teller = self.visits.get(&from).map(|visit| visit.ip);
        if let Some(nearest) = nearest(address, teller) {
            let map = self.driver.store_mut();
            map.learn(address, Some(from), nearest);
        }
    }

    fn answered(&mut self, peer: NodeId, told: usize, fresh: u64) {
        let Some(visit) = self.visits.get_mut(&peer) else {
            return;
        };
        let is_over = visit.is_over_after(told, fresh);
        let answers = visit.answers;
        self.driver.store_mut().answered(peer, answers);
        if is_over {
            self.leave(peer);
        } else if answers == 1 {
            self.leave_the_longest();
        }
    }

    /// Ends the visit that has gone on for longest, if too many go on after their first answer.
    fn leave_the_longest(&mut self) {
        let long = self.visits.iter().filter(|(_, visit)| visit.answers > 0);
        if long.clone().count() > LONG_VISITS_MAX
            && let Some((&peer, _)) = long.min_by_key(|(_, visit)| visit.began)
        {
            self.leave(peer);
        }
    }

    fn leave_the_silent(&mut self) {
        let now = Instant::now();
        let silent = self.visits.iter().filter(|(_, visit)| visit.until <= now);
        let silent: Vec<NodeId> = silent.map(|(peer, _)| *peer).collect();
        for peer in silent {
            self.leave(peer);
        }
    }

    fn leave(&mut self, peer: NodeId) {
        self.visits.remove(&peer);
        self.driver.hang_up(peer);
    }

    fn visit_more(&mut self) {
        let arrived = self.visits.values().filter(|visit| visit.answers == 0);
        let room = VISITS_MAX.saturating_sub(arrived.count());
        while self.driver.dialing() < room {
            let Some((address, nearest)) = self.driver.store_mut().next_to_dial() else {
                return;
            };
            self.driver.dial(address, nearest);
        }
    }

    fn estimate(&self) -> Estimate {
        let found = self.driver.store().nodes().len();
        no_less_than(found, self.driver.pex().estimate())
    }

    /// What is known so far.
    #[must_use]
    pub const fn map(&self) -> &Map {
        self.driver.store()
    }

    /// How it is going.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            found: self.driver.store().nodes().len(),
            reached: self.driver.store().reached(),
            failed: self.driver.store().failed(),
            visiting: self.visits.len() + self.driver.dialing(),
            estimate: self.estimate(),
        }
    }

    /// What has been found; `complete` says that there was nothing left to do.
    #[must_use]
    pub fn into_report(self, complete: bool) -> Report {
        Report {
            estimate: self.estimate(),
            faults: self.faults,
            elapsed: self.started.elapsed(),
            complete,
            map: self.driver.into_store(),
        }
    }
}

/// The estimate of a network of which we know so many nodes. The core counts whom peers tell of; a
/// seed of which nobody tells is there all the same.
fn no_less_than(found: usize, estimate: Estimate) -> Estimate {
    match estimate {
        Estimate::Unknown { at_least } => Estimate::Unknown {
            at_least: at_least.max(found as u64),
        },
        estimate => estimate,
    }
}

/// How near an address may turn out to lie when it is dialed; `None` if it is nearer than that
/// already. What the world tells of our own site or machine is a mistake, or somebody who wants us
/// to knock at our own doors. A teller of whom we know nothing any more, or who is where no node can
/// be, speaks for the world.
fn nearest(address: &NodeAddress, teller: Option<IpAddr>) -> Option<Reach> {
    let teller = teller
        .map(Reach::of)
        .filter(|reach| *reach > Reach::Nowhere)
        .unwrap_or(Reach::World);
    let too_near = address.ip().is_some_and(|ip| Reach::of(ip) < teller);
    (!too_near).then_some(teller)
}

#[cfg(test)]
mod tests;
