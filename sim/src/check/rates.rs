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

/// How long an answer of V1 may wait for names.
const NAMES_WAIT: Duration = Duration::from_secs(3);

/// Dials of a place in a day on the word of strangers, and into a subnet in a minute.
const A_DAY: usize = 8;
const A_MINUTE: usize = 2;

/// So long an address is left alone at least that has failed twice in a row: four minutes, of which a
/// store keeps the beginning to the second.
const LEFT_ALONE: Duration = Duration::from_secs(239);

/// Peers in a row whose answers had the same addresses at the same places, where there were so many others.
const IN_A_ROW: usize = 8;
const MANY: usize = 20;

/// What was done of late.
#[derive(Clone, Debug, Default)]
pub(super) struct Rates {
    /// When the event before this one came. Between the two a clock may have been set forward, or the node
    /// have hung, and nothing was answered.
    occasion: Time,
    answers: BTreeMap<NodeId, Granted>,
    /// Dials of places that were never reached, by place.
    places: BTreeMap<(IpAddr, u16), VecDeque<Time>>,
    subnets: VecDeque<(Time, Subnet)>,
    /// Dials that failed in a row, and when the last one did, by address.
    failed: BTreeMap<NodeId, BTreeMap<NodeAddress, (u32, Time)>>,
    /// What the last answers had at the places that are looked at, and to whom they went.
    order: Option<([NodeAddress; 3], Vec<NodeId>)>,
}

/// What one peer has had.
#[derive(Clone, Debug)]
struct Granted {
    /// When it may have as many answers at once again as somebody new.
    full: Time,
    /// When it asked of late what it has no answer to.
    asked: VecDeque<Time>,
}

impl Granted {
    /// What had waited for longer than an answer does, when the node last had an occasion to give it, was
    /// refused.
    fn forget_refused(&mut self, occasion: Time) {
        while self
            .asked
            .front()
            .is_some_and(|at| *at + NAMES_WAIT < occasion)
        {
            self.asked.pop_front();
        }
    }
}

impl Rates {
    /// A clock was set back: what was done by it was done at other times.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// An event comes; the one before it came then.
    pub(super) const fn event_after(&mut self, last: Time) {
        self.occasion = last;
    }

    /// A peer asks.
    pub(super) fn question(&mut self, now: Time, from: NodeId) {
        let granted = self.answers.entry(from).or_insert_with(|| Granted {
            full: now,
            asked: VecDeque::new(),
        });
        granted.asked.push_back(now);
        granted.forget_refused(self.occasion);
    }

    /// A peer is answered what it asked now, or a while ago if names had to be looked up first. Where it
    /// has asked more than was answered, it may be the first of these that counts.
    pub(super) fn answer(&mut self, now: Time, to: NodeId, kind: Kind) -> Verdict {
        let gap = match kind {
            Kind::V1 => Duration::from_secs(10),
            _ => Duration::from_millis(100),
        };
        let Some(granted) = self.answers.get_mut(&to) else {
            return Ok(());
        };
        granted.forget_refused(self.occasion);
        let asked = match kind {
            Kind::V1 => granted.asked.pop_front().unwrap_or(now),
            _ => now,
        };
        granted.full = granted.full.max(asked) + gap;
        hold(29, granted.full - now <= gap * BURST, || {
            format!("{to} is answered more often than once in {gap:?}")
        })
    }

