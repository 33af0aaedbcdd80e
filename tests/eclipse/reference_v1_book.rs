//! CometBFT v0.38.17's address book, as far as an eclipse goes: a model.
//!
//! All as coded, where that is not as meant: a bucket of 64 holds 65, whoever is demoted is lost,
//! and the buckets are hashed with a key that does not outlive the process. Left out is what cannot
//! happen here: private ids, addresses of its own, addresses that are not routable; and what it
//! tells others, as here nobody asks it.

use core::time::Duration;
use std::collections::BTreeMap;
use std::rc::Rc;

use pex::Time;

use crate::chance::Chance;
use crate::world::{Node, World};

pub(crate) const NEW_BUCKETS: u64 = 256;
pub(crate) const OLD_BUCKETS: u64 = 64;
pub(crate) const NEW_PER_GROUP: u64 = 32;
pub(crate) const OLD_PER_GROUP: u64 = 4;
/// A bucket with more than this is full.
const BUCKET_SIZE: usize = 64;
const BUCKETS_PER_ADDRESS: usize = 4;

const DAY: Duration = Duration::from_secs(24 * 3_600);
const WEEK: Duration = DAY.saturating_mul(7);
const MINUTE: Duration = Duration::from_secs(60);
const RETRIES: u32 = 3;
const MAX_FAILURES: u32 = 10;

/// Whether it ever was good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    New,
    Old,
}

#[derive(Debug)]
struct Entry {
    source: Node,
    kind: Kind,
    buckets: Vec<usize>,
    attempts: u32,
    last_attempt: Time,
    last_success: Option<Time>,
}

impl Entry {
    fn is_bad(&self, now: Time) -> bool {
        let untried = now - self.last_attempt;
        if self.kind == Kind::Old || untried < MINUTE {
            return false;
        }
        let lately = self.last_success.is_some_and(|at| now - at <= WEEK);
        untried > WEEK
            || (self.last_success.is_none() && self.attempts >= RETRIES)
            || (!lately && self.attempts >= MAX_FAILURES)
    }
}

/// The buckets of one kind, each in the order in which its nodes came.
#[derive(Debug)]
struct Table {
    buckets: Vec<Vec<Node>>,
    /// How many nodes are in them, each counted once.
    nodes: usize,
}

impl Table {
    fn new(buckets: u64) -> Self {
        Self {
            buckets: vec![Vec::new(); index(buckets)],
            nodes: 0,
        }
    }

    /// An address of a bucket that has any.
    fn pick(&self, chance: &mut Chance) -> Option<Node> {
        if self.nodes == 0 {
            return None;
        }
        loop {
            let bucket = &self.buckets[chance.below(self.buckets.len())];
            if !bucket.is_empty() {
                return Some(bucket[chance.below(bucket.len())]);
            }
        }
    }

    /// What goes into the choice between the kinds, in fixed point.
    fn weight(&self, bias: u64) -> u64 {
        let nodes = u64::try_from(self.nodes).expect("a book is small");
        (nodes << 40).isqrt() * bias
    }
}

#[derive(Debug)]
pub(crate) struct Book {
    world: Rc<World>,
    chance: Chance,
    key: u64,
    /// By the number of their nodes.
    entries: Vec<Option<Entry>>,
    new: Table,
    old: Table,
    banned: BTreeMap<Node, (Entry, Time)>,
}

impl Book {
    pub(crate) fn new(world: Rc<World>, mut chance: Chance) -> Self {
        let nodes = world.honest().chain(world.attackers());
        Self {
            entries: nodes.map(|_| None).collect(),
            world,
            key: chance.next(),
            chance,
            new: Table::new(NEW_BUCKETS),
            old: Table::new(OLD_BUCKETS),
            banned: BTreeMap::new(),
        }
    }

    /// The process starts again: all but the key and the bans comes back from the file.
    pub(crate) fn restart(&mut self) {
        self.key = self.chance.next();
        self.banned.clear();
    }

    pub(crate) const fn len(&self) -> usize {
        self.new.nodes + self.old.nodes
    }

    pub(crate) fn nodes(&self, kind: Kind) -> Vec<Node> {
        let is_stored = |node: &Node| self.entry(*node).is_some_and(|entry| entry.kind == kind);
        let all = self.world.honest().chain(self.world.attackers());
        all.filter(is_stored).collect()
    }

