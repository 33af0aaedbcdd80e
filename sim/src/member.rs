//! One node of the network: its machine, its clock, its timer and its connections.

use pex::{Epoch, Time};

use crate::chance::nanos;
use crate::disk::Disk;
use crate::machine::Machine;

/// When the world begins, in nanoseconds since the Unix epoch: in November 2023.
pub(crate) const START: u64 = 1_700_000_000_000_000_000;

/// No time.
pub(crate) const NEVER: u64 = u64::MAX;

/// One node, alive or not.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) machine: Machine,
    /// Its connections by peer, as its driver knows them: one a peer.
    pub(crate) open: Vec<(u32, Epoch)>,
    pub(crate) disk: Option<Box<Disk>>,
    /// Of whom nobody may hear from it.
    pub(crate) private: Vec<u32>,
    /// With whom it is to be connected, come what may.
    pub(crate) persistent: Vec<u32>,
    /// How far its clock is ahead.
    pub(crate) ahead: i64,
    /// By how much it has jumped besides, and what it has said since it stands still.
    pub(crate) jumped: i64,
    pub(crate) stopped: Option<Time>,
    /// When its timer fires, in the time of the world.
    pub(crate) deadline: u64,
    /// When the next tick that counts is in the queue.
    pub(crate) queued: u64,
    /// When it was first started.
    pub(crate) born: u64,
    /// Where it stands among the living, if it lives.
    pub(crate) place: u32,
    /// How often it was started.
    pub(crate) life: u32,
    /// How many of its lives are over.
    pub(crate) ended: u32,
    /// How many requests it was sent.
    pub(crate) asked: u32,
    pub(crate) group: u16,
    pub(crate) alive: bool,
    /// It is silent, and hears nothing, until it is woken: its host hangs.
    pub(crate) stuck: bool,
}

impl Member {
    pub(crate) const fn new(group: u16) -> Self {
        Self {
            machine: Machine::None,
            open: Vec::new(),
            disk: None,
            private: Vec::new(),
            persistent: Vec::new(),
            ahead: 0,
            jumped: 0,
            stopped: None,
            deadline: NEVER,
            queued: NEVER,
            born: NEVER,
            place: 0,
            life: 0,
            ended: 0,
            asked: 0,
            group,
            alive: false,
            stuck: false,
        }
    }

    /// What its clock says.
    pub(crate) fn clock(&self, now: u64) -> Time {
        let right = START.saturating_add(now).saturating_add_signed(self.ahead);
        let now = Time::from_nanos(right.saturating_add_signed(self.jumped));
        self.stopped.unwrap_or(now)
    }

    /// When its clock will say this, if it goes on as it does now.
    pub(crate) fn moment(&self, now: u64, clock: Time) -> u64 {
        now.saturating_add(nanos(clock.since(self.clock(now))))
    }

    pub(crate) fn link_with(&self, peer: u32) -> Option<Epoch> {
        let place = self
            .open
            .binary_search_by_key(&peer, |(peer, _)| *peer)
            .ok()?;
        Some(self.open[place].1)
    }

    /// Keeps this connection, in place of another one with the same peer.
    pub(crate) fn keep(&mut self, peer: u32, epoch: Epoch) {
        match self.open.binary_search_by_key(&peer, |(peer, _)| *peer) {
            Ok(place) => self.open[place].1 = epoch,
            Err(place) => self.open.insert(place, (peer, epoch)),
        }
    }

    /// Forgets this connection, unless another one has taken its place.
    pub(crate) fn forget(&mut self, peer: u32, epoch: Epoch) {
        if let Ok(place) = self.open.binary_search_by_key(&peer, |(peer, _)| *peer)
            && self.open[place].1 == epoch
        {
            self.open.remove(place);
        }
    }
}
