//! V1's switch, and the node that is made of it and the exchange: what happens to them, and what
//! they must do.
//!
//! Each test's name is a sentence. `CONFORMANCE.md` maps the tests of the reference's reactor and
//! the known trouble with V1 to these tests, `INVARIANTS.md` the invariants.

#![expect(
    clippy::unchecked_time_subtraction,
    reason = "spans of a test, of which the longer stands first"
)]

#[cfg(test)]
#[path = "support/anything.rs"]
mod anything;
#[cfg(test)]
#[path = "v1/choice.rs"]
mod choice;
#[cfg(test)]
#[path = "support/world.rs"]
mod common;
#[cfg(test)]
#[path = "v1/conduct.rs"]
mod conduct;
#[cfg(test)]
#[path = "v1/crawl.rs"]
mod crawl;
#[cfg(test)]
#[path = "v1/dialing.rs"]
mod dialing;
#[cfg(test)]
#[path = "v1/disorder.rs"]
mod disorder;
#[cfg(test)]
#[path = "v1/doors.rs"]
mod doors;
#[cfg(test)]
#[path = "v1/feelers.rs"]
mod feelers;
#[cfg(test)]
#[path = "v1/guests.rs"]
mod guests;
#[cfg(test)]
#[path = "support/judge_of_peers.rs"]
mod judge;
#[cfg(test)]
#[path = "v1/keep.rs"]
mod keep;
#[cfg(test)]
#[path = "v1/lists.rs"]
mod lists;
#[cfg(test)]
#[path = "v1/lone.rs"]
mod lone;
#[cfg(test)]
#[path = "v1/net.rs"]
mod net;
#[cfg(test)]
#[path = "v1/networks.rs"]
mod networks;
#[cfg(test)]
#[path = "support/nodes.rs"]
mod nodes;
#[cfg(test)]
#[path = "v1/options.rs"]
mod options;
#[cfg(test)]
#[path = "v1/reactor.rs"]
mod reactor;
#[path = "v1/reconfigure.rs"]
mod reconfigure;
#[cfg(test)]
#[path = "v1/retry.rs"]
mod retry;
#[cfg(test)]
#[path = "v1/seeds.rs"]
mod seeds;
#[cfg(test)]
#[path = "v1/tell.rs"]
mod tell;
#[cfg(test)]
#[path = "v1/time.rs"]
mod time;
#[cfg(test)]
#[path = "v1/world.rs"]
mod world;
