//! Whom to check: a seed node's crawl, and the feelers of any other node.

use super::Switch;
use super::dial::Target;
use crate::book::KnownAddress;
use crate::{NetAddress, NodeAddress, Reach, Time};

use core::time::Duration;

/// Entries that one look goes through.
const LOOKS: usize = 512;

/// When the next look comes if the last one did not see the whole book.
const SOON: Duration = Duration::from_millis(20);

/// An old address that was not reached for so long is felt for.
const STALE: Duration = Duration::from_secs(86_400);

/// Draws for a feeler.
const DRAWS: usize = 8;

impl Switch {
    /// Sets the time of the next feeler. A seed node's crawl does their work.
    pub(super) fn plan_feeler(&mut self) {
        let every = self.options.feeler_every;
        let every = every.filter(|_| !self.options.seed_mode);
        self.feel_at = every.map(|every| self.now + self.chance.about(every));
    }

    /// Whom to feel for: an old one whose place another would take; one we have only heard of; an
    /// old one that was not reached for a day.
    pub(super) fn next_feeler(&mut self) -> Option<Target> {
        let due = self.feel_at.is_some_and(|at| at <= self.now);
        if !due || self.live.tally().feeling > 0 {
            return None;
        }
        self.plan_feeler();
        if let Some(address) = self.next_challenged() {
            return Some(Target::checked(address.into()));
        }
        for _ in 0..DRAWS {
            let address = self.book.pick_address(100)?;
            let known = self.book.known(&address);
            let fresh = known.is_some_and(|it| it.old && self.now - last(&it) < STALE);
            if !fresh && self.may_be_checked(&address) && !self.is_told_too_often(&address) {
                return Some(Target::checked(address.into()));
            }
        }
        None
    }

    fn next_challenged(&self) -> Option<NetAddress> {
        self.book.challenged_of(|it| self.may_be_checked(it))
    }

    /// Whom a seed node checks next: a seed while nobody is known or there; whoever holds the place of
    /// another; then everybody in turn, those not reached yet as soon as they are heard of.
    pub(super) fn next_check(&mut self) -> Option<Target> {
        let due = self.crawl_at.is_some_and(|at| at <= self.now);
        let under_way = self
            .live
            .tally()
            .feeling
            .saturating_add(self.checking.len());
        if !due || under_way >= self.options.checks_at_once {
            return None;
        }
        if let Some(address) = self.next_seed_to_check() {
            return Some(Target::checked(address));
        }
        if let Some(address) = self.next_challenged() {
            return Some(Target::checked(address.into()));
        }
        let bound = u32::try_from(self.book.shelf.bound()).unwrap_or(u32::MAX);
        for _ in 0..LOOKS {
            if self.crawled >= bound {
                self.crawled = 0;
                self.crawl_at = Some(self.next_lap());
                return None;
            }
            let slot = self.crawled;
            self.crawled = self.crawled.saturating_add(1);
            let entry = self.book.shelf.get(slot).map(KnownAddress::of);
            let Some(known) = entry.filter(|it| self.is_due(it)) else {
                continue;
            };
            if !self.is_told_too_often(&known.address) {
                return Some(Target::checked(known.address.into()));
            }
        }
        self.crawl_at = Some(self.now + SOON);
        None
    }

    /// The whole book was seen: when it is looked through again. That is at its time, or when somebody
    /// may be dialed who could not be since he was connected just now.
    fn next_lap(&mut self) -> Time {
        let (now, period) = (self.now, self.options.crawl_period);
        let rests = self.resting.values().filter(|until| **until > now);
        let lap = now + self.chance.about(period);
        let soonest = now + Duration::from_secs(1);
        rests
            .min()
            .map_or(lap, |until| lap.min(*until).max(soonest))
    }

    /// Whether it is time to check an address: at once if that never happened, else some time after
    /// it was reached, or after it failed.
    fn is_due(&self, known: &KnownAddress) -> bool {
        let reached = known.last_success.filter(|_| known.attempts == 0);
        let fresh = reached.is_some_and(|at| self.now - at < self.options.check_again);
        !fresh && self.may_be_checked(&known.address)
    }

    fn next_seed_to_check(&mut self) -> Option<NodeAddress> {
        if self.book.old() > 0 && !self.is_cut_off() {
            return None;
        }
        self.draw_seed(|_| true)
    }

    /// Whether an address may be dialed to see whether somebody is there.
    fn may_be_checked(&self, address: &NetAddress) -> bool {
        let id = address.id();
        let shared = Reach::of(address.ip()) != Reach::World;
        id != self.me
            && self.live.get(id).is_none()
            && (shared || self.live.with_ip(address.ip()).0 == 0)
            && self.left_alone_until(address) <= self.now
            && self.resting.get(&id).is_none_or(|until| *until <= self.now)
    }

    /// When a seed node looks for whom to check; none if it can check nobody more.
    pub(super) fn next_crawl(&self) -> Option<Time> {
        let under_way = self
            .live
            .tally()
            .feeling
            .saturating_add(self.checking.len());
        self.crawl_at
            .filter(|_| under_way < self.options.checks_at_once)
    }
}

fn last(known: &KnownAddress) -> Time {
    known.last_success.unwrap_or(Time::EPOCH)
}
