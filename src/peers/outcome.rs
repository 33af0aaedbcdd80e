//! What becomes of a dial, and what that says of the address.

use core::net::IpAddr;

use super::arena::Slot;
use super::entry::{Stamp, Turn};
use super::lanes::{Kind, LaneKey};
use super::life::{Dial, Life, Purpose};
use super::room::Guest;
use super::sources::NOBODY;
use super::{Action, DialFailure, Eviction, PeerManager};
use crate::stats::count;
use crate::{Actions, Epoch, NodeAddress, NodeId, Reach};

/// Failures in a row after which an address that was reached once may be forgotten.
const FAILURES_OF_TESTED: u16 = 10;

/// Entries whose place is in question that are kept at once, as Bitcoin Core's collisions.
const CHALLENGED_MAX: usize = 10;

impl PeerManager {
    pub(super) fn on_dial_failed(&mut self, address: &NodeAddress, why: DialFailure) {
        let id = address.id();
        match self.live.get(id).copied() {
            Some(Life::Dialing(dial)) if self.is_of(&dial, address) => {
                self.on_dial_over(id, dial, why);
            }
            // It was accepted meanwhile, or given up, or never asked for.
            _ => count(&mut self.counts.stray_events, 1),
        }
    }

    fn is_of(&self, dial: &Dial, address: &NodeAddress) -> bool {
        match dial.slot {
            Some(slot) => {
                let entry = self.store.get(slot);
                entry.and_then(|entry| self.store.address(entry)).as_ref() == Some(address)
            }
            None => self.guest.as_ref().is_some_and(|it| it.address == *address),
        }
    }

    /// A dial has come to nothing.
    pub(super) fn on_dial_over(&mut self, id: NodeId, dial: Dial, why: DialFailure) {
        count(&mut self.counts.failed, 1);
        self.unclaim(dial.purpose, id);
        self.set_life(id, None);
        self.release(id, self.now);
        if why != DialFailure::NotTried && self.is_news_of_hearsay(&dial) {
            self.doubt.tried(false);
        }
        match dial.slot {
            Some(slot) => self.hold_against(slot, why),
            None => self.hold_against_guest(id, why),
        }
    }

    /// Whether what comes of a dial is the first that we learn of an address of which strangers told.
    fn is_news_of_hearsay(&self, dial: &Dial) -> bool {
        dial.slot.is_none_or(|slot| {
            let is_first = self.store.get(slot).is_some_and(|it| it.failures == 0);
            is_first && self.is_hearsay(slot)
        })
    }

    /// The address that waited for a place has failed: it is not to wait again.
    fn hold_against_guest(&mut self, id: NodeId, why: DialFailure) {
        let guest = self.guest.take().filter(|it| it.address.id() == id);
        if let Some(Guest { address, teller }) = guest {
            match why {
                DialFailure::NotTried => self.take_back_dial_of_place(&address),
                DialFailure::Unreachable => self.note_silence(&address),
                DialFailure::NotThisNode | DialFailure::Unusable => {
                    self.note_lie(&address, Some(teller));
                }
            }
        }
    }

    /// Whether an entry is never forgotten: nothing is; or the operator named it, or wants to be
    /// connected with its node, of which it is more than what strangers say.
    pub(super) fn is_kept(&self, slot: Slot) -> bool {
        self.options.failures_max == u16::MAX
            || self.store.get(slot).is_some_and(|it| self.is_named(it))
            || self.is_wanted(slot)
    }

    /// An address has failed. What it says of the node itself is nothing: somebody else may have
    /// told us a wrong address.
    fn hold_against(&mut self, slot: Slot, why: DialFailure) {
        let Some(entry) = self.store.get(slot) else {
            return;
        };
        let tested = entry.tested;
        let kept = self.is_kept(slot);
        match why {
            DialFailure::NotTried => {
                let address = self.store.address(entry);
                if let Some(address) = address.filter(|_| self.is_unproved(slot)) {
                    self.take_back_dial_of_place(&address);
                }
                let until = self.now + self.options.retry_min;
                self.rest(slot, until.max(self.left_alone_until(slot)));
            }
            DialFailure::Unusable | DialFailure::NotThisNode if !tested && !kept => {
                self.forget_claim(slot);
            }
            DialFailure::Unusable | DialFailure::NotThisNode => {
                self.distrust(slot);
                self.use_up_tries(slot);
                self.fail(slot);
            }
            DialFailure::Unreachable => {
                // Whoever else is said to live there would not have answered either.
                let neighbours = self.neighbours(slot);
                self.fail(slot);
                for other in neighbours {
                    self.fail(other);
                }
            }
        }
    }

