//! In which bucket an address belongs: the keyed hash of the reference.

use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use core::net::IpAddr;

use highway::{HighwayHash as _, HighwayHasher, Key};
use serde::{Deserialize, Serialize};

use super::GroupKey;
use super::entry::BucketNumber;
use crate::NetAddress;
use crate::digits::BYTES;
use crate::seed::{Chance, HashKey};

/// Buckets of addresses that we have only heard of.
pub(crate) const NEW_BUCKETS: usize = 256;

/// Buckets of addresses that have proved good.
pub(crate) const OLD_BUCKETS: usize = 64;

/// `newBucketsPerGroup`: those that the addresses told by one group can reach.
const NEW_PER_GROUP: usize = 32;

/// `oldBucketsPerGroup`: those that the addresses of one group can reach.
const OLD_PER_GROUP: u64 = 4;

/// The secret of a book, 24 hexadecimal digits: what places its addresses.
///
/// The reference draws a second key for the hash itself at each start, so that its addresses change
/// their places; ours follows from this one, which the file keeps.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BookKey([u8; 24]);

impl fmt::Debug for BookKey {
    /// Prints no digit of it: whoever knows it can aim at a bucket.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BookKey(secret)")
    }
}

impl BookKey {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut key = [b'0'; 24];
        for digit in &mut key {
            *digit = DIGITS
                .get(chance.below(16) as usize)
                .copied()
                .unwrap_or(b'0');
        }
        Self(key)
    }

    /// The key of this text; none if it is not 24 hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let key: [u8; 24] = text.as_bytes().try_into().ok()?;
        key.iter().all(u8::is_ascii_hexdigit).then_some(Self(key))
    }

    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Places addresses in buckets.
#[derive(Clone)]
pub(crate) struct Placer {
    key: BookKey,
    hash_key: [u64; 4],
    strict: bool,
    /// What the second hash of a new bucket was, for the tellers of late.
    ///
    /// It depends on the group of the teller and on a number below 32 only, and whoever tells does
    /// so a hundred times in a row: this saves nearly half the work of taking in an answer.
    memo: Vec<Memo>,
}

impl fmt::Debug for Placer {
    /// Prints nothing of what decides over buckets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strict = &self.strict;
        f.debug_struct("Placer")
            .field("strict", strict)
            .finish_non_exhaustive()
    }
}

/// The new buckets that a group of tellers can reach, as far as they are known.
#[derive(Clone, Copy, Debug)]
struct Memo {
    told_by: GroupKey,
    buckets: [Option<BucketNumber>; NEW_PER_GROUP],
}

/// Groups of tellers whose buckets are remembered.
const MEMOS: usize = 16;

impl Placer {
    pub(crate) fn new(key: BookKey, strict: bool) -> Self {
        // A number of its own for each of the four, from all digits of the key.
        let part = |number: u64| HashKey::fixed(number, !number).hash(&key.0);
        Self::with_hash_key(key, [part(1), part(2), part(3), part(4)], strict)
    }

    /// The same with the hash's key given, to compare with the reference.
    pub(crate) const fn with_hash_key(key: BookKey, hash_key: [u64; 4], strict: bool) -> Self {
        Self {
            key,
            hash_key,
            strict,
            memo: Vec::new(),
        }
    }

    pub(crate) const fn key(&self) -> &BookKey {
        &self.key
    }

    pub(crate) const fn group(&self, address: &NetAddress) -> GroupKey {
        GroupKey::of(address, self.strict)
    }

    /// `calcNewBucket`: from the group of the address and the group of who told it.
    pub(crate) fn new_bucket(&mut self, address: &NetAddress, source: &NetAddress) -> BucketNumber {
        self.bucket_of(self.group(address), self.group(source))
    }

    /// The same, of the groups.
    pub(crate) fn bucket_of(&mut self, group: GroupKey, told_by: GroupKey) -> BucketNumber {
        let mut text = Text::new(&self.key);
        let key_ends = text.len;
        text.group(group).group(told_by);
        let one = number(self.hash(&text), NEW_PER_GROUP);
        if let Some(known) = self.remembered(told_by, one).and_then(|it| *it) {
            return known;
        }
        text.len = key_ends;
        text.group(told_by).append(&u64::from(one).to_be_bytes());
        let bucket = number(self.hash(&text), NEW_BUCKETS);
        if let Some(known) = self.remembered(told_by, one) {
            *known = Some(bucket);
        }
        bucket
    }

