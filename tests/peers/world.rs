//! A world for one peer manager, whose disk holds its records.

use std::collections::BTreeMap;

use pex::peers::{Action, Options, OptionsBuilder, PeerManager, PeerRecord, RecordKey, Standing};
use pex::{Directory as _, NodeAddress, Seed, Time};

use crate::judge::Judge;

pub(crate) use crate::common::{Answer, DEAD, dials, evicted};
pub(crate) use crate::nodes::{
    DAY, HOUR, ME, NOBODY, START, at, at_port, host, id, ms, node, number, secs, text,
};

pub(crate) type World = crate::common::World<PeerManager>;

impl World {
    pub(crate) fn with(set: impl FnOnce(OptionsBuilder) -> OptionsBuilder) -> Self {
        Self::of(set(Options::builder()).build().unwrap())
    }

    pub(crate) fn of(options: Options) -> Self {
        Self::started(options, START)
    }

    pub(crate) fn started(options: Options, now: Time) -> Self {
        let peers = PeerManager::new(options, ME, Seed::new([7; 32]), now);
        Self::around(peers, Judge::default(), now)
    }

    /// A world in which only the dials that a test is about are made: no feelers, no rotation.
    pub(crate) fn quiet(set: impl FnOnce(OptionsBuilder) -> OptionsBuilder) -> Self {
        Self::with(|it| set(it.feeler_every(None).outbound_life(None)))
    }

    /// A world in which nobody is dialed, so that everything stays as it was told.
    pub(crate) fn still() -> Self {
        Self::quiet(|it| it.slots(0, 52))
    }

    /// The process ends, however it ends, and starts again with what is on the disk. Returns what
    /// the first tick does, and how many addresses were taken in.
    pub(crate) fn restart(&mut self, options: Options) -> (Vec<Action>, usize) {
        let mut fresh = Self::started(options, self.now);
        fresh.judge = self.judge.clone();
        fresh.judge.begin(self.now);
        fresh.checks_inside = self.checks_inside;
        let records = self.disk.values().map(|it| PeerRecord::decode(it).unwrap());
        let taken = records.map(|record| fresh.peers.load(&record)).sum();
        fresh.disk = std::mem::take(&mut self.disk);
        *self = fresh;
        assert_eq!(self.peers.check(), Ok(()));
        (self.tick(), taken)
    }

    /// What the disk would hold if everything were written down.
    pub(crate) fn image(&self) -> BTreeMap<RecordKey, Vec<u8>> {
        let records = self.peers.records();
        records
            .map(|it| (PeerRecord::key(it.id), it.encode()))
            .collect()
    }

    /// The operator names a node; it is dialed, reached and ready.
    pub(crate) fn connect(&mut self, n: u32) {
        self.name(&node(n));
        self.dialed(n);
        self.ready(n);
    }

    /// A stranger tells of a node; it is dialed, reached and ready.
    pub(crate) fn meet(&mut self, n: u32) {
        self.learn(&node(n), 9_000 + n);
        self.dialed(n);
        self.ready(n);
    }

    pub(crate) fn standing(&self, n: u32) -> Standing {
        self.peers.standing(id(n))
    }

    pub(crate) fn knows(&self, address: &NodeAddress) -> bool {
        self.peers.knows(address)
    }

    /// What is kept of a node.
    pub(crate) fn record(&self, n: u32) -> Option<PeerRecord> {
        self.peers.record(id(n))
    }
}

/// Who may be used from now on (`true`), and who may not any more, in order.
pub(crate) fn changes(actions: &[Action]) -> Vec<(u32, bool)> {
    let change = |action: &Action| match action {
        Action::Up { peer, .. } => Some((number(*peer), true)),
        Action::Down { peer, .. } => Some((number(*peer), false)),
        _ => None,
    };
    actions.iter().filter_map(change).collect()
}
