//! What machines want done, carried out as the node's driver does.

use std::collections::VecDeque;

use pex::peers::{DialFailure, PeerRecord};
use pex::wire::{Dialect, Entry, Message};
use pex::{Epoch, NodeAction, NodeAddress, NodeEvent, NodeId, QueryId};

use crate::links::State;
use crate::machine::kind_seen;
use crate::network::{DIAL_TIMEOUT, Dial};
use crate::scenario::Tuning;
use crate::simulation::{Load, Parcel, Simulation, What};

/// After how long it is seen again whether a node still hangs.
const HANGS: u64 = 1_000_000_000;

/// What a machine is told once all that it wanted is done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum After {
    /// A request could not be sent.
    Unsent(NodeId, Epoch),
    /// There is no such name: none of this world's nodes has one.
    Unknown(QueryId),
}

impl Simulation {
    /// Does what a machine says; notes what is to be told once all is done.
    pub(crate) fn carry_out(&mut self, node: u32, order: NodeAction, after: &mut VecDeque<After>) {
        let crowd = &mut self.crowds[usize::from(self.members[node as usize].group)];
        let mut record = |tag: u64, more: u64| {
            self.digest.number(u64::from(node) << 8 | tag);
            self.digest.number(more);
        };
        match order {
            NodeAction::Send { to, epoch, message } => {
                record(1, epoch.number());
                let is_request = matches!(message, Message::Request(_));
                if !self.send(node, epoch, message) && is_request {
                    after.push_back(After::Unsent(to, epoch));
                }
            }
            NodeAction::SetTimer(at) => {
                record(2, at.as_nanos());
                let at = self.members[node as usize].moment(self.now, at);
                self.set_timer(node, at);
            }
            NodeAction::Dial { address, .. } => {
                record(3, u64::from(address.port()));
                self.digest.bytes(address.id().as_bytes());
                crowd.dials += 1;
                self.dial(node, address);
            }
            NodeAction::HangUp { epoch, .. } => {
                record(4, epoch.number());
                self.hang_up(node, epoch);
            }
            NodeAction::Persist(changes) => {
                record(5, changes.len() as u64);
                for change in &changes {
                    let key = change.key.as_bytes();
                    self.digest.bytes(change.value.as_deref().unwrap_or(key));
                    let known = PeerRecord::id_of_key(key).and_then(|id| self.places.number(id));
                    if let Some(known) = known {
                        let keeps = change.value.is_some();
                        self.watch
                            .keeps(node, known, keeps, self.now, &self.members);
                    }
                }
                if let Some(disk) = &mut self.members[node as usize].disk {
                    disk.write(self.now, changes);
                }
            }
            NodeAction::SaveBook => {
                record(6, 0);
                self.save_book(node, true);
            }
            NodeAction::Up { epoch, .. } => record(7, epoch.number()),
            NodeAction::Down { epoch, .. } => record(8, epoch.number()),
            NodeAction::Answered { told, fresh, .. } => {
                record(9, told << 32 | fresh);
                if self.watch.answered(node, self.now) {
                    let guess = self.guess(node);
                    self.watch.guessed(node, guess);
                }
            }
            NodeAction::Heard { address, .. } => {
                record(10, u64::from(address.port()));
                self.digest.bytes(address.id().as_bytes());
                if let Some(known) = self.places.number(address.id()) {
                    self.watch.keeps(node, known, true, self.now, &self.members);
                }
            }
            NodeAction::Fault { .. } => {
                record(11, 0);
                crowd.faults_seen += 1;
            }
            NodeAction::Resolve { query, .. } => {
                record(12, 0);
                after.push_back(After::Unknown(query));
            }
            _ => record(13, 0),
        }
    }

    /// Sends a message on a link; false if that is impossible.
    pub(crate) fn send(&mut self, node: u32, epoch: Epoch, message: Message<'static>) -> bool {
        let Some(side) = self.links.side(epoch, node) else {
            return false;
        };
        let is_open = |state| state == State::Open;
        if !(self.links.get(epoch)).is_some_and(|link| is_open(link.ends[side].state)) {
            return false;
        }
        let crowd = &mut self.crowds[usize::from(self.members[node as usize].group)];
        let bytes = message.encoded_len() as u64;
        crowd.bytes += bytes;
        if let Message::Response(response) = &message {
            crowd.answers += 1;
            self.digest.number(bytes);
            // Its beginning stands for all of it: what its reader makes of the rest is hashed there.
            let first = response.entries().next();
            self.digest.bytes(match first {
                Some(Entry::V1 { id, .. }) => id.as_bytes(),
                Some(Entry::V2 { url }) => url.as_bytes(),
                None => &[],
            });
        } else {
            crowd.requests += 1;
            self.digest
                .number(u64::from(message.dialect() == Dialect::V1));
            if let Some(link) = self.links.get(epoch) {
                self.members[link.ends[1 - side].node as usize].asked += 1;
            }
        }
        self.ship(epoch, side, Load::Message(message));
        true
    }

