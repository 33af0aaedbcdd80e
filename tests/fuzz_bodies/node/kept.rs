//! The two who keep a node's peers: how each begins, what it keeps, and what both have in common.

use std::collections::{BTreeMap, BTreeSet};

use arbitrary::Arbitrary;
use pex::book::AddrBook;
use pex::peers::{Change, PeerManager, PeerRecord, RecordKey};
use pex::v1::Switch;
use pex::{Config, Manager, Node, NodeAddress, NodeId, Seed, Time};

use super::options;
use crate::judge::{Judge, Judged};
use crate::nodes::ME;
use crate::peers_body::options::RawOptions;

const SEED: Seed = Seed::new([7; 32]);

/// When a program begins. The judge reckons with the time since START, so nothing that counts may lie
/// before it.
pub(crate) const BEGIN: Time = Time::from_secs(1_700_000_000 + 86_400);

/// What a node has written down.
#[derive(Default)]
pub(crate) struct Disk {
    records: BTreeMap<RecordKey, Vec<u8>>,
    book: Option<String>,
}

impl Disk {
    pub(crate) fn change(&mut self, changes: impl IntoIterator<Item = Change>) {
        for change in changes {
            match change.value {
                Some(value) => self.records.insert(change.key, value),
                None => self.records.remove(&change.key),
            };
        }
    }
}

/// Who keeps a node's peers.
pub(crate) trait Kept: Manager + Judged + Clone {
    type Raw: for<'a> Arbitrary<'a>;

    /// A node with what is on the disk.
    fn begin(raw: &Self::Raw, config: Config, now: Time, disk: &Disk) -> Node<Self>;

    /// The bounds to which an onlooker holds it.
    fn judge(raw: &Self::Raw) -> Judge;

    /// Of whom nobody may be told.
    fn private(raw: &Self::Raw) -> BTreeSet<NodeId>;

    /// The operator has named this.
    fn named(judge: &mut Judge, address: &NodeAddress);

    /// What is kept in one file.
    fn save(&self, disk: &mut Disk);

    /// Two that must be equal.
    fn same(one: &Node<Self>, other: &Node<Self>);
}

fn same_exchange<M: Manager>(one: &Node<M>, other: &Node<M>) {
    assert_eq!(one.pex().dump(), other.pex().dump());
    assert_eq!(one.deadline(), other.deadline());
}

impl Kept for PeerManager {
    type Raw = RawOptions;

    fn begin(raw: &RawOptions, config: Config, now: Time, disk: &Disk) -> Node {
        let mut node = Node::new(config, raw.options(), ME, SEED, now);
        for bytes in disk.records.values() {
            let record = PeerRecord::decode(bytes);
            assert!(record.is_ok(), "a record is refused: {:?}", record.err());
            if let Ok(record) = &record {
                node.load(record);
            }
        }
        node
    }

    fn judge(raw: &RawOptions) -> Judge {
        raw.judge(&raw.options())
    }

    fn private(raw: &RawOptions) -> BTreeSet<NodeId> {
        raw.private().collect()
    }

    fn named(_: &mut Judge, _: &NodeAddress) {}

    fn save(&self, _: &mut Disk) {}

    fn same(one: &Node, other: &Node) {
        same_exchange(one, other);
        assert!(one.peers().records().eq(other.peers().records()));
        assert_eq!(one.peers().counts(), other.peers().counts());
    }
}

impl Kept for Switch {
    type Raw = options::RawOptions;

    fn begin(raw: &Self::Raw, config: Config, now: Time, disk: &Disk) -> Node<Self> {
        let book = disk.book.as_ref().map(|book| {
            let read = AddrBook::read(book.as_bytes(), raw.strict, SEED, now);
            assert!(read.is_ok(), "a book is refused: {read:?}");
            read.map(|loaded| loaded.book)
        });
        let empty = || AddrBook::new(raw.strict, SEED);
        let book = book.and_then(Result::ok).unwrap_or_else(empty);
        let switch = Self::new(raw.options(), book, ME, SEED, now);
        Node::v1(config, switch, SEED, now)
    }

    fn judge(raw: &Self::Raw) -> Judge {
        raw.judge()
    }

    fn private(raw: &Self::Raw) -> BTreeSet<NodeId> {
        raw.private().collect()
    }

    /// Whom the operator names may live where another does.
    fn named(judge: &mut Judge, address: &NodeAddress) {
        judge.chosen.insert(address.id());
    }

    fn save(&self, disk: &mut Disk) {
        disk.book = Some(self.book().to_json());
    }

    fn same(one: &Node<Self>, other: &Node<Self>) {
        same_exchange(one, other);
        assert_eq!(one.peers().book().to_json(), other.peers().book().to_json());
        assert_eq!(one.peers().counts(), other.peers().counts());
    }
}
