//! Some of many, each as likely as any other.

use alloc::vec::Vec;

use hashbrown::HashTable;

use crate::seed::Chance;

/// `count` different numbers below `bound`, in an order that means nothing; all of them if they are
/// fewer.
///
/// The first steps of a Fisher-Yates shuffle of a list that is not there: only what has moved is
/// written down, so it takes time in proportion to `count`, whatever `bound` is.
pub(crate) fn sample(count: usize, bound: usize, chance: &mut Chance) -> Vec<usize> {
    let count = count.min(bound);
    let mut moved = Moved(HashTable::with_capacity(count));
    (0..count)
        .map(|step| {
            let left = u32::try_from(bound.saturating_sub(step)).unwrap_or(u32::MAX);
            let other = step.saturating_add(chance.below(left) as usize);
            let drawn = moved.at(other);
            let here = moved.at(step);
            moved.set(other, here);
            drawn
        })
        .collect()
}

/// Where the list differs from the numbers in their order.
struct Moved(HashTable<(usize, usize)>);

impl Moved {
    fn at(&self, place: usize) -> usize {
        let found = self.0.find(hash(place), |(its, _)| *its == place);
        found.map_or(place, |(_, value)| *value)
    }

    fn set(&mut self, place: usize, value: usize) {
        let entry = self
            .0
            .entry(hash(place), |(its, _)| *its == place, |(its, _)| hash(*its));
        entry.insert((place, value));
    }
}

/// Nobody chooses these numbers, so the hash needs no key.
const fn hash(place: usize) -> u64 {
    (place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;

    #[test]
    fn each_is_drawn_once_at_most_and_as_often_as_any_other() {
        let mut chance = Chance::new(&Seed::new([7; 32]));
        let mut drawn = [0_u32; 40];
        for _ in 0..4_000 {
            let mut some = sample(10, 40, &mut chance);
            for &number in &some {
                drawn[number] += 1;
            }
            some.sort_unstable();
            some.dedup();
            assert_eq!(some.len(), 10);
        }
        assert!(
            drawn.iter().all(|&n| (850..1_150).contains(&n)),
            "{drawn:?}"
        );
    }

    #[test]
    fn all_are_drawn_where_more_are_wanted() {
        let mut chance = Chance::new(&Seed::new([7; 32]));
        let mut all = sample(9, 5, &mut chance);
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4]);
        assert!(sample(9, 0, &mut chance).is_empty());
    }
}
