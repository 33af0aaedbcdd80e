//! Two books are brought together: what another knows of an address.

use pex::Time;
use pex::book::{AddError, Added, Crowd, KnownAddress};

use crate::kit::{
    DAY, MINUTE, NOW, at, host, id, known, lax, learn, node, of, on_site, secs, sound, strict,
    teller,
};

/// What a book knows of the node with this number, which it has reached.
fn reached(n: u32, first: Time, last: Time) -> KnownAddress {
    let mut known = KnownAddress::new(node(n), teller(1), last);
    (known.first_success, known.last_success) = (Some(first), Some(last));
    known
}

#[test]
fn a_book_that_adopts_another_knows_what_that_knew_and_nothing_more_the_second_time() {
    let (other, mut book) = (of(200, 300), strict());
    for theirs in other.addresses() {
        assert_eq!(book.adopt(NOW, &theirs), Ok(Added::New));
    }
    sound(&book);
    assert_eq!(book.size(), other.size());
    for theirs in other.addresses() {
        let mut ours = known(&book, &theirs.address);
        // Its key is another, and with that the buckets are.
        ours.buckets.clone_from(&theirs.buckets);
        assert_eq!(ours, theirs);
        assert_eq!(book.adopt(NOW, &theirs), Ok(Added::Known));
    }
}

#[test]
fn of_what_both_know_the_later_attempt_counts_the_first_success_and_the_last() {
    let mut book = strict();
    let mut ours = reached(1, NOW, NOW + MINUTE);
    ours.attempts = 1;
    book.adopt(NOW + DAY, &ours).unwrap();
    let mut theirs = reached(1, NOW + MINUTE, NOW + MINUTE * 3);
    theirs.attempts = 5;
    assert_eq!(book.adopt(NOW + DAY, &theirs), Ok(Added::Again));
    let both = known(&book, &node(1));
    assert_eq!((both.attempts, both.last_attempt), (5, NOW + MINUTE * 3));
    assert_eq!(both.first_success, Some(NOW));
    assert_eq!(both.last_success, Some(NOW + MINUTE * 3));

    // What is older says nothing new, nor does what is as old.
    assert_eq!(book.adopt(NOW + DAY, &ours), Ok(Added::Known));
    theirs.attempts = 3;
    assert_eq!(book.adopt(NOW + DAY, &theirs), Ok(Added::Known));
    assert_eq!(known(&book, &node(1)), both);
    sound(&book);
}

#[test]
fn what_was_good_there_is_good_here_if_it_was_ever_reached() {
    let mut book = strict();
    let mut theirs = KnownAddress::new(node(1), teller(1), NOW);
    theirs.old = true;
    assert_eq!(book.adopt(NOW, &theirs), Ok(Added::New));
    assert!(!book.is_good(id(1)), "nobody says when it was reached");

    let mut theirs = reached(1, NOW, NOW);
    theirs.old = true;
    assert_eq!(book.adopt(NOW, &theirs), Ok(Added::Again));
    assert!(book.is_good(id(1)));
    assert_eq!(book.adopt(NOW, &theirs), Ok(Added::Known));
    sound(&book);
}

#[test]
fn what_lies_in_the_future_of_another_clock_is_now() {
    let mut book = strict();
    book.adopt(NOW, &reached(1, NOW + DAY, NOW + DAY * 2))
        .unwrap();
    let known = known(&book, &node(1));
    assert_eq!(known.last_attempt, NOW);
    assert_eq!(
        (known.first_success, known.last_success),
        (Some(NOW), Some(NOW))
    );
}

#[test]
fn what_was_reached_takes_the_place_of_hearsay_about_its_node_and_hearsay_takes_nobodys() {
    let mut book = strict();
    for n in 1..=4 {
        learn(&mut book, &at(7, host(n, 1)), &teller(n));
    }
    let elsewhere = at(7, host(9, 1));
    let hearsay = KnownAddress::new(elsewhere, teller(1), NOW);
    let crowded = Err(AddError::Crowded(Crowd::Node));
    assert_eq!(book.adopt(NOW, &hearsay), crowded);

    let mut theirs = hearsay;
    (theirs.first_success, theirs.last_success) = (Some(NOW), Some(NOW));
    assert_eq!(book.adopt(NOW, &theirs), Ok(Added::New));
    assert_eq!(book.addresses_of(id(7)).len(), 4);
    assert_eq!(known(&book, &elsewhere).last_success, Some(NOW));
    sound(&book);
}

#[test]
fn hearsay_is_adopted_as_far_as_its_place_is_not_crowded_and_what_was_reached_in_any_case() {
    let mut book = strict();
    let hearsay = |n: u32| KnownAddress::new(at(n, host(1, 1)), teller(n), NOW);
    for n in 1..=4 {
        assert_eq!(book.adopt(NOW, &hearsay(n)), Ok(Added::New));
    }
    let crowded = Err(AddError::Crowded(Crowd::Ip));
    assert_eq!(book.adopt(NOW, &hearsay(5)), crowded);
    let mut theirs = hearsay(5);
    (theirs.first_success, theirs.last_success) = (Some(NOW), Some(NOW));
    assert_eq!(book.adopt(NOW, &theirs), Ok(Added::New));
    sound(&book);
}

#[test]
fn in_a_bucket_of_those_who_were_reached_one_more_takes_the_place_of_the_first_and_hearsay_none() {
    let mut book = lax();
    let reached = |n: u32| {
        let at = NOW + secs(n.into());
        let mut known = KnownAddress::new(on_site(n), teller(1), at);
        (known.first_success, known.last_success) = (Some(at), Some(at));
        known
    };
    for n in 0..64 {
        assert_eq!(book.adopt(NOW + MINUTE * 2, &reached(n)), Ok(Added::New));
    }
    let hearsay = KnownAddress::new(on_site(99), teller(1), NOW);
    assert_eq!(book.adopt(NOW + MINUTE * 2, &hearsay), Err(AddError::Full));
    assert_eq!(book.adopt(NOW + MINUTE * 2, &reached(64)), Ok(Added::New));
    assert_eq!(book.size(), 64);
    assert!(!book.has_address(&on_site(0)) && book.has_address(&on_site(1)));
    sound(&book);
}

#[test]
fn where_there_is_no_room_among_the_good_what_was_good_is_one_that_was_reached() {
    let mut book = lax();
    // All of one site are in few buckets.
    let mut good = 0;
    for n in 0..400 {
        let mut theirs = KnownAddress::new(on_site(n), teller(1), NOW);
        (theirs.first_success, theirs.last_success) = (Some(NOW), Some(NOW));
        theirs.old = true;
        let taken = book.adopt(NOW, &theirs).is_ok();
        good += u32::from(taken && book.is_good(id(n)));
    }
    let kept = book.addresses().filter(|it| it.old).count();
    assert!((64..=256).contains(&kept), "{kept} are good");
    assert!(good as usize >= kept, "{good} were, and {kept} are");
    let others: Vec<_> = book.addresses().filter(|it| !it.old).collect();
    assert!(!others.is_empty());
    assert!(others.iter().all(|it| it.last_success.is_some()));
    sound(&book);
}
