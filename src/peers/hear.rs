//! What is heard of at once, which is known mostly.

use alloc::vec::Vec;

use super::PeerManager;
use super::arena::Slot;
use super::entry::Stamp;
use super::learn::{Refusal, Teller};
use crate::stats::count;
use crate::{NodeAddress, NodeId, Reach};

/// How often at most it is noted that an address was told again, in seconds.
const HEARD_EVERY: u32 = 3_600;

impl PeerManager {
    /// Takes in all that one has told, and hands each address back with whether it was taken in.
    pub(super) fn learn_each(
        &mut self,
        from: NodeId,
        addresses: Vec<NodeAddress>,
        mut back: impl FnMut(NodeAddress, bool),
    ) {
        let link = self.live.get(from).and_then(|life| life.link());
        let teller = self.teller(from, link.and_then(|link| link.ip));
        // Most of what is told is known, and to find it is to wait for memory: so all of it is sought
        // at once.
        let found = self.store.find_all(&addresses);
        for (address, slot) in addresses.into_iter().zip(found) {
            // Those before may have pushed it out.
            let slot = slot.filter(|&slot| self.store.is_of(slot, &address));
            let is_new = self.take(&address, &teller, slot).is_ok();
            back(address, is_new);
        }
    }

    /// Takes an address in, which is known by this entry if there is one, and counts what has become
    /// of it.
    pub(super) fn take(
        &mut self,
        address: &NodeAddress,
        teller: &Teller,
        known: Option<Slot>,
    ) -> Result<Slot, Refusal> {
        let taken = self.try_to_learn(address, teller, known);
        let counts = &mut self.counts;
        let counter = match taken {
            Ok(_) => &mut counts.learned,
            Err(Refusal::Known) => &mut counts.known,
            Err(Refusal::Own) => &mut counts.own,
            Err(Refusal::Unfit) => &mut counts.unfit,
            Err(Refusal::Banned) => &mut counts.banned,
            Err(Refusal::Forgotten) => &mut counts.forgotten,
            Err(Refusal::Crowded) => &mut counts.crowded,
            Err(Refusal::TellerFull) => &mut counts.teller_full,
            Err(Refusal::NetworkFull) => &mut counts.network_full,
            Err(Refusal::Full) => &mut counts.full,
        };
        count(counter, 1);
        taken
    }

    /// Notes that a known address was told again, by somebody whose word leads no nearer than this.
    pub(super) fn hear_again(&mut self, slot: Slot, nearest: Reach) {
        let now = self.now;
        let Some(entry) = self.store.get_mut(slot) else {
            return;
        };
        // Whoever is nearer knows better what can be near.
        if nearest < entry.nearest {
            entry.nearest = nearest;
        }
        // What was reached is known from then on, whoever tells of it.
        if !entry.tested && entry.known.age(now) >= HEARD_EVERY {
            entry.known = Stamp::of(now);
            let id = entry.id;
            self.mark(id);
        }
    }
}
