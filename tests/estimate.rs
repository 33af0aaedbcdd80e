//! How good the estimate of the network's size is: a machine is told by peers of networks whose
//! size is known, many times over, and the errors are counted.
//!
//! Each row of the table is an assertion. `--nocapture` prints it, with the seeds it was made from:
//!
//! ```sh
//! cargo test --release --test estimate -- --nocapture
//! PEX_ESTIMATE_RUNS=1000 cargo test --release --test estimate -- --nocapture   # minutes
//! ```
//!
//! The variable sets how many networks a row is made from; without it there are as many as fit in a
//! minute without optimisation.

#[cfg(test)]
#[path = "estimate/histories.rs"]
mod histories;
#[cfg(test)]
#[path = "estimate/network.rs"]
mod network;
#[cfg(test)]
#[path = "estimate/peers.rs"]
mod peers;
#[cfg(test)]
#[path = "estimate/rows.rs"]
mod rows;
#[cfg(test)]
#[path = "estimate/world.rs"]
mod world;
