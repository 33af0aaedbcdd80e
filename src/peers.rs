//! V2's peer manager: who is known, who is dialed, who is kept, who has to go, and what others may
//! be told.
//!
//! [`PeerManager`] is the second pure machine of this crate. [`Event`]s go in with the time,
//! [`Action`]s come out; it has no socket, no clock and no source of chance but its seed. It is also
//! the [`Directory`](crate::Directory) from which [`Pex`](crate::Pex) tells others; and
//! [`Node`](crate::Node) is the two of them as one machine.
//!
//! # What it does, and what the reference does
//!
//! The options and the life of a peer are those of the peer manager of Tendermint v0.35.9
//! (`internal/p2p/peermanager.go`). What differs, differs because the reference's way can be
//! abused, or starves somebody:
//!
//! | | the reference | here |
//! |---|---|---|
//! | who is dialed | the highest score; others never | a network first, an address of it second, each with the same chance; nine times out of ten one that was reached before. Only those whom the operator chose go by score |
//! | what a failed dial costs | the node's score, whoever told of the address | the address, and nothing else |
//! | addresses of a node | any number | four, a teller and those in its network at most one of them |
//! | a full store | the lowest score goes, a good node that failed once before one that nobody ever tried | nobody goes for hearsay. A few of those refused wait until a feeler has reached them, and then take the place of one never reached, in the most crowded network |
//! | one teller, one network | may fill it all | a tenth for a teller, and for all tellers of a network; 32 addresses in a network |
//! | dead nodes | kept, dialed and told of for ever | forgotten: never reached after three failures, else after ten and a week. Only what the operator named is kept |
//! | connections of ours | one network may hold all; who never hangs up is kept for ever | one a network; rotated, with a mean life of 35 hours |
//! | an inactive node | is dialed all the same | is banned, and the ban ends |
//! | backoff | linear, from 250 ms | four times as long after each failure, from a minute to eight hours |
//!
//! # Security
//!
//! Nothing local helps against somebody with more networks than all honest nodes together. Name
//! persistent peers, and more than one kind of seed, where that matters.

mod agenda;
mod alone;
pub(crate) mod arena;
mod check;
mod chosen;
mod conduct;
mod counts;
mod dial;
mod doubt;
mod entry;
mod event;
mod feel;
mod forget;
pub(crate) mod forgotten;
mod hear;
mod keep;
pub(crate) mod lanes;
mod learn;
pub(crate) mod life;
mod options;
mod outcome;
mod persist;
mod queue;
pub(crate) mod rate;
mod record;
mod rest;
pub(crate) mod ring;
mod room;
mod rotate;
pub(crate) mod said;
mod sources;
mod store;
mod tell;
pub(crate) mod told;

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::time::Duration;

use arena::Slot;
use conduct::Conduct;
use doubt::Doubt;
use forgotten::Forgotten;
use life::{Life, Live, Purpose};
use rate::Rate;
use room::{Guest, Room};
use sources::Sources;
use store::Store;

use crate::endpoints::Endpoints;
use crate::seed::{Chance, HashKey};
use crate::stats::count;
use crate::{Actions, NodeAddress, NodeId, Seed, Time};

pub use counts::Counts;
pub use event::{Action, Change, DialFailure, Event, Eviction, Misconduct};
pub use options::{Fairness, Options, OptionsBuilder, OptionsError};
pub use record::{AddressRecord, PeerRecord, RecordError, RecordKey, Salvaged};
pub use tell::Standing;

/// How long a dial may take before it counts as failed. Drivers have shorter patience of their own;
/// this is for one that never answers.
pub const DIAL_PATIENCE: Duration = Duration::from_secs(120);

/// The latest time that the machine reckons with, so that no deadline runs into the end of time.
const LATEST: Time = Time::from_nanos(u64::MAX >> 1);

