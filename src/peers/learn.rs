//! What is taken in of what others tell.

use alloc::vec::Vec;
use core::net::IpAddr;

use super::arena::Slot;
use super::entry::{Stamp, Turn};
use super::lanes::LaneKey;
use super::life::Life;
use super::room::Guest;
use super::said::Voice;
use super::sources::ITSELF;
use super::store::{Newcomer, Slots, name_of};
use super::{Fairness, PeerManager};
use crate::{NodeAddress, NodeId, Reach};

/// Why an address was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Known,
    Own,
    Unfit,
    Banned,
    Forgotten,
    Crowded,
    TellerFull,
    NetworkFull,
    Full,
}

/// Who tells, as far as it matters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Teller {
    id: NodeId,
    /// Where it is, if we are connected with it.
    ip: Option<IpAddr>,
    /// Its network.
    network: Option<LaneKey>,
    reach: Reach,
    /// Whether it is this node's operator.
    is_operator: bool,
}

impl Teller {
    /// Whether it speaks of itself, from the very place. Of another place its word is worth no more
    /// than anybody's: ids are for free.
    fn is_at(&self, address: &NodeAddress) -> bool {
        let ip = address.ip().map(|ip| ip.to_canonical());
        self.id == address.id() && ip.is_some() && ip == self.ip
    }
}

impl PeerManager {
    /// Takes an address in, or says why not.
    pub(crate) fn learn(&mut self, address: &NodeAddress, from: NodeId) -> Result<Slot, Refusal> {
        let link = self.live.get(from).and_then(|life| life.link());
        self.learn_from(address, from, link.and_then(|link| link.ip))
    }

    /// The same from somebody who is at this IP address.
    pub(super) fn learn_from(
        &mut self,
        address: &NodeAddress,
        from: NodeId,
        ip: Option<IpAddr>,
    ) -> Result<Slot, Refusal> {
        self.take(address, &self.teller(from, ip), None)
    }

    pub(super) fn try_to_learn(
        &mut self,
        address: &NodeAddress,
        teller: &Teller,
        known: Option<Slot>,
    ) -> Result<Slot, Refusal> {
        if self.is_own(address) {
            return Err(Refusal::Own);
        }
        if let Some(slot) = known.or_else(|| self.store.find(address)) {
            self.hear_again(slot, self.nearest_of(teller));
            if teller.is_operator {
                self.take_over(slot, teller);
            }
            return Err(Refusal::Known);
        }
        if !self.is_fit(address, teller) {
            return Err(Refusal::Unfit);
        }
        if self.conduct.banned_until(address.id(), self.now).is_some() {
            return Err(Refusal::Banned);
        }
        let lane = self.lane_of(address, teller.id);
        self.check_shares(address, teller, lane)?;
        if self.store.len() >= self.options.addresses_max {
            let room = teller.is_operator && self.make_room();
            if !room {
                let [teller, _] = self.voices_of(teller);
                let address = address.clone();
                let guest = Guest { address, teller };
                self.room.enter(lane, guest, &mut self.chance);
                return Err(Refusal::Full);
            }
        }
        let source = if teller.is_at(address) {
            ITSELF
        } else {
            self.count_teller(teller)
        };
        Ok(self.take_in(address, lane, source, self.nearest_of(teller)))
    }

    /// The operator names what a stranger told first: it is his word from now on.
    fn take_over(&mut self, slot: Slot, teller: &Teller) {
        let Some(entry) = self.store.get(slot).filter(|it| !self.is_named(it)) else {
            return;
        };
        let (id, source, tested) = (entry.id, entry.source, entry.tested);
        self.sources.remove(source, tested);
        let number = self.count_teller(teller);
        if tested {
            self.sources.count_untested(number, false);
        }
        if let Some(entry) = self.store.get_mut(slot) {
            entry.source = number;
        }
        self.hurry_up(slot);
        self.mark(id);
    }

    /// The number of a teller, who has told of one more address. Once for each teller its network
    /// becomes known: then what is kept of all that it told of changes with it.
    fn count_teller(&mut self, teller: &Teller) -> u32 {
        let known = self.sources.find(teller.id);
        let before = known.map(|number| self.sources.network(number));
        let number = self.sources.add(teller.id, teller.network);
        if before.is_some_and(|before| before != self.sources.network(number)) {
            let its = self.store.iter().filter(|(_, it)| it.source == number);
            let its: Vec<NodeId> = its.map(|(_, it)| it.id).collect();
            for id in its {
                self.mark(id);
            }
        }
        number
    }

