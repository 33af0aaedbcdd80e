//! A network of nodes in one process, over real sockets on loopback, and a newcomer who knows one.

use core::ops::ControlFlow;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use pex::{Cursor, Directory as _, NodeAddress, Roster, Seed};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::crawl::{Crawl, CrawlOptions};
use crate::kind::VERSION;
use crate::serve::Server;
use crate::transport::{Local, NodeInfo, NodeKey, TransportConfig};

/// The chain that the demonstration's nodes say they are of.
pub const CHAIN: &str = "pex-demo";

/// Addresses that each node knows by chance, beside that of the next one on a ring.
const CHOSEN: usize = 8;

/// Where nodes are said to be that are gone. It is of our own machine, and nobody listens there.
const GONE: [u8; 4] = [127, 0, 0, 77];

/// The seed of these choices is that of a node, for this purpose.
const CHOICE: u64 = u64::MAX;

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
        Self::of(nodes, 1, 0, CHAIN, &[VERSION], seed).await
    }

    /// Starts so many nodes of a chain as [`Network::start`] does, at so many IP addresses of this
    /// machine (more than one are there on Linux), each in a /16 of its own. They say in turn that they are
    /// of these versions, and so speak V1 or V2. Each may also know some of `gone` more, of whom
    /// there are only addresses.
    ///
    /// # Errors
    ///
    /// If a socket or a key can't be had, or if no node can be of that chain or version.
    pub async fn of(
        nodes: usize,
        hosts: u8,
        gone: usize,
        chain_id: &str,
        versions: &[&str],
        seed: Seed,
    ) -> io::Result<Self> {
        let mut listeners = Vec::new();
        for (number, version) in (0..nodes).zip(versions.iter().cycle()) {
            let host = number.checked_rem(hosts.into()).unwrap_or_default();
            let host = u8::try_from(host).unwrap_or_default();
            let listener = TcpListener::bind((Ipv4Addr::new(127, host, 0, 1), 0)).await?;
            let place = listener.local_addr()?;
            let listens = format!("tcp://{place}");
            let local = local(chain_id, &format!("node-{number}"), version, &listens)?;
            let address = NodeAddress::mconn(local.id(), place.ip(), place.port());
            listeners.push((local, listener, address));
        }
        let mut addresses: Vec<_> = listeners
            .iter()
            .map(|(_, _, address)| address.clone())
            .collect();
        for number in 0..gone {
            // Nobody listens on the ports below 1024 but who was asked to.
            let port = u16::try_from(number % 1_000 + 1).unwrap_or(1);
            let id = NodeKey::generate().map_err(io::Error::other)?.id();
            addresses.push(NodeAddress::mconn(id, GONE.into(), port));
        }
        let mut tasks = JoinSet::new();
        for (number, (local, listener, _)) in listeners.into_iter().enumerate() {
            let seed = seed.derive(number as u64);
            let known = acquaintances(number, nodes, &addresses, seed.derive(CHOICE));
            let config = TransportConfig::default();
            let mut server = Server::new(local, config, seed, listener, &known)?;
            tasks.spawn(async move {
                loop {
                    server.next().await;
                }
            });
        }
        addresses.truncate(nodes);
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
        let local = local(CHAIN, "newcomer", VERSION, "tcp://127.0.0.1:0")?;
        let seeds = self.addresses.get(..1).unwrap_or_default();
        // It is our own machine, and somebody watches.
        let options = CrawlOptions {
            rate: 1_000,
            ..CrawlOptions::default()
        };
        let config = TransportConfig::default();
        Ok(Crawl::with(local, config, seed, seeds, options, None))
    }
}

/// Whom node `number` of the first `nodes` knows: the next on a ring, so that everybody can be found from everybody;
/// and some others, chosen by the seed with the same chance for each. The estimate of a network's
/// size takes it that nodes tell of others at random, and here they do.
fn acquaintances(
    number: usize,
    nodes: usize,
    addresses: &[NodeAddress],
    seed: Seed,
) -> Vec<NodeAddress> {
    let next = (number + 1).checked_rem(nodes).unwrap_or_default();
    let mut known: Vec<_> = addresses
        .get(next)
        .filter(|_| next != number)
        .cloned()
        .into_iter()
        .collect();
    // The order of a roster is a shuffle.
    let mut others = Roster::new(seed, addresses.len());
    for (at, address) in addresses.iter().enumerate() {
        if at != number && at != next {
            others.add(address.clone(), address.id());
        }
    }
    others.walk(Cursor::default(), &mut |_, address| {
        if known.len() > CHOSEN {
            return ControlFlow::Break(());
        }
        known.push(address.clone());
        ControlFlow::Continue(())
    });
    known
}

fn local(chain_id: &str, moniker: &str, version: &str, listens: &str) -> io::Result<Arc<Local>> {
    let key = NodeKey::generate().map_err(io::Error::other)?;
    let info = NodeInfo::new(key.id(), chain_id, moniker, listens).map_err(io::Error::other)?;
    let info = info.with_version(version).map_err(io::Error::other)?;
    Ok(Arc::new(Local::new(key, info).map_err(io::Error::other)?))
}

#[cfg(test)]
mod tests {
    use pex::NodeId;

    use super::*;

    fn addresses(count: u8) -> Vec<NodeAddress> {
        let address = |n| NodeAddress::mconn(NodeId::new([n; 20]), [10, 0, 0, n].into(), 1);
        (0..count).map(address).collect()
    }

    #[test]
    fn each_node_knows_the_next_one_and_eight_others_and_the_seed_says_which() {
        let addresses = addresses(50);
        for number in 0..50 {
            let known = |seed| acquaintances(number, 50, &addresses, Seed::new([seed; 32]));
            let mut first = known(1);
            assert_eq!(first[0], addresses[(number + 1) % 50]);
            assert_eq!(first, known(1));
            assert_ne!(first, known(2));
            first.sort_unstable();
            first.dedup();
            assert_eq!(first.len(), 1 + CHOSEN);
            assert!(!first.contains(&addresses[number]));
        }
    }

    #[test]
    fn every_node_is_known_to_others_about_as_often() {
        let addresses = addresses(50);
        let mut times = vec![0; 50];
        for seed in 0..200 {
            for known in acquaintances(0, 50, &addresses, Seed::new([seed; 32])) {
                times[usize::from(known.id().as_bytes()[0])] += 1;
            }
        }
        // 200 draws of 8 out of 48: 33 each, and 5 is one standard deviation.
        assert!(
            times[2..].iter().all(|times| (10..=60).contains(times)),
            "{times:?}"
        );
        assert_eq!(times[..2], [0, 200]);
    }

    #[test]
    fn in_a_small_network_everybody_knows_all_others() {
        for count in 1..=9 {
            let known = acquaintances(0, count.into(), &addresses(count), Seed::new([1; 32]));
            assert_eq!(known.len(), usize::from(count) - 1);
        }
    }
}
