//! Kin that makes up a network, as few among many or as one after the other: many names, and one
//! connection.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pex::{Action, Config, Estimate, Kind, NodeAddress, NodeId, Pex, Seed};

use crate::support::{World, asked, id, ms, node, secs};

/// A network, or one that is made up: its nodes in the order of their ids.
struct Ring(Vec<u32>);

impl Ring {
    fn new(nodes: usize, seed: u64) -> Self {
        let (mut drawn, mut all) = (seed, BTreeSet::new());
        while all.len() < nodes {
            drawn = drawn
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            all.insert(u32::try_from(drawn >> 32).unwrap());
        }
        Self(all.into_iter().collect())
    }

    /// The next hundred from this place, if there are so many.
    fn arc(&self, from: usize) -> Vec<NodeAddress> {
        let round = self.0.iter().cycle().skip(from % self.0.len());
        round
            .take(self.0.len().min(100))
            .map(|&n| node(n))
            .collect()
    }
}

/// A machine among kin that tells the truth.
struct Among {
    w: World,
    real: Ring,
    places: BTreeMap<NodeId, usize>,
    guests: u32,
    /// A guest that stays, and what he tells.
    liar: Option<(NodeId, Vec<NodeAddress>)>,
}

impl Among {
    /// Two minutes with so many of a network of a thousand.
    fn kin(many: u32) -> Self {
        let mut it = Self {
            w: World::new(),
            real: Ring::new(1_000, 1),
            places: BTreeMap::new(),
            guests: 0,
            liar: None,
        };
        it.w.checks_inside = false;
        (1..=many).for_each(|n| it.comes(n));
        it.passes(secs(120));
        it
    }

    fn comes(&mut self, n: u32) {
        self.places.insert(id(n), n as usize * 389);
        self.w.up(n, Kind::Kin);
    }

    fn goes(&mut self, n: u32) {
        self.places.remove(&id(n));
        self.w.down(n);
    }

    fn passes(&mut self, span: Duration) {
        let (places, real, liar) = (&mut self.places, &self.real, &self.liar);
        self.w.converse(span, ms(50), |peer| {
            if let Some((_, told)) = liar.as_ref().filter(|(liar, _)| *liar == peer) {
                return Some(told.clone());
            }
            let place = places.get_mut(&peer)?;
            *place += 100;
            Some(real.arc(*place - 100))
        });
    }

    /// So many guests, so many at a time and so long apart, each of whom tells a part of what is made
    /// up and goes; how far off the estimate was at any time, in parts of a thousand.
    fn guests(&mut self, many: u32, at_a_time: u32, apart: Duration, made_up: &Ring) -> u64 {
        let mut off = 0;
        for _ in 0..many / at_a_time {
            let guests = self.guests..self.guests + at_a_time;
            self.guests = guests.end;
            for n in guests.clone().map(|n| 1_000_000 + n) {
                self.w.up(n, Kind::Kin);
                if self.w.pex.is_awaiting(id(n)) {
                    self.w.answers(n, &made_up.arc(n as usize * 100));
                }
            }
            for n in guests.map(|n| 1_000_000 + n) {
                self.w.down(n);
            }
            self.passes(apart);
            off = off.max(self.off());
        }
        off
    }

    /// The same of guests one at a time, each of whom stays for a minute and more, and tells whenever
    /// he is asked.
    fn patient_guests(&mut self, many: u32, made_up: &Ring) -> u64 {
        let mut off = 0;
        for n in (2_000_000..).take(many as usize) {
            self.w.up(n, Kind::Kin);
            self.liar = Some((id(n), made_up.arc(n as usize * 100)));
            for _ in 0..70 {
                self.passes(secs(1));
                off = off.max(self.off());
            }
            self.w.down(n);
        }
        off
    }

    fn size(&self) -> u64 {
        match self.w.pex.estimate() {
            Estimate::Known { nodes, .. } => nodes,
            other => panic!("{other:?}"),
        }
    }

    /// How far off the estimate is, in parts of a thousand.
    fn off(&self) -> u64 {
        let truth = self.real.0.len() as u64;
        self.size().abs_diff(truth) * 1_000 / truth
    }
}

/// How far off it may be where a part of all tells of far more nodes than there are, or of far fewer, in
/// parts of a thousand: as far as if they stayed.
const MOST: u64 = 10;

#[test]
fn a_guest_a_second_that_makes_up_many_nodes_does_not_bend_the_estimate() {
    let mut it = Among::kin(20);
    let off = it.guests(350, 1, secs(1), &Ring::new(20_000, 2));
    assert!(off <= MOST, "{off} of a thousand, {} at last", it.size());
}

#[test]
fn ten_guests_a_second_do_not_bend_the_estimate_nor_leave_it_bent() {
    let mut it = Among::kin(20);
    let off = it.guests(400, 1, ms(100), &Ring::new(20_000, 2));
    it.passes(secs(600));
    assert!(off <= MOST, "{off} of a thousand");
    assert!(it.off() <= MOST, "{} at last", it.size());
}

#[test]
fn guests_that_tell_of_a_small_network_do_not_bend_the_estimate_down() {
    for made_up in [Ring::new(50, 3), Ring::new(330, 3)] {
        let mut it = Among::kin(20);
        let off = it.guests(350, 1, secs(1), &made_up);
        assert!(off <= MOST, "{off} of a thousand, {} at last", it.size());
    }
}

