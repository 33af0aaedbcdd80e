//! What must hold of a small network of honest nodes, whatever the order in which things arrive, and
//! whoever crashes.

#[path = "mini_net/member.rs"]
mod member;

use std::collections::{BTreeMap, VecDeque};

use pex::{Epoch, NodeAction, NodeAddress, NodeEvent, Seed, Time, wire};

use crate::nodes::{START, id, ms, node, number};
use member::Member;

/// The bytes of one program that are carried out: bounds the time of a run.
const STEPS_MAX: usize = 400;

/// So many ticks at most it takes until everybody knows everybody.
const TICKS_MAX: usize = 5_000;

/// What is under way on a connection, to its first and to its second end.
struct Link {
    ends: [u32; 2],
    under_way: [VecDeque<Vec<u8>>; 2],
    /// Whether an end has not heard yet that the other one is gone.
    ends_up: [bool; 2],
    is_over: bool,
}

struct Net {
    members: Vec<Member>,
    links: BTreeMap<Epoch, Link>,
    dials: VecDeque<(u32, NodeAddress)>,
    now: Time,
    epochs: u64,
    lives: u64,
    seed: Seed,
    sent: u64,
    delivered: u64,
    lost: u64,
}

/// Two to four nodes, of V1 or V2 each, that know the first one. Each byte picks what is delivered
/// next, or what goes wrong. Then nothing goes wrong any more, and everybody gets to know everybody.
pub(crate) fn mini_net(data: &[u8]) {
    let [count, kinds, seed, program @ ..] = data else {
        return;
    };
    let mut net = Net {
        members: Vec::new(),
        links: BTreeMap::new(),
        dials: VecDeque::new(),
        now: START,
        epochs: 0,
        lives: 0,
        seed: Seed::new([*seed; 32]),
        sent: 0,
        delivered: 0,
        lost: 0,
    };
    for n in 0..2 + u32::from(*count % 3) {
        let (is_v1, seed) = (kinds >> n & 1 == 1, net.next_seed());
        net.members.push(Member::new(n, is_v1, seed, START));
    }
    for n in 0..net.count() {
        net.begin(n);
    }
    for byte in program.iter().take(STEPS_MAX) {
        net.step(*byte);
        net.check();
    }
    net.heal();
    net.check();
}

impl Net {
    fn count(&self) -> u32 {
        u32::try_from(self.members.len()).unwrap_or_default()
    }

    fn next_seed(&mut self) -> Seed {
        self.lives += 1;
        self.seed.derive(self.lives)
    }

    /// A node starts, and its operator names the first one.
    fn begin(&mut self, n: u32) {
        if n > 0 {
            self.event(n, NodeEvent::Named { address: node(0) });
        }
        self.event(n, NodeEvent::Tick);
    }

    fn step(&mut self, byte: u8) {
        let pick = usize::from(byte / 8);
        match byte % 8 {
            0 | 1 => self.deliver(pick),
            2 => self.settle_dial(pick),
            3 => self.tick(),
            4 => self.now = self.now + ms(250 * u64::from(byte / 8)),
            5 => {
                let epoch = self.links.keys().nth(pick % self.links.len().max(1));
                if let Some(epoch) = epoch.copied() {
                    self.cut(epoch);
                }
            }
            // Early and doubled ticks are harmless.
            6 => {
                let n = u32::from(byte / 8) % self.count();
                self.event(n, NodeEvent::Tick);
            }
            _ => {
                let n = u32::from(byte / 8) % self.count();
                self.crash(n, byte < 128);
            }
        }
    }

    /// A process is killed and starts anew; its peers will notice.
    fn crash(&mut self, n: u32, keeps_disk: bool) {
        let (seed, now) = (self.next_seed(), self.now);
        let epochs: Vec<Epoch> = self.links.keys().copied().collect();
        for epoch in epochs {
            if let Some(link) = self.links.get_mut(&epoch)
                && let Some(end) = link.ends.iter().position(|it| *it == n)
            {
                link.is_over = true;
                self.lost += lose(link);
                if let Some(up) = link.ends_up.get_mut(end) {
                    *up = false;
                }
            }
        }
        self.links.retain(|_, link| link.ends_up != [false, false]);
        self.dials.retain(|(from, _)| *from != n);
        if let Some(member) = self.members.get_mut(n as usize) {
            member.crash(keeps_disk, seed, now);
        }
        self.begin(n);
    }

    /// A connection breaks: what was under way is lost, and both ends will notice.
    fn cut(&mut self, epoch: Epoch) {
        if let Some(link) = self.links.get_mut(&epoch) {
            link.is_over = true;
            self.lost += lose(link);
        }
    }

    /// The first message of a direction of a connection arrives, or the news that it is over.
    fn deliver(&mut self, pick: usize) {
        let mut ways = Vec::new();
        for (epoch, link) in &self.links {
            for end in [0, 1] {
                let [one, other] = &link.under_way;
                let waits = !if end == 0 { one } else { other }.is_empty();
                let [first, second] = link.ends_up;
                let up = if end == 0 { first } else { second };
                if waits || link.is_over && up {
                    ways.push((*epoch, end));
                }
            }
        }
        if let Some((epoch, end)) = ways.get(pick % ways.len().max(1)) {
            self.arrive(*epoch, *end);
        }
    }