    /// Other entries with the same IP address or name and port. None where nothing is forgotten:
    /// then each is to be tried by itself, and there may be very many.
    fn neighbours(&self, slot: Slot) -> super::store::Slots {
        let entry = self.store.get(slot);
        let Some(entry) = entry.filter(|_| self.options.failures_max < u16::MAX) else {
            return super::store::Slots::new();
        };
        let Some(address) = self.store.address(entry) else {
            return super::store::Slots::new();
        };
        let mut others = self.store.at_place(&address);
        others.retain(|other| {
            let its = self.store.get(*other);
            *other != slot && its.is_some_and(|it| it.port == entry.port && it.turn != Turn::Busy)
        });
        others
    }

    /// One more failure, after which the entry is left alone for longer, or forgotten.
    pub(super) fn fail(&mut self, slot: Slot) {
        let now = self.now;
        let (failures_max, dead) = (
            self.options.failures_max,
            u32::try_from(self.options.dead_after.as_secs()).unwrap_or(u32::MAX),
        );
        let Some(entry) = self.store.get_mut(slot) else {
            return;
        };
        entry.failures = entry.failures.saturating_add(1);
        entry.failure = Stamp::of(now);
        let (id, tested, failures) = (entry.id, entry.tested, entry.failures);
        let over = if tested {
            failures >= FAILURES_OF_TESTED && entry.success.age(now) >= dead
        } else {
            failures >= failures_max
        };
        if over && !self.is_lonely() && !self.is_kept(slot) {
            self.forget_place(slot);
            return;
        }
        let backoff = self.backoff(slot, failures);
        let jitter = self
            .chance
            .up_to(backoff.checked_div(4).unwrap_or_default());
        let until = now + backoff.saturating_add(jitter);
        // It may be left alone for longer already, as after a connection.
        let until = self.store.waits_until(slot).max(Some(until));
        let until = until.max(Some(self.left_alone_until(slot)));
        self.rest(slot, until.unwrap_or(now));
        self.mark(id);
    }

    /// Another try would end as this one did, so there is none where tries are counted.
    fn use_up_tries(&mut self, slot: Slot) {
        let tries = self.options.tries;
        if let Some(entry) = self.store.get_mut(slot).filter(|_| tries < u16::MAX) {
            entry.failures = entry.failures.max(tries.saturating_sub(1));
        }
    }

    /// An address that was true once is not any more.
    fn distrust(&mut self, slot: Slot) {
        if let Some(entry) = self.store.get(slot).filter(|entry| entry.tested) {
            let source = entry.source;
            self.store.set_tested(slot, false);
            self.sources.count_untested(source, true);
            let now = Stamp::of(self.now);
            if let Some(entry) = self.store.get_mut(slot) {
                entry.known = now;
            }
            self.retell(slot);
        }
    }

    pub(super) fn on_dialed(
        &mut self,
        address: &NodeAddress,
        epoch: Epoch,
        ip: Option<IpAddr>,
        out: &mut Actions<Action>,
    ) {
        let id = address.id();
        let dial = match self.live.get(id).copied() {
            Some(Life::Dialing(dial)) => Some(dial),
            Some(life) if life.link().is_some_and(|link| link.epoch == epoch) => {
                count(&mut self.counts.stray_events, 1);
                return;
            }
            Some(_) => {
                // Another connection takes the place of the one before.
                self.end(id, out);
                None
            }
            None => None,
        };
        count(&mut self.counts.reached, 1);
        let ip = ip.or_else(|| address.ip()).map(|ip| ip.to_canonical());
        let purpose = dial.map_or(Purpose::Keep, |dial| dial.purpose);
        self.unclaim(purpose, id);
        self.set_life(id, None);
        if id == self.me {
            // An address of somebody else leads to ourselves: it is worth nothing.
            if let Some(slot) = dial.and_then(|dial| dial.slot) {
                self.forget_place(slot);
            }
            self.refuse(id, epoch, true, Eviction::Ourselves, out);
            return;
        }
        if dial.is_some_and(|dial| self.is_news_of_hearsay(&dial)) {
            self.doubt.tried(true);
        }
        let slot = self
            .store
            .find(address)
            .or_else(|| self.take_in_proved(address, ip));
        if let Some(slot) = slot {
            self.succeed(slot);
        }
        if let Some(slot) = slot.filter(|_| purpose == Purpose::Feel) {
            self.wipe_failures(slot);
        }
        match self.judge_dialed(id, ip, purpose) {
            Ok(victim) => {
                if let Some(victim) = victim {
                    self.evict(victim, Eviction::Upgraded, out);
                }
                self.admit(id, epoch, ip, slot, true);
            }
            Err(why) => {
                // Where a name leads may change, but not from one minute to the next.
                if let Some(slot) = slot.filter(|_| why == Eviction::NetworkFull) {
                    self.fail(slot);
                }
                self.refuse(id, epoch, true, why, out);
            }
        }
    }