    /// Where the bucket for this group of tellers and this number is remembered.
    fn remembered(&mut self, told_by: GroupKey, one: u16) -> Option<&mut Option<BucketNumber>> {
        let buckets = [None; NEW_PER_GROUP];
        if self.memo.is_empty() {
            self.memo = alloc::vec![Memo { told_by, buckets }; MEMOS];
        }
        let at = usize::from(number(told_by.number(), MEMOS));
        let memo = self.memo.get_mut(at)?;
        if memo.told_by != told_by {
            *memo = Memo { told_by, buckets };
        }
        memo.buckets.get_mut(usize::from(one))
    }

    /// `calcOldBucket`: from the address and its group.
    pub(crate) fn old_bucket(&self, address: &NetAddress) -> BucketNumber {
        let group = self.group(address);
        let mut text = Text::new(&self.key);
        let key_ends = text.len;
        text.address(address);
        let one = self.hash(&text);
        text.len = key_ends;
        text.group(group)
            .append(&(one % OLD_PER_GROUP).to_be_bytes());
        let two = self.hash(&text);
        number(two, OLD_BUCKETS)
    }

    fn hash(&self, text: &Text) -> u64 {
        hash64(
            self.hash_key,
            text.bytes.get(..text.len).unwrap_or_default(),
        )
    }
}

/// HighwayHash-64 as the reference reads it: the bytes of the sum, the most significant first.
fn hash64(key: [u64; 4], bytes: &[u8]) -> u64 {
    HighwayHasher::new(Key(key)).hash64(bytes).swap_bytes()
}

fn number(hash: u64, buckets: usize) -> BucketNumber {
    let number = hash.checked_rem(buckets as u64).unwrap_or_default();
    BucketNumber::try_from(number).unwrap_or_default()
}

/// The key, an id of 40 digits, and the longest IP address in brackets with a port, with some room.
const TEXT_MAX: usize = 160;

/// What is hashed. Placing an address is most of what adding it costs, and printing most of that, so
/// what is frequent is written digit by digit.
struct Text {
    bytes: [u8; TEXT_MAX],
    len: usize,
}

impl Text {
    const fn new(key: &BookKey) -> Self {
        let mut bytes = [0; TEXT_MAX];
        if let Some(room) = bytes.first_chunk_mut() {
            *room = key.0;
        }
        Self {
            bytes,
            len: key.0.len(),
        }
    }

    /// Writes what there is room for, which is all of what is written here.
    fn append(&mut self, bytes: &[u8]) -> &mut Self {
        let end = self.len.saturating_add(bytes.len());
        if let Some(room) = self.bytes.get_mut(self.len..end) {
            room.copy_from_slice(bytes);
            self.len = end;
        }
        self
    }

    fn group(&mut self, group: GroupKey) -> &mut Self {
        if let Some([a, b]) = group.v4() {
            return self.half(a, 1).half(b, 4);
        }
        let _ = write!(self, "{group}");
        self
    }

    /// Writes a few bytes at once, of which only the first so many count: what comes behind covers
    /// the others.
    fn write<const N: usize>(&mut self, bytes: [u8; N], used: u8) -> &mut Self {
        let room = self.bytes.get_mut(self.len..);
        if let Some(room) = room.and_then(<[u8]>::first_chunk_mut) {
            *room = bytes;
            self.len = self.len.wrapping_add(used.into());
        }
        self
    }

    fn address(&mut self, address: &NetAddress) -> &mut Self {
        if let IpAddr::V4(ip) = address.ip() {
            let [a, b, c, d] = ip.octets();
            self.append(&address.id().to_hex()).append(b"@");
            self.byte(a).append(b".").byte(b).append(b".");
            self.byte(c).append(b".").byte(d).append(b":");
            return self.number(address.port());
        }
        let _ = write!(self, "{address}");
        self
    }

    fn byte(&mut self, number: u8) -> &mut Self {
        let [text @ .., used] = BYTES.get(usize::from(number)).copied().unwrap_or_default();
        self.write::<3>(text, used)
    }

    /// A number, and so much of `.0.0` behind it.
    fn half(&mut self, number: u8, behind: u8) -> &mut Self {
        let text = HALVES.get(usize::from(number)).copied();
        let text @ [.., used] = text.unwrap_or_default();
        self.write(text, used.wrapping_add(behind))
    }

