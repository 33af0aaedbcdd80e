//! What was found false is not taken in again for a day at least, however often it is told: places
//! where nobody answered, under whatever id, and places where another node than the one said lives.
//!
//! Without this a stranger could have us dial a victim for ever, by telling its address again each
//! time that we have given up. But that he tells a wrong id of a place says nothing against the
//! place: only when several have turned out wrong, nothing more is believed of it. And what was in
//! the store by then is still tried, but no place is dialed more than a few times a day in all, under
//! whatever ids and with whatever outcome, unless somebody was reached there.

use alloc::collections::BTreeMap;
use core::net::IpAddr;
use core::time::Duration;

use super::PeerManager;
use super::arena::Slot;
use super::store::name_of;
use crate::{NodeAddress, Time};

/// Places and claims that one generation holds.
const GENERATION: usize = 16_384;

/// How long a generation takes them in, and how long it is kept after that.
const AGE: Duration = Duration::from_secs(86_400);

/// How often a place is dialed in a day of which strangers have told. One entry alone, left alone for
/// four times as long after each failure, is dialed as often.
const DIALS_MAX: u8 = 8;

/// How long the rest of what is said of such a place waits, before it is seen whether its day is over.
const REST: Duration = Duration::from_secs(3_600);

/// Wrong ids at a place, after which no stranger is believed who tells of it.
const LIES_MAX: u8 = 4;

impl PeerManager {
    /// Whether this was found false not long ago, or its place was dialed as often as it may be.
    pub(super) fn is_forgotten(&mut self, address: &NodeAddress) -> bool {
        let (place, claim) = (self.place(address), self.said(address));
        self.forgotten.refuses(place, claim, self.now)
    }

    /// Forgets an entry and its place, where nobody answers.
    pub(super) fn forget_place(&mut self, slot: Slot) {
        let entry = self.store.get(slot);
        if let Some(address) = entry.and_then(|entry| self.store.address(entry)) {
            self.note_silence(&address);
        }
        self.forget(slot);
    }

    /// Forgets an entry whose node does not live where it is said to.
    pub(super) fn forget_claim(&mut self, slot: Slot) {
        let entry = self.store.get(slot);
        if let Some(address) = entry.and_then(|entry| self.store.address(entry)) {
            self.note_lie(&address);
        }
        self.forget(slot);
    }

    pub(super) fn note_silence(&mut self, address: &NodeAddress) {
        self.forgotten.insert(self.place(address), self.now);
    }

    /// Until when what strangers say of a place waits, since it was dialed so often today.
    pub(super) fn place_waits_until(&mut self, address: &NodeAddress) -> Option<Time> {
        let spent = self.forgotten.is_spent(self.place(address), self.now);
        spent.then(|| self.now + REST)
    }

    /// A place is dialed on the word of strangers.
    pub(super) fn count_dial_of_place(&mut self, address: &NodeAddress) {
        self.forgotten.count_dial(self.place(address), self.now);
    }

    /// A dial that was counted was not made.
    pub(super) fn take_back_dial_of_place(&mut self, address: &NodeAddress) {
        self.forgotten.take_back_dial(self.place(address));
    }

    pub(super) fn note_lie(&mut self, address: &NodeAddress) {
        let (place, claim) = (self.place(address), self.said(address));
        self.forgotten.insert_lie(place, claim, self.now);
    }

    /// The keyed hash of a place: an IP address or name, and a port, whoever is said to live there.
    fn place(&self, address: &NodeAddress) -> u64 {
        let port = u64::from(address.port()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        port ^ match address.ip().map(|ip| ip.to_canonical()) {
            Some(IpAddr::V4(ip)) => self.key.hash(&ip.octets()),
            Some(IpAddr::V6(ip)) => self.key.hash(&ip.octets()),
            None => self.key.hash(name_of(address).as_bytes()),
        }
    }

    /// The keyed hash of what is said: that this node lives at this place.
    fn said(&self, address: &NodeAddress) -> u64 {
        self.place(address) ^ self.key.hash(address.id().as_bytes())
    }
}

/// What is held against a place or a claim.
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    /// Nothing more is believed of it.
    is_false: bool,
    /// Claims about a place that have turned out wrong.
    lies: u8,
    /// Dials of a place on the word of strangers.
    dials: u8,
}

/// Places and claims by their keyed hashes, in two generations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forgotten {
    young: BTreeMap<u64, Record>,
    old: BTreeMap<u64, Record>,
    began: Time,
}

impl Forgotten {
    pub(crate) fn insert(&mut self, hash: u64, now: Time) {
        self.record(hash, now).is_false = true;
    }

