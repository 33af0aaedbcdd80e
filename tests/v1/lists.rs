//! Other lists of nodes while the switch runs.

use pex::peers::{DialFailure, Eviction};
use pex::v1::Options;

use crate::nodes::{id, node, secs, text};
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

#[test]
fn a_seed_that_is_named_again_is_not_dialed_before_its_time_and_one_named_in_between_stays() {
    let seeds = [node(1)];
    let mut w = World::seed(|it| it.seeds(seeds.to_vec())).trusting(&[node(1), node(2), node(3)]);
    assert_eq!(dials(&w.tick()), [1]);
    w.fails(1, DialFailure::Unreachable);
    let name = text(2, "seed.example.org:26656");
    assert_eq!(dials(&w.name(&name)), [2]);
    w.fails(2, DialFailure::Unreachable);
    let more = seed().seeds(vec![node(1), node(3)]).build().unwrap();
    assert_eq!(dials(&w.reconfigure_with_lists(more)), [3]);
    w.fails(3, DialFailure::Unreachable);
    // Both failed a minute ago.
    let mut again = dials(&w.pass(secs(90)));
    again.sort_unstable();
    assert_eq!(again, [1, 2, 3]);
}

#[test]
fn who_becomes_unconditional_while_he_is_checked_is_let_go_of_all_the_same() {
    let mut w = World::seed(|it| it);
    w.learn(&node(1), 9);
    w.dialed(1);
    w.ready(1);
    let options = seed().unconditional([id(1)]).build().unwrap();
    assert_eq!(w.reconfigure_with_lists(options), []);
    assert_eq!(evicted(&w.pass(secs(15))), [(1, Eviction::Feeler)]);
}
