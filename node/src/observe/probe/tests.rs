use core::net::SocketAddr;

use pex::v1::Counts;
use pex::{Fault, Stats};

use super::super::{Observatory, health};
use super::*;
use crate::transport::{Direction, Moved, NodeInfo, NodeInfoError, PacketError};

/// What a node reads that has `known` addresses and has answered so often.
pub(in super::super) fn reading(known: usize, served: u64) -> Reading {
    let mut stats = Stats::default();
    stats.requests_served = served;
    Reading {
        is_seed: false,
        is_listening: true,
        book: BookSize {
            new: known,
            old: 0,
            banned: 0,
        },
        outbound: 0,
        inbound: 0,
        dialing: 0,
        slots: (10, 40),
        stats,
        counts: Counts::default(),
        received: Moved::default(),
        sent: Moved::default(),
    }
}

pub(in super::super) const SIZE: Estimate = Estimate::Known {
    nodes: 30,
    low: 20,
    high: 50,
};

pub(in super::super) fn id(number: u16) -> NodeId {
    let [high, low] = number.to_be_bytes();
    let mut bytes = [0; 20];
    bytes[0] = high;
    bytes[1] = low;
    NodeId::new(bytes)
}

pub(in super::super) fn up(
    number: u16,
    moniker: &str,
    version: &str,
    direction: Direction,
) -> Notice {
    let info = NodeInfo::new(id(number), "c", moniker, "tcp://1.2.3.4:26656").unwrap();
    let [high, low] = number.to_be_bytes();
    Notice::Up(Box::new(RemoteInfo {
        id: id(number),
        info: info.with_version(version).unwrap(),
        socket_addr: SocketAddr::from(([1, high, low, 1], 26_656)),
        direction,
    }))
}

pub(in super::super) fn down(number: u16) -> Notice {
    Notice::Down {
        peer: id(number),
        why: TransportError::ClosedByPeer,
    }
}

fn probe() -> Probe {
    Observatory::new("1").watch("c", id(0), "1.2.3.4:26656")
}

fn latest(probe: &mut Probe, second: u64) -> Arc<Snapshot> {
    probe.take(Time::from_secs(second), reading(1, 0), || SIZE);
    lock(&probe.network.latest).clone().unwrap()
}

#[test]
fn peers_are_counted_while_they_are_there_and_one_that_comes_twice_once() {
    let mut probe = probe();
    for notice in [
        up(1, "a", "0.38.17", Direction::Inbound),
        up(2, "b", "0.35.9", Direction::Outbound),
        up(3, "c", "pex/0.1.0", Direction::Inbound),
        // In place of the one before.
        up(2, "b", "0.35.9", Direction::Inbound),
        down(3),
        // Nobody of whom we know.
        down(9),
    ] {
        probe.saw(&notice);
    }
    let latest = latest(&mut probe, 1);
    let peers: Vec<_> = latest.tallies.peers.iter().collect();
    assert_eq!(peers, [(&("inbound", "v1"), 1), (&("inbound", "v2"), 1)]);
    assert_eq!(latest.tallies.accepted, 3);
    let versions: Vec<_> = latest
        .versions
        .shares
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(versions, ["0.35.9", "0.38.17"]);
    let stays: Vec<_> = latest.arrivals.iter().map(|it| it.left.is_none()).collect();
    // The newest first: only the last connection of the second is there.
    assert_eq!(stays, [true, false, false, true]);
}

#[test]
fn a_crowd_of_strangers_with_names_of_their_own_takes_bounded_room() {
    let mut probe = probe();
    for number in 0..5_000 {
        let version = format!("{number:04}x{}", "9".repeat(400));
        probe.saw(&up(
            number,
            &"<b>".repeat(100),
            &version,
            Direction::Inbound,
        ));
        probe.saw(&Notice::Fault {
            peer: id(number),
            fault: Fault::UnsolicitedResponse,
            cut: true,
        });
    }
    let latest = latest(&mut probe, 1);
    assert_eq!(
        (latest.versions.shares.len(), latest.versions.others),
        (10, 4_990)
    );
    assert_eq!(
        (latest.groups.shares.len(), latest.arrivals.len()),
        (10, 12)
    );
    assert_eq!(latest.mishaps.len(), 20);
    assert_eq!(latest.tallies.faults.get(&"unsolicited_response"), 5_000);
    let shown = format!(
        "{:?}{:?}{:?}",
        latest.versions, latest.arrivals, latest.mishaps
    );
    assert!(shown.len() < 20_000, "{}", shown.len());
    for number in 0..5_000 {
        probe.saw(&down(number));
    }
    assert!(probe.peers.is_empty());
    assert_eq!(
        probe.versions.iter().count() + probe.groups.iter().count(),
        0
    );
}

