//! How much of what a peer tells as new is of use.
//!
//! A store does not take everything in: nobody may dial some of it, and no teller fills more than its
//! share. Who makes up nodes has news without end, and none of it is of use; so what a peer tells is worth
//! as many questions as there was use in what it told before.

/// News that are remembered before what is older counts half.
const REMEMBERED: u32 = 1_000;

/// What a peer has told of late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Credit {
    /// Addresses that were new.
    fresh: u32,
    /// Those of them that were of no use.
    in_vain: u32,
}

impl Credit {
    pub(crate) const fn new() -> Self {
        Self {
            fresh: 0,
            in_vain: 0,
        }
    }

    /// So many new addresses were told; returns how many of them are believed to be of use.
    pub(crate) fn tell(&mut self, fresh: u32) -> u32 {
        let before = u64::from(self.fresh);
        let of_use = u64::from(self.fresh.saturating_sub(self.in_vain));
        // To the nearest, so that one who is mostly of use is asked for the last one too.
        let of_use = u64::from(fresh).saturating_mul(of_use);
        let believed = of_use.saturating_add(before / 2).checked_div(before);
        let believed = believed.map_or(fresh, |it| u32::try_from(it).unwrap_or(u32::MAX));
        self.fresh = self.fresh.saturating_add(fresh);
        if self.fresh > REMEMBERED {
            self.fresh /= 2;
            self.in_vain /= 2;
        }
        believed
    }

    /// So many of those that were told last were of no use.
    pub(crate) fn lose(&mut self, in_vain: u32) {
        self.in_vain = self.in_vain.saturating_add(in_vain).min(self.fresh);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// What is believed of each of these answers, told one after the other: how many were new, and how
    /// many of those in vain.
    fn believed(told: &[(u32, u32)]) -> Vec<u32> {
        let mut credit = Credit::new();
        let each = told.iter().map(|&(fresh, in_vain)| {
            let believed = credit.tell(fresh);
            credit.lose(in_vain);
            believed
        });
        each.collect()
    }

    #[test]
    fn whose_news_are_of_use_is_believed_and_whose_are_not_is_believed_once() {
        assert_eq!(believed(&[(100, 0), (100, 0), (1, 0)]), [100, 100, 1]);
        assert_eq!(
            believed(&[(100, 100), (100, 100), (1, 1), (100, 100)]),
            [100, 0, 0, 0]
        );
    }

    #[test]
    fn who_tells_some_in_vain_is_believed_in_part_down_to_the_last_one() {
        assert_eq!(
            believed(&[(100, 30), (100, 30), (10, 3), (1, 0)]),
            [100, 70, 7, 1]
        );
    }

    #[test]
    fn what_was_told_long_ago_is_outweighed() {
        let told: Vec<_> = [(100, 100)].into_iter().chain([(100, 0); 40]).collect();
        assert_eq!(believed(&told).last(), Some(&100));
        let told: Vec<_> = [(100, 0); 40].into_iter().chain([(100, 100); 80]).collect();
        assert_eq!(believed(&told).last(), Some(&0));
        assert_eq!(believed(&[(1_000, 1_000), (1_000, 0), (1_000, 0)])[2], 500);
        let told: Vec<_> = [(700, 700)].into_iter().chain([(700, 0); 20]).collect();
        assert_eq!(believed(&told).last(), Some(&700));
    }
}
