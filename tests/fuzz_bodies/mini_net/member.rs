//! A node of the network, of either kind, with its disk.

use std::collections::{BTreeMap, BTreeSet};

use pex::book::AddrBook;
use pex::peers::{self, PeerManager, PeerRecord, RecordKey};
use pex::v1::{self, Switch};
use pex::{Actions, Config, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Seed, Time};

use crate::nodes::{id, node, secs};

enum Machine {
    V2(Box<Node<PeerManager>>),
    V1(Box<Node<Switch>>),
}

pub(crate) struct Member {
    number: u32,
    machine: Machine,
    records: BTreeMap<RecordKey, Vec<u8>>,
    book: Option<String>,
}

impl Member {
    pub(crate) fn new(number: u32, is_v1: bool, seed: Seed, now: Time) -> Self {
        let mut member = Self {
            number,
            machine: Machine::V2(Box::new(v2(number, seed, now))),
            records: BTreeMap::new(),
            book: None,
        };
        if is_v1 {
            member.machine = Machine::V1(Box::new(member.v1(seed, now)));
        }
        member
    }

    fn v1(&self, seed: Seed, now: Time) -> Node<Switch> {
        let first = (self.number > 0).then(|| node(0));
        let options = v1::Options::builder()
            .seeds(first.into_iter().collect())
            .own_addresses(vec![node(self.number)])
            .retry(secs(1), secs(60))
            .retry_persistent_max(secs(60))
            .ban(secs(60))
            .build();
        let book = self.book.as_ref().map(|book| {
            let read = AddrBook::read(book.as_bytes(), true, seed, now);
            assert!(read.is_ok(), "a book is refused: {read:?}");
            read.map(|loaded| loaded.book)
        });
        let book = book.and_then(Result::ok);
        let book = book.unwrap_or_else(|| AddrBook::new(true, seed));
        let options = options.unwrap_or_default();
        let switch = Switch::new(options, book, id(self.number), seed, now);
        Node::v1(Config::default(), switch, seed, now)
    }

    /// The process is killed, and starts again with what is on the disk, or with nothing.
    pub(crate) fn crash(&mut self, keeps_disk: bool, seed: Seed, now: Time) {
        if !keeps_disk {
            self.records.clear();
            self.book = None;
        }
        self.machine = match &self.machine {
            Machine::V1(_) => Machine::V1(Box::new(self.v1(seed, now))),
            Machine::V2(_) => {
                let mut machine = v2(self.number, seed, now);
                for bytes in self.records.values() {
                    let record = PeerRecord::decode(bytes);
                    assert!(record.is_ok(), "a record is refused: {:?}", record.err());
                    if let Ok(record) = &record {
                        machine.load(record);
                    }
                }
                Machine::V2(Box::new(machine))
            }
        };
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self.machine {
            Machine::V1(_) => Kind::V1,
            Machine::V2(_) => Kind::Kin,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        match &self.machine {
            Machine::V1(machine) => machine.deadline(),
            Machine::V2(machine) => machine.deadline(),
        }
    }

    pub(crate) fn handle(&mut self, now: Time, event: NodeEvent<'_>) -> Actions<NodeAction> {
        let actions = match &mut self.machine {
            Machine::V1(machine) => {
                let actions = machine.handle(now, event);
                assert_eq!(machine.check(), Ok(()));
                if actions.contains(&NodeAction::SaveBook) {
                    self.book = Some(machine.peers().book().to_json());
                }
                actions
            }
            Machine::V2(machine) => {
                let actions = machine.handle(now, event);
                assert_eq!(machine.check(), Ok(()));
                actions
            }
        };
        for action in &actions {
            let NodeAction::Persist(changes) = action else {
                continue;
            };
            for change in changes {
                match &change.value {
                    Some(value) => self.records.insert(change.key, value.clone()),
                    None => self.records.remove(&change.key),
                };
            }
        }
        actions
    }

    /// Whom it knows. Nobody tells anything false, so everybody lives where he is said to.
    pub(crate) fn known(&self, members: u32) -> BTreeSet<NodeId> {
        let known: Vec<NodeAddress> = match &self.machine {
            Machine::V1(machine) => {
                let known = machine.peers().book().addresses();
                known.map(|it| it.address.into()).collect()
            }
            Machine::V2(machine) => {
                let ids = (0..members).map(id);
                ids.flat_map(|id| machine.peers().addresses_of(id))
                    .collect()
            }
        };
        for address in &known {
            let is_true = (0..members).any(|n| node(n) == *address);
            assert!(is_true, "nobody told of {address}");
        }
        known.iter().map(NodeAddress::id).collect()
    }
}

fn v2(number: u32, seed: Seed, now: Time) -> Node {
    let options = peers::Options::builder()
        .own_addresses(vec![node(number)])
        .retry(secs(1), secs(60))
        .retry_persistent_max(secs(60))
        .ban(secs(60))
        .build();
    let options = options.unwrap_or_default();
    Node::new(Config::default(), options, id(number), seed, now)
}
