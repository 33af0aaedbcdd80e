//! Discovery for a node that has a transport of its own.
//!
//! The embedder reports what happens to its connections, and carries out what it is told. Clock,
//! timer, decoding and the order of things are looked after here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pex::peers::{Change, PeerManager};
use pex::v1::{Options, Switch};
use pex::{Actions, Epoch, Manager, Node, NodeAction, NodeEvent, NodeId, Time};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::report::{Gone, Report, message};

/// Reports that may wait by default. A full queue makes the connections wait, and with them the
/// peers who fill it.
const REPORTS: usize = 1_024;

/// Runs one [`Node`] for an embedder with its own connections, in the manner of V2 or of V1.
///
/// Reports go in through a [`Reporter`], which any number of tasks may hold, or directly through
/// [`tell`](Self::tell); orders come out of [`next`](Self::next), one by one, in the order in which
/// they are to be carried out. They are the [`NodeAction`]s of the core, without the timer:
///
/// | order | what to do |
/// |---|---|
/// | `Dial` | dial it; report [`Dialed`](Report::Dialed) or [`DialFailed`](Report::DialFailed) |
/// | `Send` | queue it; a request that can't be queued is [`Unsent`](Report::Unsent) |
/// | `HangUp` | close once what is queued is sent, and report [`Down`](Report::Down) |
/// | `Resolve` | look the name up, and report [`Resolved`](Report::Resolved) |
/// | `Persist`, `SaveBook` | write it down, if anything is to outlive the process |
/// | `Up`, `Down`, `Heard`, `Answered`, `Fault` | nothing: they tell what goes on |
///
/// # Bounds
///
/// Reports wait in a queue of 1,024 (see [`with_queue`](Self::with_queue)). When it is full,
/// [`Reporter::tell`] waits, so a connection whose bytes nobody takes is not read any further. Orders
/// wait only for as long as it takes to hand them out: no report is taken before the orders of the
/// one before it are gone.
///
/// # Cancelling and dropping
///
/// [`next`](Self::next) and [`Reporter::tell`] may be dropped at any time, as in `select!`: an order
/// that was not returned is returned by the next call, and a report is in the queue or it is not.
/// When the `Discovery` is dropped, reports fail with [`Gone`], and that is how tasks learn that they
/// may end. Dropping a [`Reporter`] does nothing. [`close`](Self::close) gives back what is not
/// written down yet.
///
/// # Example
///
/// ```
/// use pex::peers::Options;
/// use pex::{Config, Kind, Node, NodeAction, NodeEvent, NodeId};
/// use pex_node::{Clock, Discovery, Report, fresh_seed};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let (clock, me) = (Clock::start(), NodeId::new([1; 20]));
/// let node = Node::new(Config::default(), Options::default(), me, fresh_seed()?, clock.now());
/// let mut discovery = Discovery::new(node, clock);
/// let seed = "00112233445566778899aabbccddeeff00112233@8.8.8.8:26656".parse()?;
/// discovery.tell(NodeEvent::Named { address: seed });
///
/// let NodeAction::Dial { address, .. } = discovery.next().await else { unreachable!() };
/// let reporter = discovery.reporter();
/// tokio::spawn(async move {
///     // Your transport dials, shakes hands, and then says:
///     let epoch = reporter.epoch();
///     let dialed = Report::Dialed { address, epoch, kind: Kind::V1, ip: None };
///     reporter.tell(dialed).await
/// });
/// assert!(matches!(discovery.next().await, NodeAction::Up { .. }));
/// let NodeAction::Send { message, .. } = discovery.next().await else { unreachable!() };
/// // The request for addresses, to go out on channel 0.
/// assert_eq!(message.to_bytes(), [0x0a, 0x00]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Discovery<M = PeerManager> {
    node: Node<M>,
    clock: Clock,
    timer: Option<Time>,
    orders: VecDeque<NodeAction>,
    reports: mpsc::Receiver<Report>,
    /// The pattern of all reporters. While we hold it, the queue never closes.
    reporter: Reporter,
}

impl<M: Manager> Discovery<M> {
    /// Discovery by this machine, with no connections yet.
    #[must_use]
    pub fn new(node: Node<M>, clock: Clock) -> Self {
        Self::with_queue(node, clock, REPORTS)
    }

    /// The same, in whose queue this many reports may wait; 0 counts as 1. A report of bytes is as
    /// large as the message, so this bounds the memory that all peers together cost.
    #[must_use]
    pub fn with_queue(node: Node<M>, clock: Clock, reports: usize) -> Self {
        let (sender, reports) = mpsc::channel(reports.max(1));
        Self {
            // A machine that knows somebody already has something to do at once.
            timer: Some(clock.now()),
            node,
            clock,
            orders: VecDeque::new(),
            reports,
            reporter: Reporter {
                reports: sender,
                epochs: Arc::default(),
            },
        }
    }