/// The pure machine that knows peers. See the [module](self).
///
/// ```
/// use pex::peers::{Action, Event, Options, PeerManager};
/// use pex::{Epoch, NodeAddress, NodeId, Seed, Time};
///
/// let (me, seed, now) = (NodeId::new([1; 20]), Seed::new([7; 32]), Time::from_secs(1));
/// let mut peers = PeerManager::new(Options::default(), me, seed, now);
///
/// // An address is learned, and dialed.
/// let address: NodeAddress = "00112233445566778899aabbccddeeff00112233@8.8.8.8:26656".parse()?;
/// let teller = NodeId::new([9; 20]);
/// let actions = peers.handle(now, Event::Learned { address: address.clone(), from: teller });
/// assert!(matches!(&actions[0], Action::Dial { address: dialed, .. } if *dialed == address));
///
/// // The connection is made, and can be used.
/// let (peer, epoch) = (address.id(), Epoch::new(1));
/// let _ = peers.handle(now, Event::Dialed { address, epoch, ip: None });
/// let actions = peers.handle(now, Event::Ready { peer, epoch });
/// assert_eq!(actions[0], Action::Up { peer, epoch });
/// # Ok::<(), pex::AddressError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PeerManager {
    options: Options,
    me: NodeId,
    own_places: Endpoints,
    key: HashKey,
    chance: Chance,
    now: Time,
    armed: Option<Time>,

    store: Store,
    sources: Sources,
    conduct: Conduct,
    forgotten: Forgotten,
    doubt: Doubt,
    room: Room,
    /// The one of the waiting room who is being dialed, or was.
    guest: Option<Guest>,
    live: Live,

    /// Whom the operator chose and who may be dialed, the highest score first.
    chosen: BTreeSet<(Reverse<i32>, u64, NodeId)>,
    /// Entries of those whom the operator chose that wait, and until when.
    chosen_waiting: BTreeSet<(Time, Slot)>,
    /// Whom we have been connected with for longest.
    anchors: BTreeSet<NodeId>,
    /// The anchors of the life before, to be dialed first.
    anchors_before: Vec<NodeId>,
    /// Tested entries whose place another one would take, if they turn out to be gone.
    challenged: VecDeque<Slot>,

    rate: Rate,
    /// When a dial is made that had to wait.
    dial_at: Option<Time>,
    feel_at: Option<Time>,
    /// Where the search for entries to forget goes on.
    swept: Slot,
    /// Whether we were connected with nobody, and when and where those who wait are looked at next.
    hurries: bool,
    hurry_at: Option<(Time, Slot)>,

    dirty: BTreeSet<NodeId>,
    persist_at: Option<Time>,
    counts: Counts,
}

impl PeerManager {
    /// A manager for the node `me`, which starts at `now` and knows nobody.
    #[must_use]
    pub fn new(options: Options, me: NodeId, seed: Seed, now: Time) -> Self {
        let now = now.min(LATEST);
        let mut chance = Chance::new(&seed);
        let key = HashKey::draw(&mut chance);
        let mut manager = Self {
            me,
            own_places: options.own_addresses.iter().collect(),
            key,
            chance,
            now,
            armed: None,
            store: Store::new(key, options.outbound_per_network),
            sources: Sources::new(),
            conduct: Conduct::default(),
            forgotten: Forgotten::default(),
            doubt: Doubt::default(),
            room: Room::new(key),
            guest: None,
            live: Live::default(),
            chosen: BTreeSet::new(),
            chosen_waiting: BTreeSet::new(),
            anchors: BTreeSet::new(),
            anchors_before: Vec::new(),
            challenged: VecDeque::new(),
            rate: Rate::default(),
            dial_at: None,
            feel_at: None,
            swept: 0,
            hurries: true,
            hurry_at: None,
            dirty: BTreeSet::new(),
            persist_at: None,
            counts: Counts::default(),
            options,
        };
        manager.plan_feeler();
        manager
    }

    /// Advances the machine by one event, and returns everything it wants done, in order.
    ///
    /// Carry out all of it before the next call. A `now` that lies before that of an earlier call
    /// is taken to be the latest time known, and counted; see [`PeerManager::rewind`].
    pub fn handle(&mut self, now: Time, event: Event) -> Actions<Action> {
        let mut out = Actions::default();
        self.advance(now);
        self.on_event(event, &mut out);
        self.finish(&mut out);
        out
    }

    /// The same as an [`Event::Learned`] for each of these, at once. Each is handed back, with
    /// whether it was taken in.
    pub(crate) fn learn_all(
        &mut self,
        now: Time,
        from: NodeId,
        addresses: Vec<NodeAddress>,
        back: impl FnMut(NodeAddress, bool),
    ) -> Actions<Action> {
        let mut out = Actions::default();
        self.advance(now);
        self.learn_each(from, addresses, back);
        self.finish(&mut out);
        out
    }

