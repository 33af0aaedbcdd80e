//! A network of nodes in one process, over real sockets on loopback, and a newcomer who knows one.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use pex::{NodeAddress, Seed};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::crawl::Crawl;
use crate::kind::VERSION;
use crate::serve::Server;
use crate::transport::{Local, NodeInfo, NodeKey, TransportConfig};

/// The chain that the demonstration's nodes say they are of.
pub const CHAIN: &str = "pex-demo";

/// Addresses that each node knows at the start: the next ones on a ring, and as many leaps across.
const NEIGHBOURS: usize = 2;

/// A network whose nodes each know a few others.
#[derive(Debug)]
pub struct Network {
    addresses: Vec<NodeAddress>,
    /// The nodes; they end with the network.
    _tasks: JoinSet<()>,
}

impl Network {
    /// Starts so many nodes on loopback, on ports that are free. Must be called within a runtime.
    ///
    /// # Errors
    ///
    /// If a socket or a key can't be had.
    pub async fn start(nodes: usize, seed: Seed) -> io::Result<Self> {
        let mut listeners = Vec::new();
        for number in 0..nodes {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let place = listener.local_addr()?;
            let local = local(&format!("node-{number}"), &format!("tcp://{place}"))?;
            let address = NodeAddress::mconn(local.id(), place.ip(), place.port());
            listeners.push((local, listener, address));
        }
        let addresses: Vec<_> = listeners
            .iter()
            .map(|(_, _, address)| address.clone())
            .collect();
        let mut tasks = JoinSet::new();
        for (number, (local, listener, _)) in listeners.into_iter().enumerate() {
            let known = neighbours(number, &addresses);
            let seed = seed.derive(number as u64);
            let config = TransportConfig::default();
            let mut server = Server::new(local, config, seed, listener, &known)?;
            tasks.spawn(async move {
                loop {
                    server.next().await;
                }
            });
        }
        Ok(Self {
            addresses,
            _tasks: tasks,
        })
    }

    /// Where the nodes listen.
    #[must_use]
    pub fn addresses(&self) -> &[NodeAddress] {
        &self.addresses
    }

    /// A newcomer that knows the first node only.
    ///
    /// # Errors
    ///
    /// If a key can't be had.
    pub fn newcomer(&self, seed: Seed) -> io::Result<Crawl> {
        let local = local("newcomer", "tcp://127.0.0.1:0")?;
        let seeds = self.addresses.get(..1).unwrap_or_default();
        Ok(Crawl::new(local, TransportConfig::default(), seed, seeds))
    }
}

/// Whom node `number` knows: the next on a ring, and leaps of 7, 14 and so on across it, so that
/// everybody can be found from everybody, in a few steps and not in one.
fn neighbours(number: usize, addresses: &[NodeAddress]) -> Vec<NodeAddress> {
    let steps = (1..=NEIGHBOURS).flat_map(|step| [step, step * 7]);
    let others = steps
        .map(|step| (number + step) % addresses.len())
        .filter(|&at| at != number);
    others.filter_map(|at| addresses.get(at).cloned()).collect()
}

fn local(moniker: &str, listens: &str) -> io::Result<Arc<Local>> {
    let key = NodeKey::generate().map_err(io::Error::other)?;
    let info = NodeInfo::new(key.id(), CHAIN, moniker, listens).map_err(io::Error::other)?;
    let info = info.with_version(VERSION).map_err(io::Error::other)?;
    Ok(Arc::new(Local::new(key, info).map_err(io::Error::other)?))
}
