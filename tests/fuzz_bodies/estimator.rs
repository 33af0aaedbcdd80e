//! What must hold of the estimate, whatever is told, by whom and when.

use pex::wire::{self, Dialect, Message, ResponseBuilder};
use pex::{Config, Estimate, NodeId, Pex, Seed, Time};
use pex::{Epoch, Event, Kind, Nobody, NodeAddress};

/// Answers of one run that are taken in: bounds its time.
const ANSWERS_MAX: usize = 200;

/// The largest size that is ever given.
const MOST: u64 = 1 << 32;

/// Reads answers from the bytes, six each: who tells, how many nodes, where they begin, how far
/// they lie apart, in what order, and how long it took.
pub(crate) fn estimator(data: &[u8]) {
    let seed = Seed::new([7; 32]);
    let me = NodeId::new([0xee; 20]);
    let mut now = 1_000_000_000_000_u64;
    let mut pex = Pex::new(Config::default(), me, seed, Time::from_nanos(now));
    let mut epoch = 0;
    let (answers, _) = data.as_chunks::<6>();
    for &[teller, count, start, apart, order, span] in answers.iter().take(ANSWERS_MAX) {
        epoch += 1;
        now = now.saturating_add(1_u64 << (span % 64));
        let told = nodes(count, start, apart, order);
        if order % 4 == 3 {
            pex.recall(peer(teller), told);
        } else {
            let kind = if order % 2 == 0 { Kind::Kin } else { Kind::V2 };
            answer(
                &mut pex,
                &mut now,
                peer(teller),
                Epoch::new(epoch),
                kind,
                &told,
            );
        }
        match pex.estimate() {
            Estimate::Known { nodes, low, high } => {
                assert!(low <= nodes && nodes <= high && high <= MOST);
            }
            Estimate::Unknown { at_least } => assert!(at_least <= MOST),
            _ => unreachable!("there are two kinds"),
        }
        assert_eq!(pex.check(), Ok(()));
    }
    let dump = pex.dump();
    let again = Pex::restore(Config::default(), seed, &dump);
    assert_eq!(again.as_ref().map(Pex::dump), Ok(dump));
    assert_eq!(again.map(|pex| pex.estimate()), Ok(pex.estimate()));
}

const fn peer(number: u8) -> NodeId {
    NodeId::new([number; 20])
}

/// Nodes on the ring, so many, from there on, so far apart.
fn nodes(count: u8, start: u8, apart: u8, order: u8) -> Vec<NodeId> {
    let gap = 1_u64 << (apart % 64);
    let place = |n: u64| {
        let at = (u64::from(start) << 56).wrapping_add(gap.wrapping_mul(n));
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&at.to_be_bytes());
        bytes[8] = order / 8;
        NodeId::new(bytes)
    };
    let mut nodes: Vec<NodeId> = (1..=u64::from(count % 101)).map(place).collect();
    if order & 4 != 0 {
        nodes.reverse();
    }
    nodes
}

/// The peer connects, answers what it is asked, and goes.
fn answer(pex: &mut Pex, now: &mut u64, peer: NodeId, epoch: Epoch, kind: Kind, told: &[NodeId]) {
    let up = Event::PeerUp { peer, epoch, kind };
    let _ = pex.handle(Time::from_nanos(*now), up, &Nobody);
    for _ in 0..4 {
        let Some(at) = pex.deadline().filter(|_| !pex.is_awaiting(peer)) else {
            break;
        };
        *now = (*now).max(at.as_nanos());
        let _ = pex.handle(Time::from_nanos(*now), Event::Tick, &Nobody);
    }
    let mut builder =
        ResponseBuilder::with_limits(Dialect::V2, usize::MAX, wire::MAX_MESSAGE_BYTES);
    for &id in told {
        let [a, b, c, ..] = *id.as_bytes();
        let address = NodeAddress::mconn(id, [10, a, b, c].into(), 26_656);
        assert!(builder.push_address(&address).is_ok());
    }
    let bytes = Message::Response(builder.finish()).to_bytes();
    if let Ok(Some(message)) = wire::decode(&bytes) {
        let event = Event::Message {
            from: peer,
            epoch,
            message,
        };
        let _ = pex.handle(Time::from_nanos(*now), event, &Nobody);
    }
    let _ = pex.handle(
        Time::from_nanos(*now),
        Event::PeerDown { peer, epoch },
        &Nobody,
    );
}
