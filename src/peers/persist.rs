//! What is written down, and read back after a restart.

use alloc::vec::Vec;

use super::entry::Stamp;
use super::lanes::LaneKey;
use super::record::{AddressRecord, PeerRecord};
use super::sources::{ITSELF, NOBODY};
use super::store::Newcomer;
use super::{Action, Change, PeerManager};
use crate::{Actions, NodeId, Reach, Time};

/// Changes that are handed out at once without waiting for more.
const BATCH: usize = 4_096;

/// The number of no network: what a node tells of itself from a place that is not the one it tells,
/// where the network of that place has no number.
const ELSEWHERE: u64 = u64::MAX;

impl PeerManager {
    /// Notes that what is kept of a node has changed.
    pub(super) fn mark(&mut self, id: NodeId) {
        self.dirty.insert(id);
        let at = self.now + self.options.persist_every;
        self.persist_at.get_or_insert(at);
    }

    /// Hands out what has changed, when it is time.
    pub(super) fn persist(&mut self, out: &mut Actions<Action>) {
        let due = self.persist_at.is_some_and(|at| at <= self.now);
        if due || self.dirty.len() >= BATCH {
            out.extend(self.flush().map(Action::Persist));
        }
    }

    /// Everything that has changed and was not handed out, such as before the process ends; none if
    /// there is nothing.
    #[must_use = "what is not written down is lost"]
    pub fn flush(&mut self) -> Option<Vec<Change>> {
        self.persist_at = None;
        let dirty = core::mem::take(&mut self.dirty);
        if dirty.is_empty() {
            return None;
        }
        let change = |id| Change {
            key: PeerRecord::key(id),
            value: self.record(id).map(|record| record.encode()),
        };
        Some(dirty.into_iter().map(change).collect())
    }

    /// What is kept of a node, if anything is.
    #[must_use]
    pub fn record(&self, id: NodeId) -> Option<PeerRecord> {
        let mut record = PeerRecord::new(id);
        for slot in self.store.of_node(id) {
            let Some(entry) = self.store.get(slot) else {
                continue;
            };
            let Some(address) = self.store.address(entry) else {
                continue;
            };
            let mut kept = AddressRecord::new(address);
            kept.last_success = entry.success.time();
            kept.last_failure = entry.failure.time();
            kept.failures = entry.failures.into();
            if entry.tested {
                kept.first_success = entry.known.time();
            } else {
                kept.heard = entry.known.time();
            }
            kept.source = match entry.source {
                ITSELF => Some(id),
                number => self.sources.id(number),
            };
            kept.source_group = self.sources.network(entry.source).map_or(0, |it| it.0);
            if kept.source == Some(id) && entry.source != ITSELF && kept.source_group == 0 {
                kept.source_group = ELSEWHERE;
            }
            record.last_connected = record.last_connected.max(kept.last_success);
            record.addresses.push(kept);
        }
        record.score = self.conduct.score(id).into();
        record.banned_until = self.conduct.banned_until(id, self.now);
        record.anchor = self.anchors.contains(&id);
        let empty = record.addresses.is_empty() && record.banned_until.is_none();
        (!empty).then_some(record)
    }

