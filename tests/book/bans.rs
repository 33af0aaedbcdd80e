//! Who is banned, for how long, and what comes back.

use pex::book::{AddError, Added};

use crate::kit::{DAY, NOW, at, host, id, known, learn, node, secs, sound, strict, teller};

#[test]
fn a_node_can_be_banned_that_is_not_in_the_book() {
    let mut book = strict();
    book.mark_bad(NOW, id(1), DAY);
    let until = NOW + DAY;
    assert_eq!(book.banned_until(NOW, id(1)), Some(until));
    let banned = Err(AddError::Banned(until));
    assert_eq!(book.add_address(NOW, &node(1), &teller(1)), banned);
    assert!(!book.mark_good(NOW, &node(1)));
    // It ends by itself, to the nanosecond.
    let just = pex::Time::from_nanos(until.as_nanos() - 1);
    assert_eq!(book.banned_until(just, id(1)), Some(until));
    assert_eq!(book.banned_until(until, id(1)), None);
    assert_eq!(
        book.add_address(until, &node(1), &teller(1)),
        Ok(Added::New)
    );
}

#[test]
fn a_ban_is_lengthened_and_never_shortened() {
    let mut book = strict();
    book.mark_bad(NOW, id(1), DAY);
    book.mark_bad(NOW, id(1), secs(1));
    assert_eq!(book.banned_until(NOW, id(1)), Some(NOW + DAY));
    book.mark_bad(NOW, id(1), 2 * DAY);
    assert_eq!(book.banned_until(NOW, id(1)), Some(NOW + 2 * DAY));
    assert_eq!(book.first_ban_ends(), Some(NOW + 2 * DAY));
}

#[test]
fn all_addresses_of_who_is_banned_go_and_come_back_new_once() {
    let mut book = strict();
    let all = [at(1, host(1, 1)), at(1, host(2, 1)), at(1, host(3, 1))];
    for address in &all {
        learn(&mut book, address, &teller(1));
    }
    book.mark_good(NOW, &all[1]);
    learn(&mut book, &node(9), &teller(2));
    book.mark_bad(NOW, id(1), DAY);
    assert_eq!((book.size(), book.old()), (1, 0));
    assert_eq!(book.reinstate_bad_peers(NOW + secs(86_399)), 0);
    assert_eq!(book.size(), 1);
    assert_eq!(book.reinstate_bad_peers(NOW + DAY), 1);
    // The reference loses the one that had proved good.
    assert_eq!((book.size(), book.new_ones()), (4, 4));
    for address in &all {
        let it = known(&book, address);
        assert_eq!((it.source, it.last_attempt), (teller(1), NOW + DAY));
        assert_eq!((it.attempts, it.last_success), (0, None));
    }
    assert_eq!(book.reinstate_bad_peers(NOW + DAY), 0);
    assert_eq!((book.size(), book.first_ban_ends()), (4, None));
    sound(&book);
}

#[test]
fn who_is_banned_again_and_again_leaves_no_more_behind_than_his_addresses() {
    let mut book = strict();
    for round in 0..50 {
        let now = NOW + round * DAY;
        let place = round;
        let address = at(1, host(place % 6 + 1, 1));
        // The ban before this one is over, and nobody has wanted more addresses since.
        assert_eq!(book.add_address(now, &address, &teller(1)), Ok(Added::New));
        book.mark_bad(now, id(1), DAY);
        assert!(book.is_empty());
    }
    let (_, ban) = book.bans().next().unwrap();
    assert_eq!(ban.addresses.len(), 4);
    let latest = at(1, host(49 % 6 + 1, 1));
    assert!(ban.addresses.iter().any(|(address, _)| *address == latest));
    assert_eq!(book.reinstate_bad_peers(NOW + 99 * DAY), 1);
    assert_eq!(book.size(), 4);
    sound(&book);
}

#[test]
fn of_too_many_bans_the_one_that_ends_first_ends_now() {
    let mut book = strict();
    for n in 0..8_192 {
        book.mark_bad(NOW, id(n), DAY + secs(u64::from(n)));
    }
    assert_eq!(book.bans().count(), 8_192);
    book.mark_bad(NOW, id(9_000), 2 * DAY);
    assert_eq!(book.bans().count(), 8_192);
    assert_eq!(book.banned_until(NOW, id(0)), None);
    assert!(book.banned_until(NOW, id(1)).is_some());
    assert!(book.banned_until(NOW, id(9_000)).is_some());
    sound(&book);
}

#[test]
fn when_the_clock_is_set_back_times_and_bans_follow_it() {
    let mut book = strict();
    let (wrong, back) = (NOW + 1_000 * DAY, 1_000 * DAY);
    book.add_address(wrong, &node(1), &teller(1)).unwrap();
    book.mark_good(wrong, &node(1));
    book.mark_bad(wrong, id(2), DAY);
    book.rewind(NOW, back);
    let it = known(&book, &node(1));
    assert_eq!((it.last_attempt, it.last_success), (NOW, Some(NOW)));
    assert_eq!(it.first_success, Some(NOW));
    assert_eq!(book.banned_until(NOW, id(2)), Some(NOW + DAY));
}
