//! Of those who were reached before, the oldest acquaintance is dialed.

use crate::world::{DAY, HOUR, World, dials, node, secs};

/// Of the first ten dials, those of the twenty nodes that were reached a day before twenty others.
fn old_acquaintances_dialed(draws: u32) -> usize {
    let mut w = World::quiet(|it| {
        let it = it.connected_max(2).slots(1, 1).oldest_of(draws);
        it.feeler_every(None).tested_percent(100)
    });
    // There is a place for one, and it is taken: the others are seen to be there, and sent away.
    w.connect(1_000);
    for n in 0..40 {
        if n == 20 {
            w.pass(DAY);
        }
        w.reached(&node(n));
        w.down(n);
        w.pass(secs(60));
    }
    w.pass(HOUR);
    let mut order = dials(&w.down(1_000));
    while order.len() < 10 {
        let last = order[order.len() - 1];
        order.extend(dials(&w.dies(last)));
    }
    order.iter().filter(|n| **n < 20).count()
}

#[test]
fn of_several_who_were_reached_before_the_one_reached_longest_ago_is_dialed() {
    assert_eq!(old_acquaintances_dialed(12), 10);
}

#[test]
fn with_a_single_draw_age_counts_for_nothing() {
    let old = old_acquaintances_dialed(1);
    assert!((2..=8).contains(&old), "{old}");
}
