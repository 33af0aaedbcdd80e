//! What can be seen of a peer manager, or of V1's switch, from outside, checked at every action of
//! every test.
//!
//! The numbers are those of `INVARIANTS.md`.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use pex::peers::{Action, DIAL_PATIENCE, Event, Eviction, PeerManager};
use pex::v1::Switch;
use pex::{Epoch, NodeAddress, NodeId, Reach, Subnet, Time};

use crate::nodes::{LATEST, ME, START};

/// What the judge asks of whom it judges.
pub(crate) trait Judged {
    fn bans(&self, id: NodeId) -> bool;
    fn usable(&self) -> Vec<NodeId>;
}

impl Judged for PeerManager {
    fn bans(&self, id: NodeId) -> bool {
        self.is_banned(id)
    }

    fn usable(&self) -> Vec<NodeId> {
        self.ready().collect()
    }
}

impl Judged for Switch {
    fn bans(&self, id: NodeId) -> bool {
        self.is_banned(id)
    }

    fn usable(&self) -> Vec<NodeId> {
        self.ready().collect()
    }
}

/// A connection, as the driver knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) epoch: Epoch,
    pub(crate) outbound: bool,
    pub(crate) ip: Option<IpAddr>,
    /// The driver has said that it can be used.
    ready: bool,
    /// The manager has said that it may be used.
    up: bool,
    pub(crate) evicted: Option<Eviction>,
}

impl Link {
    /// Whether it was let in, though it may have to go by now.
    fn has_place(&self) -> bool {
        use Eviction::{Banned, Feeler, Full, NetworkFull, Ourselves};
        let refusals = [Banned, Feeler, Full, NetworkFull, Ourselves];
        self.evicted.is_none_or(|why| !refusals.contains(&why))
    }
}

fn public_ip(ip: Option<IpAddr>) -> Option<IpAddr> {
    let ip = ip.map(|ip| ip.to_canonical());
    ip.filter(|ip| Reach::of(*ip) == Reach::World)
}

/// An onlooker, with the bounds to which it holds the manager.
#[derive(Clone, Debug)]
pub(crate) struct Judge {
    pub(crate) links: BTreeMap<NodeId, Link>,
    pub(crate) dialing: BTreeMap<NodeId, (NodeAddress, Time)>,
    /// Connections that were up and are over, of which the manager has yet to say so.
    owed: BTreeMap<NodeId, Epoch>,
    now: Time,
    recent: VecDeque<Time>,
    /// Dials of the last minute to public addresses that are known from strangers only.
    hearsay: VecDeque<(Time, Subnet)>,
    /// What the operator or the node itself told, or was reached.
    trusted: BTreeSet<NodeAddress>,
    pub(crate) dialing_max: usize,
    pub(crate) dials_per_second: usize,
    pub(crate) hearsay_per_subnet: usize,
    pub(crate) nearest: Reach,
    /// Those whom the operator chose, who may live at one IP address.
    pub(crate) chosen: BTreeSet<NodeId>,
    /// Never evicted but for the operator's or their own doing.
    pub(crate) persistent: BTreeSet<NodeId>,
}

impl Default for Judge {
    fn default() -> Self {
        Self {
            links: BTreeMap::new(),
            dialing: BTreeMap::new(),
            owed: BTreeMap::new(),
            now: Time::EPOCH,
            recent: VecDeque::new(),
            hearsay: VecDeque::new(),
            trusted: BTreeSet::new(),
            dialing_max: 8,
            dials_per_second: 10,
            hearsay_per_subnet: 2,
            chosen: BTreeSet::new(),
            nearest: Reach::World,
            persistent: BTreeSet::new(),
        }
    }
}

/// Where a node lives, however that is spelled: the path is no part of it.
fn place(address: &NodeAddress) -> NodeAddress {
    address.ip().map_or_else(
        || address.clone(),
        |ip| NodeAddress::mconn(address.id(), ip.to_canonical(), address.port()),
    )
}

