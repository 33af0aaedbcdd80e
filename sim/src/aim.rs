//! How often somebody is dialed at whom hostile nodes point others.

use core::net::IpAddr;
use std::collections::{BTreeMap, VecDeque};

use pex::NodeAddress;

/// A day of virtual time.
const DAY: u64 = 86_400_000_000_000;

/// So often a node dials a place in a day that it has only heard of.
const A_DAY: usize = 8;

/// All victims, and who has dialed them.
#[derive(Debug, Default)]
pub(crate) struct Aim {
    pub(crate) victims: Vec<IpAddr>,
    /// Dials in all, and the most of one node at one port in a day.
    pub(crate) dials: u64,
    pub(crate) most: usize,
    /// The dials of each node, in each of its lives, at each port of a victim in the last day. What a
    /// node has found false it does not write down, so one that was started anew begins to count anew.
    by: BTreeMap<(u32, u32, IpAddr, u16), VecDeque<u64>>,
}

impl Aim {
    /// A node dials; whether it has dialed a victim too often.
    pub(crate) fn dialed(
        &mut self,
        (node, life): (u32, u32),
        address: &NodeAddress,
        now: u64,
    ) -> bool {
        let victim = address.ip().filter(|ip| self.victims.contains(ip));
        let Some(victim) = victim else {
            return false;
        };
        self.dials += 1;
        let by = self
            .by
            .entry((node, life, victim, address.port()))
            .or_default();
        while by.front().is_some_and(|at| at + DAY <= now) {
            by.pop_front();
        }
        by.push_back(now);
        self.most = self.most.max(by.len());
        by.len() > A_DAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ninth_dial_in_a_day_is_too_many_and_the_next_day_it_is_not() {
        let ip = IpAddr::from([8, 8, 8, 8]);
        let mut aim = Aim::default();
        aim.victims.push(ip);
        let at = |nth: u8| NodeAddress::mconn(pex::NodeId::new([nth; 20]), ip, 26_656);
        for nth in 0..8 {
            assert!(!aim.dialed((1, 1), &at(nth), u64::from(nth)));
        }
        assert!(!aim.dialed((2, 1), &at(9), 8));
        assert!(!aim.dialed((1, 2), &at(9), 8));
        assert!(aim.dialed((1, 1), &at(9), 8));
        assert!(!aim.dialed((1, 1), &at(10), 9 + DAY));
        assert_eq!((aim.dials, aim.most), (12, 9));
    }
}
