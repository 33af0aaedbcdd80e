//! The life of a peer, from the dial to the end of the connection.
//!
//! ```text
//!              dial ──▶ Dialing ──▶ Connected ──▶ Ready ──▶ Evicting ──▶ gone
//!                          │            ▲           ▲ │         ▲
//!          accept ─────────┼────────────┘           │ ▼         │
//!                          ▼                      Claimed ──────┘
//!                       Refused ──▶ gone
//! ```
//!
//! A node is in one of these, or in none: then it is at most stored. Everything that is counted of
//! peers is counted in one place, [`Live::set`], from what a life adds and what it takes away.

use alloc::collections::{BTreeMap, BTreeSet};
use core::net::IpAddr;
use core::time::Duration;

use super::arena::Slot;
use crate::network::machine_at;
use crate::{Epoch, Group, NodeId, Reach, Time};

/// What a dial is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To have a peer.
    Keep,
    /// To have a peer in place of this one, of lower score.
    Upgrade(NodeId),
    /// To see whether the node is there.
    Feel,
}

/// A dial under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dial {
    /// What is dialed; none if it is not stored.
    pub(crate) slot: Option<Slot>,
    pub(crate) purpose: Purpose,
    /// Whether it takes one of the places, as its connection will.
    pub(crate) counted: bool,
    /// When we stop waiting for the driver.
    pub(crate) until: Time,
    pub(crate) ip: Option<IpAddr>,
}

/// A connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) epoch: Epoch,
    pub(crate) outbound: bool,
    /// Whether it takes one of the places; connections of unconditional peers do not.
    pub(crate) counted: bool,
    pub(crate) ip: Option<IpAddr>,
    /// Where it was reached, if we dialed it and that is stored.
    pub(crate) slot: Option<Slot>,
    pub(crate) since: Time,
    pub(crate) in_use: bool,
    /// When its place goes to another, unless it is in use then.
    pub(crate) rotates_at: Option<Time>,
    /// Decides, with `tie`, who has to go first.
    pub(crate) score: i32,
    pub(crate) tie: u64,
}

/// Where a node stands that is more than stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Dialing(Dial),
    /// Connected, and not to be used yet.
    Connected(Link),
    Ready(Link),
    /// Connected, or ready; its place is promised to a peer that is being dialed.
    Claimed {
        link: Link,
        ready: bool,
        by: NodeId,
    },
    /// Has to go; takes its place until it is gone.
    Evicting(Link),
    /// Was not let in; takes no place.
    Refused(Link),
}

impl Life {
    /// The connection, unless there is none yet.
    pub(crate) const fn link(&self) -> Option<&Link> {
        match self {
            Self::Dialing(_) => None,
            Self::Connected(link)
            | Self::Ready(link)
            | Self::Claimed { link, .. }
            | Self::Evicting(link)
            | Self::Refused(link) => Some(link),
        }
    }

    /// The entry of which it is, if that is stored.
    pub(crate) const fn slot(&self) -> Option<Slot> {
        match self {
            Self::Dialing(dial) => dial.slot,
            Self::Connected(link)
            | Self::Ready(link)
            | Self::Claimed { link, .. }
            | Self::Evicting(link)
            | Self::Refused(link) => link.slot,
        }
    }

    pub(crate) const fn link_mut(&mut self) -> Option<&mut Link> {
        match self {
            Self::Dialing(_) => None,
            Self::Connected(link)
            | Self::Ready(link)
            | Self::Claimed { link, .. }
            | Self::Evicting(link)
            | Self::Refused(link) => Some(link),
        }
    }

    /// The connection of one who has a place and need not go yet.
    pub(crate) const fn staying(&self) -> Option<&Link> {
        match self {
            Self::Connected(link) | Self::Ready(link) | Self::Claimed { link, .. } => Some(link),
            Self::Dialing(_) | Self::Evicting(_) | Self::Refused(_) => None,
        }
    }

