//! Whether what others tell is to be doubted: most of it turned out to be wrong when it was tried.
//!
//! Of a liar's nodes honest ones tell on as of any others. A node that finds nobody at most of them can't
//! tell which of the rest are true, but of whom it has reached it knows, and tells of them apart.

/// The share of what was heard of and tried of late that was wrong, in parts of 2^16.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Doubt(u16);

/// How much of the share the last try is: one part of so many.
const WEIGHT: u16 = 16;

impl Doubt {
    /// An address of which we had only heard was tried for the first time.
    pub(crate) const fn tried(&mut self, is_true: bool) {
        let (one, part) = (u16::MAX / WEIGHT, self.0 / WEIGHT);
        let kept = self.0.saturating_sub(part);
        self.0 = if is_true {
            kept
        } else {
            kept.saturating_add(one)
        };
    }

    /// Whether most of it was wrong.
    pub(crate) const fn is_most(self) -> bool {
        self.0 > u16::MAX / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(tries: impl IntoIterator<Item = bool>) -> bool {
        let mut doubt = Doubt::default();
        tries.into_iter().for_each(|it| doubt.tried(it));
        doubt.is_most()
    }

    #[test]
    fn a_few_that_fail_cast_no_doubt_and_many_in_a_row_do() {
        assert!(!after([false; 10]));
        assert!(after([false; 12]));
        assert!(after([false; 10_000]));
    }

    #[test]
    fn what_is_wrong_for_the_smaller_part_casts_no_doubt_and_for_the_greater_does() {
        let one_true_of = |n: usize| (0..1_000).map(move |nth| nth % n == 0);
        assert!(!after(one_true_of(3).map(|it| !it)), "a third is wrong");
        assert!(after(one_true_of(3)), "two thirds are wrong");
    }

    #[test]
    fn doubt_ends_when_it_comes_true_again() {
        assert!(!after([false; 1_000].into_iter().chain([true; 12])));
    }

    #[test]
    fn where_just_the_half_is_wrong_most_is_not() {
        let half = u16::MAX / 2;
        assert!(!Doubt(half).is_most());
        assert!(Doubt(half + 1).is_most());
    }
}
