//! Drivers over real sockets: what two nodes make of each other, and of those who misbehave.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as a test does, by panicking"
)]

#[path = "network/duplicates.rs"]
mod duplicates;
#[path = "network/exchange.rs"]
mod exchange;
#[path = "network/flood.rs"]
mod flood;
#[path = "network/hostile.rs"]
mod hostile;
#[path = "network/machine.rs"]
mod machine;
#[path = "network/node.rs"]
mod node;
#[path = "network/reconnect.rs"]
mod reconnect;
#[path = "network/unfinished.rs"]
mod unfinished;
