//! Who is let in, who stays, and who has to go.

use core::net::IpAddr;
use core::time::Duration;

use super::Switch;
use super::named::Role;
use crate::peers::life::{Life, Link, Purpose};
use crate::peers::{Action, Eviction};
use crate::stats::count;
use crate::{Actions, Epoch, NetAddress, NodeAddress, NodeId, Time};

/// Connections that were refused whose end is waited for. More are refused as well, and forgotten
/// at once.
const REFUSED_MAX: usize = 1_024;

/// A connection of ours that ends before this counts as a failure of its address: who accepts and
/// hangs up is of no use.
const SHORT: Duration = Duration::from_secs(60);

/// Nodes of which is kept that they have hung up at once.
const BRIEF_MAX: usize = 4_096;

/// How long a node is left alone after a connection.
pub(super) const COOLDOWN: Duration = Duration::from_secs(30);

/// When a seed is asked again that could not help, at first.
const SEED_AGAIN: Duration = Duration::from_secs(10);

/// How long a node takes to notice that we have hung up. Until then it would refuse our dial.
const HUNG_UP: Duration = Duration::from_secs(1);

/// How long a seed node waits for the answer of one whom it checks.
const CHECK: Duration = Duration::from_secs(15);

/// Newcomers whom a seed node does not send away for others before they had time to ask.
const GRACE: Duration = Duration::from_secs(2);

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// One side has hung up.
    Over,
    /// There is another with the same node: both have dialed each other at once, as a rule.
    Replaced,
}

