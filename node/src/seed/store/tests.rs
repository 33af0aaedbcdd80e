use pex::Seed;
use pex::book::AddrBook;

use super::*;

const NOW: Time = Time::from_secs(1_800_000_000);

fn id(n: u8) -> NodeId {
    NodeId::new([n; 20])
}

fn place(n: u8) -> NodeAddress {
    NodeAddress::mconn(id(n), [8, n, 8, 8].into(), 26_656)
}

fn at(n: u8) -> SocketAddr {
    ([8, n, 8, 8], 26_656).into()
}

fn name(n: u8) -> NodeAddress {
    NodeAddress::parse(&format!("{}@node{n}.example.com:26656", id(n))).unwrap()
}

fn book() -> AddrBook {
    AddrBook::new(true, Seed::new([7; 32]))
}

fn with_good(mut book: AddrBook, n: u8) -> AddrBook {
    let address = NetAddress::try_from(&place(n)).unwrap();
    book.add_address(NOW, &address, &address).unwrap();
    assert!(book.mark_good(NOW, &address));
    book
}

fn open(path: &Path, private: &[NodeId]) -> PeerStore {
    let (store, opened) = PeerStore::open(path, private, &mut book(), false, NOW).unwrap();
    assert!(opened.set_aside.is_none() && opened.damaged.is_empty());
    store
}

fn later(secs: u64) -> Time {
    Time::from_secs(1_800_000_000 + secs)
}

#[test]
fn who_was_reached_is_known_after_a_restart_with_every_address_and_when() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/peerstore.pex");
    let mut store = open(&path, &[]);
    assert!(store.is_empty());
    store.reached(NOW, &name(1), at(1));
    store.reached(later(60), &place(1), at(1));
    store.failed(later(90), &name(1), DialFailure::Unreachable, &book());
    store.close(later(100), &book()).unwrap();

    let (store, _) = PeerStore::open(&path, &[], &mut book(), false, later(200)).unwrap();
    let known: Vec<_> = store.records().collect();
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].last_connected, Some(later(60)));
    let of = |address: &NodeAddress| {
        let mut all = known[0].addresses.iter();
        all.find(|it| it.address == *address).unwrap().clone()
    };
    let (named, placed) = (of(&name(1)), of(&place(1)));
    assert_eq!(
        (named.first_success, named.last_success),
        (Some(NOW), Some(NOW))
    );
    assert_eq!((named.failures, named.last_failure), (1, Some(later(90))));
    assert_eq!(placed.last_success, Some(later(60)));
    assert_eq!((placed.first_success, placed.failures), (Some(NOW), 0));
}

#[test]
fn an_address_stays_while_the_book_has_it_and_a_name_until_it_has_failed_sixteen_times() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder.path().join("p"), &[]);
    let book_with = with_good(book(), 1);
    store.reached(NOW, &name(1), at(1));
    store.failed(NOW, &place(1), DialFailure::Unreachable, &book_with);
    store.failed(NOW, &place(1), DialFailure::NotTried, &book());
    assert_eq!(store.records().next().unwrap().addresses.len(), 2);
    store.failed(NOW, &place(1), DialFailure::Unreachable, &book());
    let left: Vec<_> = store.records().flat_map(|it| &it.addresses).collect();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].address, name(1));
    for failure in 1..=16 {
        assert_eq!(store.len(), 1, "{failure}");
        store.failed(NOW, &name(1), DialFailure::Unreachable, &book());
    }
    assert!(store.is_empty());
}

#[test]
fn nothing_is_kept_of_the_private_and_what_was_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p");
    let mut store = open(&path, &[id(2)]);
    store.reached(NOW, &place(1), at(1));
    store.reached(NOW, &place(2), at(2));
    assert_eq!(store.len(), 1);
    store.close(NOW, &book()).unwrap();
    let mut store = open(&path, &[id(1)]);
    assert!(store.is_empty());
    // While it runs as well.
    store.reached(NOW, &place(2), at(2));
    store.reached(NOW, &place(3), at(3));
    store.flush(NOW, &book());
    store.take_over_private(&[id(2)]);
    store.reached(NOW, &place(2), at(2));
    store.close(NOW, &book()).unwrap();
    let ids: Vec<_> = open(&path, &[]).records().map(|it| it.id).collect();
    assert_eq!(ids, [id(3)]);
}