    /// A peer has answered what it was asked.
    pub(crate) fn on_answer(&mut self, now: Time, peer: NodeId) -> Actions<Action> {
        let mut out = Actions::default();
        self.advance(now);
        self.make_good(peer);
        self.finish(&mut out);
        out
    }

    fn advance(&mut self, now: Time) {
        count(&mut self.counts.clock_stalls, u64::from(now < self.now));
        self.catch_up(now);
    }

    /// It is so late at least. Nothing is done that is due by then.
    pub(crate) fn catch_up(&mut self, now: Time) {
        self.now = self.now.max(now.min(LATEST));
    }

    /// What follows every event: what is due, whom to dial, what to write down, when to wake up.
    fn finish(&mut self, out: &mut Actions<Action>) {
        self.do_what_is_due(out);
        self.fill(out);
        self.persist(out);
        self.set_timer(out);
        debug_assert!(
            self.store.len() > 16 || self.check() == Ok(()),
            "{:?}",
            self.check()
        );
    }

    fn on_event(&mut self, event: Event, out: &mut Actions<Action>) {
        match event {
            Event::Learned { address, from } => {
                let _taken = self.learn(&address, from);
            }
            Event::DialFailed { address, why } => self.on_dial_failed(&address, why),
            Event::Dialed { address, epoch, ip } => self.on_dialed(&address, epoch, ip, out),
            Event::Accepted {
                peer,
                epoch,
                ip,
                listen,
            } => self.on_accepted(peer, epoch, ip, listen.as_ref(), out),
            Event::Ready { peer, epoch } => self.on_ready(peer, epoch, out),
            Event::Disconnected { peer, epoch } => self.on_disconnected(peer, epoch, out),
            Event::Misbehaved { peer, how } => self.on_misbehaved(peer, how, out),
            Event::Behaved { peer } => {
                self.change_score(peer, 1);
                self.make_good(peer);
            }
            Event::Release { peer } => self.on_release(peer, out),
            Event::InUse { peer, in_use } => self.on_in_use(peer, in_use),
            Event::Tick => {
                self.sweep();
                self.choose_anchors();
            }
        }
    }

    /// Puts a node into another life, and counts our connections with its network.
    fn set_life(&mut self, id: NodeId, life: Option<Life>) -> Option<Life> {
        let old = self.live.set(id, life);
        if let Some(slot) = old.as_ref().and_then(ours) {
            self.count_outbound(slot, false);
        }
        if let Some(slot) = life.as_ref().and_then(ours) {
            self.count_outbound(slot, true);
        }
        old
    }

    fn count_outbound(&mut self, slot: Slot, begins: bool) {
        if let Some(lane) = self.store.get(slot).map(|entry| entry.lane) {
            self.store.lanes.count_outbound(lane, begins);
        }
    }

    /// The score of a node: the highest, if it is persistent; or what the operator set; or what it
    /// has earned, from -100 to 100.
    #[must_use]
    pub fn score(&self, id: NodeId) -> i32 {
        match self.options.scores.get(&id) {
            _ if self.options.persistent.contains(&id) => i32::MAX,
            Some(score) => i32::from(conduct::SCORE_MAX).saturating_add(i32::from(*score)),
            None => self.conduct.score(id).into(),
        }
    }

    /// What has been counted so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The options.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// Who this node is.
    #[must_use]
    pub const fn me(&self) -> NodeId {
        self.me
    }

    /// Nodes that are known by an address.
    #[must_use]
    pub const fn nodes(&self) -> usize {
        self.store.nodes()
    }

    /// Addresses that are known.
    #[must_use]
    pub const fn addresses(&self) -> usize {
        self.store.len()
    }

    /// The addresses of a node.
    #[must_use]
    pub fn addresses_of(&self, id: NodeId) -> Vec<NodeAddress> {
        let entries = self.store.of_node(id).into_iter();
        let entries = entries.filter_map(|slot| self.store.get(slot));
        entries.filter_map(|it| self.store.address(it)).collect()
    }
}

/// The entry whose network a life counts as a connection of ours.
const fn ours(life: &Life) -> Option<Slot> {
    match life {
        Life::Dialing(dial) => match dial.purpose {
            Purpose::Keep | Purpose::Upgrade(_) => dial.slot,
            Purpose::Feel => None,
        },
        Life::Connected(link)
        | Life::Ready(link)
        | Life::Claimed { link, .. }
        | Life::Evicting(link) => link.slot,
        Life::Refused(_) => None,
    }
}
