//! A node that is an exchange and nothing else, over the store that all such nodes share.
//!
//! It keeps no addresses and ranks nobody: it dials those whom it knows at the start, and then those
//! whom it hears of first, until it has dialed as many as it should; whoever dials it is let in.

use std::collections::{BTreeMap, BTreeSet};

use pex::{
    Action, Config, Epoch, Event, HangUp, NodeAction, NodeAddress, NodeEvent, NodeId, Pex, Reach,
    Seed, Time,
};

use crate::shared::{View, World};

/// An exchange, and whom it is connected with.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) pex: Pex,
    me: NodeId,
    node: u32,
    key: u64,
    store: u32,
    same: bool,
    /// How many it dials, those under way included.
    wants: usize,
    dialed: usize,
    dialing: BTreeSet<NodeId>,
    peers: BTreeMap<NodeId, (Epoch, bool)>,
    /// Whom to dial next.
    heard: Vec<NodeAddress>,
}

/// What such a node is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) wants: usize,
    pub(crate) store: u32,
    pub(crate) same: bool,
}

impl Exchange {
    pub(crate) fn new(
        config: Config,
        me: NodeId,
        node: u32,
        manner: Manner,
        seed: Seed,
        key: u64,
        now: Time,
    ) -> Self {
        Self {
            pex: Pex::new(config, me, seed, now),
            me,
            node,
            key,
            store: manner.store,
            same: manner.same,
            wants: manner.wants,
            dialed: 0,
            dialing: BTreeSet::new(),
            peers: BTreeMap::new(),
            heard: Vec::new(),
        }
    }

    pub(crate) fn handle(
        &mut self,
        now: Time,
        event: NodeEvent<'_>,
        world: World<'_>,
        out: &mut Vec<NodeAction>,
    ) {
        let view = View {
            world,
            node: self.node,
            key: self.key,
            store: self.store,
            same: self.same,
        };
        match event {
            NodeEvent::Named { address } => self.heard.push(address),
            NodeEvent::DialFailed { address, .. } => {
                self.dialing.remove(&address.id());
            }
            NodeEvent::Dialed {
                address,
                epoch,
                kind,
                ..
            } => {
                let peer = address.id();
                self.dialing.remove(&peer);
                self.link(peer, epoch, true, out);
                self.tell(now, Event::PeerUp { peer, epoch, kind }, &view, out);
            }
            NodeEvent::Accepted {
                peer, epoch, kind, ..
            } => {
                self.link(peer, epoch, false, out);
                self.tell(now, Event::PeerUp { peer, epoch, kind }, &view, out);
            }
            NodeEvent::Down { peer, epoch } => {
                if self.peers.get(&peer).is_some_and(|(its, _)| *its == epoch) {
                    self.unlink(peer);
                    out.push(NodeAction::Down { peer, epoch });
                }
                self.tell(now, Event::PeerDown { peer, epoch }, &view, out);
            }
            NodeEvent::Message {
                from,
                epoch,
                message,
            } => {
                self.tell(
                    now,
                    Event::Message {
                        from,
                        epoch,
                        message,
                    },
                    &view,
                    out,
                );
            }
            NodeEvent::Garbage { from, epoch, error } => {
                self.tell(now, Event::Garbage { from, epoch, error }, &view, out);
            }
            NodeEvent::Unsent { to, epoch } => {
                self.tell(now, Event::Unsent { to, epoch }, &view, out);
            }
            NodeEvent::Resolved { query, ips } => {
                self.tell(now, Event::Resolved { query, ips }, &view, out);
            }
            NodeEvent::Tick => self.tell(now, Event::Tick, &view, out),
            _ => {}
        }
        self.fill(out);
    }

    fn link(&mut self, peer: NodeId, epoch: Epoch, ours: bool, out: &mut Vec<NodeAction>) {
        self.unlink(peer);
        self.dialed += usize::from(ours);
        self.peers.insert(peer, (epoch, ours));
        out.push(NodeAction::Up { peer, epoch });
    }

    fn unlink(&mut self, peer: NodeId) {
        if let Some((_, ours)) = self.peers.remove(&peer) {
            self.dialed -= usize::from(ours);
        }
    }

    fn tell(&mut self, now: Time, event: Event<'_>, view: &View<'_>, out: &mut Vec<NodeAction>) {
        let before = self.pex.stats();
        let from = match &event {
            Event::Message { from, .. } => Some(*from),
            _ => None,
        };
        for action in self.pex.handle(now, event, view) {
            match action {
                Action::Send { to, epoch, message } => {
                    out.push(NodeAction::Send { to, epoch, message });
                }
                Action::AddPeer { address, from } => {
                    if self.dialed + self.heard.len() < self.wants {
                        self.heard.push(address.clone());
                    }
                    out.push(NodeAction::Heard { address, from });
                }
                Action::SetTimer(at) => out.push(NodeAction::SetTimer(at)),
                Action::Disconnect {
                    peer,
                    epoch,
                    reason,
                } => {
                    let why = HangUp::Fault(reason);
                    out.push(NodeAction::HangUp { peer, epoch, why });
                }
                Action::Report { peer, fault } => out.push(NodeAction::Fault { peer, fault }),
                Action::Resolve {
                    query,
                    name,
                    deadline,
                } => {
                    out.push(NodeAction::Resolve {
                        query,
                        name,
                        deadline,
                    });
                }
                _ => {}
            }
        }
        let after = self.pex.stats();
        if let Some(peer) = from.filter(|_| after.responses_accepted > before.responses_accepted) {
            let told = after.addresses_told - before.addresses_told;
            let fresh = after.addresses_fresh - before.addresses_fresh;
            // First what was answered, then what follows from it.
            out.insert(0, NodeAction::Answered { peer, told, fresh });
        }
    }

    /// Dials until it has dialed enough.
    fn fill(&mut self, out: &mut Vec<NodeAction>) {
        while self.dialed + self.dialing.len() < self.wants {
            let Some(address) = self.heard.pop() else {
                return;
            };
            let id = address.id();
            let is_new = id != self.me && !self.peers.contains_key(&id);
            if is_new && self.dialing.insert(id) {
                let nearest = Reach::World;
                out.push(NodeAction::Dial { address, nearest });
            }
        }
    }
}
