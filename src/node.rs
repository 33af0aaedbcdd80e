//! The exchange and the peer manager as one machine, which an embedder can use as it is.

mod event;
mod manager;
mod talk;

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;

pub use event::{HangUp, NodeAction, NodeEvent};
pub use manager::Manager;

use talk::Task;

use crate::invariant::hold;
use crate::peers::{self, Change, Options, PeerManager, PeerRecord};
use crate::v1::{self, Switch};
use crate::{Actions, Broken, Config, Event, Kind, NodeId, Pex, Seed, Time};

/// A node's whole discovery: [`Pex`] asks and answers, [`PeerManager`] knows, dials and keeps, and
/// what the one says the other hears. One `handle`, one deadline, one batch of actions.
///
/// The rules are those of its parts: it is total, deterministic and bounded, and has no clock, no
/// socket and no chance but its seed.
///
/// ```
/// use pex::peers::Options;
/// use pex::{Config, Epoch, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Seed, Time};
///
/// let (me, seed, now) = (NodeId::new([1; 20]), Seed::new([7; 32]), Time::from_secs(1));
/// let mut node = Node::new(Config::default(), Options::default(), me, seed, now);
///
/// // The operator names a seed; it is dialed, connected with, and asked.
/// let address: NodeAddress = "00112233445566778899aabbccddeeff00112233@8.8.8.8:26656".parse()?;
/// let actions = node.handle(now, NodeEvent::Named { address: address.clone() });
/// assert!(matches!(&actions[0], NodeAction::Dial { address: dialed, .. } if *dialed == address));
///
/// let (epoch, kind) = (Epoch::new(1), Kind::V2);
/// let actions = node.handle(now, NodeEvent::Dialed { address, epoch, kind, ip: None });
/// assert!(matches!(&actions[0], NodeAction::Up { .. }));
/// assert!(matches!(&actions[1], NodeAction::Send { .. }));
/// # Ok::<(), pex::AddressError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Node<M = PeerManager> {
    pex: Pex,
    peers: M,
    /// What the handshake told of whom this event brings.
    arriving: Kind,
    /// Whether it is somebody who has come to us.
    comes: bool,
    /// The latest time of which we have heard, which is that of both parts.
    latest: Time,
    armed: Option<Time>,
    hears_all: bool,
    /// Of whom nobody hears, whatever the manager's options say.
    private: BTreeSet<NodeId>,
}

impl Node {
    /// A machine for the node `me` in the manner of V2, which starts at `now`, knows nobody and is
    /// connected with nobody.
    ///
    /// Where `config` and `options` name private nodes or our own addresses, both count for both.
    #[must_use]
    pub fn new(
        mut config: Config,
        mut options: Options,
        me: NodeId,
        seed: Seed,
        now: Time,
    ) -> Self {
        config.private_ids.extend(&options.private);
        options.private.extend(&config.private_ids);
        for address in &options.own_addresses {
            if !config.own_addresses.contains(address) {
                config.own_addresses.push(address.clone());
            }
        }
        options.own_addresses.clone_from(&config.own_addresses);
        let peers = PeerManager::new(options, me, seed.derive(2), now);
        Self::over(config, peers, seed, now)
    }

    /// Takes in what was written down before a restart: see [`PeerManager::load`]. Send a
    /// [`NodeEvent::Tick`] when all is loaded.
    pub fn load(&mut self, record: &PeerRecord) -> usize {
        self.peers.load(record)
    }
}

impl Node<Switch> {
    /// A machine in the manner of V1, with what `switch` knows, connected with nobody.
    #[must_use]
    pub fn v1(config: Config, switch: Switch, seed: Seed, now: Time) -> Self {
        Self::over(config, switch, seed, now)
    }

    /// Takes over other limits and times while the node runs: see [`Switch::reconfigure`].
    #[must_use = "what is not carried out has not happened"]
    pub fn reconfigure(&mut self, now: Time, options: v1::Options) -> Actions<NodeAction> {
        let actions = self.peers.reconfigure(now, options);
        self.peers.make_room(self.pex.config_mut());
        self.carry(now, actions)
    }

