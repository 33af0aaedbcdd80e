//! A machine that is told by one peer after another.

use core::time::Duration;
use std::net::IpAddr;

use pex::wire::{self, Dialect, Message, ResponseBuilder};
use pex::{
    Action, Config, Epoch, Estimate, Event, Kind, Nobody, NodeAddress, NodeId, Pex, Seed, Time,
};

const ME: NodeId = NodeId::new([0xee; 20]);

pub(crate) struct World {
    pub(crate) pex: Pex,
    now: Time,
    epoch: u64,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let now = Time::from_secs(1_000);
        Self {
            pex: Pex::new(Config::default(), ME, Seed::new(bytes), now),
            now,
            epoch: 0,
        }
    }

    /// The peer connects, is asked, answers with these nodes, and goes; `span` passes in all.
    pub(crate) fn told(&mut self, span: Duration, peer: NodeId, kind: Kind, told: &[NodeId]) {
        self.epoch += 1;
        let epoch = Epoch::new(self.epoch);
        let until = self.now + span;
        let mut actions = self
            .pex
            .handle(self.now, Event::PeerUp { peer, epoch, kind }, &Nobody);
        while !actions
            .iter()
            .any(|action| matches!(action, Action::Send { to, .. } if *to == peer))
        {
            self.now = self.pex.deadline().expect("a peer that is up is asked");
            actions = self.pex.handle(self.now, Event::Tick, &Nobody);
        }
        let bytes = answer(told);
        let message = wire::decode(&bytes).unwrap().unwrap();
        let event = Event::Message {
            from: peer,
            epoch,
            message,
        };
        let _ = self.pex.handle(self.now, event, &Nobody);
        let _ = self
            .pex
            .handle(self.now, Event::PeerDown { peer, epoch }, &Nobody);
        self.now = self.now.max(until);
    }

    pub(crate) fn known(&self) -> (u64, u64, u64) {
        match self.pex.estimate() {
            Estimate::Known { nodes, low, high } => (nodes, low, high),
            other => panic!("{other:?}"),
        }
    }
}

fn answer(told: &[NodeId]) -> Vec<u8> {
    let mut builder =
        ResponseBuilder::with_limits(Dialect::V2, usize::MAX, wire::MAX_MESSAGE_BYTES);
    for &id in told {
        let [a, b, c, ..] = *id.as_bytes();
        let address = NodeAddress::mconn(id, IpAddr::from([10, a, b, c]), 26_656);
        builder.push_address(&address).unwrap();
    }
    Message::Response(builder.finish()).to_bytes()
}
