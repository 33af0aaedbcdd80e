//! The connections of a driver: who is there, and the tasks that carry them.

mod farewell;

use core::mem;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use pex::{Epoch, NodeAddress, NodeId, QueryId, Reach};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout};

use crate::door::{Door, Place, Seated};
use crate::handshakes::Handshakes;
use crate::hosts::{Dialed, Hosts, Places};
use crate::notice::DialError;
use crate::refusals::Refusals;
use crate::transport::{
    Connection, Direction, InboundLimits, Local, Sender, Step, Traffic, TransportConfig,
    TransportError, connect, establish, is_out_of_descriptors,
};

/// Things that have happened and that the driver has not taken yet. A full queue makes the
/// connections wait, and with them the peers who fill it.
const INPUTS: usize = 1_024;

/// IP addresses of a name that are dialed, one after another.
const DIALS_OF_A_NAME: usize = 4;

/// Names that are looked up at once. Whoever comes then waits, within its own patience.
const LOOKUPS: usize = 32;

/// How long we wait before we knock again.
const COME_BACK: Duration = Duration::from_millis(150);

/// Something that has happened on a connection, or to a dial.
#[derive(Debug)]
pub(crate) enum Input {
    Up {
        connection: Box<Connection>,
        /// What we dialed; none if the other side dialed us.
        dialed: Option<Dialed>,
    },
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
    limits: watch::Sender<InboundLimits>,
    hosts: Hosts,
    inputs: mpsc::Sender<Input>,
    queue: mpsc::Receiver<Input>,
    open: BTreeMap<NodeId, Link>,
    epochs: u64,
    dialing: usize,
    lookups: Arc<Semaphore>,
    /// Every task of this driver; they end with it.
    tasks: JoinSet<()>,
    /// Those of them that take connections.
    listening: Vec<AbortHandle>,
}

impl Links {
    pub(crate) fn new(local: Arc<Local>, config: TransportConfig) -> Self {
        let (inputs, queue) = mpsc::channel(INPUTS);
        Self {
            local,
            limits: watch::Sender::new(config.inbound.clone()),
            config,
            hosts: Hosts::unbounded(),
            inputs,
            queue,
            open: BTreeMap::new(),
            epochs: 0,
            dialing: 0,
            lookups: Arc::new(Semaphore::new(LOOKUPS)),
            tasks: JoinSet::new(),
            listening: Vec::new(),
        }
    }

    /// From now on, no host has more of our dials and connections than these say.
    pub(crate) fn bound(&mut self, hosts: Hosts) {
        self.hosts = hosts;
    }

    /// The next thing that happens. Safe to cancel: nothing is lost.
    pub(crate) async fn next(&mut self) -> Input {
        let Some(input) = self.queue.recv().await else {
            // We hold a sender ourselves, so the queue never closes.
            return core::future::pending().await;
        };
        // Every dial ends in one of these two.
        if let Input::Up {
            dialed: Some(_), ..
        }
        | Input::DialFailed { .. } = input
        {
            self.dialing -= 1;
        }
        input
    }

    /// Takes a new connection and the places that it holds, and gives it its epoch; `None` if there
    /// is a better one already.
    pub(crate) fn add(&mut self, connection: Connection, places: Option<Places>) -> Option<Epoch> {
        let (peer, direction) = (connection.remote.id, connection.remote.direction);
        if self
            .open
            .get(&peer)
            .is_some_and(|old| !self.replaces(peer, direction, old))
        {
            return None;
        }
        self.epochs += 1;
        let epoch = Epoch::new(self.epochs);
        let (sender, mut receiver) = connection.split();
        self.open.insert(
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
            drop(places);
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
            self.open.remove(&peer);
        }
        is_it
    }

    /// Queues a message; false if that is impossible.
    pub(crate) fn send(&self, peer: NodeId, epoch: Epoch, bytes: Vec<u8>) -> bool {
        let link = self.open.get(&peer).filter(|link| link.epoch == epoch);
        let sender = link.and_then(|link| link.sender.as_ref());
        sender.is_some_and(|sender| sender.try_send(bytes).is_ok())
    }

