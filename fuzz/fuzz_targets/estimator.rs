//! Any stream of answers, and the estimate of the network's size.
#![no_main]

#[path = "../../tests/fuzz_bodies/estimator.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::estimator(data));
