//! What kin is told: the nodes by their ids, from where nobody can choose; and what is new, first.

use std::collections::BTreeSet;

use pex::wire::Dialect;
use pex::{Config, Kind, NodeAddress, NodeId, Pex, Seed};
use quickcheck::QuickCheck;

use crate::support::{ME, Store, World, address, answered, asked, cut, id, ms, node, nodes, secs};

/// So many answers to one peer, with so much time before each.
fn answers(w: &mut World, peer: u32, many: usize, pause: u64) -> Vec<Vec<NodeAddress>> {
    let one = |_| {
        w.pass(ms(pause));
        answered(&w.requests(peer, Dialect::V2)).unwrap()
    };
    (0..many).map(one).collect()
}

fn knowing(nodes: Vec<NodeAddress>) -> World {
    let mut w = World::new();
    w.store = Store::of(nodes).with_ring();
    w
}

fn ids(answer: &[NodeAddress]) -> Vec<NodeId> {
    answer.iter().map(NodeAddress::id).collect()
}

/// Whether these follow each other on the ring of all that are known.
fn is_arc(told: &[NodeId], all: &[NodeId]) -> bool {
    let first = all.iter().position(|id| *id == told[0]).unwrap();
    let ring = all.iter().cycle().skip(first);
    told.iter().zip(ring).all(|(one, other)| one == other)
}

#[test]
fn kin_that_asks_again_at_once_is_told_one_arc_until_the_ring_is_closed() {
    let all = ids(&nodes(1_000..2_000));
    let mut w = knowing(nodes(1_000..2_000));
    w.up(1, Kind::Kin);
    let told = answers(&mut w, 1, 10, 110);
    assert!(told.iter().all(|answer| answer.len() == 100));
    let told: Vec<NodeId> = told.iter().flat_map(|answer| ids(answer)).collect();
    assert!(is_arc(&told, &all));
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), 1_000);
    // And round again.
    assert_eq!(ids(&answers(&mut w, 1, 1, 110)[0]), told[..100]);
}

#[test]
fn after_a_pause_of_a_second_another_arc_begins_and_not_before() {
    for (pause, goes_on) in [(999, true), (1_000, false), (3_000, false)] {
        let all = ids(&nodes(1_000..6_000));
        let mut w = knowing(nodes(1_000..6_000));
        w.up(1, Kind::Kin);
        let first = answers(&mut w, 1, 1, 0).concat();
        let second = answers(&mut w, 1, 1, pause).concat();
        assert!(is_arc(&ids(&second), &all));
        assert_eq!(is_arc(&ids(&[first, second].concat()), &all), goes_on);
    }
}

#[test]
fn arcs_begin_anywhere_with_the_same_chance_however_the_ids_lie() {
    // Nine of ten nodes are in one corner of the ring, as somebody may make ids by trying.
    let corner = |n: u32| node(if n < 900 { n } else { n << 20 });
    let mut w = knowing((0..1_000).map(corner).collect());
    w.up(1, Kind::Kin);
    let starts = answers(&mut w, 1, 400, 1_000);
    let crowd = id(900);
    let in_crowd = starts.iter().filter(|it| it[0].id() < crowd).count();
    // Nine of ten, give or take five deviations.
    assert!((330..=390).contains(&in_crowd), "{in_crowd}");
    let different: BTreeSet<_> = starts.iter().map(|it| it[0].id()).collect();
    assert!(different.len() > 280, "{}", different.len());
}

#[test]
fn two_nodes_and_two_connections_begin_their_arcs_apart() {
    let all = nodes(1_000..60_000);
    let start = |seed: u8, connections: usize| {
        let mut w = knowing(all.clone());
        w.pex = Pex::new(Config::default(), ME, Seed::new([seed; 32]), w.now);
        for _ in 1..connections {
            w.up(1, Kind::Kin);
            answers(&mut w, 1, 1, 0);
            w.down(1);
            w.pass(secs(1));
        }
        w.up(1, Kind::Kin);
        answers(&mut w, 1, 1, 0)[0][0].id()
    };
    let starts: BTreeSet<NodeId> = (1..=4)
        .flat_map(|seed| [start(seed, 1), start(seed, 2)])
        .collect();
    assert_eq!(starts.len(), 8);
    assert_eq!(start(1, 1), start(1, 1), "the seed decides");
}

#[test]
fn nobody_but_kin_is_told_an_arc_and_nobody_is_without_the_extension() {
    let plain = Config::builder().extension(false).build().unwrap();
    for (config, kind, told_arcs) in [
        (Config::default(), Kind::V1, false),
        (Config::default(), Kind::V2, false),
        (Config::default(), Kind::Kin, true),
        (plain, Kind::Kin, false),
    ] {
        let all = ids(&nodes(1_000..2_000));
        let mut w = World::with(config);
        w.store = Store::of(nodes(1_000..2_000)).with_ring();
        w.up(1, kind);
        let told = answers(&mut w, 1, 1, 0).concat();
        assert_eq!(is_arc(&ids(&told), &all), told_arcs, "{kind:?}");
    }
}

