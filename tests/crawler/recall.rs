//! What a crawler still knows of an earlier life.

use pex::{Estimate, NodeAddress};

use crate::machine::{Crawler, home, id};

#[test]
fn what_was_told_in_an_earlier_life_counts_for_the_estimate_as_if_it_were_told_now() {
    let homes = |numbers: core::ops::Range<u32>| numbers.map(home).collect::<Vec<NodeAddress>>();
    let told = [(1, homes(10..60)), (2, homes(30..80)), (3, homes(20..70))];
    let mut one = Crawler::new();
    for (n, homes) in &told {
        one.meet(*n, "8.8.8.8");
        one.tells(*n, homes);
    }
    let mut other = Crawler::new();
    assert_eq!(
        other.node.pex().estimate(),
        Estimate::Unknown { at_least: 0 }
    );
    for (n, homes) in &told {
        other.node.recall(id(*n), homes.iter().map(NodeAddress::id));
    }
    let estimate = one.node.pex().estimate();
    assert!(matches!(estimate, Estimate::Known { .. }));
    assert_eq!(other.node.pex().estimate(), estimate);
    assert_eq!(other.node.peers().addresses(), 0, "nobody is known for it");
}
