//! Who has proved good, who waits for whose place, and what becomes of those who lose it.

use pex::NetAddress;
use pex::book::{Added, AddrBook};

use crate::kit::{DAY, NOW, at, host, id, known, learn, node, secs, sound, strict, teller};

/// The next node of a network that can be taken in proves good, until one of them has to wait for
/// the place of another. Returns who waits.
fn until_one_waits(book: &mut AddrBook, network: u32) -> NetAddress {
    let before = book.challenged();
    for n in 0..400 {
        let (number, now) = (network * 1_000 + n, NOW + secs(u64::from(n)));
        let address = at(number, host(network, n));
        if book.add_address(now, &address, &teller(n % 99)) != Ok(Added::New) {
            continue;
        }
        assert!(book.mark_good(now, &address));
        if !book.is_good(address.id()) && book.challenged() != before {
            return address;
        }
    }
    unreachable!("no bucket is full")
}

#[test]
fn who_proves_good_counts_as_reached_now_and_has_no_failures() {
    let mut book = strict();
    learn(&mut book, &node(1), &teller(1));
    for n in 1..=5 {
        assert!(book.mark_attempt(NOW + secs(n), &node(1)));
    }
    let failed = known(&book, &node(1));
    assert_eq!((failed.attempts, failed.last_attempt), (5, NOW + secs(5)));
    assert!(book.mark_good(NOW + secs(6), &node(1)));
    assert!(book.mark_good(NOW + secs(7), &node(1)));
    let good = known(&book, &node(1));
    assert_eq!((good.attempts, good.last_attempt), (0, NOW + secs(7)));
    assert_eq!(good.first_success, Some(NOW + secs(6)));
    assert_eq!(good.last_success, Some(NOW + secs(7)));
    // Failures alone cost nobody his place, as in the reference.
    for n in 0..99 {
        book.mark_attempt(NOW + n * DAY, &node(1));
    }
    assert!(book.is_good(id(1)));
    sound(&book);
}

#[test]
fn for_a_place_in_a_full_bucket_the_one_not_reached_for_longest_is_tested() {
    let mut book = strict();
    let waiting = until_one_waits(&mut book, 1);
    let holder = known(&book, &book.challenged().unwrap());
    assert!(holder.old && !known(&book, &waiting).old);
    let bucket = holder.buckets[0];
    let others = book
        .addresses()
        .filter(|it| it.old && it.buckets == [bucket]);
    let others: Vec<_> = others.map(|it| it.last_success).collect();
    assert_eq!(others.len(), 64);
    assert_eq!(others.into_iter().min(), Some(holder.last_success));
    sound(&book);
}

#[test]
fn who_is_reached_keeps_his_place_and_the_other_stays_new() {
    let mut book = strict();
    let waiting = until_one_waits(&mut book, 1);
    let (holder, size) = (book.challenged().unwrap(), book.size());
    book.mark_good(NOW + DAY, &holder);
    assert_eq!(book.challenged(), None);
    assert!(book.is_good(holder.id()) && !book.is_good(waiting.id()));
    assert_eq!(book.size(), size);
    // When the other is reached again, the next is tested.
    book.mark_good(NOW + DAY, &waiting);
    assert_ne!(book.challenged(), Some(holder));
    assert!(book.challenged().is_some());
    sound(&book);
}

#[test]
fn who_is_not_reached_loses_his_place_to_who_waits_and_nobody_is_lost() {
    let mut book = strict();
    let waiting = until_one_waits(&mut book, 1);
    let (holder, size) = (book.challenged().unwrap(), book.size());
    let (before, old) = (known(&book, &holder), book.old());
    assert!(book.mark_attempt(NOW + DAY, &holder));
    assert_eq!(
        (book.challenged(), book.size(), book.old()),
        (None, size, old)
    );
    assert!(known(&book, &waiting).old);
    assert_eq!(known(&book, &waiting).buckets, before.buckets);
    let after = known(&book, &holder);
    assert!(!after.old && after.last_success == before.last_success);
    assert_eq!((after.attempts, after.buckets.len()), (1, 1));
    sound(&book);
}

