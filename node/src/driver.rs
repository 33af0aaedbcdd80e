//! A tokio driver: carries out what the core wants done.
//!
//! The loop is [`Driver::next`]: wait for one thing to happen, tell the machine, do what it says,
//! and report to the owner what concerns it as a [`Notice`]. Whom to dial, keep and let go is the
//! machine's business, clock and timer are that of [`Discovery`].

use core::time::Duration;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use pex::peers::PeerManager;
use pex::v1::{Options, Switch};
use pex::wire::Message;
use pex::{Epoch, Kind, Manager, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Reach};
use tokio::net::TcpListener;

use crate::archive::Archive;
use crate::clock::Clock;
use crate::discovery::Discovery;
use crate::hosts::{Dialed, Hosts};
use crate::kind::kind_of;
use crate::links::{Input, Links};
use crate::notice::{DialError, Notice};
use crate::report::message;
use crate::transport::{
    Connection, InboundLimits, Local, MessageType, NodeInfo, RemoteInfo, SendError, Traffic,
    TransportConfig,
};

/// Runs one [`Node`] over the Tendermint transport, in the manner of V2 or of V1.
#[derive(Debug)]
pub struct Driver<M = PeerManager> {
    discovery: Discovery<M>,
    links: Links,
    /// Where what the machine knows is written down, if anywhere.
    archive: Option<Archive>,
    /// Whether who runs this software is taken for [kin](Kind::Kin).
    extension: bool,
    /// Who the connection in hand is with; told to the owner once the machine lets it in.
    arriving: Option<Box<RemoteInfo>>,
    /// Of whom the owner has been told that they are up.
    up: BTreeSet<NodeId>,
    /// What one event made of notices; no further event is taken before the owner has them all.
    notices: VecDeque<Notice>,
}

impl<M: Manager> Driver<M> {
    /// A driver for the machine `node`, with no connections yet. Must be called within a runtime.
    #[must_use]
    pub fn new(node: Node<M>, clock: Clock, local: Arc<Local>, config: TransportConfig) -> Self {
        Self {
            discovery: Discovery::new(node, clock),
            links: Links::new(local, config),
            archive: None,
            extension: true,
            arriving: None,
            up: BTreeSet::new(),
            notices: VecDeque::new(),
        }
    }

    /// The same, and what the machine wants written down is.
    #[must_use]
    pub fn with_archive(mut self, archive: Archive) -> Self {
        self.archive = Some(archive);
        self
    }

    /// The same, and whether who runs this software is taken for [kin](Kind::Kin), which it is unless
    /// this says otherwise: without, it is a node of V2 like any other. See `docs/extension.md`.
    #[must_use]
    pub const fn with_extension(mut self, with: bool) -> Self {
        self.extension = with;
        self
    }

    /// The same, and no host has more of our dials and connections at once than these say. A dial
    /// that has to wait for it is [`DialError::HostBusy`], and is made later.
    pub(crate) fn with_hosts(mut self, hosts: Hosts) -> Self {
        self.links.bound(hosts);
        self
    }

    /// The next thing that the owner should know. Safe to cancel: nothing is lost.
    pub async fn next(&mut self) -> Notice {
        loop {
            if let Some(notice) = self.notices.pop_front() {
                return notice;
            }
            let unwritten = async {
                match &mut self.archive {
                    Some(archive) => archive.notice().await,
                    None => core::future::pending().await,
                }
            };
            tokio::select! {
                notice = unwritten => self.notices.push_back(notice),
                input = self.links.next() => self.on_input(input),
                // Nobody reports to it, so it wakes for its timer only.
                order = self.discovery.next() => self.carry_out_all(Some(order)),
            }
        }
    }

    fn on_input(&mut self, input: Input) {
        match input {
            Input::Up { connection, dialed } => self.on_up(*connection, dialed),
            Input::Bytes { peer, epoch, bytes } => {
                if let Some(event) = message(peer, epoch, &bytes) {
                    if let NodeEvent::Message { message, .. } = &event {
                        let which = MessageType::of(message);
                        self.links.traffic().receive(which, bytes.len());
                    }
                    self.handle(event);
                }
            }
            Input::Down { peer, epoch, why } => {
                if self.links.forget(peer, epoch) && self.up.remove(&peer) {
                    self.notices.push_back(Notice::Down { peer, why });
                }
                self.handle(NodeEvent::Down { peer, epoch });
            }
            Input::DialFailed { address, why } => self.on_dial_failed(address, why),
            Input::AcceptFailed(why) => self.notices.push_back(Notice::AcceptFailed(why)),
            Input::Resolved { query, ips } => self.handle(NodeEvent::Resolved { query, ips: &ips }),
        }
    }

