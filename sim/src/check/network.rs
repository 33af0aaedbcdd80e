//! What must hold of the network as a whole, at the end.

use core::time::Duration;
use std::collections::BTreeMap;

use pex::{Group, NodeAddress};

use crate::chance::nanos;
use crate::islands::Islands;
use crate::member::Member;
use crate::scenario::{Depth, Program};
use crate::simulation::Simulation;

/// So long after all trouble a network is one, and so long after it everybody knows nearly everybody.
const CONNECTS: Duration = Duration::from_secs(600);
const LEARNS: Duration = Duration::from_secs(3_600);

/// The most nodes of which everybody is to be known.
pub(super) const LARGE: usize = 1_000;

impl Simulation {
    /// Holds the network to what must have become of it.
    pub(crate) fn finish(&mut self) {
        for node in self.living.clone() {
            self.look_inside(node);
        }
        if self.check.is_none() || self.breach.is_some() {
            return;
        }
        let Some(quiet) = self.quiet_for() else {
            return;
        };
        if quiet >= nanos(CONNECTS) {
            self.is_connected(Duration::from_nanos(quiet));
        }
        if quiet >= nanos(LEARNS) {
            self.is_settled(Duration::from_nanos(quiet));
        }
    }

    /// For how long nothing has gone wrong, nobody has come and nobody has gone; none if that goes on,
    /// or what is to hold cannot: among hostile nodes, or if honest ones were made to look hostile.
    fn quiet_for(&self) -> Option<u64> {
        let faults = &self.faults.drawn;
        let blames = faults.garble + faults.duplicate + faults.delay + faults.strangers > 0.0;
        let all_full = self.crowds.iter().all(|crowd| {
            crowd.watched && crowd.group.depth == Depth::Full && !crowd.group.behind_nat
        });
        if blames || !all_full || !self.trust {
            return None;
        }
        let trouble = faults.any().then(|| faults.until.map_or(self.end, nanos));
        let churn = &self.scenario.churn;
        let churns = churn.replaced_a_minute + churn.restarted_a_minute > 0.0;
        let churning = churns.then(|| churn.until.map_or(self.end, nanos));
        let starts = self
            .crowds
            .iter()
            .map(|crowd| nanos(crowd.group.starts))
            .max();
        let last = trouble.into_iter().chain(churning).chain(starts).max()?;
        Some(self.now.saturating_sub(last))
    }

    pub(super) fn is_seed(&self, node: u32) -> bool {
        let group = usize::from(self.members[node as usize].group);
        self.crowds[group].group.runs == Program::PexSeed
    }

    /// One can get from each to each to whom what they know could have led it.
    pub(super) fn is_connected(&mut self, quiet: Duration) {
        let mut connected = self.connected(|_| true);
        // Seed nodes hang up on everybody, so nothing passes through them.
        let stays = |node: &&u32| !self.is_seed(**node);
        let living: Vec<u32> = self.living.iter().filter(stays).copied().collect();
        let mut introduced = self.introduced();
        // Where nobody dials who stays, nobody meets.
        let dials = |node: &&u32| self.members[**node as usize].machine.dials();
        let dialers: Vec<u32> = living.iter().filter(dials).copied().collect();
        let one_of = dialers.iter().map(|it| (introduced.of(*it), *it));
        let one_of: BTreeMap<u32, u32> = one_of.collect();
        // Whom each of the islands has, and which of them lie apart that began as one.
        let (mut islands, mut apart) = (BTreeMap::<u32, Vec<u32>>::new(), BTreeMap::new());
        for node in living {
            let here = connected.of(node);
            islands.entry(here).or_default().push(node);
            let one = one_of.get(&introduced.of(node));
            if let Some(there) = one.map(|one| connected.of(*one)).filter(|it| *it != here) {
                apart.entry([here, there]).or_insert(node);
            }
        }
        let broken = apart.into_iter().find(|(pair, _)| {
            let [here, there] = pair.map(|it| islands.get(&it).map_or(&[][..], Vec::as_slice));
            self.may_dial(here, there, quiet) || self.may_dial(there, here, quiet)
        });
        if let Some((_, apart)) = broken {
            self.break_off(34, "the honest nodes are connected, all with all", apart);
        }
    }

