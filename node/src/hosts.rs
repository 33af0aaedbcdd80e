//! How many connections and dials of ours one host has at once.
//!
//! Strangers choose what a crawler dials: many names and many ids may lead to one host, and it is to
//! notice us no more for that.

use core::net::IpAddr;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use pex::{NodeAddress, Reach};

/// Whom we count as one: an IPv4 address, a /64 of IPv6, or a name, wherever it leads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Host {
    Ip(IpAddr),
    Name(String),
}

/// The places of all hosts. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    max: Option<usize>,
    /// Whether this machine's own addresses are hosts like any.
    counts_own: bool,
    taken: Arc<Mutex<BTreeMap<Host, usize>>>,
}

impl Hosts {
    /// Any number for each host.
    pub(crate) fn unbounded() -> Self {
        Self {
            max: None,
            counts_own: false,
            taken: Arc::default(),
        }
    }

    /// At most so many for each host; for this machine too if it `counts_own`.
    pub(crate) fn bounded(max: usize, counts_own: bool) -> Self {
        Self {
            max: Some(max),
            counts_own,
            taken: Arc::default(),
        }
    }

    /// A place at an IP address; none if all are taken.
    pub(crate) fn enter_ip(&self, ip: IpAddr) -> Option<Place> {
        let spared = Reach::of(ip) == Reach::Host && !self.counts_own;
        let ip = match ip.to_canonical() {
            IpAddr::V6(ip) if !spared => IpAddr::V6((ip.to_bits() >> 64 << 64).into()),
            ip => ip,
        };
        self.enter(Host::Ip(ip), spared)
    }

    /// A place at a name; none if all are taken.
    pub(crate) fn enter_name(&self, name: &str) -> Option<Place> {
        let spared = name.eq_ignore_ascii_case("localhost") && !self.counts_own;
        self.enter(Host::Name(name.to_ascii_lowercase()), spared)
    }

    fn enter(&self, host: Host, spared: bool) -> Option<Place> {
        let Some(max) = self.max.filter(|_| !spared) else {
            return Some(Place(None));
        };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(host.clone()).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        Some(Place(Some((self.clone(), host))))
    }

    fn leave(&self, host: &Host) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(host) {
            *count -= 1;
            if *count == 0 {
                taken.remove(host);
            }
        }
    }
}

/// A place at a host, for a dial and the connection that comes of it. Free again when dropped.
#[derive(Debug)]
pub(crate) struct Place(Option<(Hosts, Host)>);

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((hosts, host)) = &self.0 {
            hosts.leave(host);
        }
    }
}

/// What was dialed, and the places at its host that the connection holds.
#[derive(Debug)]
pub(crate) struct Dialed {
    pub(crate) address: NodeAddress,
    pub(crate) places: Places,
}

/// A place at the name, if there was one, and a place at the IP address.
pub(crate) type Places = (Option<Place>, Place);

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_host_has_so_many_places_and_each_comes_free_again() {
        let hosts = Hosts::bounded(2, false);
        let first = hosts.enter_ip(ip("9.9.9.9")).unwrap();
        let second = hosts.enter_ip(ip("::ffff:9.9.9.9")).unwrap();
        assert!(hosts.enter_ip(ip("9.9.9.9")).is_none());
        assert!(hosts.enter_ip(ip("9.9.9.8")).is_some());
        drop(first);
        let third = hosts.clone().enter_ip(ip("9.9.9.9"));
        assert!(third.is_some() && hosts.enter_ip(ip("9.9.9.9")).is_none());
        drop((second, third));
        assert!(hosts.taken.lock().unwrap().is_empty(), "nothing is kept");
    }

    #[test]
    fn a_network_that_one_host_of_ipv6_holds_is_one_host() {
        let hosts = Hosts::bounded(1, false);
        let place = hosts.enter_ip(ip("2a00::1"));
        assert!(place.is_some() && hosts.enter_ip(ip("2a00::2")).is_none());
        assert!(hosts.enter_ip(ip("2a00:0:0:1::1")).is_some());
    }

    #[test]
    fn a_name_is_a_host_however_it_is_written() {
        let hosts = Hosts::bounded(1, false);
        let place = hosts.enter_name("Seed.example.com");
        assert!(place.is_some() && hosts.enter_name("seed.example.com").is_none());
    }

    #[test]
    fn this_machine_is_counted_only_where_that_is_wanted() {
        for (counts_own, second) in [(false, true), (true, false)] {
            let hosts = Hosts::bounded(1, counts_own);
            let _places = (
                hosts.enter_ip(ip("127.0.0.1")),
                hosts.enter_name("localhost"),
            );
            assert_eq!(hosts.enter_ip(ip("127.0.0.1")).is_some(), second);
            assert_eq!(hosts.enter_name("localhost").is_some(), second);
        }
    }
}
