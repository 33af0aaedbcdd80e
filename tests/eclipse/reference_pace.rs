//! The reference's reactor: whom it asks, and when ("formula B" of v0.35.3 and later).

use core::time::Duration;

use pex::Time;

use crate::chance::Chance;
use crate::reference::MAX_PEERS;
use crate::victim::Link;

/// `minReceiveRequestInterval`.
const MIN: Duration = Duration::from_millis(200);
/// `fullCapacityInterval`, and the fill of the store above which it holds, in hundredths.
const FULL: Duration = Duration::from_secs(600);
const FULL_PERCENT: usize = 95;

#[derive(Debug)]
pub(crate) struct Pace {
    available: Vec<Link>,
    pending: Vec<Link>,
    interval: Duration,
    /// All addresses ever added since the start.
    total: usize,
    ask_at: Time,
}

impl Pace {
    /// A reactor that starts now: it asks for the first time one interval later.
    pub(crate) fn new(now: Time) -> Self {
        Self {
            available: Vec::new(),
            pending: Vec::new(),
            interval: MIN,
            total: 0,
            ask_at: now + MIN,
        }
    }

    pub(crate) const fn ask_at(&self) -> Time {
        self.ask_at
    }

    pub(crate) fn up(&mut self, link: Link) {
        self.available.push(link);
    }

    pub(crate) fn down(&mut self, link: Link) {
        self.available.retain(|other| *other != link);
        self.pending.retain(|other| *other != link);
    }

    /// The peer to ask: any that is available.
    pub(crate) fn tick(&mut self, now: Time, chance: &mut Chance) -> Option<Link> {
        self.ask_at = now + self.interval;
        if self.available.is_empty() {
            return None;
        }
        let drawn = chance.below(self.available.len());
        let asked = self.available.swap_remove(drawn);
        self.pending.push(asked);
        Some(asked)
    }

    /// An answer added so many addresses to a store that now holds so many peers.
    pub(crate) fn answered(&mut self, now: Time, link: Link, added: usize, peers: usize) {
        self.pending.retain(|other| *other != link);
        self.available.push(link);
        self.total += added;
        self.interval = if peers * 100 >= MAX_PEERS * FULL_PERCENT {
            FULL
        } else {
            formula_b(self.available.len(), self.total, added)
        };
        self.ask_at = now + self.interval;
    }
}

fn formula_b(available: usize, total: usize, added: usize) -> Duration {
    let float = |n: usize| f64::from(u32::try_from(n).expect("a run adds fewer than 2^32"));
    let ratio = (float(total) + 1.0) / (float(added) + 1.0);
    MIN.mul_f64(1.0 / float(available) * ratio * ratio) + MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_waits_as_long_as_formula_b_says() {
        for (available, total, added, millis) in [
            (1, 100, 100, 400),
            (1, 100, 0, 2_040_400),
            (32, 260, 0, 425_956),
            (1, 1_000, 0, 200_400_400),
        ] {
            let interval = formula_b(available, total, added);
            assert_eq!(interval.as_millis(), millis, "{available} {total} {added}");
        }
    }
}
