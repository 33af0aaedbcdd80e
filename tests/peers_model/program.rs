//! A program: options, and what happens.

use core::time::Duration;

use pex::peers::{DialFailure, Misconduct, Options};
use pex::{NodeAddress, NodeId, Time};
use quickcheck::{Arbitrary, Gen};

/// The peers of a program. The operator has chosen some of them.
pub(crate) const PEERS: u8 = 8;
pub(crate) const PERSISTENT: u8 = 1;
pub(crate) const SCORED: u8 = 2;
pub(crate) const UNCONDITIONAL: u8 = 3;
pub(crate) const PRIVATE: u8 = 4;

/// The score that the operator gave, on top of what can be earned.
pub(crate) const SCORE: u16 = 5;

pub(crate) const ME: NodeId = NodeId::new([0xee; 20]);
pub(crate) const START: Time = Time::from_secs(1_700_000_000);

pub(crate) const fn id(peer: u8) -> NodeId {
    NodeId::new([peer; 20])
}

/// The addresses of a peer: two, each in a network of its own, and each told by somebody of its own.
pub(crate) fn address(peer: u8, which: u8) -> NodeAddress {
    NodeAddress::mconn(id(peer), [20 + which, peer, 0, 1].into(), 26_656)
}

pub(crate) const fn teller(peer: u8, which: u8) -> NodeId {
    id(100 + 2 * peer + which)
}

/// Something that happens to a peer, or to time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// Somebody tells of it; or the operator does.
    Learn {
        peer: u8,
        which: u8,
        operator: bool,
    },
    /// The dial of it that is under way ends so; if there is none, it ends all the same.
    Dialed {
        peer: u8,
        which: u8,
    },
    Failed {
        peer: u8,
        which: u8,
        why: u8,
    },
    Accepted {
        peer: u8,
    },
    Ready {
        peer: u8,
    },
    Gone {
        peer: u8,
    },
    /// The end of a connection that was never there.
    Stray {
        peer: u8,
    },
    Misbehaved {
        peer: u8,
        how: u8,
    },
    Behaved {
        peer: u8,
    },
    Release {
        peer: u8,
    },
    InUse {
        peer: u8,
        in_use: bool,
    },
    Tick,
}

pub(crate) const fn failure(why: u8) -> DialFailure {
    match why {
        0 => DialFailure::NotThisNode,
        1 => DialFailure::Unusable,
        2 => DialFailure::NotTried,
        _ => DialFailure::Unreachable,
    }
}

pub(crate) const fn misconduct(how: u8) -> Misconduct {
    match how {
        0 => Misconduct::Fatal,
        1..=3 => Misconduct::Major,
        _ => Misconduct::Minor,
    }
}

/// The numbers behind the options, which the model goes by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) outbound: usize,
    pub(crate) inbound: usize,
    /// Places that are in nobody's direction.
    pub(crate) spare: usize,
    pub(crate) upgrade: usize,
    pub(crate) dialing: usize,
    pub(crate) cooldown: Duration,
    pub(crate) failures: u16,
    pub(crate) feelers: bool,
    pub(crate) rotates: bool,
    /// Whether the operator chose anybody.
    pub(crate) chosen: bool,
}

pub(crate) const RETRY: Duration = Duration::from_secs(60);
pub(crate) const RETRY_MAX: Duration = Duration::from_secs(4_000);
pub(crate) const BAN: Duration = Duration::from_secs(10_000);
pub(crate) const DEAD: Duration = Duration::from_secs(7 * 86_400);
pub(crate) const FEELER: Duration = Duration::from_secs(120);
pub(crate) const PERSIST: Duration = Duration::from_millis(500);

impl Setting {
    pub(crate) const fn connected(&self) -> usize {
        self.outbound + self.inbound + self.spare
    }

