//! The life of a peer: known, dialed, connected, ready, told to go, gone.

use pex::peers::{Action, Event, Eviction, Standing};

use crate::world::{NOBODY, World, changes, dials, evicted, host, id, node, secs};

#[test]
fn a_node_is_known_then_dialed_then_connected_then_ready_then_gone() {
    let mut w = World::quiet(|it| it);
    assert_eq!(w.standing(1), Standing::Unknown);
    assert_eq!(dials(&w.name(&node(1))), [1]);
    assert_eq!(w.standing(1), Standing::Dialing);
    w.dialed(1);
    assert_eq!(w.standing(1), Standing::Connected);
    w.ready(1);
    assert_eq!(w.standing(1), Standing::Ready);
    w.event(Event::Release { peer: id(1) });
    assert_eq!(w.standing(1), Standing::Evicting);
    w.down(1);
    assert_eq!(w.standing(1), Standing::Known);
}

#[test]
fn that_who_has_to_go_could_be_used_now_changes_nothing_and_is_no_mistake() {
    let mut w = World::quiet(|it| it.slots(0, 1));
    w.accept(1);
    w.accept(2);
    assert_eq!(w.standing(2), Standing::Refused);
    w.event(Event::Release { peer: id(1) });
    assert_eq!(w.standing(1), Standing::Evicting);
    for n in [1, 2] {
        assert_eq!(w.ready(n), []);
    }
    assert_eq!((w.up(), w.peers.counts().stray_events), (vec![], 0));
}

#[test]
fn where_a_peer_was_dialed_is_known_of_those_whom_we_dialed() {
    let mut w = World::still();
    w.welcome(1);
    assert_eq!(w.peers.dialed_at(id(1)), None);
    let mut w = World::quiet(|it| it);
    w.connect(2);
    assert_eq!(w.peers.dialed_at(id(2)), Some(node(2)));
    w.down(2);
    assert_eq!(w.peers.dialed_at(id(2)), None);
}

#[test]
fn a_connection_is_up_when_it_can_be_used_and_not_before() {
    let mut w = World::quiet(|it| it);
    assert_eq!(changes(&w.accept(1)), []);
    assert_eq!(w.up(), NOBODY);
    let actions = w.ready(1);
    let epoch = w.epoch_of(1);
    assert_eq!(actions, [Action::Up { peer: id(1), epoch }]);
    assert_eq!(w.up(), [1]);
    // Said twice, it is up once.
    assert_eq!(w.ready(1), []);
}

#[test]
fn nobody_is_ready_who_is_not_connected() {
    let mut w = World::quiet(|it| it);
    w.name(&node(1));
    for n in [1, 2] {
        let (peer, epoch) = (id(n), w.epoch());
        assert_eq!(w.event(Event::Ready { peer, epoch }), []);
    }
    assert_eq!(
        (w.standing(1), w.standing(2)),
        (Standing::Dialing, Standing::Unknown)
    );
    assert_eq!(w.peers.counts().stray_events, 2);
}

#[test]
fn a_connection_that_was_never_ready_ends_without_a_down() {
    let mut w = World::quiet(|it| it);
    w.accept(1);
    assert_eq!(w.down(1), []);
    w.welcome(2);
    assert_eq!(changes(&w.down(2)), [(2, false)]);
}

#[test]
fn the_end_of_a_connection_that_is_over_is_absorbed() {
    let mut w = World::quiet(|it| it);
    w.welcome(1);
    let (peer, epoch) = (id(1), w.epoch_of(1));
    w.down(1);
    assert_eq!(w.event(Event::Disconnected { peer, epoch }), []);
    w.welcome(1);
    assert_eq!(w.event(Event::Disconnected { peer, epoch }), []);
    assert_eq!(w.up(), [1]);
    assert_eq!(w.peers.counts().stray_events, 2);
}

#[test]
fn whoever_has_to_go_goes_down_first_and_once() {
    let mut w = World::quiet(|it| it);
    w.welcome(1);
    let (peer, epoch) = (id(1), w.epoch_of(1));
    let why = Eviction::Released;
    let actions = w.event(Event::Release { peer });
    assert_eq!(
        actions,
        [
            Action::Down { peer, epoch },
            Action::Evict { peer, epoch, why }
        ]
    );
    // Told once, and what comes of it is not told again.
    assert_eq!(w.event(Event::Release { peer }), []);
    assert_eq!(w.ready(1), []);
    assert_eq!(w.down(1), []);
}

