//! What a peer manager keeps, as plainly as it can be said.

use core::time::Duration;

use pex::peers::{DialFailure, Eviction, Misconduct, Standing};
use pex::{Epoch, Time};

use crate::program::{
    BAN, DEAD, PEERS, PERSISTENT, PRIVATE, RETRY, RETRY_MAX, SCORE, SCORED, Setting, UNCONDITIONAL,
};

/// What is known of an address.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    /// The operator named it.
    pub(crate) named: bool,
    /// Nobody told of it: it was reached first.
    pub(crate) found: bool,
    pub(crate) tested: bool,
    pub(crate) reached: Option<Time>,
    pub(crate) failures: u16,
    pub(crate) failed: Option<Time>,
    /// It may be dialed from some moment between these two on.
    pub(crate) from: (Time, Time),
}

/// Where a peer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Idle,
    Dialing {
        which: Option<u8>,
        purpose: Purpose,
        until: Time,
    },
    Linked {
        link: Link,
        ready: bool,
        claimed_by: Option<u8>,
    },
    Evicting(Link),
    Refused(Link),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Keep,
    Upgrade,
    Feel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) epoch: Epoch,
    /// Which address led there; none if the peer came to us.
    pub(crate) which: Option<u8>,
    pub(crate) since: Time,
    pub(crate) in_use: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) known: [Option<Known>; 2],
    /// When an address was forgotten for good reason.
    pub(crate) forgotten: [Option<Time>; 2],
    pub(crate) life: Life,
    pub(crate) earned: i32,
    pub(crate) banned_until: Option<Time>,
}

#[derive(Clone, Debug)]
pub(crate) struct Naive {
    pub(crate) setting: Setting,
    pub(crate) now: Time,
    pub(crate) peers: Vec<Peer>,
}

/// What an event brings, in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Up(u8, Epoch),
    Down(u8, Epoch),
    Evict(u8, Epoch, Eviction),
}

impl Naive {
    pub(crate) fn new(setting: Setting, now: Time) -> Self {
        let peer = Peer {
            known: [None; 2],
            forgotten: [None; 2],
            life: Life::Idle,
            earned: 0,
            banned_until: None,
        };
        Self {
            setting,
            now,
            peers: vec![peer; usize::from(PEERS) + 1],
        }
    }

    pub(crate) fn peer(&self, peer: u8) -> &Peer {
        &self.peers[usize::from(peer)]
    }

    pub(crate) fn peer_mut(&mut self, peer: u8) -> &mut Peer {
        &mut self.peers[usize::from(peer)]
    }

    pub(crate) const fn all() -> core::ops::RangeInclusive<u8> {
        1..=PEERS
    }

    const fn is(&self, peer: u8, what: u8) -> bool {
        self.setting.chosen && peer == what
    }

    pub(crate) const fn is_persistent(&self, peer: u8) -> bool {
        self.is(peer, PERSISTENT) && self.setting.outbound > 0
    }

    pub(crate) const fn is_chosen(&self, peer: u8) -> bool {
        self.is_persistent(peer) || self.is(peer, SCORED)
    }

    pub(crate) const fn is_private(&self, peer: u8) -> bool {
        self.is(peer, PRIVATE)
    }

    pub(crate) fn score(&self, peer: u8) -> i32 {
        if self.is(peer, SCORED) {
            100 + i32::from(SCORE)
        } else if self.is_persistent(peer) {
            i32::MAX
        } else {
            self.peer(peer).earned
        }
    }

    pub(crate) fn is_banned(&self, peer: u8) -> bool {
        self.peer(peer)
            .banned_until
            .is_some_and(|until| until > self.now)
    }

    pub(crate) fn standing(&self, peer: u8) -> Standing {
        match self.peer(peer).life {
            Life::Idle if self.peer(peer).known.iter().all(Option::is_none) => Standing::Unknown,
            Life::Idle => Standing::Known,
            Life::Dialing { .. } => Standing::Dialing,
            Life::Linked {
                claimed_by: Some(_),
                ..
            } => Standing::Claimed,
            Life::Linked { ready: true, .. } => Standing::Ready,
            Life::Linked { .. } => Standing::Connected,
            Life::Evicting(_) => Standing::Evicting,
            Life::Refused(_) => Standing::Refused,
        }
    }

