//! What becomes of a dial, and what that says of the address.

use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::Switch;
use super::accept::{COOLDOWN, Ending};
use super::ensure::Hindrance;
use super::learn::RETRIES;
use crate::peers::life::{Life, Purpose};
use crate::peers::{Action, DialFailure, Eviction};
use crate::stats::count;
use crate::{Actions, Epoch, NetAddress, NodeAddress, NodeId, Time};

/// How long we wait before we try again what was not tried.
const MOMENT: Duration = Duration::from_secs(1);

impl Switch {
    pub(super) fn on_dial_failed(&mut self, address: &NodeAddress, why: DialFailure) {
        let id = address.id();
        if self.dialing.get(&id) == Some(address) {
            self.on_dial_over(id, why);
        } else {
            // It was accepted meanwhile, or given up, or never asked for.
            count(&mut self.counts.stray_events, 1);
        }
    }

    /// A dial has come to nothing.
    pub(super) fn on_dial_over(&mut self, id: NodeId, why: DialFailure) {
        self.live.set(id, None);
        let Some(address) = self.dialing.remove(&id) else {
            return;
        };
        count(&mut self.counts.failed, 1);
        if why == DialFailure::NotTried {
            self.rest(id, self.now + MOMENT);
            self.ensure_at = self.now + MOMENT;
            self.take_back_dial(&address);
            return;
        }
        let (now, min) = (self.now, self.options.retry_min);
        // Whoever is needed when nobody else is left must not have been put off for hours before.
        let longest = self.options.retry_persistent_max;
        self.names.fail(&address, now, |failures| {
            let times = 4_u32.saturating_pow(failures.saturating_sub(1));
            min.saturating_mul(times).min(longest)
        });
        if let Ok(place) = NetAddress::try_from(&address) {
            self.hold_against(&place, why);
        }
        self.hurry();
    }

    /// A dial was not made after all, so it does not count among those of its place.
    fn take_back_dial(&mut self, address: &NodeAddress) {
        if let Ok(place) = NetAddress::try_from(address)
            && !self.names.has(address)
            && self.is_hearsay(&place)
        {
            self.forgotten.take_back_dial(self.mark_of(&place));
        }
    }

    /// A place has failed. Where nobody answers, whoever else is said to live there would not have
    /// answered either.
    fn hold_against(&mut self, place: &NetAddress, why: DialFailure) {
        let mut others = Vec::new();
        if why == DialFailure::Unreachable {
            others = self.neighbours(place);
        }
        self.fail(place, why);
        for other in others {
            self.fail(&other, why);
        }
    }

    /// Other addresses of the book with the same IP address and port, of nodes that are not there.
    fn neighbours(&self, place: &NetAddress) -> Vec<NetAddress> {
        let book = &self.book.shelf;
        let there = book.at_place(place).into_iter();
        let there = there.filter_map(|slot| Some(book.get(slot)?.address));
        let others = there.filter(|it| it != place && it.port() == place.port());
        others
            .filter(|it| self.live.get(it.id()).is_none())
            .collect()
    }

    /// An address has failed.
    fn fail(&mut self, place: &NetAddress, why: DialFailure) {
        if !self.book.mark_attempt(self.now, place) {
            return;
        }
        let Some(known) = self.book.known(place) else {
            return;
        };
        let reached = known.last_success.is_some();
        let over = match why {
            // Another node lives there, or nobody can.
            DialFailure::NotThisNode | DialFailure::Unusable => !reached,
            DialFailure::Unreachable | DialFailure::NotTried => false,
        };
        let max = if reached {
            self.options.attempts_max
        } else {
            RETRIES.min(self.options.attempts_max)
        };
        // When nobody can be reached, it is not him.
        let excused = self.is_cut_off() || reached && self.has_none_of_ours();
        if over || known.attempts >= max && !excused {
            self.give_up(place, &known.source, why);
        }
    }

