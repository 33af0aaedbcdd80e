//! The waiting room of a full store.
//!
//! A store that is full takes nothing in that was only heard of. But it does not stay as it is for
//! ever either: a few of those it refuses wait here, one a network, until a feeler has seen whether
//! they are there. Who is, may take the place of one that was never reached.

use alloc::vec::Vec;

use super::lanes::LaneKey;
use super::said::Voice;
use crate::NodeAddress;
use crate::seed::{Chance, HashKey};

/// Places in the room: a power of two.
const PLACES: usize = 64;

/// One who waits, or is being dialed.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    pub(crate) address: NodeAddress,
    /// Who told of it, which is held against him if it is wrong.
    pub(crate) teller: Voice,
}

#[derive(Clone, Debug)]
pub(crate) struct Room {
    key: HashKey,
    guests: Vec<Option<Guest>>,
}

impl Room {
    pub(crate) const fn new(key: HashKey) -> Self {
        Self {
            key,
            guests: Vec::new(),
        }
    }

    /// Lets one in. Networks that share a place take it from each other by the toss of a coin, so
    /// who comes often gets no more than half.
    pub(crate) fn enter(&mut self, lane: LaneKey, guest: Guest, chance: &mut Chance) {
        if self.guests.is_empty() {
            self.guests.resize(PLACES, None);
        }
        let hash = self.key.hash(&lane.0.to_le_bytes());
        let place = hash & (PLACES as u64).saturating_sub(1);
        if let Some(place) = self
            .guests
            .get_mut(usize::try_from(place).unwrap_or_default())
            && (place.is_none() || chance.below(2) == 0)
        {
            *place = Some(guest);
        }
    }

    /// Calls one of them, each with the same chance.
    pub(crate) fn call(&mut self, chance: &mut Chance) -> Option<Guest> {
        let guests = self.guests.iter_mut().filter(|guest| guest.is_some());
        let mut guests: Vec<_> = guests.collect();
        let below = u32::try_from(guests.len()).unwrap_or(u32::MAX);
        let place = chance.below(below) as usize;
        guests.get_mut(place)?.take()
    }
}
