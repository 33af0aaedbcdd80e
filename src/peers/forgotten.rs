//! What was found false is not taken in again for a day at least, however often it is told: places
//! where nobody answered, under whatever id, and places where another node than the one said lives.
//!
//! Without this a stranger could have us dial a victim for ever, by telling its address again each
//! time that we have given up. But that he tells a wrong id of a place says nothing against the
//! place: only when several have turned out wrong, nothing more is believed of it.

use alloc::collections::BTreeSet;
use core::net::IpAddr;
use core::time::Duration;

use super::PeerManager;
use super::arena::Slot;
use super::store::name_of;
use crate::{NodeAddress, Time};

/// Hashes that one generation holds.
const GENERATION: usize = 16_384;

/// How long a generation takes in hashes, and how long it is kept after that.
const AGE: Duration = Duration::from_secs(86_400);

/// Wrong ids at a place, after which no stranger is believed who tells of it.
const LIES_MAX: u32 = 4;

impl PeerManager {
    /// Whether this was found false not long ago.
    pub(super) fn is_forgotten(&mut self, address: &NodeAddress) -> bool {
        let (place, claim) = (self.place(address), self.said(address));
        self.forgotten.contains(place, self.now) || self.forgotten.contains(claim, self.now)
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

/// Keyed hashes of places and claims, in two generations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forgotten {
    young: BTreeSet<u64>,
    old: BTreeSet<u64>,
    began: Time,
}

impl Forgotten {
    pub(crate) fn insert(&mut self, place: u64, now: Time) {
        self.age(now);
        if self.young.len() >= GENERATION {
            self.turn(now);
        }
        self.young.insert(place);
    }

    /// A claim about a place has turned out wrong. After several of them, nothing more is believed of
    /// the place.
    pub(crate) fn insert_lie(&mut self, place: u64, claim: u64, now: Time) {
        self.insert(claim, now);
        for lie in 1..=LIES_MAX {
            let mark = place.rotate_left(lie);
            if self.contains(mark, now) {
                continue;
            }
            self.insert(mark, now);
            if lie == LIES_MAX {
                self.insert(place, now);
            }
            return;
        }
    }

    pub(crate) fn contains(&mut self, place: u64, now: Time) -> bool {
        self.age(now);
        self.young.contains(&place) || self.old.contains(&place)
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
            assert!(forgotten.contains(7, at(began + 23)), "{began}");
            assert!(!forgotten.contains(7, at(began + 49)), "{began}");
        }
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut forgotten = Forgotten::default();
        for place in 0..3 * GENERATION as u64 {
            forgotten.insert(place, Time::from_secs(1));
            assert!(forgotten.len() <= 2 * GENERATION);
        }
    }
}
