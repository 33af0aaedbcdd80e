//! Several networks in one file.

use std::path::Path;

use super::{ID, TWO, inputs, read, refused};

#[test]
fn each_network_has_its_own_book_and_limits_and_shares_the_rest() {
    let settings = read(TWO);
    let [a, b] = &settings.networks[..] else {
        panic!("two networks");
    };
    assert_eq!((a.inbound_max, b.inbound_max), (7, 9));
    assert_eq!((a.check_workers, b.check_workers), (5, 5));
    assert_eq!(a.book, Path::new("/home/a/addrbook.json"));
    assert_eq!(b.book, Path::new("/home/b/addrbook.json"));
    let over = inputs(TWO)
        .with_flag("max_num_inbound_peers", "3")
        .read()
        .unwrap();
    assert!(over.networks.iter().all(|network| network.inbound_max == 3));
}

#[test]
fn what_two_networks_cannot_share_is_refused() {
    for (from, to, says) in [
        ("\"b\"", "\"a\"", "the networks a and a have one chain_id"),
        (
            "0.0.0.0:1001",
            "127.0.0.1:1000",
            "the networks a and b have one laddr",
        ),
        (
            "\"0.0.0.0:1001\"",
            "\"0.0.0.0:1001\"\naddr_book_file = \"./a//addrbook.json\"",
            "have one addr_book_file",
        ),
    ] {
        let why = refused(&TWO.replace(from, to));
        assert!(why.contains(says) && why.contains("c.toml:"), "{why}");
    }
    // Port 0 is a free one for each.
    let free = TWO.replace("1000\"", "0\"").replace("1001\"", "0\"");
    assert_eq!(read(&free).networks.len(), 2);
}

#[test]
fn what_is_of_one_network_is_refused_beside_several() {
    let why = refused(&format!("chain_id = \"c\"\n{TWO}"));
    assert!(
        why.starts_with("c.toml:1: chain_id is of one network"),
        "{why}"
    );
    let flag = inputs(TWO).with_flag("seeds", format!("{ID}@8.8.8.8:1"));
    let why = flag.read().unwrap_err().to_string();
    assert!(why.starts_with("--seeds: seeds is of one network"), "{why}");
    let why = refused(&format!("{TWO}moniker = \"m\"\n"));
    assert!(why.contains("moniker is of the whole process"), "{why}");
    // Nothing is said by what is empty.
    assert_eq!(read(&format!("seeds = \"\"\n{TWO}")).networks.len(), 2);
}

#[test]
fn a_chain_whose_name_leads_out_of_the_home_has_no_book_there() {
    for name in ["../../etc", "a/b", ".."] {
        let why = refused(&TWO.replace("\"a\"", &format!("{name:?}")));
        assert!(why.contains("set addr_book_file"), "{name}: {why}");
    }
}
