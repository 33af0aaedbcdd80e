//! Whom to dial next.
//!
//! In this order: whom the operator chose, by score; the anchors of the life before; a network and
//! an address of it, while there are places; and now and then a feeler, which only sees whether
//! somebody is there.

use core::net::IpAddr;
use core::time::Duration;

use super::arena::Slot;
use super::entry::{Entry, Turn};
use super::lanes::{Among, Kind};
use super::life::{Dial, Life, Purpose};
use super::room::Guest;
use super::sources::{ITSELF, NOBODY};
use super::{Action, DIAL_PATIENCE, PeerManager};
use crate::stats::count;
use crate::{Actions, NodeAddress, NodeId, Reach, Subnet, Time};

/// Picks in a row that may come to nothing before we wait a moment.
const PICKS_MAX: u32 = 8;

/// How long that moment is.
const MOMENT: Duration = Duration::from_secs(1);

/// How long an address is left alone whose IP address is in use for another node.
const A_WHILE: Duration = Duration::from_secs(5);

const MINUTE: Duration = Duration::from_secs(60);

/// What is dialed: an entry, or an address that waits to become one.
pub(super) enum Target {
    Stored(Slot, Purpose),
    Guest(Guest),
}

impl PeerManager {
    /// Dials as many as there are places, dials and tokens for.
    pub(super) fn fill(&mut self, out: &mut Actions<Action>) {
        self.dial_at = None;
        let mut vain = 0;
        while self.live.tally().dialing < self.options.dialing_max {
            let per_second = self.options.dials_per_second;
            if let Some(at) = self.rate.wait(self.now, per_second) {
                self.dial_at = Some(at).filter(|_| self.may_want_to_dial());
                return;
            }
            if vain == PICKS_MAX {
                self.dial_at = Some(self.now + MOMENT);
                return;
            }
            match self.next_target() {
                Some(Target::Stored(slot, purpose)) => {
                    if let Some(until) = self.hindered(slot, purpose) {
                        self.set_turn(slot, Turn::Waiting, until);
                        vain = vain.saturating_add(1);
                    } else {
                        self.dial(slot, purpose, out);
                    }
                }
                Some(Target::Guest(guest)) => self.dial_guest(guest, out),
                None => return,
            }
        }
    }

    fn may_want_to_dial(&self) -> bool {
        let any = |kind| self.store.lanes.pickable(kind, Among::All) > 0;
        self.wants_more() && (any(Kind::Tested) || any(Kind::Untested)) || self.feeler_is_due()
    }

    /// Whether there is a place for one more whom we dial.
    pub(super) const fn has_place_of_ours(&self) -> bool {
        let tally = self.live.tally();
        let outbound = tally.outbound.saturating_add(tally.dialing_to_keep);
        outbound < self.options.outbound_max && self.has_place_at_all()
    }

    /// Whether there is a place for one more, whoever began it.
    pub(super) const fn has_place_at_all(&self) -> bool {
        let tally = self.live.tally();
        let taken = tally.connected().saturating_add(tally.dialing_to_keep);
        taken < self.options.connected_max && self.has_upgrade_slot()
    }

    /// Whether those who are leaving and those who come for them are fewer than may be.
    pub(super) const fn has_upgrade_slot(&self) -> bool {
        let tally = self.live.tally();
        let all = tally
            .connected()
            .saturating_add(tally.dialing_to_keep)
            .saturating_add(tally.upgrading)
            .saturating_add(tally.evicting);
        let max = self.options.connected_max;
        all < max.saturating_add(self.options.upgrade_max)
    }

    fn next_target(&mut self) -> Option<Target> {
        let stored = |slot, purpose| Some(Target::Stored(slot, purpose));
        if let Some((slot, purpose)) = self.next_chosen() {
            return stored(slot, purpose);
        }
        if self.has_place_of_ours() {
            let slot = self.next_anchor().or_else(|| self.pick());
            if let Some(slot) = slot {
                return stored(slot, Purpose::Keep);
            }
        }
        if self.feeler_is_due() {
            self.plan_feeler();
            return self.next_to_feel();
        }
        None
    }

    /// The one with the highest score of those whom the operator chose, if there is a place for
    /// him, or one that he may take. Who needs none does not wait behind who finds none.
    fn next_chosen(&self) -> Option<(Slot, Purpose)> {
        let &(score, _, first) = self.chosen.first()?;
        let needs_none = |id: &NodeId| self.options.unconditional.contains(id);
        let (id, purpose) = if self.has_place_of_ours() || needs_none(&first) {
            (first, Purpose::Keep)
        } else if let Some(worse) = self.worse_than(score.0) {
            (first, Purpose::Upgrade(worse))
        } else {
            let mut chosen = self.chosen.iter().map(|(_, _, id)| *id);
            (chosen.find(needs_none)?, Purpose::Keep)
        };
        Some((self.best_of(id)?, purpose))
    }

