//! The connections of a driver: who is there, and the tasks that carry them.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use pex::{Epoch, NodeAddress, NodeId, QueryId};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::notice::DialError;
use crate::reach::Reach;
use crate::transport::{
    Connection, Direction, Local, Sender, Step, TransportConfig, TransportError, accept, connect,
};

/// Things that have happened and that the driver has not taken yet. A full queue makes the
/// connections wait, and with them the peers who fill it.
const INPUTS: usize = 1_024;

/// Handshakes with those who dialed us that may be under way at once. Whoever comes then waits in
/// the operating system's queue.
const HANDSHAKES: usize = 256;

/// IP addresses of a name that are dialed, one after another.
const DIALS_OF_A_NAME: usize = 4;

/// How long we wait before we knock again.
const COME_BACK: Duration = Duration::from_millis(150);

/// Something that has happened on a connection, or to a dial.
#[derive(Debug)]
pub(crate) enum Input {
    Up(Box<Connection>),
    Bytes {
        peer: NodeId,
        epoch: Epoch,
        bytes: Vec<u8>,
    },
    Down {
        peer: NodeId,
        epoch: Epoch,
        why: TransportError,
    },
    DialFailed {
        address: NodeAddress,
        why: DialError,
    },
    AcceptFailed(TransportError),
    Resolved {
        query: QueryId,
        ips: Vec<IpAddr>,
    },
}

#[derive(Debug)]
struct Link {
    epoch: Epoch,
    direction: Direction,
    /// Gone once we have hung up; the end of the connection is then on its way.
    sender: Option<Sender>,
}

#[derive(Debug)]
pub(crate) struct Links {
    local: Arc<Local>,
    config: TransportConfig,
    inputs: mpsc::Sender<Input>,
    links: BTreeMap<NodeId, Link>,
    epochs: u64,
    dialing: usize,
    /// Every task of this driver; they end with it.
    tasks: JoinSet<()>,
}

impl Links {
    pub(crate) fn new(local: Arc<Local>, config: TransportConfig) -> (Self, mpsc::Receiver<Input>) {
        let (inputs, receiver) = mpsc::channel(INPUTS);
        let (links, tasks) = (BTreeMap::new(), JoinSet::new());
        (
            Self {
                local,
                config,
                inputs,
                links,
                epochs: 0,
                dialing: 0,
                tasks,
            },
            receiver,
        )
    }

    /// Takes a new connection, and gives it its epoch; `None` if there is a better one already.
    pub(crate) fn add(&mut self, connection: Connection) -> Option<Epoch> {
        let (peer, direction) = (connection.remote.id, connection.remote.direction);
        if direction == Direction::Outbound {
            self.dialing -= 1;
        }
        if self
            .links
            .get(&peer)
            .is_some_and(|old| !self.replaces(peer, direction, old))
        {
            return None;
        }
        self.epochs += 1;
        let epoch = Epoch::new(self.epochs);
        let (sender, mut receiver) = connection.split();
        self.links.insert(
            peer,
            Link {
                epoch,
                direction,
                sender: Some(sender),
            },
        );
        let inputs = self.inputs.clone();
        self.spawn(async move {
            let why = loop {
                match receiver.recv().await {
                    Ok(bytes) => {
                        if inputs
                            .send(Input::Bytes { peer, epoch, bytes })
                            .await
                            .is_err()
                        {
                            return;
                        }
                    }
                    Err(why) => break why,
                }
            };
            let _ended = inputs.send(Input::Down { peer, epoch, why }).await;
        });
        Some(epoch)
    }

    /// Whether a new connection takes the place of an old one with the same peer. When two nodes
    /// dial each other, both keep the connection that the one with the lower id has dialed; when
    /// the same side dials again, it must have lost the old one.
    fn replaces(&self, peer: NodeId, direction: Direction, old: &Link) -> bool {
        let dialer_is_lower = (direction == Direction::Outbound) == (self.local.id() < peer);
        old.sender.is_none() || old.direction == direction || dialer_is_lower
    }

    /// Forgets a connection that has ended; false if another one has taken its place.
    pub(crate) fn forget(&mut self, peer: NodeId, epoch: Epoch) -> bool {
        let is_it = self.epoch(peer) == Some(epoch);
        if is_it {
            self.links.remove(&peer);
        }
        is_it
    }

    /// Queues a message; false if that is impossible.
    pub(crate) fn send(&self, peer: NodeId, epoch: Epoch, bytes: Vec<u8>) -> bool {
        let link = self.links.get(&peer).filter(|link| link.epoch == epoch);
        let sender = link.and_then(|link| link.sender.as_ref());
        sender.is_some_and(|sender| sender.try_send(bytes).is_ok())
    }

