//! What watches one network, from within the loop that runs it.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use pex::{Estimate, Group, NodeId, Time};

use super::history::{History, Point};
use super::names;
use super::snapshot::{Arrival, BookSize, Commonest, Mishap, Reading, Snapshot, Tallies};
use super::tally::Tally;
use super::text::shown;
use super::{Network, lock};
use crate::clock::Clock;
use crate::kind::kind_of;
use crate::notice::Notice;
use crate::transport::{RemoteInfo, TransportError};
use crate::v1::V1Node;

/// How often a snapshot is taken at most.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(1);

/// How often the size of the network is estimated at most, which takes longer than all the rest.
const ESTIMATE_EVERY: Duration = Duration::from_secs(10);

/// Versions and groups that are named; the others are one number.
const NAMED: usize = 10;

/// Arrivals and faults that are remembered.
const ARRIVALS: usize = 12;
const MISHAPS: usize = 20;

/// Watches one network. Belongs to the loop that runs its node, and makes it wait for nobody.
///
/// The network counts as alive while [`Probe::update`] is called; when the probe is dropped, it has
/// ended.
#[derive(Debug)]
pub struct Probe {
    network: Arc<Network>,
    clock: Clock,
    peers: BTreeMap<NodeId, Peer>,
    versions: Tally<Arc<str>>,
    groups: Tally<Group>,
    tallies: Tallies,
    arrivals: VecDeque<Arrival>,
    mishaps: VecDeque<Mishap>,
    served: Served,
    estimated: Option<(Time, Estimate)>,
    taken: Option<Time>,
    history: Arc<History>,
}

/// What is remembered of a peer while it is connected.
#[derive(Debug)]
struct Peer {
    place: (&'static str, &'static str),
    version: Arc<str>,
    group: Group,
}

impl Probe {
    pub(super) fn new(network: Arc<Network>, clock: Clock) -> Self {
        Self {
            network,
            clock,
            peers: BTreeMap::new(),
            versions: Tally::default(),
            groups: Tally::default(),
            tallies: Tallies::default(),
            arrivals: VecDeque::new(),
            mishaps: VecDeque::new(),
            served: Served::default(),
            estimated: None,
            taken: None,
            history: Arc::new(History::new()),
        }
    }

    /// Takes note of something that the node told. To be called with every notice.
    pub fn saw(&mut self, notice: &Notice) {
        let now = self.clock.now();
        match notice {
            Notice::Up(remote) => self.on_up(remote, now),
            Notice::Down { peer, why } => self.on_down(*peer, why, now),
            Notice::DialFailed { why, .. } => self.tallies.failed_dials.add(names::of_dial(why)),
            Notice::AcceptFailed(why) => {
                let many = names::times(why);
                self.tallies.refusals.add_many(names::of_error(why), many);
            }
            Notice::Evicted { why, .. } => self.tallies.evictions.add(names::of_eviction(*why)),
            Notice::Fault { peer, fault, cut } => {
                let kind = names::of_fault(fault);
                self.tallies.faults.add(kind);
                self.note(*peer, kind, &format!("it {fault}"), *cut, now);
            }
            Notice::NotWritten(_) => {
                self.tallies.unwritten = self.tallies.unwritten.saturating_add(1);
                self.tallies.is_unwritten = true;
            }
            Notice::WrittenAgain => self.tallies.is_unwritten = false,
            Notice::Reached { .. }
            | Notice::Heard { .. }
            | Notice::Answered { .. }
            | Notice::Unanswered { .. }
            | Notice::SaveBook => {}
        }
    }

    fn on_up(&mut self, remote: &RemoteInfo, now: Time) {
        // A connection in place of another one, whose end is not told.
        self.leaves(remote.id, now);
        let direction = names::of_direction(remote.direction);
        let dialect = names::of_kind(kind_of(&remote.info));
        let version: Arc<str> = shown(remote.info.version()).into();
        let group = Group::of(remote.socket_addr.ip());
        if direction == "inbound" {
            self.tallies.accepted = self.tallies.accepted.saturating_add(1);
        }
        self.tallies.peers.add((direction, dialect));
        self.versions.add(Arc::clone(&version));
        self.groups.add(group);
        push(
            &mut self.arrivals,
            ARRIVALS,
            Arrival {
                at: now,
                left: None,
                peer: remote.id,
                moniker: shown(remote.info.moniker()).into(),
                version: Arc::clone(&version),
                dialect,
                direction,
            },
        );
        let place = (direction, dialect);
        self.peers.insert(
            remote.id,
            Peer {
                place,
                version,
                group,
            },
        );
    }