    fn arrive(&mut self, epoch: Epoch, end: usize) {
        let Some(link) = self.links.get_mut(&epoch) else {
            return;
        };
        let [first, second] = link.ends;
        let (to, from) = if end == 0 {
            (first, second)
        } else {
            (second, first)
        };
        let bytes = link.under_way.get_mut(end).and_then(VecDeque::pop_front);
        if let Some(bytes) = bytes {
            self.delivered += 1;
            let message = wire::decode(&bytes);
            assert!(matches!(message, Ok(Some(_))), "{message:?}");
            if let Ok(Some(message)) = message {
                let from = id(from);
                self.event(
                    to,
                    NodeEvent::Message {
                        from,
                        epoch,
                        message,
                    },
                );
            }
        } else if let Some(up) = link.ends_up.get_mut(end).filter(|up| **up) {
            *up = false;
            if link.ends_up == [false, false] {
                self.links.remove(&epoch);
            }
            let peer = id(from);
            self.event(to, NodeEvent::Down { peer, epoch });
        }
    }

    fn settle_dial(&mut self, pick: usize) {
        let Some((from, address)) = self.dials.remove(pick % self.dials.len().max(1)) else {
            return;
        };
        let to = number(address.id());
        assert!(
            to < self.count() && address == node(to),
            "nobody told of {address}"
        );
        self.epochs += 1;
        let epoch = Epoch::new(self.epochs);
        let kind = |n: u32| self.members.get(n as usize).map(Member::kind);
        let (Some(ours), Some(theirs)) = (kind(from), kind(to)) else {
            return;
        };
        let link = Link {
            ends: [from, to],
            under_way: [VecDeque::new(), VecDeque::new()],
            ends_up: [true, true],
            is_over: false,
        };
        self.links.insert(epoch, link);
        let accepted = NodeEvent::Accepted {
            peer: id(from),
            epoch,
            kind: ours,
            ip: node(from).ip(),
            listen: Some(node(from)),
        };
        self.event(to, accepted);
        let ip = address.ip();
        let dialed = NodeEvent::Dialed {
            address,
            epoch,
            kind: theirs,
            ip,
        };
        self.event(from, dialed);
    }

    /// Whoever is due first has his tick.
    fn tick(&mut self) {
        let due = |n: u32| Some((self.members.get(n as usize)?.deadline()?, n));
        if let Some((at, n)) = (0..self.count()).filter_map(due).min() {
            self.now = self.now.max(at);
            self.event(n, NodeEvent::Tick);
        }
    }

    fn event(&mut self, n: u32, event: NodeEvent<'_>) {
        let Some(member) = self.members.get_mut(n as usize) else {
            return;
        };
        let actions = member.handle(self.now, event);
        for action in actions {
            match action {
                NodeAction::Send { to, epoch, message } => {
                    self.sent += 1;
                    let link = self.links.get_mut(&epoch).filter(|link| !link.is_over);
                    let end = link.as_ref().map_or(0, |link| {
                        link.ends.iter().position(|it| id(*it) == to).unwrap_or(2)
                    });
                    let way = link.and_then(|link| link.under_way.get_mut(end));
                    match way {
                        Some(way) => way.push_back(message.to_bytes()),
                        // Nobody is there any more.
                        None => self.lost += 1,
                    }
                }
                NodeAction::Dial { address, .. } => self.dials.push_back((n, address)),
                NodeAction::HangUp { peer, epoch, .. } => self.hang_up(n, number(peer), epoch),
                _ => {}
            }
        }
    }

    /// An end hangs up: what is under way to the other one still arrives.
    fn hang_up(&mut self, n: u32, peer: u32, epoch: Epoch) {
        if let Some(link) = self.links.get_mut(&epoch) {
            link.is_over = true;
            for (end, up) in link.ends_up.iter_mut().enumerate() {
                if link.ends.get(end) == Some(&n) {
                    *up = false;
                    let way = link.under_way.get_mut(end).map(core::mem::take);
                    self.lost += way.map_or(0, |way| way.len() as u64);
                }
            }
            if link.ends_up == [false, false] {
                self.links.remove(&epoch);
            }
        }
        let peer = id(peer);
        self.event(n, NodeEvent::Down { peer, epoch });
    }

    /// What was sent was delivered, is lost or is under way; and nobody knows what nobody told.
    fn check(&self) {
        let ways = self.links.values().flat_map(|link| &link.under_way);
        let under_way: usize = ways.map(VecDeque::len).sum();
        assert_eq!(
            self.sent,
            self.delivered + self.lost + under_way as u64,
            "N36"
        );
        for member in &self.members {
            member.known(self.count());
        }
    }

    fn everybody_knows_everybody(&self) -> bool {
        let knows = |(n, member): (u32, &Member)| {
            let known = member.known(self.count());
            (0..self.count()).all(|other| other == n || known.contains(&id(other)))
        };
        (0..).zip(&self.members).all(knows)
    }

    /// Everything arrives, and time passes.
    fn heal(&mut self) {
        let begin = self.now;
        for _ in 0..TICKS_MAX {
            while !self.dials.is_empty() {
                self.settle_dial(0);
            }
            let waits =
                |link: &Link| link.is_over || link.under_way.iter().any(|it| !it.is_empty());
            while self.links.values().any(waits) {
                self.deliver(0);
            }
            if self.dials.is_empty() && self.everybody_knows_everybody() {
                return;
            }
            self.tick();
        }
        let span = self.now - begin;
        let known = self.members.iter().map(|it| {
            let known = it.known(self.count()).into_iter().map(number);
            (it.kind(), known.collect())
        });
        let known: Vec<(pex::Kind, Vec<u32>)> = known.collect();
        unreachable!("N34: after {span:?} these know these: {known:?}");
    }
}

/// What is under way on a connection that breaks.
fn lose(link: &mut Link) -> u64 {
    let ways = link.under_way.iter_mut().map(core::mem::take);
    ways.map(|way| way.len() as u64).sum()
}
