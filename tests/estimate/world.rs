//! A machine that is told by one peer after another.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::IpAddr;

use pex::wire::{self, Dialect, Message, ResponseBuilder};
use pex::{
    Action, Config, Epoch, Estimate, Event, Kind, Nobody, NodeAddress, NodeId, Pex, Seed, Time,
};

const ME: NodeId = NodeId::new([0xee; 20]);

pub(crate) struct World {
    pub(crate) pex: Pex,
    pub(crate) now: Time,
    seed: Seed,
    epoch: u64,
    /// Those who are connected and stay.
    staying: BTreeMap<NodeId, Epoch>,
    /// Of these, whom the machine has asked and who has not answered.
    asked: Vec<NodeId>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let now = Time::from_secs(1_000);
        let seed = Seed::new(bytes);
        Self {
            pex: Pex::new(Config::default(), ME, seed, now),
            now,
            seed,
            epoch: 0,
            staying: BTreeMap::new(),
            asked: Vec::new(),
        }
    }

    /// The peer connects, is asked, answers with these nodes, and goes; `span` passes in all.
    pub(crate) fn told(&mut self, span: Duration, peer: NodeId, kind: Kind, told: &[NodeId]) {
        let until = self.now + span;
        let epoch = self.connect(peer, kind);
        while !self.asked.contains(&peer) {
            self.now = self.pex.deadline().expect("a peer that is up is asked");
            self.happens(Event::Tick);
        }
        self.asked.retain(|&asked| asked != peer);
        self.answer(peer, epoch, told);
        self.happens(Event::PeerDown { peer, epoch });
        self.now = self.now.max(until);
    }

    /// The peer connects and stays.
    pub(crate) fn stays(&mut self, peer: NodeId, kind: Kind) {
        let epoch = self.connect(peer, kind);
        self.staying.insert(peer, epoch);
    }

    /// The next one of those who stay to be asked until then.
    pub(crate) fn asks_until(&mut self, until: Time) -> Option<NodeId> {
        loop {
            if !self.asked.is_empty() {
                return Some(self.asked.remove(0));
            }
            let due = self.pex.deadline().filter(|&due| due <= until);
            self.now = self.now.max(due.unwrap_or(until));
            due?;
            self.happens(Event::Tick);
        }
    }

    /// One of those who stay answers.
    pub(crate) fn answers(&mut self, peer: NodeId, told: &[NodeId]) {
        self.answer(peer, self.staying[&peer], told);
    }

    /// The clock is set back.
    pub(crate) fn set_back(&mut self, by: Duration) {
        let since = self.now - Time::EPOCH;
        self.now = Time::EPOCH + since.checked_sub(by).expect("a time there is");
        self.pex.rewind(self.now);
    }

    /// The machine ends, and another one begins with what it knew.
    pub(crate) fn begin_anew(&mut self) {
        let dump = self.pex.dump();
        self.pex = Pex::restore(Config::default(), self.seed, &dump).unwrap();
    }

    fn connect(&mut self, peer: NodeId, kind: Kind) -> Epoch {
        self.epoch += 1;
        let epoch = Epoch::new(self.epoch);
        self.happens(Event::PeerUp { peer, epoch, kind });
        epoch
    }

    fn answer(&mut self, from: NodeId, epoch: Epoch, told: &[NodeId]) {
        let bytes = answer(told);
        let message = wire::decode(&bytes).unwrap().unwrap();
        let event = Event::Message {
            from,
            epoch,
            message,
        };
        self.happens(event);
    }

    fn happens(&mut self, event: Event<'_>) {
        for action in self.pex.handle(self.now, event, &Nobody) {
            if let Action::Send { to, .. } = action {
                self.asked.push(to);
            }
        }
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
