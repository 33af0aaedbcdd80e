//! Any bytes, as a file of peer records.
#![no_main]

#[path = "../../tests/fuzz_bodies/peers_file.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::peers_file(data));
