//! The tests of the reference, `addrbook_test.go` of CometBFT v0.38, as far as they are not about
//! files and locks. Where ours differs on purpose, the comment says so.

use std::collections::BTreeSet;

use pex::NetAddress;
use pex::book::{AddError, Added, AddrBook, GroupKey};

use crate::kit::{NOW, PORT, Random, id, learn, of, parse, secs, seed, sound, strict};

/// `biasToSelectNewPeers` of the reference's seeds.
const BIAS: u8 = 30;

fn pairs(count: usize) -> Vec<(NetAddress, NetAddress)> {
    Random(1).pairs(count)
}

fn filled(pairs: &[(NetAddress, NetAddress)]) -> AddrBook {
    let mut book = strict();
    for (address, source) in pairs {
        learn(&mut book, address, source);
    }
    book
}

/// New and old ones of a selection, new first.
fn counts(book: &AddrBook, selection: &[NetAddress]) -> (usize, usize) {
    let old = selection.iter().filter(|it| book.is_good(it.id())).count();
    (selection.len() - old, old)
}

fn no_duplicates(selection: &[NetAddress]) -> bool {
    selection.iter().collect::<BTreeSet<_>>().len() == selection.len()
}

/// TestAddrBookPickAddress.
#[test]
fn there_is_nobody_to_pick_in_an_empty_book_and_the_only_one_otherwise() {
    let mut book = strict();
    assert_eq!((book.size(), book.pick_address(50)), (0, None));
    let [(address, source)] = pairs(1).try_into().unwrap();
    learn(&mut book, &address, &source);
    for bias in [0, 50, 100] {
        assert_eq!(book.pick_address(bias), Some(address));
    }
    book.mark_good(NOW, &address);
    // The reference picks nobody where the bias is to new ones alone and there are none: ours picks
    // from the other side, for who has a free place wants to dial.
    for bias in [0, 50, 100] {
        assert_eq!(book.pick_address(bias), Some(address));
    }
}

/// TestAddrBookSaveLoad.
#[test]
fn a_book_is_as_large_after_a_restart_as_before() {
    let load = |text: String| AddrBook::read(text.as_bytes(), true, seed(), NOW).unwrap();
    let empty = load(strict().to_json());
    assert!(empty.book.is_empty() && empty.repairs.is_empty());
    let book = filled(&pairs(100));
    assert_eq!(book.size(), 100);
    let loaded = load(book.to_json());
    assert_eq!((loaded.book.size(), loaded.repairs), (100, vec![]));
}

/// TestAddrBookLookup.
#[test]
fn whoever_was_taken_in_is_found() {
    let mut book = strict();
    for (address, source) in pairs(100) {
        learn(&mut book, &address, &source);
        assert!(book.has_address(&address) && book.has_node(address.id()));
    }
}

/// TestAddrBookPromoteToOld.
#[test]
fn a_promotion_changes_the_size_of_neither_book_nor_selection() {
    let pairs = pairs(100);
    let mut book = filled(&pairs);
    for (address, _) in &pairs {
        assert!(book.mark_attempt(NOW, address));
    }
    for (address, _) in pairs.iter().step_by(2) {
        assert!(book.mark_good(NOW, address));
    }
    assert_eq!((book.size(), book.old(), book.new_ones()), (100, 50, 50));
    assert!(book.selection().len() <= 100);
    assert!(book.selection_with_bias(BIAS).len() <= 100);
    sound(&book);
}

/// TestAddrBookHandlesDuplicates.
#[test]
fn an_address_that_is_told_twice_is_in_the_book_once() {
    let mut book = strict();
    let other = Random(2).address();
    for (address, source) in pairs(100) {
        learn(&mut book, &address, &source);
        for source in [source, other] {
            let again = book.add_address(NOW, &address, &source).unwrap();
            assert_ne!(again, Added::New);
        }
    }
    assert_eq!(book.size(), 100);
    sound(&book);
}

/// TestAddrBookRemoveAddress, TestAddrBookHasAddress.
#[test]
fn what_is_removed_is_gone_and_what_never_was_can_be_removed_too() {
    let mut book = strict();
    let [(address, other)] = pairs(1).try_into().unwrap();
    learn(&mut book, &address, &address);
    assert!(book.has_address(&address));
    assert!(book.remove_address(&address));
    assert_eq!((book.size(), book.has_address(&address)), (0, false));
    assert!(!book.remove_address(&other));
    assert_eq!(book.size(), 0);
    sound(&book);
}

