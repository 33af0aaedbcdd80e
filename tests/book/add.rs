//! What is taken in, and what is refused, why and in which order.

use pex::NetAddress;
use pex::book::{AddError, Added, AddrBook, Crowd};

use crate::kit::{
    DAY, NOW, PORT, at, host, id, known, lax, learn, node, on_site, parse, secs, seed, sound,
    strict, teller,
};

/// Many things are wrong with an address; one after the other is put right. What is said is always
/// the first in the order of the reference.
#[test]
fn an_address_is_refused_for_the_first_reason_of_the_references_order() {
    let mut book = strict();
    let (us, source) = (at(1, host(1, 1)), teller(1));
    book.add_our_address(&us);
    book.add_private_ids([id(2), source.id()]);
    book.mark_bad(NOW, id(2), DAY);
    // A banned, private node at our own place.
    let (ours, nowhere) = (at(2, us.ip()), at(2, [255; 4].into()));
    let refusal = |book: &mut AddrBook, now, address: &NetAddress, source: &NetAddress| {
        book.add_address(now, address, source).unwrap_err()
    };
    assert_eq!(
        refusal(&mut book, NOW, &nowhere, &source),
        AddError::Invalid
    );
    let banned = AddError::Banned(NOW + DAY);
    assert_eq!(refusal(&mut book, NOW, &ours, &source), banned);
    let later = NOW + DAY;
    assert_eq!(refusal(&mut book, later, &ours, &source), AddError::Private);
    let ours = at(3, us.ip());
    assert_eq!(
        refusal(&mut book, NOW, &ours, &source),
        AddError::PrivateSource
    );
    let source = teller(2);
    assert_eq!(refusal(&mut book, NOW, &ours, &source), AddError::Ours);
    let near = at(3, [10, 0, 0, 1].into());
    assert_eq!(
        refusal(&mut book, NOW, &near, &source),
        AddError::NotRoutable
    );
    learn(&mut book, &node(3), &source);
    // Being our own goes before being on the site.
    book.add_our_address(&at(9, [10, 0, 0, 2].into()));
    let ours = at(3, [10, 0, 0, 2].into());
    assert_eq!(refusal(&mut book, NOW, &ours, &source), AddError::Ours);
    sound(&book);
}

#[test]
fn no_node_is_at_the_unspecified_the_broadcast_or_a_documentations_address() {
    let mut book = lax();
    for ip in ["0.0.0.0", "255.255.255.255", "::", "2001:db8::1"] {
        let address = at(1, ip.parse().unwrap());
        let added = book.add_address(NOW, &address, &teller(1));
        assert_eq!(added, Err(AddError::Invalid), "{ip}");
    }
    assert!(book.is_empty());
}

#[test]
fn a_strict_book_takes_in_only_what_all_the_world_can_reach_and_another_takes_in_the_site() {
    // The last five are routable for the reference.
    let near = [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.1.1",
        "fe80::1",
        "fc00::1",
        "100.64.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::a00:1",
    ];
    for ip in near {
        let address = at(1, ip.parse().unwrap());
        let added = strict().add_address(NOW, &address, &teller(1));
        assert_eq!(added, Err(AddError::NotRoutable), "{ip}");
        learn(&mut lax(), &address, &teller(1));
    }
    let text = AddError::NotRoutable.to_string();
    assert!(text.contains("addr_book_strict = false"), "{text}");
}

#[test]
fn who_tells_may_be_anywhere() {
    let mut book = strict();
    let sources = ["0.0.0.0", "127.0.0.1", "::", "10.0.0.1"];
    for (n, ip) in (1..).zip(sources) {
        let source = at(100, ip.parse().unwrap());
        learn(&mut book, &node(n), &source);
    }
    sound(&book);
}

#[test]
fn our_own_id_and_our_own_place_are_ours_whoever_is_said_to_live_there() {
    let mut book = strict();
    let us = at(1, host(1, 1));
    // What of us is in the book already goes.
    let (elsewhere, another) = (at(1, host(2, 2)), at(2, us.ip()));
    let beside = NetAddress::new(id(3), us.ip(), PORT + 1);
    for address in [elsewhere, another, beside] {
        learn(&mut book, &address, &teller(1));
    }
    book.add_our_address(&us);
    assert_eq!((book.size(), book.has_address(&beside)), (1, true));
    for address in [us, elsewhere, another] {
        assert_eq!(
            book.add_address(NOW, &address, &teller(1)),
            Err(AddError::Ours)
        );
        assert!(!book.mark_good(NOW, &address));
    }
    assert!(book.is_our_address(&another) && !book.is_our_address(&beside));
    sound(&book);
}

