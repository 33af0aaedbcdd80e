//! Any bytes, as the settings of a seed node.
#![no_main]

#[path = "../../tests/fuzz_bodies/settings.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::settings(data));