    /// The IP address of the world that it is or will be at, and whether we began it. Of a site of our
    /// own any number may live at one address.
    fn place(&self) -> Option<(IpAddr, bool)> {
        let (ip, ours) = match self {
            Self::Dialing(dial) => (dial.ip, true),
            Self::Connected(link)
            | Self::Ready(link)
            | Self::Claimed { link, .. }
            | Self::Evicting(link) => (link.ip, link.outbound),
            Self::Refused(_) => (None, false),
        };
        let ip = ip.filter(|&ip| Reach::of(ip) == Reach::World)?;
        Some((ip, ours))
    }

    pub(crate) const fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(_) | Self::Claimed { ready: true, .. })
    }

    /// When something is to be done about it.
    const fn due(&self) -> Option<Time> {
        match self {
            Self::Dialing(dial) => Some(dial.until),
            Self::Connected(link) | Self::Ready(link) | Self::Claimed { link, .. } => {
                link.rotates_at
            }
            Self::Evicting(_) | Self::Refused(_) => None,
        }
    }
}

/// How many there are of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// All dials.
    pub(crate) dialing: usize,
    /// Dials for a place of ours; those of unconditional peers take none.
    pub(crate) dialing_to_keep: usize,
    /// Dials for the place of another.
    pub(crate) upgrading: usize,
    /// Dials to see whether somebody is there.
    pub(crate) feeling: usize,
    pub(crate) outbound: usize,
    pub(crate) inbound: usize,
    /// Connections that take no place, of unconditional peers.
    pub(crate) uncounted: usize,
    pub(crate) evicting: usize,
    pub(crate) refused: usize,
    /// Peers that may be used.
    pub(crate) ready: usize,
}

impl Tally {
    /// Peers that have a place, those who have to go left out.
    pub(crate) const fn connected(&self) -> usize {
        self.outbound.saturating_add(self.inbound)
    }

    fn count(&mut self, life: &Life, more: bool) {
        let mut step = |count: fn(&mut Self) -> &mut usize| step(count(self), more);
        if life.is_ready() {
            step(|it| &mut it.ready);
        }
        match life {
            Life::Dialing(dial) => {
                step(|it| &mut it.dialing);
                match dial.purpose {
                    Purpose::Keep if dial.counted => step(|it| &mut it.dialing_to_keep),
                    Purpose::Keep => {}
                    Purpose::Upgrade(_) => step(|it| &mut it.upgrading),
                    Purpose::Feel => step(|it| &mut it.feeling),
                }
            }
            Life::Connected(link) | Life::Ready(link) | Life::Claimed { link, .. } => {
                if !link.counted {
                    step(|it| &mut it.uncounted);
                } else if link.outbound {
                    step(|it| &mut it.outbound);
                } else {
                    step(|it| &mut it.inbound);
                }
            }
            Life::Evicting(_) => step(|it| &mut it.evicting),
            Life::Refused(_) => step(|it| &mut it.refused),
        }
    }
}

/// Everybody who is being dialed or is connected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Live {
    peers: BTreeMap<NodeId, Life>,
    tally: Tally,
    /// Who would have to go first: by score, then by chance; those whom we dialed, and the others.
    ranks: [BTreeSet<(i32, u64, NodeId)>; 2],
    /// Connections of ours and dials, and connections of others, by IP address.
    ips: BTreeMap<IpAddr, (usize, usize)>,
    /// Connections of ours by the network in which they really end, whatever name led there.
    groups: BTreeMap<Group, usize>,
    agenda: BTreeSet<(Time, NodeId)>,
}

impl Live {
    pub(crate) fn get(&self, id: NodeId) -> Option<&Life> {
        self.peers.get(&id)
    }