/// TestAddrBookGetSelectionWithOneMarkedGood, TestAddrBookGetSelectionWithOneNotMarkedGood.
#[test]
fn a_small_book_is_selected_whole_whatever_the_bias() {
    for (old, new) in [(1, 9), (9, 1)] {
        let mut book = of(old, new);
        let selection = book.selection_with_bias(BIAS);
        let counts = counts(&book, &selection);
        assert_eq!(counts, (new as usize, old as usize));
    }
}

/// TestAddrBookGetSelectionReturnsNilWhenAddrBookIsEmpty.
#[test]
fn nothing_is_selected_from_an_empty_book() {
    assert_eq!(strict().selection_with_bias(BIAS), []);
}

/// TestAddrBookGetSelection.
#[test]
fn a_selection_names_nobody_twice() {
    let mut book = strict();
    assert_eq!(book.selection(), []);
    let address = Random(2).address();
    learn(&mut book, &address, &address);
    assert_eq!(book.selection(), [address]);
    for (address, source) in pairs(100) {
        learn(&mut book, &address, &source);
    }
    let selection = book.selection();
    assert!(no_duplicates(&selection) && selection.len() <= book.size());
}

/// TestAddrBookGetSelectionWithBias.
#[test]
fn a_selection_with_a_bias_to_new_ones_is_made_of_seven_parts_old_and_three_new() {
    let mut book = strict();
    assert_eq!(book.selection_with_bias(BIAS), []);
    let address = Random(2).address();
    learn(&mut book, &address, &address);
    assert_eq!(book.selection_with_bias(BIAS), [address]);
    let pairs = pairs(100);
    for (address, source) in &pairs {
        learn(&mut book, address, source);
    }
    let selection = book.selection_with_bias(BIAS);
    assert!(no_duplicates(&selection) && selection.len() <= book.size());
    for (address, _) in &pairs[20..] {
        book.mark_good(NOW, address);
    }
    let selection = book.selection_with_bias(BIAS);
    // Of 32, 30 % are 9.6.
    assert_eq!(counts(&book, &selection), (10, 22));
}

/// TestBanBadPeers.
#[test]
fn who_is_banned_is_not_taken_in_and_comes_back_new_when_the_ban_is_over() {
    let mut book = strict();
    let address = Random(2).address();
    learn(&mut book, &address, &address);
    book.mark_bad(NOW, address.id(), secs(1));
    assert!(!book.has_address(&address));
    let until = NOW + secs(1);
    assert_eq!(book.banned_until(NOW, address.id()), Some(until));
    let banned = Err(AddError::Banned(until));
    assert_eq!(book.add_address(NOW, &address, &address), banned);
    assert_eq!(book.reinstate_bad_peers(until), 1);
    assert_eq!((book.size(), book.has_address(&address)), (1, true));
    assert!(!book.is_good(address.id()));
    sound(&book);
}

/// TestAddrBookEmpty.
#[test]
fn a_book_that_knows_ourselves_and_private_nodes_is_empty() {
    let mut book = strict();
    assert!(book.is_empty());
    book.add_our_address(&Random(2).address());
    assert!(book.is_empty());
    book.add_private_ids((0..5).map(id));
    assert!(book.is_empty());
    let [(address, source)] = pairs(1).try_into().unwrap();
    learn(&mut book, &address, &source);
    assert!(!book.is_empty());
}

/// TestPrivatePeers.
#[test]
fn private_nodes_are_not_taken_in_nor_what_they_tell() {
    let mut book = strict();
    let pairs = pairs(10);
    book.add_private_ids(pairs.iter().map(|(address, _)| address.id()));
    for (address, _) in &pairs {
        let added = book.add_address(NOW, address, address);
        assert_eq!(added, Err(AddError::Private));
    }
    let added = book.add_address(NOW, &Random(2).address(), &pairs[0].0);
    assert_eq!(added, Err(AddError::PrivateSource));
}

