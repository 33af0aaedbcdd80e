//! Enough peers: how many are wanted, and who.
//!
//! In this order: persistent peers, come what may; those who lasted in the life before; a seed, where the
//! book has led to hardly anybody for a while, or left places free and there is a seed that was never tried;
//! addresses of the book, but for a newcomer's last place while there is such a seed; and when there are
//! none, a seed.

use core::time::Duration;

use super::Switch;
use super::dial::Target;
use super::named::{Named, Role};
use crate::peers::lanes::Among;
use crate::peers::life::{Life, Purpose};
use crate::{Group, NetAddress, NodeAddress, NodeId, Reach, Time};

/// How much rather a new address is picked where feelers try them, of a hundred:
/// [`AddrBook::pick_address`](crate::book::AddrBook::pick_address) weighs it with how many there are.
const NEW_BIAS: u8 = 5;

/// Tries for each peer that is wanted, with the bias that there is; and when they come to nothing, for
/// a new one. The reference tries three times (`maxAttempts`), and again in half a minute.
const TRIES: usize = 24;

/// Looks in a row, half a minute apart, at which hardly anybody is with us, or not everybody whom there is a
/// place for, before a seed is asked though the book has addresses.
const STARVES: u32 = 2;

/// Draws of an old address, of which the one that has been good for longest is taken.
///
/// Many newcomers at once are a crowd or an attack, and nothing tells them apart but time. With half
/// of all networks an attacker who came later is taken once in 4,096 times.
const DRAWS: usize = 12;

impl Switch {
    /// How many peers are wanted: the places of ours that are neither taken nor dialed for.
    pub(super) const fn wanted(&self) -> usize {
        if self.options.seed_mode {
            return 0;
        }
        self.free_places()
    }

    const fn free_places(&self) -> usize {
        let tally = self.live.tally();
        let taken = tally.outbound.saturating_add(tally.dialing_to_keep);
        self.options.outbound_max.saturating_sub(taken)
    }

    /// Whether a place of ours is neither taken nor dialed for.
    pub(super) const fn has_free_place(&self) -> bool {
        self.free_places() > 0
    }

    /// How much rather a new address is picked, of a hundred.
    ///
    /// The reference picks the more new ones the more peers it has, up to nine in ten, which is how
    /// whoever tells most comes to be dialed most. It has no other way to try them. Feelers have,
    /// so where there are any a place of ours goes to a new one only now and then.
    fn new_bias(&self) -> u8 {
        if self.options.feeler_every.is_some() {
            return NEW_BIAS;
        }
        let peers = self.live.tally().outbound.min(8);
        u8::try_from(peers).map_or(90, |peers| peers.saturating_mul(10).saturating_add(10))
    }

    /// Whether we are connected with nobody.
    pub(super) const fn is_lonely(&self) -> bool {
        let tally = self.live.tally();
        tally.connected().saturating_add(tally.uncounted) == 0
    }

    /// Whether we are connected with nobody of our own choice: whoever has come may be silent. A seed
    /// node chooses nobody.
    pub(super) fn has_none_of_ours(&self) -> bool {
        if self.options.seed_mode {
            return self.is_cut_off();
        }
        let tally = self.live.tally();
        tally.outbound.saturating_add(tally.uncounted) == 0
    }

    /// Whether nobody at all seems to be there, so that a failure says nothing of whom we dialed. A
    /// seed node is connected with nobody most of the time: it goes by when it last met somebody.
    pub(super) fn is_cut_off(&self) -> bool {
        const HOUR: Duration = Duration::from_secs(3_600);
        let met = self.options.seed_mode && self.met_at.is_some_and(|at| self.now - at < HOUR);
        self.is_lonely() && !met
    }

    /// Whether less than a third of our places is taken: then a second connection with a network is
    /// better than none.
    pub(super) const fn is_starving(&self) -> bool {
        let tally = self.live.tally();
        let taken = tally.outbound.saturating_add(tally.dialing_to_keep);
        taken.saturating_mul(3) < self.options.outbound_max
    }

    /// A persistent peer that is neither connected nor dialed.
    pub(super) fn next_persistent(&self) -> Option<NodeAddress> {
        let ready = self.names.ready(Role::Persistent, self.now);
        let mut missing = ready.filter(|it| self.live.get(it.id()).is_none() && it.id() != self.me);
        missing.next().cloned()
    }