#[test]
fn a_failure_of_somebody_whose_place_nobody_wants_costs_it_not() {
    let mut book = strict();
    until_one_waits(&mut book, 1);
    let holder = book.challenged().unwrap();
    let other = book.addresses().find(|it| it.old && it.address != holder);
    let other = other.unwrap().address;
    book.mark_attempt(NOW + DAY, &other);
    assert!(book.is_good(other.id()) && book.challenged() == Some(holder));
}

#[test]
fn at_most_ten_places_are_in_question() {
    let mut book = strict();
    for network in 1..=16 {
        for n in 0..300 {
            let address = at(network * 1_000 + n, host(network, n));
            let added = book.add_address(NOW, &address, &teller(n % 99));
            if added == Ok(Added::New) {
                book.mark_good(NOW, &address);
            }
        }
    }
    let mut places = 0;
    while let Some(holder) = book.challenged() {
        book.mark_good(NOW + DAY, &holder);
        places += 1;
    }
    assert_eq!(places, 10);
    sound(&book);
}

#[test]
fn who_failed_ten_times_over_seven_days_loses_his_place_without_a_test() {
    let mut book = strict();
    until_one_waits(&mut book, 1);
    let holder = book.challenged().unwrap();
    // He keeps his place, and is gone from then on.
    book.mark_good(NOW + secs(1_000), &holder);
    for day in 1..=10 {
        book.mark_attempt(NOW + day * DAY, &holder);
    }
    let bucket = known(&book, &holder).buckets;
    let later = NOW + 11 * DAY;
    let others: Vec<_> = book
        .addresses()
        .filter(|it| it.old && it.buckets == bucket)
        .collect();
    assert_eq!(others.len(), 64);
    for it in others {
        if it.address != holder {
            book.mark_good(later, &it.address);
        }
    }
    let (size, old) = (book.size(), book.old());
    let waiting: Vec<_> = book
        .addresses()
        .filter(|it| !it.old && it.last_success.is_some())
        .collect();
    for it in waiting {
        book.mark_good(later, &it.address);
    }
    assert!(!book.is_good(holder.id()) && book.has_address(&holder));
    assert_eq!((book.size(), book.old()), (size, old));
    sound(&book);
}

#[test]
fn a_place_is_in_question_no_more_when_either_is_gone() {
    for gone in 0..3 {
        let mut book = strict();
        let waiting = until_one_waits(&mut book, 1);
        let holder = book.challenged().unwrap();
        match gone {
            0 => assert!(book.remove_address(&waiting)),
            1 => assert!(book.remove_node(holder.id())),
            _ => book.mark_bad(NOW, waiting.id(), DAY),
        }
        assert_eq!(book.challenged(), None);
        sound(&book);
        // Who waited comes in when he is reached again, where there is a place now.
        if gone == 1 {
            assert!(book.mark_good(NOW + DAY, &waiting));
            assert!(book.is_good(waiting.id()));
        }
    }
}

#[test]
fn who_got_a_place_otherwise_takes_nobodys() {
    let mut book = strict();
    let waiting = until_one_waits(&mut book, 1);
    let holder = book.challenged().unwrap();
    // Another of that bucket goes.
    let bucket = known(&book, &holder).buckets;
    let other = book
        .addresses()
        .find(|it| it.old && it.buckets == bucket && it.address != holder);
    assert!(book.remove_address(&other.unwrap().address));
    assert!(book.mark_good(NOW + DAY, &waiting));
    assert!(book.is_good(waiting.id()));
    assert_eq!(book.challenged(), None);
    book.mark_attempt(NOW + DAY, &holder);
    assert!(book.is_good(holder.id()));
    sound(&book);
}