    fn taken_for(&self, info: &NodeInfo) -> Kind {
        match kind_of(info) {
            Kind::Kin if !self.extension => Kind::V2,
            kind => kind,
        }
    }

    fn on_up(&mut self, connection: Connection, dialed: Option<Dialed>) {
        let remote = Box::new(connection.remote.clone());
        let (peer, kind) = (remote.id, self.taken_for(&remote.info));
        let (ip, listen) = (Some(remote.socket_addr.ip()), remote.listen_address());
        let (dialed, places) = dialed.map(|it| (it.address, it.places)).unzip();
        match (self.links.add(connection, places), dialed) {
            (Some(epoch), Some(address)) => {
                self.notices.push_back(Notice::Reached {
                    address: address.clone(),
                    at: remote.socket_addr,
                });
                self.arriving = Some(remote);
                self.handle(NodeEvent::Dialed {
                    address,
                    epoch,
                    kind,
                    ip,
                });
            }
            (Some(epoch), None) => {
                self.arriving = Some(remote);
                self.handle(NodeEvent::Accepted {
                    peer,
                    epoch,
                    kind,
                    ip,
                    listen,
                });
            }
            (None, Some(address)) => self.on_dial_failed(address, DialError::Connected),
            (None, None) => {}
        }
        self.arriving = None;
    }

    fn on_dial_failed(&mut self, address: NodeAddress, error: DialError) {
        let why = error.verdict();
        self.notices.push_back(Notice::DialFailed {
            address: address.clone(),
            why: error,
        });
        self.handle(NodeEvent::DialFailed { address, why });
    }

    fn handle(&mut self, event: NodeEvent<'_>) {
        self.discovery.tell(event);
        self.carry_out_all(None);
    }

    /// Does what the machine says, beginning with `first`, until it wants nothing more.
    fn carry_out_all(&mut self, first: Option<NodeAction>) {
        let mut unsent = VecDeque::new();
        let mut next = first.or_else(|| self.discovery.take());
        loop {
            while let Some(order) = next {
                unsent.extend(self.carry_out(order));
                next = self.discovery.take();
            }
            // Told only now: a batch is carried out whole before the next event.
            let Some((to, epoch)) = unsent.pop_front() else {
                return;
            };
            self.discovery.tell(NodeEvent::Unsent { to, epoch });
            next = self.discovery.take();
        }
    }

    /// Does what the machine says; returns where a request should have gone that could not.
    fn carry_out(&mut self, action: NodeAction) -> Option<(NodeId, Epoch)> {
        self.notices.extend(Notice::of(&action));
        match action {
            NodeAction::Send { to, epoch, message } => {
                let (which, bytes) = (MessageType::of(&message), message.to_bytes());
                let length = bytes.len();
                let asks = matches!(message, Message::Request(_));
                match self.links.send(to, epoch, bytes) {
                    Ok(()) => self.links.traffic().send(which, length),
                    Err(_) if asks => return Some((to, epoch)),
                    // Whoever has gone needs no answer.
                    Err(SendError::Closed) => {}
                    Err(why) => self.notices.push_back(Notice::Unanswered { peer: to, why }),
                }
            }
            NodeAction::Dial { address, nearest } => self.links.dial(address, nearest),
            NodeAction::HangUp { peer, epoch, .. } => self.links.hang_up(peer, epoch),
            NodeAction::Persist(changes) => {
                if let Some(archive) = &self.archive {
                    archive.write(changes);
                }
            }
            NodeAction::Resolve {
                query,
                name,
                deadline,
            } => {
                let patience = self.discovery.clock().until(deadline);
                self.links.resolve(query, name, patience);
            }
            NodeAction::Up { peer, .. } => {
                self.up.insert(peer);
                self.notices.extend(self.arriving.take().map(Notice::Up));
            }
            // The core may learn to want more; what this driver does not know, it leaves undone.
            _ => {}
        }
        None
    }

    /// Dials an address by the owner's own choice, unless it lies nearer than `nearest`. The outcome
    /// comes as a [`Notice`]: [`Notice::Up`] of its node, or [`Notice::DialFailed`].
    pub fn dial(&mut self, address: NodeAddress, nearest: Reach) {
        self.links.dial(address, nearest);
    }