#[test]
fn of_more_than_it_has_room_for_whoever_was_reached_longest_ago_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p");
    let mut store = open(&path, &[]);
    store.nodes_max = 3;
    for n in 1..=3 {
        store.reached(later(n.into()), &place(n), at(n));
    }
    store.reached(later(10), &place(1), at(1));
    store.flush(later(10), &book());
    store.reached(later(11), &place(4), at(4));
    let ids: Vec<_> = store.records().map(|it| it.id).collect();
    assert_eq!(ids, [id(1), id(3), id(4)]);
    for port in 1..=20 {
        let mut moved = at(4);
        moved.set_port(port);
        let address = NodeAddress::mconn(id(4), moved.ip(), port);
        store.reached(later(20 + u64::from(port)), &address, moved);
    }
    let of_4 = store.records().last().unwrap();
    assert_eq!(of_4.addresses.len(), ADDRESSES_MAX);
    assert!(of_4.addresses.iter().all(|it| it.address.port() > 12));
    store.close(later(60), &book()).unwrap();
    let ids: Vec<_> = open(&path, &[]).records().map(|it| it.id).collect();
    assert_eq!(ids, [id(1), id(3), id(4)]);
}

#[test]
fn a_book_that_is_lost_is_filled_from_the_store_with_its_bans_and_one_that_is_there_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p");
    let mut store = open(&path, &[]);
    let mut old = with_good(with_good(book(), 1), 2);
    for n in 1..=2 {
        store.reached(NOW, &place(n), at(n));
    }
    old.mark_bad(NOW, id(2), core::time::Duration::from_secs(3_600));
    store.changed(id(2));
    store.changed(id(9));
    store.close(NOW, &old).unwrap();

    for is_lost in [true, false] {
        let mut new = book();
        let (_, opened) = PeerStore::open(&path, &[], &mut new, is_lost, later(60)).unwrap();
        assert_eq!(opened.told_book, usize::from(is_lost));
        assert_eq!(new.is_good(id(1)), is_lost);
        assert_eq!(new.banned_until(later(60), id(2)).is_some(), is_lost);
    }
}

#[test]
fn a_store_that_was_made_and_never_filled_begins_with_whom_the_book_has_reached() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p");
    let mut book = with_good(book(), 1);
    // A start that failed: the file is there, and nothing was written to it.
    drop(PeerStore::open(&path, &[], &mut book, false, NOW).unwrap());
    assert!(load(&path).unwrap().1.records.is_empty());
    let (store, opened) = PeerStore::open(&path, &[], &mut book, false, NOW).unwrap();
    assert_eq!((opened.told_by_book, store.len()), (1, 1));
}

#[test]
fn a_store_that_is_not_there_begins_with_whom_the_book_has_reached() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = with_good(book(), 1);
    let heard = NetAddress::try_from(&place(2)).unwrap();
    book.add_address(NOW, &heard, &heard).unwrap();
    let path = folder.path().join("p");
    let (store, opened) = PeerStore::open(&path, &[], &mut book, false, NOW).unwrap();
    assert_eq!(opened.told_by_book, 1);
    assert_eq!(store.records().next().unwrap().id, id(1));
    store.close(NOW, &book).unwrap();
    assert_eq!(open(&path, &[]).len(), 1);
}

#[test]
fn what_a_wrong_clock_has_written_lies_in_the_past_when_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p");
    let mut store = open(&path, &[]);
    store.reached(later(31_536_000), &place(1), at(1));
    store.close(later(31_536_000), &book()).unwrap();
    let store = open(&path, &[]);
    let record = store.records().next().unwrap();
    assert_eq!(record.last_connected, Some(NOW));
    assert_eq!(record.addresses[0].last_success, Some(NOW));
}
