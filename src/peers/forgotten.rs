//! Places that were forgotten because nobody answered there: not taken in again for a day at least,
//! however often they are told and under whatever id.
//!
//! Without this a stranger could have us dial a victim for ever, by telling its address again each
//! time that we have given up.

use alloc::collections::BTreeSet;
use core::time::Duration;

use crate::Time;

/// Places that one generation holds.
const GENERATION: usize = 16_384;

/// How long a generation takes in places, and how long it is kept after that.
const AGE: Duration = Duration::from_secs(86_400);

/// Keyed hashes of places, in two generations.
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
