//! The fuzzer's corpus, replayed without the fuzzer.

use std::fs;
use std::path::Path;

use pex::NodeAddress;

use crate::fuzz_body;

#[test]
fn the_corpus_of_the_fuzzer_finds_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/address");
    // A packaged crate comes without the fuzzer.
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let texts: Vec<Vec<u8>> = entries
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    for text in &texts {
        fuzz_body::address(text);
    }
    let addresses = texts
        .iter()
        .filter(|text| NodeAddress::parse_bytes(text).is_ok())
        .count();
    assert!(
        addresses >= 20 && texts.len() - addresses >= 10,
        "{addresses} of {}",
        texts.len()
    );
}
