//! Any bytes, as what a node tells about itself.
#![no_main]

#[path = "../../tests/fuzz_bodies/node_info.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::node_info(data));