impl Judge {
    /// Of this place the node has not only heard.
    pub(crate) fn trust(&mut self, address: &NodeAddress) {
        self.trusted.insert(place(address));
    }

    /// Learns what is about to happen.
    pub(crate) fn before(&mut self, now: Time, event: &Event) {
        // The machine takes the latest time it knows for the present.
        self.now = self.now.max(now.min(LATEST));
        match event {
            Event::Learned { address, from } => {
                let ip = address.ip().map(|ip| ip.to_canonical());
                let own_word = address.id() == *from && self.ip_of(*from) == ip;
                if *from == ME || own_word && ip.is_some() {
                    self.trust(address);
                }
            }
            Event::DialFailed { address, .. } => {
                let dial = self.dialing.get(&address.id());
                if dial.is_some_and(|(dialed, _)| dialed == address) {
                    self.dialing.remove(&address.id());
                }
            }
            Event::Dialed { address, epoch, ip } => {
                self.trust(address);
                if let Some(ip) = ip {
                    self.trust(&address.with_ip(*ip));
                }
                self.link(address.id(), *epoch, true, ip.or(address.ip()));
            }
            Event::Accepted {
                peer,
                epoch,
                ip,
                listen,
            } => {
                self.link(*peer, *epoch, false, *ip);
                let canonical = |ip: Option<IpAddr>| ip.map(|ip| ip.to_canonical());
                let own_word =
                    |it: &&NodeAddress| it.id() == *peer && canonical(it.ip()) == canonical(*ip);
                if let Some(listen) = listen.iter().find(own_word) {
                    self.trust(listen);
                }
            }
            Event::Ready { peer, epoch } => {
                if let Some(link) = self.links.get_mut(peer).filter(|it| it.epoch == *epoch) {
                    link.ready = true;
                }
            }
            Event::Disconnected { peer, epoch } if self.epoch_of(*peer) == Some(*epoch) => {
                self.unlink(*peer);
            }
            _ => {}
        }
    }

    fn epoch_of(&self, id: NodeId) -> Option<Epoch> {
        self.links.get(&id).map(|link| link.epoch)
    }

    fn ip_of(&self, id: NodeId) -> Option<IpAddr> {
        self.links.get(&id)?.ip
    }

    fn link(&mut self, id: NodeId, epoch: Epoch, outbound: bool, ip: Option<IpAddr>) {
        if self.epoch_of(id) == Some(epoch) {
            return;
        }
        self.unlink(id);
        self.dialing.remove(&id);
        let link = Link {
            epoch,
            outbound,
            ip: ip.map(|ip| ip.to_canonical()),
            ready: false,
            up: false,
            evicted: None,
        };
        self.links.insert(id, link);
    }

    fn unlink(&mut self, id: NodeId) {
        if let Some(link) = self.links.remove(&id).filter(|link| link.up) {
            self.owed.insert(id, link.epoch);
        }
    }

    /// Holds an action to what must always be so.
    pub(crate) fn action(&mut self, action: &Action, peers: &impl Judged) {
        match action {
            Action::Dial { address, nearest } => self.dial(address, *nearest, peers),
            Action::Up { peer, epoch } => {
                let link = self
                    .links
                    .get_mut(peer)
                    .expect("I2: who is up is connected");
                assert_eq!(link.epoch, *epoch, "I2: the present connection");
                assert!(link.ready && !link.up && link.evicted.is_none(), "{peer}");
                link.up = true;
            }
            Action::Down { peer, epoch } => {
                if self.owed.get(peer) == Some(epoch) {
                    self.owed.remove(peer);
                    return;
                }
                let link = self.links.get_mut(peer).expect("who goes down was up");
                assert!(link.epoch == *epoch && link.up, "{peer} goes down once");
                link.up = false;
            }
            Action::Evict { peer, epoch, why } => {
                let link = self.links.get_mut(peer).expect("who goes is connected");
                assert_eq!(link.epoch, *epoch, "the present connection goes");
                assert_eq!(link.evicted, None, "one eviction a connection");
                assert!(!link.up, "{peer} goes down before it is evicted");
                link.evicted = Some(*why);
                let spared = [
                    Eviction::Upgraded,
                    Eviction::Rotated,
                    Eviction::Misconduct,
                    Eviction::Served,
                    Eviction::Stayed,
                ];
                let persistent = self.persistent.contains(peer);
                assert!(!persistent || !spared.contains(why), "I24: {peer}, {why}");
            }
            _ => {}
        }
    }

