//! A world for one switch, with its book.

use core::time::Duration;

use pex::book::AddrBook;
use pex::peers::Action;
use pex::v1::{Options, OptionsBuilder, Switch};
use pex::{NetAddress, NodeAddress, Seed, Time};

use crate::judge::Judge;
use crate::nodes::{ME, START, node};

pub(crate) use crate::common::{Answer, DEAD, dials, evicted};

pub(crate) type World = crate::common::World<Switch>;

/// The place of a node, as the book has it.
pub(crate) fn place(address: &NodeAddress) -> NetAddress {
    NetAddress::try_from(address).unwrap()
}

pub(crate) fn book(strict: bool) -> AddrBook {
    AddrBook::new(strict, Seed::new([8; 32]))
}

impl World {
    pub(crate) fn with(set: impl FnOnce(OptionsBuilder) -> OptionsBuilder) -> Self {
        Self::of(set(Options::builder()).build().unwrap(), book(true))
    }

    /// A world in which only the dials that a test is about are made: no feelers, no rotation.
    pub(crate) fn quiet(set: impl FnOnce(OptionsBuilder) -> OptionsBuilder) -> Self {
        Self::with(|it| set(it.feeler_every(None).outbound_life(None)))
    }

    /// A seed node's world.
    pub(crate) fn seed(set: impl FnOnce(OptionsBuilder) -> OptionsBuilder) -> Self {
        Self::of(set(Options::seed()).build().unwrap(), book(true))
    }

    pub(crate) fn of(options: Options, book: AddrBook) -> Self {
        Self::started(options, book, START)
    }

    pub(crate) fn started(options: Options, book: AddrBook, now: Time) -> Self {
        let mut judge = Judge::default();
        if options.is_seed() {
            (judge.dialing_max, judge.dials_per_second) = (64, 64);
        }
        // What is in the book and was reached is no hearsay.
        let reached = book.addresses().filter(|it| it.last_success.is_some());
        reached.for_each(|it| judge.trust(&it.address.into()));
        let peers = Switch::new(options, book, ME, Seed::new([7; 32]), now);
        Self::around(peers, judge, now)
    }

    /// The operator named these in the options.
    pub(crate) fn trusting(mut self, named: &[NodeAddress]) -> Self {
        for address in named {
            self.judge.trust(address);
        }
        self.judge.chosen.extend(named.iter().map(NodeAddress::id));
        self
    }

    /// The operator names others while it runs.
    pub(crate) fn reconfigure_with_lists(&mut self, options: Options) -> Vec<Action> {
        let actions = self.peers.reconfigure_with_lists(self.now, options);
        self.carry_out(actions)
    }

    /// The operator sets other limits while it runs.
    pub(crate) fn reconfigure(&mut self, options: Options) -> Vec<Action> {
        let actions = self.peers.reconfigure(self.now, options);
        self.carry_out(actions)
    }

    /// The process ends, and starts again with the book as it is saved and loaded. Returns what the
    /// first tick does.
    pub(crate) fn restart(&mut self, options: Options) -> Vec<Action> {
        let json = self.peers.book().to_json();
        let loaded = AddrBook::read(json.as_bytes(), true, Seed::new([8; 32]), self.now);
        let mut fresh = Self::started(options, loaded.unwrap().book, self.now);
        fresh.checks_inside = self.checks_inside;
        *self = fresh;
        self.tick()
    }

    /// A stranger tells of a node; it is dialed, reached and ready.
    pub(crate) fn connect(&mut self, n: u32) {
        self.learn(&node(n), 9_000 + n);
        self.dialed(n);
        self.ready(n);
    }

    pub(crate) fn knows(&self, address: &NodeAddress) -> bool {
        self.peers.book().has_address(&place(address))
    }

    /// How often an address has failed in a row.
    pub(crate) fn attempts(&self, address: &NodeAddress) -> Option<u32> {
        let known = self.peers.book().known(&place(address));
        known.map(|it| it.attempts)
    }
}

/// The times from each of these to the next.
pub(crate) fn steps(times: &[Duration]) -> Vec<Duration> {
    let step = |pair: &[Duration]| pair[1].saturating_sub(pair[0]);
    times.windows(2).map(step).collect()
}
