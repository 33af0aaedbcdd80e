//! Which nodes were told of, by whom, and how lately: a table of eight bytes a node.
//!
//! An entry holds 32 bits of the keyed hash of an id, the codes of at most four of its tellers,
//! whether there are more, and in which of the last three slices of time it was told. Which four
//! tellers are kept is chosen by a hash of the teller and the node: so it makes no difference who
//! came first, and whoever tells of the node again changes nothing.
//!
//! When the table is full, the nodes with the largest hashes go, a thirtieth of them: what stays is
//! a sample of which the share of the whole is known.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::float_arithmetic,
    reason = "places are below the length, and the fields of a word are cut to their bits"
)]

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// Slots of a table that has grown to its full size: 58 KiB.
pub(super) const SLOTS: usize = 7_464;

/// Tellers of one node that are kept.
pub(super) const LISTED: usize = 4;

const CODE_BITS: u32 = 7;
const CODES: u64 = (1 << (CODE_BITS * LISTED as u32)) - 1;
const SLICE: u64 = 1 << 28;
const SLICES: u64 = 0b111 << 28;
const MORE: u64 = 1 << 31;

/// One node: its fingerprint, its tellers, and when they told of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry(u64);

impl Entry {
    const fn fingerprint(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The codes of the tellers that are kept, in no order.
    pub(super) fn tellers(self) -> impl Iterator<Item = usize> + Clone {
        let codes = self.0 & CODES;
        (0..LISTED as u32)
            .map(move |place| (codes >> (place * CODE_BITS) & 0x7f) as usize)
            .take_while(|&code| code != 0)
    }

    /// More peers have told of it than are kept.
    pub(super) const fn has_more(self) -> bool {
        self.0 & MORE != 0
    }

    /// Told within so many of the last slices.
    pub(super) const fn is_within(self, slices: u32) -> bool {
        self.0 & SLICES & (SLICE << slices).wrapping_sub(SLICE) != 0
    }

    /// How many tellers are kept: they lie one behind the other from the lowest bit, and none is zero.
    const fn listed(self) -> u32 {
        let bits = u64::BITS - (self.0 & CODES).leading_zeros();
        bits.div_ceil(CODE_BITS)
    }

    const fn is_plural(self) -> bool {
        self.0 & CODES > 0x7f
    }

    fn holds(self, code: u8) -> bool {
        self.tellers().any(|other| other == usize::from(code))
    }

    /// With this teller too.
    fn with(self, code: u8) -> Self {
        if self.holds(code) {
            return self;
        }
        if (self.listed() as usize) < LISTED {
            return Self(self.0 | u64::from(code) << (self.listed() * CODE_BITS));
        }
        let rank = |code: usize| rank(self.fingerprint(), code);
        let (place, last) = self
            .tellers()
            .map(rank)
            .enumerate()
            .max_by_key(|&(_, rank)| rank)
            .unwrap_or_default();
        if rank(code.into()) >= last {
            return Self(self.0 | MORE);
        }
        let at = place as u32 * CODE_BITS;
        Self(self.0 & !(0x7f << at) | u64::from(code) << at | MORE)
    }

    /// With each teller under its new code.
    fn renamed(self, names: &[u8; 128]) -> Self {
        let bare = Self(self.0 & !CODES);
        self.tellers()
            .fold(bare, |entry, code| entry.with(names[code]))
    }

    fn is_sound(self, codes: usize) -> bool {
        let listed = self.tellers().count();
        let distinct = self
            .tellers()
            .enumerate()
            .all(|(place, code)| self.tellers().take(place).all(|other| other != code));
        let rest = (self.0 & CODES).checked_shr(listed as u32 * CODE_BITS);
        listed > 0
            && distinct
            && rest == Some(0)
            && self.tellers().all(|code| code <= codes)
            && self.is_within(3)
    }
}

/// By which the tellers of a node are chosen: as good as chance, and always the same.
const fn rank(fingerprint: u32, code: usize) -> u32 {
    let mixed = fingerprint
        .wrapping_add((code as u32).wrapping_mul(0x9e37_79b9))
        .wrapping_mul(0x85eb_ca6b);
    (mixed ^ mixed >> 15).wrapping_mul(0xc2b2_ae35)
}

/// The nodes told of: an open hash table that grows to its full size, then samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Table {
    /// Zero where there is nothing: an entry has at least one teller.
    slots: Vec<u64>,
    live: u32,
    /// The largest fingerprint that is in the sample.
    largest: u32,
    /// Nodes with two tellers or more, and with more than are kept.
    plural: u32,
    many: u32,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            live: 0,
            largest: u32::MAX,
            plural: 0,
            many: 0,
        }
    }
}

