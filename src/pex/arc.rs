//! Answers that are arcs: nodes that follow each other on the ring of ids, none left out.
//!
//! A peer of our kind walks its store in the order of the ids, from a start that nobody else can
//! know, and goes on with each further answer that it is asked for without a pause. Before the arc it
//! tells what is new to it, which is then left out of the arc. That it does is not believed, but seen.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "differences on the ring wrap, and places are below the length"
)]

use smallvec::SmallVec;

use crate::NodeId;
use crate::peers::ring::front;

/// Nodes that an arc has at least. A shorter answer is the whole of a small store, and so says how
/// much that one holds, and not how large the network is.
pub(crate) const ORDERED: usize = 40;

/// How many times the usual gap may lie between two nodes that follow each other.
const GOES_ON: u64 = 12;

/// The gap between two nodes that no network has: with it there were 2^28.
const NARROWEST: u64 = 1 << 36;

/// The first 64 bits of ids, in some order.
pub(crate) type Places = SmallVec<[u64; 128]>;

/// An arc, by the first 64 bits of its ids.
pub(crate) struct Arc {
    /// In the order of the ring; all but what was told before it.
    places: Places,
    /// What was told before it, and the teller, in no order.
    news: Places,
    /// Of all, those that were not known before.
    fresh: Places,
    /// The teller came first, as it does in the first answer of a connection.
    is_first: bool,
}

impl Arc {
    /// The arc at the end of what was told, each with whether it is new to us; none if that is not
    /// in the order of the ring, or is less than two fifths of it.
    pub(crate) fn of(teller: NodeId, told: impl Iterator<Item = (NodeId, bool)>) -> Option<Self> {
        let own = front(teller);
        let (mut places, mut fresh) = (Places::new(), Places::new());
        for (id, is_fresh) in told {
            let at = front(id);
            if is_fresh {
                fresh.push(at);
            }
            // A node with several addresses comes several times.
            if places.last() != Some(&at) {
                places.push(at);
            }
        }
        let is_first = places.first() == Some(&own);
        if is_first {
            places.remove(0);
        }
        let begin = begin(&places)?;
        let mut news: Places = places.drain(..begin).collect();
        news.push(own);
        Some(Self {
            places,
            news,
            fresh,
            is_first,
        })
    }

    /// Those that were not known before.
    pub(crate) fn fresh(&self) -> &[u64] {
        &self.fresh
    }

    /// Where it ends.
    pub(crate) fn end(&self) -> u64 {
        self.places.last().copied().unwrap_or_default()
    }

    /// Whether it can't go on from where the teller's last one ended: it is on a new connection.
    pub(crate) const fn is_first(&self) -> bool {
        self.is_first
    }

    /// All nodes from the first to the last, with those that were told before the arc, or by it
    /// alone; from where the teller's last arc ended, if it goes on from there.
    pub(crate) fn along(&self, last_end: Option<u64>) -> Places {
        let (first, end) = (self.places[0], self.end());
        let usual = end.wrapping_sub(first) / (self.places.len() as u64 - 1).max(1);
        let ahead = last_end.filter(|&at| {
            let before = first.wrapping_sub(at);
            // From there it may go round the ring once, as all of a small store does, and no further.
            let all = u128::from(before) + u128::from(end.wrapping_sub(first));
            before > 0 && before <= usual.saturating_mul(GOES_ON) && all <= 1 << u64::BITS
        });
        let mut along = self.places.clone();
        if let Some(start) = ahead {
            along.insert(0, start);
        } else if self.news.len() > 1 {
            // The last of the news may lie before the arc by chance, with many others between.
            along.remove(0);
        }
        let start = along[0];
        for &at in &self.news {
            let off = at.wrapping_sub(start);
            let place = along.partition_point(|&other| other.wrapping_sub(start) < off);
            if along.get(place).is_some_and(|&other| other != at) {
                along.insert(place, at);
            }
        }
        along
    }
}

