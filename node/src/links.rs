//! The connections of a driver: who is there, and the tasks that carry them.

mod accept;
mod dial;
mod farewell;
mod resolve;

use core::net::IpAddr;
use std::collections::BTreeMap;
use std::sync::Arc;

use pex::{Epoch, NodeAddress, NodeId, QueryId};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

use crate::hosts::{Dialed, Hosts, Places};
use crate::notice::DialError;
use crate::transport::{
    Connection, Direction, InboundLimits, Local, SendError, Sender, Traffic, TransportConfig,
    TransportError,
};
use resolve::Lookups;

/// Things that have happened and that the driver has not taken yet. A full queue makes the
/// connections wait, and with them the peers who fill it.
const INPUTS: usize = 1_024;

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
    lookups: Lookups,
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
            lookups: Lookups::default(),
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

    /// Queues a message.
    pub(crate) fn send(&self, peer: NodeId, epoch: Epoch, bytes: Vec<u8>) -> Result<(), SendError> {
        let link = self.open.get(&peer).filter(|link| link.epoch == epoch);
        let sender = link.and_then(|link| link.sender.as_ref());
        sender.map_or(Err(SendError::Closed), |sender| sender.try_send(bytes))
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

    /// What the connections have moved.
    pub(crate) fn traffic(&self) -> &Traffic {
        self.local.traffic()
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(task)
    }
}
