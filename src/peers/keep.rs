//! Who is let in, who stays, and who has to go.

use core::net::IpAddr;
use core::time::Duration;

use super::conduct::SCORE_MAX;
use super::life::{Life, Link, Purpose};
use super::{Action, Eviction, Misconduct, PeerManager};
use crate::stats::count;
use crate::{Actions, Epoch, NodeAddress, NodeId};

/// Connections that were refused whose end is waited for. More are refused as well, and forgotten
/// at once.
const REFUSED_MAX: usize = 1_024;

/// A connection of ours that ends before this counts as a failure of its address: who accepts and
/// hangs up is of no use.
const SHORT: Duration = Duration::from_secs(60);

/// How long a persistent peer is left alone after a connection: `reconnectInterval` of CometBFT.
const RECONNECT: Duration = Duration::from_secs(5);

impl PeerManager {
    pub(super) fn on_accepted(
        &mut self,
        peer: NodeId,
        epoch: Epoch,
        ip: Option<IpAddr>,
        listen: Option<&NodeAddress>,
        out: &mut Actions<Action>,
    ) {
        match self.live.get(peer).copied() {
            Some(life) if life.link().is_some_and(|link| link.epoch == epoch) => {
                count(&mut self.counts.stray_events, 1);
                return;
            }
            Some(Life::Dialing(dial)) => {
                // Who comes to us need not be dialed any more.
                self.unclaim(dial.purpose, peer);
                self.set_life(peer, None);
                self.release(peer, self.now);
            }
            Some(_) => self.end(peer, out),
            None => {}
        }
        let ip = ip.map(|ip| ip.to_canonical());
        match self.judge_accepted(peer, ip) {
            Ok(victim) => {
                if let Some(victim) = victim {
                    self.evict(victim, Eviction::Upgraded, out);
                }
                self.admit(peer, epoch, ip, None, false);
            }
            Err(why) => self.refuse(peer, epoch, false, why, out),
        }
        // Its own word, from where it really is: it may be dialed one day.
        if let Some(listen) = listen.filter(|listen| listen.id() == peer) {
            let _taken = self.learn_from(listen, peer, ip);
        }
    }

    /// Whether somebody who has come is let in, and who has to go for it.
    fn judge_accepted(&self, id: NodeId, ip: Option<IpAddr>) -> Result<Option<NodeId>, Eviction> {
        if id == self.me {
            return Err(Eviction::Ourselves);
        }
        if self.conduct.banned_until(id, self.now).is_some() {
            return Err(Eviction::Banned);
        }
        if self.options.unconditional.contains(&id) {
            return Ok(None);
        }
        let of_ip = ip.map_or(0, |ip| self.live.with_ip(ip).1);
        if of_ip >= self.options.inbound_per_ip && !self.options.is_chosen(id) {
            return Err(Eviction::NetworkFull);
        }
        let inbound = self.live.tally().inbound;
        if inbound < self.options.inbound_max && self.has_place_at_all() {
            return Ok(None);
        }
        match self.live.worst_below(self.score(id), false) {
            Some(victim) if self.options.upgrade_max > 0 && self.has_upgrade_slot() => {
                Ok(Some(victim))
            }
            _ => Err(Eviction::Full),
        }
    }

    /// Lets a connection in.
    pub(super) fn admit(
        &mut self,
        id: NodeId,
        epoch: Epoch,
        ip: Option<IpAddr>,
        slot: Option<super::arena::Slot>,
        outbound: bool,
    ) {
        count(&mut self.counts.admitted, 1);
        self.occupy(id);
        let kept = self.options.persistent.contains(&id);
        let counted = !self.options.unconditional.contains(&id);
        let link = Link {
            epoch,
            outbound,
            counted,
            ip,
            slot,
            since: self.now,
            in_use: false,
            rotates_at: if outbound && counted && !kept {
                self.draw_life()
            } else {
                None
            },
            score: self.score(id),
            tie: self.chance.next_u64(),
        };
        self.set_life(id, Some(Life::Connected(link)));
    }

