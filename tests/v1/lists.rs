//! Other lists of nodes while the switch runs.

use pex::peers::{DialFailure, Eviction};
use pex::v1::Options;

use crate::nodes::{id, node, secs};
use crate::world::{World, dials, evicted};

fn seed() -> pex::v1::OptionsBuilder {
    Options::seed()
}

#[test]
fn seeds_that_are_named_while_it_runs_are_dialed_and_those_named_no_longer_are_not() {
    let mut w = World::seed(|it| it.seeds(vec![node(1)])).trusting(&[node(1), node(2)]);
    assert_eq!(dials(&w.tick()), [1]);
    w.fails(1, DialFailure::Unreachable);
    let options = seed().seeds(vec![node(2)]).build().unwrap();
    assert_eq!(dials(&w.reconfigure_with_lists(options)), [2]);
    w.fails(2, DialFailure::Unreachable);
    // However long it is alone, it is the second that is tried again.
    let later: Vec<u32> = (0..40)
        .flat_map(|_| {
            let tried = dials(&w.pass(secs(60)));
            for n in &tried {
                w.fails(*n, DialFailure::Unreachable);
            }
            tried
        })
        .collect();
    assert!(
        later.len() > 1 && later.iter().all(|n| *n == 2),
        "{later:?}"
    );
}

#[test]
fn who_is_unconditional_no_longer_counts_like_any_other_and_the_other_way_round() {
    let mut w = World::seed(|it| it.slots(0, 2).unconditional([id(1)]));
    for n in 1..=3 {
        w.welcome(n);
        w.pass(secs(1));
    }
    assert_eq!(w.up(), [1, 2, 3]);
    let done = w.reconfigure_with_lists(seed().slots(0, 2).unconditional([id(2)]).build().unwrap());
    assert_eq!(evicted(&done), []);
    assert_eq!(w.up(), [1, 2, 3]);
    let done = w.reconfigure_with_lists(seed().slots(0, 2).build().unwrap());
    assert_eq!(evicted(&done), [(1, Eviction::Full)]);
    assert_eq!(w.up(), [2, 3]);
}

#[test]
fn who_becomes_private_leaves_the_book_and_may_come_into_it_when_he_is_so_no_longer() {
    let mut w = World::seed(|it| it);
    w.learn(&node(3), 9);
    assert_eq!(w.peers.book().size(), 1);
    let _done = w.reconfigure_with_lists(seed().slots(0, 2).private([id(3)]).build().unwrap());
    assert_eq!(w.peers.book().size(), 0);
    w.learn(&node(3), 9);
    assert_eq!(w.peers.book().size(), 0);
    let _done = w.reconfigure_with_lists(seed().slots(0, 2).build().unwrap());
    w.learn(&node(3), 9);
    assert_eq!(w.peers.book().size(), 1);
}
