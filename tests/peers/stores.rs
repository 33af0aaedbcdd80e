//! What is taken of a store, whoever has written it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use pex::peers::{Action, AddressRecord, Event, Options, PeerManager, PeerRecord, Standing};
use pex::{NodeAddress, NodeId, Reach, Seed, Time};

use crate::persistence::lived_in;
use crate::world::{
    Answer, DAY, HOUR, ME, NOBODY, START, World, at, dials, host, id, ms, node, number, secs, text,
};

/// A machine with these options that has loaded this.
fn loaded(options: Options, records: &[PeerRecord]) -> (PeerManager, usize) {
    let mut peers = PeerManager::new(options, ME, Seed::new([3; 32]), START);
    let taken = records.iter().map(|record| peers.load(record)).sum();
    assert_eq!(peers.check(), Ok(()));
    (peers, taken)
}

/// A record of a node with these addresses, as the reference writes it.
fn foreign(addresses: &[NodeAddress]) -> PeerRecord {
    let mut record = PeerRecord::new(addresses[0].id());
    record.addresses = addresses.iter().cloned().map(AddressRecord::new).collect();
    record
}

#[test]
fn what_a_node_told_of_itself_from_elsewhere_counts_to_its_share_after_a_restart() {
    let options = Options::builder()
        .addresses_max(100)
        .addresses_per(2, 100)
        .teller_percent(2);
    let told = |n, address: NodeAddress, from_elsewhere| {
        let mut record = foreign(&[address]);
        record.addresses[0].source = Some(id(n));
        record.addresses[0].source_group = if from_elsewhere { u64::MAX } else { 0 };
        record
    };
    let records = [
        told(9, node(1), false),
        told(9, node(2), false),
        told(9, node(9), true),
        told(8, node(8), false),
    ];
    let (_, taken) = loaded(options.build().unwrap(), &records);
    assert_eq!(taken, 3, "two is its share");
}

#[test]
fn of_a_node_with_no_address_that_is_taken_neither_the_score_nor_the_anchor_is() {
    let mut near = foreign(&[at(1, [10, 0, 0, 1].into())]);
    let mut far = foreign(&[node(2)]);
    for record in [&mut near, &mut far] {
        (record.score, record.anchor) = (50, true);
    }
    let options = Options::builder().anchors(1).build().unwrap();
    let mut one_more = foreign(&[node(3)]);
    one_more.anchor = true;
    let (peers, taken) = loaded(options, &[near, far, one_more]);
    assert_eq!((taken, [1, 2].map(|n| peers.score(id(n)))), (2, [0, 50]));
    assert!(peers.anchors().eq([id(2)]), "one is enough");
}

#[test]
fn a_ban_that_has_just_ended_is_deleted_from_a_store_once() {
    let mut record = PeerRecord::new(id(1));
    record.banned_until = Some(START);
    let mut peers = loaded(Options::default(), &[record]).0;
    let changes = peers.flush().unwrap();
    assert!(matches!(&changes[..], [change] if change.value.is_none()));
    let _nothing = peers.handle(START + secs(1), Event::Tick);
    assert_eq!(peers.flush(), None);
}

#[test]
fn our_own_id_and_places_are_not_taken_from_a_store() {
    // The store was another node's, which had another key, or another address.
    let ours = NodeAddress::mconn(ME, host(1, 1), 26_656);
    let own = vec![at(9, host(9, 9))];
    let options = Options::builder().own_addresses(own).build().unwrap();
    let store = [foreign(&[ours]), foreign(&[at(1, host(9, 9)), node(1)])];
    let (peers, taken) = loaded(options, &store);
    assert_eq!((taken, peers.addresses_of(id(1))), (1, vec![node(1)]));
    assert_eq!(peers.record(ME), None);
}

#[test]
fn a_store_of_the_reference_is_taken_and_kept() {
    let mut store = Vec::new();
    for n in 0..200 {
        let mut record = foreign(&[node(n), at(n, host(5_000 + n, 1))]);
        if n < 100 {
            record.addresses[0].last_success = Some(START);
            record.last_connected = Some(START);
        }
        store.push(record);
    }
    let mut w = World::with(|it| it);
    w.judge.hearsay_per_subnet = usize::MAX;
    assert_eq!(store.iter().map(|it| w.peers.load(it)).sum::<usize>(), 400);
    w.run(HOUR / 2, |it| {
        if number(it.id()) < 100 {
            Answer::Up
        } else {
            Answer::Silence
        }
    });
    assert_eq!(w.outbound().len(), 12);
    // Those that were never reached are tried before they are forgotten.
    assert!(w.peers.nodes() > 150, "{}", w.peers.nodes());
}