    /// By what it is known who has lied: where a teller is, and where it was when it told us first.
    fn voices_of(&self, teller: &Teller) -> [Voice; 2] {
        let before = self.sources.find(teller.id);
        let before = before.and_then(|number| self.sources.network(number));
        [teller.network, before.or(teller.network)]
            .map(|network| Voice::at(self.key, network, teller.id))
    }

    pub(super) fn is_own(&self, address: &NodeAddress) -> bool {
        address.id() == self.me || self.own_places.contains(address)
    }

    pub(super) fn teller(&self, id: NodeId, ip: Option<IpAddr>) -> Teller {
        let is_operator = id == self.me;
        Teller {
            id,
            ip,
            network: ip.map(LaneKey::of),
            // Of whom we know nothing, we take it that he speaks from outside.
            reach: match ip {
                Some(ip) if Reach::of(ip) != Reach::Nowhere => Reach::of(ip),
                None if is_operator => Reach::Nowhere,
                _ => Reach::World,
            },
            is_operator,
        }
    }

    /// Whether a node that we may dial can live there. What the world tells of our own site or
    /// machine is a mistake, or somebody who wants us to knock at our own doors. What the operator
    /// says is dialed as it stands: the driver tells him if it can't be.
    fn is_fit(&self, address: &NodeAddress, teller: &Teller) -> bool {
        teller.is_operator
            || Reach::claimed_by(address).is_ok_and(|reach| reach >= self.nearest_of(teller))
    }

    /// How near what a teller tells may lie, now and when a name is looked up.
    fn nearest_of(&self, teller: &Teller) -> Reach {
        if teller.is_operator {
            Reach::Nowhere
        } else {
            self.options.nearest.max(teller.reach).max(Reach::Host)
        }
    }

    /// What counts as one network for this address.
    pub(super) fn lane_of(&self, address: &NodeAddress, from: NodeId) -> LaneKey {
        if self.options.fairness == Fairness::Teller {
            return LaneKey(5 << 56 | self.key.hash(from.as_bytes()) >> 8);
        }
        match (address.ip(), name_of(address)) {
            (Some(ip), _) => LaneKey::of(ip),
            (None, "") => LaneKey::LOCAL,
            (None, name) => LaneKey(4 << 56 | self.key.hash(domain(name)) >> 8),
        }
    }

    fn check_shares(
        &mut self,
        address: &NodeAddress,
        teller: &Teller,
        lane: LaneKey,
    ) -> Result<(), Refusal> {
        let of_node = self.store.of_node(address.id());
        let (per_node, per_ip) = (
            self.options.addresses_per_node,
            self.options.addresses_per_ip,
        );
        if teller.is_operator {
            if let Some(slot) = self.check_crowd(&of_node, per_node, teller, address)? {
                self.forget(slot);
            }
            return Ok(());
        }
        // Who speaks from there is there now, whoever was not an hour ago.
        let is_refused = if teller.is_at(address) {
            self.place_waits_until(address).is_some()
        } else {
            self.is_forgotten(address, |it| it.voices_of(teller))
        };
        if is_refused {
            return Err(Refusal::Forgotten);
        }
        // Whoever gives way goes when it is sure that the newcomer gets in.
        let mut leave = [self.check_crowd(&of_node, per_node, teller, address)?, None];
        // Where a place may fill the store there is nothing to count, and much to go through.
        let bounded = per_ip < self.options.addresses_max;
        if bounded && Reach::claimed_by(address) == Ok(Reach::World) {
            let mut at_place = self.store.at_place(address);
            at_place.retain(|it| leave[0] != Some(*it));
            leave[1] = self.check_crowd(&at_place, per_ip, teller, address)?;
        }
        let share = self.options.share(self.options.teller_percent);
        let told = self.sources.untested(teller.id, teller.network);
        if !teller.is_at(address) && told >= share {
            return Err(Refusal::TellerFull);
        }
        let lane_there = self.store.lanes.find(lane);
        let stored = lane_there.map_or(0, |lane| self.store.lanes.counts(lane).0 as usize);
        let leave = leave.into_iter().flatten();
        let of_lane = |slot: &Slot| self.store.get(*slot).map(|it| it.lane) == lane_there;
        let stored = stored.saturating_sub(leave.clone().filter(of_lane).count());
        let max = self.options.addresses_per_network;
        if lane != LaneKey::LOCAL && stored >= max {
            return Err(Refusal::NetworkFull);
        }
        for slot in leave {
            self.forget(slot);
        }
        Ok(())
    }

