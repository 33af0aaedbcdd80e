//! Places that go to nodes of higher score.

use pex::peers::{Event, Eviction, Misconduct, Standing};

use crate::world::{NOBODY, World, changes, dials, evicted, id, node, secs};

/// Two places for those whom we dial, both taken, and nodes 8 and 9 worth more.
fn full(upgrades: usize) -> World {
    let mut w = World::quiet(|it| {
        let it = it.connected_max(2).slots(2, 0).upgrade_max(upgrades);
        it.scores([(id(8), 5), (id(9), 6)])
    });
    w.connect(1);
    w.connect(2);
    w.behaves(2);
    w
}

#[test]
fn a_better_node_is_dialed_for_the_place_of_the_lowest_peer() {
    let mut w = full(1);
    assert_eq!(dials(&w.name(&node(9))), [9]);
    assert_eq!(w.standing(1), Standing::Claimed);
    assert_eq!(w.up(), [1, 2], "who is to go is of use until then");
    let actions = w.dialed(9);
    assert_eq!(changes(&actions), [(1, false)]);
    assert_eq!(evicted(&actions), [(1, Eviction::Upgraded)]);
    w.ready(9);
    assert_eq!(w.up(), [2, 9]);
    w.down(1);
    assert_eq!(w.pass(secs(3_600)), []);
}

#[test]
fn no_more_are_dialed_for_others_places_than_there_are_upgrades() {
    let mut w = full(1);
    w.name(&node(9));
    assert_eq!(dials(&w.name(&node(8))), NOBODY);
    w.dialed(9);
    assert_eq!(dials(&w.tick()), NOBODY, "one is leaving");
    assert_eq!(dials(&w.down(1)), [8]);
    assert_eq!(w.standing(2), Standing::Claimed);
}

#[test]
fn who_was_dialed_for_anothers_place_is_not_let_in_while_somebody_else_is_leaving() {
    let mut w = World::quiet(|it| {
        let it = it.connected_max(2).slots(2, 0).upgrade_max(1);
        it.scores([(id(9), 6)]).unconditional([id(7)])
    });
    w.connect(1);
    w.connect(2);
    w.welcome(7);
    assert_eq!(dials(&w.name(&node(9))), [9]);
    w.misbehaves(7, Misconduct::Fatal);
    assert_eq!(evicted(&w.dialed(9)), [(9, Eviction::Full)]);
    assert_eq!(w.up(), [1, 2]);
}

#[test]
fn two_upgrades_claim_two_peers() {
    let mut w = full(2);
    assert_eq!(dials(&w.name(&node(9))), [9]);
    assert_eq!(dials(&w.name(&node(8))), [8]);
    assert_eq!(
        (w.standing(1), w.standing(2)),
        (Standing::Claimed, Standing::Claimed)
    );
    assert_eq!(evicted(&w.dialed(9)), [(1, Eviction::Upgraded)]);
    assert_eq!(evicted(&w.dialed(8)), [(2, Eviction::Upgraded)]);
}

#[test]
fn without_upgrades_nobody_is_dialed_for_anothers_place() {
    let mut w = full(0);
    assert_eq!(dials(&w.name(&node(9))), NOBODY);
    assert_eq!(dials(&w.down(1)), [9]);
}

#[test]
fn nobody_is_dialed_for_the_place_of_who_is_not_lower() {
    let mut w = World::quiet(|it| {
        let it = it.connected_max(2).slots(2, 0);
        it.scores((1..=3).map(|n| (id(n), 5)))
    });
    w.connect(1);
    w.connect(2);
    assert_eq!(dials(&w.name(&node(3))), NOBODY);
    assert_eq!(dials(&w.pass(secs(3_600))), NOBODY);
}

#[test]
fn a_place_is_promised_to_one_only() {
    let mut w = World::quiet(|it| {
        let it = it.connected_max(2).slots(2, 0).upgrade_max(2);
        it.scores([(id(2), 5), (id(8), 5), (id(9), 5)])
    });
    w.connect(1);
    w.connect(2);
    assert_eq!(dials(&w.name(&node(9))), [9]);
    assert_eq!(dials(&w.name(&node(8))), NOBODY);
}

#[test]
fn a_dial_that_fails_gives_the_place_back() {
    let mut w = full(1);
    w.name(&node(9));
    w.name(&node(8));
    assert_eq!(dials(&w.dies(9)), [8]);
    assert_eq!(w.standing(1), Standing::Claimed, "now for another");
    w.dies(8);
    assert_eq!(w.standing(1), Standing::Ready);
}