#[test]
fn what_ends_a_connection_counts_as_a_fault_only_where_a_rule_was_broken() {
    let mut probe = probe();
    let packet = TransportError::Packet(PacketError::Malformed);
    for why in [packet, TransportError::ClosedByPeer] {
        probe.saw(&Notice::Down { peer: id(1), why });
    }
    let network = NodeInfoError::WrongNetwork {
        ours: "c".to_owned(),
        theirs: "\u{1b}[2J".to_owned(),
    };
    probe.saw(&Notice::AcceptFailed(TransportError::NodeInfo(network)));
    let (limit, times) = (crate::Crowd::Ip, 7);
    probe.saw(&Notice::AcceptFailed(TransportError::Crowded {
        limit,
        times,
    }));
    let latest = latest(&mut probe, 1);
    let kinds: Vec<_> = latest.mishaps.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, ["packet"]);
    assert_eq!(latest.tallies.refusals.get(&"wrong_network"), 1);
    assert_eq!(latest.tallies.refusals.get(&"crowded"), 7);
    assert_eq!(latest.tallies.ends.get(&"closed_by_peer"), 1);
}

#[test]
fn a_snapshot_is_taken_once_a_second_and_the_size_estimated_more_seldom() {
    let mut probe = probe();
    let mut estimated = 0;
    let mut snapshots = 0;
    for tenth in 0..200 {
        let now = Time::EPOCH + Duration::from_millis(100 * tenth);
        if probe.is_due(now) {
            snapshots += 1;
            let count = core::cell::Cell::new(0);
            probe.take(now, reading(1, 0), || {
                count.set(1);
                SIZE
            });
            estimated += count.get();
        }
    }
    assert_eq!((snapshots, estimated), (20, 2));
    assert_eq!(latest(&mut probe, 20).at, Time::from_secs(20));
}

#[test]
fn answers_of_the_last_minute_are_counted_and_no_others() {
    let mut served = Served::default();
    let in_a_minute: Vec<u64> = (0..200)
        .map(|second| {
            // Two a second at first, then none.
            let all = 2 * second.min(100);
            served.in_a_minute(Time::from_secs(second), all)
        })
        .collect();
    assert_eq!(in_a_minute[30], 60);
    assert_eq!(in_a_minute[99], 120);
    assert_eq!(in_a_minute[130], 60);
    assert_eq!(in_a_minute[199], 0);
    assert!(served.0.len() <= 62);
}

#[test]
fn a_network_is_healthy_while_its_loop_runs_and_its_listener_is_there() {
    let observatory = Observatory::new("1");
    let says = || health::check(&observatory.look());
    assert_eq!(
        says(),
        (false, "not healthy: no network is run\n".to_owned())
    );

    let mut probe = observatory.watch("c", id(0), "1.2.3.4:26656");
    assert_eq!(
        says(),
        (
            false,
            "not healthy: c: its loop has not run yet\n".to_owned()
        )
    );
    let now = observatory.0.clock.now();
    probe.take(now, reading(1, 0), || SIZE);
    assert_eq!(says(), (true, "ok: c\n".to_owned()));

    let mut deaf = reading(1, 0);
    deaf.is_listening = false;
    probe.take(now, deaf.clone(), || SIZE);
    assert_eq!(
        says().1,
        "not healthy: c: its listener is gone: nobody can connect\n"
    );
    // One that was never meant to listen is well without.
    let mut other = observatory.watch("d", id(1), "");
    other.take(now, deaf, || SIZE);
    assert!(says().1.ends_with("ok: d\n"), "{}", says().1);

    let before = Time::from_secs((now - Time::EPOCH).as_secs() - 60);
    probe.take(before, reading(1, 0), || SIZE);
    assert!(
        says()
            .1
            .starts_with("not healthy: c: its loop is stuck since 6"),
        "{}",
        says().1
    );
    drop(probe);
    assert!(
        says().1.starts_with("not healthy: c: it has ended\n"),
        "{}",
        says().1
    );
    // Begun anew, it counts as it is now.
    let mut again = observatory.watch("c", id(0), "1.2.3.4:26656");
    again.take(now, reading(1, 0), || SIZE);
    assert_eq!(says(), (true, "ok: d\nok: c\n".to_owned()));
}