/// TestMultipleAddrBookAddressSelection: every share of old and new, of every size up to 31 and of
/// two sizes beyond. New ones come first.
#[test]
fn a_selection_has_the_new_ones_first_and_more_of_either_where_the_other_has_too_few() {
    for size in (1..32).chain([77, 139]) {
        for old in 0..=size {
            let mut book = of(old, size - old);
            let selection = book.selection_with_bias(BIAS);
            let all = selection.len();
            assert_eq!(all, book.selection_size(), "{size} {old}");
            let share = (all * usize::from(BIAS) + 50) / 100;
            let expected = share
                .max(all.saturating_sub(old as usize))
                .min(book.new_ones());
            assert_eq!(
                counts(&book, &selection),
                (expected, all - expected),
                "{size} {old}"
            );
            let firsts = selection.iter().take_while(|it| !book.is_good(it.id()));
            assert_eq!(firsts.count(), expected, "{size} {old}");
            assert!(no_duplicates(&selection));
        }
    }
}

/// TestAddrBookAddDoesNotOverwriteOldIP. In the reference a second address of a node is ignored;
/// here it is kept beside the first, as hearsay that takes nothing from what is known.
#[test]
fn hearsay_of_another_address_leaves_the_one_that_proved_good_as_it_is() {
    let peer = "678503e6c8f50db7279c7da3cb9b072aac4bc0d5";
    let real = parse(&format!("{peer}@1.1.1.1:26656"));
    let other = parse(&format!("{peer}@2.2.2.2:26656"));
    let source = parse("b0dd378c3fbc4c156cd6d302a799f0d2e4227201@159.89.121.174:26656");
    let mut book = strict();
    learn(&mut book, &real, &source);
    book.mark_attempt(NOW, &real);
    book.mark_good(NOW, &real);
    assert_eq!(book.add_address(NOW, &real, &source), Ok(Added::Known));
    for _ in 0..10 {
        assert!(book.add_address(NOW, &other, &source).is_ok());
    }
    let of_peer = book.addresses_of(real.id());
    let shown: Vec<_> = of_peer.iter().map(|it| (it.address, it.old)).collect();
    assert_eq!(shown, [(real, true), (other, false)]);
    // Whoever picks among those that proved good gets the real one; the reference is told of it.
    assert_eq!(book.pick_address(0), Some(real));
    let text = book.to_json();
    let theirs = text.split("\"pex\"").next().unwrap();
    assert!(
        theirs.contains("1.1.1.1") && !theirs.contains("2.2.2.2"),
        "{text}"
    );
}

/// TestAddrBookGroupKey.
#[test]
fn groups_are_those_of_the_references_own_table() {
    let lax = [
        ("12.1.2.3", "12.1.0.0"),
        ("173.1.2.3", "173.1.0.0"),
        ("196.1.2.3", "196.1.0.0"),
        ("2002:0c01:0203::", "12.1.0.0"),
        ("2001:0:1234::f3fe:fdfc", "12.1.0.0"),
        ("64:ff9b::0c01:0203", "12.1.0.0"),
        ("::ffff:0:0c01:0203", "12.1.0.0"),
        ("fd87:d87e:eb43:1234::5678", "tor:2"),
        ("fd87:d87e:eb43:1245::6789", "tor:2"),
        ("fd87:d87e:eb43:1345::6789", "tor:3"),
        ("2602:100::1", "2602:100::"),
        ("2602:0100::1234", "2602:100::"),
        ("2001:470:1f10:a1::2", "2001:470:1000::"),
        ("2001:0470:1f10:a1::2", "2001:470:1000::"),
    ];
    let strict = [
        ("127.0.0.1", "local"),
        ("::1", "local"),
        ("0.0.0.0", "local"),
        ("0.1.2.3", "local"),
        ("255.255.255.255", "unroutable"),
        ("10.1.2.3", "unroutable"),
        ("172.16.1.2", "unroutable"),
        ("192.168.1.2", "unroutable"),
        ("2001:db8::1234", "unroutable"),
        ("169.254.1.2", "unroutable"),
        ("fc00::1234", "unroutable"),
        ("2001:10::1234", "unroutable"),
        ("fe80::1234", "unroutable"),
    ];
    let tables = [(false, &lax[..]), (true, &strict[..])];
    for (strict, table) in tables {
        for (ip, group) in table {
            let address = NetAddress::new(id(1), ip.parse().unwrap(), PORT);
            let key = GroupKey::of(&address, strict);
            assert_eq!(key.to_string(), *group, "{ip}");
            assert_eq!(format!("{key:?}"), format!("GroupKey({group})"));
        }
    }
}
