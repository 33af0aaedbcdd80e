//! The nodes that the command meets: honest ones, and others.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use pex::{NodeAddress, NodeId, Seed};
use pex_node::VERSION;
use pex_node::serve::Server;
use pex_node::transport::{Handshake, Local, NodeInfo, NodeKey, TransportConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Nodes that live as long as this.
#[derive(Debug, Default)]
pub(crate) struct Nodes(JoinSet<()>);

impl Nodes {
    /// An honest node of a chain that knows these others.
    pub(crate) async fn honest(&mut self, chain: &str, known: &[NodeAddress]) -> NodeAddress {
        let listener = listener().await;
        let place = listener.local_addr().unwrap();
        let local = local(chain, "honest", VERSION, place);
        let (id, seed) = (local.id(), Seed::new([7; 32]));
        let config = TransportConfig::default();
        let mut server = Server::new(local, config, seed, listener, known).unwrap();
        self.0.spawn(async move {
            loop {
                server.next().await;
            }
        });
        NodeAddress::mconn(id, place.ip(), place.port())
    }

    /// A stranger who does this with every connection. The semaphore gets a permit for each.
    pub(crate) async fn stranger<F>(
        &mut self,
        does: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> (NodeAddress, Arc<Semaphore>)
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let (listener, met) = (listener().await, Arc::new(Semaphore::new(0)));
        let place = listener.local_addr().unwrap();
        let meets = Arc::clone(&met);
        self.0.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                meets.add_permits(1);
                connections.spawn(does(stream));
            }
        });
        let address = NodeAddress::mconn(somebody(), place.ip(), place.port());
        (address, met)
    }

    /// A stranger who takes connections and says nothing.
    pub(crate) async fn silent(&mut self) -> (NodeAddress, Arc<Semaphore>) {
        self.stranger(hold).await
    }
}

/// Says nothing, until the other side hangs up.
pub(crate) async fn hold(mut stream: TcpStream) -> io::Result<()> {
    while stream.read(&mut [0; 4_096]).await? > 0 {}
    Ok(())
}

/// Sends what is no handshake.
pub(crate) async fn talk_garbage(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(&[b'G'; 10_000]).await?;
    hold(stream).await
}

/// Sends the first part of a handshake and nothing more.
pub(crate) async fn begin(mut stream: TcpStream) -> io::Result<()> {
    let handshake = Handshake::new().unwrap();
    stream.write_all(&handshake.first_flight()).await?;
    hold(stream).await
}

/// Hangs up as soon as somebody is there.
pub(crate) async fn hang_up(stream: TcpStream) -> io::Result<()> {
    drop(stream);
    tokio::time::sleep(Duration::ZERO).await;
    Ok(())
}

pub(crate) fn local(chain: &str, moniker: &str, version: &str, place: SocketAddr) -> Arc<Local> {
    let key = NodeKey::generate().unwrap();
    let info = NodeInfo::new(key.id(), chain, moniker, &format!("tcp://{place}")).unwrap();
    let info = info.with_version(version).unwrap();
    Arc::new(Local::new(key, info).unwrap())
}

pub(crate) async fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
}

/// The id of a node that nobody has met.
pub(crate) fn somebody() -> NodeId {
    NodeKey::generate().unwrap().id()
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> NodeAddress {
    let place = listener().await.local_addr().unwrap();
    NodeAddress::mconn(somebody(), place.ip(), place.port())
}
