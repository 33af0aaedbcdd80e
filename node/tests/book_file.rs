//! What the file of an address book promises: to be whole at every moment.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as a test does, by panicking"
)]

#[path = "book_file/convert.rs"]
mod convert;
#[path = "book_file/file.rs"]
mod file;
#[path = "book_file/journal.rs"]
mod journal;
#[path = "book_file/kill.rs"]
mod kill;

use std::path::Path;

use pex::book::AddrBook;
use pex::{NetAddress, NodeId, Seed, Time};
use pex_node::book_file;

const NOW: Time = Time::from_secs(1_700_000_000);

const fn seed() -> Seed {
    Seed::new([7; 32])
}

/// The id of the node with this number.
fn id(n: u32) -> NodeId {
    let mut id = [0x11; 20];
    id[..4].copy_from_slice(&n.to_be_bytes());
    NodeId::new(id)
}

/// Its address, in a network of its own as far as there are some.
fn address(n: u32) -> NetAddress {
    let [_, _, high, low] = n.to_be_bytes();
    NetAddress::new(id(n), [10, low, high, 1].into(), 26_656)
}

/// The book of this generation: another number of addresses each time, and the anchor tells which.
fn book(generation: u32) -> AddrBook {
    let mut book = AddrBook::new(false, seed());
    for n in 0..size(generation) {
        book.add_address(NOW, &address(n), &address(n)).unwrap();
    }
    book.set_anchors(vec![id(generation)]);
    book
}

const fn size(generation: u32) -> u32 {
    20 + generation * 37 % 300
}

/// The generation of the book at `path`, which must be whole.
fn generation(path: &Path) -> u32 {
    let loaded = book_file::read(path, false, seed(), NOW).unwrap();
    assert_eq!(loaded.repairs, []);
    let bytes = loaded.book.anchors()[0].as_bytes();
    let generation = u32::from_be_bytes(bytes[..4].try_into().unwrap());
    assert_eq!(loaded.book.size(), size(generation) as usize);
    generation
}
