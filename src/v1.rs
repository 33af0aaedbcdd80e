//! V1's node: an address book, and whom to be connected with.
//!
//! [`Switch`] is a pure machine like [`PeerManager`](crate::peers::PeerManager), with the same
//! [`Event`]s and [`Action`]s, and so one driver serves both. It does what the reference's switch
//! and reactor do (`p2p/switch.go` and `p2p/pex/pex_reactor.go` of CometBFT v0.38) beside the
//! exchange: it keeps the node supplied with peers from an [`AddrBook`], lets others in, and, as a
//! seed node, crawls the network, answers newcomers and hangs up. [`Node::v1`](crate::Node::v1) puts
//! it together with the exchange.
//!
//! # What it does, and what the reference does
//!
//! | | the reference | here |
//! |---|---|---|
//! | when peers are looked for | every 30 s | at once when a place is free or somebody is heard of, and every 30 s, a tenth more or less |
//! | how many | the free places of ours, dials under way counted | the same, also when a seed has just answered |
//! | whom | `PickAddress`, by bucket | a network first, one address of it second; of twelve old ones, the one known good for longest; new ones with a bias of 5 of 100, weighed by the roots of how many there are as in the reference; one connection a network |
//! | a success | only consensus says so, never a seed node | every proof of the id |
//! | backoff | 2^n s, up to 16 dials, then a ban for a day | four times as long each time, from 1 min to 8 h; given up after 3 if never reached, 16 else, and not taken in again for a day |
//! | seeds | dialed again every 30 s while the book wants more and has nobody to dial | when nobody else can be dialed and less than a third of the places is taken, and every 30 s as long as less than a third has a peer, whomever else the book has, or one has none and there are seeds that were never tried, for whom a newcomer keeps its last place; in random order, backing off; each at most every 5 min |
//! | a seed that can't be resolved | stops the node if the book is empty | is tried again |
//! | who is asked | a random peer every 30 s, none once the book holds 1,000 | every peer in turn, as the exchange paces it; once the book holds 1,000, each every 10 min |
//! | newcomers | are asked when chance picks them | are asked once they have stayed for two minutes |
//! | too many newcomers | refused | a seed node hangs up on who has been there for longest |
//! | a newcomer stays with a seed | 28 h, or not at all | 5 min, or until it is answered |
//! | what a seed node tells | whatever it has heard | whom it has reached |
//! | connections of ours | last for ever | 8 h on average, unless in use |
//! | hearsay | is dialed as soon as it is picked | at most two dials a minute to a subnet |

mod accept;
mod agenda;
mod check;
mod conduct;
mod counts;
mod crawl;
mod dial;
mod ensure;
mod learn;
mod leave;
mod lists;
mod named;
mod options;
mod outcome;
mod reconfigure;
mod tell;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use named::Names;

use crate::book::AddrBook;
use crate::peers::forgotten::Forgotten;
use crate::peers::life::Live;
use crate::peers::rate::Rate;
use crate::peers::{Action, Event};
use crate::seed::{Chance, HashKey};
use crate::stats::count;
use crate::{Actions, NetAddress, NodeAddress, NodeId, Seed, Time};

pub use counts::Counts;
pub use options::{Options, OptionsBuilder};

/// The latest time that the machine reckons with, so that no deadline runs into the end of time.
const LATEST: Time = Time::from_nanos(u64::MAX >> 1);

/// The pure machine that keeps a V1 node's peers. See the [module](self).
///
/// ```
/// use pex::book::AddrBook;
/// use pex::peers::{Action, Event};
/// use pex::v1::{Options, Switch};
/// use pex::{Epoch, NodeAddress, NodeId, Seed, Time};
///
/// let (me, seed, now) = (NodeId::new([1; 20]), Seed::new([7; 32]), Time::from_secs(1_700_000_000));
/// let friend: NodeAddress = "00112233445566778899aabbccddeeff00112233@seed.example.com:26656".parse()?;
/// let options = Options::builder().seeds(vec![friend.clone()]).build()?;
/// let mut switch = Switch::new(options, AddrBook::new(true, seed.derive(1)), me, seed, now);
///
/// // Nobody is known, so the seed is dialed.
/// let actions = switch.handle(now, Event::Tick);
/// assert!(matches!(&actions[0], Action::Dial { address, .. } if *address == friend));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Switch {
    options: Options,
    me: NodeId,
    key: HashKey,
    chance: Chance,
    now: Time,
    armed: Option<Time>,

    book: AddrBook,
    names: Names,
    live: Live,
    /// What is being dialed.
    dialing: BTreeMap<NodeId, NodeAddress>,
    /// Where each peer is, as far as it is known.
    places: BTreeMap<NodeId, NetAddress>,
    /// Whom a seed node is connected with to check them.
    checking: BTreeSet<NodeId>,
    scores: BTreeMap<NodeId, i16>,
    /// Who is left alone for a moment, since we were connected not long ago.
    resting: BTreeMap<NodeId, Time>,
    /// Connections of ours in a row that a node has ended at once.
    brief: BTreeMap<NodeId, u32>,
    forgotten: Forgotten,
    rate: Rate,
    /// When somebody was last let in.
    met_at: Option<Time>,
    /// Times in a row that a seed was asked and we are with nobody all the same.
    seeds_in_vain: u32,
    /// Times in a row that hardly anybody was with us of our own choice when it was looked, since a seed
    /// was asked because of it.
    starved: u32,
    /// The same where a place of ours had no peer, since one of those never tried was asked because of it.
    unfilled: u32,
    /// Whether this life has begun with a book that knew of nobody that he had proved good.
    newcomer: bool,

    /// Whom to dial first, from the life before.
    anchors_before: Vec<NodeId>,
    anchors: BTreeSet<NodeId>,

    /// When peers are looked for next.
    ensure_at: Time,
    /// When a dial is made that had to wait.
    dial_at: Option<Time>,
    feel_at: Option<Time>,
    crawl_at: Option<Time>,
    /// Where the search for whom to check goes on.
    crawled: u32,
    /// When anchors are chosen and bans ended.
    upkeep_at: Time,
    save_at: Option<Time>,
    /// The book's revision that was last to be saved.
    saved: u64,

    counts: Counts,
}

