//! Walks a network: finds its nodes, visits each once, and asks each for the others.

mod curve;
mod diff;
mod files;
mod map;
mod options;
mod report;
mod sort;
mod state;
mod text;
mod visit;

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use pex::peers::{DialFailure, Options, Standing};
use pex::{Directory as _, Estimate, Node, NodeAddress, NodeEvent, NodeId, Seed, Time};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::driver::Driver;
use crate::kind::kind_of;
use crate::notice::{DialError, Notice};
use crate::transport::{Local, RemoteInfo, TransportConfig, TransportError};

use curve::Curve;
use visit::Visit;

pub use curve::Point;
pub use diff::{Change, Diff, write_diff_json, write_diff_table};
pub use files::{dated, newest, prune, save};
pub use map::{Found, Map, Outcome};
pub use options::CrawlOptions;
pub(crate) use report::printable;
pub use report::{
    NodeLine, Report, Results, ResultsError, Summary, in_words, write_csv, write_html, write_json,
    write_summary, write_table,
};
pub use state::{State, StateError};

/// How long we wait for somebody whose turn to be dialed has not come yet, when nothing else is left
/// to do.
const TURN: Duration = Duration::from_secs(60);

/// How long we go on where no dial can be made for want of file descriptors, and nothing else happens.
const STARVING_MAX: Duration = Duration::from_secs(30);

/// How often we look whether anything is left to do, when nothing happens.
const LOOK: Duration = Duration::from_secs(1);

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