    /// `AddAddress`. Whoever is in several buckets gets into one more the less likely.
    pub(crate) fn add(&mut self, node: Node, source: Node, now: Time) {
        if self.banned.contains_key(&node) {
            return;
        }
        let (kind, buckets) = match self.entry(node) {
            None => (Kind::New, 0),
            Some(entry) => (entry.kind, entry.buckets.len()),
        };
        if kind == Kind::Old
            || buckets == BUCKETS_PER_ADDRESS
            || (buckets > 0 && self.chance.below(2 * buckets) != 0)
        {
            return;
        }
        let entry = self.entries[node.index()].take().unwrap_or(Entry {
            source,
            kind,
            buckets: Vec::new(),
            attempts: 0,
            last_attempt: now,
            last_success: None,
        });
        let bucket = self.new_bucket(node, source);
        self.add_to_new(node, entry, bucket, now);
    }

    /// `MarkGood`: whoever is new becomes old.
    pub(crate) fn good(&mut self, node: Node, now: Time) {
        let Some(entry) = self.entry_mut(node) else {
            return;
        };
        entry.attempts = 0;
        entry.last_attempt = now;
        entry.last_success = Some(now);
        if entry.kind == Kind::New {
            let entry = self.remove(node);
            self.promote(node, entry.expect("it is there"));
        }
    }

    /// `MarkAttempt`: a dial has failed.
    pub(crate) fn attempted(&mut self, node: Node, now: Time) {
        if let Some(entry) = self.entry_mut(node) {
            entry.attempts += 1;
            entry.last_attempt = now;
        }
    }

    /// `MarkBad`.
    pub(crate) fn ban(&mut self, node: Node, until: Time) {
        if let Some(entry) = self.remove(node) {
            self.banned.insert(node, (entry, until));
        }
    }

    /// `ReinstateBadPeers`: whose ban is over becomes new, unless it was old, and is lost.
    pub(crate) fn reinstate(&mut self, now: Time) {
        let over = self.banned.iter().filter(|(_, (_, until))| *until <= now);
        let over: Vec<_> = over.map(|(node, _)| *node).collect();
        for node in over {
            let (entry, _) = self.banned.remove(&node).expect("it is banned");
            if entry.kind == Kind::New {
                let bucket = self.new_bucket(node, entry.source);
                self.add_to_new(node, entry, bucket, now);
            }
        }
    }

    /// `PickAddress`, with a bias of so many percent to what is new.
    pub(crate) fn pick(&mut self, bias: u64) -> Option<Node> {
        let (old, new) = (self.old.weight(100 - bias), self.new.weight(bias));
        let is_old = self.chance.below(index(old + new)) < index(old);
        let table = if is_old { &self.old } else { &self.new };
        table.pick(&mut self.chance)
    }

    /// The bucket for a new address that this source has told.
    pub(crate) fn new_bucket(&self, node: Node, source: Node) -> usize {
        let (group, source) = (self.world.group(node), self.world.group(source));
        let nth = self.hash(&[group.into(), source.into()]) % NEW_PER_GROUP;
        index(self.hash(&[source.into(), nth]) % NEW_BUCKETS)
    }

    /// The bucket for an address that was good.
    pub(crate) fn old_bucket(&self, node: Node) -> usize {
        let address = u64::try_from(node.index()).expect("nodes have numbers");
        let nth = self.hash(&[address]) % OLD_PER_GROUP;
        index(self.hash(&[self.world.group(node).into(), nth]) % OLD_BUCKETS)
    }

    /// Any keyed hash will do: the original's is HighwayHash.
    fn hash(&self, words: &[u64]) -> u64 {
        Chance::hash(self.key, words)
    }

    fn entry(&self, node: Node) -> Option<&Entry> {
        self.entries[node.index()].as_ref()
    }

    fn entry_mut(&mut self, node: Node) -> Option<&mut Entry> {
        self.entries[node.index()].as_mut()
    }

    fn add_to_new(&mut self, node: Node, mut entry: Entry, bucket: usize, now: Time) {
        if !entry.buckets.contains(&bucket) {
            if self.new.buckets[bucket].len() > BUCKET_SIZE {
                self.expire(bucket, now);
            }
            if entry.buckets.is_empty() {
                self.new.nodes += 1;
            }
            entry.buckets.push(bucket);
            self.new.buckets[bucket].push(node);
        }
        self.entries[node.index()] = Some(entry);
    }

