//! What a peer may do, and what follows when it does more: every fault with its consequence.

use std::error::Error as _;

use pex::wire::{Dialect, WireError};
use pex::{Action, Config, Fault, Kind};

use crate::support::{
    ME, World, added, address, answer, answered, asked, asks_names, cut, id, ms, node, nodes,
    reported, secs, texts,
};

/// The id of node 9 before something that is no address.
fn bad(rest: &str) -> String {
    format!("{}@{rest}", id(9))
}

#[test]
fn three_requests_at_once_are_answered_and_the_fourth_is_dropped_and_reported() {
    for (kind, dialect, wait) in [
        (Kind::V2, Dialect::V2, ms(100)),
        (Kind::Kin, Dialect::V2, ms(100)),
        (Kind::V1, Dialect::V1, secs(10)),
    ] {
        let mut w = World::new();
        w.up(1, kind);
        for _ in 0..3 {
            assert!(answered(&w.requests(1, dialect)).is_some());
        }
        let fourth = w.requests(1, dialect);
        let fault = Fault::RequestTooSoon { wait };
        assert_eq!(fourth, [Action::Report { peer: id(1), fault }]);
        w.pass(wait);
        assert!(answered(&w.requests(1, dialect)).is_some(), "{kind:?}");
    }
}

#[test]
fn the_ninth_request_too_soon_within_a_minute_ends_the_connection() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    for _ in 0..3 {
        w.requests(1, Dialect::V2);
    }
    for strike in 1..=8 {
        let actions = w.requests(1, Dialect::V2);
        assert_eq!(
            (reported(&actions).len(), cut(&actions).len()),
            (1, 0),
            "{strike}"
        );
    }
    let ninth = w.requests(1, Dialect::V2);
    let reason = Fault::RequestTooSoon { wait: ms(100) };
    assert_eq!(cut(&ninth), [(id(1), reason)]);
    assert_eq!(w.pex.stats().requests_too_soon, 9);
    // Nothing that comes after it is heard.
    w.pass(secs(600));
    assert!(w.requests(1, Dialect::V2).is_empty());
    assert_eq!(w.asked(1).len(), 1);
}

#[test]
fn a_strike_is_forgotten_after_a_minute() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.answers(1, &[]);
    // One burst of four requests a minute is one strike a minute, for ever.
    for _ in 0..30 {
        for _ in 0..4 {
            assert!(cut(&w.requests(1, Dialect::V2)).is_empty());
        }
        w.pass(secs(60));
    }
    assert_eq!(w.pex.stats().requests_too_soon, 30);
}

#[test]
fn strikes_outlive_the_connection() {
    let mut w = World::new();
    let mut connections = 0;
    let mut strikes = 0;
    while strikes < 9 {
        connections += 1;
        w.up(1, Kind::V2);
        for _ in 0..3 {
            let actions = w.requests(1, Dialect::V2);
            strikes += reported(&actions).len() + cut(&actions).len();
            assert_eq!(cut(&actions).len(), usize::from(strikes == 9));
        }
        w.down(1);
    }
    assert_eq!(connections, 4, "three requests granted, nine struck");
}

#[test]
fn an_unsolicited_answer_is_dropped_and_ends_the_connection() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.answers(1, &[]);
    let actions = w.answers(1, &nodes(10..20));
    assert_eq!(cut(&actions), [(id(1), Fault::UnsolicitedResponse)]);
    assert!(added(&actions).is_empty());
    assert_eq!(w.pex.nodes_seen(), 0);
}

#[test]
fn an_answer_of_one_address_too_many_is_taken_not_at_all() {
    for (dialect, max) in [(Dialect::V2, 100), (Dialect::V1, 250)] {
        let mut w = World::new();
        w.up(1, Kind::V2);
        w.up(2, Kind::V2);
        let most = w.bytes(1, &answer(dialect, &nodes(0..max)));
        assert_eq!(added(&most).len(), max as usize);
        let actions = w.bytes(2, &answer(dialect, &nodes(1_000..1_001 + max)));
        let max = max as usize;
        let reason = Fault::TooManyAddresses {
            found: max + 1,
            max,
        };
        assert_eq!(cut(&actions), [(id(2), reason)]);
        assert!(added(&actions).is_empty());
        assert_eq!(w.pex.nodes_seen(), max);
        assert_eq!(w.pex.stats().oversized_responses, 1);
    }
}

#[test]
fn an_answer_mostly_of_rubbish_is_reported_and_what_is_good_of_it_taken() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    let good = node(10).to_string();
    let user = format!("me:{}", bad("h:1"));
    let (port, host) = (bad("h:99999"), bad(":80"));
    let actions = w.bytes(1, &texts(&[&port, &good, &user, "", &host]));
    assert_eq!(added(&actions), [node(10)]);
    let fault = Fault::BadAddresses { bad: 4, of: 5 };
    assert_eq!(reported(&actions), [(id(1), fault)]);
    assert_eq!(w.pex.stats().addresses_bad, 4);
}

#[test]
fn an_answer_half_of_rubbish_is_no_fault() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    let (good, bad) = (node(10).to_string(), bad("h:99999"));
    let actions = w.bytes(1, &texts(&[&bad, &good, &bad, &good]));
    assert!(reported(&actions).is_empty());
}

#[test]
fn the_ninth_answer_of_rubbish_ends_the_connection() {
    let config = Config::builder()
        .strikes(8, secs(24 * 3_600))
        .build()
        .unwrap();
    let mut w = World::with(config);
    w.up(1, Kind::V2);
    for answers in 1..=9 {
        let actions = w.bytes(1, &texts(&["rubbish"]));
        assert_eq!(cut(&actions).len(), usize::from(answers == 9), "{answers}");
        while answers < 9 && !w.pex.is_awaiting(id(1)) {
            w.pass(ms(100));
        }
    }
}

