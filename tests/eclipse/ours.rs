//! Our own node: the composed machine, with what it persists in a map.

use std::collections::BTreeMap;
use std::rc::Rc;

use pex::peers::{Options, PeerRecord, RecordKey};
use pex::wire::{Dialect, Message, ResponseBuilder};
use pex::{Config, Kind, Node as Machine, NodeAction, NodeEvent, NodeId, Seed, Time};

use crate::victim::{Action, Arm, Event, Link, Slots, V2, Victim};
use crate::world::{Node, World};

/// Our node with its options as they are.
pub(crate) const OURS: Arm = Arm {
    name: "ours",
    protocol: V2,
    build: |world, seed| Box::new(Ours::new(world, seed, Options::default())),
};

/// The same without rotation: what it is worth.
pub(crate) const UNROTATED: Arm = Arm {
    name: "ours without rotation",
    protocol: V2,
    build: |world, seed| {
        let options = Options::builder().outbound_life(None).build();
        Box::new(Ours::new(world, seed, options.unwrap()))
    },
};

const ME: NodeId = NodeId::new([0xee; 20]);

#[derive(Debug)]
struct Ours {
    world: Rc<World>,
    seed: Seed,
    starts: u64,
    options: Options,
    machine: Machine,
    disk: BTreeMap<RecordKey, Vec<u8>>,
}

impl Ours {
    fn new(world: Rc<World>, seed: u64, options: Options) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        let seed = Seed::new(bytes);
        Self {
            machine: machine(&options, seed, Time::EPOCH),
            world,
            seed,
            starts: 0,
            options,
            disk: BTreeMap::new(),
        }
    }

    fn feed(&mut self, now: Time, event: NodeEvent<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        for action in self.machine.handle(now, event) {
            let link = |id, epoch| Link {
                node: self.world.node(id).unwrap(),
                epoch,
            };
            match action {
                NodeAction::Dial { address, .. } => {
                    let node = self.world.node(address.id()).unwrap();
                    assert_eq!(self.world.address(node), address);
                    actions.push(Action::Dial(node));
                }
                NodeAction::Send { to, epoch, message } => {
                    assert!(matches!(message, Message::Request(_)));
                    actions.push(Action::Ask(link(to, epoch)));
                }
                NodeAction::HangUp { peer, epoch, .. } => {
                    actions.push(Action::Drop(link(peer, epoch)));
                }
                NodeAction::SetTimer(at) => actions.push(Action::WakeAt(at)),
                NodeAction::Persist(changes) => {
                    for change in changes {
                        match change.value {
                            Some(value) => self.disk.insert(change.key, value),
                            None => self.disk.remove(&change.key),
                        };
                    }
                }
                _ => {}
            }
        }
        actions
    }

    /// The nodes of which an address is stored that was reached, or was not.
    fn stored(&self, tested: bool) -> Vec<Node> {
        let records = self.machine.peers().records();
        let wanted = records.filter(|record| record.last_connected.is_some() == tested);
        wanted.filter_map(|it| self.world.node(it.id)).collect()
    }
}

fn machine(options: &Options, seed: Seed, now: Time) -> Machine {
    Machine::new(Config::default(), options.clone(), ME, seed, now)
}

impl Victim for Ours {
    fn slots(&self) -> Slots {
        Slots {
            outbound: 12,
            inbound: 52,
        }
    }

    fn start(&mut self, now: Time) -> Vec<Action> {
        self.starts += 1;
        self.machine = machine(&self.options, self.seed.derive(self.starts), now);
        for record in self.disk.values() {
            self.machine.load(&PeerRecord::decode(record).unwrap());
        }
        let mut actions = Vec::new();
        if self.starts == 1 {
            for node in self.world.clone().bootstrap() {
                let address = self.world.address(node);
                actions.extend(self.feed(now, NodeEvent::Named { address }));
            }
        }
        actions.extend(self.feed(now, NodeEvent::Tick));
        actions
    }

    fn handle(&mut self, now: Time, event: Event<'_>) -> Vec<Action> {
        let kind = Kind::V2;
        match event {
            Event::Dialed(Link { node, epoch }) => {
                let address = self.world.address(node);
                let ip = address.ip();
                self.feed(
                    now,
                    NodeEvent::Dialed {
                        address,
                        epoch,
                        kind,
                        ip,
                    },
                )
            }
            Event::DialFailed(node) => {
                let address = self.world.address(node);
                let why = pex::peers::DialFailure::Unreachable;
                self.feed(now, NodeEvent::DialFailed { address, why })
            }
            Event::Accepted(Link { node, epoch }) => {
                let address = self.world.address(node);
                let event = NodeEvent::Accepted {
                    peer: address.id(),
                    epoch,
                    kind,
                    ip: address.ip(),
                    listen: Some(address),
                };
                self.feed(now, event)
            }
            Event::Disconnected(Link { node, epoch }) => {
                let peer = self.world.address(node).id();
                self.feed(now, NodeEvent::Down { peer, epoch })
            }
            Event::Answered { link, told } => {
                let mut answer = ResponseBuilder::new(Dialect::V2);
                for node in told {
                    answer.push_address(&self.world.address(*node)).unwrap();
                }
                let event = NodeEvent::Message {
                    from: self.world.address(link.node).id(),
                    epoch: link.epoch,
                    message: Message::Response(answer.finish()),
                };
                self.feed(now, event)
            }
            Event::Timer => self.feed(now, NodeEvent::Tick),
        }
    }

    fn untested(&self) -> Vec<Node> {
        self.stored(false)
    }

    fn tested(&self) -> Vec<Node> {
        self.stored(true)
    }
}
