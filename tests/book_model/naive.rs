//! The rules of the book, written down as plainly as they can be. It knows nothing of hashes: in
//! which buckets an address goes, an empty book of the same key tells it.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use pex::book::AddrBook;
use pex::{NetAddress, NodeId, Seed, Time};

const BUCKET: usize = 64;
const DAY: Duration = Duration::from_secs(86_400);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) address: NetAddress,
    pub(crate) source: NetAddress,
    pub(crate) attempts: u32,
    pub(crate) last_attempt: Time,
    pub(crate) last_success: Option<Time>,
    pub(crate) first_success: Option<Time>,
    pub(crate) old: bool,
    pub(crate) buckets: BTreeSet<u16>,
}

impl Entry {
    fn is_bad(&self, now: Time) -> bool {
        let since = |time: Option<Time>| now.since(time.unwrap_or(Time::EPOCH));
        !self.old
            && since(Some(self.last_attempt)) >= Duration::from_secs(60)
            && (since(Some(self.last_attempt)) > 7 * DAY
                || self.last_success.is_none() && self.attempts >= 3
                || self.is_dead(now))
    }

    fn is_dead(&self, now: Time) -> bool {
        let success = self.last_success.unwrap_or(Time::EPOCH);
        self.attempts >= 10 && now.since(success) > 7 * DAY
    }
}

/// The new bucket of each teller's group, as all addresses are of one; the old one of each address.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    new: BTreeMap<[u8; 2], u16>,
    old: BTreeMap<NetAddress, u16>,
}

impl Places {
    /// What a book of this seed does with each address when it is empty.
    pub(crate) fn of(seed: Seed, addresses: &[NetAddress], tellers: &[NetAddress]) -> Self {
        let now = Time::from_secs(1);
        let mut places = Self {
            new: BTreeMap::new(),
            old: BTreeMap::new(),
        };
        let one = addresses[0];
        for source in tellers.iter().chain([&one]) {
            let mut book = AddrBook::new(false, seed);
            book.add_address(now, &one, source).unwrap();
            let number = book.known(&one).unwrap().buckets[0];
            places.new.insert(group(source), number);
        }
        for address in addresses {
            let mut book = AddrBook::new(false, seed);
            assert!(book.mark_good(now, address));
            let number = book.known(address).unwrap().buckets[0];
            places.old.insert(*address, number);
        }
        places
    }
}

#[derive(Debug)]
pub(crate) struct Naive {
    pub(crate) now: Time,
    pub(crate) entries: Vec<Entry>,
    pub(crate) bans: BTreeMap<NodeId, (Time, Vec<(NetAddress, NetAddress)>)>,
    pub(crate) challenges: Vec<(NetAddress, NetAddress)>,
    pub(crate) private: BTreeSet<NodeId>,
    pub(crate) ours: NetAddress,
    places: Places,
    pub(crate) fired: BTreeMap<&'static str, u64>,
}

/// The group of a teller: its /16.
fn group(address: &NetAddress) -> [u8; 2] {
    match address.ip() {
        std::net::IpAddr::V4(ip) => [ip.octets()[0], ip.octets()[1]],
        std::net::IpAddr::V6(_) => unreachable!("all are IPv4"),
    }
}

impl Naive {
    pub(crate) fn new(now: Time, places: Places, ours: NetAddress, private: NodeId) -> Self {
        Self {
            now,
            entries: Vec::new(),
            bans: BTreeMap::new(),
            challenges: Vec::new(),
            private: BTreeSet::from([private]),
            ours,
            places,
            fired: BTreeMap::new(),
        }
    }

    pub(crate) fn fire(&mut self, rule: &'static str) {
        *self.fired.entry(rule).or_default() += 1;
    }

    pub(crate) fn place(&self, address: &NetAddress) -> Option<usize> {
        self.entries.iter().position(|it| it.address == *address)
    }