    /// Whose place somebody with this score may take.
    fn worse_than(&self, score: i32) -> Option<NodeId> {
        let may = self.has_upgrade_slot() && self.options.upgrade_max > 0;
        may.then(|| self.live.worst_below(score, true)).flatten()
    }

    /// The address of a node that is most likely to answer, of those that may be dialed.
    fn best_of(&self, id: NodeId) -> Option<Slot> {
        let entries = self.store.of_node(id).into_iter();
        let ready = entries.filter_map(|slot| {
            let entry = self.store.get(slot)?;
            (entry.turn == Turn::Ready).then_some((
                self.is_hearsay(slot),
                !entry.tested,
                entry.failures,
                slot,
            ))
        });
        ready.min().map(|(.., slot)| slot)
    }

    fn next_anchor(&mut self) -> Option<Slot> {
        while let Some(id) = self.anchors_before.pop() {
            if let Some(slot) = self.best_of(id) {
                return Some(slot);
            }
        }
        None
    }

    /// A network, and an address of it.
    fn pick(&mut self) -> Option<Slot> {
        let tested = self.chance.below(100) < self.options.tested_percent.into();
        let picked = self.pick_among(tested, Among::Open);
        if picked.is_none() && self.is_starving() {
            return self.pick_among(tested, Among::All);
        }
        picked
    }

    fn pick_among(&mut self, tested: bool, among: Among) -> Option<Slot> {
        if tested {
            self.pick_oldest(among)
                .or_else(|| self.pick_one(Kind::Untested, among))
        } else {
            self.pick_one(Kind::Untested, among)
                .or_else(|| self.pick_oldest(among))
        }
    }

    /// Of several draws of a tested address, the one that has been good for longest. Many newcomers
    /// at once are a crowd or an attack, and nothing tells them apart but time.
    fn pick_oldest(&mut self, among: Among) -> Option<Slot> {
        let mut oldest = None;
        for _ in 0..self.options.oldest_of {
            let slot = self.pick_one(Kind::Tested, among)?;
            let since = self.store.get(slot)?.known;
            if oldest.is_none_or(|(earliest, _)| since < earliest) {
                oldest = Some((since, slot));
            }
        }
        oldest.map(|(_, slot)| slot)
    }

    fn pick_one(&mut self, kind: Kind, among: Among) -> Option<Slot> {
        self.store.lanes.pick(kind, among, &mut self.chance)
    }

    /// Whether less than a third of our places is taken: then a second connection with a network is
    /// better than none. All nodes may live in one network, and that must not cut them off.
    pub(super) const fn is_starving(&self) -> bool {
        let tally = self.live.tally();
        let taken = tally.outbound.saturating_add(tally.dialing_to_keep);
        taken.saturating_mul(3) < self.options.outbound_max
    }

    /// Until when an entry can't be dialed now, for the sake of others; none if it can.
    fn hindered(&mut self, slot: Slot, purpose: Purpose) -> Option<Time> {
        let entry = self.store.get(slot)?;
        let ip = self.store.ip(entry);
        let excused = self.has_none_of_ours() || self.is_wanted(slot);
        if self.is_unproved(slot) && (self.is_hearsay(slot) || !excused) {
            let address = self.store.address(entry)?;
            let until = self.hearsay_waits_until(&address);
            if until.is_some() {
                return until;
            }
        }
        if self.is_wanted(slot) {
            return None;
        }
        if !self.ip_is_free(ip) {
            return Some(self.now + A_WHILE);
        }
        // A name may have led into this network, of which the list of networks knows nothing.
        let taken = purpose != Purpose::Feel && !self.network_is_free(ip);
        let rest = self
            .options
            .retry_max
            .clamp(MINUTE, MINUTE.saturating_mul(10));
        taken.then(|| self.now + rest)
    }

    /// Until when strangers have told enough of this place, or of its subnet.
    fn hearsay_waits_until(&mut self, address: &NodeAddress) -> Option<Time> {
        let max = self.options.hearsay_dials_per_subnet;
        let of_subnet = self.rate.wait_of_hearsay(self.now, subnet_of(address), max);
        of_subnet.max(self.place_waits_until(address))
    }