    fn dial(&mut self, address: &NodeAddress, nearest: Reach, peers: &impl Judged) {
        let (now, id) = (self.now, address.id());
        self.dialing.retain(|_, (_, at)| now < *at + DIAL_PATIENCE);
        assert_ne!(id, ME, "I16: we do not dial ourselves");
        assert!(!self.links.contains_key(&id), "I22: {id} is connected");
        assert!(!self.dialing.contains_key(&id), "I22: {id} is being dialed");
        assert!(!peers.bans(id), "I21: {id} is banned");
        if !self.trusted.contains(&place(address)) {
            let reach = Reach::claimed_by(address).unwrap();
            assert!(reach >= self.nearest, "row 13: {address}");
            assert!(nearest >= self.nearest, "row 13: {address}");
            self.hear(address);
        }
        if let Some(ip) = public_ip(address.ip()) {
            let dials = self.dialing.values();
            let dials = dials.filter(|it| public_ip(it.0.ip()) == Some(ip));
            let links = self.links.values();
            let links = links.filter(|it| it.outbound && it.has_place() && it.ip == Some(ip));
            let free = dials.count() + links.count() == 0;
            assert!(free || self.chosen.contains(&id), "I22: {ip} once more");
        }
        self.dialing.insert(id, (address.clone(), now));
        assert!(self.dialing.len() <= self.dialing_max, "I22: dials at once");
        self.recent.push_back(now);
        let second = Duration::from_secs(1);
        while self.recent.front().is_some_and(|at| *at + second <= now) {
            self.recent.pop_front();
        }
        assert!(
            self.recent.len() <= self.dials_per_second,
            "I25: in a second"
        );
    }

    /// A dial on the word of strangers.
    fn hear(&mut self, address: &NodeAddress) {
        let Some(ip) = public_ip(address.ip()) else {
            return;
        };
        let (now, subnet) = (self.now, Subnet::of(ip));
        let minute = Duration::from_secs(60);
        while self.hearsay.front().is_some_and(|it| it.0 + minute <= now) {
            self.hearsay.pop_front();
        }
        self.hearsay.push_back((now, subnet));
        let of_it = self.hearsay.iter().filter(|it| it.1 == subnet).count();
        assert!(
            of_it <= self.hearsay_per_subnet,
            "I25: {subnet} in a minute"
        );
    }

    /// The clock was wrong, and is set back. To a time that no event has told it cannot be, as the
    /// machine sees it.
    pub(crate) fn rewind(&mut self, to: Time) {
        let back = self.now - to;
        self.now = self.now.min(to);
        let earlier = |at: Time| START + (at - START).saturating_sub(back);
        for at in &mut self.recent {
            *at = earlier(*at);
        }
        for (at, _) in &mut self.hearsay {
            *at = earlier(*at);
        }
        for (_, at) in self.dialing.values_mut() {
            *at = earlier(*at);
        }
    }

    /// A process begins: what the one before was doing is over. V1's tests, which share this judge,
    /// end none.
    #[allow(dead_code, reason = "one of two crates of tests does not use it")]
    pub(crate) fn begin(&mut self, now: Time) {
        self.now = now;
        self.links.clear();
        self.dialing.clear();
        self.recent.clear();
        self.hearsay.clear();
    }

    /// What must be so after every event.
    pub(crate) fn after(&self, peers: &impl Judged) {
        assert_eq!(self.owed, BTreeMap::new(), "who is gone goes down");
        let up = self.links.iter().filter(|(_, link)| link.up);
        assert!(
            up.map(|(id, _)| *id).eq(peers.usable()),
            "who is ready was said to be"
        );
    }
}
