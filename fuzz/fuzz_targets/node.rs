//! Any program of events, to a whole node in the manner of V2.
#![no_main]
#![allow(dead_code)]

#[path = "../../tests/support/world.rs"]
mod common;
#[path = "../../tests/support/judge_of_peers.rs"]
mod judge;
#[path = "../../tests/fuzz_bodies/node.rs"]
mod node_body;
#[path = "../../tests/support/nodes.rs"]
mod nodes;
#[path = "../../tests/fuzz_bodies/peers.rs"]
mod peers_body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| node_body::node(data));
