//! Those whom the operator chose: they go before all others, the highest score first.

use alloc::collections::BTreeSet;
use core::cmp::Reverse;

use super::PeerManager;
use super::arena::Slot;
use super::entry::Turn;
use crate::{NodeId, Time};

impl PeerManager {
    /// Moves an entry into another turn, and keeps the lists of the chosen.
    pub(super) fn set_turn(&mut self, slot: Slot, turn: Turn, until: Time) {
        let waited = self.store.waits_until(slot);
        self.store.set_turn(slot, turn, until);
        let Some(id) = self.store.get(slot).map(|entry| entry.id) else {
            return;
        };
        if !self.options.is_chosen(id) {
            return;
        }
        if let Some(until) = waited {
            self.chosen_waiting.remove(&(until, slot));
        }
        if turn == Turn::Waiting {
            self.chosen_waiting.insert((until, slot));
        }
        let ready = |slot: &Slot| {
            self.store
                .get(*slot)
                .is_some_and(|it| it.turn == Turn::Ready)
        };
        let any = self.store.of_node(id).iter().any(ready);
        let rank = (Reverse(self.score(id)), self.key.hash(id.as_bytes()), id);
        if any {
            self.chosen.insert(rank);
        } else {
            self.chosen.remove(&rank);
        }
    }

    /// Whether those whom the operator chose are listed as they are; for the checks.
    pub(super) fn chosen_are_listed(&self) -> bool {
        let (mut waiting, mut ready) = (BTreeSet::new(), BTreeSet::new());
        for (slot, entry) in self.store.iter() {
            if !self.options.is_chosen(entry.id) {
                continue;
            }
            waiting.extend(self.store.waits_until(slot).map(|until| (until, slot)));
            ready.extend((entry.turn == Turn::Ready).then_some(entry.id));
        }
        let listed: BTreeSet<NodeId> = self.chosen.iter().map(|it| it.2).collect();
        waiting == self.chosen_waiting && ready == listed && listed.len() == self.chosen.len()
    }
}
