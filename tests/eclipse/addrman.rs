//! Bitcoin Core's address manager (`src/addrman.cpp`), as far as an eclipse goes: a model.
//!
//! An address has one position in each bucket. What was reached is not thrown out before it was dialed
//! once more and found dead: test before evict. Whatever is told counts as seen when it is told. Left
//! out is what cannot happen here: addresses that are not routable, services, other networks; and what
//! it tells others, as here nobody asks it.

use core::time::Duration;
use std::collections::BTreeSet;
use std::rc::Rc;

use pex::Time;

use crate::chance::Chance;
use crate::world::{Node, World};

pub(crate) const BUCKET_SIZE: usize = 64;
const BUCKETS_PER_ADDRESS: usize = 8;
const COLLISIONS_MAX: usize = 10;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
const HORIZON: Duration = DAY.saturating_mul(30);
const RETRIES: u32 = 3;
const MAX_FAILURES: u32 = 10;
/// Of what others tell, so much is taken off the time when it was seen.
const PENALTY: Duration = HOUR.saturating_mul(2);
/// Whoever was reached within this is not tested.
const REPLACEMENT: Duration = HOUR.saturating_mul(4);
const TEST_WINDOW: Duration = MINUTE.saturating_mul(40);

/// A table: how many buckets it has, and over how many of them one network is spread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) buckets: u64,
    pub(crate) per_group: u64,
}

pub(crate) const NEW: Size = Size {
    buckets: 1_024,
    per_group: 64,
};

pub(crate) const TRIED: Size = Size {
    buckets: 256,
    per_group: 8,
};

/// One in fixed point.
const ONE: u64 = 1 << 30;

#[derive(Debug)]
struct Entry {
    source: Node,
    /// Its places in the new table; none if it is in the tried one.
    places: Vec<usize>,
    tried: bool,
    seen: Time,
    attempts: u32,
    last_success: Option<Time>,
    last_try: Option<Time>,
    last_counted: Option<Time>,
}

impl Entry {
    const fn new(source: Node, seen: Time) -> Self {
        Self {
            source,
            places: Vec::new(),
            tried: false,
            seen,
            attempts: 0,
            last_success: None,
            last_try: None,
            last_counted: None,
        }
    }

    /// `IsTerrible`.
    fn is_terrible(&self, now: Time) -> bool {
        if self.last_try.is_some_and(|at| now - at <= MINUTE) {
            return false;
        }
        let failed_lately = self.last_success.is_none_or(|at| now - at > DAY * 7);
        now - self.seen > HORIZON
            || (self.last_success.is_none() && self.attempts >= RETRIES)
            || (failed_lately && self.attempts >= MAX_FAILURES)
    }

    /// `GetChance`: a hundredth within ten minutes of a dial, and two thirds for each failure.
    fn odds(&self, now: Time) -> u64 {
        let lately = self.last_try.is_some_and(|at| now - at < MINUTE * 10);
        let odds = if lately { ONE / 100 } else { ONE };
        (0..self.attempts.min(8)).fold(odds, |odds, _| odds * 66 / 100)
    }
}

#[derive(Debug)]
struct Table {
    size: Size,
    places: Vec<Option<Node>>,
    /// How many nodes are in it, each counted once.
    nodes: usize,
}

impl Table {
    fn new(size: Size) -> Self {
        Self {
            size,
            places: vec![None; index(size.buckets) * BUCKET_SIZE],
            nodes: 0,
        }
    }

