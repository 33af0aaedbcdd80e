//! Some of many, each as likely as any other.

use super::CAPACITY;
use crate::seed::Chance;

/// Up to so many, all of them are laid out and shuffled; of more, only a bit each is kept, which
/// draws again what was drawn before: where that is frequent, a processor guesses wrong too often.
const FEW: usize = 2_048;

/// All of them, laid out.
#[cfg_attr(
    not(test),
    expect(clippy::indexing_slicing, reason = "made when it is compiled")
)]
const NUMBERS: [u16; FEW] = {
    let mut numbers = [0; FEW];
    let mut number = 0_u16;
    while (number as usize) < FEW {
        numbers[number as usize] = number;
        number += 1;
    }
    numbers
};

/// Takes `count` different numbers below `bound`, in an order that means nothing; all of them if
/// they are fewer. Of more than 2,048 it takes at most half, and none beyond what a book can hold.
///
/// It takes time in proportion to `count`, and to a bit for each of `bound`; it allocates nothing.
pub(crate) fn sample(count: usize, bound: usize, chance: &mut Chance, take: impl FnMut(u32)) {
    let bound = bound.min(CAPACITY);
    let many = u32::try_from(bound).unwrap_or(u32::MAX);
    if bound <= FEW {
        shuffle(count.min(bound), many, chance, take);
    } else {
        draw(count.min(bound / 2), many, chance, take);
    }
}

/// Draws until there are so many different ones. Less than half are taken, so every other draw is a
/// new one at least.
fn draw(count: usize, bound: u32, chance: &mut Chance, mut take: impl FnMut(u32)) {
    let mut drawn = [0_u64; CAPACITY.div_ceil(64)];
    let mut left = count;
    while left > 0 {
        let number = chance.below(bound);
        let bit = 1_u64 << (number % 64);
        if let Some(word) = drawn.get_mut((number / 64) as usize)
            && *word & bit == 0
        {
            *word |= bit;
            left = left.saturating_sub(1);
            take(number);
        }
    }
}

/// The first steps of a Fisher-Yates shuffle.
fn shuffle(count: usize, bound: u32, chance: &mut Chance, mut take: impl FnMut(u32)) {
    let mut numbers = NUMBERS;
    for (step, left) in (1..=bound).rev().take(count).enumerate() {
        let other = step.saturating_add(chance.below(left) as usize);
        // What is taken is not looked at again, so only the first left has to be put elsewhere.
        let first = numbers.get(step).copied();
        if let (Some(first), Some(drawn)) = (first, numbers.get_mut(other)) {
            take(core::mem::replace(drawn, first).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::Seed;

    fn some(count: usize, bound: usize, chance: &mut Chance) -> Vec<u32> {
        let mut some = Vec::new();
        sample(count, bound, chance, |number| some.push(number));
        some
    }

    #[test]
    fn each_is_drawn_once_at_most_and_as_often_as_any_other() {
        let mut chance = Chance::new(&Seed::new([7; 32]));
        for (count, bound, draws) in [
            (10, 40, 4_000),
            (250, 1_000, 4_000),
            (500, 1_000, 2_000),
            (300, 3_000, 10_000),
        ] {
            let mut drawn = vec![0_u32; bound];
            for _ in 0..draws {
                let mut some = some(count, bound, &mut chance);
                for &number in &some {
                    drawn[number as usize] += 1;
                }
                some.sort_unstable();
                some.dedup();
                assert_eq!(some.len(), count);
            }
            // Each is drawn a thousand times, give or take five standard deviations.
            let near = |&n: &u32| (840..1_160).contains(&n);
            assert!(drawn.iter().all(near), "{count} of {bound}: {drawn:?}");
        }
    }

    #[test]
    fn all_are_drawn_where_more_are_wanted() {
        let mut chance = Chance::new(&Seed::new([7; 32]));
        let mut all = some(9, 5, &mut chance);
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4]);
        assert!(some(9, 0, &mut chance).is_empty());
    }
}
