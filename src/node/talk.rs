//! How the exchange and the peer manager talk to each other.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{HangUp, Manager, Node, NodeAction};
use crate::peers::{self, Misconduct};
use crate::wire::Message;
use crate::{Action, Actions, Epoch, Event, Fault, NodeAddress, NodeId, Time};

/// What one part of the machine has for the other.
pub(super) enum Task {
    OfPex(Action),
    OfPeers(peers::Action),
}

impl<M: Manager> Node<M> {
    pub(super) fn tell_peers(
        &mut self,
        now: Time,
        event: peers::Event,
        tasks: &mut VecDeque<Task>,
    ) {
        self.peers.catch_up(self.latest);
        let actions = self.peers.handle(now, event);
        tasks.extend(actions.into_iter().map(Task::OfPeers));
    }

    pub(super) fn tell_pex(
        &mut self,
        now: Time,
        event: Event<'_>,
        tasks: &mut VecDeque<Task>,
        out: &mut Actions<NodeAction>,
    ) {
        let before = self.pex.stats();
        let from = if let Event::Message { from, .. } = &event {
            Some(*from)
        } else {
            None
        };
        self.pex.catch_up(self.latest);
        let actions = self.pex.handle(now, event, &self.peers);
        let after = self.pex.stats();
        let fresh = after.addresses_fresh.saturating_sub(before.addresses_fresh);
        // All of it: the manager notes what is told again.
        let heard = self.pex.take_heard();
        tasks.extend(actions.into_iter().map(Task::OfPex));
        // An older time is the latest one for the manager too, whose own may lie before it.
        let now = self.latest;
        if let Some(from) = from.filter(|_| !heard.is_empty()) {
            let (taken, refused) = self.learn(now, from, heard, tasks, out);
            // What is refused is refused whenever it is told, and has been news but once.
            let in_vain = refused.min(fresh.saturating_sub(taken));
            self.pex.on_told_in_vain(from, in_vain);
        }
        if let Some(peer) = from.filter(|_| after.responses_accepted > before.responses_accepted) {
            let told = |it: crate::Stats| it.addresses_told.saturating_add(it.addresses_bad);
            out.push(NodeAction::Answered {
                peer,
                told: told(after).saturating_sub(told(before)),
                fresh,
            });
            let actions = self.peers.on_answer_from(now, peer);
            tasks.extend(actions.into_iter().map(Task::OfPeers));
        }
    }

    /// Has the manager learn what a peer has told; returns how much of it was taken in, and how much
    /// was not though it was not known.
    fn learn(
        &mut self,
        now: Time,
        from: NodeId,
        heard: Vec<NodeAddress>,
        tasks: &mut VecDeque<Task>,
        out: &mut Actions<NodeAction>,
    ) -> (u64, u64) {
        let (all, mut taken) = (self.hears_all, 0_u64);
        let mut back = |address, is_new| {
            taken = taken.saturating_add(u64::from(is_new));
            if all || is_new {
                out.push(NodeAction::Heard { address, from });
            }
        };
        let refused = self.peers.refused();
        let actions = self.peers.learn_all(now, from, heard, &mut back);
        let refused = self.peers.refused().saturating_sub(refused);
        tasks.extend(actions.into_iter().map(Task::OfPeers));
        (taken, refused)
    }

    /// Lets the parts answer each other until neither has anything left for the other.
    pub(super) fn settle(
        &mut self,
        now: Time,
        tasks: &mut VecDeque<Task>,
        out: &mut Actions<NodeAction>,
    ) {
        while let Some(task) = tasks.pop_front() {
            match task {
                Task::OfPex(action) => self.on_pex(now, action, tasks, out),
                Task::OfPeers(action) => self.on_peers(now, action, tasks, out),
            }
        }
    }