#[test]
fn what_of_private_nodes_is_in_the_book_goes_when_they_become_private() {
    let mut book = strict();
    for n in 1..=3 {
        learn(&mut book, &node(n), &teller(1));
    }
    book.mark_good(NOW, &node(2));
    book.add_private_ids([id(2), id(3)]);
    assert_eq!((book.size(), book.old()), (1, 0));
    assert!(book.has_node(id(1)) && !book.has_node(id(2)));
    // What was kept of a ban does not bring them back.
    book.mark_bad(NOW, id(1), DAY);
    book.add_private_ids([id(1)]);
    assert_eq!(book.reinstate_bad_peers(NOW + DAY), 1);
    assert!(book.is_empty());
    sound(&book);
}

#[test]
fn what_is_told_again_comes_into_one_bucket_more_with_a_chance_of_one_in_twice_its_buckets() {
    const ALL: u32 = 1_500;
    let mut book = strict();
    for n in 0..ALL {
        learn(&mut book, &node(n), &teller(n % 50));
    }
    // Of those in k buckets, how many were told again, and how many are in one more now.
    let mut told = [(0_u32, 0_u32); 5];
    for round in 1..=60 {
        for n in 0..ALL {
            let Some(before) = book.addresses_of(id(n)).first().map(|it| it.buckets.len()) else {
                continue;
            };
            let added = book.add_address(NOW, &node(n), &teller((n + round * 7) % 400));
            let more = added == Ok(Added::Again);
            assert_eq!(
                known(&book, &node(n)).buckets.len(),
                before + usize::from(more)
            );
            told[before].0 += 1;
            told[before].1 += u32::from(more);
        }
    }
    sound(&book);
    for (buckets, half) in [(1, 2.0), (2, 4.0), (3, 6.0)] {
        let (all, more) = told[buckets];
        let share = f64::from(more) / f64::from(all);
        let off = (share * half - 1.0).abs();
        assert!(all > 2_000 && off < 0.12, "{buckets}: {share} of {all}");
    }
    assert!(told[4].0 > 10_000 && told[4].1 == 0, "{told:?}");
}

#[test]
fn telling_again_changes_neither_who_told_first_nor_what_is_known() {
    let mut book = strict();
    learn(&mut book, &node(1), &teller(1));
    book.mark_attempt(NOW, &node(1));
    let before = known(&book, &node(1));
    for n in 2..100 {
        let added = book.add_address(NOW + DAY, &node(1), &teller(n)).unwrap();
        assert_ne!(added, Added::New);
    }
    let mut after = known(&book, &node(1));
    assert_eq!(after.buckets.len(), 4);
    after.buckets.truncate(1);
    assert_eq!(after, before);
    book.mark_good(NOW, &node(1));
    assert_eq!(
        book.add_address(NOW, &node(1), &teller(9)),
        Ok(Added::Known)
    );
    assert_eq!(known(&book, &node(1)).buckets.len(), 1);
}

fn crowded(by: Crowd) -> Result<Added, AddError> {
    Err(AddError::Crowded(by))
}

#[test]
fn a_node_has_four_addresses_and_the_fifth_comes_only_when_it_was_reached_there() {
    for book in [strict(), lax()] {
        let mut book = book;
        for network in 1..=4 {
            learn(&mut book, &at(1, host(network, 1)), &teller(1));
        }
        let fifth = at(1, host(5, 1));
        assert_eq!(
            book.add_address(NOW, &fifth, &teller(2)),
            crowded(Crowd::Node)
        );
        assert!(book.mark_good(NOW, &fifth));
        let of_node = book.addresses_of(id(1));
        assert_eq!((of_node.len(), book.old()), (4, 1));
        assert!(of_node.iter().any(|it| it.address == fifth && it.old));
        sound(&book);
    }
}

#[test]
fn a_node_that_was_reached_at_four_addresses_is_not_taken_in_at_a_fifth() {
    let mut book = strict();
    for network in 1..=4 {
        assert!(book.mark_good(NOW, &at(1, host(network, 1))));
    }
    assert!(!book.mark_good(NOW, &at(1, host(5, 1))));
    assert_eq!(book.old(), 4);
    sound(&book);
}

#[test]
fn four_nodes_are_known_at_an_ip_address_of_the_world_whatever_their_ports() {
    let mut book = strict();
    let place = |n: u32| NetAddress::new(id(n), host(1, 1), u16::try_from(n).unwrap());
    for n in 1..=4 {
        learn(&mut book, &place(n), &teller(n));
    }
    assert_eq!(
        book.add_address(NOW, &place(5), &teller(9)),
        crowded(Crowd::Ip)
    );
    // The same address in another spelling.
    let mapped = NetAddress::new(id(5), "::ffff:32.1.0.1".parse().unwrap(), 5);
    assert_eq!(
        book.add_address(NOW, &mapped, &teller(9)),
        crowded(Crowd::Ip)
    );
    assert!(book.remove_address(&place(2)));
    learn(&mut book, &place(5), &teller(9));
}

