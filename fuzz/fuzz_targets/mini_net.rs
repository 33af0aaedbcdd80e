//! Any order of deliveries and crashes, to a small network.
#![no_main]
#![allow(dead_code)]

#[path = "../../tests/fuzz_bodies/mini_net.rs"]
mod mini_net_body;
#[path = "../../tests/support/nodes.rs"]
mod nodes;

libfuzzer_sys::fuzz_target!(|data: &[u8]| mini_net_body::mini_net(data));
