//! How many there are of each kind.

use std::collections::BTreeMap;

use serde::Serialize;

/// A name and how many there are of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Share {
    pub(super) name: String,
    pub(super) count: u64,
}

/// Counts by kind. Kinds that are down to none are forgotten, so there are no more kinds than things.
#[derive(Clone, Debug)]
pub(super) struct Tally<K>(BTreeMap<K, u64>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Tally<K> {
    pub(super) fn add(&mut self, kind: K) {
        let count = self.0.entry(kind).or_default();
        *count = count.saturating_add(1);
    }

    pub(super) fn remove(&mut self, kind: &K) {
        if let Some(count) = self.0.get_mut(kind) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.0.remove(kind);
            }
        }
    }

    pub(super) fn get(&self, kind: &K) -> u64 {
        self.0.get(kind).copied().unwrap_or(0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, u64)> {
        self.0.iter().map(|(kind, count)| (kind, *count))
    }

    /// The commonest kinds, the commonest first, and what is left of the others.
    pub(super) fn commonest(&self, most: usize) -> (Vec<Share>, u64)
    where
        K: ToString,
    {
        let mut all: Vec<(&K, u64)> = self.iter().collect();
        all.sort_by(|(one, few), (other, many)| many.cmp(few).then_with(|| one.cmp(other)));
        let rest = all.iter().skip(most).map(|(_, count)| count).sum();
        let shares = all.into_iter().take(most).map(|(kind, count)| Share {
            name: kind.to_string(),
            count,
        });
        (shares.collect(), rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_are_gone_take_no_room_and_the_rest_of_many_is_one_number() {
        let mut tally = Tally::default();
        for number in 0..1_000_u32 {
            tally.add(number);
        }
        tally.add(500);
        let (shares, rest) = tally.commonest(3);
        let named: Vec<_> = shares
            .iter()
            .map(|it| (it.name.as_str(), it.count))
            .collect();
        assert_eq!(named, [("500", 2), ("0", 1), ("1", 1)]);
        assert_eq!(rest, 997);
        for number in 0..1_000 {
            tally.remove(&number);
        }
        assert_eq!(tally.iter().collect::<Vec<_>>(), [(&500, 1)]);
        tally.remove(&7);
        assert_eq!(tally.get(&7), 0);
    }
}