    fn count(&self, which: impl Fn(u8, Life) -> bool) -> usize {
        Self::all()
            .filter(|&it| which(it, self.peer(it).life))
            .count()
    }

    fn linked(&self, outbound: bool) -> usize {
        self.count(|peer, life| match life {
            Life::Linked { link, .. } => {
                link.which.is_some() == outbound && !self.is(peer, UNCONDITIONAL)
            }
            _ => false,
        })
    }

    pub(crate) fn connected(&self) -> usize {
        self.linked(true) + self.linked(false)
    }

    pub(crate) fn dialing(&self) -> usize {
        self.count(|_, life| matches!(life, Life::Dialing { .. }))
    }

    /// Dials for this; those of unconditional peers are for nobody's place.
    pub(crate) fn dialing_to(&self, purpose: Purpose) -> usize {
        self.count(|peer, life| match life {
            Life::Dialing { purpose: its, .. } if its == purpose => {
                purpose != Purpose::Keep || !self.is(peer, UNCONDITIONAL)
            }
            _ => false,
        })
    }

    pub(crate) fn has_upgrade_slot(&self) -> bool {
        let evicting = self.count(|_, life| matches!(life, Life::Evicting(_)));
        let upgrading = self.dialing_to(Purpose::Upgrade);
        let all = self.connected() + self.dialing_to(Purpose::Keep) + upgrading + evicting;
        all < self.setting.connected().max(1) + self.setting.upgrade
    }

    fn has_place(&self) -> bool {
        let taken = self.connected() + self.dialing_to(Purpose::Keep);
        taken < self.setting.connected().max(1) && self.has_upgrade_slot()
    }

    pub(crate) fn has_place_of_ours(&self) -> bool {
        let taken = self.linked(true) + self.dialing_to(Purpose::Keep);
        taken < self.setting.outbound && self.has_place()
    }

    /// The peers of the lowest score that have a place of this direction which nobody is promised,
    /// if it is lower than this.
    pub(crate) fn worst_below(&self, score: i32, outbound: bool) -> Vec<u8> {
        let may_go = |&peer: &u8| match self.peer(peer).life {
            Life::Linked {
                link, claimed_by, ..
            } => {
                claimed_by.is_none()
                    && link.which.is_some() == outbound
                    && !self.is(peer, UNCONDITIONAL)
            }
            _ => false,
        };
        let lowest = Self::all()
            .filter(may_go)
            .map(|peer| self.score(peer))
            .min();
        let Some(lowest) = lowest.filter(|lowest| *lowest < score) else {
            return Vec::new();
        };
        let equals = Self::all().filter(may_go);
        equals.filter(|peer| self.score(*peer) == lowest).collect()
    }

    fn backoff(failures: u16) -> Duration {
        let times = 4_u32.saturating_pow(u32::from(failures.saturating_sub(1)));
        RETRY.saturating_mul(times).min(RETRY_MAX)
    }

    /// From when on an address may be dialed as far as bans and failures are concerned.
    fn left_alone(&self, peer: u8, known: &Known) -> Time {
        let banned = self.peer(peer).banned_until.filter(|at| *at > self.now);
        let failed = known.failed.filter(|_| known.failures > 0);
        let retry = failed.map(|at| whole_second(at) + Self::backoff(known.failures));
        banned.max(retry).unwrap_or(self.now)
    }

    /// The addresses of a peer may be dialed again, none before `earliest`.
    pub(crate) fn release(&mut self, peer: u8, earliest: Time) {
        for which in 0..2 {
            if let Some(known) = self.peer(peer).known[which] {
                let until = self.left_alone(peer, &known).max(earliest);
                if let Some(known) = &mut self.peer_mut(peer).known[which] {
                    known.from = (until, until);
                }
            }
        }
    }

    /// The operator names an address that is known: it is his, and waits no longer than it has to.
    pub(crate) fn take_over(&mut self, peer: u8, which: u8) {
        let at = usize::from(which);
        let Some(known) = self.peer(peer).known[at] else {
            return;
        };
        let soonest = self.left_alone(peer, &known);
        if let Some(known) = &mut self.peer_mut(peer).known[at] {
            if !known.named && known.failures > 0 {
                known.from.0 = known.from.0.min(soonest);
            }
            known.named = true;
        }
    }