#[test]
fn the_ups_and_downs_of_many_lives_are_told_one_by_one_in_order() {
    let mut w = World::quiet(|it| it);
    // Inbound, and gone by itself; outbound, and evicted; a dial that fails; again; inbound and
    // evicted before it is ready.
    w.welcome(1);
    w.down(1);
    w.connect(2);
    w.event(Event::Release { peer: id(2) });
    w.down(2);
    w.name(&node(3));
    w.dies(3);
    w.welcome(1);
    w.accept(4);
    w.event(Event::Release { peer: id(4) });
    w.down(4);
    let told: Vec<Action> = w.log.into_iter().map(|(_, action)| action).collect();
    let ups = [(1, true), (1, false), (2, true), (2, false), (1, true)];
    assert_eq!(changes(&told), ups);
    assert_eq!(
        evicted(&told),
        [(2, Eviction::Released), (4, Eviction::Released)]
    );
}

#[test]
fn a_connection_reported_twice_counts_once() {
    let mut w = World::quiet(|it| it);
    w.name(&node(1));
    w.dialed(1);
    let (address, epoch, ip) = (node(1), w.epoch_of(1), None);
    assert_eq!(w.event(Event::Dialed { address, epoch, ip }), []);
    let (peer, ip, listen) = (id(1), Some(host(1, 257)), None);
    let accepted = Event::Accepted {
        peer,
        epoch,
        ip,
        listen,
    };
    assert_eq!(w.event(accepted), []);
    assert_eq!(w.standing(1), Standing::Connected);
    assert_eq!(
        (w.peers.counts().admitted, w.peers.counts().stray_events),
        (1, 2)
    );
}

#[test]
fn a_new_connection_with_a_peer_takes_the_place_of_the_one_before() {
    let mut w = World::quiet(|it| it.connected_max(2).slots(1, 1));
    w.welcome(1);
    // He comes again, before we know that his first connection has died.
    assert_eq!(changes(&w.accept(1)), [(1, false)]);
    assert_eq!(changes(&w.ready(1)), [(1, true)]);
    // We have reached him ourselves as well.
    assert_eq!(changes(&w.reached(&node(1))), [(1, false)]);
    w.ready(1);
    assert_eq!(w.up(), [1]);
    // There is one place in each direction, and he takes one of them.
    w.welcome(2);
    assert_eq!(w.up(), [1, 2]);
}

#[test]
fn a_message_of_the_connection_before_does_not_touch_the_present_one() {
    let mut w = World::quiet(|it| it);
    w.welcome(1);
    let (peer, epoch) = (id(1), w.epoch_of(1));
    w.accept(1);
    assert_eq!(w.event(Event::Ready { peer, epoch }), []);
    assert_eq!(w.event(Event::Disconnected { peer, epoch }), []);
    assert_eq!(w.standing(1), Standing::Connected);
}

#[test]
fn who_was_not_let_in_takes_no_place_and_is_gone_when_he_is_gone() {
    let mut w = World::quiet(|it| it.connected_max(1).slots(0, 1));
    w.welcome(1);
    assert_eq!(evicted(&w.accept(2)), [(2, Eviction::Full)]);
    assert_eq!(w.standing(2), Standing::Refused);
    // That it could be used now does not matter.
    assert_eq!(w.ready(2), []);
    w.down(1);
    w.welcome(3);
    assert_eq!(w.down(2), []);
    assert_eq!(w.standing(2), Standing::Unknown);
    assert_eq!(w.up(), [3]);
}

#[test]
fn a_flood_of_connections_that_are_not_let_in_leaves_a_bounded_number_behind() {
    let mut w = World::quiet(|it| it.connected_max(1).slots(0, 1));
    w.checks_inside = false;
    w.welcome(1);
    for n in 10..3_000 {
        assert_eq!(evicted(&w.accept(n)), [(n, Eviction::Full)]);
    }
    let standing = (10..3_000).map(|n| w.standing(n));
    let refused = standing.filter(|it| *it == Standing::Refused).count();
    assert_eq!(refused, 1_024);
    assert_eq!(w.peers.check(), Ok(()));
    // The others are refused all the same, and their end is nothing to us.
    assert_eq!(w.down(2_999), []);
    w.pass(secs(60));
    assert_eq!(w.up(), [1]);
}
