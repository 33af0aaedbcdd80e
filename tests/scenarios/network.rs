//! Whole networks of machines: what the reference's reactor tests ask of theirs.

use pex::Kind;

use crate::support::{Net, ms, secs};

/// Members in a ring, each connected to the next.
fn ring(kind: Kind, members: usize, store: usize) -> Net {
    let mut net = Net::new(kind, ms(40));
    net.join(members, store);
    for n in 0..members {
        net.link(n, (n + 1) % members);
    }
    net
}

#[test]
fn in_a_sparse_ring_of_four_everyone_learns_everyone() {
    for kind in [Kind::V1, Kind::V2, Kind::Kin] {
        let mut net = ring(kind, 4, 1_000);
        net.run(secs(30));
        assert!(net.all_know_all(), "{kind:?}");
    }
}

#[test]
fn in_a_large_network_small_stores_fill_up() {
    let mut net = ring(Kind::V2, 8, 4);
    net.run(secs(60));
    for n in 0..8 {
        assert!(net.fill_percent(n) >= 90, "{n}: {}", net.fill_percent(n));
    }
}

#[test]
fn in_a_small_network_with_large_stores_everyone_learns_everyone() {
    let mut net = Net::new(Kind::V2, ms(40));
    net.join(3, 25);
    net.link(0, 1);
    net.link(1, 2);
    net.run(secs(30));
    assert!(net.all_know_all());
    assert!((0..3).all(|n| net.fill_percent(n) < 95));
}

#[test]
fn a_network_that_grows_converges_again() {
    for dials in [true, false] {
        let mut net = ring(Kind::V2, 5, 1_000);
        net.dials = dials;
        net.run(secs(60));
        assert!(net.all_know_all());
        let first = net.join(10, 1_000);
        (first..first + 10).for_each(|n| net.link(0, n));
        // Who is connected to newcomers learns at once, the others within the longest interval.
        net.run(if dials { secs(60) } else { secs(660) });
        assert!(net.all_know_all(), "dials: {dials}");
    }
}

#[test]
fn news_travels_a_long_line_from_end_to_end() {
    let mut net = Net::new(Kind::V2, ms(40));
    net.join(20, 1_000);
    (1..20).for_each(|n| net.link(n - 1, n));
    net.run(secs(1_800));
    assert!(net.all_know_all());
}

#[test]
fn in_an_honest_network_nobody_holds_anything_against_anybody() {
    for kind in [Kind::V1, Kind::V2, Kind::Kin] {
        for latency in [ms(0), ms(75), ms(900)] {
            let mut net = Net::new(kind, latency);
            net.dials = true;
            net.join(12, 1_000);
            (1..12).for_each(|n| net.link(0, n));
            net.run(secs(600));
            assert!(net.all_know_all(), "{kind:?} {latency:?}");
            assert_eq!(net.faults, [], "{kind:?} {latency:?}");
        }
    }
}

#[test]
fn a_network_that_knows_itself_grows_quiet() {
    let mut net = Net::new(Kind::V2, ms(40));
    net.dials = true;
    net.join(12, 1_000);
    (1..12).for_each(|n| net.link(0, n));
    net.run(secs(3_600));
    let before = net.requests();
    net.run(secs(3_600));
    // Each of eleven links, both ways, once in ten minutes.
    let links = 12 * 11;
    assert!(
        net.requests() - before <= links * 6 + links,
        "{}",
        net.requests()
    );
}