#[test]
fn a_dial_that_is_never_answered_gives_the_place_back() {
    let mut w = full(1);
    w.name(&node(9));
    w.pass(secs(120));
    assert_eq!(w.standing(1), Standing::Ready);
}

#[test]
fn whoever_has_become_the_lowest_goes_and_not_who_was_promised() {
    let mut w = full(1);
    w.name(&node(9));
    assert_eq!(w.standing(1), Standing::Claimed);
    for _ in 0..3 {
        w.misbehaves(2, Misconduct::Minor);
    }
    assert_eq!(evicted(&w.dialed(9)), [(2, Eviction::Upgraded)]);
    assert_eq!(w.standing(1), Standing::Ready);
}

#[test]
fn nobody_goes_if_a_place_has_become_free_meanwhile() {
    for leaves in [1, 2] {
        let mut w = full(1);
        w.name(&node(9));
        w.down(leaves);
        assert_eq!(evicted(&w.dialed(9)), []);
        w.ready(9);
        assert_eq!(w.up(), [3 - leaves, 9]);
    }
}

#[test]
fn a_promise_ends_when_the_newcomer_comes_by_himself() {
    let mut w = World::quiet(|it| {
        let it = it.connected_max(3).slots(2, 1).upgrade_max(1);
        it.scores([(id(9), 5)])
    });
    w.connect(1);
    w.connect(2);
    w.name(&node(9));
    assert_eq!(evicted(&w.accept(9)), []);
    assert_eq!(
        (w.standing(1), w.standing(2)),
        (Standing::Ready, Standing::Ready)
    );
}

#[test]
fn who_comes_by_himself_while_dialed_takes_the_place_of_one_who_came() {
    let mut w = World::quiet(|it| {
        let it = it.connected_max(2).slots(1, 1).upgrade_max(1);
        it.scores([(id(9), 5)])
    });
    w.connect(1);
    w.welcome(2);
    w.name(&node(9));
    assert_eq!(w.standing(1), Standing::Claimed);
    assert_eq!(evicted(&w.accept(9)), [(2, Eviction::Upgraded)]);
    assert_eq!(w.standing(1), Standing::Ready);
}

#[test]
fn a_promised_place_whose_peer_broke_a_rule_is_taken_and_nobody_else_goes() {
    let mut w = full(1);
    w.name(&node(9));
    assert_eq!(
        evicted(&w.misbehaves(1, Misconduct::Major)),
        [(1, Eviction::Misconduct)]
    );
    assert_eq!(evicted(&w.dialed(9)), []);
    w.ready(9);
    assert_eq!(w.up(), [2, 9]);
}

#[test]
fn a_promised_peer_that_comes_again_is_promised_no_more() {
    let mut w = full(1);
    w.name(&node(9));
    // A second connection with the victim: it has a life of its own.
    w.reached(&node(1));
    assert_eq!(w.standing(1), Standing::Connected);
    assert_eq!(evicted(&w.dialed(9)), [(1, Eviction::Upgraded)]);
}

#[test]
fn a_promised_peer_can_become_ready_and_goes_down_when_it_goes() {
    let mut w = World::quiet(|it| it.connected_max(1).slots(1, 0).scores([(id(9), 5)]));
    w.name(&node(1));
    w.dialed(1);
    w.name(&node(9));
    assert_eq!(w.standing(1), Standing::Claimed);
    assert_eq!(changes(&w.ready(1)), [(1, true)]);
    assert_eq!(w.standing(1), Standing::Claimed);
    assert_eq!(changes(&w.dialed(9)), [(1, false)]);
}

#[test]
fn who_went_for_a_better_one_is_not_dialed_for_his_own_place() {
    let mut w = full(1);
    w.name(&node(9));
    w.dialed(9);
    w.ready(9);
    w.down(1);
    assert_eq!(dials(&w.pass(secs(7_200))), NOBODY);
}

#[test]
fn a_persistent_peer_goes_for_nobody_whatever_score_it_was_given() {
    let mut w = World::quiet(|it| {
        let it = it.connected_max(1).slots(1, 0).persistent([id(1)]);
        it.scores([(id(1), 1), (id(9), 1_000)])
    });
    w.judge.persistent.insert(id(1));
    w.connect(1);
    assert_eq!(dials(&w.name(&node(9))), NOBODY);
    // But what the operator says is done.
    let actions = w.event(Event::Release { peer: id(1) });
    assert_eq!(evicted(&actions), [(1, Eviction::Released)]);
    assert_eq!(dials(&actions), [9]);
}