    /// Takes over other lists of nodes as well: see [`Switch::reconfigure_with_lists`].
    #[must_use = "what is not carried out has not happened"]
    pub fn reconfigure_with_lists(
        &mut self,
        now: Time,
        options: v1::Options,
    ) -> Actions<NodeAction> {
        let actions = self.peers.reconfigure_with_lists(now, options);
        let private = self.private.union(&self.peers.options().private);
        self.pex.set_private_ids(private.copied().collect());
        self.peers.make_room(self.pex.config_mut());
        self.carry(now, actions)
    }

    fn carry(&mut self, now: Time, of_peers: Actions<peers::Action>) -> Actions<NodeAction> {
        let (mut out, mut tasks) = (Actions::default(), VecDeque::new());
        tasks.extend(of_peers.into_iter().map(Task::OfPeers));
        self.latest = self.latest.max(now);
        self.finish(false, tasks, &mut out);
        out
    }
}

impl<M: Manager> Node<M> {
    fn over(mut config: Config, peers: M, seed: Seed, now: Time) -> Self {
        let private = config.private_ids.clone();
        peers.configure(&mut config);
        Self {
            pex: Pex::new(config, peers.me(), seed.derive(1), now).putting_aside(),
            peers,
            latest: now,
            arriving: Kind::V1,
            comes: false,
            armed: None,
            hears_all: false,
            private,
        }
    }

    /// The same, and every address that a peer tells comes out as a [`NodeAction::Heard`], known or
    /// not, taken in or not. For a crawler, which wants to know who knows whom.
    #[must_use]
    pub const fn hearing_all(mut self) -> Self {
        self.hears_all = true;
        self
    }

    /// Takes in what a peer has told in an earlier life of this machine: see [`Pex::recall`].
    pub fn recall(&mut self, teller: NodeId, told: impl IntoIterator<Item = NodeId>) {
        self.pex.recall(teller, told);
    }

    /// Advances the machine by one event, and returns everything it wants done, in order.
    ///
    /// Carry out all of it before the next call. A `now` before that of an earlier call is taken to
    /// be the latest time known, and counted by the part that the event is for; see [`Node::rewind`].
    pub fn handle(&mut self, now: Time, event: NodeEvent<'_>) -> Actions<NodeAction> {
        let (mut out, mut tasks) = (Actions::default(), VecDeque::new());
        let is_tick = matches!(event, NodeEvent::Tick);
        self.latest = self.latest.max(now);
        self.on_event(now, event, &mut tasks, &mut out);
        self.finish(is_tick, tasks, &mut out);
        out
    }

    /// All that follows from an event. Both parts have one clock, whichever of them it was for: what is
    /// due comes now, so that nothing is sent over a connection that the event ends. Where nothing is
    /// due, nothing more is done: an event that makes no sense moves nothing.
    fn finish(&mut self, is_tick: bool, mut tasks: VecDeque<Task>, out: &mut Actions<NodeAction>) {
        self.settle(self.latest, &mut tasks, out);
        let is_due = self.deadline().is_some_and(|at| at <= self.latest);
        if is_due && !is_tick {
            self.on_event(self.latest, NodeEvent::Tick, &mut tasks, out);
            self.settle(self.latest, &mut tasks, out);
        }
        self.set_timer(out);
    }