#[test]
fn without_the_extension_kin_is_asked_like_any_other_of_v2() {
    let plain = Config::builder().extension(false).build().unwrap();
    let mut w = World::with(plain);
    w.up(1, Kind::Kin);
    w.answers(1, &nodes(100..200));
    assert!(asked(&w.pass(ms(299))).is_empty());
    assert_eq!(asked(&w.pass(ms(1))), [id(1)]);
}

#[test]
fn a_store_without_an_order_of_ids_tells_kin_what_it_tells_others() {
    let mut w = World::new();
    w.store = Store::of(nodes(1_000..1_500));
    w.up(1, Kind::Kin);
    let told = answers(&mut w, 1, 5, 1_100);
    let all: BTreeSet<_> = told.iter().flatten().collect();
    assert_eq!(all.len(), 500, "nothing twice, whatever the pauses");
}

#[test]
fn the_addresses_of_a_node_stay_together_and_one_with_very_many_does_not_hold_up_the_arc() {
    let many = |n: u32, ports: u32| {
        (1..=ports).map(move |port| address(&format!("{}@192.0.2.1:{port}", id(n))))
    };
    let crowd = (1..60).flat_map(|n| many(n, 4)).chain(many(30, 150));
    let mut w = knowing(crowd.collect());
    w.up(100, Kind::Kin);
    let told = answers(&mut w, 100, 8, 110);
    let nodes: BTreeSet<_> = told.iter().flatten().map(NodeAddress::id).collect();
    assert_eq!(nodes.len(), 59);
    let addresses: BTreeSet<_> = told.iter().flatten().collect();
    // Of the one with very many a hundred at least; of each other all.
    assert!(addresses.len() >= 58 * 4 + 100, "{}", addresses.len());
}

#[test]
fn what_was_learned_since_the_last_answer_comes_first_and_fills_half_of_it_at_most() {
    for kind in [Kind::V2, Kind::Kin] {
        for (new, first) in [(3, 3), (50, 50), (70, 50)] {
            let mut w = knowing(nodes(1_000..2_000));
            w.up(1, kind);
            answers(&mut w, 1, 1, 0);
            for n in 0..new {
                w.store.add(node(5_000 + n));
            }
            let told = answers(&mut w, 1, 1, 110).concat();
            assert_eq!(told.len(), 100);
            assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), 100);
            // The latest first.
            let news: Vec<_> = (0..new)
                .rev()
                .take(first)
                .map(|n| node(5_000 + n))
                .collect();
            assert_eq!(told[..first], news, "{kind:?}");
            // And not again, until the walk comes to it.
            let next = answers(&mut w, 1, 1, 110).concat();
            assert_ne!(next[..first], news);
        }
    }
}

#[test]
fn who_is_told_apart_comes_before_the_news_and_is_a_quarter_of_an_answer_at_most() {
    let mut w = World::new();
    let apart: BTreeSet<_> = nodes(1_100..1_140).into_iter().collect();
    w.store = Store::of(nodes(1_000..2_000)).with_ring();
    w.store = w.store.apart(apart.iter().cloned());
    let all = ids(&nodes(1_000..2_000));
    w.up(1, Kind::Kin);
    let mut told = BTreeSet::new();
    for news in [0, 70] {
        (0..news).for_each(|n| w.store.add(node(5_000 + n)));
        let answer = answers(&mut w, 1, 1, 110).concat();
        assert_eq!(answer.len(), 100);
        assert_eq!(answer.iter().collect::<BTreeSet<_>>().len(), 100);
        assert!(answer[..25].iter().all(|it| apart.contains(it)));
        let rest = if news == 0 { 25 } else { 50 };
        assert!(answer[25..rest].iter().all(|it| it.id() >= id(5_000)));
        let left_out = |id: &&NodeId| answer[..25].iter().all(|it| it.id() != **id);
        let ring: Vec<_> = all.iter().filter(left_out).copied().collect();
        assert!(is_arc(&ids(&answer[rest..]), &ring));
        told.extend(answer[..25].to_vec());
    }
    // None of them twice before all were told, on another arc too.
    assert_eq!(told.len(), 40);
    w.pass(secs(2));
    let next = answers(&mut w, 1, 1, 0).concat();
    assert!(next[..25].iter().all(|it| apart.contains(it)));
}

#[test]
fn nobody_but_kin_is_told_anybody_apart() {
    let mut w = World::new();
    w.store = Store::of(nodes(1_000..2_000)).with_ring();
    w.store = w.store.apart(nodes(1_100..1_140));
    w.up(1, Kind::V2);
    let told = answers(&mut w, 1, 1, 0).concat();
    let apart = told
        .iter()
        .filter(|it| (id(1_100)..id(1_140)).contains(&it.id()));
    assert!(apart.count() < 15, "four of a hundred, by chance");
}

