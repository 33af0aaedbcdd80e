//! What a node was told, and what it has found out by itself.

use core::net::IpAddr;
use std::hash::{BuildHasherDefault, DefaultHasher};

use pex::{NodeAddress, NodeEvent, NodeId, Seed, Time};

use super::{Verdict, hold};
use crate::machine::Machine;

/// What all dialects say of an address; none of a name.
type Place = (NodeId, IpAddr, u16);

fn place(address: &NodeAddress) -> Option<Place> {
    let ip = address.ip()?.to_canonical();
    Some((address.id(), ip, address.port()))
}

/// Many thousands, of which each answer names a hundred: to look them up in a tree was a fifth of what
/// a swarm takes.
#[expect(
    clippy::disallowed_types,
    reason = "it is asked, and nobody goes through it in its order; nor is its key drawn"
)]
type Places = std::collections::HashSet<Place, BuildHasherDefault<DefaultHasher>>;

/// How a node starts.
#[derive(Clone, Debug)]
pub(crate) struct Start<'a> {
    /// By its own clock.
    pub(crate) at: Time,
    /// Whom it knows; none if it has written down whom it knows, and much may have become of that.
    pub(crate) knows: Option<&'a [NodeAddress]>,
    /// Whether it has been connected with them before.
    pub(crate) reached: bool,
    /// With whom it is to be connected, come what may.
    pub(crate) persistent: &'a [NodeAddress],
    pub(crate) seed: Seed,
    /// Whether its options are those that every node has.
    pub(crate) is_plain: bool,
    /// Whether newcomers, kin and others stand in lines of their own, as they do but with a policy of
    /// the reference.
    pub(crate) has_lines: bool,
}

/// The memory of one life.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    /// Of whom it was told, by anybody.
    told: Places,
    /// How often of a name.
    names: usize,
    /// Of whom by its operator, or by himself.
    sure: Places,
    /// Where it has reached whom.
    reached: Places,
    /// Whether it began with nothing else.
    is_whole: bool,
    tells_reached: bool,
}

impl Memory {
    pub(super) fn new(own: &NodeAddress, start: &Start<'_>, machine: &Machine) -> Self {
        let known = start.knows.unwrap_or_default().iter().filter_map(place);
        let known: Places = known.collect();
        let mut told = known.clone();
        told.extend(place(own));
        Self {
            reached: if start.reached {
                known.clone()
            } else {
                Places::default()
            },
            sure: known,
            told,
            names: 0,
            is_whole: start.knows.is_some(),
            tells_reached: machine.is_seed(),
        }
    }

    /// Learns what is about to happen, and of whom that tells.
    pub(super) fn before(&mut self, event: &NodeEvent<'_>, told: &[NodeAddress]) {
        match event {
            NodeEvent::Named { address } => {
                self.told.extend(place(address));
                self.sure.extend(place(address));
            }
            NodeEvent::Dialed { address, ip, .. } => {
                let id = address.id();
                let there = ip.map(|ip| (id, ip.to_canonical(), address.port()));
                for place in place(address).into_iter().chain(there) {
                    self.told.insert(place);
                    self.reached.insert(place);
                }
            }
            NodeEvent::Accepted {
                listen: Some(listen),
                ..
            } => {
                self.told.extend(place(listen));
                self.sure.extend(place(listen));
            }
            _ => {}
        }
        self.told.extend(told.iter().filter_map(place));
        self.names += told.iter().filter(|it| it.ip().is_none()).count();
    }

    /// Whether all of which it was told is known.
    pub(super) const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Of how many nodes it was told at most, in this life.
    pub(super) fn told_in_all(&self) -> usize {
        self.told.len() + self.names
    }

    /// Whether all that is known of an address is what strangers say.
    pub(super) fn is_hearsay(&self, address: &NodeAddress) -> bool {
        let is_sure = |it: Place| self.sure.contains(&it) || self.reached.contains(&it);
        self.is_whole && place(address).is_some_and(|it| !is_sure(it))
    }

    /// Whether somebody told it of this.
    pub(super) fn was_told(&self, address: &NodeAddress) -> bool {
        place(address).is_some_and(|it| self.told.contains(&it))
    }

    /// Whether it has reached a node there.
    pub(super) fn has_reached(&self, address: &NodeAddress) -> bool {
        place(address).is_some_and(|it| self.reached.contains(&it))
    }

    /// Holds what is told to what it may be.
    pub(super) fn tells(&self, own: NodeId, address: &NodeAddress) -> Verdict {
        let Some(place) = place(address).filter(|_| self.is_whole) else {
            return Ok(());
        };
        hold(36, self.told.contains(&place), || {
            format!("{address} is told, and nobody has told it")
        })?;
        let may = !self.tells_reached || self.reached.contains(&place) || address.id() == own;
        hold(20, may, || {
            format!("{address} is told by a seed node, which has never reached it")
        })
    }

    /// Holds what counts as reached to what was reached.
    pub(super) fn tested(&self, machine: &Machine) -> Verdict {
        let is_right = |address: &NodeAddress| {
            let place = place(address);
            place.is_none_or(|place| self.reached.contains(&place))
        };
        let wrong = match machine {
            _ if !self.is_whole => None,
            Machine::V2(node) => {
                let all = node.peers().records().flat_map(|it| it.addresses);
                let mut tested = all.filter(|it| it.last_success.is_some());
                tested
                    .find(|it| !is_right(&it.address))
                    .map(|it| it.address)
            }
            Machine::V1(node) => {
                let all = node.peers().book().addresses();
                let mut tested = all.filter(|it| it.last_success.is_some());
                let wrong = tested.find(|it| !is_right(&it.address.into()));
                wrong.map(|it| it.address.into())
            }
            _ => None,
        };
        hold(20, wrong.is_none(), || {
            format!("{wrong:?} counts as reached, and never was")
        })
    }
}
