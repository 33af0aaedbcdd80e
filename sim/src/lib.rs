//! Whole networks of [`pex`] nodes in one thread, from one seed.
//!
//! What runs here are the machines of the core themselves, as a node runs them, and not copies of
//! their logic. Around them is a network in virtual time: latency, loss, partitions, nodes behind
//! NAT, nodes that come and go, clocks that are wrong, and nodes that lie. One seed gives the same
//! run, byte for byte, on every machine.
//!
//! A [`Scenario`] says what is to happen, and an [`Outcome`] what did.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "there are at most four million nodes, counts stay far below 2^53, and conversions of \
              floats saturate"
)]

mod aim;
mod believed;
mod blueprint;
mod chance;
mod change;
mod check;
mod churn;
mod deliver;
mod digest;
mod disk;
mod exchange;
mod faults;
mod histogram;
mod hostile;
mod islands;
mod links;
mod lives;
mod machine;
mod measure;
mod member;
mod minimise;
mod network;
mod orders;
mod outcome;
pub mod page;
mod permute;
mod places;
pub mod plot;
mod queue;
mod reference;
mod report;
mod scenario;
mod shared;
pub mod show;
mod simulation;
mod swarm;
pub mod tables;
mod thin;
mod tuning;

pub use change::{Change, ChangeError, Sweep, changed, combinations};
pub use histogram::Histogram;
pub use hostile::sorts as hostile_sorts;
pub use minimise::Minimal;
pub use outcome::{Breach, Gain, Guess, Outcome, Population, Sample, Spread, Tally};
pub use scenario::{
    Churn, Claim, Depth, Faults, Group, Knows, Network, Program, Range, Scenario, ScenarioError,
    Tuning,
};
pub use simulation::Simulation;
pub use swarm::swarm;