    fn on_down(&mut self, peer: NodeId, why: &TransportError, now: Time) {
        self.leaves(peer, now);
        let kind = names::of_error(why);
        self.tallies.ends.add(kind);
        if matches!(why, TransportError::Packet(_) | TransportError::Secret(_)) {
            self.note(peer, kind, &why.to_string(), true, now);
        }
    }

    fn leaves(&mut self, id: NodeId, now: Time) {
        if let Some(peer) = self.peers.remove(&id) {
            self.tallies.peers.remove(&peer.place);
            self.versions.remove(&peer.version);
            self.groups.remove(&peer.group);
        }
        for arrival in self.arrivals.iter_mut().filter(|it| it.peer == id) {
            arrival.left.get_or_insert(now);
        }
    }

    fn note(&mut self, peer: NodeId, kind: &'static str, text: &str, cut: bool, at: Time) {
        let text = shown(text);
        push(
            &mut self.mishaps,
            MISHAPS,
            Mishap {
                at,
                peer,
                kind,
                text,
                cut,
            },
        );
    }

    /// Says that the node's loop is alive and, if the last time was a second ago or more, takes a
    /// snapshot of it. To be called at least every second, and as often as one likes.
    pub fn update(&mut self, node: &V1Node) {
        let now = self.clock.now();
        if self.is_due(now) {
            self.take(now, read(node), || node.node().pex().estimate());
        }
    }

    fn is_due(&self, now: Time) -> bool {
        self.taken.is_none_or(|last| last + SNAPSHOT_EVERY <= now)
    }

    /// Takes a snapshot.
    pub(super) fn take(&mut self, now: Time, reading: Reading, size: impl Fn() -> Estimate) {
        self.taken = Some(now);
        let estimate = match self.estimated {
            Some((at, estimate)) if now < at + ESTIMATE_EVERY => estimate,
            _ => {
                let estimate = size();
                self.estimated = Some((now, estimate));
                estimate
            }
        };
        if self.history.is_due(now) {
            Arc::make_mut(&mut self.history).push(Point {
                at: now,
                known: u64::try_from(reading.book.all()).unwrap_or(u64::MAX),
                estimate,
            });
        }
        let snapshot = Snapshot {
            at: now,
            estimate,
            tallies: self.tallies.clone(),
            versions: commonest(&self.versions),
            groups: commonest(&self.groups),
            arrivals: self.arrivals.iter().rev().cloned().collect(),
            mishaps: self.mishaps.iter().rev().cloned().collect(),
            answered_in_a_minute: self.served.in_a_minute(now, reading.stats.requests_served),
            history: Arc::clone(&self.history),
            reading,
        };
        // Held for as long as it takes to put a pointer there.
        *lock(&self.network.latest) = Some(Arc::new(snapshot));
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        *lock(&self.network.ended) = true;
    }
}

fn commonest<K: Ord + ToString>(tally: &Tally<K>) -> Commonest {
    let (shares, others) = tally.commonest(NAMED);
    Commonest { shares, others }
}

/// Remembers one more; the oldest of too many goes.
fn push<T>(list: &mut VecDeque<T>, max: usize, one: T) {
    if list.len() >= max {
        list.pop_front();
    }
    list.push_back(one);
}

fn read(node: &V1Node) -> Reading {
    let switch = node.switch();
    let book = switch.book();
    let (outbound, inbound, dialing) = switch.peers();
    Reading {
        is_seed: switch.options().is_seed(),
        is_listening: node.is_listening(),
        book: BookSize {
            new: book.new_ones(),
            old: book.old(),
            banned: book.bans().count(),
        },
        outbound,
        inbound,
        dialing,
        slots: switch.options().slots(),
        stats: node.node().pex().stats(),
        counts: switch.counts(),
        received: node.traffic().received(),
        sent: node.traffic().sent(),
    }
}

/// How many requests had been answered at each of the last sixty seconds.
#[derive(Debug, Default)]
struct Served(VecDeque<(Time, u64)>);

impl Served {
    fn in_a_minute(&mut self, now: Time, served: u64) -> u64 {
        const MINUTE: Duration = Duration::from_secs(60);
        self.0.push_back((now, served));
        // The last one that is a minute old is where the minute begins.
        while self.0.get(1).is_some_and(|(at, _)| *at + MINUTE <= now) {
            self.0.pop_front();
        }
        let before = self.0.front().map_or(0, |(_, before)| *before);
        served.saturating_sub(before)
    }
}

#[cfg(test)]
pub(super) mod tests;