    pub(crate) fn options(&self) -> Options {
        let chosen = |peer| self.chosen.then_some(id(peer));
        let options = Options::builder()
            .connected_max(self.connected().max(1))
            .slots(self.outbound, self.inbound)
            .upgrade_max(self.upgrade)
            .dials(self.dialing, 10_000)
            .hearsay_dials_per_subnet(usize::MAX)
            .cooldown(self.cooldown)
            .forget(self.failures, DEAD)
            .retry(RETRY, RETRY_MAX)
            .retry_persistent_max(RETRY_MAX)
            .ban(BAN)
            .feeler_every(self.feelers.then_some(FEELER))
            .outbound_life(self.rotates.then_some(Duration::from_secs(3_600)))
            .persist_every(PERSIST)
            .persistent(chosen(PERSISTENT).filter(|_| self.outbound > 0))
            .scores(chosen(SCORED).map(|id| (id, SCORE)))
            .unconditional(chosen(UNCONDITIONAL))
            .private(chosen(PRIVATE));
        options.build().expect("these options agree")
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) setting: Setting,
    pub(crate) seed: u8,
    /// What happens, and how many milliseconds after what was before; less than none is a clock
    /// that runs backwards.
    pub(crate) ops: Vec<(i64, Op)>,
}

fn below(g: &mut Gen, bound: u8) -> u8 {
    u8::arbitrary(g) % bound
}

fn step(g: &mut Gen) -> i64 {
    let wide = i64::from(u16::arbitrary(g));
    match below(g, 16) {
        0..=4 => 0,
        5..=9 => wide % 1_000,
        10..=12 => wide,
        13 => wide * 60,
        14 => wide * 1_200,
        _ => -wide,
    }
}

fn op(g: &mut Gen) -> Op {
    let (peer, which) = (1 + below(g, PEERS), below(g, 2));
    match below(g, 32) {
        0..=4 => Op::Learn {
            peer,
            which,
            operator: below(g, 4) == 0,
        },
        5..=10 => Op::Dialed { peer, which },
        11..=14 => Op::Failed {
            peer,
            which,
            why: below(g, 10),
        },
        15..=18 => Op::Accepted { peer },
        19..=22 => Op::Ready { peer },
        23..=25 => Op::Gone { peer },
        26 => Op::Stray { peer },
        27 => Op::Misbehaved {
            peer,
            how: below(g, 12),
        },
        28 => Op::Behaved { peer },
        29 => Op::Release { peer },
        30 => Op::InUse {
            peer,
            in_use: bool::arbitrary(g),
        },
        _ => Op::Tick,
    }
}

impl Arbitrary for Program {
    fn arbitrary(g: &mut Gen) -> Self {
        let small = |g: &mut Gen| usize::from(below(g, 4));
        let setting = Setting {
            outbound: small(g),
            inbound: small(g),
            spare: small(g) / 2,
            upgrade: small(g) / 2 * (1 + small(g) / 2),
            dialing: small(g),
            cooldown: Duration::from_secs(u64::from(below(g, 3)) * 30),
            failures: 1 + u16::from(below(g, 3)),
            feelers: bool::arbitrary(g),
            rotates: bool::arbitrary(g),
            chosen: bool::arbitrary(g),
        };
        let length = 50 + usize::from(u8::arbitrary(g)) * 2;
        let ops = (0..length).map(|_| (step(g), op(g))).collect();
        Self {
            setting,
            seed: u8::arbitrary(g),
            ops,
        }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let len = self.ops.len();
        let whole = self.clone();
        // Halves, quarters, and so on down to single events are left out.
        let sizes = core::iter::successors(Some(len / 2), |size| Some(size / 2));
        let sizes = sizes.take_while(|size| *size > 0);
        Box::new(sizes.flat_map(move |size| {
            let whole = whole.clone();
            (0..len).step_by(size).map(move |from| {
                let mut shorter = whole.clone();
                shorter.ops.drain(from..(from + size).min(len));
                shorter
            })
        }))
    }
}