    /// A way in for the tasks that carry connections.
    #[must_use]
    pub fn reporter(&self) -> Reporter {
        self.reporter.clone()
    }

    /// The next thing to do. Safe to cancel: nothing is lost.
    ///
    /// Must be called in a tokio runtime with time.
    pub async fn next(&mut self) -> NodeAction {
        loop {
            if let Some(order) = self.take() {
                return order;
            }
            tokio::select! {
                Some(report) = self.reports.recv() => self.take_in([report]),
                () = self.clock.sleep_until(self.timer) => {
                    self.tell(NodeEvent::Tick);
                    self.timer = self.node.deadline();
                }
            }
        }
    }

    /// The next thing to do, if there is one already.
    pub fn take(&mut self) -> Option<NodeAction> {
        self.orders.pop_front()
    }

    /// Tells the machine at once. For whoever owns the `Discovery`: waiting for a place in its own
    /// queue would be waiting for oneself.
    pub fn tell(&mut self, event: NodeEvent<'_>) {
        let actions = self.node.handle(self.clock.now(), event);
        self.take_orders(actions);
    }

    fn take_orders(&mut self, actions: Actions<NodeAction>) {
        for action in actions {
            match action {
                NodeAction::SetTimer(at) => self.timer = Some(at),
                order => self.orders.push_back(order),
            }
        }
    }

    /// Tells the machine of reports that did not come through its queue, at once.
    pub fn take_in(&mut self, reports: impl IntoIterator<Item = Report>) {
        for report in reports {
            if let Some(event) = report.event() {
                self.tell(event);
            }
        }
    }

    /// Tells the machine of a message that came on a connection, at once.
    pub fn tell_bytes(&mut self, from: NodeId, epoch: Epoch, bytes: &[u8]) {
        if let Some(event) = message(from, epoch, bytes) {
            self.tell(event);
        }
    }

    /// The machine.
    #[must_use]
    pub const fn node(&self) -> &Node<M> {
        &self.node
    }

    /// The clock that the machine goes by.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether the timer is set to when the machine next has something to do.
    #[cfg(test)]
    pub(crate) fn is_armed(&self) -> bool {
        self.timer == self.node.deadline()
    }

    /// Ends, and returns every change that nobody has been told to write down yet.
    #[must_use = "what is not written down is lost"]
    pub fn close(mut self) -> Vec<Change> {
        let told = self.orders.into_iter().filter_map(|order| match order {
            NodeAction::Persist(changes) => Some(changes),
            _ => None,
        });
        let mut changes: Vec<_> = told.flatten().collect();
        changes.extend(self.node.flush().unwrap_or_default());
        changes
    }
}

impl Discovery<Switch> {
    /// Takes over other limits and times: see [`Switch::reconfigure`].
    pub fn reconfigure(&mut self, options: Options) {
        let actions = self.node.reconfigure(self.clock.now(), options);
        self.take_orders(actions);
    }

    /// Takes over other lists of nodes as well: see [`Switch::reconfigure_with_lists`].
    pub fn reconfigure_with_lists(&mut self, options: Options) {
        let actions = self.node.reconfigure_with_lists(self.clock.now(), options);
        self.take_orders(actions);
    }
}

/// A way to tell a [`Discovery`] what happens, from any task. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reporter {
    reports: mpsc::Sender<Report>,
    epochs: Arc<AtomicU64>,
}

impl Reporter {
    /// A number for a new connection, which no other one has.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        Epoch::new(self.epochs.fetch_add(1, Ordering::Relaxed))
    }

    /// Reports something; waits while the queue is full. Safe to cancel: the report is then in the
    /// queue, or it is not, and those of other tasks keep their order.
    ///
    /// # Errors
    ///
    /// [`Gone`] if nobody takes reports any more: end the connection.
    pub async fn tell(&self, report: Report) -> Result<(), Gone> {
        self.reports.send(report).await.map_err(|_| Gone)
    }

    /// The same from a thread; must not be called in a task.
    ///
    /// # Errors
    ///
    /// As [`tell`](Self::tell).
    ///
    /// # Panics
    ///
    /// If it is called in a task: it would block the others of its thread.
    pub fn tell_blocking(&self, report: Report) -> Result<(), Gone> {
        self.reports.blocking_send(report).map_err(|_| Gone)
    }
}

#[cfg(test)]
#[path = "discovery_tests.rs"]
mod tests;