    /// Whether one of these has a place free to dial one of the others, who has one for him. Who has all
    /// the peers that it may have can be cut off from the rest, as three with two places each; and whom a
    /// node keeps private, it may not know; nor whom its full store has left out. Whoever failed while there was trouble, some leave alone for days.
    fn may_dial(&self, these: &[u32], others: &[u32], quiet: Duration) -> bool {
        let dials = |node: u32| {
            let machine = &self.members[node as usize].machine;
            machine.dials() && machine.pause_after_failure() <= quiet
        };
        let mut dialers =
            (these.iter()).filter(|node| self.free_places(**node)[0] && dials(**node));
        dialers.any(|dialer| {
            let private = &self.members[*dialer as usize].private;
            let mut hosts = others.iter().filter(|node| !private.contains(node));
            hosts.any(|host| {
                self.free_places(*host)[1]
                    && self.has_room_for(*dialer, *host)
                    && self.may_keep(*dialer, *host)
            })
        })
    }

    /// Whether a node dials into the network of another one. With a third of its places taken it does so
    /// only where it has nobody: nodes that all live in one network can fall in two for good.
    fn has_room_for(&self, node: u32, other: u32) -> bool {
        let member = &self.members[node as usize];
        let ours: Vec<u32> = (member.open.iter())
            .filter(|(_, epoch)| self.links.side(*epoch, node) == Some(0))
            .map(|(peer, _)| *peer)
            .collect();
        let network = |node: u32| Group::of(self.places.ip(node));
        let is_taken = ours.iter().any(|it| network(*it) == network(other));
        !is_taken || ours.len() * 3 < member.machine.slots().0
    }

    /// Whether a node has a place free for somebody whom it dials, and for somebody who comes.
    fn free_places(&self, node: u32) -> [bool; 2] {
        let member = &self.members[node as usize];
        let mut taken = [0; 2];
        for (_, epoch) in &member.open {
            taken[self.links.side(*epoch, node).unwrap_or(0)] += 1;
        }
        let (ours, theirs) = member.machine.slots();
        // Its exchange may have fewer peers than its manager.
        let all = self.crowds[usize::from(member.group)].blueprint.peers_max();
        [taken[0] < ours, taken[1] < theirs].map(|free| free && member.open.len() < all)
    }

    /// Whether a node's store holds as many addresses as it may.
    fn is_full(&self, node: u32) -> bool {
        let Member { machine, group, .. } = &self.members[node as usize];
        let bound = self.crowds[usize::from(*group)].group.store;
        bound.is_some_and(|bound| machine.keeps() >= bound as usize)
    }

    /// Whether a node has another one in its store, or room for him.
    fn may_keep(&self, node: u32, other: u32) -> bool {
        let machine = &self.members[node as usize].machine;
        !self.is_full(node) || machine.keeps_node(self.places.id(other))
    }

    /// Who can come to whom by what the living knew when they started, and were told since. Who has died may
    /// have told nobody of whom it knew; a seed node tells those who ask, and dials nobody else for that; and
    /// who has no place for those who come is no way to those whom he knows. Who dials nobody meets nobody by
    /// what he knows, and of whom a full store did not keep nothing is known.
    pub(super) fn introduced(&self) -> Islands {
        let mut introduced = self.connected(|_| true);
        let leads = |node: u32, known: u32| {
            self.members[node as usize].machine.dials() && self.may_keep(node, known)
        };
        let lives = |node: u32| self.members[node as usize].alive;
        let lets_in = |node: u32| self.free_places(node)[1];
        for [node, known] in self.check.iter().flat_map(|check| &check.introduced) {
            let live = lives(*node) && lives(*known);
            if live && !self.is_seed(*node) && lets_in(*known) && leads(*node, *known) {
                introduced.join(*node, *known);
            }
        }
        if self.living.len() <= LARGE {
            for [node, known] in self.told_of() {
                introduced.join(node, known);
            }
        }
        introduced
    }

    /// Which of the living were told of which others, keep them, never dialed them in vain, and have places
    /// for them. Who has none left to dial anybody has told its peers, who have heard of them too.
    fn told_of(&self) -> Vec<[u32; 2]> {
        let dialers: Vec<u32> = (self.living.iter().copied())
            .filter(|node| !self.is_seed(*node) && self.free_places(*node)[0])
            .filter(|node| self.members[*node as usize].machine.dials())
            .collect();
        let hosts: Vec<(u32, NodeAddress)> = (self.living.iter().copied())
            .filter(|node| self.free_places(*node)[1])
            .map(|node| (node, self.places.address(node)))
            .collect();
        let mut pairs = Vec::new();
        for node in dialers {
            let Member {
                machine, private, ..
            } = &self.members[node as usize];
            for (known, address) in &hosts {
                let told = (self.check.as_ref()).is_some_and(|it| it.was_told(node, address));
                if told && !private.contains(known) && machine.may_dial(address) {
                    pairs.push([node, *known]);
                }
            }
        }
        pairs
    }
}
