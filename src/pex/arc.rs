//! What an arc says of the size of a network: how dense the ids lie on it.

use crate::NodeAddress;
use crate::peers::ring::front;

/// Nodes of which an answer has to tell at least.
const FEWEST: usize = 40;

/// How many nodes there are, if all lie as densely on the ring of ids as the last half of this answer,
/// before which there may be news; none if that is no arc.
pub(super) fn nodes(told: &[NodeAddress]) -> Option<u64> {
    let (_, arc) = told.split_at(told.len() / 2);
    if told.len() < FEWEST {
        return None;
    }
    let (mut span, mut steps, mut last) = (0_u128, 0_u128, front(arc.first()?.id()));
    for address in arc {
        let next = front(address.id());
        if next != last {
            span = span.saturating_add(next.wrapping_sub(last).into());
            steps = steps.saturating_add(1);
            last = next;
        }
    }
    // Who goes round the ring more than once does not go along it.
    if steps == 0 || span >> u64::BITS != 0 {
        return None;
    }
    let nodes = (steps << u64::BITS).checked_div(span)?;
    u64::try_from(nodes).ok()
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::NodeId;

    fn told(fronts: impl Iterator<Item = u64>) -> Vec<NodeAddress> {
        let address = |front: u64| {
            let mut id = [0; 20];
            id[..8].copy_from_slice(&front.to_be_bytes());
            NodeAddress::mconn(NodeId::new(id), [8, 8, 8, 8].into(), 26_656)
        };
        fronts.map(address).collect()
    }

    #[test]
    fn a_hundred_ids_on_a_hundredth_of_the_ring_are_of_ten_thousand_nodes() {
        let step = u64::MAX / 10_000;
        for start in [0, 1 << 40, u64::MAX - 30 * step] {
            let arc = told((0..100).map(|n| start.wrapping_add(n * step)));
            let nodes = nodes(&arc).unwrap();
            assert!((9_999..=10_001).contains(&nodes), "{nodes}");
        }
    }

    #[test]
    fn news_before_an_arc_changes_nothing() {
        let step = u64::MAX / 1_000;
        let news = (0..40).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let answer = told(news.chain((0..60).map(|n| n * step)));
        let nodes = nodes(&answer).unwrap();
        assert!((990..=1_010).contains(&nodes), "{nodes}");
    }

    #[test]
    fn what_is_in_no_order_or_short_is_no_arc() {
        let scattered = |n: u64| (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        assert_eq!(nodes(&told((0..100).map(scattered))), None);
        assert_eq!(nodes(&told((0..30).map(|n| n << 20))), None);
        assert_eq!(nodes(&told((0..100).map(|_| 7))), None);
        assert_eq!(nodes(&[]), None);
    }
}
