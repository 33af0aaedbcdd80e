//! How often a node lets others have something done, as far as its options say so.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use pex::{Kind, NodeAddress, NodeId, Subnet, Time};

use super::{Verdict, hold};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// Answers at once to one peer.
const BURST: u32 = 3;

/// Answers that one peer may be owed: one that waits for names, and that to what it asks now.
const OWED: u32 = 2;

/// Dials of a place in a day on the word of strangers, and into a subnet in a minute.
const A_DAY: usize = 8;
const A_MINUTE: usize = 2;

/// So long an address is left alone at least that has failed twice in a row: four minutes, of which a
/// store keeps the beginning to the second.
const LEFT_ALONE: Duration = Duration::from_secs(239);

/// Peers in a row whose answers began and ended with the same addresses, where there were so many others.
const IN_A_ROW: usize = 8;
const MANY: usize = 20;

/// What was done of late.
#[derive(Clone, Debug, Default)]
pub(super) struct Rates {
    answers: BTreeMap<NodeId, Granted>,
    /// Dials of places that were never reached, by place.
    places: BTreeMap<(IpAddr, u16), VecDeque<Time>>,
    subnets: VecDeque<(Time, Subnet)>,
    /// Dials that failed in a row, and when the last one did, by address.
    failed: BTreeMap<NodeId, BTreeMap<NodeAddress, (u32, Time)>>,
    /// With what the last answers began and ended, and to whom they went.
    order: Option<([NodeAddress; 2], Vec<NodeId>)>,
}

/// What one peer may have.
#[derive(Clone, Copy, Debug)]
struct Granted {
    /// When as many answers at once again as somebody new.
    full: Time,
    /// So many answers to what it has asked.
    owed: u32,
}

impl Rates {
    /// A clock was set back: what was done by it was done at other times. What is owed still is.
    pub(super) fn clear(&mut self) {
        let mut answers = core::mem::take(&mut self.answers);
        for granted in answers.values_mut() {
            granted.full = Time::EPOCH;
        }
        *self = Self {
            answers,
            ..Self::default()
        };
    }

    /// A peer asks, and is owed an answer if it does not ask too often. That may go out later, when names
    /// are known.
    pub(super) fn question(&mut self, now: Time, from: NodeId, kind: Kind) {
        let gap = match kind {
            Kind::V1 => Duration::from_secs(10),
            _ => Duration::from_millis(100),
        };
        let nothing = Granted { full: now, owed: 0 };
        let granted = self.answers.entry(from).or_insert(nothing);
        let full = granted.full.max(now) + gap;
        if full - now <= gap * BURST {
            granted.full = full;
            granted.owed = (granted.owed + 1).min(OWED);
        }
    }

    /// A peer is answered.
    pub(super) fn answer(&mut self, to: NodeId) -> Verdict {
        let granted = self.answers.get_mut(&to);
        let owed = granted.filter(|it| it.owed > 0);
        let is_owed = owed.map(|it| it.owed -= 1).is_some();
        hold(29, is_owed, || {
            format!("{to} is answered more often than it may ask")
        })
    }

    /// An answer begins with the first of these and ends with the second, of so many with which it could
    /// have ended as well. The ends alone say nothing: where all but one were reached in a life before,
    /// of which nobody knows outside, every answer ends with that one.
    pub(super) fn answers(&mut self, to: NodeId, ends: [&NodeAddress; 2], alike: usize) -> Verdict {
        if alike < MANY {
            return Ok(());
        }
        match &mut self.order {
            Some((before, peers)) if before.each_ref() == ends => {
                if !peers.contains(&to) {
                    peers.push(to);
                }
            }
            other => *other = Some((ends.map(Clone::clone), vec![to])),
        }
        let same = self.order.as_ref().map_or(0, |(_, peers)| peers.len());
        hold(37, same < IN_A_ROW, || {
            format!(
                "the answers to {same} peers go from {} to {}: where they begin is no matter of chance",
                ends[0], ends[1]
            )
        })
    }

