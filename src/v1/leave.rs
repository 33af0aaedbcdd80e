//! Whose time is over, and who has lasted.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;

use super::Switch;
use crate::peers::life::Life;
use crate::peers::{Action, Eviction};
use crate::stats::count;
use crate::{Actions, NodeId, Time};

const HOUR: Duration = Duration::from_secs(3_600);

/// How long a peer must have stayed to be an anchor.
const LASTED: Duration = HOUR;

impl Switch {
    /// The time of a connection is over.
    pub(super) fn on_time_over(&mut self, peer: NodeId, out: &mut Actions<Action>) {
        let Some(mut life) = self.live.get(peer).copied() else {
            return;
        };
        if self.checking.contains(&peer) {
            self.evict(peer, Eviction::Feeler, out);
        } else if self.options.seed_mode {
            self.evict(peer, Eviction::Stayed, out);
        } else if life.staying().is_some_and(|link| link.in_use) || !self.has_another() {
            // Nothing is gained by hanging up where nobody else could be dialed.
            if let Some(link) = life.link_mut() {
                link.rotates_at = Some(self.now + HOUR);
            }
            self.live.set(peer, Some(life));
        } else {
            self.evict(peer, Eviction::Rotated, out);
        }
    }

    /// Whether the book knows of somebody with whom we are not connected.
    const fn has_another(&self) -> bool {
        let tally = self.live.tally();
        self.book.size() > tally.outbound.saturating_add(tally.inbound)
    }

    pub(super) fn on_in_use(&mut self, peer: NodeId, in_use: bool) {
        if let Some(mut life) = self.live.get(peer).copied()
            && let Some(link) = life.link_mut()
        {
            link.in_use = in_use;
            self.live.set(peer, Some(life));
        }
    }

    /// A peer has answered: a check of a seed node is done with it.
    pub(super) fn on_answered(&mut self, peer: NodeId, out: &mut Actions<Action>) {
        if self.checking.contains(&peer) {
            self.evict(peer, Eviction::Feeler, out);
        }
    }

    /// Whether this is a newcomer at a seed node, who is there for an answer and no more.
    pub(super) fn is_guest(&self, peer: NodeId) -> bool {
        let inbound = |life: &Life| life.staying().is_some_and(|link| !link.outbound);
        let newcomer = self.live.get(peer).is_some_and(inbound);
        self.options.seed_mode && newcomer && !self.is_kept(peer)
    }

    /// A peer is being answered: a seed node is done with a newcomer then.
    pub(super) fn on_served(&mut self, peer: NodeId, out: &mut Actions<Action>) {
        if self.is_guest(peer) {
            count(&mut self.counts.served, 1);
            self.evict(peer, Eviction::Served, out);
        }
    }

    /// Whom to dial first after a restart: those of ours who have stayed for longest.
    pub(super) fn choose_anchors(&mut self) {
        if self.options.anchors == 0 || self.options.seed_mode {
            return;
        }
        let lasted = self.live.iter().filter_map(|(id, life)| {
            let link = life.staying().filter(|link| link.outbound)?;
            let stays = self.now - link.since >= LASTED || self.anchors.contains(&id);
            stays.then_some((link.since, id))
        });
        let mut lasted: Vec<(Time, NodeId)> = lasted.collect();
        lasted.sort_unstable();
        let mut anchors: Vec<NodeId> = lasted.into_iter().map(|(_, id)| id).collect();
        // Who was one stays one until another has lasted.
        let before = self.anchors.iter().filter(|&&id| self.book.has_node(id));
        anchors.extend(before.copied());
        let mut chosen = BTreeSet::new();
        anchors.retain(|id| chosen.insert(*id));
        anchors.truncate(self.options.anchors);
        let anchors_now = anchors.iter().copied().collect();
        if anchors_now != self.anchors {
            self.anchors = anchors_now;
            self.book.set_anchors(anchors);
        }
    }
}