#[test]
fn of_too_many_addresses_of_a_node_those_that_were_reached_are_taken() {
    let mut record = foreign(&(0..20).map(|n| at(1, host(n, 1))).collect::<Vec<_>>());
    for kept in &mut record.addresses[15..18] {
        kept.last_success = Some(START);
    }
    let (peers, taken) = loaded(Options::default(), &[record]);
    assert_eq!(taken, 4);
    let kept: BTreeSet<NodeAddress> = peers.addresses_of(id(1)).into_iter().collect();
    assert!((15..18).all(|n| kept.contains(&at(1, host(n, 1)))));
}

#[test]
fn what_lies_near_is_not_taken_from_a_store_but_for_what_the_operator_named() {
    let near: [IpAddr; 4] = [
        [127, 0, 0, 1].into(),
        [10, 0, 0, 1].into(),
        [169, 254, 169, 254].into(),
        [224, 0, 0, 1].into(),
    ];
    let mut store: Vec<PeerRecord> = (0..4)
        .map(|n| foreign(&[at(n, near[n as usize])]))
        .collect();
    store.push(foreign(&[text(4, "localhost:1")]));
    store.push(foreign(&[text(5, "127.1:1")]));
    let mut reached = foreign(&[at(6, near[1])]);
    reached.addresses[0].last_success = Some(START);
    store.push(reached);
    let (_, taken) = loaded(Options::default(), &store);
    assert_eq!(taken, 0);
    // A network that lives on a site.
    let site = Options::builder().nearest(Reach::Site).build().unwrap();
    assert_eq!(loaded(site, &store).1, 3);
    // What the operator named, and whom he wants to be connected with.
    for record in &mut store {
        record.addresses[0].source = Some(ME);
    }
    assert_eq!(
        loaded(Options::default(), &store).1,
        5,
        "but where no node can be"
    );
    store[0].addresses[0].source = None;
    let options = Options::builder().persistent([id(0)]).build().unwrap();
    assert_eq!(loaded(options, &store[..1]).1, 1);
}

#[test]
fn what_strangers_said_of_a_chosen_node_is_no_surer_after_a_restart() {
    let mut record = foreign(&[at(1, [127, 0, 0, 1].into()), text(1, "n.example.org:1")]);
    for kept in &mut record.addresses {
        kept.source = Some(id(666));
    }
    let options = Options::builder().persistent([id(1)]).build().unwrap();
    let (mut peers, taken) = loaded(options, &[record]);
    assert_eq!(taken, 1, "what lies near was said by a stranger");
    let actions = peers.handle(START, Event::Tick);
    assert!(matches!(&actions[0], Action::Dial { nearest, .. } if *nearest == Reach::World));
}

#[test]
fn a_name_from_a_store_leads_where_it_could_lead_before() {
    let nearest = |kept: &dyn Fn(&mut AddressRecord)| {
        let mut record = foreign(&[text(1, "n.example.org:1")]);
        kept(&mut record.addresses[0]);
        let mut peers = loaded(Options::default(), &[record]).0;
        let actions = peers.handle(START, Event::Tick);
        match &actions[0] {
            Action::Dial { nearest, .. } => *nearest,
            action => panic!("{action:?}"),
        }
    };
    assert_eq!(nearest(&|_| {}), Reach::World);
    assert_eq!(
        nearest(&|kept| kept.last_success = Some(START)),
        Reach::World
    );
    assert_eq!(nearest(&|kept| kept.source = Some(ME)), Reach::Host);
}

#[test]
fn a_hostile_store_fills_no_more_than_the_bounds() {
    let many = |place: &dyn Fn(u32) -> IpAddr| -> Vec<PeerRecord> {
        (0..1_000).map(|n| foreign(&[at(n, place(n))])).collect()
    };
    let count = |store: &[PeerRecord]| loaded(Options::default(), store).1;
    assert_eq!(count(&many(&|_| host(1, 1))), 4, "at one IP address");
    assert_eq!(count(&many(&|n| host(1, n))), 32, "in one network");
    assert_eq!(
        count(&many(&|n| [192, 168, 1, n.to_be_bytes()[3]].into())),
        0,
        "on a site"
    );
    let small = Options::builder().addresses_max(100).build().unwrap();
    assert_eq!(loaded(small, &many(&|n| host(n, 1))).1, 100, "in all");
    // By one teller.
    let mut store = many(&|n| host(n, 1));
    for record in &mut store {
        record.addresses[0].source = Some(id(5_000));
    }
    let small = Options::builder().addresses_max(800).build().unwrap();
    assert_eq!(loaded(small, &store).1, 80);
    // Those reached, in one network.
    let mut store = many(&|n| host(1, n));
    for record in &mut store {
        record.addresses[0].last_success = Some(START);
    }
    let peers = loaded(Options::default(), &store).0;
    let tested = peers
        .records()
        .filter(|it| it.addresses[0].first_success.is_some());
    assert_eq!((peers.addresses(), tested.count()), (32, 8));
    // On a site that is served, by one teller.
    let mut store = many(&|n| [10, 0, 1, n.to_be_bytes()[3]].into());
    for record in &mut store {
        record.addresses[0].source = Some(id(5_000));
    }
    let site = Options::builder().addresses_max(800).nearest(Reach::Site);
    assert_eq!(loaded(site.build().unwrap(), &store).1, 80);
    // An address under another id than its record's.
    let mut record = foreign(&[node(1)]);
    record.addresses.push(AddressRecord::new(node(2)));
    assert_eq!(count(&[record]), 1);
}