    /// Does not let a connection in.
    pub(super) fn refuse(
        &mut self,
        id: NodeId,
        epoch: Epoch,
        outbound: bool,
        why: Eviction,
        out: &mut Actions<Action>,
    ) {
        let feeler = why == Eviction::Feeler;
        count(&mut self.counts.refused, u64::from(!feeler));
        out.push(Action::Evict {
            peer: id,
            epoch,
            why,
        });
        if self.live.tally().refused >= REFUSED_MAX {
            self.release(id, self.now + self.options.cooldown);
            return;
        }
        self.occupy(id);
        let link = Link {
            epoch,
            outbound,
            counted: false,
            ip: None,
            slot: None,
            since: self.now,
            in_use: false,
            rotates_at: None,
            score: 0,
            tie: 0,
        };
        self.set_life(id, Some(Life::Refused(link)));
    }

    pub(super) fn on_ready(&mut self, peer: NodeId, epoch: Epoch, out: &mut Actions<Action>) {
        let life = self.live.get(peer).copied();
        let is_it = life.is_some_and(|it| it.link().is_some_and(|link| link.epoch == epoch));
        let ready = match life.filter(|_| is_it) {
            Some(Life::Connected(link)) => Life::Ready(link),
            Some(Life::Claimed {
                link,
                ready: false,
                by,
            }) => Life::Claimed {
                link,
                ready: true,
                by,
            },
            // It has to go; that it could be used now does not matter.
            Some(Life::Evicting(_) | Life::Refused(_)) => return,
            _ => {
                count(&mut self.counts.stray_events, 1);
                return;
            }
        };
        self.set_life(peer, Some(ready));
        out.push(Action::Up { peer, epoch });
    }

    pub(super) fn on_disconnected(
        &mut self,
        peer: NodeId,
        epoch: Epoch,
        out: &mut Actions<Action>,
    ) {
        let link = self.live.get(peer).and_then(Life::link);
        if link.is_some_and(|link| link.epoch == epoch) {
            self.end(peer, out);
        } else {
            count(&mut self.counts.stray_events, 1);
        }
    }

    /// A connection is over.
    pub(super) fn end(&mut self, peer: NodeId, out: &mut Actions<Action>) {
        let Some(life) = self.set_life(peer, None) else {
            return;
        };
        let Some(link) = life.link() else {
            return;
        };
        if life.is_ready() {
            let epoch = link.epoch;
            out.push(Action::Down { peer, epoch });
        }
        self.release(peer, self.now + self.cooldown(peer));
        if let Some(slot) = link.slot {
            self.judge_session(slot, life.staying().is_some(), self.now - link.since);
        }
        if self.store.of_node(peer).is_empty() {
            self.conduct.set_score(peer, 0);
        }
        if link.outbound {
            self.choose_anchors();
        }
    }

    /// How long a node is left alone after a connection. Not for long if the operator wants to be
    /// connected with it; whoever hangs up again and again fails, and waits for that.
    pub(super) fn cooldown(&self, peer: NodeId) -> Duration {
        let cooldown = self.options.cooldown;
        if self.options.persistent.contains(&peer) {
            cooldown.min(RECONNECT)
        } else {
            cooldown
        }
    }

    /// What a connection of ours says of its address, now that it is over. It failed if its node
    /// hung up at once; only one that lasted wipes out the failures before, so a node that accepts
    /// and hangs up is dialed less and less often.
    fn judge_session(&mut self, slot: super::arena::Slot, hung_up: bool, lasted: Duration) {
        if lasted >= SHORT {
            self.wipe_failures(slot);
        } else if hung_up {
            self.fail(slot);
        }
    }