/// Of ten kin two lie, or of four one.
#[test]
fn guests_bend_the_estimate_no_more_where_kin_is_few_or_several_come_at_once() {
    for (kin, at_a_time) in [(3, 1), (4, 1), (5, 1), (8, 2), (20, 5)] {
        for made_up in [Ring::new(20_000, 2), Ring::new(330, 3)] {
            let mut it = Among::kin(kin);
            let off = it.guests(100, at_a_time, secs(1), &made_up);
            assert!(off <= MOST, "{off} of a thousand, among {kin}");
        }
    }
}

#[test]
fn a_guest_who_stays_for_a_minute_under_each_of_forty_names_has_one_voice() {
    for (kin, made_up) in [(3, 20_000), (4, 20_000), (4, 330), (10, 20_000)] {
        let mut it = Among::kin(kin);
        let off = it.patient_guests(40, &Ring::new(made_up, 2));
        assert!(off <= MOST, "{off} of a thousand, among {kin}");
    }
}

#[test]
fn guests_outvote_nobody_after_a_restart_with_the_connections_that_were() {
    let mut it = Among::kin(20);
    let made_up = Ring::new(20_000, 2);
    it.guests(60, 1, ms(100), &made_up);
    let dump = it.w.pex.dump();
    it.w.pex = Pex::restore(Config::default(), Seed::new([7; 32]), &dump).unwrap();
    assert_eq!(it.w.pex.dump(), dump);
    it.w.set_back(secs(60));
    let off = it.guests(60, 1, ms(100), &made_up);
    assert!(off <= MOST, "{off} of a thousand, {} at last", it.size());
}

/// As kin comes and goes where nobody stays: each of so many for so long, one after another.
fn in_turns(it: &mut Among, at_a_time: u32, turns: u32, each: Duration) -> u64 {
    let mut off = 0;
    for n in 1_000..1_000 + turns {
        it.comes(n);
        it.passes(each);
        off = off.max(it.off());
        if let Some(first) = n.checked_sub(at_a_time).filter(|&first| first >= 1_000) {
            it.goes(first);
        }
    }
    off
}

#[test]
fn where_no_kin_stays_what_those_tell_who_come_and_go_is_the_estimate() {
    for at_a_time in [1, 3, 4, 6, 12] {
        let mut it = Among::kin(at_a_time.max(2));
        (1..=at_a_time.max(2)).for_each(|n| it.goes(n));
        let off = in_turns(&mut it, at_a_time, 300, secs(2));
        assert!(off <= MOST, "{off} of a thousand, {at_a_time} at a time");
    }
}

#[test]
fn a_network_that_grew_while_nobody_was_there_is_believed_to_whoever_comes() {
    for at_a_time in [1, 4, 12] {
        let mut it = Among::kin(20);
        (1..=20).for_each(|n| it.goes(n));
        it.passes(secs(600));
        it.real = Ring::new(5_000, 4);
        in_turns(&mut it, at_a_time, 200, secs(2));
        assert!(it.off() <= 3 * MOST, "{}", it.size());
    }
}

/// How long it takes to hear of 99 of 100 of a network of 2,000 from so many of kin, in tenths of a
/// second, where one more comes first and tells this ring, an arc each time.
fn search(kin: u32, first: Option<&Ring>) -> u64 {
    let mut w = World::new();
    w.checks_inside = false;
    let real = Ring::new(2_000, 1);
    let known: BTreeSet<NodeAddress> = real.0.iter().map(|&n| node(n)).collect();
    let mut places: BTreeMap<NodeId, usize> =
        (0..=kin).map(|n| (id(n), n as usize * 389)).collect();
    (u32::from(first.is_none())..=kin).for_each(|n| drop(w.up(n, Kind::Kin)));
    for tenths in 1.. {
        w.converse(ms(100), ms(50), |peer| {
            let place = places.get_mut(&peer)?;
            *place += 100;
            let ring = first.filter(|_| peer == id(0)).unwrap_or(&real);
            Some(ring.arc(*place - 100))
        });
        let heard: BTreeSet<&NodeAddress> = w
            .log
            .iter()
            .filter_map(|(_, action)| match action {
                Action::AddPeer { address, .. } => Some(address),
                _ => None,
            })
            .filter(|it| known.contains(it))
            .collect();
        if heard.len() >= 1_980 {
            return tenths;
        }
    }
    unreachable!()
}

/// As long as those rest who told where he had told of all, before a third was heard; in tenths of a
/// second.
const REST: u64 = 11;

#[test]
fn among_few_of_kin_one_who_tells_of_a_small_network_slows_no_search() {
    for kin in [2, 3, 4, 8] {
        let alone = search(kin, None);
        for made_up in [Ring::new(60, 5), Ring::new(300, 5)] {
            let with = search(kin, Some(&made_up));
            assert!(with <= alone + REST, "{with} and not {alone}, among {kin}");
        }
    }
}

#[test]
fn how_many_may_be_asked_at_once_is_by_what_those_tell_who_are_there_once_they_are_three() {
    let mut it = Among::kin(3);
    (1..=3).for_each(|n| it.goes(n));
    it.passes(secs(60));
    let grown = Ring::new(20_000, 2);
    let first = (11..=60).map(|n| asked(&it.w.up(n, Kind::Kin)).len());
    assert_eq!(first.sum::<usize>(), 12);
    let mut more = |n: u32| asked(&it.w.answers(n, &grown.arc(n as usize * 389))).len();
    assert_eq!([11, 12, 13].map(&mut more), [0, 0, 38]);
}