    fn count_hearsay(&mut self, address: &NodeAddress) {
        if self.options.hearsay_dials_per_subnet == usize::MAX {
            return;
        }
        self.count_dial_of_place(address);
        let ip = address.ip().map(|ip| ip.to_canonical());
        if ip.is_none_or(|ip| Reach::of(ip) == Reach::World) {
            self.rate.count_hearsay(self.now, subnet_of(address));
        }
    }

    /// Whether there may be a connection of ours with this IP address. Where networks are not
    /// bounded, their addresses are not either.
    pub(super) fn ip_is_free(&self, ip: Option<IpAddr>) -> bool {
        let bounded = self.options.outbound_per_network < u32::MAX;
        !bounded || ip.is_none_or(|ip| self.live.with_ip(ip.to_canonical()).0 == 0)
    }

    /// Whether there may be one more connection of ours with the network of this IP address.
    pub(super) fn network_is_free(&self, ip: Option<IpAddr>) -> bool {
        let of_network = ip.map_or(0, |ip| self.live.in_group_of(ip));
        of_network < self.options.outbound_per_network as usize || self.is_starving()
    }

    /// Whether the operator wants to be connected with this node, and it is not a stranger who says
    /// that it lives here.
    pub(super) fn is_wanted(&self, slot: Slot) -> bool {
        let entry = self.store.get(slot);
        entry.is_some_and(|it| self.options.is_chosen(it.id)) && !self.is_hearsay(slot)
    }

    /// Whether all that we know of an address is what somebody else said.
    pub(super) fn is_hearsay(&self, slot: Slot) -> bool {
        self.is_unproved(slot) && self.store.get(slot).is_some_and(|it| it.source != ITSELF)
    }

    /// Whether all that we know of an address is what somebody said, if only the node itself. Whoever
    /// shares an IP address with others may name any port of it.
    pub(super) fn is_unproved(&self, slot: Slot) -> bool {
        self.store.get(slot).is_some_and(|entry| {
            let ours = entry.source == NOBODY || self.is_named(entry);
            !entry.tested && !ours
        })
    }

    /// Whether it was the operator who named this address.
    pub(super) fn is_named(&self, entry: &Entry) -> bool {
        self.sources.id(entry.source) == Some(self.me)
    }

    fn dial(&mut self, slot: Slot, purpose: Purpose, out: &mut Actions<Action>) {
        let Some(entry) = self.store.get(slot) else {
            return;
        };
        let (id, nearest, ip) = (entry.id, entry.nearest, self.store.ip(entry));
        let Some(address) = self.store.address(entry) else {
            return;
        };
        if self.is_unproved(slot) {
            self.count_hearsay(&address);
        }
        if let Purpose::Upgrade(victim) = purpose {
            self.claim(victim, id);
        }
        self.begin(address, nearest, Some(slot), purpose, ip, out);
    }

    fn dial_guest(&mut self, guest: Guest, out: &mut Actions<Action>) {
        let address = guest.address.clone();
        if self.hearsay_waits_until(&address).is_some() {
            return;
        }
        self.count_hearsay(&address);
        let ip = address.ip();
        let nearest = Reach::claimed_by(&address).unwrap_or(Reach::World);
        self.guest = Some(guest);
        self.begin(address, nearest, None, Purpose::Feel, ip, out);
    }

    fn begin(
        &mut self,
        address: NodeAddress,
        nearest: Reach,
        slot: Option<Slot>,
        purpose: Purpose,
        ip: Option<IpAddr>,
        out: &mut Actions<Action>,
    ) {
        self.rate.count(self.now);
        count(&mut self.counts.dials, 1);
        count(
            &mut self.counts.feelers,
            u64::from(purpose == Purpose::Feel),
        );
        self.occupy(address.id());
        let life = Life::Dialing(Dial {
            slot,
            purpose,
            counted: !self.options.unconditional.contains(&address.id()),
            until: self.now + DIAL_PATIENCE,
            ip: ip.map(|ip| ip.to_canonical()),
        });
        self.set_life(address.id(), Some(life));
        out.push(Action::Dial { address, nearest });
    }

    /// Nobody dials an address of this node while something is under way with it.
    pub(super) fn occupy(&mut self, id: NodeId) {
        for slot in self.store.of_node(id) {
            self.set_turn(slot, Turn::Busy, self.now);
        }
    }
}

/// The subnet of an address. Where names lead only the driver knows, and it may be to one place: all
/// of them together are one.
fn subnet_of(address: &NodeAddress) -> Option<Subnet> {
    address.ip().map(|ip| Subnet::of(ip.to_canonical()))
}
