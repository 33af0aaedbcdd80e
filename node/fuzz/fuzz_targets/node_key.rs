//! Any bytes, as the file of a node's key.
#![no_main]

#[path = "../../tests/fuzz_bodies/node_key.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::node_key(data));
