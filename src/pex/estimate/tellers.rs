//! Who tells: one occasion each, under a code of seven bits.

use alloc::vec::Vec;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::table::Table;
use crate::Time;

/// Tellers that are told apart.
pub(super) const TELLERS: usize = 127;

/// Tellers of which two become one, at once, when all codes are taken.
const MERGED: usize = 32;

/// A peer that has told something: 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Teller {
    /// The keyed hash of its id.
    peer: u64,
    /// The first 64 bits of the last id of its last arc; zero if it has told of none.
    pub(super) arc_end: u64,
    /// When it last told anything, in answers counted.
    last: u32,
    /// When it last told an arc, in milliseconds, without the upper bits.
    arc_at: u32,
}

impl Teller {
    /// How long ago it told its last arc; wrong after weeks, and when the clock was set back, once.
    pub(super) fn rested(&self, now: Time) -> Duration {
        Duration::from_millis(millis(now).wrapping_sub(self.arc_at).into())
    }

    pub(super) fn tell_arc(&mut self, now: Time, end: u64) {
        // Zero says that there is none.
        self.arc_end = end.max(1);
        self.arc_at = millis(now);
    }
}

/// The lower bits of the time in milliseconds.
fn millis(now: Time) -> u32 {
    let millis = now.as_nanos() / 1_000_000;
    u32::try_from(millis & u64::from(u32::MAX)).unwrap_or_default()
}

/// The tellers, each at the place before its code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tellers(Vec<Teller>);

impl Tellers {
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get_mut(&mut self, code: u8) -> Option<&mut Teller> {
        self.0.get_mut(usize::from(code).checked_sub(1)?)
    }

    /// The keyed hash of the id of the one with this code; zero if there is none.
    pub(super) fn peer(&self, code: u8) -> u64 {
        let place = usize::from(code).checked_sub(1);
        let teller = place.and_then(|place| self.0.get(place));
        teller.map_or(0, |it| it.peer)
    }

    /// How many of them have told of arcs.
    pub(super) fn arcs(&self) -> usize {
        self.0.iter().filter(|teller| teller.arc_end != 0).count()
    }

    /// The code of a peer that tells something, in the answer with this number.
    pub(super) fn code(&mut self, peer: u64, answer: u32, table: &mut Table) -> u8 {
        let known = self.0.iter().position(|teller| teller.peer == peer);
        let place = known.unwrap_or_else(|| {
            if self.0.len() >= TELLERS {
                self.merge(table);
            }
            self.0.push(Teller {
                peer,
                arc_end: 0,
                last: 0,
                arc_at: 0,
            });
            self.0.len().saturating_sub(1)
        });
        if let Some(teller) = self.0.get_mut(place) {
            teller.last = answer;
        }
        u8::try_from(place.saturating_add(1)).unwrap_or(u8::MAX)
    }

    /// The tellers that told nothing for longest become one by twos: what two peers have told is as
    /// good an occasion as what one has. Many at once, for the whole table is gone through.
    fn merge(&mut self, table: &mut Table) {
        let mut places: Vec<usize> = (0..self.0.len()).collect();
        places.sort_by_key(|&place| self.0.get(place).map(|teller| teller.last));
        let mut heirs: Vec<usize> = (0..self.0.len()).collect();
        let (pairs, _) = places.as_chunks::<2>();
        for &[quietest, next] in pairs.iter().take(MERGED) {
            if let Some(heir) = heirs.get_mut(quietest) {
                *heir = next;
            }
        }
        let mut names = [0_u8; 128];
        let mut kept = Vec::new();
        for (place, (&heir, &teller)) in heirs.iter().zip(&self.0).enumerate() {
            if heir == place {
                kept.push(teller);
                if let Some(name) = names.get_mut(place.saturating_add(1)) {
                    *name = u8::try_from(kept.len()).unwrap_or(u8::MAX);
                }
            }
        }
        for (place, &heir) in heirs.iter().enumerate() {
            let name = names.get(heir.saturating_add(1)).copied();
            if let Some(own) = names.get_mut(place.saturating_add(1)) {
                *own = name.unwrap_or_default();
            }
        }
        table.rename(&names);
        self.0 = kept;
    }

    pub(super) const fn is_sound(&self) -> bool {
        self.0.len() <= TELLERS
    }

    #[cfg(test)]
    pub(super) fn push_some(&mut self) {
        self.0.push(Teller {
            peer: 1,
            arc_end: 0,
            last: 0,
            arc_at: 0,
        });
    }
}
