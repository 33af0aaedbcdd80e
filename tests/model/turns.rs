//! Whom the naive model asks next, and when again.

use core::time::Duration;

use pex::{Kind, Time};

use super::naive::{Naive, Peer, Phase, TEN_MINUTES, gap};

/// How long nobody is asked who can't be paid for, and who can be, but hardly.
const UNPAID: Duration = Duration::from_secs(130);
const EVENLY: Duration = Duration::from_millis(10_500);

/// What may be asked for, in halves of a question.
#[derive(Clone, Copy, Debug, Default)]
struct Purse {
    halves: u32,
    since: Time,
}

impl Purse {
    fn dwindle(&mut self, now: Time) {
        while now - self.since >= Duration::from_secs(30) {
            if self.halves >= 16 {
                self.halves = (self.halves / 2).max(15);
            }
            self.since = self.since + Duration::from_secs(30);
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Turns {
    kin: Purse,
    others: Purse,
    last_at: Time,
    kin_at: Time,
    others_at: Time,
    kin_is_next: bool,
}

impl Turns {
    pub(crate) const fn begin(&mut self, now: Time) {
        let purse = Purse {
            halves: 32,
            since: now,
        };
        *self = Self {
            kin: purse,
            others: purse,
            last_at: now,
            kin_at: now,
            others_at: now,
            kin_is_next: false,
        };
    }

    fn purse(&mut self, kind: Kind, now: Time) -> &mut Purse {
        let purse = match kind {
            Kind::Kin => &mut self.kin,
            _ => &mut self.others,
        };
        purse.dwindle(now);
        purse
    }

    /// A question was not answered, and has cost nothing.
    pub(crate) fn give_back(&mut self, kind: Kind, now: Time) {
        let purse = self.purse(kind, now);
        let most = if purse.halves >= 16 { 1_024 } else { 15 };
        purse.halves = (purse.halves + 2).min(most);
    }
}

impl Naive {
    /// Whose turn it is: who was never asked, then kin, then the others, as long as there is
    /// something to pay with; and now and then somebody who is not paid for, before those who were
    /// never asked.
    pub(crate) fn whose_turn(&mut self) -> Option<usize> {
        let now = self.now;
        let first = |peers: &[Peer], wanted: &dyn Fn(&Peer) -> bool| {
            let ready = (0..peers.len()).filter(|&n| peers[n].phase == Phase::Ready);
            let wanted = ready.filter(|&n| wanted(&peers[n]));
            wanted.min_by_key(|&n| peers[n].since)
        };
        let newcomer = first(&self.peers, &|peer| !peer.asked);
        let kin = first(&self.peers, &|peer| peer.asked && peer.kind == Kind::Kin);
        let other = first(&self.peers, &|peer| peer.asked && peer.kind != Kind::Kin);
        let last = self.turns.last_at;
        let (kin_at, others_at) = (self.turns.kin_at, self.turns.others_at);
        let kin_waits = kin.is_some() && kin_at + UNPAID * 2 <= now;
        let others_wait = other.is_some() && others_at + UNPAID * 2 <= now;
        let is_overdue = last + UNPAID <= now || kin_waits || others_wait;
        if newcomer.is_some() && !is_overdue {
            return newcomer;
        }
        if others_wait {
            return self.again(Kind::V2, other);
        }
        if kin_waits {
            return self.again(Kind::Kin, kin);
        }
        for (line, kind) in [(kin, Kind::Kin), (other, Kind::V2)] {
            let purse = self.turns.purse(kind, now);
            let may = purse.halves >= 16 || purse.halves >= 2 && now >= last + EVENLY;
            if line.is_some() && may {
                purse.halves -= 2;
                return self.again(kind, line);
            }
        }
        if last + UNPAID > now {
            return newcomer;
        }
        let lines = if self.turns.kin_is_next {
            [(Kind::Kin, kin), (Kind::V2, other)]
        } else {
            [(Kind::V2, other), (Kind::Kin, kin)]
        };
        let Some((kind, line)) = lines.into_iter().find(|(_, line)| line.is_some()) else {
            return newcomer;
        };
        self.turns.kin_is_next = !self.turns.kin_is_next;
        self.again(kind, line)
    }

    /// Somebody is asked again who stands in this line.
    const fn again(&mut self, kind: Kind, line: Option<usize>) -> Option<usize> {
        self.turns.last_at = self.now;
        match kind {
            Kind::Kin => self.turns.kin_at = self.now,
            _ => self.turns.others_at = self.now,
        }
        line
    }

    /// When somebody is asked who is ready and was not asked at once.
    pub(crate) fn turn_at(&mut self) -> Option<Time> {
        let count = |which: fn(&Phase) -> bool| {
            let phases = self.peers.iter().map(|peer| &peer.phase);
            phases.filter(|phase| which(phase)).count()
        };
        let awaited = count(|phase| matches!(phase, Phase::Awaiting(_)));
        let ready = count(|phase| *phase == Phase::Ready);
        let waits = awaited < self.options.outstanding_max && ready > 0;
        let ready = |is_kin: bool| {
            let mut peers = self.peers.iter();
            peers.any(|it| it.phase == Phase::Ready && (it.kind == Kind::Kin) == is_kin)
        };
        let lines = [(ready(true), Kind::Kin), (ready(false), Kind::V2)];
        let now = self.now;
        let turns = lines.into_iter().filter(|(ready, _)| *ready);
        let turns = turns.map(|(_, kind)| {
            let line_at = match kind {
                Kind::Kin => self.turns.kin_at,
                _ => self.turns.others_at,
            };
            let pays = self.turns.purse(kind, now).halves >= 2;
            let pause = if pays { EVENLY } else { UNPAID };
            (self.turns.last_at + pause).min(line_at + UNPAID * 2)
        });
        turns.min().filter(|_| waits)
    }

    /// An answer told so much, of which so much was new, and so much of the last ten.
    pub(crate) fn pace(&mut self, place: usize, told: usize, fresh: usize, end: usize, full: bool) {
        let now = self.now;
        let among_kin = |peer: &&Peer| peer.kind == Kind::Kin && peer.asked;
        let kin = u32::try_from(self.peers.iter().filter(among_kin).count()).unwrap_or(0);
        let peer = &mut self.peers[place];
        let (gap, last) = (gap(peer.kind), peer.interval);
        let of_first = !core::mem::replace(&mut peer.answered, true) && peer.kind != Kind::Kin;
        let purse = self.turns.purse(peer.kind, now);
        if peer.kind == Kind::Kin && fresh == 0 {
            purse.halves -= purse.halves.div_ceil(8);
        }
        let bonus = u32::from(fresh > 0 && 2 * fresh >= told);
        let earned = 2 * (u32::try_from(fresh).unwrap_or(0) + bonus);
        let (earned, most) = match () {
            () if of_first => (earned, 32),
            () if purse.halves >= 16 || fresh >= 25 => (earned, 1_024),
            () => (3 * earned, 15),
        };
        purse.halves = (purse.halves + earned).min(most.max(purse.halves));

        peer.misses = 0;
        peer.limits.ask_at = now + gap;
        let more = if peer.kind == Kind::Kin {
            let rest = Duration::from_millis(1_100).max(Duration::from_millis(45) * kin);
            match (end, fresh) {
                (0, 0) => rest.max(last + last / 2),
                (0, _) => rest,
                _ => gap,
            }
        } else if fresh > 0 {
            let nanos = gap.as_nanos() * told as u128 / fresh as u128;
            let share = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
            share.min(gap * 4).min(last * 2)
        } else if last >= gap * 4 && last < gap * 8 {
            last + last / 2
        } else {
            last * 2
        };
        peer.interval = if full {
            TEN_MINUTES
        } else {
            more.min(TEN_MINUTES)
        };
        let until = now + peer.interval;
        self.wait(place, until);
    }
}
