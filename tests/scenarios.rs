//! The protocol, told as scenarios: what happens to a machine, and what it must do.
//!
//! Each test's name is a sentence about the protocol. `CONFORMANCE.md` maps the reference's tests,
//! its known weaknesses and the threats to these tests, `INVARIANTS.md` the invariants.

#[cfg(test)]
#[path = "scenarios/answers.rs"]
mod answers;
#[cfg(test)]
#[path = "scenarios/arcs.rs"]
mod arcs;
#[cfg(test)]
#[path = "scenarios/determinism.rs"]
mod determinism;
#[cfg(test)]
#[path = "scenarios/dialects.rs"]
mod dialects;
#[cfg(test)]
#[path = "scenarios/disorder.rs"]
mod disorder;
#[cfg(test)]
#[path = "scenarios/dumps.rs"]
mod dumps;
#[cfg(test)]
#[path = "scenarios/epochs.rs"]
mod epochs;
#[cfg(test)]
#[path = "scenarios/estimate.rs"]
mod estimate;
#[cfg(test)]
#[path = "scenarios/extremes.rs"]
mod extremes;
#[cfg(test)]
#[path = "scenarios/guard.rs"]
mod guard;
#[cfg(test)]
#[path = "scenarios/guests.rs"]
mod guests;
#[cfg(test)]
#[path = "scenarios/limits.rs"]
mod limits;
#[cfg(test)]
#[path = "scenarios/network.rs"]
mod network;
#[cfg(test)]
#[path = "scenarios/pace.rs"]
mod pace;
#[cfg(test)]
#[path = "scenarios/reference.rs"]
mod reference;
#[cfg(test)]
#[path = "scenarios/rotation.rs"]
mod rotation;
#[cfg(test)]
#[path = "scenarios/secrecy.rs"]
mod secrecy;
#[cfg(test)]
mod support;
#[cfg(test)]
#[path = "scenarios/tables.rs"]
mod tables;
#[cfg(test)]
#[path = "scenarios/threats.rs"]
mod threats;
