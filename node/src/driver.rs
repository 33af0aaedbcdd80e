//! A tokio driver: carries out what the core wants done.
//!
//! The loop is [`Driver::next`]: wait for one thing to happen, tell the machine, do what it says,
//! and report to the owner what concerns it as a [`Notice`]. Whom to dial, keep and let go is the
//! machine's business.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use pex::peers::PeerManager;
use pex::wire::{self, Message};
use pex::{Epoch, Manager, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Reach, Time};
use tokio::net::TcpListener;

use crate::archive::Archive;
use crate::clock::Clock;
use crate::hosts::{Dialed, Hosts};
use crate::kind::kind_of;
use crate::links::{Input, Links};
use crate::notice::{DialError, Notice};
use crate::transport::{Connection, Local, RemoteInfo, TransportConfig};

/// Runs one [`Node`] over the Tendermint transport, in the manner of V2 or of V1.
#[derive(Debug)]
pub struct Driver<M = PeerManager> {
    node: Node<M>,
    clock: Clock,
    links: Links,
    /// Where what the machine knows is written down, if anywhere.
    archive: Option<Archive>,
    timer: Option<Time>,
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
            // A machine that knows somebody already has something to do at once.
            timer: Some(clock.now()),
            node,
            clock,
            links: Links::new(local, config),
            archive: None,
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
                    Some(archive) => archive.failure().await,
                    None => core::future::pending().await,
                }
            };
            tokio::select! {
                why = unwritten => self.notices.push_back(Notice::NotWritten(why)),
                input = self.links.next() => self.on_input(input),
                () = self.clock.sleep_until(self.timer) => {
                    self.handle(NodeEvent::Tick);
                    self.timer = self.node.deadline();
                }
            }
        }
    }

    fn on_input(&mut self, input: Input) {
        match input {
            Input::Up { connection, dialed } => self.on_up(*connection, dialed),
            Input::Bytes { peer, epoch, bytes } => self.on_bytes(peer, epoch, &bytes),
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

    fn on_up(&mut self, connection: Connection, dialed: Option<Dialed>) {
        let remote = Box::new(connection.remote.clone());
        let (peer, kind) = (remote.id, kind_of(&remote.info));
        let (ip, listen) = (Some(remote.socket_addr.ip()), remote.listen_address());
        let (dialed, places) = dialed.map(|it| (it.address, it.places)).unzip();
        match (self.links.add(connection, places), dialed) {
            (Some(epoch), Some(address)) => {
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

    fn on_bytes(&mut self, from: NodeId, epoch: Epoch, bytes: &[u8]) {
        self.handle(match wire::decode(bytes) {
            Ok(Some(message)) => NodeEvent::Message {
                from,
                epoch,
                message,
            },
            // A message of a version to come: nothing to do, and no fault.
            Ok(None) => return,
            Err(error) => NodeEvent::Garbage { from, epoch, error },
        });
    }

    fn handle(&mut self, event: NodeEvent<'_>) {
        let mut unsent = VecDeque::new();
        let mut actions = self.node.handle(self.clock.now(), event);
        loop {
            for action in actions {
                unsent.extend(self.carry_out(action));
            }
            // Told only now: a batch is carried out whole before the next event.
            let Some((to, epoch)) = unsent.pop_front() else {
                return;
            };
            let event = NodeEvent::Unsent { to, epoch };
            actions = self.node.handle(self.clock.now(), event);
        }
    }

    /// Does what the machine says; returns where a request should have gone that could not.
    fn carry_out(&mut self, action: NodeAction) -> Option<(NodeId, Epoch)> {
        self.notices.extend(Notice::of(&action));
        match action {
            NodeAction::Send { to, epoch, message } => {
                let sent = self.links.send(to, epoch, message.to_bytes());
                let lost = !sent && matches!(message, Message::Request(_));
                return lost.then_some((to, epoch));
            }
            NodeAction::Dial { address, nearest } => self.links.dial(address, nearest),
            NodeAction::HangUp { peer, epoch, .. } => self.links.hang_up(peer, epoch),
            NodeAction::SetTimer(at) => self.timer = Some(at),
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
                self.links.resolve(query, name, self.clock.until(deadline));
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
    pub fn close(mut self) {
        let changes = self.node.flush().unwrap_or_default();
        if let Some(archive) = self.archive {
            archive.write(changes);
            archive.close();
        }
    }

    /// Names an address to the machine, such as that of a seed.
    pub fn name(&mut self, address: NodeAddress) {
        self.handle(NodeEvent::Named { address });
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

    /// Whether there is something to tell already: [`Driver::next`] then returns it at once.
    #[must_use]
    pub fn has_notice(&self) -> bool {
        !self.notices.is_empty()
    }

    /// The machine that is driven.
    #[must_use]
    pub const fn node(&self) -> &Node<M> {
        &self.node
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

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
        assert_eq!(driver.node.pex().stats().requests_sent, 1);
        let again = driver.clock.until(driver.node.deadline().unwrap());
        // One second; ten if the machine waited for an answer.
        assert!(again <= Duration::from_secs(1), "{again:?}");
        assert_eq!(driver.timer, driver.node.deadline());
    }
}
