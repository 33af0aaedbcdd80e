//! The loop of any driver, without the waiting: reports go in, and what needs a socket comes out.

use core::time::Duration;
use std::collections::VecDeque;

use pex::{Node, NodeAction, NodeAddress, NodeEvent, QueryId, Reach, Time};
use pex_node::{Clock, Report};

use crate::{Peers, Setup, show};

/// Something that only the executor can do.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver has to do every job")]
pub enum Job {
    /// Dial this, and report what comes of it.
    Dial(NodeAddress, Reach),
    /// Look this up, and report what it is.
    Resolve(QueryId, String),
}

/// The machine, and who is connected. `S` is the way to send on a connection.
#[derive(Debug)]
pub struct Machine<S> {
    node: Node,
    clock: Clock,
    peers: Peers<S>,
    try_send: fn(&S, Vec<u8>) -> bool,
    actions: VecDeque<NodeAction>,
    /// What the machine has not been told yet.
    reports: VecDeque<Report>,
}

impl<S> Machine<S> {
    /// The machine that is set up. `try_send` queues a message, or says that it can't be.
    #[must_use]
    pub fn new(setup: Setup, try_send: fn(&S, Vec<u8>) -> bool) -> Self {
        let mut machine = Self {
            node: setup.node,
            clock: setup.clock,
            peers: Peers::new(setup.local.id()),
            try_send,
            actions: VecDeque::new(),
            reports: VecDeque::new(),
        };
        for address in setup.known {
            machine.tell(NodeEvent::Named { address });
        }
        machine
    }

    /// The next job. Everything that one event makes the machine want is done before the next event,
    /// so ask until there is none, and only then wait.
    pub fn next_job(&mut self) -> Option<Job> {
        loop {
            let Some(action) = self.actions.pop_front() else {
                let report = self.reports.pop_front()?;
                if let Some(event) = report.event() {
                    self.tell(event);
                }
                continue;
            };
            show(&action);
            match action {
                NodeAction::Dial { address, nearest } => return Some(Job::Dial(address, nearest)),
                NodeAction::Send { to, epoch, message } => {
                    let unsent = self.peers.send(to, epoch, &message, self.try_send);
                    self.reports.extend(unsent);
                }
                NodeAction::HangUp { peer, epoch, .. } => self.peers.hang_up(peer, epoch, drop),
                NodeAction::Resolve { query, name, .. } => return Some(Job::Resolve(query, name)),
                // The timer is asked for in `wait`; nothing of an example is written down; and the
                // others only tell what goes on.
                _ => {}
            }
        }
    }

    /// How long to wait for a report.
    #[must_use]
    pub fn wait(&self) -> Duration {
        let deadline = self.node.deadline().unwrap_or(Time::MAX);
        self.clock.until(deadline)
    }

    /// Takes in what came while waiting, if anything did, with the way to send on a new connection.
    pub fn handle(&mut self, input: Option<(Report, Option<S>)>) {
        // First, so that those who report without a pause don't keep the machine from its own work.
        if self.wait().is_zero() {
            self.tell(NodeEvent::Tick);
        }
        if let Some((report, sender)) = input {
            self.reports.extend(self.peers.note(report, sender));
        }
    }

    fn tell(&mut self, event: NodeEvent<'_>) {
        let actions = self.node.handle(self.clock.now(), event);
        self.actions.extend(actions);
    }
}