    pub(crate) const fn tally(&self) -> Tally {
        self.tally
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (NodeId, &Life)> {
        self.peers.iter().map(|(id, life)| (*id, life))
    }

    /// Puts a node into another life, or out of all.
    pub(crate) fn set(&mut self, id: NodeId, life: Option<Life>) -> Option<Life> {
        let old = match life {
            Some(life) => self.peers.insert(id, life),
            None => self.peers.remove(&id),
        };
        if let Some(old) = &old {
            self.count(id, old, false);
        }
        if let Some(new) = &life {
            self.count(id, new, true);
        }
        old
    }

    fn count(&mut self, id: NodeId, life: &Life, more: bool) {
        self.tally.count(life, more);
        if let Some(due) = life.due() {
            set(&mut self.agenda, (due, id), more);
        }
        // Whoever is claimed already can't be claimed again.
        if let Life::Connected(link) | Life::Ready(link) = life
            && link.counted
        {
            let [ours, others] = &mut self.ranks;
            let ranks = if link.outbound { ours } else { others };
            set(ranks, (link.score, link.tie, id), more);
        }
        let Some((ip, ours)) = life.place() else {
            return;
        };
        let machine = machine_at(ip);
        let counts = self.ips.entry(machine).or_default();
        step(if ours { &mut counts.0 } else { &mut counts.1 }, more);
        if *counts == (0, 0) {
            self.ips.remove(&machine);
        }
        if ours && !matches!(life, Life::Dialing(_)) {
            let count = self.groups.entry(Group::of(ip)).or_default();
            step(count, more);
            if *count == 0 {
                self.groups.remove(&Group::of(ip));
            }
        }
    }

    /// Connections of ours that end in the network of this IP address.
    pub(crate) fn in_group_of(&self, ip: IpAddr) -> usize {
        self.groups.get(&Group::of(ip)).copied().unwrap_or_default()
    }

    /// Connections of ours with this IP address and dials to it, and connections of others from it.
    /// Those that only this site can reach are not counted. A /64 of IPv6 is one address.
    pub(crate) fn with_ip(&self, ip: IpAddr) -> (usize, usize) {
        self.ips.get(&machine_at(ip)).copied().unwrap_or_default()
    }

    /// The same of those who count, by [`machine_at`], counted anew.
    pub(crate) fn at_ips(
        &self,
        counts: impl Fn(NodeId, &Life) -> bool,
    ) -> BTreeMap<IpAddr, (usize, usize)> {
        let mut at_ips = BTreeMap::new();
        let lives = self.iter().filter(|(id, life)| counts(*id, life));
        for (ip, ours) in lives.filter_map(|(_, life)| life.place()) {
            let there: &mut (usize, usize) = at_ips.entry(machine_at(ip)).or_default();
            step(if ours { &mut there.0 } else { &mut there.1 }, true);
        }
        at_ips
    }

    /// Who would have to go first, of those whom we dialed or of the others, if the score is lower
    /// than this.
    pub(crate) fn worst_below(&self, score: i32, outbound: bool) -> Option<NodeId> {
        let [ours, others] = &self.ranks;
        let (lowest, _, id) = (if outbound { ours } else { others }).first()?;
        (*lowest < score).then_some(*id)
    }

    /// When something is to be done first.
    pub(crate) fn first_due(&self) -> Option<(Time, NodeId)> {
        self.agenda.first().copied()
    }

    /// Sets back the times of all; `tie` is what decides between those of equal score from then on.
    pub(crate) fn rewind(&mut self, back: Duration, tie: impl Fn(&Link) -> u64) {
        let peers = core::mem::take(&mut self.peers);
        *self = Self::default();
        for (id, mut life) in peers {
            if let Life::Dialing(dial) = &mut life {
                dial.until = dial.until.back(back);
            } else if let Some(link) = life.link_mut() {
                link.since = link.since.back(back);
                link.rotates_at = link.rotates_at.map(|at| at.back(back));
                link.tie = tie(link);
            }
            self.set(id, Some(life));
        }
    }

    pub(crate) fn is_sound(&self) -> bool {
        let mut again = Self::default();
        for (id, life) in self.iter() {
            again.set(id, Some(*life));
        }
        again.tally == self.tally
            && again.ranks == self.ranks
            && again.ips == self.ips
            && again.groups == self.groups
            && again.agenda == self.agenda
    }
}

const fn step(count: &mut usize, more: bool) {
    *count = if more {
        count.saturating_add(1)
    } else {
        count.saturating_sub(1)
    };
}

fn set<T: Ord>(set: &mut BTreeSet<T>, what: T, present: bool) {
    if present {
        set.insert(what);
    } else {
        set.remove(&what);
    }
}
