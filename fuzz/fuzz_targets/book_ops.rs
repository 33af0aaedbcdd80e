//! Any program of calls, to an address book.
#![no_main]

#[path = "../../tests/fuzz_bodies/book_ops.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::book_ops(data));
