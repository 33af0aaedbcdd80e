//! Our own nodes: the composed machines of V2 and of V1, with what they persist on a disk of memory.

use core::fmt;
use std::collections::BTreeMap;
use std::rc::Rc;

use pex::book::AddrBook;
use pex::peers::{self, PeerRecord, RecordKey};
use pex::v1::{self, Switch};
use pex::wire::{Dialect, MAX_MESSAGE_BYTES, Message, ResponseBuilder};
use pex::{Config, Kind, Manager, Node as Machine, NodeAction, NodeEvent, NodeId, Seed, Time};

use crate::reference_v1::PATIENTLY;
use crate::victim::{Action, Arm, Event, Link, Protocol, Slots, V1, V2, Victim};
use crate::world::{Node, World};

/// Our node of V2 with its options as they are.
pub(crate) const OURS: Arm = Arm {
    name: "ours",
    protocol: V2,
    build: |world, seed| v2(world, seed, peers::Options::default()),
};

/// Our node of V1 with its options as they are.
pub(crate) const OURS_V1: Arm = Arm {
    name: "ours, V1",
    protocol: V1,
    build: |world, seed| v1(world, seed, v1::Options::default()),
};

/// The same, where each of the attacker's guests stays for longer than it takes to become good.
pub(crate) const PATIENTLY_V1: Arm = Arm {
    name: "ours, V1, patient attacker",
    protocol: Protocol {
        turn: PATIENTLY.protocol.turn,
        ..V1
    },
    build: |world, seed| v1(world, seed, v1::Options::default()),
};

const ME: NodeId = NodeId::new([0xee; 20]);

/// What outlives a restart.
#[derive(Debug, Default)]
struct Disk {
    records: BTreeMap<RecordKey, Vec<u8>>,
    /// The book as it was last to be saved. It becomes text, and a book again, at the restart: it is
    /// saved every two minutes, and read once.
    book: Option<AddrBook>,
}

/// Starts a machine with what is on the disk.
type Start<M> = Box<dyn Fn(&Disk, Seed, Time) -> Machine<M>>;

/// What is different for the two versions.
struct Way<M: Manager> {
    dialect: Dialect,
    kind: Kind,
    slots: Slots,
    start: Start<M>,
    save: fn(&Machine<M>, &mut Disk),
    /// Nodes of which an address is stored that was reached, or was not.
    stored: fn(&Machine<M>, bool) -> Vec<NodeId>,
}

impl<M: Manager> fmt::Debug for Way<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

pub(crate) fn v2(world: Rc<World>, seed: u64, options: peers::Options) -> Box<dyn Victim> {
    let way = Way {
        dialect: Dialect::V2,
        kind: Kind::V2,
        slots: Slots {
            outbound: 12,
            inbound: 52,
        },
        start: Box::new(move |disk, seed, now| {
            let mut machine = Machine::new(Config::default(), options.clone(), ME, seed, now);
            for record in disk.records.values() {
                machine.load(&PeerRecord::decode(record).unwrap());
            }
            machine
        }),
        save: |_, _| unreachable!("V2 has no book"),
        stored: |machine, tested| {
            let records = machine.peers().records();
            let wanted = records.filter(|record| record.last_connected.is_some() == tested);
            wanted.map(|record| record.id).collect()
        },
    };
    Box::new(Ours::new(world, seed, way))
}

pub(crate) fn v1(world: Rc<World>, seed: u64, options: v1::Options) -> Box<dyn Victim> {
    let (outbound, inbound) = options.slots();
    let way = Way {
        dialect: Dialect::V1,
        kind: Kind::V1,
        slots: Slots {
            outbound: u32::try_from(outbound).unwrap(),
            inbound: u32::try_from(inbound).unwrap(),
        },
        start: Box::new(move |disk, seed, now| {
            let of_book = seed.derive(7);
            let book = match &disk.book {
                None => AddrBook::new(true, of_book),
                Some(book) => {
                    let text = book.to_json();
                    let loaded = AddrBook::read(text.as_bytes(), true, of_book, now).unwrap();
                    assert_eq!(loaded.repairs, []);
                    loaded.book
                }
            };
            let switch = Switch::new(options.clone(), book, ME, seed, now);
            Machine::v1(Config::default(), switch, seed, now)
        }),
        save: |machine, disk| disk.book = Some(machine.peers().book().clone()),
        stored: |machine, tested| {
            let all = machine.peers().book().addresses();
            let wanted = all.filter(|it| it.last_success.is_some() == tested);
            wanted.map(|it| it.address.id()).collect()
        },
    };
    Box::new(Ours::new(world, seed, way))
}

#[derive(Debug)]
struct Ours<M: Manager> {
    world: Rc<World>,
    seed: Seed,
    starts: u64,
    way: Way<M>,
    machine: Machine<M>,
    disk: Disk,
}

impl<M: Manager> Ours<M> {
    fn new(world: Rc<World>, seed: u64, way: Way<M>) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        let (seed, disk) = (Seed::new(bytes), Disk::default());
        Self {
            machine: (way.start)(&disk, seed, Time::EPOCH),
            world,
            seed,
            starts: 0,
            way,
            disk,
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
                            Some(value) => self.disk.records.insert(change.key, value),
                            None => self.disk.records.remove(&change.key),
                        };
                    }
                }
                NodeAction::SaveBook => (self.way.save)(&self.machine, &mut self.disk),
                _ => {}
            }
        }
        actions
    }

    fn stored(&self, tested: bool) -> Vec<Node> {
        let ids = (self.way.stored)(&self.machine, tested).into_iter();
        ids.filter_map(|id| self.world.node(id)).collect()
    }
}

impl<M: Manager + fmt::Debug> Victim for Ours<M> {
    fn slots(&self) -> Slots {
        self.way.slots
    }

    fn start(&mut self, now: Time) -> Vec<Action> {
        self.starts += 1;
        let seed = self.seed.derive(self.starts);
        self.machine = (self.way.start)(&self.disk, seed, now);
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
        let kind = self.way.kind;
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
                let why = peers::DialFailure::Unreachable;
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
                let (addresses, bytes) = (told.len(), MAX_MESSAGE_BYTES);
                let mut answer = ResponseBuilder::with_limits(self.way.dialect, addresses, bytes);
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