#[test]
fn whoever_asks_for_the_first_time_is_told_no_news_apart() {
    let mut w = knowing(nodes(1_000..2_000));
    (0..200).for_each(|n| w.store.add(node(5_000 + n)));
    w.up(1, Kind::V2);
    let told = answers(&mut w, 1, 1, 0).concat();
    let new = told.iter().filter(|it| it.id() >= id(5_000)).count();
    // A sixth of all that is known, and of what is told, by chance.
    assert!(new < 40, "{new}");
}

#[test]
fn a_private_node_is_in_no_arc_and_no_news() {
    let secret = 1_234;
    let config = Config::builder()
        .private_ids([id(secret), id(7_000)])
        .private_addresses(vec![node(secret)])
        .build();
    let mut w = World::with(config.unwrap());
    w.judge.secrets = vec![id(secret).to_string(), id(7_000).to_string()];
    w.store = Store::of(nodes(1_000..1_400)).with_ring();
    w.up(1, Kind::Kin);
    let mut told = answers(&mut w, 1, 4, 110);
    w.store.add(node(7_000));
    told.extend(answers(&mut w, 1, 4, 110));
    let told: BTreeSet<_> = told.iter().flatten().collect();
    assert_eq!(told.len(), 399);
}

#[test]
fn a_machine_that_was_restored_goes_on_with_the_arc_and_the_news() {
    let all = ids(&nodes(1_000..2_000));
    let mut w = knowing(nodes(1_000..2_000));
    w.up(1, Kind::Kin);
    let first = answers(&mut w, 1, 1, 0).concat();
    w.store.add(node(9_000));
    let dump = w.pex.dump();
    w.pex = Pex::restore(Config::default(), Seed::new([7; 32]), &dump).unwrap();
    assert_eq!(w.pex.dump(), dump);
    let second = answers(&mut w, 1, 1, 110).concat();
    assert_eq!(second[0], node(9_000));
    assert!(is_arc(&ids(&[first, second[1..].to_vec()].concat()), &all));
}

#[test]
fn a_clock_that_is_set_back_does_not_end_an_arc_nor_make_it_last() {
    for (pause, goes_on) in [(900, true), (1_000, false)] {
        let all = ids(&nodes(1_000..6_000));
        let mut w = knowing(nodes(1_000..6_000));
        w.now = w.now + secs(3_600);
        w.up(1, Kind::Kin);
        let first = answers(&mut w, 1, 1, 0).concat();
        w.set_back(secs(3_000));
        let second = answers(&mut w, 1, 1, pause).concat();
        assert_eq!(is_arc(&ids(&[first, second].concat()), &all), goes_on);
    }
}

#[test]
fn whatever_the_pauses_an_answer_holds_nothing_twice_and_a_hundred_if_there_are_so_many() {
    fn holds(pauses: Vec<(u16, u8)>) -> bool {
        let mut w = knowing(nodes(1_000..1_130));
        w.up(1, Kind::Kin);
        let mut next = 5_000;
        pauses.into_iter().all(|(pause, new)| {
            for _ in 0..new % 60 {
                w.store.add(node(next));
                next += 1;
            }
            let told = answers(&mut w, 1, 1, 100 + u64::from(pause % 2_000)).concat();
            told.len() == 100 && told.iter().collect::<BTreeSet<_>>().len() == 100
        })
    }
    QuickCheck::new()
        .tests(60)
        .quickcheck(holds as fn(Vec<(u16, u8)>) -> bool);
}

/// Answers of kin, all of them arcs that go on from where the one before ended or begin anew.
fn restores_after(answers: &[Vec<NodeAddress>]) -> bool {
    let mut w = World::new();
    w.up(1, Kind::Kin);
    for answer in answers {
        while !w.pex.is_awaiting(id(1)) {
            w.pass(ms(10));
        }
        assert_eq!(cut(&w.answers(1, answer)), []);
    }
    Pex::restore(Config::default(), Seed::new([7; 32]), &w.pex.dump()).is_ok()
}

#[test]
fn an_arc_that_goes_round_the_ring_past_the_end_of_the_last_is_kept_and_can_be_restored() {
    let begin = 1_u32 << 31;
    let first: Vec<_> = (0..40).map(|n| node(begin + n * 1_024)).collect();
    let end = begin + 39 * 1_024;
    // The second ends before the first one's end, and past it.
    for step in [38_000_000, 43_000_000] {
        let places = (0..100_u32).map(|n| n.wrapping_mul(step).wrapping_add(400_000_000));
        let second: Vec<_> = places.map(|at| node(end.wrapping_add(at))).collect();
        assert!(restores_after(&[first.clone(), second]), "{step}");
    }
}

#[test]
fn kin_that_tells_all_of_a_small_store_from_anywhere_can_be_restored() {
    let ring: Vec<u32> = (0..70).map(|n: u32| n.wrapping_mul(61_356_675)).collect();
    let from = |start: usize| -> Vec<NodeAddress> {
        let round = ring.iter().cycle().skip(start);
        round.take(70).map(|&n| node(n)).collect()
    };
    for start in 0..70 {
        assert!(restores_after(&[from(0), from(start)]), "{start}");
    }
}
