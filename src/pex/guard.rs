//! What a peer may do, and what follows when it does more.
//!
//! | fault | consequence |
//! |---|---|
//! | a request too soon | dropped, a strike |
//! | more than half of an answer's addresses are none, by the reference's rules as well | the rest is taken, a strike |
//! | a strike too many | disconnected |
//! | an answer that nobody asked for | dropped, disconnected |
//! | too many addresses in an answer | none taken, disconnected |
//! | bytes that are no message | disconnected |
//! | no answer, for the third time in a row or more | reported |
//! | an answer after its time | dropped; no fault |
//! | our own id or address in an answer | dropped, counted; V1 does not leave the asker out |
//! | a message of a connection that is not up | dropped; the driver's fault, counted |
//!
//! What only we refuse, since it is too long or not UTF-8, is no fault of who tells it: a node of the
//! reference takes it in from whomever, and passes it on.
//!
//! The reference punishes the first excess request (V1 even with a ban of 24 hours), so it loses
//! honest peers whose requests were bunched on the way (cometbft #4620), and it forgets the limit
//! when a peer reconnects. Here both requests and strikes run down a bucket that outlives the
//! connection.

use core::time::Duration;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};
use slab::Slab;

use super::rotation::{Rotation, Slot};
use crate::bucket::Bucket;
use crate::seed::Hashed;
use crate::{Config, Kind, NodeId, Time};

/// What is held against a peer, and for it, from one connection to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// When we may ask it again.
    pub(crate) ask_at: Time,
    requests: Bucket,
    strikes: Bucket,
    /// Names that are looked up for its sake.
    names: Bucket,
}

impl Standing {
    /// A request came: granted, or how much too soon it is.
    pub(crate) fn request(
        &mut self,
        now: Time,
        config: &Config,
        kind: Kind,
    ) -> Result<(), Duration> {
        self.requests
            .take(now, config.grant_gap(kind), config.grant_burst)
    }

    /// Whether one more name is looked up for an answer to it: as many at once as an answer may wait
    /// for, and as many again in the time that it may wait. Else who asks often enough would have us
    /// look up whatever names he has told.
    pub(crate) fn look_up(&mut self, now: Time, config: &Config) -> bool {
        let burst = u32::try_from(config.resolve_max).unwrap_or(u32::MAX);
        let each = config.resolve_timeout.checked_div(burst);
        each.is_some_and(|each| self.names.take(now, each, burst).is_ok())
    }

    /// A minor fault: false if it was one too many.
    pub(crate) fn strike(&mut self, now: Time, config: &Config) -> bool {
        self.strikes
            .take(now, config.strike_fades, config.strikes_max)
            .is_ok()
    }

    /// Whether no strike but the last is held against it.
    pub(crate) fn has_one_strike_at_most(&self, now: Time, config: &Config) -> bool {
        self.strikes.lacks_one_at_most(now, config.strike_fades)
    }
}

impl Standing {
    pub(crate) fn rewind(&mut self, back: Duration) {
        self.ask_at = self.ask_at.back(back);
        self.requests.rewind(back);
        self.strikes.rewind(back);
        self.names.rewind(back);
    }
}

/// The standing of peers who are gone: a bounded table that forgets the one gone longest. Whoever has
/// been forgotten may be asked too soon by whoever does not know him, so nobody who is not remembered
/// is asked before all of those may be.
#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    entries: Slab<(Hashed, Standing)>,
    index: HashTable<Slot>,
    order: Rotation,
    /// When the last of those who were forgotten may be asked again.
    strangers_at: Time,
    max: usize,
}

impl Remembered {
    pub(crate) fn new(max: usize, strangers_at: Time) -> Self {
        Self {
            entries: Slab::new(),
            index: HashTable::new(),
            order: Rotation::default(),
            strangers_at,
            max,
        }
    }

    /// How somebody stands who comes, for the first time or again.
    pub(crate) fn welcome(&mut self, who: Hashed) -> Standing {
        self.take(who).unwrap_or_else(|| Standing {
            ask_at: self.strangers_at,
            ..Standing::default()
        })
    }

    pub(crate) const fn strangers_at(&self) -> Time {
        self.strangers_at
    }

    /// Remembers how a peer stood when it went.
    pub(crate) fn put(&mut self, who: Hashed, standing: Standing) {
        self.take(who);
        if self.entries.len() >= self.max
            && let Some(oldest) = self.order.front()
            && let Some(&(oldest, standing)) = self.entries.get(oldest as usize)
        {
            self.take(oldest);
            self.strangers_at = self.strangers_at.max(standing.ask_at);
        }
        let Ok(slot) = Slot::try_from(self.entries.insert((who, standing))) else {
            return;
        };
        self.order.push_back(slot);
        let entries = &self.entries;
        self.index.insert_unique(who.hash, slot, |&slot| {
            entries.get(slot as usize).map_or(0, |(who, _)| who.hash)
        });
    }

