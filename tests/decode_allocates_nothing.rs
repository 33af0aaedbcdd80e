//! Reading a message allocates nothing, whoever wrote it.

use allocation_counter::measure;
use pex::wire::{Dialect, Entry, Message, ResponseBuilder, decode};

fn answer(dialect: Dialect, entry: Entry<'_>) -> Vec<u8> {
    let mut answer = ResponseBuilder::new(dialect);
    while answer.push(&entry).is_ok() {}
    Message::Response(answer.finish()).to_bytes()
}

/// Bytes of text in all entries, or `None` if the bytes are no response.
fn read(bytes: &[u8]) -> Option<(usize, usize)> {
    let Ok(Some(Message::Response(response))) = decode(bytes) else {
        return None;
    };
    let texts = response.entries().map(|entry| match entry {
        Entry::V1 { id, ip, .. } => id.len() + ip.len(),
        Entry::V2 { url } => url.len(),
    });
    Some((response.len(), texts.sum()))
}

fn read_and_count(bytes: &[u8]) -> (Option<(usize, usize)>, u64) {
    let mut found = None;
    let allocations = measure(|| found = read(bytes));
    (found, allocations.count_total)
}

const ID: &str = "00112233445566778899aabbccddeeff00112233";

#[test]
fn an_answer_of_100_addresses_is_decoded_and_read_without_allocating() {
    let v1 = answer(
        Dialect::V1,
        Entry::V1 {
            id: ID,
            ip: "192.0.2.1",
            port: 26_656,
        },
    );
    assert_eq!(read_and_count(&v1), (Some((100, 4_900)), 0));

    let url = "mconn://00112233445566778899aabbccddeeff00112233@192.0.2.1:26656";
    let v2 = answer(Dialect::V2, Entry::V2 { url });
    assert_eq!(read_and_count(&v2), (Some((100, 6_400)), 0));
}

#[test]
fn bytes_that_are_refused_cost_no_memory_either() {
    // A length that promises two gigabytes.
    assert_eq!(
        read_and_count(&[0x22, 0xff, 0xff, 0xff, 0xff, 0x07]),
        (None, 0)
    );
    assert_eq!(read_and_count(&vec![0x2b; 64_000]), (None, 0));
    assert_eq!(read_and_count(&vec![0; 64_001]), (None, 0));
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(Vec::<u8>::with_capacity(1))).count_total, 1);
}
