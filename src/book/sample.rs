//! Some of many, each as likely as any other.

use alloc::vec::Vec;

use super::CAPACITY;
use crate::peers::arena::Slot;
use crate::seed::Chance;

/// Up to so many, all of them are laid out and shuffled; of more, only a bit each is kept, which
/// draws again what was drawn before: where that is frequent, a processor guesses wrong too often.
const FEW: usize = 2_048;

/// Takes `count` different entries of two lists, in an order that means nothing; all of them if they
/// are fewer. Of more than 2,048 it takes at most half, and none beyond what a book can hold.
///
/// It takes time in proportion to `count`, and to a copy, or a bit, for each that is in the lists.
pub(crate) fn sample(count: usize, lists: [&[Slot]; 2], chance: &mut Chance) -> Vec<Slot> {
    let [first, second] = lists;
    let all = first.len().saturating_add(second.len()).min(CAPACITY);
    if all > FEW {
        return draw(count.min(all / 2), all, lists, chance);
    }
    let mut laid_out = Vec::with_capacity(all);
    laid_out.extend_from_slice(first);
    laid_out.extend_from_slice(second);
    shuffle(&mut laid_out, count, chance);
    laid_out.truncate(count);
    laid_out
}

/// Draws until there are so many different ones. Less than half are taken, so every other draw is a
/// new one at least.
fn draw(count: usize, all: usize, lists: [&[Slot]; 2], chance: &mut Chance) -> Vec<Slot> {
    let [first, second] = lists;
    let bound = u32::try_from(all).unwrap_or(u32::MAX);
    // From which list one comes is a matter of chance, which a processor can't guess: no branch.
    let lists = [(first, 0), (second, first.len())];
    let mut drawn = [0_u64; CAPACITY.div_ceil(64)];
    let mut taken = Vec::with_capacity(count);
    while taken.len() < count {
        let number = chance.below(bound) as usize;
        let bit = 1_u64 << (number % 64);
        if let Some(word) = drawn.get_mut(number / 64)
            && *word & bit == 0
        {
            *word |= bit;
            let list = lists.get(usize::from(number >= first.len()));
            let slot = list.and_then(|(list, before)| list.get(number.saturating_sub(*before)));
            taken.extend(slot);
        }
    }
    taken
}

/// The first steps of a Fisher-Yates shuffle.
fn shuffle(slots: &mut [Slot], count: usize, chance: &mut Chance) {
    let mut left = u16::try_from(slots.len()).unwrap_or(u16::MAX);
    let mut steps = count.min(slots.len());
    let mut rest = slots;
    while steps > 0 {
        let lefts = [0, 1, 2, 3].map(|step| left.saturating_sub(step));
        for other in chance.four_below(lefts).into_iter().take(steps) {
            if usize::from(other) < rest.len() {
                rest.swap(0, other.into());
            }
            rest = rest.split_first_mut().map_or(&mut [], |(_, rest)| rest);
        }
        left = left.saturating_sub(4);
        steps = steps.saturating_sub(4);
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;
    use crate::Seed;

    fn some(count: usize, bound: usize, chance: &mut Chance) -> Vec<u32> {
        let all: Vec<u32> = (0..u32::try_from(bound).unwrap()).collect();
        let (first, second) = all.split_at(bound / 3);
        sample(count, [first, second], chance)
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
    fn of_more_than_2_048_half_are_drawn_at_most() {
        let mut chance = Chance::new(&Seed::new([7; 32]));
        for (bound, drawn) in [(2_048, 2_000), (2_049, 1_024), (3_000, 1_500)] {
            let mut some = some(2_000, bound, &mut chance);
            some.sort_unstable();
            some.dedup();
            assert_eq!(some.len(), drawn, "of {bound}");
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
