//! How many new entries each group of tellers has told.

use alloc::collections::BTreeMap;

use super::{GroupKey, NEEDED};

/// Of what one group has told, as many count among what the book needs: a tenth of that, so that
/// nobody alone makes it look as if there were enough.
const SHARE: u32 = 100;
const _: () = assert!(SHARE as usize * 10 == NEEDED);

/// The counts, by the number of the group.
///
/// Whoever tells does so a hundred times in a row. So the group that told last is kept apart, where
/// nothing has to be looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tellers {
    last: u64,
    by_last: u32,
    others: BTreeMap<u64, u32>,
    /// All of them, of each group its share at most.
    in_shares: usize,
}

impl Tellers {
    pub(crate) const fn new() -> Self {
        Self {
            // No group has this number.
            last: 0,
            by_last: 0,
            others: BTreeMap::new(),
            in_shares: 0,
        }
    }

    /// How many this group has told.
    pub(crate) fn count(&self, group: GroupKey) -> u32 {
        let number = group.number();
        if number == self.last {
            return self.by_last;
        }
        self.others.get(&number).copied().unwrap_or_default()
    }

    /// It tells one more.
    pub(crate) fn add(&mut self, group: GroupKey) {
        let number = group.number();
        if number != self.last {
            if self.by_last > 0 {
                self.others.insert(self.last, self.by_last);
            }
            self.by_last = self.others.remove(&number).unwrap_or_default();
            self.last = number;
        }
        let in_share = self.by_last < SHARE;
        self.in_shares = self.in_shares.saturating_add(usize::from(in_share));
        self.by_last = self.by_last.saturating_add(1);
    }

    /// One that it told is new no more, or gone.
    pub(crate) fn take(&mut self, group: GroupKey) {
        let number = group.number();
        let before = self.count(group);
        let in_share = (1..=SHARE).contains(&before);
        self.in_shares = self.in_shares.saturating_sub(usize::from(in_share));
        if number == self.last {
            self.by_last = self.by_last.saturating_sub(1);
        } else if before <= 1 {
            self.others.remove(&number);
        } else if let Some(count) = self.others.get_mut(&number) {
            *count = count.saturating_sub(1);
        }
    }

    /// How many all of them have told, of each group a tenth of what the book needs at most.
    pub(crate) const fn in_shares(&self) -> usize {
        self.in_shares
    }

    /// How many all of them have told.
    pub(crate) fn total(&self) -> u64 {
        let others = self.others.values().map(|&count| u64::from(count));
        others.sum::<u64>().saturating_add(self.by_last.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Chance;
    use crate::{NetAddress, NodeId, Seed};

    fn group(number: u8) -> GroupKey {
        let ip = core::net::Ipv4Addr::new(20, number, 0, 1);
        GroupKey::of(&NetAddress::new(NodeId::default(), ip.into(), 1), true)
    }

    #[test]
    fn the_counts_are_right_whoever_told_last() {
        let (mut tellers, mut right) = (Tellers::new(), [0_u32; 8]);
        let mut chance = Chance::new(&Seed::new([7; 32]));
        for _ in 0..20_000 {
            let one = chance.below(8);
            let count = &mut right[one as usize];
            let group = group(u8::try_from(one).unwrap());
            if *count > 0 && chance.below(2) == 0 {
                tellers.take(group);
                *count -= 1;
            } else {
                tellers.add(group);
                *count += 1;
            }
            assert_eq!(tellers.count(group), *count);
            let total: u32 = right.iter().sum();
            assert_eq!(tellers.total(), u64::from(total));
            let in_shares: u32 = right.iter().map(|&count| count.min(SHARE)).sum();
            assert_eq!(tellers.in_shares(), in_shares as usize);
        }
        let all = (0..8).map(|one| tellers.count(group(one)));
        assert!(all.eq(right));
    }

    #[test]
    fn who_has_nothing_left_is_forgotten() {
        let mut tellers = Tellers::new();
        for one in 0..8 {
            tellers.add(group(one));
            tellers.take(group(one));
        }
        assert_eq!((tellers.others.len(), tellers.total()), (0, 0));
        assert_eq!(tellers.in_shares(), 0);
    }
}