    /// Why an address may not be in the book.
    pub(crate) fn refusal(
        &self,
        address: &NetAddress,
        source: &NetAddress,
    ) -> Option<&'static str> {
        let id = address.id();
        let place = |it: &NetAddress| (it.ip(), it.port());
        let ours = self.ours.id() == id || place(&self.ours) == place(address);
        match () {
            () if self
                .bans
                .get(&id)
                .is_some_and(|(until, _)| *until > self.now) =>
            {
                Some("banned")
            }
            () if self.private.contains(&id) => Some("private"),
            () if self.private.contains(&source.id()) => Some("private source"),
            () if ours => Some("ours"),
            () => None,
        }
    }

    fn new_bucket(&self, source: &NetAddress) -> u16 {
        self.places.new[&group(source)]
    }

    fn in_bucket(&self, old: bool, number: u16) -> Vec<usize> {
        let all = self.entries.iter().enumerate();
        let its = all.filter(|(_, it)| it.old == old && it.buckets.contains(&number));
        its.map(|(at, _)| at).collect()
    }

    /// Whether there is room in a new bucket, after somebody has gone for it.
    fn make_room(&mut self, number: u16, reached: bool) -> bool {
        let inside = self.in_bucket(false, number);
        if inside.len() < BUCKET {
            return true;
        }
        let rank = |&at: &usize| {
            let it = &self.entries[at];
            let last = it.last_success.max(Some(it.last_attempt));
            let reached = it.last_success.is_some();
            let worthless = it.is_bad(self.now) && (!reached || it.is_dead(self.now));
            (!worthless, reached, last)
        };
        let first = *inside.iter().min_by_key(|at| rank(at)).unwrap();
        let (good, was_reached, _) = rank(&first);
        if good && was_reached && !reached {
            return false;
        }
        self.fire(if good {
            "expired the longest not seen"
        } else {
            "expired a bad one"
        });
        self.entries[first].buckets.remove(&number);
        if self.entries[first].buckets.is_empty() {
            self.forget(first);
        }
        true
    }

    fn forget(&mut self, at: usize) {
        let gone = self.entries.remove(at).address;
        self.settle(&gone);
    }

    /// Nobody waits for the place of this address, nor this one for another's.
    fn settle(&mut self, gone: &NetAddress) {
        self.challenges
            .retain(|(one, other)| one != gone && other != gone);
    }

    /// What an addition comes to: its name. The book has done it already.
    pub(crate) fn add(
        &mut self,
        address: &NetAddress,
        source: &NetAddress,
        again: bool,
    ) -> &'static str {
        if let Some(why) = self.refusal(address, source) {
            return why;
        }
        if let Some(at) = self.place(address) {
            // Chance decides whether it comes into one bucket more; the rest is settled.
            let it = &self.entries[at];
            if !again || it.old || it.buckets.len() >= 4 {
                return "known";
            }
            let reached = it.last_success.is_some();
            let number = self.new_bucket(source);
            if self.entries[at].buckets.contains(&number) || !self.make_room(number, reached) {
                return "known";
            }
            let at = self.place(address).unwrap();
            self.entries[at].buckets.insert(number);
            return "again";
        }
        let of_node = |it: &&Entry| it.address.id() == address.id();
        if self.entries.iter().filter(of_node).count() >= 4 {
            return "too many of a node";
        }
        let entry = Entry {
            address: *address,
            source: *source,
            attempts: 0,
            last_attempt: self.now,
            last_success: None,
            first_success: None,
            old: false,
            buckets: BTreeSet::new(),
        };
        if self.put_new(entry) { "new" } else { "full" }
    }

    fn put_new(&mut self, mut entry: Entry) -> bool {
        let number = self.new_bucket(&entry.source);
        let room = self.make_room(number, entry.last_success.is_some());
        if room {
            entry.buckets = BTreeSet::from([number]);
            self.entries.push(entry);
        }
        room
    }

    pub(crate) fn fail(&mut self, address: &NetAddress) -> bool {
        let Some(at) = self.place(address) else {
            return false;
        };
        self.entries[at].attempts += 1;
        self.entries[at].last_attempt = self.now;
        let question = self.challenges.iter().position(|(_, it)| it == address);
        if let Some(question) = question {
            let (newcomer, _) = self.challenges.remove(question);
            if self.place(&newcomer).is_some() {
                self.fire("lost its place");
                self.demote(address);
                if self.place(&newcomer).is_some() {
                    self.promote(&newcomer);
                }
            }
        }
        true
    }

    pub(crate) fn good(&mut self, address: &NetAddress, book: &AddrBook) -> bool {
        if self.place(address).is_none() {
            if self.refusal(address, address).is_some() {
                return false;
            }
            let of_node = |it: &Entry| it.address.id() == address.id();
            if self.entries.iter().filter(|it| of_node(it)).count() >= 4 {
                // The first of its hearsay, in the order of the book.
                let mut hearsay = book_order(self, address.id());
                hearsay.retain(|&at| self.entries[at].last_success.is_none());
                match hearsay.as_slice() {
                    [] => return false,
                    // Which of several goes is not laid down: see what the book did.
                    several => {
                        let gone = several.iter().copied();
                        let mut gone =
                            gone.filter(|&at| !book.has_address(&self.entries[at].address));
                        let Some(at) = gone.next() else { return false };
                        self.forget(at);
                    }
                }
            }
            let entry = Entry {
                address: *address,
                source: *address,
                attempts: 0,
                last_attempt: self.now,
                last_success: Some(self.now),
                first_success: Some(self.now),
                old: false,
                buckets: BTreeSet::new(),
            };
            if !self.put_new(entry) {
                return false;
            }
        }
        let at = self.place(address).unwrap();
        let it = &mut self.entries[at];
        it.attempts = 0;
        it.last_attempt = self.now;
        it.last_success = Some(self.now);
        it.first_success = it.first_success.or(Some(self.now));
        let before = self.challenges.len();
        self.challenges.retain(|(_, holder)| holder != address);
        if self.challenges.len() < before {
            self.fire("kept its place");
        }
        if !self.entries[at].old {
            self.promote(address);
        }
        true
    }

    fn promote(&mut self, address: &NetAddress) {
        let number = self.places.old[address];
        let inside = self.in_bucket(true, number);
        if inside.len() >= BUCKET {
            let oldest = inside
                .into_iter()
                .min_by_key(|&at| self.entries[at].last_success);
            let holder = &self.entries[oldest.unwrap()];
            let dead = holder.is_dead(self.now);
            let holder = holder.address;
            if !dead {
                self.fire("challenged");
                let known =
                    |(one, other): &(NetAddress, NetAddress)| *one == *address || *other == holder;
                if self.challenges.len() < 10 && !self.challenges.iter().any(known) {
                    self.challenges.push((*address, holder));
                }
                return;
            }
            self.demote(&holder);
        }
        self.fire("promoted");
        let at = self.place(address).unwrap();
        self.entries[at].old = true;
        self.entries[at].buckets = BTreeSet::from([number]);
        self.settle(address);
    }

    fn demote(&mut self, address: &NetAddress) {
        let source = self.entries[self.place(address).unwrap()].source;
        let number = self.new_bucket(&source);
        if self.make_room(number, true) {
            let at = self.place(address).unwrap();
            self.entries[at].old = false;
            self.entries[at].buckets = BTreeSet::from([number]);
            self.settle(address);
        }
    }

    pub(crate) fn ban(&mut self, id: NodeId, ban: Duration) {
        let until = self.now + ban;
        let known = self.bans.entry(id).or_insert((until, Vec::new()));
        known.0 = known.0.max(until);
        while let Some(at) = self.entries.iter().position(|it| it.address.id() == id) {
            let it = &self.entries[at];
            let told = (it.address, it.source);
            // The latest four.
            let kept = &mut self.bans.get_mut(&id).unwrap().1;
            kept.retain(|(its, _)| *its != told.0);
            kept.push(told);
            if kept.len() > 4 {
                kept.remove(0);
            }
            self.forget(at);
        }
    }

    /// The bans that are over, and how many addresses come back with them.
    pub(crate) fn over(&self) -> (Vec<NodeId>, usize) {
        let over = self
            .bans
            .iter()
            .filter(|(_, (until, _))| *until <= self.now);
        let addresses = over.clone().map(|(_, (_, addresses))| addresses.len());
        (over.clone().map(|(id, _)| *id).collect(), addresses.sum())
    }

    pub(crate) fn remove(&mut self, address: &NetAddress) -> bool {
        let at = self.place(address);
        if let Some(at) = at {
            self.forget(at);
        }
        at.is_some()
    }
}

fn book_order(naive: &Naive, id: NodeId) -> Vec<usize> {
    let all = naive.entries.iter().enumerate();
    all.filter(|(_, it)| it.address.id() == id)
        .map(|(at, _)| at)
        .collect()
}