    /// Of a full bucket, throws out the first bad one met, or else the one tried longest ago.
    fn expire(&mut self, bucket: usize, now: Time) {
        let nodes = self.new.buckets[bucket].iter().copied();
        let is_bad = |node: &Node| self.entry(*node).is_some_and(|entry| entry.is_bad(now));
        let mut bad: Vec<_> = nodes.filter(is_bad).collect();
        let first = self.chance.draw(1, &mut bad).first();
        let gone = match first {
            Some(bad) => *bad,
            None => self.oldest(&self.new.buckets[bucket]),
        };
        self.new.buckets[bucket].retain(|other| *other != gone);
        let entry = self.entry_mut(gone).expect("who is in a bucket is stored");
        entry.buckets.retain(|other| *other != bucket);
        if entry.buckets.is_empty() {
            self.entries[gone.index()] = None;
            self.new.nodes -= 1;
        }
    }

    fn oldest(&self, bucket: &[Node]) -> Node {
        let tried = |node: &&Node| self.entry(**node).map(|entry| entry.last_attempt);
        *bucket.iter().min_by_key(tried).expect("it is full")
    }

    /// Moves to an old bucket what is in no bucket. Whoever must make room should become new, but
    /// is still marked as old, and is lost.
    fn promote(&mut self, node: Node, mut entry: Entry) {
        let bucket = self.old_bucket(node);
        if self.old.buckets[bucket].len() > BUCKET_SIZE {
            let oldest = self.oldest(&self.old.buckets[bucket]);
            self.remove(oldest);
        }
        self.old.buckets[bucket].push(node);
        self.old.nodes += 1;
        entry.kind = Kind::Old;
        entry.buckets = vec![bucket];
        self.entries[node.index()] = Some(entry);
    }

    /// Out of all its buckets.
    fn remove(&mut self, node: Node) -> Option<Entry> {
        let mut entry = self.entries[node.index()].take()?;
        let table = match entry.kind {
            Kind::New => &mut self.new,
            Kind::Old => &mut self.old,
        };
        for bucket in entry.buckets.drain(..) {
            table.buckets[bucket].retain(|other| *other != node);
        }
        table.nodes -= 1;
        Some(entry)
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("numbers of buckets, and weights, are small")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::experiment::NETWORK;
    use crate::world::Attacker;

    /// A book, and nodes of one network, whose own addresses all go to one bucket.
    fn book(addresses: u32) -> (Vec<Node>, Book) {
        let groups = 1;
        let world = Rc::new(World::new(NETWORK, Attacker { addresses, groups }, 1));
        let nodes = world.attackers().collect();
        (nodes, Book::new(world, Chance::new(1, 3)))
    }

    fn at(seconds: u64) -> Time {
        Time::EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_bucket_of_64_holds_65_and_loses_whoever_was_tried_longest_ago() {
        let (nodes, mut book) = book(67);
        for (node, now) in nodes.iter().zip(0..65) {
            book.add(*node, *node, at(now));
        }
        assert_eq!(book.len(), 65);
        book.attempted(nodes[0], at(65));
        book.add(nodes[65], nodes[65], at(66));
        assert_eq!(book.len(), 65);
        assert!(book.entry(nodes[0]).is_some() && book.entry(nodes[1]).is_none());
        // Three failures and no success: bad, though tried last, once a minute has passed.
        book.attempted(nodes[0], at(67));
        book.attempted(nodes[0], at(68));
        book.add(nodes[66], nodes[66], at(128));
        assert!(book.entry(nodes[0]).is_none() && book.entry(nodes[2]).is_some());
    }

    #[test]
    fn whoever_is_demoted_is_lost() {
        let (nodes, mut book) = book(1_000);
        for (node, now) in nodes.iter().zip(0..) {
            book.add(*node, *node, at(now));
            book.good(*node, at(now));
        }
        let buckets: BTreeSet<_> = nodes.iter().map(|node| book.old_bucket(*node)).collect();
        assert_eq!(book.nodes(Kind::Old).len(), 65 * buckets.len());
        assert_eq!(book.nodes(Kind::New), []);
        assert_eq!(book.len(), 65 * buckets.len());
    }

    #[test]
    fn an_expired_entry_is_not_good_however_long_its_node_stays() {
        let (nodes, mut book) = book(66);
        for (node, now) in nodes.iter().zip(0..) {
            book.add(*node, *node, at(now));
        }
        book.good(nodes[0], at(3_600));
        assert_eq!(book.nodes(Kind::Old), []);
        book.good(nodes[1], at(3_600));
        assert_eq!(book.nodes(Kind::Old), [nodes[1]]);
    }
}