    /// A peer has been of use. If it has been there for a minute, that makes good the failures of where
    /// it is. Others are told of it again then, as they would be if we had never dialed it; it may stay
    /// for days, and nobody dials whom he is connected with.
    pub(super) fn make_good(&mut self, peer: NodeId) {
        let link = self.live.get(peer).and_then(Life::staying);
        let Some(&link) = link.filter(|link| self.now - link.since >= SHORT) else {
            return;
        };
        for slot in self.store.of_node(peer) {
            let ip = self.store.get(slot).and_then(|entry| self.store.ip(entry));
            if link.slot == Some(slot) || ip.is_some() && ip == link.ip {
                self.wipe_failures(slot);
            }
        }
    }

    /// Tells a peer to go.
    pub(super) fn evict(&mut self, peer: NodeId, why: Eviction, out: &mut Actions<Action>) {
        let Some(life) = self.live.get(peer).copied() else {
            return;
        };
        let Some(&link) = life.staying() else {
            return;
        };
        count(&mut self.counts.evicted, 1);
        let epoch = link.epoch;
        if life.is_ready() {
            out.push(Action::Down { peer, epoch });
        }
        self.set_life(peer, Some(Life::Evicting(link)));
        out.push(Action::Evict { peer, epoch, why });
        if link.outbound {
            self.choose_anchors();
        }
    }

    /// Promises a peer's place to another.
    pub(super) fn claim(&mut self, victim: NodeId, by: NodeId) {
        let life = match self.live.get(victim) {
            Some(&Life::Connected(link)) => Life::Claimed {
                link,
                ready: false,
                by,
            },
            Some(&Life::Ready(link)) => Life::Claimed {
                link,
                ready: true,
                by,
            },
            _ => return,
        };
        self.set_life(victim, Some(life));
    }

    /// Takes back what was promised to this node.
    pub(super) fn unclaim(&mut self, purpose: Purpose, by: NodeId) {
        let Purpose::Upgrade(victim) = purpose else {
            return;
        };
        if let Some(&Life::Claimed {
            link,
            ready,
            by: its,
        }) = self.live.get(victim)
            && its == by
        {
            let life = if ready {
                Life::Ready(link)
            } else {
                Life::Connected(link)
            };
            self.set_life(victim, Some(life));
        }
    }

    pub(super) fn on_misbehaved(
        &mut self,
        peer: NodeId,
        how: Misconduct,
        out: &mut Actions<Action>,
    ) {
        if peer == self.me {
            return;
        }
        let points = match how {
            Misconduct::Minor => -1,
            Misconduct::Major => -10,
            Misconduct::Fatal => -SCORE_MAX,
        };
        self.change_score(peer, points);
        // Whom the operator wants to be connected with, he wants to be connected with.
        if self.options.persistent.contains(&peer) {
            return;
        }
        let banned = how == Misconduct::Fatal || self.conduct.score(peer) <= -SCORE_MAX;
        if banned {
            self.ban(peer);
        }
        if banned || how == Misconduct::Major {
            self.evict(peer, Eviction::Misconduct, out);
        }
    }

    fn ban(&mut self, peer: NodeId) {
        count(&mut self.counts.bans, 1);
        let until = self.now + self.options.ban;
        self.conduct.set_score(peer, 0);
        let pardoned = self.conduct.ban(peer, until);
        for id in [Some(peer), pardoned].into_iter().flatten() {
            if self.live.get(id).is_none() {
                self.release(id, self.now);
            }
            for slot in self.store.of_node(id) {
                self.retell(slot);
            }
            self.mark(id);
        }
    }

    /// Changes the score of a node that is connected or stored.
    pub(super) fn change_score(&mut self, peer: NodeId, by: i16) {
        if peer == self.me || self.live.get(peer).is_none() && self.store.of_node(peer).is_empty() {
            count(&mut self.counts.stray_events, 1);
            return;
        }
        self.conduct.change(peer, by);
        let score = self.score(peer);
        if let Some(mut life) = self.live.get(peer).copied()
            && let Some(link) = life.link_mut()
        {
            link.score = score;
            self.set_life(peer, Some(life));
        }
        self.mark(peer);
    }
}
