//! Connections of ours that change hands, and those that lasted.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;

use super::lanes::{Among, Kind};
use super::life::Life;
use super::{Action, Eviction, PeerManager};
use crate::{Actions, NodeId, Time};

const HOUR: Duration = Duration::from_secs(3_600);

/// How long a peer must have stayed to be an anchor.
const LASTED: Duration = HOUR;

impl PeerManager {
    /// When a new connection of ours is to be given up.
    pub(super) fn draw_life(&mut self) -> Option<Time> {
        let mean = self.options.outbound_life?;
        Some(self.now + self.chance.life(mean))
    }

    /// The time of a connection of ours is over.
    pub(super) fn rotate(&mut self, peer: NodeId, out: &mut Actions<Action>) {
        let Some(mut life) = self.live.get(peer).copied() else {
            return;
        };
        let lanes = &self.store.lanes;
        let other = [Kind::Tested, Kind::Untested]
            .into_iter()
            .any(|kind| lanes.pickable(kind, Among::Open) > 0);
        // Nothing is gained by hanging up where nobody else could be dialed.
        let in_use = life.staying().is_some_and(|link| link.in_use);
        if in_use || !other || matches!(life, Life::Claimed { .. }) {
            if let Some(link) = life.link_mut() {
                link.rotates_at = Some(self.now + HOUR);
            }
            self.set_life(peer, Some(life));
        } else {
            self.evict(peer, Eviction::Rotated, out);
        }
    }

    /// Whom to dial first after a restart: those of ours who have stayed for longest.
    pub(super) fn choose_anchors(&mut self) {
        if self.options.anchors == 0 {
            return;
        }
        let lasted = self.live.iter().filter_map(|(id, life)| {
            let link = life.staying().filter(|link| link.slot.is_some())?;
            let stays = self.now - link.since >= LASTED || self.anchors.contains(&id);
            stays.then_some((link.since, id))
        });
        let mut lasted: Vec<(Time, NodeId)> = lasted.collect();
        lasted.sort_unstable();
        lasted.truncate(self.options.anchors);
        let mut anchors: BTreeSet<NodeId> = lasted.into_iter().map(|(_, id)| id).collect();
        // Who was one stays one until another has lasted: neither a restart nor a day without a
        // connection takes them from us.
        for id in &self.anchors {
            let known = !self.store.of_node(*id).is_empty() && !self.is_banned(*id);
            if known && anchors.len() < self.options.anchors {
                anchors.insert(*id);
            }
        }
        let before = core::mem::replace(&mut self.anchors, anchors);
        let changed: Vec<NodeId> = before
            .symmetric_difference(&self.anchors)
            .copied()
            .collect();
        for id in changed {
            self.mark(id);
        }
    }

    pub(super) fn on_release(&mut self, peer: NodeId, out: &mut Actions<Action>) {
        self.evict(peer, Eviction::Released, out);
    }

    pub(super) fn on_in_use(&mut self, peer: NodeId, in_use: bool) {
        if let Some(mut life) = self.live.get(peer).copied()
            && let Some(link) = life.link_mut()
        {
            link.in_use = in_use;
            self.set_life(peer, Some(life));
        }
    }

    /// The peers that may be used, by id.
    pub fn ready(&self) -> impl Iterator<Item = NodeId> {
        let ready = self.live.iter().filter(|(_, life)| life.is_ready());
        ready.map(|(id, _)| id)
    }

    /// Nodes that this one has been connected with for longest, by id: they are dialed first after
    /// a restart.
    pub fn anchors(&self) -> impl Iterator<Item = NodeId> {
        self.anchors.iter().copied()
    }
}