    /// Puts something on its way from this side of a link.
    pub(crate) fn ship(&mut self, epoch: Epoch, from: usize, load: Load) {
        let took = self.network.latency();
        let Some(link) = self.links.get_mut(epoch) else {
            return;
        };
        let nodes = [link.ends[0].node, link.ends[1].node];
        let mut load = load;
        let fate = self.faults.fate(nodes, &mut load);
        let mut at = self.now + took + fate.delay;
        if fate.delay == 0 {
            at = at.max(link.ends[from].arrives);
            link.ends[from].arrives = at;
        }
        let to = u8::from(from == 0);
        for _ in 1..fate.copies {
            self.put(at, epoch, to, load.clone());
        }
        self.ledger.sent += u64::from(fate.copies == 0);
        self.ledger.dropped += u64::from(fate.copies == 0);
        if fate.copies > 0 {
            self.put(at, epoch, to, load);
        }
    }

    fn put(&mut self, at: u64, epoch: Epoch, to: u8, load: Load) {
        self.ledger.sent += 1;
        let parcel = self.parcels.insert(Parcel { epoch, to, load });
        let parcel = u32::try_from(parcel).unwrap_or(u32::MAX);
        self.queue.push(at, What::Deliver { parcel });
    }

    /// Ends a link from this node's side, behind all that it has sent.
    pub(crate) fn hang_up(&mut self, node: u32, epoch: Epoch) {
        let Some(side) = self.links.side(epoch, node) else {
            return;
        };
        if self
            .links
            .get(epoch)
            .is_some_and(|link| link.ends[side].state == State::Open)
        {
            self.links.set(epoch, side, State::HungUp);
            self.say_farewell(epoch, side);
        }
    }

    /// The other end will learn that this one is done, once all that was sent has arrived.
    pub(crate) fn say_farewell(&mut self, epoch: Epoch, from: usize) {
        let took = self.network.latency();
        let now = self.now;
        if let Some(link) = self.links.get_mut(epoch)
            && !link.ends[1 - from].mute
        {
            let at = (now + took).max(link.ends[from].arrives);
            link.ends[from].arrives = at;
            let side = u8::from(from == 0);
            self.queue.push(at, What::Farewell { epoch, side });
        }
    }

    /// One end learns that the other is done.
    pub(crate) fn farewell(&mut self, epoch: Epoch, side: usize) {
        let Some(link) = self.links.get(epoch) else {
            return;
        };
        let (end, other) = (link.ends[side], link.ends[1 - side]);
        if end.state == State::Gone {
            return;
        }
        if self.members[end.node as usize].stuck {
            let side = side as u8;
            self.queue
                .push(self.now + HANGS, What::Farewell { epoch, side });
            return;
        }
        self.links.set(epoch, side, State::Gone);
        if end.state == State::Open && other.state != State::Gone {
            self.say_farewell(epoch, side);
        }
        self.members[end.node as usize].forget(other.node, epoch);
        let peer = self.places.id(other.node);
        self.tell(end.node, NodeEvent::Down { peer, epoch });
    }

    /// Begins a dial.
    pub(crate) fn dial(&mut self, from: u32, address: NodeAddress) {
        let member = &self.members[from as usize];
        let life = member.life;
        // Options drawn at random may allow it. Who was left undefended shows what comes of that.
        let tuning = self.crowds[usize::from(member.group)].group.tuning;
        let unbounded = tuning == Tuning::Bounds && member.machine.dials_hearsay_without_bound();
        let too_often = self.aim.dialed((from, life), &address, self.now);
        if too_often && !unbounded && !self.faults.drawn.any() {
            self.break_off(25, "a place is dialed eight times a day at most", from);
        }
        let target = self.places.at(&address);
        let answered = target.is_some_and(|target| self.reaches(from, target));
        let fails = self.network.dial_fails();
        let took = if answered || fails {
            self.network.dial()
        } else {
            DIAL_TIMEOUT
        };
        let took = took + self.faults.dial_lasts();
        let dial = self.dials.insert(Dial {
            from,
            life,
            address,
            fails,
        });
        let dial = u32::try_from(dial).unwrap_or(u32::MAX);
        self.queue.push(self.now + took, What::Dialed { dial });
    }