impl Switch {
    /// A switch for the node `me`, which starts at `now` with what is in the book, connected with
    /// nobody. Send an [`Event::Tick`] to have it begin.
    #[must_use]
    pub fn new(options: Options, mut book: AddrBook, me: NodeId, seed: Seed, now: Time) -> Self {
        let now = now.min(LATEST);
        let mut chance = Chance::new(&seed);
        let key = HashKey::draw(&mut chance);
        let own = options.own_addresses.iter();
        for address in own.filter_map(|it| NetAddress::try_from(it).ok()) {
            book.add_our_address(&address);
        }
        book.add_our_id(me);
        for peer in &options.persistent {
            book.lift_ban(now, peer.id());
        }
        book.add_private_ids(options.private.iter().copied());
        if book.anchors().len() > options.anchors {
            let first = book.anchors().iter().take(options.anchors);
            book.set_anchors(first.copied().collect());
        }
        let mut switch = Self {
            me,
            key,
            now,
            armed: None,
            names: Names::new(&options.persistent, &options.seeds),
            live: Live::default(),
            dialing: BTreeMap::new(),
            places: BTreeMap::new(),
            checking: BTreeSet::new(),
            scores: BTreeMap::new(),
            resting: BTreeMap::new(),
            brief: BTreeMap::new(),
            forgotten: Forgotten::default(),
            rate: Rate::default(),
            met_at: None,
            seeds_in_vain: 0,
            starved: 0,
            unfilled: 0,
            newcomer: book.old() == 0,
            anchors_before: book.anchors().iter().rev().copied().collect(),
            anchors: book.anchors().iter().copied().collect(),
            ensure_at: now,
            dial_at: None,
            feel_at: None,
            crawl_at: options.seed_mode.then_some(now),
            crawled: 0,
            upkeep_at: now,
            save_at: None,
            saved: book.revision(),
            counts: Counts::default(),
            book,
            chance,
            options,
        };
        switch.plan_feeler();
        switch
    }

    /// Advances the machine by one event, and returns everything it wants done, in order.
    ///
    /// Carry out all of it before the next call. A `now` that lies before that of an earlier call
    /// is taken to be the latest time known, and counted.
    pub fn handle(&mut self, now: Time, event: Event) -> Actions<Action> {
        let mut out = Actions::default();
        self.advance(now);
        self.on_event(event, &mut out);
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

    /// What follows every event: what is due, whom to dial, when to wake up.
    fn finish(&mut self, out: &mut Actions<Action>) {
        self.do_what_is_due(out);
        self.fill(out);
        self.plan_save(out);
        self.set_timer(out);
        debug_assert!(
            self.book.size() > 16 || self.check() == Ok(()),
            "{:?}",
            self.check()
        );
    }

    fn on_event(&mut self, event: Event, out: &mut Actions<Action>) {
        match event {
            Event::Learned { address, from } => {
                self.learn(&address, from);
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
            Event::Behaved { peer } => self.change_score(peer, 1),
            Event::Release { peer } => self.evict(peer, crate::peers::Eviction::Released, out),
            Event::InUse { peer, in_use } => self.on_in_use(peer, in_use),
            Event::Tick => {}
        }
    }

    /// The address book.
    #[must_use]
    pub const fn book(&self) -> &AddrBook {
        &self.book
    }

    /// The options.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// What has been counted so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Peers whom we dialed, peers who came, and dials under way for a place of ours.
    #[must_use]
    pub const fn peers(&self) -> (usize, usize, usize) {
        let tally = self.live.tally();
        (tally.outbound, tally.inbound, tally.dialing_to_keep)
    }

    /// The peers that may be used, by id.
    pub fn ready(&self) -> impl Iterator<Item = NodeId> {
        let ready = self.live.iter().filter(|(_, life)| life.is_ready());
        ready.map(|(id, _)| id)
    }

    /// Whether a node is banned.
    #[must_use]
    pub fn is_banned(&self, id: NodeId) -> bool {
        self.book.banned_until(self.now, id).is_some()
    }
}
