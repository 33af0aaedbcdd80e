//! What is taken in of what others tell.

use core::net::{IpAddr, Ipv4Addr};

use super::Switch;
use super::named::Role;
use crate::book::{AddError, Added};
use crate::peers::lanes::LaneKey;
use crate::peers::said::{Place, Said, Voice};
use crate::stats::count;
use crate::{NetAddress, NodeAddress, NodeId};

/// How often an address must have failed, never reached, for its place not to be taken in again.
pub(super) const RETRIES: u32 = 3;

impl Switch {
    /// Takes in what somebody told; whether it was new. What the operator says is a seed.
    pub(super) fn learn(&mut self, address: &NodeAddress, from: NodeId) -> bool {
        if from == self.me {
            self.names.add(address.clone(), Role::Seed);
            self.hurry();
        }
        let Ok(place) = NetAddress::try_from(address) else {
            count(&mut self.counts.unfit, u64::from(from != self.me));
            return false;
        };
        let source = if from == self.me {
            place
        } else {
            self.place_of(from)
        };
        self.take_in(&place, &source)
    }

    /// Where a peer is; nowhere, if that is not known.
    fn place_of(&self, id: NodeId) -> NetAddress {
        let nowhere = NetAddress::new(id, IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        self.places.get(&id).copied().unwrap_or(nowhere)
    }

    pub(super) fn take_in(&mut self, place: &NetAddress, source: &NetAddress) -> bool {
        if self.is_forgotten(place, source) && !self.book.has_address(place) {
            count(&mut self.counts.forgotten, 1);
            return false;
        }
        let taken = self.book.add_address(self.now, place, source);
        let counts = &mut self.counts;
        let counter = match taken {
            Ok(Added::New) => &mut counts.learned,
            Ok(Added::Again | Added::Known) => &mut counts.known,
            Err(AddError::NotRoutable) => &mut counts.not_routable,
            Err(AddError::Invalid) => &mut counts.unfit,
            Err(
                AddError::Banned(_) | AddError::Private | AddError::PrivateSource | AddError::Ours,
            ) => &mut counts.unwanted,
            Err(AddError::Crowded(_) | AddError::Full) => &mut counts.crowded,
        };
        count(counter, 1);
        let is_new = taken == Ok(Added::New);
        if is_new {
            self.hurry();
        }
        is_new
    }

    /// Whether this was found false not long ago, or its place was dialed as often as it may be; or
    /// who tells it has told a wrong id of the place, and is not there himself.
    fn is_forgotten(&mut self, place: &NetAddress, source: &NetAddress) -> bool {
        let (said, now) = (self.said(place), self.now);
        if self.forgotten.refuses(said, now) {
            return true;
        }
        place != source && self.forgotten.has_liars(said.place(), now) && {
            let voice = self.voice_at(source);
            self.forgotten.has_lied(voice, said.place(), now)
        }
    }

    pub(super) fn mark_of(&self, place: &NetAddress) -> Place {
        Place::at(self.key, place.ip(), place.port())
    }

    pub(super) fn said(&self, place: &NetAddress) -> Said {
        Said::of(self.key, self.mark_of(place), place.id())
    }

    pub(super) fn voice_at(&self, source: &NetAddress) -> Voice {
        Voice::at(self.key, Some(LaneKey::of(source.ip())), source.id())
    }

    /// Looks for peers, or for whom to check, now.
    pub(super) fn hurry(&mut self) {
        self.ensure_at = self.ensure_at.min(self.now);
        self.crawl_at = self.crawl_at.map(|at| at.min(self.now));
    }
}