    /// Somebody for a place of ours, when it is time to look.
    pub(super) fn next_peer(&mut self) -> Option<Target> {
        if self.wanted() == 0 || self.ensure_at > self.now {
            return None;
        }
        if let Some(address) = self.next_anchor() {
            return Some(Target::kept(address.into()));
        }
        if let Some(seed) = self.next_seed_beside_the_book() {
            return Some(Target::kept(seed));
        }
        if self.keeps_last_place_for_a_seed() {
            self.plan_ensure();
            return None;
        }
        let bias = self.new_bias();
        if let Some(address) = self.pick(bias).or_else(|| self.pick(100)) {
            return Some(Target::kept(address.into()));
        }
        self.plan_ensure();
        let seed = self.next_seed();
        if seed.is_none() {
            self.look_when_a_seed_may_be_asked();
        }
        seed.map(Target::kept)
    }

    /// A seed though the book has addresses: any, where less than a third of our places has had a peer for a
    /// while; one that was not tried in this life, where a place has had none.
    ///
    /// The reference asks a seed only where it has no peer, and finds nobody to dial. Whoever makes up
    /// addresses faster than they are dialed, such as one seed of several, keeps all others from being
    /// asked for ever; and so does who tells of a few others like him.
    fn next_seed_beside_the_book(&mut self) -> Option<NodeAddress> {
        if self.starved >= STARVES && self.is_a_seed_ready(|_| true) {
            (self.starved, self.unfilled) = (1, 1);
            return self.draw_seed(|_| true);
        }
        if self.unfilled >= STARVES && self.is_a_seed_ready(Named::is_untried) {
            self.unfilled = 1;
            return self.draw_seed(Named::is_untried);
        }
        None
    }

    /// Whether the one place that is left waits for a seed that was never tried. The first seed that a
    /// newcomer asks may tell of so many others like him that they would take all places.
    ///
    /// The reference has nothing like it.
    fn keeps_last_place_for_a_seed(&self) -> bool {
        let is_last = self.wanted() == 1 && self.options.outbound_max > 1;
        is_last && self.newcomer && self.is_a_seed_ready(Named::is_untried)
    }

    /// Notes whether less than a third of our places has a peer, and whether one has none.
    pub(super) fn count_free_places(&mut self) {
        let (peers, places) = (self.live.tally().outbound, self.options.outbound_max);
        let counted = |holds: bool, before: u32| if holds { before.saturating_add(1) } else { 0 };
        self.starved = counted(peers.saturating_mul(3) < places, self.starved);
        self.unfilled = counted(peers < places, self.unfilled);
    }

    /// Without a peer of ours, the next look is at a seed as soon as that may be.
    fn look_when_a_seed_may_be_asked(&mut self) {
        let tally = self.live.tally();
        if tally.outbound > 0 || tally.dialing_to_keep > 0 {
            return;
        }
        let fits = |it: &Named| self.may_be_asked(it.address.id());
        if let Some(at) = self.names.first(Role::Seed, fits) {
            self.ensure_at = self
                .ensure_at
                .min(at.max(self.now + Duration::from_secs(1)));
        }
    }

    /// When peers are looked for next, if nothing else happens.
    fn plan_ensure(&mut self) {
        let tenth = self.options.ensure_period.checked_div(10);
        let tenth = tenth.unwrap_or_default();
        let jitter = self.chance.up_to(tenth.saturating_mul(2));
        let period = self.options.ensure_period.saturating_sub(tenth);
        self.ensure_at = self.now + period.saturating_add(jitter);
    }

    fn next_anchor(&mut self) -> Option<NetAddress> {
        while let Some(id) = self.anchors_before.pop() {
            let known = self.book.addresses_of(id).into_iter();
            let best = known.max_by_key(|it| (it.old, it.last_success));
            let address = best.map(|it| it.address);
            if let Some(address) = address.filter(|it| self.hindrance(it).is_none()) {
                return Some(address);
            }
        }
        None
    }

