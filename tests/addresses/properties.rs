//! What holds of every address, over texts and parts made at random.

use pex::{NodeAddress, NodeId};
use quickcheck::{Arbitrary, Gen, QuickCheck};

use crate::fuzz_body;
use crate::generate::{Mutated, Parts, Written};

fn check() -> QuickCheck {
    QuickCheck::new().tests(4_000).max_tests(4_000)
}

#[test]
fn what_is_built_from_pieces_of_the_grammar_comes_back_as_it_printed() {
    fn property(Written(text): Written) -> bool {
        fuzz_body::address(text.as_bytes());
        true
    }
    check().quickcheck(property as fn(Written) -> bool);
}

#[test]
fn what_a_mutated_vector_prints_comes_back() {
    fn property(Mutated(text): Mutated) -> bool {
        fuzz_body::address(text.as_bytes());
        true
    }
    check().quickcheck(property as fn(Mutated) -> bool);
}

#[test]
fn no_other_sign_does_for_one_of_an_address() {
    let id = crate::generate::U;
    let text = format!("{id}@1.2.3.4:26656");
    let address = NodeAddress::parse(&text).unwrap();
    for at in id.len()..text.len() {
        for other in (0x21..0x7f_u8).map(char::from) {
            let mut changed = text.clone();
            changed.replace_range(at..=at, &other.to_string());
            let is_same = NodeAddress::parse(&changed).as_ref() == Ok(&address);
            assert_eq!(is_same, changed == text, "{changed}");
        }
    }
}

#[test]
fn an_address_put_together_comes_back_with_its_parts() {
    fn property(parts: Parts) -> bool {
        let Parts {
            protocol,
            id,
            host,
            port,
            path,
        } = parts;
        let Ok(address) = NodeAddress::new(&protocol, id, &host, port, &path) else {
            return true;
        };
        let back = NodeAddress::parse(&address.to_string());
        let slashed = match path.strip_prefix('/').unwrap_or(&path) {
            "" => path,
            bare if host.is_empty() && path == id.to_string() => bare.replace(bare, ""),
            bare => format!("/{bare}"),
        };
        back.as_ref() == Ok(&address)
            && (address.id(), address.port()) == (id, port)
            && address.path() == slashed
    }
    check().quickcheck(property as fn(Parts) -> bool);
}

#[test]
fn the_generators_make_addresses_often_enough_to_prove_something() {
    let mut g = Gen::new(100);
    let is_address = |text: &str| NodeAddress::parse(text).is_ok();
    let written = (0..1_000)
        .filter(|_| is_address(&Written::arbitrary(&mut g).0))
        .count();
    let mutated = (0..1_000)
        .filter(|_| is_address(&Mutated::arbitrary(&mut g).0))
        .count();
    let joined = (0..1_000)
        .map(|_| Parts::arbitrary(&mut g))
        .filter(|parts| {
            let Parts {
                protocol,
                id,
                host,
                port,
                path,
            } = parts;
            NodeAddress::new(protocol, *id, host, *port, path).is_ok()
        });
    let joined = joined.count();
    assert!(
        written > 150 && mutated > 75 && joined > 150,
        "{written} {mutated} {joined}"
    );
}

#[test]
fn an_address_of_an_ip_is_the_same_however_it_is_made() {
    fn property(id: u128, ip: std::net::IpAddr, port: u16) -> bool {
        let mut bytes = [7; NodeId::LENGTH];
        bytes[..16].copy_from_slice(&id.to_le_bytes());
        let id = NodeId::new(bytes);
        let made = NodeAddress::mconn(id, ip, port);
        let host = if ip.is_ipv6() {
            format!("[{ip}]")
        } else {
            ip.to_string()
        };
        let text = format!("{id}@{host}:{port}");
        let same = [
            NodeAddress::parse(&text),
            NodeAddress::parse(&format!("mconn://{text}")),
            NodeAddress::parse(&format!("MCONN://{text}")),
            NodeAddress::parse(&made.to_string()),
            NodeAddress::parse_bytes(text.as_bytes()),
            NodeAddress::new("mconn", id, &ip.to_string(), port, ""),
            NodeAddress::from_v1(&id.to_string(), &ip.to_string(), port.into()),
        ];
        same.iter().all(|other| other.as_ref() == Ok(&made)) && made.ip() == Some(ip)
    }
    check().quickcheck(property as fn(u128, std::net::IpAddr, u16) -> bool);
}

#[test]
fn serde_writes_the_text_and_reads_it_back() {
    fn property(text: Written) -> bool {
        let Ok(address) = NodeAddress::parse(&text.0) else {
            return serde_json::from_value::<NodeAddress>(text.0.into()).is_err();
        };
        let json = serde_json::to_value(&address).unwrap();
        let text = address.to_string();
        json == text
            && serde_json::from_value(json).ok() == Some(address.clone())
            && format!("{address:?}") == text
            && text.parse() == Ok(address)
    }
    check().quickcheck(property as fn(Written) -> bool);
}
