//! A tokio driver: carries out what the core wants done.
//!
//! The loop is [`Driver::next`]: wait for one thing to happen, tell the machine, do what it says,
//! and report to the owner what concerns it as a [`Notice`]. Whom to dial, and when to hang up, is
//! the owner's business.

use std::collections::VecDeque;
use std::sync::Arc;

use pex::wire::{self, Message};
use pex::{Action, Epoch, Event, NodeAddress, NodeId, Pex, Time};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::kind::kind_of;
use crate::links::{Input, Links};
use crate::notice::Notice;
use crate::reach::Reach;
use crate::store::Store;
use crate::transport::{Connection, Local, TransportConfig};

/// Runs one [`Pex`] over the Tendermint transport.
#[derive(Debug)]
pub struct Driver<S> {
    pex: Pex,
    store: S,
    clock: Clock,
    links: Links,
    inputs: mpsc::Receiver<Input>,
    timer: Option<Time>,
    notices: VecDeque<Notice>,
}

impl<S: Store> Driver<S> {
    /// A driver for the machine `pex`, with no connections yet. Must be called within a runtime.
    #[must_use]
    pub fn new(
        pex: Pex,
        store: S,
        clock: Clock,
        local: Arc<Local>,
        config: TransportConfig,
    ) -> Self {
        let (links, inputs) = Links::new(local, config);
        Self {
            pex,
            store,
            clock,
            links,
            inputs,
            timer: None,
            notices: VecDeque::new(),
        }
    }

    /// The next thing that the owner should know. Safe to cancel: nothing is lost.
    pub async fn next(&mut self) -> Notice {
        loop {
            if let Some(notice) = self.notices.pop_front() {
                return notice;
            }
            tokio::select! {
                // The links hold a sender, so the queue never closes.
                Some(input) = self.inputs.recv() => self.on_input(input),
                () = self.clock.sleep_until(self.timer) => {
                    self.timer = None;
                    self.handle(Event::Tick);
                }
            }
        }
    }

    fn on_input(&mut self, input: Input) {
        match input {
            Input::Up(connection) => self.on_up(*connection),
            Input::Bytes { peer, epoch, bytes } => self.on_bytes(peer, epoch, &bytes),
            Input::Down { peer, epoch, why } => {
                if self.links.forget(peer, epoch) {
                    self.notices.push_back(Notice::Down { peer, why });
                }
                self.handle(Event::PeerDown { peer, epoch });
            }
            Input::DialFailed { address, why } => {
                self.links.dial_ended();
                self.notices.push_back(Notice::DialFailed { address, why });
            }
            Input::AcceptFailed(why) => self.notices.push_back(Notice::AcceptFailed(why)),
            Input::Resolved { query, ips } => self.handle(Event::Resolved { query, ips: &ips }),
        }
    }

    fn on_up(&mut self, connection: Connection) {
        let remote = Box::new(connection.remote.clone());
        let Some(epoch) = self.links.add(connection) else {
            return;
        };
        let up = Event::PeerUp {
            peer: remote.id,
            epoch,
            kind: kind_of(&remote.info),
        };
        self.notices.push_back(Notice::Up(remote));
        self.handle(up);
    }

    fn on_bytes(&mut self, from: NodeId, epoch: Epoch, bytes: &[u8]) {
        match wire::decode(bytes) {
            Ok(Some(message)) => {
                let told = match &message {
                    Message::Response(response) => response.len(),
                    _ => 0,
                };
                let before = self.pex.stats();
                self.handle(Event::Message {
                    from,
                    epoch,
                    message,
                });
                let after = self.pex.stats();
                if after.responses_accepted > before.responses_accepted {
                    let fresh = after.addresses_fresh - before.addresses_fresh;
                    self.notices.push_back(Notice::Answered {
                        peer: from,
                        told,
                        fresh,
                    });
                }
            }
            // A message of a version to come: nothing to do, and no fault.
            Ok(None) => {}
            Err(error) => self.handle(Event::Garbage { from, epoch, error }),
        }
    }

    fn handle(&mut self, event: Event<'_>) {
        let mut unsent = Vec::new();
        for action in self.pex.handle(self.clock.now(), event, &self.store) {
            self.carry_out(action, &mut unsent);
        }
        // Told only now: a batch is carried out whole before the next event.
        for (to, epoch) in unsent {
            self.handle(Event::Unsent { to, epoch });
        }
    }

    fn carry_out(&mut self, action: Action, unsent: &mut Vec<(NodeId, Epoch)>) {
        match action {
            Action::Send { to, epoch, message } => {
                if !self.links.send(to, epoch, message.to_bytes()) {
                    unsent.push((to, epoch));
                }
            }
            Action::AddPeer { address, from } => {
                self.store.add(&address, from);
                self.notices.push_back(Notice::Heard { address, from });
            }
            Action::SetTimer(at) => self.timer = Some(at),
            Action::Disconnect {
                peer,
                epoch,
                reason,
            } => {
                self.links.hang_up(peer, epoch);
                self.notices.push_back(Notice::Fault {
                    peer,
                    fault: reason,
                    cut: true,
                });
            }
            Action::Report { peer, fault } => {
                self.notices.push_back(Notice::Fault {
                    peer,
                    fault,
                    cut: false,
                });
            }
            Action::Resolve {
                query,
                name,
                deadline,
            } => {
                self.links.resolve(query, name, self.clock.until(deadline));
            }
            // The core may learn to want more; what this driver does not know, it leaves undone.
            _ => {}
        }
    }

    /// Dials an address, unless it lies nearer than `nearest`; the outcome comes as a [`Notice`].
    pub fn dial(&mut self, address: NodeAddress, nearest: Reach) {
        self.links.dial(address, nearest);
    }

    /// Takes connections from this listener, as long as the driver lives.
    pub fn listen(&mut self, listener: TcpListener) {
        self.links.listen(listener);
    }

    /// Ends the connection with a peer, once everything queued for it is sent.
    pub fn hang_up(&mut self, peer: NodeId) {
        if let Some(epoch) = self.links.epoch(peer) {
            self.links.hang_up(peer, epoch);
        }
    }

    /// Dials that are under way.
    #[must_use]
    pub const fn dialing(&self) -> usize {
        self.links.dialing()
    }

    /// The machine that is driven.
    #[must_use]
    pub const fn pex(&self) -> &Pex {
        &self.pex
    }

    /// The store.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The store, when the driver is done.
    pub fn into_store(self) -> S {
        self.store
    }

    /// The store, to change it.
    pub const fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }
}