#[test]
fn bytes_that_are_no_message_end_the_connection() {
    for (bytes, error) in [
        (&[0x22, 0x05][..], WireError::Truncated),
        (&[0x7f][..], WireError::UnknownWireType { wire_type: 7 }),
        (&[0x00][..], WireError::FieldNumber),
    ] {
        let mut w = World::new();
        w.up(1, Kind::V2);
        let actions = w.bytes(1, bytes);
        assert_eq!(cut(&actions), [(id(1), Fault::Garbage(error))]);
        assert_eq!(w.pex.stats().garbage, 1);
    }
    let mut w = World::new();
    w.up(1, Kind::V2);
    let (bytes, max) = (64_001, 64_000);
    let actions = w.bytes(1, &vec![0; bytes]);
    let error = WireError::TooLong { bytes, max };
    assert_eq!(cut(&actions), [(id(1), Fault::Garbage(error))]);
}

#[test]
fn one_rotten_entry_makes_the_whole_answer_garbage_and_none_of_it_is_taken() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    let mut bytes = answer(Dialect::V2, &nodes(0..10));
    let last = bytes.len() - 1;
    bytes[last] = 0xff;
    let actions = w.bytes(1, &bytes);
    assert_eq!(cut(&actions).len(), 1);
    assert!(added(&actions).is_empty());
}

#[test]
fn one_peer_more_than_the_bound_is_disconnected_and_no_fault_is_held_against_it() {
    let config = Config::builder().peers_max(2).build().unwrap();
    let mut w = World::with(config);
    w.up(1, Kind::V2);
    w.up(2, Kind::V2);
    let third = w.up(3, Kind::V2);
    assert_eq!(cut(&third), [(id(3), Fault::TooManyPeers { max: 2 })]);
    assert_eq!(w.pex.peers().len(), 2);
    w.down(1);
    assert_eq!(asked(&w.up(3, Kind::V2)), [id(3)]);
}

#[test]
fn a_message_of_a_later_protocol_is_no_fault() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    // An empty envelope, and a field 15 that nobody knows.
    assert!(w.bytes(1, &[]).is_empty());
    assert!(w.bytes(1, &[0x7a, 0x01, 0x00]).is_empty());
    assert!(w.pex.is_awaiting(id(1)));
}

#[test]
fn an_answer_with_our_own_id_or_place_teaches_neither() {
    let own =
        ["192.0.2.7:26656", "node.example:26656"].map(|place| address(&format!("{ME}@{place}")));
    let config = Config::builder().own_addresses(own.to_vec()).build();
    let mut w = World::with(config.unwrap());
    w.up(1, Kind::V2);
    let ours = [
        format!("mconn://{ME}@198.51.100.1:1"),
        bad("192.0.2.7:26656"),
        bad("[::ffff:192.0.2.7]:26656"),
        bad("[::ffff:c000:207]:26656/path"),
        bad("Node.Example:26656"),
        bad("node.example.:26656"),
    ];
    let mut all: Vec<&str> = ours.iter().map(String::as_str).collect();
    let neighbour = bad("192.0.2.7:26657");
    all.push(&neighbour);
    let actions = w.bytes(1, &texts(&all));
    assert_eq!(added(&actions), [address(&neighbour)]);
    assert_eq!(
        reported(&actions),
        [],
        "V1 does not leave the asker out, so it is no fault"
    );
    assert_eq!(w.pex.stats().addresses_own, 6);
    assert_eq!(w.pex.stats().addresses_bad, 0);
}

#[test]
fn what_the_reference_takes_in_and_passes_on_is_no_fault_of_who_passes_it_on() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    let long = "x".repeat(600);
    let escaped = (0x80..0xbb).map(|byte| bad(&format!("h:1/%{byte:02X}")));
    let of_others = escaped.chain([bad(&long), bad(&format!("{long}:1"))]);
    let of_others: Vec<_> = of_others.collect();
    let mut next = 1_000;
    for _ in 0..40 {
        while !w.pex.is_awaiting(id(1)) {
            w.pass(ms(100));
        }
        let good: Vec<_> = (0..39).map(|n| node(next + n).to_string()).collect();
        next += 39;
        let all = of_others.iter().chain(&good).map(String::as_str);
        let actions = w.bytes(1, &texts(&all.collect::<Vec<_>>()));
        assert!(reported(&actions).is_empty() && cut(&actions).is_empty());
        assert_eq!(added(&actions).len(), 39);
    }
    assert_eq!(w.pex.stats().addresses_bad, 40 * 61);
}

#[test]
fn sixteen_names_are_looked_up_for_a_peer_in_three_seconds_however_often_it_asks() {
    let mut w = World::new();
    for n in 0..200 {
        let name = format!("{}@name{n}.example:1", id(100 + n));
        w.store.add(address(&name));
    }
    w.up(1, Kind::V2);
    let looked_up = |actions: &[Action]| asks_names(actions).len();
    let mut names = 0;
    for _ in 0..300 {
        w.pass(ms(100));
        names += looked_up(&w.requests(1, Dialect::V1));
    }
    assert!(
        (150..=16 + 160).contains(&names),
        "{names} in thirty seconds"
    );
    // Nor does it help to come again.
    w.down(1);
    w.up(1, Kind::V2);
    assert!(looked_up(&w.requests(1, Dialect::V1)) <= 1);
}

#[test]
fn what_is_wrong_with_bytes_is_the_cause_of_the_fault() {
    let fault = Fault::Garbage(WireError::Truncated);
    let cause = fault.source().map(ToString::to_string);
    assert_eq!(cause, Some(WireError::Truncated.to_string()));
    assert!(Fault::UnsolicitedResponse.source().is_none());
}