    /// Whether a node that we have reached is let in, and who has to go for it.
    fn judge_dialed(
        &self,
        id: NodeId,
        ip: Option<IpAddr>,
        purpose: Purpose,
    ) -> Result<Option<NodeId>, Eviction> {
        if self.conduct.banned_until(id, self.now).is_some() {
            return Err(Eviction::Banned);
        }
        if purpose == Purpose::Feel {
            return Err(Eviction::Feeler);
        }
        // Many names may lead to one place, so it is looked at again where they have led.
        let free = self.ip_is_free(ip) && self.network_is_free(ip);
        if !free && !self.options.is_chosen(id) {
            return Err(Eviction::NetworkFull);
        }
        if self.has_place_of_ours() || self.options.unconditional.contains(&id) {
            return Ok(None);
        }
        // Not who was promised: whoever is the lowest by now.
        match (purpose, self.live.worst_below(self.score(id), true)) {
            (Purpose::Upgrade(_), Some(victim)) if self.has_upgrade_slot() => Ok(Some(victim)),
            _ => Err(Eviction::Full),
        }
    }

    /// Takes in an address that is not stored and that we have reached. Where the store is full,
    /// one that was never reached makes room.
    fn take_in_proved(&mut self, address: &NodeAddress, ip: Option<IpAddr>) -> Option<Slot> {
        if self.is_own(address) {
            return None;
        }
        let of_node = self.store.of_node(address.id());
        // What was proved takes the place of what was only said.
        if of_node.len() >= self.options.addresses_per_node {
            let slot = self.gives_way(&of_node, address.id(), false)?;
            self.forget(slot);
        } else if self.store.len() >= self.options.addresses_max && !self.make_room() {
            return None;
        }
        let lane = self.lane_of(address, self.me);
        // A name that leads to the world today may lead to our own site tomorrow.
        let nearest = match ip {
            Some(ip) => Reach::of(ip),
            None => Reach::claimed_by(address).unwrap_or(Reach::World),
        };
        Some(self.take_in(address, lane, NOBODY, nearest))
    }

    /// An address was reached, and its node's id proved.
    pub(super) fn succeed(&mut self, slot: Slot) {
        let now = Stamp::of(self.now);
        let Some(entry) = self.store.get_mut(slot) else {
            return;
        };
        entry.success = now;
        let (id, lane, source, tested) = (entry.id, entry.lane, entry.source, entry.tested);
        if !tested && self.has_place_for_tested(id, lane) {
            self.sources.count_untested(source, false);
            self.store.set_tested(slot, true);
            if let Some(entry) = self.store.get_mut(slot) {
                entry.known = now;
            }
        } else if !tested {
            self.challenge_one_in(lane);
        }
        self.retell(slot);
        self.mark(id);
    }

    /// The failures of an address are made good.
    pub(super) fn wipe_failures(&mut self, slot: Slot) {
        if let Some(entry) = self.store.get_mut(slot).filter(|it| it.failures > 0) {
            entry.failures = 0;
            let id = entry.id;
            self.retell(slot);
            self.mark(id);
        }
    }

    /// Whether a network may have one more tested address: it has a few at most.
    pub(super) fn has_place_for_tested(&self, id: NodeId, lane: Slot) -> bool {
        let (_, tested) = self.store.lanes.counts(lane);
        tested < self.options.tested_per_network
            || self.store.lanes.key(lane) == Some(LaneKey::LOCAL)
            || self.options.is_chosen(id)
    }

    /// One of the tested addresses of a network is felt for: if it is gone, the next has its place.
    fn challenge_one_in(&mut self, lane: Slot) {
        let lanes = &self.store.lanes;
        let one = lanes.pick_in(lane, Kind::Tested, &mut self.chance);
        if let Some(slot) = one.filter(|_| self.challenged.len() < CHALLENGED_MAX) {
            self.challenged.push_back(slot);
        }
    }
}
