//! Handshakes with those who dialed us, a bounded number at a time.

use core::net::IpAddr;
use std::collections::{BTreeMap, VecDeque};

use tokio::task::{AbortHandle, JoinSet};

/// Handshakes that are under way, the oldest first. They end with this.
#[derive(Debug)]
pub(crate) struct Handshakes {
    max: usize,
    tasks: JoinSet<()>,
    oldest_first: VecDeque<(IpAddr, AbortHandle)>,
}

impl Handshakes {
    /// At most so many at once.
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max,
            tasks: JoinSet::new(),
            oldest_first: VecDeque::new(),
        }
    }

    /// Starts one with somebody at `from`. If there are too many, the network that has most of them
    /// under way loses its oldest: so those who open very many push out each other, and nobody else.
    pub(crate) fn start(&mut self, from: IpAddr, shake: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        self.oldest_first.retain(|(_, task)| !task.is_finished());
        if self.oldest_first.len() >= self.max
            && let Some(place) = self.oldest_of_the_largest()
            && let Some((_, oldest)) = self.oldest_first.remove(place)
        {
            oldest.abort();
        }
        let task = self.tasks.spawn(shake);
        self.oldest_first.push_back((network(from), task));
    }

    fn oldest_of_the_largest(&self) -> Option<usize> {
        let mut counts: BTreeMap<IpAddr, usize> = BTreeMap::new();
        for (network, _) in &self.oldest_first {
            *counts.entry(*network).or_default() += 1;
        }
        let most = counts.values().max()?;
        self.oldest_first
            .iter()
            .position(|(network, _)| counts.get(network) == Some(most))
    }
}

/// What one stranger holds at least: an IPv4 address, or a /64 of IPv6.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use core::future::pending;

    use super::*;

    /// Who still has a handshake under way, after these have begun one in this order.
    async fn left(max: usize, from: &[&str]) -> Vec<String> {
        let mut handshakes = Handshakes::new(max);
        for ip in from {
            handshakes.start(ip.parse().unwrap(), pending());
            tokio::task::yield_now().await;
        }
        let left = handshakes.oldest_first.iter();
        left.map(|(ip, _)| ip.to_string()).collect()
    }

    #[tokio::test]
    async fn a_flood_from_one_place_pushes_out_itself_and_nobody_else() {
        let mut from = vec!["10.0.0.1", "10.0.0.2"];
        from.extend([["9.9.9.9"; 50], ["9.9.9.9"; 50]].concat());
        from.push("10.0.0.3");
        let left = left(5, &from).await;
        let expected = ["10.0.0.1", "10.0.0.2", "9.9.9.9", "9.9.9.9", "10.0.0.3"];
        assert_eq!(left, expected);
    }

    #[tokio::test]
    async fn addresses_of_one_ipv6_network_count_as_one() {
        let from = ["2a00::1", "2a00:0:0:1::1", "2a00:0:0:1::2", "2a00:0:0:1::3"];
        let left = left(3, &from).await;
        assert_eq!(left, ["2a00::", "2a00:0:0:1::", "2a00:0:0:1::"]);
    }

    #[tokio::test]
    async fn among_equals_the_oldest_goes() {
        let left = left(2, &["10.0.0.1", "10.0.0.2", "10.0.0.3"]).await;
        assert_eq!(left, ["10.0.0.2", "10.0.0.3"]);
    }

    #[tokio::test]
    async fn those_that_are_done_make_room() {
        let mut handshakes = Handshakes::new(2);
        handshakes.start([10, 0, 0, 1].into(), pending());
        handshakes.start([10, 0, 0, 1].into(), async {});
        tokio::task::yield_now().await;
        handshakes.start([10, 0, 0, 2].into(), pending());
        assert_eq!(handshakes.oldest_first.len(), 2);
        assert!(
            handshakes
                .oldest_first
                .iter()
                .all(|(_, task)| !task.is_finished())
        );
    }
}
