//! Any program of events, to the exchange machine.
#![no_main]

#[path = "../../tests/fuzz_bodies/pex.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::pex(data));