    /// Takes the standing of a peer that is back.
    fn take(&mut self, who: Hashed) -> Option<Standing> {
        let entries = &self.entries;
        let is_peer = |&slot: &Slot| {
            entries
                .get(slot as usize)
                .is_some_and(|(one, _)| *one == who)
        };
        let (slot, _) = self.index.find_entry(who.hash, is_peer).ok()?.remove();
        self.order.remove(slot);
        self.entries
            .try_remove(slot as usize)
            .map(|(_, standing)| standing)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn rewind(&mut self, back: Duration) {
        self.strangers_at = self.strangers_at.back(back);
        for (_, (_, standing)) in &mut self.entries {
            standing.rewind(back);
        }
    }

    /// The peers with their standing, the one gone longest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (NodeId, Standing)> + '_ {
        self.order
            .iter()
            .filter_map(|slot| self.entries.get(slot as usize))
            .map(|(who, standing)| (who.id, *standing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use quickcheck::quickcheck;

    const SECOND: Duration = Duration::from_secs(1);

    fn id(n: u8) -> Hashed {
        let id = NodeId::new([n; 20]);
        Hashed {
            id,
            hash: u64::from(n) << 57,
        }
    }

    #[test]
    fn three_requests_pass_at_once_and_the_fourth_is_told_how_long_to_wait() {
        let mut bucket = Bucket::default();
        let now = Time::from_secs(100);
        for _ in 0..3 {
            assert_eq!(bucket.take(now, SECOND, 3), Ok(()));
        }
        assert_eq!(bucket.take(now, SECOND, 3), Err(SECOND));
        assert_eq!(bucket.take(now + SECOND, SECOND, 3), Ok(()));
        assert!(bucket.take(now + SECOND, SECOND, 3).is_err());
    }

    quickcheck! {
        fn whatever_the_arrivals_a_bucket_grants_its_burst_and_one_an_interval(gaps: Vec<u16>) -> bool {
            let mut bucket = Bucket::default();
            let start = Time::from_secs(5);
            let mut now = start;
            let mut granted = 0_u128;
            gaps.into_iter().all(|gap| {
                now = now + Duration::from_millis(u64::from(gap % 700));
                granted += u128::from(bucket.take(now, SECOND, 3).is_ok());
                granted <= 3 + (now - start).as_millis() / 1000
            })
        }
    }

    #[test]
    fn the_peer_gone_longest_is_forgotten_first() {
        let mut table = Remembered::new(3, Time::EPOCH);
        for n in 1..=3 {
            table.put(id(n), Standing::default());
        }
        table.put(
            id(1),
            Standing {
                ask_at: Time::MAX,
                ..Standing::default()
            },
        );
        table.put(id(4), Standing::default());
        assert_eq!(table.len(), 3);
        assert_eq!(table.take(id(2)), None);
        assert_eq!(
            table.take(id(1)).map(|standing| standing.ask_at),
            Some(Time::MAX)
        );
        assert_eq!(table.take(id(1)), None);
        assert_eq!(
            table.iter().map(|(id, _)| id).collect::<Vec<_>>(),
            [id(3).id, id(4).id]
        );
    }

    #[test]
    fn nobody_unknown_is_asked_before_those_who_were_forgotten_may_be() {
        let mut table = Remembered::new(1, Time::EPOCH);
        let asked_at = |ask_at| Standing {
            ask_at,
            ..Standing::default()
        };
        assert_eq!(table.welcome(id(1)).ask_at, Time::EPOCH);
        table.put(id(1), asked_at(Time::from_secs(9)));
        table.put(id(2), asked_at(Time::from_secs(5)));
        assert_eq!(table.welcome(id(1)).ask_at, Time::from_secs(9));
        assert_eq!(table.welcome(id(2)).ask_at, Time::from_secs(5));
        assert_eq!(table.welcome(id(3)).ask_at, Time::from_secs(9));
    }

    #[test]
    fn whoever_is_gone_or_unknown_is_asked_by_the_clock_that_was_set_back() {
        let mut table = Remembered::new(1, Time::EPOCH);
        for (n, at) in [(1, 90), (2, 80)] {
            let ask_at = Time::from_secs(at);
            table.put(
                id(n),
                Standing {
                    ask_at,
                    ..Standing::default()
                },
            );
        }
        table.rewind(70 * SECOND);
        assert_eq!(table.welcome(id(2)).ask_at, Time::from_secs(10));
        assert_eq!(table.welcome(id(3)).ask_at, Time::from_secs(20));
    }
}
