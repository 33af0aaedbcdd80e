//! Events in any order, from anybody, at any time: the judge and the checks inside look at each.

use std::collections::BTreeSet;

use pex::peers::{DialFailure, Event, Misconduct, Options, RecordKey};
use pex::{Epoch, NodeAddress, Time};

use crate::anything::{Habits, carry_out, event, pause};
use crate::nodes::Dice;
use crate::world::{HOUR, ME, World, at, at_port, host, id, ms, node, secs, text};

/// Options under which everything happens that can happen, and everything is scarce.
fn options(seed: u64) -> Options {
    let it = Options::builder()
        .addresses_max(if seed.is_multiple_of(2) { 40 } else { 12 })
        .connected_max(6)
        .slots(3, 3)
        .upgrade_max(2)
        .per_network(1, 2)
        .network_share(10, 2)
        .teller_percent(50)
        .persistent([id(3), id(8)])
        .scores([(id(4), 7), (id(9), 9)])
        .unconditional([id(5)])
        .private([id(6)])
        .own_addresses(vec![at(7, host(7, 7))])
        .outbound_life(Some(2 * HOUR))
        .feeler_every(Some(secs(60)));
    it.build().unwrap()
}

fn world(seed: u64) -> World {
    let mut w = World::of(options(seed));
    w.judge.persistent.extend([id(3), id(8)]);
    w.judge.chosen.extend([3, 4, 8, 9].map(id));
    w
}

fn address(dice: &mut Dice) -> NodeAddress {
    let n = dice.below(30);
    match dice.below(12) {
        0 => text(
            n,
            &format!("n{}.example{}.org:1", dice.below(3), dice.below(3)),
        ),
        1 => at(n, [10, 0, 0, 1].into()),
        2 => at(n, [127, 0, 0, 1].into()),
        3 => text(n, &format!("[::ffff:32.{n}.1.1]:26656/{}", dice.below(3))),
        4 => at(n, host(7, 7)),
        5 => NodeAddress::mconn(ME, host(n, 1), 1),
        6 | 7 => at_port(n, host(dice.below(3), dice.below(3)), 1 + dice.below(2)),
        _ => node(n),
    }
}

const HABITS: Habits = Habits {
    address,
    teller: |_, _, peer, _| peer,
};

#[test]
fn whatever_happens_in_whatever_order_the_invariants_hold() {
    let (mut stood, mut sums) = (BTreeSet::new(), [0; 6]);
    for seed in 100..120 {
        let (mut w, mut dice) = (world(seed), Dice(seed));
        for step in 0..1_500 {
            w.now = w.now + pause(&mut dice);
            let event = event(&mut w, &mut dice, HABITS);
            w.event(event);
            carry_out(&mut w, &mut dice);
            stood.extend((0..30).map(|n| format!("{:?}", w.standing(n))));
            match (step % 300, dice.below(3)) {
                (200, 0) => drop(w.restart(options(seed))),
                (200, 1) => {
                    let back = secs(dice.below(10_000).into());
                    w.rewind(Time::EPOCH + (w.now - (Time::EPOCH + back)));
                }
                _ => {}
            }
        }
        w.pass(secs(1));
        let (disk, image) = (w.disk.clone(), w.image());
        let differs = |key: &&RecordKey| disk.get(*key) != image.get(*key);
        let differing: Vec<_> = disk.keys().chain(image.keys()).filter(differs).collect();
        assert!(differing.is_empty(), "{seed}: {differing:?}");
        let counts = w.peers.counts();
        for (sum, count) in sums.iter_mut().zip([
            counts.learned,
            counts.reached,
            counts.failed,
            counts.evicted,
            counts.bans,
            counts.full,
        ]) {
            *sum += count;
        }
    }
    assert!(sums.iter().all(|it| *it > 20), "{sums:?}");
    // Each place that a peer can be in was somebody's.
    assert_eq!(stood.len(), 8, "{stood:?}");
}

#[test]
fn what_is_told_is_never_private_banned_or_our_own() {
    for seed in 20..24 {
        let (mut w, mut dice) = (world(seed), Dice(seed));
        for _ in 0..600 {
            w.now = w.now + pause(&mut dice);
            let event = event(&mut w, &mut dice, HABITS);
            w.event(event);
            carry_out(&mut w, &mut dice);
            let told = w.told();
            assert!(told.iter().all(|it| it.id() != id(6) && it.id() != ME));
            assert!(told.iter().all(|it| it.ip() != Some(host(7, 7))));
            assert!(told.iter().all(|it| !w.peers.is_banned(it.id())));
            assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len());
        }
    }
}

#[test]
fn an_event_that_makes_no_sense_changes_a_counter_and_nothing_else() {
    let (mut w, mut dice) = (world(3), Dice(3));
    for _ in 0..600 {
        w.now = w.now + ms(dice.below(5_000).into());
        let event = event(&mut w, &mut dice, HABITS);
        w.event(event);
        carry_out(&mut w, &mut dice);
    }
    w.pass(secs(1));
    let before = (w.image(), w.told(), w.up(), w.peers.deadline());
    let (stray, never) = (w.peers.counts().stray_events, Epoch::new(1 << 60));
    for n in 0..40 {
        let (peer, epoch) = (id(n), never);
        for event in [
            Event::Ready { peer, epoch },
            Event::Disconnected { peer, epoch },
            Event::DialFailed {
                address: at(n, host(4_000, 1)),
                why: DialFailure::Unreachable,
            },
        ] {
            assert_eq!(w.event(event), []);
        }
    }
    assert_eq!(w.peers.counts().stray_events, stray + 120);
    assert_eq!((w.image(), w.told(), w.up(), w.peers.deadline()), before);
}

/// What may happen to two nodes: one of a score that the operator set, and one without.
fn moves(w: &mut World) -> Vec<Event> {
    let mut moves = vec![Event::Tick];
    for n in [1, 9] {
        let (peer, address) = (id(n), node(n));
        let epoch = w
            .judge
            .links
            .get(&peer)
            .map_or(Epoch::new(1 << 60), |it| it.epoch);
        let why = DialFailure::Unreachable;
        moves.extend([
            Event::Learned {
                address: address.clone(),
                from: ME,
            },
            Event::DialFailed {
                address: address.clone(),
                why,
            },
            Event::Dialed {
                address,
                epoch: w.epoch(),
                ip: None,
            },
            Event::Accepted {
                peer,
                epoch: w.epoch(),
                ip: Some(host(n, 257)),
                listen: None,
            },
            Event::Ready { peer, epoch },
            Event::Disconnected { peer, epoch },
            Event::Misbehaved {
                peer,
                how: Misconduct::Major,
            },
        ]);
    }
    moves
}

#[test]
fn every_order_of_four_events_of_two_nodes_that_want_one_place_is_legal() {
    fn explore(w: &World, depth: u32, seen: &mut u32) {
        for event in moves(&mut w.clone()) {
            let mut next = w.clone();
            // Epochs are not given twice, also not on another branch.
            next.epoch();
            next.epoch();
            next.now = next.now + secs(31);
            next.event(event);
            *seen += 1;
            if depth > 1 {
                explore(&next, depth - 1, seen);
            }
        }
    }
    let mut seen = 0;
    let w = World::with(|it| {
        let it = it.connected_max(2).slots(1, 1).upgrade_max(1);
        it.scores([(id(9), 5)]).feeler_every(None)
    });
    explore(&w, 4, &mut seen);
    assert_eq!(seen, 15 + 15 * 15 + 15 * 15 * 15 + 15 * 15 * 15 * 15);
}