    /// Dials that are under way, whoever chose them.
    #[must_use]
    pub const fn dialing(&self) -> usize {
        self.links.dialing()
    }

    /// Writes down what has changed, and ends. Blocks until the disk has it.
    ///
    /// # Errors
    ///
    /// Why the disk has not taken it.
    pub fn close(self) -> std::io::Result<()> {
        let Some(archive) = self.archive else {
            return Ok(());
        };
        archive.write(self.discovery.close());
        archive.close()
    }

    /// Names an address to the machine, such as that of a seed.
    pub fn name(&mut self, address: NodeAddress) {
        self.handle(NodeEvent::Named { address });
    }

    /// Holds whoever comes from now on to other limits; nobody who is in is sent away.
    pub fn hold_to(&self, limits: InboundLimits) {
        self.links.hold_to(limits);
    }

    /// Whether connections are taken: there is a listener, and every one is served.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        self.links.is_listening()
    }

    /// What the connections have moved.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        self.links.traffic()
    }

    /// Takes connections from this listener, as long as the driver lives.
    pub fn listen(&mut self, listener: TcpListener) {
        self.links.listen(listener);
    }

    /// Tells the machine that the owner has no more use for a peer; it hangs up, once everything
    /// queued is sent.
    pub fn release(&mut self, peer: NodeId) {
        self.handle(NodeEvent::Release { peer });
    }

    /// Tells the machine what only the owner can know: that a peer has misbehaved or behaved, or is
    /// in use.
    pub fn tell(&mut self, event: NodeEvent<'_>) {
        self.handle(event);
    }

    /// Hangs up on everybody once what is queued for them is sent, and waits for that, but no longer
    /// than `patience`. For the end: the machine is not told.
    pub async fn hang_up(&mut self, patience: Duration) {
        self.links.farewell(patience).await;
    }

    /// Whether there is something to tell already: [`Driver::next`] then returns it at once.
    #[must_use]
    pub fn has_notice(&self) -> bool {
        !self.notices.is_empty()
    }

    /// The clock that the machine goes by.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        self.discovery.clock()
    }

    /// The machine that is driven.
    #[must_use]
    pub const fn node(&self) -> &Node<M> {
        self.discovery.node()
    }
}

impl Driver<Switch> {
    /// Takes over other limits and times: see [`Switch::reconfigure`].
    pub fn reconfigure(&mut self, options: Options) {
        self.discovery.reconfigure(options);
        self.carry_out_all(None);
    }

    /// Takes over other lists of nodes as well: see [`Switch::reconfigure_with_lists`].
    pub fn reconfigure_with_lists(&mut self, options: Options) {
        self.discovery.reconfigure_with_lists(options);
        self.carry_out_all(None);
    }
}

#[cfg(test)]
mod tests {
    use pex::peers::Options;
    use pex::{Config, Kind, Seed};

    use super::*;
    use crate::transport::{NodeInfo, NodeKey};

    #[tokio::test]
    async fn a_request_that_cannot_be_sent_is_tried_again_sooner_than_one_that_is_not_answered() {
        let key = NodeKey::from_seed(&[1; 32]);
        let info = NodeInfo::new(key.id(), "chain-1", "node", "tcp://127.0.0.1:26656").unwrap();
        let local = Arc::new(Local::new(key, info).unwrap());
        let (clock, seed) = (Clock::start(), Seed::new([1; 32]));
        // Nothing but the exchange sets its timer.
        let options = Options::builder().feeler_every(None).build().unwrap();
        let node = Node::new(Config::default(), options, local.id(), seed, clock.now());
        let mut driver = Driver::new(node, clock, local, TransportConfig::default());

        // A connection that has ended before the machine hears of it.
        let (peer, epoch, kind) = (NodeId::new([2; 20]), Epoch::new(1), Kind::V2);
        driver.handle(NodeEvent::Accepted {
            peer,
            epoch,
            kind,
            ip: None,
            listen: None,
        });
        let node = driver.node();
        assert_eq!(node.pex().stats().requests_sent, 1);
        let again = driver.discovery.clock().until(node.deadline().unwrap());
        // One second; ten if the machine waited for an answer.
        assert!(again <= Duration::from_secs(1), "{again:?}");
        assert!(driver.discovery.is_armed());
    }
}