    fn on_event(
        &mut self,
        now: Time,
        event: NodeEvent<'_>,
        tasks: &mut VecDeque<Task>,
        out: &mut Actions<NodeAction>,
    ) {
        match event {
            NodeEvent::Named { address } => {
                let from = self.peers.me();
                self.tell_peers(now, peers::Event::Learned { address, from }, tasks);
            }
            NodeEvent::DialFailed { address, why } => {
                self.tell_peers(now, peers::Event::DialFailed { address, why }, tasks);
            }
            NodeEvent::Dialed {
                address,
                epoch,
                kind,
                ip,
            } => {
                let peer = address.id();
                (self.arriving, self.comes) = (kind, false);
                self.tell_peers(now, peers::Event::Dialed { address, epoch, ip }, tasks);
                self.tell_peers(self.latest, peers::Event::Ready { peer, epoch }, tasks);
            }
            NodeEvent::Accepted {
                peer,
                epoch,
                kind,
                ip,
                listen,
            } => {
                (self.arriving, self.comes) = (kind, true);
                let accepted = peers::Event::Accepted {
                    peer,
                    epoch,
                    ip,
                    listen,
                };
                self.tell_peers(now, accepted, tasks);
                self.tell_peers(self.latest, peers::Event::Ready { peer, epoch }, tasks);
            }
            NodeEvent::Down { peer, epoch } => {
                self.tell_peers(now, peers::Event::Disconnected { peer, epoch }, tasks);
            }
            NodeEvent::Misbehaved { peer, how } => {
                self.tell_peers(now, peers::Event::Misbehaved { peer, how }, tasks);
            }
            NodeEvent::Behaved { peer } => {
                self.tell_peers(now, peers::Event::Behaved { peer }, tasks);
            }
            NodeEvent::Release { peer } => {
                self.tell_peers(now, peers::Event::Release { peer }, tasks);
            }
            NodeEvent::InUse { peer, in_use } => {
                self.tell_peers(now, peers::Event::InUse { peer, in_use }, tasks);
            }
            NodeEvent::Message {
                from,
                epoch,
                message,
            } => {
                let event = Event::Message {
                    from,
                    epoch,
                    message,
                };
                self.tell_pex(now, event, tasks, out);
            }
            NodeEvent::Garbage { from, epoch, error } => {
                self.tell_pex(now, Event::Garbage { from, epoch, error }, tasks, out);
            }
            NodeEvent::Unsent { to, epoch } => {
                self.tell_pex(now, Event::Unsent { to, epoch }, tasks, out);
            }
            NodeEvent::Resolved { query, ips } => {
                self.tell_pex(now, Event::Resolved { query, ips }, tasks, out);
            }
            NodeEvent::Tick => {
                self.tell_peers(now, peers::Event::Tick, tasks);
                self.tell_pex(now, Event::Tick, tasks, out);
            }
        }
    }

    fn set_timer(&mut self, out: &mut Actions<NodeAction>) {
        let deadline = self.deadline();
        if deadline != self.armed {
            self.armed = deadline;
            out.extend(deadline.map(NodeAction::SetTimer));
        }
    }

    /// When the machine next has something to do by itself; `None` if only an event can wake it.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        match (self.pex.deadline(), self.peers.deadline()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Sets the machine's time back to `now`, and with it everything that is due: see
    /// [`Pex::rewind`] and [`PeerManager::rewind`].
    pub fn rewind(&mut self, now: Time) {
        self.pex.rewind(now);
        self.peers.rewind(now);
        self.latest = self.latest.min(now);
        self.armed = self.deadline();
    }

    /// Everything that has changed and was not handed out, such as before the process ends: see
    /// [`PeerManager::flush`].
    #[must_use = "what is not written down is lost"]
    pub fn flush(&mut self) -> Option<Vec<Change>> {
        self.peers.flush()
    }

    /// The exchange.
    #[must_use]
    pub const fn pex(&self) -> &Pex {
        &self.pex
    }

    /// Who keeps the peers.
    #[must_use]
    pub const fn peers(&self) -> &M {
        &self.peers
    }

    /// Checks the invariants of both parts, and those between them.
    ///
    /// # Errors
    ///
    /// The first invariant that does not hold.
    pub fn check(&self) -> Result<(), Broken> {
        self.pex.check()?;
        self.peers.check()?;
        let up = self.pex.peers();
        let all = up.iter().all(|(id, _)| self.peers.is_up(*id));
        hold(
            2,
            all && up.len() == self.peers.ups(),
            "who may be used is up in the exchange, and nobody else",
        )
    }
}
