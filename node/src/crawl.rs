//! Walks a network: finds its nodes, visits each once, and asks each for the others.

mod map;
mod report;

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use pex::peers::{Options, OptionsBuilder, Standing};
use pex::wire::{Dialect, MAX_ANSWER_ADDRESSES};
use pex::{Config, Directory as _, Estimate, Kind, Node, NodeAddress, NodeId, Seed};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::driver::Driver;
use crate::kind::kind_of;
use crate::notice::{DialError, Notice};
use crate::transport::{Local, RemoteInfo, TransportConfig, TransportError};

use map::NODES_MAX;

pub use map::{Found, Map, Outcome};
pub(crate) use report::printable;
pub use report::{Report, in_words, write_json, write_table};

/// Visits after their first answer that go on at once. Who always has more to tell, and tells it
/// slowly, must not keep us from those not visited yet: if there are more of them, the one that has
/// gone on for longest is ended. The machine has places for 128 more.
const LONG_VISITS_MAX: usize = 384;

/// Nodes that may be asked at once: all that are visited.
const ASKED_MAX: usize = 513;

/// How long we wait for somebody whose turn to be dialed has not come yet, when nothing else is left
/// to do.
const TURN: Duration = Duration::from_secs(60);

/// How often we look whether anything is left to do, when nothing happens.
const LOOK: Duration = Duration::from_secs(1);

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
const V1_WHOLE: u64 = 32;

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
    stale: u32,
    answers: u32,
}

impl Visit {
    fn new(kind: Kind) -> Self {
        let began = Instant::now();
        Self {
            began,
            until: began + PATIENCE,
            kind,
            stale: 0,
            answers: 0,
        }
    }

    /// Takes note of an answer; true if there is nothing more to be had here.
    fn is_over_after(&mut self, told: u64, fresh: u64) -> bool {
        self.until = Instant::now() + PATIENCE_LATER;
        self.answers += 1;
        self.stale = if fresh == 0 { self.stale + 1 } else { 0 };
        let (whole, stale_max) = match self.kind.dialect() {
            Dialect::V1 => (V1_WHOLE, 1),
            Dialect::V2 => (MAX_ANSWER_ADDRESSES as u64, STALE_MAX),
        };
        told < whole || self.stale >= stale_max || self.answers >= ANSWERS_MAX
    }
}

/// A crawl under way.
#[derive(Debug)]
pub struct Crawl {
    driver: Driver,
    map: Map,
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
        let config = config.unwrap_or_default();
        let options = OptionsBuilder::from(Options::crawler()).addresses_max(NODES_MAX);
        let options = options.build().unwrap_or_else(|_| Options::crawler());
        let node = Node::new(config, options, local.id(), seed, clock.now()).hearing_all();
        let mut crawl = Self {
            driver: Driver::new(node, clock, local, transport),
            map: Map::default(),
            visits: BTreeMap::new(),
            started: Instant::now(),
            faults: 0,
        };
        for address in seeds {
            crawl.name(address);
        }
        crawl
    }

    /// Takes in a seed, or notes why the machine does not want it.
    fn name(&mut self, address: &NodeAddress) {
        self.map.learn(address, None);
        self.driver.name(address.clone());
        let peers = self.driver.node().peers();
        if peers.knows(address) {
            return;
        }
        let why = if address.id() == peers.me() {
            DialError::Transport(TransportError::SelfConnection).to_string()
        } else {
            "not dialed: enough addresses are known; leave some out".to_owned()
        };
        self.map.dial_failed(address.clone(), why);
    }

    /// Goes on until something has changed; false once there is nothing left to do. Safe to
    /// cancel: nothing is lost.
    pub async fn step(&mut self) -> bool {
        let patience = self.visits.values().map(|visit| visit.until).min();
        let impatient = tokio::time::sleep_until(patience.unwrap_or_else(|| Instant::now() + LOOK));
        if !self.driver.has_notice() && !self.is_busy() {
            return false;
        }
        tokio::select! {
            notice = self.driver.next() => self.on_notice(notice),
            () = impatient => self.leave_the_silent(),
        }
        true
    }

    fn is_busy(&self) -> bool {
        let peers = self.driver.node().peers();
        !self.visits.is_empty() || peers.will_dial_within(TURN)
    }

    fn on_notice(&mut self, notice: Notice) {
        match notice {
            Notice::Up(remote) => self.arrived(&remote),
            Notice::Down { peer, .. } => {
                self.visits.remove(&peer);
            }
            Notice::DialFailed { address, why } => self.map.dial_failed(address, why.to_string()),
            Notice::Heard { address, from } => self.heard(&address, from),
            Notice::Answered { peer, told, fresh } => self.answered(peer, told, fresh),
            Notice::Fault { .. } | Notice::AcceptFailed(_) => self.faults += 1,
            // A visit is over; and nothing is written down.
            Notice::Evicted { .. }
            | Notice::NotWritten(_)
            | Notice::WrittenAgain
            | Notice::SaveBook => {}
        }
    }

    /// Notes who told of an address. If the machine did not take it in, such as one that lies nearer
    /// than who told it, it tells us of nobody.
    fn heard(&mut self, address: &NodeAddress, from: NodeId) {
        let peers = self.driver.node().peers();
        if peers.knows(address) || self.map.nodes().contains_key(&address.id()) {
            self.map.learn(address, Some(from));
        }
    }

    fn arrived(&mut self, remote: &RemoteInfo) {
        let kind = kind_of(&remote.info);
        self.visits.insert(remote.id, Visit::new(kind));
        let as_told = Outcome::Reached {
            moniker: remote.info.moniker().to_owned(),
            version: remote.info.version().to_owned(),
            kind,
            answers: 0,
        };
        let address = self.driver.node().peers().dialed_at(remote.id);
        self.map.arrived(remote.id, address, as_told);
    }

    fn answered(&mut self, peer: NodeId, told: u64, fresh: u64) {
        let Some(visit) = self.visits.get_mut(&peer) else {
            return;
        };
        let is_over = visit.is_over_after(told, fresh);
        let answers = visit.answers;
        self.map.answered(peer, answers);
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
        self.driver.release(peer);
    }

    fn estimate(&self) -> Estimate {
        let found = self.map.nodes().len();
        no_less_than(found, self.driver.node().pex().estimate())
    }

    /// What is known so far.
    #[must_use]
    pub const fn map(&self) -> &Map {
        &self.map
    }

    /// How it is going.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            found: self.map.nodes().len(),
            reached: self.map.reached(),
            failed: self.map.failed(),
            visiting: self.visits.len() + self.driver.dialing(),
            estimate: self.estimate(),
        }
    }

    /// What has been found; `complete` says that there was nothing left to do.
    #[must_use]
    pub fn into_report(mut self, complete: bool) -> Report {
        let peers = self.driver.node().peers();
        self.map
            .note_dialed(|id| peers.standing(id) == Standing::Dialing);
        Report {
            estimate: self.estimate(),
            faults: self.faults,
            elapsed: self.started.elapsed(),
            complete,
            map: self.map,
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

#[cfg(test)]
mod tests;
