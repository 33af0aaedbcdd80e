//! The peer manager, and the node that is made of it and the exchange: what happens to them, and
//! what they must do.
//!
//! Each test's name is a sentence. `CONFORMANCE.md` maps the tests of the reference's peer manager,
//! its known weaknesses and the threats to these tests, `INVARIANTS.md` the invariants.

#![expect(
    clippy::unchecked_time_subtraction,
    reason = "spans of a test, of which the longer stands first"
)]

#[cfg(test)]
#[path = "peers/accept.rs"]
mod accept;
#[cfg(test)]
#[path = "peers/age.rs"]
mod age;
#[cfg(test)]
#[path = "peers/alone.rs"]
mod alone;
#[cfg(test)]
#[path = "peers/anchors.rs"]
mod anchors;
#[cfg(test)]
#[path = "support/anything.rs"]
mod anything;
#[cfg(test)]
#[path = "peers/changes.rs"]
mod changes;
#[cfg(test)]
#[path = "peers/choice.rs"]
mod choice;
#[cfg(test)]
#[path = "support/world.rs"]
mod common;
#[cfg(test)]
#[path = "peers/conduct.rs"]
mod conduct;
#[cfg(test)]
#[path = "peers/cooldown.rs"]
mod cooldown;
#[cfg(test)]
#[path = "peers/crowd.rs"]
mod crowd;
#[cfg(test)]
#[path = "peers/dialing.rs"]
mod dialing;
#[cfg(test)]
#[path = "peers/disorder.rs"]
mod disorder;
#[cfg(test)]
#[path = "peers/evict.rs"]
mod evict;
#[cfg(test)]
#[path = "peers/feelers.rs"]
mod feelers;
#[cfg(test)]
#[path = "support/judge_of_peers.rs"]
mod judge;
#[cfg(test)]
#[path = "peers/learn.rs"]
mod learn;
#[cfg(test)]
#[path = "peers/lifecycle.rs"]
mod lifecycle;
#[cfg(test)]
#[path = "peers/near.rs"]
mod near;
#[cfg(test)]
#[path = "support/nodes.rs"]
mod nodes;
#[cfg(test)]
#[path = "peers/options.rs"]
mod options;
#[cfg(test)]
#[path = "peers/persistence.rs"]
mod persistence;
#[cfg(test)]
#[path = "peers/retry.rs"]
mod retry;
#[cfg(test)]
#[path = "peers/rotation.rs"]
mod rotation;
#[cfg(test)]
#[path = "peers/shares.rs"]
mod shares;
#[cfg(test)]
#[path = "peers/stores.rs"]
mod stores;
#[cfg(test)]
#[path = "peers/tell.rs"]
mod tell;
#[cfg(test)]
#[path = "peers/time.rs"]
mod time;
#[cfg(test)]
#[path = "peers/upgrade.rs"]
mod upgrade;
#[cfg(test)]
#[path = "peers/victim.rs"]
mod victim;
#[cfg(test)]
#[path = "peers/world.rs"]
mod world;
