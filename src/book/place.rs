//! In which bucket an address belongs: the keyed hash of the reference.

use core::fmt::{self, Write as _};

use highway::{HighwayHash as _, HighwayHasher, Key};
use serde::{Deserialize, Serialize};

use super::GroupKey;
use super::entry::BucketNumber;
use crate::NetAddress;
use crate::seed::{Chance, HashKey};

/// Buckets of addresses that we have only heard of.
pub(crate) const NEW_BUCKETS: usize = 256;

/// Buckets of addresses that have proved good.
pub(crate) const OLD_BUCKETS: usize = 64;

/// `newBucketsPerGroup`: those that the addresses told by one group can reach.
const NEW_PER_GROUP: u64 = 32;

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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placer {
    key: BookKey,
    hash_key: [u64; 4],
    strict: bool,
}

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
        }
    }

    pub(crate) const fn key(&self) -> &BookKey {
        &self.key
    }

    pub(crate) const fn group(&self, address: &NetAddress) -> GroupKey {
        GroupKey::of(address, self.strict)
    }

    /// `calcNewBucket`: from the group of the address and the group of who told it.
    pub(crate) fn new_bucket(&self, address: &NetAddress, source: &NetAddress) -> BucketNumber {
        let (group, told_by) = (self.group(address), self.group(source));
        let one = self.hash(|text| write!(text, "{group}{told_by}"));
        let two = self.hash(|text| {
            write!(text, "{told_by}")?;
            text.append(&(one % NEW_PER_GROUP).to_be_bytes())
        });
        number(two, NEW_BUCKETS)
    }

    /// `calcOldBucket`: from the address and its group.
    pub(crate) fn old_bucket(&self, address: &NetAddress) -> BucketNumber {
        let group = self.group(address);
        let one = self.hash(|text| write!(text, "{address}"));
        let two = self.hash(|text| {
            write!(text, "{group}")?;
            text.append(&(one % OLD_PER_GROUP).to_be_bytes())
        });
        number(two, OLD_BUCKETS)
    }

    /// The hash of the key and of what is written behind it.
    fn hash(&self, write: impl FnOnce(&mut Text) -> fmt::Result) -> u64 {
        let mut text = Text {
            bytes: [0; TEXT_MAX],
            len: 0,
        };
        // What is written is an address or two groups, which have room.
        let _ = text.append(&self.key.0).and_then(|()| write(&mut text));
        let bytes = text.bytes.get(..text.len).unwrap_or_default();
        hash64(self.hash_key, bytes)
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

struct Text {
    bytes: [u8; TEXT_MAX],
    len: usize,
}

impl Text {
    fn append(&mut self, bytes: &[u8]) -> fmt::Result {
        let end = self.len.saturating_add(bytes.len());
        let room = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        room.copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.append(text.as_bytes())
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
                let placer = Placer::with_hash_key(book_key, hash_key, strict);
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
    fn the_longest_texts_have_room() {
        let key = BookKey::parse("0123456789abcdef01234567").unwrap();
        let placer = Placer::with_hash_key(key, [1, 2, 3, 4], false);
        let ip = "1111:2222:3333:4444:5555:6666:7777:8888".parse().unwrap();
        let address = NetAddress::new(crate::NodeId::new([0xff; 20]), ip, u16::MAX);
        let text = address.to_string();
        let hash = placer.hash(|it| it.write_str(&text));
        let whole = [key.as_str().as_bytes(), text.as_bytes()].concat();
        assert_eq!(hash, hash64([1, 2, 3, 4], &whole));
        assert_eq!(std::format!("{key:?}"), "BookKey(secret)");
    }
}