    /// An address leaves the book, and is not taken in again for a day. That somebody tells a wrong
    /// id of a place says little against the place.
    fn give_up(&mut self, place: &NetAddress, source: &NetAddress, why: DialFailure) {
        count(&mut self.counts.given_up, 1);
        if why == DialFailure::NotThisNode {
            let (said, liar) = (self.said(place), self.voice_at(source));
            self.forgotten.insert_lie(said, Some(liar), self.now);
        } else {
            self.forgotten.insert(self.mark_of(place), self.now);
        }
        self.book.remove_address(place);
    }

    pub(super) fn on_dialed(
        &mut self,
        address: &NodeAddress,
        epoch: Epoch,
        ip: Option<IpAddr>,
        out: &mut Actions<Action>,
    ) {
        let id = address.id();
        let mut is_asked_for = false;
        let purpose = match self.live.get(id).copied() {
            Some(Life::Dialing(dial)) => {
                is_asked_for = true;
                // Whoever is to be connected with us stays, for whatever he was dialed.
                if self.options.is_persistent(id) {
                    Purpose::Keep
                } else {
                    dial.purpose
                }
            }
            Some(life) if life.link().is_some_and(|link| link.epoch == epoch) => {
                count(&mut self.counts.stray_events, 1);
                return;
            }
            Some(_) => {
                // Another connection takes the place of the one before.
                self.end(id, Ending::Replaced, out);
                Purpose::Keep
            }
            None => Purpose::Keep,
        };
        self.live.set(id, None);
        self.dialing.remove(&id);
        count(&mut self.counts.reached, 1);
        let ip = ip.or_else(|| address.ip()).map(|ip| ip.to_canonical());
        let place = ip.map(|ip| NetAddress::new(id, ip, address.port()));
        if id == self.me {
            // What others say of themselves leads to us: it is ours.
            if let Some(place) = &place {
                self.book.add_our_address(place);
            }
            self.refuse(id, epoch, true, Eviction::Ourselves, out);
            return;
        }
        self.names.succeed(id);
        self.resting.remove(&id);
        if let Some(place) = place {
            // Who was banned meanwhile does not come back by it.
            let _known = self.book.mark_good(self.now, &place);
        }
        let stays = self.judge_dialed(id, purpose, is_asked_for, place.as_ref());
        match stays {
            Ok(()) => self.admit(id, epoch, ip, place, Some(purpose)),
            Err(why) => {
                let until = self.now + COOLDOWN;
                self.rest(id, until);
                self.refuse(id, epoch, true, why, out);
            }
        }
    }

    fn judge_dialed(
        &self,
        id: NodeId,
        purpose: Purpose,
        is_asked_for: bool,
        place: Option<&NetAddress>,
    ) -> Result<(), Eviction> {
        if self.is_banned(id) {
            return Err(Eviction::Banned);
        }
        if purpose == Purpose::Feel {
            return if self.options.seed_mode {
                Ok(())
            } else {
                Err(Eviction::Feeler)
            };
        }
        if self.is_kept(id) {
            return Ok(());
        }
        // A dial that was not asked for may not have a place that another is dialed for.
        let taken = self.live.tally().outbound;
        if taken >= self.options.outbound_max || !is_asked_for && !self.has_free_place() {
            return Err(Eviction::Full);
        }
        // A name may have led to where we are already.
        match place.and_then(|place| self.hindrance_of_place(place)) {
            Some(Hindrance::NetworkTaken) if self.is_starving() => Ok(()),
            Some(_) => Err(Eviction::NetworkFull),
            None => Ok(()),
        }
    }

    /// Whether a peer has a place whoever else is connected.
    pub(super) fn is_kept(&self, id: NodeId) -> bool {
        self.options.unconditional.contains(&id) || self.options.is_persistent(id)
    }

    /// Leaves a node alone until then.
    pub(super) fn rest(&mut self, id: NodeId, until: Time) {
        const RESTING_MAX: usize = 4_096;
        self.names.rest(id, until);
        if self.resting.len() >= RESTING_MAX {
            let now = self.now;
            self.resting.retain(|_, until| *until > now);
        }
        if self.resting.len() < RESTING_MAX {
            self.resting.insert(id, until);
        }
    }
}