impl Switch {
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
            // Who comes to us need not be dialed any more.
            Some(Life::Dialing(_)) => {
                self.live.set(peer, None);
                self.dialing.remove(&peer);
            }
            Some(_) => self.end(peer, Ending::Replaced, out),
            None => {}
        }
        let ip = ip.map(|ip| ip.to_canonical());
        let listen = listen.filter(|listen| listen.id() == peer);
        let place = listen.and_then(|listen| NetAddress::try_from(listen).ok());
        let seen = ip.map(|ip| NetAddress::new(peer, ip, place.map_or(0, |it| it.port())));
        match self.judge_accepted(peer, ip) {
            Ok(victim) => {
                if let Some(victim) = victim {
                    self.evict(victim, Eviction::Stayed, out);
                }
                self.admit(peer, epoch, ip, seen.or(place), None);
            }
            Err(why) => self.refuse(peer, epoch, false, why, out),
        }
        // Its own word, which is worth as much as anybody's from where it comes: it may be dialed one
        // day.
        if let Some(place) = place {
            self.take_in(&place, &seen.unwrap_or(place));
        }
    }

    /// Whether somebody who has come is let in, and who has to go for it.
    fn judge_accepted(&self, id: NodeId, ip: Option<IpAddr>) -> Result<Option<NodeId>, Eviction> {
        if id == self.me {
            return Err(Eviction::Ourselves);
        }
        if self.is_banned(id) {
            return Err(Eviction::Banned);
        }
        if self.is_kept(id) {
            return Ok(None);
        }
        let of_ip = ip.map_or(0, |ip| self.live.with_ip(ip).1);
        if of_ip >= self.options.inbound_per_ip {
            return Err(Eviction::NetworkFull);
        }
        let tally = self.live.tally();
        let inbound = tally.inbound.saturating_add(tally.evicting);
        if inbound < self.options.inbound_max {
            return Ok(None);
        }
        // Those who are leaving make room for as many, and no more.
        let limit = self.options.inbound_max.saturating_mul(2);
        if !self.options.seed_mode || inbound >= limit {
            return Err(Eviction::Full);
        }
        if tally.inbound < self.options.inbound_max {
            return Ok(None);
        }
        // Whoever has been here for longest has had time to ask.
        let oldest = self.live.worst_below(i32::MAX, false);
        let since = oldest.and_then(|id| Some(self.live.get(id)?.link()?.since));
        match since {
            Some(since) if self.now - since >= GRACE => Ok(oldest),
            _ => Err(Eviction::Full),
        }
    }

    /// Lets a connection in; `dialed` is what it was dialed for.
    pub(super) fn admit(
        &mut self,
        id: NodeId,
        epoch: Epoch,
        ip: Option<IpAddr>,
        place: Option<NetAddress>,
        dialed: Option<Purpose>,
    ) {
        count(&mut self.counts.admitted, 1);
        self.met_at = Some(self.now);
        let outbound = dialed.is_some();
        let check = dialed == Some(Purpose::Feel);
        if check {
            self.checking.insert(id);
        }
        if let Some(place) = place {
            self.places.insert(id, place);
        }
        let kept = self.is_kept(id);
        let rotates_at = if check {
            Some(self.now + CHECK)
        } else {
            self.time_of(outbound, kept, self.now)
        };
        let chance = self.chance.next_u64();
        let link = Link {
            epoch,
            outbound,
            counted: !check && !self.options.unconditional.contains(&id),
            ip,
            slot: None,
            since: self.now,
            in_use: false,
            rotates_at,
            score: self.rank(id, kept),
            tie: if self.options.seed_mode {
                self.now.as_nanos()
            } else {
                chance
            },
        };
        self.live.set(id, Some(Life::Connected(link)));
    }

    /// When the time of a connection is over that there has been since then.
    pub(super) fn time_of(&mut self, outbound: bool, kept: bool, since: Time) -> Option<Time> {
        if kept {
            None
        } else if self.options.seed_mode {
            Some(since + self.options.newcomer_stays)
        } else if outbound {
            let life = self.options.outbound_life;
            life.map(|mean| self.now + self.chance.life(mean))
        } else {
            None
        }
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
            return;
        }
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
        self.live.set(id, Some(Life::Refused(link)));
    }

    pub(super) fn on_ready(&mut self, peer: NodeId, epoch: Epoch, out: &mut Actions<Action>) {
        let life = self.live.get(peer).copied();
        let is_it = life.is_some_and(|it| it.link().is_some_and(|link| link.epoch == epoch));
        match life.filter(|_| is_it) {
            Some(Life::Connected(link)) => {
                self.live.set(peer, Some(Life::Ready(link)));
                out.push(Action::Up { peer, epoch });
            }
            // It has to go; that it could be used now does not matter.
            Some(Life::Evicting(_) | Life::Refused(_)) => {}
            _ => count(&mut self.counts.stray_events, 1),
        }
    }

    pub(super) fn on_disconnected(
        &mut self,
        peer: NodeId,
        epoch: Epoch,
        out: &mut Actions<Action>,
    ) {
        let link = self.live.get(peer).and_then(Life::link);
        if link.is_some_and(|link| link.epoch == epoch) {
            self.end(peer, Ending::Over, out);
        } else {
            count(&mut self.counts.stray_events, 1);
        }
    }

    /// A connection is over.
    pub(super) fn end(&mut self, peer: NodeId, how: Ending, out: &mut Actions<Action>) {
        let Some(life) = self.live.set(peer, None) else {
            return;
        };
        let place = self.places.remove(&peer);
        let check = self.checking.remove(&peer);
        let Some(link) = life.link() else {
            return;
        };
        if life.is_ready() {
            let epoch = link.epoch;
            out.push(Action::Down { peer, epoch });
        }
        let hung_up = how == Ending::Over && life.staying().is_some();
        let short = self.now - link.since < SHORT;
        // It is a seed's way to hang up.
        let may = check || self.options.is_seed_node(peer);
        let of_no_use = link.outbound && hung_up && short && !may;
        if let Some(place) = place.filter(|_| of_no_use) {
            self.book.mark_attempt(self.now, &place);
        }
        let mut pause = self.pause_after(peer, link.outbound);
        if of_no_use {
            pause = pause.max(self.pause_after_brief(peer));
        } else if link.outbound && !short {
            self.brief.remove(&peer);
        }
        self.rest(peer, self.now + pause);
        self.hurry();
    }

    /// How long a node is left alone that accepts and hangs up: longer each time, for all its places
    /// may be taken.
    fn pause_after_brief(&mut self, peer: NodeId) -> Duration {
        if self.brief.len() < BRIEF_MAX || self.brief.contains_key(&peer) {
            let times = self.brief.entry(peer).or_default();
            *times = times.saturating_add(1);
        }
        let times = self.brief.get(&peer).copied().unwrap_or(1);
        let needed = self.live.tally().outbound == 0
            || self.is_kept(peer)
            || self.names.is(peer, Role::Seed);
        let longest = if needed {
            self.options.retry_persistent_max
        } else {
            self.options.retry_max
        };
        self.backoff(times).min(longest)
    }

    /// How long a node is left alone after a connection.
    fn pause_after(&mut self, peer: NodeId, outbound: bool) -> Duration {
        if self.options.is_seed_node(peer) && !self.options.is_persistent(peer) {
            // It was asked. Where it knew of nobody either, it is asked again, less and less often.
            let longest = self.options.retry_persistent_max;
            if !self.is_lonely() {
                self.seeds_in_vain = 0;
                return longest;
            }
            let times = 2_u32.saturating_pow(self.seeds_in_vain);
            self.seeds_in_vain = self.seeds_in_vain.saturating_add(1);
            return SEED_AGAIN.saturating_mul(times).min(longest);
        }
        if self.options.seed_mode && !outbound {
            // It has been told who is there, and is to be told of: as soon as it has hung up too.
            return HUNG_UP;
        }
        COOLDOWN
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
        self.live.set(peer, Some(Life::Evicting(link)));
        self.checking.remove(&peer);
        out.push(Action::Evict { peer, epoch, why });
    }
}
