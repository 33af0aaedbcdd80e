//! Feelers: dials that only see whether somebody is there, one at a time, now and then.

use super::PeerManager;
use super::dial::Target;
use super::entry::Turn;
use super::lanes::{Among, Kind};
use super::life::Purpose;
use super::room::Guest;

/// Seconds after which a tested address is felt for again.
const STALE: u32 = 86_400;

impl PeerManager {
    pub(super) fn feeler_is_due(&self) -> bool {
        self.live.tally().feeling == 0 && self.feel_at.is_some_and(|at| at <= self.now)
    }

    /// Sets the time of the next feeler.
    pub(super) fn plan_feeler(&mut self) {
        let every = self.options.feeler_every;
        self.feel_at = every.map(|every| self.now + self.chance.about(every));
    }

    /// Whom to feel for: a tested one whose place another would take; who waits for a place in a
    /// full store; one we have only heard of; one that was not felt for a day.
    pub(super) fn next_to_feel(&mut self) -> Option<Target> {
        let feel = |slot| Some(Target::Stored(slot, Purpose::Feel));
        while let Some(slot) = self.challenged.pop_front() {
            let entry = self.store.get(slot);
            if entry.is_some_and(|entry| entry.tested && entry.turn == Turn::Ready) {
                return feel(slot);
            }
        }
        if self.store.len() >= self.options.addresses_max
            && let Some(guest) = self.room.call(&mut self.chance)
            && self.may_be_felt_for(&guest)
        {
            return Some(Target::Guest(guest));
        }
        let untested = self
            .store
            .lanes
            .pick(Kind::Untested, Among::All, &mut self.chance);
        if let Some(slot) = untested {
            return feel(slot);
        }
        let slot = self
            .store
            .lanes
            .pick(Kind::Tested, Among::All, &mut self.chance)?;
        let entry = self.store.get(slot)?;
        (entry.success.age(self.now) >= STALE)
            .then_some(())
            .and_then(|()| feel(slot))
    }

    /// Whether an address that waits may still be dialed: nothing speaks against it but that the
    /// store is full.
    fn may_be_felt_for(&mut self, guest: &Guest) -> bool {
        let address = &guest.address;
        !self.is_forgotten(address, |_| [guest.teller])
            && self.live.get(address.id()).is_none()
            && self.store.find(address).is_none()
            && self.conduct.banned_until(address.id(), self.now).is_none()
            && self.ip_is_free(address.ip())
    }
}