    /// One more failure of an address.
    pub(crate) fn fail(&mut self, peer: u8, which: u8) {
        let (now, at) = (self.now, usize::from(which));
        let lonely = self.count(|_, life| matches!(life, Life::Linked { .. })) == 0;
        let failures_max = self.setting.failures;
        let chosen = self.is_chosen(peer);
        let Some(known) = &mut self.peer_mut(peer).known[at] else {
            return;
        };
        known.failures += 1;
        known.failed = Some(now);
        let known = *known;
        let dead = known
            .reached
            .is_none_or(|at| whole_second(now) - whole_second(at) >= DEAD);
        let over = if known.tested {
            known.failures >= 10 && dead
        } else {
            known.failures >= failures_max
        };
        // Of whom the operator chose, what strangers say is forgotten like anything they say.
        let kept = known.named || chosen && (known.tested || known.found);
        if over && !lonely && !kept {
            self.forget(peer, which);
            return;
        }
        let backoff = Self::backoff(known.failures);
        let alone = self.left_alone(peer, &known);
        let before = known.from;
        if let Some(known) = &mut self.peer_mut(peer).known[at] {
            let longer = backoff + backoff / 4;
            // What is left alone for longer already stays so; a moment that has come does not.
            let waits = |at: Time| if at > now { at } else { now };
            known.from = (
                (now + backoff).max(alone).max(waits(before.0)),
                (now + longer).max(alone).max(waits(before.1)),
            );
        }
    }

    pub(crate) fn forget(&mut self, peer: u8, which: u8) {
        let now = self.now;
        let is_live = self.peer(peer).life != Life::Idle;
        let it = self.peer_mut(peer);
        it.known[usize::from(which)] = None;
        it.forgotten[usize::from(which)] = Some(now);
        if it.known[0].is_none() && it.known[1].is_none() && !is_live {
            it.earned = 0;
        }
    }

    pub(crate) fn dial_failed(&mut self, peer: u8, why: DialFailure) {
        let Life::Dialing { which, purpose, .. } = self.peer(peer).life else {
            return;
        };
        self.give_back(purpose, peer);
        self.peer_mut(peer).life = Life::Idle;
        self.release(peer, self.now);
        let Some(which) = which else { return };
        let at = usize::from(which);
        let Some(known) = self.peer(peer).known[at] else {
            return;
        };
        let kept = known.named || self.is_chosen(peer) && (known.tested || known.found);
        match why {
            DialFailure::NotTried => {
                let until = (self.now + RETRY).max(self.left_alone(peer, &known));
                if let Some(known) = &mut self.peer_mut(peer).known[at] {
                    known.from = (until, until);
                }
            }
            DialFailure::Unusable | DialFailure::NotThisNode if !known.tested && !kept => {
                self.forget(peer, which);
            }
            DialFailure::Unusable | DialFailure::NotThisNode => {
                if let Some(known) = &mut self.peer_mut(peer).known[at] {
                    known.tested = false;
                }
                self.fail(peer, which);
            }
            _ => self.fail(peer, which),
        }
    }

    /// What was promised to this peer is not any more.
    pub(crate) fn give_back(&mut self, purpose: Purpose, to: u8) {
        if purpose != Purpose::Upgrade {
            return;
        }
        for peer in &mut self.peers {
            if let Life::Linked { claimed_by, .. } = &mut peer.life
                && *claimed_by == Some(to)
            {
                *claimed_by = None;
            }
        }
    }

    /// A connection is over; what follows from it.
    pub(crate) fn end(&mut self, peer: u8) -> Option<Effect> {
        let life = self.peer(peer).life;
        let (link, ready, stayed) = match life {
            Life::Linked { link, ready, .. } => (link, ready, true),
            Life::Evicting(link) | Life::Refused(link) => (link, false, false),
            Life::Idle | Life::Dialing { .. } => return None,
        };
        self.peer_mut(peer).life = Life::Idle;
        let cooldown = if self.is_persistent(peer) {
            self.setting.cooldown.min(Duration::from_secs(5))
        } else {
            self.setting.cooldown
        };
        self.release(peer, self.now + cooldown);
        let of_ours = !matches!(life, Life::Refused(_));
        if let Some(which) = link.which.filter(|_| of_ours) {
            if self.now - link.since >= Duration::from_secs(60) {
                if let Some(known) = &mut self.peer_mut(peer).known[usize::from(which)] {
                    known.failures = 0;
                }
            } else if stayed {
                self.fail(peer, which);
            }
        }
        if self.peer(peer).known.iter().all(Option::is_none) {
            self.peer_mut(peer).earned = 0;
        }
        ready.then_some(Effect::Down(peer, link.epoch))
    }