    pub(crate) fn hang_up(&mut self, peer: NodeId, epoch: Epoch) {
        let link = self.open.get_mut(&peer).filter(|link| link.epoch == epoch);
        if let Some(sender) = link.and_then(|link| link.sender.take()) {
            sender.close_after_flush();
        }
    }

    pub(crate) fn epoch(&self, peer: NodeId) -> Option<Epoch> {
        self.open.get(&peer).map(|link| link.epoch)
    }

    pub(crate) const fn dialing(&self) -> usize {
        self.dialing
    }

    /// Dials an address, unless its places lie nearer than `nearest`.
    pub(crate) fn dial(&mut self, address: NodeAddress, nearest: Reach) {
        self.dialing += 1;
        let dialer = Dialer {
            local: Arc::clone(&self.local),
            config: self.config.clone(),
            lookups: Arc::clone(&self.lookups),
            hosts: self.hosts.clone(),
        };
        let inputs = self.inputs.clone();
        self.spawn(async move {
            let outcome = match dialer.dial(&address, nearest).await {
                Ok((connection, places)) => Input::Up {
                    connection: Box::new(connection),
                    dialed: Some(Dialed { address, places }),
                },
                Err(why) => Input::DialFailed { address, why },
            };
            let _ended = inputs.send(outcome).await;
        });
    }

    pub(crate) fn listen(&mut self, listener: TcpListener) {
        let (local, config) = (Arc::clone(&self.local), self.config.clone());
        let inputs = self.inputs.clone();
        let mut limits = self.limits.subscribe();
        let listens = self.spawn(async move {
            let first = limits.borrow_and_update().clone();
            let (mut door, mut refusals) = (Door::new(first.clone()), Refusals::default());
            let mut handshakes = Handshakes::new(first);
            // Told once, not at every try.
            let mut is_out = false;
            loop {
                handshakes.room().await;
                let (stream, from) = match next_stream(&listener).await {
                    Ok(next) => next,
                    Err(error) => {
                        let why = TransportError::OutOfDescriptors;
                        if is_out_of_descriptors(&error) && !mem::replace(&mut is_out, true) {
                            let _ended = inputs.send(Input::AcceptFailed(why)).await;
                        }
                        continue;
                    }
                };
                is_out = false;
                if limits.has_changed().unwrap_or_default() {
                    let new = limits.borrow_and_update().clone();
                    door.hold_to(new.clone());
                    handshakes.hold_to(new);
                }
                let (place, now) = (Place::of(from.ip()), Instant::now());
                let seat = match door.enter(place, now) {
                    Ok(seat) => seat,
                    Err(crowd) => {
                        drop(stream);
                        if let Some(why) = refusals.count(crowd, now) {
                            let _ended = inputs.send(Input::AcceptFailed(why)).await;
                        }
                        continue;
                    }
                };
                let (local, config, inputs) = (Arc::clone(&local), config.clone(), inputs.clone());
                handshakes.start(place, async move {
                    // Messages are few and go out whole: waiting to fill a segment makes them late.
                    let _kept = stream.set_nodelay(true);
                    let (stream, by) = (Seated::new(stream, seat), Direction::Inbound);
                    let outcome = match establish(&local, &config, stream, from, by, None).await {
                        Ok(connection) => Input::Up {
                            connection: Box::new(connection),
                            dialed: None,
                        },
                        Err(why) => Input::AcceptFailed(why),
                    };
                    let _ended = inputs.send(outcome).await;
                });
            }
        });
        self.listening.push(listens);
    }

    /// Holds whoever comes from now on to other limits; nobody who is in is sent away.
    pub(crate) fn hold_to(&self, limits: InboundLimits) {
        self.limits.send_replace(limits);
    }

    /// Whether every listener is still served, and there is one.
    pub(crate) fn is_listening(&self) -> bool {
        let served = self.listening.iter().all(|task| !task.is_finished());
        served && !self.listening.is_empty()
    }