#[test]
fn times_in_the_future_are_now_and_nobody_waits_longer_than_the_options_say() {
    let later = Time::MAX;
    let mut record = foreign(&[node(1)]);
    let kept = &mut record.addresses[0];
    (kept.last_success, kept.last_failure) = (Some(later), Some(later));
    (kept.heard, kept.first_success) = (Some(later), Some(later));
    kept.failures = u32::MAX;
    let mut banned = foreign(&[node(2)]);
    banned.banned_until = Some(later);
    let mut inactive = foreign(&[node(3)]);
    inactive.inactive = true;
    let mut w = World::quiet(|it| it.retry_persistent_max(8 * HOUR));
    w.judge.hearsay_per_subnet = usize::MAX;
    for record in [record, banned, inactive] {
        assert_eq!(w.peers.load(&record), 1);
    }
    assert_eq!(w.peers.check(), Ok(()));
    assert!(w.peers.is_banned(id(2)) && w.peers.is_banned(id(3)));
    w.run(DAY + HOUR, |_| Answer::Up);
    assert!(w.dials_of(1)[0] <= 8 * HOUR + secs(1));
    for n in [2, 3] {
        let first = w.dials_of(n)[0];
        assert!((DAY..DAY + secs(1)).contains(&first), "{first:?}");
    }
}

#[test]
fn a_persistent_peer_is_not_banned_by_what_a_store_says() {
    let mut record = foreign(&[node(1)]);
    (record.inactive, record.banned_until) = (true, Some(Time::MAX));
    let options = Options::builder().persistent([id(1)]).build().unwrap();
    assert!(!loaded(options, &[record]).0.is_banned(id(1)));
}

#[test]
fn more_bans_than_are_kept_are_not_taken_from_a_store() {
    let store: Vec<PeerRecord> = (0..10_000)
        .map(|n| {
            let mut record = PeerRecord::new(id(n));
            record.banned_until = Some(START + secs(u64::from(n)));
            record
        })
        .collect();
    let peers = loaded(Options::default(), &store).0;
    let banned = (0..10_000).filter(|n| peers.is_banned(id(*n)));
    // Those that end last.
    assert!(banned.eq(10_000 - 8_192..10_000));
}

#[test]
fn a_damaged_record_costs_that_record_and_nothing_else() {
    let options = Options::default;
    let mut w = lived_in(options());
    let disk = w.disk.clone();
    let key = PeerRecord::key(id(2));
    let whole = &disk[&key];
    let others = |peers: &PeerManager| {
        let records = peers.records().filter(|it| it.id != id(2));
        records.map(|it| it.id).collect::<BTreeSet<NodeId>>()
    };
    let expected = others(&w.peers);
    for byte in 0..whole.len() {
        for damage in [0x01, 0x80] {
            let mut bytes = whole.clone();
            bytes[byte] ^= damage;
            let store = disk.iter().filter(|it| *it.0 != key).map(|it| it.1);
            let store: Vec<PeerRecord> = store
                .chain([&bytes])
                .filter_map(|bytes| PeerRecord::decode(bytes).ok())
                .collect();
            let peers = loaded(options(), &store).0;
            assert!(others(&peers).is_superset(&expected), "{byte}");
        }
    }
    assert!(matches!(w.standing(2), Standing::Ready | Standing::Known));
    assert_eq!(dials(&w.pass(ms(0))), NOBODY);
}

#[test]
fn a_store_can_be_loaded_in_any_order() {
    let w = lived_in(Options::default());
    let mut records: Vec<PeerRecord> = w.peers.records().collect();
    let forward = loaded(Options::default(), &records).0;
    records.reverse();
    let backward = loaded(Options::default(), &records).0;
    assert!(forward.records().eq(backward.records()));
}