    /// Everything that is kept, by id: what a store should hold.
    pub fn records(&self) -> impl Iterator<Item = PeerRecord> {
        let ids = self.store.iter().map(|(_, entry)| entry.id);
        let mut ids: Vec<NodeId> = ids.chain(self.conduct.banned()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().filter_map(|id| self.record(id))
    }

    /// Takes in what was written down before a restart, one node at a time, before the first event.
    /// Returns how many of its addresses were taken: those that are known, our own, nearer than
    /// others may tell of, or more than the options allow are not. Where some have to be left out,
    /// those that were reached come first.
    ///
    /// What is not taken as it is written is handed out as a change, so that a store ends up with
    /// what is kept. Times that lie in the future are taken to be now, and nobody is left alone for longer than
    /// the options say, whatever clock the record was written by.
    pub fn load(&mut self, record: &PeerRecord) -> usize {
        let id = record.id;
        if id == self.me {
            self.mark(id);
            return 0;
        }
        let longest = self.now + self.options.ban;
        let banned = record.banned_until.map(|until| until.min(longest));
        let banned = banned.or_else(|| record.inactive.then_some(longest));
        let banned = banned.filter(|_| !self.options.persistent.contains(&id));
        if let Some(until) = banned.filter(|until| *until > self.now) {
            let _pardoned = self.conduct.ban(id, until);
        }
        let (reached, others): (Vec<_>, Vec<_>) = record
            .addresses
            .iter()
            .partition(|kept| kept.last_success.is_some());
        let kept = reached.into_iter().chain(others);
        let taken = kept.filter(|kept| self.load_address(id, kept)).count();
        if taken > 0 {
            let score = i16::try_from(record.score).unwrap_or_default();
            self.conduct.set_score(id, score);
        }
        if taken > 0 && record.anchor && self.anchors_before.len() < self.options.anchors {
            self.anchors_before.push(id);
            self.anchors.insert(id);
        }
        if !self.is_kept_as(record) {
            self.mark(id);
        }
        taken
    }

    /// Whether this is what would be written down of its node now, in whatever order.
    fn is_kept_as(&self, record: &PeerRecord) -> bool {
        let by_address = |mut record: PeerRecord| {
            let order = |one: &AddressRecord, two: &AddressRecord| one.address.cmp(&two.address);
            record.addresses.sort_unstable_by(order);
            record
        };
        let kept = self.record(record.id).map(by_address);
        kept == Some(by_address(record.clone()))
    }

    fn load_address(&mut self, id: NodeId, kept: &AddressRecord) -> bool {
        let address = &kept.address;
        let lane = self.lane_of(address, kept.source.unwrap_or(self.me));
        if address.id() != id || !self.fits(kept, lane) {
            return false;
        }
        let group = group_of(kept);
        let source = match (teller_of(kept), kept.source) {
            (Some(teller), _) => self.sources.add(teller, group),
            (None, Some(_)) => ITSELF,
            (None, None) => NOBODY,
        };
        let now = self.now;
        let stamp = |time: Option<Time>| time.map_or(Stamp::NEVER, |it| Stamp::of(it.min(now)));
        let (success, known) = (stamp(kept.last_success), kept.first_success.or(kept.heard));
        // A record of the reference says neither; what was never reached is as good as heard now.
        let known = known.or(kept.last_success).unwrap_or(now);
        let newcomer = Newcomer {
            address,
            lane,
            source,
            known: stamp(Some(known)),
            nearest: self.nearest_of_kept(kept),
        };
        let slot = self.store.insert(&newcomer, &mut self.chance);
        if let Some(entry) = self.store.get_mut(slot) {
            entry.success = success;
            entry.failure = stamp(kept.last_failure);
            entry.failures = u16::try_from(kept.failures).unwrap_or(u16::MAX);
        }
        let entry = self.store.get(slot);
        let (_, tested) = entry.map_or((0, 0), |it| self.store.lanes.counts(it.lane));
        // What was reached, but does not count as such, has when it was heard of instead.
        let counts = kept.first_success.is_some() || kept.heard.is_none();
        let room = tested < self.options.tested_per_network || lane == LaneKey::LOCAL;
        if success != Stamp::NEVER && counts && room {
            self.sources.count_untested(source, false);
            self.store.set_tested(slot, true);
        }
        if self.live.get(id).is_none() {
            let until = self.left_alone_until(slot);
            self.rest(slot, until);
        }
        self.hide(address);
        true
    }

    /// Whether an address that was written down may be taken in, by the bounds of the options as
    /// they are now.
    fn fits(&self, kept: &AddressRecord, lane: LaneKey) -> bool {
        let (address, options) = (&kept.address, &self.options);
        let stored = self.store.lanes.find(lane);
        let stored = stored.map_or(0, |lane| self.store.lanes.counts(lane).0);
        let world = Reach::claimed_by(address) == Ok(Reach::World);
        let told = teller_of(kept).map_or(0, |it| self.sources.untested(it, group_of(kept)));
        let in_network =
            lane == LaneKey::LOCAL || (stored as usize) < options.addresses_per_network;
        let at_ip = !world || self.store.at_place(address).len() < options.addresses_per_ip;
        let of_teller = kept.last_success.is_some() || told < options.share(options.teller_percent);
        let in_bounds = in_network && at_ip && of_teller;
        let nearest = self.nearest_of_kept(kept);
        !self.is_own(address)
            && Reach::claimed_by(address).is_ok_and(|reach| reach >= nearest)
            && self.store.len() < options.addresses_max
            && self.store.of_node(address.id()).len() < options.addresses_per_node
            && self.store.find(address).is_none()
            && (in_bounds || self.was_chosen(kept))
    }

    /// Whether it was the operator who named an address, or wants to be connected with its node, of
    /// which it is more than what strangers say.
    fn was_chosen(&self, kept: &AddressRecord) -> bool {
        let hearsay = kept.source.is_some() && kept.last_success.is_none();
        let chosen = self.options.is_chosen(kept.address.id());
        kept.source == Some(self.me) || chosen && !hearsay
    }

    /// How near an address that was written down may lie, now and when a name is looked up.
    fn nearest_of_kept(&self, kept: &AddressRecord) -> Reach {
        if self.was_chosen(kept) {
            Reach::Host
        } else if kept.last_success.is_some() {
            self.options.nearest.max(Reach::Host)
        } else {
            let claimed = Reach::claimed_by(&kept.address).unwrap_or(Reach::World);
            claimed.max(self.options.nearest).max(Reach::Host)
        }
    }
}

/// Who told of an address: not its own node, but for what that told from another place, as others do.
fn teller_of(kept: &AddressRecord) -> Option<NodeId> {
    let at_its_own = kept.source == Some(kept.address.id()) && kept.source_group == 0;
    kept.source.filter(|_| !at_its_own)
}

/// The network from which an address was told.
fn group_of(kept: &AddressRecord) -> Option<LaneKey> {
    let known = ![0, ELSEWHERE].contains(&kept.source_group);
    known.then_some(LaneKey(kept.source_group))
}