#[test]
fn who_was_reached_takes_the_place_of_hearsay_at_his_ip_address_too() {
    let mut book = strict();
    let place = |n: u32| NetAddress::new(id(n), host(1, 1), u16::try_from(n).unwrap());
    for n in 1..=4 {
        learn(&mut book, &place(n), &teller(n));
    }
    for n in 5..=8 {
        assert!(book.mark_good(NOW, &place(n)));
        assert_eq!(book.size(), 4);
    }
    assert!(!book.mark_good(NOW, &place(9)));
    assert_eq!(book.old(), 4);
    sound(&book);
}

#[test]
fn thirty_two_new_ones_are_known_in_a_network_and_those_that_proved_good_do_not_count() {
    let mut book = strict();
    for n in 0..32 {
        learn(&mut book, &at(n, host(1, n)), &teller(n % 9));
    }
    let more = at(32, host(1, 32));
    assert_eq!(
        book.add_address(NOW, &more, &teller(1)),
        crowded(Crowd::Network)
    );
    learn(&mut book, &at(65, host(2, 1)), &teller(1));
    book.mark_good(NOW, &at(7, host(1, 7)));
    learn(&mut book, &more, &teller(1));
    sound(&book);
}

#[test]
fn a_group_of_tellers_tells_a_tenth_of_the_new_ones() {
    let mut book = strict();
    let mut refused = 0;
    for n in 0..4_000 {
        // Every teller is a node of his own; their network is the same.
        let source = at(1_000_000 + n, host(16_383, n));
        match book.add_address(NOW, &node(n), &source) {
            Err(AddError::Crowded(Crowd::Tellers)) => refused += 1,
            added => assert_eq!(added, Ok(Added::New)),
        }
    }
    assert_eq!((book.size(), refused > 1_000), (1_638, true));
    // Another group tells on, and so does this one when one of its own has proved good.
    learn(&mut book, &node(5_000), &teller(5));
    let one = book.addresses().next().unwrap().address;
    assert!(book.mark_good(NOW, &one));
    learn(&mut book, &node(5_001), &at(1, host(16_383, 1)));
    sound(&book);
}

#[test]
fn on_the_site_of_the_operator_nodes_are_not_counted_by_place_network_or_teller() {
    let mut book = lax();
    let gateway = [192, 168, 1, 1].into();
    for n in 0..40 {
        let address = NetAddress::new(id(n), gateway, 1_000 + u16::try_from(n).unwrap());
        learn(&mut book, &address, &address);
    }
    for n in 100_u32..3_000 {
        let [_, _, high, low] = n.to_be_bytes();
        // Many groups: buckets have their bound here too.
        let address = at(n, [10, low, high, 1].into());
        let added = book.add_address(NOW, &address, &on_site(1));
        assert_eq!(added, Ok(Added::New));
    }
    assert!(book.new_ones() > 1_638, "{}", book.new_ones());
    sound(&book);
}

#[test]
fn what_is_reached_and_not_in_the_book_is_taken_in_if_it_may_be() {
    let mut book = strict();
    assert!(book.mark_good(NOW, &node(1)));
    let known = known(&book, &node(1));
    assert_eq!((known.source, known.old), (node(1), true));
    assert_eq!(
        (known.last_success, known.first_success),
        (Some(NOW), Some(NOW))
    );
    book.mark_bad(NOW, id(2), DAY);
    book.add_private_ids([id(3)]);
    let site = on_site(4);
    for address in [
        node(2),
        node(3),
        site,
        parse(&format!("{}@[2001:db8::1]:1", id(5))),
    ] {
        assert!(!book.mark_good(NOW, &address));
    }
    assert!(!book.mark_attempt(NOW, &node(9)));
    assert_eq!(book.size(), 1);
}

#[test]
fn a_book_wants_more_while_it_holds_fewer_than_a_thousand() {
    let mut book = strict();
    for n in 0..1_000 {
        assert!(book.needs_more());
        learn(&mut book, &node(n), &teller(n % 99));
    }
    assert!(!book.needs_more());
}

#[test]
fn every_refusal_says_what_is_wrong() {
    let crowds = [Crowd::Node, Crowd::Ip, Crowd::Network, Crowd::Tellers];
    let errors = [
        AddError::Invalid,
        AddError::Banned(NOW + secs(1)),
        AddError::Private,
        AddError::PrivateSource,
        AddError::Ours,
        AddError::NotRoutable,
        AddError::Full,
    ];
    let crowds = crowds.map(AddError::Crowded);
    let mut texts: Vec<_> = errors
        .iter()
        .chain(&crowds)
        .map(ToString::to_string)
        .collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 11);
    let _ = seed();
}