/// Where the longest arc begins that ends with the last of these, if it is one: in the order of the
/// ring, with the top passed at most once, and with no gap that chance does not make.
fn begin(told: &[u64]) -> Option<usize> {
    let least = (told.len() * 2 / 5).max(ORDERED);
    let mut begin = told.len().checked_sub(least)?;
    let gap = |place: usize| told[place + 1].wrapping_sub(told[place]);
    let mut span: u128 = (begin..told.len() - 1).map(|at| u128::from(gap(at))).sum();
    // Who goes round the ring more than once does not go along it.
    let usual = u64::try_from(span).ok()? / (least as u64 - 1);
    if usual < NARROWEST {
        return None;
    }
    while let Some(before) = begin.checked_sub(1) {
        span += u128::from(gap(before));
        if gap(before) > usual.saturating_mul(GOES_ON) || span >> u64::BITS != 0 {
            break;
        }
        begin = before;
    }
    Some(begin)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::Seed;
    use crate::seed::Chance;

    const TELLER: NodeId = NodeId::new([7; 20]);

    fn id(at: u64) -> NodeId {
        let mut id = [0; 20];
        id[..8].copy_from_slice(&at.to_be_bytes());
        NodeId::new(id)
    }

    /// How many nodes there are, if all lie as densely as on this arc.
    fn density(arc: &Arc) -> Option<u64> {
        let span = u128::from(arc.end().wrapping_sub(arc.places[0]));
        let steps = arc.places.len().saturating_sub(1) as u128;
        let nodes = (steps << u64::BITS).checked_div(span)?;
        u64::try_from(nodes).ok()
    }

    fn of(told: &[u64]) -> Option<Arc> {
        Arc::of(TELLER, told.iter().map(|&at| (id(at), false)))
    }

    /// So many places from one on, a thousandth of the ring apart on the mean.
    fn walk(chance: &mut Chance, start: u64, places: u64) -> Vec<u64> {
        let gap = u64::MAX / 1_000;
        let at = |n: u64| start.wrapping_add(n * gap + chance.next_u64() % gap);
        (0..places).map(at).collect()
    }

    #[test]
    fn a_hundred_ids_on_a_hundredth_of_the_ring_are_of_ten_thousand_nodes() {
        let step = u64::MAX / 10_000;
        for start in [0, 1 << 40, u64::MAX - 30 * step] {
            let told: Vec<u64> = (0..100).map(|n| start.wrapping_add(n * step)).collect();
            let nodes = density(&of(&told).unwrap()).unwrap();
            assert!((9_999..=10_001).contains(&nodes), "{nodes}");
        }
    }

    #[test]
    fn the_news_before_an_arc_are_no_part_of_it() {
        let mut chance = Chance::new(&Seed::new([2; 32]));
        for news in [2, 20, 50] {
            let start = chance.next_u64();
            let arc = walk(&mut chance, start, 100 - news);
            let mut told: Vec<u64> = Vec::new();
            for _ in 0..news {
                // Far from the arc.
                let off = (1 << 62) + (chance.next_u64() >> 2);
                told.push(start.wrapping_add(off));
            }
            told.extend(&arc);
            let found = of(&told).unwrap();
            assert!((900..=1_100).contains(&density(&found).unwrap()));
            assert_eq!(found.places.as_slice(), arc);
            // Which of the news lies on the arc is found there, and the first gap is doubted.
            let told_before = arc[30];
            told.retain(|&at| at != told_before);
            told.insert(0, told_before);
            assert_eq!(of(&told).unwrap().along(None).as_slice(), &arc[1..]);
            // So is which is told twice, once under each of its addresses.
            told.retain(|at| !arc.contains(at) || *at == told_before);
            told.extend(&arc);
            assert_eq!(of(&told).unwrap().along(None).as_slice(), &arc[1..]);
        }
    }

    #[test]
    fn an_arc_goes_on_from_where_the_last_one_ended() {
        let mut chance = Chance::new(&Seed::new([3; 32]));
        let all = walk(&mut chance, u64::MAX - (1 << 60), 200);
        let (before, arc) = all.split_at(100);
        let last = before.last().copied();
        assert_eq!(of(arc).unwrap().along(last).as_slice(), &all[99..]);
        assert_eq!(of(arc).unwrap().along(None).as_slice(), arc);
        assert_eq!(of(arc).unwrap().along(Some(before[50])).as_slice(), arc);
        let mut news = Vec::from([chance.next_u64(), chance.next_u64()]);
        news.extend(arc);
        assert_eq!(of(&news).unwrap().along(last).as_slice(), &all[99..]);
    }

    #[test]
    fn the_teller_lies_on_its_own_arc() {
        let mut chance = Chance::new(&Seed::new([4; 32]));
        let own = front(TELLER);
        let arc = walk(&mut chance, own - (1 << 58), 100);
        assert!(!of(&arc).unwrap().is_first());
        let along = of(&arc).unwrap().along(None);
        assert!(along.contains(&own) && along.is_sorted());
        assert_eq!(along.len(), 101);
        let first: Vec<u64> = core::iter::once(own).chain(arc).collect();
        let found = of(&first).unwrap();
        assert!(found.is_first() && found.along(None) == along);
    }

    #[test]
    fn what_is_in_no_order_or_short_is_no_arc() {
        let mut chance = Chance::new(&Seed::new([5; 32]));
        for _ in 0..200 {
            let told: Vec<u64> = (0..100).map(|_| chance.next_u64()).collect();
            assert!(of(&told).is_none());
            let start = chance.next_u64();
            let arc = walk(&mut chance, start, 100);
            let twice: Vec<u64> = arc.iter().flat_map(|&at| [at, at]).collect();
            assert!(of(&twice).is_some());
            let mut turned = arc.clone();
            turned.swap(70, 71);
            assert!(of(&turned).is_none());
            assert!(of(&arc[..39]).is_none());
            assert!(of(&arc[..40]).is_some());
        }
        // All on one place, closer than any network, and around the ring three times.
        assert!(of(&[7; 100]).is_none());
        let close: Vec<u64> = (0..100).map(|n| n << 20).collect();
        assert!(of(&close).is_none());
        let around: Vec<u64> = (0..100_u64)
            .map(|n| n.wrapping_mul(u64::MAX / 12))
            .collect();
        assert!(of(&around).is_none());
        assert!(of(&[]).is_none());
    }

    #[test]
    fn an_arc_begins_behind_the_first_gap_of_more_than_twelve_usual_ones() {
        let gap = u64::MAX / 1_000;
        for (before, places) in [(GOES_ON * gap, 41), (GOES_ON * gap + 1, 40)] {
            let first = 7 * gap;
            let rest = (0..40).map(|n| first + before + n * gap);
            let told: Vec<u64> = core::iter::once(first).chain(rest).collect();
            assert_eq!(of(&told).unwrap().places.len(), places);
        }
    }

    #[test]
    fn nodes_lie_as_close_as_in_a_network_of_two_to_the_28_and_no_closer() {
        let every = |gap: u64| -> Vec<u64> { (1..=40).map(|n| n * gap).collect() };
        assert!(of(&every(NARROWEST)).is_some());
        assert!(of(&every(NARROWEST - 1)).is_none());
    }

    #[test]
    fn an_arc_goes_on_over_a_gap_of_twelve_usual_ones_and_no_more() {
        let gap = u64::MAX / 1_000;
        let told: Vec<u64> = (20..60).map(|n| n * gap).collect();
        for (before, places) in [(GOES_ON * gap, 41), (GOES_ON * gap + 1, 40), (0, 40)] {
            let along = of(&told).unwrap().along(Some(told[0] - before));
            assert_eq!(
                along.iter().filter(|&&at| at != front(TELLER)).count(),
                places
            );
        }
    }

    #[test]
    fn an_arc_is_two_fifths_of_what_was_told_at_least() {
        let mut chance = Chance::new(&Seed::new([6; 32]));
        for (news, nodes, is_arc) in [(150, 100, true), (200, 50, false)] {
            let mut told: Vec<u64> = (0..news).map(|_| chance.next_u64()).collect();
            let start = chance.next_u64();
            told.extend(walk(&mut chance, start, nodes));
            assert_eq!(of(&told).is_some(), is_arc, "{nodes}");
        }
    }
}