    /// A place is dialed of which strangers have told. How often that may be in a subnet is an option.
    pub(super) fn dial(&mut self, now: Time, address: &NodeAddress, is_plain: bool) -> Verdict {
        let Some(ip) = address.ip() else {
            return Ok(());
        };
        let dials = self.places.entry((ip, address.port())).or_default();
        dials.push_back(now);
        while dials.front().is_some_and(|at| *at + DAY <= now) {
            dials.pop_front();
        }
        let often = dials.len();
        hold(25, often <= A_DAY, || {
            format!("{address} is dialed {often} times in a day on the word of strangers")
        })?;
        if !is_plain {
            return Ok(());
        }
        let subnet = Subnet::of(ip);
        self.subnets.push_back((now, subnet));
        while self
            .subnets
            .front()
            .is_some_and(|(at, _)| *at + MINUTE <= now)
        {
            self.subnets.pop_front();
        }
        let often = self.subnets.iter().filter(|(_, its)| *its == subnet);
        let often = often.count();
        hold(25, often <= A_MINUTE, || {
            format!(
                "the subnet of {address} is dialed {often} times in a minute on the word of strangers"
            )
        })
    }

    /// A dial has failed.
    pub(super) fn failed(&mut self, at: Time, address: &NodeAddress) {
        let of_node = self.failed.entry(address.id()).or_default();
        let (times, last) = of_node.entry(address.clone()).or_insert((0, at));
        (*times, *last) = (*times + 1, at);
    }

    /// There is a connection with a node. On it nothing is owed yet.
    pub(super) fn reached(&mut self, id: NodeId) {
        self.failed.remove(&id);
        if let Some(granted) = self.answers.get_mut(&id) {
            granted.owed = 0;
        }
    }

    /// An address is dialed, of which it is known that it was reached once.
    pub(super) fn dials_again(&self, now: Time, address: &NodeAddress) -> Verdict {
        let of_node = self.failed.get(&address.id());
        let Some(&(times, last)) = of_node.and_then(|its| its.get(address)) else {
            return Ok(());
        };
        let pause = now - last;
        hold(25, times < 2 || pause >= LEFT_ALONE, || {
            format!("{address} is dialed {pause:?} after it has failed {times} times in a row")
        })
    }

    /// A dial was not made after all.
    pub(super) fn not_tried(&mut self, address: &NodeAddress) {
        if let Some(ip) = address.ip()
            && let Some(dials) = self.places.get_mut(&(ip, address.port()))
        {
            dials.pop_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: NodeId = NodeId::new([1; 20]);

    const fn at(secs: u64) -> Time {
        Time::from_secs(1_000 + secs)
    }

    #[test]
    fn an_answer_counts_when_it_was_asked_for_and_not_when_it_goes_out() {
        let mut rates = Rates::default();
        rates.question(at(0), WHO, Kind::V1);
        // The first waits for names; what is asked next has both go out.
        rates.question(at(3), WHO, Kind::V1);
        assert_eq!((rates.answer(WHO), rates.answer(WHO)), (Ok(()), Ok(())));
        for time in [4, 11] {
            rates.question(at(time), WHO, Kind::V1);
            assert_eq!(rates.answer(WHO), Ok(()));
        }
    }

    #[test]
    fn who_asks_too_often_or_is_answered_twice_is_found() {
        let mut rates = Rates::default();
        for time in 0..4 {
            rates.question(at(time), WHO, Kind::V1);
            assert_eq!(rates.answer(WHO).is_ok(), time < 3);
        }
        rates.question(at(30), WHO, Kind::V1);
        assert_eq!(rates.answer(WHO), Ok(()));
        assert!(rates.answer(WHO).is_err());
    }

    #[test]
    fn what_was_owed_on_the_connection_before_is_owed_no_more() {
        let mut rates = Rates::default();
        rates.question(at(0), WHO, Kind::V2);
        rates.reached(WHO);
        assert!(rates.answer(WHO).is_err());
    }
}
