//! Any bytes from a store, as the record of a node.
#![no_main]

#[path = "../../tests/fuzz_bodies/record.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::record(data));
