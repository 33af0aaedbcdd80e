//! How long things take between nodes, and what gets through.

use pex::NodeAddress;

use crate::chance::{Chance, Likelihood, Use};
use crate::scenario::{self, Range};

/// How long a dial waits for somebody who doesn't answer: as long as the node's transport.
pub(crate) const DIAL_TIMEOUT: u64 = 3_000_000_000;

/// How long it takes until a node notices that it hears nothing: by the pings of its transport.
pub(crate) const SILENCE: u64 = 60_000_000_000;

/// The wires.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) chance: Chance,
    latency: Range,
    dial: Range,
    dials_fail: Likelihood,
}

impl Network {
    pub(crate) fn new(network: &scenario::Network, seed: u64) -> Self {
        Self {
            chance: Chance::new(seed, Use::Network),
            latency: network.latency,
            dial: network.dial,
            dials_fail: Likelihood::of(network.dials_fail),
        }
    }

    /// How long a message takes.
    pub(crate) fn latency(&mut self) -> u64 {
        self.chance.within(self.latency)
    }

    /// How long a dial takes that is answered.
    pub(crate) fn dial(&mut self) -> u64 {
        self.chance.within(self.dial)
    }

    pub(crate) fn dial_fails(&mut self) -> bool {
        self.chance.happens(self.dials_fail)
    }
}

/// A dial that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Dial {
    pub(crate) from: u32,
    /// The life of the dialer: who has died meanwhile gets no connection.
    pub(crate) life: u32,
    pub(crate) address: NodeAddress,
    /// It comes to nothing whoever is there.
    pub(crate) fails: bool,
}