    /// An answer begins with the first of these, has the second on its way and ends with the third, of so
    /// many with which it could have ended as well. The ends alone say nothing: of those reached in a life
    /// before nobody knows outside. Where all but one were, every answer ends with that one; where there
    /// is news, every answer begins with it.
    pub(super) fn answers(
        &mut self,
        to: NodeId,
        marks: [&NodeAddress; 3],
        alike: usize,
    ) -> Verdict {
        if alike < MANY {
            return Ok(());
        }
        match &mut self.order {
            Some((before, peers)) if before.each_ref() == marks => {
                if !peers.contains(&to) {
                    peers.push(to);
                }
            }
            other => *other = Some((marks.map(Clone::clone), vec![to])),
        }
        let same = self.order.as_ref().map_or(0, |(_, peers)| peers.len());
        let [first, amid, last] = marks;
        hold(37, same < IN_A_ROW, || {
            format!(
                "the answers to {same} peers go from {first} by {amid} to {last}: where they begin is no matter of chance"
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

    /// There is a connection with a node. On it nothing was asked yet.
    pub(super) fn reached(&mut self, id: NodeId) {
        self.failed.remove(&id);
        if let Some(granted) = self.answers.get_mut(&id) {
            granted.asked.clear();
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

    /// Whether each of these answers holds, for what was asked then.
    fn holds(rates: &mut Rates, asked: u64, answered: u64) -> bool {
        rates.question(at(asked), WHO);
        rates.answer(at(answered), WHO, Kind::V1).is_ok()
    }

    #[test]
    fn an_answer_counts_when_it_was_asked_for_and_not_when_it_goes_out() {
        let all = [(0, 3), (3, 3), (4, 7), (11, 11)];
        let mut rates = Rates::default();
        assert!(
            all.iter()
                .all(|&(asked, answered)| holds(&mut rates, asked, answered))
        );
        // At once all of these were too many.
        let mut rates = Rates::default();
        let mut at_once = all
            .iter()
            .map(|&(_, answered)| holds(&mut rates, answered, answered));
        assert!(!at_once.all(|it| it));
    }

    #[test]
    fn a_fourth_answer_within_ten_seconds_is_found_and_so_is_a_second_to_one_question() {
        let mut rates = Rates::default();
        let mut four = (0..4).map(|time| holds(&mut rates, time, time));
        assert!(!four.all(|it| it));
        let mut rates = Rates::default();
        assert!(holds(&mut rates, 0, 0));
        let more = (0..3).map(|_| rates.answer(at(0), WHO, Kind::V1).is_ok());
        assert_eq!(more.collect::<Vec<_>>(), [true, true, false]);
    }

    /// Whether three more answers hold, right after that to a question of an hour ago, of a node that was
    /// last told something so long after the question.
    fn hold_after_an_hour(last: u64) -> bool {
        let mut rates = Rates::default();
        rates.question(at(0), WHO);
        rates.event_after(at(last));
        assert!(rates.answer(at(3_600), WHO, Kind::V1).is_ok());
        rates.event_after(at(3_600));
        (0..3).all(|_| holds(&mut rates, 3_601, 3_601))
    }

    #[test]
    fn an_answer_that_waited_counts_from_its_question_where_there_was_no_occasion_to_give_it() {
        assert!(hold_after_an_hour(0));
        assert!(hold_after_an_hour(3));
        assert!(!hold_after_an_hour(4));
    }

    #[test]
    fn what_was_asked_on_the_connection_before_counts_no_more() {
        let mut rates = Rates::default();
        for time in [0, 0, 0] {
            assert!(holds(&mut rates, time, time));
        }
        rates.question(at(8), WHO);
        rates.reached(WHO);
        assert!(holds(&mut rates, 10, 10));
        assert!(!holds(&mut rates, 11, 11));
    }

    #[test]
    fn only_answers_that_go_the_whole_way_alike_begin_by_no_chance() {
        let who = |number: u8| NodeId::new([number; 20]);
        let address = |number| NodeAddress::mconn(who(number), [8, 8, 8, number].into(), 26656);
        let holds = |amid: fn(u8) -> u8| {
            let mut rates = Rates::default();
            (1..=u8::try_from(IN_A_ROW).expect("eight")).all(|to| {
                let marks = [100, amid(to), 102].map(address);
                rates.answers(who(to), marks.each_ref(), MANY).is_ok()
            })
        };
        assert!(holds(|to| 150 + to % 2));
        assert!(!holds(|_| 150));
    }
}