    pub(crate) fn hang_up(&mut self, peer: NodeId, epoch: Epoch) {
        let link = self.links.get_mut(&peer).filter(|link| link.epoch == epoch);
        if let Some(sender) = link.and_then(|link| link.sender.take()) {
            sender.close_after_flush();
        }
    }

    pub(crate) fn epoch(&self, peer: NodeId) -> Option<Epoch> {
        self.links.get(&peer).map(|link| link.epoch)
    }

    pub(crate) const fn dialing(&self) -> usize {
        self.dialing
    }

    pub(crate) const fn dial_ended(&mut self) {
        self.dialing -= 1;
    }

    /// Dials an address, unless its places lie nearer than `nearest`.
    pub(crate) fn dial(&mut self, address: NodeAddress, nearest: Reach) {
        self.dialing += 1;
        let (local, config) = (Arc::clone(&self.local), self.config.clone());
        let inputs = self.inputs.clone();
        self.spawn(async move {
            let outcome = match dial(&local, &config, &address, nearest).await {
                Ok(connection) => Input::Up(Box::new(connection)),
                Err(why) => Input::DialFailed { address, why },
            };
            let _ended = inputs.send(outcome).await;
        });
    }

    pub(crate) fn listen(&mut self, listener: TcpListener) {
        let (local, config) = (Arc::clone(&self.local), self.config.clone());
        let inputs = self.inputs.clone();
        self.spawn(async move {
            let places = Arc::new(Semaphore::new(HANDSHAKES));
            let mut handshakes = JoinSet::new();
            loop {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                    return;
                };
                let Some(stream) = next_stream(&listener).await else {
                    continue;
                };
                let (local, config, inputs) = (Arc::clone(&local), config.clone(), inputs.clone());
                handshakes.spawn(async move {
                    let outcome = match accept(&local, &config, stream).await {
                        Ok(connection) => Input::Up(Box::new(connection)),
                        Err(why) => Input::AcceptFailed(why),
                    };
                    drop(place);
                    let _ended = inputs.send(outcome).await;
                });
                while handshakes.try_join_next().is_some() {}
            }
        });
    }

    pub(crate) fn resolve(&mut self, query: QueryId, name: String, patience: Duration) {
        let inputs = self.inputs.clone();
        self.spawn(async move {
            let ips = timeout(patience, resolve(&name, 0))
                .await
                .unwrap_or_default();
            let ips = ips.into_iter().map(|socket| socket.ip()).collect();
            let _ended = inputs.send(Input::Resolved { query, ips }).await;
        });
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(task);
    }
}

/// The next who dials us. An error is of that connection, or of a process out of descriptors;
/// either way the listener goes on, after a moment in which descriptors may come free.
async fn next_stream(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept().await {
        Ok((stream, _)) => Some(stream),
        Err(_) => {
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

async fn dial(
    local: &Arc<Local>,
    config: &TransportConfig,
    address: &NodeAddress,
    nearest: Reach,
) -> Result<Connection, DialError> {
    let supported = matches!(address.protocol(), "mconn" | "tcp") && address.port() != 0;
    let places = match (address.ip(), address.name()) {
        _ if !supported => return Err(DialError::Unsupported),
        (Some(ip), _) => vec![(ip, address.port()).into()],
        (None, Some(name)) => timeout(config.dial_timeout, resolve(name, address.port()))
            .await
            .unwrap_or_default(),
        (None, None) => return Err(DialError::Unsupported),
    };
    let mut why = DialError::UnknownName;
    for place in places.into_iter().take(DIALS_OF_A_NAME) {
        if Reach::of(place.ip()) < nearest {
            why = DialError::TooNear;
            continue;
        }
        match connect_twice(local, config, place, address.id()).await {
            Ok(connection) => return Ok(connection),
            Err(error) => why = DialError::Transport(error),
        }
    }
    Err(why)
}

/// Connects; and again after a moment, if the other side hung up before a word was said. Tendermint
/// 0.35 does so to whoever comes back within 100 ms.
async fn connect_twice(
    local: &Arc<Local>,
    config: &TransportConfig,
    place: SocketAddr,
    id: NodeId,
) -> Result<Connection, TransportError> {
    match connect(local, config, place, Some(id)).await {
        Err(TransportError::HungUp {
            step: Step::KeyExchange,
        }) => {
            tokio::time::sleep(COME_BACK).await;
            connect(local, config, place, Some(id)).await
        }
        outcome => outcome,
    }
}

async fn resolve(name: &str, port: u16) -> Vec<SocketAddr> {
    lookup_host((name, port))
        .await
        .map(Iterator::collect)
        .unwrap_or_default()
}