/// A crawl under way.
#[derive(Debug)]
pub struct Crawl {
    driver: Driver,
    options: CrawlOptions,
    chain_id: String,
    map: Map,
    visits: BTreeMap<NodeId, Visit>,
    /// When it began, before any interruption, and how long it went on before the last.
    began: Time,
    before: Duration,
    started: Instant,
    answers: u64,
    faults: u64,
    curve: Curve,
    /// What was left out before the last interruption.
    left_out: u64,
    /// Whether dials had to wait for file descriptors; whether the last one has to; and when something
    /// else happened last.
    starved: bool,
    starving: bool,
    moved: Instant,
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
        Self::with(local, transport, seed, seeds, CrawlOptions::default(), None)
    }

    /// The same with these options, which [must hold](CrawlOptions::check): else the defaults do. If
    /// there is a state of a crawl that was cut short, it goes on from there.
    #[must_use]
    pub fn with(
        local: Arc<Local>,
        transport: TransportConfig,
        seed: Seed,
        seeds: &[NodeAddress],
        options: CrawlOptions,
        state: Option<State>,
    ) -> Self {
        let clock = Clock::start();
        let config = options.exchange().unwrap_or_default();
        let peers = options.peers().unwrap_or_else(|_| Options::crawler());
        let mut node = Node::new(config, peers, local.id(), seed, clock.now()).hearing_all();
        let state = state.unwrap_or_else(|| State::new(clock.now()));
        state.teach(&mut node, clock.now(), options.retries, seeds);
        let chain_id = local.info().network().to_owned();
        let driver = Driver::new(node, clock, local, transport).with_hosts(options.hosts());
        let mut crawl = Self {
            driver,
            options,
            chain_id,
            began: state.began,
            before: state.elapsed,
            answers: state.answers,
            faults: state.faults,
            left_out: state.left_out,
            curve: Curve::since(state.curve),
            map: state.map,
            visits: BTreeMap::new(),
            started: Instant::now(),
            starved: false,
            starving: false,
            moved: Instant::now(),
        };
        // What was not visited yet is dialed first.
        crawl.driver.tell(NodeEvent::Tick);
        for address in seeds {
            if !crawl.map.was_tried(address) {
                crawl.name(address);
            }
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
        let (sort, why) = if address.id() == peers.me() {
            let error = DialError::Transport(TransportError::SelfConnection);
            (sort::of(&error), error.to_string())
        } else {
            let why = "not dialed: enough addresses are known; leave some out";
            (sort::NO_ROOM.into(), why.to_owned())
        };
        self.map.dial_failed(address.clone(), sort, why);
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
        self.note_progress();
        true
    }

    fn is_busy(&self) -> bool {
        let peers = self.driver.node().peers();
        let turn = TURN.max(self.options.longest_pause());
        !self.visits.is_empty() || !self.starves() && peers.will_dial_within(turn)
    }

    /// Whether dials that are left can't be made for want of file descriptors.
    fn starves(&self) -> bool {
        self.starving && self.moved.elapsed() > STARVING_MAX
    }

    const fn left_out(&self) -> u64 {
        let counts = self.driver.node().peers().counts();
        let since = counts.teller_full.saturating_add(counts.full);
        self.left_out.saturating_add(since)
    }

    fn note_progress(&mut self) {
        let now = self.elapsed();
        let mut curve = core::mem::take(&mut self.curve);
        curve.note(now, || self.point());
        self.curve = curve;
    }

    fn point(&self) -> Point {
        let progress = self.progress();
        Point {
            seconds: (self.elapsed().as_secs_f64() * 1e3).round() / 1e3,
            answers: self.answers,
            found: progress.found as u64,
            reached: progress.reached as u64,
            failed: progress.failed as u64,
            estimate: match progress.estimate {
                Estimate::Known { nodes, low, high } => Some([low, nodes, high]),
                _ => None,
            },
        }
    }

    /// How long it has gone on, interruptions left out.
    fn elapsed(&self) -> Duration {
        self.before + self.started.elapsed()
    }

    fn on_notice(&mut self, notice: Notice) {
        let waits = matches!(
            notice,
            Notice::DialFailed {
                why: DialError::HostBusy
                    | DialError::NameBusy
                    | DialError::Transport(TransportError::OutOfDescriptors),
                ..
            }
        );
        if !waits {
            self.moved = Instant::now();
        }
        match notice {
            Notice::Up(remote) => self.arrived(&remote),
            Notice::Down { peer, .. } => {
                self.visits.remove(&peer);
            }
            Notice::DialFailed { address, why } => self.dial_failed(address, &why),
            Notice::Heard { address, from } => self.heard(&address, from),
            Notice::Answered { peer, told, fresh } => self.answered(peer, told, fresh),
            Notice::Fault { .. } | Notice::AcceptFailed(_) => self.faults += 1,
            // A visit is over; and nothing is written down.
            Notice::Reached { .. }
            | Notice::Unanswered { .. }
            | Notice::Evicted { .. }
            | Notice::NotWritten(_)
            | Notice::WrittenAgain
            | Notice::SaveBook => {}
        }
    }

    /// Notes who told of an address. If the machine did not take it in, such as one that lies nearer
    /// than who told it, it tells us of nobody.
    fn heard(&mut self, address: &NodeAddress, from: NodeId) {
        let peers = self.driver.node().peers();
        if peers.knows(address) {
            self.map.learn(address, Some(from));
        } else {
            self.map.told(address.id(), from);
        }
    }

    fn dial_failed(&mut self, address: NodeAddress, why: &DialError) {
        match why {
            // It is dialed later.
            DialError::HostBusy | DialError::NameBusy => return,
            DialError::Transport(TransportError::OutOfDescriptors) => {
                (self.starved, self.starving) = (true, true);
            }
            _ => self.starving = false,
        }
        let (sort, text) = (sort::of(why), why.to_string());
        if why.verdict() == DialFailure::NotTried {
            self.map.not_dialed(address, sort, text);
        } else {
            self.map.dial_failed(address, sort, text);
        }
    }

    fn arrived(&mut self, remote: &RemoteInfo) {
        self.starving = false;
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
        self.map.located(remote.id, remote.socket_addr.ip());
    }

    fn answered(&mut self, peer: NodeId, told: u64, fresh: u64) {
        let Some(visit) = self.visits.get_mut(&peer) else {
            return;
        };
        self.answers += 1;
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
        if long.clone().count() > self.options.long_visits_max()
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
        let estimate = self.driver.node().pex().estimate();
        no_less_than(self.map.nodes().len(), self.map.reached(), estimate)
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

    /// How it stands, to go on from there another time.
    #[must_use]
    pub fn state(&self) -> Vec<u8> {
        state::written(self)
    }

    /// What has been found; `complete` says that there was nothing left to do. If dials were left that
    /// could not be made for want of file descriptors, it is not complete all the same.
    #[must_use]
    pub fn into_report(mut self, complete: bool) -> Report {
        let peers = self.driver.node().peers();
        self.map
            .note_dialed(|id| peers.standing(id) == Standing::Dialing);
        let end = self.point();
        Report {
            chain_id: self.chain_id.clone(),
            began: self.began,
            answers: self.answers,
            estimate: self.estimate(),
            faults: self.faults,
            left_out: self.left_out(),
            elapsed: self.elapsed(),
            complete: complete && !self.starves(),
            starved: self.starved,
            curve: self.curve.end(end),
            map: self.map,
        }
    }
}

/// The estimate of a network of which we know so many nodes, and have reached so many. The core
/// judges by what peers tell, and whose stores are small tell of a small network; who was reached is
/// there whatever they tell.
fn no_less_than(found: usize, reached: usize, estimate: Estimate) -> Estimate {
    let [found, reached] = [found, reached].map(|nodes| nodes as u64);
    match estimate {
        Estimate::Unknown { at_least } => Estimate::Unknown {
            at_least: at_least.max(found),
        },
        // More are there than it holds possible: it knows nothing.
        Estimate::Known { high, .. } if high < reached => Estimate::Unknown {
            at_least: found.max(reached),
        },
        Estimate::Known { nodes, low, high } => Estimate::Known {
            nodes: nodes.max(reached),
            low: low.max(reached),
            high,
        },
        estimate => estimate,
    }
}

#[cfg(test)]
mod tests;
