//! The door: who of those that dial us is let in, before a byte is read.

mod place;
mod rate;
mod seat;

use core::net::IpAddr;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::crowd::Crowd;
use crate::transport::InboundLimits;
use rate::Rates;

pub(crate) use place::Place;
pub(crate) use seat::{Seat, Seated};

/// Counts who is in.
#[derive(Debug)]
pub(crate) struct Door {
    limits: InboundLimits,
    taken: Arc<Mutex<Taken>>,
    rates: Rates,
}

/// Sockets that are open, by where they come from. As many entries as sockets, at most.
#[derive(Debug, Default)]
struct Taken {
    all: usize,
    ips: BTreeMap<IpAddr, usize>,
    networks: BTreeMap<IpAddr, usize>,
}

impl Door {
    /// Other limits on how many are in from now on. What an IP address may open a second stays.
    pub(crate) const fn hold_to(&mut self, limits: InboundLimits) {
        self.limits = limits;
    }

    pub(crate) fn new(limits: InboundLimits) -> Self {
        Self {
            rates: Rates::new(limits.rate_per_ip, limits.burst_per_ip),
            taken: Arc::default(),
            limits,
        }
    }

    /// Lets somebody in who comes from there, or says why not. The seat is taken until it is dropped.
    pub(crate) fn enter(&mut self, from: Place, now: Instant) -> Result<Seat, Crowd> {
        let limited = from.is_far || self.limits.near;
        if limited && !self.rates.take(from.ip, now) {
            return Err(Crowd::Rate);
        }
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.limits.sockets {
            return Err(Crowd::Sockets);
        }
        if limited {
            let of = |counts: &BTreeMap<IpAddr, usize>, key| counts.get(&key).copied().unwrap_or(0);
            if of(&taken.ips, from.ip) >= self.limits.per_ip {
                return Err(Crowd::Ip);
            }
            if of(&taken.networks, from.network) >= self.limits.per_network {
                return Err(Crowd::Network);
            }
        }
        taken.all += 1;
        *taken.ips.entry(from.ip).or_default() += 1;
        *taken.networks.entry(from.network).or_default() += 1;
        Ok(Seat::new(from, &self.taken))
    }
}

impl Taken {
    fn leave(&mut self, from: Place) {
        self.all = self.all.saturating_sub(1);
        for (counts, key) in [(&mut self.ips, from.ip), (&mut self.networks, from.network)] {
            if let Some(count) = counts.get_mut(&key) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    counts.remove(&key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    fn limits() -> InboundLimits {
        InboundLimits {
            sockets: 10,
            per_ip: 2,
            per_network: 3,
            rate_per_ip: 1,
            burst_per_ip: 5,
            ..InboundLimits::default()
        }
    }

    fn place(ip: &str) -> Place {
        Place::of(ip.parse().unwrap())
    }

    #[tokio::test]
    async fn an_ip_address_and_its_network_have_so_many_places_and_get_them_back() {
        let (mut door, now) = (Door::new(limits()), Instant::now());
        let first = door.enter(place("9.9.9.9"), now).unwrap();
        let _second = door.enter(place("9.9.9.9"), now).unwrap();
        assert_eq!(door.enter(place("9.9.9.9"), now).unwrap_err(), Crowd::Ip);
        let _third = door.enter(place("9.9.9.8"), now).unwrap();
        let full = door.enter(place("9.9.9.7"), now).unwrap_err();
        assert_eq!(full, Crowd::Network);
        // Others are not concerned.
        let _other = door.enter(place("9.9.8.9"), now).unwrap();
        drop(first);
        let _again = door.enter(place("9.9.9.9"), now).unwrap();
    }

    #[tokio::test]
    async fn a_network_of_ipv6_is_counted_as_a_customer_has_it() {
        let (mut door, now) = (Door::new(limits()), Instant::now());
        let from = ["2a00::1", "2a00::2", "2a00:0:0:1::1"];
        let _seats = from.map(|ip| door.enter(place(ip), now).unwrap());
        assert_eq!(door.enter(place("2a00::3"), now).unwrap_err(), Crowd::Ip);
        let next = door.enter(place("2a00:0:0:2::1"), now).unwrap_err();
        assert_eq!(next, Crowd::Network);
        let _other = door.enter(place("2a00:0:1::1"), now).unwrap();
    }

    #[tokio::test]
    async fn whoever_comes_again_and_again_is_slowed_down() {
        let (mut door, now) = (Door::new(limits()), Instant::now());
        for _ in 0..5 {
            drop(door.enter(place("9.9.9.9"), now).unwrap());
        }
        assert_eq!(door.enter(place("9.9.9.9"), now).unwrap_err(), Crowd::Rate);
        drop(door.enter(place("9.9.9.8"), now).unwrap());
        let later = now + Duration::from_secs(1);
        drop(door.enter(place("9.9.9.9"), later).unwrap());
        let again = door.enter(place("9.9.9.9"), later).unwrap_err();
        assert_eq!(again, Crowd::Rate);
    }

    #[tokio::test]
    async fn neighbours_are_limited_only_if_that_is_wanted_and_all_only_by_the_sockets() {
        let now = Instant::now();
        let mut door = Door::new(limits());
        let seats: Vec<Seat> = (0..10)
            .map(|_| door.enter(place("127.0.0.1"), now).unwrap())
            .collect();
        let full = door.enter(place("9.9.9.9"), now).unwrap_err();
        assert_eq!(full, Crowd::Sockets);
        drop(seats);
        let mut limits = limits();
        limits.near = true;
        let mut door = Door::new(limits);
        let _seats = [(); 2].map(|()| door.enter(place("10.0.0.1"), now).unwrap());
        assert_eq!(door.enter(place("10.0.0.1"), now).unwrap_err(), Crowd::Ip);
    }
}