    /// A peer is told to go.
    pub(crate) fn evict(&mut self, peer: u8, why: Eviction) -> Vec<Effect> {
        let Life::Linked { link, ready, .. } = self.peer(peer).life else {
            return Vec::new();
        };
        self.peer_mut(peer).life = Life::Evicting(link);
        let down = ready.then_some(Effect::Down(peer, link.epoch));
        let evicted = Effect::Evict(peer, link.epoch, why);
        down.into_iter().chain([evicted]).collect()
    }

    /// Whether one who has come is let in, and in whose place, any of these.
    pub(crate) fn judge_accepted(&self, peer: u8) -> Result<Vec<u8>, Eviction> {
        if self.is_banned(peer) {
            return Err(Eviction::Banned);
        }
        if self.is(peer, UNCONDITIONAL) {
            return Ok(Vec::new());
        }
        if self.linked(false) < self.setting.inbound && self.has_place() {
            return Ok(Vec::new());
        }
        let victims = self.worst_below(self.score(peer), false);
        if victims.is_empty() || self.setting.upgrade == 0 || !self.has_upgrade_slot() {
            return Err(Eviction::Full);
        }
        Ok(victims)
    }

    /// The same for one whom we have reached.
    pub(crate) fn judge_dialed(&self, peer: u8, purpose: Purpose) -> Result<Vec<u8>, Eviction> {
        if self.is_banned(peer) {
            return Err(Eviction::Banned);
        }
        if purpose == Purpose::Feel {
            return Err(Eviction::Feeler);
        }
        if self.has_place_of_ours() || self.is(peer, UNCONDITIONAL) {
            return Ok(Vec::new());
        }
        let victims = self.worst_below(self.score(peer), true);
        if purpose != Purpose::Upgrade || victims.is_empty() || !self.has_upgrade_slot() {
            return Err(Eviction::Full);
        }
        Ok(victims)
    }

    /// A peer has broken a rule.
    pub(crate) fn misbehaved(&mut self, peer: u8, how: Misconduct) -> Vec<Effect> {
        let points = match how {
            Misconduct::Minor => -1,
            Misconduct::Major => -10,
            _ => -100,
        };
        self.earn(peer, points);
        if self.is_persistent(peer) {
            return Vec::new();
        }
        let fatal = how == Misconduct::Fatal;
        let banned = fatal || self.peer(peer).earned <= -100;
        if banned {
            let until = self.now + BAN;
            let it = self.peer_mut(peer);
            it.earned = 0;
            it.banned_until = Some(until);
            if it.life == Life::Idle {
                self.release(peer, self.now);
            }
        }
        if banned || how == Misconduct::Major {
            self.evict(peer, Eviction::Misconduct)
        } else {
            Vec::new()
        }
    }

    /// A peer has been of use; where it was reached a minute ago, no failure counts any more.
    pub(crate) fn behaved(&mut self, peer: u8) {
        self.earn(peer, 1);
        if let Life::Linked { link, .. } = self.peer(peer).life
            && self.now - link.since >= Duration::from_secs(60)
            && let Some(which) = link.which
            && let Some(known) = &mut self.peer_mut(peer).known[usize::from(which)]
        {
            known.failures = 0;
        }
    }

    pub(crate) fn earn(&mut self, peer: u8, points: i32) {
        let it = self.peer_mut(peer);
        if it.life != Life::Idle || it.known.iter().any(Option::is_some) {
            it.earned = (it.earned + points).clamp(-100, 100);
        }
    }

    /// Whether others may be told of an address.
    pub(crate) fn may_be_told(&self, peer: u8, which: u8) -> bool {
        let known = self.peer(peer).known[usize::from(which)];
        !self.is_private(peer)
            && !self.is_banned(peer)
            && known.is_some_and(|it| it.failures < if it.tested { 3 } else { 1 })
    }
}

/// Times are kept to the second.
const fn whole_second(at: Time) -> Time {
    Time::from_secs(at.as_nanos() / 1_000_000_000)
}