    /// Whether a dial from one node to another is answered now.
    pub(crate) fn reaches(&self, from: u32, to: u32) -> bool {
        let member = &self.members[to as usize];
        member.alive
            && !member.stuck
            && from != to
            && !self.crowds[usize::from(member.group)].group.behind_nat
            && !self.faults.parts(from, to)
    }

    /// A dial ends.
    pub(crate) fn dialed(&mut self, dial: u32) {
        let dialer = self.dials.get(dial as usize).map(|it| it.from);
        if dialer.is_some_and(|it| self.members[it as usize].stuck) {
            self.queue.push(self.now + HANGS, What::Dialed { dial });
            return;
        }
        let dial = self.dials.remove(dial as usize);
        let dialer = &self.members[dial.from as usize];
        if !dialer.alive || dialer.life != dial.life {
            return;
        }
        let address = dial.address;
        let target = self.places.at(&address).filter(|_| !dial.fails);
        let why = match target {
            Some(target) if self.reaches(dial.from, target) => {
                if self.places.id(target) == address.id() && !self.faults.is_stranger() {
                    self.connect(dial.from, target, address);
                    return;
                }
                DialFailure::NotThisNode
            }
            Some(target) if target == dial.from => DialFailure::NotThisNode,
            _ => DialFailure::Unreachable,
        };
        self.tell(dial.from, NodeEvent::DialFailed { address, why });
    }

    /// Connects two nodes; the first has dialed. Each takes the connection for itself: of two with the
    /// same peer it keeps that which the lower id has dialed, unless it has hung up on the other.
    pub(crate) fn connect(&mut self, dialer: u32, acceptor: u32, address: NodeAddress) {
        let nodes = [dialer, acceptor];
        let dialer_is_lower = self.places.id(dialer) < self.places.id(acceptor);
        let old =
            [0, 1].map(|side: usize| self.members[nodes[side] as usize].link_with(nodes[1 - side]));
        let keeps = [0, 1].map(|side: usize| {
            let Some(old) = old[side].and_then(|epoch| self.links.get(epoch)) else {
                return true;
            };
            let mine = usize::from(old.ends[0].node != nodes[side]);
            let same_dialer = old.ends[0].node == dialer;
            old.ends[mine].state != State::Open || same_dialer || dialer_is_lower
        });
        let epoch = self.links.add(dialer, acceptor, self.now);
        for side in [0, 1] {
            if keeps[side] {
                if let Some(old) = old[side] {
                    self.hang_up(nodes[side], old);
                }
                self.members[nodes[side] as usize].keep(nodes[1 - side], epoch);
            } else {
                self.say_farewell(epoch, side);
            }
        }
        for side in [0, 1] {
            if !keeps[side] {
                self.links.set(epoch, side, State::Gone);
            }
        }
        let said = nodes.map(|node| {
            let group = usize::from(self.members[node as usize].group);
            self.crowds[group].said()
        });
        if keeps[0] {
            let kind = kind_seen(&said[0], &said[1]);
            let ip = address.ip();
            let event = NodeEvent::Dialed {
                address,
                epoch,
                kind,
                ip,
            };
            self.tell(dialer, event);
        } else {
            let why = DialFailure::NotTried;
            self.tell(dialer, NodeEvent::DialFailed { address, why });
        }
        if keeps[1] {
            let event = NodeEvent::Accepted {
                peer: self.places.id(dialer),
                epoch,
                kind: kind_seen(&said[1], &said[0]),
                ip: Some(self.places.ip(dialer)),
                listen: Some(self.places.address(dialer)),
            };
            self.tell(acceptor, event);
        }
    }

    /// Writes a node's book to its disk, if it has one.
    pub(crate) fn save_book(&mut self, node: u32, at_once: bool) {
        let member = &mut self.members[node as usize];
        if let (Some(disk), Some(book)) = (&mut member.disk, member.machine.address_book()) {
            disk.write_book(self.now, book, at_once);
        }
    }
}