    fn on_pex(
        &mut self,
        now: Time,
        action: Action,
        tasks: &mut VecDeque<Task>,
        out: &mut Actions<NodeAction>,
    ) {
        match action {
            // The manager may have ended the connection since the exchange had something to say on it.
            Action::Send { to, epoch, .. } if !self.pex.is_up(to, epoch) => {}
            Action::Send { to, epoch, message } => {
                let is_answer = matches!(message, Message::Response(_));
                out.push(NodeAction::Send { to, epoch, message });
                if is_answer {
                    let actions = self.peers.on_answer_to(now, to);
                    tasks.extend(actions.into_iter().map(Task::OfPeers));
                }
            }
            Action::Resolve {
                query,
                name,
                deadline,
            } => out.push(NodeAction::Resolve {
                query,
                name,
                deadline,
            }),
            Action::Report { peer, fault } => {
                out.push(NodeAction::Fault { peer, fault });
                if self.peers.is_guest(peer) || !self.pex.excuses(peer, fault) {
                    let how = Misconduct::Minor;
                    self.tell_peers(now, peers::Event::Misbehaved { peer, how }, tasks);
                }
            }
            Action::Disconnect {
                peer,
                epoch,
                reason,
            } => {
                let why = HangUp::Fault(reason);
                out.push(NodeAction::HangUp { peer, epoch, why });
                let event = match severity(reason) {
                    Some(how) => peers::Event::Misbehaved { peer, how },
                    None => peers::Event::Release { peer },
                };
                self.tell_peers(now, event, tasks);
            }
            // What was heard is with the manager already, and one timer serves both.
            Action::AddPeer { .. } | Action::SetTimer(_) => {}
        }
    }

    fn on_peers(
        &mut self,
        now: Time,
        action: peers::Action,
        tasks: &mut VecDeque<Task>,
        out: &mut Actions<NodeAction>,
    ) {
        match action {
            peers::Action::Dial { address, nearest } => {
                out.push(NodeAction::Dial { address, nearest });
            }
            // The exchange has asked for this end already, and said why.
            peers::Action::Evict { peer, epoch, .. } if has_hung_up(peer, epoch, out) => {}
            peers::Action::Evict { peer, epoch, why } => {
                let why = HangUp::Evicted(why);
                out.push(NodeAction::HangUp { peer, epoch, why });
            }
            peers::Action::Up { peer, epoch } => {
                let kind = self.arriving;
                if let Some(wait) = self.peers.newcomers_wait().filter(|_| self.comes) {
                    self.pex.ask_not_before(peer, now + wait);
                }
                if self.pex.tells_arcs_to(kind) {
                    self.peers.tell_arcs();
                }
                out.push(NodeAction::Up { peer, epoch });
                self.tell_pex(now, Event::PeerUp { peer, epoch, kind }, tasks, out);
            }
            peers::Action::Down { peer, epoch } => {
                out.push(NodeAction::Down { peer, epoch });
                self.tell_pex(now, Event::PeerDown { peer, epoch }, tasks, out);
            }
            peers::Action::Persist(changes) => out.push(NodeAction::Persist(changes)),
            peers::Action::SaveBook => out.push(NodeAction::SaveBook),
            peers::Action::SetTimer(_) => {}
        }
    }
}

/// How bad a fault is for which the exchange ends a connection; none if it is no fault of the peer.
const fn severity(fault: Fault) -> Option<Misconduct> {
    match fault {
        Fault::TooManyPeers { .. } => None,
        Fault::Garbage(_) | Fault::TooManyAddresses { .. } => Some(Misconduct::Fatal),
        Fault::RequestTooSoon { .. }
        | Fault::UnsolicitedResponse
        | Fault::BadAddresses { .. }
        | Fault::NoAnswer { .. } => Some(Misconduct::Major),
    }
}

/// Whether this batch ends a connection already.
fn has_hung_up(peer: NodeId, epoch: Epoch, out: &Actions<NodeAction>) -> bool {
    out.iter().any(|action| {
        matches!(action, NodeAction::HangUp { peer: its, epoch: of, .. } if *its == peer && *of == epoch)
    })
}
