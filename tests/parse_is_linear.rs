//! Parsing an address takes memory in proportion to its text, whatever a peer has made of it. A pass
//! that built its text anew for each escape or each `..` would show here; no clock is needed.

use allocation_counter::measure;
use pex::NodeAddress;
use quickcheck::{Arbitrary, Gen, QuickCheck};

const ID: &str = "00112233445566778899aabbccddeeff00112233";

/// Bounds that hold with a little to spare: an escape is three bytes, a buffer that grows is
/// allocated twice over, and a text goes through two buffers, which makes 19 bytes a byte at most,
/// in 13 allocations. A pass over all that is left at every step would take hundreds.
const ALLOCATIONS_MAX: u64 = 16;
const BYTES_PER_BYTE: u64 = 24;
const BYTES_FIXED: u64 = 512;

/// A text that repeats one piece, or a few, behind a beginning that gets it past the first checks.
#[derive(Clone, Debug)]
struct Text(String);

impl Arbitrary for Text {
    fn arbitrary(g: &mut Gen) -> Self {
        const PIECES: [&str; 16] = [
            "../",
            "a/../",
            "/",
            "%41",
            "%",
            "%f0%9f%91%8b",
            ":",
            "?",
            "#",
            "@",
            "[",
            "]",
            "é",
            "İ",
            "a",
            "1.",
        ];
        let beginnings = [
            String::new(),
            format!("{ID}@"),
            format!("{ID}@h/"),
            format!("tcp://{ID}@"),
            format!("tcp://{ID}@h/"),
            "memory:".to_owned(),
        ];
        let mut text = g.choose(&beginnings).cloned().unwrap_or_default();
        let pieces: Vec<&str> = (0..=usize::arbitrary(g) % 3)
            .filter_map(|_| g.choose(&PIECES).copied())
            .collect();
        let length = usize::arbitrary(g) % 600;
        for piece in pieces.iter().cycle() {
            if text.len() + piece.len() > length {
                break;
            }
            text.push_str(piece);
        }
        Self(text)
    }
}

fn is_cheap(text: &str) -> bool {
    let used = measure(|| drop(NodeAddress::parse(text)));
    let bytes = BYTES_FIXED + BYTES_PER_BYTE * text.len() as u64;
    used.count_total <= ALLOCATIONS_MAX && used.bytes_total <= bytes
}

#[test]
fn no_text_takes_more_memory_than_its_length_warrants() {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what quickcheck calls takes values"
    )]
    fn holds(text: Text) -> bool {
        is_cheap(&text.0)
    }
    QuickCheck::new()
        .tests(20_000)
        .quickcheck(holds as fn(Text) -> bool);
}

#[test]
fn a_text_of_64_000_bytes_is_refused_without_allocating() {
    let text = format!("{ID}@{}", "a".repeat(64_000));
    let mut refused = false;
    let used = measure(|| refused = NodeAddress::parse(&text).is_err());
    assert!(refused);
    assert_eq!(used.count_total, 0);
}
