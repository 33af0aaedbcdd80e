//! Any bytes, as a scenario of the simulator.
#![no_main]

#[path = "../../tests/fuzz_bodies/scenario.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::scenario(data));