    /// A claim about a place has turned out wrong. After several of them, nothing more is believed of
    /// the place.
    pub(crate) fn insert_lie(&mut self, place: u64, claim: u64, now: Time) {
        self.insert(claim, now);
        let before = self.sum(place, now).lies;
        let record = self.record(place, now);
        record.lies = record.lies.saturating_add(1);
        record.is_false |= before.saturating_add(1) >= LIES_MAX;
    }

    /// Whether nothing is believed of a place, or not this, or the place was dialed often enough.
    pub(crate) fn refuses(&mut self, place: u64, claim: u64, now: Time) -> bool {
        let of_place = self.sum(place, now);
        of_place.is_false || of_place.dials >= DIALS_MAX || self.sum(claim, now).is_false
    }

    pub(crate) fn count_dial(&mut self, place: u64, now: Time) {
        let record = self.record(place, now);
        record.dials = record.dials.saturating_add(1);
    }

    /// A dial that was counted was not made.
    pub(crate) fn take_back_dial(&mut self, place: u64) {
        for generation in [&mut self.young, &mut self.old] {
            if let Some(record) = generation.get_mut(&place).filter(|it| it.dials > 0) {
                record.dials = record.dials.saturating_sub(1);
                return;
            }
        }
    }

    /// Whether a place was dialed as often as it may be in a day.
    pub(crate) fn is_spent(&mut self, place: u64, now: Time) -> bool {
        self.sum(place, now).dials >= DIALS_MAX
    }

    /// What both generations hold against it.
    fn sum(&mut self, hash: u64, now: Time) -> Record {
        self.age(now);
        let of = |generation: &BTreeMap<u64, Record>| generation.get(&hash).copied();
        let (young, old) = (of(&self.young), of(&self.old));
        let (young, old) = (young.unwrap_or_default(), old.unwrap_or_default());
        Record {
            is_false: young.is_false || old.is_false,
            lies: young.lies.saturating_add(old.lies),
            dials: young.dials.saturating_add(old.dials),
        }
    }

    fn record(&mut self, hash: u64, now: Time) -> &mut Record {
        self.age(now);
        if self.young.len() >= GENERATION && !self.young.contains_key(&hash) {
            self.turn(now);
        }
        self.young.entry(hash).or_default()
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.young.len().saturating_add(self.old.len())
    }

    pub(crate) fn rewind(&mut self, back: Duration) {
        self.began = self.began.back(back);
    }

    fn age(&mut self, now: Time) {
        if now - self.began >= AGE {
            let long_ago = now - self.began >= AGE.saturating_mul(2);
            self.turn(now);
            if long_ago {
                self.old.clear();
            }
        }
    }

    fn turn(&mut self, now: Time) {
        self.old = core::mem::take(&mut self.young);
        self.began = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600;

    #[test]
    fn a_place_is_kept_for_a_day_and_not_for_ever() {
        for began in [0, 1, 23] {
            let mut forgotten = Forgotten::default();
            let at = |hours: u64| Time::from_secs((24 * 365 + hours) * HOUR);
            forgotten.insert(0, at(0));
            forgotten.insert(7, at(began));
            assert!(forgotten.refuses(7, 1, at(began + 23)), "{began}");
            assert!(forgotten.refuses(1, 7, at(began + 23)), "{began}");
            assert!(!forgotten.refuses(7, 7, at(began + 49)), "{began}");
        }
    }

    #[test]
    fn a_place_may_be_dialed_again_a_day_after_the_last_of_too_many_dials() {
        let mut forgotten = Forgotten::default();
        let at = |hour: u64| Time::from_secs((24 * 365 + hour) * HOUR);
        for hour in 20..28 {
            assert!(!forgotten.is_spent(7, at(hour)), "{hour}");
            forgotten.count_dial(7, at(hour));
        }
        assert!(forgotten.is_spent(7, at(28)) && !forgotten.is_spent(8, at(28)));
        assert!(forgotten.is_spent(7, at(27 + 23)));
        assert!(!forgotten.is_spent(7, at(27 + 49)));
    }

    #[test]
    fn a_dial_that_was_not_made_does_not_count_even_if_a_day_began_meanwhile() {
        let mut forgotten = Forgotten::default();
        let at = |hour: u64| Time::from_secs((24 * 365 + hour) * HOUR);
        for _ in 0..8 {
            forgotten.count_dial(7, at(0));
        }
        assert!(forgotten.is_spent(7, at(23)) && forgotten.is_spent(7, at(25)));
        forgotten.take_back_dial(7);
        assert!(!forgotten.is_spent(7, at(25)));
        forgotten.take_back_dial(8);
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut forgotten = Forgotten::default();
        for place in 0..3 * GENERATION as u64 {
            forgotten.insert(place, Time::from_secs(1));
            forgotten.count_dial(u64::MAX - place, Time::from_secs(1));
            assert!(forgotten.len() <= 2 * GENERATION);
        }
    }
}