    /// Whoever is at a random place of a random bucket, or behind it in the same.
    fn any(&self, chance: &mut Chance) -> Node {
        loop {
            let bucket = chance.below(index(self.size.buckets)) * BUCKET_SIZE;
            let first = chance.below(BUCKET_SIZE);
            let mut places = (first..first + BUCKET_SIZE).map(|place| place % BUCKET_SIZE);
            if let Some(node) = places.find_map(|place| self.places[bucket + place]) {
                return node;
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct Addrman {
    world: Rc<World>,
    chance: Chance,
    key: u64,
    /// By the number of their nodes.
    entries: Vec<Option<Entry>>,
    new: Table,
    tried: Table,
    /// Who was reached and waits for the place of one who is to be tested.
    collisions: BTreeSet<Node>,
    last_good: Time,
}

impl Addrman {
    pub(crate) fn new(world: Rc<World>, mut chance: Chance, new: Size, tried: Size) -> Self {
        let nodes = world.honest().chain(world.attackers());
        Self {
            entries: nodes.map(|_| None).collect(),
            world,
            key: chance.next(),
            chance,
            new: Table::new(new),
            tried: Table::new(tried),
            collisions: BTreeSet::new(),
            last_good: Time::EPOCH,
        }
    }

    /// The process starts again: when something was tried is not in the file.
    pub(crate) fn restart(&mut self) {
        self.collisions.clear();
        self.last_good = Time::EPOCH;
        for entry in self.entries.iter_mut().flatten() {
            (entry.last_try, entry.last_counted) = (None, None);
        }
    }

    pub(crate) fn nodes(&self, tried: bool) -> Vec<Node> {
        let is_it = |node: &Node| self.entry(*node).is_some_and(|entry| entry.tried == tried);
        let all = self.world.honest().chain(self.world.attackers());
        all.filter(is_it).collect()
    }

    pub(crate) fn last_try(&self, node: Node) -> Option<Time> {
        self.entry(node)?.last_try
    }

    /// `AddSingle`. Whoever has many places gets one more the less likely.
    pub(crate) fn add(&mut self, node: Node, source: Node, now: Time) {
        let penalty = if node == source {
            Duration::ZERO
        } else {
            PENALTY
        };
        let seen = Time::EPOCH + (now - (Time::EPOCH + penalty));
        let places = match self.entry_mut(node) {
            None => {
                self.entries[node.index()] = Some(Entry::new(source, seen));
                self.new.nodes += 1;
                0
            }
            Some(entry) => {
                if entry.seen + HOUR < seen {
                    entry.seen = seen;
                }
                if now <= entry.seen || entry.tried || entry.places.len() == BUCKETS_PER_ADDRESS {
                    return;
                }
                entry.places.len()
            }
        };
        if places > 0 && self.chance.below(1 << places) != 0 {
            return;
        }
        let place = self.new_place(node, source);
        let other = self.new.places[place];
        if other == Some(node) {
            return;
        }
        let gives_way = |other: Node| {
            let other = self.entry(other).expect("who has a place is stored");
            other.is_terrible(now) || (other.places.len() > 1 && places == 0)
        };
        if other.is_none_or(gives_way) {
            self.put_new(node, place);
        } else if places == 0 {
            self.delete(node);
        }
    }

    /// `Good_`: whoever was reached is tried, at once or once the one in its place was tested.
    pub(crate) fn good(&mut self, node: Node, now: Time) {
        self.reached(node, now, true);
    }

    fn reached(&mut self, node: Node, now: Time, tests: bool) {
        self.last_good = now;
        let Some(entry) = self.entry_mut(node) else {
            return;
        };
        (entry.last_success, entry.last_try, entry.attempts) = (Some(now), Some(now), 0);
        if entry.tried {
            return;
        }
        if tests && self.tried.places[self.tried_place(node)].is_some() {
            if self.collisions.len() < COLLISIONS_MAX {
                self.collisions.insert(node);
            }
        } else {
            self.make_tried(node);
        }
    }

    /// `Attempt_`: it is dialed. A failure counts once between two dials that did not fail, and only
    /// if somebody else is there.
    pub(crate) fn attempt(&mut self, node: Node, counts: bool, now: Time) {
        let last_good = self.last_good;
        if let Some(entry) = self.entry_mut(node) {
            entry.last_try = Some(now);
            if counts && entry.last_counted.is_none_or(|at| at < last_good) {
                entry.last_counted = Some(now);
                entry.attempts += 1;
            }
        }
    }

    /// `Select_`: of those tried or of those new, with the same chance.
    pub(crate) fn select(&mut self, only_new: bool, now: Time) -> Option<Node> {
        let tried =
            !only_new && self.tried.nodes > 0 && (self.new.nodes == 0 || self.chance.below(2) == 0);
        let nodes = if tried {
            self.tried.nodes
        } else {
            self.new.nodes
        };
        (nodes > 0).then(|| self.select_of(tried, now))
    }

    /// The more picks came to nothing, the more likely is the next one.
    pub(crate) fn select_of(&mut self, tried: bool, now: Time) -> Node {
        let mut factor = ONE;
        loop {
            let table = if tried { &self.tried } else { &self.new };
            let node = table.any(&mut self.chance);
            let odds = self.entry(node).map_or(0, |entry| entry.odds(now));
            let odds = u128::from(odds) * u128::from(factor) / u128::from(ONE);
            if u128::from(self.chance.next() >> 34) < odds {
                return node;
            }
            factor = factor * 6 / 5;
        }
    }

    /// `SelectTriedCollision_`: one who is to be tested.
    pub(crate) fn select_collision(&mut self) -> Option<Node> {
        let waiting: Vec<_> = self.collisions.iter().copied().collect();
        let node = *waiting.get(self.chance.below(waiting.len().max(1)))?;
        if self.entry(node).is_none() {
            self.collisions.remove(&node);
            return None;
        }
        self.tried.places[self.tried_place(node)]
    }

    /// `ResolveCollisions_`.
    pub(crate) fn resolve_collisions(&mut self, now: Time) {
        for node in self.collisions.clone() {
            if self.is_resolved(node, now) {
                self.collisions.remove(&node);
            }
        }
    }

    fn is_resolved(&mut self, node: Node, now: Time) -> bool {
        let Some(waits_since) = self.entry(node).map(|entry| entry.last_success) else {
            return true;
        };
        let old = self.tried.places[self.tried_place(node)];
        if let Some(old) = old.and_then(|old| self.entry(old)) {
            let within = |at: Option<Time>, span| at.is_some_and(|at| now - at < span);
            if within(old.last_success, REPLACEMENT) {
                return true;
            }
            let tested = within(old.last_try, REPLACEMENT);
            let waits = if tested {
                within(old.last_try, MINUTE)
            } else {
                within(waits_since, TEST_WINDOW)
            };
            if waits {
                return false;
            }
        }
        self.reached(node, now, false);
        true
    }

    fn make_tried(&mut self, node: Node) {
        let entry = self.entry_mut(node).expect("it is there");
        entry.tried = true;
        for place in core::mem::take(&mut entry.places) {
            self.new.places[place] = None;
        }
        self.new.nodes -= 1;
        let place = self.tried_place(node);
        if let Some(old) = self.tried.places[place].replace(node) {
            let entry = self.entry_mut(old).expect("who has a place is stored");
            entry.tried = false;
            let source = entry.source;
            self.new.nodes += 1;
            self.put_new(old, self.new_place(old, source));
        } else {
            self.tried.nodes += 1;
        }
    }

    /// Takes a place in the new table from whoever is there.
    fn put_new(&mut self, node: Node, place: usize) {
        if let Some(gone) = self.new.places[place].replace(node) {
            let entry = self.entry_mut(gone).expect("who has a place is stored");
            entry.places.retain(|other| *other != place);
            if entry.places.is_empty() {
                self.delete(gone);
            }
        }
        let entry = self.entry_mut(node).expect("it is there");
        entry.places.push(place);
    }

    fn delete(&mut self, node: Node) {
        self.entries[node.index()] = None;
        self.new.nodes -= 1;
    }

    fn new_place(&self, node: Node, source: Node) -> usize {
        let (group, source) = (self.world.group(node), self.world.group(source));
        let nth = self.hash(&[group.into(), source.into()]) % self.new.size.per_group;
        let bucket = self.hash(&[source.into(), nth]) % self.new.size.buckets;
        self.place(node, bucket, 0)
    }

    pub(crate) fn tried_place(&self, node: Node) -> usize {
        let nth = self.hash(&[number(node)]) % self.tried.size.per_group;
        let group = self.world.group(node).into();
        let bucket = self.hash(&[group, nth]) % self.tried.size.buckets;
        self.place(node, bucket, 1)
    }

    fn place(&self, node: Node, bucket: u64, table: u64) -> usize {
        let position = self.hash(&[table, bucket, number(node)]);
        index(bucket) * BUCKET_SIZE + index(position) % BUCKET_SIZE
    }

    /// Any keyed hash will do: the original's is SHA-256.
    fn hash(&self, words: &[u64]) -> u64 {
        Chance::hash(self.key, words)
    }

    fn entry(&self, node: Node) -> Option<&Entry> {
        self.entries[node.index()].as_ref()
    }

    fn entry_mut(&mut self, node: Node) -> Option<&mut Entry> {
        self.entries[node.index()].as_mut()
    }
}

fn number(node: Node) -> u64 {
    u64::try_from(node.index()).expect("nodes have numbers")
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("an address has 64 bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::NETWORK;
    use crate::world::Attacker;

    fn at(seconds: u64) -> Time {
        Time::EPOCH + Duration::from_secs(seconds)
    }

    /// Two nodes of one place in the tried table, of which the first was reached.
    fn collision() -> (Node, Node, Addrman) {
        let attacker = Attacker {
            addresses: 4_096,
            groups: 1,
        };
        let world = Rc::new(World::new(NETWORK, attacker, 1));
        let nodes: Vec<_> = world.attackers().collect();
        let mut book = Addrman::new(world, Chance::new(1, 3), NEW, TRIED);
        let (old, place) = (nodes[0], book.tried_place(nodes[0]));
        let mut others = nodes[1..].iter();
        let new = *others
            .find(|node| book.tried_place(**node) == place)
            .unwrap();
        for node in [old, new] {
            book.add(node, node, at(0));
        }
        book.good(old, at(0));
        book.good(new, at(1));
        (old, new, book)
    }

    #[test]
    fn whoever_answers_a_test_keeps_its_place() {
        let (old, new, mut book) = collision();
        assert_eq!(book.nodes(true), [old]);
        assert_eq!(book.select_collision(), Some(old));
        // Reached within four hours: no test.
        book.resolve_collisions(at(2));
        assert_eq!((book.collisions.len(), book.nodes(true)), (0, vec![old]));
        let later = 5 * 3_600;
        book.good(new, at(later));
        book.attempt(old, true, at(later + 10));
        book.good(old, at(later + 10));
        book.resolve_collisions(at(later + 100));
        assert_eq!((book.collisions.len(), book.nodes(true)), (0, vec![old]));
        assert_eq!(book.nodes(false), [new]);
    }

    #[test]
    fn whoever_does_not_answer_goes_back_among_the_new() {
        let (old, new, mut book) = collision();
        let later = 5 * 3_600;
        book.good(new, at(later));
        book.attempt(old, true, at(later + 10));
        book.resolve_collisions(at(later + 69));
        assert_eq!(book.nodes(true), [old]);
        book.resolve_collisions(at(later + 70));
        assert_eq!(
            (book.nodes(true), book.nodes(false)),
            (vec![new], vec![old])
        );
    }

    #[test]
    fn who_waits_for_a_test_that_is_not_made_gets_the_place_after_40_minutes() {
        let (old, new, mut book) = collision();
        let later = 5 * 3_600;
        book.good(new, at(later));
        book.resolve_collisions(at(later + 2_399));
        assert_eq!(book.nodes(true), [old]);
        book.resolve_collisions(at(later + 2_400));
        assert_eq!(book.nodes(true), [new]);
    }
}
