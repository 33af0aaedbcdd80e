//! Tells a fixed list of addresses to whoever connects and asks.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use pex::peers::{Options, PeerRecord};
use pex::{Config, Directory as _, Node, NodeAddress, Reach, Seed};
use tokio::net::TcpListener;

use crate::archive::Archive;
use crate::clock::Clock;
use crate::driver::Driver;
use crate::notice::Notice;
use crate::transport::{Local, TransportConfig};

/// Peers that may be connected at once.
pub const PEERS_MAX: usize = 10_000;

/// Those of them that may come from one IP address: a few racks behind one gateway can ask, and nobody
/// holds more than a hundredth of the places.
const PEERS_OF_IP: usize = 64;

/// A node that tells what it knows, and dials nobody.
#[derive(Debug)]
pub struct Server {
    driver: Driver,
    given: usize,
}

impl Server {
    /// A server that listens on `listener` and knows these addresses.
    ///
    /// # Errors
    ///
    /// What the listener fails with.
    pub fn new(
        local: Arc<Local>,
        transport: TransportConfig,
        seed: Seed,
        listener: TcpListener,
        known: &[NodeAddress],
    ) -> io::Result<Self> {
        Self::keeping(local, transport, seed, listener, known, None)
    }

    /// The same, with a store: it begins with these records, and what it learns is written there.
    ///
    /// # Errors
    ///
    /// As [`Server::new`].
    pub fn keeping(
        local: Arc<Local>,
        transport: TransportConfig,
        seed: Seed,
        listener: TcpListener,
        known: &[NodeAddress],
        store: Option<(Archive, Vec<PeerRecord>)>,
    ) -> io::Result<Self> {
        let clock = Clock::start();
        // Who is asked is as near as who asks: a server on a site serves the site.
        let options = Options::builder()
            .addresses_max(2 * PEERS_MAX)
            .connected_max(PEERS_MAX)
            .slots(0, PEERS_MAX)
            .per_network(1, PEERS_OF_IP)
            .dials(0, 1)
            .feeler_every(None)
            .nearest(Reach::Host);
        let options = options.build().map_err(io::Error::other)?;
        let mut node = Node::new(Config::default(), options, local.id(), seed, clock.now());
        let (archive, records) = store.unzip();
        for record in records.iter().flatten() {
            node.load(record);
        }
        let mut driver = Driver::new(node, clock, local, transport);
        if let Some(archive) = archive {
            driver = driver.with_archive(archive);
        }
        let mut given = BTreeSet::new();
        for address in known {
            driver.name(address.clone());
            if driver.node().peers().knows(address) {
                given.insert(address);
            }
        }
        driver.listen(listener);
        let given = given.len();
        Ok(Self { driver, given })
    }

    /// As [`Driver::with_extension`].
    #[must_use]
    pub fn with_extension(mut self, with: bool) -> Self {
        self.driver = self.driver.with_extension(with);
        self
    }

    /// What happens next. Safe to cancel: nothing is lost.
    pub async fn next(&mut self) -> Notice {
        self.driver.next().await
    }

    /// Writes down what has changed, and ends. Blocks until the disk has it.
    ///
    /// # Errors
    ///
    /// Why the disk has not taken it.
    pub fn close(self) -> io::Result<()> {
        self.driver.close()
    }

    /// How many different ones of the addresses that it was given it knows: not its own, and not those
    /// that are too many.
    #[must_use]
    pub const fn given(&self) -> usize {
        self.given
    }

    /// Addresses that are known.
    #[must_use]
    pub const fn known(&self) -> usize {
        self.driver.node().peers().addresses()
    }
}
