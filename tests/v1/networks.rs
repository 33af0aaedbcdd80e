//! Whole networks: who finds whom, how soon, and what becomes of the dead.

use pex::v1::Options;

use crate::net::Net;
use crate::nodes::{Dice, ms, node, secs, text};

#[test]
fn three_nodes_find_each_other_of_whom_two_know_the_third() {
    let mut net = Net::new(ms(50));
    net.join(1, Options::builder());
    for n in 2..=3 {
        net.join(n, Options::builder().seeds(vec![node(1)]));
    }
    net.run(secs(180));
    for (one, other) in [(1, 2), (1, 3), (2, 3)] {
        assert!(net.linked(one, other), "{one} {other}");
    }
    assert_eq!(net.faults, []);
}

#[test]
fn a_node_finds_a_peer_through_a_seed_within_seconds() {
    let mut net = Net::new(ms(50));
    net.join(0, Options::seed());
    net.join(1, Options::builder().seeds(vec![node(0)]));
    net.run(secs(20));
    net.join(2, Options::builder().seeds(vec![node(0)]));
    net.run(secs(5));
    assert!(net.linked(1, 2));
}

#[test]
fn through_two_seeds_one_of_them_bad_the_others_are_found() {
    let mut net = Net::new(ms(50));
    net.names.insert("seed.example.org".into(), 0);
    net.join(0, Options::seed());
    let seeds = vec![
        text(9_999, "gone.example.org:26656"),
        text(0, "seed.example.org:26656"),
        node(9_998),
    ];
    for n in 1..=5 {
        net.join(n, Options::builder().seeds(seeds.clone()));
    }
    net.run(secs(240));
    for n in 1..=5 {
        assert!(net.degree(n) >= 3, "{n}: {}", net.degree(n));
    }
    assert_eq!(net.faults, []);
}

/// A network of this many from one seed node.
fn grown(nodes: u32) -> Net {
    let mut net = Net::new(ms(100));
    net.join(0, Options::seed());
    for n in 1..=nodes {
        net.join(n, Options::builder().seeds(vec![node(0)]));
        net.run(secs(1));
    }
    net
}

/// That each member has as many of its own choice as it wants, or is connected with nearly all, and
/// knows nearly all.
fn is_well(net: &Net, slack: usize) {
    let numbers: Vec<u32> = net.numbers().into_iter().filter(|n| *n > 0).collect();
    for &n in &numbers {
        let (outbound, _, _) = net.member(n).peers().peers();
        let all = numbers.len() - 1;
        assert!(
            outbound + slack >= 10 || net.degree(n) + slack >= all,
            "{n} has {outbound} of its own and {} in all",
            net.degree(n)
        );
        let known = net.known_to(n).len();
        assert!(known * 100 >= all * 95, "{n} knows {known} of {all}");
    }
}

#[test]
fn thirty_nodes_from_one_seed_have_all_their_peers_and_know_each_other_in_ten_minutes() {
    let mut net = grown(30);
    net.run(secs(570));
    is_well(&net, 0);
    assert_eq!(net.faults, []);
    // All are served by then, and the seed is left alone.
    let asks = net.dials.iter().filter(|(_, to)| *to == 0).count();
    assert!(asks < 30 * 8, "{asks} dials of the seed");
}

#[test]
fn with_a_tenth_dying_every_ten_minutes_the_others_find_each_other_again() {
    let mut net = grown(30);
    net.checks_inside = false;
    net.run(secs(570));
    let mut dice = Dice(7);
    for round in 0..6 {
        for _ in 0..3 {
            let living: Vec<u32> = net.numbers().into_iter().filter(|n| *n > 0).collect();
            net.dies(dice.of(&living).unwrap());
        }
        for n in 0..3 {
            net.join(100 + 3 * round + n, Options::builder().seeds(vec![node(0)]));
        }
        net.run(secs(600));
        is_well(&net, 2);
    }
    assert_eq!(net.faults, []);
}

#[test]
fn a_seed_serves_two_hundred_newcomers_and_ends_with_nobody() {
    let mut net = Net::new(ms(50));
    net.checks_inside = false;
    net.join(0, Options::seed());
    for n in 1..=200 {
        net.join(n, Options::builder().seeds(vec![node(0)]).slots(4, 12));
        net.run(ms(500));
    }
    net.run(secs(400));
    let seed = net.member(0).peers();
    assert!(seed.counts().served >= 200, "{}", seed.counts().served);
    assert_eq!(seed.book().old(), 200, "each was reached");
    // Those whom it looks in on come and go.
    let mut most = 0;
    for _ in 0..30 {
        net.run(secs(10));
        most = most.max(net.degree(0));
    }
    assert!(most <= 20, "{most}");
    assert_eq!(net.faults, []);
    let ticks = net.ticks;
    net.run(secs(300));
    let each = (net.ticks - ticks) / 201;
    assert!(each < 300, "{each} ticks each in 300 s");
}