    /// What the connections have moved.
    pub(crate) fn traffic(&self) -> &Traffic {
        self.local.traffic()
    }

    pub(crate) fn resolve(&mut self, query: QueryId, name: String, patience: Duration) {
        let inputs = self.inputs.clone();
        let lookups = Arc::clone(&self.lookups);
        self.spawn(async move {
            let ips = resolve(lookups, name, 0, patience).await;
            let ips = ips.into_iter().map(|socket| socket.ip()).collect();
            let _ended = inputs.send(Input::Resolved { query, ips }).await;
        });
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(task)
    }
}

/// The next who dials us. An error is of that connection, or of a process out of descriptors;
/// either way the listener goes on, after a moment in which descriptors may come free.
async fn next_stream(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok(next) => Ok(next),
        Err(error) => {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Err(error)
        }
    }
}

/// What one dial needs.
struct Dialer {
    local: Arc<Local>,
    config: TransportConfig,
    lookups: Arc<Semaphore>,
    hosts: Hosts,
}

impl Dialer {
    async fn dial(
        self,
        address: &NodeAddress,
        nearest: Reach,
    ) -> Result<(Connection, Places), DialError> {
        let at_name = match address.name() {
            Some(name) => Some(self.hosts.enter_name(name).ok_or(DialError::HostBusy)?),
            None => None,
        };
        let mut why = DialError::UnknownName;
        for place in self.places(address).await? {
            let reach = Reach::of(place.ip());
            if reach < nearest {
                why = match reach {
                    Reach::Nowhere => DialError::Nowhere,
                    _ => DialError::TooNear,
                };
                continue;
            }
            let Some(at_ip) = self.hosts.enter_ip(place.ip()) else {
                why = DialError::HostBusy;
                continue;
            };
            match self.connect_twice(place, address.id()).await {
                Ok(connection) => return Ok((connection, (at_name, at_ip))),
                Err(error) => why = DialError::Transport(error),
            }
        }
        Err(why)
    }

    /// Where an address leads; no place if it has a name that nobody knows.
    async fn places(&self, address: &NodeAddress) -> Result<Vec<SocketAddr>, DialError> {
        let supported = matches!(address.protocol(), "mconn" | "tcp") && address.port() != 0;
        match (address.ip(), address.name()) {
            (Some(ip), _) if supported => Ok(vec![(ip, address.port()).into()]),
            (None, Some(name)) if supported => {
                let (lookups, patience) = (Arc::clone(&self.lookups), self.config.dial_timeout);
                let mut places = resolve(lookups, name.into(), address.port(), patience).await;
                places.truncate(DIALS_OF_A_NAME);
                Ok(places)
            }
            _ => Err(DialError::Unsupported),
        }
    }

    /// Connects; and again after a moment, if the other side hung up before a word was said.
    /// Tendermint 0.35 does so to whoever comes back within 100 ms.
    async fn connect_twice(
        &self,
        place: SocketAddr,
        id: NodeId,
    ) -> Result<Connection, TransportError> {
        match connect(&self.local, &self.config, place, Some(id)).await {
            Err(TransportError::HungUp {
                step: Step::KeyExchange,
            }) => {
                tokio::time::sleep(COME_BACK).await;
                connect(&self.local, &self.config, place, Some(id)).await
            }
            outcome => outcome,
        }
    }
}

/// The places of a name; none if it is unknown, or does not come in time.
async fn resolve(
    lookups: Arc<Semaphore>,
    name: String,
    port: u16,
    patience: Duration,
) -> Vec<SocketAddr> {
    let found = async move {
        let place = lookups.acquire_owned().await.ok()?;
        // A task of its own: the system's resolver can't be stopped, and strangers choose names
        // that keep it busy. So a lookup keeps its place to the end, however long we wait for it.
        let lookup = tokio::spawn(async move {
            let found = lookup_host((name, port)).await.map(Iterator::collect);
            drop(place);
            found
        });
        lookup.await.ok()?.ok()
    };
    let found = timeout(patience, found).await;
    found.ok().flatten().unwrap_or_default()
}
