//! In which buckets addresses are, and how many.

use std::collections::{BTreeMap, BTreeSet};

use pex::book::{Added, AddrBook};

use crate::kit::{
    NOW, at, host, id, known, lax, learn, node, on_site, secs, sound, strict, teller,
};

/// The buckets of the old ones, or of the new ones, and who is in each.
fn filling(book: &AddrBook, old: bool) -> BTreeMap<u16, usize> {
    let mut filling = BTreeMap::new();
    for it in book.addresses().filter(|it| it.old == old) {
        for bucket in it.buckets {
            *filling.entry(bucket).or_default() += 1;
        }
    }
    filling
}

#[test]
fn what_a_group_tells_of_a_group_is_in_one_bucket_of_sixty_four() {
    let mut book = lax();
    for n in 0..300 {
        learn(&mut book, &on_site(n), &on_site(1_000 + n % 7));
    }
    let filling = filling(&book, false);
    assert_eq!(filling.values().copied().collect::<Vec<_>>(), [64]);
    assert_eq!(book.size(), 64);
    sound(&book);
}

#[test]
fn what_a_group_tells_is_in_thirty_two_buckets_of_two_hundred_and_fifty_six() {
    for group in [1, 2, 3] {
        let mut book = strict();
        for n in 0..1_500 {
            learn(&mut book, &node(n), &at(99_999, host(16_000 + group, 1)));
        }
        let buckets = filling(&book, false);
        assert!((20..=32).contains(&buckets.len()), "{}", buckets.len());
        assert!(buckets.keys().all(|&number| number < 256));
    }
}

#[test]
fn what_many_groups_tell_is_in_every_new_bucket() {
    let mut book = strict();
    for n in 0..8_000 {
        learn(&mut book, &node(n), &teller(n % 500));
    }
    let buckets = filling(&book, false);
    assert_eq!(buckets.len(), 256);
    assert!(buckets.values().all(|&count| count <= 64));
}

#[test]
fn the_good_ones_of_a_group_are_in_four_buckets_of_sixty_four() {
    for group in [1, 2, 3] {
        let mut book = strict();
        for n in 0..300 {
            let address = at(n, host(group, n));
            let added = book.add_address(NOW, &address, &teller(n % 99));
            if added == Ok(Added::New) {
                book.mark_good(NOW, &address);
            }
        }
        let buckets = filling(&book, true);
        assert!((1..=4).contains(&buckets.len()), "{buckets:?}");
        assert!(
            buckets
                .iter()
                .all(|(&number, &count)| number < 64 && count <= 64)
        );
        sound(&book);
    }
}

#[test]
fn the_good_ones_of_many_groups_are_in_every_old_bucket() {
    let mut book = strict();
    for n in 0..2_000 {
        assert!(book.mark_good(NOW, &node(n)));
    }
    let buckets = filling(&book, true);
    assert_eq!((buckets.len(), book.old()), (64, 2_000));
    assert!(buckets.values().all(|&count| count <= 64));
}

#[test]
fn whoever_proves_good_leaves_all_his_new_buckets_for_one_old_one() {
    let mut book = strict();
    learn(&mut book, &node(1), &teller(0));
    for n in 1..200 {
        assert!(book.add_address(NOW, &node(1), &teller(n)).is_ok());
    }
    let before = known(&book, &node(1)).buckets;
    assert_eq!(before.iter().collect::<BTreeSet<_>>().len(), 4);
    assert!(book.mark_good(NOW + secs(1), &node(1)));
    assert_eq!(known(&book, &node(1)).buckets.len(), 1);
    assert_eq!((book.old(), book.new_ones(), book.size()), (1, 0, 1));
    sound(&book);
}

#[test]
fn a_place_follows_from_the_key_and_a_secret_that_it_hides() {
    // Two seeds, two keys: the same addresses are elsewhere.
    let mut books = [1, 2].map(|byte| AddrBook::new(true, pex::Seed::new([byte; 32])));
    for book in &mut books {
        for n in 0..100 {
            learn(book, &node(n), &teller(n));
        }
    }
    let [one, two] = books.each_ref();
    let same = (0..100).filter(|&n| {
        let place = |book| known(book, &node(n)).buckets;
        place(one) == place(two)
    });
    assert!(same.count() < 10);
    let key = one.to_json().split('"').nth(3).unwrap().to_owned();
    assert!(!format!("{one:?}").contains(&key), "the key is printed");
    let _ = id(1);
}
