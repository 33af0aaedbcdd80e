//! Random programs: what somebody does with a book.

use core::time::Duration;
use std::net::Ipv4Addr;

use pex::{NetAddress, NodeId};
use quickcheck::{Arbitrary, Gen};

/// Nodes, places of each, and tellers, each of a group of its own.
pub(crate) const NODES: u16 = 330;
const PLACES: u8 = 5;
const TELLERS: u8 = 6;

/// The node that is private, and the one that is ourselves.
pub(crate) const PRIVATE: u16 = 1;
pub(crate) const OURS: u16 = 2;

/// A node at one of its places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot(pub(crate) u16, pub(crate) u8);

#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Somebody tells an address; the last teller is the private node.
    Add(Spot, u8),
    Fail(Spot),
    Good(Spot),
    Ban(u16, Duration),
    Reinstate,
    Remove(Spot),
    Save,
    Select(u8),
    Pick(u8),
}

#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) span: Duration,
    pub(crate) op: Op,
}

#[derive(Clone, Debug)]
pub(crate) struct Program(pub(crate) Vec<Step>);

fn id(number: u16) -> NodeId {
    let mut bytes = [7; 20];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    NodeId::new(bytes)
}

pub(crate) fn node(number: u16) -> NodeId {
    id(number)
}

/// Where a node is: all of one /16.
pub(crate) fn address(Spot(number, place): Spot) -> NetAddress {
    let [high, low] = number.to_be_bytes();
    let ip = Ipv4Addr::new(10, 1, high, low);
    NetAddress::new(id(number), ip.into(), 1_000 + u16::from(place))
}

pub(crate) fn teller(number: u8) -> NetAddress {
    let who = if number == TELLERS {
        id(PRIVATE)
    } else {
        id(60_000 + u16::from(number))
    };
    NetAddress::new(who, Ipv4Addr::new(10, 100 + number, 0, 1).into(), 26_656)
}

impl Arbitrary for Program {
    fn arbitrary(g: &mut Gen) -> Self {
        // Some programs crowd the new buckets, some the old ones.
        let mostly_good = bool::arbitrary(g);
        let steps = (0..g.size()).map(|_| Step::of(mostly_good, g));
        Self(steps.collect())
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let steps = self.0.clone();
        // Halves and quarters first: a program of a thousand steps has too many of any other.
        let parts = [2, 4, 8, 16, 64].into_iter().flat_map(move |part| {
            let len = steps.len().div_ceil(part).max(1);
            let steps = steps.clone();
            (0..steps.len()).step_by(len).map(move |start| {
                let mut fewer = steps.clone();
                fewer.drain(start..steps.len().min(start + len));
                Self(fewer)
            })
        });
        Box::new(parts)
    }
}

fn below(g: &mut Gen, bound: u16) -> u16 {
    u16::arbitrary(g) % bound
}

fn spot(g: &mut Gen) -> Spot {
    // Few nodes have several places, so that places of one are told often enough.
    let number = below(g, NODES);
    let place = if number < 6 {
        u8::arbitrary(g) % PLACES
    } else {
        0
    };
    Spot(number, place)
}

impl Step {
    fn of(mostly_good: bool, g: &mut Gen) -> Self {
        let span = match below(g, 40) {
            0 => Duration::from_secs(60),
            1 => Duration::from_secs(u64::from(below(g, 50_000))),
            2 if bool::arbitrary(g) => Duration::from_secs(86_400 * u64::from(below(g, 9))),
            _ => Duration::from_millis(u64::from(below(g, 4_000))),
        };
        let good = if mostly_good { 70 } else { 8 };
        let op = match below(g, 100) {
            it if it < good => Op::Good(spot(g)),
            it if it < 84 => {
                // The first tells most, so that his bucket overflows.
                let teller = if below(g, 4) == 0 {
                    u8::arbitrary(g) % (TELLERS + 1)
                } else {
                    0
                };
                Op::Add(spot(g), teller)
            }
            84..92 => Op::Fail(spot(g)),
            92 => Op::Ban(below(g, NODES), Duration::from_secs(below(g, 9_000).into())),
            93 | 94 => Op::Reinstate,
            95 => Op::Remove(spot(g)),
            96 => Op::Save,
            97 | 98 => Op::Select(u8::arbitrary(g) % 101),
            _ => Op::Pick(u8::arbitrary(g) % 101),
        };
        Self { span, op }
    }
}
