//! Whom to dial, and what to tell.

use std::collections::BTreeMap;

use pex::book::AddrBook;

use crate::kit::{NOW, at, host, id, learn, node, of, seed, strict, teller};

#[test]
fn a_selection_is_a_part_of_the_book_within_bounds() {
    // 139 is the last size of which 23 % are fewer than 32.
    let table = [
        (0, 0),
        (1, 1),
        (31, 31),
        (32, 32),
        (139, 32),
        (140, 32),
        (144, 33),
        (1_000, 230),
        (1_086, 249),
        (1_087, 250),
        (3_000, 250),
    ];
    for (size, selected) in table {
        let mut book = of(size / 3, size - size / 3);
        assert_eq!(book.selection_size(), selected, "{size}");
        assert_eq!(book.selection().len(), selected, "{size}");
        assert_eq!(book.selection_with_bias(30).len(), selected, "{size}");
    }
}

/// A book that is as full as it gets: 16,384 new ones by the numbers of their buckets, and as many
/// old ones as the hash lets in.
#[test]
fn a_full_book_tells_no_more() {
    let place = |n: u32| {
        format!(
            r#"{{"id":"{}","ip":"{}","port":1}}"#,
            id(n),
            host(n % 16_000, n / 16_000)
        )
    };
    let mut entries: Vec<_> = (0..16_384)
        .map(|n| {
            let (place, bucket) = (place(n), n / 64);
            format!(r#"{{"addr":{place},"src":{place},"buckets":[{bucket}],"bucket_type":1}}"#)
        })
        .collect();
    entries.extend((16_384..27_000).map(|n| {
        let place = place(n);
        format!(
            r#"{{"addr":{place},"src":{place},"buckets":[0],"bucket_type":2,
            "last_success":"2023-11-01T00:00:00Z"}}"#
        )
    }));
    let text = format!(
        r#"{{"key":"0123456789abcdef01234567","addrs":[{}]}}"#,
        entries.join(",")
    );
    let loaded = AddrBook::read(text.as_bytes(), true, seed(), NOW).unwrap();
    let mut book = loaded.book;
    assert!((20_000..=20_480).contains(&book.size()), "{}", book.size());
    // Who has proved good is in the book, and takes the place of hearsay if need be.
    assert!(book.old() >= 4_000, "{}", book.old());
    assert_eq!(book.selection().len(), 250);
    assert_eq!(book.selection_with_bias(30).len(), 250);
    assert_eq!(book.check(), Ok(()));
}

#[test]
fn every_address_is_told_as_often_as_any_other() {
    let mut book = of(100, 300);
    let mut told = BTreeMap::new();
    for _ in 0..1_500 {
        for address in book.selection() {
            *told.entry(address).or_insert(0_u32) += 1;
        }
    }
    // 92 of 400 at a time: 345 each, give or take 16.
    assert_eq!(told.len(), 400);
    assert!(
        told.values().all(|count| (265..425).contains(count)),
        "{told:?}"
    );
}

#[test]
fn the_sides_are_weighed_with_the_roots_of_their_sizes_and_with_the_bias() {
    let mut book = of(100, 400);
    for (bias, share) in [
        (0, 0.0),
        (10, 0.1818),
        (30, 0.4615),
        (50, 0.6667),
        (90, 0.9474),
        (100, 1.0),
        (200, 1.0),
    ] {
        let picks = 4_000;
        let mut new = 0_u32;
        for _ in 0..picks {
            let picked = book.pick_address(bias).unwrap();
            new += u32::from(!book.is_good(picked.id()));
        }
        let found = f64::from(new) / f64::from(picks);
        assert!((found - share).abs() < 0.04, "{bias}: {found}, not {share}");
    }
}

#[test]
fn where_the_side_that_is_drawn_is_empty_it_is_the_other() {
    for bias in [0, 10, 50, 90, 100] {
        for mut book in [of(3, 0), of(0, 3)] {
            for _ in 0..20 {
                assert!(book.pick_address(bias).is_some(), "{bias}");
            }
        }
    }
}

#[test]
fn a_network_with_many_addresses_is_picked_no_more_often_than_one_with_one() {
    for good in [false, true] {
        let mut book = strict();
        let crowd = (0..30).map(|n| at(n, host(1, n)));
        for address in crowd.chain((2..=10).map(|n| node(1_000 + n))) {
            learn(&mut book, &address, &teller(1));
            if good {
                book.mark_good(NOW, &address);
            }
        }
        let picks = (0..3_000).filter_map(|_| book.pick_address(50));
        let mut share = [0_u32; 2];
        let mut of_crowd = BTreeMap::new();
        for address in picks {
            let is_crowd = address.ip() == host(1, 0) || address.id() < id(30);
            share[usize::from(is_crowd)] += 1;
            if is_crowd {
                *of_crowd.entry(address).or_insert(0) += 1;
            }
        }
        assert!((230..370).contains(&share[1]), "{share:?}");
        assert!(of_crowd.len() > 25);
    }
}