impl Table {
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.slots
            .iter()
            .filter(|&&slot| slot != 0)
            .copied()
            .map(Entry)
    }

    pub(super) const fn len(&self) -> u64 {
        self.live as u64
    }

    /// Nodes of the sample of which at least two peers told.
    pub(super) const fn plural(&self) -> u64 {
        self.plural as u64
    }

    /// Nodes of the sample with more tellers than are kept.
    pub(super) const fn many(&self) -> u64 {
        self.many as u64
    }

    /// What share of all nodes is in the sample.
    pub(super) const fn share(&self) -> f64 {
        (self.largest as f64 + 1.0) / 4_294_967_296.0
    }

    pub(super) const fn holds(&self, hash: u64) -> bool {
        (hash >> 32) as u32 <= self.largest
    }

    /// Takes in that the peer with this code told of a node in the sample, in the current slice;
    /// true if that was not known.
    pub(super) fn tell(&mut self, hash: u64, code: u8) -> bool {
        let fingerprint = (hash >> 32) as u32;
        if self.is_full() {
            self.make_room();
        }
        if !self.holds(hash) {
            return false;
        }
        let place = self.find(fingerprint);
        let Some(slot) = self.slots.get_mut(place) else {
            return false;
        };
        let is_new = *slot == 0;
        let before = if is_new {
            Entry(u64::from(fingerprint) << 32)
        } else {
            Entry(*slot)
        };
        // What one peer tells again is most of what is told.
        if before.is_within(1) && before.holds(code) {
            return false;
        }
        let after = before.with(code);
        *slot = after.0 | SLICE;
        self.live += u32::from(is_new);
        self.tally(before, after);
        is_new || after.0 & !SLICES != before.0 & !SLICES
    }

    fn tally(&mut self, before: Entry, after: Entry) {
        self.plural += u32::from(!before.is_plural() && after.is_plural());
        self.many += u32::from(!before.has_more() && after.has_more());
    }

    /// Where this fingerprint is, or an empty slot where it may go.
    fn find(&self, fingerprint: u32) -> usize {
        let length = self.slots.len();
        let spread = u64::from(fingerprint.wrapping_mul(0x9e37_79b1));
        let mut place = ((spread * length as u64) >> 32) as usize;
        for _ in 0..length {
            let slot = self.slots[place];
            if slot == 0 || Entry(slot).fingerprint() == fingerprint {
                break;
            }
            place += 1;
            if place == length {
                place = 0;
            }
        }
        place
    }

    const fn is_full(&self) -> bool {
        self.live as usize >= self.slots.len() - self.slots.len() / 16
    }

    fn make_room(&mut self) {
        let longer = (self.slots.len() * 2).clamp(64, SLOTS);
        if longer > self.slots.len() {
            // The last doubling would leave hardly anything to the one after it.
            let length = if longer * 2 > SLOTS { SLOTS } else { longer };
            self.rebuild(length, Some);
        }
        while self.is_full() {
            self.largest -= self.largest / 32 + 1;
            let largest = self.largest;
            self.rebuild(self.slots.len(), |entry| {
                (entry.fingerprint() <= largest).then_some(entry)
            });
        }
    }

    /// Anew, with what `keep` leaves of each entry.
    fn rebuild(&mut self, length: usize, keep: impl Fn(Entry) -> Option<Entry>) {
        let slots = core::mem::replace(&mut self.slots, alloc::vec![0; length]);
        (self.live, self.plural, self.many) = (0, 0, 0);
        let entries = slots.into_iter().filter(|&slot| slot != 0).map(Entry);
        for entry in entries.filter_map(keep) {
            let place = self.find(entry.fingerprint());
            self.slots[place] = entry.0;
            self.live += 1;
            self.tally(Entry(0), entry);
        }
    }

    /// A new slice begins; nodes that nobody told of in three slices are forgotten.
    pub(super) fn next_slice(&mut self) {
        self.rebuild(self.slots.len(), |entry| {
            let slices = entry.0 << 1 & SLICES & !SLICE;
            (slices != 0).then_some(Entry(entry.0 & !SLICES | slices))
        });
    }

    /// Gives each teller a new code, the same to those who become one.
    pub(super) fn rename(&mut self, names: &[u8; 128]) {
        self.rebuild(self.slots.len(), |entry| Some(entry.renamed(names)));
    }

    /// Whether this can be a table of so many tellers.
    pub(super) fn is_sound(&self, codes: usize) -> bool {
        let length = self.slots.len();
        let lengths = length == 0 || length == SLOTS || length.is_power_of_two();
        if !lengths || length > SLOTS {
            return false;
        }
        let mut counts = (0, 0, 0);
        for (place, &slot) in self
            .slots
            .iter()
            .enumerate()
            .filter(|&(_, &slot)| slot != 0)
        {
            let entry = Entry(slot);
            let fingerprint = entry.fingerprint();
            let is_there = fingerprint <= self.largest && self.find(fingerprint) == place;
            // An entry after a `next_slice` is told of in an earlier slice at least.
            if !is_there || !entry.is_sound(codes) {
                return false;
            }
            counts.0 += 1;
            counts.1 += u32::from(entry.tellers().count() > 1);
            counts.2 += u32::from(entry.has_more());
        }
        counts == (self.live, self.plural, self.many) && self.live as usize <= length - length / 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hash of a node that lies where these upper bits say.
    const fn at(upper: u32) -> u64 {
        (upper as u64) << 32
    }

    #[test]
    fn who_tells_of_a_node_is_news_and_that_it_is_told_again_is_none() {
        let mut table = Table::default();
        assert!(table.tell(at(7), 1));
        assert!(!table.tell(at(7), 1));
        assert!(table.tell(at(7), 2));
        table.next_slice();
        assert!(!table.tell(at(7), 2), "not even in another slice");
        assert!(table.tell(at(8), 2));
    }

    #[test]
    fn one_teller_alone_is_not_two_whatever_its_code_is() {
        for code in 1..=127 {
            let mut table = Table::default();
            table.tell(at(7), code);
            assert_eq!((table.len(), table.plural()), (1, 0), "{code}");
            table.tell(at(7), code % 127 + 1);
            assert_eq!((table.len(), table.plural()), (1, 1), "{code}");
        }
    }

    #[test]
    fn a_table_doubles_until_it_is_full_and_then_a_thirty_second_part_goes() {
        let mut table = Table::default();
        let (mut lengths, mut shares) = (Vec::new(), Vec::new());
        for n in 0..8_000_u32 {
            table.tell(at(n.wrapping_mul(0x9e37_79b1)), 1);
            if lengths.last() != Some(&table.slots.len()) {
                lengths.push(table.slots.len());
            }
            if shares.last() != Some(&table.share().to_bits()) {
                shares.push(table.share().to_bits());
            }
        }
        assert_eq!(lengths, [64, 128, 256, 512, 1_024, 2_048, SLOTS]);
        let less = |times: i32| (31.0_f64 / 32.0).powi(times);
        for (times, share) in (0..).zip(shares.iter().map(|&it| f64::from_bits(it))) {
            assert!((share - less(times)).abs() < 1e-8, "{times} {share}");
        }
        assert!(shares.len() > 2 && table.is_sound(1));
        assert_eq!(shares[1], (31.0_f64 / 32.0).to_bits());
    }
}
