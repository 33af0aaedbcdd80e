//! A driver, what it has told its owner, and where it listens.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use pex::peers::Options;
use pex::{Config, ConfigBuilder, Node as Machine, NodeAddress, NodeId, Seed, Stats};
use pex_node::transport::{Local, NodeInfo, NodeKey, TransportConfig};
use pex_node::{Clock, Driver, Notice, Reach, VERSION};
use tokio::net::TcpListener;
use tokio::time::timeout;

/// A version of a node that speaks V1.
pub(crate) const V1: &str = "0.38.17";

/// Nothing here takes that long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Node {
    pub(crate) driver: Driver,
    pub(crate) address: NodeAddress,
    pub(crate) told: Vec<Notice>,
}

/// How to make a node.
pub(crate) struct Make<'a> {
    pub(crate) key: u8,
    pub(crate) version: &'a str,
    pub(crate) known: &'a [NodeAddress],
    pub(crate) config: ConfigBuilder,
    pub(crate) options: Options,
    pub(crate) transport: TransportConfig,
}

pub(crate) fn make<'a>(key: u8) -> Make<'a> {
    Make {
        key,
        version: VERSION,
        known: &[],
        config: Config::builder(),
        options: homebody(),
        transport: TransportConfig::default(),
    }
}

/// Options of a node that dials nobody by itself, and takes in what nodes of this machine tell.
pub(crate) fn homebody() -> Options {
    let options = Options::builder()
        .dials(0, 1)
        .feeler_every(None)
        .nearest(Reach::Host);
    options.build().unwrap()
}

impl Make<'_> {
    /// The machine alone, which knows nobody.
    pub(crate) fn machine(&self) -> Machine {
        let (id, now) = (key(self.key).id(), Clock::start().now());
        let config = self.config.clone().build().unwrap();
        let seed = Seed::new([self.key; 32]);
        Machine::new(config, self.options.clone(), id, seed, now)
    }

    pub(crate) async fn node(self) -> Node {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let place = listener.local_addr().unwrap();
        let (clock, node) = (Clock::start(), self.machine());
        let info = local(self.key, &format!("tcp://{place}"));
        let info = info.info().clone().with_version(self.version).unwrap();
        let local = Arc::new(Local::new(key(self.key), info).unwrap());
        let id = local.id();
        let mut driver = Driver::new(node, clock, local, self.transport);
        for address in self.known {
            driver.name(address.clone());
        }
        assert_eq!(driver.node().peers().addresses(), self.known.len());
        driver.listen(listener);
        let address = NodeAddress::mconn(id, place.ip(), place.port());
        Node {
            driver,
            address,
            told: Vec::new(),
        }
    }
}

impl Node {
    pub(crate) const fn id(&self) -> NodeId {
        self.address.id()
    }

    pub(crate) fn dial(&mut self, address: &NodeAddress) {
        self.driver.dial(address.clone(), Reach::Host);
    }

    pub(crate) const fn stats(&self) -> Stats {
        self.driver.node().pex().stats()
    }

    /// Notices like this one that came so far.
    pub(crate) fn count(&self, like: impl Fn(&Notice) -> bool) -> usize {
        self.told.iter().filter(|notice| like(notice)).count()
    }

    /// Lets the node run until this holds.
    pub(crate) async fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        let runs = async {
            while !holds(self) {
                self.told.push(self.driver.next().await);
            }
        };
        let ran = timeout(PATIENCE, runs).await;
        assert!(ran.is_ok(), "it never holds; told {:?}", self.told);
    }
}

/// Lets two nodes run until this holds of them.
pub(crate) async fn both(a: &mut Node, b: &mut Node, holds: impl Fn(&Node, &Node) -> bool) {
    let run = async {
        while !holds(a, b) {
            tokio::select! {
                notice = a.driver.next() => a.told.push(notice),
                notice = b.driver.next() => b.told.push(notice),
            }
        }
    };
    let ran = timeout(PATIENCE, run).await;
    assert!(
        ran.is_ok(),
        "it never holds; told {:?} and {:?}",
        a.told,
        b.told
    );
}

fn key(seed: u8) -> NodeKey {
    NodeKey::from_seed(&[seed; 32])
}

/// Who says that it listens there.
pub(crate) fn local(seed: u8, listens: &str) -> Arc<Local> {
    let info = NodeInfo::new(key(seed).id(), "chain-1", "node", listens).unwrap();
    Arc::new(Local::new(key(seed), info).unwrap())
}

/// Some address that nobody here dials.
pub(crate) fn address(text: &str) -> NodeAddress {
    let id = NodeId::new([text.bytes().fold(7, u8::wrapping_add); 20]);
    NodeAddress::parse(&format!("{id}@{text}")).unwrap()
}