    /// A node has a few addresses at most, and an IP address a few nodes. Of these, one teller and
    /// those in its network may tell of a quarter, so that a lie told first leaves room for the
    /// truth. The operator, and who is there, is believed before them all: an entry may have to give way.
    fn check_crowd(
        &self,
        slots: &Slots,
        max: usize,
        teller: &Teller,
        address: &NodeAddress,
    ) -> Result<Option<Slot>, Refusal> {
        let is_sure = teller.is_operator || teller.is_at(address);
        let source = self.sources.find(teller.id);
        let network = teller.network.filter(|it| *it != LaneKey::LOCAL);
        let same = |slot: &&Slot| {
            self.store.get(**slot).is_some_and(|entry| {
                source == Some(entry.source)
                    || network.is_some() && self.sources.network(entry.source) == network
            })
        };
        let told = slots.iter().filter(same).count();
        if !is_sure && told >= (max / 4).max(1) {
            return Err(Refusal::Crowded);
        }
        if slots.len() < max {
            return Ok(None);
        }
        if !is_sure {
            return Err(Refusal::Crowded);
        }
        let gives_way = self.gives_way(slots, address.id(), teller.is_operator);
        gives_way.map(Some).ok_or(Refusal::Crowded)
    }

    /// Which of these may be forgotten for another address: one of which strangers told, or where there
    /// is none, the one of this node that has failed most often; but none that is being dialed or
    /// connected with, and none that the operator named but for his own word.
    pub(super) fn gives_way(&self, slots: &Slots, id: NodeId, is_operator: bool) -> Option<Slot> {
        let in_use = |slot: Slot, id| self.live.get(id).and_then(Life::slot) == Some(slot);
        let rank = |slot: Slot| {
            let entry = self.store.get(slot).filter(|it| !in_use(slot, it.id))?;
            let is_hearsay = self.is_hearsay(slot);
            let may_go = is_operator || !self.is_named(entry);
            let has_moved = may_go && entry.id == id && entry.failures > 0;
            (is_hearsay || has_moved).then_some(((is_hearsay, entry.failures), slot))
        };
        let worst = slots.iter().filter_map(|slot| rank(*slot));
        worst.max_by_key(|(rank, _)| *rank).map(|(_, slot)| slot)
    }

    pub(super) fn take_in(
        &mut self,
        address: &NodeAddress,
        lane: LaneKey,
        source: u32,
        nearest: Reach,
    ) -> Slot {
        let newcomer = Newcomer {
            address,
            lane,
            source,
            known: Stamp::of(self.now),
            nearest,
        };
        let slot = self.store.insert(&newcomer, &mut self.chance);
        self.retell(slot);
        self.hide(address);
        self.mark(address.id());
        if self.live.get(address.id()).is_none() {
            // Where another address of the node is left alone, so is this one: it is one node.
            let others = self.store.of_node(address.id());
            let until = others.iter().filter_map(|it| self.store.waits_until(*it));
            match until.max().filter(|_| self.is_cooling(address.id())) {
                Some(until) => self.set_turn(slot, Turn::Waiting, until),
                None => self.set_turn(slot, Turn::Ready, self.now),
            }
        }
        slot
    }

    /// Whether a node is left alone as a whole: it was connected with not long ago. Then an address
    /// of it was reached not long ago, or waits for longer than its failures account for.
    pub(super) fn is_cooling(&self, id: NodeId) -> bool {
        let cooldown = u32::try_from(self.cooldown(id).as_secs()).unwrap_or(u32::MAX);
        let cools = |slot: &Slot| {
            self.store.get(*slot).is_some_and(|entry| {
                let backoff = self.longest_backoff(entry.failures);
                let failed = entry.failure.time().filter(|_| entry.failures > 0);
                let until = failed.map(|at| at + backoff.saturating_mul(2));
                let waits = self.store.waits_until(*slot);
                entry.success.age(self.now) < cooldown || waits > until.max(Some(self.now))
            })
        };
        self.store.of_node(id).iter().any(cools)
    }
}

/// The last two labels of a name: what one party is likely to hold.
fn domain(name: &str) -> &[u8] {
    let mut dots = name.rmatch_indices('.');
    let start = dots.nth(1).map_or(0, |(at, _)| at.saturating_add(1));
    name.get(start..).unwrap_or(name).as_bytes()
}
