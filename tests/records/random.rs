//! Records out of quickcheck's hat.

use std::net::IpAddr;

use pex::peers::{AddressRecord, PeerRecord};
use pex::{NodeAddress, NodeId, Time};
use quickcheck::{Arbitrary, Gen};

fn id(g: &mut Gen) -> NodeId {
    let mut bytes = [0; 20];
    bytes.fill_with(|| u8::arbitrary(g));
    NodeId::new(bytes)
}

/// All magnitudes alike, so that fields of every length occur.
fn number(g: &mut Gen) -> u64 {
    u64::arbitrary(g) >> (u8::arbitrary(g) % 64)
}

fn time(g: &mut Gen) -> Option<Time> {
    let time = match u8::arbitrary(g) % 4 {
        0 => return None,
        1 => Time::from_secs(number(g) >> 30),
        2 => Time::MAX,
        _ => Time::from_nanos(number(g)),
    };
    Some(time)
}

fn address(g: &mut Gen, id: NodeId) -> NodeAddress {
    let port = u16::arbitrary(g);
    let ip = if bool::arbitrary(g) {
        IpAddr::from(u32::arbitrary(g).to_be_bytes())
    } else {
        IpAddr::from(u128::arbitrary(g).to_be_bytes())
    };
    match u8::arbitrary(g) % 4 {
        0 => NodeAddress::new("memory", id, "", 0, "").unwrap(),
        1 => NodeAddress::new("tcp", id, "seed.example.org", port, "/ü?a=b").unwrap(),
        _ => NodeAddress::mconn(id, ip, port),
    }
}

/// A record as the machine could have made it: its own addresses, none of them twice.
#[derive(Clone, Debug)]
pub(crate) struct Sound(pub(crate) PeerRecord);

impl Arbitrary for Sound {
    fn arbitrary(g: &mut Gen) -> Self {
        let mut record = PeerRecord::new(id(g));
        record.last_connected = time(g);
        record.inactive = bool::arbitrary(g);
        record.score = i32::arbitrary(g) >> (u8::arbitrary(g) % 32);
        record.banned_until = time(g);
        record.anchor = bool::arbitrary(g);
        for _ in 0..u8::arbitrary(g) % 6 {
            let mut known = AddressRecord::new(address(g, record.id));
            known.last_success = time(g);
            known.last_failure = time(g);
            known.failures = u32::arbitrary(g) >> (u8::arbitrary(g) % 32);
            known.source = bool::arbitrary(g).then(|| id(g));
            known.source_group = number(g);
            known.heard = time(g);
            known.first_success = time(g);
            let told = |other: &AddressRecord| other.address == known.address;
            if !record.addresses.iter().any(told) {
                record.addresses.push(known);
            }
        }
        Self(record)
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let whole = self.0.clone();
        let without = move |place| {
            let mut record = whole.clone();
            record.addresses.remove(place);
            Self(record)
        };
        Box::new((0..self.0.addresses.len()).map(without))
    }
}

/// The bytes of a record with a few of them changed: near enough to one to reach deep.
#[derive(Clone, Debug)]
pub(crate) struct Mutant(pub(crate) Vec<u8>);

impl Arbitrary for Mutant {
    fn arbitrary(g: &mut Gen) -> Self {
        let mut bytes = Sound::arbitrary(g).0.encode();
        for _ in 0..u8::arbitrary(g) % 4 {
            let at = usize::arbitrary(g) % bytes.len();
            match u8::arbitrary(g) % 3 {
                0 => bytes.insert(at, u8::arbitrary(g)),
                1 => bytes[at] = u8::arbitrary(g),
                _ => {
                    bytes.remove(at);
                }
            }
        }
        Self(bytes)
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        Box::new(self.0.shrink().map(Self))
    }
}
