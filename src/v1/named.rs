//! Those whom the operator named: seeds and persistent peers. They may be known by a name, which
//! the book has no place for, and are never given up.

use alloc::vec::Vec;
use core::time::Duration;

use crate::seed::Chance;
use crate::{NodeAddress, NodeId, Time};

/// Why the operator named a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// To be connected with it.
    Persistent,
    /// To ask it when nobody else is known.
    Seed,
}

/// One whom the operator named.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) address: NodeAddress,
    pub(crate) role: Role,
    failures: u32,
    /// When it may be dialed again.
    next: Time,
    /// Whether it was reached, or a dial of it has failed, since the node has started.
    tried: bool,
}

impl Named {
    /// Whether nobody has tried to reach it by this address since the node has started.
    pub(crate) const fn is_untried(&self) -> bool {
        !self.tried
    }
}

/// All whom the operator named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    all: Vec<Named>,
}

impl Names {
    pub(crate) fn new(persistent: &[NodeAddress], seeds: &[NodeAddress]) -> Self {
        let mut names = Self::default();
        for (role, addresses) in [(Role::Persistent, persistent), (Role::Seed, seeds)] {
            for address in addresses {
                names.add(address.clone(), role);
            }
        }
        names
    }

    pub(crate) fn add(&mut self, address: NodeAddress, role: Role) {
        if !self.all.iter().any(|it| it.address == address) {
            self.all.push(Named {
                address,
                role,
                failures: 0,
                next: Time::EPOCH,
                tried: false,
            });
        }
    }

    /// Of a role, those of the list before are no longer named, and those of the new one are. Who is in
    /// both stays as he is.
    pub(crate) fn replace(&mut self, role: Role, before: &[NodeAddress], new: &[NodeAddress]) {
        let is_gone = |it: &NodeAddress| before.contains(it) && !new.contains(it);
        self.all
            .retain(|it| it.role != role || !is_gone(&it.address));
        for address in new {
            self.add(address.clone(), role);
        }
    }

    /// Whether the operator named this node for that.
    pub(crate) fn is(&self, id: NodeId, role: Role) -> bool {
        let mut its = self.all.iter().filter(|it| it.address.id() == id);
        its.any(|it| it.role == role)
    }

    /// Whether the operator named this address.
    pub(crate) fn has(&self, address: &NodeAddress) -> bool {
        self.all.iter().any(|it| it.address == *address)
    }

    /// Those of a role who may be dialed at `now`.
    pub(crate) fn ready(&self, role: Role, now: Time) -> impl Iterator<Item = &NodeAddress> {
        let ready = self.all.iter();
        let ready = ready.filter(move |it| it.role == role && it.next <= now);
        ready.map(|it| &it.address)
    }

    /// One of them, each with the same chance, whom `fits` allows.
    pub(crate) fn pick(
        &self,
        role: Role,
        now: Time,
        chance: &mut Chance,
        fits: impl Fn(&Named) -> bool,
    ) -> Option<NodeAddress> {
        let ready = self.all.iter();
        let ready = ready.filter(|it| it.role == role && it.next <= now && fits(it));
        let ready: Vec<&Named> = ready.collect();
        let below = u32::try_from(ready.len()).unwrap_or(u32::MAX);
        let picked = ready.get(chance.below(below) as usize);
        picked.map(|it| it.address.clone())
    }

    /// When the first of a role may be dialed whom `fits` allows.
    pub(crate) fn first(&self, role: Role, fits: impl Fn(&Named) -> bool) -> Option<Time> {
        let all = self.all.iter().filter(|it| it.role == role);
        let times = all.filter(|it| fits(it)).map(|it| it.next);
        times.min()
    }

    /// A dial has failed: the next comes after `backoff` of the failures in a row.
    pub(crate) fn fail(
        &mut self,
        address: &NodeAddress,
        now: Time,
        backoff: impl Fn(u32) -> Duration,
    ) {
        for named in self.all.iter_mut().filter(|it| it.address == *address) {
            named.failures = named.failures.saturating_add(1);
            named.next = now + backoff(named.failures);
            named.tried = true;
        }
    }

    /// A node is left alone until then, without blame.
    pub(crate) fn rest(&mut self, id: NodeId, until: Time) {
        for named in self.all.iter_mut().filter(|it| it.address.id() == id) {
            named.next = named.next.max(until);
        }
    }

    /// A node was reached.
    pub(crate) fn succeed(&mut self, id: NodeId) {
        for named in self.all.iter_mut().filter(|it| it.address.id() == id) {
            named.failures = 0;
            named.tried = true;
        }
    }

    pub(crate) fn rewind(&mut self, back: Duration) {
        for named in &mut self.all {
            named.next = named.next.back(back);
        }
    }
}
