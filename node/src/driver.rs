//! A tokio driver: carries out what the core wants done.
//!
//! The loop is [`Driver::next`]: wait for one thing to happen, tell the machine, do what it says,
//! and report to the owner what concerns it as a [`Notice`]. Whom to dial, and when to hang up, is
//! the owner's business.

use std::collections::VecDeque;
use std::sync::Arc;

use pex::wire::{self, Message};
use pex::{Action, Epoch, Event, NodeAddress, NodeId, Pex, Reach, Stats, Time};
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::kind::kind_of;
use crate::links::{Input, Links};
use crate::notice::{DialError, Notice};
use crate::store::Store;
use crate::transport::{Connection, Local, TransportConfig};

/// Runs one [`Pex`] over the Tendermint transport.
#[derive(Debug)]
pub struct Driver<S> {
    pex: Pex,
    store: S,
    clock: Clock,
    links: Links,
    timer: Option<Time>,
    /// What one event made of notices; no further event is taken before the owner has them all.
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
        Self {
            pex,
            store,
            clock,
            links: Links::new(local, config),
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
                input = self.links.next() => self.on_input(input),
                () = self.clock.sleep_until(self.timer) => {
                    self.handle(Event::Tick);
                    self.timer = self.pex.deadline();
                }
            }
        }
    }

    fn on_input(&mut self, input: Input) {
        match input {
            Input::Up { connection, dialed } => self.on_up(*connection, dialed),
            Input::Bytes { peer, epoch, bytes } => self.on_bytes(peer, epoch, &bytes),
            Input::Down { peer, epoch, why } => {
                if self.links.forget(peer, epoch) {
                    self.notices.push_back(Notice::Down { peer, why });
                }
                self.handle(Event::PeerDown { peer, epoch });
            }
            Input::DialFailed { address, why } => {
                self.notices.push_back(Notice::DialFailed { address, why });
            }
            Input::AcceptFailed(why) => self.notices.push_back(Notice::AcceptFailed(why)),
            Input::Resolved { query, ips } => self.handle(Event::Resolved { query, ips: &ips }),
        }
    }

    fn on_up(&mut self, connection: Connection, dialed: Option<NodeAddress>) {
        let remote = Box::new(connection.remote.clone());
        let (peer, kind) = (remote.id, kind_of(&remote.info));
        if let Some(epoch) = self.links.add(connection) {
            self.notices.push_back(Notice::Up(remote));
            self.handle(Event::PeerUp { peer, epoch, kind });
        } else if let Some(address) = dialed {
            let why = DialError::Connected;
            self.notices.push_back(Notice::DialFailed { address, why });
        }
    }

    fn on_bytes(&mut self, from: NodeId, epoch: Epoch, bytes: &[u8]) {
        let before = self.pex.stats();
        self.handle(match wire::decode(bytes) {
            Ok(Some(message)) => Event::Message {
                from,
                epoch,
                message,
            },
            // A message of a version to come: nothing to do, and no fault.
            Ok(None) => return,
            Err(error) => Event::Garbage { from, epoch, error },
        });
        self.notices
            .extend(answered(from, before, self.pex.stats()));
    }

    fn handle(&mut self, event: Event<'_>) {
        let mut unsent = VecDeque::new();
        let mut actions = self.pex.handle(self.clock.now(), event, &self.store);
        loop {
            for action in actions {
                unsent.extend(self.carry_out(action));
            }
            // Told only now: a batch is carried out whole before the next event.
            let Some((to, epoch)) = unsent.pop_front() else {
                return;
            };
            let event = Event::Unsent { to, epoch };
            actions = self.pex.handle(self.clock.now(), event, &self.store);
        }
    }

    /// Does what the machine says; returns where a request should have gone that could not.
    fn carry_out(&mut self, action: Action) -> Option<(NodeId, Epoch)> {
        self.notices.extend(Notice::of(&action));
        match action {
            Action::Send { to, epoch, message } => {
                let sent = self.links.send(to, epoch, message.to_bytes());
                let lost = !sent && matches!(message, Message::Request(_));
                return lost.then_some((to, epoch));
            }
            Action::AddPeer { address, from } => {
                let kept = self.store.add(&address, from);
                let heard = kept.then_some(Notice::Heard { address, from });
                self.notices.extend(heard);
            }
            Action::SetTimer(at) => self.timer = Some(at),
            Action::Disconnect { peer, epoch, .. } => self.links.hang_up(peer, epoch),
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
        None
    }

    /// Dials an address, unless it lies nearer than `nearest`; with [`Reach::Nowhere`] wherever it
    /// lies, which is for what the operator names. The outcome comes as a [`Notice`]:
    /// [`Notice::Up`] of its node, or [`Notice::DialFailed`].
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

    /// Whether there is something to tell already: [`Driver::next`] then returns it at once.
    #[must_use]
    pub fn has_notice(&self) -> bool {
        !self.notices.is_empty()
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

/// The notice of an answer that the machine accepted between two counts, if it did.
fn answered(peer: NodeId, before: Stats, after: Stats) -> Option<Notice> {
    let told = |stats: Stats| stats.addresses_told + stats.addresses_bad;
    (after.responses_accepted > before.responses_accepted).then(|| Notice::Answered {
        peer,
        told: usize::try_from(told(after) - told(before)).unwrap_or(usize::MAX),
        fresh: after.addresses_fresh - before.addresses_fresh,
    })
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use pex::{Config, Kind, Roster, Seed};

    use super::*;
    use crate::transport::{NodeInfo, NodeKey};

    #[tokio::test]
    async fn a_request_that_cannot_be_sent_is_tried_again_sooner_than_one_that_is_not_answered() {
        let key = NodeKey::from_seed(&[1; 32]);
        let info = NodeInfo::new(key.id(), "chain-1", "node", "tcp://127.0.0.1:26656").unwrap();
        let local = Arc::new(Local::new(key, info).unwrap());
        let (clock, seed) = (Clock::start(), Seed::new([1; 32]));
        let pex = Pex::new(Config::default(), local.id(), seed, clock.now());
        let store = Roster::new(seed, 1);
        let mut driver = Driver::new(pex, store, clock, local, TransportConfig::default());

        // A connection that has ended before the machine hears of it.
        let (peer, epoch, kind) = (NodeId::new([2; 20]), Epoch::new(1), Kind::V2);
        driver.handle(Event::PeerUp { peer, epoch, kind });
        assert_eq!(driver.pex.stats().requests_sent, 1);
        let again = driver.clock.until(driver.pex.deadline().unwrap());
        // One second; ten if the machine waited for an answer.
        assert!(again <= Duration::from_secs(1), "{again:?}");
        assert_eq!(driver.timer, driver.pex.deadline());
    }
}