    fn number(&mut self, number: u16) -> &mut Self {
        let mut digits = [0; 5];
        let mut left = number;
        let mut used = 0_usize;
        for digit in digits.iter_mut().rev() {
            *digit = b'0'.saturating_add(u8::try_from(left % 10).unwrap_or_default());
            left /= 10;
            used = used.saturating_add(1);
            if left == 0 {
                break;
            }
        }
        let start = digits.len().saturating_sub(used);
        self.append(digits.get(start..).unwrap_or_default())
    }
}

/// Each byte as digits with `.0.0` behind them; the last is how many digits there are.
#[cfg_attr(
    not(test),
    expect(clippy::indexing_slicing, reason = "made when it is compiled")
)]
const HALVES: [[u8; 8]; 256] = {
    let mut halves = [[0; 8]; 256];
    let mut number = 0;
    while number < halves.len() {
        halves[number] = match BYTES[number] {
            [a, _, _, 1] => [a, b'.', b'0', b'.', b'0', 0, 0, 1],
            [a, b, _, 2] => [a, b, b'.', b'0', b'.', b'0', 0, 2],
            [a, b, c, _] => [a, b, c, b'.', b'0', b'.', b'0', 3],
        };
        number += 1;
    }
    halves
};

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.append(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString as _;
    use std::vec::Vec;

    use serde_json::Value;

    use super::*;

    fn lines(text: &'static str) -> impl Iterator<Item = Value> {
        text.lines().map(|line| serde_json::from_str(line).unwrap())
    }

    fn from_hex(text: &Value) -> Vec<u8> {
        let pairs = text.as_str().unwrap().as_bytes().as_chunks::<2>().0;
        let byte = |pair: &[u8; 2]| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16);
        pairs.iter().map(|pair| byte(pair).unwrap()).collect()
    }

    /// The keys in the first line of a file of vectors.
    fn keys(line: &Value) -> (BookKey, [u64; 4]) {
        let bytes = from_hex(&line["hash_key"]);
        let words = bytes.as_chunks::<8>().0.iter();
        let words: Vec<u64> = words.map(|word| u64::from_le_bytes(*word)).collect();
        let book_key = line["book_key"].as_str().and_then(BookKey::parse);
        (book_key.unwrap(), words.try_into().unwrap())
    }

    #[test]
    fn every_address_is_in_the_bucket_where_the_reference_has_it() {
        let mut lines = lines(include_str!("../../tests/vectors/book/buckets.jsonl"));
        let (book_key, hash_key) = keys(&lines.next().unwrap());
        let mut count = 0;
        for vector in lines {
            let address = |name: &str| vector[name].as_str().unwrap().parse().unwrap();
            let (address, source) = (address("addr"), address("src"));
            for (strict, new, old) in [
                (true, "new_bucket", "old_bucket"),
                (false, "new_bucket_lax", "old_bucket_lax"),
            ] {
                let mut placer = Placer::with_hash_key(book_key, hash_key, strict);
                assert_eq!(
                    placer.new_bucket(&address, &source),
                    vector[new],
                    "{vector}"
                );
                assert_eq!(placer.old_bucket(&address), vector[old], "{vector}");
            }
            count += 1;
        }
        assert_eq!(count, 300);
    }

    #[test]
    fn sums_are_those_of_the_reference() {
        let mut lines = lines(include_str!("../../tests/vectors/book/hashes.jsonl"));
        let (_, hash_key) = keys(&lines.next().unwrap());
        let mut count = 0;
        for vector in lines {
            let sum = hash64(hash_key, &from_hex(&vector["data"]));
            assert_eq!(sum.to_be_bytes(), *from_hex(&vector["sum"]), "{vector}");
            count += 1;
        }
        assert_eq!(count, 63);
    }

    #[test]
    fn what_is_hashed_is_what_is_printed() {
        let key = BookKey::parse("00112233445566778899aabb").unwrap();
        let id = "00112233445566778899aabbccddeeff00112233";
        for place in [
            "1.2.3.4:0",
            "255.100.0.9:65535",
            "[2a00:1450::8]:26656",
            "[2001:470:abcd::1]:10",
        ] {
            let address: NetAddress = alloc::format!("{id}@{place}").parse().unwrap();
            let group = GroupKey::of(&address, true);
            let mut text = Text::new(&key);
            text.address(&address).group(group);
            let printed = alloc::format!("00112233445566778899aabb{address}{group}");
            assert_eq!(&text.bytes[..text.len], printed.as_bytes());
            assert!(group.to_string().len() + printed.len() < TEXT_MAX);
        }
    }
}