    /// An address of the book that may be dialed; of several old ones, the one that has been good for
    /// longest. Those that can't be dialed do not count, or those who have been good for longest would
    /// keep the others out by being connected.
    fn pick(&mut self, bias: u8) -> Option<NetAddress> {
        let (mut best, mut second_best) = (None, None);
        let mut found = 0_usize;
        for _ in 0..TRIES {
            // The bias of nothing but old ones, once there is one.
            let bias = if best.is_some() { 0 } else { bias };
            let slot = self.book.pick(bias, Among::All)?;
            let entry = self.book.shelf.get(slot)?;
            let (address, old, since) = (entry.address, entry.old, entry.first_success());
            match self.hindrance(&address) {
                None if self.is_told_too_often(&address) => {}
                None if old => {
                    best = best.min(Some((since, address))).or(Some((since, address)));
                    found = found.saturating_add(1);
                    if found >= DRAWS {
                        break;
                    }
                }
                None if best.is_none() => return Some(address),
                Some(Hindrance::NetworkTaken) if !self.is_told_too_often(&address) => {
                    second_best = Some(address);
                }
                None | Some(_) => {}
            }
        }
        let second_best = second_best.filter(|_| self.is_starving());
        best.map(|(_, address)| address).or(second_best)
    }

    /// A seed, when there is nobody else to dial. However many the book holds, they may all be gone;
    /// whoever has come to us may be silent, or want us to hear of nobody else; and the few with whom we
    /// are may know nobody but each other.
    pub(super) fn next_seed(&mut self) -> Option<NodeAddress> {
        let tally = self.live.tally();
        let has_enough = tally.outbound > 0 && !self.is_starving();
        if tally.dialing_to_keep > 0 || has_enough && !self.book.is_empty() {
            return None;
        }
        self.draw_seed(|_| true)
    }

    /// Whether a seed that `counts` may be asked now.
    fn is_a_seed_ready(&self, counts: fn(&Named) -> bool) -> bool {
        let fits = |it: &Named| counts(it) && self.may_be_asked(it.address.id());
        let first = self.names.first(Role::Seed, fits);
        first.is_some_and(|at| at <= self.now)
    }

    /// One of the seeds that count and may be asked now, each with the same chance.
    pub(super) fn draw_seed(&mut self, counts: fn(&Named) -> bool) -> Option<NodeAddress> {
        let fits = |it: &Named| counts(it) && self.may_be_asked(it.address.id());
        let mut chance = self.chance.clone();
        let seed = self.names.pick(Role::Seed, self.now, &mut chance, fits);
        self.chance = chance;
        seed
    }

    /// Whether a seed may be dialed, as far as it is not put off.
    pub(super) fn may_be_asked(&self, id: NodeId) -> bool {
        self.live.get(id).is_none() && id != self.me && !self.is_banned(id)
    }

    /// Why an address can't be dialed for a place of ours now.
    pub(super) fn hindrance(&self, address: &NetAddress) -> Option<Hindrance> {
        let id = address.id();
        if id == self.me
            || self.live.get(id).is_some()
            || self.resting.get(&id).is_some_and(|until| *until > self.now)
            || self.is_banned(id)
            || self.left_alone_until(address) > self.now
        {
            return Some(Hindrance::Other);
        }
        self.hindrance_of_place(address)
    }

    /// Why there can't be a connection of ours with this place beside those that there are.
    pub(super) fn hindrance_of_place(&self, place: &NetAddress) -> Option<Hindrance> {
        if self.options.allow_duplicate_ip || Reach::of(place.ip()) != Reach::World {
            return None;
        }
        if self.live.with_ip(place.ip()).0 > 0 {
            return Some(Hindrance::Other);
        }
        let taken = self.live.in_group_of(place.ip()) > 0 || self.dials_into_group_of(place);
        taken.then_some(Hindrance::NetworkTaken)
    }

    /// Connections of ours with one IP address of the world, beside those that have a place whatever
    /// others there are.
    pub(super) const fn ours_per_ip(&self) -> usize {
        if self.options.seed_mode || self.options.allow_duplicate_ip {
            usize::MAX
        } else {
            1
        }
    }

    fn dials_into_group_of(&self, address: &NetAddress) -> bool {
        let group = Group::of(address.ip());
        let mut dials = self.dialing.iter().filter_map(|(id, address)| {
            let keeps =
                |life: &Life| matches!(life, Life::Dialing(it) if it.purpose == Purpose::Keep);
            address
                .ip()
                .filter(|_| self.live.get(*id).is_some_and(keeps))
        });
        dials.any(|ip| Group::of(ip) == group)
    }

    /// When peers are looked for next; none if none are wanted.
    pub(super) fn next_look(&self) -> Option<Time> {
        let looks = self.wanted() > 0;
        looks.then_some(self.ensure_at)
    }
}

/// Why an address can't be dialed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hindrance {
    /// There is a connection of ours with its network.
    NetworkTaken,
    /// Anything else.
    Other,
}
